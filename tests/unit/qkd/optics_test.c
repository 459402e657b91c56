/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 */
#include "qkd/optics.h"

#include "base/prng.h"
#include "support/fail_nth.h"
#include "support/test_seed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

enum { INTENSITIES = 2 };

/* What was seen in one run, and what the simulation knows besides. */
struct tally {
    double pulses;
    double clicks[INTENSITIES]; /* both bases, equal or not */
    double matched[2][INTENSITIES];
    double wrong[2][INTENSITIES];
    double single[2]; /* matched clicks of single photons, per basis */
    double empty[2];
    double single_wrong[2];
    double phase_wrong; /* single photons of X that would have been errors in Z */
};

static struct qw_optics_config config_of(double distance_km, uint64_t seed)
{
    return (struct qw_optics_config){
        .model = { .pulse_rate_hz = 1e9,
                   .source = { 2, { 0.5, 0.15 }, { 0.7, 0.3 } },
                   .key_basis_share = 0.9,
                   .fibre_db_per_km = 0.2,
                   .detector_efficiency = 0.5,
                   .dark_probability = 1e-4,
                   .misalignment = 0.02 },
        .distance_km = distance_km,
        .seed = seed,
    };
}

static void count(struct tally *t, const struct qw_pulse *pulse, const struct qw_detection *d)
{
    uint8_t basis = d->basis;
    bool is_wrong = pulse->bit != d->bit;

    t->clicks[pulse->intensity]++;
    if (pulse->basis != basis) {
        return;
    }
    t->matched[basis][pulse->intensity]++;
    t->wrong[basis][pulse->intensity] += is_wrong;
    t->empty[basis] += d->photons == 0;
    if (d->photons == 1) {
        t->single[basis]++;
        t->single_wrong[basis] += is_wrong;
        t->phase_wrong += basis == QW_BASIS_X && d->would_err;
    }
}

static struct tally run(const struct qw_optics_config *config, size_t clicks)
{
    struct qw_optics *optics = NULL;
    struct qw_detection d = { 0 };
    struct tally t;
    uint64_t before = 0;

    memset(&t, 0, sizeof t);
    assert_int_equal(qw_optics_new(config, &optics), QW_OK);
    for (size_t i = 0; i < clicks; i++) {
        struct qw_pulse pulse;

        qw_optics_next(optics, &d);
        assert_true(i == 0 || d.index > before);
        before = d.index;
        pulse = qw_pulse_of(qw_optics_pulses(optics), d.index);
        count(&t, &pulse, &d);
    }
    t.pulses = (double)d.index + 1;
    qw_optics_free(optics);
    return t;
}

/* |a - b| within `sigmas` deviations of a binomial count with expectation b. */
static void assert_within(double a, double b, double sigmas)
{
    if (fabs(a - b) > sigmas * sqrt(b) + 1) {
        fail_msg("%.1f is not %.1f +- %.1f", a, b, sqrt(b));
    }
}

/* The slow reference: one pulse after the other, photon by photon. */
static struct tally run_slowly(const struct qw_optics_config *config, uint64_t pulses)
{
    const struct qw_link_model *m = &config->model;
    double eta = qw_link_transmission(m, config->distance_km);
    double dark = 1 - sqrt(1 - m->dark_probability);
    struct qw_pulse_record record =
        qw_pulse_record_of(&m->source, m->key_basis_share, config->seed);
    struct qw_prng prng;
    struct tally t;
    double blind_until = 0;
    double afterpulse_at = -1;

