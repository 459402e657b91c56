/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W6 A4 */
/* Every call that can fail on the way to the disk fails once, and the process dies at every one of
 * them: what leaves the card leaves once, and the file is old or new. S3, S4 of card-file.md. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card.h"

#include "card_fixture.h"

#include <errno.h>
#include <sys/types.h>
#include <sys/wait.h>

#include "support/fail_nth.h"

enum { TRIES_MAX = 100 };
static bool dies; /* instead of failing */

/* A disk that is full takes a part first. */
ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    if (must_fail()) {
        (void)!__real_write(fd, data, len / 2);
        if (dies) {
            _exit(9);
        }
        errno = ENOSPC;
        return -1;
    }
    return __real_write(fd, data, len);
}

/* Defines a call that fails, or dies before or after it has done its work. */
#define FAIL_OR_DIE(name, failure, parameters, arguments) \
    int __real_##name parameters; \
    int __wrap_##name parameters; \
    int __wrap_##name parameters \
    { \
        if (must_fail()) { \
            if (dies) { \
                (void)__real_##name arguments; \
                _exit(9); \
            } \
            return failure; \
        } \
        return __real_##name arguments; \
    } \
    _Static_assert(failure != 0, "takes the semicolon")

FAIL_OR_DIE(fsync, -1, (int fd), (fd));
FAIL_OR_DIE(rename, -1, (const char *from, const char *to), (from, to));
FAIL_OR_DIE(mkostemp, -1, (char *path, int flags), (path, flags));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(char *, strdup, NULL, (const char *text), (text));
FAIL_NTH(qw_err, qw_random_bytes, QW_ERR_IO, (void *out, size_t len), (out, len));

static void start_again(void)
{
    fail_nth = 0;
    fixture_clean();
    assert_int_equal(fixture_create(), QW_OK);
}

static struct qw_card *open_card(void)
{
    struct qw_card *card = NULL;

    assert_int_equal(fixture_open(&card), QW_OK);
    return card;
}

static void opening_fails_cleanly_at_every_allocation(void **state)
{
    struct qw_card *card = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < TRIES_MAX);
        fail_nth = n;
        err = fixture_open(&card);
        assert_true(err == QW_OK || (err != QW_ERR_CONFLICT && card == NULL));
    }
    fail_nth = 0;
    qw_card_close(card);
}

static void making_a_card_fails_cleanly_at_every_call(void **state)
{
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < TRIES_MAX);
        fail_nth = 0;
        fixture_clean();
        fail_nth = n;
        err = fixture_create();
        assert_true(err == QW_OK || access(fixture_path, F_OK) != 0);
    }
    fail_nth = 0;
    qw_card_close(open_card());
}

/* One change of the card; out is what it lets out. */
struct change {
    const char *name;
    qw_err (*make)(struct qw_card *card, uint8_t out[256]);
    uint8_t expected[256]; /* of the only success */
};

static qw_err take_key(struct qw_card *card, uint8_t out[256])
{
    return qw_card_take_key(card, out, out + 16);
}

static qw_err take_auth(struct qw_card *card, uint8_t out[256])
{
    return qw_card_take_auth(card, 1000, 1000, out, out + 64);
}

static qw_err take_refill(struct qw_card *card, uint8_t out[256])
{
    struct qw_package p = fixture_package(QW_PACKAGE_REFILL, 2, 104, 3, 1000 + FIXTURE_POOL, 64);
    size_t len;
    int turn = fail_nth;

    fail_nth = 0; /* the centre's allocations are not the card's */
    len = fixture_seal(&p);
    fail_nth = turn;
    return qw_card_take_package(card, fixture_sealed, len, out, NULL, NULL);
}

/* The card key of the next epoch and everything of a refill, or nothing of either. */
static qw_err take_fusion(struct qw_card *card, uint8_t out[256])
{
    struct qw_package p = fixture_package(QW_PACKAGE_FUSE, 2, 104, 3, 1000 + FIXTURE_POOL, 64);
    size_t len;
    int turn = fail_nth;

    fail_nth = 0;
    memset(p.card_key, 0x51, sizeof p.card_key);
    len = fixture_seal(&p);
    fail_nth = turn;
    return qw_card_take_package(card, fixture_sealed, len, out, NULL, NULL);
}

static qw_err take_fresh(struct qw_card *card, uint8_t out[256])
{
    struct qw_package p = fixture_package(QW_PACKAGE_FRESH, 2, 104, 1, 0, 0);
    size_t len;
    int turn = fail_nth;

    fail_nth = 0;
    len = fixture_seal(&p);
    fail_nth = turn;
    return qw_card_take_package(card, fixture_sealed, len, out, out + 100, out + 116);
}

static qw_err make_report(struct qw_card *card, uint8_t out[256])
{
    return qw_card_report(card, false, 3, out);
}

static struct change changes[] = {
    { .name = "take_key", .make = take_key },       { .name = "take_auth", .make = take_auth },
    { .name = "take_refill", .make = take_refill }, { .name = "take_fresh", .make = take_fresh },
    { .name = "report", .make = make_report },      { .name = "take_fusion", .make = take_fusion },
};
enum { CHANGES = sizeof changes / sizeof changes[0] };

