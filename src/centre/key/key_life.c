/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a key as one table [C7]. */
#include "centre/key/key_life.h"

enum { NO = -1, BACK = -2 }; /* refused; to the state it was suspended from */

const char *const qw_key_state_names[QW_KEY_STATE_COUNT] = {
    [QW_KEY_STORED] = "stored",
    [QW_KEY_LEASED] = "leased",
    [QW_KEY_ASSIGNED] = "assigned",
    [QW_KEY_DELIVERED] = "delivered",
    [QW_KEY_SUSPENDED] = "suspended",
    [QW_KEY_CONSUMED] = "consumed",
    [QW_KEY_VOIDED] = "voided",
    [QW_KEY_EXPIRED] = "expired",
    [QW_KEY_COMPROMISED] = "compromised",
    [QW_KEY_DESTROYED] = "destroyed",
    [QW_KEY_DESTROYED_COMPROMISED] = "destroyed-compromised",
    [QW_KEY_ARCHIVED] = "archived",
};

/* clang-format off */
#define LEA QW_KEY_LEASED
#define ASS QW_KEY_ASSIGNED
#define DEL QW_KEY_DELIVERED
#define SUS QW_KEY_SUSPENDED
#define CON QW_KEY_CONSUMED
#define VOI QW_KEY_VOIDED
#define EXP QW_KEY_EXPIRED
#define COM QW_KEY_COMPROMISED
#define DES QW_KEY_DESTROYED
#define D_C QW_KEY_DESTROYED_COMPROMISED
#define ARC QW_KEY_ARCHIVED
static const signed char table[QW_KEY_STATE_COUNT][QW_KEY_EVENT_COUNT] = {
    /*                                LEASE ASSIGN DELIVER CLOSE EXPIRE VOID SUSPEND RESUME COMPROMISE DESTROY ARCHIVE RECOVER */
    [QW_KEY_STORED]                = { LEA, NO,    NO,     NO,   EXP,   NO,  SUS,    NO,    COM,       NO,     NO,     NO  },
    [QW_KEY_LEASED]                = { NO,  ASS,   NO,     NO,   EXP,   VOI, NO,     NO,    COM,       NO,     NO,     NO  },
    [QW_KEY_ASSIGNED]              = { NO,  NO,    DEL,    NO,   EXP,   VOI, SUS,    NO,    COM,       NO,     ARC,    NO  },
    [QW_KEY_DELIVERED]             = { NO,  NO,    DEL,    CON,  EXP,   VOI, SUS,    NO,    COM,       NO,     ARC,    NO  },
    [QW_KEY_SUSPENDED]             = { NO,  NO,    NO,     NO,   NO,    VOI, NO,     BACK,  COM,       NO,     ARC,    NO  },
    [QW_KEY_CONSUMED]              = { NO,  NO,    NO,     NO,   NO,    NO,  NO,     NO,    COM,       DES,    NO,     NO  },
    [QW_KEY_VOIDED]                = { NO,  NO,    NO,     NO,   NO,    NO,  NO,     NO,    COM,       DES,    NO,     NO  },
    [QW_KEY_EXPIRED]               = { NO,  NO,    NO,     NO,   NO,    NO,  NO,     NO,    COM,       DES,    NO,     NO  },
    [QW_KEY_COMPROMISED]           = { NO,  NO,    NO,     NO,   NO,    NO,  NO,     NO,    COM,       D_C,    NO,     NO  },
    [QW_KEY_DESTROYED]             = { NO,  NO,    NO,     NO,   NO,    NO,  NO,     NO,    D_C,       NO,     NO,     NO  },
    [QW_KEY_DESTROYED_COMPROMISED] = { NO,  NO,    NO,     NO,   NO,    NO,  NO,     NO,    NO,        NO,     NO,     NO  },
    [QW_KEY_ARCHIVED]              = { NO,  NO,    NO,     NO,   NO,    VOI, NO,     NO,    COM,       NO,     NO,     BACK },
};
/* clang-format on */

qw_err qw_key_next(enum qw_key_state state, enum qw_key_event event, enum qw_key_state before,
                   enum qw_key_state *next)
{
    int to;

    qw_assert(state >= 0 && state < QW_KEY_STATE_COUNT && event >= 0 && event < QW_KEY_EVENT_COUNT);
    to = table[state][event];
    if (to == BACK) {
        to = before == QW_KEY_STORED || before == QW_KEY_ASSIGNED || before == QW_KEY_DELIVERED
                 ? (int)before
                 : NO;
    }
    if (to == NO) {
        return QW_ERR_STATE;
    }
    *next = (enum qw_key_state)to;
    return QW_OK;
}
