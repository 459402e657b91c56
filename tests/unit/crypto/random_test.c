/* SPDX-License-Identifier: Apache-2.0 */
/* rows: S1 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/random.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

/* A kernel that is interrupted, gives little at a time, or fails. */
static enum { WELL, INTERRUPTED_ONCE, ONE_BYTE_AT_A_TIME, BROKEN, EMPTY } kernel;

ssize_t __real_getrandom(void *out, size_t len, unsigned flags);
ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags);

ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags)
{
    switch (kernel) {
    case WELL:
        break;
    case INTERRUPTED_ONCE:
        kernel = WELL;
        errno = EINTR;
        return -1;
    case ONE_BYTE_AT_A_TIME:
        return __real_getrandom(out, 1, flags);
    case BROKEN:
        errno = ENOSYS;
        return -1;
    case EMPTY:
        return 0;
    }
    return __real_getrandom(out, len, flags);
}

static void fills_exactly_what_was_asked_for(void **state)
{
    uint8_t out[41], zero[41] = { 0 };

    (void)state;
    for (int run = 0; run < 2; run++) {
        kernel = run == 0 ? WELL : ONE_BYTE_AT_A_TIME;
        memset(out, 0, sizeof out);
        assert_int_equal(qw_random_bytes(out, 40), QW_OK);
        assert_memory_not_equal(out, zero, 8); /* false alarm: 2^-64 each */
        assert_memory_not_equal(out + 32, zero, 8);
        assert_int_equal(out[40], 0);
        if (kernel == WELL) {
            assert_int_equal(qw_random_bytes(out, 0), QW_OK);
        }
    }
}

static void interruption_is_not_an_error(void **state)
{
    uint8_t out[16];

    (void)state;
    kernel = INTERRUPTED_ONCE;
    assert_int_equal(qw_random_bytes(out, sizeof out), QW_OK);
    assert_int_equal(kernel, WELL);
}

static void a_kernel_without_random_bytes_is_an_error(void **state)
{
    uint8_t out[16];

    (void)state;
    kernel = BROKEN;
    assert_int_equal(qw_random_bytes(out, sizeof out), QW_ERR_IO);
    kernel = EMPTY;
    assert_int_equal(qw_random_bytes(out, sizeof out), QW_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_exactly_what_was_asked_for),
        cmocka_unit_test(interruption_is_not_an_error),
        cmocka_unit_test(a_kernel_without_random_bytes_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