static bool info_equal(const struct qw_card_info *a, const struct qw_card_info *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void assert_untouched(const uint8_t out[256])
{
    for (size_t i = 0; i < 256; i++) {
        assert_int_equal(out[i], 0x77);
    }
}

/* What the card says before the change and after it, when nothing fails. */
static void learn(struct change *change, struct qw_card_info *before, struct qw_card_info *after)
{
    struct qw_card *card;

    start_again();
    card = open_card();
    memset(before, 0, sizeof *before);
    memset(after, 0, sizeof *after);
    qw_card_info(card, before);
    assert_int_equal(change->make(card, change->expected), QW_OK);
    qw_card_info(card, after);
    qw_card_close(card);
}

static void a_failed_change_lets_nothing_out_and_works_the_next_time(void **state)
{
    (void)state;
    for (size_t c = 0; c < CHANGES; c++) {
        struct qw_card_info before, after, info;
        qw_err err = QW_ERR_IO;
        int n;

        learn(&changes[c], &before, &after);
        for (n = 1; err != QW_OK; n++) {
            struct qw_card *card;
            uint8_t out[256];

            assert_true(n < TRIES_MAX);
            start_again();
            card = open_card();
            memset(out, 0x77, sizeof out);
            fail_nth = n;
            err = changes[c].make(card, out);
            fail_nth = 0;
            memset(&info, 0, sizeof info);
            qw_card_info(card, &info);
            if (err != QW_OK) {
                assert_untouched(out);
                assert_true(info_equal(&info, &before));
                assert_int_equal(changes[c].make(card, out), QW_OK);
                qw_card_info(card, &info);
            }
            assert_true(info_equal(&info, &after));
            if (changes[c].make == take_key || changes[c].make == take_auth) {
                assert_memory_equal(out, changes[c].expected, 48);
            }
            qw_card_close(card);
        }
        printf("%s: %d calls can fail\n", changes[c].name, n - 2);
        assert_true(n - 2 >= 4);
    }
}

static void after_a_failed_change_the_file_is_old_or_new(void **state)
{
    (void)state;
    for (size_t c = 0; c < CHANGES; c++) {
        struct qw_card_info before, after, info;
        qw_err err = QW_ERR_IO;

        learn(&changes[c], &before, &after);
        for (int n = 1; err != QW_OK; n++) {
            struct qw_card *card;
            uint8_t out[256];

            assert_true(n < TRIES_MAX);
            start_again();
            card = open_card();
            fail_nth = n;
            err = changes[c].make(card, out);
            fail_nth = 0;
            qw_card_close(card);
            card = open_card();
            memset(&info, 0, sizeof info);
            qw_card_info(card, &info);
            assert_true(info_equal(&info, &after) || (err != QW_OK && info_equal(&info, &before)));
            qw_card_close(card);
        }
    }
}

/* A child takes every key of the card, says each aloud, and dies at the n-th call. */
static void child(int n, int voice)
{
    struct qw_card *card = NULL;
    uint8_t id[16], key[32];

    if (fixture_open(&card) != QW_OK) {
        _exit(1);
    }
    fail_nth = n;
    dies = true;
    while (qw_card_take_key(card, id, key) == QW_OK) {
        if (__real_write(voice, key, sizeof key) != (ssize_t)sizeof key) {
            _exit(1);
        }
    }
    _exit(0);
}

/* Marks the key's index as seen; false when it was seen before. */
static bool mark(const uint8_t key[32], bool seen[FIXTURE_KEYS])
{
    uint64_t index;

    memcpy(&index, key, sizeof index);
    assert_in_range(index, 100, 100 + FIXTURE_KEYS - 1);
    if (seen[index - 100]) {
        return false;
    }
    seen[index - 100] = true;
    return true;
}

static void a_process_that_dies_loses_at_most_one_key_and_repeats_none(void **state)
{
    int status = 1;

    (void)state;
    for (int n = 1; status != 0; n++) {
        bool seen[FIXTURE_KEYS] = { false };
        struct qw_card *card;
        uint8_t id[16], key[32];
        int voice[2], count = 0;
        pid_t pid;

        assert_true(n < TRIES_MAX);
        start_again();
        assert_int_equal(pipe(voice), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            child(n, voice[1]);
        }
        close(voice[1]);
        while (read(voice[0], key, sizeof key) == (ssize_t)sizeof key) {
            assert_true(mark(key, seen));
            count++;
        }
        close(voice[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        status = WEXITSTATUS(status);
        assert_true(status == 0 || status == 9);
        card = open_card(); /* also: the dead process holds no lock */
        while (qw_card_take_key(card, id, key) == QW_OK) {
            assert_true(mark(key, seen));
            count++;
        }
        assert_in_range(count, FIXTURE_KEYS - 1, FIXTURE_KEYS);
        qw_card_close(card);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(opening_fails_cleanly_at_every_allocation),
        TEST(making_a_card_fails_cleanly_at_every_call),
        TEST(a_failed_change_lets_nothing_out_and_works_the_next_time),
        TEST(after_a_failed_change_the_file_is_old_or_new),
        TEST(a_process_that_dies_loses_at_most_one_key_and_repeats_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
