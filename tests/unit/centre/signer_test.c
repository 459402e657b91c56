/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 S2 */
/* The centre signs its own journal [J1 to J4 of docs/protocol/journal.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/journal/journal.h"
#include "store/journal/check.h"
#include "unit/centre/scene.h"

#include <stdio.h>

/* The clock of waiting, turned by hand (tests.cmake). */
static int64_t monotonic_ms = 1000;
int64_t __wrap_qw_clock_monotonic_ms(void);
int64_t __wrap_qw_clock_monotonic_ms(void)
{
    return monotonic_ms;
}

struct walk {
    struct qw_public_key key; /* as the journal names it */
    uint64_t signatures, key_records, configurations;
    char configuration[QW_AUDIT_TEXT_CAP];
    struct qw_journal_check check;
};

static void look(void *self, const struct qw_audit_record *record)
{
    struct walk *walk = self;

    if (strcmp(record->event.verb, QW_JOURNAL_KEY) == 0) {
        assert_int_equal(qw_journal_key_of(record, &walk->key), QW_OK);
        walk->key_records++;
    }
    if (strcmp(record->event.verb, QW_JOURNAL_CONFIGURATION) == 0) {
        strcpy(walk->configuration, record->event.object);
        walk->configurations++;
    }
    walk->signatures += strcmp(record->event.verb, QW_JOURNAL_SIGN) == 0;
}

static int check_stored(void *self, const struct qw_store_record *stored)
{
    struct walk *walk = self;

    return qw_journal_check_record(&walk->check, stored->blob, stored->len);
}

/* Everything that is in the store, checked under the key that the journal itself names. */
static struct walk walk_of(struct scene *scene)
{
    struct walk walk = { .signatures = 0 };
    uint64_t records, broken;

    assert_int_equal(qw_audit_verify(&scene->store, look, &walk, &records, &broken), QW_OK);
    qw_journal_check_begin(&walk.check, &walk.key, NULL);
    assert_int_equal(scene->store.scan(scene->store.self, QW_STORE_AUDIT, QW_STORE_ANY_TAG, NULL, 0,
                                       SIZE_MAX, check_stored, &walk),
                     QW_OK);
    qw_journal_check_end(&walk.check);
    assert_int_equal(walk.check.report.fault, QW_JOURNAL_WHOLE);
    assert_int_equal(walk.check.report.records, records);
    return walk;
}

static void add_device(struct scene *scene)
{
    static unsigned number;
    char id[32];

    snprintf(id, sizeof id, "device-%u", number++);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, id,
                                               QW_DEVICE_APPLICATION, "", ""),
                     QW_OK);
}

/* J1, J3 */
static void a_new_journal_names_its_key_and_is_signed_at_once(void **state)
{
    struct scene *scene = *state;
    struct walk walk = walk_of(scene);

    assert_int_equal(walk.key_records, 1);
    assert_int_equal(walk.signatures, 1);
    assert_int_equal(walk.configurations, 0);
    assert_int_equal(walk.key.algorithm, QW_SIGNATURE_P256);
    assert_int_equal(walk.check.report.unsigned_records, 0);
}

/* J2: so many submits as without. */
static void every_so_many_records_are_signed_in_a_group_that_is_written_anyway(void **state)
{
    struct scene *scene = *state;
    uint64_t before;
    int submits;

    scene->config.journal_sign_records = 5;
    scene_restart(scene);
    before = walk_of(scene).signatures;
    submits = scene->submits;
    for (int i = 0; i < 4; i++) {
        add_device(scene);
    }
    assert_int_equal(walk_of(scene).signatures, before);
    add_device(scene);
    assert_int_equal(walk_of(scene).signatures, before + 1);
    assert_int_equal(walk_of(scene).check.report.unsigned_records, 0);
    for (int i = 0; i < 20; i++) {
        add_device(scene);
    }
    assert_int_equal(walk_of(scene).signatures, before + 5);
    assert_int_equal(scene->submits, submits + 25);
    assert_journal_whole(scene);
}

/* J3 */
static void what_waited_long_enough_is_signed_by_the_sweep(void **state)
{
    struct scene *scene = *state;
    uint64_t before;

    scene->config.journal_sign_ms = 2000;
    scene_restart(scene);
    before = walk_of(scene).signatures;
    monotonic_ms += 100000;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_int_equal(walk_of(scene).signatures, before); /* nothing was unsigned */
    add_device(scene);
    monotonic_ms += 1999;
    add_device(scene); /* the oldest counts */
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_int_equal(walk_of(scene).signatures, before);
    assert_int_equal(walk_of(scene).check.report.unsigned_records, 2);
    monotonic_ms++;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_int_equal(walk_of(scene).signatures, before + 1);
    assert_int_equal(walk_of(scene).check.report.unsigned_records, 0);
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_int_equal(walk_of(scene).signatures, before + 1);
}

/* J3 */
static void an_ordered_end_leaves_nothing_unsigned_and_the_key_stays(void **state)
{
    struct scene *scene = *state;
    struct walk before = walk_of(scene);
    struct walk after;

    add_device(scene);
    scene_close(scene);
    scene_open(scene);
    after = walk_of(scene);
    assert_int_equal(after.key_records, 1);
    assert_memory_equal(after.key.point, before.key.point, sizeof after.key.point);
    assert_int_equal(after.signatures, before.signatures + 2); /* of the end, of the start */
    scene_restart(scene);
    assert_int_equal(walk_of(scene).signatures, after.signatures + 1); /* of the start alone */
}

