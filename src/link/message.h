/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_MESSAGE_H
#define QW_LINK_MESSAGE_H

#include "base/error.h"
#include "link/machine.h"
#include "link/proof.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What two agents say to each other, as JSON texts [docs/protocol/link-control.md]. Decoders:
 * QW_ERR_FORMAT for whatever is missing, repeated, unknown or out of range; outputs are then
 * untouched. */
enum { QW_LINK_NAME_CAP = 64, QW_LINK_MESSAGE_CAP = 1024 };

#define QW_LINK_VERBS(X) \
    X(SYNC, "sync") \
    X(PREPARE, "prepare") \
    X(PROVE, "prove") \
    X(PROMOTE, "promote") \
    X(RETIRE, "retire") \
    X(DROP, "drop")
#define QW_LINK_RESULTS(X) \
    X(OK, "ok") \
    X(STALE, "stale") \
    X(UNKNOWN, "unknown") \
    X(NO_KEY, "no_key") \
    X(WRONG_KEY, "wrong_key") \
    X(ORDER, "order") \
    X(POLICY, "policy") \
    X(FAILED, "failed")
#define QW_LINK_VERB_ENUM(name, text) QW_LINK_SAY_##name,
#define QW_LINK_RESULT_ENUM(name, text) QW_LINK_RESULT_##name,
enum qw_link_verb { QW_LINK_VERBS(QW_LINK_VERB_ENUM) QW_LINK_VERB_COUNT };
enum qw_link_result { QW_LINK_RESULTS(QW_LINK_RESULT_ENUM) QW_LINK_RESULT_COUNT };
#undef QW_LINK_VERB_ENUM
#undef QW_LINK_RESULT_ENUM
extern const char *const qw_link_verb_names[QW_LINK_VERB_COUNT];
extern const char *const qw_link_result_names[QW_LINK_RESULT_COUNT];

struct qw_link_request {
    char link[QW_LINK_NAME_CAP]; /* 1..63 printable characters */
    enum qw_link_verb verb;
    uint64_t turn;
    bool has_key_id; /* always, but in a sync without a key */
    uint8_t key_id[16];
    bool fails_open;                  /* sync only */
    uint8_t nonce[QW_LINK_NONCE_LEN]; /* prove only, like proof */
    uint8_t proof[QW_LINK_PROOF_LEN];
};

struct qw_link_answer {
    enum qw_link_result result;
    enum qw_link_state state;
    uint64_t turn;
    bool has_key_id;
    uint8_t key_id[16];
    bool wants;
    bool has_proof;
    uint8_t proof[QW_LINK_PROOF_LEN];
};

/* NUL-terminated. */
void qw_link_request_encode(const struct qw_link_request *request,
                            char out[static QW_LINK_MESSAGE_CAP]);
qw_err qw_link_request_decode(const void *text, size_t len,
                              struct qw_link_request *request) QW_MUST_USE;
void qw_link_answer_encode(const struct qw_link_answer *answer,
                           char out[static QW_LINK_MESSAGE_CAP]);
qw_err qw_link_answer_decode(const void *text, size_t len,
                             struct qw_link_answer *answer) QW_MUST_USE;

#endif
