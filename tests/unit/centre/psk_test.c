/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 C10 */
/* Pre-shared keys of applications: made once, sealed, revoked, used with a record
 * [docs/protocol/skip.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hex.h"
#include "centre/psk/psk.h"
#include "unit/centre/scene.h"

#include <stdio.h>

static void add(struct scene *scene, const char *id, enum qw_device_kind kind)
{
    assert_int_equal(
        qw_centre_device_register(scene->centre, &scene->operator_caller, id, kind, "", ""), QW_OK);
}

static qw_err create(struct scene *scene, const char *id, uint8_t key[static QW_PSK_LEN])
{
    return qw_centre_psk_create(scene->centre, &scene->operator_caller, id, key);
}

static qw_err take_back(struct scene *scene, const char *id)
{
    return qw_centre_psk_revoke(scene->centre, &scene->operator_caller, id);
}

static qw_err find(struct scene *scene, const char *id, struct qw_psk *psk)
{
    return qw_centre_psk_find(scene->centre, id, psk);
}

static struct qw_audit_record last_record(struct scene *scene)
{
    struct last_record last = { .record = { .seq = 0 } };
    uint64_t records, broken;

    assert_int_equal(qw_audit_verify(&scene->store, keep_last, &last, &records, &broken), QW_OK);
    return last.record;
}

/* S3, S4 */
static void makes_a_key_once_and_finds_it_after_a_restart(void **state)
{
    struct scene *scene = *state;
    uint8_t key[QW_PSK_LEN], other[QW_PSK_LEN];
    struct qw_psk psk, again;

    add(scene, "router-a", QW_DEVICE_APPLICATION);
    add(scene, "router-b", QW_DEVICE_APPLICATION);
    assert_int_equal(find(scene, "router-a", &psk), QW_ERR_NOT_FOUND);
    assert_int_equal(create(scene, "router-a", key), QW_OK);
    assert_int_equal(create(scene, "router-b", other), QW_OK);
    assert_memory_not_equal(key, other, sizeof key);
    assert_int_equal(find(scene, "router-a", &psk), QW_OK);
    assert_memory_equal(psk.key, key, sizeof key);
    assert_int_equal(find(scene, "router-b", &again), QW_OK);
    assert_memory_equal(again.key, other, sizeof key);
    assert_memory_not_equal(psk.name, again.name, sizeof psk.name);
    scene_restart(scene);
    assert_int_equal(find(scene, "router-a", &again), QW_OK);
    assert_memory_equal(again.key, psk.key, sizeof psk.key);
    assert_memory_equal(again.name, psk.name, sizeof psk.name);
    assert_int_equal(create(scene, "router-a", other), QW_ERR_CONFLICT);
    assert_int_equal(find(scene, "router-a", &again), QW_OK);
    assert_memory_equal(again.key, key, sizeof key);
    assert_journal_whole(scene);
}

static void makes_none_for_who_cannot_have_one(void **state)
{
    struct scene *scene = *state;
    uint8_t key[QW_PSK_LEN] = { 7 };
    static const uint8_t untouched[QW_PSK_LEN] = { 7 };

    add(scene, "phone-1", QW_DEVICE_TERMINAL);
    add(scene, "router-a", QW_DEVICE_APPLICATION);
    assert_int_equal(create(scene, "nobody", key), QW_ERR_NOT_FOUND);
    assert_int_equal(create(scene, "", key), QW_ERR_NOT_FOUND);
    assert_int_equal(create(scene, "phone-1", key), QW_ERR_STATE);
    assert_int_equal(qw_centre_psk_create(scene->centre, &scene->application, "router-a", key),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_psk_create(scene->centre, &scene->access_point, "router-a", key),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_psk_revoke(scene->centre, &scene->application, "router-a"),
                     QW_ERR_REFUSED);
    assert_int_equal(take_back(scene, "router-a"), QW_ERR_NOT_FOUND);
    assert_memory_equal(key, untouched, sizeof key);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "router-a",
                                             QW_DEVICE_DESTROY),
                     QW_OK);
    assert_int_equal(create(scene, "router-a", key), QW_ERR_STATE);
    assert_memory_equal(key, untouched, sizeof key);
    assert_journal_whole(scene);
}

