/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_CERTIFICATE_REGISTER_H
#define QW_CENTRE_CERTIFICATE_REGISTER_H

#include "centre/certificate/certificate.h"
#include "centre/group.h"

/* The register of certificates in QW_STORE_META: under "crt:" and the serial number each of them,
 * with a tag for its state; under "crn:" and the hash of a name the serial numbers that are in
 * force for it. Under the mutex; they use the scratch. */
enum { QW_TAG_CERTIFICATE = 120, QW_TAG_CERTIFICATE_REVOKED = 121 };

struct qw_certificate_record {
    struct qw_certificate_entry entry;
    uint64_t version; /* 0: new */
};
/* QW_ERR_NOT_FOUND. */
qw_err qw_certificate_record_load(struct qw_centre *centre,
                                  const uint8_t serial[static QW_CERTIFICATE_SERIAL_LEN],
                                  struct qw_certificate_record *record) QW_MUST_USE;
void qw_certificate_record_put(struct qw_centre *centre, struct qw_group *group,
                               const struct qw_certificate_record *record);
void qw_certificate_record_remove(struct qw_centre *centre, struct qw_group *group,
                                  const struct qw_certificate_record *record);
/* Whether a record of a scan is one: others may have its tag. */
bool qw_certificate_record_is(const struct qw_store_record *record);
/* From the bytes of a record. QW_ERR_IO: not a good one. */
qw_err qw_certificate_record_open(struct qw_centre *centre, const struct qw_store_record *record,
                                  struct qw_certificate_entry *entry) QW_MUST_USE;

struct qw_certificate_name { /* what is in force for a name; some may have ended since */
    uint64_t version;        /* 0: new */
    char name[QW_CERTIFICATE_URI_CAP];
    uint8_t serials[QW_CERTIFICATES_OF_A_NAME][QW_CERTIFICATE_SERIAL_LEN];
    size_t count;
};
/* A name without a record is new, and has nothing in force. */
qw_err qw_certificate_name_load(struct qw_centre *centre, const char *name,
                                struct qw_certificate_name *record) QW_MUST_USE;
void qw_certificate_name_put(struct qw_centre *centre, struct qw_group *group,
                             const struct qw_certificate_name *record);

#endif
