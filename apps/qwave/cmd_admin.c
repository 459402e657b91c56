/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "admin/admin.h"
#include "centre/centre.h"
#include "operator.h"
#include "radio_options.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* qwave admin: what an officer does on a running centre [C8 C10]. */

static qw_err get_and_show(struct operator_desk *desk, const char *path,
                           const struct admin_arguments *arguments)
{
    const char *answer = NULL;
    qw_err err = operator_call(desk, "GET", path, NULL, &answer);

    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_status(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    return get_and_show(desk, "/v1/status", arguments);
}

static qw_err run_certificate(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    qw_err err;

    if (arguments->certificate == NULL || arguments->key == NULL) {
        return QW_ERR_ARG;
    }
    err = operator_enrol(desk, arguments->word[1], arguments->word[2], arguments->certificate,
                         arguments->key);
    if (err == QW_OK) {
        printf(arguments->as_json ? "{\"certificate\":\"%s\",\"key\":\"%s\"}\n"
                                  : "certificate %s, private key %s\n",
               arguments->certificate, arguments->key);
    }
    return err;
}

static qw_err run_revoke(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    qw_err err = operator_revoke(desk, arguments->word[2]);

    if (err == QW_OK) {
        printf(arguments->as_json ? "{\"revoked\":\"%s\"}\n" : "%s is revoked\n",
               arguments->word[2]);
    }
    return err;
}

/* Shows the key, this once. */
static qw_err run_psk_create(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *answer = NULL;
    qw_err err = operator_device_call(desk, "POST", arguments->word[2], "/psk", NULL, &answer);

    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static qw_err run_psk_revoke(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    const char *answer = NULL;
    qw_err err =
        operator_device_call(desk, "POST", arguments->word[2], "/psk/revoke", NULL, &answer);

    if (err == QW_OK) {
        admin_show(answer, arguments);
    }
    return err;
}

static const struct admin_action actions[] = {
    /* all but those of admin/ */
    { "status", NULL, 1, "", "stock, source and counters", run_status },
    { "certificate", "ap", 3, "ID --certificate FILE --key FILE",
      "client certificate of an access point", run_certificate },
    { "certificate", "sae", 3, "ID --certificate FILE --key FILE", "of an application",
      run_certificate },
    { "certificate", "kme", 3, "ID --certificate FILE --key FILE", "of a partner's centre",
      run_certificate },
    { "certificate", "operator", 3, "ID --certificate FILE --key FILE",
      "of another officer; officer add says what he may do", run_certificate },
    { "certificate", "officer", 3, "ID --certificate FILE --key FILE", "the same",
      run_certificate },
    { "psk", "create", 3, "ID", "pre-shared key of an application for SKIP; shown this once",
      run_psk_create },
    { "psk", "revoke", 3, "ID", "takes it back; its open connections end", run_psk_revoke },
    { "certificate", "revoke", 3, "FILE", "takes it back; its open connections end", run_revoke },
};

static const struct {
    const struct admin_action *actions;
    size_t count;
} tables[] = {
    { actions, sizeof actions / sizeof actions[0] },
    { admin_device_actions, ADMIN_DEVICE_ACTIONS },
    { admin_list_actions, ADMIN_LIST_ACTIONS },
    { admin_officer_actions, ADMIN_OFFICER_ACTIONS },
    { admin_request_actions, ADMIN_REQUEST_ACTIONS },
};
enum { TABLES = sizeof tables / sizeof tables[0] };

static const struct argp_option options[] = {
    { "operator", 'o', "FILE", 0, "operator.yaml (default: operator.yaml)", 0 },
    { "url", 'u', "URL", 0, "of the centre, instead of the one in that file", 0 },
    { "kind", 'k', "KIND", 0,
      "terminal, application, access-point, station, kme, cipher-machine, pcie-card, sd-card, "
      "usb-key, chip or meter (default for a new one: terminal)",
      0 },
    { "owner", 'w', "NAME", 0, "who has the device", 0 },
    { "peer", 'p', "SAE,...", 0,
      "application that shares the terminal's keys; those that an application may ask keys for",
      0 },
    { "kme", 'm', "KME", 0, "a partner, registered with --kind kme", 0 },
    { "keys-per-s", 'n', "N", 0,
      "that an application may take; 0: as the centre's settings say (default: 0)", 0 },
    { "weight", 'g', "N", 0, "its part when keys are scarce, 1 to 100 (default: 1)", 0 },
    { "role", 'r', "ROLE", 0, "of an officer: system, security, audit or operator", 0 },
    { "unit", 't', "UNIT", 0,
      "a place in the tree, as /north/gas: of a device (default: one's own), or where an officer's "
      "part begins (default: /)",
      0 },
    { "state", 's', "STATE", 0, "registered, charged, active, suspended or destroyed", 0 },
    { "prefix", 'P', "TEXT", 0, "what an id begins with", 0 },
    { "owner-prefix", 'W', "TEXT", 0, "what an owner's name begins with", 0 },
    { "firmware", 'f', "TEXT", 0, "of a device", 0 },
    { "certificate", 'c', "FILE", 0,
      "where to write a certificate; of a device: the one that it has", 0 },
    { "key", 'y', "FILE", 0, "and its private key", 0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
    { 0 },
};

static bool is_meant(const struct admin_action *action, const struct admin_arguments *arguments)
{
    return arguments->words == action->words && strcmp(arguments->word[0], action->noun) == 0 &&
           (action->verb == NULL || strcmp(arguments->word[1], action->verb) == 0);
}

static const struct admin_action *find_action(const struct admin_arguments *arguments)
{
    for (size_t t = 0; t < TABLES; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            if (is_meant(&tables[t].actions[i], arguments)) {
                return &tables[t].actions[i];
            }
        }
    }
    return NULL;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct admin_arguments *arguments = state->input;

    switch (key) {
    case 'o':
        arguments->operator_path = value;
        return 0;
    case 'u':
        arguments->url = value;
        return 0;
    case 'k':
        arguments->kind = value;
        return 0;
    case 'w':
        arguments->owner = value;
        return 0;
    case 'p':
        arguments->peer = value;
        return 0;
    case 'm':
        arguments->kme = value;
        return 0;
    case 'n':
        if (!radio_parse_number(value, QW_QUOTA_KEYS_PER_S_MAX, &arguments->keys_per_s)) {
            argp_error(state, "--keys-per-s is 0..%d, not '%s'", QW_QUOTA_KEYS_PER_S_MAX, value);
        }
        return 0;
    case 'g':
        if (!radio_parse_number(value, 100, &arguments->weight) || arguments->weight == 0) {
            argp_error(state, "--weight is 1..100, not '%s'", value);
        }
        return 0;
    case 'r':
        arguments->role = value;
        return 0;
    case 't':
        arguments->unit = value;
        return 0;
    case 's':
        arguments->state = value;
        return 0;
    case 'P':
        arguments->prefix = value;
        return 0;
    case 'W':
        arguments->owner_prefix = value;
        return 0;
    case 'f':
        arguments->firmware = value;
        return 0;
    case 'c':
        arguments->certificate = value;
        return 0;
    case 'y':
        arguments->key = value;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->words == ADMIN_WORDS_MAX) {
            argp_error(state, "too many words");
        } else {
            arguments->word[arguments->words++] = value;
        }
        return 0;
    case ARGP_KEY_END:
        if (arguments->words == 0 || find_action(arguments) == NULL) {
            argp_error(state, "no such action");
        } else if (find_action(arguments)->run == run_certificate &&
                   (arguments->certificate == NULL || arguments->key == NULL)) {
            argp_error(state, "--certificate and --key say where to write");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The table of actions goes under the options of --help. */
static char *help_filter(int key, const char *text, void *input)
{
    char *help = NULL;
    size_t len = 0;
    FILE *stream;

    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC) {
        return (char *)(uintptr_t)text;
    }
    stream = open_memstream(&help, &len);
    if (stream == NULL) {
        return NULL;
    }
    fprintf(stream, "Actions:\n");
    for (size_t t = 0; t < TABLES; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            const struct admin_action *action = &tables[t].actions[i];

            fprintf(stream, "  %s %s %s%s%s\n", action->noun,
                    action->verb != NULL ? action->verb : "", action->arguments,
                    action->text[0] != '\0' ? "  - " : "", action->text);
        }
    }
    fclose(stream);
    return help;
}

int cmd_admin(int argc, char **argv)
{
    static const struct argp argp = { options,     parse,
                                      "ACTION...", "Works on a running key service centre.\v",
                                      NULL,        help_filter,
                                      NULL };
    struct admin_arguments arguments = {
        .operator_path = "operator.yaml", .peer = "", .kme = "", .role = "", .weight = 1
    };
    struct operator_desk *desk = NULL;
    char error[OPERATOR_ERROR_CAP] = "";
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = operator_open(arguments.operator_path, arguments.url, &desk, error);
    if (err != QW_OK) {
        fprintf(stderr, "qwave admin: %s\n", error[0] != '\0' ? error : qw_err_text(err));
        return EXIT_USAGE;
    }
    err = find_action(&arguments)->run(desk, &arguments);
    if (err != QW_OK) {
        const char *message = operator_message(desk);

        fprintf(stderr, "qwave admin: %s\n", message[0] != '\0' ? message : qw_err_text(err));
    }
    operator_close(desk);
    return err == QW_OK ? EXIT_DONE : err == QW_ERR_REFUSED ? EXIT_REFUSED : EXIT_FAILED;
}
