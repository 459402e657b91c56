/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
/* Nothing can be changed in a signed journal without being found and named [S1 to S5 of
 * docs/protocol/journal.md]. QW_TEST_SEED repeats a run. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/prng.h"
#include "crypto/hash.h"
#include "store/journal/export.h"
#include "support/test_seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORDS = 40, EVERY = 8, KEPT = 21, ALTERATIONS = 4000 };

struct line { /* a record of the journal, perhaps altered */
    uint8_t blob[QW_AUDIT_BLOB_CAP + 1];
    size_t len;
};
struct journal {
    struct line lines[RECORDS + 1];
    size_t count;
    struct qw_audit audit;
    struct qw_signing_key *signing;
    struct qw_public_key key;
    struct qw_signed_head front, kept;
};

static void write_record(struct journal *journal, const struct qw_audit_event *event)
{
    struct qw_audit_entry entry;
    struct qw_store_op ops[QW_AUDIT_OPS];
    struct line *line = &journal->lines[journal->count++];

    assert_int_equal(qw_audit_prepare(&journal->audit, event, 1795370000123, &entry, ops), QW_OK);
    memcpy(line->blob, entry.blob, entry.len);
    line->len = entry.len;
    qw_audit_committed(&journal->audit, &entry);
}

static void sign(struct journal *journal)
{
    struct qw_signed_head head;
    struct qw_audit_event event;

    assert_int_equal(qw_signed_head_make(&journal->audit, journal->signing, &head), QW_OK);
    qw_signed_head_event(&head, &event);
    write_record(journal, &event);
}

static void begin(struct journal *journal, enum qw_signature_algorithm algorithm)
{
    struct qw_audit_event event;

    *journal = (struct journal){ .audit = { .node = "centre-1", .epoch = 1 } };
    assert_int_equal(qw_signing_key_new(algorithm, &journal->signing), QW_OK);
    journal->key.algorithm = algorithm;
    memcpy(journal->key.point, qw_signing_key_point(journal->signing), sizeof journal->key.point);
    qw_journal_key_event(journal->signing, &event);
    write_record(journal, &event);
}

/* Goes on to the end: a journal of RECORDS records, signed now and then, and the heads. */
static void fill(struct journal *journal)
{
    while (journal->count < RECORDS) {
        struct qw_audit_event event = { .actor = "operator:alice", .verb = "charge" };

        if (journal->count % EVERY == EVERY - 1) {
            sign(journal);
            continue;
        }
        snprintf(event.object, sizeof event.object, "device-%zu", journal->count);
        write_record(journal, &event);
        if (journal->count == KEPT) {
            assert_int_equal(qw_signed_head_make(&journal->audit, journal->signing, &journal->kept),
                             QW_OK);
        }
    }
    assert_int_equal(qw_signed_head_make(&journal->audit, journal->signing, &journal->front),
                     QW_OK);
}

static int make(void **state)
{
    struct journal *journal = calloc(1, sizeof *journal);

    assert_non_null(journal);
    begin(journal, QW_SIGNATURE_P256);
    fill(journal);
    *state = journal;
    return 0;
}

static int unmake(void **state)
{
    struct journal *journal = *state;

    qw_signing_key_free(journal->signing);
    free(journal);
    return 0;
}

/* As an export and through the file's reader, which is how it is checked in earnest. */
static struct qw_journal_report check(const struct journal *journal, bool with_kept)
{
    struct qw_journal_check c;
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_int_equal(qw_journal_export_begin(file, &journal->front), QW_OK);
    for (size_t i = 0; i < journal->count; i++) {
        assert_int_equal(qw_journal_export_put(file, journal->lines[i].blob, journal->lines[i].len),
                         QW_OK);
    }
    rewind(file);
    qw_journal_check_begin(&c, &journal->key, with_kept ? &journal->kept : NULL);
    assert_int_equal(qw_journal_export_check(file, &c), QW_OK);
    fclose(file);
    return c.report;
}

/* The same without the head in front: a journal where it stands. */
static struct qw_journal_report check_bare(const struct journal *journal, bool with_kept)
{
    struct qw_journal_check c;

    qw_journal_check_begin(&c, &journal->key, with_kept ? &journal->kept : NULL);
    for (size_t i = 0; i < journal->count; i++) {
        if (!qw_journal_check_record(&c, journal->lines[i].blob, journal->lines[i].len)) {
            break;
        }
    }
    qw_journal_check_end(&c);
    return c.report;
}

