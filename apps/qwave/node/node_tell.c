/* SPDX-License-Identifier: Apache-2.0 */
/* qwave node tell: one request to a running node. */
#include "base/clock.h"
#include "base/socket.h"
#include "command.h"
#include "node/node_control.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

enum { TELL_MS = 5000 };

/* Up to LF, which is taken and left out. */
static qw_err read_answer(int fd, char *answer, size_t cap, int64_t deadline_ms)
{
    for (size_t len = 0; len < cap; len++) {
        qw_err err = qw_socket_read(fd, answer + len, 1, deadline_ms);

        if (err != QW_OK) {
            return err;
        }
        if (answer[len] == '\n') {
            answer[len] = '\0';
            return strncmp(answer, "ok", 2) == 0 ? QW_OK : QW_ERR_REFUSED;
        }
    }
    return QW_ERR_SPACE;
}

qw_err node_tell(const char *path, const struct qw_node_command *command, int timeout_ms,
                 char *answer, size_t cap)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + timeout_ms;
    char line[QW_NODE_LINE_MAX + 2];
    size_t len = qw_node_command_encode(command, line);
    int fd = -1;
    qw_err err = qw_socket_connect_unix(path, timeout_ms, &fd);

    line[len++] = '\n';
    if (err == QW_OK) {
        err = qw_socket_write(fd, line, len, deadline_ms);
    }
    if (err == QW_OK) {
        err = read_answer(fd, answer, cap, deadline_ms);
    }
    qw_socket_close(fd);
    return err;
}

struct tell_arguments {
    const char *socket;
    char line[QW_NODE_LINE_MAX + 1];
    size_t len;
};

static error_t parse_tell(int key, char *value, struct argp_state *state)
{
    struct tell_arguments *arguments = state->input;
    int written;

    switch (key) {
    case ARGP_KEY_ARG:
        if (arguments->socket == NULL) {
            arguments->socket = value;
            return 0;
        }
        written =
            snprintf(arguments->line + arguments->len, sizeof arguments->line - arguments->len,
                     "%s%s", arguments->len == 0 ? "" : " ", value);
        if (written < 0 || (size_t)written >= sizeof arguments->line - arguments->len) {
            argp_error(state, "more than %d characters", QW_NODE_LINE_MAX);
        }
        arguments->len += (size_t)written;
        return 0;
    case ARGP_KEY_END:
        if (arguments->len == 0) {
            argp_error(state, "a socket and a request are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_node_tell(int argc, char **argv)
{
    static const struct argp argp = {
        NULL,
        parse_tell,
        "SOCKET WORD...",
        "Asks a running node: deliver TARGET KEYS PER-SECOND, hold, cut NEIGHBOUR, mend "
        "NEIGHBOUR, links, under-way, status, head, end. Prints the answer.",
        NULL,
        NULL,
        NULL
    };
    struct tell_arguments arguments = { 0 };
    struct qw_node_command command;
    char *answer;
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (qw_node_command_decode(arguments.line, arguments.len, &command) != QW_OK) {
        fprintf(stderr, "qwave node: '%s' is no request\n", arguments.line);
        return EXIT_USAGE;
    }
    answer = malloc(NODE_ANSWER_CAP);
    if (answer == NULL) {
        return EXIT_FAILED;
    }
    err = node_tell(arguments.socket, &command, TELL_MS, answer, NODE_ANSWER_CAP);
    if (err == QW_OK) {
        printf("%s\n", answer);
    } else {
        fprintf(stderr, "qwave node: %s: %s\n", arguments.socket,
                err == QW_ERR_REFUSED ? answer : qw_err_text(err));
    }
    free(answer);
    return err == QW_ERR_REFUSED ? EXIT_FAILED : qw_exit_of(err);
}
