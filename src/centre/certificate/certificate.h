/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_CERTIFICATE_CERTIFICATE_H
#define QW_CENTRE_CERTIFICATE_CERTIFICATE_H

#include "api/certificate/leaf.h"
#include "api/certificate/list.h"
#include "api/certificate/profile.h"
#include "centre/centre.h"

/* The authority of a centre [C4]: what it has issued is in a register, and its keys are sealed like
 * every other record, so a sealed centre signs nothing [docs/design/certificates.md].
 *
 * Who gets certificates: devices that are registered (urn:qwave:ap:ID, urn:qwave:sae:ID,
 * urn:qwave:kme:ID, urn:qwave:terminal:ID), officers (urn:qwave:officer:ID, urn:qwave:operator:ID:
 * one person) and the centre itself (urn:qwave:centre:ID, with its hosts). */
enum {
    QW_CERTIFICATE_ISSUED_DAYS = 30,
    QW_CERTIFICATE_LIST_LIFE_DAYS = 7, /* of a list of revocations */
    QW_CERTIFICATES_OF_A_NAME = 8      /* that are in force at the same time, at most */
};

/* Security administrators of the whole tree: makes the authority of a profile. QW_ERR_CONFLICT: it
 * is there. */
qw_err qw_centre_authority_found(struct qw_centre *centre, const struct qw_caller *caller,
                                 enum qw_certificate_profile profile) QW_MUST_USE;
/* Its certificate. QW_ERR_NOT_FOUND: no authority of that profile. */
qw_err qw_centre_authority_pem(struct qw_centre *centre, enum qw_certificate_profile profile,
                               char pem[static QW_CERTIFICATE_PEM_CAP]) QW_MUST_USE;

struct qw_certificate_wish {
    const char *request; /* PEM of a signing request: its key and its name count */
    size_t request_len;
    uint32_t days; /* 0: as the centre is set; at most that */
};
/* Operators for devices in their part of the tree, security administrators for officers and the
 * centre. QW_ERR_FORMAT, QW_ERR_ARG: no request, or a name that is nobody's; QW_ERR_REFUSED: weak
 * key, no proof of the private key, or no right; QW_ERR_UNAVAILABLE: no authority for that kind of
 * key; QW_ERR_NOT_FOUND: no such device; QW_ERR_STATE: it is suspended or destroyed, or of another
 * kind; QW_ERR_CONFLICT: a certificate of this name is in force: renew or revoke it. */
qw_err qw_centre_certificate_issue(struct qw_centre *centre, const struct qw_caller *caller,
                                   const struct qw_certificate_wish *wish,
                                   struct qw_certificate_made *made) QW_MUST_USE;
/* The holder himself, by a certificate of that name that is in force, or whoever could issue. What
 * was in force stays so, until it ends or is revoked. QW_ERR_STATE: none is in force;
 * QW_ERR_LIMIT: too many are. Others as above. */
qw_err qw_centre_certificate_renew(struct qw_centre *centre, const struct qw_caller *caller,
                                   const struct qw_certificate_wish *wish,
                                   struct qw_certificate_made *made) QW_MUST_USE;
/* For good. Operators and security administrators for devices in their part, security
 * administrators for the rest. reason: enum in api/certificate/list.h. QW_ERR_NOT_FOUND;
 * QW_ERR_CONFLICT: it is revoked. */
qw_err qw_centre_certificate_revoke(struct qw_centre *centre, const struct qw_caller *caller,
                                    const uint8_t serial[static QW_CERTIFICATE_SERIAL_LEN],
                                    unsigned reason) QW_MUST_USE;

struct qw_certificate_entry { /* of the register */
    struct qw_certificate_made made;
    char name[QW_CERTIFICATE_URI_CAP];
    enum qw_certificate_profile profile;
    char unit[QW_UNIT_CAP]; /* of the tree; of an officer and the centre: the root */
    int64_t issued_ms;
    char issued_by[64]; /* officer, or the holder himself */
    bool is_revoked;
    int64_t revoked_ms;
    unsigned reason;
};
qw_err qw_centre_certificate_find(struct qw_centre *centre, const struct qw_caller *caller,
                                  const uint8_t serial[static QW_CERTIFICATE_SERIAL_LEN],
                                  struct qw_certificate_entry *entry) QW_MUST_USE;
/* Those within the caller's part of the tree by serial number, after `after` (NULL: from the
 * first), at most cap; revoked ones too. */
qw_err qw_centre_certificate_list(struct qw_centre *centre, const struct qw_caller *caller,
                                  const uint8_t *after, struct qw_certificate_entry *entries,
                                  size_t cap, size_t *count) QW_MUST_USE;

/* For who publishes them: a list of what a profile's authority has taken back and has not ended
 * since, newly signed; and a number that changes when one is needed. QW_ERR_NOT_FOUND: no such
 * authority. */
qw_err qw_centre_certificate_list_sign(struct qw_centre *centre,
                                       enum qw_certificate_profile profile,
                                       struct qw_certificate_list *list) QW_MUST_USE;
/* The list that was signed last, for anybody; signed when there is none or it is over a day old. */
qw_err qw_centre_certificate_list_last(struct qw_centre *centre,
                                       enum qw_certificate_profile profile,
                                       struct qw_certificate_list *list) QW_MUST_USE;
qw_err qw_centre_certificates_revoked(struct qw_centre *centre, uint64_t *count) QW_MUST_USE;

/* The DER of an OCSP answer to the DER of a request [RFC 6960], for anybody; free answer by free.
 * QW_ERR_NOMEM. */
qw_err qw_centre_certificate_status(struct qw_centre *centre, const uint8_t *request, size_t len,
                                    uint8_t **answer, size_t *answer_len) QW_MUST_USE;

/* A device proves itself by a key of its card, which is then used up, and gets a certificate of its
 * own name; message and answer: api/certificate/enrolment.h, out holds QW_ENROLMENT_ANSWER_MAX
 * bytes. The same request again within ten minutes gets the same certificate. QW_ERR_REFUSED for
 * every cause that the caller may not learn; QW_ERR_CONFLICT: a certificate of this name is in
 * force, by another key. The key stays the device's unless there is a certificate. */
qw_err qw_centre_enrol(struct qw_centre *centre, const uint8_t *data, size_t len, uint8_t *out,
                       size_t *out_len) QW_MUST_USE;

#endif
