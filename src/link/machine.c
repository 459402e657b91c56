/* SPDX-License-Identifier: Apache-2.0 */
#include "link/machine.h"

#define NAME(name) #name,
const char *const qw_link_state_names[QW_LINK_STATE_COUNT] = { QW_LINK_STATES(NAME) };
#undef NAME

/* clang-format off */
#define D QW_LINK_DEGRADED
#define S QW_LINK_STEADY
#define NO QW_LINK_STATE_COUNT
static const enum qw_link_state table[QW_LINK_STATE_COUNT][QW_LINK_EVENT_COUNT] = {
    /*                     KEY              PREPARED       PROVED           SWITCHED        RETIRED GIVEN_UP EMPTIED EXPIRED          LOST */
    [QW_LINK_DEGRADED] = { QW_LINK_PREPARE, NO,            NO,              NO,             NO,     NO,      NO,     D,               NO },
    [QW_LINK_STEADY]   = { QW_LINK_PREPARE, NO,            NO,              NO,             NO,     NO,      NO,     D,               NO },
    [QW_LINK_PREPARE]  = { NO,              QW_LINK_PROBE, NO,              NO,             NO,     S,       D,      QW_LINK_PREPARE, NO },
    [QW_LINK_PROBE]    = { NO,              QW_LINK_PROBE, QW_LINK_PROMOTE, NO,             NO,     S,       D,      QW_LINK_PROBE,   NO },
    [QW_LINK_PROMOTE]  = { NO,              NO,            QW_LINK_PROMOTE, QW_LINK_RETIRE, NO,     NO,      NO,     QW_LINK_PROMOTE, S  },
    [QW_LINK_RETIRE]   = { NO,              NO,            NO,              QW_LINK_RETIRE, S,      NO,      NO,     QW_LINK_RETIRE,  S  },
};
#undef D
#undef S
#undef NO
/* clang-format on */

qw_err qw_link_machine_apply(enum qw_link_state *state, enum qw_link_event event)
{
    enum qw_link_state next = table[*state][event];

    if (next == QW_LINK_STATE_COUNT) {
        return QW_ERR_STATE;
    }
    *state = next;
    return QW_OK;
}
