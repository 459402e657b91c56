/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: link */
/* A swanctl.conf: what is taken from it is a well-formed row of VICI elements. */
#include "link/vici/swanctl_conf.h"
#include "link/vici/vici_message.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct qw_swanctl_connection connection;
    const struct qw_swanctl_source source = { .text = (const char *)data,
                                              .len = size,
                                              .connection = "b" };
    char why[QW_SWANCTL_WHY_CAP] = "";
    struct qw_vici_element element = { .kind = QW_VICI_LIST_END };
    struct qw_vici_reader r;

    if (qw_swanctl_connection_read(&source, &connection, why) != QW_OK) {
        qw_assert(why[0] != '\0');
        return 0;
    }
    r = qw_vici_reader_on(connection.body, connection.len);
    while (element.kind != QW_VICI_END) {
        qw_err err = qw_vici_next(&r, &element);

        qw_assert(err == QW_OK);
        qw_assert(element.kind != QW_VICI_KEY_VALUE || strcmp(element.name, "ppk_id") != 0);
    }
    return 0;
}
