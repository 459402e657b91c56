/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in docs/protocol/backup.md. Chunks are numbered and the last one says that it is: a file
 * that was cut, put together anew or lengthened does not open. */
#include "store/backup_file.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/password_key.h"
#include "crypto/random.h"

#include <stdbool.h>
#include <string.h>

enum {
    MAGIC = 0x51574201, /* "QWB", version 1 */
    SALT_AT = 4 + 3,
    MADE_AT = SALT_AT + QW_PASSWORD_SALT_LEN,
    ID_AT = MADE_AT + 8,
    HEAD_LEN = ID_AT + 64,
    WORD_LEN = 4,
    CHUNK_LEN = 65536,
    AAD_LEN = HEAD_LEN + 8 + WORD_LEN
};
#define LAST_CHUNK 0x80000000u /* in the word before a chunk, beside its length */

struct stream { /* secret memory */
    uint8_t key[32];
    uint8_t head[HEAD_LEN];
    uint64_t number; /* of the chunk */
    uint8_t plain[CHUNK_LEN];
    uint8_t sealed[CHUNK_LEN + QW_AEAD_OVERHEAD];
};

/* Before a stranger's numbers decide how long and in how much memory we compute: at most 1 GiB. */
static bool cost_ok(struct qw_password_cost cost)
{
    return cost.log2_n >= 10 && cost.log2_n <= 20 && cost.r >= 1 && cost.r <= 8 && cost.p >= 1 &&
           cost.p <= 4;
}

static qw_err derive(struct stream *stream, const struct qw_backup_passphrase *passphrase)
{
    struct qw_password_cost cost = { stream->head[4], stream->head[5], stream->head[6] };

    if (qw_load_u32be(stream->head) != MAGIC || !cost_ok(cost)) {
        return QW_ERR_FORMAT;
    }
    return qw_password_key(cost, stream->head + SALT_AT, passphrase->bytes, passphrase->len,
                           stream->key, sizeof stream->key);
}

static void aad_of(const struct stream *stream, const uint8_t word[static WORD_LEN],
                   uint8_t aad[static AAD_LEN])
{
    memcpy(aad, stream->head, HEAD_LEN);
    qw_store_u64be(aad + HEAD_LEN, stream->number);
    memcpy(aad + HEAD_LEN + 8, word, WORD_LEN);
}

static qw_err begin(struct stream *stream, const struct qw_backup_head *head,
                    const struct qw_backup_passphrase *passphrase, FILE *to)
{
    size_t id_len = strlen(head->centre_id);
    struct qw_password_cost cost = qw_password_cost_standard;
    qw_err err;

    if (id_len == 0) {
        return QW_ERR_ARG;
    }
    qw_store_u32be(stream->head, MAGIC);
    stream->head[4] = cost.log2_n;
    stream->head[5] = cost.r;
    stream->head[6] = cost.p;
    qw_store_u64be(stream->head + MADE_AT, (uint64_t)head->made_ms);
    memcpy(stream->head + ID_AT, head->centre_id, id_len);
    err = qw_random_bytes(stream->head + SALT_AT, QW_PASSWORD_SALT_LEN);
    if (err == QW_OK) {
        err = derive(stream, passphrase);
    }
    return err == QW_OK && fwrite(stream->head, HEAD_LEN, 1, to) != 1 ? QW_ERR_IO : err;
}

static qw_err put_chunk(struct stream *stream, size_t len, bool is_last, FILE *to)
{
    uint8_t word[WORD_LEN];
    uint8_t aad[AAD_LEN];
    qw_err err;

    qw_store_u32be(word, (uint32_t)len | (is_last ? LAST_CHUNK : 0));
    aad_of(stream, word, aad);
    err = qw_aead_seal(QW_AEAD_AES256_GCM, stream->key, (struct qw_bytes){ aad, sizeof aad },
                       stream->plain, len, stream->sealed);
    if (err == QW_OK && (fwrite(word, WORD_LEN, 1, to) != 1 ||
                         fwrite(stream->sealed, len + QW_AEAD_OVERHEAD, 1, to) != 1)) {
        err = QW_ERR_IO;
    }
    stream->number++;
    return err;
}

qw_err qw_backup_seal(const struct qw_backup_head *head,
                      const struct qw_backup_passphrase *passphrase, FILE *from, FILE *to)
{
    struct stream *stream = qw_secret_new(sizeof *stream);
    bool is_last = false;
    qw_err err = stream == NULL ? QW_ERR_NOMEM : begin(stream, head, passphrase, to);

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

static qw_err take_head(struct stream *stream, const struct qw_backup_passphrase *passphrase,
                        FILE *from, struct qw_backup_head *head)
{
    if (fread(stream->head, HEAD_LEN, 1, from) != 1) {
        return ferror(from) ? QW_ERR_IO : QW_ERR_FORMAT;
    }
    memcpy(head->centre_id, stream->head + ID_AT, sizeof head->centre_id);
    head->made_ms = (int64_t)qw_load_u64be(stream->head + MADE_AT);
    if (head->centre_id[sizeof head->centre_id - 1] != '\0' || head->centre_id[0] == '\0') {
        return QW_ERR_FORMAT;
    }
    return derive(stream, passphrase);
}

static qw_err take_chunk(struct stream *stream, FILE *from, FILE *to, bool *is_last)
{
    uint8_t word[WORD_LEN];
    uint8_t aad[AAD_LEN];
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
    err = qw_aead_open(QW_AEAD_AES256_GCM, stream->key, (struct qw_bytes){ aad, sizeof aad },
                       stream->sealed, len + QW_AEAD_OVERHEAD, stream->plain);
    if (err == QW_OK && len > 0 && fwrite(stream->plain, len, 1, to) != 1) {
        err = QW_ERR_IO;
    }
    stream->number++;
    return err;
}

qw_err qw_backup_open(const struct qw_backup_passphrase *passphrase, FILE *from, FILE *to,
                      struct qw_backup_head *head)
{
    struct stream *stream = qw_secret_new(sizeof *stream);
    struct qw_backup_head found = { .made_ms = 0 };
    bool is_last = false;
    qw_err err = stream == NULL ? QW_ERR_NOMEM : take_head(stream, passphrase, from, &found);

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
