/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_PLACE_H
#define QW_TERMINAL_CARD_PLACE_H

#include "crypto/password_key.h"
#include "terminal/card_name.h"
#include "terminal/tombstone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the state of a card is kept sealed, and what guards the key it is sealed under: a file
 * under a passphrase, or objects on a PKCS#11 token. One caller at a time. */
struct qw_card_place {
    void *self;
    /* The secret, a passphrase or a PIN, for all that follows; copied into secret memory. A token
     * is asked once: QW_ERR_AUTH for a wrong PIN, QW_ERR_REFUSED for one that is locked,
     * QW_ERR_NOT_FOUND, QW_ERR_UNAVAILABLE. A file takes any. */
    qw_err (*unlock)(void *self, const uint8_t *secret, size_t len);
    /* A card, or what is left of one. */
    qw_err (*exists)(void *self, bool *does);
    /* QW_ERR_CONFLICT: there is one. */
    qw_err (*create)(void *self, const uint8_t *body, size_t len);
    /* Locks the card until close and gives its state, at most cap bytes. Errors of qw_card_open. */
    qw_err (*open)(void *self, uint8_t *body, size_t cap, size_t *len);
    /* The new state is durable, or the old one still stands. After open or create. */
    qw_err (*replace)(void *self, const uint8_t *body, size_t len);
    /* K3 to K5, as qw_tombstone_put. After open. */
    qw_err (*bury)(void *self, const struct qw_tombstone *tombstone, bool *is_begun);
    /* QW_ERR_NOT_FOUND: there is none. */
    qw_err (*tombstone)(void *self, struct qw_tombstone *tombstone);
    /* K7, as qw_tombstone_book. */
    qw_err (*book)(void *self, struct qw_tombstone *tombstone, const uint8_t *done, size_t len);
    void (*close)(void *self);
};

enum { QW_CARD_PLACE_SECRET_MAX = 1024 };

qw_err qw_card_place_file(const char *path, struct qw_password_cost cost,
                          struct qw_card_place *place) QW_MUST_USE;
qw_err qw_card_place_token(const struct qw_card_name *name,
                           struct qw_card_place *place) QW_MUST_USE;

/* The place that a name leads to, unlocked; cost is of a file that is to be made. A card with a
 * chip of its own has none: QW_ERR_ARG. Errors of qw_card_name_read and unlock. */
qw_err qw_card_place_find(const char *name, struct qw_password_cost cost, const uint8_t *secret,
                          size_t secret_len, struct qw_card_place *place) QW_MUST_USE;

#endif
