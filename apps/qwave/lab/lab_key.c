/* SPDX-License-Identifier: Apache-2.0 */
/* qwave lab key: what one single key costs when both ends know the law of the channel. [W9] */
#define _GNU_SOURCE
#include "lab/lab.h"

#include "command.h"
#include "crypto/random.h"
#include "distill/verify.h"
#include "json_print.h"
#include "lab/key/key_maker.h"
#include "lab/key/key_search.h"
#include "lab/options/lab_option_value.h"
#include "radio/capacity.h"
#include "radio/carrier/carrier.h"
#include "radio_options.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { JSON_CAP = 4096, KEYS_MAX = 10000000, SHOWN_EVERY = 256 };

static const double EVE_NOISE = 1e-4;       /* 40 dB, in the capacity; the account gives her none */
static const double MODE_BITS_MIN = 0.05;   /* of a mode worth looking at */
static const double CORRELATION_MAX = 0.99; /* as of a policy */

static const char claim[] =
    "one key alone, from fresh probes of a channel whose law both ends know beforehand: none "
    "disclosed, no session, no authentication, no pool";

struct arguments {
    const struct qw_channel_kind *kind;
    const struct qw_carrier *carrier;
    double snr_db, eve_correlation;
    size_t probes; /* 0: the best */
    unsigned check_bits;
    uint32_t keys;
    uint64_t seed;
    bool has_seed, as_json;
};

enum {
    KEY_CHANNEL = 0x100,
    KEY_CARRIER,
    KEY_SNR,
    KEY_EVE,
    KEY_PROBES,
    KEY_KEYS,
    KEY_CHECK,
    KEY_SEED
};

