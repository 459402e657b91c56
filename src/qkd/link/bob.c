/* SPDX-License-Identifier: Apache-2.0 */
/* Steps B1 to B8 of docs/protocol/qkd-link.md. */
#include "base/bits.h"
#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "qkd/link/session.h"

#include <string.h>

/* B1 */
qw_err qw_qkd_bob_open(struct qw_qkd_link *link)
{
    uint8_t message[QW_QKD_OPEN_LEN];
    struct qw_qkd_open own;
    struct qw_qkd_open peer;
    size_t len;
    qw_err err = qw_random_bytes(own.nonce, sizeof own.nonce);

    if (err == QW_OK) {
        err = qw_qkd_channel_receive_apart(&link->channel, link->incoming, &len,
                                           qw_qkd_session_timeout_ms(link));
    }
    if (err == QW_OK) {
        err = qw_qkd_open_decode(QW_QKD_TYPE_OPEN, link->incoming, len, &peer);
    }
    if (err == QW_OK) {
        err = qw_qkd_session_agree(link, &peer);
    }
    if (err == QW_OK) {
        qw_qkd_session_fill_open(link, &own);
        qw_qkd_open_encode(QW_QKD_TYPE_OPEN_ACK, &own, message);
        memcpy(link->channel.session_id, peer.nonce, QW_QKD_SESSION_ID_LEN / 2);
        memcpy(link->channel.session_id + QW_QKD_SESSION_ID_LEN / 2, own.nonce,
               QW_QKD_SESSION_ID_LEN / 2);
        qw_qkd_channel_begin(&link->channel, 0);
        qw_qkd_channel_hash(&link->channel, QW_QKD_UP, link->incoming, len);
        err = qw_qkd_channel_send(&link->channel, message, sizeof message);
    }
    return err;
}

/* B2 for one part, no longer than what is missing even if every basis fits. */
static qw_err send_part(struct qw_qkd_link *link, uint16_t part)
{
    const struct qw_qkd_sifted *s = link->sifted;
    size_t missing = s->x_max - s->x_count;
    size_t count = missing < QW_QKD_PART_MAX ? missing : QW_QKD_PART_MAX;
    size_t len;
    qw_err err = link->config.clicks(link->config.self, link->clicks, count);

    if (err == QW_OK) {
        err = qw_qkd_clicks_encode(link->channel.block, part, link->clicks, count, link->outgoing,
                                   QW_WIRE_MESSAGE_MAX, &len);
    }
    if (err == QW_OK) {
        link->ledger.click_bytes += len;
        err = qw_qkd_channel_send(&link->channel, link->outgoing, len);
    }
    if (err == QW_OK) {
        err = qw_qkd_session_receive(link, &len);
    }
    return err == QW_OK
               ? qw_qkd_sift_decode(link->incoming, len, link->channel.block, part, link->clicks,
                                    count, link->config.terms.intensities, link->sifted)
               : err;
}

static qw_err send_clicks(struct qw_qkd_link *link)
{
    qw_err err = QW_OK;

    for (uint32_t part = 0; err == QW_OK && link->sifted->x_count < link->sifted->x_max; part++) {
        err = part > UINT16_MAX ? QW_ERR_SPACE : send_part(link, (uint16_t)part);
    }
    return err;
}

/* B5, first half */
static qw_err receive_verify(struct qw_qkd_link *link)
{
    struct qw_qkd_verify verify;
    uint8_t tag[QW_VERIFY_TAG_LEN];
    size_t len;
    qw_err err = qw_qkd_session_receive(link, &len);

    if (err == QW_OK) {
        err = qw_qkd_verify_decode(link->incoming, len, &verify);
    }
    if (err == QW_OK && verify.block != link->channel.block) {
        err = QW_ERR_FORMAT;
    }
    if (err != QW_OK) {
        return err;
    }
    qw_verify_tag(verify.key, link->key, link->sifted->x_count, tag);
    return qw_equal_ct(tag, verify.tag, sizeof tag) ? QW_OK
                                                    : qw_qkd_session_refuse(link, QW_QKD_VERIFY);
}

