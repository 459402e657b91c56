/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 */
/* A centre's folder appears at its place as a whole, or not at all. What is in it, and what its
 * database says, is the test's. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre_staging.h"

#include "base/file.h"
#include "support/fail_nth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

FAIL_NTH(int, fsync, -1, (int fd), (fd));
FAIL_NTH(int, rename, -1, (const char *from, const char *to), (from, to));

static qw_err make_result;
static char made_place[4200];

qw_err centre_folder_create(const struct centre_folder_config *config,
                            char error[static CENTRE_FOLDER_ERROR_CAP])
{
    char path[4200];

    (void)error;
    (void)snprintf(made_place, sizeof made_place, "%s", config->place);
    assert_int_equal(config->founding != NULL, config->database != NULL);
    assert_true(config->founding == NULL || config->founding[0] == 7);
    assert_int_equal(mkdir(config->folder, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/half", config->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    return make_result;
}

/* The database: what it was asked, and how it answers. */
static char asked[64];
static qw_err settle_result, begin_result, database_make_result, undo_result;
static bool was_made, has_note;

static void note_asked(const char *what)
{
    size_t len = strlen(asked);

    (void)snprintf(asked + len, sizeof asked - len, "%s ", what);
}

qw_err centre_founding_settle(const char *work, struct centre_founding *founding,
                              struct centre_founding_left *left,
                              char error[static CENTRE_FOLDER_ERROR_CAP])
{
    (void)work;
    (void)founding;
    if (settle_result != QW_OK) {
        (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP, "away");
        return settle_result;
    }
    *left = (struct centre_founding_left){ .is_made = was_made, .uri = "postgresql://x" };
    return QW_OK;
}

qw_err centre_founding_begin(const char *work, const char *uri, const char *place,
                             struct centre_founding *founding,
                             char error[static CENTRE_FOLDER_ERROR_CAP])
{
    (void)work;
    (void)place;
    (void)error;
    assert_string_equal(uri, "postgresql://x");
    founding->id[0] = 7;
    note_asked("begin");
    has_note = begin_result == QW_OK;
    return begin_result;
}

qw_err centre_founding_make(struct centre_founding *founding,
                            char error[static CENTRE_FOLDER_ERROR_CAP])
{
    (void)founding;
    (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP, "make");
    note_asked("make");
    return database_make_result;
}

void centre_founding_end(struct centre_founding *founding)
{
    (void)founding;
    note_asked("end");
    has_note = false;
}

qw_err centre_founding_undo(struct centre_founding *founding,
                            char error[static CENTRE_FOLDER_ERROR_CAP])
{
    (void)founding;
    (void)error;
    note_asked("undo");
    has_note = undo_result != QW_OK;
    return undo_result;
}

void centre_founding_close(struct centre_founding *founding)
{
    (void)founding;
}

bool centre_founding_is_open(const char *work)
{
    (void)work;
    return has_note;
}

struct scene {
    char base[64];
    char folder[128], work[128];
};

static int make(void **state)
{
    static struct scene scene;

    scene = (struct scene){ .base = "/tmp/qwave-staging.XXXXXX" };
    assert_non_null(mkdtemp(scene.base));
    (void)snprintf(scene.folder, sizeof scene.folder, "%s/centre", scene.base);
    (void)snprintf(scene.work, sizeof scene.work, "%s/.centre.setup", scene.base);
    make_result = settle_result = begin_result = database_make_result = undo_result = QW_OK;
    was_made = has_note = false;
    asked[0] = made_place[0] = '\0';
    *state = &scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;
    char command[128];

    (void)snprintf(command, sizeof command, "rm -r %s", scene->base);
    return system(command);
}

static bool is_there(const char *path, const char *name)
{
    char whole[256];

    (void)snprintf(whole, sizeof whole, "%s/%s", path, name);
    return access(whole, F_OK) == 0;
}

static qw_err create_in(struct scene *scene, const char *database)
{
    const struct centre_folder_config config = { .centre_id = "c", .database = database };
    struct centre_staging staging;
    char error[CENTRE_FOLDER_ERROR_CAP] = "";
    qw_err err;

    assert_int_equal(centre_staging_open(scene->folder, &staging, error), QW_OK);
    err = centre_staging_create(&staging, &config, error);
    assert_true(err == QW_OK || make_result != QW_OK || begin_result != QW_OK || error[0] != '\0');
    centre_staging_close(&staging);
    assert_int_equal(staging.work_fd, -1);
    assert_int_equal(is_there(scene->work, ""), has_note);
    return err;
}

