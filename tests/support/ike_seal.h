/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_SUPPORT_IKE_SEAL_H
#define QW_TESTS_SUPPORT_IKE_SEAL_H

#include "base/bytes.h"
#include "crypto/ipsec/ike_open.h"
#include "support/ipsec_cipher.h"

/* Messages of CREATE_CHILD_SA [RFC 7296 3] as an IKE daemon makes them. */
struct ike_envelope {
    uint64_t spi_i, spi_r;
    uint8_t flags; /* 8: of who began the IKE_SA; 32: a response */
    uint32_t id;
    uint8_t first;          /* type of the first payload inside */
    uint16_t piece, pieces; /* pieces > 1: a fragment */
};

static inline size_t ike_pad(struct qw_ipsec_suite suite, size_t len)
{
    return ipsec_is_aead(suite) ? 0 : 15 - len % 16;
}

static inline void ike_check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static inline void ike_encrypt(struct qw_ipsec_suite suite, const struct qw_ike_key *key,
                               uint8_t *message, size_t head_len, size_t text_len)
{
    (void)ipsec_close(suite, key->encryption, key->integrity, message, head_len, text_len);
}

/* Returns the length of the message; pad_len as the last octet says it, or as ike_pad has it. */
static inline size_t ike_seal(const struct ike_envelope *envelope, struct qw_ipsec_suite suite,
                              const struct qw_ike_key *key, const uint8_t *text, size_t len,
                              uint8_t *message, size_t cap)
{
    bool is_piece = envelope->pieces > 1;
    size_t head_len = is_piece ? 36 : 32;
    size_t iv_len = ipsec_is_aead(suite) ? 8 : 16;
    size_t tag_len = ipsec_is_aead(suite) ? 16 : qw_ipsec_integrity_len(suite) / 2;
    size_t pad = ike_pad(suite, len);
    size_t full = head_len + iv_len + len + pad + 1 + tag_len;
    struct qw_writer w = qw_writer_on(message, cap);

    ike_check(full <= cap);
    memset(message, 0, full);
    qw_write_u64be(&w, envelope->spi_i);
    qw_write_u64be(&w, envelope->spi_r);
    qw_write_u8(&w, is_piece ? 53 : 46);
    qw_write_u8(&w, 0x20);
    qw_write_u8(&w, 36);
    qw_write_u8(&w, envelope->flags);
    qw_write_u32be(&w, envelope->id);
    qw_write_u32be(&w, (uint32_t)full);
    qw_write_u8(&w, envelope->first);
    qw_write_u8(&w, 0);
    qw_write_u16be(&w, (uint16_t)(full - 28));
    if (is_piece) {
        qw_write_u16be(&w, envelope->piece);
        qw_write_u16be(&w, envelope->pieces);
    }
    for (size_t i = 0; i < iv_len; i++) {
        qw_write_u8(&w, (uint8_t)(0xa0 + i));
    }
    qw_write_bytes(&w, text, len);
    message[w.len + pad] = (uint8_t)pad;
    ike_encrypt(suite, key, message, head_len, len + pad + 1);
    return full;
}

/* Payloads SA (one proposal of an IKE_SA for each number), nonce, KE of 8 octets; the first is SA,
 * 33. Returns their length. */
static inline size_t ike_offer(const uint8_t *numbers, size_t count, uint64_t spi,
                               const uint8_t *nonce, size_t nonce_len, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_u32be(&w, (uint32_t)40 << 24 | (uint32_t)(4 + count * 24));
    for (size_t i = 0; i < count; i++) {
        qw_write_u16be(&w, i + 1 < count ? 2 << 8 : 0);
        qw_write_u16be(&w, 24);
        qw_write_u8(&w, numbers[i]);
        qw_write_u8(&w, 1);
        qw_write_u8(&w, 8);
        qw_write_u8(&w, 1);
        qw_write_u64be(&w, spi + i);
        qw_write_u64be(&w, 0x0000000804000013); /* a transform: group 19 */
    }
    qw_write_u32be(&w, (uint32_t)34 << 24 | (uint32_t)(4 + nonce_len));
    qw_write_bytes(&w, nonce, nonce_len);
    qw_write_u32be(&w, 4 + 8);
    qw_write_u64be(&w, 0x0013000001020304);
    ike_check(!w.failed);
    return w.len;
}

#endif
