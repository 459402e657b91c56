/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q2 C10 */
/* What a node writes of itself: whole over restarts, bounded in a crowd, and the end of the node
 * when it cannot be written. */
#define _GNU_SOURCE
#include "node/node_journal.h"

#include "node/node.h"
#include "node/node_key_file.h"
#include "store/audit.h"
#include "store/journal/database.h"
#include "support/fail_nth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

static bool signing_fails;
qw_err __real_qw_sign(const struct qw_signing_key *key, const struct qw_bytes *parts, size_t count,
                      uint8_t signature[static QW_SIGNATURE_LEN]);
qw_err __wrap_qw_sign(const struct qw_signing_key *key, const struct qw_bytes *parts, size_t count,
                      uint8_t signature[static QW_SIGNATURE_LEN]);
qw_err __wrap_qw_sign(const struct qw_signing_key *key, const struct qw_bytes *parts, size_t count,
                      uint8_t signature[static QW_SIGNATURE_LEN])
{
    return signing_fails ? QW_ERR_NOMEM : __real_qw_sign(key, parts, count, signature);
}

enum { LINES = 32 };
static char folder[] = "/tmp/qwave-journal.XXXXXX";
static struct qw_log quiet = { .component = "node", .level = QW_LOG_ERROR };
static struct node node;

static struct {
    struct qw_audit_record line[LINES];
    size_t count;
} seen;

static bool take(void *self, const uint8_t *blob, size_t len)
{
    (void)self;
    assert_true(seen.count < LINES);
    assert_int_equal(qw_audit_decode(blob, len, &seen.line[seen.count]), QW_OK);
    return ++seen.count < LINES;
}

/* Reads all of it, and checks the chain with record seq as it was. */
static void read_all(uint64_t seq, const uint8_t *hash, enum qw_journal_fault fault)
{
    static const uint8_t none[QW_AUDIT_HASH_LEN];
    struct qw_journal_check check;

    seen.count = 0;
    assert_int_equal(qw_journal_database_read(node.settings.journal, take, NULL), QW_OK);
    qw_journal_check_begin_unsigned(&check, seq, hash == NULL ? none : hash);
    assert_int_equal(qw_journal_database_check(node.settings.journal, &check), QW_OK);
    assert_int_equal(check.report.fault, fault);
    assert_true(fault != QW_JOURNAL_WHOLE || check.report.records == seen.count);
}

static bool is_line(size_t index, const char *verb, const char *object, const char *detail)
{
    const struct qw_audit_event *event = &seen.line[index].event;

    return index < seen.count && strcmp(event->verb, verb) == 0 &&
           strcmp(event->object, object) == 0 && strcmp(event->detail, detail) == 0;
}

static int setup(void **state)
{
    static unsigned number;

    (void)state;
    node = (struct node){ .log = &quiet, .settings = { .node = 3 } };
    (void)snprintf(node.settings.journal, sizeof node.settings.journal, "%s/%u", folder, number++);
    return 0;
}

static void every_start_and_stop_is_there_and_a_crash_shows(void **state)
{
    uint8_t kept[QW_AUDIT_HASH_LEN];
    struct node_journal *crashed;

    (void)state;
    assert_int_equal(node_journal_open(&node), QW_OK);
    node_journal_write_of(&node, "link-quarantined", 4, QW_ERR_CONFLICT, "the streams differ");
    assert_int_equal(node_journal_records(&node), 2);
    memcpy(kept, node_journal_head(&node), sizeof kept);
    node.is_ended = true;
    node_journal_close(&node);
    assert_int_equal(node_journal_records(&node), 0);
    assert_null(node_journal_head(&node));
    assert_int_equal(node_journal_open(&node), QW_OK);
    crashed = node.journal; /* as kill -9 leaves it */
    node.journal = NULL;
    assert_int_equal(node_journal_open(&node), QW_OK);
    node_journal_close(&node);
    read_all(2, kept, QW_JOURNAL_WHOLE);
    assert_int_equal(seen.count, 6);
    assert_true(is_line(0, "start", "", "") && is_line(2, "stop", "", "as asked"));
    assert_true(is_line(1, "link-quarantined", "node 4", "the streams differ"));
    assert_int_equal(seen.line[1].event.result, QW_ERR_CONFLICT);
    assert_true(is_line(3, "start", "", "") && seen.line[3].epoch == 2);
    assert_true(is_line(4, "start", "", "the start before it has not come to its end"));
    assert_int_equal(seen.line[5].epoch, 3);
    assert_string_equal(seen.line[5].node, "node-3");
    kept[5] ^= 1; /* another one than was kept */
    read_all(2, kept, QW_JOURNAL_SET_BACK);
    read_all(7, kept, QW_JOURNAL_SET_BACK); /* shorter than when it was kept */
    node.journal = crashed;
    node.has_failed = false;
    node_journal_close(&node); /* of a life that is over: the other has gone on */
    assert_true(node.has_failed);
    read_all(0, NULL, QW_JOURNAL_WHOLE);
    assert_int_equal(seen.count, 6);
}

