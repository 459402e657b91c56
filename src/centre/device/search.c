/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of the registry [C8 C16]. Several conditions are lists in the same order that are walked
 * together: whoever is behind skips to where the others are. */
#include "centre/device/search.h"

#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/device/search_key.h"
#include "centre/people/officer_record.h"

#include <stdio.h>
#include <string.h>

/* Steps under one lock: conditions that never meet may take a million, and nobody waits for them.
 */
enum { LOOK_MAX = 256, LISTS_MAX = 3 };

const struct qw_device_filter qw_device_filter_none = { .id_prefix = "",
                                                        .owner = "",
                                                        .owner_prefix = "",
                                                        .unit = "",
                                                        .kind = QW_DEVICE_ANY,
                                                        .state = QW_DEVICE_ANY };

struct list {
    enum qw_store_kind kind;
    struct qw_search_key begin; /* of all its ids; of QW_STORE_DEVICE empty */
};

struct search {
    struct qw_centre *centre;
    const struct qw_device_filter *filter;
    struct list lists[LISTS_MAX];
    size_t list_count;
    char unit[QW_UNIT_CAP]; /* that everything is in or beneath */
    bool is_fine;           /* what was asked for makes sense */
    bool is_by_owner;       /* the one list has owners in it */
    char id[64], owner[64]; /* where the walk is; "" before the first */
    char at[64];            /* who may be next; "": not known yet */
    size_t looked;
    bool is_over;
    struct qw_device_page *page;
};

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

struct found {
    const struct list *list;
    struct qw_search_key key; /* behind the list's begin */
    bool is_there;
};

static int take_key(void *self, const struct qw_store_record *record)
{
    struct found *found = self;
    const struct qw_search_key *begin = &found->list->begin;

    if (record->id_len > begin->len && qw_equal_ct(record->id, begin->bytes, begin->len)) {
        found->key.len = record->id_len - begin->len;
        memcpy(found->key.bytes, record->id + begin->len, found->key.len);
        found->is_there = true;
    }
    return 0;
}

/* The first of the list behind text, len bytes. */
static qw_err seek(const struct search *search, const struct list *list, const char *text,
                   size_t len, struct found *found)
{
    const struct qw_store *store = search->centre->config.store;
    struct qw_search_key from = list->begin;

    qw_assert(len <= sizeof from.bytes - from.len);
    memcpy(from.bytes + from.len, text, len);
    *found = (struct found){ .list = list };
    return store->scan(store->self, list->kind, QW_STORE_ANY_TAG, from.bytes, from.len + len, 1,
                       take_key, found);
}

/* The same as an id, to search->at; "": there is none. */
static qw_err seek_id(struct search *search, const struct list *list, const char *after)
{
    struct found found;
    qw_err err = seek(search, list, after, strlen(after), &found);

    if (err == QW_OK && found.key.len >= sizeof search->at) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        memset(search->at, 0, sizeof search->at);
        memcpy(search->at, found.key.bytes, found.key.len);
    }
    return err;
}

static qw_err list_has(const struct search *search, const struct list *list, const char *id,
                       bool *has)
{
    const struct qw_store *store = search->centre->config.store;
    struct qw_search_key key = list->begin;
    struct qw_store_record record = { 0 };
    qw_err err;

    qw_search_key_add(&key, id);
    err = store->get(store->self, list->kind, key.bytes, key.len, &record);
    *has = err == QW_OK;
    qw_store_record_free(&record);
    return err == QW_ERR_NOT_FOUND ? QW_OK : err;
}

/* From search->at to the first id from there on that is in all lists; "" when there is none.
 * agreed: the first lists have it for certain. Gives up, where it is, when enough was looked at. */
static qw_err meet(struct search *search, size_t agreed, bool *is_met)
{
    size_t i = agreed % search->list_count;
    qw_err err = QW_OK;

    while (err == QW_OK && search->at[0] != '\0' && agreed < search->list_count &&
           search->looked < LOOK_MAX) {
        bool has = false;

        search->looked++;
        err = list_has(search, &search->lists[i], search->at, &has);
        if (err == QW_OK && !has) {
            err = seek_id(search, &search->lists[i], search->at);
            agreed = 0;
        }
        agreed++;
        i = (i + 1) % search->list_count;
    }
    *is_met = agreed >= search->list_count && search->at[0] != '\0';
    return err;
}

