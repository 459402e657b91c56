/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 C7 W14 */
/* Another KEK for a store that serves [docs/protocol/kek-rotation.md R1 to R5, S1 to S6]: every
 * record is sealed anew, what was given before is found after, a kill at each write loses nothing,
 * and the KEK before opens nothing any more. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "centre/books.h"
#include "centre/custody/custody_move.h"
#include "centre/device/import.h"
#include "centre/kek/kek.h"
#include "centre/kek/rewrap.h"
#include "centre/record.h"
#include "centre/unseal.h"
#include "unit/centre/scene.h"

#include <stdio.h>

enum { STEPS_MAX = 200, WRITES_MAX = 60 };

static qw_err open_custody(void *self, struct qw_custody *custody, char why[static QW_KEK_WHY_CAP])
{
    (void)why;
    *custody = *(const struct qw_custody *)self;
    return QW_OK;
}

static qw_err open_nothing(void *self, struct qw_custody *custody, char why[static QW_KEK_WHY_CAP])
{
    (void)self;
    (void)custody;
    strcpy(why, "others may read it");
    return QW_ERR_REFUSED;
}

static struct qw_custody_port port_of(struct qw_custody *custody)
{
    return (struct qw_custody_port){ .self = custody, .open = open_custody };
}

static struct qw_kek_state look(struct scene *scene)
{
    struct qw_kek_state state;

    assert_int_equal(qw_centre_kek_look(scene->centre, &scene->operator_caller, &state), QW_OK);
    return state;
}

static qw_err step(struct scene *scene, bool *is_more)
{
    struct qw_custody_port port = port_of(&scene->custody);

    return qw_centre_kek_work(scene->centre, &port, is_more);
}

static void order(struct scene *scene)
{
    assert_int_equal(qw_centre_kek_rotate(scene->centre, &scene->operator_caller), QW_OK);
    assert_int_equal(look(scene).phase, QW_KEK_ORDERED);
}

static void work_to_the_end(struct scene *scene)
{
    bool is_more = true;

    for (int i = 0; is_more; i++) {
        assert_true(i < STEPS_MAX);
        assert_int_equal(step(scene, &is_more), QW_OK);
    }
    assert_int_equal(look(scene).phase, QW_KEK_IDLE);
}

/* How many records each of two keys opens, looked at in the store itself. */
struct census {
    const uint8_t *kek, *before;
    enum qw_store_kind kind;
    size_t by_kek, by_before, by_none;
};

static int count_record(void *self, const struct qw_store_record *record)
{
    static uint8_t plain[1 << 17];
    struct census *census = self;
    size_t len = census->kind == QW_STORE_BLOCK ? qw_load_u32be(record->blob + record->len - 4)
                                                : record->len;

    if (!qw_rewrap_concerns(census->kind, record->id, record->id_len)) {
        return 1;
    }
    assert_true(len <= sizeof plain);
    if (qw_record_open_under(census->kek, census->kind, record, len, plain) == QW_OK) {
        census->by_kek++;
    } else if (qw_record_open_under(census->before, census->kind, record, len, plain) == QW_OK) {
        census->by_before++;
    } else {
        census->by_none++;
    }
    return 1;
}

static struct census census_of(struct scene *scene, const uint8_t before[static QW_KEK_LEN])
{
    struct census census = { .kek = scene->centre->kek, .before = before };

    for (int kind = 0; kind < QW_STORE_KIND_COUNT; kind++) {
        census.kind = (enum qw_store_kind)kind;
        assert_int_equal(scene->store.scan(scene->store.self, census.kind, QW_STORE_ANY_TAG, NULL,
                                           0, SIZE_MAX, count_record, &census),
                         QW_OK);
    }
    return census;
}

static void assert_all_anew(struct scene *scene, const uint8_t before[static QW_KEK_LEN])
{
    static const uint8_t zero[QW_KEK_LEN];
    struct census census = census_of(scene, before);

    assert_int_equal(census.by_before, 0);
    assert_int_equal(census.by_none, 0);
    assert_true(census.by_kek > 20);
    assert_memory_equal(scene->centre->kek_before, zero, sizeof zero);
    assert_memory_not_equal(scene->centre->kek, before, QW_KEK_LEN);
}

/* What the card has is what the centre gives for it, from the first-th key on. */
static void assert_gives(struct scene *scene, size_t first, size_t count)
{
    uint8_t keys[20][32];

    assert_int_equal(fetch(scene, &scene->application, first, count, keys), QW_OK);
    for (size_t i = 0; i < count; i++) {
        assert_memory_equal(keys[i], scene->terminal.keys[first + i], 32);
    }
}

