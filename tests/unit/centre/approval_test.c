/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 C8 */
/* Deeds that need two persons [docs/design/people.md D1 to D7]. The clock is turned by hand. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/approval/approval.h"
#include "centre/kek/kek.h"
#include "centre/people/unit_quota.h"
#include "unit/centre/scene.h"

#include <stdio.h>

static const char *const people[] = { "sec-1", "sec-2", "sec-n", "ope", "aud" };

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
    static const enum qw_officer_role roles[] = { QW_OFFICER_SECURITY, QW_OFFICER_SECURITY,
                                                  QW_OFFICER_SECURITY, QW_OFFICER_OPERATOR,
                                                  QW_OFFICER_AUDIT };
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    scene->config.dual_control = QW_DUAL_CONTROL_DESTROY;
    scene_restart(scene);
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
        assert_int_equal(qw_centre_officer_add(scene->centre, by("alice"), people[i], roles[i],
                                               i == 2 ? "/north" : "/"),
                         QW_OK);
    }
    make_everybody(scene);
    return 0;
}

static qw_err ask(struct scene *scene, const char *who, const char *object,
                  struct qw_request *request)
{
    struct qw_request_wish wish = { .verb = QW_REQUEST_DEVICE_DESTROY, .object = object };

    return qw_centre_request_ask(scene->centre, by(who), &wish, request);
}

static qw_err approve(struct scene *scene, const char *who, const struct qw_request *request)
{
    return qw_centre_request_approve(scene->centre, by(who), request->id, request->digest);
}

static enum qw_device_state state_seen(struct scene *scene, const char *id)
{
    struct qw_device device;

    assert_int_equal(qw_centre_device_find(scene->centre, by("aud"), id, &device), QW_OK);
    return device.state;
}

static size_t pending(struct scene *scene)
{
    struct qw_request requests[4];
    size_t count = 0;

    assert_int_equal(qw_centre_request_list(scene->centre, by("aud"), requests, 4, &count), QW_OK);
    return count;
}

static const char *last_detail(struct scene *scene)
{
    static struct last_record last;
    uint64_t records, broken;

    assert_int_equal(qw_audit_verify(&scene->store, keep_last, &last, &records, &broken), QW_OK);
    return last.record.event.detail;
}

static void one_asks_another_approves_and_it_is_done_once(void **state)
{
    struct scene *scene = *state;
    struct qw_request request, shown[2];
    size_t count;

    assert_int_equal(
        qw_centre_device_change(scene->centre, by("sec-1"), "terminal-1", QW_DEVICE_DESTROY),
        QW_ERR_STATE);
    assert_string_equal(last_detail(scene), "needs two officers");
    assert_int_equal(ask(scene, "sec-1", "terminal-1", &request), QW_OK);
    assert_int_equal(state_seen(scene, "terminal-1"), QW_DEVICE_ACTIVE);
    assert_int_equal(qw_centre_request_list(scene->centre, by("sec-2"), shown, 2, &count), QW_OK);
    assert_int_equal(count, 1);
    assert_memory_equal(shown[0].digest, request.digest, sizeof request.digest);
    assert_string_equal(shown[0].asked_by, "sec-1");
    scene_restart(scene); /* a request outlives the process */
    assert_int_equal(approve(scene, "sec-2", &request), QW_OK);
    assert_int_equal(state_seen(scene, "terminal-1"), QW_DEVICE_DESTROYED);
    assert_int_equal(pending(scene), 0);
    assert_int_equal(approve(scene, "sec-2", &request), QW_ERR_STATE);
    assert_string_equal(last_detail(scene), "done");
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void another_kek_is_ordered_by_two(void **state)
{
    struct scene *scene = *state;
    struct qw_request_wish wish = { .verb = QW_REQUEST_KEK_ROTATE, .object = "" };
    struct qw_request request;
    struct qw_kek_state kek;

    assert_int_equal(qw_centre_request_ask(scene->centre, by("sec-1"), &wish, &request),
                     QW_ERR_STATE); /* where only destroying takes two */
    scene->config.dual_control = QW_DUAL_CONTROL_ALL;
    scene_restart(scene);
    assert_int_equal(qw_centre_kek_rotate(scene->centre, by("sec-1")), QW_ERR_STATE);
    assert_string_equal(last_detail(scene), "needs two officers");
    assert_int_equal(qw_centre_request_ask(scene->centre, by("sec-n"), &wish, &request),
                     QW_ERR_NOT_FOUND); /* his part is not the whole tree */
    assert_int_equal(qw_centre_request_ask(scene->centre, by("sec-1"), &wish, &request), QW_OK);
    assert_string_equal(request.object, "centre-1");
    assert_int_equal(approve(scene, "sec-1", &request), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_kek_look(scene->centre, by("aud"), &kek), QW_OK);
    assert_int_equal(kek.phase, QW_KEK_IDLE);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(approve(scene, "sec-2", &request), QW_ERR_IO);
    scene->fail_at = 0;
    scene_restart(scene);
    assert_int_equal(approve(scene, "sec-2", &request), QW_OK);
    scene_restart(scene); /* an order outlives the process */
    assert_int_equal(qw_centre_kek_look(scene->centre, by("aud"), &kek), QW_OK);
    assert_int_equal(kek.phase, QW_KEK_ORDERED);
    assert_int_equal(approve(scene, "sec-2", &request), QW_ERR_STATE);
}

