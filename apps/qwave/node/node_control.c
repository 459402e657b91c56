/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_control.h"

#include "base/clock.h"
#include "base/socket.h"
#include "node/node_delivery.h"
#include "node/node_journal.h"
#include "node/node_status.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 1000, OBJECT_CAP = 32 };

qw_err node_control_open(struct node *node)
{
    struct node_control *c;
    qw_err err;

    if (node->settings.control[0] == '\0') {
        return QW_OK;
    }
    c = node->control = calloc(1, sizeof *node->control);
    if (c == NULL) {
        return QW_ERR_NOMEM;
    }
    c->listener = -1;
    for (size_t i = 0; i < NODE_CALLERS_MAX; i++) {
        c->caller[i].fd = -1;
    }
    err = qw_socket_listen_unix(node->settings.control, &c->listener);
    if (err != QW_OK) {
        qw_log_write(node->log, QW_LOG_ERROR, "%s: %s", node->settings.control, qw_err_text(err));
    }
    return err;
}

static void end_call(struct node_caller *caller)
{
    qw_socket_close(caller->fd);
    *caller = (struct node_caller){ .fd = -1 };
}

void node_control_close(struct node *node)
{
    if (node->control != NULL) {
        for (size_t i = 0; i < NODE_CALLERS_MAX; i++) {
            end_call(&node->control->caller[i]);
        }
        qw_socket_close(node->control->listener);
        free(node->control);
        node->control = NULL;
    }
}

size_t node_control_poll(const struct node *node, struct pollfd *polled)
{
    const struct node_control *c = node->control;
    size_t count = 0;

    if (c == NULL) {
        return 0;
    }
    for (size_t i = 0; i < NODE_CALLERS_MAX; i++) {
        if (c->caller[i].fd >= 0) {
            polled[count++] = (struct pollfd){ .fd = c->caller[i].fd, .events = POLLIN };
        }
    }
    if (count < NODE_CALLERS_MAX) { /* others wait */
        polled[count++] = (struct pollfd){ .fd = c->listener, .events = POLLIN };
    }
    return count;
}

static qw_err set_cut(struct node *node, uint32_t neighbour, bool is_cut)
{
    for (size_t i = 0; i < node->links_count; i++) {
        struct node_link *link = &node->links[i];

        if (link->neighbour == neighbour) {
            char object[OBJECT_CAP];

            link->is_cut = is_cut;
            (void)snprintf(object, sizeof object, "node %u", neighbour);
            node_journal_write(node, "control", is_cut ? "cut" : "mend", object, QW_OK, "");
            if (is_cut) {
                node_link_drop(link, "cut, as asked");
            }
            return QW_OK;
        }
    }
    return QW_ERR_NOT_FOUND;
}

static void answer_number(struct node_control *c, size_t number)
{
    (void)snprintf(c->answer, sizeof c->answer, "ok %zu", number);
}

static qw_err obey(struct node *node, const struct qw_node_command *command)
{
    struct node_control *c = node->control;

    (void)snprintf(c->answer, sizeof c->answer, "ok");
    switch (command->verb) {
    case QW_NODE_DELIVER:
        return node_delivery_order(node, command);
    case QW_NODE_HOLD:
        node_delivery_hold(node);
        return QW_OK;
    case QW_NODE_CUT:
    case QW_NODE_MEND:
        return set_cut(node, command->node, command->verb == QW_NODE_CUT);
    case QW_NODE_LINKS:
        answer_number(c, node_status_links_up(node));
        return QW_OK;
    case QW_NODE_UNDER_WAY:
        answer_number(c, node_delivery_under_way(node));
        return QW_OK;
    case QW_NODE_STATUS:
        memcpy(c->answer, "ok ", 3);
        return node_status_write(node, c->answer + 3, sizeof c->answer - 3);
    case QW_NODE_HEAD:
        memcpy(c->answer, "ok ", 3);
        return node_status_head(node, c->answer + 3, sizeof c->answer - 3);
    case QW_NODE_END:
        node->is_ended = true;
        return QW_OK;
    case QW_NODE_VERBS:
        break;
    }
    return QW_ERR_FORMAT;
}

/* False: the call is over. */
static bool answer_line(struct node *node, struct node_caller *caller)
{
    struct node_control *c = node->control;
    int64_t deadline_ms = qw_clock_monotonic_ms() + ANSWER_MS;
    struct qw_node_command command;
    qw_err err = qw_node_command_decode(caller->line, caller->len, &command);
    size_t len;

    caller->len = 0;
    if (err == QW_OK) {
        err = obey(node, &command);
    }
    if (err != QW_OK) {
        (void)snprintf(c->answer, sizeof c->answer, "error %s",
                       err == QW_ERR_REFUSED ? NODE_NO_TWO_PATHS " in the whole network"
                                             : qw_err_text(err));
    }
    len = strlen(c->answer);
    c->answer[len++] = '\n';
    return qw_socket_write(caller->fd, c->answer, len, deadline_ms) == QW_OK && err == QW_OK;
}

static void read_line(struct node *node, struct node_caller *caller)
{
    for (;;) {
        char byte;
        size_t got = 0;
        qw_err err = qw_socket_read_some(caller->fd, &byte, 1, &got, qw_clock_monotonic_ms());

        if (err == QW_ERR_TIMEOUT) {
            return;
        }
        if (err == QW_OK && byte != '\n' && caller->len < QW_NODE_LINE_MAX) {
            caller->line[caller->len++] = byte;
        } else if (err != QW_OK || byte != '\n' || !answer_line(node, caller)) {
            end_call(caller);
            return;
        }
    }
}

static void come(struct node_control *c)
{
    for (size_t i = 0; i < NODE_CALLERS_MAX; i++) {
        struct node_caller *caller = &c->caller[i];

        if (caller->fd < 0) {
            if (qw_socket_accept(c->listener, 0, &caller->fd) != QW_OK) {
                caller->fd = -1;
            }
            return;
        }
    }
}

void node_control_turn(struct node *node)
{
    struct node_control *c = node->control;

    if (c == NULL) {
        return;
    }
    come(c);
    for (size_t i = 0; i < NODE_CALLERS_MAX; i++) {
        if (c->caller[i].fd >= 0) {
            read_line(node, &c->caller[i]);
        }
    }
}
