/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 C10 */
/* The word for a backup, and the end of a restore, by one officer or by two
 * [docs/protocol/backup.md B0, B7]. The clock is turned by hand. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/approval/approval.h"
#include "centre/backup/backup.h"
#include "centre/maintenance.h"
#include "centre/people/officer.h"
#include "centre/restore/restore.h"
#include "unit/centre/scene.h"

#include <stdio.h>

static const char lock[] = "recipient-0123456789abcdef0123456789abcdef";

/* Each has a certificate of his own. */
static const struct qw_caller *by(const char *id)
{
    static struct qw_caller caller;

    caller = (struct qw_caller){ .role = QW_ROLE_OPERATOR };
    (void)snprintf(caller.id, sizeof caller.id, "%s", id);
    memcpy(caller.certificate_hash, id, strlen(id));
    return &caller;
}

static int make(void **state)
{
    static const struct {
        const char *id;
        enum qw_officer_role role;
    } people[] = { { "sec-1", QW_OFFICER_SECURITY },
                   { "sys-1", QW_OFFICER_SYSTEM },
                   { "aud-1", QW_OFFICER_AUDIT } };
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
        assert_int_equal(
            qw_centre_officer_add(scene->centre, by("alice"), people[i].id, people[i].role, "/"),
            QW_OK);
    }
    return 0;
}

static void demand_two(struct scene *scene)
{
    scene->config.dual_control = QW_DUAL_CONTROL_ALL;
    scene_restart(scene);
}

static qw_err ask(struct scene *scene, const char *who, enum qw_request_verb verb,
                  const char *object, struct qw_request *request)
{
    struct qw_request_wish wish = { .verb = verb, .object = object };

    return qw_centre_request_ask(scene->centre, by(who), &wish, request);
}

static qw_err approve(struct scene *scene, const char *who, const struct qw_request *request)
{
    return qw_centre_request_approve(scene->centre, by(who), request->id, request->digest);
}

static void one_officer_says_so_and_the_journal_has_it(void **state)
{
    struct scene *scene = *state;
    struct qw_request request;

    assert_int_equal(qw_centre_backup_begin(scene->centre, by("sys-1"), lock), QW_OK);
    assert_last_deed(scene, "backup", QW_OK, "");
    assert_int_equal(qw_centre_backup_begin(scene->centre, by("sec-1"), "passphrase"), QW_OK);
    assert_int_equal(qw_centre_backup_begin(scene->centre, by("aud-1"), lock), QW_ERR_REFUSED);
    assert_int_equal(ask(scene, "sec-1", QW_REQUEST_BACKUP, lock, &request), QW_ERR_STATE);
    assert_journal_whole(scene);
}

static void what_is_no_lock_is_refused(void **state)
{
    struct scene *scene = *state;
    static const char *const bad[] = { "",
                                       "passphrases",
                                       "recipient-",
                                       "recipient-0123456789abcdef0123456789abcde",
                                       "recipient-0123456789abcdef0123456789abcdef0",
                                       "recipient-0123456789ABCDEF0123456789ABCDEF" };
    struct qw_request request;

    demand_two(scene);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(qw_centre_backup_begin(scene->centre, by("sec-1"), bad[i]), QW_ERR_ARG);
        assert_int_equal(ask(scene, "sec-1", QW_REQUEST_BACKUP, bad[i], &request), QW_ERR_ARG);
    }
}

static void two_officers_say_so_for_one_backup(void **state)
{
    struct scene *scene = *state;
    struct qw_request request;

    demand_two(scene);
    assert_int_equal(qw_centre_backup_begin(scene->centre, by("sec-1"), lock), QW_ERR_STATE);
    assert_last_deed(scene, "backup", QW_ERR_STATE, "needs two officers");
    assert_int_equal(ask(scene, "aud-1", QW_REQUEST_BACKUP, lock, &request), QW_ERR_REFUSED);
    assert_int_equal(ask(scene, "sec-1", QW_REQUEST_BACKUP, lock, &request), QW_OK);
    assert_int_equal(approve(scene, "sec-1", &request), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_backup_begin(scene->centre, by("sec-1"), lock), QW_ERR_STATE);
    assert_int_equal(approve(scene, "sys-1", &request), QW_OK);
    scene_restart(scene); /* it outlives the process */
    assert_int_equal(qw_centre_backup_begin(scene->centre, by("sec-1"), "passphrase"),
                     QW_ERR_STATE); /* for another reader */
    assert_int_equal(qw_centre_backup_begin(scene->centre, by("sys-1"), lock), QW_OK);
    assert_last_deed(scene, "backup", QW_OK, "asked by sec-1, approved by sys-1");
    assert_int_equal(qw_centre_backup_begin(scene->centre, by("sys-1"), lock), QW_ERR_STATE);
    assert_journal_whole(scene);
}

