/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W4 W9 W12 W13 */
/* Sessions in the simulated air, over loopback sockets, as the programs run them. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plkg_bench.h"

enum { PATIENT_MS = 60000 }; /* tens of thousands of coefficients, a sanitizer, a busy machine */

struct walk {
    struct bench bench;
    struct qw_air *air;
    struct qw_eavesdropper *eve;
};

static void hear(void *self, const struct qw_air_probe *probe)
{
    struct walk *walk = self;

    pthread_mutex_lock(&walk->bench.channel.lock);
    qw_eavesdropper_hear_probe(walk->eve, probe);
    pthread_mutex_unlock(&walk->bench.channel.lock);
}

static void walk_through(struct walk *walk, const struct qw_air_config *air,
                         const struct bench_config *config)
{
    char error[256];
    uint16_t port;

    memset(walk, 0, sizeof *walk);
    bench_init(&walk->bench, config);
    assert_int_equal(qw_eavesdropper_new(&walk->eve), QW_OK);
    assert_int_equal(qw_air_new(air, hear, walk, &walk->air, &port, error), QW_OK);
    assert_int_equal(
        qw_air_connect("127.0.0.1", port, QW_AIR_ACCESS_POINT, 2000, &walk->bench.radio_ap), QW_OK);
    assert_int_equal(
        qw_air_connect("127.0.0.1", port, QW_AIR_TERMINAL, 2000, &walk->bench.radio_te), QW_OK);
    walk->bench.middle_ap.eve = walk->eve;
    walk->bench.middle_te.eve = walk->eve;
    walk->bench.middle_ap.lock = &walk->bench.channel.lock;
    walk->bench.middle_te.lock = &walk->bench.channel.lock;
    bench_run(&walk->bench);
}

static void leave(struct walk *walk)
{
    qw_csi_source_close(&walk->bench.radio_ap);
    qw_csi_source_close(&walk->bench.radio_te);
    qw_air_free(walk->air);
    qw_eavesdropper_free(walk->eve);
    bench_wipe(&walk->bench);
}

static void print_ledger(const struct qw_plkg_ledger *ledger)
{
    print_message("%llu probes, %llu coefficients at %.1f dB, %llu raw, %.0f entropy, %llu said, "
                  "%llu secret: %.1f bits per probe, %.0f bit/s, airtime %.2f %%, %u more\n",
                  (unsigned long long)ledger->probes, (unsigned long long)ledger->coefficients,
                  ledger->snr_db, (unsigned long long)ledger->raw_bits, ledger->entropy_bits,
                  (unsigned long long)ledger->reconciliation_bits,
                  (unsigned long long)ledger->secret_bits,
                  (double)ledger->secret_bits / (double)ledger->probes,
                  (double)ledger->secret_bits / ledger->channel_time_s,
                  100.0 * ledger->airtime_share, ledger->more_rounds);
}

static void a_walk_gives_a_key_that_the_listener_has_not(void **state)
{
    static const enum qw_air_scene scenes[] = { QW_AIR_INDOOR, QW_AIR_CORRIDOR, QW_AIR_OUTDOOR };

    (void)state;
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        struct qw_air_config air = {
            .scene = scenes[i], .seed = 7 + i, .snr_db = 25.0, .loss = 0.01, .eve_distance_m = 0.3
        };
        struct bench_config config = bench_standard(1);
        struct qw_eavesdropper_result result;
        struct walk walk;
        uint8_t data[64] = { 1, 2, 3 };
        uint8_t got[64];
        size_t len;

        walk_through(&walk, &air, &config);
        for (int run = 1; run < 3 && walk.bench.err_te != QW_OK; run++) {
            leave(&walk); /* an honest session in some hundreds ends without a key */
            air.seed += 100;
            walk_through(&walk, &air, &config);
        }
        assert_int_equal(walk.bench.err_ap, QW_OK);
        assert_int_equal(walk.bench.err_te, QW_OK);
        print_ledger(&walk.bench.ledger_ap);
        assert_true(walk.bench.ledger_ap.secret_bits > 5 * walk.bench.ledger_ap.probes);
        assert_int_equal(
            qw_plkg_send(walk.bench.session_ap, &walk.bench.wire_ap, data, sizeof data, false),
            QW_OK);
        assert_int_equal(qw_plkg_receive(walk.bench.session_te, &walk.bench.wire_te, got,
                                         sizeof got, &len, 60000),
                         QW_OK);
        assert_memory_equal(got, data, sizeof data);
        assert_int_equal(qw_eavesdropper_attack(walk.eve, &result), QW_OK);
        assert_true(result.attempted);
        assert_false(result.verified);
        leave(&walk);
    }
}

