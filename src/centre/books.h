/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_BOOKS_H
#define QW_CENTRE_BOOKS_H

#include "api/certificate/list.h"
#include "api/certificate/profile.h"
#include "centre/alarm/alarm.h"
#include "centre/centre.h"
#include "centre/journal/signer.h"
#include "centre/kek/kek.h"
#include "centre/key/key_life.h"
#include "centre/maintenance.h"
#include "store/audit.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The inside of a centre: what its files share. One mutex is held by every verb from its first look
 * at the store to its last; the source has a mutex of its own and is never called under the first.
 */

enum {
    QW_KEY_LEN = 32,
    QW_BLOCK_KEYS_MAX = 1024,
    QW_BLOCK_KEYS_MIN = 16,
    QW_POOL_MAX = QW_PACKAGE_POOL_MAX,
    /* keys that one package takes at most from stock: its own, two pools, a card key */
    QW_CARVE_MAX = QW_PACKAGE_KEYS_MAX + 2 * QW_PACKAGE_POOL_MAX / QW_KEY_LEN + 1,
    QW_PACKAGE_SEALED_MAX = QW_PACKAGE_KEYS_MAX * QW_KEY_LEN + 2 * QW_PACKAGE_POOL_MAX + 512,
    QW_MATERIAL_LEN = QW_FETCH_KEYS_MAX * QW_KEY_BITS_MAX / 8, /* more than QW_CARVE_MAX keys */
    QW_SCRATCH_LEN = QW_PACKAGE_SEALED_MAX + 2 * QW_PACKAGE_POOL_MAX + 1024,
    QW_SIGHTING_COUNT = 64, /* reports of a card that are remembered */
    QW_SERVICE_MEMOS = 64
};

_Static_assert(QW_MATERIAL_LEN >= QW_CARVE_MAX * QW_KEY_LEN, "what a package takes fits");

/* What has to go by itself at a certain second: its tag in the store says which. */
#define QW_TAG_DUE ((int64_t)1 << 40)
#define QW_TAG_DUE_AT(ms) (QW_TAG_DUE + ((ms) + 999) / 1000)

/* Totals of the centre, in the META record "books". */
struct qw_books {
    uint64_t starts;    /* how often the centre was opened, by whatever process */
    uint64_t ingested;  /* keys, ever */
    uint64_t stored;    /* keys in blocks nobody has leased */
    uint64_t leased;    /* keys in leased blocks that are not assigned yet */
    uint64_t paired;    /* places in blocks of pairs that have no record of their own */
    uint64_t destroyed; /* keys whose material is gone */
    uint64_t next_block;
    uint64_t next_device;
    uint64_t registry; /* counts the changes of devices by operators */
    bool is_indexed;   /* the index of the registry is whole (device/search_build.h) */
    int64_t swept_s;   /* what was due up to this second is gone; may be older than the truth */
    char first_station[64]; /* "" until qw_centre_station_birth */
    uint64_t divided_from;  /* blocks from this number on are in the parts by their source */
    struct qw_stock_part parts[QW_STOCK_PARTS]; /* key/stock_part.h */
};

struct qw_key_charge {      /* in whose quota of stored keys a key counts (people/unit_use.h) */
    char unit[QW_UNIT_CAP]; /* and in those above it; "": in none */
    uint64_t seq;           /* of the journal, when it was taken */
};

struct qw_block { /* a run of keys from one take, sealed with its own data key */
    uint64_t number;
    uint64_t version;        /* of the record, 0: new */
    enum qw_key_state state; /* QW_KEY_STORED, _LEASED, _ASSIGNED when nothing is left to carve */
    uint16_t keys, next;     /* next: the first position that was never carved */
    uint64_t epoch;          /* of the lease */
    int64_t ingested_ms;
    char master[64], slave[64];  /* of the pair that has the block, "" for none */
    int64_t fetch_until_ms;      /* of a pair's block: no first fetch from then on */
    int64_t ends_ms;             /* and from then on nothing is left of it */
    struct qw_key_charge charge; /* of a pair's block; other keys have their own in their record */
    bool is_quantum, is_simulated;
    char source[64];
    uint8_t gone[QW_BLOCK_KEYS_MAX / 8]; /* positions whose material is zero for good */
    uint8_t material[QW_BLOCK_KEYS_MAX * QW_KEY_LEN];
};

struct qw_pool {       /* authentication pool of a card, one direction */
    uint64_t position; /* absolute, of bytes[0]; only grows */
    uint16_t len;
    uint8_t bytes[QW_POOL_MAX];
};

