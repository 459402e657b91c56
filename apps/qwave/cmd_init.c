/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "centre_folder.h"
#include "radio_options.h"
#include "store/store_postgres.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* qwave init: the folder of a new key service centre, with one administrator [C6]. */

struct arguments {
    struct centre_folder_config config;
    bool as_json;
};

static const struct argp_option options[] = {
    { "id", 'i', "ID", 0, "of the centre (default: centre-1)", 0 },
    { "address", 'a', "IP", 0, "numeric address it will listen on (default: 127.0.0.1)", 0 },
    { "port", 'p', "PORT", 0, "and port (default: 8443)", 0 },
    { "source", 's', "NAME", 0,
      "where quantum keys come from: best (a QRNG device, else /dev/hwrng, else the kernel) or "
      "kernel (default: best)",
      0 },
    { "database", 'd', "URI", 0,
      "postgresql://... in which the centre's books are begun (default: an SQLite file in FOLDER)",
      0 },
    { "dual-control", 'D', NULL, 0,
      "no device is destroyed and no officer added by one officer alone: another one has to "
      "approve",
      0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    unsigned long long number = 0;

    switch (key) {
    case 'i':
        arguments->config.centre_id = value;
        return 0;
    case 'a':
        arguments->config.address = value;
        return 0;
    case 'p':
        if (!radio_parse_number(value, 65535, &number)) {
            argp_error(state, "--port is 0..65535, not '%s'", value);
        }
        arguments->config.port = (uint16_t)number;
        return 0;
    case 's':
        if (strcmp(value, "best") != 0 && strcmp(value, "kernel") != 0) {
            argp_error(state, "--source is best or kernel, not '%s'", value);
        }
        arguments->config.source = value;
        return 0;
    case 'd':
        if (!qw_store_postgres_is_uri(value)) {
            argp_error(state, "--database begins with postgresql://");
        }
        arguments->config.database = value;
        return 0;
    case 'D':
        arguments->config.dual_control = true;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->config.folder != NULL) {
            argp_error(state, "one folder only");
        }
        arguments->config.folder = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->config.folder == NULL) {
            argp_error(state, "name the folder to make");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_init(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "FOLDER",
        "Makes the folder of a new key service centre: settings, master passphrase, certificate "
        "authority, the first operator and the first charging station with its card.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .config = { .centre_id = "centre-1",
                                               .address = "127.0.0.1",
                                               .port = 8443,
                                               .source = "best" } };
    char error[CENTRE_FOLDER_ERROR_CAP] = "";
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = centre_folder_create(&arguments.config, error);
    if (err != QW_OK) {
        fprintf(stderr, "qwave init: %s\n", error[0] != '\0' ? error : qw_err_text(err));
        return err == QW_ERR_ARG ? EXIT_USAGE : EXIT_FAILED;
    }
    if (arguments.as_json) {
        printf("{\"folder\":\"%s\",\"settings\":\"%s/qwaved.yaml\",\"operator\":\"%s/operator/"
               "operator.yaml\"}\n",
               arguments.config.folder, arguments.config.folder, arguments.config.folder);
        return EXIT_DONE;
    }
    printf("made %s\n", arguments.config.folder);
    printf("start the centre:  qwaved --config %s/qwaved.yaml\n", arguments.config.folder);
    printf("then work with it: qwave admin --operator %s/operator/operator.yaml status\n",
           arguments.config.folder);
    return EXIT_DONE;
}