static void a_crowd_is_one_record_in_ten_seconds(void **state)
{
    (void)state;
    assert_int_equal(node_journal_open(&node), QW_OK);
    node_journal_turn(&node, 1000);
    node_journal_count(&node, NODE_JOURNAL_REFUSED, "a stranger");
    node_journal_turn(&node, 2000);
    for (int i = 0; i < 100000; i++) {
        node_journal_count(&node, NODE_JOURNAL_REFUSED, "node 9");
        node_journal_turn(&node, 2000 + i / 11);
    }
    node_journal_count(&node, NODE_JOURNAL_VOID, "timeout"); /* another kind does not wait */
    node_journal_turn(&node, 11999);
    node_journal_turn(&node, 12000);
    node_journal_count(&node, NODE_JOURNAL_END_TAG, "");
    node_journal_add(&node, NODE_JOURNAL_AGED, 4096, "node 9");
    node_journal_add(&node, NODE_JOURNAL_AGED, 8, "node 9");
    node_journal_close(&node);
    read_all(0, NULL, QW_JOURNAL_WHOLE);
    assert_int_equal(seen.count, 7);
    assert_true(is_line(1, "neighbour-refused", "a stranger", "1 of them"));
    assert_true(is_line(2, "batch-void", "timeout", "1 of them"));
    assert_true(is_line(3, "neighbour-refused", "node 9", "100000 of them"));
    assert_true(is_line(4, "end-tag-wrong", "", "1 of them"));
    assert_int_equal(seen.line[4].event.result, QW_ERR_AUTH);
    assert_true(is_line(5, "keys-aged", "node 9", "4104 bits"));
}

static void another_nodes_journal_and_other_files_are_refused(void **state)
{
    FILE *file;

    (void)state;
    assert_int_equal(node_journal_open(&node), QW_OK);
    node_journal_close(&node);
    node.settings.node = 4;
    assert_int_equal(node_journal_open(&node), QW_ERR_CONFLICT);
    assert_null(node.journal);
    assert_int_equal(setup(NULL), 0);
    file = fopen(node.settings.journal, "we");
    assert_non_null(file);
    assert_true(fputs("no database, and long enough not to be taken for an empty one", file) >= 0);
    fclose(file);
    assert_int_not_equal(node_journal_open(&node), QW_OK);
    assert_null(node.journal);
}

static void without_the_setting_nothing_happens(void **state)
{
    (void)state;
    node.settings.journal[0] = '\0';
    assert_int_equal(node_journal_open(&node), QW_OK);
    node_journal_write(&node, "control", "cut", "node 4", QW_OK, "");
    node_journal_count(&node, NODE_JOURNAL_VOID, "");
    node_journal_turn(&node, 1);
    node_journal_close(&node);
    assert_null(node.journal);
    assert_false(node.has_failed);
}

/* Two writers: the second one's record would fork the chain, so its node ends. */
static void a_record_that_cannot_be_written_ends_the_node(void **state)
{
    struct node twin;

    (void)state;
    assert_int_equal(node_journal_open(&node), QW_OK);
    twin = node;
    assert_int_equal(node_journal_open(&twin), QW_OK);
    node_journal_write(&node, "control", "cut", "node 4", QW_OK, "");
    assert_true(node.has_failed && !twin.has_failed);
    node_journal_close(&node);
    node_journal_close(&twin);
    read_all(0, NULL, QW_JOURNAL_WHOLE);
    assert_int_equal(seen.count, 3);
}

static void without_memory_there_is_no_journal(void **state)
{
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 100);
        assert_null(node.journal);
        fail_nth = n;
        err = node_journal_open(&node);
        fail_nth = 0;
    }
    node_journal_close(&node);
}

/* A key of its own for the journal of this test. */
static struct qw_public_key make_key(enum qw_signature_algorithm algorithm)
{
    static unsigned number;
    struct qw_public_key key;

    (void)snprintf(node.settings.journal_key, sizeof node.settings.journal_key, "%s/key%u", folder,
                   number++);
    assert_int_equal(node_key_file_make(node.settings.journal_key, algorithm, &key), QW_OK);
    return key;
}

static enum qw_journal_fault check_signed(const struct qw_public_key *key,
                                          const struct qw_signed_head *kept,
                                          struct qw_journal_report *report)
{
    struct qw_journal_check check;

    qw_journal_check_begin(&check, key, kept);
    assert_int_equal(qw_journal_database_check(node.settings.journal, &check), QW_OK);
    *report = check.report;
    return check.report.fault;
}

