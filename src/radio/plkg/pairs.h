/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_PAIRS_H
#define QW_RADIO_PLKG_PAIRS_H

#include "radio/plkg/message.h"

#include <stdbool.h>
#include <stdint.h>

/* PAIRS: which probes an end heard, and its half of the draw of what will be disclosed. */
enum {
    QW_PLKG_BITMAP_MAX = (QW_PLKG_PROBES_MAX + 7) / 8,
    QW_PLKG_PAIRS_LEN_MAX = 4 + 8 + QW_PLKG_BITMAP_MAX,
    QW_PLKG_PAIRS_MIN = 256,      /* usable pairs of a session */
    QW_PLKG_BLOCK_PROBES = 32,    /* disclosed together */
    QW_PLKG_DISCLOSED_SHARE = 34, /* one pair in so many, */
    QW_PLKG_DISCLOSED_MIN = 84,   /* at least three blocks if few are lost, */
    QW_PLKG_DISCLOSED_SHORT = 6,  /* with phases no more than one in so many for that, */
    QW_PLKG_DISCLOSED_WAVES = 96, /* of amplitudes, in which waves are counted, so many */
    QW_PLKG_DISCLOSED_MAX = QW_PLKG_PROBES_MAX / QW_PLKG_DISCLOSED_SHARE + QW_PLKG_BLOCK_PROBES
};

struct qw_plkg_pairs {
    uint32_t probes;                   /* of the session, 64..20000 */
    uint64_t nonce;                    /* drawn after the last probe */
    uint8_t heard[QW_PLKG_BITMAP_MAX]; /* bit string over probes; unused bits zero */
};

size_t qw_plkg_pairs_encode(const struct qw_plkg_pairs *pairs,
                            uint8_t out[static QW_PLKG_PAIRS_LEN_MAX]);
qw_err qw_plkg_pairs_decode(const uint8_t *body, size_t len,
                            struct qw_plkg_pairs *pairs) QW_MUST_USE;

/* What both ends derive from the two messages, in probe order. */
struct qw_plkg_split {
    uint32_t usable;                           /* pairs heard at both ends */
    uint32_t key_count;                        /* pairs that make the key string */
    uint32_t disclosed_count;                  /* 0..QW_PLKG_DISCLOSED_MAX */
    uint32_t key[QW_PLKG_PROBES_MAX];          /* probe numbers */
    uint32_t disclosed[QW_PLKG_DISCLOSED_MAX]; /* probe numbers */
    uint32_t run_count;                        /* of consecutive disclosed probes */
    uint32_t run[QW_PLKG_DISCLOSED_MAX];       /* their lengths */
};

/* Draws random blocks of probes from both nonces, quarter by quarter of the session, until enough
 * pairs are in them; the other pairs stay secret. Both messages must be of the same number of
 * probes. */
void qw_plkg_split_of(const struct qw_plkg_pairs *terminal,
                      const struct qw_plkg_pairs *access_point, bool has_phase,
                      struct qw_plkg_split *split);

#endif
