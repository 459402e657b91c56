/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"
#include "option_value.h"

#include "api/etsi004/client.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"

#include <argp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* qwave stream: one end of a key stream of ETSI GS QKD 004, by hand [C14]. */
enum { COUNT_MAX = 65536, CALL_MS = 10000, RETRY_MS = 20, TIMEOUT_MS = 1000, METADATA_CAP = 128 };

struct arguments {
    struct qw_etsi004_client_config config;
    char host[256];
    struct qw_etsi004_open open;
    uint32_t first, count;
    int64_t wait_ms;
    long timeout_ms; /* negative: not given */
    bool as_json;
};

static const struct argp_option options[] = {
    { "server", 'u', "HOST:PORT", 0, "of the key server", 0 },
    { "ca", 'a', "FILE", 0, "authority of the server's certificate", 0 },
    { "cert", 'c', "FILE", 0, "certificate of this end", 0 },
    { "key", 'k', "FILE", 0, "and its private key", 0 },
    { "source", 's', "URI", 0, "this end, for example qkd://alice", 0 },
    { "dest", 'd', "URI", 0, "the other end", 0 },
    { "ksid", 'i', "HEX", 0, "name of the stream, 32 digits (default: the server chooses)", 0 },
    { "chunk", 'b', "BYTES", 0, "length of each chunk, 3 to 512 (default: 32)", 0 },
    { "first", 'f', "INDEX", 0, "of the first chunk (default: 0)", 0 },
    { "count", 'n', "N", 0, "how many chunks, 1 to 65536 (default: 1)", 0 },
    { "wait", 'w', "SECONDS", 0, "for the other end and for keys, 0 to 3600 (default: 30)", 0 },
    { "timeout", 't', "MS", 0, "that a call may wait at the server, 0 to 60000 (default: 1000)",
      0 },
    { "max-rate", 'm', "BPS", 0, "of the stream, bit/s (default: 0, no limit)", 0 },
    { "min-rate", 'r', "BPS", 0, "to be promised, bit/s (default: 0)", 0 },
    { "json", 'j', NULL, 0, "one JSON object on standard output", 0 },
    { 0 },
};

static void read_uri(char out[static QW_ETSI004_URI_CAP], const char *value,
                     struct argp_state *state)
{
    if ((size_t)snprintf(out, QW_ETSI004_URI_CAP, "%s", value) >= QW_ETSI004_URI_CAP) {
        argp_error(state, "'%s' is too long", value);
    }
}

