/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_PACKAGE_RECORD_H
#define QW_CENTRE_DEVICE_PACKAGE_RECORD_H

#include "centre/group.h"

/* What the centre remembers of a package, in QW_STORE_PACKAGE under its id; the tag is the number
 * of the device, so all packages of one card can be walked. While it is pending the record carries
 * the package as it left (to give the same bytes again) and the pool bytes inside it (to add them
 * to the centre's side when it is confirmed). It goes when all its keys are gone. */
enum qw_package_state { QW_PACKAGE_PENDING, QW_PACKAGE_CONFIRMED, QW_PACKAGE_VOIDED };

struct qw_package_record {
    uint8_t id[16];
    uint64_t version;
    uint64_t device_number;
    enum qw_package_state state;
    enum qw_package_kind kind;
    uint16_t key_count;
    uint16_t gone_count; /* keys of it that are destroyed */
    uint64_t first_index;
    uint16_t pool_up_len, pool_down_len; /* 0 unless pending */
    size_t sealed_len;                   /* 0 unless pending */
};

/* Reads a record; its sealed package, when it has one, goes to centre->package and its pools stay
 * in centre->scratch behind *pools until the next load or put. pools may be NULL. */
qw_err qw_package_record_load(struct qw_centre *centre, const uint8_t id[static 16],
                              struct qw_package_record *package, const uint8_t **pools) QW_MUST_USE;
/* A new or changed record. pools: pool_up_len + pool_down_len bytes; the sealed_len bytes of the
 * package are read from centre->package. Removes the record when nothing of it is left. */
void qw_package_record_put(struct qw_centre *centre, struct qw_group *group,
                           const struct qw_package_record *package, const uint8_t *pools);

/* Walks the ids of all packages of a device. */
qw_err qw_package_record_walk(struct qw_centre *centre, uint64_t device_number,
                              qw_err (*visit)(void *self, const uint8_t id[static 16]),
                              void *self) QW_MUST_USE;

#endif
