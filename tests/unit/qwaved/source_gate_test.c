/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source_gate.h"

#include <string.h>

struct double_source {
    unsigned takes, closes;
    qw_err err;
};

static size_t available(void *self)
{
    (void)self;
    return 4711;
}

static qw_err take(void *self, uint8_t *key, size_t len)
{
    struct double_source *inner = self;

    inner->takes++;
    memset(key, 0x5A, len);
    return inner->err;
}

static void health_of_double(void *self, struct qw_key_source_health *health)
{
    (void)self;
    *health = (struct qw_key_source_health){ .error_rate = 0.25, .reason = "QBER" };
}

static void close_double(void *self)
{
    ((struct double_source *)self)->closes++;
}

static void gives_what_is_behind_it_until_it_is_shut(void **state)
{
    struct double_source inner = { .err = QW_OK };
    const struct qw_key_source behind = { .name = "qrng:test",
                                          .is_quantum = true,
                                          .self = &inner,
                                          .available_bits = available,
                                          .take = take,
                                          .close = close_double };
    struct source_gate gate;
    struct qw_key_source source;
    uint8_t key[4] = { 0 };

    (void)state;
    source_gate_init(&gate, &behind, &source);
    assert_string_equal(source.name, "qrng:test");
    assert_true(source.is_quantum);
    assert_false(source.is_simulated);
    assert_int_equal(source.available_bits(source.self), 4711);
    assert_int_equal(source.take(source.self, key, sizeof key), QW_OK);
    assert_memory_equal(key, "ZZZZ", 4);
    inner.err = QW_ERR_REFUSED; /* a health test's word goes through */
    assert_int_equal(source.take(source.self, key, sizeof key), QW_ERR_REFUSED);
    source_gate_shut(&gate);
    assert_int_equal(source.available_bits(source.self), 0);
    memset(key, 1, sizeof key);
    assert_int_equal(source.take(source.self, key, sizeof key), QW_ERR_CLOSED);
    assert_int_equal(key[0], 1);
    assert_int_equal(inner.takes, 2);
    qw_key_source_close(&source);
    assert_int_equal(inner.closes, 1);
}

static void passes_on_the_account_of_a_source_that_gives_one(void **state)
{
    struct double_source inner = { .err = QW_OK };
    struct qw_key_source behind = {
        .self = &inner, .available_bits = available, .take = take, .close = close_double
    };
    struct qw_key_source_health health = { .is_running = true };
    struct source_gate gate;
    struct qw_key_source source;

    (void)state;
    source_gate_init(&gate, &behind, &source);
    assert_null(source.health);
    behind.health = health_of_double;
    source_gate_init(&gate, &behind, &source);
    source.health(source.self, &health);
    assert_false(health.is_running);
    assert_string_equal(health.reason, "QBER");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_is_behind_it_until_it_is_shut),
        cmocka_unit_test(passes_on_the_account_of_a_source_that_gives_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