static void a_journal_as_it_was_written_is_whole(void **state)
{
    const struct journal *journal = *state;
    struct qw_journal_report report = check(journal, true);

    assert_int_equal(report.fault, QW_JOURNAL_WHOLE);
    assert_int_equal(report.fault_seq, 0);
    assert_int_equal(report.records, RECORDS);
    assert_int_equal(report.signed_seq, RECORDS);
    assert_int_equal(report.unsigned_records, 0);
    assert_string_equal(report.centre, "centre-1");
    report = check_bare(journal, true);
    assert_int_equal(report.fault, QW_JOURNAL_WHOLE);
    assert_int_equal(report.unsigned_records, 0); /* the last record is a signature */
}

enum alteration { FLIP, SWAP, REMOVE, INSERT, TRUNCATE, REPEAT, LENGTHEN, ALTERATION_COUNT };

/* One random alteration; gives the number of the first record that is not what it was. */
static size_t alter(struct journal *journal, struct qw_prng *prng, enum alteration what)
{
    size_t at = (size_t)qw_prng_below(prng, (uint32_t)journal->count);
    size_t other = (size_t)qw_prng_below(prng, (uint32_t)journal->count - 1);
    struct line *line = &journal->lines[at];
    struct line kept = *line;
    size_t behind = journal->count - at - 1;

    other += other >= at;
    switch (what) {
    case FLIP:
        line->blob[qw_prng_below(prng, (uint32_t)line->len)] ^=
            (uint8_t)(1 << qw_prng_below(prng, 8));
        return at + 1;
    case SWAP:
        *line = journal->lines[other];
        journal->lines[other] = kept;
        return (at < other ? at : other) + 1;
    case REMOVE:
        memmove(line, line + 1, behind * sizeof *line);
        journal->count--;
        return at + 1;
    case INSERT: /* a copy of another one */
        memmove(line + 1, line, (behind + 1) * sizeof *line);
        *line = journal->lines[other < at ? other : other + 1];
        journal->count++;
        return at + 1;
    case TRUNCATE:
        journal->count = at;
        return at + 1;
    case REPEAT:
        memmove(line + 1, line, (behind + 1) * sizeof *line);
        journal->count++;
        return at + 2;
    case LENGTHEN:
        line->len += line->len < QW_AUDIT_BLOB_CAP ? 1 : 0;
        break;
    case ALTERATION_COUNT:
        break;
    }
    return at + 1;
}

/* S1, S2, S4 */
static void every_one_of_thousands_of_alterations_is_found_and_named(void **state)
{
    const struct journal *journal = *state;
    struct journal *altered = malloc(sizeof *altered);
    struct qw_prng prng;
    size_t found[ALTERATION_COUNT] = { 0 };

    assert_non_null(altered);
    qw_prng_init(&prng, test_seed(), 1);
    for (int i = 0; i < ALTERATIONS; i++) {
        enum alteration what = (enum alteration)(i % ALTERATION_COUNT);
        struct qw_journal_report report;
        size_t first;

        *altered = *journal;
        first = alter(altered, &prng, what);
        report = check(altered, i % 2 == 0);
        if (report.fault == QW_JOURNAL_WHOLE || report.fault_seq != first) {
            fail_msg("alteration %d of record %zu: %s at %llu", (int)what, first,
                     qw_journal_fault_text(report.fault), (unsigned long long)report.fault_seq);
        }
        assert_int_equal(report.records, first - 1);
        found[what]++;
    }
    for (size_t i = 0; i < ALTERATION_COUNT; i++) {
        assert_true(found[i] >= ALTERATIONS / ALTERATION_COUNT);
    }
    free(altered);
}

