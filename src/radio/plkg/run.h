/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_RUN_H
#define QW_RADIO_PLKG_RUN_H

#include "distill/multilevel.h"
#include "radio/account.h"
#include "radio/onset.h"
#include "radio/plkg/amplify.h"
#include "radio/plkg/disagreement.h"
#include "radio/plkg/estimate.h"
#include "radio/plkg/link.h"
#include "radio/plkg/open.h"
#include "radio/plkg/pace.h"
#include "radio/plkg/pairs.h"
#include "radio/plkg/reconcile.h"
#include "radio/plkg/silence.h"

/* What both sides of a session do alike; the two orders of steps are in plkg/terminal.c and
 * plkg/access_point.c. Owned by one call of qw_plkg_run_*; everything secret in it is wiped when it
 * is freed. */
struct qw_plkg_run {
    const struct qw_plkg_party *party; /* borrowed */
    bool is_terminal;
    struct qw_plkg_link *link;
    struct qw_plkg_ledger ledger;
    enum qw_plkg_refusal refusal; /* why this end said no, when a step gave QW_ERR_REFUSED */
    uint8_t *auth;                /* secret memory: up, then down  [2 x QW_PLKG_AUTH_LEN] */

    struct qw_plkg_terms own_terms, terms;
    struct qw_tuning tuning; /* what both radios are set to, once agreed */
    bool is_paced;           /* the terminal looks first; terms.interval_us is what it found */
    uint8_t looks;           /* that it took */
    int64_t start_ns;        /* of probe 0, on the terminal's clock */
    bool has_phase;
    uint32_t probes;
    struct qw_feature_set *set;
    struct qw_onset *onset;         /* where frames know their beginning */
    struct qw_plkg_silence silence; /* the terminal's */
    struct qw_plkg_pairs own_pairs, peer_pairs;
    struct qw_plkg_split split;
    struct qw_plkg_estimate own_estimate, peer_estimate;

    struct qw_model model;
    size_t coefficients; /* numbers in the key string: key pairs x model.dims */
    size_t key_pairs;
    struct qw_multilevel *multilevel;
    uint16_t *symbol; /* [coefficients] */
    uint8_t *string;  /* secret memory: Xq, string_bits long */
    size_t string_bits;
    uint64_t said_bits; /* by the reconciler, as sent */
    struct qw_account account;
    uint8_t *key; /* secret memory: secret_bits, cut to whole bytes */
    uint32_t secret_bits;
};

enum {
    QW_PLKG_VERIFICATION_BITS = 8 * QW_PLKG_CHECK_LEN,
    /* DECODED says one of five things, as no deviation has more than four coded levels; with three
     * MORE at most that makes fewer than 2 x (1 + 4 + 16 + 64) courses of a session. */
    QW_PLKG_COURSE_BITS = 8,
    QW_PLKG_SECRET_BITS_MIN = 256
};

qw_err qw_plkg_run_new(const struct qw_plkg_party *party, bool is_terminal,
                       struct qw_plkg_run **run) QW_MUST_USE;
void qw_plkg_run_free(struct qw_plkg_run *run); /* NULL is fine */

struct qw_plkg_pads qw_plkg_run_up(const struct qw_plkg_run *run);
/* Its tag 0 covers the string as well: it is what says that both ends have the same. */
struct qw_plkg_pads qw_plkg_run_down(const struct qw_plkg_run *run);
void qw_plkg_run_progress(const struct qw_plkg_run *run, enum qw_plkg_stage stage, uint64_t done,
                          uint64_t total);
/* Remembers why and gives QW_ERR_REFUSED. */
qw_err qw_plkg_run_refuse(struct qw_plkg_run *run, enum qw_plkg_refusal refusal) QW_MUST_USE;

