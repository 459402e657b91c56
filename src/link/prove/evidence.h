/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_EVIDENCE_H
#define QW_LINK_PROVE_EVIDENCE_H

#include "base/error.h"
#include "link/prove/charon_log.h"
#include "link/prove/key_list.h"
#include "link/prove/packet.h"
#include "link/prove/session_keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Tries the ESP packets of a capture with the session keys of a log and counts what opens:
 * docs/operation/evidence.md. */
struct qw_evidence_counts {  /* packets */
    uint64_t packets;        /* whole and cut */
    uint64_t cut;            /* not tried */
    uint64_t opened;         /* with the delivered key */
    uint64_t opened_without; /* as if there were no PPK, or with zeros for it */
};

struct qw_evidence_row {               /* what ran under one PPK_ID, for one reason */
    char ppk_id[QW_CHARON_NAME_CAP];   /* "": without a PPK */
    enum qw_session_gap gap;           /* why there is no key, if there is none */
    char proposal[QW_CHARON_NAME_CAP]; /* with QW_GAP_PRF, _IKE and _ESP: what is not supported */
    size_t child_count;
    size_t rekeyed_count; /* of them, under an IKE_SA that came out of another */
    size_t closed_count;  /* SPIs of which there are cut packets, and none that opened */
    struct qw_evidence_counts counts;
};

struct qw_evidence_report {
    struct qw_evidence_counts total;
    uint64_t unknown_packets; /* ESP of an SPI that is not in the log; in total too */
    uint32_t unknown_spi;     /* the first of them */
    uint64_t ike_packets, other_packets;
    uint64_t fragments;                 /* later IP fragments that made no whole packet */
    bool is_truncated;                  /* the capture ends inside a packet */
    const struct qw_evidence_row *rows; /* borrowed from the evidence */
    size_t row_count;
    bool is_proved;
};

struct qw_evidence;

/* Borrows log, keys and the exchanges of the capture during the call. QW_ERR_NOMEM,
 * QW_ERR_UNAVAILABLE. */
qw_err qw_evidence_new(const struct qw_charon_log *log, const struct qw_key_list *keys,
                       const struct qw_ike_exchanges *exchanges,
                       struct qw_evidence **out) QW_MUST_USE;

/* NULL is fine; wipes. */
void qw_evidence_free(struct qw_evidence *evidence);

/* One packet of the capture; borrows it. */
void qw_evidence_packet(struct qw_evidence *evidence, const struct qw_packet *packet);

/* The capture ended inside a packet. */
void qw_evidence_truncated(struct qw_evidence *evidence);

/* What has come out so far; borrowed until the next packet. is_proved: there was ESP, all whole
 * packets opened with a delivered key and none without, and cut ones belong to an SA that opened.
 */
struct qw_evidence_report qw_evidence_report(struct qw_evidence *evidence);

#endif
