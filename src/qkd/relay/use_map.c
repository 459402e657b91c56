/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/relay/use_map.h"

#include <stdlib.h>
#include <string.h>

static qw_err grow(struct qw_use_map *map, size_t len)
{
    size_t wanted = len < 2 * map->len ? 2 * map->len : len;
    uint8_t *bits = realloc(map->bits, wanted);

    if (bits == NULL) {
        return QW_ERR_NOMEM;
    }
    memset(bits + map->len, 0, wanted - map->len);
    map->bits = bits;
    map->len = wanted;
    return QW_OK;
}

qw_err qw_use_map_note(struct qw_use_map *map, uint64_t position, uint64_t len,
                       uint64_t *reused_bits)
{
    uint64_t first = position / QW_USE_MAP_UNIT_LEN;
    uint64_t end = (position + len + QW_USE_MAP_UNIT_LEN - 1) / QW_USE_MAP_UNIT_LEN;
    size_t bytes = (size_t)(end / 8 + 1);

    if (bytes > map->len && grow(map, bytes) != QW_OK) {
        return QW_ERR_NOMEM;
    }
    for (uint64_t unit = first; unit < end; unit++) {
        uint8_t bit = (uint8_t)(1U << (unit % 8));

        if (bit == 1 && end - unit >= 8 && map->bits[unit / 8] == 0) {
            map->bits[unit / 8] = 0xff;
            unit += 7;
            continue;
        }
        if ((map->bits[unit / 8] & bit) != 0) {
            *reused_bits += 8 * QW_USE_MAP_UNIT_LEN;
        }
        map->bits[unit / 8] |= bit;
    }
    return QW_OK;
}

void qw_use_map_free(struct qw_use_map *map)
{
    free(map->bits);
    *map = (struct qw_use_map){ 0 };
}
