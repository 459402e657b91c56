/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal's order of steps, T1 to T8 of docs/protocol/plkg.md. */
#include "radio/plkg/probing.h"

#include "radio/plkg/gap.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "radio/amplitude/waves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* T1 */
static qw_err send_open(struct qw_plkg_run *run, const struct qw_plkg_terminal *terminal,
                        struct qw_plkg_open *open)
{
    uint8_t body[QW_PLKG_OPEN_LEN_MAX];
    struct qw_bytes part;
    qw_err err =
        qw_plkg_run_tune(run, terminal->tuning != NULL ? terminal->tuning : &qw_tuning_standard);

    if (err == QW_OK) {
        err = qw_random_bytes(open->nonce, sizeof open->nonce);
    }
    if (err != QW_OK) {
        return err;
    }
    memcpy(open->terminal_id, terminal->terminal_id, strlen(terminal->terminal_id));
    open->has_phase = run->party->radio->has_phase;
    open->is_simulated = run->party->radio->is_simulated;
    open->terms = run->own_terms;
    open->tuning = run->tuning;
    open->is_paced = run->party->policy.is_paced;
    open->contact_len = (uint16_t)terminal->contact_len;
    if (terminal->contact_len > 0) {
        memcpy(open->contact, terminal->contact, terminal->contact_len);
    }
    part = (struct qw_bytes){ body, qw_plkg_open_encode(open, body) };
    return qw_plkg_link_send(run->link, QW_PLKG_OPEN, &part, 1, NULL);
}

static bool ack_ok(const struct qw_plkg_run *run, const struct qw_plkg_open *open,
                   const struct qw_plkg_open_ack *ack)
{
    return qw_plkg_terms_satisfy(&ack->terms, &run->own_terms) &&
           ack->probes == qw_plkg_terms_probes(&ack->terms) &&
           (open->has_phase || !ack->has_phase) && ack->is_paced == open->is_paced &&
           ack->terms.interval_us == qw_tuning_interval_us(&run->tuning, ack->terms.interval_us);
}

/* T2 */
static qw_err take_ack(struct qw_plkg_run *run, const struct qw_plkg_terminal *terminal,
                       const struct qw_plkg_open *open)
{
    struct qw_plkg_open_ack ack;
    const uint8_t *body;
    size_t len;
    qw_err err =
        qw_plkg_link_receive(run->link, QW_PLKG_OPEN_ACK, NULL, &body, &len, run->link->timeout_ms);

    if (err == QW_ERR_REFUSED && run->link->peer_refusal == QW_PLKG_ORDERED &&
        terminal->take_order != NULL) {
        terminal->take_order(run->party->self, run->link->incoming + QW_PLKG_HEADER_LEN,
                             run->link->order_len);
    }
    if (err == QW_OK) {
        err = qw_plkg_open_ack_decode(body, len, &ack);
    }
    if (err != QW_OK) {
        return err;
    }
    memcpy(run->link->session_id, open->nonce, QW_PLKG_SESSION_ID_LEN / 2);
    memcpy(run->link->session_id + QW_PLKG_SESSION_ID_LEN / 2, ack.nonce,
           QW_PLKG_SESSION_ID_LEN / 2);
    if (!qw_equal_ct(run->link->incoming + 1, run->link->session_id, QW_PLKG_SESSION_ID_LEN)) {
        return QW_ERR_FORMAT;
    }
    if (!ack_ok(run, open, &ack)) {
        return qw_plkg_run_refuse(run, QW_PLKG_POLICY);
    }
    err = qw_plkg_gap_check(run, ack.terms.interval_us, ack.is_paced);
    if (err != QW_OK) {
        return err;
    }
    run->terms = ack.terms;
    run->probes = ack.probes;
    run->has_phase = ack.has_phase;
    run->is_paced = ack.is_paced;
    err = terminal->take_auth(run->party->self, ack.up_position, ack.down_position, run->auth,
                              run->auth + QW_PLKG_AUTH_LEN);
    if (err != QW_OK) {
        return qw_plkg_run_refuse(run, err == QW_ERR_EXHAUSTED ? QW_PLKG_POOL_LOW : QW_PLKG_AUTH);
    }
    return qw_plkg_run_begin(run, open->is_simulated || ack.is_simulated);
}

