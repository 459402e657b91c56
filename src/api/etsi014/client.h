/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_ETSI014_CLIENT_H
#define QW_API_ETSI014_CLIENT_H

#include "api/http_client.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* An application's calls of ETSI GS QKD 014 V1.1.1 to a key server, ours or another's, over the
 * caller's HTTPS client. The other end is named by its SAE id, in plain text. What comes is not
 * believed: so many keys as asked for, each as long as asked for, no id twice, and no key of 16
 * bytes or more twice. One thread at a time for each client. All calls: QW_ERR_ARG (counts, sizes,
 * an id that does not fit into a path), what qw_http_client_call returns when there is no answer,
 * QW_ERR_FORMAT for an answer of another shape, QW_ERR_REFUSED for 401 and 403, QW_ERR_EXHAUSTED
 * for 503 (no key has moved, later again), QW_ERR_NOT_FOUND for 404 and for 400 of dec_keys (no
 * such key, or not any more), QW_ERR_ARG for other 400s, QW_ERR_IO for any other status. Outputs
 * are untouched, or wiped where they hold keys. */
enum { QW_ETSI014_CLIENT_KEYS_MAX = 128, QW_ETSI014_CLIENT_KEY_LEN_MAX = 512 };

struct qw_etsi014_client_status { /* [ETSI 014 6.1]; sizes in bits */
    uint64_t key_size, stored_key_count, max_key_per_request, max_key_size, min_key_size;
};
qw_err qw_etsi014_client_status(struct qw_http_client *client, const char *slave,
                                struct qw_etsi014_client_status *status) QW_MUST_USE;

/* Get key [ETSI 014 5.3, 6.2]: count (1..QW_ETSI014_CLIENT_KEYS_MAX) new keys of key_len bytes
 * (1..QW_ETSI014_CLIENT_KEY_LEN_MAX) shared with slave.
 *   ids   [count x 16 bytes]
 *   keys  [count x key_len bytes], in the order of the ids, secret: wiped by the caller */
qw_err qw_etsi014_client_new_keys(struct qw_http_client *client, const char *slave, size_t count,
                                  size_t key_len, uint8_t (*ids)[16], uint8_t *keys) QW_MUST_USE;

/* Get key with key IDs [ETSI 014 5.4, 6.4]: the keys that master got under these ids, no two alike,
 * in their order, whatever order the server answers in. */
qw_err qw_etsi014_client_keys_by_id(struct qw_http_client *client, const char *master, size_t count,
                                    size_t key_len, const uint8_t (*ids)[16],
                                    uint8_t *keys) QW_MUST_USE;

#endif