static qw_err create(struct scene *scene)
{
    return create_in(scene, NULL);
}

static void it_is_moved_as_a_whole(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(create(scene), QW_OK);
    assert_string_equal(made_place, scene->folder);
    assert_true(is_there(scene->folder, "half"));
}

static void an_empty_folder_is_taken_and_a_full_one_is_not(void **state)
{
    struct scene *scene = *state;
    struct centre_staging staging;
    char error[CENTRE_FOLDER_ERROR_CAP] = "";

    assert_int_equal(mkdir(scene->folder, 0700), 0);
    assert_int_equal(create(scene), QW_OK);
    assert_int_equal(centre_staging_open(scene->folder, &staging, error), QW_ERR_CONFLICT);
    assert_non_null(strstr(error, "there is a centre in it already"));
    assert_int_equal(staging.work_fd, -1);
}

static void of_what_fails_nothing_is_left(void **state)
{
    struct scene *scene = *state;

    make_result = QW_ERR_IO;
    assert_int_equal(create(scene), QW_ERR_IO);
    assert_false(is_there(scene->folder, ""));
}

static void each_step_of_the_move_may_fail(void **state)
{
    struct scene *scene = *state;
    qw_err err = QW_ERR_IO;

    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_nth = n;
        err = create(scene);
        assert_int_equal(is_there(scene->folder, ""), err == QW_OK);
    }
    fail_nth = 0;
}

static void one_process_at_a_time(void **state)
{
    struct scene *scene = *state;
    struct centre_staging first, second;
    char error[CENTRE_FOLDER_ERROR_CAP] = "";

    assert_int_equal(centre_staging_open(scene->folder, &first, error), QW_OK);
    assert_int_equal(centre_staging_open(scene->folder, &second, error), QW_ERR_CONFLICT);
    assert_non_null(strstr(error, "another set-up is at work"));
    centre_staging_close(&second);
    assert_true(is_there(scene->work, ""));
    centre_staging_close(&first);
    assert_int_equal(centre_staging_open(scene->folder, &second, error), QW_OK);
    centre_staging_close(&second);
}

