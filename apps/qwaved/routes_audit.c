/* SPDX-License-Identifier: Apache-2.0 */
/* The journal for operators: its signed head, and its records in pages [docs/protocol/journal.md].
 */
#include "base/base64.h"
#include "centre/journal/head_json.h"
#include "centre/journal/journal.h"
#include "route_list.h"
#include "route_query.h"
#include "routes.h"

#include <stdlib.h>

enum { PAGE_MAX = 100, PAGE_STANDARD = 50, HEAD_TEXT_CAP = 1024 };
enum { RECORD_TEXT_MAX = QW_BASE64_LEN(QW_AUDIT_BLOB_CAP) + 4 };

/* The answer to whatever gave a head and its key, or the refusal. */
static void send_head(struct call *call, qw_err err, const struct qw_signed_head *head,
                      const struct qw_public_key *key)
{
    char text[HEAD_TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    if (err == QW_OK) {
        err = qw_signed_head_write(&w, head, key);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call_send(call, 200, &w, NULL);
}

void route_audit_head(struct call *call)
{
    struct qw_signed_head head;
    struct qw_public_key key;
    qw_err err = qw_centre_journal_head(call->service->centre, &call->caller, &head, &key);

    send_head(call, err, &head, &key);
}

void route_audit_rotate(struct call *call)
{
    struct qw_signed_head head;
    struct qw_public_key key;
    qw_err err;

    if (!call_check_body(call)) {
        return;
    }
    err = qw_centre_journal_rotate(call->service->centre, &call->caller, &head, &key);
    send_head(call, err, &head, &key);
}

static void send_page(struct call *call, const struct qw_journal_record *records, size_t count)
{
    struct qw_json_writer w;

    if (!list_begin(call, "records", count * RECORD_TEXT_MAX, &w)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        qw_json_base64(&w, records[i].blob, records[i].len);
    }
    list_send(call, &w);
}

void route_audit_records(struct call *call)
{
    struct qw_journal_record *records;
    uint64_t after = 0;
    uint64_t limit = PAGE_STANDARD;
    size_t count = 0;
    qw_err err = query_number(call->request->query, "limit", 1, PAGE_MAX, &limit);

    if (err == QW_OK) {
        err = query_number(call->request->query, "after", 0, UINT64_MAX, &after);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    records = calloc(limit, sizeof *records);
    err = records == NULL ? QW_ERR_NOMEM
                          : qw_centre_journal_read(call->service->centre, &call->caller, after,
                                                   records, limit, &count);
    if (err == QW_OK) {
        send_page(call, records, count);
    } else {
        call_refuse(call, err);
    }
    free(records);
}
