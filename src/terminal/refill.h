/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_REFILL_H
#define QW_TERMINAL_REFILL_H

#include "base/error.h"
#include "base/log.h"
#include "base/wire.h"
#include "radio/csi_source.h"
#include "radio/ledger.h"
#include "radio/plkg.h"
#include "terminal/card.h"

#include <stdbool.h>
#include <stdint.h>

/* One refill as the terminal sees it: R1 to R11 of docs/protocol/refill.md [W5 W6 W7]. Blocking;
 * one thread; every wait has a time limit. */
struct qw_refill {
    struct qw_card *card;           /* borrowed, like everything here */
    const char *terminal_id;        /* < QW_PLKG_ID_CAP characters */
    struct qw_plkg_policy policy;   /* wanted_bits is set from wanted_keys */
    const struct qw_tuning *tuning; /* of the radio; NULL: the standard one */
    struct qw_csi_source *radio;
    struct qw_wire *wire;
    struct qw_replay_guard *replay_guard; /* remembers this terminal's sessions; may be NULL */
    const struct qw_log *log;             /* may be NULL */
    bool wants_fresh;                     /* one key for one use, instead of a refill */
    uint32_t wanted_keys;                 /* of a refill; at least 1 */
};

struct qw_refill_result {
    struct qw_plkg_ledger ledger; /* as far as the session went, also after an error */
    bool has_stored;              /* the card has taken the package, whatever came after */
    uint32_t added_keys;          /* that joined the stock */
    bool has_fresh;
    uint8_t fresh_id[16], fresh_key[32]; /* wipe them */
    bool is_destroyed; /* the centre's order: the card is gone, its proof is to go out */
};

/* QW_OK: the card has the package. QW_ERR_STATE: is_destroyed. QW_ERR_REFUSED: an honest no,
 * ledger.refusal says why. Other errors: radio/plkg.h and terminal/card.h. result is always filled;
 * after an error with has_stored nothing is lost (refill.md S3). */
qw_err qw_refill_run(const struct qw_refill *refill, struct qw_refill_result *result) QW_MUST_USE;

#endif
