/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_LINK_LEDGER_H
#define QW_QKD_LINK_LEDGER_H

#include "qkd/finite_key.h"

#include <stdint.h>

/* Why a block gave no key: name in the log, value on the wire, sentence for a user. */
#define QW_QKD_REFUSAL_TABLE(X) \
    X(NONE, 0, "a key was made") \
    X(TERMS, 1, "the two ends are not configured alike") \
    X(POOL_LOW, 2, "the authentication pool is nearly used up: charge both ends") \
    X(POOL, 3, "the two ends are too far apart in the authentication pool") \
    X(TOO_FEW, 4, "too few clicks in the test basis") \
    X(QBER, 5, "the error rate is above the limit: somebody measures on the way") \
    X(DECOY, 6, \
      "the intensities do not click as light through a fibre does: photons are split off") \
    X(GAIN, 7, "the detectors click at a rate that is not this fibre's: they may be blinded") \
    X(RECONCILE, 8, "the two strings could not be made equal") \
    X(VERIFY, 9, "the two strings still differ after reconciliation") \
    X(AUTH, 10, "the discussion was altered or the other side is not who it says") \
    X(NO_KEY, 11, "the block holds less secrecy than was said about it") \
    X(NO_GAIN, 12, "the block would give no more key than its tags use up")
#define QW_QKD_REFUSAL_ENUM(name, value, text) QW_QKD_##name = value,
enum qw_qkd_refusal { QW_QKD_REFUSAL_TABLE(QW_QKD_REFUSAL_ENUM) QW_QKD_REFUSALS };
#undef QW_QKD_REFUSAL_ENUM
const char *qw_qkd_refusal_name(enum qw_qkd_refusal refusal); /* "QBER" */
const char *qw_qkd_refusal_text(enum qw_qkd_refusal refusal);

/* One block, counted where it arises; valid up to the step that was reached, 0 after it. */
struct qw_qkd_ledger {
    uint32_t block;
    uint64_t pulses;      /* from the first click to the last, both counted */
    uint64_t clicks;      /* said by B */
    uint64_t click_bytes; /* of CLICKS: what a click costs on the wire */
    uint64_t x_bits;      /* n_X: the sifted key */
    uint64_t z_bits;      /* the test */
    double qber_x;        /* found by reconciliation */
    double qber_z;
    double gain;                  /* clicks per pulse */
    uint64_t reconciliation_bits; /* said by Cascade */
    uint64_t verification_bits;
    uint32_t round_trips;          /* of Cascade */
    struct qw_finite_key key;      /* own account */
    uint64_t secret_bits;          /* of the key; the smaller of both accounts; 0 when refused */
    uint64_t auth_bits;            /* pool bits used up by both tags */
    uint64_t refilled_bits;        /* of the key, its first: they went into the pool */
    uint64_t key_bits;             /* secret less refilled: what was handed over */
    uint64_t pool_tags;            /* left behind the block, in the direction that has fewer */
    double epsilon_correctness;    /* of the verification */
    double epsilon_authentication; /* of both tags */
    double epsilon_pool;           /* of the pool that the tags were made with: of earlier keys */
    uint64_t messages;             /* both directions */
    uint64_t message_bytes;
    uint8_t refusal; /* enum qw_qkd_refusal */
    uint8_t refused_by_peer;
};

#endif
