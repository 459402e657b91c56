/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/device/package_record.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "centre/record.h"

#include <string.h>

qw_err qw_package_record_load(struct qw_centre *centre, const uint8_t id[static 16],
                              struct qw_package_record *package, const uint8_t **pools)
{
    struct qw_package_record p = { 0 };
    const uint8_t *pool_bytes;
    const uint8_t *sealed;
    struct qw_reader r;
    uint8_t state;
    size_t len;
    bool ok;
    qw_err err = qw_record_load(centre, QW_STORE_PACKAGE, id, 16, &p.version, &len);

    if (err != QW_OK) {
        return err;
    }
    r = qw_reader_on(centre->scratch, len);
    ok = qw_read_u8(&r) == 1;
    p.device_number = qw_read_u64be(&r);
    state = qw_read_u8(&r);
    p.kind = (enum qw_package_kind)qw_read_u8(&r);
    p.key_count = qw_read_u16be(&r);
    p.gone_count = qw_read_u16be(&r);
    p.first_index = qw_read_u64be(&r);
    p.pool_up_len = qw_read_u16be(&r);
    p.pool_down_len = qw_read_u16be(&r);
    p.sealed_len = qw_read_u32be(&r);
    pool_bytes = qw_read_view(&r, (size_t)p.pool_up_len + p.pool_down_len);
    sealed = qw_read_view(&r, p.sealed_len);
    if (!ok || !qw_reader_done(&r) || state > QW_PACKAGE_VOIDED ||
        p.sealed_len > sizeof centre->package) {
        return QW_ERR_IO;
    }
    p.state = (enum qw_package_state)state;
    if (p.sealed_len > 0) {
        memcpy(centre->package, sealed, p.sealed_len);
    }
    memcpy(p.id, id, sizeof p.id);
    *package = p;
    if (pools != NULL) {
        *pools = pool_bytes;
    }
    return QW_OK;
}

void qw_package_record_put(struct qw_centre *centre, struct qw_group *group,
                           const struct qw_package_record *package, const uint8_t *pools)
{
    struct qw_store_op record = { .kind = QW_STORE_PACKAGE,
                                  .id = package->id,
                                  .id_len = sizeof package->id,
                                  .expected_version = package->version,
                                  .tag = (int64_t)package->device_number };
    struct qw_writer w = qw_writer_on(centre->scratch, sizeof centre->scratch);

    if (package->state != QW_PACKAGE_PENDING && package->gone_count == package->key_count) {
        if (package->version > 0) {
            qw_group_add(centre, group, QW_STORE_REMOVE, record, NULL, 0);
        }
        return;
    }
    qw_write_u8(&w, 1);
    qw_write_u64be(&w, package->device_number);
    qw_write_u8(&w, (uint8_t)package->state);
    qw_write_u8(&w, (uint8_t)package->kind);
    qw_write_u16be(&w, package->key_count);
    qw_write_u16be(&w, package->gone_count);
    qw_write_u64be(&w, package->first_index);
    qw_write_u16be(&w, package->pool_up_len);
    qw_write_u16be(&w, package->pool_down_len);
    qw_write_u32be(&w, (uint32_t)package->sealed_len);
    qw_write_bytes(&w, pools, (size_t)package->pool_up_len + package->pool_down_len);
    qw_write_bytes(&w, centre->package, package->sealed_len);
    qw_assert(!w.failed); /* the scratch holds the longest package and its pools */
    qw_group_add(centre, group, package->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, record,
                 centre->scratch, w.len);
    qw_wipe(centre->scratch, w.len);
}

struct walk {
    qw_err (*visit)(void *self, const uint8_t id[static 16]);
    void *self;
    qw_err err;
};

static int visit_record(void *self, const struct qw_store_record *record)
{
    struct walk *walk = self;

    walk->err = record->id_len == 16 ? walk->visit(walk->self, record->id) : QW_ERR_IO;
    return walk->err == QW_OK;
}

qw_err qw_package_record_walk(struct qw_centre *centre, uint64_t device_number,
                              qw_err (*visit)(void *self, const uint8_t id[static 16]), void *self)
{
    const struct qw_store *store = centre->config.store;
    struct walk walk = { .visit = visit, .self = self, .err = QW_OK };
    qw_err err = store->scan(store->self, QW_STORE_PACKAGE, (int64_t)device_number, NULL, 0,
                             SIZE_MAX, visit_record, &walk);

    return err == QW_OK ? walk.err : err;
}
