/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_CENTRE_H
#define QW_CENTRE_CENTRE_H

#include "api/authentication.h"
#include "api/contact.h"
#include "api/destruction.h"
#include "api/link_grant.h"
#include "api/package.h"
#include "base/error.h"
#include "base/log.h"
#include "centre/device/device.h"
#include "crypto/custody/custody.h"
#include "crypto/key_source.h"
#include "crypto/password_key.h"
#include "crypto/signature/signature.h"
#include "store/high_mark.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The key service centre: owns the keys' whole life and knows every device. All verbs check the
 * caller's role, are durable before they return, and are audited with their result. Safe from
 * several threads. Knows keys only through qw_key_source and devices only through messages. */
enum qw_role {
    QW_ROLE_OPERATOR, /* any officer: what he may do is in the records (people/officer.h) */
    QW_ROLE_ACCESS_POINT,
    QW_ROLE_SAE,
    QW_ROLE_KME,  /* a partner, the centre of others */
    QW_ROLE_NODE, /* who reports of nodes of a QKD network */
    QW_ROLE_COUNT
};

struct qw_caller {
    enum qw_role role;
    char id[64];                  /* officer, access point (device id) or SAE id */
    uint8_t certificate_hash[32]; /* zero for local calls */
};
/* "urn:qwave:operator:alice" or "urn:qwave:officer:alice", "urn:qwave:ap:ap-1",
 * "urn:qwave:sae:app-1", "urn:qwave:kme:kme-b"; anything else is an SAE id as a whole.
 * QW_ERR_FORMAT: empty, over-long, not printable. */
qw_err qw_caller_parse(const char *identity, struct qw_caller *caller) QW_MUST_USE;

enum { QW_WINDOW_MS_MAX = 3600000 };
struct qw_centre;
struct qw_partner_port; /* centre/partner/partner.h */
enum qw_dual_control {
    QW_DUAL_CONTROL_OFF,
    QW_DUAL_CONTROL_DESTROY, /* of a device */
    QW_DUAL_CONTROL_ALL,     /* and new officers, other shares of the master key, another KEK */
};
enum { QW_SOURCES_MAX = 8 };
struct qw_centre_config {
    struct qw_store *store;       /* borrowed */
    struct qw_high_mark *mark;    /* borrowed; NULL: an older copy of the store is not noticed */
    struct qw_custody *custody;   /* borrowed until qw_centre_new returns */
    struct qw_key_source *source; /* borrowed */
    /* Further ones, in the order in which they are preferred; borrowed. Their keys become stock
     * under their own names. Of n sources, number i = 0, 1 ... fills up to (n - i) / n of
     * stock_keys, so that one that is named later never takes the room of those before it. Fresh
     * keys are of `source` alone. */
    struct qw_key_source *const *more_sources; /* [more_count] */
    size_t more_count;                         /* < QW_SOURCES_MAX */
    const struct qw_log *log;                  /* borrowed */
    char centre_id[64];
    uint32_t block_keys; /* keys per block, 16..1024; default 128 */
    uint32_t lease_keys; /* that a pair may have leased and not given yet, whole blocks of them
                            ahead of need; below a block: only what a request needs */
    uint32_t stock_keys; /* ingest until this many keys are free */
    uint32_t window_ms;  /* repeat window of dec_keys, at most QW_WINDOW_MS_MAX;
                            default 30000 */
    uint32_t key_ttl_s;  /* a key of a pair can be fetched so long, and at most twice so long;
                            default 86400 */
    uint32_t
        pool_bytes; /* authentication pool per direction that a full card holds; default 2048 */
    uint32_t sae_keys_per_s;  /* that one application may take, unless its entry says another
                                 number; 0: no limit */
    uint32_t pair_keys_per_s; /* that it may take for one slave; 0: no limit */
    uint32_t misses_per_s;    /* wrong key ids of one application that are looked up; 0: no limit */
    const struct qw_partner_port *partner_port;    /* borrowed; NULL: this centre has no partners */
    enum qw_signature_algorithm journal_signature; /* of a journal's key when it is made; default
                                                      P-256 */
    uint32_t journal_sign_records;  /* the head is signed after so many records; default 1000 */
    uint32_t journal_sign_ms;       /* or when one has waited so long; default 10000 */
    uint8_t configuration_hash[32]; /* SHA-256, for the journal; zero: none */
    uint32_t partner_wait_ms; /* a master waits so long for partners to take its keys; default 1000
                               */
    uint32_t partner_places;  /* and so many masters at once; default 4 */
    enum qw_dual_control dual_control;  /* what needs two officers (approval/approval.h) */
    bool cards_need_user;               /* a terminal's card that is nobody's gets nothing */
    uint32_t approval_s;                /* a request waits so long for the second; default 900 */
    uint32_t certificate_days;          /* life of an issued certificate; default 30 */
    uint32_t auth_window_s;             /* clocks of those who authenticate differ by so much at
                                           most; default 30 */
    const char *status_url;             /* borrowed; of OCSP, for certificates; NULL: none */
    struct qw_password_cost login_cost; /* of officers' passwords (login/login.h); log2_n 0: the
                                           standard */
    const char *process; /* borrowed; which one, where several share a store; NULL: the only one. At
                            most 80 bytes */
    uint32_t share_timeout_s; /* officers' shares are forgotten after so long; default 900 */
};
/* Unseals (or, on an empty store, creates and wraps) the KEK and opens the books. QW_ERR_AUTH:
 * wrong master key. QW_ERR_REFUSED and others: as the custody says, which knows why (also in the
 * journal). QW_ERR_ARG: also that the journal was begun with another algorithm. QW_ERR_STATE: the
 * store is behind its mark, an older copy; keys it holds may have been given already. */
