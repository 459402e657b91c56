/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NODE_MARKS_H
#define QW_QKD_NODE_MARKS_H

#include "qkd/node/disk.h"

/* Slots of a node pool's file: the durable marks of both streams (docs/protocol/node-pool.md). */
enum { QW_NODE_AGES_MAX = 33, QW_NODE_SLOT_LEN = 8 + 2 * (5 * 8 + 1 + QW_NODE_AGES_MAX * 16) + 8 };

struct qw_node_age { /* of the bytes from the entry before up to end */
    uint64_t end;
    int64_t appended_ms; /* since 1970 */
};

struct qw_node_marks {
    uint64_t start;  /* used when the slot was written; <= leased */
    uint64_t leased; /* <= end */
    uint64_t end;
    uint64_t lost, aged; /* of what is below start; lost + aged <= start */
    uint8_t ages;
    struct qw_node_age age[QW_NODE_AGES_MAX]; /* ends increasing, <= end */
};

qw_err qw_node_slot_encode(uint64_t number, const struct qw_node_marks marks[2],
                           uint8_t out[static QW_NODE_SLOT_LEN]) QW_MUST_USE;
/* QW_ERR_FORMAT: a slot that was cut short, or marks out of order. */
qw_err qw_node_slot_decode(const uint8_t in[static QW_NODE_SLOT_LEN], uint64_t *number,
                           struct qw_node_marks marks[2]) QW_MUST_USE;

/* Onto the place of its number, durable. QW_ERR_IO. */
qw_err qw_node_slot_write(const struct qw_node_disk *disk, uint64_t number,
                          const struct qw_node_marks marks[2]) QW_MUST_USE;
/* The newest good slot. QW_ERR_FORMAT: there is none; QW_ERR_IO. */
qw_err qw_node_slots_read(const struct qw_node_disk *disk, uint64_t *number,
                          struct qw_node_marks marks[2]) QW_MUST_USE;

/* Appended bytes up to end: a new entry, or part of the newest when that is younger than
 * granule_ms or no entry is free (it then counts as older than it is). */
void qw_node_marks_note_age(struct qw_node_marks *marks, uint64_t end, int64_t now_ms,
                            int64_t granule_ms);
void qw_node_marks_forget_ages(struct qw_node_marks *marks, uint64_t used); /* below used */
void qw_node_marks_cut_ages(struct qw_node_marks *marks, uint64_t end);     /* above end */
/* Up to where everything was appended at or before limit_ms; 0: nothing. */
uint64_t qw_node_marks_older_than(const struct qw_node_marks *marks, int64_t limit_ms);

#endif
