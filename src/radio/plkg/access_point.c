/* SPDX-License-Identifier: Apache-2.0 */
/* The access point's order of steps, B1 to B8 of docs/protocol/plkg.md. */
#include "radio/plkg/gap.h"

#include "base/bits.h"
#include "base/clock.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "distill/toeplitz.h"
#include "radio/pace/interval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LISTEN_MS = 20, PROGRESS_EVERY = 16 };

/* B1: the centre has something else for the card. Nothing follows it. */
static qw_err send_order(struct qw_plkg_run *run, const struct qw_plkg_access_point *access_point)
{
    uint8_t order[QW_PLKG_ORDER_MAX];
    struct qw_bytes part = { order, access_point->give_order(run->party->self, order) };
    qw_err err;

    qw_assert(part.len >= 1 && part.len <= sizeof order);
    err = qw_plkg_link_send(run->link, QW_PLKG_ORDER, &part, 1, NULL);
    if (err == QW_OK) {
        run->link->peer_refusal = QW_PLKG_ORDERED; /* no REFUSE of our own behind it */
        err = QW_ERR_REFUSED;
    }
    return err;
}

static qw_err authorise(struct qw_plkg_run *run, const struct qw_plkg_access_point *access_point,
                        const struct qw_plkg_open *open, struct qw_plkg_open_ack *ack)
{
    qw_err err = access_point->authorise(run->party->self, open->terminal_id, open->contact,
                                         open->contact_len, &ack->up_position, &ack->down_position,
                                         run->auth, run->auth + QW_PLKG_AUTH_LEN);

    if (err == QW_OK) {
        return QW_OK;
    }
    if (err == QW_ERR_STATE && access_point->give_order != NULL) {
        return send_order(run, access_point);
    }
    return qw_plkg_run_refuse(run, err == QW_ERR_EXHAUSTED ? QW_PLKG_POOL_LOW : QW_PLKG_AUTH);
}

/* What is offered when nothing is said: the first carrier. */
static const struct qw_tuning_offer standard_offer = { .carriers = 1, .antennas = 1, .bands = 1 };

static qw_err tune(struct qw_plkg_run *run, const struct qw_plkg_access_point *access_point,
                   const struct qw_plkg_open *open)
{
    const struct qw_tuning_offer *offer =
        access_point->offer != NULL ? access_point->offer : &standard_offer;
    char text[QW_TUNING_TEXT_CAP];

    if (qw_tuning_offer_has(offer, &open->tuning)) {
        return qw_plkg_run_tune(run, &open->tuning);
    }
    qw_tuning_text(&open->tuning, text);
    qw_log_write(run->party->log, QW_LOG_WARNING, "%s asks for %s, which is not offered",
                 open->terminal_id, text);
    return qw_plkg_run_refuse(run, QW_PLKG_CARRIER);
}

static qw_err send_ack(struct qw_plkg_run *run, const struct qw_plkg_open_ack *ack)
{
    uint8_t body[QW_PLKG_OPEN_ACK_LEN_MAX];
    struct qw_bytes part = { body, qw_plkg_open_ack_encode(ack, body) };

    return qw_plkg_link_send(run->link, QW_PLKG_OPEN_ACK, &part, 1, NULL);
}

/* B1 */
static qw_err open_session(struct qw_plkg_run *run, const struct qw_plkg_access_point *access_point)
{
    struct qw_plkg_open open;
    struct qw_plkg_open_ack ack = { 0 };
    const uint8_t *body;
    size_t len;
    qw_err err =
        qw_plkg_link_receive(run->link, QW_PLKG_OPEN, NULL, &body, &len, run->link->timeout_ms);

    if (err == QW_OK) {
        err = qw_plkg_open_decode(body, len, &open);
    }
    if (err == QW_OK) {
        err = tune(run, access_point, &open);
    }
    if (err == QW_OK) {
        qw_plkg_terms_merge(&open.terms, &run->own_terms, &run->terms);
        run->terms.interval_us = qw_tuning_interval_us(&run->tuning, run->terms.interval_us);
        err = qw_plkg_gap_check(run, run->terms.interval_us, open.is_paced);
    }
    if (err == QW_OK) {
        err = authorise(run, access_point, &open, &ack);
    }
    if (err == QW_OK) {
        err = qw_random_bytes(ack.nonce, sizeof ack.nonce);
    }
    if (err != QW_OK) {
        return err;
    }
    memcpy(ack.access_point_id, access_point->access_point_id,
           strlen(access_point->access_point_id));
    run->probes = qw_plkg_terms_probes(&run->terms);
    run->has_phase = open.has_phase && run->party->radio->has_phase;
    run->is_paced = open.is_paced;
    ack.terms = run->terms;
    ack.probes = run->probes;
    ack.has_phase = run->has_phase;
    ack.is_paced = run->is_paced;
    ack.is_simulated = run->party->radio->is_simulated;
    memcpy(run->link->session_id, open.nonce, QW_PLKG_SESSION_ID_LEN / 2);
    memcpy(run->link->session_id + QW_PLKG_SESSION_ID_LEN / 2, ack.nonce,
           QW_PLKG_SESSION_ID_LEN / 2);
    err = qw_plkg_run_begin(run, open.is_simulated || ack.is_simulated);
    return err == QW_OK ? send_ack(run, &ack) : err;
}