qw_err qw_centre_new(const struct qw_centre_config *config, struct qw_centre **centre) QW_MUST_USE;
void qw_centre_free(struct qw_centre *centre);

/* Sources to store: takes blocks until stock_keys are free. One that fails does not keep the others
 * from giving; the first failure is the result: QW_ERR_EXHAUSTED or _REFUSED from a source: serving
 * goes on. */
qw_err qw_centre_ingest(struct qw_centre *centre) QW_MUST_USE;
/* Housekeeping: closes windows, expires, destroys; call about once a second. */
qw_err qw_centre_sweep(struct qw_centre *centre) QW_MUST_USE;

/* Operators. id: without the characters of patterns, * ? [. peers: the SAE that shares a terminal's
 * keys; of an application, the SAEs it may ask keys for, names or patterns
 * (centre/device/device.h), separated by commas; "" for access points and stations. */
qw_err qw_centre_device_register(struct qw_centre *centre, const struct qw_caller *caller,
                                 const char *id, enum qw_device_kind kind, const char *owner,
                                 const char *peers) QW_MUST_USE;
struct qw_device_entry {
    const char *id;
    enum qw_device_kind kind;
    const char *owner, *peers;
    const char *unit;                          /* its place in the tree; NULL: the officer's own */
    const char *firmware, *certificate_serial; /* NULL: not said */
    const uint8_t *certificate_hash;           /* [32 bytes] likewise */
};
/* The same at a certain place. QW_ERR_REFUSED: outside the officer's part of the tree, or the peer
 * of a carrier is not within it. A partner stands at the root. */
qw_err qw_centre_device_add(struct qw_centre *centre, const struct qw_caller *caller,
                            const struct qw_device_entry *entry) QW_MUST_USE;
/* Replaces the peers of an application; they reach as far as the officer's part of the tree.
 * QW_ERR_STATE: the device is none. */
qw_err qw_centre_device_set_peers(struct qw_centre *centre, const struct qw_caller *caller,
                                  const char *id, const char *peers) QW_MUST_USE;
/* The KME that serves an application; "" for this centre. Who is at home elsewhere gets nothing
 * here. QW_ERR_STATE: the device is none. */
qw_err qw_centre_device_set_home(struct qw_centre *centre, const struct qw_caller *caller,
                                 const char *id, const char *kme) QW_MUST_USE;
qw_err qw_centre_device_find(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *id, struct qw_device *device) QW_MUST_USE;
/* In id order, starting after `after` ("" for the first); at most cap. */
qw_err qw_centre_device_list(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *after, struct qw_device *devices, size_t cap,
                             size_t *count) QW_MUST_USE;