static void everything_is_sealed_anew_and_nothing_else_changes(void **state)
{
    struct scene *scene = *state;
    uint8_t before[QW_KEK_LEN];

    make_everybody(scene);
    assert_gives(scene, 0, 2); /* their window stays open over it */
    memcpy(before, scene->centre->kek, sizeof before);
    assert_int_equal(look(scene).generation, 1);
    order(scene);
    assert_int_equal(qw_centre_kek_rotate(scene->centre, &scene->operator_caller), QW_ERR_STATE);
    assert_last_deed(scene, "kek-rotate", QW_ERR_STATE, "one is under way");
    work_to_the_end(scene);
    assert_last_deed(scene, "kek-end", QW_OK, "generation 2: nothing is sealed by the one before");
    assert_int_equal(look(scene).generation, 2);
    assert_int_equal(look(scene).done, look(scene).records);
    assert_all_anew(scene, before);
    assert_gives(scene, 0, 4);
    scene_restart(scene);
    assert_all_anew(scene, before);
    assert_gives(scene, 0, 6);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void again_and_again(void **state)
{
    struct scene *scene = *state;
    uint8_t before[QW_KEK_LEN];

    make_everybody(scene);
    for (uint64_t generation = 2; generation < 6; generation++) {
        memcpy(before, scene->centre->kek, sizeof before);
        order(scene);
        work_to_the_end(scene);
        assert_int_equal(look(scene).generation, generation);
        assert_all_anew(scene, before);
    }
    assert_gives(scene, 0, 20);
}

/* An import may be open meanwhile, half made, and taken back; the index has nothing to seal. */
static void what_is_staged_is_sealed_anew(void **state)
{
    enum { LINES = 200 };
    struct scene *scene = *state;
    struct qw_import_chunk chunk = { .header = "id,kind", .first_line = 2 };
    struct qw_import_progress progress;
    struct qw_import_fault fault = { 0 };
    struct qw_device device;
    uint8_t before[QW_KEK_LEN];
    uint8_t id[16];
    char *lines = malloc(LINES * 32);
    uint64_t index = 0;
    uint64_t total = 0;
    bool is_more = true;
    size_t len = 0;

    assert_non_null(lines);
    make_everybody(scene);
    for (int i = 0; i < LINES; i++) {
        len += (size_t)sprintf(lines + len, "meter-%03d,meter\n", i);
    }
    chunk.lines = lines;
    assert_int_equal(qw_centre_import_begin(scene->centre, &scene->operator_caller, id), QW_OK);
    assert_int_equal(
        qw_centre_import_add(scene->centre, &scene->operator_caller, id, &chunk, &fault), QW_OK);
    memcpy(before, scene->centre->kek, sizeof before);
    order(scene);
    work_to_the_end(scene);
    assert_all_anew(scene, before);
    /* It counts what it has to look at: not the index. */
    assert_int_equal(
        scene->store.count(scene->store.self, QW_STORE_SEARCH, QW_STORE_ANY_TAG, &index), QW_OK);
    assert_true(index > 0);
    for (int kind = 0; kind < QW_STORE_KIND_COUNT; kind++) {
        uint64_t count = 0;

        assert_int_equal(scene->store.count(scene->store.self, (enum qw_store_kind)kind,
                                            QW_STORE_ANY_TAG, &count),
                         QW_OK);
        total += kind == QW_STORE_AUDIT ? 0 : count;
    }
    assert_true(look(scene).records <= total - index);
    /* Half of what is staged under either key when it is decided. */
    memcpy(before, scene->centre->kek, sizeof before);
    order(scene);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(step(scene, &is_more), QW_OK);
    }
    assert_int_equal(look(scene).phase, QW_KEK_TURNING);
    do {
        assert_int_equal(
            qw_centre_import_commit(scene->centre, &scene->operator_caller, id, &progress), QW_OK);
    } while (progress.left > 0);
    work_to_the_end(scene);
    assert_all_anew(scene, before);
    scene_restart(scene);
    assert_int_equal(
        qw_centre_device_find(scene->centre, &scene->operator_caller, "meter-199", &device), QW_OK);
    assert_journal_whole(scene);
    free(lines);
}

