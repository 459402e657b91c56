/* SPDX-License-Identifier: Apache-2.0 */
/* Steps A1 to A7 of docs/protocol/qkd-link.md. */
#include "base/bits.h"
#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "qkd/link/session.h"

#include <string.h>

enum { CLICKS_PER_BIT_MAX = 16 };

/* A1 */
qw_err qw_qkd_alice_open(struct qw_qkd_link *link)
{
    uint8_t message[QW_QKD_OPEN_LEN];
    struct qw_qkd_open own;
    struct qw_qkd_open peer;
    size_t len;
    qw_err err = qw_random_bytes(own.nonce, sizeof own.nonce);

    if (err == QW_OK) {
        qw_qkd_session_fill_open(link, &own);
        qw_qkd_open_encode(QW_QKD_TYPE_OPEN, &own, message);
        err = qw_wire_send(link->config.wire, message, sizeof message);
    }
    if (err == QW_OK) {
        err = qw_qkd_channel_receive_apart(&link->channel, link->incoming, &len,
                                           qw_qkd_session_timeout_ms(link));
    }
    if (err == QW_OK) {
        err = qw_qkd_open_decode(QW_QKD_TYPE_OPEN_ACK, link->incoming, len, &peer);
    }
    if (err == QW_OK) {
        err = qw_qkd_session_agree(link, &peer);
    }
    if (err == QW_OK) {
        memcpy(link->channel.session_id, own.nonce, QW_QKD_SESSION_ID_LEN / 2);
        memcpy(link->channel.session_id + QW_QKD_SESSION_ID_LEN / 2, peer.nonce,
               QW_QKD_SESSION_ID_LEN / 2);
        qw_qkd_channel_begin(&link->channel, 0);
        qw_qkd_channel_hash(&link->channel, QW_QKD_UP, message, sizeof message);
        qw_qkd_channel_hash(&link->channel, QW_QKD_DOWN, link->incoming, len);
    }
    return err;
}

static bool part_fits(const struct qw_qkd_link *link, const struct qw_qkd_clicks_header *header,
                      uint32_t part)
{
    const struct qw_qkd_sifted *s = link->sifted;

    return header->block == link->channel.block && header->part == part &&
           header->first_pulse >= link->pulses_seen && header->count <= s->x_max - s->x_count &&
           s->clicks + header->count <= (uint64_t)CLICKS_PER_BIT_MAX * s->x_max + QW_QKD_PART_MAX;
}

/* A2 for one part; the light's wait stands before the first. */
static qw_err answer_part(struct qw_qkd_link *link, uint32_t part)
{
    bool is_first = part == 0 && link->config.light_timeout_ms > 0;
    struct qw_qkd_clicks_header header;
    uint32_t block;
    size_t len;
    qw_err err = qw_qkd_channel_receive(&link->channel, link->incoming, &len,
                                        is_first ? link->config.light_timeout_ms
                                                 : qw_qkd_session_timeout_ms(link));

    if (err != QW_OK) {
        return err;
    }
    if (part == 0 && qw_qkd_block_decode(QW_QKD_TYPE_CLOSE, link->incoming, len, &block) == QW_OK &&
        block == link->channel.block) {
        return QW_ERR_CLOSED;
    }
    err = qw_qkd_clicks_decode(link->incoming, len, &header, link->clicks);
    if (err != QW_OK || !part_fits(link, &header, part)) {
        return QW_ERR_FORMAT;
    }
    link->ledger.click_bytes += len;
    link->pulses_seen = link->clicks[header.count - 1].pulse + 1;
    link->config.pulses(link->config.self, link->clicks, header.count, link->pulses);
    err = qw_qkd_sift_encode(&header, link->clicks, link->pulses, link->config.terms.intensities,
                             link->sifted, link->outgoing, &len);
    return err == QW_OK ? qw_qkd_channel_send(&link->channel, link->outgoing, len) : err;
}

/* A5 */
static qw_err send_verify(struct qw_qkd_link *link)
{
    struct qw_qkd_verify verify = { .block = link->channel.block };
    uint8_t message[QW_QKD_VERIFY_LEN];
    qw_err err = qw_random_bytes(verify.key, sizeof verify.key);

    if (err != QW_OK) {
        return err;
    }
    qw_verify_tag(verify.key, link->sifted->x_bits, link->sifted->x_count, verify.tag);
    qw_qkd_verify_encode(&verify, message);
    return qw_qkd_channel_send(&link->channel, message, sizeof message);
}

