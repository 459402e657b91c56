/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_CERTIFICATE_SUBJECT_H
#define QW_CENTRE_CERTIFICATE_SUBJECT_H

#include "centre/certificate/certificate.h"
#include "centre/people/right.h"

/* Whom a name in a certificate means. */
enum qw_certificate_subject_kind { QW_SUBJECT_DEVICE, QW_SUBJECT_OFFICER, QW_SUBJECT_CENTRE };
struct qw_certificate_subject {
    enum qw_certificate_subject_kind kind;
    enum qw_device_kind device; /* of a device */
    enum qw_role role;          /* that its holder calls in; QW_ROLE_COUNT: none */
    char id[64];
    char name[QW_CERTIFICATE_URI_CAP]; /* one for each subject: an operator's is an officer's */
};
/* QW_ERR_ARG: a name that is nobody's here. */
qw_err qw_certificate_subject_parse(const struct qw_centre *centre, const char *uri,
                                    struct qw_certificate_subject *subject) QW_MUST_USE;

/* Whether a device of that kind is named so: whatever carries a card is, as a terminal. */
bool qw_certificate_subject_is(const struct qw_certificate_subject *subject,
                               enum qw_device_kind kind);
/* "urn:qwave:ap:" of an access point, as it stands in the register; NULL: devices of this kind have
 * no certificates. */
const char *qw_certificate_prefix_of_device(enum qw_device_kind kind);

/* Whether the deed's caller may use right (over a device) on the subject, or has the right over
 * people; its place in the tree to unit. Refusals are in the journal. Under the mutex; uses the
 * scratch, and centre->card for a device. */
qw_err qw_certificate_subject_reach(struct qw_centre *centre, const struct qw_deed *deed,
                                    const struct qw_certificate_subject *subject,
                                    enum qw_right right, char unit[static QW_UNIT_CAP]) QW_MUST_USE;
/* Whether the subject is in service: QW_ERR_NOT_FOUND, QW_ERR_STATE. For a device its unit too. */
qw_err qw_certificate_subject_stands(struct qw_centre *centre, const struct qw_deed *deed,
                                     const struct qw_certificate_subject *subject,
                                     char unit[static QW_UNIT_CAP]) QW_MUST_USE;

#endif
