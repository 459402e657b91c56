/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 C2 */
#define _GNU_SOURCE
#include "qkd/handover/mark.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MARK_LEN = QW_HANDOVER_SESSION_LEN + 4 };

static char folder[] = "/tmp/qwave-mark.XXXXXX";
static char path[64];

static struct qw_handover_label label_of(uint8_t session, uint32_t block)
{
    struct qw_handover_label label = { .block = block };

    memset(label.session, session, sizeof label.session);
    return label;
}

static void a_mark_is_there_again(void **state)
{
    struct qw_handover_label label = label_of(5, 7);
    struct qw_handover_label older = label_of(5, 6);
    struct qw_handover_label newer = label_of(5, 8);
    struct qw_handover_label other = label_of(6, 0);
    struct qw_handover_mark mark;

    (void)state;
    assert_int_equal(qw_handover_mark_read(path, &mark), QW_OK);
    assert_false(qw_handover_mark_covers(&mark, &label));
    assert_int_equal(qw_handover_mark_set(&mark, &label), QW_OK);
    assert_int_equal(qw_handover_mark_read(path, &mark), QW_OK);
    assert_true(qw_handover_mark_covers(&mark, &label));
    assert_true(qw_handover_mark_covers(&mark, &older));
    assert_false(qw_handover_mark_covers(&mark, &newer));
    assert_false(qw_handover_mark_covers(&mark, &other));
}

static void another_length_is_no_mark(void **state)
{
    static const uint8_t bytes[MARK_LEN + 1];
    struct qw_handover_mark mark;

    (void)state;
    for (size_t len = 0; len <= sizeof bytes; len++) {
        assert_int_equal(qw_file_replace(path, bytes, len), QW_OK);
        assert_int_equal(qw_handover_mark_read(path, &mark),
                         len == MARK_LEN ? QW_OK : QW_ERR_FORMAT);
    }
}

static void what_cannot_be_written_stays_as_it_was(void **state)
{
    struct qw_handover_label label = label_of(1, 1);
    struct qw_handover_mark mark = { .path = "/nowhere/at/all.mark" };

    (void)state;
    assert_int_not_equal(qw_handover_mark_set(&mark, &label), QW_OK);
    assert_false(mark.is_set);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    (void)snprintf(path, sizeof path, "%s/mark", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mark_is_there_again),
        cmocka_unit_test(another_length_is_no_mark),
        cmocka_unit_test(what_cannot_be_written_stays_as_it_was),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
