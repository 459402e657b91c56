/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 */
#include "qkd/network/switch_plan.h"

#include "base/prng.h"
#include "support/test_seed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { USERS_MAX = 5, PORTS_MAX = 3 };

static struct qw_switch_plan plan_of(size_t users, size_t ports, unsigned modules)
{
    struct qw_switch_plan plan = { .users = users, .ports = ports };

    for (size_t i = 0; i < ports; i++) {
        plan.modules[i] = modules;
    }
    for (size_t i = 0; i < users; i++) {
        plan.port[i] = QW_SWITCH_NONE;
    }
    return plan;
}

static void the_emptiest_pools_are_filled_first(void **state)
{
    static const double level[] = { 0.5, 0.1, 0.9, 0.3 };
    struct qw_switch_plan plan = plan_of(4, 1, 2);
    size_t changed;

    (void)state;
    qw_switch_plan_next(&plan, level, &changed);
    assert_int_equal(plan.port[1], 0);
    assert_int_equal(plan.port[3], 0);
    assert_int_equal(plan.port[0], QW_SWITCH_NONE);
    assert_int_equal(plan.port[2], QW_SWITCH_NONE);
    assert_int_equal(changed, 2);
    qw_switch_plan_next(&plan, level, &changed);
    assert_int_equal(changed, 0);
}

static void who_is_joined_stays_unless_another_is_clearly_emptier(void **state)
{
    double level[] = { 0.30, 0.32 };
    struct qw_switch_plan plan = plan_of(2, 1, 1);
    size_t changed;

    (void)state;
    plan.keep = 0.1;
    qw_switch_plan_next(&plan, level, &changed);
    assert_int_equal(plan.port[0], 0);
    level[0] = 0.40; /* it was filled, but not by more than changing costs */
    qw_switch_plan_next(&plan, level, &changed);
    assert_int_equal(plan.port[0], 0);
    assert_int_equal(changed, 0);
    level[0] = 0.43;
    qw_switch_plan_next(&plan, level, &changed);
    assert_int_equal(plan.port[1], 0);
    assert_int_equal(plan.port[0], QW_SWITCH_NONE);
    assert_int_equal(changed, 1);
}

static void a_user_moves_to_another_port_to_make_room(void **state)
{
    /* user 0 prefers port 0, user 1 knows port 0 only */
    static const double level[] = { 0.1, 0.2, 0.3, INFINITY };
    struct qw_switch_plan plan = plan_of(2, 2, 1);
    size_t changed;

    (void)state;
    qw_switch_plan_next(&plan, level, &changed);
    assert_int_equal(plan.port[0], 1);
    assert_int_equal(plan.port[1], 0);
}

/* Every way of joining users with ports, by trying: the sorted levels of those who are served, an
 * INFINITY for each who is not. A user's level is that of its emptiest pool. */
struct best {
    const struct qw_switch_plan *plan;
    const double *level;
    double lowest[USERS_MAX];
    double sorted[USERS_MAX];
    bool has_any;
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void sort_served(const double *lowest, const bool *is_served, double *sorted)
{
    for (size_t i = 0; i < USERS_MAX; i++) {
        sorted[i] = is_served[i] ? lowest[i] : INFINITY;
    }
    qsort(sorted, USERS_MAX, sizeof *sorted, by_value);
}

static bool is_lower(const double *a, const double *b)
{
    for (size_t i = 0; i < USERS_MAX; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i];
        }
    }
    return false;
}

static void try_all(struct best *best, size_t user, unsigned *used, bool *is_served)
{
    if (user == best->plan->users) {
        double sorted[USERS_MAX];

        sort_served(best->lowest, is_served, sorted);
        if (!best->has_any || is_lower(sorted, best->sorted)) {
            memcpy(best->sorted, sorted, sizeof sorted);
            best->has_any = true;
        }
        return;
    }
    is_served[user] = false;
    try_all(best, user + 1, used, is_served);
    for (size_t port = 0; port < best->plan->ports; port++) {
        if (!isinf(best->level[user * best->plan->ports + port]) &&
            used[port] < best->plan->modules[port]) {
            used[port]++;
            is_served[user] = true;
            try_all(best, user + 1, used, is_served);
            is_served[user] = false;
            used[port]--;
        }
    }
}

static void nobody_can_choose_better(void **state)
{
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 0);
    for (int round = 0; round < 1000; round++) {
        struct qw_switch_plan plan =
            plan_of(1 + qw_prng_below(&prng, USERS_MAX), 1 + qw_prng_below(&prng, PORTS_MAX), 1);
        double level[USERS_MAX * PORTS_MAX];
        struct best best = { .plan = &plan, .level = level };
        unsigned used[PORTS_MAX] = { 0 };
        bool is_served[USERS_MAX] = { false };
        double sorted[USERS_MAX];
        size_t changed;

        for (size_t i = 0; i < plan.ports; i++) {
            plan.modules[i] = (unsigned)qw_prng_below(&prng, 3);
        }
        for (size_t i = 0; i < plan.users; i++) {
            best.lowest[i] = INFINITY;
            for (size_t j = 0; j < plan.ports; j++) {
                double each = qw_prng_below(&prng, 3) == 0 ? INFINITY : qw_prng_uniform(&prng);

                level[i * plan.ports + j] = each;
                best.lowest[i] = fmin(best.lowest[i], each);
            }
        }
        try_all(&best, 0, used, is_served);
        qw_switch_plan_next(&plan, level, &changed);
        for (size_t i = 0; i < plan.users; i++) {
            is_served[i] = plan.port[i] != QW_SWITCH_NONE;
            if (is_served[i]) {
                assert_true(!isinf(level[i * plan.ports + (size_t)plan.port[i]]));
                used[plan.port[i]]++;
            }
        }
        for (size_t i = 0; i < plan.ports; i++) {
            assert_true(used[i] <= plan.modules[i]);
        }
        sort_served(best.lowest, is_served, sorted);
        for (size_t i = 0; i < USERS_MAX; i++) {
            assert_true(sorted[i] == best.sorted[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_emptiest_pools_are_filled_first),
        cmocka_unit_test(who_is_joined_stays_unless_another_is_clearly_emptier),
        cmocka_unit_test(a_user_moves_to_another_port_to_make_room),
        cmocka_unit_test(nobody_can_choose_better),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
