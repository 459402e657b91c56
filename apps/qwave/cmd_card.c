/* SPDX-License-Identifier: Apache-2.0 */
/* qwave card emulate: a card with a chip, as a program, in vsmartcard's virtual reader. SIMULATED.
 */
#define _GNU_SOURCE
#include "command.h"

#include "base/passphrase_file.h"
#include "base/secret.h"
#include "base/socket.h"
#include "program/start.h"
#include "terminal/card_vpcd.h"

#include <argp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_STANDARD = 35963, CONNECT_MS = 5000, ADDRESS_CAP = 64 };

struct arguments {
    const char *action, *card, *passphrase_path, *pin_path;
    char address[ADDRESS_CAP];
    uint16_t port;
};

static atomic_bool stop;

static void on_signal(int number)
{
    (void)number;
    atomic_store(&stop, true);
}

enum { OPTION_PIN = 256, OPTION_VPCD };
static const struct argp_option options[] = {
    { "card", 'c', "FILE", 0, "memory of the card: made when it is charged", 0 },
    { "passphrase-file", 'p', "FILE", 0, "what that file is sealed under, on its first line", 0 },
    { "pin-file", OPTION_PIN, "FILE", 0, "the card's PIN, 4 to 16 bytes, on its first line", 0 },
    { "vpcd", OPTION_VPCD, "ADDRESS:PORT", 0,
      "numeric address of the virtual reader (default: 127.0.0.1:35963)", 0 },
    { 0 },
};

static void read_address(const char *text, struct argp_state *state, struct arguments *arguments)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    unsigned long port = colon == NULL ? 0 : strtoul(colon + 1, &end, 10);

    if (colon == NULL || colon == text || port < 1 || port > UINT16_MAX || *end != '\0' ||
        (size_t)(colon - text) >= sizeof arguments->address) {
        argp_error(state, "--vpcd is ADDRESS:PORT, not '%s'", text);
    }
    (void)snprintf(arguments->address, sizeof arguments->address, "%.*s", (int)(colon - text),
                   text);
    arguments->port = (uint16_t)port;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'c':
        arguments->card = value;
        return 0;
    case 'p':
        arguments->passphrase_path = value;
        return 0;
    case OPTION_PIN:
        arguments->pin_path = value;
        return 0;
    case OPTION_VPCD:
        read_address(value, state, arguments);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->action != NULL || strcmp(value, "emulate") != 0) {
            argp_error(state, "the action is emulate");
        }
        arguments->action = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->action == NULL || arguments->card == NULL ||
            arguments->passphrase_path == NULL || arguments->pin_path == NULL) {
            argp_error(state, "emulate, --card, --passphrase-file and --pin-file are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static qw_err make_chip(const struct arguments *arguments, struct qw_card_chip **chip)
{
    struct qw_card_chip_config config = { .path = arguments->card,
                                          .cost = qw_password_cost_standard };
    uint8_t *passphrase = NULL, *pin = NULL;
    qw_err err =
        qw_passphrase_file_read(arguments->passphrase_path, &passphrase, &config.passphrase_len);

    if (err == QW_OK) {
        err = qw_pin_file_read(arguments->pin_path, &pin, &config.pin_len);
    }
    if (err == QW_OK) {
        config.passphrase = passphrase;
        config.pin = pin;
        err = qw_card_chip_new(&config, chip);
    }
    qw_secret_free(passphrase);
    qw_secret_free(pin);
    return err;
}

static qw_err serve(const struct arguments *arguments, struct qw_card_chip *chip)
{
    int fd = -1;
    qw_err err = qw_socket_connect(arguments->address, arguments->port, CONNECT_MS, &fd);

    if (err == QW_OK) {
        printf("ready %s:%u\n", arguments->address, arguments->port);
        fflush(stdout);
        err = qw_card_vpcd_run(chip, fd, &stop);
    }
    qw_socket_close(fd);
    return err;
}

int cmd_card(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "emulate",
        "SIMULATED: a card with a chip of its own, as a program, in the virtual PC/SC reader of "
        "vsmartcard. For trying and for tests: it is worth what its file is worth.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .address = "127.0.0.1", .port = PORT_STANDARD };
    struct qw_card_chip *chip = NULL;
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    qw_program_stop_on_signals(on_signal);
    err = make_chip(&arguments, &chip);
    if (err == QW_OK) {
        fprintf(stderr, "qwave card: a simulated card\n");
        err = serve(&arguments, chip);
    }
    qw_card_chip_free(chip);
    if (err != QW_OK) {
        fprintf(stderr, "qwave card: %s\n", qw_err_text(err));
    }
    return qw_exit_of(err);
}
