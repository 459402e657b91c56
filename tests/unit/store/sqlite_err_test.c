/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/sqlite_err.h"

#include <sqlite3.h>

static void says_what_a_code_means_to_the_caller(void **state)
{
    static const struct {
        int code;
        qw_err err;
    } cases[] = {
        { SQLITE_OK, QW_OK },
        { SQLITE_ROW, QW_OK },
        { SQLITE_DONE, QW_OK },
        { SQLITE_CONSTRAINT, QW_ERR_CONFLICT },
        { SQLITE_CONSTRAINT_PRIMARYKEY, QW_ERR_CONFLICT },
        { SQLITE_NOMEM, QW_ERR_NOMEM },
        { SQLITE_IOERR_NOMEM, QW_ERR_IO },
        { SQLITE_NOTADB, QW_ERR_FORMAT },
        { SQLITE_FULL, QW_ERR_IO },
        { SQLITE_BUSY, QW_ERR_IO },
        { SQLITE_CORRUPT_INDEX, QW_ERR_IO },
        { SQLITE_READONLY, QW_ERR_IO },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(qw_sqlite_err(cases[i].code), cases[i].err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(says_what_a_code_means_to_the_caller) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
