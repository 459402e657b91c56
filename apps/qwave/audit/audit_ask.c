/* SPDX-License-Identifier: Apache-2.0 */
/* What the centre is asked, and its answers. */
#include "audit/audit.h"

#include "api/json_reader.h"
#include "base/base64.h"
#include "operator.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATH_CAP = 96, TEXT_CAP = 1024, NAME_CAP = 8 };

qw_err audit_head_decode(const char *text, size_t len, struct qw_signed_head *head,
                         char pem[QW_SIGNATURE_PEM_CAP])
{
    struct qw_signed_head h = { .seq = 0 };
    char key[QW_SIGNATURE_PEM_CAP] = "";
    char algorithm[NAME_CAP] = "";
    size_t signature_len = 0;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    bool ok;

    if (qw_json_open(text, len, &r) != QW_OK) {
        return QW_ERR_FORMAT;
    }
    object = qw_json_root_object(&r);
    qw_json_get_text(&r, object, "centre_id", h.centre, 1, sizeof h.centre);
    qw_json_get_uint(&r, object, "seq", 1, QW_JSON_UINT_MAX, &h.seq);
    qw_json_get_hex(&r, object, "hash", h.hash, sizeof h.hash);
    qw_json_get_text(&r, object, "algorithm", algorithm, 1, sizeof algorithm);
    qw_json_get_base64(&r, object, "signature", h.signature, sizeof h.signature, sizeof h.signature,
                       &signature_len);
    qw_json_get_text(&r, object, "public_key", key, 1, sizeof key);
    ok = qw_json_ok(&r);
    qw_json_close(&r);
    h.algorithm = qw_signature_by_name(algorithm);
    if (!ok || h.algorithm == QW_SIGNATURE_NONE) {
        return QW_ERR_FORMAT;
    }
    *head = h;
    if (pem != NULL) {
        memcpy(pem, key, sizeof key);
    }
    return QW_OK;
}

qw_err audit_ask_head(struct operator_desk *desk, const char **answer, struct qw_signed_head *head)
{
    qw_err err = operator_call(desk, "GET", "/v1/audit/head", NULL, answer);

    return err == QW_OK ? audit_head_decode(*answer, strlen(*answer), head, NULL) : err;
}

static qw_err visit_all(const char *answer,
                        bool (*visit)(void *self, const uint8_t *blob, size_t len), void *self,
                        size_t *count)
{
    struct qw_json_reader r;
    const struct qw_json_node *records;
    bool goes_on = true;
    qw_err err = qw_json_open(answer, strlen(answer), &r);

    if (err != QW_OK) {
        return err;
    }
    records = qw_json_get_array(&r, qw_json_root_object(&r), "records", 0, AUDIT_PAGE, count);
    for (size_t i = 0; goes_on && qw_json_ok(&r) && i < *count; i++) {
        char text[TEXT_CAP];
        uint8_t blob[QW_AUDIT_BLOB_CAP];
        size_t len = 0;

        qw_json_take_text(&r, qw_json_item(records, i), text, 1, sizeof text);
        err = qw_json_ok(&r) ? qw_base64_decode(text, strlen(text), blob, sizeof blob, &len)
                             : QW_ERR_FORMAT;
        if (err != QW_OK) {
            break;
        }
        goes_on = visit(self, blob, len);
    }
    err = qw_json_ok(&r) && err == QW_OK ? QW_OK : QW_ERR_FORMAT;
    qw_json_close(&r);
    return err;
}

qw_err audit_ask_page(struct operator_desk *desk, uint64_t after,
                      bool (*visit)(void *self, const uint8_t *blob, size_t len), void *self,
                      size_t *count)
{
    char path[PATH_CAP];
    const char *answer = NULL;
    qw_err err;

    (void)snprintf(path, sizeof path, "/v1/audit/records?after=%" PRIu64 "&limit=%d", after,
                   AUDIT_PAGE);
    err = operator_call(desk, "GET", path, NULL, &answer);
    return err == QW_OK ? visit_all(answer, visit, self, count) : err;
}
