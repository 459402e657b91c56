/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_LEDGER_H
#define QW_RADIO_LEDGER_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Why a session gave no key: name on the wire and in the log, value on the wire, sentence for a
 * user. */
#define QW_PLKG_REFUSAL_TABLE(X) \
    X(NONE, 0, "a key was made") \
    X(POOL_LOW, 1, "the authentication pool is nearly used up: charge the card") \
    X(POLICY, 2, "the two sides do not agree on a policy") \
    X(TOO_FEW_PAIRS, 3, "too few probes were heard at both ends") \
    X(GAP, 4, "the two directions were measured too far apart in time") \
    X(STATIC, 5, "the channel does not move: it holds no fresh secret") \
    X(LOW_RHO, 6, "the two ends do not see the same channel") \
    X(PREDICTABLE, 7, "the channel moves, but predictably") \
    X(EVE_CORR, 8, "the eavesdropper is credited with seeing the same channel") \
    X(INJECTION, 9, "somebody else's signal is in the measurements") \
    X(REPLAY, 10, "this channel has been used before") \
    X(DECODE, 11, "the two strings could not be made equal") \
    X(VERIFY, 12, "the two strings still differ after reconciliation") \
    X(AUTH, 13, "the discussion was altered or the other side is not who it says") \
    X(NO_GAIN, 14, "the channel holds less secrecy than a session costs") \
    X(CARRIER, 15, "one of the radios has, or offers, no such carrier, antennas or bands") \
    X(ORDERED, 16, "the centre has an order for the card, and no key")
#define QW_PLKG_REFUSAL_ENUM(name, value, text) QW_PLKG_##name = value,
enum qw_plkg_refusal { QW_PLKG_REFUSAL_TABLE(QW_PLKG_REFUSAL_ENUM) };
#undef QW_PLKG_REFUSAL_ENUM
const char *qw_plkg_refusal_name(enum qw_plkg_refusal refusal); /* "STATIC" */
const char *qw_plkg_refusal_text(enum qw_plkg_refusal refusal);

/* Whether this end compared the beginnings of frames with the rest of them. A radio that measures a
 * frame as a whole cannot, and says so: that is no pass. */
enum qw_plkg_onset { QW_PLKG_ONSET_NOT_MADE, QW_PLKG_ONSET_PASSED, QW_PLKG_ONSET_FOUND };
const char *qw_plkg_onset_name(enum qw_plkg_onset onset); /* "not made", "passed", "found" */

/* What one session measured, said and earned; all bits are counted where they arise. Every field is
 * valid up to the stage that was reached, 0 after it. */
struct qw_plkg_ledger {
    uint64_t probes;          /* pairs attempted */
    uint64_t pairs;           /* usable at both ends */
    uint64_t disclosed_pairs; /* spent on parameter estimation */
    uint64_t coefficients;    /* real numbers that went into the key string */
    double snr_db;            /* estimated by the session, mean over the coefficients used */
    uint64_t compared_bits;   /* of the disclosed pairs, cut like the key string at both ends */
    uint64_t different_bits;  /* of these, before reconciliation */
    uint64_t raw_bits;        /* length of the quantised string Xq */
    double entropy_bits; /* H_lo: of Xq given the credited eavesdropper, the past and all disclosed
                            probes */
    double finite_size_bits;      /* Delta_fs: chance in Xq and in the estimate of H_lo */
    uint64_t reconciliation_bits; /* leak_IR, as sent, MORE included */
    uint64_t verification_bits;   /* leak_ver */
    uint64_t selection_bits;      /* leak_sel */
    double amplification_bits;    /* 2 log2(1 / (2 eps_PA)) */
    uint64_t secret_bits;         /* length of the key that came out; 0 when refused */
    uint64_t auth_bits;           /* pool bits spent by both directions of this session */
    double epsilon_log2;          /* total failure probability of the key */
    double eve_correlation;       /* credited by policy */
    double channel_time_s;        /* from the first probe to the last, on the channel's clock */
    double airtime_share; /* of the host network, probes and discussion, at the carrier's standard
                             figures; of a cell: share of its resource elements */
    uint64_t messages;    /* of the discussion after probing, both directions */
    uint64_t message_bytes;
    uint32_t more_rounds;
    double onset_deviations; /* by which this end found something late in the frames, when onset is
                                not 0 (radio/onset.h) */
    uint8_t onset;           /* enum qw_plkg_onset */
    uint8_t is_simulated;    /* the channel was simulated or replayed */
    uint8_t refusal;         /* enum qw_plkg_refusal */
};

/* Fixed-size big-endian form (doubles as IEEE 754 bits) for the local socket and records; decode
 * refuses non-finite numbers and unknown refusals. */
enum { QW_PLKG_LEDGER_LEN = 23 * 8 + 4 + 3 };
void qw_plkg_ledger_encode(const struct qw_plkg_ledger *ledger,
                           uint8_t out[static QW_PLKG_LEDGER_LEN]);
qw_err qw_plkg_ledger_decode(const uint8_t *data, size_t len,
                             struct qw_plkg_ledger *ledger) QW_MUST_USE;

#endif