/* Everything that works at rest works while it turns: half of the records are under either key. */
static void serves_while_it_turns(void **state)
{
    struct scene *scene = *state;
    uint8_t before[QW_KEK_LEN];
    bool is_more = true;

    make_everybody(scene);
    memcpy(before, scene->centre->kek, sizeof before);
    order(scene);
    for (size_t i = 0; is_more; i++) {
        assert_int_equal(step(scene, &is_more), QW_OK);
        if (i < 20) {
            assert_gives(scene, i, 1);
        }
        assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
        scene_now_ms += 1000;
        assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
        assert_books_balance(scene);
    }
    make_card(scene, "terminal-2", QW_DEVICE_TERMINAL, 4, &scene->other_ap_card);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_DESTROY),
                     QW_OK); /* also the way from its serial number, which was sealed anew */
    assert_all_anew(scene, before);
    assert_journal_whole(scene);
}

/* S3: the n-th write of a rotation fails and the process dies, for every n. */
static void a_kill_at_any_write_loses_nothing(void **state)
{
    struct scene *scene = *state;
    uint8_t before[QW_KEK_LEN];
    uint64_t generation = 1;
    int n = 1;

    make_everybody(scene);
    for (bool is_through = false; !is_through; n++) {
        bool is_more = true;
        qw_err err = QW_OK;

        assert_true(n < WRITES_MAX);
        memcpy(before, scene->centre->kek, sizeof before);
        scene->submits = 0;
        scene->fail_at = n;
        err = qw_centre_kek_rotate(scene->centre, &scene->operator_caller);
        while (err == QW_OK && is_more) {
            err = step(scene, &is_more);
        }
        is_through = err == QW_OK;
        scene->fail_at = 0;
        scene_restart(scene);
        assert_gives(scene, 0, 1);
        if (!is_through && n == 1) { /* the order itself */
            order(scene);
        }
        work_to_the_end(scene);
        generation++;
        assert_int_equal(look(scene).generation, generation);
        assert_all_anew(scene, before);
    }
    assert_true(n > 5);
    assert_gives(scene, 0, 20);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void a_read_that_fails_stops_it_until_the_next_time(void **state)
{
    struct scene *scene = *state;
    bool is_more = true;
    qw_err err = QW_ERR_IO;

    make_everybody(scene);
    order(scene);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < STEPS_MAX);
        scene->reads_fail = true;
        scene->reads = 0;
        scene->fail_read_at = n;
        is_more = true;
        err = QW_OK;
        while (err == QW_OK && is_more) {
            err = step(scene, &is_more);
        }
        scene->reads_fail = false;
    }
    work_to_the_end(scene);
    assert_gives(scene, 0, 20);
}

/* S2: who has the old wrapped key, and the custody, has nothing of the store of now. */
static void the_wrapped_key_before_opens_nothing_any_more(void **state)
{
    struct scene *scene = *state;
    struct qw_store_record old = { 0 };
    struct qw_store_record now = { 0 };
    struct qw_store_op op = {
        .verb = QW_STORE_UPDATE, .kind = QW_STORE_META, .id = qw_kek_id, .id_len = QW_KEK_ID_LEN
    };

    make_everybody(scene);
    assert_int_equal(
        scene->store.get(scene->store.self, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, &old), QW_OK);
    order(scene);
    work_to_the_end(scene);
    assert_int_equal(
        scene->store.get(scene->store.self, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, &now), QW_OK);
    op.expected_version = now.version;
    op.blob = old.blob;
    op.len = old.len;
    assert_int_equal(scene->store.submit(scene->store.self, &op, 1), QW_OK);
    scene_close(scene);
    assert_int_equal(qw_store_sqlite_open(scene->path, &scene->store), QW_OK);
    assert_int_equal(qw_centre_new(&scene->config, &scene->centre), QW_ERR_IO);
    op.expected_version++;
    op.blob = now.blob;
    op.len = now.len;
    assert_int_equal(scene->store.submit(scene->store.self, &op, 1), QW_OK);
    scene_restart(scene);
    assert_gives(scene, 0, 20);
    qw_store_record_free(&old);
    qw_store_record_free(&now);
}

static qw_err other_wrap(void *self, const uint8_t kek[static QW_KEK_LEN], uint8_t *wrapped,
                         size_t cap, size_t *len)
{
    assert_true(cap >= QW_KEK_LEN + QW_AEAD_OVERHEAD);
    *len = QW_KEK_LEN + QW_AEAD_OVERHEAD;
    return qw_aead_seal(QW_AEAD_AES256_GCM, self, (struct qw_bytes){ "", 0 }, kek, QW_KEK_LEN,
                        wrapped);
}

