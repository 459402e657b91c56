/* SPDX-License-Identifier: Apache-2.0 */
/* One known answer per algorithm, from the standard that defines it, through the same door that the
 * programs use. The full tables are in tests/vectors; this is what a daemon can afford at start. */
#include "crypto/selftest.h"

#include "crypto/aead_backend.h"
#include "crypto/hash.h"
#include "crypto/one_time_mac.h"
#include "crypto/poly_hash.h"
#include "crypto/poly_hash_blocks.h"
#include "crypto/scrypt.h"
#include "crypto/zuc.h"

#include "base/hex.h"
#include "base/secret.h"

#include <stdbool.h>

enum { ANSWER_LEN_MAX = 64 };

/* True when the len bytes are those of the hex text. */
static bool is_answer(const uint8_t *got, const char *expected_hex, size_t len)
{
    uint8_t expected[ANSWER_LEN_MAX];

    return len <= sizeof expected && qw_hex_decode(expected_hex, expected, len) == QW_OK &&
           qw_equal_ct(got, expected, len);
}

static bool hash_ok(enum qw_hash hash, const char *expected_hex)
{
    const struct qw_bytes part = { "abc", 3 };
    uint8_t digest[QW_HASH_LEN_MAX];

    return qw_hash_of(hash, &part, 1, digest) == QW_OK &&
           is_answer(digest, expected_hex, qw_hash_len(hash));
}

