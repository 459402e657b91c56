/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q3 */
#include "qkd/relay/hello.h"
#include "qkd/relay/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* One message of each kind, and what its decoder makes of any bytes: encoded again, or 0. */
enum kind { HELLO, RESERVE, RESERVED, TAGGED, FAIL, VOID, KINDS };

static const struct qw_relay_path path = { 3, { 7, 8, 0x01020304 } };

static size_t encode(enum kind kind, uint8_t *out)
{
    const struct qw_hello hello = { 1, 2, { 3 }, { 4, 5 }, { 6, 7 }, 5 };
    const struct qw_relay_reserve reserve = { { 1 }, 1024, 32, QW_NODE_SILVER, 9, 1, path };
    const struct qw_relay_reserved reserved = { { 2 }, 10 };
    const struct qw_relay_tagged tagged = { { 3 }, 11, { 4 } };
    const struct qw_relay_fail fail = { { 5 }, QW_RELAY_EMPTY, 8 };
    const struct qw_relay_void said = { { 6 }, 2, path };

    switch (kind) {
    case HELLO:
        qw_hello_encode(&hello, out);
        return QW_HELLO_LEN;
    case RESERVE:
        return qw_relay_reserve_encode(&reserve, out);
    case RESERVED:
        return qw_relay_reserved_encode(&reserved, out);
    case TAGGED:
        return qw_relay_tagged_encode(&tagged, out);
    case FAIL:
        return qw_relay_fail_encode(&fail, out);
    default:
        return qw_relay_void_encode(&said, out);
    }
}

static size_t again(enum kind kind, const uint8_t *bytes, size_t len, uint8_t *out)
{
    struct qw_hello hello;
    struct qw_relay_reserve reserve;
    struct qw_relay_reserved reserved;
    struct qw_relay_tagged tagged;
    struct qw_relay_fail fail;
    struct qw_relay_void said;

    switch (kind) {
    case HELLO:
        if (qw_hello_decode(bytes, len, &hello) != QW_OK) {
            return 0;
        }
        qw_hello_encode(&hello, out);
        return QW_HELLO_LEN;
    case RESERVE:
        return qw_relay_reserve_decode(bytes, len, &reserve) == QW_OK
                   ? qw_relay_reserve_encode(&reserve, out)
                   : 0;
    case RESERVED:
        return qw_relay_reserved_decode(bytes, len, &reserved) == QW_OK
                   ? qw_relay_reserved_encode(&reserved, out)
                   : 0;
    case TAGGED:
        return qw_relay_tagged_decode(bytes, len, &tagged) == QW_OK
                   ? qw_relay_tagged_encode(&tagged, out)
                   : 0;
    case FAIL:
        return qw_relay_fail_decode(bytes, len, &fail) == QW_OK ? qw_relay_fail_encode(&fail, out)
                                                                : 0;
    default:
        return qw_relay_void_decode(bytes, len, &said) == QW_OK ? qw_relay_void_encode(&said, out)
                                                                : 0;
    }
}

static void every_message_comes_back_as_it_was(void **state)
{
    (void)state;
    for (enum kind kind = HELLO; kind < KINDS; kind++) {
        uint8_t bytes[QW_RELAY_BODY_MAX + 1], out[QW_RELAY_BODY_MAX + 1];
        size_t len = encode(kind, bytes);

        assert_int_equal(again(kind, bytes, len, out), len);
        assert_memory_equal(bytes, out, len);
    }
}

static void a_byte_too_few_or_too_many_is_refused(void **state)
{
    (void)state;
    for (enum kind kind = HELLO; kind < KINDS; kind++) {
        uint8_t bytes[QW_RELAY_BODY_MAX + 1] = { 0 }, out[QW_RELAY_BODY_MAX + 1];
        size_t len = encode(kind, bytes);

        for (size_t cut = 0; cut < len; cut++) {
            assert_int_equal(again(kind, bytes, cut, out), 0);
        }
        assert_int_equal(again(kind, bytes, len + 1, out), 0);
    }
}

static void a_flipped_bit_is_refused_or_another_message(void **state)
{
    (void)state;
    for (enum kind kind = HELLO; kind < KINDS; kind++) {
        uint8_t bytes[QW_RELAY_BODY_MAX], out[QW_RELAY_BODY_MAX];
        size_t len = encode(kind, bytes);

        for (size_t bit = 0; bit < 8 * len; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
            if (again(kind, bytes, len, out) != 0) {
                assert_memory_equal(bytes, out, len);
            }
            bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        }
    }
}

static void paths_are_held_to_their_limits(void **state)
{
    struct qw_relay_path p = { .nodes = 1 };
    uint8_t index = 99;

    (void)state;
    assert_false(qw_relay_path_valid(&p));
    p.nodes = QW_RELAY_NODES_MAX;
    for (uint32_t i = 0; i < QW_RELAY_NODES_MAX; i++) {
        p.node[i] = i;
    }
    assert_true(qw_relay_path_valid(&p));
    assert_true(qw_relay_path_find(&p, 63, &index));
    assert_int_equal(index, 63);
    assert_false(qw_relay_path_find(&p, 64, &index));
    assert_int_equal(index, 63);
    p.node[63] = 0; /* a loop */
    assert_false(qw_relay_path_valid(&p));
    p.nodes = QW_RELAY_NODES_MAX + 1;
    assert_false(qw_relay_path_valid(&p));
}

static void every_reason_has_words(void **state)
{
    (void)state;
    for (int reason = QW_RELAY_NO_LINK; reason <= QW_RELAY_SIZE; reason++) {
        assert_string_not_equal(qw_relay_reason_text((enum qw_relay_reason)reason), "unknown");
    }
    assert_string_equal(qw_relay_reason_text((enum qw_relay_reason)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_comes_back_as_it_was),
        cmocka_unit_test(a_byte_too_few_or_too_many_is_refused),
        cmocka_unit_test(a_flipped_bit_is_refused_or_another_message),
        cmocka_unit_test(paths_are_held_to_their_limits),
        cmocka_unit_test(every_reason_has_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
