/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_CENTRE_IMPORT_SCENE_H
#define QW_TESTS_UNIT_CENTRE_IMPORT_SCENE_H

/* The scene with officers who import lists: alice, second (also at the root), and north, of /north
 * alone. */
#include "centre/device/import.h"
#include "centre/people/officer.h"
#include "unit/centre/scene.h"

#include <stdio.h>
#include <stdlib.h>

static const char header[] = "id,kind,owner,peer,unit";

static SCENE_UNUSED struct qw_caller by(const char *id)
{
    struct qw_caller caller = { .role = QW_ROLE_OPERATOR };

    (void)snprintf(caller.id, sizeof caller.id, "%s", id);
    return caller;
}

static SCENE_UNUSED int make(void **state)
{
    struct scene *scene;
    struct qw_caller alice;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    alice = by("alice");
    assert_int_equal(
        qw_centre_officer_add(scene->centre, &alice, "north", QW_OFFICER_OPERATOR, "/north"),
        QW_OK);
    assert_int_equal(
        qw_centre_officer_add(scene->centre, &alice, "second", QW_OFFICER_OPERATOR, "/"), QW_OK);
    return 0;
}

static SCENE_UNUSED qw_err begin(struct scene *scene, const char *officer, uint8_t id[static 16])
{
    struct qw_caller caller = by(officer);

    return qw_centre_import_begin(scene->centre, &caller, id);
}

static SCENE_UNUSED qw_err add(struct scene *scene, const char *officer,
                               const uint8_t id[static 16], uint64_t first_line, const char *lines,
                               struct qw_import_fault *fault)
{
    struct qw_caller caller = by(officer);
    struct qw_import_chunk chunk = { .header = header, .lines = lines, .first_line = first_line };

    return qw_centre_import_add(scene->centre, &caller, id, &chunk, fault);
}

/* Until nothing is left. */
static SCENE_UNUSED qw_err commit(struct scene *scene, const char *officer,
                                  const uint8_t id[static 16], uint64_t *devices)
{
    struct qw_caller caller = by(officer);
    struct qw_import_progress progress = { .left = 1 };
    qw_err err = QW_OK;

    while (err == QW_OK && progress.left > 0) {
        err = qw_centre_import_commit(scene->centre, &caller, id, &progress);
    }
    if (err == QW_OK) {
        *devices = progress.devices;
    }
    return err;
}

static SCENE_UNUSED uint64_t count_of(struct scene *scene, enum qw_store_kind kind)
{
    uint64_t count = 0;

    assert_int_equal(scene->store.count(scene->store.self, kind, QW_STORE_ANY_TAG, &count), QW_OK);
    return count;
}

/* count lines, ids from first on; the caller frees. */
static SCENE_UNUSED char *list_of(unsigned first, unsigned count)
{
    char *lines = malloc((size_t)count * 64 + 1);
    size_t len = 0;

    assert_non_null(lines);
    for (unsigned i = 0; i < count; i++) {
        len += (size_t)sprintf(lines + len, "meter-%05u,meter,Li Hua,,/north\n", first + i);
    }
    return lines;
}

static SCENE_UNUSED void assert_nothing(struct scene *scene)
{
    assert_int_equal(count_of(scene, QW_STORE_DEVICE), 0);
    assert_int_equal(count_of(scene, QW_STORE_SEARCH), 0);
    assert_int_equal(count_of(scene, QW_STORE_STAGED), 0);
}

#endif
