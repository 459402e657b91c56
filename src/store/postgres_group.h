/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_POSTGRES_GROUP_H
#define QW_STORE_POSTGRES_GROUP_H

#include "store/postgres_client.h"
#include "store/store.h"

#include <stddef.h>

/* submit of store.h: a group of operations as one transaction of a client. It is repeated while the
 * database rolls it back in favour of another process, and when the link broke and it is sure not
 * to be durable; within a turn that was lost it is not even begun. ops are in the ranges of
 * store.h. */
qw_err qw_postgres_group_submit(struct qw_postgres_client *client, const struct qw_store_op *ops,
                                size_t count) QW_MUST_USE;

#endif
