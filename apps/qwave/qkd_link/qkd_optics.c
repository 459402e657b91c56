/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "qkd_link/qkd.h"

#include "base/socket.h"
#include "base/wire_tcp.h"
#include "command.h"
#include "crypto/random.h"
#include "qkd/optics_message.h"
#include "qkd_link/optics_switch.h"

#include <argp.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* qwave qkd optics: the simulated light of a link. Steps: docs/protocol/qkd-optics.md. */

enum { WAIT_MS = 600000, SEND_MS = 60000, ALICE = 1, BOB = 2 };

struct arguments {
    struct qw_optics_config config;
    uint64_t port;
    const char *switch_path; /* NULL: none, always lit */
    struct optics_switch light;
    bool has_seed, as_json;
};

static const struct argp_option options[] = {
    { "port", 'p', "PORT", 0, "where both ends connect, on 127.0.0.1 (default: 4811; 0: any)", 0 },
    { "distance-km", 'd', "KM", 0, "of fibre, 0 to 500 (default: 20)", 0 },
    { "seed", 's', "N", 0, "of everything random here (default: a random one, printed)", 0 },
    { "attack", 'a', "NAME", 0, "none, intercept, split or blind (default: none)", 0 },
    { "attack-share", 'q', "SHARE", 0, "of the pulses, 0 to 1 (default: 1)", 0 },
    { "misalignment", 'm', "SHARE", 0, "of clicks that are wrong, 0 to 0.5 (default: 0.01)", 0 },
    { "switch", 'S', "SOCKET", 0,
      "made here; the relay says on it whether an optical switch lets light through (lights of its "
      "node), and until then it is dark",
      0 },
    { "json", 'j', NULL, 0, "the port as a JSON object instead of the line `ready PORT`", 0 },
    { 0 },
};

