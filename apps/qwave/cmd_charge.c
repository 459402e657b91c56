/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "operator.h"
#include "radio_options.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

/* qwave charge: off-line charging of a card at a charging station, and its end [W8 A4]. */

struct arguments {
    const char *operator_path, *url, *device, *card, *passphrase_path;
    uint32_t keys;
    bool destroys, is_ordered;
    bool as_json;
};

static const struct argp_option options[] = {
    { "operator", 'o', "FILE", 0, "operator.yaml (default: operator.yaml)", 0 },
    { "url", 'u', "URL", 0, "of the centre, instead of the one in that file", 0 },
    { "device", 'd', "ID", 0, "whose card it is", 0 },
    { "card", 'c', "CARD", 0,
      "a file, pkcs11:token=LABEL;object=LABEL[?module-path=PATH] or pcsc:READER: made when there "
      "is none, else charged again",
      0 },
    { "passphrase-file", 'p', "FILE", 0,
      "the card's passphrase or PIN on its first line, readable by its owner only", 0 },
    { "keys", 'n', "N", 0, "256-bit keys to put in, 0..1024 (default: 64)", 0 },
    { "ordered", 'r', NULL, 0, "as many as were ordered for it at this station", 0 },
    { "destroy", 'x', NULL, 0,
      "erase the card of a device that was destroyed, and bring the centre its proof", 0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    unsigned long long number = 0;

    switch (key) {
    case 'o':
        arguments->operator_path = value;
        return 0;
    case 'u':
        arguments->url = value;
        return 0;
    case 'd':
        arguments->device = value;
        return 0;
    case 'c':
        arguments->card = value;
        return 0;
    case 'p':
        arguments->passphrase_path = value;
        return 0;
    case 'n':
        if (!radio_parse_number(value, 1024, &number)) {
            argp_error(state, "--keys is 0..1024, not '%s'", value);
        }
        arguments->keys = (uint32_t)number;
        return 0;
    case 'r':
        arguments->is_ordered = true;
        return 0;
    case 'x':
        arguments->destroys = true;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_END:
        if (arguments->device == NULL || arguments->card == NULL ||
            arguments->passphrase_path == NULL) {
            argp_error(state, "--device, --card and --passphrase-file are needed");
        }
        if (arguments->is_ordered && arguments->destroys) {
            argp_error(state, "--ordered or --destroy, not both");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static qw_err run(struct operator_desk *desk, struct arguments *arguments)
{
    qw_err err = QW_OK;

    if (arguments->destroys) {
        return operator_destroy_card(desk, arguments->device, arguments->card,
                                     arguments->passphrase_path);
    }
    if (arguments->is_ordered) {
        err = operator_ordered_keys(desk, arguments->device, &arguments->keys);
    }
    return err == QW_OK ? operator_charge(desk, arguments->device, arguments->keys, arguments->card,
                                          arguments->passphrase_path)
                        : err;
}

static void say_what_was_done(const struct arguments *arguments)
{
    if (arguments->as_json && arguments->destroys) {
        printf("{\"device\":\"%s\",\"card\":\"%s\",\"destruction\":\"proved\"}\n",
               arguments->device, arguments->card);
    } else if (arguments->as_json) {
        printf("{\"device\":\"%s\",\"card\":\"%s\",\"keys\":%u}\n", arguments->device,
               arguments->card, arguments->keys);
    } else if (arguments->destroys) {
        printf("%s: erased, and the centre has booked the proof\n", arguments->card);
    } else {
        printf("%s: %u keys charged for %s\n", arguments->card, arguments->keys, arguments->device);
    }
}

int cmd_charge(int argc, char **argv)
{
    static const struct argp argp = {
        options, parse, "", "Charges a card off line, at a charging station.", NULL, NULL, NULL
    };
    struct arguments arguments = { .operator_path = "operator.yaml", .keys = 64 };
    struct operator_desk *desk = NULL;
    char error[OPERATOR_ERROR_CAP] = "";
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = operator_open(arguments.operator_path, arguments.url, &desk, error);
    if (err != QW_OK) {
        fprintf(stderr, "qwave charge: %s\n", error[0] != '\0' ? error : qw_err_text(err));
        return qw_exit_of_command(err);
    }
    err = run(desk, &arguments);
    if (err != QW_OK) {
        const char *message = operator_message(desk);

        fprintf(stderr, "qwave charge: %s\n", message[0] != '\0' ? message : qw_err_text(err));
    } else {
        say_what_was_done(&arguments);
    }
    operator_close(desk);
    return qw_exit_of_command(err);
}