static const struct argp_option options[] = {
    { "channel", KEY_CHANNEL, "NAME", 0,
      "tgn-a to tgn-f, tdl-a to tdl-e, exponential, rayleigh, rician, indoor, corridor, outdoor, "
      "room or static (default: tgn-d)",
      0 },
    { "carrier", KEY_CARRIER, "NAME", 0,
      "wifi20, wifi40, wifi80, lte-tdd or nr-tdd (default: wifi20)", 0 },
    { "snr-db", KEY_SNR, "DB", 0, "at each end, per tone, 0..50 (default: 20)", 0 },
    { "eve-correlation", KEY_EVE, "RHO", 0,
      "of the eavesdropper's channel with the link's, known to her without noise, 0..0.99 "
      "(default: 0)",
      0 },
    { "probes", KEY_PROBES, "N", 0,
      "of each key, 1..2000 (default: the number with the best share, by trial)", 0 },
    { "keys", KEY_KEYS, "N", 0, "to ask for, 1..10000000 (default: 1000)", 0 },
    { "check-bits", KEY_CHECK, "N", 0,
      "of the check that tells the ends that their strings are equal: 32, 40, ... 72 (default: "
      "32, as in a session, where a tag under a pad has the last word)",
      0 },
    { "seed", KEY_SEED, "N", 0, "of everything (default: a random one, printed)", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static unsigned parse_check(const char *value, struct argp_state *state)
{
    unsigned bits = (unsigned)lab_option_real(value, KEY_CHECK_BITS_MIN, KEY_CHECK_BITS_MAX, state);

    if (bits % 8 != 0) {
        argp_error(state, "--check-bits is 32, 40, ... 72, not '%s'", value);
    }
    return bits;
}

static uint64_t parse_whole(const char *value, const char *name, uint64_t least, uint64_t most,
                            struct argp_state *state)
{
    unsigned long long number = 0;

    if (!radio_parse_number(value, most, &number) || number < least) {
        argp_error(state, "--%s is a number of %" PRIu64 "..%" PRIu64 ", not '%s'", name, least,
                   most, value);
    }
    return number;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case KEY_CHANNEL:
        a->kind = qw_channel_kind_find(value);
        if (a->kind == NULL) {
            argp_error(state, "no channel '%s': see --help", value);
        }
        return 0;
    case KEY_CARRIER:
        a->carrier = qw_carrier_find(value);
        if (a->carrier == NULL) {
            argp_error(state, "no carrier '%s': see --help", value);
        }
        return 0;
    case KEY_SNR:
        a->snr_db = lab_option_real(value, 0.0, 50.0, state);
        return 0;
    case KEY_EVE:
        a->eve_correlation = lab_option_real(value, 0.0, CORRELATION_MAX, state);
        return 0;
    case KEY_PROBES:
        a->probes = (size_t)parse_whole(value, "probes", 1, KEY_PROBES_MAX, state);
        return 0;
    case KEY_KEYS:
        a->keys = (uint32_t)parse_whole(value, "keys", 1, KEYS_MAX, state);
        return 0;
    case KEY_CHECK:
        a->check_bits = parse_check(value, state);
        return 0;
    case KEY_SEED:
        a->seed = parse_whole(value, "seed", 0, UINT64_MAX, state);
        a->has_seed = true;
        return 0;
    case 'j':
        a->as_json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* QW_ERR_REFUSED: nothing moves, so no probe after the first is fresh. */
static qw_err find_channel(const struct arguments *a, struct key_channel *channel)
{
    const struct qw_channel_profile_options own = { .rice_factor = -1.0 };
    struct key_channel made = { .noise = pow(10.0, -a->snr_db / 10.0),
                                .eve_correlation = a->eve_correlation };
    const struct qw_capacity_noise noise = { .noise = made.noise,
                                             .eve_correlation = a->eve_correlation,
                                             .eve_noise = EVE_NOISE };
    const struct qw_capacity_noise alone = { .noise = made.noise };
    struct qw_channel_profile profile;
    const int16_t *tones;
    size_t tone_count = qw_csi_format_tones(a->carrier->format, &tones);
    qw_err err = qw_channel_profile_of(a->kind, &own, &profile);

    if (err == QW_OK && a->kind->speed_m_per_s == 0.0) {
        err = QW_ERR_REFUSED;
    }
    if (err == QW_OK) {
        err = qw_capacity_eigenvalues(&profile, tones, tone_count, a->carrier->spacing_hz,
                                      made.eigenvalue);
    }
    if (err != QW_OK) {
        return err;
    }
    made.capacity_bits = qw_capacity_fresh_bits(made.eigenvalue, profile.tap_count, &noise);
    while (made.modes < profile.tap_count &&
           qw_capacity_mode_bits(made.eigenvalue[made.modes], &alone) >= MODE_BITS_MIN) {
        made.modes++;
    }
    *channel = made;
    return made.modes > 0 && made.capacity_bits > 0.0 ? QW_OK : QW_ERR_REFUSED;
}

struct result {
    const struct arguments *arguments;
    const struct key_channel *channel;
    const struct key_plan *plan;
    struct key_tally tally;
};

static double capacity_share(const struct result *r)
{
    return KEY_BITS * (double)r->tally.made /
           (r->tally.asked * (double)r->plan->probes * r->channel->capacity_bits);
}

static double reconciliation_beta(const struct result *r)
{
    return r->tally.reconciled_bits / (r->tally.asked * r->plan->information_bits);
}

/* That one of all the words that may be tried passes the check, and is wrong. */
static double correctness_log2(const struct key_plan *plan)
{
    double looks = (1.0 + QW_MULTILEVEL_AGAIN_MAX) * (1.0 + QW_MULTILEVEL_LEAN_MORE_MAX);

    return qw_verify_epsilon_log2(plan->string_bits) + QW_VERIFY_TAG_BITS - plan->check_bits +
           log2(looks);
}

static void write_text(struct qw_json_writer *w, const char *name, const char *value)
{
    qw_json_name(w, name);
    qw_json_text(w, value);
}

static void write_real(struct qw_json_writer *w, const char *name, double value)
{
    qw_json_name(w, name);
    qw_json_real(w, value);
}

static void write_whole(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

static void write_plan(struct qw_json_writer *w, const struct result *r)
{
    const struct key_plan *p = r->plan;

    write_whole(w, "probes_per_key", p->probes);
    write_whole(w, "modes", p->modes);
    write_whole(w, "numbers", key_plan_numbers(p));
    write_real(w, "sigma_cells", p->sigma_cells);
    write_whole(w, "check_bits", p->check_bits);
    write_real(w, "entropy_bits", p->entropy_bits);
    write_real(w, "information_bits", p->information_bits);
    write_real(w, "hash_bits", p->loss_bits);
    write_real(w, "renyi_order", p->order);
    write_real(w, "epsilon_secrecy_log2", KEY_EPSILON_LOG2);
    write_real(w, "epsilon_correctness_log2", correctness_log2(p));
}

static void write_result(struct qw_json_writer *w, const void *self)
{
    const struct result *r = self;
    const struct arguments *a = r->arguments;
    const struct key_tally *t = &r->tally;
    double asked = t->asked;

    write_text(w, "measures", claim);
    write_text(w, "channel", a->kind->name);
    write_text(w, "carrier", a->carrier->name);
    write_real(w, "snr_db", a->snr_db);
    write_real(w, "eve_correlation", a->eve_correlation);
    write_whole(w, "seed", a->seed);
    write_plan(w, r);
    write_whole(w, "keys_asked", t->asked);
    write_whole(w, "keys", t->made);
    write_whole(w, "wrong_keys", t->wrong);
    write_whole(w, "undecoded", t->undecoded);
    write_whole(w, "too_short", t->too_short);
    write_real(w, "capacity_bits_per_probe", r->channel->capacity_bits);
    write_real(w, "capacity_bits", (double)r->plan->probes * r->channel->capacity_bits);
    write_real(w, "capacity_share", capacity_share(r));
    write_real(w, "reconciliation_beta", reconciliation_beta(r));
    write_real(w, "frame_error_rate", t->undecoded / asked);
    write_real(w, "more_per_key", (double)t->more / asked);
    write_real(w, "said_bits", (double)t->said_bits / asked);
    write_real(w, "course_bits", (double)t->course_bits / asked);
    write_real(w, "surprisal_bits", t->worth_bits / asked);
    write_real(w, "cpu_ms_per_key", t->made > 0 ? 1e3 * t->cpu_s / t->made : (double)NAN);
}

static void print_text(const struct result *r)
{
    const struct key_plan *p = r->plan;
    const struct key_tally *t = &r->tally;
    double asked = t->asked;

    printf("%s.\n\n", claim);
    printf("%s, %s, %g dB, an eavesdropper of correlation %g: %.2f bits of capacity in a probe\n",
           r->arguments->kind->name, r->arguments->carrier->name, r->arguments->snr_db,
           r->arguments->eve_correlation, r->channel->capacity_bits);
    printf("a key: %zu probes, %zu numbers of %zu modes, %g cells to a deviation; %.1f bits of "
           "capacity\n\n",
           p->probes, key_plan_numbers(p), p->modes, p->sigma_cells,
           (double)p->probes * r->channel->capacity_bits);
    printf("%10.1f  bits of a string by its own likelihood, mean\n", t->worth_bits / asked);
    printf("%10.1f  said by the reconciler, beta %.3f, %.2f MORE\n", (double)t->said_bits / asked,
           reconciliation_beta(r), (double)t->more / asked);
    printf("%10.1f  said of how decoding went\n", (double)t->course_bits / asked);
    printf("%10u  check: a wrong string passes with 2^%.1f at most\n", p->check_bits,
           correctness_log2(p));
    printf("%10.1f  hash: 2^%d from uniform, by the Renyi entropy of order %g\n", p->loss_bits,
           KEY_EPSILON_LOG2, p->order);
    printf("%10d  key\n\n", KEY_BITS);
    printf("%u of %u keys made; %u not decoded, %u strings worth too little; %u wrong\n", t->made,
           t->asked, t->undecoded, t->too_short, t->wrong);
    printf("%.4f of the capacity, lost keys included\n", capacity_share(r));
}

static qw_err run(const struct arguments *a, struct result *result)
{
    bool on_terminal = isatty(STDERR_FILENO) == 1;
    struct key_maker *maker;
    qw_err err = key_maker_new(result->plan, a->seed, false, &maker);

    if (err != QW_OK) {
        return err;
    }
    for (uint32_t i = 0; err == QW_OK && i < a->keys; i++) {
        if (on_terminal && i % SHOWN_EVERY == 0) {
            fprintf(stderr, "\r\033[Kkey %" PRIu32 " of %" PRIu32, i, a->keys);
        }
        err = key_maker_make(maker, &result->tally);
    }
    if (on_terminal) {
        fprintf(stderr, "\r\033[K");
    }
    key_maker_free(maker);
    return err;
}

static int report(const struct result *result)
{
    int status = EXIT_DONE;

    if (result->arguments->as_json) {
        status = json_print(JSON_CAP, write_result, result);
    } else {
        print_text(result);
    }
    if (status != EXIT_DONE || result->tally.wrong > 0) {
        return EXIT_FAILED;
    }
    return result->tally.made > 0 ? EXIT_DONE : EXIT_REFUSED;
}

static int refuse(qw_err err)
{
    switch (err) {
    case QW_ERR_REFUSED:
        fprintf(stderr, "qwave lab key: no fresh probes, or too little in each: no key\n");
        return EXIT_REFUSED;
    case QW_ERR_ARG:
        fprintf(stderr, "qwave lab key: so few probes, or so little noise, have no code\n");
        return EXIT_USAGE;
    default:
        fprintf(stderr, "qwave lab key: %s\n", qw_err_text(err));
        return EXIT_FAILED;
    }
}

int lab_key(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "",
        "What one single key of 256 bits costs when both ends know the law of the channel "
        "beforehand: made alone from as few fresh probes as can carry it, none disclosed, without "
        "session, authentication and pool. What a channel costs whose law must be learnt, `qwave "
        "lab plkg` measures. Exit status 3: not one key; 1: a wrong one.",
        NULL,
        NULL,
        NULL
    };
    struct arguments a = { .kind = qw_channel_kind_find("tgn-d"),
                           .carrier = qw_carrier_find("wifi20"),
                           .snr_db = 20.0,
                           .check_bits = KEY_CHECK_BITS_MIN,
                           .keys = 1000 };
    struct key_channel channel;
    struct key_plan plan;
    struct result result = { .arguments = &a, .channel = &channel, .plan = &plan };
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &a);
    err = a.has_seed ? QW_OK : qw_random_bytes(&a.seed, sizeof a.seed);
    if (err == QW_OK) {
        fprintf(stderr, "qwave lab key: simulated channel, law known, seed %" PRIu64 "\n", a.seed);
        err = find_channel(&a, &channel);
    }
    if (err == QW_OK) {
        err = key_search(&channel, a.check_bits, a.probes, a.seed, &plan);
    }
    if (err == QW_OK) {
        err = run(&a, &result);
    }
    return err == QW_OK ? report(&result) : refuse(err);
}
