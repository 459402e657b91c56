/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NODE_DISK_H
#define QW_QKD_NODE_DISK_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Where a node pool stands: a file, or memory that outlives the pool (simulations, tests). */
struct qw_node_disk {
    void *self;
    /* All len bytes or QW_ERR_IO. */
    qw_err (*read)(void *self, uint64_t offset, void *data, size_t len);
    qw_err (*write)(void *self, uint64_t offset, const void *data, size_t len);
    qw_err (*sync)(void *self); /* what was written survives a power cut */
    void (*close)(void *self);
};

/* Opens the file for this process alone. QW_ERR_NOT_FOUND; QW_ERR_REFUSED when others than the
 * owner may read it; QW_ERR_CONFLICT when another process has it; QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_node_disk_file_open(const char *path, struct qw_node_disk *disk) QW_MUST_USE;
/* The same with a new file (mode 0600); QW_ERR_CONFLICT when it exists. */
qw_err qw_node_disk_file_new(const char *path, struct qw_node_disk *disk) QW_MUST_USE;

/* len bytes of ordinary memory, zero; for SIMULATED keys only. Closing the disk keeps them. */
struct qw_node_memory;
qw_err qw_node_memory_new(size_t len, struct qw_node_memory **memory) QW_MUST_USE;
void qw_node_memory_free(struct qw_node_memory *memory);                /* wipes; NULL is fine */
struct qw_node_disk qw_node_memory_disk(struct qw_node_memory *memory); /* borrows memory */

#endif
