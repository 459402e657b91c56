/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_SEARCH_KEY_H
#define QW_CENTRE_DEVICE_SEARCH_KEY_H

#include "centre/group.h"

/* The index of the registry [docs/adr/0089]: for each unit that a device stands in or beneath, a
 * record in QW_STORE_SEARCH without a blob, whose id says everything. Lists of one unit and value
 * lie together, in the order of device ids:
 *   1 list | unit without its first '/' | 0 | value | device id
 * value: of KIND and STATE a byte; of OWNER the text and a 0; of ALL nothing. The root has no list
 * ALL, that is QW_STORE_DEVICE; who has no owner is in no list OWNER. */
enum qw_search_list { QW_SEARCH_ALL = 1, QW_SEARCH_KIND, QW_SEARCH_STATE, QW_SEARCH_OWNER };

struct qw_search_key {
    uint8_t bytes[QW_STORE_ID_MAX];
    size_t len;
};

/* Where a list begins: everything but the device id, of OWNER also without its value when owner is
 * NULL. value: of KIND and STATE. */
void qw_search_list_key(enum qw_search_list list, const char *unit, uint8_t value,
                        const char *owner, struct qw_search_key *key);
/* Appends text to a key without its NUL. */
void qw_search_key_add(struct qw_search_key *key, const char *text);

/* Every key of a device, at most 4 x 31. */
void qw_search_walk(const struct qw_device_terms *terms, const char *id,
                    void (*visit)(void *self, const struct qw_search_key *key), void *self);

struct qw_device_terms qw_device_terms_of(const struct qw_device *device);
/* Adds to the group what the index has to forget (before; NULL: a new device) and to learn. */
void qw_search_move(struct qw_group *group, const struct qw_device_terms *before,
                    const struct qw_device *after);

#endif
