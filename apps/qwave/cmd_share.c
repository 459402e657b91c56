/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "action_help.h"
#include "api/json_reader.h"
#include "operator.h"
#include "radio_options.h"
#include "share/share_entry.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* qwave share: officers' shares of the master key of a centre that is open [C6]; E1 to K3 of
 * docs/protocol/ceremony.md. */

enum { BODY_CAP = 128 };

struct arguments {
    const char *operator_path, *url, *share_path, *passphrase_path;
    const struct action *action;
    unsigned long long officers, quorum;
    bool as_json;
};

static const struct argp_option options[] = {
    { "operator", 'o', "FILE", 0, "operator.yaml (default: operator.yaml)", 0 },
    { "url", 'u', "URL", 0, "of the centre, instead of the one in that file", 0 },
    { "share", 's', "FILE", 0, "the officer's share; take: to make", 0 },
    { "passphrase-file", 'f', "FILE", 0,
      "its first line opens the share (without: typed at the terminal)", 0 },
    { "officers", 'n', "N", 0, "change: the master key goes in shares to so many, 2 to 16", 0 },
    { "quorum", 'q', "T", 0, "change: so many of them open the centre", 0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
    { 0 },
};

static qw_err run_show(struct operator_desk *desk, const struct arguments *arguments,
                       const char **answer, char *error)
{
    (void)arguments;
    (void)error;
    return operator_call(desk, "GET", "/v1/shares", NULL, answer);
}

static qw_err run_rehearse(struct operator_desk *desk, const struct arguments *arguments,
                           const char **answer, char *error)
{
    return share_enter(desk, "/v1/shares/rehearsal", arguments->share_path,
                       arguments->passphrase_path, answer, error);
}

static qw_err run_change(struct operator_desk *desk, const struct arguments *arguments,
                         const char **answer, char *error)
{
    char body[BODY_CAP];

    (void)error;
    (void)snprintf(body, sizeof body, "{\"threshold\":%llu,\"officers\":%llu}", arguments->quorum,
                   arguments->officers);
    return operator_call(desk, "POST", "/v1/shares/change", body, answer);
}

static qw_err run_enter(struct operator_desk *desk, const struct arguments *arguments,
                        const char **answer, char *error)
{
    return share_enter(desk, "/v1/shares/entry", arguments->share_path, arguments->passphrase_path,
                       answer, error);
}

static qw_err run_rotate(struct operator_desk *desk, const struct arguments *arguments,
                         const char **answer, char *error)
{
    return share_enter(desk, "/v1/shares/rotation", arguments->share_path,
                       arguments->passphrase_path, answer, error);
}

static qw_err run_take(struct operator_desk *desk, const struct arguments *arguments,
                       const char **answer, char *error)
{
    return share_take(desk, arguments->share_path, arguments->passphrase_path, answer, error);
}

static qw_err run_cancel(struct operator_desk *desk, const struct arguments *arguments,
                         const char **answer, char *error)
{
    (void)arguments;
    (void)error;
    return operator_call(desk, "POST", "/v1/shares/cancel", "{}", answer);
}

static const struct action {
    const char *name;
    bool wants_share, wants_numbers;
    const char *text;
    qw_err (*run)(struct operator_desk *desk, const struct arguments *arguments,
                  const char **answer, char *error);
} actions[] = {
    { "show", false, false, "who holds what, and how far it is", run_show },
    { "rehearse", true, false, "shows that a share works; opens and changes nothing",
      run_rehearse },
    { "change", false, true, "begins with other shares, where one officer may do it alone",
      run_change },
    { "enter", true, false, "a share of now, for the change", run_enter },
    { "take", true, false, "one of the shares to be, into a new file", run_take },
    { "rotate", true, false, "a share of now, for a KEK that was ordered (qwave admin kek rotate)",
      run_rotate },
    { "cancel", false, false, "ends what is under way, or drops such an order", run_cancel },
};
enum { ACTIONS = sizeof actions / sizeof actions[0] };

static void parse_word(struct arguments *arguments, const char *word, struct argp_state *state)
{
    if (arguments->action != NULL) {
        argp_error(state, "one action only");
    }
    for (size_t i = 0; i < ACTIONS; i++) {
        if (strcmp(actions[i].name, word) == 0) {
            arguments->action = &actions[i];
        }
    }
    if (arguments->action == NULL) {
        argp_error(state, "no action '%s'", word);
    }
}

static void check(const struct arguments *arguments, struct argp_state *state)
{
    if (arguments->action == NULL) {
        argp_error(state, "show, rehearse, change, enter, take, rotate or cancel");
    } else if (arguments->action->wants_share != (arguments->share_path != NULL)) {
        argp_error(state, "--share goes with rehearse, enter, take and rotate");
    } else if (arguments->passphrase_path != NULL && arguments->share_path == NULL) {
        argp_error(state, "--passphrase-file goes with --share");
    } else if (arguments->action->wants_numbers !=
               (arguments->officers > 0 && arguments->quorum > 0)) {
        argp_error(state, "--officers and --quorum go with change");
    } else if (arguments->quorum > arguments->officers) {
        argp_error(state, "--quorum %llu is more than --officers %llu", arguments->quorum,
                   arguments->officers);
    }
}

static void parse_number(const char *value, const char *name, unsigned long long *number,
                         struct argp_state *state)
{
    if (!radio_parse_number(value, QW_OFFICERS_MAX, number) || *number < 2) {
        argp_error(state, "--%s is 2..%d, not '%s'", name, QW_OFFICERS_MAX, value);
    }
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'o':
        arguments->operator_path = value;
        return 0;
    case 'u':
        arguments->url = value;
        return 0;
    case 's':
        arguments->share_path = value;
        return 0;
    case 'f':
        arguments->passphrase_path = value;
        return 0;
    case 'n':
        parse_number(value, "officers", &arguments->officers, state);
        return 0;
    case 'q':
        parse_number(value, "quorum", &arguments->quorum, state);
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        parse_word(arguments, value, state);
        return 0;
    case ARGP_KEY_END:
        check(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct facts {
    char step[16], result[16], ceremony[2 * QW_CEREMONY_ID_LEN + 1];
    uint64_t threshold, officers, entered, next_threshold, next_officers, handed, confirmed;
};

static bool read_facts(const char *answer, struct facts *facts)
{
    const struct {
        const char *name;
        uint64_t *value;
    } numbers[] = { { "threshold", &facts->threshold },
                    { "officers", &facts->officers },
                    { "entered", &facts->entered },
                    { "next_threshold", &facts->next_threshold },
                    { "next_officers", &facts->next_officers },
                    { "handed", &facts->handed },
                    { "confirmed", &facts->confirmed } };
    struct qw_json_reader r;
    const struct qw_json_node *object;
    bool is_fine;

    if (qw_json_open(answer, strlen(answer), &r) != QW_OK) {
        return false;
    }
    object = qw_json_root_object(&r);
    qw_json_get_text(&r, object, "step", facts->step, 1, sizeof facts->step);
    qw_json_get_text(&r, object, "ceremony", facts->ceremony, 1, sizeof facts->ceremony);
    if (qw_json_find(object, "result") != NULL) {
        qw_json_get_text(&r, object, "result", facts->result, 1, sizeof facts->result);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        qw_json_get_uint(&r, object, numbers[i].name, 0, QW_OFFICERS_MAX, numbers[i].value);
    }
    is_fine = qw_json_ok(&r);
    qw_json_close(&r);
    return is_fine;
}

static void show(const char *answer, const struct arguments *arguments)
{
    struct facts f = { .step = "" };

    if (arguments->as_json) {
        printf("%s\n", answer);
        return;
    }
    if (!read_facts(answer, &f)) {
        return;
    }
    if (strcmp(f.result, "complete") == 0 && arguments->action->run == run_rehearse) {
        printf("rehearsed: these shares open this store\n");
    } else if (strcmp(f.result, "changed") == 0) {
        printf("changed: the shares before are worth nothing\n");
    } else if (strcmp(f.step, "handing") == 0) {
        printf("%u of the %u shares to be are taken, %u confirmed\n", (unsigned)f.handed,
               (unsigned)f.next_officers, (unsigned)f.confirmed);
    } else if (strcmp(f.step, "idle") != 0) {
        printf("%s: %u of the %u shares that are needed are entered\n", f.step, (unsigned)f.entered,
               (unsigned)f.threshold);
    }
    printf("%u of %u shares open the centre, ceremony %s\n", (unsigned)f.threshold,
           (unsigned)f.officers, f.ceremony);
}

/* The actions go under the options of --help. */
static void write_actions(FILE *stream)
{
    for (size_t i = 0; i < ACTIONS; i++) {
        fprintf(stream, "  %-8s  %s\n", actions[i].name, actions[i].text);
    }
}

static char *help_filter(int key, const char *text, void *input)
{
    (void)input;
    return action_help(key, text, write_actions);
}

int cmd_share(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "ACTION",
        "Officers' shares of the master key of a centre that is "
        "open: shows that they work, changes to others, or rotates the KEK.\v",
        NULL,
        help_filter,
        NULL
    };
    struct arguments arguments = { .operator_path = "operator.yaml" };
    struct operator_desk *desk = NULL;
    char error[OPERATOR_ERROR_CAP] = "";
    const char *answer = NULL;
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = operator_open(arguments.operator_path, arguments.url, &desk, error);
    if (err == QW_OK) {
        err = arguments.action->run(desk, &arguments, &answer, error);
        if (err != QW_OK && error[0] == '\0') {
            (void)snprintf(error, sizeof error, "%s", operator_message(desk));
        }
    }
    if (err == QW_OK) {
        show(answer, &arguments);
    } else {
        fprintf(stderr, "qwave share: %s\n", error[0] != '\0' ? error : qw_err_text(err));
    }
    operator_close(desk);
    return qw_exit_of_command(err);
}
