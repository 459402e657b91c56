/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "demo/demo.h"
#include "ledger_print.h"
#include "radio_options.h"

#include "api/json_writer.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* qwave demo: the main job, once [architecture: command-line contract]. */

enum { OPTION_ONCE = 0x200, OPTION_SERVE, OPTION_KEEP, OPTION_SOURCE };

struct arguments {
    struct radio_options radio;
    struct demo_options demo;
    bool as_json;
};

static const struct argp_option options[] = {
    RADIO_OPTIONS,
    { "source", OPTION_SOURCE, "NAME", 0, "quantum keys from best or kernel (default: best)", 0 },
    { "once", OPTION_ONCE, NULL, 0, "end when the story is told (the default without a terminal)",
      0 },
    { "serve", OPTION_SERVE, NULL, 0,
      "keep everything running afterwards, until Ctrl-C (the default at a terminal)", 0 },
    { "keep", OPTION_KEEP, NULL, 0, "leave the temporary folder", 0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output, nothing else", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case OPTION_SOURCE:
        if (strcmp(value, "best") != 0 && strcmp(value, "kernel") != 0) {
            argp_error(state, "--source is best or kernel, not '%s'", value);
        }
        arguments->demo.source = value;
        return 0;
    case OPTION_ONCE:
        arguments->demo.serve = false;
        return 0;
    case OPTION_SERVE:
        arguments->demo.serve = true;
        return 0;
    case OPTION_KEEP:
        arguments->demo.keep_folder = true;
        return 0;
    case 'j':
        arguments->as_json = true;
        arguments->demo.serve = false;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->radio.air.capture_count == 0) {
            argp_error(state, "'%s' is not an option", value);
        }
        return radio_options_parse(&arguments->radio, OPTION_CAPTURE, value,
                                   state); /* --capture FILE FILE... */
    default:
        return radio_options_parse(&arguments->radio, key, value, state);
    }
}

static bool all_match(const struct demo_result *r)
{
    return r->delivered_keys > 0 && r->wrong_keys == 0 && r->compared_keys >= r->delivered_keys;
}

static int print_json(const struct demo_result *r, uint64_t seed)
{
    char text[8192];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {
        { "delivered_keys", r->delivered_keys },
        { "delivered_bits", r->delivered_keys * 256 },
        { "plkg_secret_bits", r->ledger.secret_bits },
        { "plkg_probes", r->ledger.probes },
        { "raw_bits", r->ledger.raw_bits },
        { "leaked_bits", ledger_leaked_bits(&r->ledger) },
        { "auth_bits_spent", r->ledger.auth_bits },
        { "eve_keys_equal", r->eve_keys_equal },
        { "compared_keys", r->compared_keys },
        { "wrong_keys", r->wrong_keys },
        { "leak_scan_files", r->leak_files },
        { "leak_scan_hits", r->leak_hits },
        { "seed", seed },
    };

    qw_json_object_begin(&w);
    qw_json_name(&w, "keys_match");
    qw_json_bool(&w, all_match(r));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        qw_json_name(&w, counts[i].name);
        qw_json_uint(&w, counts[i].value);
    }
    qw_json_name(&w, "plkg_net_rate_bps");
    qw_json_real(&w, ledger_net_rate_bps(&r->ledger));
    qw_json_name(&w, "refusal");
    qw_json_text(&w, qw_plkg_refusal_name((enum qw_plkg_refusal)r->ledger.refusal));
    qw_json_name(&w, "fresh_key_matched");
    qw_json_bool(&w, r->fresh_key_matched);
    qw_json_name(&w, "curl_key_matched");
    qw_json_bool(&w, r->curl_matched);
    qw_json_name(&w, "key_source");
    qw_json_text(&w, r->source);
    qw_json_name(&w, "simulated");
    qw_json_array_begin(&w);
    for (size_t i = 0; i < r->simulated_count; i++) {
        qw_json_text(&w, r->simulated[i]);
    }
    qw_json_array_end(&w);
    qw_json_name(&w, "elapsed_s");
    qw_json_real(&w, r->elapsed_s);
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return EXIT_FAILED;
    }
    printf("%s\n", text);
    return EXIT_DONE;
}

static void print_end(const struct demo_result *r)
{
    printf("\nLedger of the refill\n");
    ledger_print(stdout, &r->ledger);
    printf("\nSimulated or not the real thing:\n");
    for (size_t i = 0; i < r->simulated_count; i++) {
        printf("  - %s\n", r->simulated[i]);
    }
    if (r->ledger.refusal != QW_PLKG_NONE) {
        printf("\nNo key was made: %s. That is the right answer here.\n",
               qw_plkg_refusal_text((enum qw_plkg_refusal)r->ledger.refusal));
        return;
    }
    printf("\n%" PRIu64 " keys of 256 bits came over the air; %" PRIu64
           " keys compared at both ends, %" PRIu64 " different; the eavesdropper holds %" PRIu64
           ".\n",
           r->delivered_keys, r->compared_keys, r->wrong_keys, r->eve_keys_equal);
    printf("Files searched for key material: %zu, found in %zu. Took %.1f s.\n", r->leak_files,
           r->leak_hits, r->elapsed_s);
}

static int exit_status(const struct demo_result *r)
{
    if (r->ledger.refusal != QW_PLKG_NONE) {
        return EXIT_REFUSED;
    }
    return all_match(r) && r->eve_keys_equal == 0 && r->leak_hits == 0 && r->fresh_key_matched
               ? EXIT_DONE
               : EXIT_FAILED;
}

int cmd_demo(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "",
        "Starts a key service centre, an access point and a terminal on this machine, in a "
        "temporary folder, and lets the "
        "terminal refill its card over a simulated or replayed radio channel.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .demo = { .source = "best",
                                             .serve = isatty(STDOUT_FILENO) == 1 } };
    struct demo_result result = { 0 };
    char error[512] = "";
    qw_err err;

    radio_options_init(&arguments.radio);
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = radio_options_config(&arguments.radio, &arguments.demo.air);
    snprintf(error, sizeof error, "%s", arguments.radio.error);
    if (err == QW_OK) {
        arguments.demo.quiet = arguments.as_json;
        err = demo_run(&arguments.demo, &result, error);
    }
    if (err != QW_OK) {
        fprintf(stderr, "qwave demo: %s\n", error[0] != '\0' ? error : qw_err_text(err));
        return EXIT_FAILED;
    }
    if (arguments.as_json) {
        if (print_json(&result, arguments.demo.air.seed) != EXIT_DONE) {
            return EXIT_FAILED;
        }
    } else {
        print_end(&result);
    }
    return exit_status(&result);
}
