/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_RADIO_CODEC_LAWS_H
#define QW_TESTS_UNIT_RADIO_CODEC_LAWS_H

/* What every decoder of a session's messages must hold. Include after cmocka.h. */
#include "base/error.h"

#include <stdlib.h>
#include <string.h>

/* Decodes; on QW_OK encodes again into out [cap bytes] and sets *out_len. */
typedef qw_err (*codec_round_trip)(const uint8_t *body, size_t len, uint8_t *out, size_t *out_len);

static inline void assert_codec_laws(codec_round_trip round_trip, const uint8_t *good, size_t len)
{
    uint8_t *copy = malloc(len + 1);
    uint8_t *out = malloc(1 << 20);
    size_t out_len = 0;

    assert_int_equal(round_trip(good, len, out, &out_len), QW_OK);
    assert_int_equal(out_len, len);
    assert_memory_equal(out, good, len);
    for (size_t cut = 0; cut < len; cut++) {
        memcpy(copy, good, cut); /* at the end of its own allocation, for the address sanitizer */
        assert_int_equal(round_trip(copy, cut, out, &out_len), QW_ERR_FORMAT);
    }
    memcpy(copy, good, len);
    copy[len] = 0;
    assert_int_equal(round_trip(copy, len + 1, out, &out_len), QW_ERR_FORMAT);
    for (size_t bit = 0; bit < len * 8; bit++) {
        qw_err err;

        copy[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
        err = round_trip(copy, len, out, &out_len);
        assert_true(err == QW_OK || err == QW_ERR_FORMAT);
        if (err == QW_OK) { /* another value: then exactly these bytes say it */
            assert_int_equal(out_len, len);
            assert_memory_equal(out, copy, len);
        }
        copy[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
    }
    free(copy);
    free(out);
}

#endif
