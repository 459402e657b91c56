/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PSK_PSK_H
#define QW_CENTRE_PSK_PSK_H

#include "api/psk/keys.h"
#include "centre/group.h"

/* Pre-shared keys by which applications without a certificate prove who they are: at most one for
 * each, made here, kept sealed [docs/protocol/skip.md S2 to S7]. */

/* Operators. Makes the key of an application, key [32 bytes, a secret of the caller's]: this is the
 * only time that it leaves. QW_ERR_NOT_FOUND, QW_ERR_STATE: the device is no application or was
 * destroyed. QW_ERR_CONFLICT: it has a key; revoke that first. */
qw_err qw_centre_psk_create(struct qw_centre *centre, const struct qw_caller *caller,
                            const char *id, uint8_t key[static QW_PSK_LEN]) QW_MUST_USE;
/* Operators. From the answer on the key is nobody's. QW_ERR_NOT_FOUND: there is none. */
qw_err qw_centre_psk_revoke(struct qw_centre *centre, const struct qw_caller *caller,
                            const char *id) QW_MUST_USE;

/* For the TLS layer: a key; the journal record of its use; and a number that grows whenever a key
 * may be gone. A suspended application keeps its key: what it may do is asked of each verb. */
qw_err qw_centre_psk_find(struct qw_centre *centre, const char *id, struct qw_psk *psk) QW_MUST_USE;
qw_err qw_centre_psk_note(struct qw_centre *centre, const char *id, const uint8_t name[static 32],
                          const char *address) QW_MUST_USE;
uint64_t qw_centre_psk_changes(struct qw_centre *centre);

/* Adds to a group that a device's key goes, if it has one. Under the mutex; uses the scratch. */
void qw_psk_drop(struct qw_centre *centre, struct qw_group *group, const char *id);

#endif
