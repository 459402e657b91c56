/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "desk.h"

#include "base/socket.h"
#include "base/wire_tcp.h"
#include "link/desk_line.h"
#include "program/start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUESTION_CAP = 256,
    ANSWER_CAP = QW_LINK_DESK_ANSWER_MAX - 1, /* exit status, then the text */
    LOOK_MS = 250,
    ASK_MS = 2000
};

/* The text of an answer into out [cap bytes]; returns the exit status that it means. */
static int answer_to(struct agent *agent, const char *question, char *out, size_t cap, size_t *len)
{
    static const char status[] = "status ", rotate[] = "rotate ";
    qw_err err = QW_ERR_ARG;

    if (strncmp(question, status, sizeof status - 1) == 0) {
        for (int form = 0; form < QW_LINK_REPORT_FORM_COUNT; form++) {
            if (strcmp(question + sizeof status - 1, qw_link_report_form_names[form]) == 0) {
                err = agent_report(agent, (enum qw_link_report_form)form, out, cap, len);
            }
        }
    } else if (strncmp(question, rotate, sizeof rotate - 1) == 0) {
        err = agent_rotate(agent, question + sizeof rotate - 1);
        *len = 0;
    }
    if (err != QW_OK) {
        *len = (size_t)snprintf(out, cap, "%s\n",
                                err == QW_ERR_NOT_FOUND ? "no such peer" : qw_err_text(err));
    }
    return err == QW_ERR_ARG ? QW_EXIT_USAGE : qw_exit_of(err);
}

static void serve_one(int fd, struct agent *agent, char *answer)
{
    struct qw_wire wire = { .self = NULL };
    char question[QUESTION_CAP];
    size_t len = 0;

    if (qw_wire_tcp_new(fd, ASK_MS, &wire) != QW_OK) {
        return;
    }
    if (qw_wire_receive(&wire, question, sizeof question - 1, &len, ASK_MS) == QW_OK) {
        size_t said = 0;

        question[len] = '\0';
        answer[0] = (char)answer_to(agent, question, answer + 1, ANSWER_CAP - 1, &said);
        (void)!qw_link_desk_answer(&wire, answer, said + 1); /* who has gone does not need it */
    }
    qw_wire_close(&wire);
}

void desk_serve(int listener, struct agent *agent, const atomic_bool *stop)
{
    char *answer = malloc(ANSWER_CAP);

    while (!atomic_load(stop)) {
        int fd = -1;

        if (qw_socket_accept(listener, LOOK_MS, &fd) == QW_OK) {
            if (answer == NULL) {
                qw_socket_close(fd);
            } else {
                serve_one(fd, agent, answer);
            }
        }
    }
    free(answer);
}

int desk_ask(const char *socket, const char *question)
{
    char *answer = malloc(QW_LINK_DESK_ANSWER_MAX);
    size_t len = 0;
    int status = QW_EXIT_FAILED;
    qw_err err = answer == NULL ? QW_ERR_NOMEM : qw_link_desk_ask(socket, question, answer, &len);

    if (err != QW_OK) {
        fprintf(stderr, "qwave-link: no agent at %s: %s\n", socket, qw_err_text(err));
    } else {
        status = answer[0];
        (void)fwrite(answer + 1, 1, len - 1, status == QW_EXIT_DONE ? stdout : stderr);
    }
    free(answer);
    return status;
}