/* Where the corrected string differs from what was measured, by intensity. */
static void count_errors(const struct qw_qkd_link *link, uint32_t errors[QW_DECOY_INTENSITIES_MAX])
{
    const struct qw_qkd_sifted *s = link->sifted;

    for (size_t i = 0; i < QW_BITS_TO_BYTES(s->x_count); i++) {
        unsigned differs = s->x_bits[i] ^ link->key[i];

        for (size_t j = 0; differs != 0; j++, differs = differs << 1 & 0xff) {
            if (differs & 0x80) {
                errors[s->x_intensity[8 * i + j]]++;
            }
        }
    }
}

/* B5, second half */
static qw_err send_verified(struct qw_qkd_link *link)
{
    struct qw_qkd_verified verified = { .block = link->channel.block };
    uint8_t message[QW_QKD_VERIFIED_LEN];
    qw_err err;

    count_errors(link, verified.errors);
    err = qw_qkd_session_account(link, verified.errors);
    if (err != QW_OK) {
        return err;
    }
    verified.leaked_bits = link->ledger.reconciliation_bits;
    verified.secret_bits = (uint32_t)link->ledger.secret_bits;
    qw_qkd_verified_encode(&verified, message);
    return qw_qkd_channel_send(&link->channel, message, sizeof message);
}

/* B6. The tag stands before anything in the message is believed. */
static qw_err receive_amplify(struct qw_qkd_link *link)
{
    struct qw_qkd_bits amplify;
    size_t len;
    qw_err err = qw_qkd_channel_receive_apart(&link->channel, link->incoming, &len,
                                              qw_qkd_session_timeout_ms(link));

    if (err == QW_OK) {
        err = qw_qkd_bits_decode(QW_QKD_TYPE_AMPLIFY, link->incoming, len,
                                 link->sifted->x_count - 1, &amplify);
    }
    if (err == QW_OK) {
        err = qw_qkd_channel_check(&link->channel, link->incoming, len);
    }
    if (err == QW_OK &&
        (amplify.block != link->channel.block || amplify.number > link->ledger.secret_bits ||
         amplify.number <= QW_QKD_BLOCK_COST_BITS)) {
        err = QW_ERR_FORMAT;
    }
    if (err != QW_OK) {
        return err;
    }
    link->ledger.secret_bits = amplify.number;
    qw_qkd_channel_hash(&link->channel, QW_QKD_UP, link->incoming, len);
    return qw_qkd_session_amplify(link, link->key, amplify.bits);
}

/* B6, B7 */
static qw_err send_finish(struct qw_qkd_link *link)
{
    struct qw_qkd_finish finish = { .block = link->channel.block,
                                    .secret_bits = (uint32_t)link->ledger.secret_bits };
    uint8_t message[QW_QKD_FINISH_LEN];
    uint32_t block;
    size_t len;
    qw_err err;

    qw_qkd_finish_encode(&finish, message);
    err = qw_qkd_channel_tag(&link->channel, message, sizeof message - QW_ONE_TIME_MAC_LEN);
    if (err == QW_OK) {
        err = qw_wire_send(link->config.wire, message, sizeof message);
    }
    if (err == QW_OK) {
        err = qw_qkd_channel_receive_apart(&link->channel, link->incoming, &len,
                                           qw_qkd_session_timeout_ms(link));
    }
    if (err == QW_OK) {
        err = qw_qkd_block_decode(QW_QKD_TYPE_DONE, link->incoming, len, &block);
    }
    if (err == QW_OK && block != link->channel.block) {
        err = QW_ERR_FORMAT;
    }
    return err == QW_OK ? qw_qkd_session_release(link) : err;
}

qw_err qw_qkd_bob_block(struct qw_qkd_link *link)
{
    qw_err err = send_clicks(link);

    if (err == QW_OK) {
        err = qw_qkd_session_send_test(link, QW_QKD_TYPE_TEST);
    }
    if (err == QW_OK) {
        err = qw_qkd_session_receive_test(link, QW_QKD_TYPE_TEST_REPLY);
    }
    if (err == QW_OK) {
        err = qw_qkd_session_judge(link);
    }
    if (err == QW_OK) {
        err = qw_qkd_session_reconcile(link);
    }
    if (err == QW_OK) {
        err = receive_verify(link);
    }
    if (err == QW_OK) {
        err = send_verified(link);
    }
    if (err == QW_OK) {
        err = receive_amplify(link);
    }
    return err == QW_OK ? send_finish(link) : err;
}
