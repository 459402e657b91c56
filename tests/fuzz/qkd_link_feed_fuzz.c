/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: qkd */
/* What a neighbour says about keys of a link, opened by the hop: it moves nothing in the pool of a
 * node that has not taken the key itself. Byte 0: the type, the end beside us, a secret part. */
#include "qkd/relay/link_feed.h"

#include "base/secret.h"
#include "qkd/link.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 4096, LEASE = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static qw_err send_nothing(void *self, const uint8_t *message, size_t len)
{
    (void)self;
    (void)message;
    (void)len;
    return QW_OK;
}

static void fed(void *self, const struct qw_handover_label *label, size_t len, uint32_t errors_ppm)
{
    (void)self;
    (void)label;
    (void)len;
    (void)errors_ppm;
    qw_assert(false);
}

static void try_message(struct qw_hop *hop, const uint8_t *data, size_t size)
{
    const struct qw_link_feed_config config = { hop, "/nowhere/at/all.mark", NULL, fed };
    uint8_t *body = malloc(size); /* exact: a sanitizer sees the first byte behind */
    struct qw_hop_message message = { .type = data[0] & 1 ? QW_LINK_FEED_GIVE : QW_LINK_FEED_GIVEN,
                                      .body = body,
                                      .body_len = size - 1,
                                      .secret_len = data[0] & 2 ? size - 1 : 0 };
    struct qw_link_feed *feed = NULL;
    qw_err err = qw_link_feed_new(&config, &feed);

    if (body != NULL && err == QW_OK) {
        memcpy(body, data + 1, size - 1);
        qw_link_feed_begin(feed, data[0] & 4 ? QW_QKD_ALICE : QW_QKD_BOB);
        err = qw_link_feed_receive(feed, &message, 0);
        qw_assert(err == QW_OK || err == QW_ERR_FORMAT);
    }
    qw_link_feed_free(feed);
    free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct qw_node_limits limits = { .floor_len = { 0, 0 } };
    const struct qw_node_pool_head head = {
        .node = 1, .neighbour = 2, .capacity = CAPACITY, .lease = LEASE, .is_simulated = true
    };
    struct qw_hop_config config = { .send = send_nothing };
    struct qw_node_memory *memory = NULL;
    struct qw_node_disk disk;
    struct qw_node_pool *pool = NULL;
    struct qw_hop *hop = NULL;

    if (size == 0 ||
        qw_node_memory_new((size_t)qw_node_pool_disk_len(CAPACITY), &memory) != QW_OK) {
        return 0;
    }
    disk = qw_node_memory_disk(memory);
    qw_assert(qw_node_pool_format(&disk, &head) == QW_OK);
    qw_assert(qw_node_pool_open(&disk, &limits, &pool) == QW_OK);
    config.pool = pool;
    qw_assert(qw_hop_new(&config, &hop) == QW_OK);
    try_message(hop, data, size);
    qw_assert(qw_node_pool_state(pool, QW_NODE_OUT).end == 0);
    qw_hop_free(hop);
    qw_node_pool_close(pool);
    qw_node_memory_free(memory);
    return 0;
}
