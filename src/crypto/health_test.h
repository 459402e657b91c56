/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_HEALTH_TEST_H
#define QW_CRYPTO_HEALTH_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Continuous health tests of a noise source that gives bytes [SP 800-90B 4.4], for a claimed
 * min-entropy of 4.5 bits per byte and a false-alarm rate of 2^-30 per test: a good device alarms
 * by chance once in about 2^30 windows of the second test, half a terabyte of raw bytes. */
enum {
    QW_HEALTH_REPETITION_CUTOFF = 8,  /* 1 + ceil(30 / 4.5)  [SP 800-90B 4.4.1] */
    QW_HEALTH_WINDOW = 512,           /* bytes  [SP 800-90B 4.4.2] */
    QW_HEALTH_PROPORTION_CUTOFF = 56, /* 1 + CRITBINOM(512, 2^-4.5, 1 - 2^-30) */
    QW_HEALTH_STARTUP_LEN = 1024      /* bytes that are tested and thrown away [SP 800-90B 4.3] */
};

struct qw_health_test {
    uint8_t repeated;       /* last byte */
    size_t repetitions;     /* how often it has come in a row; 0: nothing yet */
    uint8_t reference;      /* first byte of the window */
    size_t window_at;       /* bytes of the window seen, 0..QW_HEALTH_WINDOW - 1 */
    size_t reference_count; /* how often the reference came in the window */
    bool has_failed;        /* for good */
};

void qw_health_test_init(struct qw_health_test *test);

/* False once either test has failed, and ever after. */
bool qw_health_test_push(struct qw_health_test *test, const uint8_t *raw, size_t len);

#endif