static qw_err ask_quota(struct scene *scene, const char *who, const char *unit, const char *object,
                        struct qw_request *request)
{
    struct qw_request_wish wish = { .verb = QW_REQUEST_UNIT_QUOTA, .object = object, .unit = unit };

    return qw_centre_request_ask(scene->centre, by(who), &wish, request);
}

static void a_quota_is_set_by_two_who_stand_above_it(void **state)
{
    static const struct {
        const char *unit, *object;
    } wrong[] = { { "/", "1,1" },         { "/north/", "1,1" },
                  { "/north", "1" },      { "/north", "01,1" },
                  { "/north", "1,1 " },   { "/north", "-1,1" },
                  { "/north", "1, 1" },   { "/north", "1,1000000000001" },
                  { "/north", "" },       { "/north", "1,1,0" },
                  { "/north", "1,1,01" }, { "/north", "1,1,1000000000001" },
                  { "/north", "1,1," },   { "/north", "1,1,1,1" },
                  { "/north", "1,,1" } };
    struct scene *scene = *state;
    struct qw_unit_quota quota[2];
    struct qw_request request, other;
    size_t count = 0;

    assert_int_equal(
        qw_centre_officer_add(scene->centre, by("alice"), "sys-1", QW_OFFICER_SYSTEM, "/"), QW_OK);
    assert_int_equal(
        qw_centre_officer_add(scene->centre, by("alice"), "sys-2", QW_OFFICER_SYSTEM, "/"), QW_OK);
    assert_int_equal(
        qw_centre_officer_add(scene->centre, by("alice"), "sys-n", QW_OFFICER_SYSTEM, "/north"),
        QW_OK);
    assert_int_equal(ask_quota(scene, "sys-1", "/north", "5,7", &request), QW_ERR_STATE);
    assert_int_equal(scene_set_quota(scene->centre, by("sys-1"), "/south", 3, 0), QW_OK);
    scene->config.dual_control = QW_DUAL_CONTROL_ALL;
    scene_restart(scene);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(ask_quota(scene, "sys-1", wrong[i].unit, wrong[i].object, &request),
                         QW_ERR_ARG);
    }
    assert_int_equal(scene_set_quota(scene->centre, by("sys-1"), "/north", 5, 7), QW_ERR_STATE);
    assert_string_equal(last_detail(scene), "needs two officers");
    assert_int_equal(ask_quota(scene, "sec-1", "/north", "5,7", &request), QW_ERR_REFUSED);
    assert_int_equal(ask_quota(scene, "sys-n", "/north", "5,7", &request), QW_ERR_NOT_FOUND);
    assert_int_equal(ask_quota(scene, "sys-1", "/north", "5,7", &request), QW_OK);
    assert_int_equal(ask_quota(scene, "sys-2", "/north", "5,7", &other), QW_ERR_CONFLICT);
    assert_int_equal(ask_quota(scene, "sys-2", "/west", "5,7", &other), QW_OK);
    assert_int_equal(approve(scene, "sys-1", &request), QW_ERR_REFUSED);
    assert_int_equal(approve(scene, "sys-n", &request), QW_ERR_NOT_FOUND); /* it is his own */
    assert_int_equal(approve(scene, "sec-1", &request), QW_ERR_REFUSED);
    assert_int_equal(approve(scene, "sys-2", &request), QW_OK);
    assert_int_equal(approve(scene, "sys-2", &request), QW_ERR_STATE);
    assert_int_equal(qw_centre_unit_list(scene->centre, by("sys-n"), quota, 2, &count), QW_OK);
    assert_int_equal(count, 1);
    assert_string_equal(quota[0].unit, "/north");
    assert_int_equal(quota[0].devices_max, 5);
    assert_int_equal(quota[0].keys_per_day, 7);
    /* What no longer fits when it is approved is not done, and the request stays. */
    assert_int_equal(ask_quota(scene, "sys-1", "/north/gas", "6,7", &request), QW_OK);
    assert_int_equal(approve(scene, "sys-2", &request), QW_ERR_CONFLICT);
    assert_int_equal(pending(scene), 2);
    assert_journal_whole(scene);
}

