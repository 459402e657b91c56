/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q5 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/seen_ids.h"
#include "support/fail_nth.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(int, fdatasync, -1, (int fd), (fd));

enum { GENERATION = 16 };

struct world {
    char folder[40], path[64], old_path[64];
    struct seen_ids *seen;
};

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    strcpy(w->folder, "/tmp/qwave-seen-ids-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->path, sizeof w->path, "%s/seen", w->folder);
    (void)snprintf(w->old_path, sizeof w->old_path, "%s/seen.old", w->folder);
    assert_int_equal(seen_ids_open(w->path, GENERATION, &w->seen), QW_OK);
    *state = w;
    return 0;
}

static int remove_world(void **state)
{
    struct world *w = *state;

    fail_nth = 0;
    seen_ids_close(w->seen);
    unlink(w->path);
    unlink(w->old_path);
    assert_int_equal(rmdir(w->folder), 0);
    free(w);
    return 0;
}

/* Ids from first on; the first bytes are alike, as a server may make them. */
static qw_err add(struct world *w, uint8_t first, size_t count)
{
    uint8_t ids[GENERATION][16] = { { 0 } };

    for (size_t i = 0; i < count; i++) {
        ids[i][15] = (uint8_t)(first + i);
    }
    return seen_ids_add(w->seen, (const uint8_t(*)[16])ids, count);
}

static void reopen(struct world *w)
{
    seen_ids_close(w->seen);
    w->seen = NULL;
    assert_int_equal(seen_ids_open(w->path, GENERATION, &w->seen), QW_OK);
}

static void an_id_comes_in_once_also_after_a_restart(void **state)
{
    struct world *w = *state;
    struct stat info;

    assert_int_equal(add(w, 0, 5), QW_OK);
    assert_int_equal(add(w, 4, 1), QW_ERR_CONFLICT);
    assert_int_equal(add(w, 3, 8), QW_ERR_CONFLICT); /* one known among new ones: none goes in */
    assert_int_equal(add(w, 5, 6), QW_OK);
    reopen(w);
    for (uint8_t id = 0; id < 11; id++) {
        assert_int_equal(add(w, id, 1), QW_ERR_CONFLICT);
    }
    assert_int_equal(add(w, 11, 1), QW_OK);
    assert_int_equal(stat(w->path, &info), 0);
    assert_int_equal(info.st_size, 12 * 16);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void an_id_twice_in_one_request_is_refused(void **state)
{
    struct world *w = *state;
    static const uint8_t twice[3][16] = { { 7 }, { 8 }, { 7 } };

    assert_int_equal(seen_ids_add(w->seen, twice, 3), QW_ERR_CONFLICT);
    assert_int_equal(seen_ids_add(w->seen, twice, 2), QW_OK);
}

static void the_last_generation_is_known_whatever_came_before(void **state)
{
    struct world *w = *state;

    for (uint8_t first = 0; first < 200; first = (uint8_t)(first + 10)) {
        assert_int_equal(add(w, first, 10), QW_OK);
        if (first % 30 == 0) {
            reopen(w);
        }
        for (uint8_t back = 0; back < GENERATION && back < first + 10; back++) {
            assert_int_equal(add(w, (uint8_t)(first + 9 - back), 1), QW_ERR_CONFLICT);
        }
    }
    assert_int_equal(add(w, 0, 1), QW_OK); /* long ago */
}

static void what_a_crash_cut_short_is_dropped(void **state)
{
    struct world *w = *state;

    assert_int_equal(add(w, 0, 3), QW_OK);
    seen_ids_close(w->seen);
    w->seen = NULL;
    assert_int_equal(truncate(w->path, 2 * 16 + 5), 0);
    assert_int_equal(seen_ids_open(w->path, GENERATION, &w->seen), QW_OK);
    assert_int_equal(add(w, 2, 1), QW_OK);
    reopen(w);
    assert_int_equal(add(w, 2, 1), QW_ERR_CONFLICT);
    assert_int_equal(add(w, 1, 1), QW_ERR_CONFLICT);
}

static void ids_that_cannot_be_kept_are_not_in(void **state)
{
    struct world *w = *state;

    fail_nth = 1;
    assert_int_equal(add(w, 0, 3), QW_ERR_IO);
    assert_int_equal(add(w, 0, 3), QW_OK);
    reopen(w);
    assert_int_equal(add(w, 2, 1), QW_ERR_CONFLICT);
}

static void refuses_a_file_of_somebody_else_and_sizes_out_of_range(void **state)
{
    struct world *w = *state;
    struct seen_ids *none = NULL;
    char long_path[1100];

    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(seen_ids_open(w->path, 15, &none), QW_ERR_ARG);
    assert_int_equal(seen_ids_open(w->path, 24, &none), QW_ERR_ARG);
    assert_int_equal(seen_ids_open(w->path, 1 << 25, &none), QW_ERR_ARG);
    assert_int_equal(seen_ids_open(long_path, GENERATION, &none), QW_ERR_ARG);
    assert_int_equal(seen_ids_open("/nowhere/seen", GENERATION, &none), QW_ERR_IO);
    assert_int_equal(add(w, 0, 16), QW_OK);
    assert_int_equal(truncate(w->path, 17 * 16), 0);
    assert_int_equal(seen_ids_open(w->path, GENERATION, &none), QW_ERR_IO);
    assert_null(none);
}

static void comes_up_whole_or_not_at_all(void **state)
{
    struct world *w = *state;
    qw_err err = QW_ERR_NOMEM;

    seen_ids_close(w->seen);
    w->seen = NULL;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_nth = n;
        err = seen_ids_open(w->path, GENERATION, &w->seen);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && w->seen == NULL));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, remove_world)
    const struct CMUnitTest tests[] = {
        TEST(an_id_comes_in_once_also_after_a_restart),
        TEST(an_id_twice_in_one_request_is_refused),
        TEST(the_last_generation_is_known_whatever_came_before),
        TEST(what_a_crash_cut_short_is_dropped),
        TEST(ids_that_cannot_be_kept_are_not_in),
        TEST(refuses_a_file_of_somebody_else_and_sizes_out_of_range),
        TEST(comes_up_whole_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
