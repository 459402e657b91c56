/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_ROUTE_LIST_H
#define QWAVED_ROUTE_LIST_H

#include "router.h"

/* An answer that is one list, {"name":[...]}: the handler writes the items between the two. */

/* w has room for items_max bytes of items. False: the answer is 503 already. */
bool list_begin(struct call *call, const char *name, size_t items_max,
                struct qw_json_writer *w) QW_MUST_USE;
void list_send(struct call *call, struct qw_json_writer *w);

#endif
