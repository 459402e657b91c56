/* SPDX-License-Identifier: Apache-2.0 */
/* The index of a registry that was begun before there was one. Whoever opens such a store has
 * written books of the new layout before this begins, which processes of an earlier build refuse:
 * none of them adds a device that the index would not know. */
#include "centre/device/search_build.h"

#include "centre/device/card_book.h"
#include "centre/device/search_key.h"
#include "centre/record.h"

#include <stdio.h>
#include <string.h>

enum { BATCH_DEVICES = 512, TRIES = 8 };

struct build {
    struct qw_centre *centre;
    struct qw_group group; /* of index records alone: they follow from what is in the journal */
    char last[64];         /* its device is in the group, or in the index */
    size_t devices;
    bool is_checked; /* only what is not there is added: somebody has begun before */
    qw_err err;
};

static void add_key(void *self, const struct qw_search_key *key)
{
    struct build *build = self;
    const struct qw_store *store = build->centre->config.store;
    struct qw_store_record record = { 0 };
    qw_err err = QW_ERR_NOT_FOUND;

    if (build->is_checked) {
        err = store->get(store->self, QW_STORE_SEARCH, key->bytes, key->len, &record);
        qw_store_record_free(&record);
    }
    if (err == QW_ERR_NOT_FOUND) {
        qw_group_add_plain(&build->group, QW_STORE_SEARCH, key->bytes, key->len, NULL, 0);
    } else if (err != QW_OK) {
        qw_group_fail(&build->group, err);
    }
}

static int add_device(void *self, const struct qw_store_record *record)
{
    struct build *build = self;
    struct qw_centre *centre = build->centre;
    size_t len = record->len - QW_RECORD_OVERHEAD;

    build->err =
        record->len < QW_RECORD_OVERHEAD || len > sizeof centre->scratch
            ? QW_ERR_IO
            : qw_record_open(centre, QW_STORE_DEVICE, record, record->len, centre->scratch);
    if (build->err == QW_OK) {
        build->err = qw_card_book_decode(centre->scratch, len, &centre->card);
    }
    if (build->err == QW_OK) {
        memcpy(build->last, centre->card.device.id, sizeof build->last);
        qw_search_walk(&centre->card.indexed, centre->card.device.id, add_key, build);
        build->err = build->group.err;
        build->devices++;
    }
    return build->err == QW_OK;
}

static qw_err build_batch(struct build *build)
{
    const struct qw_store *store = build->centre->config.store;
    qw_err err;

    qw_group_begin(build->centre, &build->group);
    build->devices = 0;
    build->err = build->centre->turn_err;
    err = build->err;
    if (err == QW_OK) {
        err = store->scan(store->self, QW_STORE_DEVICE, QW_STORE_ANY_TAG, build->last,
                          strlen(build->last), BATCH_DEVICES, add_device, build);
    }
    err = err == QW_OK ? build->err : err;
    if (err == QW_OK && build->group.count > 0) {
        err = store->submit(store->self, build->group.ops, build->group.count);
    }
    qw_group_drop(&build->group);
    return err;
}

static qw_err finish(struct qw_centre *centre)
{
    struct qw_deed deed = { .verb = "device-index", .object = centre->config.centre_id };
    struct qw_group group;

    qw_group_begin(centre, &group);
    group.books.is_indexed = true;
    return qw_group_commit(centre, &group, &deed, "the index of the registry is whole");
}

/* One batch under one turn. A turn that was not to be had and a batch that met another process's is
 * tried again. */
static qw_err take_batch(struct build *build)
{
    qw_err err = QW_ERR_CONFLICT;

    for (int i = 0; i < TRIES && err != QW_OK && err != QW_ERR_NOMEM; i++) {
        char from[sizeof build->last];

        memcpy(from, build->last, sizeof from);
        qw_centre_enter(build->centre);
        err = build->centre->books.is_indexed ? QW_OK : build_batch(build);
        if (err == QW_OK && !build->centre->books.is_indexed && build->devices < BATCH_DEVICES) {
            err = finish(build->centre);
        }
        qw_centre_leave(build->centre);
        if (err != QW_OK) {
            memcpy(build->last, from, sizeof from);
            build->is_checked = true;
        }
    }
    return err;
}

qw_err qw_search_build(struct qw_centre *centre)
{
    struct build build = { .centre = centre };
    qw_err err = QW_OK;

    while (err == QW_OK && !centre->books.is_indexed) {
        err = take_batch(&build);
    }
    return err;
}
