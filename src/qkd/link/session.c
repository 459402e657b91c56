/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/link/session.h"

#include "base/bits.h"
#include "base/secret.h"
#include "distill/toeplitz.h"
#include "qkd/link/refill.h"

#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 10000, RESERVE_BLOCKS = 2 };

int qw_qkd_session_timeout_ms(const struct qw_qkd_link *link)
{
    return link->config.timeout_ms > 0 ? link->config.timeout_ms : TIMEOUT_MS;
}

qw_err qw_qkd_session_refuse(struct qw_qkd_link *link, enum qw_qkd_refusal refusal)
{
    link->ledger.refusal = (uint8_t)refusal;
    qw_qkd_channel_refuse(&link->channel, refusal);
    return QW_ERR_REFUSED;
}

qw_err qw_qkd_session_receive(struct qw_qkd_link *link, size_t *len)
{
    return qw_qkd_channel_receive(&link->channel, link->incoming, len,
                                  qw_qkd_session_timeout_ms(link));
}

void qw_qkd_session_fill_open(const struct qw_qkd_link *link, struct qw_qkd_open *open)
{
    open->terms = link->config.terms;
    for (size_t i = 0; i < QW_QKD_DIRECTIONS; i++) {
        open->position[i] = qw_qkd_auth_position(link->config.pool, i);
        open->end[i] = qw_qkd_auth_end(link->config.pool, i);
    }
    open->capacity = (uint32_t)link->config.pool->capacity;
}

/* The position of whoever is ahead; false when the distance is not one that lost tags explain. */
static bool meet(uint64_t own, uint64_t peer, uint64_t *position)
{
    uint64_t ahead = own > peer ? own : peer;
    uint64_t behind = own > peer ? peer : own;

    *position = ahead;
    return ahead - behind <= (uint64_t)QW_QKD_SKIP_TAGS_MAX * QW_ONE_TIME_MAC_PAD_LEN &&
           (ahead - behind) % QW_ONE_TIME_MAC_PAD_LEN == 0;
}

qw_err qw_qkd_session_agree(struct qw_qkd_link *link, const struct qw_qkd_open *peer)
{
    const struct qw_qkd_auth_pool *pool = link->config.pool;
    struct qw_qkd_channel *c = &link->channel;

    if (!qw_qkd_terms_equal(&link->config.terms, &peer->terms)) {
        return qw_qkd_session_refuse(link, QW_QKD_TERMS);
    }
    for (size_t i = 0; i < QW_QKD_DIRECTIONS; i++) {
        uint64_t end = qw_qkd_auth_end(pool, i);

        c->end[i] = c->limit[i] = end < peer->end[i] ? end : peer->end[i]; /* R4 */
        if (peer->capacity != pool->capacity ||
            !meet(qw_qkd_auth_position(pool, i), peer->position[i], &c->position[i]) ||
            c->position[i] > c->end[i]) {
            return qw_qkd_session_refuse(link, QW_QKD_POOL);
        }
        if (c->position[i] + RESERVE_BLOCKS * QW_ONE_TIME_MAC_PAD_LEN > c->end[i]) {
            return qw_qkd_session_refuse(link, QW_QKD_POOL_LOW);
        }
    }
    return QW_OK;
}

qw_err qw_qkd_session_send_test(struct qw_qkd_link *link, enum qw_qkd_type type)
{
    const struct qw_qkd_sifted *s = link->sifted;
    size_t len = QW_BITS_TO_BYTES(s->z_count);

    qw_qkd_bits_header(type, link->channel.block, (uint32_t)s->z_count, link->outgoing);
    memcpy(link->outgoing + QW_QKD_BITS_HEADER_LEN, s->z_bits, len);
    return qw_qkd_channel_send(&link->channel, link->outgoing, QW_QKD_BITS_HEADER_LEN + len);
}