/* Other carriers, antennas and bands: a key, the same at both ends, that the listener with as many
 * antennas has not; and more of it for each probe than one antenna gives on 20 MHz. */
static void every_radio_gives_a_key_and_a_wide_one_a_longer_key(void **state)
{
    static const struct {
        const char *carrier;
        uint8_t access_point, terminal, bands;
        uint64_t bits_per_probe; /* at least */
    } cases[] = { { "wifi40", 1, 2, 1, 30 },
                  { "wifi80", 1, 1, 1, 30 },
                  { "wifi20", 2, 1, 2, 30 },
                  { "lte-tdd", 1, 1, 1, 10 },
                  { "nr-tdd", 1, 1, 1, 10 } };
    static const struct qw_tuning_offer offer = { .carriers = 31, .antennas = 2, .bands = 2 };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_air_config air = { .scene = QW_AIR_INDOOR,
                                     .seed = 70 + i,
                                     .snr_db = 25.0,
                                     .loss = 0.01,
                                     .eve_distance_m = 0.3 };
        struct qw_tuning tuning = { qw_carrier_find(cases[i].carrier), cases[i].access_point,
                                    cases[i].terminal, cases[i].bands };
        struct bench_config config = bench_standard(1);
        struct qw_eavesdropper_result result;
        struct walk walk;
        uint8_t data[64] = { 3, 2, 1 };
        uint8_t got[64];
        size_t len;

        config.tuning = &tuning;
        config.offer = &offer;
        config.policy.probe_interval_ms = 1000.0 * qw_tuning_interval_s(&tuning);
        config.timeout_ms = PATIENT_MS;
        walk_through(&walk, &air, &config);
        for (int run = 1; run < 3 && walk.bench.err_te != QW_OK; run++) {
            leave(&walk);
            air.seed += 100;
            walk_through(&walk, &air, &config);
        }
        assert_int_equal(walk.bench.err_ap, QW_OK);
        assert_int_equal(walk.bench.err_te, QW_OK);
        print_ledger(&walk.bench.ledger_ap);
        assert_true(walk.bench.ledger_ap.secret_bits >
                    cases[i].bits_per_probe * walk.bench.ledger_ap.probes);
        assert_true(walk.bench.ledger_ap.airtime_share < 0.011);
        assert_int_equal(
            qw_plkg_send(walk.bench.session_ap, &walk.bench.wire_ap, data, sizeof data, false),
            QW_OK);
        assert_int_equal(qw_plkg_receive(walk.bench.session_te, &walk.bench.wire_te, got,
                                         sizeof got, &len, 60000),
                         QW_OK);
        assert_memory_equal(got, data, sizeof data);
        assert_int_equal(qw_eavesdropper_attack(walk.eve, &result), QW_OK);
        assert_true(result.attempted);
        assert_false(result.verified);
        leave(&walk);
    }
}

