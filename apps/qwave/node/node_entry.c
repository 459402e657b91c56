/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_entry.h"

#include <stddef.h>
#include <string.h>

bool node_number_read(const char **text, uint32_t max, uint32_t *number)
{
    const char *at = *text;
    uint64_t value = 0;

    while (*at >= '0' && *at <= '9' && value <= max) {
        value = 10 * value + (uint64_t)(*at++ - '0');
    }
    if (at == *text || value > max) {
        return false;
    }
    *text = at;
    *number = (uint32_t)value;
    return true;
}

/* from..end as a string; false: empty, or too long. */
static bool copy(const char *from, const char *end, char *to, size_t cap)
{
    size_t len = (size_t)(end - from);

    if (len == 0 || len >= cap) {
        return false;
    }
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

static bool read_address(const char *text, struct node_entry *entry)
{
    const char *colon = strrchr(text, ':');
    const char *at = colon == NULL ? text : colon + 1;
    uint32_t port = 0;

    if (colon == NULL || !copy(text, colon, entry->host, sizeof entry->host) ||
        !node_number_read(&at, UINT16_MAX, &port) || *at != '\0') {
        return false;
    }
    entry->port = (uint16_t)port;
    return port > 0;
}

bool node_entry_read(const char *text, struct node_entry *out)
{
    struct node_entry entry = { 0 };
    const char *at = text;
    const char *end;

    if (!node_number_read(&at, UINT32_MAX, &entry.node) || *at != '=') {
        return false;
    }
    at++;
    end = at + strcspn(at, "@");
    if (!copy(at, end, entry.path, sizeof entry.path) ||
        (*end == '@' && !read_address(end + 1, &entry))) {
        return false;
    }
    *out = entry;
    return true;
}
