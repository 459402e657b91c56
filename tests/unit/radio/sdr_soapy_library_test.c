/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/sdr/soapy_library.h"

#include <string.h>

static void a_library_that_is_not_there_is_unavailable(void **state)
{
    struct qw_soapy soapy;

    (void)state;
    memset(&soapy, 7, sizeof soapy);
    assert_int_equal(qw_soapy_load("libnone-of-this-name.so.0", &soapy), QW_ERR_UNAVAILABLE);
    assert_int_equal(qw_soapy_load("libm.so.6", &soapy), QW_ERR_UNAVAILABLE); /* another one */
    assert_int_equal(*(unsigned char *)&soapy, 7);
}

static void the_library_has_every_function(void **state)
{
    struct qw_soapy soapy = { 0 };
    qw_err err = qw_soapy_load(QW_SOAPY_LIBRARY, &soapy);

    (void)state;
    if (err == QW_ERR_UNAVAILABLE) {
        print_message("%s is not installed\n", QW_SOAPY_LIBRARY);
        skip();
    }
    assert_int_equal(err, QW_OK);
    assert_null(soapy.make("driver=none-of-this-name"));
    assert_non_null(soapy.last_error());
    qw_soapy_unload(&soapy);
    assert_null(soapy.library);
    qw_soapy_unload(&soapy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_library_that_is_not_there_is_unavailable),
        cmocka_unit_test(the_library_has_every_function),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