static void who_asked_cannot_approve_nor_can_his_certificate(void **state)
{
    struct scene *scene = *state;
    struct qw_request request;
    struct qw_caller other = *by("sec-2");

    assert_int_equal(ask(scene, "sec-1", "terminal-1", &request), QW_OK);
    assert_int_equal(approve(scene, "sec-1", &request), QW_ERR_REFUSED);
    assert_string_equal(last_detail(scene), "he asked himself");
    memcpy(other.certificate_hash, request.asked_certificate, sizeof other.certificate_hash);
    assert_int_equal(qw_centre_request_approve(scene->centre, &other, request.id, request.digest),
                     QW_ERR_REFUSED);
    assert_string_equal(last_detail(scene), "the certificate of who asked");
    request.digest[31] ^= 1;
    assert_int_equal(approve(scene, "sec-2", &request), QW_ERR_REFUSED);
    assert_string_equal(last_detail(scene), "another digest");
    request.digest[31] ^= 1;
    assert_int_equal(state_seen(scene, "terminal-1"), QW_DEVICE_ACTIVE);
    assert_int_equal(approve(scene, "sec-2", &request), QW_OK);
}

static void who_has_not_the_right_neither_asks_nor_decides(void **state)
{
    struct scene *scene = *state;
    struct qw_request request = { .object = "untouched" };
    struct qw_request list[1];
    size_t count = 7;

    assert_int_equal(ask(scene, "ope", "terminal-1", &request), QW_ERR_REFUSED);
    assert_int_equal(ask(scene, "aud", "terminal-1", &request), QW_ERR_REFUSED);
    assert_int_equal(ask(scene, "sec-n", "terminal-1", &request), QW_ERR_NOT_FOUND);
    assert_int_equal(ask(scene, "sec-1", "nobody", &request), QW_ERR_NOT_FOUND);
    assert_string_equal(request.object, "untouched");
    assert_int_equal(ask(scene, "sec-1", "terminal-1", &request), QW_OK);
    assert_int_equal(approve(scene, "ope", &request), QW_ERR_REFUSED);
    assert_int_equal(approve(scene, "aud", &request), QW_ERR_REFUSED);
    assert_int_equal(approve(scene, "stranger", &request), QW_ERR_REFUSED);
    assert_int_equal(approve(scene, "sec-n", &request), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_request_deny(scene->centre, by("ope"), request.id), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_request_deny(scene->centre, by("sec-n"), request.id),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_request_list(scene->centre, by("stranger"), list, 1, &count),
                     QW_ERR_REFUSED);
    assert_int_equal(count, 7);
    assert_int_equal(qw_centre_request_list(scene->centre, by("ope"), list, 1, &count), QW_OK);
    assert_int_equal(count, 1); /* he sees what waits, and decides what he may order himself */
    assert_int_equal(qw_centre_request_list(scene->centre, by("sec-n"), list, 1, &count), QW_OK);
    assert_int_equal(count, 0);
    request.id[0] ^= 1;
    assert_int_equal(approve(scene, "sec-2", &request), QW_ERR_NOT_FOUND);
    assert_int_equal(state_seen(scene, "terminal-1"), QW_DEVICE_ACTIVE);
    assert_int_equal(pending(scene), 1);
    assert_journal_whole(scene);
}

