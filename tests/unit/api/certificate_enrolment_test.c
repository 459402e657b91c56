/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C4 C11 */
/* Enrolment and its answer: every truncation and every flipped bit, and either key alone
 * [docs/protocol/enrolment.md]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "card_root.h"

#include "api/certificate/enrolment.h"

#include <string.h>

static const uint8_t report_key[32] = { 1 };
static const uint8_t one_time_key[32] = { 2 };
static const uint8_t other_key[32] = { 3 };

/* As a device does it: is it of its centre, then what does it say. */
static qw_err open_answer(const uint8_t *data, size_t len, const uint8_t card_key[static 32],
                          struct qw_enrolment_answer *answer)
{
    qw_err err = qw_enrolment_answer_check(data, len, card_key);

    return err == QW_OK ? qw_enrolment_answer_read(data, len, answer) : err;
}

static size_t sealed(uint8_t out[static QW_ENROLMENT_MAX])
{
    struct qw_enrolment e = { .serial = { 4 }, .epoch = 5, .key_id = { 6 }, .nonce = { 7 } };
    size_t len = 0;

    strcpy(e.request, "request");
    assert_int_equal(qw_enrolment_seal(&e, root_of(report_key, one_time_key), out, &len), QW_OK);
    return len;
}

static void is_read_as_it_was_sealed(void **state)
{
    uint8_t data[QW_ENROLMENT_MAX];
    size_t len = sealed(data);
    struct qw_enrolment e;

    (void)state;
    assert_int_equal(len, QW_ENROLMENT_HEAD_LEN + 7 + 32);
    assert_memory_equal(data, "QWE\x01", 4);
    assert_int_equal(qw_enrolment_read(data, len, &e), QW_OK);
    assert_int_equal(e.serial[0], 4);
    assert_int_equal(e.epoch, 5);
    assert_int_equal(e.key_id[0], 6);
    assert_int_equal(e.nonce[0], 7);
    assert_string_equal(e.request, "request");
    assert_int_equal(qw_enrolment_check(data, len, root_of(report_key, one_time_key)), QW_OK);
}

static void neither_key_is_enough(void **state)
{
    uint8_t data[QW_ENROLMENT_MAX];
    size_t len = sealed(data);

    (void)state;
    assert_int_equal(qw_enrolment_check(data, len, root_of(report_key, other_key)), QW_ERR_AUTH);
    assert_int_equal(qw_enrolment_check(data, len, root_of(other_key, one_time_key)), QW_ERR_AUTH);
    assert_int_equal(qw_enrolment_check(data, len, root_of(one_time_key, report_key)), QW_ERR_AUTH);
}

static void every_truncation_and_flipped_bit_is_found(void **state)
{
    uint8_t data[QW_ENROLMENT_MAX + 1];
    size_t len = sealed(data);
    struct qw_enrolment e;

    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(qw_enrolment_read(data, cut, &e), QW_ERR_FORMAT);
        assert_int_not_equal(qw_enrolment_check(data, cut, root_of(report_key, one_time_key)),
                             QW_OK);
    }
    assert_int_equal(qw_enrolment_read(data, len + 1, &e), QW_ERR_FORMAT);
    for (size_t i = 0; i < len * 8; i++) {
        data[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_int_equal(qw_enrolment_check(data, len, root_of(report_key, one_time_key)),
                         QW_ERR_AUTH);
        data[i / 8] ^= (uint8_t)(1 << i % 8);
    }
}

static void a_request_has_a_length(void **state)
{
    uint8_t data[QW_ENROLMENT_MAX];
    struct qw_enrolment e = { .request = "" };
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_enrolment_seal(&e, root_of(report_key, one_time_key), data, &len),
                     QW_ERR_ARG);
    memset(e.request, 'x', sizeof e.request - 1);
    assert_int_equal(qw_enrolment_seal(&e, root_of(report_key, one_time_key), data, &len), QW_OK);
    assert_int_equal(qw_enrolment_read(data, len, &e), QW_OK);
}

static void an_answer_is_of_the_cards_own_centre(void **state)
{
    struct qw_enrolment_answer a = { .serial = { 1 }, .nonce = { 2 } };
    struct qw_enrolment_answer back;
    uint8_t data[QW_ENROLMENT_ANSWER_MAX];
    size_t len = 0;

    (void)state;
    strcpy(a.certificate, "certificate");
    strcpy(a.authority, "authority");
    assert_int_equal(qw_enrolment_answer_seal(&a, report_key, data, &len), QW_OK);
    assert_int_equal(open_answer(data, len, report_key, &back), QW_OK);
    assert_string_equal(back.certificate, "certificate");
    assert_string_equal(back.authority, "authority");
    assert_int_equal(open_answer(data, len, other_key, &back), QW_ERR_AUTH);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_not_equal(open_answer(data, cut, report_key, &back), QW_OK);
    }
    for (size_t i = 0; i < len * 8; i++) {
        data[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_int_not_equal(open_answer(data, len, report_key, &back), QW_OK);
        data[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    memset(a.certificate, 'x', sizeof a.certificate - 1);
    memset(a.authority, 'x', sizeof a.authority - 1);
    assert_int_equal(qw_enrolment_answer_seal(&a, report_key, data, &len), QW_OK);
    assert_int_equal(open_answer(data, len, report_key, &back), QW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_read_as_it_was_sealed),
        cmocka_unit_test(neither_key_is_enough),
        cmocka_unit_test(every_truncation_and_flipped_bit_is_found),
        cmocka_unit_test(a_request_has_a_length),
        cmocka_unit_test(an_answer_is_of_the_cards_own_centre),
    };

    return cmocka_run_group_tests_name("api.certificate_enrolment", tests, NULL, NULL);
}