/* P-9 */
static void a_revoked_key_is_gone_and_the_next_is_another_one(void **state)
{
    struct scene *scene = *state;
    uint8_t key[QW_PSK_LEN], next[QW_PSK_LEN];
    struct qw_psk psk, found;
    uint64_t changes;

    add(scene, "router-a", QW_DEVICE_APPLICATION);
    assert_int_equal(create(scene, "router-a", key), QW_OK);
    assert_int_equal(find(scene, "router-a", &psk), QW_OK);
    changes = qw_centre_psk_changes(scene->centre);
    assert_int_equal(take_back(scene, "router-a"), QW_OK);
    assert_true(qw_centre_psk_changes(scene->centre) > changes);
    assert_string_equal(last_record(scene).event.verb, "psk-revoke");
    assert_int_equal(find(scene, "router-a", &found), QW_ERR_NOT_FOUND);
    assert_int_equal(take_back(scene, "router-a"), QW_ERR_NOT_FOUND);
    assert_int_equal(create(scene, "router-a", next), QW_OK);
    assert_memory_not_equal(next, key, sizeof key);
    assert_int_equal(find(scene, "router-a", &found), QW_OK);
    assert_memory_not_equal(found.name, psk.name, sizeof psk.name);
    assert_journal_whole(scene);
}

static void a_destroyed_application_loses_its_key_in_the_same_group(void **state)
{
    struct scene *scene = *state;
    uint8_t key[QW_PSK_LEN];
    struct qw_psk psk;
    uint64_t changes;

    add(scene, "router-a", QW_DEVICE_APPLICATION);
    assert_int_equal(create(scene, "router-a", key), QW_OK);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "router-a",
                                             QW_DEVICE_SUSPEND),
                     QW_OK);
    assert_int_equal(find(scene, "router-a", &psk), QW_OK); /* verbs refuse it, not the handshake */
    scene->fail_at = scene->submits + 1;
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "router-a",
                                             QW_DEVICE_DESTROY),
                     QW_ERR_IO);
    assert_int_equal(find(scene, "router-a", &psk), QW_OK);
    changes = qw_centre_psk_changes(scene->centre);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "router-a",
                                             QW_DEVICE_DESTROY),
                     QW_OK);
    assert_int_equal(find(scene, "router-a", &psk), QW_ERR_NOT_FOUND);
    assert_true(qw_centre_psk_changes(scene->centre) > changes);
    assert_journal_whole(scene);
}

/* S4 */
static void each_use_is_a_record_with_the_name_of_the_key(void **state)
{
    struct scene *scene = *state;
    uint8_t key[QW_PSK_LEN];
    struct qw_psk psk;
    struct qw_audit_record record;
    char long_id[100];

    memset(long_id, 'x', sizeof long_id);
    long_id[64] = '\0';
    add(scene, "router-a", QW_DEVICE_APPLICATION);
    assert_int_equal(create(scene, "router-a", key), QW_OK);
    record = last_record(scene);
    assert_string_equal(record.event.actor, "operator:alice");
    assert_string_equal(record.event.verb, "psk-create");
    assert_string_equal(record.event.object, "router-a");
    assert_int_equal(find(scene, "router-a", &psk), QW_OK);
    assert_int_equal(qw_centre_psk_note(scene->centre, "router-a", psk.name, "192.0.2.7"), QW_OK);
    record = last_record(scene);
    assert_string_equal(record.event.actor, "sae:router-a");
    assert_string_equal(record.event.verb, "psk-use");
    assert_string_equal(record.event.detail, "192.0.2.7");
    assert_memory_equal(record.event.certificate_hash, psk.name, 32);
    assert_int_equal(qw_centre_psk_note(scene->centre, "", psk.name, ""), QW_ERR_ARG);
    assert_int_equal(qw_centre_psk_note(scene->centre, long_id, psk.name, ""), QW_ERR_ARG);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(qw_centre_psk_note(scene->centre, "router-a", psk.name, ""), QW_ERR_IO);
    assert_int_equal(qw_centre_psk_note(scene->centre, "router-a", psk.name, ""), QW_OK);
    assert_journal_whole(scene);
}

