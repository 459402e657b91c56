/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/message.h"

#include <string.h>

/* The examples of docs/protocol/link-control.md. */
static const char request_text[] =
    "{\"version\":1,\"link\":\"main\",\"verb\":\"prepare\",\"turn\":7,"
    "\"key_ID\":\"ab010203-0405-4607-8809-0a0b0c0d0e0f\"}";
static const char answer_text[] =
    "{\"version\":1,\"result\":\"ok\",\"state\":\"PREPARE\",\"turn\":7,\"key_ID\":\"11010203-0405-"
    "4607-8809-0a0b0c0d0e0f\",\"wants\":false}";

static void the_examples_of_the_page_are_read_and_written(void **state)
{
    struct qw_link_request request;
    struct qw_link_answer answer;
    char text[QW_LINK_MESSAGE_CAP];

    (void)state;
    assert_int_equal(qw_link_request_decode(request_text, strlen(request_text), &request), QW_OK);
    assert_int_equal(request.verb, QW_LINK_SAY_PREPARE);
    assert_int_equal(request.turn, 7);
    assert_int_equal(request.key_id[0], 0xab);
    qw_link_request_encode(&request, text);
    assert_string_equal(text, request_text);
    assert_int_equal(qw_link_answer_decode(answer_text, strlen(answer_text), &answer), QW_OK);
    assert_int_equal(answer.state, QW_LINK_PREPARE);
    assert_false(answer.has_proof || answer.wants);
    qw_link_answer_encode(&answer, text);
    assert_string_equal(text, answer_text);
}

static void every_verb_and_result_goes_there_and_back(void **state)
{
    char text[QW_LINK_MESSAGE_CAP];

    (void)state;
    for (int verb = 0; verb < QW_LINK_VERB_COUNT; verb++) {
        struct qw_link_request in = { .link = "a \"b\\ ~",
                                      .verb = (enum qw_link_verb)verb,
                                      .turn = ((uint64_t)1 << 53) - 1,
                                      .has_key_id = true,
                                      .key_id = { 1, 2 },
                                      .fails_open = verb == QW_LINK_SAY_SYNC };
        struct qw_link_request out;

        if (verb == QW_LINK_SAY_PROVE) {
            memset(in.nonce, 3, sizeof in.nonce);
            memset(in.proof, 4, sizeof in.proof);
        }
        qw_link_request_encode(&in, text);
        memset(&out, 0xff, sizeof out);
        assert_int_equal(qw_link_request_decode(text, strlen(text), &out), QW_OK);
        assert_string_equal(out.link, in.link);
        assert_int_equal(out.turn, in.turn);
        assert_int_equal(out.fails_open, in.fails_open);
        assert_memory_equal(out.nonce, in.nonce, sizeof in.nonce);
        assert_memory_equal(out.proof, in.proof, sizeof in.proof);
        for (size_t cut = 0; cut < strlen(text); cut++) {
            assert_int_equal(qw_link_request_decode(text, cut, &out), QW_ERR_FORMAT);
        }
    }
    for (int result = 0; result < QW_LINK_RESULT_COUNT; result++) {
        struct qw_link_answer in = { .result = (enum qw_link_result)result,
                                     .state = QW_LINK_RETIRE,
                                     .wants = true,
                                     .has_proof = true,
                                     .proof = { 9 } };
        struct qw_link_answer out;

        qw_link_answer_encode(&in, text);
        assert_int_equal(qw_link_answer_decode(text, strlen(text), &out), QW_OK);
        assert_int_equal(out.result, in.result);
        assert_true(out.wants && out.has_proof && !out.has_key_id && out.proof[0] == 9);
        for (size_t cut = 0; cut < strlen(text); cut++) {
            assert_int_equal(qw_link_answer_decode(text, cut, &out), QW_ERR_FORMAT);
        }
    }
}