static void check(const struct arguments *arguments, struct argp_state *state)
{
    if (arguments->config.port == 0 || arguments->config.ca_path == NULL ||
        arguments->config.certificate_path == NULL || arguments->config.key_path == NULL ||
        arguments->open.source[0] == '\0' || arguments->open.dest[0] == '\0') {
        argp_error(state, "--server, --ca, --cert, --key, --source and --dest are needed");
    }
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'u':
        option_endpoint(value, arguments->host, sizeof arguments->host, &arguments->config.port,
                        state);
        return 0;
    case 'a':
        arguments->config.ca_path = value;
        return 0;
    case 'c':
        arguments->config.certificate_path = value;
        return 0;
    case 'k':
        arguments->config.key_path = value;
        return 0;
    case 's':
        read_uri(arguments->open.source, value, state);
        return 0;
    case 'd':
        read_uri(arguments->open.dest, value, state);
        return 0;
    case 'i':
        if (qw_hex_decode(value, arguments->open.ksid, sizeof arguments->open.ksid) != QW_OK) {
            argp_error(state, "'%s' is not 32 hex digits", value);
        }
        return 0;
    case 'b':
        arguments->open.qos.chunk_len =
            (uint32_t)option_number(value, 3, QW_ETSI004_CHUNK_MAX, state);
        return 0;
    case 'f':
        arguments->first = (uint32_t)option_number(value, 0, INT_MAX, state);
        return 0;
    case 'n':
        arguments->count = (uint32_t)option_number(value, 1, COUNT_MAX, state);
        return 0;
    case 'w':
        arguments->wait_ms = 1000 * option_number(value, 0, 3600, state);
        return 0;
    case 't':
        arguments->timeout_ms = option_number(value, 0, 60000, state);
        return 0;
    case 'm':
        arguments->open.qos.max_bps = (uint32_t)option_number(value, 0, UINT32_MAX, state);
        return 0;
    case 'r':
        arguments->open.qos.min_bps = (uint32_t)option_number(value, 0, UINT32_MAX, state);
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_END:
        check(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void pause_a_moment(void)
{
    struct timespec moment = { .tv_nsec = RETRY_MS * 1000000L };

    (void)nanosleep(&moment, NULL);
}

static bool may_come(enum qw_etsi004_status status)
{
    return status == QW_ETSI004_PEER_ABSENT || status == QW_ETSI004_NO_KEY ||
           status == QW_ETSI004_TIMEOUT;
}

/* Asks again while the other end is not there or keys are short, until the time is over. */
static qw_err get_patiently(struct qw_etsi004_client *client, const struct qw_etsi004_get *get,
                            int64_t deadline_ms, struct qw_etsi004_get_answer *answer)
{
    for (;;) {
        qw_err err = qw_etsi004_client_get(client, get, answer);

        if (err != QW_OK || !may_come(answer->status) || qw_clock_monotonic_ms() >= deadline_ms) {
            return err;
        }
        pause_a_moment();
    }
}

static void show(const struct arguments *arguments, const struct qw_etsi004_get_answer *answer,
                 bool is_first)
{
    char hex[2 * QW_ETSI004_CHUNK_MAX + 1];

    qw_hex_encode(answer->chunk, answer->chunk_len, hex);
    if (arguments->as_json) {
        printf("%s{\"index\":%u,\"key_hex\":\"%s\"}", is_first ? "" : ",", answer->index, hex);
    } else {
        printf("%u %s\n", answer->index, hex);
        fflush(stdout);
    }
    qw_wipe(hex, sizeof hex);
}

/* False: said why. */
static bool read_chunks(const struct arguments *arguments, struct qw_etsi004_client *client,
                        const uint8_t *ksid, struct qw_etsi004_get_answer *answer)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + arguments->wait_ms;

    for (uint32_t i = 0; i < arguments->count; i++) {
        struct qw_etsi004_get get = { .index = arguments->first + i, .metadata_cap = METADATA_CAP };
        qw_err err;

        memcpy(get.ksid, ksid, sizeof get.ksid);
        err = get_patiently(client, &get, deadline_ms, answer);
        if (err != QW_OK || answer->status != QW_ETSI004_DONE) {
            fprintf(stderr, "qwave stream: chunk %u: %s, status %d\n", get.index, qw_err_text(err),
                    (int)answer->status);
            return false;
        }
        show(arguments, answer, i == 0);
    }
    return true;
}

static void show_offer(const struct qw_etsi004_qos *qos)
{
    fprintf(stderr,
            "qwave stream: the server offers chunks of %u bytes, %u to %u bit/s, timeout %u ms, "
            "%u s\n",
            qos->chunk_len, qos->min_bps, qos->max_bps, qos->timeout_ms, qos->ttl_s);
}

static int run(const struct arguments *arguments, struct qw_etsi004_client *client,
               struct qw_etsi004_get_answer *answer)
{
    struct qw_etsi004_open_answer opened;
    char ksid[2 * QW_ETSI004_KSID_LEN + 1];
    qw_err err = qw_etsi004_client_open(client, &arguments->open, &opened);
    bool ok;

    if (err != QW_OK || opened.status != QW_ETSI004_DONE) {
        fprintf(stderr, "qwave stream: the stream is not opened: %s, status %d\n", qw_err_text(err),
                err == QW_OK ? (int)opened.status : -1);
        if (err == QW_OK && opened.status == QW_ETSI004_QOS_NOT_MET) {
            show_offer(&opened.qos);
        }
        return EXIT_FAILED;
    }
    qw_hex_encode(opened.ksid, sizeof opened.ksid, ksid);
    printf(arguments->as_json ? "{\"ksid\":\"%s\",\"chunks\":[" : "ksid %s\n", ksid);
    fflush(stdout);
    ok = read_chunks(arguments, client, opened.ksid, answer);
    if (arguments->as_json) {
        printf("],\"is_complete\":%s}\n", ok ? "true" : "false");
    }
    fflush(stdout);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

int cmd_stream(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "",
        "One end of a key stream of ETSI GS QKD 004: opens it, waits for the other end, and shows "
        "chunks of key in hex, which both ends get alike.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .count = 1, .wait_ms = 30000, .timeout_ms = -1 };
    struct qw_etsi004_get_answer *answer;
    struct qw_etsi004_client *client = NULL;
    int status = EXIT_FAILED;
    qw_err err;

    arguments.open.qos = (struct qw_etsi004_qos){ .chunk_len = 32, .ttl_s = 3600 };
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    arguments.config.host = arguments.host;
    if (arguments.timeout_ms < 0) {
        arguments.timeout_ms =
            arguments.wait_ms < TIMEOUT_MS ? (long)arguments.wait_ms : TIMEOUT_MS;
    }
    arguments.open.qos.timeout_ms = (uint32_t)arguments.timeout_ms;
    arguments.config.timeout_ms = CALL_MS + (int)arguments.timeout_ms;
    answer = qw_secret_new(sizeof *answer);
    err = answer == NULL ? QW_ERR_NOMEM : qw_etsi004_client_new(&arguments.config, &client);
    if (err == QW_OK) {
        status = run(&arguments, client, answer);
    } else {
        fprintf(stderr, "qwave stream: %s: %s\n", arguments.host, qw_err_text(err));
    }
    qw_etsi004_client_free(client);
    qw_secret_free(answer);
    return status;
}
