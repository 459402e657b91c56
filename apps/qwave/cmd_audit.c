/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "action_help.h"
#include "audit/audit.h"
#include "operator.h"
#include "option_value.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* qwave audit: the signed journal of a centre [C10]. */

struct arguments {
    struct audit_arguments audit;
    const char *action;
};

static const struct argp_option options[] = {
    { "operator", 'o', "FILE", 0, "operator.yaml (default: operator.yaml)", 0 },
    { "url", 'u', "URL", 0, "of the centre, instead of the one in that file", 0 },
    { "key", 'k', "FILE", 0, "verify: public key of the journal, from a place you trust, PEM", 0 },
    { "head", 'H', "FILE", 0, "verify: a signed head that was kept elsewhere", 0 },
    { "kept", 'K', "SEQ:HASH", 0,
      "verify: of a node's journal, as its status said it at some time, kept elsewhere", 0 },
    { "who", 'w', "ACTOR", 0, "show: what one did, operator:alice", 0 },
    { "verb", 'v', "VERB", 0, "show: of one kind", 0 },
    { "since", 's', "TIME", 0, "show: from then on, 2026-11-28 or 2026-11-28T12:00:00Z", 0 },
    { "until", 't', "TIME", 0, "show: before then", 0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
    { 0 },
};

static const struct action {
    const char *name;
    int file; /* 0: none, 1: may be, 2: must be */
    const char *text;
    int (*ask)(struct operator_desk *desk, const struct audit_arguments *arguments);
    int (*read)(const struct audit_arguments *arguments); /* with a file, without the centre */
} actions[] = {
    { "show", 1,
      "[FILE]: what was done, by the centre, an export, or a database (a node's journal)",
      audit_show, audit_show_file },
    { "head", 0, ": where the journal ends, signed; keep it elsewhere", audit_show_head, NULL },
    { "key", 1, "[rotate]: the public key of the journal, PEM; rotate: after exchanging it",
      audit_show_key, NULL },
    { "export", 2, "FILE: the journal as a file; goes on with one that is half done", audit_export,
      NULL },
    { "verify", 2,
      "FILE --key FILE [--head FILE]: an export or a database, off line; a node's journal, which "
      "nobody signs: FILE [--kept SEQ:HASH]",
      NULL, audit_verify },
};

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(actions[i].name, name) == 0) {
            return &actions[i];
        }
    }
    return NULL;
}

static void check_words(const struct arguments *arguments, struct argp_state *state)
{
    const struct action *action = find_action(arguments->action);

    if (action == NULL) {
        argp_error(state, "show, head, key, export or verify");
    } else if (action->file == 2 && arguments->audit.file == NULL) {
        argp_error(state, "which file?");
    } else if (action->ask == audit_show_key && arguments->audit.file != NULL &&
               strcmp(arguments->audit.file, "rotate") != 0) {
        argp_error(state, "key, or key rotate");
    } else if (action->file == 0 && arguments->audit.file != NULL) {
        argp_error(state, "%s takes no file", action->name);
    } else if (arguments->audit.kept != NULL && arguments->audit.key != NULL) {
        argp_error(state, "--kept is for journals that are not signed, without --key");
    }
}

static error_t parse_word(struct arguments *arguments, char *value, struct argp_state *state)
{
    if (arguments->action == NULL) {
        arguments->action = value;
    } else if (arguments->audit.file == NULL) {
        arguments->audit.file = value;
    } else {
        argp_error(state, "too many words");
    }
    return 0;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct audit_arguments *audit = &arguments->audit;

    switch (key) {
    case 'o':
        audit->operator_path = value;
        return 0;
    case 'u':
        audit->url = value;
        return 0;
    case 'k':
        audit->key = value;
        return 0;
    case 'H':
        audit->head = value;
        return 0;
    case 'K':
        audit->kept = value;
        return 0;
    case 'w':
        audit->who = value;
        return 0;
    case 'v':
        audit->verb = value;
        return 0;
    case 's':
    case 't':
        *(key == 's' ? &audit->since_ms : &audit->until_ms) = option_time(value, state);
        return 0;
    case 'j':
        audit->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        return parse_word(arguments, value, state);
    case ARGP_KEY_END:
        check_words(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int say_error(struct operator_desk *desk, qw_err err)
{
    const char *message = operator_message(desk);

    fprintf(stderr, "qwave audit: %s\n", message[0] != '\0' ? message : qw_err_text(err));
    return qw_exit_of(err);
}

int audit_show_head(struct operator_desk *desk, const struct audit_arguments *arguments)
{
    struct qw_signed_head head;
    const char *answer = NULL;
    qw_err err = audit_ask_head(desk, &answer, &head);

    (void)arguments; /* a signed head is JSON anyway */
    if (err != QW_OK) {
        return say_error(desk, err);
    }
    printf("%s\n", answer);
    return EXIT_DONE;
}

int audit_show_key(struct operator_desk *desk, const struct audit_arguments *arguments)
{
    struct qw_signed_head head;
    char pem[QW_SIGNATURE_PEM_CAP];
    const char *answer = NULL;
    qw_err err = arguments->file != NULL /* "rotate" */
                     ? operator_call(desk, "POST", "/v1/audit/key", "{}", &answer)
                     : operator_call(desk, "GET", "/v1/audit/head", NULL, &answer);

    if (err == QW_OK) {
        err = audit_head_decode(answer, strlen(answer), &head, pem);
    }
    if (err != QW_OK) {
        return say_error(desk, err);
    }
    printf("%s%s", arguments->as_json ? answer : pem, arguments->as_json ? "\n" : "");
    return EXIT_DONE;
}

static void write_actions(FILE *stream)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        fprintf(stream, "  %s%s%s\n", actions[i].name, actions[i].text[0] == ':' ? "" : " ",
                actions[i].text);
    }
}

static char *help_filter(int key, const char *text, void *input)
{
    (void)input;
    return action_help(key, text, write_actions);
}

int cmd_audit(int argc, char **argv)
{
    static const struct argp argp = {
        options,     parse, "ACTION [FILE]", "The signed journal of a key service centre.\v", NULL,
        help_filter, NULL
    };
    struct arguments arguments = { .audit = { .operator_path = "operator.yaml",
                                              .until_ms = INT64_MAX } };
    struct operator_desk *desk = NULL;
    char error[OPERATOR_ERROR_CAP] = "";
    const struct action *action;
    qw_err err;
    int status;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    action = find_action(arguments.action);
    if (action->read != NULL && arguments.audit.file != NULL) {
        return action->read(&arguments.audit);
    }
    err = operator_open(arguments.audit.operator_path, arguments.audit.url, &desk, error);
    if (err != QW_OK) {
        fprintf(stderr, "qwave audit: %s\n", error[0] != '\0' ? error : qw_err_text(err));
        return qw_exit_of_command(err);
    }
    status = action->ask(desk, &arguments.audit);
    operator_close(desk);
    return status;
}
