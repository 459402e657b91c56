/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "crypto/random.h"
#include "lab/options/lab_option_value.h"
#include "radio/air.h"
#include "radio_options.h"

#include <argp.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* qwave air: the simulated or replayed channel as a process of its own, for an access point and a
 * terminal started by hand. */

struct arguments {
    struct radio_options radio;
    const char *address;
    struct qw_air_injector injector;
    uint16_t port;
    bool as_json;
};

enum { KEY_INJECT = 0x200, KEY_REACTION };
static const double REACTION_S = 2e-6;

static const struct argp_option options[] = {
    RADIO_OPTIONS,
    { "inject-db", KEY_INJECT, "DB", 0,
      "somebody adds a wave of this power over the channel's to each frame that he hears begin, on "
      "Wi-Fi 20 MHz with one antenna, -40..40 (default: nobody does)",
      0 },
    { "reaction-us", KEY_REACTION, "US", 0,
      "from a frame's first sample to the first one that he adds, 0..9 (default: 2)", 0 },
    { "address", 'a', "IP", 0,
      "numeric address where both radios connect (default: 127.0.0.1, and nobody is kept out of "
      "another one)",
      0 },
    { "port", 'p', "PORT", 0, "and port (default: 4801; 0: any)", 0 },
    { "json", 'j', NULL, 0, "the port as a JSON object instead of the line `ready PORT`", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    unsigned long long number = 0;

    if (key == 'j') {
        arguments->as_json = true;
        return 0;
    }
    if (key == 'a') {
        arguments->address = value;
        return 0;
    }
    if (key == KEY_INJECT) {
        arguments->injector.power = pow(10.0, lab_option_real(value, -40.0, 40.0, state) / 10.0);
        return 0;
    }
    if (key == KEY_REACTION) {
        arguments->injector.reaction_s = 1e-6 * lab_option_real(value, 0.0, 9.0, state);
        return 0;
    }
    if (key == 'p') {
        if (!radio_parse_number(value, 65535, &number)) {
            argp_error(state, "--port is 0..65535, not '%s'", value);
        }
        arguments->port = (uint16_t)number;
        return 0;
    }
    return radio_options_parse(&arguments->radio, key, value, state);
}

int cmd_air(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "",
        "The air between one access point and one terminal: a simulated or replayed channel. "
        "Point both at \"air\" in their settings. Runs until it is stopped.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .port = 4801, .injector = { 0.0, REACTION_S } };
    struct qw_air_config config;
    struct qw_air *air = NULL;
    char error[256] = "";
    sigset_t stop;
    int signal_number;
    qw_err err;

    radio_options_init(&arguments.radio);
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (radio_options_config(&arguments.radio, &config) != QW_OK) {
        fprintf(stderr, "qwave air: %s\n", arguments.radio.error);
        return EXIT_FAILED;
    }
    config.address = arguments.address;
    config.injector = arguments.injector;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    err = qw_air_new(&config, NULL, NULL, &air, &arguments.port, error);
    if (err != QW_OK) {
        fprintf(stderr, "qwave air: %s%s%s\n", qw_err_text(err), error[0] != '\0' ? ": " : "",
                error);
        return EXIT_FAILED;
    }
    fprintf(stderr, "qwave air: %s, seed %" PRIu64 "\n",
            config.captures != NULL  ? "replayed channel"
            : config.channel != NULL ? config.channel->label
                                     : "simulated channel",
            config.seed);
    printf(arguments.as_json ? "{\"port\":%u}\n" : "ready %u\n", arguments.port);
    fflush(stdout);
    sigwait(&stop, &signal_number);
    qw_air_free(air);
    return EXIT_DONE;
}
