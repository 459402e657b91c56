/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "crypto/hash.h"
#include "store/audit.h"
#include "store/store_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RECORDS = 12 };

struct book {
    char folder[64];
    char path[96];
    struct qw_store store;
    struct qw_audit audit;
};

static struct qw_audit_event event_of(const char *object, qw_err result)
{
    struct qw_audit_event event = { .actor = "operator:alice",
                                    .certificate_hash = { 1, 2, 3 },
                                    .verb = "charge",
                                    .result = result,
                                    .detail = "20 keys" };

    snprintf(event.object, sizeof event.object, "%s", object);
    return event;
}

static qw_err write_event(struct book *book, const struct qw_audit_event *event)
{
    struct qw_audit_entry entry;
    struct qw_store_op ops[QW_AUDIT_OPS];
    qw_err err = qw_audit_prepare(&book->audit, event, 1795370000123, &entry, ops);

    if (err == QW_OK) {
        err = book->store.submit(book->store.self, ops, QW_AUDIT_OPS);
    }
    if (err == QW_OK) {
        qw_audit_committed(&book->audit, &entry);
    }
    return err;
}

static int book_make(void **state)
{
    struct book *book = calloc(1, sizeof *book);

    assert_non_null(book);
    strcpy(book->folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/qwave-audit-XXXXXX"
                                                       : "/tmp/qwave-audit-XXXXXX");
    assert_non_null(mkdtemp(book->folder));
    snprintf(book->path, sizeof book->path, "%s/a.db", book->folder);
    assert_int_equal(qw_store_sqlite_open(book->path, &book->store), QW_OK);
    assert_int_equal(qw_audit_open(&book->store, "centre-1", 3, &book->audit), QW_OK);
    for (int i = 1; i <= RECORDS; i++) {
        char object[32];
        struct qw_audit_event event;

        snprintf(object, sizeof object, "device-%d", i);
        event = event_of(object, i % 3 == 0 ? QW_ERR_REFUSED : QW_OK);
        assert_int_equal(write_event(book, &event), QW_OK);
    }
    *state = book;
    return 0;
}

static int book_remove(void **state)
{
    struct book *book = *state;
    char command[128];

    qw_store_close(&book->store);
    snprintf(command, sizeof command, "rm -r %s", book->folder);
    assert_int_equal(system(command), 0);
    free(book);
    return 0;
}

struct seen {
    uint64_t count;
    struct qw_audit_record last;
};

static void see(void *self, const struct qw_audit_record *record)
{
    struct seen *seen = self;

    seen->count++;
    assert_int_equal(record->seq, seen->count);
    seen->last = *record;
}

static qw_err verify(struct book *book, uint64_t *records, uint64_t *broken)
{
    *records = 99;
    *broken = 99;
    return qw_audit_verify(&book->store, NULL, NULL, records, broken);
}

static void keeps_what_happened_in_order(void **state)
{
    struct book *book = *state;
    struct seen seen = { 0 };
    uint64_t records;
    uint64_t broken;

    assert_int_equal(qw_audit_verify(&book->store, see, &seen, &records, &broken), QW_OK);
    assert_int_equal(records, RECORDS);
    assert_int_equal(broken, 0);
    assert_int_equal(seen.count, RECORDS);
    assert_string_equal(seen.last.node, "centre-1");
    assert_int_equal(seen.last.epoch, 3);
    assert_int_equal(seen.last.utc_ms, 1795370000123);
    assert_string_equal(seen.last.event.actor, "operator:alice");
    assert_int_equal(seen.last.event.certificate_hash[2], 3);
    assert_string_equal(seen.last.event.verb, "charge");
    assert_string_equal(seen.last.event.object, "device-12");
    assert_int_equal(seen.last.event.result, QW_ERR_REFUSED);
    assert_string_equal(seen.last.event.detail, "20 keys");
}

static void goes_on_after_a_restart(void **state)
{
    struct book *book = *state;
    struct qw_audit_event event = event_of("later", QW_OK);
    uint64_t records;
    uint64_t broken;

    qw_store_close(&book->store);
    assert_int_equal(qw_store_sqlite_open(book->path, &book->store), QW_OK);
    assert_int_equal(qw_audit_open(&book->store, "centre-1", 4, &book->audit), QW_OK);
    assert_int_equal(book->audit.seq, RECORDS);
    assert_int_equal(write_event(book, &event), QW_OK);
    assert_int_equal(verify(book, &records, &broken), QW_OK);
    assert_int_equal(records, RECORDS + 1);
}

