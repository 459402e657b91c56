/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/node/disk.h"

#include "base/secret.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct qw_node_memory {
    uint8_t *bytes; /* [len] */
    size_t len;
};

qw_err qw_node_memory_new(size_t len, struct qw_node_memory **out)
{
    struct qw_node_memory *memory = calloc(1, sizeof *memory);

    if (memory == NULL) {
        return QW_ERR_NOMEM;
    }
    memory->bytes = calloc(len, 1);
    memory->len = len;
    if (memory->bytes == NULL) {
        free(memory);
        return QW_ERR_NOMEM;
    }
    *out = memory;
    return QW_OK;
}

void qw_node_memory_free(struct qw_node_memory *memory)
{
    if (memory != NULL) {
        qw_wipe_free(memory->bytes, memory->len);
        free(memory);
    }
}

static bool is_inside(const struct qw_node_memory *memory, uint64_t offset, size_t len)
{
    return offset <= memory->len && len <= memory->len - offset;
}

static qw_err memory_read(void *self, uint64_t offset, void *data, size_t len)
{
    const struct qw_node_memory *memory = self;

    if (!is_inside(memory, offset, len)) {
        return QW_ERR_IO;
    }
    if (len > 0) {
        memcpy(data, memory->bytes + offset, len);
    }
    return QW_OK;
}

static qw_err memory_write(void *self, uint64_t offset, const void *data, size_t len)
{
    struct qw_node_memory *memory = self;

    if (!is_inside(memory, offset, len)) {
        return QW_ERR_IO;
    }
    if (len > 0) {
        memcpy(memory->bytes + offset, data, len);
    }
    return QW_OK;
}

static qw_err memory_sync(void *self)
{
    (void)self;
    return QW_OK;
}

static void memory_close(void *self)
{
    (void)self;
}

struct qw_node_disk qw_node_memory_disk(struct qw_node_memory *memory)
{
    return (struct qw_node_disk){ memory, memory_read, memory_write, memory_sync, memory_close };
}