static bool sha256_ok(void) /* [FIPS 180-4], "abc" */
{
    return hash_ok(QW_HASH_SHA256,
                   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static bool sha512_ok(void) /* [FIPS 180-4], "abc" */
{
    return hash_ok(QW_HASH_SHA512,
                   "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                   "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

static bool sm3_ok(void) /* [GB/T 32905 A.1] */
{
    return hash_ok(QW_HASH_SM3, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
}

static bool hmac_ok(void) /* [RFC 4231 4.3] */
{
    const struct qw_bytes part = { "what do ya want for nothing?", 28 };
    uint8_t digest[QW_HASH_LEN_MAX];

    return qw_hmac(QW_HASH_SHA256, (const uint8_t *)"Jefe", 4, &part, 1, digest) == QW_OK &&
           is_answer(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                     32);
}

static bool hkdf_ok(void) /* [RFC 5869 A.1] */
{
    uint8_t key[22], salt[13], info[10], out[42];

    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = 0x0b;
    }
    for (size_t i = 0; i < sizeof salt; i++) {
        salt[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof info; i++) {
        info[i] = (uint8_t)(0xf0 + i);
    }
    return qw_hkdf(QW_HASH_SHA256, (struct qw_bytes){ salt, sizeof salt },
                   (struct qw_bytes){ key, sizeof key }, (struct qw_bytes){ info, sizeof info },
                   out, sizeof out) == QW_OK &&
           is_answer(out,
                     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                     "34007208d5b887185865",
                     sizeof out);
}

struct aead_answer {
    enum qw_aead aead;
    const char *key, *nonce, *aad, *plain, *cipher, *tag; /* hex */
    size_t len;                                           /* bytes of plain and cipher */
};

/* The known answer both ways, and an altered tag refused. */
static bool aead_ok(const struct aead_answer *answer)
{
    const struct qw_aead_backend *backend = qw_aead_backend(answer->aead);
    uint8_t key[QW_AEAD_KEY_LEN_MAX], nonce[QW_AEAD_NONCE_LEN], aad[20];
    uint8_t plain[ANSWER_LEN_MAX], out[ANSWER_LEN_MAX], back[ANSWER_LEN_MAX], tag[QW_AEAD_TAG_LEN];
    struct qw_aead_call call = { .key = key,
                                 .nonce = nonce,
                                 .aad = { aad, sizeof aad },
                                 .in = plain,
                                 .len = answer->len,
                                 .out = out };

    if (qw_hex_decode(answer->key, key, backend->info.key_len) != QW_OK ||
        qw_hex_decode(answer->nonce, nonce, sizeof nonce) != QW_OK ||
        qw_hex_decode(answer->aad, aad, sizeof aad) != QW_OK ||
        qw_hex_decode(answer->plain, plain, answer->len) != QW_OK) {
        return false;
    }
    if (backend->encrypt(&call, tag) != QW_OK || !is_answer(out, answer->cipher, answer->len) ||
        !is_answer(tag, answer->tag, sizeof tag)) {
        return false;
    }
    call.in = out;
    call.out = back;
    if (backend->decrypt(&call, tag) != QW_OK || !qw_equal_ct(back, plain, answer->len)) {
        return false;
    }
    tag[0] ^= 1;
    return backend->decrypt(&call, tag) == QW_ERR_AUTH;
}

static bool aes_gcm_ok(void) /* McGrew and Viega, "The Galois/Counter Mode", test case 16 */
{
    static const struct aead_answer answer = {
        .aead = QW_AEAD_AES256_GCM,
        .key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
        .nonce = "cafebabefacedbaddecaf888",
        .aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        .plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                 "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        .cipher = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
        .tag = "76fc6ece0f4e1768cddf8853bb2d551b",
        .len = 60,
    };

    return aead_ok(&answer);
}

static bool sm4_gcm_ok(void) /* [RFC 8998 A.1] */
{
    static const struct aead_answer answer = {
        .aead = QW_AEAD_SM4_GCM,
        .key = "0123456789abcdeffedcba9876543210",
        .nonce = "00001234567800000000abcd",
        .aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        .plain = "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
                 "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
        .cipher = "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
                  "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d",
        .tag = "83de3541e4c2b58177e065a9bf7b62ec",
        .len = 64,
    };

    return aead_ok(&answer);
}

/* Our two versions of the inner loop on the same random-looking blocks. */
static bool poly_hash_versions_agree(void)
{
    uint8_t blocks[8 * QW_POLY_HASH_LEN], key[QW_POLY_HASH_LEN];
    uint8_t portable[QW_POLY_HASH_LEN] = { 1 }, fast[QW_POLY_HASH_LEN] = { 1 };

    if (!qw_poly_hash_has_pclmul()) {
        return true;
    }
    for (size_t i = 0; i < sizeof blocks; i++) {
        blocks[i] = (uint8_t)(i * i * 167 + 13);
    }
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)(i * 59 + 211);
    }
    qw_poly_hash_blocks_portable(portable, key, blocks, 8);
    qw_poly_hash_blocks_pclmul(fast, key, blocks, 8);
    return qw_equal_ct(portable, fast, sizeof portable);
}

static bool poly_hash_ok(void) /* McGrew and Viega, test case 2: GHASH of one block */
{
    uint8_t key[QW_POLY_HASH_LEN], block[16], out[QW_POLY_HASH_LEN];
    struct qw_poly_hash hash;

    if (qw_hex_decode("66e94bd4ef8a2c3b884cfa59ca342b2e", key, sizeof key) != QW_OK ||
        qw_hex_decode("0388dace60b6a392f328c2b971b2fe78", block, sizeof block) != QW_OK) {
        return false;
    }
    qw_poly_hash_init(&hash, key);
    qw_poly_hash_update(&hash, block, sizeof block);
    qw_poly_hash_final(&hash, out);
    return is_answer(out, "f38cbb1ad69223dcc3457ae5b6b0f885", sizeof out) &&
           poly_hash_versions_agree();
}

static bool one_time_mac_ok(void) /* the same GHASH, first 96 bits, under a pad of ones */
{
    uint8_t key[QW_ONE_TIME_MAC_KEY_LEN], pad[QW_ONE_TIME_MAC_PAD_LEN], block[16];
    uint8_t tag[QW_ONE_TIME_MAC_LEN];
    const struct qw_bytes part = { block, sizeof block };

    if (qw_hex_decode("66e94bd4ef8a2c3b884cfa59ca342b2e", key, sizeof key) != QW_OK ||
        qw_hex_decode("0388dace60b6a392f328c2b971b2fe78", block, sizeof block) != QW_OK ||
        qw_hex_decode("ffffffffffffffffffffffff", pad, sizeof pad) != QW_OK) {
        return false;
    }
    qw_one_time_mac(key, pad, &part, 1, tag);
    return is_answer(tag, "0c7344e5296ddc233cba851a", sizeof tag) &&
           qw_one_time_mac_verify(key, pad, &part, 1, tag);
}

static bool scrypt_ok(void) /* [RFC 7914 12], the first, which costs nothing */
{
    const struct qw_bytes empty = { "", 0 };
    uint8_t key[64];

    return qw_scrypt((struct qw_password_cost){ .log2_n = 4, .r = 1, .p = 1 }, empty, empty, key,
                     sizeof key) == QW_OK &&
           is_answer(key,
                     "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                     "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
                     sizeof key);
}

static bool eea3_ok(struct qw_zuc *zuc) /* [GM/T 0001.2], 193 bits */
{
    uint8_t key[QW_ZUC_KEY_LEN], in[25], out[25];
    const struct qw_zuc_frame frame = { .count = 0x66035492, .bearer = 15, .direction = 0 };

    return qw_hex_decode("173d14ba5003731d7a60049470f00a29", key, sizeof key) == QW_OK &&
           qw_hex_decode("6cf65340735552ab0c9752fa6f9025fe0bd675d9005875b200", in, sizeof in) ==
               QW_OK &&
           qw_zuc_eea3(zuc, key, frame, in, 193, out) == QW_OK &&
           is_answer(out, "a6c85fc66afb8533aafc2518dfe784940ee1e4b030238cc800", sizeof out);
}

static bool eia3_ok(struct qw_zuc *zuc) /* [GM/T 0001.3], 1 bit */
{
    static const uint8_t zero[QW_ZUC_KEY_LEN];
    uint8_t mac[QW_ZUC_MAC_LEN];

    return qw_zuc_eia3(zuc, zero, (struct qw_zuc_frame){ 0 }, zero, 1, mac) == QW_OK &&
           is_answer(mac, "c8a9595e", sizeof mac);
}

static bool zuc_ok(void)
{
    struct qw_zuc *zuc = NULL;
    bool ok;

    if (!qw_zuc_is_available()) {
        return true; /* nothing here can use it either */
    }
    ok = qw_zuc_new(&zuc) == QW_OK && eea3_ok(zuc) && eia3_ok(zuc);
    qw_zuc_free(zuc);
    return ok;
}

qw_err qw_crypto_selftest(const char **failed)
{
    static const struct {
        const char *name;
        bool (*is_ok)(void);
    } test[] = {
        { "SHA-256", sha256_ok },
        { "SHA-512", sha512_ok },
        { "SM3", sm3_ok },
        { "HMAC", hmac_ok },
        { "HKDF", hkdf_ok },
        { "AES-256-GCM", aes_gcm_ok },
        { "SM4-GCM", sm4_gcm_ok },
        { "polynomial hash", poly_hash_ok },
        { "one-time MAC", one_time_mac_ok },
        { "scrypt", scrypt_ok },
        { "ZUC", zuc_ok },
    };

    for (size_t i = 0; i < sizeof test / sizeof test[0]; i++) {
        if (!test[i].is_ok()) {
            *failed = test[i].name;
            return QW_ERR_REFUSED;
        }
    }
    *failed = NULL;
    return QW_OK;
}
