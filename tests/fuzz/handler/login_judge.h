/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_FUZZ_HANDLER_LOGIN_JUDGE_H
#define QW_TESTS_FUZZ_HANDLER_LOGIN_JUDGE_H

#include "http_input.h"
#include "login/login_door.h"

/* What has to hold after every request at the log-in door [docs/design/handlers.md], from a model
 * of its own: who set which password, which sessions are open. Anything else ends the program. */
enum { LOGIN_IDLE_MS = 900000, LOGIN_LIFE_MS = 28800000 };

struct login_fields; /* login_input.h */

struct login_session {
    char cookie[SESSION_TOKEN_CAP], token[SESSION_TOKEN_CAP];
    char officer[64];
    size_t password; /* that was good then; another one ends it */
    int64_t opened_ms, stayed_ms;
    bool is_over, must_change;
};
struct login_password { /* the last of an officer's counts */
    char officer[64];
    char text[256];
    bool is_initial;
    int64_t set_ms;
};

struct login_judge {
    struct site *site;
    struct login_session sessions[HTTP_INPUT_REQUESTS_MAX];
    size_t session_count;
    struct login_password passwords[HTTP_INPUT_REQUESTS_MAX + 1];
    size_t password_count;
    char initial[QW_LOGIN_INITIAL_CAP]; /* the last that somebody was told; "" none */
    bool is_used[SITE_PHONE_KEYS_MAX];  /* of the card's keys, for a log-in */
};

/* The one-time code of the card's key number n, at once. */
void login_judge_code(const struct login_judge *judge, size_t n, const char *officer,
                      char text[static QW_LOGIN_CODE_CAP]);

/* From now on that is his password. */
void login_judge_password(struct login_judge *judge, const char *officer, const char *text,
                          bool is_initial);

/* Before a request at the door: the session that it brings and that stands; NULL: none. */
struct login_session *login_judge_look(struct login_judge *judge,
                                       const struct login_fields *fields);
/* After it. */
void login_judge_answer(struct login_judge *judge, const struct http_asked *asked,
                        const struct login_fields *fields, struct login_session *session,
                        const struct qw_http_answer *answer);
/* After one by certificate, at the listener for those. */
void login_judge_other(struct login_judge *judge, const struct http_asked *asked,
                       const struct qw_http_answer *answer);

#endif
