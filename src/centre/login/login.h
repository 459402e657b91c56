/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_LOGIN_LOGIN_H
#define QW_CENTRE_LOGIN_LOGIN_H

#include "api/login_code.h"
#include "centre/centre.h"
#include "centre/people/officer.h"

/* Officers without a certificate in their browser: a password, and a one-time code that uses up a
 * key of the card that is bound to them [C10 C11]; steps: docs/protocol/console-login.md. */
enum {
    QW_LOGIN_PASSWORD_MIN = 12, /* bytes of UTF-8 */
    QW_LOGIN_PASSWORD_MAX = 128,
    QW_LOGIN_INITIAL_CAP = 24,       /* "abcde-fghij-kmnpq-rstuv": 100 bits */
    QW_LOGIN_INITIAL_MS = 86400000,  /* so long it is good, and once */
    QW_LOGIN_TYPING_MS = 120000,     /* a code is good for so long after it was made, */
    QW_LOGIN_CLOCKS_MS_MAX = 300000, /* and for what clocks may differ, at most so much */
};

struct qw_login_wish { /* texts as somebody typed them */
    const char *officer, *password, *code;
};
struct qw_login { /* who is in; no secret */
    char officer[QW_OFFICER_ID_CAP];
    uint8_t stamp[16];      /* of the password: another one ends it */
    uint8_t credential[32]; /* what the journal has in place of a certificate's hash: of the card */
    bool must_change;       /* by an initial password: all he may do is set his own */
};

/* QW_ERR_REFUSED for every cause, after the same work; the journal has it. One factor that is right
 * without the other counts, and locks as authentication does (authentication/authentication.h).
 * Takes as long as the password's hash; one at a time. QW_ERR_IO, QW_ERR_NOMEM: later again. */
qw_err qw_centre_login(struct qw_centre *centre, const struct qw_login_wish *wish,
                       struct qw_login *login) QW_MUST_USE;
/* Whether he may go on: in service, by that password, with that card. QW_ERR_REFUSED: no. */
qw_err qw_centre_login_stands(struct qw_centre *centre, const struct qw_login *login) QW_MUST_USE;
/* For the journal. why: static text. */
qw_err qw_centre_logout(struct qw_centre *centre, const struct qw_login *login,
                        const char *why) QW_MUST_USE;

/* A security administrator gives another officer a first password, or one in place of a forgotten
 * one, for the card of that device; who is in by the old one is out. QW_ERR_NOT_FOUND: no such
 * officer within his part of the tree; QW_ERR_REFUSED: himself; QW_ERR_STATE: the officer has left,
 * the card is not his, or dual_control is all: then everybody sets his own. */
qw_err qw_centre_login_initial(struct qw_centre *centre, const struct qw_caller *caller,
                               const char *officer, const char *card,
                               char password[static QW_LOGIN_INITIAL_CAP],
                               int64_t *until_ms) QW_MUST_USE;

struct qw_password_change {
    const char *password;
    const char *current; /* of who is in by a password; else NULL */
    const char *card;    /* device; NULL: as before. Only with a certificate */
};
/* The caller's own. login: as he is in, and gets the new stamp; NULL: by his certificate.
 * QW_ERR_ARG: no password of QW_LOGIN_PASSWORD_MIN to _MAX bytes of text, or no new one.
 * QW_ERR_REFUSED: current is wrong, which counts as at the log-in. QW_ERR_STATE: no card was ever
 * named, or it is not his. */
qw_err qw_centre_login_password(struct qw_centre *centre, const struct qw_caller *caller,
                                const struct qw_password_change *change,
                                struct qw_login *login) QW_MUST_USE;

#endif
