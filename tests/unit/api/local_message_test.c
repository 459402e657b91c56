/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W6 W7 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/local_message.h"

#include <math.h>
#include <string.h>

static struct qw_local_answer example(enum qw_local_request_kind kind)
{
    struct qw_local_answer a = { .result = QW_OK, .request = (uint8_t)kind };

    switch (kind) {
    case QW_LOCAL_STATUS:
        a.status = (struct qw_local_status){ .terminal_id = "terminal-1",
                                             .remaining_keys = 41,
                                             .low_water_keys = 16,
                                             .high_water_keys = 64,
                                             .used_keys = 0x0102030405060708,
                                             .keys_per_day = 17.25,
                                             .lasts_s = -1,
                                             .pool_bits_up = 16384,
                                             .pool_bits_down = 8192,
                                             .refills = 3,
                                             .refusals = 2,
                                             .is_refilling = true,
                                             .last_refusal = 5 };
        break;
    case QW_LOCAL_KEY:
    case QW_LOCAL_FRESH:
        memset(a.key_id, 0x49, sizeof a.key_id);
        memset(a.key, 0x4b, sizeof a.key);
        break;
    case QW_LOCAL_LEDGER:
        memset(a.ledger, 0x4c, 100);
        a.ledger_len = 100;
        break;
    case QW_LOCAL_AUTHENTICATE:
        memset(a.key_id, 0x53, sizeof a.key_id);
        a.until_ms = 0x0102030405060708;
        break;
    case QW_LOCAL_REFILL:
        break;
    }
    return a;
}

static void every_request_comes_back(void **state)
{
    (void)state;
    for (unsigned kind = QW_LOCAL_STATUS; kind <= QW_LOCAL_AUTHENTICATE; kind++) {
        struct qw_local_request request = { .kind = (enum qw_local_request_kind)kind }, back;
        uint8_t data[QW_LOCAL_REQUEST_MAX];
        size_t len;

        memset(request.context, kind == QW_LOCAL_AUTHENTICATE ? 0x43 : 0, sizeof request.context);
        memset(&back, 0x77, sizeof back);
        len = qw_local_request_encode(&request, data);
        assert_int_equal(len, kind == QW_LOCAL_AUTHENTICATE ? 37 : 5);
        assert_memory_equal(data, "QWL\x01", 4);
        assert_int_equal(qw_local_request_decode(data, len, &back), QW_OK);
        assert_int_equal(back.kind, kind);
        assert_memory_equal(back.context, request.context, sizeof back.context);
    }
}