/* What an application may take: keys a second (0: the centre's standard) and its part when keys are
 * scarce, 1 to 100 (centre/pair/fair_share.h). QW_ERR_STATE: the device is none. */
enum { QW_QUOTA_KEYS_PER_S_MAX = 10000000 };
qw_err qw_centre_device_set_quota(struct qw_centre *centre, const struct qw_caller *caller,
                                  const char *id, uint32_t keys_per_s, uint8_t weight) QW_MUST_USE;
/* Moves the device's state by the table in centre/device/device.h; DESTROY voids all keys of its
 * card at once. QW_ERR_STATE. */
qw_err qw_centre_device_change(struct qw_centre *centre, const struct qw_caller *caller,
                               const char *id, enum qw_device_event event) QW_MUST_USE;

/* Binds the card of a device to the person who has it, 1 to 63 visible ASCII characters; frees it.
 * The rules are U1 to U5 of docs/design/card-binding.md. QW_ERR_STATE: no card, or nobody's;
 * QW_ERR_CONFLICT: somebody else's. */
qw_err qw_centre_card_bind(struct qw_centre *centre, const struct qw_caller *caller, const char *id,
                           const char *user) QW_MUST_USE;
qw_err qw_centre_card_unbind(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *id) QW_MUST_USE;

/* With its next refill the card key of a terminal is renewed by a quantum key. QW_ERR_STATE: no
 * card in service, or one is on its way already (docs/protocol/card-fusion.md). */
qw_err qw_centre_card_fuse(struct qw_centre *centre, const struct qw_caller *caller,
                           const char *id) QW_MUST_USE;

/* The same order and proof where an officer has the card before him. QW_ERR_STATE: the device is
 * not destroyed, or its card has no order to wait for. */
qw_err qw_centre_device_order(struct qw_centre *centre, const struct qw_caller *caller,
                              const char *id, uint8_t order[static QW_ORDER_LEN]) QW_MUST_USE;
/* QW_ERR_REFUSED: no proof of this card, or of an older copy of it. */
qw_err qw_centre_device_proof(struct qw_centre *centre, const struct qw_caller *caller,
                              const char *id, const uint8_t *proof, size_t len,
                              uint8_t done[static QW_ORDER_DONE_MESSAGE_LEN]) QW_MUST_USE;

/* Charging: makes a BIRTH package for a registered device (a station names itself as the card whose
 * wrap key seals it; a first station is made by qw_centre_station_birth), or a CHARGE package for
 * one that has a card. QW_ERR_EXHAUSTED: not enough keys. Sealed bytes to out. */
qw_err qw_centre_charge(struct qw_centre *centre, const struct qw_caller *caller,
                        const char *device_id, const char *station_id, uint32_t keys, uint8_t *out,
                        size_t cap, size_t *len) QW_MUST_USE;
/* The card's receipt for a BIRTH or CHARGE package (BIRTH: made by the station from the new card).
 * Until then its keys are not live. */
qw_err qw_centre_charge_confirm(struct qw_centre *centre, const struct qw_caller *caller,
                                const char *device_id, const uint8_t *receipt,
                                size_t len) QW_MUST_USE;
/* Only at initialisation, on the centre's own machine: registers a charging station and gives its
 * BIRTH package open, for qw_card_create. */
qw_err qw_centre_station_birth(struct qw_centre *centre, const struct qw_caller *caller,
                               const char *station_id, struct qw_package *birth) QW_MUST_USE;

/* Access points. Contact: checks the report (state, counter, token, positions), spends the pool
 * bytes durably, gives session id and the grant sealed for the caller. Every failure is
 * QW_ERR_REFUSED (pool used up: QW_ERR_EXHAUSTED), the cause goes to the audit; a rolled-back or
 * cloned card is suspended. QW_ERR_STATE: the card is to be destroyed, and answer->order is for it;
 * or it was, the report is its proof, that is booked, and answer->order is what tells it so
 * (docs/protocol/card-destroy.md). Likewise what a report is not at all: somebody asks for a
 * challenge, or brings a proof of who he is, and answer->order is what he gets
 * (docs/protocol/authentication.md). The answer is untouched after any other error. */
