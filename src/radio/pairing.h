/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PAIRING_H
#define QW_RADIO_PAIRING_H

#include "base/error.h"
#include "radio/csi_frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which measurement of one end belongs to which of the other [W1]: the same number, the same place
 * among its retries, and at the same time. By order of arrival one lost frame would shift all
 * after it. Nothing here looks at values, so what is dropped tells nothing about them. */
enum { QW_PAIRING_MARKS_MAX = 1 << 18 };

struct qw_pairing_mark { /* what pairing knows of a frame */
    int64_t time_ns;
    uint64_t sequence;
    enum qw_csi_format format;
    uint16_t tone_count;
    uint8_t rx_first, tx_first;
    uint8_t source[QW_CSI_SOURCE_LEN];
    bool is_usable; /* has a number of the air and a time */
};

struct qw_pairing_mark qw_pairing_mark_of(const struct qw_csi_frame *frame);

struct qw_pairing_end {
    const struct qw_pairing_mark *mark; /* borrowed, in the order of arrival */
    size_t count;                       /* <= QW_PAIRING_MARKS_MAX */
    const uint8_t *peer;                /* address of the transmitter to listen to; NULL: any */
};

struct qw_pairing_config {
    enum qw_csi_format format; /* the one of the session; others are dropped */
    int64_t tau_max_ns;        /* a pair is no further apart, >= 1; 1 000 000 is usual */
    int64_t retry_window_ns;   /* frames with one number no further apart are retries, >= 1 */
    bool has_offset;           /* false: the clocks' difference is found from the frames */
    int64_t offset_ns;         /* Alice's clock minus Bob's */
};

struct qw_pair {
    size_t alice, bob; /* indices of marks */
};

struct qw_pairing_counters { /* of marks, both ends together unless said */
    uint64_t other_format;   /* or another number of tones, or another chain than the first */
    uint64_t foreign;        /* of another transmitter */
    uint64_t unnumbered;     /* control frames; frames without a time */
    uint64_t duplicates;     /* the same frame reported twice */
    uint64_t ambiguous;      /* of Alice: more than one of Bob's fits */
    uint64_t missing;        /* of Alice: none of Bob's fits: lost at one end, or too far apart */
    uint64_t unmatched;      /* of Bob: none of Alice's came to it */
    uint64_t clock_jumps;    /* times that the clocks' difference had to be found anew */
};

/* pairs [size: the smaller count], ascending in Alice's index; each mark is in one pair at most.
 * QW_ERR_ARG (counts, tau), QW_ERR_NOMEM; outputs are then untouched. */
qw_err qw_pairing_run(const struct qw_pairing_end *alice, const struct qw_pairing_end *bob,
                      const struct qw_pairing_config *config, struct qw_pair *pairs, size_t *count,
                      struct qw_pairing_counters *counters) QW_MUST_USE;

#endif
