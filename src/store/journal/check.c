/* SPDX-License-Identifier: Apache-2.0 */
#include "store/journal/check.h"

#include "base/secret.h"
#include "crypto/hash.h"

#include <string.h>

static const char *const texts[QW_JOURNAL_FAULT_COUNT] = {
    [QW_JOURNAL_WHOLE] = "is whole",
    [QW_JOURNAL_ALTERED] = "was altered",
    [QW_JOURNAL_PLACE] = "is missing, was added or was moved",
    [QW_JOURNAL_CHAIN] = "is not the one that followed the record before it",
    [QW_JOURNAL_CENTRE] = "is of another centre",
    [QW_JOURNAL_SIGNATURE] = "carries a wrong signature",
    [QW_JOURNAL_OTHER_KEY] = "names a key from which none leads to the one given",
    [QW_JOURNAL_CUT] = "is not where the journal ends by its head",
    [QW_JOURNAL_HEAD] = "is not what the head of the journal says",
    [QW_JOURNAL_KEPT_BAD] = "has a kept head that the key did not sign",
    [QW_JOURNAL_SET_BACK] = "is missing or another than when the kept head was signed",
    [QW_JOURNAL_NEXT_KEY_BAD] = "is not the signature that a new key needs by the one before it",
    [QW_JOURNAL_SIGNED] = "is of a journal that is signed: --key says whose signatures count",
};

const char *qw_journal_fault_text(enum qw_journal_fault fault)
{
    return texts[fault];
}

void qw_journal_check_begin(struct qw_journal_check *check, const struct qw_public_key *key,
                            const struct qw_signed_head *kept)
{
    *check = (struct qw_journal_check){ .brought = *key, .is_trusted = true };
    check->report.key = *key;
    check->report.keys = 1;
    if (kept != NULL) {
        check->kept = *kept;
    }
}

void qw_journal_check_begin_unsigned(struct qw_journal_check *check, uint64_t seq,
                                     const uint8_t hash[static QW_AUDIT_HASH_LEN])
{
    *check = (struct qw_journal_check){ .is_unsigned = true, .is_trusted = true };
    check->kept.seq = seq;
    memcpy(check->kept.hash, hash, sizeof check->kept.hash);
}

static bool fail_at(struct qw_journal_check *check, enum qw_journal_fault fault, uint64_t seq)
{
    check->report.fault = fault;
    check->report.fault_seq = seq;
    return false;
}

void qw_journal_check_fail(struct qw_journal_check *check, enum qw_journal_fault fault)
{
    if (check->report.fault == QW_JOURNAL_WHOLE) {
        (void)fail_at(check, fault, check->report.records + 1);
    }
}

static bool hash_right(const uint8_t *blob, size_t len)
{
    uint8_t hash[QW_AUDIT_HASH_LEN];
    struct qw_bytes body = { .data = blob, .len = len - sizeof hash };

    return qw_hash_of(QW_HASH_SHA256, &body, 1, hash) == QW_OK &&
           qw_equal_ct(hash, blob + len - sizeof hash, sizeof hash);
}

static bool same_key(const struct qw_public_key *a, const struct qw_public_key *b)
{
    return a->algorithm == b->algorithm && qw_equal_ct(a->point, b->point, sizeof a->point);
}

/* J9: with its own signature the old key has given way to the new one. */
static enum qw_journal_fault fault_of_signature(struct qw_journal_check *check,
                                                const struct qw_audit_record *record)
{
    struct qw_journal_report *report = &check->report;
    struct qw_signed_head head;

    if (qw_signed_head_of(record, report->key.algorithm, &head) != QW_OK ||
        qw_signed_head_check(&head, &report->key) != QW_OK) {
        return check->has_next ? QW_JOURNAL_NEXT_KEY_BAD : QW_JOURNAL_SIGNATURE;
    }
    report->signed_seq = head.seq;
    check->settled = record->seq;
    /* A key that is only named binds nothing: anybody can name it. */
    check->is_trusted = check->is_trusted || same_key(&report->key, &check->brought);
    if (check->has_next) {
        check->has_next = false;
        report->key = check->next;
        report->keys++;
    }
    return QW_JOURNAL_WHOLE;
}

/* What a record says about the journal's own key and signatures. */
static enum qw_journal_fault fault_of_own(struct qw_journal_check *check,
                                          const struct qw_audit_record *record)
{
    struct qw_public_key key;

    if (check->is_unsigned) {
        return strcmp(record->event.verb, QW_JOURNAL_SIGN) == 0 ||
                       strcmp(record->event.verb, QW_JOURNAL_KEY) == 0
                   ? QW_JOURNAL_SIGNED
                   : QW_JOURNAL_WHOLE;
    }
    if (strcmp(record->event.verb, QW_JOURNAL_SIGN) == 0) {
        return fault_of_signature(check, record);
    }
    if (check->has_next) {
        return QW_JOURNAL_NEXT_KEY_BAD;
    }
    if (strcmp(record->event.verb, QW_JOURNAL_NEXT_KEY) == 0) {
        if (qw_journal_key_of(record, &check->next) != QW_OK) {
            return QW_JOURNAL_NEXT_KEY_BAD;
        }
        check->has_next = true;
    }
    if (strcmp(record->event.verb, QW_JOURNAL_KEY) == 0) {
        if (check->has_key_record || check->report.signed_seq != 0 ||
            qw_journal_key_of(record, &key) != QW_OK) {
            return QW_JOURNAL_OTHER_KEY;
        }
        check->has_key_record = true;
        check->first_key_at = record->seq;
        check->is_trusted = same_key(&key, &check->brought);
        check->report.key = key;
    }
    return QW_JOURNAL_WHOLE;
}

