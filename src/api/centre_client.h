/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CENTRE_CLIENT_H
#define QW_API_CENTRE_CLIENT_H

#include "api/http_client.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Calls to the centre's REST interface, as access points make them (docs/protocol/centre-rest.md).
 * Sealed blobs pass through unopened. */

/* What an HTTP status of the centre means: 200 and 201 QW_OK, 400 QW_ERR_FORMAT, 401 and 403
 * QW_ERR_REFUSED, 404 QW_ERR_NOT_FOUND, 409 QW_ERR_CONFLICT, 503 QW_ERR_EXHAUSTED, others
 * QW_ERR_IO. The calls below return these. */
qw_err qw_centre_client_status(unsigned status) QW_MUST_USE;

/* POST /v1/radio/sessions: contact report in, session id and sealed grant out. QW_ERR_STATE: the
 * centre has something else for the card, which is in grant then; so it is, too, when what goes in
 * is the proof of a card that was destroyed (docs/protocol/card-destroy.md). */
qw_err qw_centre_client_contact(struct qw_http_client *client, const uint8_t *report, size_t len,
                                uint8_t session_id[static 16], uint8_t *grant, size_t cap,
                                size_t *grant_len) QW_MUST_USE;
/* POST /v1/radio/sessions/{id}/package: a package of at most pad_len sealed bytes, itself sealed
 * under the access point's wrap key (aad "qwave package" | session id). */
qw_err qw_centre_client_package(struct qw_http_client *client, const uint8_t session_id[static 16],
                                size_t pad_len, uint8_t *package, size_t cap,
                                size_t *len) QW_MUST_USE;
/* POST /v1/radio/sessions/{id}/receipt. */
qw_err qw_centre_client_receipt(struct qw_http_client *client, const uint8_t session_id[static 16],
                                const uint8_t *receipt, size_t len) QW_MUST_USE;
/* POST /v1/radio/sessions/{id}/end: the session ended without a receipt; refusal as in
 * radio/ledger.h, for the centre's records. */
qw_err qw_centre_client_end(struct qw_http_client *client, const uint8_t session_id[static 16],
                            unsigned refusal) QW_MUST_USE;

#endif