    memset(&t, 0, sizeof t);
    qw_prng_init(&prng, config->seed, 99);
    for (uint64_t i = 0; i < pulses; i++) {
        struct qw_pulse pulse = qw_pulse_of(&record, i);
        struct qw_detection d = { .index = i };
        double product = qw_prng_uniform(&prng);
        double limit = exp(-m->source.mean_photons[pulse.intensity]);
        bool fired[2];
        bool light = false;

        for (; product > limit; product *= qw_prng_uniform(&prng)) {
            d.photons++;
            light = qw_prng_uniform(&prng) < eta || light;
        }
        d.basis = qw_prng_uniform(&prng) < m->key_basis_share ? QW_BASIS_X : QW_BASIS_Z;
        fired[0] = qw_prng_uniform(&prng) < dark;
        fired[1] = qw_prng_uniform(&prng) < dark;
        if (light) {
            bool flips = qw_prng_uniform(&prng) < m->misalignment;

            fired[d.basis == pulse.basis ? pulse.bit ^ flips : qw_prng_below(&prng, 2)] = true;
        }
        if (afterpulse_at == (double)i) {
            fired[qw_prng_below(&prng, 2)] = true;
        }
        if ((double)i < blind_until || !(fired[0] || fired[1])) {
            continue;
        }
        d.bit = fired[0] && fired[1] ? (uint8_t)qw_prng_below(&prng, 2) : fired[1];
        count(&t, &pulse, &d);
        blind_until = (double)i + 1 + m->dead_time_pulses;
        afterpulse_at = -1;
        if (qw_prng_uniform(&prng) < m->afterpulse_probability) {
            afterpulse_at = blind_until + floor(log(1 - qw_prng_uniform(&prng)) / log1p(-0.05));
        }
    }
    t.pulses = (double)pulses;
    return t;
}

/* What pulses with one photon and with none do, which no end of a link can see. */
static void check_yields(const struct qw_optics_config *config, const struct tally *t, double eta)
{
    const struct qw_link_model *m = &config->model;
    double in_x = t->pulses * m->key_basis_share * m->key_basis_share;
    double yield = m->dark_probability + eta - m->dark_probability * eta;

    assert_within(t->single[QW_BASIS_X], in_x * qw_decoy_photon_share(&m->source, 1) * yield, 4);
    assert_within(t->empty[QW_BASIS_X],
                  in_x * qw_decoy_photon_share(&m->source, 0) * m->dark_probability, 4);
}

/* Gains, error rates and yields against the closed forms: 32 comparisons at 4 deviations, so that a
 * seed of one's own raises a false alarm once in 500. */
static void skipping_agrees_with_the_analytic_model(void **state)
{
    uint64_t seed = test_seed();

    (void)state;
    for (int km = 0; km <= 75; km += 25) {
        struct qw_optics_config config = config_of(km, seed + (uint64_t)km);
        double eta = qw_link_transmission(&config.model, km);
        struct tally t = run(&config, 400000);

        for (size_t k = 0; k < INTENSITIES; k++) {
            double mean = config.model.source.mean_photons[k];
            double gain = qw_link_click_probability(&config.model, eta, mean);
            double errors = qw_link_error_probability(&config.model, eta, mean);

            assert_within(t.clicks[k], t.pulses * config.model.source.share[k] * gain, 4);
            assert_within(t.wrong[QW_BASIS_X][k], t.matched[QW_BASIS_X][k] * errors / gain, 4);
            assert_within(t.wrong[QW_BASIS_Z][k], t.matched[QW_BASIS_Z][k] * errors / gain, 4);
        }
        check_yields(&config, &t, eta);
    }
}

static void skipping_agrees_with_the_slow_reference(void **state)
{
    struct qw_optics_config config = config_of(20, test_seed());
    struct tally slow;
    struct tally fast;
    double share;

    (void)state;
    config.model.afterpulse_probability = 0.05;
    config.model.dead_time_pulses = 30;
    slow = run_slowly(&config, 3000000);
    config.seed++;
    fast = run(&config, 200000);
    share = slow.pulses / fast.pulses;
    for (size_t k = 0; k < INTENSITIES; k++) {
        /* Both counts vary: a deviation is sqrt(2) of one of them, when their lengths are alike. */
        double both = sqrt(1 + share);

        assert_within(slow.clicks[k], fast.clicks[k] * share, 4 * both);
        assert_within(slow.wrong[QW_BASIS_X][k], fast.wrong[QW_BASIS_X][k] * share, 4 * both);
        assert_within(slow.wrong[QW_BASIS_Z][k], fast.wrong[QW_BASIS_Z][k] * share, 4 * both);
    }
    assert_within(slow.single[QW_BASIS_X], fast.single[QW_BASIS_X] * share, 4 * sqrt(1 + share));
    assert_within(slow.empty[QW_BASIS_X], fast.empty[QW_BASIS_X] * share, 4 * sqrt(1 + share));
}