static void other_requests_are_refused(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        size_t right = value == QW_LOCAL_AUTHENTICATE ? 37 : 5;
        uint8_t data[QW_LOCAL_REQUEST_MAX + 1] = "QWL\x01";
        struct qw_local_request request;

        data[4] = (uint8_t)value;
        for (size_t len = 0; len <= sizeof data; len++) {
            bool is_one = value >= 1 && value <= 6 && len == right;

            assert_int_equal(qw_local_request_decode(data, len, &request),
                             is_one ? QW_OK : QW_ERR_FORMAT);
        }
        for (size_t bit = 0; bit < 32; bit++) {
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(qw_local_request_decode(data, right, &request), QW_ERR_FORMAT);
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void every_answer_comes_back(void **state)
{
    (void)state;
    for (unsigned kind = QW_LOCAL_STATUS; kind <= QW_LOCAL_AUTHENTICATE; kind++) {
        struct qw_local_answer a = example((enum qw_local_request_kind)kind), back;
        uint8_t data[QW_LOCAL_ANSWER_MAX];
        size_t len = 0;

        memset(&back, 0x77, sizeof back);
        assert_int_equal(qw_local_answer_encode(&a, data, sizeof data, &len), QW_OK);
        assert_int_equal(qw_local_answer_decode(data, len, &back), QW_OK);
        assert_int_equal(back.result, QW_OK);
        assert_int_equal(back.request, kind);
        assert_string_equal(back.status.terminal_id, a.status.terminal_id);
        assert_int_equal(back.status.used_keys, a.status.used_keys);
        assert_true(back.status.keys_per_day == a.status.keys_per_day);
        assert_true(back.status.lasts_s == a.status.lasts_s);
        assert_int_equal(back.status.pool_bits_down, a.status.pool_bits_down);
        assert_int_equal(back.status.is_refilling, a.status.is_refilling);
        assert_int_equal(back.status.last_refusal, a.status.last_refusal);
        assert_memory_equal(back.key_id, a.key_id, 16);
        assert_memory_equal(back.key, a.key, 32);
        assert_true(back.until_ms == a.until_ms);
        assert_int_equal(back.ledger_len, a.ledger_len);
        assert_memory_equal(back.ledger, a.ledger, a.ledger_len);
    }
}

static void a_failure_carries_its_result_and_nothing_else(void **state)
{
    struct qw_local_answer a = example(QW_LOCAL_KEY), back;
    uint8_t data[QW_LOCAL_ANSWER_MAX];
    size_t len = 0;

    (void)state;
    a.result = QW_ERR_EXHAUSTED;
    assert_int_equal(qw_local_answer_encode(&a, data, sizeof data, &len), QW_OK);
    assert_int_equal(len, 7);
    assert_int_equal(qw_local_answer_decode(data, len, &back), QW_OK);
    assert_int_equal(back.result, QW_ERR_EXHAUSTED);
    for (size_t i = 0; i < sizeof back.key; i++) {
        assert_int_equal(back.key[i], 0);
    }
}

/* Law: a flip is refused, or the value encodes to exactly those bytes. */
static void cut_prolonged_and_flipped_answers_are_refused_or_exact(void **state)
{
    (void)state;
    for (unsigned kind = QW_LOCAL_STATUS; kind <= QW_LOCAL_AUTHENTICATE; kind++) {
        struct qw_local_answer a = example((enum qw_local_request_kind)kind), back;
        uint8_t data[QW_LOCAL_ANSWER_MAX] = { 0 }, again[QW_LOCAL_ANSWER_MAX];
        size_t len = 0, again_len = 0;

        assert_int_equal(qw_local_answer_encode(&a, data, sizeof data, &len), QW_OK);
        for (size_t cut = 0; cut < len; cut++) {
            assert_int_equal(qw_local_answer_decode(data, cut, &back), QW_ERR_FORMAT);
        }
        assert_int_equal(qw_local_answer_decode(data, len + 1, &back), QW_ERR_FORMAT);
        for (size_t bit = 0; bit < 8 * len; bit++) {
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (qw_local_answer_decode(data, len, &back) == QW_OK) {
                assert_int_equal(qw_local_answer_encode(&back, again, sizeof again, &again_len),
                                 QW_OK);
                assert_int_equal(again_len, len);
                assert_memory_equal(again, data, len);
            }
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void numbers_that_are_none_are_neither_sent_nor_taken(void **state)
{
    struct qw_local_answer a = example(QW_LOCAL_STATUS), back;
    uint8_t data[QW_LOCAL_ANSWER_MAX];
    size_t len = 4711;

    (void)state;
    a.status.keys_per_day = NAN;
    assert_int_equal(qw_local_answer_encode(&a, data, sizeof data, &len), QW_ERR_ARG);
    a.status.keys_per_day = 1;
    a.status.lasts_s = INFINITY;
    assert_int_equal(qw_local_answer_encode(&a, data, sizeof data, &len), QW_ERR_ARG);
    a.status.lasts_s = 1;
    assert_int_equal(len, 4711);
    assert_int_equal(qw_local_answer_encode(&a, data, sizeof data, &len), QW_OK);
    memset(data + 7 + 11 + 12 + 8, 0xff, 8); /* keys_per_day */
    assert_int_equal(qw_local_answer_decode(data, len, &back), QW_ERR_FORMAT);
}

static void answers_outside_the_limits_are_not_sent(void **state)
{
    struct qw_local_answer a = example(QW_LOCAL_LEDGER);
    uint8_t data[QW_LOCAL_ANSWER_MAX];
    size_t len = 4711;

    (void)state;
    a.ledger_len = sizeof a.ledger + 1;
    assert_int_equal(qw_local_answer_encode(&a, data, sizeof data, &len), QW_ERR_ARG);
    a = example(QW_LOCAL_KEY);
    a.request = 7;
    assert_int_equal(qw_local_answer_encode(&a, data, sizeof data, &len), QW_ERR_ARG);
    a = example(QW_LOCAL_AUTHENTICATE);
    a.until_ms = -1;
    assert_int_equal(qw_local_answer_encode(&a, data, sizeof data, &len), QW_ERR_ARG);
    a = example(QW_LOCAL_STATUS);
    memset(a.status.terminal_id, 'x', sizeof a.status.terminal_id);
    assert_int_equal(qw_local_answer_encode(&a, data, sizeof data, &len), QW_ERR_ARG);
    assert_int_equal(len, 4711);
}

static void a_buffer_that_is_too_small_keeps_nothing_of_the_key(void **state)
{
    struct qw_local_answer a = example(QW_LOCAL_KEY);
    uint8_t data[QW_LOCAL_ANSWER_MAX];
    size_t len = 4711;

    (void)state;
    for (size_t cap = 0; cap < 7 + 16 + 32; cap++) {
        memset(data, 0, sizeof data);
        assert_int_equal(qw_local_answer_encode(&a, data, cap, &len), QW_ERR_SPACE);
        for (size_t i = 0; i < sizeof data; i++) {
            assert_int_equal(data[i], 0);
        }
    }
    assert_int_equal(len, 4711);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_comes_back),
        cmocka_unit_test(other_requests_are_refused),
        cmocka_unit_test(every_answer_comes_back),
        cmocka_unit_test(a_failure_carries_its_result_and_nothing_else),
        cmocka_unit_test(cut_prolonged_and_flipped_answers_are_refused_or_exact),
        cmocka_unit_test(numbers_that_are_none_are_neither_sent_nor_taken),
        cmocka_unit_test(answers_outside_the_limits_are_not_sent),
        cmocka_unit_test(a_buffer_that_is_too_small_keeps_nothing_of_the_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
