/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_OPEN_H
#define QW_RADIO_PLKG_OPEN_H

#include "radio/plkg.h"
#include "radio/plkg/message.h"

/* OPEN and OPEN_ACK: who, with which radio, under which policy; everything is fixed before the
 * first measurement. */
struct qw_plkg_terms {        /* a policy as it is said: in whole units */
    uint16_t eve_correlation; /* 1/10000, 0..9900 */
    uint8_t epsilon_bits;     /* -log2, 20..100 */
    uint32_t probes_max;      /* 64..20000 */
    uint32_t interval_us;     /* 100..10^7 */
    uint32_t wanted_bits;     /* 256..2^20 */
};

/* QW_ERR_ARG when a value is out of range; rounding goes to the strict side. */
qw_err qw_plkg_terms_of(const struct qw_plkg_policy *policy,
                        struct qw_plkg_terms *terms) QW_MUST_USE;
/* The stricter value of each: more correlation, less epsilon, fewer and slower probes; of the
 * wanted bits the larger number. */
void qw_plkg_terms_merge(const struct qw_plkg_terms *a, const struct qw_plkg_terms *b,
                         struct qw_plkg_terms *merged);
/* True when merged is at least as strict as own in every item. */
bool qw_plkg_terms_satisfy(const struct qw_plkg_terms *merged, const struct qw_plkg_terms *own);
/* How many probes the wanted bits are planned to need: see docs/protocol/plkg.md, B1. */
uint32_t qw_plkg_terms_probes(const struct qw_plkg_terms *terms);

struct qw_plkg_open {
    uint8_t nonce[QW_PLKG_NONCE_LEN];
    char terminal_id[QW_PLKG_ID_CAP];
    bool has_phase, is_simulated;
    bool is_paced; /* the terminal looks at the channel before it says the interval */
    struct qw_plkg_terms terms;
    struct qw_tuning tuning;
    uint16_t contact_len; /* 0..QW_PLKG_CONTACT_MAX */
    uint8_t contact[QW_PLKG_CONTACT_MAX];
};

struct qw_plkg_open_ack {
    uint8_t nonce[QW_PLKG_NONCE_LEN];
    char access_point_id[QW_PLKG_ID_CAP];
    bool has_phase; /* phases are used: both have them */
    bool is_simulated;
    bool is_paced;              /* as in OPEN */
    struct qw_plkg_terms terms; /* merged */
    uint32_t probes;            /* 64..terms.probes_max */
    uint64_t up_position, down_position;
};

enum {
    QW_PLKG_OPEN_LEN_MAX =
        1 + 16 + QW_PLKG_ID_CAP + 1 + 15 + QW_TUNING_LEN + 2 + QW_PLKG_CONTACT_MAX,
    QW_PLKG_OPEN_ACK_LEN_MAX = 1 + 16 + QW_PLKG_ID_CAP + 1 + 15 + 4 + 16
};

/* Bytes written. Names must be non-empty and shorter than QW_PLKG_ID_CAP. */
size_t qw_plkg_open_encode(const struct qw_plkg_open *open,
                           uint8_t out[static QW_PLKG_OPEN_LEN_MAX]);
qw_err qw_plkg_open_decode(const uint8_t *body, size_t len, struct qw_plkg_open *open) QW_MUST_USE;
size_t qw_plkg_open_ack_encode(const struct qw_plkg_open_ack *ack,
                               uint8_t out[static QW_PLKG_OPEN_ACK_LEN_MAX]);
qw_err qw_plkg_open_ack_decode(const uint8_t *body, size_t len,
                               struct qw_plkg_open_ack *ack) QW_MUST_USE;

#endif
