/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "action_help.h"
#include "admin/admin.h"
#include "api/certificate/profile.h"
#include "centre/centre.h"
#include "centre/people/unit_quota.h"
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
    { "psk", "create", 3, "ID", "pre-shared key of an application for SKIP; shown this once",
      run_psk_create },
    { "psk", "revoke", 3, "ID", "takes it back; its open connections end", run_psk_revoke },
};

static const struct {
    const struct admin_action *actions;
    size_t count;
} tables[] = {
    { actions, sizeof actions / sizeof actions[0] },
    { admin_device_actions, ADMIN_DEVICE_ACTIONS },
    { admin_list_actions, ADMIN_LIST_ACTIONS },
    { admin_certificate_actions, ADMIN_CERTIFICATE_ACTIONS },
    { admin_officer_actions, ADMIN_OFFICER_ACTIONS },
    { admin_request_actions, ADMIN_REQUEST_ACTIONS },
    { admin_unit_actions, ADMIN_UNIT_ACTIONS },
    { admin_authentication_actions, ADMIN_AUTHENTICATION_ACTIONS },
    { admin_kek_actions, ADMIN_KEK_ACTIONS },
    { admin_key_actions, ADMIN_KEY_ACTIONS },
    { admin_operation_actions, ADMIN_OPERATION_ACTIONS },
};
enum { TABLES = sizeof tables / sizeof tables[0] };

enum {
    OPTION_DEVICES_MAX = 256,
    OPTION_KEYS_PER_DAY,
    OPTION_KEYS_STORED,
    OPTION_STATE,
    OPTION_PREFIX,
    OPTION_OWNER_PREFIX,
    OPTION_FIRMWARE,
    OPTION_CARD
};

