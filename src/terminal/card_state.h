/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_STATE_H
#define QW_TERMINAL_CARD_STATE_H

#include "api/card_keys.h"
#include "api/package.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* What a card file holds, as a plain value; the caller keeps it in secret memory. Pure functions:
 * nothing here is durable yet. Layout: docs/protocol/card-file.md, "body". */
enum {
    QW_CARD_KEYS_MAX = 2048,
    QW_CARD_POOL_MAX = 2 * QW_PACKAGE_POOL_MAX,
    QW_CARD_STATE_ENCODED_MAX =
        256 + QW_PACKAGE_OWNER_CAP + QW_CARD_KEYS_MAX * 48 + 2 * QW_CARD_POOL_MAX
};

struct qw_card_entry {
    uint8_t id[16];
    uint8_t key[32];
};

struct qw_card_pool {  /* one direction */
    uint64_t position; /* absolute, of the first unused byte; only grows */
    uint32_t len;      /* <= QW_CARD_POOL_MAX, unused bytes held */
    uint8_t bytes[QW_CARD_POOL_MAX];
};

struct qw_card_state {
    uint64_t generation; /* of the file: +1 with every change */
    char owner[QW_PACKAGE_OWNER_CAP];
    uint8_t serial[16];
    uint32_t epoch;
    uint8_t card_key[QW_CARD_KEY_LEN];
    uint8_t id_key[32]; /* of key ids, since birth; in use from epoch 2 on, before it follows from
                           the card key */
    uint8_t token[QW_CARD_TOKEN_LEN];
    uint64_t counter; /* of the last contact report */
    uint64_t used_keys;
    uint64_t next_index;      /* of the next key it will accept */
    uint8_t last_package[16]; /* id of the package taken last */
    uint64_t last_counter;    /* that its receipt carries */
    struct qw_card_pool up, down;
    uint32_t key_count; /* <= QW_CARD_KEYS_MAX; the next one to be used is entries[0] */
    struct qw_card_entry entries[QW_CARD_KEYS_MAX];
};

/* state is large: it lives in secret memory, zeroed by the caller before. */
qw_err qw_card_state_from_birth(const struct qw_package *birth,
                                struct qw_card_state *state) QW_MUST_USE;

/* Checks that package (opened with this card's wrap key) is the next one for this card at now_ms
 * and adds what it carries. id_key makes the key ids. With fresh not NULL, the only key of a FRESH
 * package goes there instead of into the entries. QW_ERR_AUTH (another card's), QW_ERR_CONFLICT
 * (not the next one, or too late), QW_ERR_SPACE; a FUSE package begins the next epoch; state may be
 * half changed after an error. */
qw_err qw_card_state_add(struct qw_card_state *state, const struct qw_package *package,
                         const uint8_t id_key[static 32], int64_t now_ms,
                         struct qw_card_entry *fresh) QW_MUST_USE;

/* Moves the first entry to *entry. QW_ERR_EXHAUSTED. */
qw_err qw_card_state_take(struct qw_card_state *state, struct qw_card_entry *entry) QW_MUST_USE;

/* Gives up everything before position and moves len bytes to out. QW_ERR_ARG: position already
 * used; QW_ERR_EXHAUSTED: not held; pool untouched then. */
qw_err qw_card_pool_take(struct qw_card_pool *pool, uint64_t position, uint8_t *out,
                         size_t len) QW_MUST_USE;

/* out: QW_CARD_STATE_ENCODED_MAX bytes of secret memory; gives the length. */
size_t qw_card_state_encode(const struct qw_card_state *state, uint8_t *out);
/* QW_ERR_FORMAT; state (zeroed by the caller) may be half filled then. */
qw_err qw_card_state_decode(const uint8_t *data, size_t len,
                            struct qw_card_state *state) QW_MUST_USE;

#endif
