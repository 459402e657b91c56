/* SPDX-License-Identifier: Apache-2.0 */
/* rows: S1 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/secret.h"

#include "support/fail_nth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int __real_mlock(const void *p, size_t len);
int __wrap_mlock(const void *p, size_t len);
int __real_madvise(void *p, size_t len, int advice);
int __wrap_madvise(void *p, size_t len, int advice);
int __real_munmap(void *p, size_t len);
int __wrap_munmap(void *p, size_t len);

FAIL_NTH(int, setrlimit, -1, (int resource, const struct rlimit *limit), (resource, limit));
/* Few test machines may lock without a limit: that they could is said here, not by the system. */
static rlim_t said_limit; /* 0: the system's */
static int flags_locked;
int __wrap_getrlimit(int resource, struct rlimit *limit);
int __real_getrlimit(int resource, struct rlimit *limit);
int __wrap_getrlimit(int resource, struct rlimit *limit)
{
    if (said_limit != 0 && resource == RLIMIT_MEMLOCK) {
        *limit = (struct rlimit){ said_limit, said_limit };
        return 0;
    }
    return must_fail() ? -1 : __real_getrlimit(resource, limit);
}
int __wrap_mlockall(int flags);
int __wrap_mlockall(int flags)
{
    flags_locked = flags;
    return -1; /* what it says changes nothing */
}

int __real_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int __wrap_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int __wrap_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
    return must_fail() ? -1 : __real_prctl(option, a, b, c, d);
}

void *__real_mmap(void *p, size_t len, int protection, int flags, int fd, off_t at);
void *__wrap_mmap(void *p, size_t len, int protection, int flags, int fd, off_t at);
void *__wrap_mmap(void *p, size_t len, int protection, int flags, int fd, off_t at)
{
    return must_fail() ? MAP_FAILED : __real_mmap(p, len, protection, flags, fd, at);
}

/* The address and thread sanitizers turn mlock into nothing. */
#if defined(__has_feature)
#define HAS_SANITIZER (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#else
#define HAS_SANITIZER 0
#endif
enum { LOCKS_MEMORY = !HAS_SANITIZER };

static bool refuse_mlock;
static int refuse_advice = -1;
static int unmapped;
static bool was_wiped;

int __wrap_mlock(const void *p, size_t len)
{
    return refuse_mlock ? -1 : __real_mlock(p, len);
}

int __wrap_madvise(void *p, size_t len, int advice)
{
    return advice == refuse_advice ? -1 : __real_madvise(p, len, advice);
}

int __wrap_munmap(void *p, size_t len)
{
    const unsigned char *bytes = p;

    unmapped++;
    was_wiped = true;
    for (size_t i = 0; i < len; i++) {
        was_wiped = was_wiped && bytes[i] == 0;
    }
    return __real_munmap(p, len);
}

static void memory_is_zeroed_locked_and_out_of_dumps(void **state)
{
    static const size_t lens[] = { 1, 32, 4032, 4033, 100000 };

    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        unsigned char *p = qw_secret_new(lens[i]);
        FILE *maps = fopen("/proc/self/smaps", "r");
        char line[512];
        bool is_ours = false, is_locked = false, is_undumped = false;

        assert_non_null(p);
        assert_non_null(maps);
        for (size_t at = 0; at < lens[i]; at++) {
            assert_int_equal(p[at], 0);
        }
        memset(p, 0xff, lens[i]);
        while (fgets(line, sizeof line, maps) != NULL) {
            unsigned long long from, to;

            if (sscanf(line, "%llx-%llx ", &from, &to) == 2) {
                is_ours = (uintptr_t)p >= from && (uintptr_t)p < to;
            } else if (is_ours && strncmp(line, "VmFlags:", 8) == 0) {
                is_locked = strstr(line, " lo") != NULL;
                is_undumped = strstr(line, " dd") != NULL;
            }
        }
        fclose(maps);
        assert_int_equal(is_locked, LOCKS_MEMORY);
        assert_true(is_undumped);
        qw_secret_free(p);
    }
}

