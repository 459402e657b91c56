/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in docs/protocol/backup.md. Chunks are numbered and the last one says that it is: a file
 * that was cut, put together anew or lengthened does not open. */
#include "store/backup_file.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/password_key.h"
#include "crypto/random.h"
#include "crypto/recipient.h"

#include <stdbool.h>
#include <string.h>

enum {
    MAGIC_PASSPHRASE = 0x51574201, /* "QWB", version 1 */
    MAGIC_P256 = 0x51574202,
    MAGIC_SM2 = 0x51574203,
    MAGIC_LEN = 4,
    SALT_AT = MAGIC_LEN + 3,
    PASSPHRASE_LEN = 3 + QW_PASSWORD_SALT_LEN, /* between magic and what all forms have */
    BOTH_LEN = 8 + 64,                         /* when it was made, centre id */
    HEAD_CAP = MAGIC_LEN + QW_RECIPIENT_WRAPPED_MAX + BOTH_LEN,
    WORD_LEN = 4,
    CHUNK_LEN = 65536,
    AAD_CAP = HEAD_CAP + 8 + WORD_LEN
};
_Static_assert((int)PASSPHRASE_LEN < (int)QW_RECIPIENT_WRAPPED_MAX, "the longest head has room");
#define LAST_CHUNK 0x80000000u /* in the word before a chunk, beside its length */

struct stream { /* secret memory */
    enum qw_aead aead;
    uint8_t key[32]; /* SM4 takes the first half */
    uint8_t head[HEAD_CAP];
    size_t head_len;
    uint64_t number; /* of the chunk */
    uint8_t plain[CHUNK_LEN];
    uint8_t sealed[CHUNK_LEN + QW_AEAD_OVERHEAD];
};
_Static_assert((int)QW_RECIPIENT_KEY_LEN == 32, "the key of the chunks");

const char *qw_backup_seal_name(const struct qw_backup_lock *lock)
{
    return lock->passphrase != NULL                                 ? "scrypt, AES-256-GCM"
           : qw_recipient_kind(lock->recipient) == QW_RECIPIENT_SM2 ? "SM2, SM3, SM4-GCM (128 bits)"
                                                                    : "P-256, SHA-256, AES-256-GCM";
}

/* Before a stranger's numbers decide how long and in how much memory we compute: at most 1 GiB. */
static bool cost_ok(struct qw_password_cost cost)
{
    return cost.log2_n >= 10 && cost.log2_n <= 20 && cost.r >= 1 && cost.r <= 8 && cost.p >= 1 &&
           cost.p <= 4;
}

/* What follows from the head's first word; QW_ERR_FORMAT: no such form. */
static qw_err choose_form(struct stream *stream)
{
    uint32_t magic = qw_load_u32be(stream->head);

    if (magic != MAGIC_PASSPHRASE && magic != MAGIC_P256 && magic != MAGIC_SM2) {
        return QW_ERR_FORMAT;
    }
    stream->aead = magic == MAGIC_SM2 ? QW_AEAD_SM4_GCM : QW_AEAD_AES256_GCM; /* [S1] [S4] */
    stream->head_len = MAGIC_LEN + BOTH_LEN +
                       (magic == MAGIC_PASSPHRASE ? PASSPHRASE_LEN
                        : magic == MAGIC_P256     ? (size_t)QW_RECIPIENT_P256_LEN
                                                  : (size_t)QW_RECIPIENT_SM2_LEN);
    return QW_OK;
}

static qw_err derive(struct stream *stream, const struct qw_backup_lock *lock)
{
    struct qw_password_cost cost = { stream->head[4], stream->head[5], stream->head[6] };

    if (!cost_ok(cost)) {
        return QW_ERR_FORMAT;
    }
    return qw_password_key(cost, stream->head + SALT_AT, lock->passphrase, lock->passphrase_len,
                           stream->key, sizeof stream->key);
}