qw_err qw_qkd_session_receive_test(struct qw_qkd_link *link, enum qw_qkd_type type)
{
    struct qw_qkd_bits test;
    size_t len;
    qw_err err = qw_qkd_session_receive(link, &len);

    if (err == QW_OK) {
        err = qw_qkd_bits_decode(type, link->incoming, len, link->sifted->z_count, &test);
    }
    if (err == QW_OK &&
        (test.block != link->channel.block || test.number != link->sifted->z_count)) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        qw_qkd_estimate_of(link->sifted, test.bits, link->config.terms.intensities,
                           &link->estimate);
        link->ledger.pulses = link->sifted->last_pulse - link->sifted->first_pulse + 1;
        link->ledger.clicks = link->sifted->clicks;
        link->ledger.x_bits = link->sifted->x_count;
        link->ledger.z_bits = link->sifted->z_count;
        link->ledger.qber_z = link->estimate.qber_z;
        link->ledger.gain = link->estimate.gain;
    }
    return err;
}

qw_err qw_qkd_session_judge(struct qw_qkd_link *link)
{
    enum qw_qkd_refusal refusal = qw_qkd_estimate_judge(&link->estimate, &link->config.terms);

    return refusal == QW_QKD_NONE ? QW_OK : qw_qkd_session_refuse(link, refusal);
}

static void count_frame(struct qw_qkd_link *link)
{
    const struct qw_cascade_report *report = link->config.end == QW_QKD_BOB
                                                 ? qw_cascade_asker_report(link->asker)
                                                 : qw_cascade_answerer_report(link->answerer);

    link->ledger.reconciliation_bits += report->leaked_bits;
    link->ledger.round_trips += report->round_trips;
}

static qw_err reconcile_frame(struct qw_qkd_link *link, struct qw_wire *wire, const uint8_t *bits,
                              uint8_t *corrected)
{
    int timeout_ms = qw_qkd_session_timeout_ms(link);
    uint32_t qber_ppm = link->estimate.qber_ppm;
    qw_err err;

    if (link->config.end == QW_QKD_ALICE) {
        err = qw_cascade_answerer_begin(link->answerer, bits, qber_ppm);
        return err == QW_OK ? qw_cascade_answer_wire(link->answerer, wire, timeout_ms) : err;
    }
    err = qw_cascade_asker_begin(link->asker, bits, qber_ppm);
    if (err == QW_OK) {
        err = qw_cascade_ask_wire(link->asker, wire, timeout_ms);
    }
    return err == QW_OK ? qw_cascade_asker_key(link->asker, corrected) : err;
}

/* A4. Frames are whole bytes: terms say so. */
qw_err qw_qkd_session_reconcile(struct qw_qkd_link *link)
{
    struct qw_wire wire = qw_qkd_channel_wire(&link->channel);
    size_t frame_len = link->config.terms.frame_bits / 8;
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < link->config.terms.frames; i++) {
        err = reconcile_frame(link, &wire, link->sifted->x_bits + i * frame_len,
                              link->key + i * frame_len);
        count_frame(link); /* also of a frame that failed */
    }
    if (err == QW_ERR_EXHAUSTED) { /* more was said than the frame holds */
        return qw_qkd_session_refuse(link, QW_QKD_RECONCILE);
    }
    return err;
}

qw_err qw_qkd_session_account(struct qw_qkd_link *link,
                              const uint32_t x_errors[static QW_DECOY_INTENSITIES_MAX])
{
    struct qw_qkd_ledger *l = &link->ledger;
    uint64_t errors = 0;
    qw_err err;

    for (size_t k = 0; k < QW_DECOY_INTENSITIES_MAX; k++) {
        errors += x_errors[k];
    }
    l->qber_x = (double)errors / (double)l->x_bits;
    l->verification_bits = QW_VERIFY_TAG_BITS;
    if (l->qber_x > link->config.terms.qber_limit_ppm / 1e6) {
        return qw_qkd_session_refuse(link, QW_QKD_QBER);
    }
    err = qw_qkd_estimate_key(&link->estimate, &link->config.terms, x_errors,
                              l->reconciliation_bits, &l->key);
    if (err != QW_OK) {
        return QW_ERR_FORMAT; /* more errors than clicks: the peer's count */
    }
    l->epsilon_correctness = l->key.epsilon_correctness;
    l->secret_bits = l->key.secret_bits < l->x_bits ? l->key.secret_bits : l->x_bits - 1;
    if (link->config.terms.key_bits > 0) {
        l->secret_bits =
            l->secret_bits >= link->config.terms.key_bits ? link->config.terms.key_bits : 0;
    }
    if (l->secret_bits == 0) {
        return qw_qkd_session_refuse(link, QW_QKD_NO_KEY);
    }
    return l->secret_bits > QW_QKD_BLOCK_COST_BITS ? QW_OK
                                                   : qw_qkd_session_refuse(link, QW_QKD_NO_GAIN);
}