/* A pilot by which the terminal finds its pace: answered, and not kept. */
static bool is_look(const struct qw_plkg_run *run, uint64_t sequence)
{
    return run->is_paced && sequence >= QW_PLKG_LOOK_FIRST &&
           sequence < QW_PLKG_LOOK_FIRST + QW_PLKG_LOOKS_MAX * QW_PACE_PROBES;
}

/* Answers one pilot of the terminal. QW_ERR_TIMEOUT: none came. */
static qw_err answer(struct qw_plkg_run *run, struct qw_csi_frame *frame)
{
    struct qw_csi_source *radio = run->party->radio;
    qw_err err = radio->next(radio->self, frame, LISTEN_MS);

    if (err != QW_OK || (frame->sequence >= run->probes && !is_look(run, frame->sequence))) {
        return err;
    }
    if (frame->sequence < run->probes) {
        qw_plkg_run_hear(run, frame);
    }
    if (frame->sequence % PROGRESS_EVERY == 0) {
        qw_plkg_run_progress(run, QW_PLKG_STAGE_PROBE,
                             frame->sequence < run->probes ? frame->sequence : 0, run->probes);
    }
    return radio->transmit(radio->self, frame->sequence,
                           frame->time_ns + llround(qw_plkg_gap_s(run) * 1e9));
}

/* B2: answers pilots until this message comes on the wire. */
static qw_err answer_until(struct qw_plkg_run *run, enum qw_plkg_type type, const uint8_t **body,
                           size_t *len)
{
    int64_t patience_ms = run->link->timeout_ms + 3 * (int64_t)(run->terms.interval_us / 1000);
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    int64_t quiet_since_ms = qw_clock_monotonic_ms();
    qw_err err = frame == NULL ? QW_ERR_NOMEM : QW_ERR_TIMEOUT;

    while (err == QW_ERR_TIMEOUT) {
        err = answer(run, frame);
        if (err == QW_OK) {
            quiet_since_ms = qw_clock_monotonic_ms();
            err = QW_ERR_TIMEOUT;
            continue;
        }
        if (err != QW_ERR_TIMEOUT) {
            break;
        }
        err = qw_plkg_link_receive(run->link, type, NULL, body, len, 0);
        if (err == QW_ERR_TIMEOUT && qw_clock_monotonic_ms() - quiet_since_ms > patience_ms) {
            break;
        }
    }
    free(frame);
    return err;
}

/* B1a. No faster than was agreed. */
static qw_err take_pace(struct qw_plkg_run *run)
{
    struct qw_plkg_pace pace;
    const uint8_t *body;
    size_t len;
    qw_err err = answer_until(run, QW_PLKG_PACE, &body, &len);

    if (err == QW_OK) {
        err = qw_plkg_pace_decode(body, len, &pace);
    }
    if (err == QW_OK &&
        (pace.interval_us < run->terms.interval_us ||
         pace.interval_us != qw_tuning_interval_us(&run->tuning, pace.interval_us))) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        qw_plkg_run_pace(run, &pace);
    }
    return err;
}

/* B3 */
static qw_err exchange_pairs(struct qw_plkg_run *run)
{
    const uint8_t *body;
    size_t len;
    qw_err err = run->is_paced ? take_pace(run) : QW_OK;

    run->link->is_counting = true;
    if (err == QW_OK) {
        err = answer_until(run, QW_PLKG_PAIRS, &body, &len);
    }
    if (err == QW_OK) {
        err = qw_plkg_run_fill_pairs(run);
    }
    if (err == QW_OK) {
        err = qw_plkg_run_take_pairs(run, body, len);
    }
    if (err == QW_OK) {
        err = qw_plkg_run_send_pairs(run); /* also when they are too few: both ends count them */
    }
    if (err == QW_OK) {
        err = qw_plkg_run_check_onset(run);
    }
    if (err == QW_OK && run->split.usable < QW_PLKG_PAIRS_MIN) {
        err = qw_plkg_run_refuse(run, QW_PLKG_TOO_FEW_PAIRS);
    }
    return err;
}