static void parse_attack(struct arguments *a, const char *value, struct argp_state *state)
{
    if (!qw_attack_find(value, &a->config.attack)) {
        argp_error(state, "--attack is none, intercept, split or blind, not '%s'", value);
    }
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *a = state->input;
    bool ok = true;

    switch (key) {
    case 'p':
        ok = qkd_parse_uint(value, 0, UINT16_MAX, &a->port);
        break;
    case 'd':
        ok = qkd_parse_real(value, 0, 500, &a->config.distance_km);
        break;
    case 's':
        ok = qkd_parse_uint(value, 0, UINT64_MAX, &a->config.seed);
        a->has_seed = true;
        break;
    case 'a':
        parse_attack(a, value, state);
        break;
    case 'q':
        ok = qkd_parse_real(value, 0, 1, &a->config.attack_share);
        break;
    case 'm':
        ok = qkd_parse_real(value, 0, 0.5, &a->config.model.misalignment);
        break;
    case 'S':
        a->switch_path = value;
        break;
    case 'j':
        a->as_json = true;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    if (!ok) {
        argp_error(state, "'%s' is out of range; --help shows the ranges", value);
    }
    return 0;
}

static qw_err serve_alice(const struct qw_optics_config *config, struct qw_wire *wire)
{
    const struct qw_decoy_source *source = &config->model.source;
    struct qw_optics_pulses pulses = { .seed = config->seed,
                                       .key_basis_millionths =
                                           (uint32_t)lround(config->model.key_basis_share * 1e6),
                                       .intensities = (uint8_t)source->count };
    uint8_t message[QW_OPTICS_PULSES_LEN];

    for (size_t k = 0; k < source->count; k++) {
        pulses.share_millionths[k] = (uint32_t)lround(source->share[k] * 1e6);
    }
    qw_optics_pulses_encode(&pulses, message);
    return qw_wire_send(wire, message, sizeof message);
}

struct bob {
    struct qw_optics *optics;
    struct optics_switch *light; /* NULL: none */
    int fd;
    struct qw_qkd_click clicks[QW_OPTICS_CLICKS_MAX];
    uint8_t message[QW_OPTICS_CLICKS_LEN_MAX];
};

static qw_err answer(struct bob *bob, struct qw_wire *wire)
{
    uint32_t count = 0;
    size_t len;
    qw_err err = qw_wire_receive(wire, bob->message, sizeof bob->message, &len, WAIT_MS);

    if (err == QW_OK) {
        err = qw_optics_ask_decode(bob->message, len, &count);
    }
    if (err == QW_OK && bob->light != NULL) {
        err = optics_switch_wait(bob->light, bob->fd); /* W2 */
    }
    if (err != QW_OK) {
        return err;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct qw_detection d;

        qw_optics_next(bob->optics, &d);
        bob->clicks[i] = (struct qw_qkd_click){ d.index, d.basis, d.bit };
    }
    len = qw_optics_clicks_encode(bob->clicks, count, bob->message);
    return qw_wire_send(wire, bob->message, len);
}

static qw_err serve_bob(struct arguments *a, struct qw_wire *wire, int fd)
{
    struct bob *bob = calloc(1, sizeof *bob);
    qw_err err = bob == NULL ? QW_ERR_NOMEM : qw_optics_new(&a->config, &bob->optics);

    if (err == QW_OK) {
        bob->light = a->switch_path == NULL ? NULL : &a->light;
        bob->fd = fd;
    }
    while (err == QW_OK) {
        err = answer(bob, wire);
    }
    if (bob != NULL) {
        qw_optics_free(bob->optics);
    }
    free(bob);
    return err == QW_ERR_CLOSED ? QW_OK : err; /* E3 */
}

/* One end that connects, by what it says it is; fd is the wire's. */
static qw_err greet(int listener, struct qw_wire *wire, int *fd, uint8_t *role)
{
    uint8_t message[QW_OPTICS_HELLO_LEN];
    size_t len;
    qw_err err = qw_socket_accept(listener, WAIT_MS, fd);

    if (err == QW_OK) {
        err = qw_wire_tcp_new(*fd, SEND_MS, wire);
    }
    if (err == QW_OK) {
        err = qw_wire_receive(wire, message, sizeof message, &len, SEND_MS);
    }
    return err == QW_OK ? qw_optics_hello_decode(message, len, role) : err;
}

static qw_err serve(struct arguments *a, int listener)
{
    struct qw_wire wires[2] = { 0 };
    int fds[2] = { -1, -1 };
    bool is_here[2] = { false, false };
    qw_err err = QW_OK;

    while (err == QW_OK && !(is_here[0] && is_here[1])) {
        struct qw_wire wire = { 0 };
        uint8_t role = 0;
        int fd = -1;

        err = greet(listener, &wire, &fd, &role);
        if (err == QW_OK && is_here[role - 1]) {
            err = QW_ERR_CONFLICT;
        }
        if (err != QW_OK) {
            qw_wire_close(&wire);
            break;
        }
        wires[role - 1] = wire;
        fds[role - 1] = fd;
        is_here[role - 1] = true;
        if (role == ALICE) {
            err = serve_alice(&a->config, &wires[0]);
        }
    }
    if (err == QW_OK) {
        err = serve_bob(a, &wires[BOB - 1], fds[BOB - 1]);
    }
    qw_wire_close(&wires[0]);
    qw_wire_close(&wires[1]);
    return err;
}

int qkd_optics(int argc, char **argv)
{
    static const struct argp argp = { options,
                                      parse,
                                      "",
                                      "SIMULATED light, fibre and detectors for the two ends of a "
                                      "link on this machine. Ends when bob hangs up.",
                                      NULL,
                                      NULL,
                                      NULL };
    struct arguments a = { .config = qkd_optics_standard(20), .port = 4811 };
    uint16_t port;
    int listener;
    qw_err err;

    a.config.attack_share = 1;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    if (!a.has_seed && qw_random_bytes(&a.config.seed, sizeof a.config.seed) != QW_OK) {
        fprintf(stderr, "qwave qkd optics: no random seed\n");
        return EXIT_FAILED;
    }
    err = a.switch_path == NULL ? QW_OK : optics_switch_open(&a.light, a.switch_path);
    if (err != QW_OK) {
        fprintf(stderr, "qwave qkd optics: %s: %s\n", a.switch_path, qw_err_text(err));
        return EXIT_FAILED;
    }
    err = qw_socket_listen("127.0.0.1", (uint16_t)a.port, &listener, &port);
    if (err == QW_OK) {
        fprintf(stderr, "qwave qkd optics: simulated, %.1f km, attack %s, seed %" PRIu64 "\n",
                a.config.distance_km, qw_attack_name(a.config.attack), a.config.seed);
        printf(a.as_json ? "{\"port\":%u,\"simulated\":true}\n" : "ready %u\n", port);
        fflush(stdout);
        err = serve(&a, listener);
        qw_socket_close(listener);
    }
    if (a.switch_path != NULL) {
        optics_switch_close(&a.light);
        (void)unlink(a.switch_path);
    }
    if (err != QW_OK) {
        fprintf(stderr, "qwave qkd optics: %s\n", qw_err_text(err));
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}
