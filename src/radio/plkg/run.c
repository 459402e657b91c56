/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/plkg/run.h"

#include "base/bits.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "distill/toeplitz.h"
#include "radio/pace/interval.h"
#include "radio/plkg/session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_STANDARD_MS = 10000 };

qw_err qw_plkg_run_new(const struct qw_plkg_party *party, bool is_terminal,
                       struct qw_plkg_run **run)
{
    int timeout_ms = party->timeout_ms > 0 ? party->timeout_ms : TIMEOUT_STANDARD_MS;
    struct qw_plkg_run *made;
    struct qw_plkg_terms terms;
    qw_err err = qw_plkg_terms_of(&party->policy, &terms);

    if (err != QW_OK) {
        return err;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->party = party;
    made->is_terminal = is_terminal;
    made->own_terms = terms;
    made->tuning = qw_tuning_standard;
    made->auth = qw_secret_new(2 * QW_PLKG_AUTH_LEN);
    err =
        made->auth == NULL ? QW_ERR_NOMEM : qw_plkg_link_new(party->wire, timeout_ms, &made->link);
    if (err != QW_OK) {
        qw_plkg_run_free(made);
        return err;
    }
    *run = made;
    return QW_OK;
}

void qw_plkg_run_free(struct qw_plkg_run *run)
{
    if (run == NULL) {
        return;
    }
    if (run->symbol != NULL) {
        qw_wipe(run->symbol, run->coefficients * sizeof *run->symbol);
    }
    free(run->symbol);
    qw_multilevel_free(run->multilevel);
    qw_feature_set_free(run->set);
    qw_onset_free(run->onset);
    qw_plkg_link_free(run->link);
    qw_secret_free(run->auth);
    qw_secret_free(run->string);
    qw_secret_free(run->key);
    qw_wipe_free(run, sizeof *run);
}

struct qw_plkg_pads qw_plkg_run_up(const struct qw_plkg_run *run)
{
    return (struct qw_plkg_pads){ .bytes = run->auth };
}

struct qw_plkg_pads qw_plkg_run_down(const struct qw_plkg_run *run)
{
    return (struct qw_plkg_pads){ .bytes = run->auth + QW_PLKG_AUTH_LEN,
                                  .unsaid = { run->string, QW_BITS_TO_BYTES(run->string_bits) } };
}

void qw_plkg_run_progress(const struct qw_plkg_run *run, enum qw_plkg_stage stage, uint64_t done,
                          uint64_t total)
{
    if (run->party->progress != NULL) {
        run->party->progress(run->party->self, stage, done, total);
    }
}

qw_err qw_plkg_run_refuse(struct qw_plkg_run *run, enum qw_plkg_refusal refusal)
{
    run->refusal = refusal;
    return QW_ERR_REFUSED;
}

qw_err qw_plkg_run_tune(struct qw_plkg_run *run, const struct qw_tuning *tuning)
{
    qw_err err = qw_csi_source_tune(run->party->radio, tuning);

    if (err == QW_ERR_UNAVAILABLE) {
        char text[QW_TUNING_TEXT_CAP];

        qw_tuning_text(tuning, text);
        qw_log_write(run->party->log, QW_LOG_WARNING, "the radio cannot be set to %s", text);
        return qw_plkg_run_refuse(run, QW_PLKG_CARRIER);
    }
    if (err == QW_OK) {
        run->tuning = *tuning;
    }
    return err;
}

/* What comes from one antenna, in one band, may know its beginning. What counts is what the access
 * point hears, for the key is made of that: where it cannot look, the terminal does not either. */
static qw_err new_onset(struct qw_plkg_run *run)
{
    const struct qw_tuning *tuning = &run->tuning;
    bool is_heard = tuning->terminal_antennas == 1 && tuning->bands == 1;
    size_t chains = !run->is_terminal                    ? tuning->access_point_antennas
                    : tuning->access_point_antennas == 1 ? 1
                                                         : 0;
    struct qw_onset_shape shape = { .format = tuning->carrier->format,
                                    .chains = is_heard ? chains : 0,
                                    .has_phase = run->has_phase };

    return qw_onset_new(run->probes, &shape, &run->onset);
}

qw_err qw_plkg_run_begin(struct qw_plkg_run *run, bool is_simulated)
{
    qw_err err = qw_feature_set_new(run->probes, &run->set);

    run->ledger.probes = run->probes;
    run->ledger.eve_correlation = run->terms.eve_correlation / 10000.0;
    run->ledger.channel_time_s = (run->probes - 1) * (double)run->terms.interval_us * 1e-6;
    run->ledger.is_simulated = is_simulated ? 1 : 0;
    run->ledger.auth_bits = 2 * QW_PLKG_AUTH_LEN * 8;
    if (err == QW_OK) {
        run->set->is_transposed = run->is_terminal;
        err = new_onset(run);
    }
    return err;
}

void qw_plkg_run_pace(struct qw_plkg_run *run, const struct qw_plkg_pace *pace)
{
    double looked_s = qw_plkg_pace_looked_s(run->terms.interval_us, pace->looks);

    run->looks = pace->looks;
    run->terms.interval_us = pace->interval_us;
    run->ledger.channel_time_s = looked_s + (run->probes - 1) * (double)pace->interval_us * 1e-6;
}

/* It takes so many bits to say a number from 0 to most. */
static uint32_t bits_to_say(size_t most)
{
    uint32_t bits = 0;

    for (; most > 0; most >>= 1) {
        bits++;
    }
    return bits;
}

uint32_t qw_plkg_run_selection_bits(const struct qw_plkg_run *run)
{
    return 2 * bits_to_say(run->string_bits) + (uint32_t)QW_PLKG_COURSE_BITS +
           (run->is_paced ? (uint32_t)QW_PLKG_PACE_BITS : 0);
}

void qw_plkg_run_hear(struct qw_plkg_run *run, const struct qw_csi_frame *frame)
{
    qw_err err = QW_ERR_FORMAT;

    if (qw_tuning_fits(&run->tuning, frame, run->is_terminal)) {
        err = qw_feature_set_put(run->set, frame->sequence, frame, run->has_phase);
    }
    if (err == QW_OK) {
        qw_onset_put(run->onset, (uint32_t)frame->sequence, frame);
    }
    if (err != QW_OK) {
        qw_log_write(run->party->log, QW_LOG_DEBUG, "probe %llu dropped: %s",
                     (unsigned long long)frame->sequence, qw_err_text(err));
    }
}

qw_err qw_plkg_run_check_onset(struct qw_plkg_run *run)
{
    struct qw_onset_verdict verdict;

    qw_onset_judge(run->onset, &verdict);
    if (!verdict.is_made) {
        return QW_OK; /* the ledger says so */
    }
    run->ledger.onset_deviations = verdict.deviations;
    run->ledger.onset = verdict.is_found ? QW_PLKG_ONSET_FOUND : QW_PLKG_ONSET_PASSED;
    if (!verdict.is_found) {
        return QW_OK;
    }
    qw_log_write(run->party->log, QW_LOG_WARNING,
                 "what moves came late in the frames: %.1f deviations, %.1f dB over the noise",
                 verdict.deviations, verdict.late_db);
    return qw_plkg_run_refuse(run, QW_PLKG_INJECTION);
}

qw_err qw_plkg_run_fill_pairs(struct qw_plkg_run *run)
{
    struct qw_plkg_pairs *pairs = &run->own_pairs;

    run->link->is_counting = true;
    qw_feature_set_fix(run->set);
    pairs->probes = run->probes;
    memcpy(pairs->heard, run->set->heard, QW_BITS_TO_BYTES(run->probes));
    return qw_random_bytes(&pairs->nonce, sizeof pairs->nonce);
}

qw_err qw_plkg_run_send_pairs(struct qw_plkg_run *run)
{
    uint8_t body[QW_PLKG_PAIRS_LEN_MAX];
    struct qw_bytes part = { body, qw_plkg_pairs_encode(&run->own_pairs, body) };

    return qw_plkg_link_send(run->link, QW_PLKG_PAIRS, &part, 1, NULL);
}

qw_err qw_plkg_run_take_pairs(struct qw_plkg_run *run, const uint8_t *body, size_t len)
{
    qw_err err = qw_plkg_pairs_decode(body, len, &run->peer_pairs);

    if (err != QW_OK) {
        return err;
    }
    if (run->peer_pairs.probes != run->probes) {
        return QW_ERR_FORMAT;
    }
    qw_plkg_split_of(run->is_terminal ? &run->own_pairs : &run->peer_pairs,
                     run->is_terminal ? &run->peer_pairs : &run->own_pairs, run->has_phase,
                     &run->split);
    run->ledger.pairs = run->split.usable;
    run->ledger.disclosed_pairs = run->split.disclosed_count;
    return QW_OK;
}

qw_err qw_plkg_run_send_estimate(struct qw_plkg_run *run)
{
    struct qw_plkg_estimate *own = &run->own_estimate;
    uint8_t *body = calloc(1, QW_PLKG_ESTIMATE_LEN_MAX);
    struct qw_bytes part;
    qw_err err;

    if (body == NULL) {
        return QW_ERR_NOMEM;
    }
    own->count = (uint16_t)run->split.disclosed_count;
    own->stride = (uint8_t)run->set->stride;
    for (uint32_t i = 0; i < own->count; i++) {
        memcpy(&own->value[i * own->stride], qw_feature_set_row(run->set, run->split.disclosed[i]),
               own->stride * sizeof own->value[0]);
    }
    part = (struct qw_bytes){ body, qw_plkg_estimate_encode(own, body) };
    err = qw_plkg_link_send(run->link, QW_PLKG_ESTIMATE, &part, 1, NULL);
    free(body);
    return err;
}

qw_err qw_plkg_run_receive_estimate(struct qw_plkg_run *run)
{
    const uint8_t *body;
    size_t len;
    qw_err err =
        qw_plkg_link_receive(run->link, QW_PLKG_ESTIMATE, NULL, &body, &len, run->link->timeout_ms);

    if (err == QW_OK) {
        err = qw_plkg_estimate_decode(body, len, &run->peer_estimate);
    }
    if (err == QW_OK && (run->peer_estimate.count != run->split.disclosed_count ||
                         run->peer_estimate.stride != run->set->stride)) {
        err = QW_ERR_FORMAT;
    }
    return err;
}

qw_err qw_plkg_run_check_repetition(struct qw_plkg_run *run)
{
    if (qw_replay_guard_repeats(run->set, run->split.disclosed, run->split.disclosed_count,
                                run->own_estimate.value)) {
        return qw_plkg_run_refuse(run, QW_PLKG_PREDICTABLE);
    }
    return QW_OK;
}

qw_err qw_plkg_run_check_source(struct qw_plkg_run *run)
{
    return run->party->radio->is_one_sided ? qw_plkg_run_refuse(run, QW_PLKG_REPLAY) : QW_OK;
}

qw_err qw_plkg_run_check_replay(struct qw_plkg_run *run)
{
    struct qw_replay_guard *guard = run->party->replay_guard;

    if (guard == NULL) {
        return QW_OK;
    }
    if (qw_replay_guard_knows(guard, run->set)) {
        return qw_plkg_run_refuse(run, QW_PLKG_REPLAY);
    }
    qw_replay_guard_remember(guard, run->split.disclosed, run->split.disclosed_count,
                             run->own_estimate.value, run->set->stride, run->set->plan.group);
    return QW_OK;
}

double qw_plkg_run_correlation(const struct qw_plkg_run *run)
{
    return qw_account_effective_correlation(run->party->policy.injected_ratio,
                                            run->terms.eve_correlation / 10000.0);
}

struct qw_disclosed qw_plkg_run_disclosed(const struct qw_plkg_run *run)
{
    return (struct qw_disclosed){
        .count = run->split.disclosed_count,
        .stride = run->set->stride,
        .group = run->set->plan.group,
        .chains = run->set->plan.chains,
        .index = run->split.disclosed,
        .x = run->is_terminal ? run->peer_estimate.value : run->own_estimate.value,
        .y = run->is_terminal ? run->own_estimate.value : run->peer_estimate.value,
    };
}

static qw_err new_multilevel(struct qw_plkg_run *run)
{
    uint8_t *depth = calloc(run->coefficients, 1);
    qw_err err;

    if (depth == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < run->coefficients; i++) {
        depth[i] = run->model.depth[i % run->model.dims];
        run->string_bits += depth[i];
    }
    err = qw_multilevel_new(depth, run->coefficients, QW_MODEL_SIGMA_CELLS, QW_LEVEL_ONE_MESSAGE,
                            &run->multilevel);
    free(depth);
    return err;
}

qw_err qw_plkg_run_prepare_string(struct qw_plkg_run *run)
{
    size_t most = (size_t)QW_MULTILEVEL_COEFFICIENTS_MAX / run->model.dims;
    struct qw_disclosed disclosed = qw_plkg_run_disclosed(run);
    struct qw_plkg_disagreement found = qw_plkg_disagreement_count(&disclosed, &run->model);
    qw_err err;

    run->ledger.compared_bits = found.compared_bits;
    run->ledger.different_bits = found.different_bits;
    run->key_pairs = run->split.key_count < most ? run->split.key_count : most;
    run->coefficients = run->key_pairs * run->model.dims;
    if (run->coefficients < QW_MULTILEVEL_COEFFICIENTS_MIN) {
        run->coefficients = 0;
        return qw_plkg_run_refuse(run, QW_PLKG_TOO_FEW_PAIRS);
    }
    run->symbol = calloc(run->coefficients, sizeof *run->symbol);
    if (run->symbol == NULL) {
        return QW_ERR_NOMEM;
    }
    err = new_multilevel(run);
    if (err != QW_OK) {
        return err;
    }
    run->string = qw_secret_new(QW_BITS_TO_BYTES(run->string_bits));
    run->said_bits = qw_multilevel_leak_bits(run->multilevel);
    run->ledger.coefficients = run->coefficients;
    run->ledger.raw_bits = run->string_bits;
    return run->string == NULL ? QW_ERR_NOMEM : QW_OK;
}

void qw_plkg_run_write_string(struct qw_plkg_run *run)
{
    size_t at = 0;

    memset(run->string, 0, QW_BITS_TO_BYTES(run->string_bits));
    for (size_t i = 0; i < run->coefficients; i++) {
        qw_bits_append(run->string, &at, run->symbol[i], run->model.depth[i % run->model.dims]);
    }
    qw_assert(at == run->string_bits);
}

static uint64_t all_said(const struct qw_plkg_run *run)
{
    return run->said_bits + QW_PLKG_VERIFICATION_BITS + qw_plkg_run_selection_bits(run);
}

static bool is_enough(const struct qw_plkg_run *run, uint64_t secret_bits)
{
    return secret_bits >= QW_PLKG_SECRET_BITS_MIN && secret_bits > run->ledger.auth_bits;
}

/* Which of the subtractions took the key: what would have been without the past, without Eve. */
static enum qw_plkg_refusal diagnose(const struct qw_plkg_run *run,
                                     const struct qw_account_input *input)
{
    struct qw_innovation fresh = *input->innovation;
    struct qw_account_input other = *input;
    struct qw_account account;

    other.eve_correlation = 0.0;
    other.injected_ratio = 0.0;
    qw_account_of(&other, &account);
    if (is_enough(run, qw_account_length(&account, all_said(run)))) {
        return QW_PLKG_EVE_CORR;
    }
    fresh.deviation_log2 = fresh.order_log2[0];
    for (size_t lags = 0; lags <= fresh.lags; lags++) {
        fresh.order_log2[lags] = fresh.order_log2[0];
    }
    other = *input;
    other.innovation = &fresh;
    qw_account_of(&other, &account);
    return is_enough(run, qw_account_length(&account, all_said(run))) ? QW_PLKG_PREDICTABLE
                                                                      : QW_PLKG_NO_GAIN;
}

double qw_plkg_run_epsilon_log2(const struct qw_plkg_run *run)
{
    return qw_account_epsilon_log2(-(double)run->terms.epsilon_bits,
                                   run->link->transcript_len + QW_BITS_TO_BYTES(run->string_bits));
}

static void book_account(struct qw_plkg_run *run, uint64_t secret_bits)
{
    struct qw_plkg_ledger *ledger = &run->ledger;

    ledger->entropy_bits = floor(run->account.entropy_bits);
    ledger->finite_size_bits = ceil(run->account.finite_size_bits);
    ledger->amplification_bits = ceil(run->account.amplification_bits);
    ledger->reconciliation_bits = run->said_bits;
    ledger->verification_bits = QW_PLKG_VERIFICATION_BITS;
    ledger->selection_bits = qw_plkg_run_selection_bits(run);
    ledger->epsilon_log2 = qw_plkg_run_epsilon_log2(run);
    ledger->secret_bits = secret_bits;
}

qw_err qw_plkg_run_account(struct qw_plkg_run *run, const struct qw_feature_set *set,
                           uint64_t *secret_bits)
{
    struct qw_innovation innovation;
    struct qw_account_input input = {
        .innovation = &innovation,
        .width = run->model.width,
        .has_phase = run->has_phase,
        .key_pairs = run->key_pairs,
        .run = run->split.run,
        .run_count = run->split.run_count,
        .eve_correlation = run->terms.eve_correlation / 10000.0,
        .injected_ratio = run->party->policy.injected_ratio,
        .epsilon_log2 = -(double)run->terms.epsilon_bits,
    };
    uint64_t length;
    qw_err err;

    if (input.injected_ratio > 0.0 && !run->has_phase) { /* an amplitude is no sum of two signals */
        return qw_plkg_run_refuse(run, QW_PLKG_POLICY);
    }
    err = qw_innovation_estimate(set, run->model.dims, &innovation);
    if (err != QW_OK) {
        return err == QW_ERR_EXHAUSTED ? qw_plkg_run_refuse(run, QW_PLKG_TOO_FEW_PAIRS) : err;
    }
    qw_account_of(&input, &run->account);
    run->account.entropy_bits = fmin(run->account.entropy_bits, (double)run->string_bits);
    length = qw_account_length(&run->account, all_said(run));
    book_account(run, 0);
    if (!is_enough(run, length)) {
        return qw_plkg_run_refuse(run, diagnose(run, &input));
    }
    *secret_bits = length;
    return QW_OK;
}

qw_err qw_plkg_run_make_key(struct qw_plkg_run *run, const uint8_t *seed, uint32_t secret_bits)
{
    run->key = qw_secret_new(QW_BITS_TO_BYTES(secret_bits));
    run->secret_bits = secret_bits;
    if (run->key == NULL) {
        return QW_ERR_NOMEM;
    }
    return qw_toeplitz_hash(run->string, run->string_bits, seed, run->key, secret_bits);
}

static void close_ledger(struct qw_plkg_run *run, qw_err err)
{
    struct qw_plkg_ledger *ledger = &run->ledger;

    ledger->messages = run->link->messages;
    ledger->message_bytes = run->link->message_bytes;
    if (ledger->channel_time_s > 0.0) {
        double probe_s =
            qw_tuning_probe_cost_s(&run->tuning, (double)run->terms.interval_us * 1e-6);
        double pilots = (double)ledger->probes + (double)run->looks * QW_PACE_PROBES;
        double airtime_s = pilots * probe_s + (double)ledger->message_bytes * 8.0 /
                                                  run->tuning.carrier->discussion_bps;

        ledger->airtime_share = airtime_s / ledger->channel_time_s;
    }
    if (err == QW_ERR_REFUSED) {
        ledger->refusal =
            (uint8_t)(run->refusal != QW_PLKG_NONE ? run->refusal : run->link->peer_refusal);
    } else if (err == QW_ERR_AUTH || err == QW_ERR_FORMAT) {
        ledger->refusal = QW_PLKG_AUTH;
    }
    ledger->secret_bits = err == QW_OK ? run->secret_bits : 0;
}

/* The peer sees one and the same refusal for bad bytes and for a bad tag. */
static void tell_peer(struct qw_plkg_run *run, qw_err err)
{
    if (err == QW_ERR_AUTH || err == QW_ERR_FORMAT) {
        qw_plkg_link_refuse(run->link, QW_PLKG_AUTH);
    } else if (err == QW_ERR_REFUSED && run->refusal != QW_PLKG_NONE) {
        qw_plkg_link_refuse(run->link, run->refusal);
    }
}

qw_err qw_plkg_run_end(struct qw_plkg_run *run, qw_err err, struct qw_plkg_session **session,
                       struct qw_plkg_ledger *ledger)
{
    if (err == QW_OK) {
        qw_plkg_link_end_transcript(run->link);
        err = qw_plkg_session_new(run->link, run->is_terminal, run->key, run->secret_bits / 8,
                                  run->auth, session);
    }
    tell_peer(run, err);
    close_ledger(run, err);
    *ledger = run->ledger;
    if (err == QW_OK) {
        run->link = NULL; /* the session's now */
        run->key = NULL;
        run->auth = NULL;
        qw_plkg_run_progress(run, QW_PLKG_STAGE_DONE, 1, 1);
    }
    if (err != QW_OK && err != QW_ERR_REFUSED) {
        qw_log_write(run->party->log, QW_LOG_INFO, "key generation ended: %s", qw_err_text(err));
    }
    qw_plkg_run_free(run);
    return err;
}