static void what_two_said_is_over_after_a_while(void **state)
{
    struct scene *scene = *state;
    struct qw_request request;

    demand_two(scene);
    assert_int_equal(ask(scene, "sec-1", QW_REQUEST_BACKUP, lock, &request), QW_OK);
    assert_int_equal(approve(scene, "sys-1", &request), QW_OK);
    scene_now_ms += 1000 * (int64_t)QW_APPROVAL_S_STANDARD;
    assert_int_equal(qw_centre_backup_begin(scene->centre, by("sec-1"), lock), QW_ERR_STATE);
    assert_last_deed(scene, "backup", QW_ERR_STATE, "what two officers said is over");
    assert_int_equal(ask(scene, "sec-1", QW_REQUEST_BACKUP, lock, &request), QW_OK); /* again */
    assert_int_equal(approve(scene, "sys-1", &request), QW_OK);
    assert_int_equal(qw_centre_backup_begin(scene->centre, by("sec-1"), lock), QW_OK);
}

static void a_write_that_fails_leaves_the_word_as_it_was(void **state)
{
    struct scene *scene = *state;
    struct qw_request request;

    demand_two(scene);
    assert_int_equal(ask(scene, "sec-1", QW_REQUEST_BACKUP, lock, &request), QW_OK);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(approve(scene, "sys-1", &request), QW_ERR_IO);
    scene->fail_at = 0;
    assert_int_equal(qw_centre_backup_begin(scene->centre, by("sec-1"), lock), QW_ERR_STATE);
    assert_int_equal(approve(scene, "sys-1", &request), QW_OK);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(qw_centre_backup_begin(scene->centre, by("sec-1"), lock), QW_ERR_IO);
    scene->fail_at = 0;
    assert_int_equal(qw_centre_backup_begin(scene->centre, by("sec-1"), lock), QW_OK);
    assert_journal_whole(scene);
}

static void mark_restored(struct scene *scene)
{
    static struct qw_restored_marks marks;
    struct qw_store store;

    scene_close(scene);
    assert_int_equal(qw_store_sqlite_open(scene->path, &store), QW_OK);
    assert_int_equal(qw_restored_marks_make(&marks, NULL, 0), QW_OK);
    assert_int_equal(qw_restored_mark(&store, &marks), QW_OK);
    qw_store_close(&store);
    scene_open(scene);
}

static void a_restored_centre_serves_when_two_say_so(void **state)
{
    struct scene *scene = *state;
    struct qw_request request;

    demand_two(scene);
    assert_int_equal(ask(scene, "sec-1", QW_REQUEST_RESTORE_END, "", &request), QW_OK);
    assert_int_equal(approve(scene, "sys-1", &request), QW_ERR_STATE); /* nothing to end */
    scene_now_ms += 1000 * (int64_t)QW_APPROVAL_S_STANDARD;
    mark_restored(scene);
    assert_true(qw_centre_is_paused(scene->centre));
    assert_int_equal(qw_centre_maintenance_set(scene->centre, by("sys-1"), false, ""),
                     QW_ERR_STATE);
    scene_restart(scene);
    assert_true(qw_centre_is_paused(scene->centre));
    assert_int_equal(ask(scene, "sec-1", QW_REQUEST_RESTORE_END, "", &request), QW_OK);
    assert_int_equal(approve(scene, "sys-1", &request), QW_OK);
    assert_false(qw_centre_is_paused(scene->centre));
    assert_last_deed(scene, "request-approve", QW_OK, "the end of a restore");
    scene_restart(scene);
    assert_false(qw_centre_is_paused(scene->centre));
    assert_int_equal(qw_centre_maintenance_set(scene->centre, by("sys-1"), true, "a disk"), QW_OK);
    assert_int_equal(qw_centre_maintenance_set(scene->centre, by("sys-1"), false, ""), QW_OK);
    assert_journal_whole(scene);
}

static void where_one_is_enough_a_restored_centre_serves(void **state)
{
    struct scene *scene = *state;

    mark_restored(scene);
    assert_false(qw_centre_is_paused(scene->centre));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_officer_says_so_and_the_journal_has_it),
        CASE(what_is_no_lock_is_refused),
        CASE(two_officers_say_so_for_one_backup),
        CASE(what_two_said_is_over_after_a_while),
        CASE(a_write_that_fails_leaves_the_word_as_it_was),
        CASE(a_restored_centre_serves_when_two_say_so),
        CASE(where_one_is_enough_a_restored_centre_serves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