/* T4 */
static qw_err exchange_pairs(struct qw_plkg_run *run)
{
    const uint8_t *body;
    size_t len;
    qw_err err = qw_plkg_run_fill_pairs(run);

    if (err == QW_OK) {
        err = qw_plkg_run_send_pairs(run);
    }
    if (err == QW_OK) {
        err = qw_plkg_link_receive(run->link, QW_PLKG_PAIRS, NULL, &body, &len,
                                   run->link->timeout_ms);
    }
    if (err == QW_OK) {
        err = qw_plkg_run_take_pairs(run, body, len);
    }
    if (err == QW_OK && (qw_plkg_silence_is_broken(&run->silence, run->own_pairs.heard) ||
                         qw_plkg_silence_is_broken(&run->silence, run->peer_pairs.heard))) {
        err = qw_plkg_run_refuse(run, QW_PLKG_INJECTION);
    }
    if (err == QW_OK) {
        err = qw_plkg_run_check_onset(run);
    }
    if (err == QW_OK && run->split.usable < QW_PLKG_PAIRS_MIN) {
        err = qw_plkg_run_refuse(run, QW_PLKG_TOO_FEW_PAIRS);
    }
    return err;
}

/* Amplitudes: no more numbers than waves that move, counted by the terminal itself. */
static qw_err check_waves(struct qw_plkg_run *run, const struct qw_disclosed *disclosed)
{
    size_t waves = disclosed->stride;
    qw_err err = disclosed->group == 1 ? qw_waves_count(disclosed, &waves) : QW_OK;

    if (err == QW_OK && run->model.dims > waves) {
        return qw_plkg_run_refuse(run, QW_PLKG_POLICY);
    }
    return err;
}

/* The model must fit what the disclosed probes say to the terminal itself. */
static qw_err check_model(struct qw_plkg_run *run, const struct qw_belief *belief)
{
    size_t numbers = qw_feature_numbers(run->set->stride, run->set->plan.group);

    if (run->model.dims > numbers || run->model.dims % run->set->plan.group != 0) {
        return QW_ERR_FORMAT;
    }
    for (size_t d = 0; d < run->model.dims; d++) {
        double ratio = belief->deviation[d] / (run->model.width[d] * QW_MODEL_SIGMA_CELLS);
        bool is_deepest = run->model.depth[d] == QW_MULTILEVEL_DEPTH_MAX; /* wide for its range */

        if (ratio > QW_MODEL_WIDTH_RATIO_MAX ||
            (ratio < 1.0 / QW_MODEL_WIDTH_RATIO_MAX && !is_deepest)) {
            return qw_plkg_run_refuse(run, QW_PLKG_POLICY);
        }
    }
    return QW_OK;
}

static void fill_means(const struct qw_plkg_run *run, const struct qw_belief *belief, float *mean)
{
    for (size_t pair = 0; pair < run->key_pairs; pair++) {
        const int32_t *y = qw_feature_set_row(run->set, run->split.key[pair]);

        for (size_t d = 0; d < run->model.dims; d++) {
            *mean++ = qw_belief_cells(belief, &run->model, d, &y);
        }
    }
}

static qw_err say_decoded(struct qw_plkg_run *run, const struct qw_plkg_decoded *decoded)
{
    uint8_t value = qw_plkg_decoded_encode(decoded);

    return qw_plkg_link_send(run->link, QW_PLKG_DECODED, &(struct qw_bytes){ &value, sizeof value },
                             1, NULL);
}

/* Writes the string. Parities alone cannot tell a wrong word, the check nearly always does, and tag
 * 0 of AMPLIFY has the last word. */
