/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_ETSI014_KEY_IDS_H
#define QW_API_ETSI014_KEY_IDS_H

#include "api/etsi014/key_request.h"

/* The ids of a Get key with key IDs request [ETSI 014 5.4, 6.4]: of the query (key_ID, once or
 * repeated; key_IDs with commas between) or of the body, not of both. Compared as 128-bit values,
 * none twice. */
enum { QW_ETSI014_IDS_MAX = 128 };

struct qw_etsi014_key_ids {
    size_t count; /* 1..QW_ETSI014_IDS_MAX */
    uint8_t id[QW_ETSI014_IDS_MAX][16];
};

/* ids is untouched on a fault. */
enum qw_etsi014_fault qw_etsi014_key_ids_decode(const struct qw_etsi014_text *text,
                                                struct qw_etsi014_key_ids *ids) QW_MUST_USE;

#endif
