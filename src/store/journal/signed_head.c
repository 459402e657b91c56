/* SPDX-License-Identifier: Apache-2.0 */
#include "store/journal/signed_head.h"

#include "base/base64.h"
#include "base/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char purpose[] = "qwave journal head";
enum { HEAD_VERSION = 1, SIGNED_CAP = 32 + QW_AUDIT_NAME_CAP + 8 + QW_AUDIT_HASH_LEN };

_Static_assert(QW_BASE64_LEN(QW_SIGNATURE_PUBLIC_LEN) < QW_AUDIT_TEXT_CAP, "fits a detail");

static size_t encode(const struct qw_signed_head *head, uint8_t out[static SIGNED_CAP])
{
    struct qw_writer w = qw_writer_on(out, SIGNED_CAP);

    qw_write_bytes(&w, purpose, sizeof purpose - 1);
    qw_write_u8(&w, HEAD_VERSION);
    qw_write_string8(&w, head->centre);
    qw_write_u64be(&w, head->seq);
    qw_write_bytes(&w, head->hash, sizeof head->hash);
    qw_assert(!w.failed);
    return w.len;
}

qw_err qw_signed_head_make(const struct qw_audit *audit, const struct qw_signing_key *key,
                           struct qw_signed_head *head)
{
    struct qw_signed_head h = { .seq = audit->seq, .algorithm = qw_signing_key_algorithm(key) };
    uint8_t text[SIGNED_CAP];
    struct qw_bytes part = { .data = text };
    qw_err err;

    if (audit->seq == 0) {
        return QW_ERR_ARG;
    }
    memcpy(h.centre, audit->node, sizeof h.centre);
    memcpy(h.hash, audit->head, sizeof h.hash);
    part.len = encode(&h, text);
    err = qw_sign(key, &part, 1, h.signature);
    if (err == QW_OK) {
        *head = h;
    }
    return err;
}

qw_err qw_signed_head_check(const struct qw_signed_head *head, const struct qw_public_key *key)
{
    uint8_t text[SIGNED_CAP];
    struct qw_bytes part = { .data = text, .len = encode(head, text) };

    return head->algorithm == key->algorithm ? qw_signature_check(key, &part, 1, head->signature)
                                             : QW_ERR_AUTH;
}

void qw_signed_head_event(const struct qw_signed_head *head, struct qw_audit_event *event)
{
    *event = (struct qw_audit_event){ .actor = "centre", .verb = QW_JOURNAL_SIGN };
    (void)snprintf(event->object, sizeof event->object, "head %" PRIu64, head->seq);
    qw_base64_encode(head->signature, sizeof head->signature, event->detail);
}

void qw_journal_key_event(const struct qw_signing_key *key, struct qw_audit_event *event)
{
    *event = (struct qw_audit_event){ .actor = "centre", .verb = QW_JOURNAL_KEY };
    (void)snprintf(event->object, sizeof event->object, "%s",
                   qw_signature_name(qw_signing_key_algorithm(key)));
    qw_base64_encode(qw_signing_key_point(key), QW_SIGNATURE_PUBLIC_LEN, event->detail);
}

void qw_journal_next_key_event(const struct qw_signing_key *key, struct qw_audit_event *event)
{
    qw_journal_key_event(key, event);
    (void)snprintf(event->verb, sizeof event->verb, "%s", QW_JOURNAL_NEXT_KEY);
}

/* Exactly len bytes, as the detail of a record. */
static bool detail_is(const struct qw_audit_record *record, uint8_t *out, size_t len)
{
    const char *text = record->event.detail;
    uint8_t bytes[QW_AUDIT_TEXT_CAP];
    size_t got = 0;
    bool ok =
        qw_base64_decode(text, strlen(text), bytes, sizeof bytes, &got) == QW_OK && got == len;

    if (ok) {
        memcpy(out, bytes, len);
    }
    return ok;
}

qw_err qw_signed_head_of(const struct qw_audit_record *record,
                         enum qw_signature_algorithm algorithm, struct qw_signed_head *head)
{
    struct qw_signed_head h = { .seq = record->seq - 1, .algorithm = algorithm };
    char object[QW_AUDIT_TEXT_CAP];

    (void)snprintf(object, sizeof object, "head %" PRIu64, h.seq);
    if (h.seq == 0 || strcmp(record->event.verb, QW_JOURNAL_SIGN) != 0 ||
        strcmp(record->event.object, object) != 0 ||
        !detail_is(record, h.signature, sizeof h.signature)) {
        return QW_ERR_FORMAT;
    }
    memcpy(h.centre, record->node, sizeof h.centre);
    memcpy(h.hash, record->previous, sizeof h.hash);
    *head = h;
    return QW_OK;
}

qw_err qw_journal_key_of(const struct qw_audit_record *record, struct qw_public_key *key)
{
    struct qw_public_key k = { .algorithm = qw_signature_by_name(record->event.object) };

    if ((strcmp(record->event.verb, QW_JOURNAL_KEY) != 0 &&
         strcmp(record->event.verb, QW_JOURNAL_NEXT_KEY) != 0) ||
        k.algorithm == QW_SIGNATURE_NONE || !detail_is(record, k.point, sizeof k.point)) {
        return QW_ERR_FORMAT;
    }
    *key = k;
    return QW_OK;
}
