/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CARD_KEYS_H
#define QW_API_CARD_KEYS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* What a card and the centre share for the card's whole epoch: one quantum key, from which one key
 * per purpose follows (HKDF-SHA-256, label "qwave card <purpose>"). */
enum { QW_CARD_KEY_LEN = 32, QW_CARD_TOKEN_LEN = 16 };

struct qw_card_keys {
    uint8_t wrap[32];    /* inner wrap of packages, and of everything the centre sends to the holder
                            (link key of access points and stations) */
    uint8_t report[32];  /* HMAC of contact reports */
    uint8_t receipt[32]; /* HMAC of receipts */
    uint8_t id[32];      /* key ids */
    uint8_t order[32];   /* HMAC of the centre's orders to the card */
    uint8_t proof[32];   /* HMAC of the proof that one was carried out */
};
qw_err qw_card_keys_derive(const uint8_t card_key[static QW_CARD_KEY_LEN],
                           struct qw_card_keys *keys) QW_MUST_USE;

/* What one key of a card is worth as a proof, once: HKDF-Extract with the report key as salt, so
 * that neither is enough [RFC 5869 2.2]. Whoever has it can make everything that is proved by this
 * one key, and nothing else; a card with a chip of its own gives it instead of the two. */
enum { QW_CARD_ROOT_LEN = 32 };
qw_err qw_card_root(const uint8_t report_key[static 32], const uint8_t key[static 32],
                    uint8_t root[static QW_CARD_ROOT_LEN]) QW_MUST_USE;
/* One key for one purpose: HKDF-Expand [RFC 5869 2.3]; info: which, at most 256 bytes. */
qw_err qw_card_root_expand(const uint8_t root[static QW_CARD_ROOT_LEN], const void *info,
                           size_t info_len, uint8_t out[static 32]) QW_MUST_USE;

/* The card key of the next epoch, out of the one before and a quantum key that came in a FUSE
 * package: HKDF-SHA-256 over both, so that whoever lacks one of them has nothing [C9]. out may be
 * card_key. */
qw_err qw_card_key_fuse(const uint8_t card_key[static QW_CARD_KEY_LEN],
                        const uint8_t quantum[static QW_CARD_KEY_LEN], uint32_t next_epoch,
                        uint8_t out[static QW_CARD_KEY_LEN]) QW_MUST_USE;

#endif
