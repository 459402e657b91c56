/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_CERTIFICATES_PUBLISHER_H
#define QWAVED_CERTIFICATES_PUBLISHER_H

#include "api/http_server.h"
#include "base/log.h"
#include "centre/centre.h"

#include <pthread.h>
#include <stdbool.h>

/* Writes the centre's lists of revocations to the file that its own listeners read, whenever a
 * certificate was taken back here or by another process, and once a day [C4]. A centre whose
 * authority is kept in files leaves that file alone. */
enum { PUBLISHER_SERVERS_MAX = 2 };
struct publisher {
    struct qw_centre *centre; /* borrowed, like all here */
    const struct qw_log *log;
    const char *path; /* "": no such file */
    pthread_mutex_t lock;
    bool is_published;
    uint64_t count;       /* of revoked certificates, when it was */
    int64_t published_ms; /* monotonic */
    struct qw_http_server *servers[PUBLISHER_SERVERS_MAX];
    size_t server_count;
};

/* Writes the first list. QW_ERR_IO, QW_ERR_NOMEM. */
qw_err publisher_open(struct publisher *publisher, struct qw_centre *centre, const char *path,
                      const struct qw_log *log) QW_MUST_USE;
void publisher_close(struct publisher *publisher); /* zeroed is fine */

/* A server that is to know at once; it is forgotten by publisher_forget, before it is freed. */
void publisher_tell(struct publisher *publisher, struct qw_http_server *server);
void publisher_forget(struct publisher *publisher);

/* Publishes if there is something new: with QW_OK nobody who is revoked has a connection to those
 * servers any more. From any thread. */
qw_err publisher_look(struct publisher *publisher) QW_MUST_USE;

#endif
