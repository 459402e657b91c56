/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "authenticate.h"
#include "base/hex.h"
#include "option_value.h"

#include <argp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* qwave auth: who one is, by certificate and a key of a card [C11]. */

enum { HOST_CAP = 256 };

struct arguments {
    struct authenticate_wish wish;
    char access_point[HOST_CAP], air[HOST_CAP];
    bool as_json;
};

static const struct argp_option options[] = {
    { "url", 'u', "URL", 0, "of the centre's public listener, http://...", 0 },
    { "access-point", 'w', "HOST:PORT", 0, "instead of --url: over the air, by this access point",
      0 },
    { "air", 'i', "HOST:PORT", 0, "and this radio front end (`qwave air`)", 0 },
    { "terminal", 't', "SOCKET", 0,
      "instead of all these: by the terminal that runs there, with its own card and certificate",
      0 },
    { "name", 'n', "NAME", 0, "as the certificate has it: urn:qwave:terminal|ap|sae|officer:ID",
      0 },
    { "card", 'd', "CARD", 0, "a card of one's own, which loses one key", 0 },
    { "passphrase-file", 'p', "FILE", 0,
      "the card's passphrase on its first line, readable by its owner only", 0 },
    { "certificate", 'c', "FILE", 0, "the certificate", 0 },
    { "key", 'y', "FILE", 0, "and its private key", 0 },
    { "context", 'x', "HEX", 0,
      "32 bytes of whoever will rely on it, who compares them (default: zero)", 0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
    { 0 },
};

static void check_complete(const struct authenticate_wish *wish, struct argp_state *state)
{
    const char *const own[] = { wish->name, wish->card, wish->passphrase_file, wish->certificate,
                                wish->key };
    size_t given = 0, needed = sizeof own / sizeof own[0];

    for (size_t i = 0; i < needed; i++) {
        given += own[i] != NULL;
    }
    if (wish->terminal != NULL) {
        if (given != 0 || wish->url != NULL || wish->air.access_point_host != NULL ||
            wish->air.air_host != NULL) {
            argp_error(state, "with --terminal, the terminal has card, certificate and way");
        }
        return;
    }
    if ((wish->air.access_point_host == NULL) != (wish->air.air_host == NULL) ||
        (wish->air.access_point_host == NULL) == (wish->url == NULL)) {
        argp_error(state, "either --url, or --access-point and --air, or --terminal");
    }
    if (given != needed) {
        argp_error(state, "name, card, passphrase file, certificate and key are needed");
    }
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct authenticate_wish *wish = &arguments->wish;

    switch (key) {
    case 'u':
        wish->url = value;
        return 0;
    case 'w':
        option_endpoint(value, arguments->access_point, sizeof arguments->access_point,
                        &wish->air.access_point_port, state);
        wish->air.access_point_host = arguments->access_point;
        return 0;
    case 'i':
        option_endpoint(value, arguments->air, sizeof arguments->air, &wish->air.air_port, state);
        wish->air.air_host = arguments->air;
        return 0;
    case 't':
        wish->terminal = value;
        return 0;
    case 'n':
        wish->name = value;
        return 0;
    case 'd':
        wish->card = value;
        return 0;
    case 'p':
        wish->passphrase_file = value;
        return 0;
    case 'c':
        wish->certificate = value;
        return 0;
    case 'y':
        wish->key = value;
        return 0;
    case 'x':
        if (strlen(value) != 2 * sizeof wish->context ||
            qw_hex_decode(value, wish->context, sizeof wish->context) != QW_OK) {
            argp_error(state, "--context is 64 hex digits, not '%s'", value);
        }
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_END:
        check_complete(wish, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_auth(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "",
        "Proves to the centre who one is, by a certificate and one key of a card, which is used "
        "up; the centre proves itself too. The id of the centre's statement is for whoever will "
        "rely on it. Interrupted, the same command goes on where it was.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .as_json = false };
    struct qw_auth_outcome result;
    char error[AUTHENTICATE_ERROR_CAP] = "";
    char id[2 * sizeof result.id + 1];
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = authenticate(&arguments.wish, &result, error);
    if (err != QW_OK) {
        fprintf(stderr, "qwave auth: %s\n", error[0] != '\0' ? error : qw_err_text(err));
        return qw_exit_of(err);
    }
    qw_hex_encode(result.id, sizeof result.id, id);
    printf(arguments.as_json ? "{\"id\":\"%s\",\"until_ms\":%" PRId64 "}\n"
                             : "statement %s, until %" PRId64 " ms\n",
           id, result.until_ms);
    return EXIT_DONE;
}
