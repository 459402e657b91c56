/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W14 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "program/start.h"

#include "crypto/selftest.h"

#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static bool selftest_fails;
qw_err __real_qw_crypto_selftest(const char **failed);
qw_err __wrap_qw_crypto_selftest(const char **failed);
qw_err __wrap_qw_crypto_selftest(const char **failed)
{
    if (selftest_fails) {
        *failed = "SM3";
        return QW_ERR_REFUSED;
    }
    return __real_qw_crypto_selftest(failed);
}

static bool memory_stays_unlocked;
void *__real_qw_secret_new(size_t len);
void *__wrap_qw_secret_new(size_t len);
void *__wrap_qw_secret_new(size_t len)
{
    return memory_stays_unlocked ? NULL : __real_qw_secret_new(len);
}

static void says_what_to_do_when_memory_cannot_be_locked(void **state)
{
    char text[256] = "";
    FILE *stream = fmemopen(text, sizeof text, "w");
    struct qw_log log = { .stream = stream, .component = "test", .level = QW_LOG_ERROR };

    (void)state;
    assert_non_null(stream);
    memory_stays_unlocked = true;
    assert_int_equal(qw_program_prepare(&log), QW_EXIT_FAILED);
    memory_stays_unlocked = false;
    fclose(stream);
    assert_non_null(strstr(text, "ulimit -l"));
}

