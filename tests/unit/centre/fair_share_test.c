/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C16 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/pair/fair_share.h"

#include <stdio.h>
#include <stdlib.h>

static int start(void **state)
{
    *state = calloc(1, sizeof(struct qw_fair_share));
    return *state == NULL;
}

static int stop(void **state)
{
    free(*state);
    return 0;
}

static void whoever_is_alone_always_has_a_share(void **state)
{
    struct qw_fair_share *share = *state;

    for (int i = 0; i < 1000; i++) {
        assert_true(qw_fair_share_ask(share, "alice", 1, i));
        qw_fair_share_give(share, "alice", 256, i);
    }
}

static void who_has_had_more_than_the_others_waits(void **state)
{
    struct qw_fair_share *share = *state;

    assert_true(qw_fair_share_ask(share, "greedy", 1, 0));
    qw_fair_share_give(share, "greedy", 10000, 0);
    assert_true(qw_fair_share_ask(share, "modest", 1, 100));
    assert_false(qw_fair_share_ask(share, "greedy", 1, 100));
    qw_fair_share_give(share, "modest", 256, 100);
    assert_true(qw_fair_share_ask(share, "modest", 1, 200));
    assert_false(qw_fair_share_ask(share, "greedy", 1, 200));
    assert_false(qw_fair_share_ask(share, "greedy", 1, 10199)); /* modest still competes */
    assert_true(qw_fair_share_ask(share, "greedy", 1, 10200));  /* and now no more */
}

/* Both ask all the time and take a block whenever they may: they get by their weights. */
static void parts_follow_the_weights(void **state)
{
    struct qw_fair_share *share = *state;
    double heavy = 0;
    double light = 0;

    for (int64_t now_ms = 0; now_ms < 600000; now_ms += 50) {
        bool light_may = qw_fair_share_ask(share, "light", 1, now_ms);

        if (qw_fair_share_ask(share, "heavy", 3, now_ms)) {
            qw_fair_share_give(share, "heavy", 256, now_ms);
            heavy += 256;
        } else if (light_may) {
            qw_fair_share_give(share, "light", 256, now_ms);
            light += 256;
        }
    }
    assert_true(light > 0);
    assert_in_range((int)(100 * heavy / light), 290, 310);
}

static void somebody_always_has_a_share(void **state)
{
    struct qw_fair_share *share = *state;

    for (int i = 0; i < 2000; i++) {
        bool has = false;
        char name[16];

        for (int k = 0; k < 20; k++) {
            snprintf(name, sizeof name, "n%d", k);
            if (qw_fair_share_ask(share, name, 1 + (unsigned)k, i * 10)) {
                has = true;
                qw_fair_share_give(share, name, (i * 37 + k * 11) % 500, i * 10);
            }
        }
        assert_true(has);
    }
}

static void more_names_than_places_push_out_the_oldest(void **state)
{
    struct qw_fair_share *share = *state;
    char name[16];

    for (int i = 0; i < 3 * QW_FAIR_SHARE_NAMES; i++) {
        snprintf(name, sizeof name, "n%d", i);
        assert_true(qw_fair_share_ask(share, name, 1, i));
    }
    assert_int_equal(share->count, QW_FAIR_SHARE_NAMES);
    qw_fair_share_give(share, "n0", 1000, 1000); /* long gone: nothing happens */
    assert_true(qw_fair_share_ask(share, "n0", 1, 1000));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(whoever_is_alone_always_has_a_share),
        CASE(who_has_had_more_than_the_others_waits),
        CASE(parts_follow_the_weights),
        CASE(somebody_always_has_a_share),
        CASE(more_names_than_places_push_out_the_oldest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
