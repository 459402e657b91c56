/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_API_CARD_ROOT_H
#define QW_TESTS_UNIT_API_CARD_ROOT_H

#include "api/card_keys.h"

/* The root of a key of a card with that report key. Good until the next call. Include in the one
 * file of a test program, after cmocka.h. */
static inline const uint8_t *root_of(const uint8_t report_key[static 32],
                                     const uint8_t key[static 32])
{
    static uint8_t root[QW_CARD_ROOT_LEN];

    assert_int_equal(qw_card_root(report_key, key, root), QW_OK);
    return root;
}

#endif
