/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_ASSOCIATION_H
#define QW_LINK_ASSOCIATION_H

#include "base/error.h"
#include "base/log.h"
#include "link/key_sink.h"
#include "link/message.h"
#include "link/record.h"

#include <stdbool.h>
#include <stdint.h>

/* One link with one peer: the machine of link/machine.h, its durable record, its sink. Knows
 * neither network nor clock: the other agent and the key server are two small interfaces, times are
 * given, in ms of a clock that never goes back. One thread at a time; a call may take as long as
 * the interfaces take. */
struct qw_link_peer {
    void *self;
    /* One request, one answer. Any error: there was no answer. */
    qw_err (*ask)(void *self, const struct qw_link_request *request, struct qw_link_answer *answer);
};

struct qw_link_keys {
    void *self;
    qw_err (*fresh)(void *self, const char *peer, struct qw_link_key *key);
    /* key->id is given. */
    qw_err (*by_id)(void *self, const char *peer, struct qw_link_key *key);
};

/* Rotations by time take turns with those of other links. */
struct qw_link_turns {
    void *self;                                  /* NULL: no others */
    int64_t (*take)(void *self, int64_t now_ms); /* the turn that is now ours, now_ms or later */
};

struct qw_link_config {      /* texts are borrowed for the association's life */
    const char *link, *peer; /* the link's name for both ends, the peer's SAE id */
    const char *name;        /* for logs and the record; unique on this host */
    enum qw_link_role role;
    const char *record_path;
    const uint8_t *vault_key; /* [QW_LINK_VAULT_KEY_LEN], borrowed */
    bool fails_open;          /* over its hard lifetime a key goes on, loudly; else traffic stops */
    int64_t rekey_ms, hard_ms; /* from the first use of a key; 1 <= rekey_ms < hard_ms */
    uint64_t rekey_bytes;      /* 0: no limit */
    double jitter; /* 0..0.9: a rotation comes so much of rekey_ms earlier, at most; unless it is
                      0, the first after a start up to 0.9, so that links spread over the time */
    struct qw_link_turns turns;
    int64_t heartbeat_ms, drain_ms, retry_ms;
    int64_t utc_ms; /* time of day at the time of the call to _new */
    const struct qw_log *log;
    struct qw_link_peer peer_agent; /* used by the initiator only */
    struct qw_link_keys keys;
    struct qw_key_sink sink; /* taken, also when _new fails */
};

struct qw_link_association;
/* Reads the record and makes the sink agree with it. No record: a new one, and the sink is blocked
 * until the first key. A sink that is not there yet, or a record that cannot be read, is an alarm:
 * each _step tries again, and until then nothing else is done. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_link_association_new(const struct qw_link_config *config, int64_t now_ms,
                               struct qw_link_association **association) QW_MUST_USE;
/* Keys that run go on. NULL is fine. */
void qw_link_association_free(struct qw_link_association *association);

/* Does what is due, at most one exchange with the peer. Returns when to call again, at the latest;
 * a time that is not later than now_ms means at once. */
int64_t qw_link_association_step(struct qw_link_association *association, int64_t now_ms);

/* Only looks whether the key in use is over its hard lifetime. Talks to nobody. */
void qw_link_association_watch(struct qw_link_association *association, int64_t now_ms);

/* Responder: what the peer's agent asks. */
void qw_link_association_answer(struct qw_link_association *association,
                                const struct qw_link_request *request, int64_t now_ms,
                                struct qw_link_answer *answer);

/* A rotation as soon as may be. Call _step soon. */
void qw_link_association_rotate(struct qw_link_association *association);

enum { QW_LINK_ALARM_CAP = 160 };
struct qw_link_status {
    enum qw_link_state state;
    enum qw_link_role role;
    bool has_key;
    uint8_t key_id[16]; /* what senders use */
    int64_t age_ms;     /* of that key's use */
    int64_t left_ms;    /* until its hard lifetime is over; INT64_MAX: none, or over already */
    uint64_t bytes;     /* under it; UINT64_MAX: not known */
    int64_t proof_ms;   /* since both ends proved to hold it; -1: not since the start */
    uint64_t turn, rotations, alarms; /* the latter two since the start */
    int64_t rotation_ms;              /* the last one took, without the drain time; -1: none yet */
    bool is_in_touch;                 /* with the peer's agent */
    bool is_blocked;                  /* nothing passes */
    char alarm[QW_LINK_ALARM_CAP];    /* what is wrong now; "": nothing */
};
void qw_link_association_status(const struct qw_link_association *association, int64_t now_ms,
                                struct qw_link_status *status);

#endif
