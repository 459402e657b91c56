/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd_link/node_options.h"

#include "qkd/auth_pool_file.h"
#include "qkd/handover/message.h"
#include "qkd_link/qkd.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

enum {
    POOL_LOW = 256,
    POOL_TAGS_MAX =
        (QW_QKD_POOL_FILE_LEN_MAX / 2 - QW_ONE_TIME_MAC_KEY_LEN) / QW_ONE_TIME_MAC_PAD_LEN
};

static const struct argp_option options[] = {
    { "pool", 'P', "FILE", 0, "authentication pool of this end (qwave qkd pool)", 0 },
    { "port", 'p', "PORT", 0,
      "of the discussion, on 127.0.0.1: bob waits, alice connects (default: 4810; bob 0: any)", 0 },
    { "optics-port", 'o', "PORT", 0, "of qwave qkd optics (default: 4811)", 0 },
    { "blocks", 'n', "N", 0, "bob: how many, 1 to 1000000 (default: 1); alice serves what comes",
      0 },
    { "frame-bits", 'f', "N", 0,
      "of reconciliation, 64 to 4194304, a multiple of 8 (default: 1000000)", 0 },
    { "frames", 'F', "N", 0, "of a block, at most 8000000 bits together (default: 1)", 0 },
    { "qber-limit", 'q', "SHARE", 0, "of errors, up to 0.15 (default: 0.08)", 0 },
    { "secrecy", 'e', "N", 0, "failure probability 10^-N, 3 to 40 (default: 10)", 0 },
    { "key-bits", 'l', "N", 0,
      "of every block, or the link stops (default: as many as its counts give)", 0 },
    { "watch-km", 'w', "KM", 0,
      "refuse clicks at a rate that 20 % more or less than a fibre of this length does not explain",
      0 },
    { "key-file", 'k', "FILE", 0, "append the keys here (made with mode 0600)", 0 },
    { "centre", 'c', "SOCKET", 0,
      "give the keys to the centre of this site: source_path of its qwaved.yaml", 0 },
    { "link", 'L', "NAME", 0,
      "of the link, up to 59 characters, as the centre knows it (default: the other end's)", 0 },
    { "pool-high", 'H', "TAGS", 0,
      "keys fill the pool up to so many tags in each direction, 4 to 43689; 0: never (default: "
      "256)",
      0 },
    { "pool-low", POOL_LOW, "TAGS", 0,
      "below so many, before anything else; above, with a quarter of a key at most (default: 64, "
      "or "
      "the high mark if that is less)",
      0 },
    { "pause", 's', "MS", 0, "bob: between blocks, 0 to 60000 (default: 0)", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct qkd_node_options *n = state->input;
    double real = 0;
    uint64_t number = 0;
    bool ok = true;

    switch (key) {
    case 'P':
        n->pool_path = value;
        break;
    case 'p':
        ok = qkd_parse_uint(value, 0, UINT16_MAX, &n->port);
        break;
    case 'o':
        ok = qkd_parse_uint(value, 1, UINT16_MAX, &n->optics_port);
        break;
    case 'n':
        ok = qkd_parse_uint(value, 1, 1000000, &n->blocks);
        break;
    case 'f':
        ok = qkd_parse_uint(value, QW_QKD_FRAME_BITS_MIN, QW_CASCADE_BITS_MAX, &number);
        n->terms.frame_bits = (uint32_t)number;
        break;
    case 'F':
        ok = qkd_parse_uint(value, 1, UINT16_MAX, &number);
        n->terms.frames = (uint16_t)number;
        break;
    case 'q':
        ok = qkd_parse_real(value, 1e-6, 0.15, &real);
        n->terms.qber_limit_ppm = (uint32_t)(real * 1e6 + 0.5);
        break;
    case 'e':
        ok = qkd_parse_uint(value, 3, 40, &number);
        n->terms.secrecy_exponent = (uint8_t)number;
        break;
    case 'l':
        ok = qkd_parse_uint(value, 1, QW_QKD_BLOCK_BITS_MAX, &number);
        n->terms.key_bits = (uint32_t)number;
        break;
    case 'w':
        ok = qkd_parse_real(value, 0, 500, &n->watch_km);
        break;
    case 'k':
        n->key_path = value;
        break;
    case 'c':
        n->centre_path = value;
        break;
    case 'L':
        ok = value[0] != '\0' && strlen(value) < QW_HANDOVER_NAME_CAP;
        n->link_name = value;
        break;
    case 'H':
        ok = qkd_parse_uint(value, 0, POOL_TAGS_MAX, &number);
        n->terms.pool_high_tags = (uint16_t)number;
        break;
    case POOL_LOW:
        ok = qkd_parse_uint(value, 0, POOL_TAGS_MAX, &number);
        n->terms.pool_low_tags = (uint16_t)number;
        n->has_pool_low = true;
        break;
    case 's':
        ok = qkd_parse_uint(value, 0, 60000, &n->pause_ms);
        break;
    case 'j':
        n->as_json = true;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    if (!ok) {
        argp_error(state, "'%s' is out of range; --help shows the ranges", value);
    }
    return 0;
}

/* What is wrong with options that are right one by one; NULL: nothing. */
static const char *complaint(const struct qkd_node_options *o)
{
    if (o->pool_path == NULL) {
        return "--pool FILE is missing";
    }
    if (o->centre_path != NULL && o->key_path != NULL) {
        return "--centre or --key-file: a key goes to one place";
    }
    if (o->terms.pool_high_tags > 0 && o->terms.pool_high_tags < QW_QKD_POOL_HIGH_TAGS_MIN) {
        return "--pool-high is 0 or 4 and more";
    }
    if (o->terms.pool_low_tags > o->terms.pool_high_tags) {
        return "--pool-low is above --pool-high";
    }
    return qw_qkd_terms_valid(&o->terms) ? NULL
                                         : "a block is whole frames of whole bytes, 8000000 bits "
                                           "at most, and longer than its key";
}

bool qkd_node_options_read(int argc, char **argv, struct qkd_node_options *out)
{
    static const struct argp argp = { options,
                                      parse,
                                      "",
                                      "One end of a QKD link, with the other end in another "
                                      "process and SIMULATED light.",
                                      NULL,
                                      NULL,
                                      NULL };
    bool is_alice = strcmp(argv[0], "alice") == 0;
    struct qkd_node_options o = { .end = is_alice ? QW_QKD_ALICE : QW_QKD_BOB,
                                  .terms = qkd_terms_standard(),
                                  .link_name = is_alice ? "bob" : "alice",
                                  .port = 4810,
                                  .optics_port = 4811,
                                  .blocks = 1,
                                  .watch_km = -1 };
    const char *name = argv[0];
    const char *wrong;

    argp_parse(&argp, argc, argv, 0, NULL, &o);
    if (o.watch_km >= 0) {
        qkd_terms_watch_gain(&o.terms, o.watch_km, 0.2);
    }
    if (!o.has_pool_low && o.terms.pool_low_tags > o.terms.pool_high_tags) {
        o.terms.pool_low_tags = o.terms.pool_high_tags;
    }
    wrong = complaint(&o);
    if (wrong != NULL) {
        fprintf(stderr, "qwave qkd %s: %s\n", name, wrong);
        return false;
    }
    *out = o;
    return true;
}