static void a_request_expires_for_good(void **state)
{
    struct scene *scene = *state;
    struct qw_request request, next;

    assert_int_equal(ask(scene, "sec-1", "terminal-1", &request), QW_OK);
    assert_int_equal(request.until_ms - request.asked_ms, 900000);
    scene_now_ms = request.until_ms - 1;
    assert_int_equal(pending(scene), 1);
    assert_int_equal(ask(scene, "sec-2", "terminal-1", &next), QW_ERR_CONFLICT);
    scene_now_ms = request.until_ms;
    assert_int_equal(pending(scene), 0);
    assert_int_equal(approve(scene, "sec-2", &request), QW_ERR_STATE);
    assert_string_equal(last_detail(scene), "expired");
    scene_now_ms = request.asked_ms; /* the clock goes back */
    assert_int_equal(approve(scene, "sec-2", &request), QW_ERR_STATE);
    assert_int_equal(state_seen(scene, "terminal-1"), QW_DEVICE_ACTIVE);
    assert_int_equal(ask(scene, "sec-2", "terminal-1", &next), QW_OK);
    scene_now_ms -= 60001; /* and further than clocks of processes differ */
    assert_int_equal(approve(scene, "sec-1", &next), QW_ERR_STATE);
    assert_int_equal(state_seen(scene, "terminal-1"), QW_DEVICE_ACTIVE);
}

static void a_request_that_was_never_decided_makes_room(void **state)
{
    struct scene *scene = *state;
    struct qw_request request;

    assert_int_equal(ask(scene, "sec-1", "terminal-1", &request), QW_OK);
    scene_now_ms = request.until_ms;
    assert_int_equal(ask(scene, "sec-1", "ap-1", &request), QW_OK);
    assert_int_equal(pending(scene), 1);
    scene_now_ms = request.asked_ms;
    assert_int_equal(pending(scene), 1); /* the first one stays expired, whatever the clock says */
}

static void a_denied_request_is_over(void **state)
{
    struct scene *scene = *state;
    struct qw_request request;

    assert_int_equal(ask(scene, "sec-1", "terminal-1", &request), QW_OK);
    assert_int_equal(qw_centre_request_deny(scene->centre, by("sec-1"), request.id), QW_OK);
    assert_int_equal(approve(scene, "sec-2", &request), QW_ERR_STATE);
    assert_string_equal(last_detail(scene), "denied");
    assert_int_equal(qw_centre_request_deny(scene->centre, by("sec-2"), request.id), QW_ERR_STATE);
    assert_int_equal(ask(scene, "sec-1", "terminal-1", &request), QW_OK);
    assert_int_equal(qw_centre_request_deny(scene->centre, by("sec-2"), request.id), QW_OK);
    assert_int_equal(state_seen(scene, "terminal-1"), QW_DEVICE_ACTIVE);
}

/* The quorum is two, however many officers are left. */
static void whoever_asked_and_was_removed_has_not_asked(void **state)
{
    struct scene *scene = *state;
    struct qw_request request;

    assert_int_equal(ask(scene, "sec-1", "terminal-1", &request), QW_OK);
    assert_int_equal(
        qw_centre_officer_change(scene->centre, by("sec-2"), "sec-1", QW_OFFICER_SUSPEND), QW_OK);
    assert_int_equal(approve(scene, "sec-2", &request), QW_ERR_REFUSED);
    assert_string_equal(last_detail(scene), "who asked has the right no more");
    assert_int_equal(
        qw_centre_officer_change(scene->centre, by("sec-2"), "sec-1", QW_OFFICER_REMOVE), QW_OK);
    assert_int_equal(
        qw_centre_officer_change(scene->centre, by("sec-2"), "alice", QW_OFFICER_REMOVE), QW_OK);
    assert_int_equal(approve(scene, "sec-2", &request), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_request_deny(scene->centre, by("sec-2"), request.id), QW_OK);
    assert_int_equal(ask(scene, "sec-2", "terminal-1", &request), QW_OK);
    assert_int_equal(approve(scene, "sec-2", &request), QW_ERR_REFUSED);
    assert_int_equal(state_seen(scene, "terminal-1"), QW_DEVICE_ACTIVE);
}

