/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of applications that are being served [docs/protocol/centre-rest.md]. */
#include "centre/pair/pair_list.h"
#include "route_list.h"
#include "routes.h"

#include <stdlib.h>

enum {
    ENTRY_TEXT_MAX = 384, /* two names of 63 characters, two bytes each at worst; numbers */
    PART_TEXT_MAX = 512   /* one of 63, six bytes each at worst */
};

static void write_entry(struct qw_json_writer *w, const struct qw_pair_entry *entry)
{
    qw_json_object_begin(w);
    qw_json_name(w, "master");
    qw_json_text(w, entry->master);
    qw_json_name(w, "slave");
    qw_json_text(w, entry->slave);
    qw_json_name(w, "ready_keys");
    qw_json_uint(w, entry->ready_keys);
    qw_json_name(w, "ready");
    qw_json_array_begin(w);
    for (size_t i = 0; i < entry->ready_count; i++) {
        stock_part_write(w, &entry->ready[i]);
    }
    qw_json_array_end(w);
    qw_json_name(w, "given_keys");
    qw_json_uint(w, entry->given_keys);
    qw_json_name(w, "given_ms");
    qw_json_int(w, entry->given_ms);
    qw_json_object_end(w);
}

void route_pair_list(struct call *call)
{
    struct qw_pair_entry *entries = calloc(QW_PAIRS_LISTED_MAX, sizeof *entries);
    struct qw_json_writer w;
    size_t items_max = 0;
    size_t count = 0;
    qw_err err = entries == NULL
                     ? QW_ERR_NOMEM
                     : qw_centre_pair_list(call->service->centre, &call->caller, entries, &count);

    if (err != QW_OK) {
        free(entries);
        call_refuse(call, err);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        items_max += ENTRY_TEXT_MAX + entries[i].ready_count * PART_TEXT_MAX;
    }
    if (list_begin(call, "pairs", items_max, &w)) {
        for (size_t i = 0; i < count; i++) {
            write_entry(&w, &entries[i]);
        }
        list_send(call, &w);
    }
    free(entries);
}
