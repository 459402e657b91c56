/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_HANDOVER_MARK_H
#define QW_QKD_HANDOVER_MARK_H

#include "qkd/handover/message.h"

#include <stdbool.h>

/* The newest key of a link that was taken, durably, in a file of its own. One thread. */
struct qw_handover_mark {
    const char *path; /* borrowed */
    bool is_set;      /* false: no key was ever taken */
    struct qw_handover_label label;
};

/* No file: nothing was taken. QW_ERR_FORMAT: it is no mark; QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_handover_mark_read(const char *path, struct qw_handover_mark *mark) QW_MUST_USE;
bool qw_handover_mark_covers(const struct qw_handover_mark *mark,
                             const struct qw_handover_label *label);
/* Durable when it returns QW_OK; else the mark stays. */
qw_err qw_handover_mark_set(struct qw_handover_mark *mark,
                            const struct qw_handover_label *label) QW_MUST_USE;

#endif