static qw_err other_unwrap(void *self, const uint8_t *wrapped, size_t len,
                           uint8_t kek[static QW_KEK_LEN])
{
    return qw_aead_open(QW_AEAD_AES256_GCM, self, (struct qw_bytes){ "", 0 }, wrapped, len, kek);
}

/* S4: a rotation neither waits for a move of the custody nor undoes it. */
static void the_custody_may_move_before_and_while_it_turns(void **state)
{
    struct scene *scene = *state;
    uint8_t master[32] = { 7 };
    struct qw_custody other = {
        .name = "other", .self = master, .wrap = other_wrap, .unwrap = other_unwrap
    };
    uint8_t before[QW_KEK_LEN];
    bool is_more = true;

    make_everybody(scene);
    memcpy(before, scene->centre->kek, sizeof before);
    order(scene);
    assert_int_equal(step(scene, &is_more), QW_OK);
    assert_int_equal(step(scene, &is_more), QW_OK);
    assert_int_equal(look(scene).phase, QW_KEK_TURNING);
    assert_int_equal(qw_centre_custody_move(scene->centre, &scene->operator_caller, &other), QW_OK);
    scene_close(scene);
    scene->config.custody = &other;
    scene_open(scene);
    work_to_the_end(scene);
    assert_all_anew(scene, before);
    order(scene); /* by a process that still has the custody of before */
    assert_int_equal(step(scene, &is_more), QW_ERR_AUTH);
    assert_int_equal(look(scene).phase, QW_KEK_IDLE);
    assert_non_null(strstr(look(scene).why, "moved since the start"));
    assert_last_deed(scene, "kek-begin", QW_ERR_AUTH, "moved since the start");
    assert_int_equal(look(scene).generation, 2);
    scene_restart(scene);
    assert_gives(scene, 0, 20);
}

static void a_custody_that_says_no_changes_nothing(void **state)
{
    struct scene *scene = *state;
    struct qw_custody_port port = { .open = open_nothing };
    bool is_more = true;

    order(scene);
    assert_int_equal(qw_centre_kek_work(scene->centre, &port, &is_more), QW_ERR_REFUSED);
    assert_false(is_more);
    assert_string_equal(look(scene).why, "others may read it");
    assert_last_deed(scene, "kek-begin", QW_ERR_REFUSED, "others may read it");
    scene_restart(scene);
    assert_string_equal(look(scene).why, "others may read it");
    order(scene);
    assert_string_equal(look(scene).why, "");
    work_to_the_end(scene);
}

/* S5: what cannot be read is not given up by destroying the key that might. */
static void a_record_that_no_key_opens_keeps_the_key_before(void **state)
{
    struct scene *scene = *state;
    struct qw_store_record record = { 0 };
    struct qw_store_op op = { .verb = QW_STORE_UPDATE,
                              .kind = QW_STORE_DEVICE,
                              .id = "terminal-1",
                              .id_len = 10,
                              .expected_version = 0 };
    bool is_more = true;
    qw_err err = QW_OK;

    make_everybody(scene);
    assert_int_equal(
        scene->store.get(scene->store.self, QW_STORE_DEVICE, op.id, op.id_len, &record), QW_OK);
    op.expected_version = record.version; /* its version is authenticated as well */
    op.tag = record.tag;
    op.blob = record.blob;
    op.len = record.len;
    assert_int_equal(scene->store.submit(scene->store.self, &op, 1), QW_OK);
    order(scene);
    while (err == QW_OK && is_more) {
        err = step(scene, &is_more);
    }
    assert_int_equal(err, QW_ERR_IO);
    scene_restart(scene);
    assert_int_equal(look(scene).phase, QW_KEK_TURNING);
    for (int i = 0; err != QW_OK && i < 2; i++) { /* however often */
        for (err = QW_OK, is_more = true; err == QW_OK && is_more;) {
            err = step(scene, &is_more);
        }
        assert_int_equal(err, QW_ERR_IO);
    }
    qw_store_record_free(&record);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(everything_is_sealed_anew_and_nothing_else_changes),
        IN_SCENE(again_and_again),
        IN_SCENE(what_is_staged_is_sealed_anew),
        IN_SCENE(serves_while_it_turns),
        IN_SCENE(a_kill_at_any_write_loses_nothing),
        IN_SCENE(a_read_that_fails_stops_it_until_the_next_time),
        IN_SCENE(the_wrapped_key_before_opens_nothing_any_more),
        IN_SCENE(the_custody_may_move_before_and_while_it_turns),
        IN_SCENE(a_custody_that_says_no_changes_nothing),
        IN_SCENE(a_record_that_no_key_opens_keeps_the_key_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
