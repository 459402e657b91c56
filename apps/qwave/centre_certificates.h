/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CENTRE_CERTIFICATES_H
#define QWAVE_CENTRE_CERTIFICATES_H

#include "centre/centre.h"
#include "centre_folder.h"

/* Founds the authorities of a new centre in its books, and writes what everybody may see of them
 * (ca/ca.pem, ca/ca-sm2.pem, ca/revoked.pem) and the first certificates with their keys (tls/,
 * operator/, officers/) to its folder. No key of an authority is ever in a file [C4]. */
qw_err centre_certificates_create(const struct centre_folder_config *config,
                                  const struct qw_caller *founder, struct qw_centre *centre,
                                  char error[static CENTRE_FOLDER_ERROR_CAP]) QW_MUST_USE;

/* Three people beside the first operator, whose powers are kept apart [C10]. */
struct centre_administrator {
    const char *id, *name; /* officers/<name>.pem, .key, .yaml */
    int role;              /* enum qw_officer_role */
};
enum { CENTRE_ADMINISTRATORS = 3 };
extern const struct centre_administrator centre_administrators[CENTRE_ADMINISTRATORS];

#endif
