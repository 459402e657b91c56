/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/key_source.h"

#include <string.h>

static void gives_different_bytes_each_time_and_is_named_what_it_is(void **state)
{
    struct qw_key_source source;
    uint8_t a[32], b[32];

    (void)state;
    assert_int_equal(qw_key_source_kernel(&source), QW_OK);
    assert_string_equal(source.name, "kernel");
    assert_false(source.is_quantum);
    assert_false(source.is_simulated);
    assert_true(source.available_bits(source.self) >= 8 * sizeof a);
    assert_int_equal(source.take(source.self, a, sizeof a), QW_OK);
    assert_int_equal(source.take(source.self, b, sizeof b), QW_OK);
    assert_memory_not_equal(a, b, sizeof a); /* false alarm: 2^-256 */
    qw_key_source_close(&source);
    assert_null(source.take);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_different_bytes_each_time_and_is_named_what_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