static void a_start_names_the_configuration_it_was_given(void **state)
{
    struct scene *scene = *state;
    char expected[80] = "sha256 ";

    memset(scene->config.configuration_hash, 0xa7, 32);
    for (int i = 0; i < 32; i++) {
        strcat(expected, "a7");
    }
    scene_restart(scene);
    assert_int_equal(walk_of(scene).configurations, 1);
    assert_string_equal(walk_of(scene).configuration, expected);
}

static void a_journal_is_signed_by_sm2_when_it_was_begun_so(void **state)
{
    struct scene *scene = *state;

    scene_close(scene);
    unlink(scene->path); /* another centre: the journal is begun anew */
    scene->config.journal_signature = QW_SIGNATURE_SM2;
    scene_open(scene);
    add_device(scene);
    scene_restart(scene);
    assert_int_equal(walk_of(scene).key.algorithm, QW_SIGNATURE_SM2);
    assert_int_equal(walk_of(scene).signatures, 3);
    scene_close(scene);
    scene->config.journal_signature = QW_SIGNATURE_P256;
    assert_int_equal(qw_store_sqlite_open(scene->path, &scene->store), QW_OK);
    assert_int_equal(qw_centre_new(&scene->config, &scene->centre), QW_ERR_ARG);
    qw_store_close(&scene->store);
    scene->centre = NULL;
}

/* J4: a group with a signature is all or nothing, and the one that failed is made up for. */
static void the_key_is_exchanged_and_the_old_one_signs_the_new(void **state)
{
    struct scene *scene = *state;
    struct qw_signed_head before, after;
    struct qw_public_key old, new;
    struct walk walk;

    add_device(scene);
    assert_int_equal(qw_centre_journal_head(scene->centre, &scene->operator_caller, &before, &old),
                     QW_OK);
    assert_int_equal(qw_centre_journal_rotate(scene->centre, &scene->operator_caller, &after, &new),
                     QW_OK);
    assert_memory_not_equal(old.point, new.point, sizeof old.point);
    assert_int_equal(qw_signed_head_check(&after, &new), QW_OK);
    assert_int_equal(qw_signed_head_check(&after, &old), QW_ERR_AUTH);
    add_device(scene);
    scene_restart(scene);
    add_device(scene);
    assert_int_equal(qw_centre_journal_head(scene->centre, &scene->operator_caller, &after, &new),
                     QW_OK);
    assert_int_equal(qw_signed_head_check(&after, &new), QW_OK);
    walk = walk_of(scene);
    assert_int_equal(walk.key_records, 1);
    assert_int_equal(walk.check.report.fault, QW_JOURNAL_WHOLE);
    assert_int_equal(walk.check.report.keys, 2);
    assert_memory_equal(walk.check.report.key.point, new.point, sizeof new.point);
}

/* Each write of it fails in turn: the journal is whole, and is signed by the key it names. */
static void an_exchange_that_fails_leaves_a_journal_that_is_whole(void **state)
{
    struct scene *scene = *state;
    struct qw_signed_head head;
    struct qw_public_key key;

    for (int n = 1; n <= 2; n++) {
        struct walk walk;

        scene->fail_at = scene->submits + n;
        assert_int_equal(
            qw_centre_journal_rotate(scene->centre, &scene->operator_caller, &head, &key),
            QW_ERR_IO);
        add_device(scene);
        assert_int_equal(
            qw_centre_journal_head(scene->centre, &scene->operator_caller, &head, &key), QW_OK);
        assert_int_equal(qw_signed_head_check(&head, &key), QW_OK);
        walk = walk_of(scene);
        assert_int_equal(walk.check.report.fault, QW_JOURNAL_WHOLE);
        assert_int_equal(walk.check.report.keys, n);
    }
}

static void a_group_whose_signature_cannot_be_written_is_not_there(void **state)
{
    struct scene *scene = *state;
    uint64_t records;

    scene->config.journal_sign_records = 1;
    scene_restart(scene);
    records = status_of(scene).audit_records;
    scene->fail_at = scene->submits + 1;
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "x",
                                               QW_DEVICE_APPLICATION, "", ""),
                     QW_ERR_IO);
    assert_int_equal(status_of(scene).audit_records, records);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "x",
                                               QW_DEVICE_APPLICATION, "", ""),
                     QW_OK);
    assert_int_equal(status_of(scene).audit_records, records + 2);
    assert_int_equal(walk_of(scene).check.report.unsigned_records, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_journal_names_its_key_and_is_signed_at_once,
                                        scene_make, scene_remove),
        cmocka_unit_test_setup_teardown(
            every_so_many_records_are_signed_in_a_group_that_is_written_anyway, scene_make,
            scene_remove),
        cmocka_unit_test_setup_teardown(what_waited_long_enough_is_signed_by_the_sweep, scene_make,
                                        scene_remove),
        cmocka_unit_test_setup_teardown(an_ordered_end_leaves_nothing_unsigned_and_the_key_stays,
                                        scene_make, scene_remove),
        cmocka_unit_test_setup_teardown(a_start_names_the_configuration_it_was_given, scene_make,
                                        scene_remove),
        cmocka_unit_test_setup_teardown(a_journal_is_signed_by_sm2_when_it_was_begun_so, scene_make,
                                        scene_remove),
        cmocka_unit_test_setup_teardown(a_group_whose_signature_cannot_be_written_is_not_there,
                                        scene_make, scene_remove),
        cmocka_unit_test_setup_teardown(the_key_is_exchanged_and_the_old_one_signs_the_new,
                                        scene_make, scene_remove),
        cmocka_unit_test_setup_teardown(an_exchange_that_fails_leaves_a_journal_that_is_whole,
                                        scene_make, scene_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
