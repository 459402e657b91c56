/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/device/report.h"

#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/device/fusion.h"
#include "crypto/hash.h"

#include <string.h>

qw_err qw_report_open(struct qw_centre *centre, const uint8_t *bytes, size_t len,
                      struct qw_report *report, const char **cause)
{
    const struct qw_card_book *card = &centre->card;
    struct qw_bytes part = { bytes, len };
    uint8_t serial[16];
    uint8_t digest[QW_HASH_LEN_MAX];
    struct qw_card_keys keys;
    qw_err err = qw_contact_report_peek(bytes, len, serial);

    report->is_of_next = false;
    *cause = "malformed report";
    if (err != QW_OK) {
        return QW_ERR_REFUSED;
    }
    *cause = "unknown card";
    err = qw_card_book_load_by_serial(centre, serial, &centre->card);
    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_ERR_REFUSED : err;
    }
    *cause = "forged report";
    err = qw_card_keys_derive(card->card_key, &keys);
    if (err != QW_OK) {
        return err;
    }
    err = qw_contact_report_open(bytes, len, keys.report, &report->said);
    if (err == QW_ERR_AUTH && qw_fusion_next_keys(card, &keys) == QW_OK) { /* F4 */
        report->is_of_next = true;
        err = qw_contact_report_open(bytes, len, keys.report, &report->said);
    }
    qw_wipe(&keys, sizeof keys);
    if (err != QW_OK) {
        return err == QW_ERR_NOMEM ? err : QW_ERR_REFUSED;
    }
    err = qw_hash_of(QW_HASH_SHA256, &part, 1, digest);
    memcpy(report->digest, digest, sizeof report->digest);
    return err;
}

enum qw_report_verdict qw_report_judge(const struct qw_card_book *card,
                                       const struct qw_report *report, const char **cause)
{
    const struct qw_contact_report *said = &report->said;

    for (uint16_t i = 0; i < card->seen_count; i++) {
        if (card->seen[i].counter != said->counter) {
            continue;
        }
        if (qw_equal_ct(card->seen[i].digest, report->digest, sizeof report->digest)) {
            *cause = "replayed report"; /* J1 */
            return QW_REPORT_REFUSED;
        }
        *cause = "two reports under one counter: cloned or set back; suspended"; /* J2 */
        return QW_REPORT_CLONED;
    }
    if (said->counter <= card->device.counter) {
        *cause = "old report"; /* J3 */
        return QW_REPORT_REFUSED;
    }
    if (card->has_pending && qw_equal_ct(said->token, card->pending_token, sizeof said->token)) {
        return QW_REPORT_IS_RECEIPT; /* J5 */
    }
    if (card->is_confirmed && qw_equal_ct(said->token, card->token, sizeof said->token)) {
        return QW_REPORT_GOOD; /* J6 */
    }
    if (!card->is_confirmed) { /* the birth token is the only one there is */
        *cause = "token of no package";
        return QW_REPORT_REFUSED;
    }
    *cause = "stale token: cloned or set back; suspended"; /* J4 */
    return QW_REPORT_CLONED;
}

void qw_report_note(struct qw_card_book *card, const struct qw_report *report, int64_t now_ms)
{
    memmove(&card->seen[1], &card->seen[0], (QW_SIGHTING_COUNT - 1) * sizeof card->seen[0]);
    card->seen[0].counter = report->said.counter;
    memcpy(card->seen[0].digest, report->digest, sizeof report->digest);
    if (card->seen_count < QW_SIGHTING_COUNT) {
        card->seen_count++;
    }
    card->device.counter = report->said.counter;
    card->device.remaining_keys = report->said.remaining_keys;
    card->device.last_contact_ms = now_ms;
}
