/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_REVOCATION_LIST_H
#define QW_API_REVOCATION_LIST_H

#include "base/error.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Certificates that their authority has taken back before they ran out: a PEM file with one CRL or
 * more [RFC 5280 5], each signed by one of the server's client authorities. Read again whenever the
 * file changes. From any thread. */
struct qw_revocation_list;

/* authorities: PEM, borrowed for the call. QW_ERR_NOT_FOUND; QW_ERR_FORMAT and QW_ERR_AUTH (a
 * signature that is not of these authorities), the log says what; QW_ERR_NOMEM. */
qw_err qw_revocation_list_open(const char *path, const char *authorities, const struct qw_log *log,
                               struct qw_revocation_list **list) QW_MUST_USE;
void qw_revocation_list_free(struct qw_revocation_list *list); /* NULL is fine */

/* Reads the file again if it is another one than last time; true when what the list says may have
 * changed. A file that is gone or bad changes nothing: who was revoked stays revoked, and the log
 * has it once for each bad file. */
bool qw_revocation_list_refresh(struct qw_revocation_list *list);

/* issue_hash: of qw_certificate_identity [32 bytes]. NULL list: nobody is revoked. */
bool qw_revocation_list_has(struct qw_revocation_list *list, const uint8_t issue_hash[static 32]);

#endif
