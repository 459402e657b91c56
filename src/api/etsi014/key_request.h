/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_ETSI014_KEY_REQUEST_H
#define QW_API_ETSI014_KEY_REQUEST_H

#include "api/etsi014/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The Key request of ETSI GS QKD 014 V1.1.1 [ETSI 014 6.2], from query, body or both, as clients
 * really send it: an empty body is an empty request, number and size may stand in either place and
 * must agree, members nobody knows are ignored. */
enum { QW_ETSI014_NAME_CAP = 64, QW_ETSI014_SLAVES_MAX = 8 };

struct qw_etsi014_limits { /* what the server offers, as in its Status */
    uint32_t keys_max;
    uint32_t bits_min, bits_standard, bits_max;
    uint32_t slaves_max; /* <= QW_ETSI014_SLAVES_MAX */
};

/* Our extensions [docs/protocol/etsi014.md]. */
struct qw_etsi014_options {
    char source[QW_ETSI014_NAME_CAP]; /* qwave_source; "" for any */
    int64_t max_age_ms;               /* qwave_max_age; -1 for any */
    int is_relayed;                   /* qwave_route_type; -1 for any */
    bool is_fresh;                    /* qwave_fresh; false for any */
    bool has_request_id;
    uint8_t request_id[16]; /* qwave_request_id: the caller's name of the request */
};

struct qw_etsi014_key_request {
    uint32_t number, size; /* standard values filled in; size in bits */
    char slaves[QW_ETSI014_SLAVES_MAX][QW_ETSI014_NAME_CAP]; /* additional ones */
    size_t slave_count;
    struct qw_etsi014_options mandatory, optional;
};

struct qw_etsi014_text { /* a request as it came; borrowed */
    const char *query;   /* raw */
    const char *content_type;
    const void *body;
    size_t body_len;
};

/* The first fault, or QW_ETSI014_NONE. unsupported: for QW_ETSI014_MANDATORY_UNKNOWN the name,
 * printable and cut; request is untouched on every fault. QW_ETSI014_UNAVAILABLE: no memory. */
enum qw_etsi014_fault
qw_etsi014_key_request_decode(const struct qw_etsi014_text *text,
                              const struct qw_etsi014_limits *limits,
                              struct qw_etsi014_key_request *request,
                              char unsupported[static QW_ETSI014_NAME_CAP]) QW_MUST_USE;

/* No body, or one that says it is JSON or says nothing. */
enum qw_etsi014_fault qw_etsi014_check_content_type(const struct qw_etsi014_text *text) QW_MUST_USE;

#endif