static void free_wipes_before_it_gives_back(void **state)
{
    unsigned char *p = qw_secret_new(5000);

    (void)state;
    assert_non_null(p);
    memset(p, 0xaa, 5000);
    unmapped = 0;
    qw_secret_free(p);
    assert_int_equal(unmapped, 1);
    assert_true(was_wiped);
    qw_secret_free(NULL);
    assert_int_equal(unmapped, 1);
}

static void a_forked_child_sees_nothing_and_may_free_it(void **state)
{
    unsigned char *p = qw_secret_new(32);
    int status = -1;
    pid_t child;

    (void)state;
    assert_non_null(p);
    memset(p, 0x5a, 32);
    child = fork();
    if (child == 0) {
        bool is_empty = true;

        for (size_t i = 0; i < 32; i++) {
            is_empty = is_empty && p[i] == 0;
        }
        qw_secret_free(p);
        _exit(is_empty ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(p[0], 0x5a);
    qw_secret_free(p);
}

static void memory_that_cannot_be_protected_is_not_given(void **state)
{
    (void)state;
    refuse_mlock = true;
    assert_null(qw_secret_new(32));
    refuse_mlock = false;
    refuse_advice = MADV_DONTDUMP;
    assert_null(qw_secret_new(32));
    refuse_advice = MADV_WIPEONFORK;
    assert_null(qw_secret_new(32));
    refuse_advice = -1;
    fail_nth = 1;
    assert_null(qw_secret_new(32));
    assert_int_equal(fail_nth, 0);
    assert_null(qw_secret_new(SIZE_MAX));
    assert_null(qw_secret_new(SIZE_MAX / 2));
}

static bool is_zero(const unsigned char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

static void a_pool_lends_what_was_wiped(void **state)
{
    struct qw_secret_pool *pool = NULL;
    unsigned char *a, *b, *again;

    (void)state;
    assert_int_equal(qw_secret_pool_new(100, 2, &pool), QW_OK);
    a = qw_secret_lend(pool, 100);
    b = qw_secret_lend(pool, 1);
    assert_true(a != NULL && b != NULL && a != b);
    assert_int_equal((uintptr_t)a % 16, 0);
    memset(a, 0xff, 100);
    b[0] = 0xff;
    qw_secret_free(a);
    assert_true(is_zero(a, 100)); /* still mapped: the pool's */
    again = qw_secret_lend(pool, 50);
    assert_ptr_equal(again, a);
    assert_true(is_zero(again, 50));
    qw_secret_free(again);
    qw_secret_free(b);
    assert_true(is_zero(b, 1));
    unmapped = 0;
    qw_secret_pool_free(pool);
    assert_int_equal(unmapped, 1);
    assert_true(was_wiped);
    qw_secret_pool_free(NULL);
}

static void a_pool_makes_new_memory_when_its_own_does_not_do(void **state)
{
    struct qw_secret_pool *pool = NULL;
    unsigned char *piece, *second, *larger;

    (void)state;
    assert_int_equal(qw_secret_pool_new(100, 1, &pool), QW_OK);
    larger = qw_secret_lend(pool, 101);
    piece = qw_secret_lend(pool, 100);
    second = qw_secret_lend(pool, 100);
    assert_true(piece != NULL && second != NULL && larger != NULL);
    memset(larger, 1, 101);
    memset(second, 2, 100);
    unmapped = 0;
    qw_secret_free(piece);
    assert_int_equal(unmapped, 0);
    qw_secret_free(second);
    qw_secret_free(larger);
    assert_int_equal(unmapped, 2);
    qw_secret_pool_free(pool);
}

static void a_pool_that_cannot_be_locked_is_not_made(void **state)
{
    struct qw_secret_pool *pool = NULL;

    (void)state;
    refuse_mlock = true;
    assert_int_equal(qw_secret_pool_new(100, 2, &pool), QW_ERR_NOMEM);
    refuse_mlock = false;
    fail_nth = 1;
    assert_int_equal(qw_secret_pool_new(100, 2, &pool), QW_ERR_NOMEM);
    assert_null(pool);
}

static void a_forked_child_may_free_what_a_pool_lent(void **state)
{
    struct qw_secret_pool *pool = NULL;
    unsigned char *p;
    int status = -1;
    pid_t child;

    (void)state;
    assert_int_equal(qw_secret_pool_new(100, 2, &pool), QW_OK);
    p = qw_secret_lend(pool, 100);
    assert_non_null(p);
    memset(p, 0x5a, 100);
    child = fork();
    if (child == 0) {
        bool is_empty = is_zero(p, 100);

        qw_secret_free(p);
        _exit(is_empty ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    qw_secret_free(p);
    qw_secret_pool_free(pool);
}

static void wiping_leaves_zeros_and_nothing_else(void **state)
{
    unsigned char bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    static const unsigned char expected[8] = { 1, 0, 0, 0, 0, 0, 0, 8 };

    (void)state;
    qw_wipe(bytes + 1, 6);
    assert_memory_equal(bytes, expected, sizeof bytes);
    qw_wipe(NULL, 0);
}

static void equality_sees_every_bit(void **state)
{
    unsigned char a[16] = "fifteen letters", b[16] = "fifteen letters";

    (void)state;
    assert_true(qw_equal_ct(a, b, sizeof a));
    assert_true(qw_equal_ct(a, "other", 0));
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        b[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_false(qw_equal_ct(a, b, sizeof a));
        b[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}

/* In a child, so that the test itself can still leave a core. */
static void a_hardened_process_leaves_no_core_and_is_not_traceable(void **state)
{
    int status = -1;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        struct rlimit core = { 1, 1 }, locked = { 0, 1 };
        bool ok = qw_process_harden() == QW_OK;

        ok = ok && getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0;
        ok = ok && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
        ok = ok && getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur == locked.rlim_max;
        ok = ok && qw_process_harden() == QW_OK; /* twice is fine */
        _exit(ok ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_process_that_cannot_be_hardened_is_told_so(void **state)
{
    static const qw_err expected[] = { QW_ERR_IO, QW_ERR_IO, QW_OK, QW_OK };
    int status = -1;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        bool ok = true;

        /* cores, tracing; the limit of locked memory is only raised as far as it goes */
        for (int n = 1; n <= 4; n++) {
            const struct rlimit lower = { 4096, 1 << 20 };

            (void)__real_setrlimit(RLIMIT_MEMLOCK, &lower);
            fail_nth = n;
            ok = qw_process_harden() == expected[n - 1] && ok;
        }
        _exit(ok ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void all_memory_is_locked_where_there_is_no_limit(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        int status = -1;
        pid_t child = fork();

        if (child == 0) {
            said_limit = i == 0 ? 1 << 20 : RLIM_INFINITY;
            _exit(qw_process_harden() == QW_OK &&
                          flags_locked == (i == 0 ? 0 : MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)
                      ? 0
                      : 1);
        }
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

/* What it wipes cannot be looked at afterwards: the sanitizers see that it frees. */
static void wiping_and_freeing_takes_nothing_too(void **state)
{
    (void)state;
    qw_wipe_free(malloc(100), 100);
    qw_wipe_free(NULL, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_locked_and_out_of_dumps),
        cmocka_unit_test(free_wipes_before_it_gives_back),
        cmocka_unit_test(a_forked_child_sees_nothing_and_may_free_it),
        cmocka_unit_test(memory_that_cannot_be_protected_is_not_given),
        cmocka_unit_test(a_pool_lends_what_was_wiped),
        cmocka_unit_test(a_pool_makes_new_memory_when_its_own_does_not_do),
        cmocka_unit_test(a_pool_that_cannot_be_locked_is_not_made),
        cmocka_unit_test(a_forked_child_may_free_what_a_pool_lent),
        cmocka_unit_test(wiping_leaves_zeros_and_nothing_else),
        cmocka_unit_test(equality_sees_every_bit),
        cmocka_unit_test(a_hardened_process_leaves_no_core_and_is_not_traceable),
        cmocka_unit_test(a_process_that_cannot_be_hardened_is_told_so),
        cmocka_unit_test(all_memory_is_locked_where_there_is_no_limit),
        cmocka_unit_test(wiping_and_freeing_takes_nothing_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
