/* SPDX-License-Identifier: Apache-2.0 */
/* rows: S2 S4 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/aead_backend.h"
#include "crypto/hash.h"
#include "crypto/one_time_mac.h"
#include "crypto/poly_hash.h"
#include "crypto/poly_hash_blocks.h"
#include "crypto/scrypt.h"
#include "crypto/selftest.h"
#include "crypto/zuc.h"

#include "base/hex.h"
#include "support/fail_nth.h"

#include <string.h>

/* Each door the self-test goes through can be made to give a wrong answer: one bit, nothing else.
 */
static enum breakage {
    NOTHING,
    SHA256,
    SHA512,
    SM3,
    HMAC,
    HKDF,
    AES_GCM,
    SM4_GCM,
    OPENS_ANYTHING,
    DECRYPTS_WRONGLY,
    POLY_HASH,
    POLY_HASH_VERSIONS,
    ONE_TIME_MAC,
    SCRYPT,
    EEA3,
    EIA3
} broken;

static void spoil(uint8_t *out, bool is_broken)
{
    out[0] ^= is_broken;
}

qw_err __real_qw_hash_of(enum qw_hash, const struct qw_bytes *, size_t, uint8_t *);
qw_err __wrap_qw_hash_of(enum qw_hash, const struct qw_bytes *, size_t, uint8_t *);
qw_err __wrap_qw_hash_of(enum qw_hash hash, const struct qw_bytes *parts, size_t count,
                         uint8_t *out)
{
    qw_err err = must_fail() ? QW_ERR_IO : __real_qw_hash_of(hash, parts, count, out);

    spoil(out, (broken == SHA256 && hash == QW_HASH_SHA256) ||
                   (broken == SHA512 && hash == QW_HASH_SHA512) ||
                   (broken == SM3 && hash == QW_HASH_SM3));
    return err;
}

qw_err __real_qw_hmac(enum qw_hash, const uint8_t *, size_t, const struct qw_bytes *, size_t,
                      uint8_t *);
qw_err __wrap_qw_hmac(enum qw_hash, const uint8_t *, size_t, const struct qw_bytes *, size_t,
                      uint8_t *);
qw_err __wrap_qw_hmac(enum qw_hash hash, const uint8_t *key, size_t key_len,
                      const struct qw_bytes *parts, size_t count, uint8_t *out)
{
    qw_err err = must_fail() ? QW_ERR_IO : __real_qw_hmac(hash, key, key_len, parts, count, out);

    spoil(out, broken == HMAC);
    return err;
}

qw_err __real_qw_hkdf(enum qw_hash, struct qw_bytes, struct qw_bytes, struct qw_bytes, uint8_t *,
                      size_t);
qw_err __wrap_qw_hkdf(enum qw_hash, struct qw_bytes, struct qw_bytes, struct qw_bytes, uint8_t *,
                      size_t);
qw_err __wrap_qw_hkdf(enum qw_hash hash, struct qw_bytes salt, struct qw_bytes key,
                      struct qw_bytes info, uint8_t *out, size_t len)
{
    qw_err err = must_fail() ? QW_ERR_IO : __real_qw_hkdf(hash, salt, key, info, out, len);

    spoil(out, broken == HKDF);
    return err;
}

const struct qw_aead_backend *__real_qw_aead_backend(enum qw_aead);
const struct qw_aead_backend *__wrap_qw_aead_backend(enum qw_aead);
static enum qw_aead current;

static qw_err encrypt(const struct qw_aead_call *call, uint8_t *tag)
{
    qw_err err = must_fail() ? QW_ERR_IO : __real_qw_aead_backend(current)->encrypt(call, tag);

    spoil(call->out, (broken == AES_GCM && current == QW_AEAD_AES256_GCM));
    spoil(tag, broken == SM4_GCM && current == QW_AEAD_SM4_GCM);
    return err;
}

static qw_err decrypt(const struct qw_aead_call *call, const uint8_t *tag)
{
    qw_err err = must_fail() ? QW_ERR_IO : __real_qw_aead_backend(current)->decrypt(call, tag);

    spoil(call->out, broken == DECRYPTS_WRONGLY);
    return broken == OPENS_ANYTHING ? QW_OK : err;
}