/* Cuts the numbers into symbols. One beyond all cells (12 deviations) does not come from the
 * channel that was estimated. */
static qw_err quantise(struct qw_plkg_run *run)
{
    bool is_any_outside = false;

    for (size_t pair = 0; pair < run->key_pairs; pair++) {
        const int32_t *x = qw_feature_set_row(run->set, run->split.key[pair]);

        for (size_t d = 0; d < run->model.dims; d++) {
            bool is_outside;

            run->symbol[pair * run->model.dims + d] =
                qw_model_symbol(&run->model, d, x[d], &is_outside);
            is_any_outside = is_outside || is_any_outside;
        }
    }
    return is_any_outside ? qw_plkg_run_refuse(run, QW_PLKG_INJECTION) : QW_OK;
}

/* B5: everything that can be known before a word about X is said. */
static qw_err prepare(struct qw_plkg_run *run)
{
    struct qw_disclosed disclosed = qw_plkg_run_disclosed(run);
    struct qw_model_report report = { 0 };
    uint64_t secret_bits;
    qw_err err = qw_model_estimate(&disclosed, qw_plkg_run_correlation(run), &run->model, &report);

    run->ledger.snr_db = report.snr_db;
    if (err == QW_ERR_REFUSED) {
        return qw_plkg_run_refuse(run, report.refusal);
    }
    if (err == QW_OK) {
        err = qw_plkg_run_prepare_string(run);
    }
    if (err == QW_OK) {
        err = quantise(run);
    }
    return err == QW_OK ? qw_plkg_run_account(run, run->set, &secret_bits) : err;
}

/* B6 */
static qw_err send_syndrome(struct qw_plkg_run *run)
{
    struct qw_plkg_syndrome syndrome = { .model = run->model };
    size_t said_len = qw_multilevel_message_len(run->multilevel);
    uint8_t head[QW_PLKG_SYNDROME_HEAD_MAX];
    uint8_t *said = calloc(1, said_len + 1);
    qw_err err = said == NULL ? QW_ERR_NOMEM : QW_OK;

    qw_plkg_run_write_string(run);
    if (err == QW_OK) {
        err = qw_random_bytes(syndrome.check_key, sizeof syndrome.check_key);
    }
    if (err == QW_OK) {
        struct qw_bytes parts[2] = { { head, 0 }, { said, said_len } };

        qw_plkg_check_of(syndrome.check_key, run->string, run->string_bits, syndrome.check);
        parts[0].len = qw_plkg_syndrome_encode_head(&syndrome, head);
        qw_multilevel_encode(run->multilevel, run->symbol, said);
        err = qw_plkg_link_send(run->link, QW_PLKG_SYNDROME, parts, 2, NULL);
    }
    free(said);
    return err;
}

static qw_err send_more(struct qw_plkg_run *run, size_t level)
{
    size_t more_bits = qw_multilevel_more_bits(run->multilevel, level);
    size_t len = qw_multilevel_more_len(run->multilevel, level);
    uint8_t *said;
    qw_err err;

    if (more_bits == 0) {
        return qw_plkg_run_refuse(run, QW_PLKG_DECODE);
    }
    said = calloc(1, len + 1);
    if (said == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_multilevel_encode_more(run->multilevel, level, run->symbol, said);
    if (err == QW_OK) {
        run->ledger.more_rounds++;
        run->said_bits += more_bits;
        err = qw_plkg_link_send(run->link, QW_PLKG_MORE, &(struct qw_bytes){ said, len }, 1, NULL);
    }
    free(said);
    return err;
}

static qw_err reconcile(struct qw_plkg_run *run)
{
    struct qw_plkg_decoded decoded = { true, 0 };
    qw_err err = send_syndrome(run);

    while (err == QW_OK && decoded.wants_more) {
        const uint8_t *body;
        size_t len;

        err = qw_plkg_link_receive(run->link, QW_PLKG_DECODED, NULL, &body, &len,
                                   run->link->timeout_ms);
        if (err == QW_OK) {
            err = qw_plkg_decoded_decode(body, len, &decoded);
        }
        if (err == QW_OK && decoded.wants_more) {
            err = send_more(run, decoded.level);
        }
    }
    return err;
}

static qw_err send_amplify(struct qw_plkg_run *run, uint32_t secret_bits, const uint8_t *seed,
                           size_t seed_len)
{
    struct qw_plkg_pads down = qw_plkg_run_down(run);
    struct qw_plkg_amplify amplify = {
        .string_bits = (uint32_t)run->string_bits,
        .entropy_bits = (uint32_t)run->ledger.entropy_bits,
        .finite_size_bits = (uint32_t)run->ledger.finite_size_bits,
        .reconciliation_bits = (uint32_t)run->ledger.reconciliation_bits,
        .verification_bits = QW_PLKG_VERIFICATION_BITS,
        .selection_bits = qw_plkg_run_selection_bits(run),
        .amplification_bits = (uint32_t)run->ledger.amplification_bits,
        .secret_bits = secret_bits,
    };
    uint8_t head[QW_PLKG_AMPLIFY_HEAD_LEN];
    struct qw_bytes parts[2] = { { head, sizeof head }, { seed, seed_len } };

    qw_plkg_amplify_encode_head(&amplify, head);
    return qw_plkg_link_send(run->link, QW_PLKG_AMPLIFY, parts, 2, &down);
}

/* B8: the length may come back smaller, never larger. */
static qw_err receive_finish(struct qw_plkg_run *run, uint32_t *secret_bits)
{
    struct qw_plkg_pads up = qw_plkg_run_up(run);
    const uint8_t *body;
    uint32_t said;
    size_t len;
    qw_err err =
        qw_plkg_link_receive(run->link, QW_PLKG_FINISH, &up, &body, &len, run->link->timeout_ms);

    if (err == QW_OK) {
        err = qw_plkg_finish_decode(body, len, &said);
    }
    if (err == QW_OK && said > *secret_bits) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        *secret_bits = said;
    }
    return err;
}