/* A6, first half */
static qw_err receive_verified(struct qw_qkd_link *link)
{
    struct qw_qkd_verified verified;
    size_t len;
    qw_err err = qw_qkd_session_receive(link, &len);

    if (err == QW_OK) {
        err = qw_qkd_verified_decode(link->incoming, len, &verified);
    }
    if (err == QW_OK && (verified.block != link->channel.block ||
                         verified.leaked_bits != link->ledger.reconciliation_bits)) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        err = qw_qkd_session_account(link, verified.errors);
    }
    if (err == QW_OK && verified.secret_bits <= QW_QKD_BLOCK_COST_BITS) {
        return QW_ERR_FORMAT; /* he would have said NO_GAIN */
    }
    if (err == QW_OK && verified.secret_bits < link->ledger.secret_bits) {
        link->ledger.secret_bits = verified.secret_bits;
    }
    return err;
}

/* A6, second half. The seed is drawn after everything else was said. */
static qw_err send_amplify(struct qw_qkd_link *link)
{
    size_t seed_bits = link->sifted->x_count - 1;
    size_t seed_len = QW_BITS_TO_BYTES(seed_bits);
    size_t len = QW_QKD_BITS_HEADER_LEN + seed_len;
    uint8_t *seed = link->outgoing + QW_QKD_BITS_HEADER_LEN;
    qw_err err = qw_random_bytes(seed, seed_len);

    if (err != QW_OK) {
        return err;
    }
    seed[seed_len - 1] &= (uint8_t)(0xff00u >> ((seed_bits - 1) % 8 + 1));
    qw_qkd_bits_header(QW_QKD_TYPE_AMPLIFY, link->channel.block, (uint32_t)link->ledger.secret_bits,
                       link->outgoing);
    err = qw_qkd_channel_tag(&link->channel, link->outgoing, len);
    if (err == QW_OK) {
        err = qw_qkd_channel_send(&link->channel, link->outgoing, len + QW_ONE_TIME_MAC_LEN);
    }
    return err == QW_OK ? qw_qkd_session_amplify(link, link->sifted->x_bits, seed) : err;
}

/* A7 */
static qw_err receive_finish(struct qw_qkd_link *link)
{
    struct qw_qkd_finish finish;
    uint8_t done[QW_QKD_BLOCK_LEN];
    size_t len;
    qw_err err = qw_qkd_channel_receive_apart(&link->channel, link->incoming, &len,
                                              qw_qkd_session_timeout_ms(link));

    if (err == QW_OK) {
        err = qw_qkd_finish_decode(link->incoming, len, &finish);
    }
    if (err == QW_OK) {
        err = qw_qkd_channel_check(&link->channel, link->incoming, len);
    }
    if (err == QW_OK &&
        (finish.block != link->channel.block || finish.secret_bits != link->ledger.secret_bits)) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        err = qw_qkd_session_release(link);
    }
    if (err == QW_OK) {
        qw_qkd_block_encode(QW_QKD_TYPE_DONE, link->channel.block, done);
        err = qw_wire_send(link->config.wire, done, sizeof done);
    }
    return err;
}

qw_err qw_qkd_alice_block(struct qw_qkd_link *link)
{
    qw_err err = QW_OK;

    for (uint32_t part = 0; err == QW_OK && link->sifted->x_count < link->sifted->x_max; part++) {
        err = answer_part(link, part);
    }
    if (err == QW_OK) {
        err = qw_qkd_session_receive_test(link, QW_QKD_TYPE_TEST);
    }
    if (err == QW_OK) {
        err = qw_qkd_session_send_test(link, QW_QKD_TYPE_TEST_REPLY);
    }
    if (err == QW_OK) {
        err = qw_qkd_session_judge(link);
    }
    if (err == QW_OK) {
        err = qw_qkd_session_reconcile(link);
    }
    if (err == QW_OK) {
        err = send_verify(link);
    }
    if (err == QW_OK) {
        err = receive_verified(link);
    }
    if (err == QW_OK) {
        err = send_amplify(link);
    }
    return err == QW_OK ? receive_finish(link) : err;
}
