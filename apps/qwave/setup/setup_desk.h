/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_SETUP_SETUP_DESK_H
#define QWAVE_SETUP_SETUP_DESK_H

#include "centre_staging.h"
#include "crypto/share/share.h"
#include "setup/setup_message.h"
#include "setup/setup_notes.h"

#include <stdbool.h>
#include <stdint.h>

/* The steps of a new centre's set-up, whoever asks for them [docs/protocol/setup-page.md D1 to D6].
 * In secret memory: it holds the shares until the centre is made. One thread at a time; every verb
 * is noted, whether it was refused or not. actor: the address of the browser. */
enum setup_step {
    SETUP_CHOOSING,
    SETUP_SHARING, /* officers take their shares, and bring them back */
    SETUP_READY,   /* nothing is missing to make the centre */
    SETUP_MADE
};
extern const char *const setup_step_names[];

enum setup_share_state { SETUP_SHARE_WAITING, SETUP_SHARE_GIVEN, SETUP_SHARE_BACK };
enum { SETUP_WRONG_SHARES_MAX = 16 }; /* in one ceremony: then its shares are wiped */

enum setup_verdict {
    SETUP_DONE,
    SETUP_NOT_NOW,       /* not a verb of this step, or it was done already */
    SETUP_NOT_OFFERED,   /* a custody that the command line did not prepare */
    SETUP_NO_OFFICER,    /* a number above that of the officers */
    SETUP_GIVEN_ALREADY, /* a share is shown once */
    SETUP_NOT_GIVEN,     /* nobody can have it yet */
    SETUP_MALFORMED,     /* no share */
    SETUP_OTHER_CEREMONY,
    SETUP_ALTERED,
    SETUP_OF_ANOTHER, /* another officer's */
    SETUP_TOO_OFTEN,  /* the wrong share that ended the ceremony */
    SETUP_FAILED      /* error says why */
};
struct setup_verdict_text {
    const char *reason;  /* for the page, which has it in its language */
    const char *message; /* one sentence; NULL: error says it */
};
extern const struct setup_verdict_text setup_verdict_texts[];

struct setup_desk {
    const struct centre_folder_config *base; /* of the command line; borrowed, like the next two */
    const struct centre_staging *staging;
    const char
        *custody_lines[SETUP_CUSTODY_COUNT]; /* of the settings; NULL: none, or not offered */
    unsigned offered;                        /* bits 1 << enum setup_custody */
    struct setup_notes notes;
    enum setup_step step;
    struct setup_choice choice; /* from the first step on */
    struct qw_ceremony ceremony;
    struct qw_share share[QW_OFFICERS_MAX];
    struct qw_share incoming;
    uint8_t master[QW_MASTER_KEY_LEN];
    enum setup_share_state state[QW_OFFICERS_MAX];
    unsigned wrong;                      /* shares, in this ceremony */
    char error[CENTRE_FOLDER_ERROR_CAP]; /* of SETUP_FAILED */
};

/* For a quorum it holds the ceremony [A1 of docs/protocol/ceremony.md]; SETUP_SHARING, or
 * SETUP_READY for another custody. */
enum setup_verdict setup_desk_choose(struct setup_desk *desk, const char *actor,
                                     const struct setup_choice *choice);

/* The share of officer, 1.., once. */
enum setup_verdict setup_desk_take(struct setup_desk *desk, const char *actor, unsigned officer,
                                   uint8_t out[static QW_SHARE_LEN]);

/* It comes back, as its officer read it from where he keeps it. SETUP_READY with the last one. */
enum setup_verdict setup_desk_enter(struct setup_desk *desk, const char *actor,
                                    const struct setup_entry *entry);

/* The centre, as `qwave init` makes it; shares and master key are wiped then. After SETUP_FAILED
 * there is nothing of it, and it may be tried again. */
enum setup_verdict setup_desk_make(struct setup_desk *desk, const char *actor);

/* Back to the first step; what was given out is worth nothing. */
enum setup_verdict setup_desk_again(struct setup_desk *desk, const char *actor);

void setup_desk_forget(struct setup_desk *desk); /* wipes shares and master key */

#endif
