/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_KEY_LIST_H
#define QW_LINK_PROVE_KEY_LIST_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Keys as a key server delivered them, by their ids. */
enum { QW_DELIVERED_ID_CAP = 128, QW_DELIVERED_LEN_MIN = 16, QW_DELIVERED_LEN_MAX = 512 };

struct qw_delivered_key {
    char id[QW_DELIVERED_ID_CAP];
    size_t len; /* QW_DELIVERED_LEN_MIN..QW_DELIVERED_LEN_MAX */
    uint8_t bytes[QW_DELIVERED_LEN_MAX];
};

struct qw_key_list;

/* An empty list. QW_ERR_NOMEM. */
qw_err qw_key_list_new(struct qw_key_list **out) QW_MUST_USE;

/* NULL is fine; wipes. */
void qw_key_list_free(struct qw_key_list *list);

/* Adds the keys of a text: one key container, {"keys": [{"key_ID": ..., "key": base64}]}
 * [ETSI 014 6.3], or one on each line. A key that is there already is nothing new. QW_ERR_FORMAT,
 * QW_ERR_CONFLICT (other bytes under an id that is there), QW_ERR_LIMIT (too many keys),
 * QW_ERR_NOMEM; after a failure the list may have some of them. */
qw_err qw_key_list_add(struct qw_key_list *list, const char *text, size_t len) QW_MUST_USE;

/* By its id, either case; NULL when it is not there. Borrowed until the next add. */
const struct qw_delivered_key *qw_key_list_find(const struct qw_key_list *list, const char *id);
size_t qw_key_list_count(const struct qw_key_list *list);

#endif