static void a_write_that_fails_leaves_request_and_device_as_they_were(void **state)
{
    struct scene *scene = *state;
    struct qw_request request;
    qw_err err = QW_ERR_IO;

    scene->fail_at = scene->submits + 1;
    assert_int_equal(ask(scene, "sec-1", "terminal-1", &request), QW_ERR_IO);
    assert_int_equal(pending(scene), 0);
    assert_int_equal(ask(scene, "sec-1", "terminal-1", &request), QW_OK);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        assert_int_equal(state_seen(scene, "terminal-1"), QW_DEVICE_ACTIVE);
        assert_int_equal(pending(scene), 1);
        scene->fail_at = scene->submits + n;
        err = approve(scene, "sec-2", &request);
        scene->fail_at = 0;
        assert_true(err == QW_OK || err == QW_ERR_IO);
    }
    assert_int_equal(state_seen(scene, "terminal-1"), QW_DEVICE_DESTROYED);
    assert_int_equal(pending(scene), 0);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void a_device_destroyed_meanwhile_is_not_destroyed_twice(void **state)
{
    struct scene *scene = *state;
    struct qw_request request;

    assert_int_equal(ask(scene, "sec-1", "terminal-1", &request), QW_OK);
    scene->config.dual_control = QW_DUAL_CONTROL_OFF;
    scene_restart(scene);
    assert_int_equal(
        qw_centre_device_change(scene->centre, by("sec-1"), "terminal-1", QW_DEVICE_DESTROY),
        QW_OK);
    assert_int_equal(approve(scene, "sec-2", &request), QW_ERR_STATE);
    assert_string_equal(last_detail(scene), "destroyed");
    assert_int_equal(ask(scene, "sec-1", "ap-1", &request), QW_ERR_STATE); /* nobody has to ask */
    assert_journal_whole(scene);
}

static void no_more_than_a_number_are_pending(void **state)
{
    struct scene *scene = *state;
    struct qw_request request;

    for (int i = 0; i <= QW_REQUESTS_PENDING_MAX; i++) {
        char id[16];

        (void)snprintf(id, sizeof id, "app-%d", i);
        assert_int_equal(
            qw_centre_device_register(scene->centre, by("ope"), id, QW_DEVICE_APPLICATION, "", ""),
            QW_OK);
        assert_int_equal(ask(scene, "sec-1", id, &request),
                         i < QW_REQUESTS_PENDING_MAX ? QW_OK : QW_ERR_LIMIT);
    }
}

static qw_err ask_officer(struct scene *scene, const char *who, const char *id,
                          enum qw_officer_role role, const char *unit, struct qw_request *request)
{
    struct qw_request_wish wish = {
        .verb = QW_REQUEST_OFFICER_ADD, .object = id, .role = role, .unit = unit
    };

    return qw_centre_request_ask(scene->centre, by(who), &wish, request);
}

static qw_err find_officer(struct scene *scene, const char *id, struct qw_officer *officer)
{
    return qw_centre_officer_find(scene->centre, by("aud"), id, officer);
}

