/* SPDX-License-Identifier: Apache-2.0 */
#include "route_list.h"

enum { FRAME_MAX = 64 }; /* of the text around the items */

bool list_begin(struct call *call, const char *name, size_t items_max, struct qw_json_writer *w)
{
    size_t cap = FRAME_MAX + items_max;
    char *text = call_text_new(call, cap);

    if (text == NULL) {
        return false;
    }
    *w = qw_json_writer_on(text, cap);
    qw_json_object_begin(w);
    qw_json_name(w, name);
    qw_json_array_begin(w);
    return true;
}

void list_send(struct call *call, struct qw_json_writer *w)
{
    qw_json_array_end(w);
    qw_json_object_end(w);
    call_send(call, 200, w, w->out);
}
