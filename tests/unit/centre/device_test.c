/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 A4 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/device.h"

/* Every allowed move; what is not here is refused. */
static const struct {
    enum qw_device_state from;
    enum qw_device_event event;
    enum qw_device_state to;
} moves[] = {
    { QW_DEVICE_REGISTERED, QW_DEVICE_CHARGE, QW_DEVICE_CHARGED },
    { QW_DEVICE_REGISTERED, QW_DEVICE_DESTROY, QW_DEVICE_DESTROYED },
    { QW_DEVICE_CHARGED, QW_DEVICE_CHARGE, QW_DEVICE_CHARGED },
    { QW_DEVICE_CHARGED, QW_DEVICE_CONFIRM, QW_DEVICE_ACTIVE },
    { QW_DEVICE_CHARGED, QW_DEVICE_SUSPEND, QW_DEVICE_SUSPENDED },
    { QW_DEVICE_CHARGED, QW_DEVICE_DESTROY, QW_DEVICE_DESTROYED },
    { QW_DEVICE_ACTIVE, QW_DEVICE_CHARGE, QW_DEVICE_ACTIVE },
    { QW_DEVICE_ACTIVE, QW_DEVICE_CONFIRM, QW_DEVICE_ACTIVE },
    { QW_DEVICE_ACTIVE, QW_DEVICE_SUSPEND, QW_DEVICE_SUSPENDED },
    { QW_DEVICE_ACTIVE, QW_DEVICE_DESTROY, QW_DEVICE_DESTROYED },
    { QW_DEVICE_SUSPENDED, QW_DEVICE_RESUME, QW_DEVICE_ACTIVE },
    { QW_DEVICE_SUSPENDED, QW_DEVICE_DESTROY, QW_DEVICE_DESTROYED },
};

static void walks_every_cell_of_the_table(void **state)
{
    (void)state;
    for (int from = 0; from < QW_DEVICE_STATE_COUNT; from++) {
        for (int event = 0; event < QW_DEVICE_EVENT_COUNT; event++) {
            enum qw_device_state next = (enum qw_device_state)77;
            int to = -1;

            for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
                if ((int)moves[i].from == from && (int)moves[i].event == event) {
                    to = (int)moves[i].to;
                }
            }
            assert_int_equal(
                qw_device_next((enum qw_device_state)from, (enum qw_device_event)event, &next),
                to < 0 ? QW_ERR_STATE : QW_OK);
            assert_int_equal(next, to < 0 ? 77 : to);
        }
    }
}

static void names_every_kind_and_state(void **state)
{
    (void)state;
    assert_string_equal(qw_device_kind_names[QW_DEVICE_TERMINAL], "terminal");
    assert_string_equal(qw_device_kind_names[QW_DEVICE_ACCESS_POINT], "access-point");
    assert_string_equal(qw_device_kind_names[QW_DEVICE_STATION], "station");
    assert_string_equal(qw_device_state_names[QW_DEVICE_REGISTERED], "registered");
    assert_string_equal(qw_device_state_names[QW_DEVICE_CHARGED], "charged");
    assert_string_equal(qw_device_state_names[QW_DEVICE_ACTIVE], "active");
    assert_string_equal(qw_device_state_names[QW_DEVICE_SUSPENDED], "suspended");
    assert_string_equal(qw_device_state_names[QW_DEVICE_DESTROYED], "destroyed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_every_cell_of_the_table),
        cmocka_unit_test(names_every_kind_and_state),
    };

    return cmocka_run_group_tests_name("centre.device", tests, NULL, NULL);
}