/* Every write and every read of every verb fails once: nothing has changed. */
static void a_store_that_fails_changes_nothing(void **state)
{
    struct scene *scene = *state;
    static const uint8_t untouched[QW_PSK_LEN] = { 7 };
    uint8_t key[QW_PSK_LEN] = { 7 };
    struct qw_psk psk;
    qw_err err = QW_ERR_IO;

    add(scene, "router-a", QW_DEVICE_APPLICATION);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(create(scene, "router-a", key), QW_ERR_IO);
    assert_memory_equal(key, untouched, sizeof key);
    assert_int_equal(find(scene, "router-a", &psk), QW_ERR_NOT_FOUND);
    scene->reads_fail = true;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        scene->reads = 0;
        scene->fail_read_at = n;
        err = create(scene, "router-a", key);
        assert_true(err == QW_OK || err == QW_ERR_IO);
    }
    scene->reads = 0;
    scene->fail_read_at = 1;
    assert_int_equal(find(scene, "router-a", &psk), QW_ERR_IO);
    scene->reads = 0;
    assert_int_equal(take_back(scene, "router-a"), QW_ERR_IO);
    scene->reads_fail = false;
    scene->fail_at = scene->submits + 1;
    assert_int_equal(take_back(scene, "router-a"), QW_ERR_IO);
    assert_int_equal(find(scene, "router-a", &psk), QW_OK);
    assert_memory_equal(psk.key, key, sizeof key);
    assert_int_equal(take_back(scene, "router-a"), QW_OK);
    assert_journal_whole(scene);
}

static bool file_has(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "rb");
    static uint8_t data[8 << 20];
    size_t got = file == NULL ? 0 : fread(data, 1, sizeof data, file);

    if (file != NULL) {
        assert_true(got < sizeof data);
        fclose(file);
    }
    return got > 0 && memmem(data, got, bytes, len) != NULL;
}

/* P-10 */
static void the_key_is_in_no_file(void **state)
{
    static const char *const ends[] = { "", "-wal" };
    struct scene *scene = *state;
    uint8_t key[QW_PSK_LEN];
    char hex[2 * QW_PSK_LEN + 1], path[128];

    add(scene, "router-a", QW_DEVICE_APPLICATION);
    assert_int_equal(create(scene, "router-a", key), QW_OK);
    qw_hex_encode(key, sizeof key, hex);
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s%s", scene->path, ends[i]);
        assert_false(file_has(path, key, 16));
        assert_false(file_has(path, hex, 16));
    }
    snprintf(path, sizeof path, "%s-wal", scene->path);
    assert_true(file_has(path, "psk-create", 10)); /* the place is the right one */
}

/* P-11 */
static void no_id_contains_a_pattern_and_no_list_stays_open(void **state)
{
    struct scene *scene = *state;
    static const char *const ids[] = { "*", "branch-*", "r?", "r[1]", "[" };
    static const char *const bad_peers[] = { "[", "bob,r[1", "[!]", "a,,b", "me", "b*,me" };
    static const char *const good_peers[] = { "*", "branch-*,r?", "r[1-3],bob", "m*" };

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, ids[i],
                                                   QW_DEVICE_APPLICATION, "", ""),
                         QW_ERR_ARG);
    }
    add(scene, "me", QW_DEVICE_APPLICATION);
    for (size_t i = 0; i < sizeof bad_peers / sizeof bad_peers[0]; i++) {
        assert_int_equal(
            qw_centre_device_set_peers(scene->centre, &scene->operator_caller, "me", bad_peers[i]),
            QW_ERR_ARG);
    }
    for (size_t i = 0; i < sizeof good_peers / sizeof good_peers[0]; i++) {
        assert_int_equal(
            qw_centre_device_set_peers(scene->centre, &scene->operator_caller, "me", good_peers[i]),
            QW_OK);
    }
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(makes_a_key_once_and_finds_it_after_a_restart),
        IN_SCENE(makes_none_for_who_cannot_have_one),
        IN_SCENE(a_revoked_key_is_gone_and_the_next_is_another_one),
        IN_SCENE(a_destroyed_application_loses_its_key_in_the_same_group),
        IN_SCENE(each_use_is_a_record_with_the_name_of_the_key),
        IN_SCENE(a_store_that_fails_changes_nothing),
        IN_SCENE(the_key_is_in_no_file),
        IN_SCENE(no_id_contains_a_pattern_and_no_list_stays_open),
    };

    return cmocka_run_group_tests_name("centre.psk", tests, NULL, NULL);
}
