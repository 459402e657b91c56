/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_ENTRY_H
#define QW_CENTRE_DEVICE_ENTRY_H

#include "centre/books.h"
#include "centre/people/officer.h"

/* What somebody may register, one by one or from a list. */

/* Of an application: names or patterns with single commas between them, none of them its own name.
 * Of others: one text. */
bool qw_entry_peers_ok(const char *id, enum qw_device_kind kind, const char *peers);
/* 0..63 bytes without control characters; may be UTF-8. */
bool qw_entry_text_ok(const char *text);
bool qw_entry_serial_ok(
    const char *serial); /* of a certificate: at most 40 lower-case hex digits */

/* The device as it will be registered by this officer. Uses centre->holder and the scratch. With
 * the reason in *cause, static text: QW_ERR_ARG: it makes no sense; QW_ERR_REFUSED: it is not his
 * to say; QW_ERR_CONFLICT: there is one of this id, or an import will bring it. */
qw_err qw_entry_check(struct qw_centre *centre, const struct qw_device_entry *entry,
                      const struct qw_officer *self, struct qw_device *device,
                      const char **cause) QW_MUST_USE;

/* Nobody has this id, and no import brings it. QW_ERR_CONFLICT with the reason, QW_ERR_IO. */
qw_err qw_entry_id_is_free(struct qw_centre *centre, const char *id,
                           const char **cause) QW_MUST_USE;

#endif
