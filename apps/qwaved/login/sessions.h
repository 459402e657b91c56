/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_LOGIN_SESSIONS_H
#define QWAVED_LOGIN_SESSIONS_H

#include "base/error.h"
#include "centre/login/login.h"

#include <stdbool.h>
#include <stdint.h>

/* Officers who are logged in at the console [docs/protocol/console-login.md N1 to N5]: in memory,
 * so that the end of the program, or its sealing, is the end of all of them. Any thread. */
enum {
    SESSIONS_MAX = 64,
    SESSIONS_OF_ONE_MAX = 4, /* the fifth ends the oldest */
    SESSION_TOKEN_CAP = 65   /* 32 bytes in hex, and NUL */
};

struct session { /* a copy of what is there */
    struct qw_login login;
    char token[SESSION_TOKEN_CAP]; /* that requests which change something bring along [N3] */
    int64_t idle_left_ms, left_ms;
};
enum session_state {
    SESSION_NONE,
    SESSION_OPEN,
    SESSION_IDLE, /* was open until now: nobody did anything for too long, */
    SESSION_OLD,  /* or it has lasted too long */
};

struct sessions;
/* QW_ERR_NOMEM. */
qw_err sessions_new(int64_t idle_ms, int64_t life_ms, struct sessions **sessions) QW_MUST_USE;
void sessions_free(struct sessions *sessions); /* wipes; NULL is fine */

/* cookie: what the browser shows from now on; only its hash is kept. now_ms: monotonic.
 * QW_ERR_LIMIT: too many are there. QW_ERR_IO: no random bytes. */
qw_err sessions_open(struct sessions *sessions, const struct qw_login *login, int64_t now_ms,
                     char cookie[static SESSION_TOKEN_CAP]) QW_MUST_USE;
/* session is filled but for SESSION_NONE; one that is found idle or old is gone with that. */
enum session_state sessions_find(struct sessions *sessions, const char *cookie, int64_t now_ms,
                                 struct session *session);
/* Somebody is there: it is idle from now on. */
void sessions_stay(struct sessions *sessions, const char *cookie, int64_t now_ms);
/* The password that it began with is another one. */
void sessions_renew(struct sessions *sessions, const char *cookie, const struct qw_login *login);
/* False: there was none. */
bool sessions_close(struct sessions *sessions, const char *cookie);

#endif
