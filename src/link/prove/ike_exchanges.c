/* SPDX-License-Identifier: Apache-2.0 */
#include "link/prove/ike_exchanges.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 16, PLAIN_MAX = QW_IKE_MESSAGE_MAX };

struct entry {
    struct qw_ike_message message;
    size_t len;
    uint8_t *bytes; /* owned */
};

struct qw_ike_exchanges {
    struct entry *entries; /* owned; in the order of the capture */
    size_t count, room;
    size_t total_len;
};

struct plain { /* payloads of one message, of all of its fragments */
    uint64_t spi_i, spi_r;
    uint8_t first;
    size_t len;
    uint8_t bytes[PLAIN_MAX];
};

qw_err qw_ike_exchanges_new(struct qw_ike_exchanges **out)
{
    struct qw_ike_exchanges *exchanges = calloc(1, sizeof *exchanges);

    if (exchanges == NULL) {
        return QW_ERR_NOMEM;
    }
    *out = exchanges;
    return QW_OK;
}

void qw_ike_exchanges_free(struct qw_ike_exchanges *exchanges)
{
    if (exchanges == NULL) {
        return;
    }
    for (size_t i = 0; i < exchanges->count; i++) {
        free(exchanges->entries[i].bytes);
    }
    free(exchanges->entries);
    free(exchanges);
}

static qw_err grow(struct qw_ike_exchanges *exchanges)
{
    size_t room = exchanges->room == 0 ? FIRST_ROOM : 2 * exchanges->room;
    struct entry *bigger = realloc(exchanges->entries, room * sizeof *bigger);

    if (bigger == NULL) {
        return QW_ERR_NOMEM;
    }
    exchanges->entries = bigger;
    exchanges->room = room;
    return QW_OK;
}

