/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 */
#include "distill/cascade/party.h"

#include "base/prng.h"
#include "distill/cascade/key.h"
#include "unit/distill/failing_calloc.h"
#include "unit/distill/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BITS = 5000, LEN = BITS / 8 };

static const struct qw_cascade_config config = { BITS, QW_CASCADE_OPTIMISED, 0x5eed };

static void begin(struct qw_cascade_party *party, const uint8_t *key)
{
    struct qw_cascade_plan plan;

    qw_cascade_plan_for(&config, 20000, &plan);
    assert_int_equal(qw_cascade_party_begin(party, key, 20000, &plan), QW_OK);
}

static void draw(uint8_t key[static LEN])
{
    struct qw_prng prng;

    qw_prng_init(&prng, test_seed(), 1);
    qw_prng_bytes(&prng, key, LEN);
}

static void arranges_the_key_by_the_order_of_each_pass(void **state)
{
    struct qw_cascade_party party;
    uint8_t key[LEN];

    (void)state;
    draw(key);
    assert_int_equal(qw_cascade_party_init(&party, &config, true), QW_OK);
    begin(&party, key);
    assert_int_equal(party.state, QW_CASCADE_BEGUN);
    assert_ptr_equal(qw_cascade_party_arrange(&party, 0), party.key);
    assert_int_equal(qw_cascade_party_length(&party, 0), BITS);
    for (unsigned pass = 1; pass < QW_CASCADE_PASSES_MAX; pass++) {
        const uint64_t *bits = qw_cascade_party_arrange(&party, pass);

        assert_int_equal(qw_cascade_party_length(&party, pass), qw_cascade_order_length(BITS));
        for (uint32_t i = 0; i < BITS; i++) {
            uint32_t at = qw_cascade_order_to(party.order[pass], i);

            assert_int_equal(bits[at / 64] >> (at % 64) & 1, party.key[i / 64] >> (i % 64) & 1);
        }
    }
    qw_cascade_party_wipe(&party);
}

static void counts_what_opening_the_next_passes_says(void **state)
{
    struct qw_cascade_party party;
    uint8_t key[LEN] = { 0 };

    (void)state;
    assert_int_equal(qw_cascade_party_init(&party, &config, false), QW_OK);
    begin(&party, key);
    assert_int_equal(qw_cascade_party_opening_bits(&party, 0), 0);
    for (; party.report.passes < party.plan.passes; party.report.passes++) {
        unsigned pass = party.report.passes;
        size_t rest = qw_cascade_party_opening_bits(&party, party.plan.passes - pass);
        size_t one = qw_cascade_opening_bits(pass, qw_cascade_party_length(&party, pass),
                                             party.plan.blocks[pass]);

        assert_int_equal(qw_cascade_party_opening_bits(&party, 1), one);
        party.report.passes++;
        assert_int_equal(qw_cascade_party_opening_bits(&party, party.plan.passes - pass - 1),
                         rest - one);
        party.report.passes--;
    }
    qw_cascade_party_wipe(&party);
}

static void a_frame_that_is_refused_leaves_the_one_before(void **state)
{
    struct qw_cascade_party party;
    struct qw_cascade_config odd = { 13, QW_CASCADE_ORIGINAL, 1 };
    struct qw_cascade_plan plan;
    uint8_t key[2] = { 0xff, 0xf8 };
    uint64_t before;

    (void)state;
    qw_cascade_plan_for(&odd, 1000, &plan);
    assert_int_equal(qw_cascade_party_init(&party, &odd, true), QW_OK);
    assert_int_equal(qw_cascade_party_begin(&party, key, QW_CASCADE_QBER_MAX_PPM, &plan), QW_OK);
    before = party.key[0];
    key[0] = 0;
    assert_int_equal(qw_cascade_party_begin(&party, key, QW_CASCADE_QBER_MAX_PPM + 1, &plan),
                     QW_ERR_REFUSED);
    key[1] = 0xfc;
    assert_int_equal(qw_cascade_party_begin(&party, key, 1000, &plan), QW_ERR_FORMAT);
    assert_int_equal(party.key[0], before);
    assert_int_equal(party.qber_ppm, QW_CASCADE_QBER_MAX_PPM);
    qw_cascade_party_wipe(&party);
}

static void every_allocation_may_fail_and_nothing_is_left(void **state)
{
    static const struct qw_cascade_party none;
    struct qw_cascade_party party = none;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 100);
        fail_at = n;
        err = qw_cascade_party_init(&party, &config, true);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && party.key == NULL));
    }
    fail_at = 0;
    qw_cascade_party_wipe(&party);
    assert_memory_equal(&party, &none, sizeof party);
    qw_cascade_party_wipe(&party);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arranges_the_key_by_the_order_of_each_pass),
        cmocka_unit_test(counts_what_opening_the_next_passes_says),
        cmocka_unit_test(a_frame_that_is_refused_leaves_the_one_before),
        cmocka_unit_test(every_allocation_may_fail_and_nothing_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