#define ID "\"key_ID\":\"ab010203-0405-4607-8809-0a0b0c0d0e0f\""
static void requests_of_another_shape_are_refused(void **state)
{
    static const char *const texts[] = {
        "[]",
        "{}",
        "{\"version\":2,\"link\":\"m\",\"verb\":\"drop\",\"turn\":7," ID "}",
        "{\"version\":1,\"link\":\"\",\"verb\":\"drop\",\"turn\":7," ID "}",
        "{\"version\":1,\"link\":\"a\\nb\",\"verb\":\"drop\",\"turn\":7," ID "}",
        "{\"version\":1,\"link\":\"m\",\"verb\":\"dance\",\"turn\":7," ID "}",
        "{\"version\":1,\"link\":\"m\",\"verb\":\"drop\",\"turn\":-1," ID "}",
        "{\"version\":1,\"link\":\"m\",\"verb\":\"drop\",\"turn\":9007199254740992," ID "}",
        "{\"version\":1,\"link\":\"m\",\"verb\":\"drop\",\"turn\":7}",
        "{\"version\":1,\"link\":\"m\",\"verb\":\"drop\",\"turn\":7,\"key_ID\":\"7\"}",
        "{\"version\":1,\"link\":\"m\",\"verb\":\"drop\",\"turn\":7," ID ",\"more\":1}",
        "{\"version\":1,\"link\":\"m\",\"verb\":\"drop\",\"turn\":7," ID ",\"fail\":\"open\"}",
        "{\"version\":1,\"link\":\"m\",\"verb\":\"sync\",\"turn\":7," ID "}",
        "{\"version\":1,\"link\":\"m\",\"verb\":\"sync\",\"turn\":7,\"fail\":\"ajar\"}",
        "{\"version\":1,\"link\":\"m\",\"verb\":\"prove\",\"turn\":7," ID ",\"nonce\":\"00\"}",
    };
    struct qw_link_request request;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(qw_link_request_decode(texts[i], strlen(texts[i]), &request),
                         QW_ERR_FORMAT);
    }
}

static void a_message_over_its_length_is_refused(void **state)
{
    char text[QW_LINK_MESSAGE_CAP];
    struct qw_link_request request;
    struct qw_link_answer answer;

    (void)state;
    memset(text, ' ', sizeof text);
    memcpy(text, request_text, strlen(request_text));
    assert_int_equal(qw_link_request_decode(text, sizeof text - 1, &request), QW_OK);
    assert_int_equal(qw_link_request_decode(text, sizeof text, &request), QW_ERR_FORMAT);
    assert_int_equal(qw_link_answer_decode(text, sizeof text, &answer), QW_ERR_FORMAT);
}

/* A flipped bit is refused, or what is read says something else in one field; never a crash. */
static void flipped_bits_are_refused_or_read_as_written(void **state)
{
    char text[sizeof answer_text];
    char again[QW_LINK_MESSAGE_CAP];

    (void)state;
    for (size_t bit = 0; bit < 8 * (sizeof answer_text - 1); bit++) {
        struct qw_link_answer answer;

        memcpy(text, answer_text, sizeof text);
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        if (qw_link_answer_decode(text, sizeof text - 1, &answer) == QW_OK) {
            qw_link_answer_encode(&answer, again);
            assert_int_equal(strlen(again), sizeof text - 1);
        }
    }
}

static void a_proof_depends_on_everything(void **state) /* S3, S4 */
{
    struct qw_link_key key = { { 1 }, { 2 } };
    uint8_t nonce[QW_LINK_NONCE_LEN] = { 3 };
    uint8_t proofs[7][QW_LINK_PROOF_LEN];

    (void)state;
    assert_int_equal(qw_link_proof(QW_LINK_INITIATOR, "m", 1, &key, nonce, proofs[0]), QW_OK);
    assert_int_equal(qw_link_proof(QW_LINK_RESPONDER, "m", 1, &key, nonce, proofs[1]), QW_OK);
    assert_int_equal(qw_link_proof(QW_LINK_INITIATOR, "n", 1, &key, nonce, proofs[2]), QW_OK);
    assert_int_equal(qw_link_proof(QW_LINK_INITIATOR, "m", 2, &key, nonce, proofs[3]), QW_OK);
    key.id[15] ^= 1;
    assert_int_equal(qw_link_proof(QW_LINK_INITIATOR, "m", 1, &key, nonce, proofs[4]), QW_OK);
    key.id[15] ^= 1;
    key.bytes[31] ^= 1;
    assert_int_equal(qw_link_proof(QW_LINK_INITIATOR, "m", 1, &key, nonce, proofs[5]), QW_OK);
    key.bytes[31] ^= 1;
    nonce[31] ^= 1;
    assert_int_equal(qw_link_proof(QW_LINK_INITIATOR, "m", 1, &key, nonce, proofs[6]), QW_OK);
    for (size_t i = 0; i < 7; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(proofs[i], proofs[j], QW_LINK_PROOF_LEN);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_page_are_read_and_written),
        cmocka_unit_test(every_verb_and_result_goes_there_and_back),
        cmocka_unit_test(requests_of_another_shape_are_refused),
        cmocka_unit_test(a_message_over_its_length_is_refused),
        cmocka_unit_test(flipped_bits_are_refused_or_read_as_written),
        cmocka_unit_test(a_proof_depends_on_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
