/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_LOAD_H
#define QW_RADIO_CAPTURE_LOAD_H

#include <complex.h>
#include <stddef.h>
#include <stdint.h>

/* Loads for the inner loops of importers, inline: a call each would cost more than the work. The
 * caller has checked that the bytes are there. */
static inline uint16_t qw_load_u16le(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t qw_load_u32le(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t qw_load_word(const uint8_t *p)
{
    return (uint64_t)qw_load_u32le(p) | (uint64_t)qw_load_u32le(p + 4) << 32;
}

/* count complex numbers of s16 re, s16 im, little-endian  [in: 4 x count bytes]. */
void qw_load_s16_pairs(const uint8_t *in, size_t count, float complex *out);

#endif
