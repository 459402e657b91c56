/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_PACKAGE_H
#define QW_API_PACKAGE_H

#include "api/card_keys.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* The key package: how keys enter a card, off line at a charging station [W8] or on line as the
 * inner wrap under the one-time pad of the radio [W5]. Layout: docs/protocol/charging.md. The clear
 * header is authenticated, the rest is sealed with AES-256-GCM. */
enum qw_package_kind {
    QW_PACKAGE_BIRTH = 1, /* makes a new card; sealed under the charging station's wrap key; carries
                             the card key */
    QW_PACKAGE_CHARGE =
        2, /* off-line top-up of an existing card; sealed under that card's wrap key */
    QW_PACKAGE_REFILL = 3, /* on line */
    QW_PACKAGE_FRESH = 4,  /* on line, one key for one use, straight from the source [W7] */
    QW_PACKAGE_FUSE = 5 /* a REFILL that also renews the card key: carries what is mixed in [C9] */
};

enum { QW_PACKAGE_KEYS_MAX = 1024, QW_PACKAGE_POOL_MAX = 8192, QW_PACKAGE_OWNER_CAP = 64 };

struct qw_package {
    enum qw_package_kind kind;
    uint8_t id[16];       /* random; one package fits one medium and one state of it */
    uint8_t serial[16];   /* of the card */
    uint32_t epoch;       /* of the card's keys, starts at 1 */
    uint64_t first_index; /* number of the first key in the card's life: the card refuses anything
                             but its next one */
    uint64_t pool_up_position,
        pool_down_position; /* absolute position of the first pool byte added, per direction:
                               contiguous on the card */
    int64_t not_after_ms;   /* UTC; 0: no limit */
    char owner[QW_PACKAGE_OWNER_CAP]; /* device id the card belongs to */
    uint16_t key_count, pool_up_len, pool_down_len;
    /* sealed from here on */
    uint8_t token[QW_CARD_TOKEN_LEN];  /* to be presented at the next contact */
    uint8_t card_key[QW_CARD_KEY_LEN]; /* BIRTH: of the card; FUSE: what is mixed into it;
                                          else zero */
    uint8_t *keys; /* key_count x 32 bytes; secret memory owned by whoever made the struct */
    uint8_t *pool_up, *pool_down;
};

/* Bytes of the sealed form. */
size_t qw_package_sealed_len(enum qw_package_kind kind, const char *owner, size_t key_count,
                             size_t pool_up_len, size_t pool_down_len);

/* Largest key count whose sealed form fits in cap bytes with the given pools; 0 when not even one
 * fits. */
size_t qw_package_keys_that_fit(size_t cap, const char *owner, size_t pool_up_len,
                                size_t pool_down_len);

/* wrap_key as in card_keys.h. QW_ERR_ARG for shapes outside the limits, QW_ERR_SPACE. */
qw_err qw_package_seal(const struct qw_package *package, const uint8_t wrap_key[static 32],
                       uint8_t *out, size_t cap, size_t *len) QW_MUST_USE;

/* Reads kind, serial and epoch of a sealed package without opening it (nothing is authenticated
 * yet). */
qw_err qw_package_peek(const uint8_t *sealed, size_t len, enum qw_package_kind *kind,
                       uint8_t serial[static 16], uint32_t *epoch) QW_MUST_USE;

/* Opens it: allocates keys and pools in one secret block, released by qw_package_wipe.
 * QW_ERR_FORMAT, QW_ERR_AUTH, QW_ERR_NOMEM; package untouched. */
qw_err qw_package_open(const uint8_t *sealed, size_t len, const uint8_t wrap_key[static 32],
                       struct qw_package *package) QW_MUST_USE;
/* Only for a package that qw_package_open has filled (or a zeroed one): a struct made by hand keeps
 * its own memory. */
void qw_package_wipe(struct qw_package *package);

/* Id of the key number index (0-based in the package): a pseudo-random function of card and
 * package, never of the key. UUID version 8. */
qw_err qw_package_key_id(const uint8_t id_key[static 32], const uint8_t package_id[static 16],
                         uint16_t index, uint8_t key_id[static 16]) QW_MUST_USE;

#endif