struct qw_sighting { /* a contact report that was accepted */
    uint64_t counter;
    uint8_t digest[16];
};

struct qw_device_terms { /* what a device can be searched by */
    enum qw_device_kind kind;
    enum qw_device_state state;
    char owner[64];
    char unit[QW_UNIT_CAP];
};

struct qw_card_book { /* all that the centre keeps about a device and its card */
    struct qw_device device;
    struct qw_device_terms indexed; /* as the record and the index have it; unless it is new */
    uint64_t version;               /* of the record, 0: new */
    uint64_t number;                /* tag of its packages */
    bool has_card;                  /* a BIRTH package was made */
    bool is_confirmed;              /* the card has proved that it exists */
    uint8_t card_key[QW_CARD_KEY_LEN];
    uint64_t next_index;
    uint8_t token[QW_CARD_TOKEN_LEN]; /* of the last confirmed package, when is_confirmed */
    bool has_pending;
    uint8_t pending_id[16]; /* package that was made and not confirmed */
    uint8_t pending_token[QW_CARD_TOKEN_LEN];
    uint8_t last_id[16]; /* package confirmed last, zero before the first */
    bool has_session;
    uint8_t session_id[16];
    uint8_t id_key[32];                      /* of key ids, since birth; from epoch 2 on */
    uint8_t next_card_key[QW_CARD_KEY_LEN];  /* PENDING: when the card has taken the package */
    uint8_t order_nonce[QW_ORDER_NONCE_LEN]; /* while or after device.destruction is ORDERED */
    uint8_t order_done[QW_ORDER_DONE_LEN];
    uint8_t proof_digest[32]; /* of the proof that was booked */
    char station[64];         /* whose wrap key seals the BIRTH package */
    struct qw_pool up, down;
    struct qw_sighting seen[QW_SIGHTING_COUNT]; /* newest first */
    uint16_t seen_count;
};

struct qw_key_place { /* where a carved key stands */
    uint64_t block;
    uint16_t position;
    bool is_quantum, is_simulated;
    char source[64];
};

struct qw_certificate_authority;
/* The KEK of now and, while all is wrapped anew, the one before: the META record "kek-life", there
 * from the first order on [docs/protocol/kek-rotation.md]. */
struct qw_kek_life {
    uint64_t version;    /* of the record, 0: none yet */
    uint64_t generation; /* of the KEK; the first is 1 */
    int64_t made_ms;     /* the KEK, 0: with the store */
    enum qw_kek_phase phase;
    char why[QW_KEK_WHY_CAP]; /* the last order came to nothing; "" */
    /* QW_KEK_TURNING only: */
    uint8_t kind;                   /* enum qw_store_kind; all before it has been looked at, */
    uint8_t after[QW_STORE_ID_MAX]; /* and of it up to this id */
    size_t after_len;
    uint64_t total, seen; /* records at the beginning; looked at */
    uint64_t rewrapped;   /* ever, and */
    uint64_t found;       /* since the walk began at the first kind: 0 at its end is the end */
};

struct qw_pair_table;
struct qw_lease_ahead;
struct qw_fetch;
struct qw_quota;
struct qw_partner_desk;
struct qw_share_desk;

/* Fetches that wait while a group is being made durable; one thread serves all that came meanwhile
 * as the next one. */
struct qw_fetch_queue {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake; /* one waits, or as many as are expected, or it is over */
    struct qw_fetch *first, *last;
    size_t waiting;   /* in the list */
    size_t expected;  /* as many as were there when the last group ended */
    long patience_us; /* how long to wait for them */
    bool is_stopping;
};

struct qw_offer_walk { /* how far housekeeping has come in the offers of a state */
    bool is_begun;
    uint8_t last[16];
};

struct qw_list_memo {                /* the list of revocations that was signed last */
    struct qw_certificate_list list; /* owned; empty: none yet */
    uint64_t revoked;                /* certificates, when it was */
    int64_t signed_ms;               /* monotonic */
};

struct qw_service_memo {       /* two applications that were found to be in service */
    uint64_t registry_changes; /* when; 0: never */
    char caller[64], master[64];
};

struct qw_source_state { /* what of a source is in the journal */
    qw_err err;          /* its last failure */
    bool is_down;        /* by its own account */
    char reason[128];    /* why */
};

