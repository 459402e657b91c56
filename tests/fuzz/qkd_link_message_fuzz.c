/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: qkd */
/* Every message of a QKD link, by its type; those of clicks with room for their answer. What
 * decodes is encoded again and must be the same bytes, except for CLICKS, whose k the encoder
 * chooses. */
#include "qkd/link/clicks.h"
#include "qkd/link/message.h"
#include "qkd/link/sift.h"

#include "base/error.h"
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

enum { BITS = 99, SIFTED = 64, PART = 3, BLOCK = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_clicks(const uint8_t *data, size_t size)
{
    static struct qw_qkd_click clicks[QW_QKD_PART_MAX];
    static uint8_t out[QW_QKD_CLICKS_LEN_MAX];
    struct qw_qkd_clicks_header header;
    size_t len;

    if (qw_qkd_clicks_decode(data, size, &header, clicks) == QW_OK) {
        qw_assert(qw_qkd_clicks_encode(header.block, header.part, clicks, header.count, out,
                                       QW_QKD_CLICKS_LEN_MAX, &len) == QW_OK);
    }
}

static void try_sift(const uint8_t *data, size_t size, size_t intensities)
{
    struct qw_qkd_click clicks[SIFTED];
    struct qw_qkd_sifted *sifted = NULL;

    for (size_t i = 0; i < SIFTED; i++) {
        clicks[i] = (struct qw_qkd_click){ i * i + 1, (uint8_t)(i % 3 == 0), (uint8_t)(i & 1) };
    }
    if (qw_qkd_sifted_new(SIFTED / 2, SIFTED / 4, &sifted) == QW_OK) {
        (void)!qw_qkd_sift_decode(data, size, BLOCK, PART, clicks, SIFTED, intensities, sifted);
        qw_assert(sifted->x_count <= SIFTED / 2 && sifted->z_count <= SIFTED / 4);
    }
    qw_qkd_sifted_free(sifted);
}

static void same(const uint8_t *data, const uint8_t *out, size_t len)
{
    qw_assert(qw_equal_ct(data, out, len));
}

static void try_fixed(const uint8_t *data, size_t size)
{
    uint8_t out[QW_QKD_OPEN_LEN];
    struct qw_qkd_open open;
    struct qw_qkd_verify verify;
    struct qw_qkd_verified verified;
    struct qw_qkd_finish finish;
    enum qw_qkd_refusal refusal;
    uint32_t block;

    if (qw_qkd_open_decode(QW_QKD_TYPE_OPEN, data, size, &open) == QW_OK) {
        qw_qkd_open_encode(QW_QKD_TYPE_OPEN, &open, out);
        same(data, out, size);
    }
    if (qw_qkd_verify_decode(data, size, &verify) == QW_OK) {
        qw_qkd_verify_encode(&verify, out);
        same(data, out, size);
    }
    if (qw_qkd_verified_decode(data, size, &verified) == QW_OK) {
        qw_qkd_verified_encode(&verified, out);
        same(data, out, size);
    }
    if (qw_qkd_finish_decode(data, size, &finish) == QW_OK) {
        qw_qkd_finish_encode(&finish, out);
        same(data, out, size);
    }
    if (qw_qkd_block_decode(QW_QKD_TYPE_CLOSE, data, size, &block) == QW_OK) {
        qw_qkd_block_encode(QW_QKD_TYPE_CLOSE, block, out);
        same(data, out, size);
    }
    if (qw_qkd_refuse_decode(data, size, &refusal) == QW_OK) {
        qw_qkd_refuse_encode(refusal, out);
        same(data, out, size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + (size == 0)); /* exact: a sanitizer sees the first byte behind */
    struct qw_qkd_bits bits;

    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, data, size);
    try_fixed(copy, size);
    try_clicks(copy, size);
    try_sift(copy, size, 2);
    try_sift(copy, size, 3);
    (void)!qw_qkd_bits_decode(QW_QKD_TYPE_TEST, copy, size, BITS, &bits);
    (void)!qw_qkd_bits_decode(QW_QKD_TYPE_AMPLIFY, copy, size, BITS, &bits);
    free(copy);
    return 0;
}