enum { QW_CONTACT_ORDER_MAX = QW_AUTH_CHALLENGE_MAX }; /* the longest of them */
struct qw_contact_answer {
    uint8_t session_id[16];
    uint8_t grant[QW_LINK_GRANT_LEN];
    uint8_t order[QW_CONTACT_ORDER_MAX]; /* readable to all */
    size_t order_len;                    /* 0: session and grant hold */
};
qw_err qw_centre_contact(struct qw_centre *centre, const struct qw_caller *caller,
                         const uint8_t *report, size_t len,
                         struct qw_contact_answer *answer) QW_MUST_USE;
/* Package for the session's card, at most pad_len bytes sealed: the pending one again if there is
 * one and it fits, else a new one, durable before it leaves; sealed once more for the caller (nonce
 * | package | tag, aad "qwave package" | session id). */
qw_err qw_centre_package(struct qw_centre *centre, const struct qw_caller *caller,
                         const uint8_t session_id[static 16], size_t pad_len, uint8_t *out,
                         size_t cap, size_t *len) QW_MUST_USE;
qw_err qw_centre_receipt(struct qw_centre *centre, const struct qw_caller *caller,
                         const uint8_t session_id[static 16], const uint8_t *receipt,
                         size_t len) QW_MUST_USE;
qw_err qw_centre_session_end(struct qw_centre *centre, const struct qw_caller *caller,
                             const uint8_t session_id[static 16], unsigned refusal) QW_MUST_USE;
/* Whether the caller is an access point in service; else QW_ERR_REFUSED, in the journal. */
qw_err qw_centre_access_point_serves(struct qw_centre *centre,
                                     const struct qw_caller *caller) QW_MUST_USE;

/* Whether the caller is a node in service, which may report; else QW_ERR_REFUSED, in the journal.
 */
qw_err qw_centre_node_serves(struct qw_centre *centre, const struct qw_caller *caller) QW_MUST_USE;

/* Applications: keys for a pair of them [ETSI 014]. Sizes are in bits, multiples of 8. */
enum {
    QW_KEY_BITS_MIN = 24,
    QW_KEY_BITS_STANDARD = 256,
    QW_KEY_BITS_MAX = 4096,
    QW_DELIVERY_KEYS_MAX = 128,
    QW_FETCH_KEYS_MAX = 128,
    QW_KEY_OTHERS_MAX = 8 /* additional slaves of one key */
};
struct qw_given_key { /* holds a secret: in secret memory, wiped by its owner */
    uint8_t id[16];
    uint16_t bits;
    uint8_t bytes[QW_KEY_BITS_MAX / 8];
};
struct qw_key_demand {  /* what a caller asks of the material itself */
    char source[64];    /* provenance: "qkd" also stands for "qkd:node-3"; "" for any */
    int64_t max_age_ms; /* since it left its source; negative for any */
    bool is_relayed;    /* over other centres: never so inside one */
    bool is_fresh;      /* straight from the source, for this call */
};
extern const struct qw_key_demand qw_key_demand_none;
struct qw_key_wish {
    const char *slave;
    const char (*others)[64]; /* additional slaves: the same keys, each once */
    size_t other_count;
    uint32_t count, bits;
    struct qw_key_demand mandatory;
    struct qw_key_demand preferred; /* ignored where it cannot be met */
    const uint8_t *request_id;      /* [16] the caller's name of this wish; NULL: none */
};
/* New keys for the caller as master, count of them to keys, out of blocks that were durably leased
 * to the pair before. All or none. QW_ERR_REFUSED: not registered, suspended, or the pair is not
 * permitted (401). QW_ERR_NOT_FOUND: no such slave, QW_ERR_ARG: a value out of range,
 * QW_ERR_UNAVAILABLE: the mandatory demand cannot be met (400). QW_ERR_EXHAUSTED: too few in stock,
 * or the caller has had more than its part of what is left; QW_ERR_LIMIT: its quota is used up,
 * more comes with time, or too many wait for partners (503). QW_ERR_TIMEOUT, QW_ERR_IO: a slave's
 * own centre did not take the keys; they are void (503). With a request_id the same wish again,
 * inside the window, gets the same bytes and moves nothing; QW_ERR_CONFLICT: that id was another
 * wish's, its window is over, or a key of it is gone (400). QW_ERR_STATE: a key of it is suspended
 * (503). [ETSI 014 5.3] */
