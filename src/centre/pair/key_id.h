/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_KEY_ID_H
#define QW_CENTRE_PAIR_KEY_ID_H

#include "centre/books.h"

/* Names of the keys of pairs: the place of the key under a keyed permutation of 16 bytes (its key
 * comes from the KEK). A name tells nothing without that key, hits an existing key by chance with
 * probability (keys there are) / 2^128, and leads back to the place without a record of its own:
 * what has left once can be fetched after any crash. Never computed from key bytes.
 *   4  zero     8  number of the block     2  position     2  size in bits */
struct qw_key_spot {
    uint64_t block;
    uint16_t position;
    uint16_t bits;
};

/* count names, 1..QW_DELIVERY_KEYS_MAX. */
qw_err qw_key_id_make(const struct qw_centre *centre, const struct qw_key_spot *spots, size_t count,
                      uint8_t (*ids)[16]) QW_MUST_USE;
/* QW_ERR_NOT_FOUND: no name of ours. */
qw_err qw_key_id_resolve(const struct qw_centre *centre, const uint8_t id[static 16],
                         struct qw_key_spot *spot) QW_MUST_USE;

#endif