static void what_a_killed_one_left_is_deleted(void **state)
{
    struct scene *scene = *state;
    struct centre_staging staging;
    char error[CENTRE_FOLDER_ERROR_CAP] = "";
    char path[256];

    assert_int_equal(mkdir(scene->work, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/centre", scene->work);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/centre/qwaved.yaml", scene->work);
    assert_int_equal(qw_file_create(path, (const uint8_t *)"x", 1), QW_OK);
    assert_int_equal(centre_staging_open(scene->folder, &staging, error), QW_OK);
    assert_false(is_there(scene->work, "centre"));
    centre_staging_close(&staging);
}

static void somebody_who_was_faster_is_not_replaced(void **state)
{
    struct scene *scene = *state;
    const struct centre_folder_config config = { .centre_id = "c" };
    struct centre_staging staging;
    char error[CENTRE_FOLDER_ERROR_CAP] = "";
    char path[256];

    assert_int_equal(centre_staging_open(scene->folder, &staging, error), QW_OK);
    assert_int_equal(mkdir(scene->folder, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/theirs", scene->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(centre_staging_create(&staging, &config, error), QW_ERR_CONFLICT);
    centre_staging_close(&staging);
    assert_true(is_there(scene->folder, "theirs"));
    assert_false(is_there(scene->folder, "half"));
}

static void the_database_is_told_at_each_step(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(create_in(scene, "postgresql://x"), QW_OK);
    assert_string_equal(asked, "begin make end ");
    assert_true(is_there(scene->folder, "half"));
}

static void where_a_centre_is_nothing_is_made(void **state)
{
    struct scene *scene = *state;

    begin_result = QW_ERR_CONFLICT;
    assert_int_equal(create_in(scene, "postgresql://x"), QW_ERR_CONFLICT);
    assert_string_equal(asked, "begin ");
    assert_string_equal(made_place, "");
}

static void of_what_fails_nothing_is_left_in_the_database(void **state)
{
    struct scene *scene = *state;
    qw_err err = QW_ERR_IO;

    make_result = QW_ERR_IO;
    assert_int_equal(create_in(scene, "postgresql://x"), QW_ERR_IO);
    assert_string_equal(asked, "begin undo ");
    make_result = QW_OK;
    database_make_result = QW_ERR_CLOSED;
    asked[0] = '\0';
    assert_int_equal(create_in(scene, "postgresql://x"), QW_ERR_CLOSED);
    assert_string_equal(asked, "begin make undo ");
    database_make_result = QW_OK;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_nth = n;
        asked[0] = '\0';
        err = create_in(scene, "postgresql://x");
        assert_int_equal(is_there(scene->folder, ""), err == QW_OK);
        assert_int_equal(strstr(asked, "undo") != NULL, err != QW_OK);
    }
    fail_nth = 0;
}

static void what_the_database_does_not_answer_for_stays(void **state)
{
    struct scene *scene = *state;
    struct centre_staging staging;
    char error[CENTRE_FOLDER_ERROR_CAP] = "";

    database_make_result = undo_result = QW_ERR_IO;
    assert_int_equal(create_in(scene, "postgresql://x"), QW_ERR_IO);
    assert_true(is_there(scene->work, "centre/half"));
    settle_result = QW_ERR_IO; /* and the next one touches nothing as long as that is so */
    assert_int_equal(centre_staging_open(scene->folder, &staging, error), QW_ERR_IO);
    assert_string_equal(error, "away");
    assert_true(is_there(scene->work, "centre/half"));
    settle_result = QW_OK;
    has_note = false;
    assert_int_equal(centre_staging_open(scene->folder, &staging, error), QW_OK);
    assert_false(is_there(scene->work, "centre"));
    centre_staging_close(&staging);
}

static void what_was_made_is_finished_by_the_next(void **state)
{
    struct scene *scene = *state;
    struct centre_staging staging;
    char error[CENTRE_FOLDER_ERROR_CAP] = "";

    database_make_result = undo_result = QW_ERR_IO;
    assert_int_equal(create_in(scene, "postgresql://x"), QW_ERR_IO);
    was_made = true;
    asked[0] = '\0';
    assert_int_equal(centre_staging_open(scene->folder, &staging, error), QW_ERR_CONFLICT);
    assert_string_equal(staging.finished, "postgresql://x");
    assert_non_null(strstr(error, "is there now"));
    assert_string_equal(asked, "end ");
    assert_true(is_there(scene->folder, "half"));
    assert_false(is_there(scene->work, ""));
    assert_int_equal(staging.work_fd, -1);
}

static void what_was_made_and_taken_away_is_not_asked_for_again(void **state)
{
    struct scene *scene = *state;

    was_made = true; /* killed between the move and the end; then somebody moved the folder */
    assert_int_equal(create(scene), QW_OK);
    assert_string_equal(asked, "end ");
}

static void a_name_that_is_none_is_refused(void **state)
{
    static const char *const names[] = { "", "/", ".", "..", "/tmp/.." };
    struct centre_staging staging;
    char error[CENTRE_FOLDER_ERROR_CAP];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(centre_staging_open(names[i], &staging, error), QW_ERR_ARG);
    }
    assert_int_equal(centre_staging_open("/nowhere/centre", &staging, error), QW_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_moved_as_a_whole, make, end),
        cmocka_unit_test_setup_teardown(an_empty_folder_is_taken_and_a_full_one_is_not, make, end),
        cmocka_unit_test_setup_teardown(of_what_fails_nothing_is_left, make, end),
        cmocka_unit_test_setup_teardown(each_step_of_the_move_may_fail, make, end),
        cmocka_unit_test_setup_teardown(one_process_at_a_time, make, end),
        cmocka_unit_test_setup_teardown(what_a_killed_one_left_is_deleted, make, end),
        cmocka_unit_test_setup_teardown(somebody_who_was_faster_is_not_replaced, make, end),
        cmocka_unit_test_setup_teardown(the_database_is_told_at_each_step, make, end),
        cmocka_unit_test_setup_teardown(where_a_centre_is_nothing_is_made, make, end),
        cmocka_unit_test_setup_teardown(of_what_fails_nothing_is_left_in_the_database, make, end),
        cmocka_unit_test_setup_teardown(what_the_database_does_not_answer_for_stays, make, end),
        cmocka_unit_test_setup_teardown(what_was_made_is_finished_by_the_next, make, end),
        cmocka_unit_test_setup_teardown(what_was_made_and_taken_away_is_not_asked_for_again, make,
                                        end),
        cmocka_unit_test(a_name_that_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
