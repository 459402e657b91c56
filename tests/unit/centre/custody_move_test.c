/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W14 C6 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/custody/custody_move.h"
#include "centre/unseal.h"
#include "scene.h"

/* Another keeper than the scene's: with a key of its own, one that says no, and one that says why.
 */
struct keeper {
    uint8_t key[32];
    qw_err err;
    const char *why;
};

static qw_err keeper_wrap(void *self, const uint8_t kek[static QW_KEK_LEN], uint8_t *wrapped,
                          size_t cap, size_t *len)
{
    struct keeper *keeper = self;

    assert_true(cap >= QW_KEK_LEN + QW_AEAD_OVERHEAD);
    if (keeper->err != QW_OK) {
        return keeper->err;
    }
    *len = QW_KEK_LEN + QW_AEAD_OVERHEAD;
    return qw_aead_seal(QW_AEAD_AES256_GCM, keeper->key, (struct qw_bytes){ "", 0 }, kek,
                        QW_KEK_LEN, wrapped);
}

static qw_err keeper_unwrap(void *self, const uint8_t *wrapped, size_t len,
                            uint8_t kek[static QW_KEK_LEN])
{
    struct keeper *keeper = self;

    return keeper->err != QW_OK ? keeper->err
                                : qw_aead_open(QW_AEAD_AES256_GCM, keeper->key,
                                               (struct qw_bytes){ "", 0 }, wrapped, len, kek);
}

static const char *keeper_why(const void *self)
{
    return ((const struct keeper *)self)->why;
}

static struct qw_custody custody_of(struct keeper *keeper)
{
    return (struct qw_custody){ .name = "other",
                                .self = keeper,
                                .wrap = keeper_wrap,
                                .unwrap = keeper_unwrap,
                                .why = keeper_why };
}

static const char *custody_in_status(struct scene *scene)
{
    struct qw_centre_status status;

    assert_int_equal(qw_centre_status(scene->centre, &scene->operator_caller, &status), QW_OK);
    return status.custody;
}

/* Opens the store again with a custody. */
static qw_err reopen(struct scene *scene, struct qw_custody *custody)
{
    scene_close(scene);
    scene->config.custody = custody;
    assert_int_equal(qw_store_sqlite_open(scene->path, &scene->store), QW_OK);
    return qw_centre_new(&scene->config, &scene->centre);
}

struct search {
    const char *detail;
    int count;
};

static void look(void *self, const struct qw_audit_record *record)
{
    struct search *search = self;

    search->count += strcmp(record->event.detail, search->detail) == 0;
}

/* How many records of the journal have this detail. */
static int count_details(struct scene *scene, const char *detail)
{
    struct search search = { .detail = detail };
    uint64_t records, broken;

    assert_int_equal(qw_audit_verify(&scene->store, look, &search, &records, &broken), QW_OK);
    return search.count;
}

static void from_then_on_the_other_custody_opens_the_same_books(void **state)
{
    struct scene *scene = *state;
    struct keeper keeper = { .key = { 7 }, .why = "" };
    struct qw_custody other = custody_of(&keeper);

    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_string_equal(custody_in_status(scene), "test");
    assert_int_equal(qw_centre_custody_move(scene->centre, &scene->operator_caller, &other), QW_OK);
    assert_string_equal(custody_in_status(scene), "other");
    assert_last_deed(scene, "custody-move", QW_OK, "test to other");
    assert_int_equal(reopen(scene, &scene->custody), QW_ERR_AUTH);
    assert_int_equal(reopen(scene, &other), QW_OK);
    assert_string_equal(custody_in_status(scene), "other");
    scene_restart(scene);
}

static void a_custody_that_says_no_changes_nothing_and_is_in_the_journal(void **state)
{
    struct scene *scene = *state;
    struct keeper keeper = { .err = QW_ERR_REFUSED, .why = "the token is locked" };
    struct qw_custody other = custody_of(&keeper);

    assert_int_equal(qw_centre_custody_move(scene->centre, &scene->operator_caller, &other),
                     QW_ERR_REFUSED);
    assert_last_deed(scene, "custody-move", QW_ERR_REFUSED, "the token is locked");
    assert_string_equal(custody_in_status(scene), "test");
    assert_int_equal(qw_centre_custody_move(scene->centre, &scene->application, &other),
                     QW_ERR_REFUSED);
    assert_last_deed(scene, "custody-move", QW_ERR_REFUSED, "role may not do this");
    scene_restart(scene);
}

static void a_move_that_is_not_written_has_not_been(void **state)
{
    struct scene *scene = *state;
    struct keeper keeper = { .key = { 7 }, .why = "" };
    struct qw_custody other = custody_of(&keeper);

    scene->fail_at = scene->submits + 1;
    assert_int_equal(qw_centre_custody_move(scene->centre, &scene->operator_caller, &other),
                     QW_ERR_IO);
    scene->fail_at = 0;
    assert_string_equal(custody_in_status(scene), "test");
    scene->reads_fail = true;
    scene->fail_read_at = 1;
    assert_int_equal(qw_centre_custody_move(scene->centre, &scene->operator_caller, &other),
                     QW_ERR_IO);
    scene->reads_fail = false;
    scene_restart(scene);
    assert_string_equal(custody_in_status(scene), "test");
}

static void a_start_that_the_custody_refuses_is_in_the_journal_with_its_reason(void **state)
{
    struct scene *scene = *state;
    struct keeper keeper = { .key = { 7 }, .why = "" };
    struct qw_custody other = custody_of(&keeper);

    assert_int_equal(qw_centre_custody_move(scene->centre, &scene->operator_caller, &other), QW_OK);
    keeper.err = QW_ERR_REFUSED;
    keeper.why = "the configuration has changed";
    assert_int_equal(reopen(scene, &other), QW_ERR_REFUSED);
    keeper.err = QW_ERR_IO;
    keeper.why = "";
    assert_int_equal(reopen(scene, &other), QW_ERR_IO);
    keeper.err = QW_OK;
    assert_int_equal(reopen(scene, &other), QW_OK);
    assert_int_equal(count_details(scene, "the configuration has changed"), 1);
    assert_int_equal(count_details(scene, qw_err_text(QW_ERR_IO)), 1);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(from_then_on_the_other_custody_opens_the_same_books),
        IN_SCENE(a_custody_that_says_no_changes_nothing_and_is_in_the_journal),
        IN_SCENE(a_move_that_is_not_written_has_not_been),
        IN_SCENE(a_start_that_the_custody_refuses_is_in_the_journal_with_its_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