qw_err qw_centre_deliver(struct qw_centre *centre, const struct qw_caller *caller,
                         const struct qw_key_wish *wish, struct qw_given_key *keys) QW_MUST_USE;

/* The peers the caller may ask keys for, as they were registered. QW_ERR_REFUSED: no application in
 * service. */
qw_err qw_centre_peers(struct qw_centre *centre, const struct qw_caller *caller,
                       char peers[static QW_DEVICE_PEERS_CAP]) QW_MUST_USE;

struct qw_pair_status {
    uint64_t stored_keys; /* of the standard size, deliverable to the pair now; <= max_keys */
    uint64_t max_keys;
    char slave_kme[64]; /* that serves the slave; "" for this centre */
};
/* QW_ERR_REFUSED, QW_ERR_NOT_FOUND as above. [ETSI 014 5.2] */
qw_err qw_centre_pair_status(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *slave, struct qw_pair_status *status) QW_MUST_USE;

/* The keys with these ids that `master` holds, each given to this caller once (again inside the
 * window: the same bytes). All or nothing. QW_ERR_REFUSED: caller is not a party of one of them
 * (401). QW_ERR_NOT_FOUND: one is unknown, used or expired (400). QW_ERR_LIMIT: too many of these
 * two answers of late (503). [ETSI 014 5.4] */
qw_err qw_centre_fetch(struct qw_centre *centre, const struct qw_caller *caller, const char *master,
                       const uint8_t (*key_ids)[16], size_t count,
                       struct qw_given_key *keys) QW_MUST_USE;

/* The same for a caller that has something else to do while a group is being written. QW_OK: it is
 * under way, and done is called once, from a thread of the centre that all fetches wait for, with
 * the result; keys are there then. What is pointed to stays where it is until then; self is the
 * caller's. Others: done is never called. */
struct qw_fetch_wish {
    const char *master;
    const uint8_t (*key_ids)[16];
    size_t count;
    struct qw_given_key *keys; /* count */
};
qw_err qw_centre_fetch_begin(struct qw_centre *centre, const struct qw_caller *caller,
                             const struct qw_fetch_wish *wish, void (*done)(void *self, qw_err err),
                             void *self) QW_MUST_USE;

/* Keys with these ids, none twice, that the caller has fetched: he will not ask for them again. A
 * key that every party has closed goes at once. All or nothing; again is fine. QW_ERR_REFUSED: no
 * party of one of them; QW_ERR_NOT_FOUND: one was not fetched by the caller. */
qw_err qw_centre_acknowledge(struct qw_centre *centre, const struct qw_caller *caller,
                             const uint8_t (*key_ids)[16], size_t count) QW_MUST_USE;

/* Keys with these ids, none twice, whose master or slave the caller is, are taken back (rows 10, 12
 * and 14 of the life cycle): from the commit on nobody gets them, the next sweep destroys them with
 * a tombstone that says why, and one that is destroyed already is marked when it is compromised.
 * All or nothing; again is fine. *withdrawn: how many somebody could have got else. QW_ERR_REFUSED:
 * no party of one of them; QW_ERR_NOT_FOUND: an id that no key has; QW_ERR_UNAVAILABLE: another
 * centre has one too, and would not be told. */
enum qw_withdrawal {
    QW_WITHDRAW_VOID,       /* not wanted any more */
    QW_WITHDRAW_COMPROMISED /* others may know it */
};
qw_err qw_centre_key_withdraw(struct qw_centre *centre, const struct qw_caller *caller,
                              enum qw_withdrawal why, const uint8_t (*key_ids)[16], size_t count,
                              uint64_t *withdrawn) QW_MUST_USE;

