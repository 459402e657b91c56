/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_AUTHENTICATION_INSIDE_H
#define QW_CENTRE_AUTHENTICATION_INSIDE_H

#include "centre/authentication/authentication.h"
#include "centre/books.h"

/* The same two verbs for who is inside already: under the mutex. They use scratch, block and
 * centre->card. */
qw_err qw_auth_challenge_inside(struct qw_centre *centre, const char *name, uint8_t *out,
                                size_t *len) QW_MUST_USE;
qw_err qw_authenticate_inside(struct qw_centre *centre, const struct qw_caller *carrier,
                              const uint8_t *proof, size_t len,
                              uint8_t answer[static QW_AUTH_ANSWER_LEN]) QW_MUST_USE;

#endif
