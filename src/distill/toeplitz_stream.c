/* SPDX-License-Identifier: Apache-2.0 */
/* T x is the sum over pieces of T's columns times the piece. Column j of T is the seed from bit
 * columns - 1 - j on, so a piece uses a window of the seed. */
#include "distill/toeplitz_stream.h"

#include "base/bits.h"
#include "base/secret.h"
#include "distill/toeplitz.h"
#include "distill/toeplitz_kernel.h"

#include <stdlib.h>
#include <string.h>

struct qw_toeplitz_stream {
    struct qw_toeplitz_stream_config config;
    struct qw_toeplitz_kernel kernel;
    size_t kept;    /* bits at the beginning that the identity takes */
    size_t at;      /* bits pushed */
    bool is_broken; /* a piece is missing in sum */
    uint8_t *sum;   /* [ceil(out_bits / 8) bytes] */
};

qw_err qw_toeplitz_stream_new(const struct qw_toeplitz_stream_config *config,
                              struct qw_toeplitz_stream **stream)
{
    struct qw_toeplitz_stream *s;

    if (config->in_bits == 0 || config->in_bits > QW_TOEPLITZ_BITS_MAX || config->out_bits == 0 ||
        config->out_bits > config->in_bits) {
        return QW_ERR_ARG;
    }
    s = calloc(1, sizeof *s);
    if (s == NULL) {
        return QW_ERR_NOMEM;
    }
    s->config = *config;
    s->kernel = qw_toeplitz_kernel_best();
    s->kept = config->modified ? config->out_bits : 0;
    s->sum = calloc(QW_BITS_TO_BYTES(config->out_bits), 1);
    if (s->sum == NULL) {
        free(s);
        return QW_ERR_NOMEM;
    }
    *stream = s;
    return QW_OK;
}

void qw_toeplitz_stream_free(struct qw_toeplitz_stream *s)
{
    if (s != NULL) {
        qw_wipe_free(s->sum, QW_BITS_TO_BYTES(s->config.out_bits));
        free(s);
    }
}

/* The first bits of a modified hash: they are added as they are. */
static void add_kept(struct qw_toeplitz_stream *s, const uint8_t *in, size_t bits)
{
    for (size_t i = 0; i < bits; i++) {
        size_t at = s->at + i;

        s->sum[at / 8] ^= (uint8_t)(qw_bit_get(in, i) << (7 - at % 8));
    }
}

qw_err qw_toeplitz_stream_push(struct qw_toeplitz_stream *s, const uint8_t *in, size_t bits)
{
    size_t kept = s->at < s->kept ? s->kept - s->at : 0;
    qw_err err = QW_OK;

    if (s->is_broken) {
        return QW_ERR_STATE;
    }
    if (bits > s->config.in_bits - s->at) {
        return QW_ERR_ARG;
    }
    kept = kept < bits ? kept : bits;
    if (kept < bits) {
        struct qw_toeplitz_window window = { .in = in,
                                             .in_bits = bits,
                                             .columns = bits - kept,
                                             .seed = s->config.seed,
                                             .seed_from = s->config.in_bits - s->at - bits,
                                             .out_bits = s->config.out_bits };

        err = qw_toeplitz_window_add(&s->kernel, &window, s->sum);
    }
    if (err != QW_OK) {
        s->is_broken = true;
        return err;
    }
    add_kept(s, in, kept);
    s->at += bits;
    return QW_OK;
}

qw_err qw_toeplitz_stream_finish(const struct qw_toeplitz_stream *s, uint8_t *out)
{
    if (s->is_broken || s->at != s->config.in_bits) {
        return QW_ERR_STATE;
    }
    memcpy(out, s->sum, QW_BITS_TO_BYTES(s->config.out_bits));
    return QW_OK;
}
