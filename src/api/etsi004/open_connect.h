/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_ETSI004_OPEN_CONNECT_H
#define QW_API_ETSI004_OPEN_CONNECT_H

#include "api/etsi004/frame.h"

#include <stddef.h>

/* OPEN_CONNECT: a stream between two applications is asked for, with its quality. */
enum { QW_ETSI004_URI_CAP = 256, QW_ETSI004_MIMETYPE_LEN = 256, QW_ETSI004_QOS_LEN = 284 };

struct qw_etsi004_qos {
    uint32_t chunk_len; /* bytes, not bits */
    uint32_t max_bps, min_bps;
    uint32_t jitter_bps;
    uint32_t priority;
    uint32_t timeout_ms;
    uint32_t ttl_s;
    char mimetype[QW_ETSI004_MIMETYPE_LEN]; /* of the metadata, visible ASCII; "": none */
};

struct qw_etsi004_open {
    char source[QW_ETSI004_URI_CAP], dest[QW_ETSI004_URI_CAP]; /* visible ASCII, never "" */
    struct qw_etsi004_qos qos;
    uint8_t ksid[QW_ETSI004_KSID_LEN]; /* zero: to be assigned */
};

struct qw_etsi004_open_answer {
    enum qw_etsi004_status status;
    struct qw_etsi004_qos qos;         /* with DONE and QOS_NOT_MET, else zero */
    uint8_t ksid[QW_ETSI004_KSID_LEN]; /* likewise */
};

/* Payloads, without the header. */
qw_err qw_etsi004_open_encode(const struct qw_etsi004_open *open, uint8_t *out, size_t cap,
                              size_t *len) QW_MUST_USE;
qw_err qw_etsi004_open_decode(const uint8_t *payload, size_t len,
                              struct qw_etsi004_open *open) QW_MUST_USE;
qw_err qw_etsi004_open_answer_encode(const struct qw_etsi004_open_answer *answer, uint8_t *out,
                                     size_t cap, size_t *len) QW_MUST_USE;
qw_err qw_etsi004_open_answer_decode(const uint8_t *payload, size_t len,
                                     struct qw_etsi004_open_answer *answer) QW_MUST_USE;

#endif
