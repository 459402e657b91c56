/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/machine.h"

/* What docs/design/link.md says, written down a second time: every cell that is not here is
 * refused. */
static const struct {
    enum qw_link_state from;
    enum qw_link_event event;
    enum qw_link_state to;
} allowed[] = {
    { QW_LINK_DEGRADED, QW_LINK_KEY, QW_LINK_PREPARE },
    { QW_LINK_DEGRADED, QW_LINK_EXPIRED, QW_LINK_DEGRADED },
    { QW_LINK_STEADY, QW_LINK_KEY, QW_LINK_PREPARE },
    { QW_LINK_STEADY, QW_LINK_EXPIRED, QW_LINK_DEGRADED },
    { QW_LINK_PREPARE, QW_LINK_PREPARED, QW_LINK_PROBE },
    { QW_LINK_PREPARE, QW_LINK_GIVEN_UP, QW_LINK_STEADY },
    { QW_LINK_PREPARE, QW_LINK_EMPTIED, QW_LINK_DEGRADED },
    { QW_LINK_PREPARE, QW_LINK_EXPIRED, QW_LINK_PREPARE },
    { QW_LINK_PROBE, QW_LINK_PREPARED, QW_LINK_PROBE },
    { QW_LINK_PROBE, QW_LINK_PROVED, QW_LINK_PROMOTE },
    { QW_LINK_PROBE, QW_LINK_GIVEN_UP, QW_LINK_STEADY },
    { QW_LINK_PROBE, QW_LINK_EMPTIED, QW_LINK_DEGRADED },
    { QW_LINK_PROBE, QW_LINK_EXPIRED, QW_LINK_PROBE },
    { QW_LINK_PROMOTE, QW_LINK_PROVED, QW_LINK_PROMOTE },
    { QW_LINK_PROMOTE, QW_LINK_SWITCHED, QW_LINK_RETIRE },
    { QW_LINK_PROMOTE, QW_LINK_EXPIRED, QW_LINK_PROMOTE },
    { QW_LINK_PROMOTE, QW_LINK_LOST, QW_LINK_STEADY },
    { QW_LINK_RETIRE, QW_LINK_SWITCHED, QW_LINK_RETIRE },
    { QW_LINK_RETIRE, QW_LINK_RETIRED, QW_LINK_STEADY },
    { QW_LINK_RETIRE, QW_LINK_EXPIRED, QW_LINK_RETIRE },
    { QW_LINK_RETIRE, QW_LINK_LOST, QW_LINK_STEADY },
};

static void every_cell_is_as_the_page_says(void **state)
{
    (void)state;
    for (int from = 0; from < QW_LINK_STATE_COUNT; from++) {
        for (int event = 0; event < QW_LINK_EVENT_COUNT; event++) {
            enum qw_link_state now = (enum qw_link_state)from;
            enum qw_link_state expected = QW_LINK_STATE_COUNT;

            for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
                if ((int)allowed[i].from == from && (int)allowed[i].event == event) {
                    expected = allowed[i].to;
                }
            }
            assert_int_equal(qw_link_machine_apply(&now, (enum qw_link_event)event),
                             expected == QW_LINK_STATE_COUNT ? QW_ERR_STATE : QW_OK);
            assert_int_equal(now, expected == QW_LINK_STATE_COUNT ? from : (int)expected);
        }
    }
}

static void nothing_leads_back_from_promote_but_a_peer_that_lost_its_state(void **state)
{
    (void)state;
    for (int event = 0; event < QW_LINK_EVENT_COUNT; event++) {
        enum qw_link_state now = QW_LINK_PROMOTE;

        if (qw_link_machine_apply(&now, (enum qw_link_event)event) == QW_OK &&
            event != QW_LINK_LOST) {
            assert_true(now == QW_LINK_PROMOTE || now == QW_LINK_RETIRE);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_as_the_page_says),
        cmocka_unit_test(nothing_leads_back_from_promote_but_a_peer_that_lost_its_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