const struct qw_aead_backend *__wrap_qw_aead_backend(enum qw_aead aead)
{
    static struct qw_aead_backend spoiled;

    current = aead;
    spoiled = *__real_qw_aead_backend(aead);
    spoiled.encrypt = encrypt;
    spoiled.decrypt = decrypt;
    return &spoiled;
}

void __real_qw_poly_hash_final(struct qw_poly_hash *, uint8_t *);
void __wrap_qw_poly_hash_final(struct qw_poly_hash *, uint8_t *);
void __wrap_qw_poly_hash_final(struct qw_poly_hash *hash, uint8_t *out)
{
    __real_qw_poly_hash_final(hash, out);
    spoil(out, broken == POLY_HASH);
}

void __real_qw_poly_hash_blocks_pclmul(uint8_t *, const uint8_t *, const uint8_t *, size_t);
void __wrap_qw_poly_hash_blocks_pclmul(uint8_t *, const uint8_t *, const uint8_t *, size_t);
void __wrap_qw_poly_hash_blocks_pclmul(uint8_t *hash, const uint8_t *key, const uint8_t *blocks,
                                       size_t count)
{
    __real_qw_poly_hash_blocks_pclmul(hash, key, blocks, count);
    spoil(hash, broken == POLY_HASH_VERSIONS && count > 1);
}

FAIL_NTH(qw_err, qw_hex_decode, QW_ERR_FORMAT, (const char *text, uint8_t *out, size_t len),
         (text, out, len));
FAIL_NTH(qw_err, qw_zuc_new, QW_ERR_NOMEM, (struct qw_zuc * *zuc), (zuc));
FAIL_NTH(bool, qw_one_time_mac_verify, false,
         (const uint8_t *key, const uint8_t *pad, const struct qw_bytes *parts, size_t count,
          const uint8_t *tag),
         (key, pad, parts, count, tag));

void __real_qw_one_time_mac(const uint8_t *, const uint8_t *, const struct qw_bytes *, size_t,
                            uint8_t *);
void __wrap_qw_one_time_mac(const uint8_t *, const uint8_t *, const struct qw_bytes *, size_t,
                            uint8_t *);
void __wrap_qw_one_time_mac(const uint8_t *key, const uint8_t *pad, const struct qw_bytes *parts,
                            size_t count, uint8_t *tag)
{
    __real_qw_one_time_mac(key, pad, parts, count, tag);
    spoil(tag, broken == ONE_TIME_MAC);
}

qw_err __real_qw_scrypt(struct qw_password_cost, struct qw_bytes, struct qw_bytes, uint8_t *,
                        size_t);
qw_err __wrap_qw_scrypt(struct qw_password_cost, struct qw_bytes, struct qw_bytes, uint8_t *,
                        size_t);
qw_err __wrap_qw_scrypt(struct qw_password_cost cost, struct qw_bytes salt,
                        struct qw_bytes password, uint8_t *key, size_t len)
{
    qw_err err = must_fail() ? QW_ERR_IO : __real_qw_scrypt(cost, salt, password, key, len);

    spoil(key, broken == SCRYPT);
    return err;
}

qw_err __real_qw_zuc_eea3(struct qw_zuc *, const uint8_t *, struct qw_zuc_frame, const uint8_t *,
                          size_t, uint8_t *);
qw_err __wrap_qw_zuc_eea3(struct qw_zuc *, const uint8_t *, struct qw_zuc_frame, const uint8_t *,
                          size_t, uint8_t *);
qw_err __wrap_qw_zuc_eea3(struct qw_zuc *zuc, const uint8_t *key, struct qw_zuc_frame frame,
                          const uint8_t *in, size_t bits, uint8_t *out)
{
    qw_err err = must_fail() ? QW_ERR_IO : __real_qw_zuc_eea3(zuc, key, frame, in, bits, out);

    spoil(out, broken == EEA3);
    return err;
}

qw_err __real_qw_zuc_eia3(struct qw_zuc *, const uint8_t *, struct qw_zuc_frame, const uint8_t *,
                          size_t, uint8_t *);
