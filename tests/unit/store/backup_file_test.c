/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 */
/* A backup as a file [docs/protocol/backup.md]: what goes in comes out, and no cut, no altered bit
 * and no exchanged chunk does. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/aead.h"
#include "crypto/password_key.h"
#include "crypto/recipient.h"
#include "store/backup_file.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_LEN = 95, CHUNK = 65536, CHUNK_SEALED = CHUNK + 28 + 4 };

/* The cost of the passphrase is not what is tested here. */
qw_err __real_qw_password_key(struct qw_password_cost cost, const uint8_t *salt,
                              const uint8_t *password, size_t password_len, uint8_t *key,
                              size_t key_len);
qw_err __wrap_qw_password_key(struct qw_password_cost cost, const uint8_t *salt,
                              const uint8_t *password, size_t password_len, uint8_t *key,
                              size_t key_len);
qw_err __wrap_qw_password_key(struct qw_password_cost cost, const uint8_t *salt,
                              const uint8_t *password, size_t password_len, uint8_t *key,
                              size_t key_len)
{
    cost = (struct qw_password_cost){ .log2_n = 10, .r = 1, .p = 1 };
    return __real_qw_password_key(cost, salt, password, password_len, key, key_len);
}

static const struct qw_backup_lock secret = { .passphrase = (const uint8_t *)"twelve bytes or more",
                                              .passphrase_len = 20 };
static const struct qw_backup_head head = { .centre_id = "centre-1", .made_ms = 1795370000000 };

struct text {
    char *bytes;
    size_t len;
};

static struct text seal(const void *plain, size_t len)
{
    struct text text = { NULL, 0 };
    FILE *from = tmpfile();
    FILE *to = open_memstream(&text.bytes, &text.len);

    assert_non_null(from);
    assert_int_equal(fwrite(plain, 1, len, from), len);
    rewind(from);
    assert_int_equal(qw_backup_seal(&head, &secret, from, to), QW_OK);
    fclose(from);
    fclose(to);
    return text;
}

static qw_err open_text(const struct qw_backup_lock *lock, const void *bytes, size_t len,
                        struct text *plain, struct qw_backup_head *found)
{
    FILE *from = tmpfile();
    FILE *to = open_memstream(&plain->bytes, &plain->len);
    qw_err err;

    assert_int_equal(fwrite(bytes, 1, len, from), len);
    rewind(from);
    err = qw_backup_open(lock, from, to, found);
    fclose(from);
    fclose(to);
    return err;
}

static qw_err opens(const void *bytes, size_t len)
{
    struct qw_backup_head found = { .made_ms = 7 };
    struct text plain;
    qw_err err = open_text(&secret, bytes, len, &plain, &found);

    assert_true(err == QW_OK || found.made_ms == 7);
    free(plain.bytes);
    return err;
}

static void what_goes_in_comes_out(void **state)
{
    static const size_t lens[] = { 0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK };
    static char bytes[2 * CHUNK];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * 7 + i / 256);
    }
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        struct text sealed = seal(bytes, lens[i]);
        struct qw_backup_head found;
        struct text plain;

        assert_int_equal(open_text(&secret, sealed.bytes, sealed.len, &plain, &found), QW_OK);
        assert_int_equal(plain.len, lens[i]);
        assert_memory_equal(plain.bytes, bytes, lens[i]);
        assert_string_equal(found.centre_id, head.centre_id);
        assert_int_equal(found.made_ms, head.made_ms);
        free(plain.bytes);
        free(sealed.bytes);
    }
}

static void no_cut_and_no_altered_bit_opens(void **state)
{
    struct text sealed = seal("a short store", 13);

    (void)state;
    for (size_t len = 0; len < sealed.len; len++) {
        assert_int_equal(opens(sealed.bytes, len), QW_ERR_FORMAT);
    }
    for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
        qw_err err;

        sealed.bytes[bit / 8] = (char)(sealed.bytes[bit / 8] ^ 1 << bit % 8);
        err = opens(sealed.bytes, sealed.len);
        assert_true(err == QW_ERR_AUTH || err == QW_ERR_FORMAT);
        sealed.bytes[bit / 8] = (char)(sealed.bytes[bit / 8] ^ 1 << bit % 8);
    }
    assert_int_equal(opens(sealed.bytes, sealed.len), QW_OK);
    free(sealed.bytes);
}

static void chunks_keep_their_order_and_their_end(void **state)
{
    static char bytes[2 * CHUNK + 5];
    struct text sealed = seal(bytes, sizeof bytes);
    char *other = malloc(sealed.len + 1);

    (void)state;
    assert_int_equal(sealed.len, HEAD_LEN + 2 * CHUNK_SEALED + 5 + 28 + 4);
    memcpy(other, sealed.bytes, sealed.len);
    memcpy(other + HEAD_LEN, sealed.bytes + HEAD_LEN + CHUNK_SEALED, CHUNK_SEALED);
    assert_int_equal(opens(other, sealed.len), QW_ERR_AUTH);
    memcpy(other, sealed.bytes, sealed.len);
    memcpy(other + HEAD_LEN, sealed.bytes + HEAD_LEN + 2 * CHUNK_SEALED, 5 + 28 + 4);
    assert_int_equal(opens(other, HEAD_LEN + 5 + 28 + 4), QW_ERR_AUTH); /* the last as the first */
    assert_int_equal(opens(sealed.bytes, HEAD_LEN + 2 * CHUNK_SEALED), QW_ERR_FORMAT);
    memcpy(other, sealed.bytes, sealed.len);
    other[sealed.len] = 0;
    assert_int_equal(opens(other, sealed.len + 1), QW_ERR_FORMAT);
    free(other);
    free(sealed.bytes);
}

