/* SPDX-License-Identifier: Apache-2.0 */
#include "link/prove/evidence.h"

#include "base/secret.h"
#include "crypto/ipsec/esp_open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct direction { /* of one CHILD_SA; the packets of one SPI */
    uint32_t spi;
    size_t child, row;
    struct qw_esp_opener *ways[QW_WAY_COUNT]; /* owned; NULL where there is no key */
    struct qw_evidence_counts counts;
};

struct qw_evidence {
    struct direction *directions; /* owned; by SPI, then child */
    size_t direction_count;
    struct qw_evidence_row *rows; /* owned; room for one each CHILD_SA */
    size_t row_count;
    struct qw_evidence_report report;
};

static bool is_same_row(const struct qw_evidence_row *row, const char *ppk_id,
                        enum qw_session_gap gap, const char *proposal)
{
    return row->gap == gap && strcmp(row->ppk_id, ppk_id) == 0 &&
           strcmp(row->proposal, proposal) == 0;
}

/* The row of a CHILD_SA, made when it is the first of its kind. */
static size_t row_of(struct qw_evidence *evidence, const struct qw_session_keys *keys,
                     const struct qw_charon_ike *ikes, const struct qw_charon_child *child)
{
    const struct qw_charon_ike *ike = &ikes[child->ike];
    enum qw_session_gap gap = qw_session_keys_gap(keys, child);
    const char *proposal = gap == QW_GAP_PRF || gap == QW_GAP_IKE
                               ? ikes[qw_session_keys_suspect(keys, child)].proposal
                           : gap == QW_GAP_ESP ? child->proposal
                                               : "";
    size_t i = evidence->row_count;

    while (i > 0 && !is_same_row(&evidence->rows[i - 1], ike->ppk_id, gap, proposal)) {
        i--; /* the one before is the likely one */
    }
    if (i > 0) {
        return i - 1;
    }
    i = evidence->row_count++;
    evidence->rows[i].gap = gap;
    snprintf(evidence->rows[i].ppk_id, sizeof evidence->rows[i].ppk_id, "%s", ike->ppk_id);
    snprintf(evidence->rows[i].proposal, sizeof evidence->rows[i].proposal, "%s", proposal);
    return i;
}

/* Both directions of a CHILD_SA, keyed one way. */
static qw_err key_way(const struct qw_session_keys *keys, const struct qw_charon_child *child,
                      enum qw_session_way way, struct direction pair[static 2])
{
    uint8_t keymat[QW_ESP_KEYMAT_MAX];
    qw_err err = qw_session_keys_keymat(keys, child, way, keymat);

    if (err == QW_ERR_NOT_FOUND) {
        return QW_OK;
    }
    for (size_t i = 0; err == QW_OK && i < 2; i++) {
        bool is_from_initiator = (i == 0) != child->is_initiator; /* pair[0]: towards this end */
        size_t at = is_from_initiator ? 0 : qw_esp_key_len(child->suite);

        err = qw_esp_opener_new(child->suite, keymat + at, &pair[i].ways[way]);
    }
    qw_wipe(keymat, sizeof keymat);
    return err;
}

static qw_err add_child(struct qw_evidence *evidence, const struct qw_session_keys *keys,
                        const struct qw_charon_ike *ikes, const struct qw_charon_child *child,
                        size_t index)
{
    struct direction *pair = &evidence->directions[evidence->direction_count];
    size_t row = row_of(evidence, keys, ikes, child);
    qw_err err = QW_OK;

    evidence->direction_count += 2;
    evidence->rows[row].child_count++;
    evidence->rows[row].rekeyed_count += ikes[child->ike].is_rekeyed;
    for (size_t i = 0; i < 2; i++) {
        pair[i].spi = i == 0 ? child->spi_in : child->spi_out;
        pair[i].child = index;
        pair[i].row = row;
    }
    for (int way = 0; err == QW_OK && way < QW_WAY_COUNT; way++) {
        err = key_way(keys, child, (enum qw_session_way)way, pair);
    }
    return err;
}

static int compare(const void *a, const void *b)
{
    const struct direction *x = a;
    const struct direction *y = b;

    if (x->spi != y->spi) {
        return x->spi < y->spi ? -1 : 1;
    }
    return x->child < y->child ? -1 : x->child > y->child;
}

static qw_err fill(struct qw_evidence *evidence, const struct qw_charon_log *log,
                   const struct qw_key_list *list, const struct qw_ike_exchanges *exchanges)
{
    size_t ike_count = 0;
    size_t count = 0;
    const struct qw_charon_ike *ikes = qw_charon_log_ikes(log, &ike_count);
    const struct qw_charon_child *children = qw_charon_log_children(log, &count);
    struct qw_session_keys *keys = NULL;
    qw_err err = qw_session_keys_new(log, list, exchanges, &keys);

    if (err != QW_OK) {
        return err;
    }
    evidence->directions = calloc(2 * count + 1, sizeof *evidence->directions);
    evidence->rows = calloc(count + 1, sizeof *evidence->rows);
    if (evidence->directions == NULL || evidence->rows == NULL) {
        err = QW_ERR_NOMEM;
    }
    for (size_t i = 0; err == QW_OK && i < count; i++) {
        err = add_child(evidence, keys, ikes, &children[i], i);
    }
    qw_session_keys_free(keys);
    if (err == QW_OK) {
        qsort(evidence->directions, evidence->direction_count, sizeof *evidence->directions,
              compare);
    }
    return err;
}

