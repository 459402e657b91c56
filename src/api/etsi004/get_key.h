/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_ETSI004_GET_KEY_H
#define QW_API_ETSI004_GET_KEY_H

#include "api/etsi004/frame.h"

#include <stddef.h>

/* GET_KEY: one chunk of a stream; and CLOSE, whose request is the stream's name alone. */
struct qw_etsi004_get {
    uint8_t ksid[QW_ETSI004_KSID_LEN];
    uint32_t index;
    uint32_t metadata_cap; /* bytes that the caller has for metadata */
};

struct qw_etsi004_get_answer { /* holds a secret: wiped by its owner */
    enum qw_etsi004_status status;
    uint32_t index;     /* with DONE */
    uint32_t chunk_len; /* with DONE: 1..QW_ETSI004_CHUNK_MAX */
    uint8_t chunk[QW_ETSI004_CHUNK_MAX];
    uint32_t metadata_len; /* with DONE; with METADATA_TOO_SMALL what is needed */
    char metadata[QW_ETSI004_METADATA_MAX];
};

/* Payloads, without the header. */
qw_err qw_etsi004_get_encode(const struct qw_etsi004_get *get, uint8_t *out, size_t cap,
                             size_t *len) QW_MUST_USE;
qw_err qw_etsi004_get_decode(const uint8_t *payload, size_t len,
                             struct qw_etsi004_get *get) QW_MUST_USE;
qw_err qw_etsi004_get_answer_encode(const struct qw_etsi004_get_answer *answer, uint8_t *out,
                                    size_t cap, size_t *len) QW_MUST_USE;
qw_err qw_etsi004_get_answer_decode(const uint8_t *payload, size_t len,
                                    struct qw_etsi004_get_answer *answer) QW_MUST_USE;

qw_err qw_etsi004_close_encode(const uint8_t ksid[static QW_ETSI004_KSID_LEN], uint8_t *out,
                               size_t cap, size_t *len) QW_MUST_USE;
qw_err qw_etsi004_close_decode(const uint8_t *payload, size_t len,
                               uint8_t ksid[static QW_ETSI004_KSID_LEN]) QW_MUST_USE;
qw_err qw_etsi004_close_answer_encode(enum qw_etsi004_status status, uint8_t *out, size_t cap,
                                      size_t *len) QW_MUST_USE;
qw_err qw_etsi004_close_answer_decode(const uint8_t *payload, size_t len,
                                      enum qw_etsi004_status *status) QW_MUST_USE;

#endif
