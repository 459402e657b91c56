/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_BENCH_CENTRE_SITE_H
#define QWAVE_BENCH_CENTRE_SITE_H

#include "base/error.h"
#include "child.h"

#include <stdbool.h>
#include <stdint.h>

/* A real centre in a temporary folder under $TMPDIR or /tmp, and two applications, alice and bob,
 * with their certificates. */
enum { SITE_PATH_CAP = 512, SITE_FILE_CAP = SITE_PATH_CAP + 32, SITE_LEASE_KEYS = 256 };

struct site {
    char folder[SITE_PATH_CAP];
    char master_certificate[SITE_FILE_CAP], master_key[SITE_FILE_CAP];
    char slave_certificate[SITE_FILE_CAP], slave_key[SITE_FILE_CAP];
    char ca[SITE_FILE_CAP], certificate[SITE_FILE_CAP], key[SITE_FILE_CAP]; /* the server's */
    char database[SITE_FILE_CAP], settings[SITE_FILE_CAP], log[SITE_FILE_CAP];
    unsigned long stock_keys; /* that the centre keeps */
    struct child centre, second;
    uint16_t port, second_port; /* 0: none */
};

struct site_config {
    unsigned long stock_keys;
    int server_threads;
    const char *database; /* URI of an empty PostgreSQL database, in which the centre's tables stay;
                             NULL: an SQLite file in the folder */
    bool has_second;      /* two qwaved, on a database that several may share */
};
/* What it made is there until site_close, also when it failed. */
qw_err site_open(struct site *site, const struct site_config *config) QW_MUST_USE;

/* Stops the centre and removes the folder. */
void site_close(struct site *site);

/* Waits until the stock is full: every measurement begins so; the source's own speed is another
 * matter. QW_ERR_TIMEOUT. */
qw_err site_wait_for_stock(const struct site *site) QW_MUST_USE;

/* Stops the centre, tells how large its database is, in bytes per stored key, and starts it again:
 * closed, so that everything is in one file. */
qw_err site_measure_size(struct site *site, double *bytes_per_key) QW_MUST_USE;

#endif