/* Sets this end's radio; QW_ERR_REFUSED with CARRIER when it cannot. */
qw_err qw_plkg_run_tune(struct qw_plkg_run *run, const struct qw_tuning *tuning) QW_MUST_USE;
/* The session is agreed: memory for its probes, first lines of the ledger. */
qw_err qw_plkg_run_begin(struct qw_plkg_run *run, bool is_simulated) QW_MUST_USE;
/* What PACE says. */
void qw_plkg_run_pace(struct qw_plkg_run *run, const struct qw_plkg_pace *pace);
/* Bits of everything said that was made from measurements, but for the reconciler's: the entropy in
 * AMPLIFY and the length in FINISH, neither more than the string is long, the course of DECODED,
 * and PACE. After qw_plkg_run_prepare_string. */
uint32_t qw_plkg_run_selection_bits(const struct qw_plkg_run *run);
/* Keeps a measurement. A frame of another shape counts as not heard: that says nothing about its
 * value, so dropping it is free. */
void qw_plkg_run_hear(struct qw_plkg_run *run, const struct qw_csi_frame *frame);
/* After PAIRS: QW_ERR_REFUSED with INJECTION when something came late in the frames that this end
 * heard. */
qw_err qw_plkg_run_check_onset(struct qw_plkg_run *run) QW_MUST_USE;
/* PAIRS of this end, after the last probe. */
qw_err qw_plkg_run_fill_pairs(struct qw_plkg_run *run) QW_MUST_USE;
qw_err qw_plkg_run_send_pairs(struct qw_plkg_run *run) QW_MUST_USE;
/* body of the peer's PAIRS: what is disclosed, what is key. */
qw_err qw_plkg_run_take_pairs(struct qw_plkg_run *run, const uint8_t *body, size_t len) QW_MUST_USE;
qw_err qw_plkg_run_send_estimate(struct qw_plkg_run *run) QW_MUST_USE;
qw_err qw_plkg_run_receive_estimate(struct qw_plkg_run *run) QW_MUST_USE;
/* After ESTIMATE, at the end that makes the string: QW_ERR_REFUSED with PREDICTABLE when the
 * session repeats itself. */
qw_err qw_plkg_run_check_repetition(struct qw_plkg_run *run) QW_MUST_USE;
/* After the account, before anything is said about the string: QW_ERR_REFUSED with REPLAY when the
 * radio of this end replays one record to both, so that a key would be none. */
qw_err qw_plkg_run_check_source(struct qw_plkg_run *run) QW_MUST_USE;
/* After ESTIMATE: QW_ERR_REFUSED with REPLAY when this end has seen the channel before; else its
 * guard, if it has one, remembers what was disclosed. */
qw_err qw_plkg_run_check_replay(struct qw_plkg_run *run) QW_MUST_USE;
/* What the eavesdropper is credited with, as if all of it were correlation: to choose by. */
double qw_plkg_run_correlation(const struct qw_plkg_run *run);
/* The disclosed numbers of both ends; borrowed from run. */
struct qw_disclosed qw_plkg_run_disclosed(const struct qw_plkg_run *run);
/* After model is set: which numbers make the string, and the reconciler for them. */
qw_err qw_plkg_run_prepare_string(struct qw_plkg_run *run) QW_MUST_USE;
/* The string from the symbols. */
void qw_plkg_run_write_string(struct qw_plkg_run *run);
/* The account of a set that holds the access point's numbers, or what is known of them.
 * QW_ERR_REFUSED when fewer bits are left than a session must give. */
qw_err qw_plkg_run_account(struct qw_plkg_run *run, const struct qw_feature_set *set,
                           uint64_t *secret_bits) QW_MUST_USE;
/* Of a key that this run makes. */
double qw_plkg_run_epsilon_log2(const struct qw_plkg_run *run);
/* K from the string. */
qw_err qw_plkg_run_make_key(struct qw_plkg_run *run, const uint8_t *seed,
                            uint32_t secret_bits) QW_MUST_USE;
/* Closes the books: fills *ledger, says REFUSE to the peer where that is due, and hands over the
 * session on QW_OK. Frees run. Gives err back. */
qw_err qw_plkg_run_end(struct qw_plkg_run *run, qw_err err, struct qw_plkg_session **session,
                       struct qw_plkg_ledger *ledger) QW_MUST_USE;

#endif
