/* SPDX-License-Identifier: Apache-2.0 */
/* What anybody is told about a certificate [C4] [RFC 6960]. */
#include "api/certificate/status.h"

#include "centre/certificate/register.h"

static qw_err look_up(void *self, enum qw_certificate_profile profile,
                      const uint8_t serial[static QW_CERTIFICATE_SERIAL_LEN],
                      struct qw_certificate_status *status)
{
    struct qw_centre *centre = self;
    struct qw_certificate_record record;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_certificate_record_load(centre, serial, &record);
    qw_centre_leave(centre);
    if (err == QW_OK && record.entry.profile != profile) {
        err = QW_ERR_NOT_FOUND;
    }
    if (err == QW_OK) {
        *status = (struct qw_certificate_status){ .is_revoked = record.entry.is_revoked,
                                                  .revoked_ms = record.entry.revoked_ms,
                                                  .reason = record.entry.reason };
    }
    return err;
}

/* Signed outside the mutex: an authority stays what it is from its founding to the end. */
qw_err qw_centre_certificate_status(struct qw_centre *centre, const uint8_t *request, size_t len,
                                    uint8_t **answer, size_t *answer_len)
{
    const struct qw_status_register reg = { .self = centre,
                                            .look_up = look_up,
                                            .authorities = centre->authorities };

    return qw_certificate_status_answer(&reg, request, len, answer, answer_len);
}