static void dead_time_and_afterpulses_are_in_the_gain(void **state)
{
    struct qw_optics_config config = config_of(0, test_seed());
    double eta = qw_link_transmission(&config.model, 0);
    double expected;
    struct tally t;

    (void)state;
    config.model.dead_time_pulses = 50;
    config.model.afterpulse_probability = 0.01;
    t = run(&config, 400000);
    expected = t.pulses * qw_link_gain(&config.model, eta);
    assert_true(fabs(400000 / expected - 1) < 0.01);
}

static struct qw_finite_key bounds_of(const struct tally *t, double epsilon)
{
    struct qw_finite_key_input input = { .source = { 2, { 0.5, 0.15 }, { 0.7, 0.3 } },
                                         .epsilon_secrecy = epsilon,
                                         .epsilon_correctness = 1e-9 };
    struct qw_finite_key key;

    for (size_t k = 0; k < INTENSITIES; k++) {
        input.x.clicks[k] = t->matched[QW_BASIS_X][k];
        input.x.errors[k] = t->wrong[QW_BASIS_X][k];
        input.z.clicks[k] = t->matched[QW_BASIS_Z][k];
        input.z.errors[k] = t->wrong[QW_BASIS_Z][k];
    }
    assert_int_equal(qw_finite_key_evaluate(&qw_finite_key_one_decoy, &input, &key), QW_OK);
    return key;
}

/* Secrecy 15 * 0.01: each estimate may fail once in a hundred runs, and it fails far less. */
static void bounds_hold_against_what_the_simulation_knows(void **state)
{
    enum { RUNS = 60, ALLOWED = 9 };
    uint64_t seed = test_seed();
    unsigned broken = 0;

    (void)state;
    for (unsigned i = 0; i < RUNS; i++) {
        struct qw_optics_config config = config_of(10 + i % 5 * 15, seed + i);
        struct tally t;
        struct qw_finite_key key;

        if (i % 3 == 1) {
            config.attack = QW_ATTACK_INTERCEPT;
            config.attack_share = 0.1;
        }
        t = run(&config, 100000);
        key = bounds_of(&t, 0.15);
        broken += key.single_x > t.single[QW_BASIS_X] || key.single_z > t.single[QW_BASIS_Z] ||
                  key.vacuum_x < t.empty[QW_BASIS_X] ||
                  key.single_errors_z < t.single_wrong[QW_BASIS_Z] ||
                  key.phase_error_rate * t.single[QW_BASIS_X] < t.phase_wrong;
        assert_true(key.single_x > 0);
    }
    print_message("bounds broken in %u of %u runs\n", broken, (unsigned)RUNS);
    assert_true(broken <= ALLOWED);
}

static void interception_adds_a_quarter_of_its_share_to_the_errors(void **state)
{
    struct qw_optics_config config = config_of(10, test_seed());
    struct tally t;
    double matched;
    double wrong;

    (void)state;
    config.attack = QW_ATTACK_INTERCEPT;
    config.attack_share = 0.4;
    t = run(&config, 400000);
    matched = t.matched[0][0] + t.matched[0][1];
    wrong = t.wrong[0][0] + t.wrong[0][1];
    assert_true(fabs(wrong / matched - (0.02 + 0.1 * 0.96)) < 0.005);
}

/* Splitting keeps the signal's gain and no bound of single photons is left. */
static void splitting_hides_from_the_gain_and_not_from_the_decoy(void **state)
{
    struct qw_optics_config config = config_of(60, test_seed());
    double eta = qw_link_transmission(&config.model, 60);
    struct tally t;

    (void)state;
    config.attack = QW_ATTACK_SPLIT;
    config.attack_share = 1;
    t = run(&config, 300000);
    assert_within(t.clicks[0], t.pulses * 0.7 * qw_link_click_probability(&config.model, eta, 0.5),
                  5);
    assert_true(t.clicks[1] <
                0.6 * t.pulses * 0.3 * qw_link_click_probability(&config.model, eta, 0.15));
    assert_true(bounds_of(&t, 1e-9).single_x == 0);
}

