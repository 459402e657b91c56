/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_light.h"

#include "base/clock.h"
#include "base/socket.h"

#include <stdlib.h>

enum { CONNECT_MS = 20, AGAIN_MS = 200 };

static struct node_link *link_to(struct node *node, uint32_t neighbour)
{
    for (size_t i = 0; i < node->links_count; i++) {
        if (node->links[i].neighbour == neighbour) {
            return &node->links[i];
        }
    }
    return NULL;
}

qw_err node_light_add(struct node *node, const char *text)
{
    struct node_entry entry;
    struct node_link *link = NULL;

    if (node_entry_read(text, &entry) && entry.host[0] == '\0') {
        link = link_to(node, entry.node);
    }
    if (link == NULL || link->feed == NULL || link->light != NULL) {
        qw_log_write(node->log, QW_LOG_ERROR,
                     "lights: '%s' is not ID=SOCKET of a neighbour in feeds, once", text);
        return QW_ERR_FORMAT;
    }
    link->light = calloc(1, sizeof *link->light);
    if (link->light == NULL) {
        return QW_ERR_NOMEM;
    }
    link->light->fd = -1;
    (void)snprintf(link->light->path, sizeof link->light->path, "%s", entry.path);
    return QW_OK;
}

static void hang_up(struct node_light *light)
{
    qw_socket_close(light->fd);
    light->fd = -1;
}

void node_light_close(struct node_link *link)
{
    if (link->light != NULL) {
        hang_up(link->light);
        free(link->light);
        link->light = NULL;
    }
}

/* They say nothing; an end of the stream is all that can be heard. */
static bool is_there(const struct node_light *light)
{
    uint8_t byte;
    size_t len;

    return light->fd >= 0 && qw_socket_read_some(light->fd, &byte, 1, &len,
                                                 qw_clock_monotonic_ms()) == QW_ERR_TIMEOUT;
}

void node_light_turn(struct node_link *link, bool is_lit, int64_t now_ms)
{
    struct node_light *light = link->light;
    uint8_t word = is_lit;

    if (light == NULL) {
        return;
    }
    if (!is_there(light)) {
        hang_up(light);
        if (now_ms < light->try_at_ms) {
            return;
        }
        light->try_at_ms = now_ms + AGAIN_MS;
        light->is_told = false;
        if (qw_socket_connect_unix(light->path, CONNECT_MS, &light->fd) != QW_OK) {
            light->fd = -1;
            return;
        }
    }
    if (light->is_told && light->told == is_lit) {
        return;
    }
    if (qw_socket_write(light->fd, &word, 1, qw_clock_monotonic_ms()) != QW_OK) {
        hang_up(light);
        return;
    }
    light->is_told = true;
    light->told = is_lit;
}
