/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_ALARM_ALARM_LIFE_H
#define QW_CENTRE_ALARM_ALARM_LIFE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is wrong with a centre, from when it begins until it is over and somebody has seen it
 * [C10]. A condition is what is the case now; an alarm is its history. The life is one table
 * (docs/adr/0114). Pure: no clock, no store. */
#define QW_ALARM_KIND_TABLE(X) \
    X(SOURCE, "source")                 /* no new keys come */ \
    X(STOCK, "stock")                   /* few keys are left, or none */ \
    X(STORE, "store")                   /* it cannot be written */ \
    X(SET_BACK, "store-set-back")       /* it is an older copy */ \
    X(CERTIFICATE, "certificate")       /* the centre's own ends soon */ \
    X(JOURNAL, "journal")               /* its collector is away, or far behind */ \
    X(CARD, "card")                     /* copied, or set back */ \
    X(PARTNER, "partner")               /* another centre does not answer */ \
    X(AUTHENTICATION, "authentication") /* a name is locked */
#define QW_ALARM_KIND_ENUM(name, text) QW_ALARM_##name,
enum qw_alarm_kind { QW_ALARM_KIND_TABLE(QW_ALARM_KIND_ENUM) QW_ALARM_KINDS };
#undef QW_ALARM_KIND_ENUM
extern const char *const qw_alarm_kind_names[QW_ALARM_KINDS]; /* "source" ... */

enum qw_alarm_severity { QW_ALARM_MINOR, QW_ALARM_MAJOR, QW_ALARM_SEVERITIES }; /* [ETSI 015] */
extern const char *const qw_alarm_severity_names[QW_ALARM_SEVERITIES];

enum qw_alarm_state {
    QW_ALARM_ACTIVE,       /* it is the case, and nobody has said that he knows */
    QW_ALARM_ACKNOWLEDGED, /* it is the case */
    QW_ALARM_CLEARED,      /* it is over, and nobody has said that he knows */
    QW_ALARM_GONE,         /* over and seen: listed no more */
    QW_ALARM_STATES
};
extern const char *const qw_alarm_state_names[QW_ALARM_STATES]; /* "active" ... */

enum qw_alarm_event { QW_ALARM_RAISE, QW_ALARM_CLEAR, QW_ALARM_ACKNOWLEDGE, QW_ALARM_EVENTS };
/* QW_ERR_STATE: no such step. */
qw_err qw_alarm_next(enum qw_alarm_state state, enum qw_alarm_event event,
                     enum qw_alarm_state *next) QW_MUST_USE;

enum { QW_ALARMS_MAX = 64, QW_ALARM_SUBJECT_CAP = 128, QW_ALARM_TEXT_CAP = 128 };

struct qw_alarm_condition {
    enum qw_alarm_kind kind;
    enum qw_alarm_severity severity;
    char subject[QW_ALARM_SUBJECT_CAP]; /* with the kind: which one it is */
    char text[QW_ALARM_TEXT_CAP];       /* for a person */
};

struct qw_alarm {
    uint64_t number; /* 1, 2, 3 ...: by it an alarm is acknowledged */
    enum qw_alarm_kind kind;
    enum qw_alarm_severity severity; /* the worst since it was acknowledged last */
    enum qw_alarm_state state;
    char subject[QW_ALARM_SUBJECT_CAP];
    char text[QW_ALARM_TEXT_CAP];
    int64_t first_ms, last_ms;  /* when it began, first and last; UTC */
    int64_t cleared_ms;         /* when it was over last; 0: it was not */
    uint64_t count;             /* times that it began */
    int64_t acknowledged_ms;    /* 0: not */
    char acknowledged_by[64];   /* officer */
    bool is_changed, is_unkept; /* since _settle; and not in the store yet */
};

struct qw_alarm_book {
    struct qw_alarm alarm[QW_ALARMS_MAX];
    size_t count;
    uint64_t next_number; /* 0: none yet */
};

/* All conditions of now: raises what is new, clears what is over. What gets worse is raised again,
 * also when it was acknowledged. A condition that finds the book full waits. */
void qw_alarm_book_update(struct qw_alarm_book *book, const struct qw_alarm_condition *conditions,
                          size_t count, int64_t now_ms);
/* QW_ERR_NOT_FOUND; QW_ERR_STATE: it is acknowledged already. */
qw_err qw_alarm_book_acknowledge(struct qw_alarm_book *book, uint64_t number, const char *officer,
                                 int64_t now_ms) QW_MUST_USE;
/* The alarm of that kind and subject that is listed; NULL: none. */
const struct qw_alarm *qw_alarm_book_find(const struct qw_alarm_book *book, enum qw_alarm_kind kind,
                                          const char *subject);
/* Everything is in the store: what is gone goes. */
void qw_alarm_book_settle(struct qw_alarm_book *book);

#endif
