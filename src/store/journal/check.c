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
    [QW_JOURNAL_OTHER_KEY] = "names another key than the one given",
    [QW_JOURNAL_CUT] = "is not where the journal ends by its head",
    [QW_JOURNAL_HEAD] = "is not what the head of the journal says",
    [QW_JOURNAL_KEPT_BAD] = "has a kept head that the key did not sign",
    [QW_JOURNAL_SET_BACK] = "is missing or another than when the kept head was signed",
};

const char *qw_journal_fault_text(enum qw_journal_fault fault)
{
    return texts[fault];
}

void qw_journal_check_begin(struct qw_journal_check *check, const struct qw_public_key *key,
                            const struct qw_signed_head *kept)
{
    *check = (struct qw_journal_check){ .key = *key };
    if (kept != NULL) {
        check->kept = *kept;
        if (qw_signed_head_check(kept, key) != QW_OK) {
            check->report.fault = QW_JOURNAL_KEPT_BAD;
            check->report.fault_seq = kept->seq;
        }
    }
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

/* What a record says about the journal's own key and signatures. */
static enum qw_journal_fault fault_of_own(struct qw_journal_check *check,
                                          const struct qw_audit_record *record)
{
    struct qw_signed_head head;
    struct qw_public_key key;

    if (strcmp(record->event.verb, QW_JOURNAL_SIGN) == 0) {
        if (qw_signed_head_of(record, check->key.algorithm, &head) != QW_OK ||
            qw_signed_head_check(&head, &check->key) != QW_OK) {
            return QW_JOURNAL_SIGNATURE;
        }
        check->report.signed_seq = head.seq;
        check->settled = record->seq;
    }
    if (strcmp(record->event.verb, QW_JOURNAL_KEY) == 0) {
        if (check->has_key_record || qw_journal_key_of(record, &key) != QW_OK ||
            key.algorithm != check->key.algorithm ||
            !qw_equal_ct(key.point, check->key.point, sizeof key.point)) {
            return QW_JOURNAL_OTHER_KEY;
        }
        check->has_key_record = true;
    }
    return QW_JOURNAL_WHOLE;
}

static enum qw_journal_fault fault_of(struct qw_journal_check *check, const uint8_t *blob,
                                      size_t len, struct qw_audit_record *record)
{
    struct qw_journal_report *report = &check->report;

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
    if (record->seq == check->kept.seq &&
        (!qw_equal_ct(record->hash, check->kept.hash, sizeof record->hash) ||
         strcmp(record->node, check->kept.centre) != 0)) {
        return QW_JOURNAL_SET_BACK;
    }
    return fault_of_own(check, record);
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
        qw_signed_head_check(front, &check->key) != QW_OK) {
        return fail_at(check, QW_JOURNAL_HEAD, front->seq);
    }
    report->signed_seq = front->seq;
    check->settled = front->seq;
    return true;
}

void qw_journal_check_end(struct qw_journal_check *check)
{
    struct qw_journal_report *report = &check->report;

    if (report->fault == QW_JOURNAL_WHOLE && check->kept.seq > report->records) { /* J7 */
        (void)fail_at(check, QW_JOURNAL_SET_BACK, report->records + 1);
    }
    report->unsigned_records = report->records - check->settled;
}