static const struct argp_option options[] = {
    { "operator", 'o', "FILE", 0, "operator.yaml (default: operator.yaml)", 0 },
    { "url", 'u', "URL", 0, "of the centre, instead of the one in that file", 0 },
    { "kind", 'k', "KIND", 0,
      "terminal, application, access-point, station, kme, cipher-machine, pcie-card, sd-card, "
      "usb-key, chip, meter or node (default for a new one: terminal)",
      0 },
    { "owner", 'w', "NAME", 0, "who has the device", 0 },
    { "user", 's', "NAME", 0, "who has a card", 0 },
    { "peer", 'p', "SAE,...", 0,
      "application that shares the terminal's keys; those that an application may ask keys for",
      0 },
    { "kme", 'm', "KME", 0, "a partner, registered with --kind kme", 0 },
    { "keys-per-s", 'n', "N", 0,
      "that an application may take; 0: as the centre's settings say (default: 0)", 0 },
    { "weight", 'g', "N", 0, "its part when keys are scarce, 1 to 100 (default: 1)", 0 },
    { "devices-max", OPTION_DEVICES_MAX, "N", 0,
      "that a unit and all beneath it may have; 0: no limit (default: 0)", 0 },
    { "keys-per-day", OPTION_KEYS_PER_DAY, "N", 0,
      "that they may take out of the stock; 0: no limit (default: 0)", 0 },
    { "keys-stored", OPTION_KEYS_STORED, "N", 0,
      "that they may have taken and not used up; 0: no limit (default: 0)", 0 },
    { "role", 'r', "ROLE", 0, "of an officer: system, security, audit or operator", 0 },
    { "unit", 't', "UNIT", 0,
      "a place in the tree, as /north/gas: of a device (default: one's own), or where an officer's "
      "part begins (default: /)",
      0 },
    { "state", OPTION_STATE, "STATE", 0, "registered, charged, active, suspended or destroyed", 0 },
    { "prefix", OPTION_PREFIX, "TEXT", 0, "what an id begins with", 0 },
    { "owner-prefix", OPTION_OWNER_PREFIX, "TEXT", 0, "what an owner's name begins with", 0 },
    { "firmware", OPTION_FIRMWARE, "TEXT", 0, "of a device", 0 },
    { "card", OPTION_CARD, "DEVICE", 0, "whose card an officer's codes are from", 0 },
    { "reason", 'x', "TEXT", 0, "of a maintenance, told to every caller; at most 120 bytes", 0 },
    { "certificate", 'c', "FILE", 0,
      "where to write a certificate; of a device: the one that it has", 0 },
    { "key", 'y', "FILE", 0, "and its private key", 0 },
    { "profile", 'f', "NAME", 0, "of the key: p256, sm2 or ed25519 (default: p256)", 0 },
    { "host", 'H', "HOST,...", 0, "names and addresses of the centre", 0 },
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

/* Its own line of help says so, without brackets. */
static bool asks_for(const struct admin_action *action, const char *option)
{
    const char *at = strstr(action->arguments, option);

    return at != NULL && (at == action->arguments || at[-1] != '[');
}

static void check_files(const struct admin_action *action, const struct admin_arguments *arguments,
                        struct argp_state *state)
{
    if ((asks_for(action, "--certificate FILE") && arguments->certificate == NULL) ||
        (asks_for(action, "--key FILE") && arguments->key == NULL)) {
        argp_error(state, "--certificate and --key say where to write");
    }
    if (asks_for(action, "--card DEVICE") && arguments->card == NULL) {
        argp_error(state, "--card says whose card the codes are from");
    }
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
    case 's':
        arguments->user = value;
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
    case OPTION_DEVICES_MAX:
        if (!radio_parse_number(value, QW_UNIT_LIMIT_MAX, &arguments->devices_max)) {
            argp_error(state, "--devices-max is 0..%u000000, not '%s'",
                       (unsigned)(QW_UNIT_LIMIT_MAX / 1000000), value);
        }
        return 0;
    case OPTION_KEYS_PER_DAY:
        if (!radio_parse_number(value, QW_UNIT_LIMIT_MAX, &arguments->keys_per_day)) {
            argp_error(state, "--keys-per-day is 0..%u000000, not '%s'",
                       (unsigned)(QW_UNIT_LIMIT_MAX / 1000000), value);
        }
        return 0;
    case OPTION_KEYS_STORED:
        if (!radio_parse_number(value, QW_UNIT_LIMIT_MAX, &arguments->keys_stored)) {
            argp_error(state, "--keys-stored is 0..%u000000, not '%s'",
                       (unsigned)(QW_UNIT_LIMIT_MAX / 1000000), value);
        }
        return 0;
    case OPTION_STATE:
        arguments->state = value;
        return 0;
    case OPTION_PREFIX:
        arguments->prefix = value;
        return 0;
    case OPTION_OWNER_PREFIX:
        arguments->owner_prefix = value;
        return 0;
    case OPTION_FIRMWARE:
        arguments->firmware = value;
        return 0;
    case OPTION_CARD:
        arguments->card = value;
        return 0;
    case 'r':
        arguments->role = value;
        return 0;
    case 'x':
        arguments->reason = value;
        return 0;
    case 't':
        arguments->unit = value;
        return 0;
    case 'c':
        arguments->certificate = value;
        return 0;
    case 'y':
        arguments->key = value;
        return 0;
    case 'f':
        if (qw_certificate_profile_by_name(value) == QW_CERTIFICATE_PROFILE_COUNT) {
            argp_error(state, "--profile is p256, sm2 or ed25519, not '%s'", value);
        }
        arguments->profile = value;
        return 0;
    case 'H':
        arguments->hosts = value;
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
        } else {
            check_files(find_action(arguments), arguments, state);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The table of actions goes under the options of --help. */
static void write_actions(FILE *stream)
{
    for (size_t t = 0; t < TABLES; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            const struct admin_action *action = &tables[t].actions[i];

            fprintf(stream, "  %s %s %s%s%s\n", action->noun,
                    action->verb != NULL ? action->verb : "", action->arguments,
                    action->text[0] != '\0' ? "  - " : "", action->text);
        }
    }
}

static char *help_filter(int key, const char *text, void *input)
{
    (void)input;
    return action_help(key, text, write_actions);
}

int cmd_admin(int argc, char **argv)
{
    static const struct argp argp = { options,     parse,
                                      "ACTION...", "Works on a running key service centre.\v",
                                      NULL,        help_filter,
                                      NULL };
    struct admin_arguments arguments = { .operator_path = "operator.yaml",
                                         .peer = "",
                                         .user = "",
                                         .kme = "",
                                         .role = "",
                                         .profile = "p256",
                                         .hosts = "",
                                         .reason = "",
                                         .weight = 1 };
    struct operator_desk *desk = NULL;
    char error[OPERATOR_ERROR_CAP] = "";
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = operator_open(arguments.operator_path, arguments.url, &desk, error);
    if (err != QW_OK) {
        fprintf(stderr, "qwave admin: %s\n", error[0] != '\0' ? error : qw_err_text(err));
        return qw_exit_of_command(err);
    }
    err = find_action(&arguments)->run(desk, &arguments);
    if (err != QW_OK) {
        const char *message = operator_message(desk);

        fprintf(stderr, "qwave admin: %s\n", message[0] != '\0' ? message : qw_err_text(err));
    }
    operator_close(desk);
    return qw_exit_of_command(err);
}
