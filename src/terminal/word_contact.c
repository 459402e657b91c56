/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/word_contact.h"

#include <string.h>

struct visit {
    uint8_t word[QW_PLKG_ORDER_MAX];
    size_t len; /* 0: nothing came */
};

static void take_word(void *self, const uint8_t *word, size_t len)
{
    struct visit *visit = self;

    memcpy(visit->word, word, len);
    visit->len = len;
}

/* Who only has something to say opens no session. */
static qw_err take_no_auth(void *self, uint64_t up_position, uint64_t down_position,
                           uint8_t up[static QW_PLKG_AUTH_LEN],
                           uint8_t down[static QW_PLKG_AUTH_LEN])
{
    (void)self;
    (void)up_position;
    (void)down_position;
    (void)up;
    (void)down;
    return QW_ERR_EXHAUSTED;
}

qw_err qw_word_contact_run(const struct qw_word_contact *contact, const uint8_t *message,
                           size_t len, uint8_t *answer, size_t cap, size_t *answer_len)
{
    struct visit visit = { .len = 0 };
    struct qw_plkg_terminal terminal = {
        .party = { .policy = qw_plkg_policy_standard,
                   .radio = contact->radio,
                   .wire = contact->wire,
                   .log = contact->log,
                   .self = &visit },
        .terminal_id = contact->terminal_id,
        .contact = message,
        .contact_len = len,
        .tuning = contact->tuning,
        .take_auth = take_no_auth,
        .take_order = take_word,
    };
    struct qw_plkg_session *session = NULL;
    struct qw_plkg_ledger ledger = { 0 };
    qw_err err;

    if (len > QW_PLKG_CONTACT_MAX) {
        return QW_ERR_ARG;
    }
    err = qw_plkg_run_terminal(&terminal, &session, &ledger);
    qw_plkg_session_free(session);
    if (visit.len == 0) {
        return err == QW_OK ? QW_ERR_STATE : err;
    }
    if (visit.len > cap) {
        return QW_ERR_FORMAT;
    }
    memcpy(answer, visit.word, visit.len);
    *answer_len = visit.len;
    return QW_OK;
}