qw_err qw_ike_exchanges_add(struct qw_ike_exchanges *exchanges, const uint8_t *message, size_t len)
{
    struct entry entry = { .len = len };

    if (len > QW_IKE_MESSAGE_MAX || !qw_ike_message_parse(message, len, &entry.message)) {
        return QW_OK;
    }
    if (exchanges->count == QW_IKE_MESSAGES_MAX || len > QW_IKE_BYTES_MAX - exchanges->total_len) {
        return QW_ERR_LIMIT;
    }
    if (exchanges->count == exchanges->room && grow(exchanges) != QW_OK) {
        return QW_ERR_NOMEM;
    }
    entry.bytes = malloc(len);
    if (entry.bytes == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(entry.bytes, message, len);
    exchanges->entries[exchanges->count++] = entry;
    exchanges->total_len += len;
    return QW_OK;
}

/* Appends what is in one message to plain. */
static qw_err open_entry(const struct entry *entry, const struct qw_ike_wanted *wanted,
                         struct plain *plain)
{
    bool is_from_initiator = entry->message.is_from_initiator;
    size_t len = 0;
    qw_err err;

    if (entry->len - entry->message.head_len > sizeof plain->bytes - plain->len) {
        return QW_ERR_FORMAT;
    }
    err = qw_ike_open(wanted->suite, &wanted->keys[is_from_initiator ? 0 : 1], entry->bytes,
                      entry->len, entry->message.head_len, plain->bytes + plain->len, &len);
    if (err == QW_OK) {
        plain->len += len;
    }
    return err;
}

/* Where the message comes from and which of an exchange it is. */
static bool is_wanted(const struct qw_ike_message *message, const struct qw_ike_wanted *wanted,
                      bool is_response)
{
    return message->id == wanted->id && message->is_response == is_response &&
           message->is_from_initiator == (wanted->is_from_initiator != is_response) &&
           (!wanted->has_spis ||
            (message->spi_i == wanted->spi_i && message->spi_r == wanted->spi_r));
}

/* Appends the pieces behind the first one, each from wherever it stands in the capture. */
static qw_err open_rest(const struct qw_ike_exchanges *exchanges,
                        const struct qw_ike_wanted *wanted, bool is_response, uint16_t pieces,
                        struct plain *plain)
{
    qw_err err = QW_OK;

    for (uint16_t piece = 2; err == QW_OK && piece <= pieces; piece++) {
        err = QW_ERR_NOT_FOUND;
        for (size_t i = 0; err != QW_OK && err != QW_ERR_NOMEM && i < exchanges->count; i++) {
            const struct qw_ike_message *message = &exchanges->entries[i].message;

            if (is_wanted(message, wanted, is_response) && message->piece == piece &&
                message->pieces == pieces) {
                err = open_entry(&exchanges->entries[i], wanted, plain);
            }
        }
    }
    return err;
}

/* The first message that opens, whole. */
static qw_err open_message(const struct qw_ike_exchanges *exchanges,
                           const struct qw_ike_wanted *wanted, bool is_response,
                           struct plain *plain)
{
    for (size_t i = 0; i < exchanges->count; i++) {
        const struct qw_ike_message *message = &exchanges->entries[i].message;
        qw_err err;

        if (!is_wanted(message, wanted, is_response) || message->piece != 1) {
            continue;
        }
        plain->len = 0;
        err = open_entry(&exchanges->entries[i], wanted, plain);
        if (err == QW_OK) {
            struct qw_ike_wanted same = *wanted; /* pieces of the same IKE_SA only */

            same.has_spis = true;
            same.spi_i = plain->spi_i = message->spi_i;
            same.spi_r = plain->spi_r = message->spi_r;
            plain->first = message->first;
            err = open_rest(exchanges, &same, is_response, message->pieces, plain);
            qw_wipe(&same, sizeof same);
        }
        if (err == QW_OK || err == QW_ERR_NOMEM) {
            return err;
        }
    }
    return QW_ERR_NOT_FOUND;
}

static void join(const struct qw_ike_offer *request, const struct qw_ike_offer *response,
                 struct qw_ike_exchange *out)
{
    out->spi_i = request->spi;
    out->spi_r = response->spi;
    out->seed_len = request->nonce.len + response->nonce.len;
    memcpy(out->seed, request->nonce.data, request->nonce.len);
    memcpy(out->seed + request->nonce.len, response->nonce.data, response->nonce.len);
}

static qw_err find(const struct qw_ike_exchanges *exchanges, struct qw_ike_wanted *wanted,
                   struct plain plain[static 2], struct qw_ike_exchange *out)
{
    struct qw_ike_offer request, response;
    qw_err err = open_message(exchanges, wanted, false, &plain[0]);

    if (err != QW_OK) {
        return err;
    }
    wanted->has_spis = true; /* the answer is one under the same IKE_SA */
    wanted->spi_i = plain[0].spi_i;
    wanted->spi_r = plain[0].spi_r;
    err = open_message(exchanges, wanted, true, &plain[1]);
    if (err != QW_OK) {
        return err;
    }
    /* The answer has the one proposal that was chosen, under its number in the request. */
    if (!qw_ike_offer_find(plain[1].first, plain[1].bytes, plain[1].len, 0, &response) ||
        !qw_ike_offer_find(plain[0].first, plain[0].bytes, plain[0].len, response.number,
                           &request)) {
        return QW_ERR_NOT_FOUND;
    }
    join(&request, &response, out);
    return QW_OK;
}

qw_err qw_ike_exchanges_find(const struct qw_ike_exchanges *exchanges,
                             const struct qw_ike_wanted *wanted, struct qw_ike_exchange *out)
{
    struct plain *plain = calloc(2, sizeof *plain);
    struct qw_ike_wanted narrowed = *wanted;
    qw_err err = QW_ERR_NOMEM;

    if (plain != NULL) {
        err = find(exchanges, &narrowed, plain, out);
    }
    qw_wipe_free(plain, 2 * sizeof *plain);
    qw_wipe(&narrowed, sizeof narrowed);
    return err;
}
