/* SPDX-License-Identifier: Apache-2.0 */
#include "setup/setup_desk.h"

#include "base/secret.h"

#include <stdio.h>
#include <string.h>

const char *const setup_step_names[] = { "choose", "shares", "ready", "made" };

const struct setup_verdict_text setup_verdict_texts[] = {
    [SETUP_DONE] = { "done", "done" },
    [SETUP_NOT_NOW] = { "not-now", "not at this step of the set-up: look at where it is" },
    [SETUP_NOT_OFFERED] = { "not-offered",
                            "this custody has to be prepared on the command line of qwave init" },
    [SETUP_NO_OFFICER] = { "no-officer", "there is no officer of this number" },
    [SETUP_GIVEN_ALREADY] = { "given-already", "this officer's share was shown already, and is "
                                               "shown once: begin again if it is lost" },
    [SETUP_NOT_GIVEN] = { "not-given", "this officer has not taken his share yet" },
    [SETUP_MALFORMED] = { "no-share", "no officer's share" },
    [SETUP_OTHER_CEREMONY] = { "other-ceremony", "a share of another ceremony" },
    [SETUP_ALTERED] = { "altered", "an altered share" },
    [SETUP_OF_ANOTHER] = { "of-another", "the share of another officer" },
    [SETUP_TOO_OFTEN] = { "too-often", "too many wrong shares: all are wiped, begin again" },
    [SETUP_FAILED] = { "failed", NULL },
};

static enum setup_verdict note(struct setup_desk *desk, const char *actor, const char *verb,
                               unsigned officer, enum setup_verdict verdict, const char *done)
{
    const char *message = setup_verdict_texts[verdict].message;
    qw_err result = verdict == SETUP_DONE     ? QW_OK
                    : verdict == SETUP_FAILED ? QW_ERR_IO
                                              : QW_ERR_REFUSED;
    char object[32] = "";

    if (officer > 0) {
        (void)snprintf(object, sizeof object, "share %u", officer);
    }
    setup_note(&desk->notes, actor, verb, object, result,
               verdict == SETUP_DONE ? done
               : message != NULL     ? message
                                     : desk->error);
    return verdict;
}

void setup_desk_forget(struct setup_desk *desk)
{
    qw_wipe(desk->share, sizeof desk->share);
    qw_wipe(&desk->incoming, sizeof desk->incoming);
    qw_wipe(desk->master, sizeof desk->master);
    memset(desk->state, 0, sizeof desk->state);
    desk->wrong = 0;
}

static enum setup_verdict choose(struct setup_desk *desk, const struct setup_choice *choice)
{
    qw_err err;

    if (desk->step != SETUP_CHOOSING) {
        return SETUP_NOT_NOW;
    }
    if ((desk->offered & 1U << choice->custody) == 0) {
        return SETUP_NOT_OFFERED;
    }
    if (choice->custody == SETUP_QUORUM) {
        err = qw_ceremony_hold((uint8_t)choice->quorum, (uint8_t)choice->officers, &desk->ceremony,
                               desk->share, desk->master);
        if (err != QW_OK) {
            setup_desk_forget(desk);
            (void)snprintf(desk->error, sizeof desk->error, "the ceremony: %s", qw_err_text(err));
            return SETUP_FAILED;
        }
    }
    desk->choice = *choice;
    desk->step = choice->custody == SETUP_QUORUM ? SETUP_SHARING : SETUP_READY;
    return SETUP_DONE;
}

enum setup_verdict setup_desk_choose(struct setup_desk *desk, const char *actor,
                                     const struct setup_choice *choice)
{
    enum setup_verdict verdict = choose(desk, choice);
    char done[QW_AUDIT_TEXT_CAP];

    (void)snprintf(done, sizeof done, "%s, custody %s, %u of %u officers, dual control %s",
                   choice->centre_id, setup_custody_names[choice->custody], choice->quorum,
                   choice->officers, choice->dual_control ? "on" : "off");
    return note(desk, actor, "setup-choice", 0, verdict, done);
}

enum setup_verdict setup_desk_take(struct setup_desk *desk, const char *actor, unsigned officer,
                                   uint8_t out[static QW_SHARE_LEN])
{
    enum setup_verdict verdict = desk->step != SETUP_SHARING                      ? SETUP_NOT_NOW
                                 : officer < 1 || officer > desk->choice.officers ? SETUP_NO_OFFICER
                                 : desk->state[officer - 1] != SETUP_SHARE_WAITING
                                     ? SETUP_GIVEN_ALREADY
                                     : SETUP_DONE;

    if (verdict == SETUP_DONE) {
        desk->state[officer - 1] = SETUP_SHARE_GIVEN;
        qw_share_encode(&desk->share[officer - 1], out);
    }
    return note(desk, actor, "setup-take", officer, verdict, "shown");
}

