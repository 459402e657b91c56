/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/key_source.h"

#include <string.h>

/* Which paths exist is up to the machine: the test answers for the devices itself. */
static qw_err answer_qrng;
static qw_err answer_hwrng;

qw_err __wrap_qw_key_source_device(const char *kind, const char *path,
                                   struct qw_key_source *source);

static int closed;

static void close_device(void *self)
{
    (void)self;
    closed++;
}

qw_err __wrap_qw_key_source_device(const char *kind, const char *path, struct qw_key_source *source)
{
    qw_err err = QW_ERR_NOT_FOUND;

    if (strcmp(kind, "qrng") == 0 && strcmp(path, "/dev/qrng0") == 0) {
        err = answer_qrng;
    }
    if (strcmp(kind, "hwrng") == 0 && strcmp(path, "/dev/hwrng") == 0) {
        err = answer_hwrng;
    }
    if (err == QW_OK) {
        *source = (struct qw_key_source){ .close = close_device };
        memcpy(source->name, kind, strlen(kind) + 1);
    }
    return err;
}

static void assert_best(qw_err qrng, qw_err hwrng, const char *name)
{
    struct qw_key_source source = { .name = "none" };

    answer_qrng = qrng;
    answer_hwrng = hwrng;
    assert_int_equal(qw_key_source_best(&source),
                     strcmp(name, "none") == 0 ? QW_ERR_REFUSED : QW_OK);
    assert_string_equal(source.name, name);
    qw_key_source_close(&source);
}

static void the_best_is_qrng_then_hwrng_then_kernel(void **state)
{
    (void)state;
    assert_best(QW_OK, QW_OK, "qrng");
    assert_best(QW_ERR_NOT_FOUND, QW_OK, "hwrng");
    assert_best(QW_ERR_IO, QW_OK, "hwrng");
    assert_best(QW_ERR_NOT_FOUND, QW_ERR_NOT_FOUND, "kernel");
    assert_best(QW_ERR_NOT_FOUND, QW_ERR_IO, "kernel");
}

static void a_device_that_fails_its_health_tests_is_not_passed_over(void **state)
{
    (void)state;
    assert_best(QW_ERR_REFUSED, QW_OK, "none");
    assert_best(QW_ERR_NOT_FOUND, QW_ERR_REFUSED, "none");
}

static void close_is_called_once_and_forgives_nothing_to_close(void **state)
{
    struct qw_key_source source = { .close = close_device };

    (void)state;
    closed = 0;
    qw_key_source_close(&source);
    qw_key_source_close(&source);
    qw_key_source_close(NULL);
    assert_int_equal(closed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_is_qrng_then_hwrng_then_kernel),
        cmocka_unit_test(a_device_that_fails_its_health_tests_is_not_passed_over),
        cmocka_unit_test(close_is_called_once_and_forgives_nothing_to_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