/* B7: the seed is drawn now, after everything else about the string was said. */
static qw_err amplify(struct qw_plkg_run *run)
{
    uint64_t length;
    uint32_t secret_bits;
    size_t seed_bits;
    size_t seed_len;
    uint8_t *seed;
    qw_err err;

    qw_plkg_run_progress(run, QW_PLKG_STAGE_AMPLIFY, 0, 1);
    err = qw_plkg_run_account(run, run->set, &length);
    if (err != QW_OK) {
        return err;
    }
    secret_bits = (uint32_t)length;
    seed_bits = qw_toeplitz_seed_bits(run->string_bits, length);
    seed_len = QW_BITS_TO_BYTES(seed_bits);
    seed = calloc(1, seed_len);
    if (seed == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_random_bytes(seed, seed_len);
    if (seed_bits % 8 != 0) {
        seed[seed_len - 1] &= (uint8_t)(0xffu << (8 - seed_bits % 8));
    }
    if (err == QW_OK) {
        err = send_amplify(run, secret_bits, seed, seed_len);
    }
    if (err == QW_OK) {
        err = receive_finish(run, &secret_bits);
    }
    if (err == QW_OK) {
        err = qw_plkg_run_make_key(run, seed, secret_bits);
    }
    free(seed);
    return err;
}

static qw_err run_steps(struct qw_plkg_run *run, const struct qw_plkg_access_point *access_point)
{
    qw_err err;

    qw_plkg_run_progress(run, QW_PLKG_STAGE_OPEN, 0, 1);
    err = open_session(run, access_point);
    if (err == QW_OK) {
        err = exchange_pairs(run);
    }
    if (err == QW_OK) {
        qw_plkg_run_progress(run, QW_PLKG_STAGE_ESTIMATE, 0, 1);
        err = qw_plkg_run_receive_estimate(run); /* B4 */
    }
    if (err == QW_OK) {
        err = qw_plkg_run_send_estimate(run);
    }
    if (err == QW_OK) {
        err = qw_plkg_run_check_replay(run);
    }
    if (err == QW_OK) {
        err = qw_plkg_run_check_repetition(run);
    }
    if (err == QW_OK) {
        qw_plkg_run_progress(run, QW_PLKG_STAGE_RECONCILE, 0, 1);
        err = prepare(run);
    }
    if (err == QW_OK) {
        err = qw_plkg_run_check_source(run);
    }
    if (err == QW_OK) {
        err = reconcile(run);
    }
    return err == QW_OK ? amplify(run) : err;
}

qw_err qw_plkg_run_access_point(const struct qw_plkg_access_point *access_point,
                                struct qw_plkg_session **session, struct qw_plkg_ledger *ledger)
{
    size_t id_len = strlen(access_point->access_point_id);
    struct qw_plkg_run *run;
    qw_err err;

    *ledger = (struct qw_plkg_ledger){ 0 };
    if (id_len == 0 || id_len >= QW_PLKG_ID_CAP) {
        return QW_ERR_ARG;
    }
    err = qw_plkg_run_new(&access_point->party, false, &run);
    if (err != QW_OK) {
        return err;
    }
    return qw_plkg_run_end(run, run_steps(run, access_point), session, ledger);
}