static void aad_of(const struct stream *stream, const uint8_t word[static WORD_LEN],
                   uint8_t aad[static AAD_CAP])
{
    memcpy(aad, stream->head, stream->head_len);
    qw_store_u64be(aad + stream->head_len, stream->number);
    memcpy(aad + stream->head_len + 8, word, WORD_LEN);
}

static qw_err lock_by_passphrase(struct stream *stream, const struct qw_backup_lock *lock)
{
    struct qw_password_cost cost = qw_password_cost_standard;
    qw_err err;

    qw_store_u32be(stream->head, MAGIC_PASSPHRASE);
    err = choose_form(stream);
    if (err != QW_OK) {
        return err;
    }
    stream->head[4] = cost.log2_n;
    stream->head[5] = cost.r;
    stream->head[6] = cost.p;
    err = qw_random_bytes(stream->head + SALT_AT, QW_PASSWORD_SALT_LEN);
    return err == QW_OK ? derive(stream, lock) : err;
}

static qw_err lock_for_recipient(struct stream *stream, const struct qw_backup_lock *lock)
{
    bool is_sm2 = qw_recipient_kind(lock->recipient) == QW_RECIPIENT_SM2;
    qw_err err;

    qw_store_u32be(stream->head, is_sm2 ? MAGIC_SM2 : MAGIC_P256);
    err = choose_form(stream);
    return err == QW_OK ? qw_recipient_wrap(lock->recipient, stream->head + MAGIC_LEN, stream->key)
                        : err;
}

static qw_err begin(struct stream *stream, const struct qw_backup_head *head,
                    const struct qw_backup_lock *lock, FILE *to)
{
    size_t id_len = strlen(head->centre_id);
    uint8_t *both;
    qw_err err;

    if (id_len == 0) {
        return QW_ERR_ARG;
    }
    err = lock->passphrase != NULL ? lock_by_passphrase(stream, lock)
                                   : lock_for_recipient(stream, lock);
    if (err != QW_OK) {
        return err;
    }
    both = stream->head + stream->head_len - BOTH_LEN;
    qw_store_u64be(both, (uint64_t)head->made_ms);
    memcpy(both + 8, head->centre_id, id_len);
    return fwrite(stream->head, stream->head_len, 1, to) == 1 ? QW_OK : QW_ERR_IO;
}

static qw_err put_chunk(struct stream *stream, size_t len, bool is_last, FILE *to)
{
    uint8_t word[WORD_LEN];
    uint8_t aad[AAD_CAP];
    qw_err err;

    qw_store_u32be(word, (uint32_t)len | (is_last ? LAST_CHUNK : 0));
    aad_of(stream, word, aad);
    err = qw_aead_seal(stream->aead, stream->key,
                       (struct qw_bytes){ aad, stream->head_len + 8 + WORD_LEN }, stream->plain,
                       len, stream->sealed);
    if (err == QW_OK && (fwrite(word, WORD_LEN, 1, to) != 1 ||
                         fwrite(stream->sealed, len + QW_AEAD_OVERHEAD, 1, to) != 1)) {
        err = QW_ERR_IO;
    }
    stream->number++;
    return err;
}

qw_err qw_backup_seal(const struct qw_backup_head *head, const struct qw_backup_lock *lock,
                      FILE *from, FILE *to)
{
    struct stream *stream = qw_secret_new(sizeof *stream);
    bool is_last = false;
    qw_err err = stream == NULL ? QW_ERR_NOMEM : begin(stream, head, lock, to);

    while (err == QW_OK && !is_last) {
        size_t len = fread(stream->plain, 1, CHUNK_LEN, from);

        is_last = len < CHUNK_LEN;
        err = ferror(from) ? QW_ERR_IO : put_chunk(stream, len, is_last, to);
    }
    if (err == QW_OK && fflush(to) != 0) {
        err = QW_ERR_IO;
    }
    qw_secret_free(stream);
    return err;
}