static void another_passphrase_opens_nothing(void **state)
{
    const struct qw_backup_lock wrong = { .passphrase = (const uint8_t *)"twelve bytes or mord",
                                          .passphrase_len = 20 };
    struct text sealed = seal("a short store", 13);
    struct qw_backup_head found;
    struct text plain;

    (void)state;
    assert_int_equal(open_text(&wrong, sealed.bytes, sealed.len, &plain, &found), QW_ERR_AUTH);
    assert_int_equal(plain.len, 0);
    free(plain.bytes);
    free(sealed.bytes);
}

static struct qw_recipient *recipient_of(const char *curve, bool with_private)
{
    static EVP_PKEY *key; /* one for both halves */
    struct qw_recipient *recipient = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len;

    if (key == NULL) {
        key = EVP_EC_gen(curve);
    }
    assert_int_equal(with_private ? PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
                                  : PEM_write_bio_PUBKEY(bio, key),
                     1);
    len = BIO_get_mem_data(bio, &text);
    assert_int_equal(qw_recipient_read(text, (size_t)len, &recipient), QW_OK);
    BIO_free(bio);
    if (with_private) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return recipient;
}

static void is_for_who_has_the_private_key(const char *curve, size_t head_len,
                                           const char *other_curve)
{
    struct qw_backup_lock to_him = { .recipient = recipient_of(curve, false) };
    struct qw_backup_lock him = { .recipient = recipient_of(curve, true) };
    struct qw_backup_lock stranger = { .recipient = recipient_of(curve, true) };
    struct qw_backup_lock elsewhere = { .recipient = recipient_of(other_curve, true) };
    struct text sealed = { NULL, 0 };
    FILE *to = open_memstream(&sealed.bytes, &sealed.len);
    FILE *from = tmpfile();
    struct qw_backup_head found;
    struct text plain;

    assert_int_equal(fwrite("a short store", 1, 13, from), 13);
    rewind(from);
    assert_int_equal(qw_backup_seal(&head, &to_him, from, to), QW_OK);
    fclose(from);
    fclose(to);
    assert_int_equal(sealed.len, head_len + 4 + 13 + QW_AEAD_OVERHEAD);
    assert_int_equal(open_text(&him, sealed.bytes, sealed.len, &plain, &found), QW_OK);
    assert_int_equal(plain.len, 13);
    assert_string_equal(found.centre_id, head.centre_id);
    free(plain.bytes);
    assert_int_equal(open_text(&secret, sealed.bytes, sealed.len, &plain, &found),
                     QW_ERR_UNAVAILABLE);
    free(plain.bytes);
    assert_int_equal(open_text(&to_him, sealed.bytes, sealed.len, &plain, &found), QW_ERR_ARG);
    free(plain.bytes);
    assert_int_equal(open_text(&stranger, sealed.bytes, sealed.len, &plain, &found), QW_ERR_AUTH);
    free(plain.bytes);
    assert_int_equal(open_text(&elsewhere, sealed.bytes, sealed.len, &plain, &found), QW_ERR_AUTH);
    free(plain.bytes);
    for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
        qw_err err;

        sealed.bytes[bit / 8] = (char)(sealed.bytes[bit / 8] ^ 1 << bit % 8);
        err = open_text(&him, sealed.bytes, sealed.len, &plain, &found);
        assert_true(err == QW_ERR_AUTH || err == QW_ERR_FORMAT || err == QW_ERR_UNAVAILABLE);
        sealed.bytes[bit / 8] = (char)(sealed.bytes[bit / 8] ^ 1 << bit % 8);
        free(plain.bytes);
    }
    for (size_t len = 0; len < sealed.len; len++) {
        assert_int_equal(open_text(&him, sealed.bytes, len, &plain, &found), QW_ERR_FORMAT);
        free(plain.bytes);
    }
    free(sealed.bytes);
    qw_recipient_free((struct qw_recipient *)(uintptr_t)to_him.recipient);
    qw_recipient_free((struct qw_recipient *)(uintptr_t)him.recipient);
    qw_recipient_free((struct qw_recipient *)(uintptr_t)stranger.recipient);
    qw_recipient_free((struct qw_recipient *)(uintptr_t)elsewhere.recipient);
}

static void who_has_the_private_key_opens_what_the_public_one_sealed(void **state)
{
    (void)state;
    is_for_who_has_the_private_key("P-256", 141, "SM2");
    is_for_who_has_the_private_key("SM2", 205, "P-256");
}

static void a_full_disk_is_an_error(void **state)
{
    static char bytes[CHUNK];
    FILE *from = tmpfile();
    FILE *full = fopen("/dev/full", "w");
    struct qw_backup_head nobody = { .made_ms = 1 };

    (void)state;
    assert_non_null(full);
    assert_int_equal(fwrite(bytes, 1, sizeof bytes, from), sizeof bytes);
    rewind(from);
    assert_int_equal(qw_backup_seal(&head, &secret, from, full), QW_ERR_IO);
    rewind(from);
    assert_int_equal(qw_backup_seal(&nobody, &secret, from, full), QW_ERR_ARG);
    fclose(from);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(no_cut_and_no_altered_bit_opens),
        cmocka_unit_test(chunks_keep_their_order_and_their_end),
        cmocka_unit_test(another_passphrase_opens_nothing),
        cmocka_unit_test(who_has_the_private_key_opens_what_the_public_one_sealed),
        cmocka_unit_test(a_full_disk_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
