/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_STORE_KIND_H
#define QW_STORE_STORE_KIND_H

#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

/* What every backend asks of its arguments, so that all refuse the same, and how it names the
 * tables of the kinds. */
const char *qw_store_kind_name(enum qw_store_kind kind); /* a known kind; static text */
bool qw_store_kind_ok(enum qw_store_kind kind);
/* Whether it is ever walked by tag: then its table has an index for that. */
bool qw_store_kind_has_tags(enum qw_store_kind kind);
/* The tables as a whole. 1: what is about keys of pairs stands under their id; the centre puts it
 * where it is looked for before it serves. 2: before there was an index of the registry. Both
 * become 3 when they are opened. */
enum { QW_STORE_SCHEMA_OLDEST = 1, QW_STORE_SCHEMA = 3 };
int qw_store_kind_since(enum qw_store_kind kind); /* the schema that has it first, 1 or 3 */
bool qw_store_id_ok(const void *id, size_t id_len);
/* At least one operation, all in the ranges of store.h. */
bool qw_store_ops_ok(const struct qw_store_op *ops, size_t count);

#endif