/* What the index says is true, or somebody has written into the database. */
static qw_err keep(struct search *search, const char *id, bool is_certain)
{
    const struct qw_device_filter *filter = search->filter;
    const struct qw_device *device = &search->centre->card.device;
    struct qw_device_page *page = search->page;
    qw_err err = qw_card_book_load(search->centre, id, &search->centre->card);
    bool fits;

    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_ERR_IO : err;
    }
    fits = (filter->kind == QW_DEVICE_ANY || filter->kind == (int)device->kind) &&
           (filter->state == QW_DEVICE_ANY || filter->state == (int)device->state) &&
           (filter->owner[0] == '\0' || strcmp(filter->owner, device->owner) == 0) &&
           begins_with(device->id, filter->id_prefix) &&
           begins_with(device->owner, filter->owner_prefix) &&
           qw_unit_contains(search->unit, device->unit);
    if (!fits) {
        return is_certain ? QW_ERR_IO : QW_OK;
    }
    page->devices[page->count++] = *device;
    return QW_OK;
}

/* One device more, or over, or enough looked at. */
static qw_err step(struct search *search)
{
    const char *prefix = search->filter->id_prefix;
    size_t agreed = 0;
    bool is_met = false;
    qw_err err = QW_OK;

    search->looked++;
    if (search->at[0] == '\0' &&
        strcmp(search->id, prefix) < 0) { /* the prefix itself may be one */
        memcpy(search->at, prefix, strlen(prefix) + 1);
    } else if (search->at[0] == '\0') {
        err = seek_id(search, &search->lists[0], search->id);
        agreed = 1;
    }
    if (err == QW_OK) {
        err = meet(search, agreed, &is_met);
    }
    if (err != QW_OK) {
        return err;
    }
    if (search->at[0] == '\0' || strncmp(search->at, prefix, strlen(prefix)) > 0) {
        search->is_over = true;
    } else if (is_met) {
        memcpy(search->id, search->at, sizeof search->id);
        search->at[0] = '\0';
        err = keep(search, search->id, true);
    }
    return err;
}

/* Keys are owner, 0, id. */
static qw_err step_by_owner(struct search *search)
{
    const char *prefix = search->filter->owner_prefix;
    char from[128];
    size_t len = strlen(prefix);
    struct found found;
    const char *id;
    qw_err err;

    memcpy(from, prefix, len);
    if (search->id[0] != '\0') {
        len = strlen(search->owner) + 1;
        memcpy(from, search->owner, len);
        memcpy(from + len, search->id, strlen(search->id));
        len += strlen(search->id);
    }
    search->looked++;
    err = seek(search, &search->lists[0], from, len, &found);
    if (err != QW_OK) {
        return err;
    }
    found.key.bytes[found.key.len] = '\0'; /* behind a key of a list is room, or it is no key */
    len = strlen((const char *)found.key.bytes);
    id = (const char *)found.key.bytes + len + 1;
    if (!found.is_there || !begins_with((const char *)found.key.bytes, prefix)) {
        search->is_over = true;
        return QW_OK;
    }
    if (len >= sizeof search->owner || len + 1 >= found.key.len ||
        found.key.len - len - 1 >= sizeof search->id) {
        return QW_ERR_IO;
    }
    memset(search->owner, 0, sizeof search->owner);
    memset(search->id, 0, sizeof search->id);
    memcpy(search->owner, found.key.bytes, len);
    memcpy(search->id, id, found.key.len - len - 1);
    return keep(search, search->id, false);
}

static void add_list(struct search *search, enum qw_search_list list, int value, const char *owner)
{
    struct list *added = &search->lists[search->list_count++];

    added->kind = QW_STORE_SEARCH;
    qw_search_list_key(list, search->unit, (uint8_t)value, owner, &added->begin);
}

/* The lists that hold exactly what is wanted; begin with the one that is likely the shortest. */
static void choose_lists(struct search *search)
{
    const struct qw_device_filter *filter = search->filter;

    search->list_count = 0;
    search->is_by_owner = filter->owner_prefix[0] != '\0';
    if (search->is_by_owner || filter->owner[0] != '\0') {
        add_list(search, QW_SEARCH_OWNER, 0, search->is_by_owner ? NULL : filter->owner);
    }
    if (filter->state != QW_DEVICE_ANY && !search->is_by_owner) {
        add_list(search, QW_SEARCH_STATE, filter->state, NULL);
    }
    if (filter->kind != QW_DEVICE_ANY && !search->is_by_owner) {
        add_list(search, QW_SEARCH_KIND, filter->kind, NULL);
    }
    if (search->list_count == 0 && strcmp(search->unit, QW_UNIT_ROOT) == 0) {
        search->lists[search->list_count++] = (struct list){ .kind = QW_STORE_DEVICE };
    } else if (search->list_count == 0) {
        add_list(search, QW_SEARCH_ALL, 0, NULL);
    }
}