/* Else one security administrator could make the second person up. */
static void nobody_makes_up_the_second_person(void **state)
{
    struct scene *scene = *state;
    struct qw_request request, lower;
    struct qw_officer found;

    assert_int_equal(ask_officer(scene, "sec-1", "new", QW_OFFICER_SECURITY, "/", &request),
                     QW_ERR_STATE); /* destroy alone needs two */
    scene->config.dual_control = QW_DUAL_CONTROL_ALL;
    scene_restart(scene);
    assert_int_equal(
        qw_centre_officer_add(scene->centre, by("sec-1"), "new", QW_OFFICER_SECURITY, "/"),
        QW_ERR_STATE);
    assert_int_equal(ask_officer(scene, "sec-1", "new", QW_OFFICER_SECURITY, "/", &request), QW_OK);
    assert_int_equal(find_officer(scene, "new", &found), QW_ERR_NOT_FOUND);
    assert_int_equal(approve(scene, "sec-1", &request), QW_ERR_REFUSED);
    assert_int_equal(approve(scene, "new", &request), QW_ERR_REFUSED);
    assert_int_equal(approve(scene, "sec-n", &request), QW_ERR_NOT_FOUND);
    assert_int_equal(approve(scene, "sec-2", &request), QW_OK);
    assert_int_equal(find_officer(scene, "new", &found), QW_OK);
    assert_int_equal(found.roles, 1 << QW_OFFICER_SECURITY);
    assert_string_equal(found.unit, "/");
    assert_string_equal(found.added_by, "sec-2");
    assert_int_equal(approve(scene, "sec-2", &request), QW_ERR_STATE);
    assert_int_equal(ask_officer(scene, "sec-1", "new", QW_OFFICER_AUDIT, "/", &request), QW_OK);
    assert_int_equal(approve(scene, "sec-2", &request), QW_ERR_CONFLICT); /* he is there */
    assert_int_equal(ask_officer(scene, "sec-n", "low", QW_OFFICER_AUDIT, "/", &lower),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(ask_officer(scene, "sec-n", "low", QW_OFFICER_AUDIT, "/north/gas", &lower),
                     QW_OK);
    assert_int_equal(approve(scene, "sec-1", &lower), QW_OK);
    assert_int_equal(ask(scene, "sec-1", "terminal-1", &request), QW_OK);
    assert_int_equal(approve(scene, "sec-2", &request), QW_OK);
    assert_int_equal(state_seen(scene, "terminal-1"), QW_DEVICE_DESTROYED);
    assert_journal_whole(scene);
}

/* Every verb, by whoever may look at requests but not do the deed, or may do other deeds. */
static void who_may_not_add_officers_neither_asks_for_one_nor_decides(void **state)
{
    static const char *const others[] = { "ope", "aud" };
    struct scene *scene = *state;
    struct qw_request request, refused;
    struct qw_officer found;

    scene->config.dual_control = QW_DUAL_CONTROL_ALL;
    scene_restart(scene);
    assert_int_equal(ask_officer(scene, "sec-1", "new", QW_OFFICER_SECURITY, "/", &request), QW_OK);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(ask_officer(scene, others[i], "more", QW_OFFICER_SECURITY, "/", &refused),
                         QW_ERR_REFUSED);
        assert_int_equal(approve(scene, others[i], &request), QW_ERR_REFUSED);
        assert_int_equal(qw_centre_request_deny(scene->centre, by(others[i]), request.id),
                         QW_ERR_REFUSED);
    }
    assert_int_equal(find_officer(scene, "new", &found), QW_ERR_NOT_FOUND);
    assert_int_equal(find_officer(scene, "more", &found), QW_ERR_NOT_FOUND);
    assert_int_equal(approve(scene, "sec-2", &request), QW_OK);
    assert_journal_whole(scene);
}

static void refuses_wishes_that_make_no_sense(void **state)
{
    struct scene *scene = *state;
    struct qw_request request = { .object = "untouched" };
    struct qw_request_wish wish = { .verb = QW_REQUEST_VERB_COUNT, .object = "x", .unit = "/" };
    char id[65];

    assert_int_equal(qw_centre_request_ask(scene->centre, by("sec-1"), &wish, &request),
                     QW_ERR_ARG);
    memset(id, 'a', sizeof id);
    id[64] = '\0';
    assert_int_equal(ask(scene, "sec-1", id, &request), QW_ERR_ARG);
    assert_int_equal(ask_officer(scene, "sec-1", id, QW_OFFICER_AUDIT, "/", &request), QW_ERR_ARG);
    assert_int_equal(ask_officer(scene, "sec-1", "x", QW_OFFICER_ROLE_COUNT, "/", &request),
                     QW_ERR_ARG);
    assert_int_equal(ask_officer(scene, "sec-1", "x", QW_OFFICER_AUDIT, "x", &request), QW_ERR_ARG);
    assert_string_equal(request.object, "untouched");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_asks_another_approves_and_it_is_done_once),
        CASE(another_kek_is_ordered_by_two),
        CASE(a_quota_is_set_by_two_who_stand_above_it),
        CASE(who_asked_cannot_approve_nor_can_his_certificate),
        CASE(who_has_not_the_right_neither_asks_nor_decides),
        CASE(a_request_expires_for_good),
        CASE(a_request_that_was_never_decided_makes_room),
        CASE(a_denied_request_is_over),
        CASE(whoever_asked_and_was_removed_has_not_asked),
        CASE(a_write_that_fails_leaves_request_and_device_as_they_were),
        CASE(a_device_destroyed_meanwhile_is_not_destroyed_twice),
        CASE(no_more_than_a_number_are_pending),
        CASE(nobody_makes_up_the_second_person),
        CASE(who_may_not_add_officers_neither_asks_for_one_nor_decides),
        CASE(refuses_wishes_that_make_no_sense),
    };

    return cmocka_run_group_tests_name("centre.approval", tests, NULL, NULL);
}
