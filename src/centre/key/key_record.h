/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_KEY_RECORD_H
#define QW_CENTRE_KEY_KEY_RECORD_H

#include "centre/group.h"

/* A key that has an owner: who may have it, where its material stands, what became of it. In
 * QW_STORE_KEY until it is destroyed, then in QW_STORE_TOMBSTONE; under its id, a pair's key under
 * its place [docs/adr/0055]. */

struct qw_key_party { /* who may fetch a key beside its peer, and has he? */
    char id[64];
    bool is_fetched;
    int64_t fetched_ms;
};

/* The tag of a key is its state, or the second at which it has to go: delivered to all and the
 * repeat window over, or not fetched by all in time. */
struct qw_key_record {
    uint8_t id[16];
    uint64_t version;
    enum qw_key_state state;
    enum qw_key_state before; /* of one that is suspended or archived: where it goes back to */
    bool is_new;              /* made while fetching, not in the store yet; not written */
    bool is_fetched;          /* by the peer; its window is open */
    enum qw_package_kind package_kind;
    uint8_t package_id[16];
    char master[64]; /* device whose card has it, or SAE that asked for it */
    char peer[64];   /* SAE that may fetch it */
    struct qw_key_party others[QW_KEY_OTHERS_MAX];
    uint8_t other_count;
    struct qw_key_place place;
    struct qw_key_charge charge; /* no unit: that of its block, if there is one */
    uint16_t bits;               /* the key takes as many whole places of its block as it needs */
    int64_t assigned_ms, fetched_ms;
    int64_t due_ms; /* 0: it waits for an event */
};

enum { QW_KEY_RECORD_CAP = 1024 }; /* bytes of its plain form at most */

/* QW_ERR_NOT_FOUND, QW_ERR_IO. */
qw_err qw_key_record_load(struct qw_centre *centre, const uint8_t id[static 16],
                          struct qw_key_record *key) QW_MUST_USE;
/* Opens a record that a scan has read. */
qw_err qw_key_record_open(struct qw_centre *centre, const struct qw_store_record *record,
                          struct qw_key_record *key) QW_MUST_USE;
void qw_key_record_put(struct qw_centre *centre, struct qw_group *group,
                       const struct qw_key_record *key);

/* Whether the key, whose record a scan has read, still stands in the block of its pair: it counts
 * there. */
bool qw_key_record_is_in_pair(const struct qw_store_record *record,
                              const struct qw_key_record *key);
/* Whether who may fetch the key, or might have. */
bool qw_key_record_names(const struct qw_key_record *key, const char *who);

/* Those who may fetch it beside its peer, as they stand in records and tombstones. False: it is
 * none. */
struct qw_writer;
struct qw_reader;
void qw_key_parties_write(struct qw_writer *w, const struct qw_key_record *key);
bool qw_key_parties_read(struct qw_reader *r, struct qw_key_record *key);

/* Places of its block that a key of so many bits takes. */
uint16_t qw_key_slots(uint32_t bits);

#endif
