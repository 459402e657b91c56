/* SPDX-License-Identifier: Apache-2.0 */
/* Who reports of the nodes of a QKD network [Q4]. */
#include "centre/centre.h"
#include "centre/device/card_book.h"

qw_err qw_centre_node_serves(struct qw_centre *centre, const struct qw_caller *caller)
{
    const struct qw_deed deed = { .caller = caller, .verb = "network-report", .object = "" };
    const struct qw_card_book *book = &centre->holder;
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_NODE)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    qw_centre_enter(centre);
    err = qw_card_book_load(centre, caller->id, &centre->holder);
    if (err == QW_ERR_NOT_FOUND || (err == QW_OK && (book->device.kind != QW_DEVICE_NODE ||
                                                     book->device.state != QW_DEVICE_ACTIVE))) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_REFUSED, "the node is not in service");
    }
    qw_centre_leave(centre);
    return err;
}
