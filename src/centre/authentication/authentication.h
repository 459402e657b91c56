/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_AUTHENTICATION_AUTHENTICATION_H
#define QW_CENTRE_AUTHENTICATION_AUTHENTICATION_H

#include "api/authentication.h"
#include "centre/centre.h"

/* Who somebody is, by a certificate and a quantum key that is used up with it [C11]; steps:
 * docs/protocol/authentication.md. */
enum {
    QW_AUTH_WINDOW_S_STANDARD = 30, /* of clocks and challenges, either way */
    QW_AUTH_WINDOW_S_MAX = 3600,
    QW_AUTH_STANDS_MS = 600000,   /* a statement */
    QW_AUTH_FAILURES_MAX = 5,     /* in a row; the last of them locks, */
    QW_AUTH_LOCK_MS = 30000,      /* so long, each later one twice as long */
    QW_AUTH_LOCK_MS_MAX = 3600000 /* and at most so */
};

/* For anybody, whatever the name; out holds QW_AUTH_CHALLENGE_MAX bytes. QW_ERR_FORMAT: no name. */
qw_err qw_centre_auth_challenge(struct qw_centre *centre, const char *name, uint8_t *out,
                                size_t *len) QW_MUST_USE;
/* A proof, by whoever carried it (NULL: he has no identity). The same proof again gets the same
 * answer while its statement stands. QW_ERR_REFUSED and others for every cause that the caller may
 * not learn; QW_ERR_IO, QW_ERR_NOMEM, QW_ERR_TIMEOUT: later again. */
qw_err qw_centre_authenticate(struct qw_centre *centre, const struct qw_caller *carrier,
                              const uint8_t *proof, size_t len,
                              uint8_t answer[static QW_AUTH_ANSWER_LEN]) QW_MUST_USE;

struct qw_auth_statement { /* who proved himself, when, and by what */
    uint8_t id[16];        /* of the key that was used up */
    char name[QW_CERTIFICATE_URI_CAP];
    uint8_t serial[16]; /* of the card */
    uint8_t certificate_hash[32];
    uint8_t context[32]; /* what the prover was asked to bind; zero: nothing */
    int64_t time_ms, until_ms;
    bool is_quantum, is_simulated; /* the key, by its source */
};
/* For an application in service that somebody has told name and id. QW_ERR_REFUSED: it is none.
 * QW_ERR_NOT_FOUND: no such statement, or it stands no longer. */
qw_err qw_centre_auth_statement(struct qw_centre *centre, const struct qw_caller *caller,
                                const char *name, const uint8_t id[static 16],
                                struct qw_auth_statement *statement) QW_MUST_USE;

/* An officer with the right lifts the lock of a name, and its failures are forgotten.
 * QW_ERR_NOT_FOUND: a name that never failed or is out of his reach; QW_ERR_STATE: not locked. */
qw_err qw_centre_auth_unlock(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *name) QW_MUST_USE;

struct qw_auth_counts { /* since the start of this process */
    uint64_t succeeded, refused, locked;
};
void qw_centre_auth_counts(struct qw_centre *centre, struct qw_auth_counts *counts);

#endif