qw_err qw_qkd_session_amplify(struct qw_qkd_link *link, const uint8_t *bits, const uint8_t *seed)
{
    return qw_toeplitz_hash_modified(bits, link->sifted->x_count, seed, link->secret,
                                     link->ledger.secret_bits);
}

qw_err qw_qkd_session_release(struct qw_qkd_link *link)
{
    struct qw_qkd_ledger *l = &link->ledger;
    size_t refilled_len = 0;
    qw_err err;

    l->auth_bits = link->channel.auth_bits;
    l->epsilon_authentication = qw_qkd_channel_epsilon(&link->channel);
    l->messages = link->channel.messages;
    l->message_bytes = link->channel.message_bytes;
    l->epsilon_pool = link->config.pool->epsilon;
    err = qw_qkd_refill(&link->channel, &link->config.terms, l, link->secret, &refilled_len);
    if (err != QW_OK) {
        return err;
    }
    l->refilled_bits = 8 * (uint64_t)refilled_len;
    l->key_bits = l->secret_bits - l->refilled_bits;
    return l->key_bits > 0 ? link->config.key(link->config.self, link->secret + refilled_len, l)
                           : QW_OK;
}

static bool config_is_sound(const struct qw_qkd_link_config *c)
{
    return (c->end == QW_QKD_ALICE ? c->pulses != NULL
                                   : c->end == QW_QKD_BOB && c->clicks != NULL) &&
           c->key != NULL && c->wire != NULL && c->pool != NULL && qw_qkd_terms_valid(&c->terms) &&
           c->timeout_ms >= 0 && c->light_timeout_ms >= 0;
}

static qw_err new_cascade(struct qw_qkd_link *link)
{
    const struct qw_cascade_config config = {
        .bits = link->config.terms.frame_bits,
        .variant = (enum qw_cascade_variant)link->config.terms.cascade_variant,
        .seed = 1 /* of public orders, which may stay the same: cascade.md S6 */
    };

    return link->config.end == QW_QKD_ALICE ? qw_cascade_answerer_new(&config, &link->answerer)
                                            : qw_cascade_asker_new(&config, &link->asker);
}

qw_err qw_qkd_link_new(const struct qw_qkd_link_config *config, struct qw_qkd_link **out)
{
    struct qw_qkd_link *link;
    size_t bits;
    qw_err err;

    if (!config_is_sound(config)) {
        return QW_ERR_ARG;
    }
    link = calloc(1, sizeof *link);
    if (link == NULL) {
        return QW_ERR_NOMEM;
    }
    bits = qw_qkd_terms_block_bits(&config->terms);
    link->config = *config;
    link->channel = (struct qw_qkd_channel){ .wire = config->wire,
                                             .pool = config->pool,
                                             .timeout_ms = config->timeout_ms,
                                             .sender = (uint8_t)config->end };
    link->clicks = calloc(QW_QKD_PART_MAX, sizeof *link->clicks);
    link->pulses = calloc(QW_QKD_PART_MAX, sizeof *link->pulses);
    link->key = calloc(QW_BITS_TO_BYTES(bits), 1);
    link->secret = calloc(QW_BITS_TO_BYTES(bits), 1);
    link->incoming = calloc(QW_WIRE_MESSAGE_MAX, 1);
    link->outgoing = calloc(QW_WIRE_MESSAGE_MAX, 1);
    err = link->clicks == NULL || link->pulses == NULL || link->key == NULL ||
                  link->secret == NULL || link->incoming == NULL || link->outgoing == NULL
              ? QW_ERR_NOMEM
              : qw_qkd_sifted_new(bits, 2 * bits, &link->sifted);
    if (err == QW_OK) {
        err = new_cascade(link);
    }
    if (err != QW_OK) {
        qw_qkd_link_free(link);
        return err;
    }
    *out = link;
    return QW_OK;
}

