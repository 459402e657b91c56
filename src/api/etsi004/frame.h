/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_ETSI004_FRAME_H
#define QW_API_ETSI004_FRAME_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdint.h>

/* What all messages of ETSI GS QKD 004 V2.1.1 have in common, as docs/protocol/etsi004.md has
 * their bytes. Decoders: QW_ERR_FORMAT for whatever is not exactly one message; outputs are then
 * untouched. Encoders: QW_ERR_SPACE, and QW_ERR_ARG for values that no decoder would take. */
enum {
    QW_ETSI004_HEADER_LEN = 8,
    QW_ETSI004_KSID_LEN = 16,
    QW_ETSI004_REQUEST_MAX = 1024, /* payload of a request */
    QW_ETSI004_CHUNK_MAX = 512,    /* bytes; one key of the centre */
    QW_ETSI004_METADATA_MAX = 256,
    QW_ETSI004_ANSWER_MAX = 1024 /* payload of an answer */
};

enum qw_etsi004_service {
    QW_ETSI004_OPEN_REQUEST = 2,
    QW_ETSI004_OPEN_ANSWER = 3,
    QW_ETSI004_GET_REQUEST = 4,
    QW_ETSI004_GET_ANSWER = 5,
    QW_ETSI004_CLOSE_REQUEST = 8,
    QW_ETSI004_CLOSE_ANSWER = 9
};

enum qw_etsi004_status {
    QW_ETSI004_DONE = 0,
    QW_ETSI004_PEER_ABSENT_AT_OPEN = 1,
    QW_ETSI004_NO_KEY = 2,
    QW_ETSI004_PEER_ABSENT = 3,
    QW_ETSI004_NO_CONNECTION = 4,
    QW_ETSI004_KSID_IN_USE = 5,
    QW_ETSI004_TIMEOUT = 6,
    QW_ETSI004_QOS_NOT_MET = 7,
    QW_ETSI004_METADATA_TOO_SMALL = 8,
    QW_ETSI004_STATUS_COUNT
};

struct qw_etsi004_header {
    enum qw_etsi004_service service;
    uint32_t payload_len; /* at most REQUEST_MAX or ANSWER_MAX, by the kind */
};

qw_err qw_etsi004_header_decode(const uint8_t bytes[static QW_ETSI004_HEADER_LEN],
                                struct qw_etsi004_header *header) QW_MUST_USE;
/* For a payload of that length. */
void qw_etsi004_header_write(uint8_t bytes[static QW_ETSI004_HEADER_LEN],
                             enum qw_etsi004_service service, uint32_t payload_len);

#endif