static void every_bit_of_every_record_counts(void **state)
{
    struct journal *journal = *state;

    for (size_t i = 0; i < journal->count; i++) {
        struct line *line = &journal->lines[i];

        for (size_t bit = i % 7; bit < 8 * line->len; bit += 7) {
            struct qw_journal_report report;

            line->blob[bit / 8] ^= (uint8_t)(1 << bit % 8);
            report = check_bare(journal, false);
            assert_int_not_equal(report.fault, QW_JOURNAL_WHOLE);
            assert_int_equal(report.fault_seq, i + 1);
            line->blob[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

/* The chain made anew from record `first` on, by somebody who has no key to sign with. */
static void rebuild(struct journal *journal, size_t first)
{
    struct qw_audit_record record;

    assert_int_equal(
        qw_audit_decode(journal->lines[first - 2].blob, journal->lines[first - 2].len, &record),
        QW_OK);
    journal->audit.seq = record.seq;
    memcpy(journal->audit.head, record.hash, sizeof journal->audit.head);
    for (size_t i = first - 1; i < RECORDS; i++) {
        assert_int_equal(qw_audit_decode(journal->lines[i].blob, journal->lines[i].len, &record),
                         QW_OK);
        journal->count = i;
        if (record.seq == first) {
            strcpy(record.event.actor, "operator:bob");
        }
        write_record(journal, &record.event);
    }
}

/* S3 */
static void a_chain_that_was_rebuilt_fails_at_its_next_signature(void **state)
{
    struct journal *journal = *state;
    struct qw_journal_report report;

    rebuild(journal, 11);
    report = check(journal, false);
    assert_int_equal(report.fault, QW_JOURNAL_SIGNATURE);
    assert_int_equal(report.fault_seq, 16);
    report = check_bare(journal, false);
    assert_int_equal(report.fault, QW_JOURNAL_SIGNATURE);
}

/* S3, S6: without the signatures as well, it is the head that does not fit, or a kept one. */
static void a_rebuilt_tail_without_signatures_is_unsigned_and_said_to_be(void **state)
{
    struct journal *journal = *state;
    struct qw_journal_report report;

    rebuild(journal, RECORDS - 4);
    journal->count = RECORDS - 1; /* no signature is left in it */
    report = check_bare(journal, true);
    assert_int_equal(report.fault, QW_JOURNAL_WHOLE);
    assert_int_equal(report.unsigned_records, 7);
    report = check(journal, true);
    assert_int_equal(report.fault, QW_JOURNAL_CUT);
    assert_int_equal(report.fault_seq, RECORDS);
}

/* S4, S5 */
static void a_kept_head_finds_what_was_cut_or_set_back(void **state)
{
    struct journal *journal = *state;
    struct qw_journal_report report;

    journal->count = KEPT - 1; /* an older copy */
    report = check_bare(journal, false);
    assert_int_equal(report.fault, QW_JOURNAL_WHOLE);
    report = check_bare(journal, true);
    assert_int_equal(report.fault, QW_JOURNAL_SET_BACK);
    assert_int_equal(report.fault_seq, KEPT);
    rebuild(journal, KEPT - 1); /* that went on */
    journal->count = KEPT;
    report = check_bare(journal, true);
    assert_int_equal(report.fault, QW_JOURNAL_SET_BACK);
    assert_int_equal(report.fault_seq, KEPT);
}

static void heads_and_keys_of_others_are_refused(void **state)
{
    struct journal *journal = *state;
    struct journal *other = calloc(1, sizeof *other);
    struct qw_journal_report report;
    struct journal twisted;

    assert_non_null(other);
    begin(other, QW_SIGNATURE_SM2);
    fill(other);
    assert_int_equal(check(other, true).fault, QW_JOURNAL_WHOLE);
    twisted = *journal;
    twisted.key = other->key;
    assert_int_equal(check(&twisted, false).fault, QW_JOURNAL_OTHER_KEY);
    assert_int_equal(check(&twisted, true).fault, QW_JOURNAL_OTHER_KEY);
    twisted = *journal;
    twisted.kept = other->kept;
    assert_int_equal(check(&twisted, true).fault, QW_JOURNAL_KEPT_BAD);
    twisted = *journal;
    twisted.front.hash[3] ^= 1;
    report = check(&twisted, false);
    assert_int_equal(report.fault, QW_JOURNAL_HEAD);
    assert_int_equal(report.fault_seq, RECORDS);
    twisted = *journal;
    twisted.front.signature[3] ^= 1;
    assert_int_equal(check(&twisted, false).fault, QW_JOURNAL_HEAD);
    twisted = *journal;
    twisted.front.seq--;
    assert_int_equal(check(&twisted, false).fault, QW_JOURNAL_CUT);
    qw_signing_key_free(other->signing);
    free(other);
}

static void a_second_key_in_the_journal_is_refused(void **state)
{
    struct journal *journal = *state;
    struct qw_audit_event event;
    struct qw_journal_report report;

    qw_signing_key_free(journal->signing);
    begin(journal, QW_SIGNATURE_P256);
    qw_journal_key_event(journal->signing, &event);
    write_record(journal, &event);
    report = check_bare(journal, false);
    assert_int_equal(report.fault, QW_JOURNAL_OTHER_KEY);
    assert_int_equal(report.fault_seq, 2);
}

/* ---- one key after the other ---- */

enum seam { /* how the second key comes in */
            SEAM_RIGHT,
            SEAM_UNSIGNED,   /* the old key signs nothing */
            SEAM_LATER,      /* a record stands between */
            SEAM_BY_ITSELF,  /* the new key signs itself */
            SEAM_NOT_IN_USE, /* the old key goes on signing */
            SEAM_OPEN        /* and there it ends */
};
enum { SEAM_AT = 5 }; /* number of the record that names the second key */

static void plain(struct journal *journal)
{
    struct qw_audit_event event = { .actor = "operator:alice", .verb = "charge" };

    write_record(journal, &event);
}

static void take_key(struct journal *journal, struct qw_signing_key *key)
{
    qw_signing_key_free(journal->signing);
    journal->signing = key;
}

/* key, plain, sign, plain, next key, sign, sign by it, plain, sign. second: what it names. */
static void write_two_keys(struct journal *journal, enum seam seam, struct qw_public_key *second)
{
    struct qw_signing_key *next = NULL;
    struct qw_audit_event event;

    begin(journal, QW_SIGNATURE_P256);
    plain(journal);
    sign(journal);
    plain(journal);
    assert_int_equal(qw_signing_key_new(QW_SIGNATURE_P256, &next), QW_OK);
    second->algorithm = QW_SIGNATURE_P256;
    memcpy(second->point, qw_signing_key_point(next), sizeof second->point);
    qw_journal_next_key_event(next, &event);
    write_record(journal, &event);
    if (seam == SEAM_LATER) {
        plain(journal);
    }
    if (seam == SEAM_BY_ITSELF) {
        take_key(journal, next);
        next = NULL;
    }
    if (seam != SEAM_UNSIGNED && seam != SEAM_OPEN) {
        sign(journal);
    }
    if (next != NULL && seam == SEAM_NOT_IN_USE) {
        qw_signing_key_free(next);
    } else if (next != NULL) {
        take_key(journal, next);
    }
    for (int i = 0; i < 2 && seam != SEAM_OPEN; i++) {
        sign(journal);
        plain(journal);
    }
    assert_int_equal(qw_signed_head_make(&journal->audit, journal->signing, &journal->front),
                     QW_OK);
}

static void a_journal_of_two_keys_is_whole_under_either(void **state)
{
    struct journal *journal = *state;
    struct qw_journal_report report;
    struct qw_public_key first, second;

    qw_signing_key_free(journal->signing);
    write_two_keys(journal, SEAM_RIGHT, &second);
    first = journal->key;
    for (int i = 0; i < 2; i++) {
        journal->key = i == 0 ? first : second;
        report = check(journal, false);
        assert_int_equal(report.fault, QW_JOURNAL_WHOLE);
        assert_int_equal(report.keys, 2);
        assert_memory_equal(report.key.point, second.point, sizeof second.point);
        assert_int_equal(report.unsigned_records, 0);
        journal->kept = journal->front;
        assert_int_equal(check(journal, true).fault, QW_JOURNAL_WHOLE);
        assert_int_equal(check_bare(journal, true).fault, QW_JOURNAL_WHOLE);
        journal->kept.signature[0] ^= 1;
        assert_int_equal(check(journal, true).fault, QW_JOURNAL_KEPT_BAD);
    }
    second.point[64] ^= 1;
    journal->key = second;
    assert_int_equal(check(journal, false).fault, QW_JOURNAL_OTHER_KEY);
}

static void every_wrong_seam_is_found(void **state)
{
    static const struct {
        enum seam seam;
        enum qw_journal_fault fault;
        uint64_t seq;
    } cases[] = {
        { SEAM_UNSIGNED, QW_JOURNAL_NEXT_KEY_BAD, SEAM_AT + 1 },
        { SEAM_LATER, QW_JOURNAL_NEXT_KEY_BAD, SEAM_AT + 1 },
        { SEAM_BY_ITSELF, QW_JOURNAL_NEXT_KEY_BAD, SEAM_AT + 1 },
        { SEAM_NOT_IN_USE, QW_JOURNAL_SIGNATURE, SEAM_AT + 2 },
        { SEAM_OPEN, QW_JOURNAL_NEXT_KEY_BAD, SEAM_AT + 1 },
    };
    struct journal *journal = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_public_key second;
        struct qw_journal_report report;

        qw_signing_key_free(journal->signing);
        write_two_keys(journal, cases[i].seam, &second);
        report = check_bare(journal, false);
        assert_int_equal(report.fault, cases[i].fault);
        assert_int_equal(report.fault_seq, cases[i].seq);
    }
}

/* Who has stolen the old key, and knows the new one's public half: what he names is not signed. */
static void a_key_that_is_only_named_is_not_believed(void **state)
{
    struct journal *journal = *state;
    struct qw_public_key second;
    struct qw_journal_report report;

    qw_signing_key_free(journal->signing);
    write_two_keys(journal, SEAM_RIGHT, &second);
    journal->count = SEAM_AT + 1; /* what the new key has signed is gone */
    journal->key = second;
    report = check_bare(journal, false);
    assert_int_equal(report.fault, QW_JOURNAL_OTHER_KEY);
    assert_int_equal(report.fault_seq, 1);
    assert_int_equal(report.signed_seq, 0);
}

static void every_bit_at_the_seam_counts(void **state)
{
    struct journal *journal = *state;
    struct qw_public_key second;

    qw_signing_key_free(journal->signing);
    write_two_keys(journal, SEAM_RIGHT, &second);
    for (size_t at = SEAM_AT - 1; at <= SEAM_AT + 1; at++) {
        struct line *line = &journal->lines[at];

        for (size_t bit = 0; bit < line->len * 8; bit += 3) {
            line->blob[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_not_equal(check_bare(journal, false).fault, QW_JOURNAL_WHOLE);
            line->blob[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
    assert_int_equal(check_bare(journal, false).fault, QW_JOURNAL_WHOLE);
}

static qw_err open_bytes(const uint8_t *bytes, size_t len, struct qw_signed_head *head)
{
    FILE *file = fmemopen((void *)(uintptr_t)bytes, len, "r");
    qw_err err;

    assert_non_null(file);
    err = qw_journal_export_open(file, head);
    fclose(file);
    return err;
}

static void a_front_that_is_cut_or_senseless_is_none(void **state)
{
    const struct journal *journal = *state;
    struct qw_signed_head head = { .seq = 77 };
    uint8_t bytes[256];
    size_t len;
    FILE *file = fmemopen(bytes, sizeof bytes, "w");

    assert_non_null(file);
    assert_int_equal(qw_journal_export_begin(file, &journal->front), QW_OK);
    len = (size_t)ftell(file);
    fclose(file);
    for (size_t cut = 1; cut < len; cut++) {
        assert_int_equal(open_bytes(bytes, cut, &head), QW_ERR_FORMAT);
    }
    assert_int_equal(head.seq, 77);
    assert_int_equal(open_bytes(bytes, len, &head), QW_OK);
    assert_memory_equal(&head, &journal->front, sizeof head);
    for (size_t bit = 0; bit < 8 * len; bit++) { /* refused, or written again the same */
        uint8_t again[256];

        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (open_bytes(bytes, len, &head) == QW_OK) {
            file = fmemopen(again, sizeof again, "w");
            assert_non_null(file);
            assert_int_equal(qw_journal_export_begin(file, &head), QW_OK);
            assert_int_equal(ftell(file), len - (bit / 8 == 8 ? strlen("centre-1") : 0) +
                                              (bit / 8 == 8 ? strlen(head.centre) : 0));
            fclose(file);
            assert_true(bit / 8 == 8 || memcmp(again, bytes, len) == 0);
        }
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void records_of_no_length_are_not_written(void **state)
{
    const struct journal *journal = *state;
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_int_equal(qw_journal_export_put(file, journal->lines[0].blob, 0), QW_ERR_FORMAT);
    assert_int_equal(qw_journal_export_put(file, journal->lines[0].blob, QW_AUDIT_BLOB_CAP + 1),
                     QW_ERR_FORMAT);
    assert_int_equal(ftell(file), 0);
    fclose(file);
    file = fopen("/dev/full", "w");
    assert_non_null(file);
    setvbuf(file, NULL, _IONBF, 0);
    assert_int_equal(qw_journal_export_begin(file, &journal->front), QW_ERR_IO);
    assert_int_equal(qw_journal_export_put(file, journal->lines[0].blob, 10), QW_ERR_IO);
    fclose(file);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_journal_as_it_was_written_is_whole),
        TEST(every_one_of_thousands_of_alterations_is_found_and_named),
        TEST(every_bit_of_every_record_counts),
        TEST(a_chain_that_was_rebuilt_fails_at_its_next_signature),
        TEST(a_rebuilt_tail_without_signatures_is_unsigned_and_said_to_be),
        TEST(a_kept_head_finds_what_was_cut_or_set_back),
        TEST(heads_and_keys_of_others_are_refused),
        TEST(a_second_key_in_the_journal_is_refused),
        TEST(a_journal_of_two_keys_is_whole_under_either),
        TEST(every_wrong_seam_is_found),
        TEST(a_key_that_is_only_named_is_not_believed),
        TEST(every_bit_at_the_seam_counts),
        TEST(a_front_that_is_cut_or_senseless_is_none),
        TEST(records_of_no_length_are_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
