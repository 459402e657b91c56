/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_HTTP_ANSWER_H
#define QW_API_HTTP_ANSWER_H

#include "api/http_server.h"

/* The server's side of struct qw_http_answer; handlers use _write and _error. */

/* The answer's body is from now on body, secret memory of cap bytes (base/secret.h) with the
 * text in its first len: for what would only be copied otherwise. */
void qw_http_answer_take(struct qw_http_answer *answer, unsigned status, char *body, size_t len,
                         size_t cap);

/* Replaces whatever the answer holds by {"message": text} [ETSI 014 6.5]. */
void qw_http_answer_error(struct qw_http_answer *answer, unsigned status, const char *message);

/* The same with {"details": [{name: value}]} beside the message. */
void qw_http_answer_error_detail(struct qw_http_answer *answer, unsigned status,
                                 const char *message, const char *name, const char *value);

/* Wipes and releases the body; the answer is empty then. */
void qw_http_answer_wipe(struct qw_http_answer *answer);

#endif
