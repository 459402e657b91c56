/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_RECORD_H
#define QW_CENTRE_KEY_RECORD_H

#include "centre/group.h"

/* A key that has an owner: who may have it, where its material stands, what became of it. In
 * QW_STORE_KEY under its id until it is destroyed, then in QW_STORE_TOMBSTONE. */
enum {
    QW_KEY_TAG_WINDOW = 64
}; /* tag of delivered keys whose repeat window is open; else the tag
      of a key is its state */

struct qw_key_record {
    uint8_t id[16];
    uint64_t version;
    enum qw_key_state state;
    bool is_fetched; /* by the peer; its window is open */
    enum qw_package_kind package_kind;
    uint8_t package_id[16];
    char master[64]; /* device whose card has it */
    char peer[64];   /* SAE that may fetch it */
    struct qw_key_place place;
    int64_t assigned_ms, fetched_ms;
};

/* QW_ERR_NOT_FOUND, QW_ERR_IO. */
qw_err qw_key_record_load(struct qw_centre *centre, const uint8_t id[static 16],
                          struct qw_key_record *key) QW_MUST_USE;
/* Opens a record that a scan has read. */
qw_err qw_key_record_open(struct qw_centre *centre, const struct qw_store_record *record,
                          struct qw_key_record *key) QW_MUST_USE;
void qw_key_record_put(struct qw_centre *centre, struct qw_group *group,
                       const struct qw_key_record *key);

/* The key moves from its record to a tombstone: id, MAC of the material under a key of the centre,
 * parties, times, last state before the end. */
void qw_key_record_bury(struct qw_centre *centre, struct qw_group *group,
                        const struct qw_key_record *key, const uint8_t material[static QW_KEY_LEN],
                        int64_t now_ms);
/* The peer a tombstone names. QW_ERR_NOT_FOUND: no such tombstone. */
qw_err qw_tombstone_peer(struct qw_centre *centre, const uint8_t id[static 16],
                         char peer[static 64]) QW_MUST_USE;

#endif
