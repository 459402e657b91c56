/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 C10 */
/* What happened before there was a journal: in the log at once, and in the journal in its order. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "setup/setup_notes.h"

#include "store/store_sqlite.h"
#include "support/fail_nth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

struct scene {
    char path[64];
    struct qw_store store;
    char *text; /* of the log */
    size_t text_len;
    struct qw_log log;
    struct setup_notes notes;
};

static int make(void **state)
{
    struct scene *scene = malloc(sizeof *scene);

    assert_non_null(scene);
    *scene = (struct scene){ .path = "/tmp/qwave-notes.XXXXXX" };
    assert_non_null(mkdtemp(scene->path));
    strcat(scene->path, "/x.db");
    assert_int_equal(qw_store_sqlite_open(scene->path, &scene->store), QW_OK);
    scene->log = (struct qw_log){ .stream = open_memstream(&scene->text, &scene->text_len),
                                  .component = "init",
                                  .level = QW_LOG_INFO };
    assert_int_equal(setup_notes_init(&scene->notes, &scene->log), QW_OK);
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;
    char command[128];

    setup_notes_free(&scene->notes);
    fclose(scene->log.stream);
    free(scene->text);
    qw_store_close(&scene->store);
    *strrchr(scene->path, '/') = '\0';
    (void)snprintf(command, sizeof command, "rm -r %s", scene->path);
    assert_int_equal(system(command), 0);
    free(scene);
    return 0;
}

struct seen {
    size_t count;
    struct qw_audit_event first, last;
};

static void visit(void *visitor, const struct qw_audit_record *record)
{
    struct seen *seen = visitor;

    if (seen->count++ == 0) {
        seen->first = record->event;
    }
    seen->last = record->event;
}

static struct seen look(struct scene *scene)
{
    struct seen seen = { 0 };
    uint64_t records = 0;
    uint64_t broken_seq = 0;

    assert_int_equal(qw_audit_verify(&scene->store, visit, &seen, &records, &broken_seq), QW_OK);
    return seen;
}

static void notes_come_into_the_journal_in_their_order(void **state)
{
    struct scene *scene = *state;
    struct seen seen;

    setup_note(&scene->notes, "127.0.0.1", "setup-open", "", QW_ERR_REFUSED, "wrong code");
    setup_note(&scene->notes, "127.0.0.1", "setup-take", "share 2", QW_OK, "shown");
    fflush(scene->log.stream);
    assert_non_null(strstr(scene->text, "warning init: setup-open by 127.0.0.1: wrong code"));
    assert_non_null(strstr(scene->text, "info init: setup-take by 127.0.0.1, share 2: shown"));
    assert_int_equal(setup_notes_write(&scene->notes, &scene->store, "centre-1"), QW_OK);
    seen = look(scene);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.first.actor, "setup:127.0.0.1");
    assert_string_equal(seen.first.verb, "setup-open");
    assert_string_equal(seen.first.object, "centre-1");
    assert_int_equal(seen.first.result, QW_ERR_REFUSED);
    assert_string_equal(seen.first.detail + strlen("2026-11-29T15:00:00Z"), ": wrong code");
    assert_string_equal(seen.last.object, "share 2");
}

static void what_has_no_room_is_counted(void **state)
{
    struct scene *scene = *state;
    struct seen seen;

    for (int i = 0; i < SETUP_NOTES_MAX + 3; i++) {
        setup_note(&scene->notes, "", "setup-share", "", QW_ERR_REFUSED, "an altered share");
    }
    assert_int_equal(setup_notes_write(&scene->notes, &scene->store, "centre-1"), QW_OK);
    seen = look(scene);
    assert_int_equal(seen.count, SETUP_NOTES_MAX + 1);
    assert_string_equal(seen.first.actor, "setup");
    assert_string_equal(seen.last.verb, "setup-notes");
    assert_string_equal(seen.last.detail, "3 further ones are in the log alone");
}

static qw_err full(void *self, const struct qw_store_op *ops, size_t n)
{
    (void)self;
    (void)ops;
    (void)n;
    return QW_ERR_IO;
}

static void a_journal_that_cannot_be_written_is_an_error(void **state)
{
    struct scene *scene = *state;
    struct qw_store store = scene->store;

    store.submit = full;
    setup_note(&scene->notes, "", "setup-make", "", QW_OK, "begins");
    assert_int_equal(setup_notes_write(&scene->notes, &store, "centre-1"), QW_ERR_IO);
}

static void without_memory_there_are_no_notes(void **state)
{
    struct setup_notes notes;

    (void)state;
    fail_nth = 1;
    assert_int_equal(setup_notes_init(&notes, NULL), QW_ERR_NOMEM);
    setup_notes_free(&notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(notes_come_into_the_journal_in_their_order, make, end),
        cmocka_unit_test_setup_teardown(what_has_no_room_is_counted, make, end),
        cmocka_unit_test_setup_teardown(a_journal_that_cannot_be_written_is_an_error, make, end),
        cmocka_unit_test(without_memory_there_are_no_notes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
