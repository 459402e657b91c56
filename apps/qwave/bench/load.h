/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_BENCH_LOAD_H
#define QWAVE_BENCH_LOAD_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A load generator for one HTTPS server with client certificates: several threads, each with one
 * TLS 1.3 connection at a time, one request after the other. Leaner than a general client, so that
 * on one machine with the server it takes little away from it. */
enum load_connections {
    LOAD_KEPT,    /* one per thread */
    LOAD_NEW,     /* one for every request, each with a full handshake */
    LOAD_RESUMED, /* the same, and all but the first of a thread resume the session before */
};

struct load_config {
    const char *address; /* numeric */
    uint16_t port;
    uint16_t other_port;                               /* of every second thread; 0: the same */
    const char *certificate_path, *key_path, *ca_path; /* PEM */
    unsigned threads;                                  /* 1..LOAD_THREADS_MAX */
    int64_t duration_ms;
    uint64_t requests_max; /* of all threads; 0: as many as fit in the duration */
    double rate_per_s;     /* of all threads; 0: as fast as it goes */
    enum load_connections connections;
    /* Writes the path of request number i (0, 1, ...), with its '/'; from several threads. */
    void (*path_of)(void *self, uint64_t number, char *path, size_t cap);
    /* Sees each body with status 200; from several threads; may be NULL. */
    void (*take)(void *self, const char *body, size_t len);
    void *self;
};
enum { LOAD_THREADS_MAX = 64 };

struct load_result {
    uint64_t good, bad; /* answers with status 200; anything else, lost connections as well */
    uint64_t resumed;   /* of the good ones: on a connection that resumed a session */
    double seconds;
    double p50_ms, p99_ms; /* of the good ones */
};

/* QW_ERR_ARG, QW_ERR_NOMEM, QW_ERR_FORMAT (certificate files), QW_ERR_IO (no connection at all). */
qw_err load_run(const struct load_config *config, struct load_result *result) QW_MUST_USE;

#endif
