/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "enrol.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

/* qwave enrol: the first certificate of a device, by a key of its card [C4]. */

struct arguments {
    struct enrol_wish wish;
    bool as_json;
};

static const struct argp_option options[] = {
    { "url", 'u', "URL", 0, "of the centre's public listener, http://...", 0 },
    { "name", 'n', "NAME", 0, "of the device: urn:qwave:ap:ID or urn:qwave:terminal:ID", 0 },
    { "card", 'd', "CARD", 0, "its card, which loses one key", 0 },
    { "passphrase-file", 'p', "FILE", 0,
      "the card's passphrase on its first line, readable by its owner only", 0 },
    { "profile", 'f', "NAME", 0, "of the key: p256, sm2 or ed25519 (default: p256)", 0 },
    { "certificate", 'c', "FILE", 0, "where to write the certificate", 0 },
    { "key", 'y', "FILE", 0, "and its private key", 0 },
    { "ca", 'a', "FILE", 0, "and the authority's certificate, which the card's key vouches for",
      0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct enrol_wish *wish = &arguments->wish;

    switch (key) {
    case 'u':
        wish->url = value;
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
    case 'f':
        wish->profile = qw_certificate_profile_by_name(value);
        if (wish->profile == QW_CERTIFICATE_PROFILE_COUNT) {
            argp_error(state, "--profile is p256, sm2 or ed25519, not '%s'", value);
        }
        return 0;
    case 'c':
        wish->certificate = value;
        return 0;
    case 'y':
        wish->key = value;
        return 0;
    case 'a':
        wish->authority = value;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_END:
        if (wish->url == NULL || wish->name == NULL || wish->card == NULL ||
            wish->passphrase_file == NULL || wish->certificate == NULL || wish->key == NULL ||
            wish->authority == NULL) {
            argp_error(state, "all but --profile and --json are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_enrol(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "",
        "Gets a device its first certificate: one key of its card proves who asks, and is used up. "
        "Interrupted, the same command goes on where it was.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .wish = { .profile = QW_CERTIFICATE_P256 } };
    char error[ENROL_ERROR_CAP] = "";
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = enrol(&arguments.wish, error);
    if (err != QW_OK) {
        fprintf(stderr, "qwave enrol: %s\n", error[0] != '\0' ? error : qw_err_text(err));
        return qw_exit_of(err);
    }
    printf(arguments.as_json ? "{\"certificate\":\"%s\",\"key\":\"%s\",\"ca\":\"%s\"}\n"
                             : "certificate %s, private key %s, authority %s\n",
           arguments.wish.certificate, arguments.wish.key, arguments.wish.authority);
    return EXIT_DONE;
}
