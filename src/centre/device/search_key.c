/* SPDX-License-Identifier: Apache-2.0 */
/* What of a device can be searched for, as ids of index records. */
#include "centre/device/search_key.h"

#include <string.h>

_Static_assert(1 + QW_UNIT_CAP + 64 + 63 <= QW_STORE_ID_MAX, "the longest key is an id");

static void add_bytes(struct qw_search_key *key, const void *bytes, size_t len)
{
    qw_assert(len <= sizeof key->bytes - key->len);
    memcpy(key->bytes + key->len, bytes, len);
    key->len += len;
}

/* unit: unit_len bytes of a path behind its first '/'. */
static void begin(enum qw_search_list list, const char *unit, size_t unit_len,
                  struct qw_search_key *key)
{
    uint8_t number = (uint8_t)list;

    key->len = 0;
    add_bytes(key, &number, 1);
    add_bytes(key, unit, unit_len);
    add_bytes(key, "", 1);
}

static void add_value(enum qw_search_list list, uint8_t value, const char *owner,
                      struct qw_search_key *key)
{
    if (list == QW_SEARCH_KIND || list == QW_SEARCH_STATE) {
        add_bytes(key, &value, 1);
    } else if (list == QW_SEARCH_OWNER && owner != NULL) {
        add_bytes(key, owner, strlen(owner) + 1);
    }
}

void qw_search_list_key(enum qw_search_list list, const char *unit, uint8_t value,
                        const char *owner, struct qw_search_key *key)
{
    begin(list, unit + 1, strlen(unit + 1), key);
    add_value(list, value, owner, key);
}

void qw_search_key_add(struct qw_search_key *key, const char *text)
{
    add_bytes(key, text, strlen(text));
}

typedef void visit_key(void *self, const struct qw_search_key *key);

/* One list of the unit whose path, behind its '/', is the first unit_len bytes of the device's. */
static void walk_one(const struct qw_device_terms *terms, const char *id, enum qw_search_list list,
                     size_t unit_len, visit_key *visit, void *self)
{
    uint8_t value = (uint8_t)(list == QW_SEARCH_KIND ? (int)terms->kind : (int)terms->state);
    struct qw_search_key key;

    begin(list, terms->unit + 1, unit_len, &key);
    add_value(list, value, terms->owner, &key);
    qw_search_key_add(&key, id);
    visit(self, &key);
}

/* From the root down to the unit itself. */
static void walk_list(const struct qw_device_terms *terms, const char *id, enum qw_search_list list,
                      visit_key *visit, void *self)
{
    const char *path = terms->unit + 1;

    if (list == QW_SEARCH_OWNER && terms->owner[0] == '\0') {
        return;
    }
    if (list != QW_SEARCH_ALL) {
        walk_one(terms, id, list, 0, visit, self);
    }
    for (size_t len = strcspn(path, "/"); len > 0;) {
        walk_one(terms, id, list, len, visit, self);
        len = path[len] == '\0' ? 0 : len + 1 + strcspn(path + len + 1, "/");
    }
}

void qw_search_walk(const struct qw_device_terms *terms, const char *id, visit_key *visit,
                    void *self)
{
    for (int list = QW_SEARCH_ALL; list <= QW_SEARCH_OWNER; list++) {
        walk_list(terms, id, (enum qw_search_list)list, visit, self);
    }
}

struct qw_device_terms qw_device_terms_of(const struct qw_device *device)
{
    struct qw_device_terms terms = { .kind = device->kind, .state = device->state };

    memcpy(terms.owner, device->owner, sizeof terms.owner);
    memcpy(terms.unit, device->unit, sizeof terms.unit);
    return terms;
}

static void learn(void *self, const struct qw_search_key *key)
{
    qw_group_add_plain(self, QW_STORE_SEARCH, key->bytes, key->len, NULL, 0);
}

static void forget(void *self, const struct qw_search_key *key)
{
    qw_group_remove_plain(self, QW_STORE_SEARCH, key->bytes, key->len, 1);
}

static bool is_other(const struct qw_device_terms *a, const struct qw_device_terms *b,
                     enum qw_search_list list)
{
    return strcmp(a->unit, b->unit) != 0 || (list == QW_SEARCH_KIND && a->kind != b->kind) ||
           (list == QW_SEARCH_STATE && a->state != b->state) ||
           (list == QW_SEARCH_OWNER && strcmp(a->owner, b->owner) != 0);
}

void qw_search_move(struct qw_group *group, const struct qw_device_terms *before,
                    const struct qw_device *after)
{
    struct qw_device_terms terms = qw_device_terms_of(after);

    if (!group->books.is_indexed) { /* the build reads the devices as they are then */
        return;
    }
    for (int i = QW_SEARCH_ALL; i <= QW_SEARCH_OWNER; i++) {
        enum qw_search_list list = (enum qw_search_list)i;

        if (before != NULL && is_other(before, &terms, list)) {
            walk_list(before, after->id, list, forget, group);
        }
        if (before == NULL || is_other(before, &terms, list)) {
            walk_list(&terms, after->id, list, learn, group);
        }
    }
}
