/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_KEY_SOURCE_H
#define QW_CRYPTO_KEY_SOURCE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a source is that works by itself, such as a link. */
struct qw_key_source_health {
    bool is_running;
    double error_rate; /* of the last keys, 0..1; negative: not known */
    char reason[128];  /* why it gives nothing, for a person; "" while it runs */
};

/* Where keys come from: QRNG, QKD link, foreign KME, kernel generator, test
 * double. The lowest place that all its users may include; apps/ wires an implementation to the
 * centre. */
struct qw_key_source {
    char name[64];   /* provenance for records and audit: "qrng:/dev/qrng0", "hwrng:/dev/hwrng",
                        "kernel", "qkd:node-3" */
    bool is_quantum; /* a claim about the device, set by its driver; false for the kernel generator
                        and for hwrng */
    bool is_simulated; /* true for simulated optics */
    void *self;
    /* A hint: may shrink before the take. */
    size_t (*available_bits)(void *self);
    /* All len bytes or none; each byte is given once. */
    qw_err (*take)(void *self, uint8_t *key, size_t len);
    /* Wipes what was not taken. */
    void (*close)(void *self);
    /* NULL: all there is to say is what take returns. From any thread. */
    void (*health)(void *self, struct qw_key_source_health *health);
};

/* The kernel's generator, named what it is: "kernel". */
qw_err qw_key_source_kernel(struct qw_key_source *source) QW_MUST_USE;

/* A character device that delivers raw random bytes (QRNG, /dev/hwrng). Each take runs the
 * continuous health tests of NIST SP 800-90B 4.4 (repetition count, adaptive proportion) on what
 * was read and mixes nothing in; the output is conditioned with SHA-512 at two input bytes per
 * output byte (at least). QW_ERR_NOT_FOUND/IO when the device cannot be read within a second,
 * QW_ERR_REFUSED for good after a failed test; a take may also end in QW_ERR_TIMEOUT when the
 * device falls silent for ten. kind is "qrng" or "hwrng"; takes may come from several threads. */
qw_err qw_key_source_device(const char *kind, const char *path,
                            struct qw_key_source *source) QW_MUST_USE;

/* The best source the machine has: /dev/qrng0, else /dev/hwrng when it answers within a second,
 * else the kernel. QW_ERR_REFUSED when a device answers but fails its health tests. Never fails
 * over silently later: what was chosen is what the name says. */
qw_err qw_key_source_best(struct qw_key_source *source) QW_MUST_USE;

void qw_key_source_close(struct qw_key_source *source); /* NULL and a zeroed source are fine */

#endif