static void an_empty_journal_is_whole(void **state)
{
    struct qw_store store;
    struct book *book = *state;
    char path[128];
    uint64_t records = 9;
    uint64_t broken = 9;

    snprintf(path, sizeof path, "%s/empty.db", book->folder);
    assert_int_equal(qw_store_sqlite_open(path, &store), QW_OK);
    assert_int_equal(qw_audit_verify(&store, NULL, NULL, &records, &broken), QW_OK);
    assert_int_equal(records, 0);
    assert_int_equal(broken, 0);
    qw_store_close(&store);
}

static struct qw_store_record get(struct book *book, uint64_t seq)
{
    struct qw_store_record record = { 0 };
    uint8_t id[8];

    qw_store_u64be(id, seq);
    assert_int_equal(book->store.get(book->store.self, QW_STORE_AUDIT, id, sizeof id, &record),
                     QW_OK);
    return record;
}

static void put(struct book *book, uint64_t seq, const uint8_t *blob, size_t len, uint64_t version)
{
    uint8_t id[8];
    struct qw_store_op op = { .verb = version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE,
                              .kind = QW_STORE_AUDIT,
                              .id = id,
                              .id_len = sizeof id,
                              .expected_version = version,
                              .blob = blob,
                              .len = len };

    qw_store_u64be(id, seq);
    assert_int_equal(book->store.submit(book->store.self, &op, 1), QW_OK);
}

static void take_away(struct book *book, uint64_t seq)
{
    struct qw_store_record record = get(book, seq);
    struct qw_store_op op = { .verb = QW_STORE_REMOVE,
                              .kind = QW_STORE_AUDIT,
                              .id = record.id,
                              .id_len = record.id_len,
                              .expected_version = record.version };

    assert_int_equal(book->store.submit(book->store.self, &op, 1), QW_OK);
    qw_store_record_free(&record);
}