/* Groups of applications that share a key, epoch by epoch [docs/protocol/key-groups.md]. */
enum {
    QW_KEY_GROUP_NAME_CAP = 49, /* with NUL */
    QW_KEY_GROUP_MEMBERS_MAX = 32,
    QW_KEY_GROUP_LEAD_MS_MAX = 3600000
};
struct qw_key_group_change { /* who comes, who goes; borrowed */
    const char *const *add;
    size_t add_count;
    const char *const *remove;
    size_t remove_count;
    uint32_t lead_ms; /* from now until the new epoch becomes active */
};
struct qw_key_group_info {
    char owner[64];
    uint32_t epoch;        /* the newest that the caller is a member of; 0: he is no longer one */
    int64_t activates_ms;  /* of the newest epoch, UTC */
    uint32_t epoch_before; /* still in use until then; 0: none, or not for the caller */
    size_t member_count;
    char members[QW_KEY_GROUP_MEMBERS_MAX][64]; /* beside the owner */
};
/* The caller becomes the owner. QW_ERR_REFUSED, QW_ERR_NOT_FOUND: a member is no peer of the caller
 * in service, or the caller is not; QW_ERR_CONFLICT: the name was used before; QW_ERR_EXHAUSTED;
 * QW_ERR_LIMIT: the caller's quota is used up. */
qw_err qw_centre_key_group_create(struct qw_centre *centre, const struct qw_caller *caller,
                                  const char *name,
                                  const struct qw_key_group_change *change) QW_MUST_USE;
/* The owner begins a new epoch with a new key; with nobody added or removed it is only the key that
 * changes. QW_ERR_NOT_FOUND: no group of the caller's; QW_ERR_STATE: it has ended; QW_ERR_ARG: a
 * name twice or not there, too many, nobody left; QW_ERR_REFUSED, QW_ERR_EXHAUSTED and QW_ERR_LIMIT
 * as above. */
qw_err qw_centre_key_group_change(struct qw_centre *centre, const struct qw_caller *caller,
                                  const char *name,
                                  const struct qw_key_group_change *change) QW_MUST_USE;
/* The owner ends it: its keys are given to nobody from now on, and zeroed within two seconds. */
qw_err qw_centre_key_group_end(struct qw_centre *centre, const struct qw_caller *caller,
                               const char *name) QW_MUST_USE;
/* QW_ERR_NOT_FOUND: no such group, or the caller is no member. QW_ERR_REFUSED: not in service. */
qw_err qw_centre_key_group_find(struct qw_centre *centre, const struct qw_caller *caller,
                                const char *name, struct qw_key_group_info *info) QW_MUST_USE;
/* The key of an epoch, as often as a member of that epoch asks while it lasts. */
qw_err qw_centre_key_group_take(struct qw_centre *centre, const struct qw_caller *caller,
                                const char *name, uint32_t epoch, int64_t *activates_ms,
                                struct qw_given_key *key) QW_MUST_USE;

struct qw_source_status {
    char name[64];
    bool is_quantum, is_simulated;
    struct qw_key_source_health health;
};

enum { QW_STOCK_PARTS = 17 };
struct qw_stock_part {             /* keys of one source */
    char source[64];               /* ""; of the stock: not divided (docs/adr/0134) */
    bool is_quantum, is_simulated; /* of several: all are, one is */
    uint64_t keys;
};

struct qw_centre_status {
    const char *custody; /* static text */
    char source[64];
    bool source_is_quantum;
    bool source_is_simulated;
    struct qw_key_source_health source_health;
    struct qw_source_status more_source[QW_SOURCES_MAX - 1];
    size_t more_count;
    uint64_t keys_in_state[16];                 /* by enum qw_key_state (centre/key/key_life.h) */
    struct qw_stock_part stock[QW_STOCK_PARTS]; /* free keys by source; parts with some */
    size_t stock_count;
    uint64_t keys_ingested;
    uint64_t devices;
    uint64_t audit_records;
    uint64_t cards_cloned; /* devices suspended because of a copied card, until they are resumed */
    uint64_t offers_open;  /* of keys to partners that have not answered yet */
    uint64_t offers_void;  /* given up, and a partner has not yet said that its keys are gone */
};
qw_err qw_centre_status(struct qw_centre *centre, const struct qw_caller *caller,
                        struct qw_centre_status *status) QW_MUST_USE;

#endif