struct qw_centre {
    struct qw_centre_config config;
    pthread_mutex_t mutex;
    pthread_mutex_t source_mutex; /* around each take from the source */
    pthread_mutex_t login_mutex;  /* around each hash of a password; never under the first */
    pthread_cond_t fresh_taken;
    atomic_uint fresh_waiting;      /* somebody waits for a fresh key: ingest lets him go first */
    uint8_t kek[QW_KEK_LEN];        /* seals every record; under the mutex, like kek_life */
    uint8_t kek_before[QW_KEK_LEN]; /* QW_KEK_TURNING: opens what is not wrapped anew yet, and
                                       seals nothing; else zero */
    struct qw_kek_life kek_life;
    const char *custody_name;  /* static text */
    uint8_t tombstone_key[32]; /* these two outlive the KEK [docs/adr/0090] */
    uint8_t key_id_key[32];
    struct qw_pair_table *pairs;
    struct qw_lease_ahead *ahead; /* NULL: every lease waits for its request */
    struct qw_quota *quota;
    struct qw_partner_desk *partners;
    struct qw_share_desk *shares;        /* under the mutex */
    struct qw_offer_walk offer_walks[3]; /* by state; under the mutex */
    struct qw_fetch_queue fetches;
    struct qw_service_memo service_memos[QW_SERVICE_MEMOS]; /* by hash; under the mutex */
    atomic_uint_fast64_t registry_changes; /* pairs look again at who may have keys */
    int64_t latest_ms;                     /* of the sweep's clock */
    int64_t clock_offset_ms;               /* UTC over monotonic, when it was looked at last */
    bool has_clock_offset;                 /* it was looked at; both under the mutex */
    bool has_units;                        /* some unit has a quota (people/unit_quota.c) */
    uint64_t units_seen; /* books.registry + 1 when that was looked up; 0: never */
    struct qw_books books;
    uint64_t books_version;
    uint64_t start; /* number of this process's start: the epoch of its leases and records */
    struct qw_audit audit;
    struct qw_signer signer;
    struct qw_certificate_authority *authorities[QW_CERTIFICATE_PROFILE_COUNT]; /* NULL: none */
    struct qw_list_memo lists[QW_CERTIFICATE_PROFILE_COUNT];
    qw_err turn_err;          /* why this entry must not write */
    atomic_bool is_set_back;  /* the store forgot what it had acknowledged, leases perhaps */
    atomic_bool write_failed; /* the last group did not become durable */
    atomic_bool has_stock;    /* there is a key that nobody has */
    atomic_uint_fast64_t auth_succeeded, auth_refused, auth_locked; /* of this process */
    atomic_bool is_paused;             /* maintenance.is_on, for who holds no mutex */
    struct qw_maintenance maintenance; /* as the store has it; under the mutex */
    struct qw_alarm_book alarms;       /* of this process; under the mutex, like the next */
    struct qw_alarm_lock alarm_locks[QW_ALARM_LOCKS_MAX];
    bool is_stale; /* books and audit may be behind the store */
    struct qw_source_state source_state[QW_SOURCES_MAX];
    /* Workspaces, used under the mutex by one verb at a time and wiped at its end. */
    struct qw_block block;
    uint8_t block_scratch[QW_BLOCK_KEYS_MAX * QW_KEY_LEN]; /* until it is authenticated */
    struct qw_card_book card;                              /* the device the verb is about */
    struct qw_card_book holder;      /* the access point or station that carries for it */
    struct qw_card_book station;     /* the station that made the card */
    uint8_t scratch[QW_SCRATCH_LEN]; /* plain form of the record at hand */
    uint8_t material[QW_MATERIAL_LEN];
    uint8_t package[QW_PACKAGE_SEALED_MAX];
    struct qw_key_place places[QW_PACKAGE_KEYS_MAX];
};

/* Who does what to whom, for the journal. */
struct qw_deed {
    const struct qw_caller *caller; /* NULL: the centre itself */
    const char *verb;
    const char *object;
};

/* Takes the mutex / wipes the workspaces and gives it back. */
void qw_centre_enter(struct qw_centre *centre);
void qw_centre_leave(struct qw_centre *centre);

/* True when the caller has the role; the caller's id is then a proper name. */
bool qw_caller_is(const struct qw_caller *caller, enum qw_role role);

/* Writes a failure to journal and log and gives result back; QW_ERR_IO when the journal cannot be
 * written. cause stays inside. Under the mutex. */
qw_err qw_centre_refuse(struct qw_centre *centre, const struct qw_deed *deed, qw_err result,
                        const char *cause) QW_MUST_USE;
/* The same for a verb that has not entered yet. */
qw_err qw_centre_refuse_role(struct qw_centre *centre, const struct qw_deed *deed) QW_MUST_USE;

#endif