static enum setup_verdict judge(struct setup_desk *desk, const struct setup_entry *entry)
{
    qw_err err;

    if (desk->step != SETUP_SHARING) {
        return SETUP_NOT_NOW;
    }
    if (entry->officer < 1 || entry->officer > desk->choice.officers) {
        return SETUP_NO_OFFICER;
    }
    if (desk->state[entry->officer - 1] != SETUP_SHARE_GIVEN) {
        return desk->state[entry->officer - 1] == SETUP_SHARE_BACK ? SETUP_NOT_NOW
                                                                   : SETUP_NOT_GIVEN;
    }
    if (qw_share_decode(entry->share, entry->share_len, &desk->incoming) != QW_OK) {
        return SETUP_MALFORMED;
    }
    err = qw_share_verify(&desk->ceremony, &desk->incoming);
    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? SETUP_OTHER_CEREMONY : SETUP_ALTERED;
    }
    return desk->incoming.index == entry->officer ? SETUP_DONE : SETUP_OF_ANOTHER;
}

static bool is_wrong_share(enum setup_verdict verdict)
{
    return verdict >= SETUP_MALFORMED && verdict <= SETUP_OF_ANOTHER;
}

static unsigned back_count(const struct setup_desk *desk)
{
    unsigned count = 0;

    for (unsigned i = 0; i < desk->choice.officers; i++) {
        count += desk->state[i] == SETUP_SHARE_BACK ? 1 : 0;
    }
    return count;
}

enum setup_verdict setup_desk_enter(struct setup_desk *desk, const char *actor,
                                    const struct setup_entry *entry)
{
    enum setup_verdict verdict = judge(desk, entry);
    char done[QW_AUDIT_TEXT_CAP] = "";

    qw_wipe(&desk->incoming, sizeof desk->incoming);
    if (is_wrong_share(verdict) && ++desk->wrong == SETUP_WRONG_SHARES_MAX) {
        (void)note(desk, actor, "setup-share", entry->officer, verdict, "");
        setup_desk_forget(desk);
        desk->step = SETUP_CHOOSING;
        verdict = SETUP_TOO_OFTEN;
    } else if (verdict == SETUP_DONE) {
        desk->state[entry->officer - 1] = SETUP_SHARE_BACK;
        (void)snprintf(done, sizeof done, "entered back, %u of %u", back_count(desk),
                       desk->choice.officers);
        desk->step = back_count(desk) == desk->choice.officers ? SETUP_READY : SETUP_SHARING;
    }
    return note(desk, actor, "setup-share", entry->officer, verdict, done);
}

static qw_err record(void *self, const struct qw_store *store)
{
    const struct setup_desk *desk = self;

    return setup_notes_write(&desk->notes, store, desk->choice.centre_id);
}

enum setup_verdict setup_desk_make(struct setup_desk *desk, const char *actor)
{
    struct centre_folder_config config = *desk->base;
    bool has_officers = desk->choice.custody == SETUP_QUORUM;
    qw_err err;

    if (desk->step != SETUP_READY) {
        return note(desk, actor, "setup-make", 0, SETUP_NOT_NOW, "");
    }
    /* Before it: what the journal of the new centre has is what happened until it was made. */
    setup_note(&desk->notes, actor, "setup-make", "", QW_OK, "begins");
    config.centre_id = desk->choice.centre_id;
    config.dual_control = desk->choice.dual_control;
    config.officers = has_officers ? desk->choice.officers : 0;
    config.quorum = has_officers ? desk->choice.quorum : 0;
    config.officer_passphrases = NULL;
    config.held = has_officers ? &desk->ceremony : NULL;
    config.master = desk->master;
    config.custody = desk->custody_lines[desk->choice.custody];
    config.record = record;
    config.self = desk;
    err = centre_staging_create(desk->staging, &config, desk->error);
    if (err != QW_OK) {
        if (desk->error[0] == '\0') {
            (void)snprintf(desk->error, sizeof desk->error, "%s", qw_err_text(err));
        }
        return note(desk, actor, "setup-make", 0, SETUP_FAILED, "");
    }
    setup_desk_forget(desk);
    desk->step = SETUP_MADE;
    qw_log_write(desk->notes.log, QW_LOG_INFO, "made %s", desk->staging->place);
    return SETUP_DONE;
}

enum setup_verdict setup_desk_again(struct setup_desk *desk, const char *actor)
{
    enum setup_verdict verdict =
        desk->step == SETUP_SHARING || desk->step == SETUP_READY ? SETUP_DONE : SETUP_NOT_NOW;

    if (verdict == SETUP_DONE) {
        setup_desk_forget(desk);
        desk->step = SETUP_CHOOSING;
    }
    return note(desk, actor, "setup-again", 0, verdict, "all shares are wiped");
}
