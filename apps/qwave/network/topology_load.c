/* SPDX-License-Identifier: Apache-2.0 */
#include "network/topology_table.h"

#include "qkd/network/topology_file.h"

#include <stdio.h>
#include <string.h>

bool topology_is_file(const char *name)
{
    size_t len = strlen(name);

    return strchr(name, '/') != NULL || (len > 5 && strcmp(name + len - 5, ".yaml") == 0);
}

qw_err topology_load(const char *name, struct qw_topology **topology,
                     char error[static QW_CONFIG_ERROR_CAP])
{
    int at;

    if (topology_is_file(name)) {
        return qw_topology_read(name, topology, error);
    }
    for (size_t i = 0; i < topology_table_count; i++) {
        const struct topology_file *file = &topology_table[i];

        if (strcmp(file->name, name) == 0) {
            return qw_topology_parse(name, (const char *)file->text, file->len, topology, error);
        }
    }
    at = snprintf(error, QW_CONFIG_ERROR_CAP, "no topology '%s'; built in are", name);
    for (size_t i = 0; i < topology_table_count && at < QW_CONFIG_ERROR_CAP; i++) {
        at += snprintf(error + at, (size_t)(QW_CONFIG_ERROR_CAP - at), "%s %s", i == 0 ? "" : ",",
                       topology_table[i].name);
    }
    return QW_ERR_NOT_FOUND;
}