static void every_group_is_signed(void **state)
{
    static const enum qw_signature_algorithm algorithms[] = { QW_SIGNATURE_P256, QW_SIGNATURE_SM2 };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct qw_signed_head head, later;
        struct qw_journal_report report;
        struct qw_public_key key, said;

        assert_int_equal(setup(NULL), 0);
        key = make_key(algorithms[i]);
        assert_int_equal(node_journal_signed(&node, &head, &said), QW_ERR_NOT_FOUND);
        assert_int_equal(node_journal_open(&node), QW_OK);
        assert_int_equal(node_journal_signed(&node, &head, &said), QW_OK);
        assert_memory_equal(said.point, key.point, sizeof key.point);
        assert_int_equal(head.seq, 2);
        assert_int_equal(qw_signed_head_check(&head, &key), QW_OK);
        node_journal_write(&node, "control", "cut", "node 4", QW_OK, "");
        assert_int_equal(node_journal_signed(&node, &later, &said), QW_OK);
        assert_int_equal(later.seq, 4);
        node_journal_close(&node);
        assert_int_equal(node_journal_open(&node), QW_OK); /* the key is named once */
        node_journal_close(&node);
        assert_int_equal(check_signed(&key, &head, &report), QW_JOURNAL_WHOLE);
        assert_int_equal(check_signed(&key, &later, &report), QW_JOURNAL_WHOLE);
        assert_int_equal(report.records, 11);
        assert_int_equal(report.signed_seq, 10);
        assert_int_equal(report.unsigned_records, 0);
        read_all(0, NULL, QW_JOURNAL_SIGNED);
        assert_true(is_line(1, "start", "", "") && is_line(7, "start", "", ""));
        assert_string_equal(seen.line[10].event.verb, "sign");
        assert_string_equal(seen.line[10].event.actor, "node");
        key.point[9] ^= 1;
        assert_int_not_equal(check_signed(&key, NULL, &report), QW_JOURNAL_WHOLE);
        head.signature[5] ^= 1;
        key.point[9] ^= 1;
        assert_int_equal(check_signed(&key, &head, &report), QW_JOURNAL_KEPT_BAD);
    }
}

static void a_journal_without_signatures_is_signed_from_a_start_on(void **state)
{
    struct qw_journal_report report;
    struct qw_public_key key;

    (void)state;
    assert_int_equal(node_journal_open(&node), QW_OK);
    node_journal_close(&node);
    key = make_key(QW_SIGNATURE_P256);
    assert_int_equal(node_journal_open(&node), QW_OK);
    node_journal_close(&node);
    assert_int_equal(check_signed(&key, NULL, &report), QW_JOURNAL_WHOLE);
    assert_int_equal(report.records, 7);
    read_all(0, NULL, QW_JOURNAL_SIGNED);
    assert_true(is_line(3, "start", "", "")); /* behind the key, and not after a crash */
}

static void another_key_or_none_is_refused(void **state)
{
    char first[NODE_PATH_CAP];
    FILE *file;

    (void)state;
    (void)make_key(QW_SIGNATURE_P256);
    memcpy(first, node.settings.journal_key, sizeof first);
    assert_int_equal(node_journal_open(&node), QW_OK);
    node_journal_close(&node);
    (void)make_key(QW_SIGNATURE_P256);
    assert_int_equal(node_journal_open(&node), QW_ERR_CONFLICT);
    assert_null(node.journal);
    node.settings.journal_key[0] = '\0';
    assert_int_equal(node_journal_open(&node), QW_ERR_CONFLICT);
    (void)snprintf(node.settings.journal_key, NODE_PATH_CAP, "%s/none", folder);
    assert_int_equal(node_journal_open(&node), QW_ERR_NOT_FOUND);
    file = fopen(node.settings.journal_key, "we");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    fclose(file);
    assert_int_equal(node_journal_open(&node), QW_ERR_FORMAT);
    memcpy(node.settings.journal_key, first, sizeof first);
    assert_int_equal(node_journal_open(&node), QW_OK);
    node_journal_close(&node);
    node.settings.journal[0] = '\0';
    assert_int_equal(node_journal_open(&node), QW_ERR_ARG);
}

/* J4 */
static void what_cannot_be_signed_is_not_written(void **state)
{
    struct qw_journal_report report;
    struct qw_public_key key = make_key(QW_SIGNATURE_P256);

    (void)state;
    assert_int_equal(node_journal_open(&node), QW_OK);
    signing_fails = true;
    node_journal_write(&node, "control", "cut", "node 4", QW_OK, "");
    signing_fails = false;
    assert_true(node.has_failed);
    node_journal_close(&node);
    assert_int_equal(check_signed(&key, NULL, &report), QW_JOURNAL_WHOLE);
    assert_int_equal(report.records, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_start_and_stop_is_there_and_a_crash_shows, setup),
        cmocka_unit_test_setup(a_crowd_is_one_record_in_ten_seconds, setup),
        cmocka_unit_test_setup(another_nodes_journal_and_other_files_are_refused, setup),
        cmocka_unit_test_setup(without_the_setting_nothing_happens, setup),
        cmocka_unit_test_setup(a_record_that_cannot_be_written_ends_the_node, setup),
        cmocka_unit_test_setup(every_group_is_signed, setup),
        cmocka_unit_test_setup(a_journal_without_signatures_is_signed_from_a_start_on, setup),
        cmocka_unit_test_setup(another_key_or_none_is_refused, setup),
        cmocka_unit_test_setup(what_cannot_be_signed_is_not_written, setup),
        cmocka_unit_test_setup(without_memory_there_is_no_journal, setup),
    };
    char command[64];
    int status;

    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    quiet.stream = stderr;
    status = cmocka_run_group_tests(tests, NULL, NULL);
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? status : 1;
}
