/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_TOEPLITZ_STREAM_H
#define QW_DISTILL_TOEPLITZ_STREAM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Privacy amplification of a string that comes in pieces: the bits of qw_toeplitz_hash, or of
 * qw_toeplitz_hash_modified, without the whole string in memory. The seed is drawn after the whole
 * string is fixed at both ends, as always: pieces may be read back from where they were kept. A
 * piece costs about as much as hashing a string of its length and the output's together: make
 * pieces no shorter than the output. */
struct qw_toeplitz_stream_config {
    bool modified;       /* the matrix (I | T') */
    size_t in_bits;      /* of the whole string, 1..QW_TOEPLITZ_BITS_MAX */
    size_t out_bits;     /* 1..in_bits */
    const uint8_t *seed; /* borrowed until free; as many bits as distill/toeplitz.h says */
};

struct qw_toeplitz_stream;

/* Copies config. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_toeplitz_stream_new(const struct qw_toeplitz_stream_config *config,
                              struct qw_toeplitz_stream **stream) QW_MUST_USE;
void qw_toeplitz_stream_free(struct qw_toeplitz_stream *stream); /* NULL is fine; wipes */

/* The next bits of the string [ceil(bits / 8) bytes], any number of them; unused bits do not
 * matter. QW_ERR_ARG: more than are left, nothing is taken. QW_ERR_NOMEM: the stream is of no use
 * any more, every further call says QW_ERR_STATE. */
qw_err qw_toeplitz_stream_push(struct qw_toeplitz_stream *stream, const uint8_t *in,
                               size_t bits) QW_MUST_USE;

/* out [ceil(out_bits / 8) bytes], unused bits zero. QW_ERR_STATE until the whole string was pushed;
 * out is then untouched. */
qw_err qw_toeplitz_stream_finish(const struct qw_toeplitz_stream *stream, uint8_t *out) QW_MUST_USE;

#endif
