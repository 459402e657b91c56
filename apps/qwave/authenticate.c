/* SPDX-License-Identifier: Apache-2.0 */
#include "authenticate.h"

#include "api/local_message.h"
#include "terminal/card_name.h"
#include "terminal/card_unlock.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { PENDING_CAP = 4096, TERMINAL_TIMEOUT_MS = 300000 };

static qw_err with_a_card(const struct authenticate_wish *wish, struct qw_auth_outcome *outcome,
                          char error[static AUTHENTICATE_ERROR_CAP])
{
    char pending[PENDING_CAP];
    struct auth_air air = wish->air;
    struct qw_auth_errand errand = {
        .way = { .url = wish->url, .self = &air, .carry = auth_air_carry },
        .name = wish->name,
        .certificate = wish->certificate,
        .key = wish->key,
        .pending = pending
    };
    const char *beside =
        qw_card_name_kind(wish->card) == QW_CARD_IN_FILE ? wish->card : wish->certificate;
    struct qw_card *card = NULL;
    struct qw_card_info info;
    qw_err err;

    if ((size_t)snprintf(pending, sizeof pending, "%s.proof", beside) >= sizeof pending) {
        return QW_ERR_ARG;
    }
    err = qw_card_open_by_file(wish->card, wish->passphrase_file, &card);
    if (err != QW_OK) {
        (void)snprintf(error, AUTHENTICATE_ERROR_CAP, "%.150s: %.100s", wish->card,
                       qw_card_err_text(wish->card, err));
        return err;
    }
    qw_card_info(card, &info);
    air.terminal_id = info.owner;
    memcpy(errand.context, wish->context, sizeof errand.context);
    err = qw_auth_errand_run(card, &errand, outcome, error);
    qw_card_close(card);
    return err;
}

static const char *refusal_text(qw_err err)
{
    switch (err) {
    case QW_ERR_REFUSED:
        return "the centre: refused";
    case QW_ERR_EXHAUSTED:
        return "its card has no key left";
    case QW_ERR_STATE:
        return "it has no certificate to prove itself with, or its card was destroyed";
    default:
        return qw_err_text(err);
    }
}

static qw_err by_a_terminal(const struct authenticate_wish *wish, struct qw_auth_outcome *outcome,
                            char error[static AUTHENTICATE_ERROR_CAP])
{
    struct qw_local_answer answer;
    qw_err err =
        qw_local_ask_authentication(wish->terminal, wish->context, TERMINAL_TIMEOUT_MS, &answer);

    if (err != QW_OK) {
        (void)snprintf(error, AUTHENTICATE_ERROR_CAP, "terminal %.150s: %s", wish->terminal,
                       qw_err_text(err));
        return err;
    }
    err = (qw_err)answer.result;
    if (err != QW_OK) {
        (void)snprintf(error, AUTHENTICATE_ERROR_CAP, "terminal %.150s: %s", wish->terminal,
                       refusal_text(err));
        return err;
    }
    memcpy(outcome->id, answer.key_id, sizeof outcome->id);
    outcome->until_ms = answer.until_ms;
    return QW_OK;
}

qw_err authenticate(const struct authenticate_wish *wish, struct qw_auth_outcome *outcome,
                    char error[static AUTHENTICATE_ERROR_CAP])
{
    error[0] = '\0';
    return wish->terminal != NULL ? by_a_terminal(wish, outcome, error)
                                  : with_a_card(wish, outcome, error);
}