/* J7 */
static enum qw_journal_fault fault_of_kept(const struct qw_journal_check *check,
                                           const struct qw_audit_record *record)
{
    if (check->is_unsigned) {
        return qw_equal_ct(record->hash, check->kept.hash, sizeof record->hash)
                   ? QW_JOURNAL_WHOLE
                   : QW_JOURNAL_SET_BACK;
    }
    if (qw_signed_head_check(&check->kept, &check->report.key) != QW_OK) {
        return QW_JOURNAL_KEPT_BAD;
    }
    return qw_equal_ct(record->hash, check->kept.hash, sizeof record->hash) &&
                   strcmp(record->node, check->kept.centre) == 0
               ? QW_JOURNAL_WHOLE
               : QW_JOURNAL_SET_BACK;
}

static enum qw_journal_fault fault_of(struct qw_journal_check *check, const uint8_t *blob,
                                      size_t len, struct qw_audit_record *record)
{
    const struct qw_journal_report *report = &check->report;
    enum qw_journal_fault fault;

    if (qw_audit_decode(blob, len, record) != QW_OK || !hash_right(blob, len)) {
        return QW_JOURNAL_ALTERED;
    }
    if (record->seq != report->records + 1) {
        return QW_JOURNAL_PLACE;
    }
    if (!qw_equal_ct(record->previous, check->hash, sizeof check->hash)) {
        return QW_JOURNAL_CHAIN;
    }
    if (report->records > 0 && strcmp(record->node, report->centre) != 0) {
        return QW_JOURNAL_CENTRE;
    }
    fault = fault_of_own(check, record);
    return fault == QW_JOURNAL_WHOLE && record->seq == check->kept.seq
               ? fault_of_kept(check, record)
               : fault;
}

bool qw_journal_check_record(struct qw_journal_check *check, const uint8_t *blob, size_t len)
{
    struct qw_audit_record record;
    enum qw_journal_fault fault;

    if (check->report.fault != QW_JOURNAL_WHOLE) {
        return false;
    }
    fault = fault_of(check, blob, len, &record);
    if (fault != QW_JOURNAL_WHOLE) {
        return fail_at(check, fault, check->report.records + 1);
    }
    memcpy(check->hash, record.hash, sizeof check->hash);
    memcpy(check->report.centre, record.node, sizeof check->report.centre);
    check->report.records = record.seq;
    return true;
}

bool qw_journal_check_front(struct qw_journal_check *check, const struct qw_signed_head *front)
{
    struct qw_journal_report *report = &check->report;

    if (report->fault != QW_JOURNAL_WHOLE) {
        return false;
    }
    if (front->seq != report->records) {
        return fail_at(check, QW_JOURNAL_CUT,
                       (front->seq < report->records ? front->seq : report->records) + 1);
    }
    if (strcmp(front->centre, report->centre) != 0 ||
        !qw_equal_ct(front->hash, check->hash, sizeof check->hash) ||
        qw_signed_head_check(front, &report->key) != QW_OK) {
        return fail_at(check, QW_JOURNAL_HEAD, front->seq);
    }
    check->is_trusted = check->is_trusted || same_key(&report->key, &check->brought);
    report->signed_seq = front->seq;
    check->settled = front->seq;
    return true;
}

void qw_journal_check_end(struct qw_journal_check *check)
{
    struct qw_journal_report *report = &check->report;

    if (report->fault == QW_JOURNAL_WHOLE && check->has_next) {
        (void)fail_at(check, QW_JOURNAL_NEXT_KEY_BAD, report->records + 1);
    }
    if (report->fault == QW_JOURNAL_WHOLE && !check->is_trusted) { /* nothing of it counts */
        (void)fail_at(check, QW_JOURNAL_OTHER_KEY, check->first_key_at);
        report->records = check->first_key_at - 1;
        report->signed_seq = 0;
        check->settled = 0;
    }
    if (report->fault == QW_JOURNAL_WHOLE && check->kept.seq > report->records) { /* J7 */
        bool is_good = check->is_unsigned ||
                       qw_signed_head_check(&check->kept, &report->key) == QW_OK ||
                       qw_signed_head_check(&check->kept, &check->brought) == QW_OK;

        (void)fail_at(check, is_good ? QW_JOURNAL_SET_BACK : QW_JOURNAL_KEPT_BAD,
                      is_good ? report->records + 1 : check->kept.seq);
    }
    report->unsigned_records = report->records - check->settled;
}
