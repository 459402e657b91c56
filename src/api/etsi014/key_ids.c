/* SPDX-License-Identifier: Apache-2.0 */
#include "api/etsi014/key_ids.h"

#include "api/json_reader.h"
#include "api/url.h"
#include "base/hex.h"
#include "base/secret.h"

#include <stdbool.h>
#include <string.h>

enum { LIST_CAP = 1024 }; /* what one value of a query can hold: 27 ids */

static bool add_text(struct qw_etsi014_key_ids *ids, const char *text, size_t len)
{
    char one[QW_UUID_TEXT_CAP];

    if (len >= sizeof one || ids->count == QW_ETSI014_IDS_MAX) {
        return false;
    }
    memcpy(one, text, len);
    one[len] = '\0';
    return qw_uuid_decode(one, ids->id[ids->count++]) == QW_OK;
}

/* Every value of one name of the query, each a list. */
static bool add_from_query(struct qw_etsi014_key_ids *ids, const char *query, const char *name)
{
    char list[LIST_CAP];
    size_t at = 0;
    qw_err err;

    while ((err = qw_url_query_next(query, name, &at, list, sizeof list)) == QW_OK) {
        const char *item = list;

        for (;;) {
            size_t len = strcspn(item, ",");

            if (!add_text(ids, item, len)) {
                return false;
            }
            if (item[len] == '\0') {
                break;
            }
            item += len + 1;
        }
    }
    return err == QW_ERR_NOT_FOUND;
}

static bool has_repeat(const struct qw_etsi014_key_ids *ids)
{
    for (size_t i = 0; i < ids->count; i++) {
        for (size_t k = i + 1; k < ids->count; k++) {
            if (qw_equal_ct(ids->id[i], ids->id[k], sizeof ids->id[i])) {
                return true;
            }
        }
    }
    return false;
}

static enum qw_etsi014_fault add_from_body(struct qw_etsi014_key_ids *ids,
                                           const struct qw_etsi014_text *text)
{
    struct qw_json_reader r;
    const struct qw_json_node *array;
    size_t count = 0;
    bool ok;
    qw_err err = qw_json_open(text->body, text->body_len, &r);

    if (err != QW_OK) {
        return err == QW_ERR_NOMEM ? QW_ETSI014_UNAVAILABLE : QW_ETSI014_MALFORMED;
    }
    array =
        qw_json_get_array(&r, qw_json_root_object(&r), "key_IDs", 1, QW_ETSI014_IDS_MAX, &count);
    for (size_t i = 0; i < count; i++) {
        qw_json_get_uuid(&r, qw_json_item(array, i), "key_ID", ids->id[i]);
    }
    ids->count = count;
    ok = qw_json_ok(&r);
    qw_json_close(&r);
    return ok ? QW_ETSI014_NONE : QW_ETSI014_MALFORMED;
}

enum qw_etsi014_fault qw_etsi014_key_ids_decode(const struct qw_etsi014_text *text,
                                                struct qw_etsi014_key_ids *ids)
{
    struct qw_etsi014_key_ids found = { .count = 0 };
    enum qw_etsi014_fault fault = qw_etsi014_check_content_type(text);

    if (fault != QW_ETSI014_NONE) {
        return fault;
    }
    if (!add_from_query(&found, text->query, "key_ID") ||
        !add_from_query(&found, text->query, "key_IDs")) {
        return QW_ETSI014_MALFORMED;
    }
    if (text->body_len > 0 && found.count > 0) {
        return QW_ETSI014_CONFLICT;
    }
    if (text->body_len > 0) {
        fault = add_from_body(&found, text);
    }
    if (fault != QW_ETSI014_NONE) {
        return fault;
    }
    if (found.count == 0 || has_repeat(&found)) {
        return QW_ETSI014_MALFORMED;
    }
    *ids = found;
    return QW_ETSI014_NONE;
}
