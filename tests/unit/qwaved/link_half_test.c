/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C2 Q5 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "qkd/link.h"
#include "source/link_half.h"
#include "support/fail_nth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(qw_err, qw_file_replace, QW_ERR_IO, (const char *path, const uint8_t *data, size_t len),
         (path, data, len));

enum { KEY_LEN = 256, HALF_LEN = KEY_LEN / 2, PADS_LEN = 32, BUFFER_LEN = 2 * HALF_LEN };

struct world {
    char folder[40], mark[64];
    struct link_half half;
    uint8_t key[KEY_LEN];
};

static struct link_half_config config_of(const struct world *w, bool has_pads)
{
    return (struct link_half_config){
        .name = "north", .mark_path = w->mark, .buffer_len = BUFFER_LEN, .has_pads = has_pads
    };
}

static void open_half(struct world *w, bool has_pads)
{
    struct link_half_config config = config_of(w, has_pads);

    link_half_close(&w->half);
    assert_int_equal(link_half_open(&w->half, &config), QW_OK);
}

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    strcpy(w->folder, "/tmp/qwave-link-half-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->mark, sizeof w->mark, "%s/mark", w->folder);
    for (int i = 0; i < KEY_LEN; i++) {
        w->key[i] = (uint8_t)i;
    }
    open_half(w, false);
    *state = w;
    return 0;
}

static int remove_world(void **state)
{
    struct world *w = *state;

    fail_nth = 0;
    link_half_close(&w->half);
    unlink(w->mark);
    assert_int_equal(rmdir(w->folder), 0);
    free(w);
    return 0;
}

static enum qw_handover_result put(struct world *w, enum qw_qkd_end end, uint32_t block)
{
    struct qw_handover_key key = { .key = w->key, .len = KEY_LEN };
    uint8_t result = 99;

    memset(key.label.session, 7, sizeof key.label.session);
    key.label.block = block;
    assert_int_equal(link_half_take(&w->half, &key, (uint8_t)end, &result), QW_OK);
    return (enum qw_handover_result)result;
}

static void assert_gives(struct world *w, uint8_t first, size_t len)
{
    uint8_t got[KEY_LEN];

    assert_int_equal(w->half.source.take(w->half.source.self, got, len), QW_OK);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(got[i], (uint8_t)(first + i));
    }
    assert_int_equal(w->half.source.available_bits(w->half.source.self), 0);
}

/* S1 of docs/protocol/stream-source.md */
static void the_two_ends_keep_disjoint_halves(void **state)
{
    struct world *w = *state;

    assert_int_equal(put(w, QW_QKD_ALICE, 0), QW_HANDOVER_TAKEN);
    assert_gives(w, 0, HALF_LEN);
    assert_int_equal(put(w, QW_QKD_BOB, 1), QW_HANDOVER_TAKEN);
    assert_gives(w, HALF_LEN, HALF_LEN);
}

static void a_label_is_taken_once_also_after_it_was_opened_again(void **state)
{
    struct world *w = *state;

    assert_int_equal(put(w, QW_QKD_ALICE, 3), QW_HANDOVER_TAKEN);
    assert_int_equal(put(w, QW_QKD_ALICE, 3), QW_HANDOVER_TAKEN_BEFORE);
    open_half(w, false);
    assert_int_equal(put(w, QW_QKD_ALICE, 2), QW_HANDOVER_TAKEN_BEFORE);
    assert_int_equal(w->half.source.available_bits(w->half.source.self), 0);
    assert_int_equal(put(w, QW_QKD_ALICE, 4), QW_HANDOVER_TAKEN);
}

static void what_does_not_fit_is_not_kept(void **state)
{
    struct world *w = *state;

    assert_true(link_half_has_room(&w->half, 2 * BUFFER_LEN));
    assert_false(link_half_has_room(&w->half, 2 * BUFFER_LEN + 2));
    assert_int_equal(put(w, QW_QKD_ALICE, 0), QW_HANDOVER_TAKEN);
    assert_int_equal(put(w, QW_QKD_ALICE, 1), QW_HANDOVER_TAKEN);
    assert_false(link_half_has_room(&w->half, KEY_LEN));
    assert_int_equal(put(w, QW_QKD_ALICE, 2), QW_HANDOVER_NO_ROOM);
    assert_int_equal(w->half.source.available_bits(w->half.source.self), 8 * BUFFER_LEN);
}

/* P1 */
static void pads_are_no_stock(void **state)
{
    struct world *w = *state;
    struct link_pad_place place;
    uint8_t pad[PADS_LEN];

    open_half(w, true);
    assert_int_equal(put(w, QW_QKD_BOB, 0), QW_HANDOVER_TAKEN);
    assert_gives(w, HALF_LEN, HALF_LEN - PADS_LEN);
    assert_int_equal(link_pads_draw(w->half.pads, PADS_LEN, pad, &place), QW_OK);
    assert_int_equal(pad[0], KEY_LEN - PADS_LEN);
    assert_int_equal(link_pads_look(w->half.pads, &place, PADS_LEN, pad), QW_OK);
    assert_int_equal(pad[0], HALF_LEN - PADS_LEN);
}

static void a_mark_that_cannot_be_written_keeps_the_key_out(void **state)
{
    struct world *w = *state;
    struct qw_handover_key key = { .key = w->key, .len = KEY_LEN };
    uint8_t result;

    fail_nth = 1;
    assert_int_equal(link_half_take(&w->half, &key, QW_QKD_ALICE, &result), QW_ERR_IO);
    fail_nth = 0;
    assert_int_equal(w->half.source.available_bits(w->half.source.self), 0);
    assert_int_equal(put(w, QW_QKD_ALICE, 0), QW_HANDOVER_TAKEN);
}

static void refuses_what_it_cannot_keep(void **state)
{
    struct world *w = *state;
    struct link_half_config config = config_of(w, false);
    char path[LINK_HALF_PATH_CAP + 1];
    FILE *file;

    link_half_close(&w->half);
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    config.mark_path = path;
    assert_int_equal(link_half_open(&w->half, &config), QW_ERR_ARG);
    config.mark_path = w->mark;
    config.name = "";
    assert_int_equal(link_half_open(&w->half, &config), QW_ERR_ARG);
    config.name = "north";
    file = fopen(w->mark, "w");
    fputs("no mark", file);
    fclose(file);
    assert_int_equal(chmod(w->mark, 0600), 0);
    assert_int_equal(link_half_open(&w->half, &config), QW_ERR_FORMAT);
    assert_null(w->half.keys);
}

static void a_failed_allocation_leaves_nothing(void **state)
{
    struct world *w = *state;
    struct link_half_config config = config_of(w, true);
    qw_err err = QW_ERR_NOMEM;

    link_half_close(&w->half);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 100);
        fail_nth = n;
        err = link_half_open(&w->half, &config);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && w->half.keys == NULL));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, remove_world)
    const struct CMUnitTest tests[] = {
        TEST(the_two_ends_keep_disjoint_halves),
        TEST(a_label_is_taken_once_also_after_it_was_opened_again),
        TEST(what_does_not_fit_is_not_kept),
        TEST(pads_are_no_stock),
        TEST(a_mark_that_cannot_be_written_keeps_the_key_out),
        TEST(refuses_what_it_cannot_keep),
        TEST(a_failed_allocation_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
