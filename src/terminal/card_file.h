/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_FILE_H
#define QW_TERMINAL_CARD_FILE_H

#include "base/error.h"
#include "crypto/aead.h"
#include "crypto/password_key.h"

#include <stddef.h>
#include <stdint.h>

/* The envelope of a card file: passphrase -> file key -> body. The costly passphrase step runs once
 * per opening; every later change only seals a new body. Layout: docs/protocol/card-file.md. */
enum {
    QW_CARD_FILE_HEAD_LEN = 4 + 3 + QW_PASSWORD_SALT_LEN + 32 + QW_AEAD_OVERHEAD,
    QW_CARD_FILE_OVERHEAD = QW_CARD_FILE_HEAD_LEN + QW_AEAD_OVERHEAD
};

struct qw_card_file_key { /* keep in secret memory */
    uint8_t head[QW_CARD_FILE_HEAD_LEN];
    uint8_t file_key[32];
};

/* A fresh file key under a passphrase. */
qw_err qw_card_file_new(struct qw_password_cost cost, const uint8_t *passphrase,
                        size_t passphrase_len, struct qw_card_file_key *key) QW_MUST_USE;
/* The file key of an existing file. QW_ERR_FORMAT, QW_ERR_AUTH: wrong passphrase or altered. */
qw_err qw_card_file_unlock(const uint8_t *data, size_t len, const uint8_t *passphrase,
                           size_t passphrase_len, struct qw_card_file_key *key) QW_MUST_USE;

/* out: len + QW_CARD_FILE_OVERHEAD bytes. */
qw_err qw_card_file_seal(const struct qw_card_file_key *key, const uint8_t *body, size_t len,
                         uint8_t *out) QW_MUST_USE;
/* body: len - QW_CARD_FILE_OVERHEAD bytes of secret memory. QW_ERR_FORMAT, QW_ERR_AUTH. */
qw_err qw_card_file_open(const struct qw_card_file_key *key, const uint8_t *data, size_t len,
                         uint8_t *body) QW_MUST_USE;

/* Holds the lock of the card at path until released: one process at a time. QW_ERR_CONFLICT:
 * another one has it; QW_ERR_IO. The lock is a side file (path + ".lock"): the card file itself is
 * replaced with every change. */
qw_err qw_card_file_lock(const char *path, int *lock) QW_MUST_USE;
void qw_card_file_release(int lock); /* negative is fine */

#endif