static bool is_verified(struct qw_plkg_run *run, const struct qw_plkg_syndrome *syndrome)
{
    uint8_t check[QW_PLKG_CHECK_LEN];

    qw_plkg_run_write_string(run);
    qw_plkg_check_of(syndrome->check_key, run->string, run->string_bits, check);
    return qw_equal_ct(check, syndrome->check, sizeof check);
}

/* Further parities of the level where the decoder is stuck, or that it got wrong; refusal says what
 * the session ends with when there are none. */
static qw_err ask_more(struct qw_plkg_run *run, const float *mean, enum qw_plkg_refusal refusal)
{
    size_t level = qw_multilevel_wanted(run->multilevel);
    size_t more_bits = qw_multilevel_more_bits(run->multilevel, level);
    const uint8_t *said;
    size_t len;
    qw_err err;

    if (more_bits == 0) {
        return qw_plkg_run_refuse(run, refusal);
    }
    err = say_decoded(run, &(struct qw_plkg_decoded){ true, (uint8_t)level });
    if (err == QW_OK) {
        err =
            qw_plkg_link_receive(run->link, QW_PLKG_MORE, NULL, &said, &len, run->link->timeout_ms);
    }
    if (err != QW_OK) {
        return err;
    }
    run->ledger.more_rounds++;
    run->said_bits += more_bits;
    return qw_multilevel_decode_more(run->multilevel, level, mean, said, len, run->symbol);
}

/* Further searches with what was said, as long as the check refutes the word. */
static qw_err verify(struct qw_plkg_run *run, const struct qw_plkg_syndrome *syndrome,
                     const float *mean)
{
    qw_err err = QW_OK;

    while (err == QW_OK && !is_verified(run, syndrome)) {
        err = qw_multilevel_decode_again(run->multilevel, mean, run->symbol);
    }
    return err;
}

/* One message, and more parities as long as no word is found or the check says that it is wrong. */
static qw_err decode(struct qw_plkg_run *run, const struct qw_plkg_syndrome *syndrome,
                     const float *mean)
{
    enum qw_plkg_refusal refusal = QW_PLKG_DECODE;
    qw_err err = qw_multilevel_decode(run->multilevel, mean, syndrome->said, syndrome->said_len,
                                      run->symbol);

    for (;;) {
        if (err == QW_OK) {
            refusal = QW_PLKG_VERIFY;
            err = verify(run, syndrome, mean);
        }
        if (err != QW_ERR_EXHAUSTED) {
            return err;
        }
        err = ask_more(run, mean, refusal);
    }
}

/* For the ledger: the access point has decided already. */
static void note_snr(struct qw_plkg_run *run)
{
    struct qw_disclosed disclosed = qw_plkg_run_disclosed(run);
    struct qw_model_report report = { 0 };
    struct qw_model own;
    qw_err err = qw_model_estimate(&disclosed, qw_plkg_run_correlation(run), &own, &report);

    if (err == QW_OK || err == QW_ERR_REFUSED) {
        run->ledger.snr_db = report.snr_db;
    }
}

static qw_err reconcile_with(struct qw_plkg_run *run, const struct qw_plkg_syndrome *syndrome)
{
    struct qw_disclosed disclosed = qw_plkg_run_disclosed(run);
    struct qw_belief belief;
    float *mean;
    qw_err err;

    run->model = syndrome->model;
    if (run->model.dims > disclosed.stride) {
        return QW_ERR_FORMAT;
    }
    note_snr(run);
    err = qw_plkg_run_check_source(run);
    if (err != QW_OK) {
        return err;
    }
    err = qw_belief_fit(&disclosed, &disclosed.y, 1, run->model.dims, &belief);
    if (err == QW_OK) {
        err = check_model(run, &belief);
    }
    if (err == QW_OK) {
        err = check_waves(run, &disclosed);
    }
    if (err == QW_OK) {
        err = qw_plkg_run_prepare_string(run);
    }
    if (err != QW_OK) {
        return err;
    }
    mean = calloc(run->coefficients, sizeof *mean);
    if (mean == NULL) {
        return QW_ERR_NOMEM;
    }
    fill_means(run, &belief, mean);
    err = decode(run, syndrome, mean);
    qw_wipe_free(mean, run->coefficients * sizeof *mean);
    return err;
}