static void finds_every_single_altered_bit(void **state)
{
    struct book *book = *state;
    struct qw_store_record record = get(book, 5);
    uint64_t version = record.version;
    uint64_t records;
    uint64_t broken;

    for (size_t bit = 0; bit < record.len * 8; bit++) {
        record.blob[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        put(book, 5, record.blob, record.len, version++);
        assert_int_equal(verify(book, &records, &broken), QW_ERR_AUTH);
        assert_int_equal(records, 4);
        assert_int_equal(broken, 5);
        record.blob[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    put(book, 5, record.blob, record.len, version++);
    assert_int_equal(verify(book, &records, &broken), QW_OK);
    put(book, 5, record.blob, record.len - 1, version++);
    assert_int_equal(verify(book, &records, &broken), QW_ERR_AUTH);
    qw_store_record_free(&record);
}

static void finds_any_one_removed_record(void **state)
{
    struct book *book = *state;
    uint64_t records;
    uint64_t broken;

    for (uint64_t seq = 1; seq <= RECORDS; seq++) { /* the last one: a cut tail */
        struct qw_store_record record = get(book, seq);

        take_away(book, seq);
        assert_int_equal(verify(book, &records, &broken), QW_ERR_AUTH);
        assert_int_equal(broken, seq);
        put(book, seq, record.blob, record.len, 0);
        assert_int_equal(verify(book, &records, &broken), QW_OK);
        qw_store_record_free(&record);
    }
}

static void finds_swapped_and_added_records(void **state)
{
    struct book *book = *state;
    struct qw_store_record a = get(book, 3);
    struct qw_store_record b = get(book, 4);
    uint64_t records;
    uint64_t broken;

    put(book, 3, b.blob, b.len, 1);
    put(book, 4, a.blob, a.len, 1);
    assert_int_equal(verify(book, &records, &broken), QW_ERR_AUTH);
    assert_int_equal(broken, 3);
    put(book, 3, a.blob, a.len, 2);
    put(book, 4, b.blob, b.len, 2);
    assert_int_equal(verify(book, &records, &broken), QW_OK);
    put(book, RECORDS + 1, b.blob, b.len, 0);
    assert_int_equal(verify(book, &records, &broken), QW_ERR_AUTH);
    assert_int_equal(broken, RECORDS + 1);
    qw_store_record_free(&a);
    qw_store_record_free(&b);
}

/* A record with good hashes behind the head, and one record rebuilt with a new hash. */
static void finds_a_forged_end_with_good_hashes(void **state)
{
    struct book *book = *state;
    struct qw_audit forged = book->audit;
    struct qw_audit_event event = event_of("never", QW_OK);
    struct qw_audit_entry entry;
    struct qw_store_op ops[QW_AUDIT_OPS];
    struct qw_store_record last;
    struct qw_bytes body;
    uint64_t records;
    uint64_t broken;

    assert_int_equal(qw_audit_prepare(&forged, &event, 1, &entry, ops), QW_OK);
    assert_int_equal(book->store.submit(book->store.self, ops, 1), QW_OK); /* not the head */
    assert_int_equal(verify(book, &records, &broken), QW_ERR_AUTH);
    assert_int_equal(broken, RECORDS + 1);
    take_away(book, RECORDS + 1);
    assert_int_equal(verify(book, &records, &broken), QW_OK);
    last = get(book, RECORDS);
    last.blob[10] ^= 1; /* its time */
    body = (struct qw_bytes){ last.blob, last.len - QW_AUDIT_HASH_LEN };
    assert_int_equal(qw_hash_of(QW_HASH_SHA256, &body, 1, last.blob + last.len - 32), QW_OK);
    put(book, RECORDS, last.blob, last.len, 1);
    assert_int_equal(verify(book, &records, &broken), QW_ERR_AUTH);
    assert_int_equal(broken, RECORDS);
    qw_store_record_free(&last);
    assert_int_equal(qw_audit_open(&book->store, "centre-1", 5, &forged), QW_ERR_FORMAT);
}

static void refuses_the_second_of_two_writers(void **state)
{
    struct book *book = *state;
    struct book second = *book;
    struct qw_audit_event event = event_of("x", QW_OK);
    uint64_t records;
    uint64_t broken;

    assert_int_equal(write_event(book, &event), QW_OK);
    assert_int_equal(write_event(&second, &event), QW_ERR_CONFLICT);
    assert_int_equal(verify(book, &records, &broken), QW_OK);
    assert_int_equal(records, RECORDS + 1);
}

static void refuses_texts_that_could_mislead_a_reader(void **state)
{
    struct book *book = *state;
    struct qw_audit_event event = event_of("line\nbreak", QW_OK);
    struct qw_audit audit;

    assert_int_equal(write_event(book, &event), QW_ERR_ARG);
    event = event_of("x", QW_OK);
    memset(event.detail, 'd', sizeof event.detail); /* not terminated */
    assert_int_equal(write_event(book, &event), QW_ERR_ARG);
    memset(event.detail, 'd', sizeof event.detail - 1);
    event.detail[sizeof event.detail - 1] = '\0';
    memset(event.object, 'o', sizeof event.object - 1);
    memset(event.actor, 'a', sizeof event.actor - 1);
    memset(event.verb, 'v', sizeof event.verb - 1);
    assert_int_equal(write_event(book, &event), QW_OK); /* the longest */
    assert_int_equal(qw_audit_open(&book->store, "a\nb", 1, &audit), QW_ERR_ARG);
    assert_int_equal(
        qw_audit_open(&book->store,
                      "0123456789012345678901234567890123456789012345678901234567890123", 1,
                      &audit),
        QW_ERR_ARG);
}

/* A flip in a bare record is refused, or decodes to something else: the hash then tells. */
static void refuses_every_truncation_of_a_record(void **state)
{
    struct book *book = *state;
    struct qw_store_record record = get(book, 7);
    struct qw_audit_record decoded;
    uint8_t longer[QW_AUDIT_BLOB_CAP + 1];

    for (size_t cut = 0; cut < record.len; cut++) {
        assert_int_equal(qw_audit_decode(record.blob, cut, &decoded), QW_ERR_FORMAT);
    }
    memcpy(longer, record.blob, record.len);
    longer[record.len] = 0;
    assert_int_equal(qw_audit_decode(longer, record.len + 1, &decoded), QW_ERR_FORMAT);
    assert_int_equal(qw_audit_decode(record.blob, record.len, &decoded), QW_OK);
    qw_store_record_free(&record);
}

int main(void)
{
#define IN_BOOK(test) cmocka_unit_test_setup_teardown(test, book_make, book_remove)
    const struct CMUnitTest tests[] = {
        IN_BOOK(keeps_what_happened_in_order),
        IN_BOOK(goes_on_after_a_restart),
        IN_BOOK(an_empty_journal_is_whole),
        IN_BOOK(finds_every_single_altered_bit),
        IN_BOOK(finds_any_one_removed_record),
        IN_BOOK(finds_swapped_and_added_records),
        IN_BOOK(finds_a_forged_end_with_good_hashes),
        IN_BOOK(refuses_the_second_of_two_writers),
        IN_BOOK(refuses_texts_that_could_mislead_a_reader),
        IN_BOOK(refuses_every_truncation_of_a_record),
    };

    return cmocka_run_group_tests_name("store.audit", tests, NULL, NULL);
}