/* In a child without the right to lock what it likes, whoever runs this. */
static int status_under_limit(rlim_t limit, int (*run)(char *text, size_t cap), char *text)
{
    const struct rlimit lower = { limit, limit };
    int ends[2], status = -1;
    pid_t child;
    ssize_t len;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char said[512] = "";

        (void)prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0, 0, 0);
        if (geteuid() == 0 && setuid(65534) != 0) {
            _exit(99);
        }
        status = setrlimit(RLIMIT_MEMLOCK, &lower) == 0 ? run(said, sizeof said) : 98;
        _exit(write(ends[1], said, strlen(said)) < 0 ? 97 : status);
    }
    close(ends[1]);
    len = read(ends[0], text, 511);
    text[len < 0 ? 0 : len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int lock_three_mib(char *text, size_t cap)
{
    FILE *stream = fmemopen(text, cap, "w");
    struct qw_log log = { .stream = stream, .component = "test", .level = QW_LOG_ERROR };
    int status = qw_program_lock_memory(&log, 3 << 20);

    fclose(stream);
    return status;
}

static int tell_limit(char *text, size_t cap)
{
    (void)snprintf(text, cap, "%llu", (unsigned long long)qw_program_lock_limit_kib());
    return 0;
}

static int check(char *text, size_t cap)
{
    int status;

    (void)text;
    (void)cap;
    assert_non_null(freopen("/dev/null", "w", stderr));
    assert_non_null(freopen("/dev/null", "w", stdout));
    status = qw_daemon_check("test", "qwaved.yaml", 1 << 20);
    return status;
}

/* Sanitizers lock no memory, and so know no limit. */
static void skip_without_limits(void)
{
    char text[512];

    if (status_under_limit(65536, lock_three_mib, text) == QW_EXIT_DONE) {
        skip();
    }
}

static void says_how_much_may_be_locked_and_how_much_is_needed(void **state)
{
    char text[512];

    (void)state;
    skip_without_limits();
    assert_int_equal(status_under_limit(1 << 20, lock_three_mib, text), QW_EXIT_FAILED);
    assert_non_null(strstr(text, "need 3072 KiB"));
    assert_non_null(strstr(text, "may lock 1024 KiB"));
    assert_non_null(strstr(text, "LimitMEMLOCK="));
    assert_int_equal(status_under_limit(4 << 20, lock_three_mib, text), QW_EXIT_DONE);
    assert_string_equal(text, "");
    assert_int_equal(status_under_limit(4 << 20, tell_limit, text), 0);
    assert_string_equal(text, "4096");
}

static void a_check_of_settings_looks_for_memory_as_well(void **state)
{
    char text[512];

    (void)state;
    skip_without_limits();
    assert_int_equal(status_under_limit(2 << 20, check, text), QW_EXIT_FAILED);
    assert_int_equal(status_under_limit(4 << 20, check, text), QW_EXIT_DONE);
}

static void exit_statuses_are_those_that_scripts_rely_on(void **state)
{
    (void)state;
    assert_int_equal(qw_exit_of(QW_OK), 0);
    assert_int_equal(qw_exit_of(QW_ERR_IO), 1);
    assert_int_equal(qw_exit_of(QW_ERR_EXHAUSTED), 1);
    assert_int_equal(qw_exit_of(QW_ERR_REFUSED), 3);
    assert_int_equal(qw_exit_of(QW_ERR_AUTH), 3);
    assert_int_equal(qw_exit_of(QW_ERR_ARG), 1);
    assert_int_equal(qw_exit_of_command(QW_OK), 0);
    assert_int_equal(qw_exit_of_command(QW_ERR_ARG), 2);
    assert_int_equal(qw_exit_of_command(QW_ERR_NOT_FOUND), 1);
    assert_int_equal(qw_exit_of_command(QW_ERR_REFUSED), 3);
}

static void a_prepared_process_leaves_no_core_and_no_tls_key_log(void **state)
{
    struct rlimit core;

    (void)state;
    selftest_fails = false;
    assert_int_equal(setenv("SSLKEYLOGFILE", "/tmp/keys", 1), 0);
    assert_int_equal(qw_program_prepare(NULL), QW_EXIT_DONE);
    assert_null(getenv("SSLKEYLOGFILE"));
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
    assert_int_equal(core.rlim_cur, 0);
}

static void a_wrong_known_answer_ends_the_program_and_is_named(void **state)
{
    char text[256] = "";
    FILE *stream = fmemopen(text, sizeof text, "w");
    struct qw_log log = { .stream = stream, .component = "test", .level = QW_LOG_ERROR };

    (void)state;
    assert_non_null(stream);
    selftest_fails = true;
    assert_int_equal(qw_program_prepare(&log), QW_EXIT_REFUSED);
    fclose(stream);
    assert_non_null(strstr(text, "self-test of SM3 failed"));
}

static void arguments_name_the_settings(void **state)
{
    char program[] = "test";
    char config[] = "--config=other.yaml";
    char check[] = "--check";
    char *argv[] = { program, config, check, NULL };
    struct qw_daemon_arguments arguments = { .config = "standard.yaml" };

    (void)state;
    qw_daemon_arguments_read(1, argv, "help", &arguments);
    assert_string_equal(arguments.config, "standard.yaml");
    assert_false(arguments.check_only);
    qw_daemon_arguments_read(3, argv, "help", &arguments);
    assert_string_equal(arguments.config, "other.yaml");
    assert_true(arguments.check_only);
}

static int status_of_wrong_usage(char *argument)
{
    char program[] = "test";
    char *argv[] = { program, argument, NULL };
    struct qw_daemon_arguments arguments = { .config = "standard.yaml" };
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        assert_non_null(freopen("/dev/null", "w", stderr));
        qw_daemon_arguments_read(2, argv, "help", &arguments);
        _exit(99); /* went on */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void wrong_usage_ends_with_2(void **state)
{
    char unknown[] = "--frobnicate";
    char word[] = "word";

    (void)state;
    assert_int_equal(status_of_wrong_usage(unknown), QW_EXIT_USAGE);
    assert_int_equal(status_of_wrong_usage(word), QW_EXIT_USAGE);
}

static volatile sig_atomic_t seen;
static void note(int number)
{
    seen = number;
}

static void both_signals_stop_and_a_closed_pipe_does_not(void **state)
{
    (void)state;
    qw_program_stop_on_signals(note);
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(seen, SIGTERM);
    assert_int_equal(raise(SIGINT), 0);
    assert_int_equal(seen, SIGINT);
    assert_int_equal(raise(SIGPIPE), 0);
    assert_int_equal(seen, SIGINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_to_do_when_memory_cannot_be_locked),
        cmocka_unit_test(says_how_much_may_be_locked_and_how_much_is_needed),
        cmocka_unit_test(a_check_of_settings_looks_for_memory_as_well),
        cmocka_unit_test(exit_statuses_are_those_that_scripts_rely_on),
        cmocka_unit_test(a_prepared_process_leaves_no_core_and_no_tls_key_log),
        cmocka_unit_test(a_wrong_known_answer_ends_the_program_and_is_named),
        cmocka_unit_test(arguments_name_the_settings),
        cmocka_unit_test(wrong_usage_ends_with_2),
        cmocka_unit_test(both_signals_stop_and_a_closed_pipe_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
