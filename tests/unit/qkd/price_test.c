/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 */
#include "qkd/network/price.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_full_pool_costs_a_hop_and_an_empty_one_more_than_anybody_pays(void **state)
{
    (void)state;
    assert_true(qw_price_of(1) > 0 && qw_price_of(1) < 0.01);
    assert_true(qw_price_of(0) > qw_price_limit(QW_CLASS_GOLD));
    assert_true(qw_price_of(0.1) < qw_price_limit(QW_CLASS_GOLD));
    assert_true(qw_price_of(0.6) < qw_price_limit(QW_CLASS_SILVER));
    assert_true(qw_price_of(0.4) > qw_price_limit(QW_CLASS_SILVER));
    assert_true(qw_price_of(0.8) < qw_price_limit(QW_CLASS_BRONZE));
    assert_true(qw_price_of(0.7) > qw_price_limit(QW_CLASS_BRONZE));
    assert_true(qw_price_of(-1) == qw_price_of(0) && qw_price_of(2) == qw_price_of(1));
    for (int i = 0; i < 100; i++) {
        assert_true(qw_price_of(0.01 * i) > qw_price_of(0.01 * (i + 1)));
    }
}

static void a_level_is_told_when_it_moved_and_not_too_often(void **state)
{
    struct qw_damper d;

    (void)state;
    qw_damper_init(&d, 0.9, 1000);
    assert_false(qw_damper_look(&d, 0.85, 5000)); /* less than a sixteenth */
    assert_true(qw_damper_look(&d, 0.80, 5000));
    assert_true(d.told_level == 0.80);
    assert_false(qw_damper_look(&d, 0.60, 5000 + QW_DAMP_INTERVAL_MS - 1));
    assert_true(qw_damper_look(&d, 0.60, 5000 + QW_DAMP_INTERVAL_MS));
    /* a change of class waits for no interval */
    assert_true(qw_damper_look(&d, 0.24, 5000 + QW_DAMP_INTERVAL_MS + 1));
    assert_true(qw_damper_look(&d, 0, 5000 + QW_DAMP_INTERVAL_MS + 1));
    assert_true(qw_damper_look(&d, 0.01, 5000 + QW_DAMP_INTERVAL_MS + 2));
}

static void a_cut_is_told_at_once_and_its_end_when_it_has_held(void **state)
{
    struct qw_damper d;

    (void)state;
    qw_damper_init(&d, 1, 0);
    assert_true(qw_damper_cut(&d, 10));
    assert_false(d.is_told_up);
    assert_false(qw_damper_cut(&d, 11));
    assert_false(qw_damper_look(&d, 1, 5000)); /* still cut */
    qw_damper_restore(&d, 6000);
    qw_damper_restore(&d, 6500); /* it is back since the first */
    assert_false(qw_damper_look(&d, 1, 6000 + QW_DAMP_HOLD_MS - 1));
    assert_true(qw_damper_look(&d, 0.7, 6000 + QW_DAMP_HOLD_MS));
    assert_true(d.is_told_up && d.told_level == 0.7);
}

static void a_link_that_flaps_is_trusted_later_and_later(void **state)
{
    struct qw_damper d;
    uint64_t now = 0;
    uint64_t hold = QW_DAMP_HOLD_MS;

    (void)state;
    qw_damper_init(&d, 1, now);
    assert_true(qw_damper_cut(&d, now));
    for (int i = 0; i < 10; i++) {
        qw_damper_restore(&d, now);
        assert_false(qw_damper_look(&d, 1, now + hold - 1));
        now += hold - 1;
        assert_false(qw_damper_cut(&d, now)); /* nobody was told that it is back */
        hold = hold * 2 > QW_DAMP_HOLD_MAX_MS ? QW_DAMP_HOLD_MAX_MS : hold * 2;
        assert_int_equal(d.hold_ms, hold);
    }
    qw_damper_restore(&d, now);
    assert_true(qw_damper_look(&d, 1, now + hold));
    assert_int_equal(d.hold_ms, QW_DAMP_HOLD_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_pool_costs_a_hop_and_an_empty_one_more_than_anybody_pays),
        cmocka_unit_test(a_level_is_told_when_it_moved_and_not_too_often),
        cmocka_unit_test(a_cut_is_told_at_once_and_its_end_when_it_has_held),
        cmocka_unit_test(a_link_that_flaps_is_trusted_later_and_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
