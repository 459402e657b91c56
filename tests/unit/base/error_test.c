/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void every_error_has_its_stable_value_and_a_text_of_its_own(void **state)
{
    static const qw_err all[] = {
#define NAME(name, value, text) name,
        QW_ERR_TABLE(NAME)
#undef NAME
    };

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal((size_t)all[i],
                         i); /* values are part of exit reports: no gaps, no moves */
        assert_string_not_equal(qw_err_text(all[i]), "unknown error");
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(qw_err_text(all[i]), qw_err_text(all[j]));
        }
    }
    assert_int_equal(QW_ERR_AUTH, 3);
    assert_int_equal(QW_ERR_STATE, 14);
    assert_int_equal(QW_ERR_LIMIT, 15);
    assert_int_equal(QW_ERR_PAUSED, 16);
}

static void a_value_outside_the_table_has_a_text_too(void **state)
{
    (void)state;
    assert_string_equal(qw_err_text((qw_err)999), "unknown error");
}

static void a_broken_contract_aborts(void **state)
{
    int status = 0;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        qw_assert(1 + 1 == 2);
        qw_assert(1 + 1 == 3);
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_stable_value_and_a_text_of_its_own),
        cmocka_unit_test(a_value_outside_the_table_has_a_text_too),
        cmocka_unit_test(a_broken_contract_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
