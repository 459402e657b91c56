/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_kind.h"

#include "base/error.h"

static const char *const names[QW_STORE_KIND_COUNT] = {
    [QW_STORE_META] = "meta",           [QW_STORE_DEVICE] = "device",
    [QW_STORE_BLOCK] = "block",         [QW_STORE_KEY] = "key",
    [QW_STORE_PACKAGE] = "package",     [QW_STORE_SESSION] = "session",
    [QW_STORE_TOMBSTONE] = "tombstone", [QW_STORE_AUDIT] = "audit",
    [QW_STORE_SEARCH] = "search",       [QW_STORE_STAGED] = "staged",
};

bool qw_store_kind_ok(enum qw_store_kind kind)
{
    return kind >= 0 && kind < QW_STORE_KIND_COUNT;
}

const char *qw_store_kind_name(enum qw_store_kind kind)
{
    qw_assert(qw_store_kind_ok(kind));
    return names[kind];
}

bool qw_store_kind_has_tags(enum qw_store_kind kind)
{
    return kind != QW_STORE_SEARCH && kind != QW_STORE_STAGED;
}

int qw_store_kind_since(enum qw_store_kind kind)
{
    return kind == QW_STORE_SEARCH || kind == QW_STORE_STAGED ? 3 : 1;
}

bool qw_store_id_ok(const void *id, size_t id_len)
{
    return id != NULL && id_len >= 1 && id_len <= QW_STORE_ID_MAX;
}

bool qw_store_ops_ok(const struct qw_store_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool verb_ok = ops[i].verb >= 0 && ops[i].verb <= QW_STORE_REMOVE;
        bool blob_ok = ops[i].len <= QW_STORE_BLOB_MAX && (ops[i].blob != NULL || ops[i].len == 0);
        bool version_ok = ops[i].expected_version <= INT64_MAX;

        if (!verb_ok || !blob_ok || !version_ok || !qw_store_kind_ok(ops[i].kind) ||
            !qw_store_id_ok(ops[i].id, ops[i].id_len)) {
            return false;
        }
    }
    return count > 0;
}