static void blinding_makes_no_error_and_changes_the_gain(void **state)
{
    struct qw_optics_config config = config_of(60, test_seed());
    double eta = qw_link_transmission(&config.model, 60);
    struct tally t;

    (void)state;
    config.attack = QW_ATTACK_BLIND;
    t = run(&config, 100000);
    assert_true(t.wrong[0][0] + t.wrong[1][0] + t.wrong[0][1] + t.wrong[1][1] == 0);
    assert_true(t.clicks[0] >
                5 * t.pulses * 0.7 * qw_link_click_probability(&config.model, eta, 0.5));
}

static void choices_follow_their_shares_and_the_seed_alone(void **state)
{
    const struct qw_decoy_source source = { 3, { 0.5, 0.1, 0 }, { 0.6, 0.3, 0.1 } };
    struct qw_pulse_record record = qw_pulse_record_of(&source, 0.8, test_seed());
    double in_x = 0, ones = 0, with[3] = { 0 };

    (void)state;
    for (uint64_t i = 0; i < 1000000; i++) {
        struct qw_pulse pulse = qw_pulse_of(&record, i << 20);

        in_x += pulse.basis == QW_BASIS_X;
        ones += pulse.bit;
        with[pulse.intensity]++;
    }
    assert_within(in_x, 800000, 4);
    assert_within(ones, 500000, 4);
    assert_within(with[0], 600000, 4);
    assert_within(with[1], 300000, 4);
    assert_within(with[2], 100000, 4);
}

static void refuses_a_link_that_cannot_be(void **state)
{
    struct qw_optics_config config = config_of(10, 1);
    struct qw_optics *optics = NULL;

    (void)state;
    config.model.misalignment = 1.5;
    assert_int_equal(qw_optics_new(&config, &optics), QW_ERR_ARG);
    config = config_of(10, 1);
    config.model.dark_probability = NAN;
    assert_int_equal(qw_optics_new(&config, &optics), QW_ERR_ARG);
    config = config_of(-1, 1);
    assert_int_equal(qw_optics_new(&config, &optics), QW_ERR_ARG);
    config = config_of(10, 1);
    config.attack_share = 2;
    assert_int_equal(qw_optics_new(&config, &optics), QW_ERR_ARG);
    config = config_of(1e5, 1);
    config.model.dark_probability = 0;
    assert_int_equal(qw_optics_new(&config, &optics), QW_ERR_ARG);
    config = config_of(10, 1);
    fail_nth = 1;
    assert_int_equal(qw_optics_new(&config, &optics), QW_ERR_NOMEM);
    assert_null(optics);
}

static void attacks_have_names(void **state)
{
    enum qw_attack attack = QW_ATTACK_NONE;

    (void)state;
    for (int i = QW_ATTACK_NONE; i <= QW_ATTACK_BLIND; i++) {
        assert_true(qw_attack_find(qw_attack_name((enum qw_attack)i), &attack));
        assert_int_equal(attack, i);
    }
    assert_false(qw_attack_find("trojan", &attack));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skipping_agrees_with_the_analytic_model),
        cmocka_unit_test(skipping_agrees_with_the_slow_reference),
        cmocka_unit_test(dead_time_and_afterpulses_are_in_the_gain),
        cmocka_unit_test(bounds_hold_against_what_the_simulation_knows),
        cmocka_unit_test(interception_adds_a_quarter_of_its_share_to_the_errors),
        cmocka_unit_test(splitting_hides_from_the_gain_and_not_from_the_decoy),
        cmocka_unit_test(blinding_makes_no_error_and_changes_the_gain),
        cmocka_unit_test(choices_follow_their_shares_and_the_seed_alone),
        cmocka_unit_test(refuses_a_link_that_cannot_be),
        cmocka_unit_test(attacks_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
