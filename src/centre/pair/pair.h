/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_PAIR_H
#define QW_CENTRE_PAIR_PAIR_H

#include "centre/group.h"
#include "centre/pair/key_id.h"
#include "centre/people/unit.h"

/* An ordered pair of applications and the blocks it is being served from. A block is leased to the
 * pair durably, once, and then carved here in memory: no key of it is ever carved by anybody else,
 * also not after a restart, which voids what was not carved. One mutex per pair; the centre's mutex
 * may be taken under it, never the other way round. */
enum { QW_PAIRS_MAX = 256 };

struct qw_open_block { /* in secret memory */
    struct qw_open_block *next;
    struct qw_key_place place; /* block number and provenance */
    uint16_t keys, at;         /* at: the first place that was never carved */
    int64_t ingested_ms;
    int64_t carve_until_ms; /* a key carved later would not live long enough */
    uint8_t (*ids)[16];     /* [keys], behind the material: of keys of the standard size */
    uint8_t material[];     /* wiped as it is carved */
};

struct qw_pair {
    struct qw_pair *next;
    char master[64], slave[64];
    char slave_kme[64]; /* that serves the slave, from the registry; "" for this centre */
    unsigned users;     /* under the table's mutex, like last_used */
    uint64_t last_used; /* of the table's clock */
    pthread_mutex_t mutex;
    uint64_t registry_changes; /* when it was looked up last; 0: never */
    uint32_t keys_per_s;       /* the master's, from there */
    char unit[QW_UNIT_CAP];    /* the master's place in the tree */
    uint8_t weight;
    bool was_exhausted; /* is in the journal already */
    uint64_t given_keys;
    int64_t given_ms; /* when the last of them was; 0: none */
    struct qw_open_block *blocks;
    uint64_t lease_places;       /* that it may have leased and not given; 0: never leased */
    int64_t leased_ms;           /* when it last did */
    bool is_leasing_ahead;       /* asked for, and not ended (lease_ahead.h) */
    bool ahead_failed;           /* not again before a request has leased for itself */
    pthread_cond_t leased_ahead; /* it has ended */
};

qw_err qw_pair_table_new(struct qw_pair_table **table) QW_MUST_USE;
void qw_pair_table_free(struct qw_pair_table *table); /* NULL is fine */

/* The pair, locked; made when it is new. Over QW_PAIRS_MAX the one that was idle longest goes with
 * what it had left. QW_ERR_NOMEM, also when all are in use. */
qw_err qw_pair_enter(struct qw_pair_table *table, const char *master, const char *slave,
                     struct qw_pair **pair) QW_MUST_USE;
void qw_pair_leave(struct qw_pair_table *table, struct qw_pair *pair);
/* For a caller of the pair's that goes on without its mutex: the pair stays until it is let go. */
void qw_pair_hold(struct qw_pair_table *table, struct qw_pair *pair);
void qw_pair_let_go(struct qw_pair_table *table, struct qw_pair *pair);
/* Holds every pair there is; returns how many. */
size_t qw_pair_hold_all(struct qw_pair_table *table, struct qw_pair *pairs[static QW_PAIRS_MAX]);

/* Keys of the standard size by their source, of which there may be more than cap: the last part is
 * then all others. With the pair locked; returns how many parts. */
size_t qw_pair_left_by_source(const struct qw_pair *pair, int64_t now_ms,
                              struct qw_stock_part *parts, size_t cap);

/* Asks the registry, if it has changed since, whether master may have keys for slave. Journals a
 * refusal. QW_ERR_REFUSED, QW_ERR_NOT_FOUND. Takes the centre's mutex. */
qw_err qw_pair_check(struct qw_centre *centre, struct qw_pair *pair,
                     const struct qw_deed *deed) QW_MUST_USE;

/* Enters the pair of the caller and slave for that question alone. kme: that serves the slave, ""
 * for this centre. */
qw_err qw_pair_permit(struct qw_centre *centre, const struct qw_deed *deed, const char *slave,
                      char kme[static 64]) QW_MUST_USE;

/* Keys of so many bits that can be carved from what the pair has open and what meets the demand. */
uint64_t qw_pair_left(const struct qw_pair *pair, uint32_t bits, const struct qw_key_demand *demand,
                      int64_t now_ms);

/* Leases blocks until count keys of bits can be carved, and with them as many as the pair may have
 * (lease_places); waits for a lease ahead that is under way. QW_ERR_EXHAUSTED (also when keys are
 * scarce and the master has had more than its part), QW_ERR_UNAVAILABLE (the demand), QW_ERR_LIMIT
 * and QW_ERR_FULL (a quota of the master's unit or of one above), nothing has changed. Takes the
 * centre's mutex. */
qw_err qw_pair_lease(struct qw_centre *centre, struct qw_pair *pair, const struct qw_deed *deed,
                     const struct qw_key_wish *wish,
                     const struct qw_key_demand *demand) QW_MUST_USE;

/* Whether a block from there, as old as that, meets the demand now. */
bool qw_pair_meets(const char *source, int64_t ingested_ms, const struct qw_key_demand *demand,
                   int64_t now_ms);

/* The block of the centre's workspace, stored, becomes the pair's in the group and counts as charge
 * says, and its material is put before *open; who calls drops it again when the group fails.
 * Whether a source's name meets a demand. Both under the centre's mutex. */
qw_err qw_pair_take_block(struct qw_centre *centre, struct qw_group *group,
                          const struct qw_pair *pair, const struct qw_key_charge *charge,
                          int64_t now_ms, struct qw_open_block **open) QW_MUST_USE;
bool qw_pair_source_meets(const char *source, const char *wanted);

/* Carves one key; qw_pair_left has said that there is one. From now on nobody else gets it: the
 * caller copies its bits from where they stand and wipes the whole places, or only wipes them. */
struct qw_carved {
    struct qw_key_place place;
    const uint8_t *id; /* of a key of the standard size; in the open block, like the material */
    uint8_t *material; /* as long as the pair is locked */
    size_t len;        /* of the places: at least the key */
};
void qw_pair_carve(struct qw_pair *pair, uint32_t bits, const struct qw_key_demand *demand,
                   int64_t now_ms, struct qw_carved *carved);

#endif
