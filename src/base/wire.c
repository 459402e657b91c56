/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wire.h"

#include <string.h>

qw_err qw_wire_send(struct qw_wire *wire, const void *message, size_t len)
{
    return wire->send(wire->self, message, len);
}

qw_err qw_wire_receive(struct qw_wire *wire, void *message, size_t cap, size_t *len, int timeout_ms)
{
    return wire->receive(wire->self, message, cap, len, timeout_ms);
}

void qw_wire_close(struct qw_wire *wire)
{
    if (wire == NULL || wire->close == NULL) {
        return;
    }
    wire->close(wire->self);
    memset(wire, 0, sizeof *wire);
}
