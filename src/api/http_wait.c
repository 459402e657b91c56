/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http_wait.h"

#include <microhttpd.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_MAX = 64 };

/* Under the lock. */
static void let_go(struct qw_http_wait *room, struct qw_http_waiter *waiter)
{
    if (!waiter->is_waiting) {
        return;
    }
    waiter->is_waiting = false;
    if (waiter->previous != NULL) {
        waiter->previous->next = waiter->next;
    } else {
        room->first = waiter->next;
    }
    if (waiter->next != NULL) {
        waiter->next->previous = waiter->previous;
    }
    MHD_resume_connection(waiter->connection);
}

static void *watch(void *self)
{
    struct qw_http_wait *room = self;
    struct epoll_event events[EVENTS_MAX];
    bool is_stopping = false;

    while (!is_stopping) {
        int count = epoll_wait(room->epoll_fd, events, EVENTS_MAX, -1);

        pthread_mutex_lock(&room->lock);
        is_stopping = room->is_stopping; /* then all were let go, and some may be gone already */
        for (int i = 0; i < count && !is_stopping; i++) {
            if (events[i].data.ptr != room) {
                let_go(room, events[i].data.ptr);
            }
        }
        pthread_mutex_unlock(&room->lock);
    }
    return NULL;
}

static qw_err open_events(struct qw_http_wait *room)
{
    struct epoll_event stop = { .events = EPOLLIN, .data.ptr = room };

    room->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    room->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (room->epoll_fd < 0 || room->stop_fd < 0 ||
        epoll_ctl(room->epoll_fd, EPOLL_CTL_ADD, room->stop_fd, &stop) != 0) {
        return QW_ERR_IO;
    }
    return QW_OK;
}

static void close_events(struct qw_http_wait *room)
{
    if (room->epoll_fd >= 0) {
        close(room->epoll_fd);
    }
    if (room->stop_fd >= 0) {
        close(room->stop_fd);
    }
}

qw_err qw_http_wait_start(struct qw_http_wait *room)
{
    qw_err err;

    *room = (struct qw_http_wait){ .first = NULL };
    err = open_events(room);
    if (err != QW_OK) {
        close_events(room);
        return err;
    }
    pthread_mutex_init(&room->lock, NULL);
    if (pthread_create(&room->thread, NULL, watch, room) != 0) {
        pthread_mutex_destroy(&room->lock);
        close_events(room);
        return QW_ERR_NOMEM;
    }
    return QW_OK;
}

void qw_http_wait_stop(struct qw_http_wait *room)
{
    const uint64_t one = 1;

    pthread_mutex_lock(&room->lock);
    room->is_stopping = true;
    while (room->first != NULL) {
        let_go(room, room->first);
    }
    pthread_mutex_unlock(&room->lock);
    (void)!write(room->stop_fd, &one, sizeof one); /* cannot block: the counter was 0 */
    pthread_join(room->thread, NULL);
}

void qw_http_wait_close(struct qw_http_wait *room)
{
    pthread_mutex_destroy(&room->lock);
    close_events(room);
}

/* One event, however long there is something to read: the next wait asks anew. */
static bool ask_kernel(const struct qw_http_wait *room, struct qw_http_waiter *waiter)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT,
                                 .data.ptr = waiter };
    int step = waiter->is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (epoll_ctl(room->epoll_fd, step, waiter->fd, &event) != 0) {
        return false;
    }
    waiter->is_known = true;
    return true;
}

bool qw_http_wait_for(struct qw_http_waiter *waiter)
{
    struct qw_http_wait *room = waiter->room;
    bool may_wait;

    pthread_mutex_lock(&room->lock);
    may_wait = !room->is_stopping;
    if (may_wait && ask_kernel(room, waiter)) {
        MHD_suspend_connection(waiter->connection);
        waiter->is_waiting = true;
        waiter->previous = NULL;
        waiter->next = room->first;
        if (waiter->next != NULL) {
            waiter->next->previous = waiter;
        }
        room->first = waiter;
    }
    pthread_mutex_unlock(&room->lock);
    return may_wait;
}