static qw_err unlock(struct stream *stream, const struct qw_backup_lock *lock)
{
    uint32_t magic = qw_load_u32be(stream->head);
    bool is_passphrase = magic == MAGIC_PASSPHRASE;

    if (is_passphrase != (lock->passphrase != NULL)) {
        return QW_ERR_UNAVAILABLE;
    }
    if (is_passphrase) {
        return derive(stream, lock);
    }
    if ((magic == MAGIC_SM2) != (qw_recipient_kind(lock->recipient) == QW_RECIPIENT_SM2)) {
        return QW_ERR_AUTH; /* another's, by its curve already */
    }
    return qw_recipient_unwrap(lock->recipient, stream->head + MAGIC_LEN, stream->key);
}

/* Its length follows from the first word. */
static qw_err read_head(struct stream *stream, FILE *from)
{
    qw_err err;

    if (fread(stream->head, MAGIC_LEN, 1, from) != 1) {
        return ferror(from) ? QW_ERR_IO : QW_ERR_FORMAT;
    }
    err = choose_form(stream);
    if (err == QW_OK &&
        fread(stream->head + MAGIC_LEN, stream->head_len - MAGIC_LEN, 1, from) != 1) {
        err = ferror(from) ? QW_ERR_IO : QW_ERR_FORMAT;
    }
    return err;
}

static qw_err take_head(struct stream *stream, const struct qw_backup_lock *lock, FILE *from,
                        struct qw_backup_head *head)
{
    const uint8_t *both;
    qw_err err = read_head(stream, from);

    if (err != QW_OK) {
        return err;
    }
    both = stream->head + stream->head_len - BOTH_LEN;
    head->made_ms = (int64_t)qw_load_u64be(both);
    memcpy(head->centre_id, both + 8, sizeof head->centre_id);
    if (head->centre_id[sizeof head->centre_id - 1] != '\0' || head->centre_id[0] == '\0') {
        return QW_ERR_FORMAT;
    }
    return unlock(stream, lock);
}

static qw_err take_chunk(struct stream *stream, FILE *from, FILE *to, bool *is_last)
{
    uint8_t word[WORD_LEN];
    uint8_t aad[AAD_CAP];
    size_t len;
    qw_err err;

    if (fread(word, WORD_LEN, 1, from) != 1) {
        return ferror(from) ? QW_ERR_IO : QW_ERR_FORMAT;
    }
    *is_last = (qw_load_u32be(word) & LAST_CHUNK) != 0;
    len = qw_load_u32be(word) & ~LAST_CHUNK;
    if (*is_last ? len >= CHUNK_LEN : len != CHUNK_LEN) {
        return QW_ERR_FORMAT;
    }
    if (fread(stream->sealed, len + QW_AEAD_OVERHEAD, 1, from) != 1) {
        return ferror(from) ? QW_ERR_IO : QW_ERR_FORMAT;
    }
    aad_of(stream, word, aad);
    err = qw_aead_open(stream->aead, stream->key,
                       (struct qw_bytes){ aad, stream->head_len + 8 + WORD_LEN }, stream->sealed,
                       len + QW_AEAD_OVERHEAD, stream->plain);
    if (err == QW_OK && len > 0 && fwrite(stream->plain, len, 1, to) != 1) {
        err = QW_ERR_IO;
    }
    stream->number++;
    return err;
}

qw_err qw_backup_open(const struct qw_backup_lock *lock, FILE *from, FILE *to,
                      struct qw_backup_head *head)
{
    struct stream *stream = qw_secret_new(sizeof *stream);
    struct qw_backup_head found = { .made_ms = 0 };
    bool is_last = false;
    qw_err err = stream == NULL ? QW_ERR_NOMEM : take_head(stream, lock, from, &found);

    while (err == QW_OK && !is_last) {
        err = take_chunk(stream, from, to, &is_last);
    }
    if (err == QW_OK && getc(from) != EOF) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK && fflush(to) != 0) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        *head = found;
    }
    qw_secret_free(stream);
    return err;
}