/* T6. The said bytes are copied: a MORE would overwrite them. */
static qw_err reconcile(struct qw_plkg_run *run)
{
    struct qw_plkg_syndrome syndrome;
    const uint8_t *body;
    uint8_t *copy;
    size_t len;
    qw_err err;

    qw_plkg_run_progress(run, QW_PLKG_STAGE_RECONCILE, 0, 1);
    err =
        qw_plkg_link_receive(run->link, QW_PLKG_SYNDROME, NULL, &body, &len, run->link->timeout_ms);
    if (err == QW_ERR_REFUSED) {
        note_snr(run);
    }
    if (err != QW_OK) {
        return err;
    }
    copy = malloc(len + 1);
    if (copy == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(copy, body, len);
    err = qw_plkg_syndrome_decode(copy, len, &syndrome);
    if (err == QW_OK) {
        err = reconcile_with(run, &syndrome);
    }
    free(copy);
    if (err == QW_OK) {
        err = say_decoded(run, &(struct qw_plkg_decoded){ false, 0 });
    }
    return err;
}

/* What the terminal now knows of the access point's numbers: the disclosed ones exactly, the others
 * to their cell. A cell's centre adds the cell's variance, so this account cannot be stricter than
 * the access point's but for the probes it lacks; it is a check, and the smaller length counts. */
static qw_err own_account(struct qw_plkg_run *run, uint64_t *secret_bits)
{
    struct qw_feature_set *set;
    qw_err err = qw_feature_set_new(run->probes, &set);

    if (err != QW_OK) {
        return err;
    }
    set->stride = run->set->stride;
    set->plan.group = run->set->plan.group;
    set->plan.chains = run->set->plan.chains;
    for (size_t i = 0; i < run->split.disclosed_count; i++) {
        uint32_t probe_index = run->split.disclosed[i];

        set->heard[probe_index / 8] |= (uint8_t)(0x80u >> (probe_index % 8));
        memcpy(&set->fixed[probe_index * set->stride], &run->peer_estimate.value[i * set->stride],
               set->stride * sizeof set->fixed[0]);
    }
    for (size_t pair = 0; pair < run->key_pairs; pair++) {
        uint32_t probe_index = run->split.key[pair];

        set->heard[probe_index / 8] |= (uint8_t)(0x80u >> (probe_index % 8));
        for (size_t d = 0; d < run->model.dims; d++) {
            set->fixed[probe_index * set->stride + d] =
                qw_model_value(&run->model, d, run->symbol[pair * run->model.dims + d]);
        }
    }
    err = qw_plkg_run_account(run, set, secret_bits);
    if (err == QW_ERR_REFUSED && run->refusal == QW_PLKG_TOO_FEW_PAIRS &&
        run->party->policy.injected_ratio <= 0.0) {
        /* Two lossy directions leave the terminal fewer unbroken pasts than the access point has:
         * then it has no opinion of its own, unless it credits an injector, for only its own
         * account knows of that. */
        run->refusal = QW_PLKG_NONE;
        *secret_bits = UINT32_MAX;
        err = QW_OK;
    }
    qw_feature_set_free(set);
    return err;
}

/* The access point's account counts: its lines go into the ledger. */
static void book_said(struct qw_plkg_run *run, const struct qw_plkg_amplify *said)
{
    struct qw_plkg_ledger *ledger = &run->ledger;

    ledger->entropy_bits = said->entropy_bits;
    ledger->finite_size_bits = said->finite_size_bits;
    ledger->amplification_bits = said->amplification_bits;
    ledger->reconciliation_bits = said->reconciliation_bits;
    ledger->verification_bits = said->verification_bits;
    ledger->selection_bits = said->selection_bits;
    ledger->epsilon_log2 = qw_plkg_run_epsilon_log2(run);
}

/* T7 and T8 */
static qw_err amplify(struct qw_plkg_run *run)
{
    struct qw_plkg_pads up = qw_plkg_run_up(run);
    struct qw_plkg_pads down = qw_plkg_run_down(run);
    struct qw_plkg_amplify said;
    uint64_t own_bits;
    uint8_t finish[4];
    const uint8_t *body;
    size_t len;
    qw_err err;

    qw_plkg_run_progress(run, QW_PLKG_STAGE_AMPLIFY, 0, 1);
    err =
        qw_plkg_link_receive(run->link, QW_PLKG_AMPLIFY, &down, &body, &len, run->link->timeout_ms);
    if (err == QW_OK) {
        err = qw_plkg_amplify_decode(body, len, &said);
    }
    if (err == QW_OK &&
        (said.string_bits != run->string_bits || said.reconciliation_bits != run->said_bits ||
         said.verification_bits != QW_PLKG_VERIFICATION_BITS ||
         said.selection_bits != qw_plkg_run_selection_bits(run))) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        err = own_account(run, &own_bits);
    }
    if (err != QW_OK) {
        return err;
    }
    if (said.secret_bits < own_bits) {
        own_bits = said.secret_bits;
        book_said(run, &said);
    }
    if (own_bits < QW_PLKG_SECRET_BITS_MIN || own_bits <= run->ledger.auth_bits) {
        return qw_plkg_run_refuse(run, QW_PLKG_NO_GAIN);
    }
    err = qw_plkg_run_make_key(run, said.seed, (uint32_t)own_bits);
    if (err != QW_OK) {
        return err;
    }
    qw_store_u32be(finish, (uint32_t)own_bits);
    return qw_plkg_link_send(run->link, QW_PLKG_FINISH, &(struct qw_bytes){ finish, sizeof finish },
                             1, &up);
}

