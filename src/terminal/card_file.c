/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in docs/protocol/card-file.md. */
#define _DEFAULT_SOURCE
#include "terminal/card_file.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/random.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAGIC = 0x51574b01, /* "QWK", version 1 */
    SALT_AT = 4 + 3,
    WRAPPED_AT = SALT_AT + QW_PASSWORD_SALT_LEN,
    KEY_LEN = 32,
    LOCK_PATH_CAP = 4096
};

/* Before a stranger's numbers decide how long and in how much memory we compute. */
static bool cost_ok(struct qw_password_cost cost)
{
    return cost.log2_n >= 10 && cost.log2_n <= 20 && cost.r >= 1 && cost.r <= 32 && cost.p >= 1 &&
           cost.p <= 16;
}

static qw_err wrapping_key(const uint8_t *head, const uint8_t *passphrase, size_t passphrase_len,
                           uint8_t key[static KEY_LEN])
{
    struct qw_password_cost cost = { head[4], head[5], head[6] };

    if (!cost_ok(cost)) {
        return QW_ERR_FORMAT;
    }
    return qw_password_key(cost, head + SALT_AT, passphrase, passphrase_len, key, KEY_LEN);
}

qw_err qw_card_file_new(struct qw_password_cost cost, const uint8_t *passphrase,
                        size_t passphrase_len, struct qw_card_file_key *key)
{
    uint8_t wrapping[KEY_LEN] = { 0 };
    struct qw_card_file_key k = { 0 };
    qw_err err;

    qw_store_u32be(k.head, MAGIC);
    k.head[4] = cost.log2_n;
    k.head[5] = cost.r;
    k.head[6] = cost.p;
    err = qw_random_bytes(k.head + SALT_AT, QW_PASSWORD_SALT_LEN);
    if (err == QW_OK) {
        err = qw_random_bytes(k.file_key, KEY_LEN);
    }
    if (err == QW_OK) {
        err = wrapping_key(k.head, passphrase, passphrase_len, wrapping);
    }
    if (err == QW_OK) {
        err = qw_aead_seal(QW_AEAD_AES256_GCM, wrapping, (struct qw_bytes){ k.head, WRAPPED_AT },
                           k.file_key, KEY_LEN, k.head + WRAPPED_AT);
    }
    if (err == QW_OK) {
        *key = k;
    }
    qw_wipe(wrapping, sizeof wrapping);
    qw_wipe(&k, sizeof k);
    return err;
}

qw_err qw_card_file_unlock(const uint8_t *data, size_t len, const uint8_t *passphrase,
                           size_t passphrase_len, struct qw_card_file_key *key)
{
    uint8_t wrapping[KEY_LEN] = { 0 }, file_key[KEY_LEN];
    qw_err err;

    if (len < QW_CARD_FILE_OVERHEAD || qw_load_u32be(data) != MAGIC) {
        return QW_ERR_FORMAT;
    }
    err = wrapping_key(data, passphrase, passphrase_len, wrapping);
    if (err == QW_OK) {
        err = qw_aead_open(QW_AEAD_AES256_GCM, wrapping, (struct qw_bytes){ data, WRAPPED_AT },
                           data + WRAPPED_AT, QW_CARD_FILE_HEAD_LEN - WRAPPED_AT, file_key);
    }
    if (err == QW_OK) {
        memcpy(key->head, data, QW_CARD_FILE_HEAD_LEN);
        memcpy(key->file_key, file_key, KEY_LEN);
    }
    qw_wipe(wrapping, sizeof wrapping);
    qw_wipe(file_key, sizeof file_key);
    return err;
}

qw_err qw_card_file_seal(const struct qw_card_file_key *key, const uint8_t *body, size_t len,
                         uint8_t *out)
{
    qw_err err = qw_aead_seal(QW_AEAD_AES256_GCM, key->file_key,
                              (struct qw_bytes){ key->head, sizeof key->head }, body, len,
                              out + QW_CARD_FILE_HEAD_LEN);

    if (err == QW_OK) {
        memcpy(out, key->head, sizeof key->head);
    }
    return err;
}

qw_err qw_card_file_open(const struct qw_card_file_key *key, const uint8_t *data, size_t len,
                         uint8_t *body)
{
    if (len < QW_CARD_FILE_OVERHEAD) {
        return QW_ERR_FORMAT;
    }
    return qw_aead_open(QW_AEAD_AES256_GCM, key->file_key,
                        (struct qw_bytes){ data, QW_CARD_FILE_HEAD_LEN },
                        data + QW_CARD_FILE_HEAD_LEN, len - QW_CARD_FILE_HEAD_LEN, body);
}

qw_err qw_card_file_lock(const char *path, int *lock)
{
    char lock_path[LOCK_PATH_CAP];
    int n = snprintf(lock_path, sizeof lock_path, "%s.lock", path);
    int fd;

    if (n < 0 || (size_t)n >= sizeof lock_path) {
        return QW_ERR_ARG;
    }
    fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (fd < 0) {
        return QW_ERR_IO;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return QW_ERR_CONFLICT;
    }
    *lock = fd;
    return QW_OK;
}

void qw_card_file_release(int lock)
{
    if (lock >= 0) {
        close(lock); /* the side file stays: removing it would race with the next holder */
    }
}