/* As much as one lock is kept for. */
static qw_err look(struct search *search, const struct qw_deed *deed)
{
    const char *wanted = search->filter->unit[0] != '\0' ? search->filter->unit : QW_UNIT_ROOT;
    struct qw_officer_record self;
    qw_err err = qw_right_find(search->centre, deed, QW_RIGHT_DEVICE_READ, &self);

    if (err != QW_OK || !search->is_fine) {
        return err == QW_OK ? QW_ERR_ARG : err;
    }
    search->looked = 0;
    if (qw_unit_contains(self.officer.unit, wanted)) {
        memcpy(search->unit, wanted, strlen(wanted) + 1);
    } else if (qw_unit_contains(wanted, self.officer.unit)) {
        memcpy(search->unit, self.officer.unit, sizeof search->unit);
    } else {
        search->is_over = true;
        return QW_OK;
    }
    choose_lists(search);
    while (err == QW_OK && !search->is_over && search->looked < LOOK_MAX &&
           search->page->count < search->page->cap) {
        err = search->is_by_owner ? step_by_owner(search) : step(search);
    }
    return err;
}

/* "ID", or "ID OWNER": no id has a space in it. */
static bool read_cursor(struct search *search, const char *after)
{
    size_t len = strcspn(after, " ");
    const char *owner = after[len] == ' ' ? after + len + 1 : "";

    if (len >= sizeof search->id || strlen(owner) >= sizeof search->owner ||
        (search->is_by_owner && after[0] != '\0' && (len == 0 || owner[0] == '\0'))) {
        return false;
    }
    memcpy(search->id, after, len);
    memcpy(search->owner, owner, strlen(owner));
    return true;
}

static bool filter_ok(const struct qw_device_filter *filter)
{
    bool is_kind = filter->kind >= QW_DEVICE_ANY && filter->kind < (int)QW_DEVICE_KIND_COUNT;
    bool is_state = filter->state >= QW_DEVICE_ANY && filter->state < (int)QW_DEVICE_STATE_COUNT;

    return is_kind && is_state &&
           (filter->id_prefix[0] == '\0' || qw_device_id_ok(filter->id_prefix)) &&
           (filter->unit[0] == '\0' || qw_unit_ok(filter->unit)) && strlen(filter->owner) < 64 &&
           strlen(filter->owner_prefix) < 64 &&
           (filter->owner[0] == '\0' || filter->owner_prefix[0] == '\0');
}

qw_err qw_centre_device_search(struct qw_centre *centre, const struct qw_caller *caller,
                               const struct qw_device_filter *filter, const char *after,
                               struct qw_device_page *page)
{
    struct qw_deed deed = { .caller = caller, .verb = "device-list", .object = after };
    struct search search = { .centre = centre,
                             .filter = filter,
                             .is_by_owner = filter->owner_prefix[0] != '\0',
                             .page = page };
    qw_err err;

    search.is_fine = filter_ok(filter) && page->cap > 0 && read_cursor(&search, after);
    page->count = 0;
    page->next[0] = '\0';
    do {
        qw_centre_enter(centre);
        err = look(&search, &deed);
        qw_centre_leave(centre);
    } while (err == QW_OK && !search.is_over && page->count < page->cap);
    if (err == QW_OK && !search.is_over) {
        (void)snprintf(page->next, sizeof page->next, "%s%s%s", search.id,
                       search.is_by_owner ? " " : "", search.is_by_owner ? search.owner : "");
    }
    return err;
}

qw_err qw_centre_device_list(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *after, struct qw_device *devices, size_t cap,
                             size_t *count)
{
    struct qw_device_page page = { .devices = devices, .cap = cap };
    qw_err err = qw_centre_device_search(centre, caller, &qw_device_filter_none, after, &page);

    if (err == QW_OK) {
        *count = page.count;
    }
    return err;
}
