/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_SESSION_H
#define QW_RADIO_PLKG_SESSION_H

#include "radio/plkg/link.h"

/* Takes link, key (secret memory, key_len bytes) and auth (secret memory, up then down). On
 * QW_ERR_NOMEM nothing was taken. */
qw_err qw_plkg_session_new(struct qw_plkg_link *link, bool is_terminal, uint8_t *key,
                           size_t key_len, uint8_t *auth,
                           struct qw_plkg_session **session) QW_MUST_USE;

/* Body of DATA: index (u8, 1..QW_PLKG_TAGS - 1), is_public (u8), bytes, tag. What the tag covers
 * besides the bytes is written to scope. */
enum { QW_PLKG_DATA_HEAD_LEN = 2, QW_PLKG_SCOPE_LEN = QW_PLKG_SESSION_ID_LEN + 1 + 1 + 1 + 4 + 8 };
void qw_plkg_data_scope(const uint8_t session_id[static QW_PLKG_SESSION_ID_LEN], bool from_terminal,
                        const uint8_t head[static QW_PLKG_DATA_HEAD_LEN], size_t len,
                        size_t key_position, uint8_t out[static QW_PLKG_SCOPE_LEN]);

#endif
