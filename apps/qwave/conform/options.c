/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "conform/options.h"

#include "option_value.h"

#include <argp.h>
#include <string.h>

enum { OPTION_SLAVE_CERT = 0x100, OPTION_SLAVE_KEY, OPTION_OTHER_CERT, OPTION_OTHER_KEY };

static const struct argp_option options[] = {
    { "url", 'u', "URL", 0,
      "of the server: https://kme.example:8443 for 014, kme.example:25575 for 004", 0 },
    { "ca", 'a', "FILE", 0, "authority of the server's certificate", 0 },
    { "master", 'm', "ID", 0, "the application that asks for keys: SAE id for 014, URI for 004",
      0 },
    { "cert", 'c', "FILE", 0, "its certificate", 0 },
    { "key", 'k', "FILE", 0, "and private key", 0 },
    { "slave", 's', "ID", 0, "the application at the other end", 0 },
    { "slave-cert", OPTION_SLAVE_CERT, "FILE", 0, "its certificate", 0 },
    { "slave-key", OPTION_SLAVE_KEY, "FILE", 0, "and private key", 0 },
    { "other", 'o', "ID", 0, "a third application, for 014 also a peer of the master (optional)",
      0 },
    { "other-cert", OPTION_OTHER_CERT, "FILE", 0, "its certificate", 0 },
    { "other-key", OPTION_OTHER_KEY, "FILE", 0, "and private key", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static bool is_whole(const struct conform_end *end)
{
    return end->id != NULL && end->certificate != NULL && end->key != NULL;
}

static void check_arguments(struct conform_arguments *arguments, struct argp_state *state)
{
    const struct conform_end *other = &arguments->ends[CONFORM_OTHER];
    bool has_other = other->id != NULL || other->certificate != NULL || other->key != NULL;

    if (arguments->standard == NULL ||
        (strcmp(arguments->standard, "014") != 0 && strcmp(arguments->standard, "004") != 0)) {
        argp_error(state, "say which standard: 014 or 004");
    } else if (arguments->url == NULL || arguments->ca == NULL) {
        argp_error(state, "--url and --ca are needed");
    } else if (!is_whole(&arguments->ends[CONFORM_MASTER]) ||
               !is_whole(&arguments->ends[CONFORM_SLAVE])) {
        argp_error(state, "two applications are needed: --master, --cert, --key and --slave, "
                          "--slave-cert, --slave-key");
    } else if (has_other && !is_whole(other)) {
        argp_error(state, "--other, --other-cert and --other-key go together");
    } else if (strcmp(arguments->standard, "004") == 0) {
        option_endpoint(arguments->url, arguments->host, sizeof arguments->host, &arguments->port,
                        state);
    }
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct conform_arguments *arguments = state->input;
    struct conform_end *master = &arguments->ends[CONFORM_MASTER];
    struct conform_end *slave = &arguments->ends[CONFORM_SLAVE];
    struct conform_end *other = &arguments->ends[CONFORM_OTHER];
    const struct {
        int key;
        const char **place;
    } places[] = { { 'u', &arguments->url },
                   { 'a', &arguments->ca },
                   { 'm', &master->id },
                   { 'c', &master->certificate },
                   { 'k', &master->key },
                   { 's', &slave->id },
                   { OPTION_SLAVE_CERT, &slave->certificate },
                   { OPTION_SLAVE_KEY, &slave->key },
                   { 'o', &other->id },
                   { OPTION_OTHER_CERT, &other->certificate },
                   { OPTION_OTHER_KEY, &other->key } };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (key == places[i].key) {
            *places[i].place = value;
            return 0;
        }
    }
    switch (key) {
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_error(state, "too many words");
        }
        arguments->standard = value;
        return 0;
    case ARGP_KEY_END:
        check_arguments(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void conform_options_parse(int argc, char **argv, struct conform_arguments *arguments)
{
    static const struct argp argp = {
        options,
        parse,
        "014|004",
        "Checks a server of ETSI GS QKD 014 V1.1.1 or of ETSI GS QKD 004 V2.1.1 from outside, with "
        "the certificates of two applications (three are better). Uses up some dozens of keys. "
        "Exit status 0 when every mandatory check passed.",
        NULL,
        NULL,
        NULL
    };

    *arguments = (struct conform_arguments){ .standard = NULL };
    argp_parse(&argp, argc, argv, 0, NULL, arguments);
}
