/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "base/clock.h"
#include "base/secret.h"
#include "terminal/card_unlock.h"
#include "terminal/login_code.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* qwave code: a one-time code of an officer's card, for the console's log-in [C10 C11]. */

struct arguments {
    const char *officer, *card, *passphrase_file;
    bool as_json;
};

static const struct argp_option options[] = {
    { "officer", 'n', "ID", 0, "who logs in, as the centre knows him", 0 },
    { "card", 'd', "CARD", 0, "his card, which loses one key", 0 },
    { "passphrase-file", 'p', "FILE", 0,
      "the card's passphrase or PIN on its first line, readable by its owner only", 0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'n':
        arguments->officer = value;
        return 0;
    case 'd':
        arguments->card = value;
        return 0;
    case 'p':
        arguments->passphrase_file = value;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_END:
        if (arguments->officer == NULL || arguments->card == NULL ||
            arguments->passphrase_file == NULL) {
            argp_error(state, "officer, card and passphrase file are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static qw_err make(const struct arguments *arguments, char text[static QW_LOGIN_CODE_CAP])
{
    struct qw_card *card = NULL;
    qw_err err = qw_card_open_by_file(arguments->card, arguments->passphrase_file, &card);

    if (err == QW_OK) {
        err = qw_card_login_code(card, arguments->officer, qw_clock_utc_ms(), text);
    }
    qw_card_close(card);
    return err;
}

int cmd_code(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "",
        "Makes a code of the next key of an officer's card, for the console's log-in by password "
        "and code. It is good once, for two minutes; the key is used up.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .as_json = false };
    char text[QW_LOGIN_CODE_CAP];
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = make(&arguments, text);
    if (err != QW_OK) {
        fprintf(stderr, "qwave code: %s: %s\n", arguments.card,
                qw_card_err_text(arguments.card, err));
        return qw_exit_of(err);
    }
    printf(arguments.as_json ? "{\"code\":\"%s\"}\n" : "%s\n", text);
    fflush(stdout);
    qw_wipe(text, sizeof text);
    return EXIT_DONE;
}