/* Not offered: no pool byte, no question to the centre. */
static void what_is_not_offered_is_refused_before_the_centre_is_asked(void **state)
{
    static const struct qw_tuning_offer narrow = { .carriers = 1, .antennas = 1, .bands = 1 };
    static const struct {
        const char *carrier;
        uint8_t access_point, terminal, bands;
        const struct qw_tuning_offer *offer;
    } cases[] = { { "wifi40", 1, 1, 1, &narrow },
                  { "wifi20", 2, 1, 1, &narrow },
                  { "wifi20", 1, 1, 2, &narrow },
                  { "wifi80", 1, 1, 1, NULL },
                  { "nr-tdd", 1, 1, 1, &narrow } };
    struct qw_air_config air = {
        .scene = QW_AIR_INDOOR, .seed = 5, .snr_db = 25.0, .eve_distance_m = 0.3
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_tuning tuning = { qw_carrier_find(cases[i].carrier), cases[i].access_point,
                                    cases[i].terminal, cases[i].bands };
        struct bench_config config = bench_standard(1);
        struct walk walk;

        config.tuning = &tuning;
        config.offer = cases[i].offer;
        walk_through(&walk, &air, &config);
        assert_int_equal(walk.bench.err_ap, QW_ERR_REFUSED);
        assert_int_equal(walk.bench.err_te, QW_ERR_REFUSED);
        assert_int_equal(walk.bench.ledger_ap.refusal, QW_PLKG_CARRIER);
        assert_int_equal(walk.bench.ledger_te.refusal, QW_PLKG_CARRIER);
        assert_int_equal(walk.bench.ledger_te.probes, 0);
        assert_int_equal(walk.bench.asked, 0);
        leave(&walk);
    }
}

/* People who sit and shift: each 20 ms nothing is new, at the pace that the terminal finds there is
 * a key. */
static void a_quiet_room_gives_a_key_at_its_own_pace(void **state)
{
    struct qw_air_config air = {
        .scene = QW_AIR_ROOM, .seed = 11, .snr_db = 25.0, .loss = 0.01, .eve_distance_m = 0.3
    };
    struct bench_config config = bench_standard(1);
    struct walk walk;

    (void)state;
    walk_through(&walk, &air, &config);
    assert_int_equal(walk.bench.err_te, QW_ERR_REFUSED);
    print_message("each 20 ms: %s\n",
                  qw_plkg_refusal_name((enum qw_plkg_refusal)walk.bench.ledger_ap.refusal));
    leave(&walk);
    config.policy.is_paced = true;
    config.timeout_ms = PATIENT_MS;
    walk_through(&walk, &air, &config);
    for (int run = 1; run < 3 && walk.bench.err_te != QW_OK; run++) {
        leave(&walk);
        air.seed += 100;
        walk_through(&walk, &air, &config);
    }
    assert_int_equal(walk.bench.err_ap, QW_OK);
    assert_int_equal(walk.bench.err_te, QW_OK);
    print_ledger(&walk.bench.ledger_ap);
    assert_true(walk.bench.ledger_ap.secret_bits > 5 * walk.bench.ledger_ap.probes);
    assert_true(walk.bench.ledger_ap.channel_time_s > 100.0);
    leave(&walk);
}

static void nothing_moves_nothing_is_made(void **state)
{
    struct qw_air_config air = {
        .scene = QW_AIR_STATIC, .seed = 3, .snr_db = 20.0, .eve_distance_m = 0.3
    };
    struct bench_config config = bench_standard(1);
    struct walk walk;

    (void)state;
    walk_through(&walk, &air, &config);
    assert_int_equal(walk.bench.err_ap, QW_ERR_REFUSED);
    assert_int_equal(walk.bench.err_te, QW_ERR_REFUSED);
    assert_int_equal(walk.bench.ledger_ap.refusal, QW_PLKG_STATIC);
    assert_int_equal(walk.bench.ledger_te.refusal, QW_PLKG_STATIC);
    leave(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_gives_a_key_that_the_listener_has_not),
        cmocka_unit_test(every_radio_gives_a_key_and_a_wide_one_a_longer_key),
        cmocka_unit_test(what_is_not_offered_is_refused_before_the_centre_is_asked),
        cmocka_unit_test(a_quiet_room_gives_a_key_at_its_own_pace),
        cmocka_unit_test(nothing_moves_nothing_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