qw_err __wrap_qw_zuc_eia3(struct qw_zuc *, const uint8_t *, struct qw_zuc_frame, const uint8_t *,
                          size_t, uint8_t *);
qw_err __wrap_qw_zuc_eia3(struct qw_zuc *zuc, const uint8_t *key, struct qw_zuc_frame frame,
                          const uint8_t *in, size_t bits, uint8_t *mac)
{
    qw_err err = must_fail() ? QW_ERR_IO : __real_qw_zuc_eia3(zuc, key, frame, in, bits, mac);

    spoil(mac, broken == EIA3);
    return err;
}

bool __real_qw_zuc_is_available(void);
bool __wrap_qw_zuc_is_available(void);
static bool hide_zuc;
bool __wrap_qw_zuc_is_available(void)
{
    return !hide_zuc && __real_qw_zuc_is_available();
}

bool __real_qw_poly_hash_has_pclmul(void);
bool __wrap_qw_poly_hash_has_pclmul(void);
static bool hide_pclmul;
bool __wrap_qw_poly_hash_has_pclmul(void)
{
    return !hide_pclmul && __real_qw_poly_hash_has_pclmul();
}

static void passes_when_every_algorithm_is_right(void **state)
{
    const char *failed = "untouched";

    (void)state;
    broken = NOTHING;
    assert_int_equal(qw_crypto_selftest(&failed), QW_OK);
    assert_null(failed);
}

static void passes_where_zuc_or_the_fast_loop_is_not_there(void **state)
{
    const char *failed = "untouched";

    (void)state;
    broken = NOTHING;
    hide_zuc = hide_pclmul = true;
    assert_int_equal(qw_crypto_selftest(&failed), QW_OK);
    assert_null(failed);
    hide_zuc = hide_pclmul = false;
}

static void one_wrong_bit_anywhere_is_refused_and_named(void **state)
{
    static const struct {
        enum breakage broken;
        const char *name;
    } row[] = {
        { SHA256, "SHA-256" },
        { SHA512, "SHA-512" },
        { SM3, "SM3" },
        { HMAC, "HMAC" },
        { HKDF, "HKDF" },
        { AES_GCM, "AES-256-GCM" },
        { SM4_GCM, "SM4-GCM" },
        { OPENS_ANYTHING, "AES-256-GCM" },
        { DECRYPTS_WRONGLY, "AES-256-GCM" },
        { POLY_HASH, "polynomial hash" },
        { POLY_HASH_VERSIONS, "polynomial hash" },
        { ONE_TIME_MAC, "one-time MAC" },
        { SCRYPT, "scrypt" },
        { EEA3, "ZUC" },
        { EIA3, "ZUC" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const char *failed = NULL;

        if ((!qw_zuc_is_available() && strcmp(row[i].name, "ZUC") == 0) ||
            (!qw_poly_hash_has_pclmul() && row[i].broken == POLY_HASH_VERSIONS)) {
            continue;
        }
        broken = row[i].broken;
        assert_int_equal(qw_crypto_selftest(&failed), QW_ERR_REFUSED);
        assert_non_null(failed);
        assert_string_equal(failed, row[i].name);
    }
    broken = NOTHING;
}

/* Every call the self-test makes gives up once: nothing that was not answered counts as right. */
static void one_failing_call_anywhere_is_refused(void **state)
{
    qw_err err = QW_ERR_STATE;
    int n;

    (void)state;
    for (n = 1; err != QW_OK; n++) {
        const char *failed = NULL;

        assert_true(n < 200);
        fail_nth = n;
        err = qw_crypto_selftest(&failed);
        assert_true(err == QW_OK || (err == QW_ERR_REFUSED && failed != NULL && fail_nth == 0));
    }
    fail_nth = 0;
    assert_true(n > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_when_every_algorithm_is_right),
        cmocka_unit_test(passes_where_zuc_or_the_fast_loop_is_not_there),
        cmocka_unit_test(one_wrong_bit_anywhere_is_refused_and_named),
        cmocka_unit_test(one_failing_call_anywhere_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