qw_err qw_evidence_new(const struct qw_charon_log *log, const struct qw_key_list *keys,
                       const struct qw_ike_exchanges *exchanges, struct qw_evidence **out)
{
    struct qw_evidence *evidence = calloc(1, sizeof *evidence);
    qw_err err;

    if (evidence == NULL) {
        return QW_ERR_NOMEM;
    }
    err = fill(evidence, log, keys, exchanges);
    if (err != QW_OK) {
        qw_evidence_free(evidence);
        return err;
    }
    *out = evidence;
    return QW_OK;
}

void qw_evidence_free(struct qw_evidence *evidence)
{
    if (evidence == NULL) {
        return;
    }
    for (size_t i = 0; i < evidence->direction_count; i++) {
        for (int way = 0; way < QW_WAY_COUNT; way++) {
            qw_esp_opener_free(evidence->directions[i].ways[way]);
        }
    }
    free(evidence->directions);
    free(evidence->rows);
    free(evidence);
}

/* Index of the first direction whose SPI is not below. */
static size_t first_of(const struct qw_evidence *evidence, uint32_t spi)
{
    size_t low = 0;
    size_t high = evidence->direction_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (evidence->directions[middle].spi < spi) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool opens(const struct direction *direction, enum qw_session_way way,
                  const struct qw_packet *packet)
{
    return direction->ways[way] != NULL &&
           qw_esp_opens(direction->ways[way], packet->data, packet->len);
}

static bool try_direction(struct direction *direction, const struct qw_packet *packet)
{
    bool is_open = opens(direction, QW_WAY_DELIVERED, packet);
    bool is_open_without =
        opens(direction, QW_WAY_NO_PPK, packet) || opens(direction, QW_WAY_ZERO_PPK, packet);

    direction->counts.opened += is_open;
    direction->counts.opened_without += is_open_without;
    return is_open || is_open_without;
}

/* Two SAs of two peers may have the same SPI: the packet belongs to the one that opens it, or to
 * the first. */
static void take_esp(struct qw_evidence *evidence, const struct qw_packet *packet)
{
    size_t first = first_of(evidence, packet->spi);
    size_t end = first;
    bool is_open = false;

    while (end < evidence->direction_count && evidence->directions[end].spi == packet->spi) {
        end++;
    }
    if (first == end) {
        evidence->report.unknown_spi =
            evidence->report.unknown_packets == 0 ? packet->spi : evidence->report.unknown_spi;
        evidence->report.unknown_packets++;
        return;
    }
    for (size_t i = first; packet->kind == QW_PACKET_ESP && !is_open && i < end; i++) {
        is_open = try_direction(&evidence->directions[i], packet);
        first = is_open ? i : first;
    }
    evidence->directions[first].counts.packets++;
    evidence->directions[first].counts.cut += packet->kind == QW_PACKET_ESP_CUT;
}

void qw_evidence_packet(struct qw_evidence *evidence, const struct qw_packet *packet)
{
    evidence->report.fragments += packet->fragments;
    switch (packet->kind) {
    case QW_PACKET_ESP:
    case QW_PACKET_ESP_CUT:
        take_esp(evidence, packet);
        break;
    case QW_PACKET_IKE:
        evidence->report.ike_packets++;
        break;
    case QW_PACKET_FRAGMENT:
        break;
    case QW_PACKET_OTHER:
        evidence->report.other_packets++;
        break;
    }
}

void qw_evidence_truncated(struct qw_evidence *evidence)
{
    evidence->report.is_truncated = true;
}

static void add(struct qw_evidence_counts *sum, const struct qw_evidence_counts *more)
{
    sum->packets += more->packets;
    sum->cut += more->cut;
    sum->opened += more->opened;
    sum->opened_without += more->opened_without;
}

/* From the directions into the rows, anew at each report. */
static void sum_rows(struct qw_evidence *evidence)
{
    struct qw_evidence_row *rows = evidence->rows;

    for (size_t i = 0; i < evidence->row_count; i++) {
        rows[i].counts = (struct qw_evidence_counts){ 0 };
        rows[i].closed_count = 0;
    }
    for (size_t i = 0; i < evidence->direction_count; i++) {
        const struct direction *direction = &evidence->directions[i];

        add(&rows[direction->row].counts, &direction->counts);
        rows[direction->row].closed_count +=
            direction->counts.cut > 0 && direction->counts.opened == 0;
    }
}

struct qw_evidence_report qw_evidence_report(struct qw_evidence *evidence)
{
    struct qw_evidence_report report = evidence->report;
    bool is_all_open = true;

    sum_rows(evidence);
    report.rows = evidence->rows;
    report.row_count = evidence->row_count;
    report.total.packets = report.unknown_packets;
    for (size_t i = 0; i < evidence->row_count; i++) {
        add(&report.total, &evidence->rows[i].counts);
        is_all_open = is_all_open && evidence->rows[i].closed_count == 0;
    }
    report.is_proved = is_all_open && report.total.opened > 0 && report.unknown_packets == 0 &&
                       report.total.opened_without == 0 &&
                       report.total.opened == report.total.packets - report.total.cut;
    return report;
}
