/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_ASSOCIATION_INSIDE_H
#define QW_LINK_ASSOCIATION_INSIDE_H

#include "base/backoff.h"
#include "link/association.h"

/* The inside of an association: what both roles share. In secret memory. */
struct qw_link_association {
    struct qw_link_config config;
    struct qw_link_record record; /* what is on disk */
    struct qw_link_record draft;  /* what may be there next */
    struct qw_backoff backoff;
    struct qw_backoff unrest; /* of rotations that nobody here asked for */
    int64_t utc_offset_ms;    /* time of day minus our clock */
    int64_t since_ms;         /* first use of record.key, on our clock */
    int64_t rotate_at_ms, retry_at_ms, sync_at_ms, drain_until_ms;
    int64_t unrest_at_ms; /* the next of those, at the earliest */
    int64_t look_at_ms;   /* at what the sink did */
    int64_t begun_ms;     /* the rotation that runs */
    int64_t proved_ms;    /* last proof; -1: none */
    int64_t heard_ms;     /* last word of the peer; -1: none */
    int64_t rotation_ms;
    uint64_t rotations, alarms;
    bool is_open;       /* the record was read, and the sink agrees with it */
    bool is_spread;     /* the first rotation after the start is drawn */
    bool has_turn;      /* for the rotation by time */
    bool is_asked;      /* rotate by command */
    bool is_provoked;   /* rotate because the peer wants it, or the ends differ */
    bool is_blocked;    /* the sink lets nothing pass */
    bool is_overdue;    /* the key in use is over its hard lifetime */
    bool has_failed;    /* responder: the last rotation, for a reason at this end */
    bool is_away;       /* what takes the key is not there: no rotation helps */
    bool is_in_touch;   /* the peer's agent answers, and its policy is ours */
    const char *undone; /* what the last look at the sink found, in words; NULL: all is as it was
                           left */
    char alarm[QW_LINK_ALARM_CAP];
};

/* The record as it may be next; change it, then commit. */
struct qw_link_record *qw_link_draft(struct qw_link_association *a);
/* Applies the event to the draft and makes it the record, durably. On failure the record stays. */
qw_err qw_link_commit(struct qw_link_association *a, enum qw_link_event event) QW_MUST_USE;
/* The same without an event. */
qw_err qw_link_commit_as_it_is(struct qw_link_association *a) QW_MUST_USE;

/* The key that may still be used beside a new one; NULL: none, or it is over its time. */
const struct qw_link_key *qw_link_old_key(const struct qw_link_association *a);
/* What senders use now, if anything. */
const struct qw_link_key *qw_link_senders_key(const struct qw_link_association *a);

/* PREPARE or PROBE: the new key goes, the old one or nothing is left [L6]. */
qw_err qw_link_give_up(struct qw_link_association *a) QW_MUST_USE;
/* PROMOTE: this end's senders go over to the new key; nothing is written. */
qw_err qw_link_switch_senders(struct qw_link_association *a) QW_MUST_USE;
/* PROMOTE to RETIRE, durably: new and old change places. */
qw_err qw_link_commit_swap(struct qw_link_association *a, int64_t now_ms) QW_MUST_USE;
/* RETIRE: the old key goes. */
qw_err qw_link_retire(struct qw_link_association *a, enum qw_link_event event,
                      int64_t now_ms) QW_MUST_USE;
/* From PROMOTE, where senders use the new key, or RETIRE, to STEADY. */
qw_err qw_link_finish(struct qw_link_association *a, int64_t now_ms) QW_MUST_USE;

/* Says what is wrong, in the status and, when it is news, in the log. */
void qw_link_alarm(struct qw_link_association *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void qw_link_calm(struct qw_link_association *a); /* nothing is wrong any more */
void qw_link_tell(const struct qw_link_association *a, enum qw_log_level level, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));

/* Looks whether the key in use is over its hard lifetime. */
void qw_link_watch_lifetime(struct qw_link_association *a, int64_t now_ms);
/* Looks whether the sink still is as it was left, when that is due. */
void qw_link_watch_sink(struct qw_link_association *a, int64_t now_ms);
bool qw_link_sink_is_well(const struct qw_link_association *a);
/* What stands in the way of a verb that failed with err. Never NULL. */
const char *qw_link_sink_trouble(const struct qw_link_association *a, qw_err err);
/* What stands in the way of a word with the peer's agent or the key server. Never NULL. */
const char *qw_link_line_trouble(qw_err err);
uint64_t qw_link_sink_bytes(const struct qw_link_association *a);
/* What is wrong with a key of the key server, in words; NULL: nothing [S7]. */
const char *qw_link_key_fault(const struct qw_link_association *a, const struct qw_link_key *key);
bool qw_link_same_id(const uint8_t a[static 16], const uint8_t b[static 16]);

/* When to have a word with the peer again: a heartbeat from now, or a little less. Links beat
 * together, so that an agent with many wakes less often. */
int64_t qw_link_next_beat(const struct qw_link_association *a, int64_t now_ms);

/* When the initiator rotates; schedule.c. */
void qw_link_schedule_look(struct qw_link_association *a, int64_t now_ms); /* draws, takes turns */
bool qw_link_schedule_is_due(const struct qw_link_association *a, int64_t now_ms);
void qw_link_schedule_begin(struct qw_link_association *a, int64_t now_ms); /* one begins now */
void qw_link_schedule_calm(struct qw_link_association *a, int64_t now_ms);  /* nothing is wrong */

int64_t qw_link_initiator_step(struct qw_link_association *a, int64_t now_ms);

#endif
