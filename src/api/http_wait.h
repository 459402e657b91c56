/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_HTTP_WAIT_H
#define QW_API_HTTP_WAIT_H

#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>

/* Connections in the middle of a handshake whose next message has not come. The HTTP library asks
 * such a socket again and again as long as it takes [docs/adr/0139-handshakes-wait-aside.md]; here
 * it is suspended, and one thread waits for all of them. */
struct MHD_Connection;
struct qw_http_wait;

struct qw_http_waiter { /* of one connection; stays where it is as long as that lives */
    struct qw_http_waiter *next, *previous;
    struct qw_http_wait *room;
    struct MHD_Connection *connection; /* borrowed */
    int fd;                            /* borrowed */
    bool is_known;                     /* the kernel's list has it */
    bool is_waiting;                   /* under the room's lock, like next and previous */
};

struct qw_http_wait {
    pthread_mutex_t lock;
    pthread_t thread;
    int epoll_fd, stop_fd;
    bool is_stopping;
    struct qw_http_waiter *first;
};

/* Starts the thread. QW_ERR_NOMEM, QW_ERR_IO. The room stays where it is until _stop. */
qw_err qw_http_wait_start(struct qw_http_wait *room) QW_MUST_USE;
/* From now on nobody waits: who does goes on, and finds nothing to read. Joins the thread. Before
 * the HTTP library is stopped, which it must not be with a connection suspended. */
void qw_http_wait_stop(struct qw_http_wait *room);
/* After that, and after the HTTP library. */
void qw_http_wait_close(struct qw_http_wait *room);

/* In the connection's thread, which found nothing to read: the connection is suspended until there
 * is something, or the end. False: nobody waits any more. Without a place in the kernel's list the
 * library goes on asking. */
bool qw_http_wait_for(struct qw_http_waiter *waiter);

#endif
