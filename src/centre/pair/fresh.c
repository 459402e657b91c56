/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/pair/fresh.h"
#include "centre/people/unit_use.h"

#include "base/clock.h"
#include "base/secret.h"
#include "centre/key/block.h"
#include "centre/key/key_record.h"
#include "centre/key/stock_part.h"

#include <stdio.h>
#include <string.h>

qw_err qw_fresh_take(struct qw_centre *centre, uint8_t *out, size_t len)
{
    const struct qw_key_source *source = centre->config.source;
    qw_err err;

    atomic_fetch_add(&centre->fresh_waiting, 1);
    pthread_mutex_lock(&centre->source_mutex);
    err = source->take(source->self, out, len);
    atomic_fetch_sub(&centre->fresh_waiting, 1);
    pthread_cond_broadcast(&centre->fresh_taken);
    pthread_mutex_unlock(&centre->source_mutex);
    if (err != QW_OK) {
        qw_wipe(out, len);
    }
    return err;
}

/* Material to a block of the pair, durably. Under the centre's mutex. */
static qw_err lease(struct qw_centre *centre, struct qw_pair *pair, const struct qw_deed *deed,
                    const uint8_t *material, uint16_t places, struct qw_open_block **open)
{
    struct qw_deed lease_deed = { .caller = deed->caller, .verb = "lease-fresh", .object = "" };
    char object[32];
    char detail[QW_AUDIT_TEXT_CAP];
    struct qw_key_charge charge;
    struct qw_group group;
    qw_err err;

    qw_group_begin(centre, &group);
    qw_block_start(centre, &group, places);
    memcpy(centre->block.material, material, (size_t)places * QW_KEY_LEN);
    group.books.stored += places;
    qw_stock_part_add(&group.books, &centre->block, places);
    err = qw_unit_use_keys(centre, &group, pair->unit, places, &charge);
    if (err == QW_OK) {
        err = qw_pair_take_block(centre, &group, pair, &charge, qw_clock_utc_ms(), open);
    }
    if (err != QW_OK) {
        qw_group_drop(&group);
        return err;
    }
    (void)snprintf(object, sizeof object, "block:%llu", (unsigned long long)centre->block.number);
    (void)snprintf(detail, sizeof detail, "%u keys for %.50s > %.50s", (unsigned)places,
                   pair->master, pair->slave);
    lease_deed.object = object;
    return qw_group_commit(centre, &group, &lease_deed, detail);
}

qw_err qw_fresh_lease(struct qw_centre *centre, struct qw_pair *pair, const struct qw_deed *deed,
                      const struct qw_key_wish *wish, const struct qw_key_demand *demand)
{
    size_t places = (size_t)wish->count * qw_key_slots(wish->bits);
    struct qw_open_block *open = NULL;
    uint8_t *material;
    qw_err err;

    if (places > QW_BLOCK_KEYS_MAX || demand->is_relayed ||
        !qw_pair_source_meets(centre->config.source->name, demand->source)) {
        return QW_ERR_UNAVAILABLE;
    }
    material = qw_secret_new(places * QW_KEY_LEN);
    if (material == NULL) {
        return QW_ERR_NOMEM;
    }
    if (qw_fresh_take(centre, material, places * QW_KEY_LEN) != QW_OK) {
        qw_secret_free(material);
        return QW_ERR_EXHAUSTED;
    }
    qw_centre_enter(centre);
    err = lease(centre, pair, deed, material, (uint16_t)places, &open);
    qw_centre_leave(centre);
    qw_secret_free(material);
    if (err != QW_OK) {
        qw_secret_free(open);
        return err;
    }
    open->next = pair->blocks;
    pair->blocks = open;
    return QW_OK;
}