void qw_qkd_link_free(struct qw_qkd_link *link)
{
    size_t len;

    if (link == NULL) {
        return;
    }
    len = QW_BITS_TO_BYTES(qw_qkd_terms_block_bits(&link->config.terms));
    qw_wipe_free(link->clicks, QW_QKD_PART_MAX * sizeof *link->clicks);
    qw_wipe_free(link->pulses, QW_QKD_PART_MAX * sizeof *link->pulses);
    qw_wipe_free(link->key, len);
    qw_wipe_free(link->secret, len);
    free(link->incoming);
    free(link->outgoing);
    qw_qkd_sifted_free(link->sifted);
    qw_cascade_asker_free(link->asker);
    qw_cascade_answerer_free(link->answerer);
    qw_wipe_free(link, sizeof *link);
}

/* What ends a link: strings of the block go, the reason stays. A peer that spoke nonsense and one
 * that is not who it says are told the same. */
static qw_err end(struct qw_qkd_link *link, qw_err err)
{
    size_t len = QW_BITS_TO_BYTES(qw_qkd_terms_block_bits(&link->config.terms));

    qw_wipe(link->key, len);
    qw_wipe(link->secret, len);
    qw_qkd_sifted_clear(link->sifted);
    if (err == QW_OK) {
        return QW_OK;
    }
    qw_qkd_channel_wipe(&link->channel);
    link->is_over = true;
    link->ledger.secret_bits = 0;
    link->ledger.auth_bits = link->channel.auth_bits;
    if (err == QW_ERR_REFUSED && link->ledger.refusal == QW_QKD_NONE) {
        link->ledger.refusal = (uint8_t)link->channel.peer_refusal;
        link->ledger.refused_by_peer = 1;
    } else if (err == QW_ERR_FORMAT || err == QW_ERR_AUTH || err == QW_ERR_CONFLICT) {
        link->ledger.refusal = QW_QKD_AUTH;
        qw_qkd_channel_refuse(&link->channel, QW_QKD_AUTH);
    } else if (err == QW_ERR_EXHAUSTED) {
        link->ledger.refusal = QW_QKD_POOL_LOW;
        qw_qkd_channel_refuse(&link->channel, QW_QKD_POOL_LOW);
    }
    return err;
}

qw_err qw_qkd_link_open(struct qw_qkd_link *link)
{
    qw_err err;

    if (link->is_open || link->is_over) {
        return QW_ERR_STATE;
    }
    memset(&link->ledger, 0, sizeof link->ledger);
    err = link->config.end == QW_QKD_ALICE ? qw_qkd_alice_open(link) : qw_qkd_bob_open(link);
    link->is_open = err == QW_OK;
    return end(link, err);
}

qw_err qw_qkd_link_block(struct qw_qkd_link *link)
{
    qw_err err;

    if (!link->is_open || link->is_over) {
        return QW_ERR_STATE;
    }
    memset(&link->ledger, 0, sizeof link->ledger);
    link->ledger.block = link->next_block;
    if (link->next_block > 0) { /* block 0 began with OPEN */
        qw_qkd_channel_begin(&link->channel, link->next_block);
    }
    err = link->config.end == QW_QKD_ALICE ? qw_qkd_alice_block(link) : qw_qkd_bob_block(link);
    link->next_block++;
    return end(link, err);
}

qw_err qw_qkd_link_close(struct qw_qkd_link *link)
{
    uint8_t message[QW_QKD_BLOCK_LEN];
    qw_err err;

    if (!link->is_open || link->is_over || link->config.end != QW_QKD_BOB) {
        return QW_ERR_STATE;
    }
    qw_qkd_block_encode(QW_QKD_TYPE_CLOSE, link->next_block, message);
    err = qw_wire_send(link->config.wire, message, sizeof message);
    link->is_over = true;
    qw_qkd_channel_wipe(&link->channel);
    return err;
}

const struct qw_qkd_ledger *qw_qkd_link_ledger(const struct qw_qkd_link *link)
{
    return &link->ledger;
}

_Static_assert((int)QW_QKD_SESSION_LEN == (int)QW_QKD_SESSION_ID_LEN,
               "the session's name as a whole");

const uint8_t *qw_qkd_link_session(const struct qw_qkd_link *link)
{
    return link->channel.session_id;
}
