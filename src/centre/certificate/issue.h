/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_CERTIFICATE_ISSUE_H
#define QW_CENTRE_CERTIFICATE_ISSUE_H

#include "api/certificate/signing_request.h"
#include "centre/certificate/subject.h"
#include "centre/group.h"

/* What every way to a certificate has in common. */
struct qw_certificate_order {
    const struct qw_deed *deed;
    const struct qw_signing_request *asked;
    const struct qw_certificate_subject *subject;
    char unit[QW_UNIT_CAP];
    uint32_t days; /* 0: as the centre is set */
    bool is_renewal;
    struct qw_certificate_made *made;
};

/* Who may has been asked. Signs, and commits certificate, register and journal with what the group
 * holds already; the group is dropped in any case. Refusals are in the journal. Under the mutex. */
qw_err qw_certificate_carry_out(struct qw_centre *centre, const struct qw_certificate_order *order,
                                struct qw_group *group,
                                struct qw_certificate_made *made) QW_MUST_USE;

#endif
