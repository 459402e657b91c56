/* SPDX-License-Identifier: Apache-2.0 */
/* Making both ends of a node pool at once, at a place that both nodes trust. */
#define _POSIX_C_SOURCE 200809L
#include "qkd/node/pool.h"

#include "base/clock.h"
#include "base/secret.h"
#include "crypto/random.h"

#include <unistd.h>

struct charge {
    struct qw_node_pool_head head; /* with the fresh meeting key */
    uint8_t *bytes;                /* [2 x len] locked: one stream after the other */
    size_t len;
};

static qw_err make_file(const char *path, const struct charge *charge, bool is_mirrored)
{
    static const struct qw_node_limits limits;
    struct qw_node_pool_head head = charge->head;
    const struct qw_bytes first = { charge->bytes, charge->len };
    const struct qw_bytes second = { charge->bytes + charge->len, charge->len };
    struct qw_node_pool *pool = NULL;
    struct qw_node_disk disk;
    qw_err err = qw_node_disk_file_new(path, &disk);

    if (is_mirrored) {
        head.node = charge->head.neighbour;
        head.neighbour = charge->head.node;
    }
    if (err == QW_OK) {
        err = qw_node_pool_format(&disk, &head);
        if (err != QW_OK) {
            disk.close(disk.self);
        }
    }
    if (err == QW_OK) {
        err = qw_node_pool_open(&disk, &limits, &pool);
    }
    if (err == QW_OK) {
        err = qw_node_pool_append(pool, is_mirrored ? second : first, is_mirrored ? first : second,
                                  qw_clock_utc_ms());
    }
    qw_node_pool_close(pool);
    qw_wipe(&head, sizeof head);
    return err;
}

static qw_err make_files(const char *path, const char *neighbour_path, const struct charge *charge)
{
    qw_err err = make_file(path, charge, false);

    if (err != QW_OK) {
        if (err != QW_ERR_CONFLICT) {
            unlink(path);
        }
        return err;
    }
    err = make_file(neighbour_path, charge, true);
    if (err != QW_OK) {
        unlink(path); /* one end alone is worth nothing */
        if (err != QW_ERR_CONFLICT) {
            unlink(neighbour_path);
        }
    }
    return err;
}

qw_err qw_node_pool_charge(const char *path, const char *neighbour_path,
                           const struct qw_node_pool_head *head, size_t len)
{
    struct charge charge = { .head = *head, .len = len };
    qw_err err;

    if (len == 0 || len > head->capacity || head->capacity > QW_NODE_CAPACITY_MAX) {
        return QW_ERR_ARG;
    }
    charge.bytes = qw_secret_new(2 * len);
    if (charge.bytes == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_random_bytes(charge.bytes, 2 * len);
    if (err == QW_OK) {
        err = qw_random_bytes(charge.head.meeting_key, sizeof charge.head.meeting_key);
    }
    if (err == QW_OK) {
        err = make_files(path, neighbour_path, &charge);
    }
    qw_secret_free(charge.bytes);
    qw_wipe(&charge, sizeof charge);
    return err;
}
