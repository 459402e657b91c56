/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 */
#include "link_pair.h"

#include "support/test_seed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Eavesdroppers on the fibre: the link stops, and says why. S6, S7 of docs/protocol/qkd-link.md. */

static struct pair *pair;

static void attack(enum qw_attack attack, double share)
{
    pair_init(pair, test_seed());
    pair->optics.attack = attack;
    pair->optics.attack_share = share;
}

static void watch_gain(double gain, double tolerance)
{
    for (int i = 0; i < 2; i++) {
        struct qw_qkd_terms *terms = i == 0 ? &pair->alice.config.terms : &pair->bob.config.terms;

        terms->expected_gain = (uint64_t)llround(gain * 1e12);
        terms->gain_tolerance_ppm = (uint32_t)lround(tolerance * 1e6);
    }
}

static void expect_refusal(enum qw_qkd_refusal refusal)
{
    assert_int_equal(pair->alice.done + pair->bob.done, 0);
    assert_int_equal(pair->bob.err, QW_ERR_REFUSED);
    assert_int_equal(pair->alice.err, QW_ERR_REFUSED);
    assert_int_equal(pair->bob.ledger.refusal, refusal);
    assert_int_equal(pair->alice.ledger.refusal, refusal);
}

static void measuring_every_pulse_is_seen_in_the_errors(void **state)
{
    (void)state;
    attack(QW_ATTACK_INTERCEPT, 1);
    pair_run(pair);
    expect_refusal(QW_QKD_QBER);
    assert_true(pair->bob.ledger.qber_z > 0.2);
}

static void measuring_some_pulses_costs_the_key_before_the_limit(void **state)
{
    uint64_t honest;

    (void)state;
    attack(QW_ATTACK_NONE, 0);
    pair_run(pair);
    honest = pair->bob.ledger.secret_bits;
    attack(QW_ATTACK_INTERCEPT, 0.05); /* one and a quarter percent more errors: a little is left */
    pair_run(pair);
    assert_true(pair->bob.ledger.secret_bits < honest);
    attack(QW_ATTACK_INTERCEPT, 0.2);
    pair_run(pair);
    expect_refusal(QW_QKD_NO_KEY);
    assert_true(pair->bob.ledger.qber_z < 0.08);
}

static void splitting_photons_is_seen_in_the_decoy(void **state)
{
    (void)state;
    attack(QW_ATTACK_SPLIT, 1);
    pair_run(pair);
    expect_refusal(QW_QKD_DECOY);
}

/* A sixth of the single photons is six deviations of what the bound says about them. */
static void splitting_some_photons_costs_the_key(void **state)
{
    uint64_t honest;

    (void)state;
    attack(QW_ATTACK_NONE, 0);
    pair_run(pair);
    honest = pair->bob.ledger.secret_bits;
    attack(QW_ATTACK_SPLIT, 0.17);
    pair_run(pair);
    assert_true(pair->bob.ledger.secret_bits < honest);
}

static void a_careless_blinder_is_seen_in_the_gain(void **state)
{
    (void)state;
    attack(QW_ATTACK_BLIND, 1);
    watch_gain(qw_link_gain(&pair->optics.model,
                            qw_link_transmission(&pair->optics.model, pair->optics.distance_km)),
               0.2);
    pair_run(pair);
    expect_refusal(QW_QKD_GAIN);
    assert_true(pair->bob.ledger.qber_z == 0);
}

static void the_honest_link_keeps_its_gain(void **state)
{
    (void)state;
    attack(QW_ATTACK_NONE, 0);
    watch_gain(qw_link_gain(&pair->optics.model,
                            qw_link_transmission(&pair->optics.model, pair->optics.distance_km)),
               0.05);
    pair_run(pair);
    assert_int_equal(pair->bob.err, QW_OK);
}

/* What no statistics of clicks can exclude; the page says so, and this holds it to that. */
static void a_careful_blinder_is_not_seen(void **state)
{
    (void)state;
    attack(QW_ATTACK_BLIND, 1);
    watch_gain(0.6 * (1 - exp(-0.5)) / 2 + 0.4 * (1 - exp(-0.15)) / 2, 0.2);
    pair_run(pair);
    assert_int_equal(pair->bob.err, QW_OK);
    assert_true(pair->bob.ledger.secret_bits > 0);
}

static void light_that_never_comes_gives_no_key(void **state)
{
    (void)state;
    attack(QW_ATTACK_NONE, 0);
    pair->optics.model.dark_probability = 1e-4; /* dark counts alone */
    pair->optics.distance_km = 400;
    pair_run(pair);
    expect_refusal(QW_QKD_QBER);
}

static int make_pair(void **state)
{
    (void)state;
    pair = calloc(1, sizeof *pair);
    return pair == NULL;
}

static int free_pair(void **state)
{
    (void)state;
    free(pair);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measuring_every_pulse_is_seen_in_the_errors),
        cmocka_unit_test(measuring_some_pulses_costs_the_key_before_the_limit),
        cmocka_unit_test(splitting_photons_is_seen_in_the_decoy),
        cmocka_unit_test(splitting_some_photons_costs_the_key),
        cmocka_unit_test(a_careless_blinder_is_seen_in_the_gain),
        cmocka_unit_test(the_honest_link_keeps_its_gain),
        cmocka_unit_test(a_careful_blinder_is_not_seen),
        cmocka_unit_test(light_that_never_comes_gives_no_key),
    };

    return cmocka_run_group_tests(tests, make_pair, free_pair);
}