static qw_err run_steps(struct qw_plkg_run *run, const struct qw_plkg_terminal *terminal)
{
    struct qw_plkg_open open = { 0 };
    qw_err err;

    qw_plkg_run_progress(run, QW_PLKG_STAGE_OPEN, 0, 1);
    err = send_open(run, terminal, &open);
    if (err == QW_OK) {
        err = take_ack(run, terminal, &open);
    }
    if (err == QW_OK) {
        err = run->is_paced ? qw_plkg_probing_look(run) : QW_OK;
    }
    if (err == QW_OK) {
        err = qw_plkg_probing_run(run);
    }
    if (err == QW_OK) {
        qw_plkg_run_progress(run, QW_PLKG_STAGE_ESTIMATE, 0, 1);
        err = exchange_pairs(run);
    }
    if (err == QW_OK) {
        err = qw_plkg_run_send_estimate(run); /* T5 */
    }
    if (err == QW_OK) {
        err = qw_plkg_run_receive_estimate(run);
    }
    if (err == QW_OK) {
        err = qw_plkg_run_check_replay(run);
    }
    if (err == QW_OK) {
        err = reconcile(run);
    }
    return err == QW_OK ? amplify(run) : err;
}

qw_err qw_plkg_run_terminal(const struct qw_plkg_terminal *terminal,
                            struct qw_plkg_session **session, struct qw_plkg_ledger *ledger)
{
    size_t id_len = strlen(terminal->terminal_id);
    struct qw_plkg_run *run;
    qw_err err;

    *ledger = (struct qw_plkg_ledger){ 0 };
    if (id_len == 0 || id_len >= QW_PLKG_ID_CAP || terminal->contact_len > QW_PLKG_CONTACT_MAX) {
        return QW_ERR_ARG;
    }
    err = qw_plkg_run_new(&terminal->party, true, &run);
    if (err != QW_OK) {
        return err;
    }
    return qw_plkg_run_end(run, run_steps(run, terminal), session, ledger);
}
