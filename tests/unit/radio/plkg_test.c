/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W2 W4 W5 W12 W13 */
/* Whole sessions between two threads that share a wire and a channel, nothing else. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plkg_bench.h"
#include "radio/plkg/silence.h"

static bool never_silent;

qw_err __real_qw_plkg_silence_draw(uint32_t probes, struct qw_plkg_silence *silence);
qw_err __wrap_qw_plkg_silence_draw(uint32_t probes, struct qw_plkg_silence *silence);
qw_err __wrap_qw_plkg_silence_draw(uint32_t probes, struct qw_plkg_silence *silence)
{
    if (never_silent) {
        *silence = (struct qw_plkg_silence){ .probes = probes };
        return QW_OK;
    }
    return __real_qw_plkg_silence_draw(probes, silence);
}

static uint64_t test_seed(void)
{
    const char *text = getenv("QW_TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 11;

    print_message("QW_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

/* All pad left at one end goes to the other and back: equal keys, to the last byte. */
static void assert_same_key(struct bench *bench)
{
    size_t len = qw_plkg_pad_left(bench->session_ap);
    uint8_t *zeros = calloc(1, len);
    uint8_t *got = calloc(1, len);
    size_t got_len;

    assert_int_equal(qw_plkg_pad_left(bench->session_te), len);
    assert_int_equal(qw_plkg_send(bench->session_ap, &bench->wire_ap, zeros, len, false), QW_OK);
    assert_int_equal(qw_plkg_receive(bench->session_te, &bench->wire_te, got, len, &got_len, 2000),
                     QW_OK);
    assert_int_equal(got_len, len);
    assert_memory_equal(got, zeros, len);
    assert_int_equal(qw_plkg_pad_left(bench->session_te), 0);
    free(zeros);
    free(got);
}

static void assert_account_adds_up(const struct qw_plkg_ledger *ledger)
{
    double spent =
        ledger->finite_size_bits + ledger->amplification_bits +
        (double)(ledger->reconciliation_bits + ledger->verification_bits + ledger->selection_bits);

    assert_true(ledger->entropy_bits - spent >= (double)ledger->secret_bits);
    assert_true(ledger->secret_bits > ledger->auth_bits);
    assert_int_equal(ledger->auth_bits, 1024);
    assert_true(ledger->epsilon_log2 <= -64.0);
    assert_int_equal(ledger->refusal, QW_PLKG_NONE);
    assert_int_equal(ledger->is_simulated, 1);
    assert_true(ledger->messages >= 8 && ledger->messages <= 8 + 2 * ledger->more_rounds);
    assert_true(ledger->airtime_share > 0.0 && ledger->airtime_share < 0.02);
}

static void both_ends_make_the_same_key(void **state)
{
    uint64_t seed = test_seed();

    (void)state;
    for (uint64_t k = 0; k < 5; k++) {
        struct bench_config config = bench_standard(seed + k);
        struct bench bench;

        bench_run_to_key(&bench, &config);
        assert_int_equal(bench.err_ap, QW_OK);
        assert_int_equal(bench.err_te, QW_OK);
        assert_account_adds_up(&bench.ledger_ap);
        assert_account_adds_up(&bench.ledger_te);
        assert_int_equal(bench.ledger_ap.secret_bits, bench.ledger_te.secret_bits);
        assert_true(bench.ledger_ap.different_bits > 0);
        assert_true(2 * bench.ledger_ap.different_bits < bench.ledger_ap.compared_bits);
        assert_int_equal(bench.ledger_ap.different_bits, bench.ledger_te.different_bits);
        assert_int_equal(bench.ledger_ap.compared_bits, bench.ledger_te.compared_bits);
        assert_int_equal(qw_plkg_pad_left(bench.session_ap), bench.ledger_ap.secret_bits / 8);
        assert_same_key(&bench);
        bench_wipe(&bench);
    }
}

static void earns_at_least_ten_bits_per_probe_net_of_everything(void **state)
{
    struct bench_config config = bench_standard(test_seed());
    struct bench bench;

    (void)state;
    bench_run_to_key(&bench, &config);
    assert_int_equal(bench.err_ap, QW_OK);
    print_message("%.2f secret bits per probe at %.1f dB\n",
                  (double)bench.ledger_ap.secret_bits / (double)bench.ledger_ap.probes,
                  bench.ledger_ap.snr_db);
    assert_true(bench.ledger_ap.secret_bits > 10 * bench.ledger_ap.probes);
    bench_wipe(&bench);
}

/* Then the terminal has too few unbroken pasts for an account of its own, the access point not. */
static void goes_on_when_one_probe_in_twenty_is_lost(void **state)
{
    struct bench_config config = bench_standard(test_seed());
    struct bench bench;

    (void)state;
    config.loss = 0.05;
    bench_run_to_key(&bench, &config);
    assert_int_equal(bench.err_ap, QW_OK);
    assert_int_equal(bench.err_te, QW_OK);
    assert_account_adds_up(&bench.ledger_ap);
    assert_account_adds_up(&bench.ledger_te);
    assert_same_key(&bench);
    bench_wipe(&bench);
}

/* Whatever goes wrong: no key, the same reason at both ends. */
static void assert_refused(const struct bench_config *config, enum qw_plkg_refusal a,
                           enum qw_plkg_refusal b)
{
    struct bench bench;

    bench_init(&bench, config);
    bench_run(&bench);
    print_message("%s\n", qw_plkg_refusal_name((enum qw_plkg_refusal)bench.ledger_ap.refusal));
    assert_int_equal(bench.err_ap, QW_ERR_REFUSED);
    assert_int_equal(bench.err_te, QW_ERR_REFUSED);
    assert_true(bench.ledger_ap.refusal == a || bench.ledger_ap.refusal == b);
    assert_int_equal(bench.ledger_te.refusal, bench.ledger_ap.refusal);
    assert_int_equal(bench.ledger_ap.secret_bits, 0);
    assert_null(bench.session_ap);
    assert_null(bench.session_te);
    bench_wipe(&bench);
}

static void refuses_a_channel_that_does_not_move(void **state)
{
    struct bench_config config = bench_standard(test_seed());

    (void)state;
    config.kind = BENCH_STILL;
    assert_refused(&config, QW_PLKG_STATIC, QW_PLKG_STATIC);
}

static void refuses_two_channels_that_have_nothing_in_common(void **state)
{
    struct bench_config config = bench_standard(test_seed());

    (void)state;
    config.kind = BENCH_STRANGERS;
    assert_refused(&config, QW_PLKG_LOW_RHO, QW_PLKG_STATIC);
}

static void refuses_when_nearly_everything_is_credited_to_eve(void **state)
{
    struct bench_config config = bench_standard(test_seed());

    (void)state;
    config.policy.eve_correlation = 0.99;
    config.snr_db = 12.0;
    assert_refused(&config, QW_PLKG_EVE_CORR, QW_PLKG_NO_GAIN);
}

static void refuses_a_channel_that_creeps(void **state)
{
    struct bench_config config = bench_standard(test_seed());

    (void)state;
    config.memory = 0.999;
    config.policy.eve_correlation = 0.0;
    config.snr_db = 10.0;
    assert_refused(&config, QW_PLKG_PREDICTABLE, QW_PLKG_PREDICTABLE);
}

static void refuses_too_few_pairs(void **state)
{
    struct bench_config config = bench_standard(test_seed());

    (void)state;
    config.policy.probes_max = 200;
    assert_refused(&config, QW_PLKG_TOO_FEW_PAIRS, QW_PLKG_TOO_FEW_PAIRS);
    config.policy.probes_max = 2000;
    config.policy.wanted_bits = 256;
    config.loss = 0.5;
    assert_refused(&config, QW_PLKG_TOO_FEW_PAIRS, QW_PLKG_TOO_FEW_PAIRS);
}

static void refuses_when_the_pool_is_low_or_the_card_is_unknown(void **state)
{
    static const struct {
        qw_err authorise, take;
        enum qw_plkg_refusal refusal;
    } cases[] = {
        { QW_ERR_EXHAUSTED, QW_OK, QW_PLKG_POOL_LOW },
        { QW_ERR_NOT_FOUND, QW_OK, QW_PLKG_AUTH },
        { QW_OK, QW_ERR_EXHAUSTED, QW_PLKG_POOL_LOW },
        { QW_OK, QW_ERR_ARG, QW_PLKG_AUTH }, /* positions that were used before */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench_config config = bench_standard(1);
        struct bench bench;

        bench_init(&bench, &config);
        bench.authorise_err = cases[i].authorise;
        bench.take_err = cases[i].take;
        bench_run(&bench);
        assert_int_equal(bench.err_ap, QW_ERR_REFUSED);
        assert_int_equal(bench.err_te, QW_ERR_REFUSED);
        assert_int_equal(bench.ledger_ap.refusal, cases[i].refusal);
        assert_int_equal(bench.ledger_te.refusal, cases[i].refusal);
        bench_wipe(&bench);
    }
}

static void an_order_of_the_centre_comes_in_place_of_a_session(void **state)
{
    static const size_t lengths[] = { 0, 1, 105, QW_PLKG_ORDER_MAX };

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct bench_config config = bench_standard(1);
        enum qw_plkg_refusal refusal = lengths[i] > 0 ? QW_PLKG_ORDERED : QW_PLKG_AUTH;
        struct bench bench;

        bench_init(&bench, &config);
        bench.authorise_err = QW_ERR_STATE;
        bench.order_len = lengths[i];
        bench_run(&bench);
        assert_int_equal(bench.err_ap, QW_ERR_REFUSED);
        assert_int_equal(bench.err_te, QW_ERR_REFUSED);
        assert_int_equal(bench.ledger_ap.refusal, refusal);
        assert_int_equal(bench.ledger_te.refusal, refusal);
        assert_int_equal(bench.got_order_len, lengths[i]);
        for (size_t b = 0; b < lengths[i]; b++) {
            assert_int_equal(bench.order[b], (uint8_t)(b * 13 + 1));
        }
        bench_wipe(&bench);
    }
}

static void refuses_a_policy_out_of_range_before_anything_is_said(void **state)
{
    struct bench_config config = bench_standard(1);
    struct bench bench;

    (void)state;
    config.policy.eve_correlation = 1.0;
    bench_init(&bench, &config);
    bench_run(&bench);
    assert_int_equal(bench.err_ap, QW_ERR_ARG);
    assert_int_equal(bench.err_te, QW_ERR_ARG);
    assert_int_equal(bench.middle_te.inner.counters(bench.middle_te.inner.self)->messages_sent, 0);
    bench_wipe(&bench);
}

static void works_with_amplitudes_alone(void **state)
{
    struct bench_config config = bench_standard(test_seed());
    struct bench bench;

    (void)state;
    config.is_amplitude_only = true;
    config.policy.eve_correlation = 0.5;
    config.policy.wanted_bits = 16000;
    config.snr_db = 30.0;
    bench_run_to_key(&bench, &config);
    assert_int_equal(bench.err_ap, QW_OK);
    assert_int_equal(bench.err_te, QW_OK);
    assert_account_adds_up(&bench.ledger_ap);
    assert_same_key(&bench);
    bench_wipe(&bench);
}

static void probes_and_noise_follow_from_the_seed(void **state)
{
    struct bench_config config = bench_standard(99);
    uint64_t pairs[2];
    double snr_db[2];

    (void)state;
    for (int k = 0; k < 2; k++) {
        struct bench bench;

        config.loss = 0.1;
        config.policy.wanted_bits = 256;
        never_silent = true; /* which probes stay silent is a secret, no matter of the seed */
        bench_init(&bench, &config);
        bench_run(&bench);
        pairs[k] = bench.ledger_ap.pairs;
        snr_db[k] = bench.ledger_te.channel_time_s;
        bench_wipe(&bench);
        never_silent = false;
    }
    assert_int_equal(pairs[0], pairs[1]);
    assert_true(snr_db[0] == snr_db[1]);
}

/* An answer that comes after the terminal has given it up must not be taken for the next one's: the
 * ends would never fall into step again. */
static void a_late_answer_costs_one_pair(void **state)
{
    struct bench_config config = bench_standard(3);
    struct bench bench;

    (void)state;
    config.loss = 0.0;
    config.stall_at = 100;
    config.timeout_ms = 60000;
    bench_run_to_key(&bench, &config);
    assert_int_equal(bench.err_ap, QW_OK);
    assert_int_equal(bench.err_te, QW_OK);
    assert_true(bench.ledger_ap.pairs > bench.ledger_ap.probes / 2);
    bench_wipe(&bench);
}

enum { MOMENTS = 4000 };
static int64_t sent_ns[MOMENTS]; /* by probe, 0: not sent */
static qw_err (*transmit)(void *self, uint64_t sequence, int64_t time_ns);

static qw_err note_moment(void *self, uint64_t sequence, int64_t time_ns)
{
    sent_ns[sequence % MOMENTS] = time_ns;
    return transmit(self, sequence, time_ns);
}

/* Up to 50 us after its slot, by chance: a moment that nobody can be ready for. */
static void the_moment_of_a_pilot_is_drawn(void **state)
{
    struct bench_config config = bench_standard(test_seed());
    struct bench bench;
    unsigned late[5] = { 0 };
    unsigned count = 0;

    (void)state;
    memset(sent_ns, 0, sizeof sent_ns);
    bench_init(&bench, &config);
    transmit = bench.radio_te.transmit;
    bench.radio_te.transmit = note_moment;
    bench_run(&bench);
    for (int64_t i = 1; i < (int64_t)bench.ledger_te.probes; i++) {
        int64_t later_ns = sent_ns[i] - i * 20000000;

        if (sent_ns[i] > 0) {
            assert_in_range(later_ns, 0, 49999);
            late[later_ns / 10000]++;
            count++;
        }
    }
    assert_true(count > 500);
    for (size_t i = 0; i < 5; i++) { /* each a fifth: 6 deviations */
        double mean = count / 5.0;

        assert_true(fabs(late[i] - mean) < 6.0 * sqrt(mean));
    }
    bench_wipe(&bench);
}

static unsigned silent; /* probes that a radio was told to leave out */

/* As a radio does whose time goes by: then nothing was heard. */
static qw_err count_silence(void *self, uint64_t sequence, int64_t time_ns)
{
    struct bench_end *end = self;

    assert_true(sequence > 0 && time_ns > 0);
    silent++;
    pthread_mutex_lock(&end->channel->lock);
    bench_push(&end->channel->to_te, UINT64_MAX, time_ns);
    pthread_mutex_unlock(&end->channel->lock);
    return QW_OK;
}

static void a_radio_in_the_air_is_told_of_each_silent_probe(void **state)
{
    struct bench_config config = bench_standard(test_seed());
    struct bench bench;

    (void)state;
    silent = 0;
    config.loss = 0.0;
    bench_init(&bench, &config);
    bench.radio_te.stay_silent = count_silence;
    bench_run(&bench);
    assert_int_equal(bench.err_te, QW_OK);
    assert_int_equal(bench.err_ap, QW_OK);
    assert_true(silent >= QW_PLKG_SILENCE_RUN);
    assert_int_equal(bench.ledger_te.pairs, bench.ledger_te.probes - silent);
    bench_wipe(&bench);
}

/* The bench's radios cannot be set to anything: both ends say CARRIER, whoever finds it first. */
static void refuses_what_its_own_radio_cannot_do(void **state)
{
    static const struct qw_tuning_offer offer = { .carriers = 31, .antennas = 4, .bands = 4 };
    struct qw_tuning wide = { qw_carrier_find("wifi40"), 1, 1, 1 };
    struct bench_config config = bench_standard(test_seed());

    (void)state;
    config.tuning = &wide;
    config.offer = &offer;
    for (int who = 0; who < 2; who++) {
        struct bench bench;

        bench_init(&bench, &config);
        if (who == 1) {
            bench.radio_te.tuning = wide; /* that of the access point stands elsewhere */
        }
        bench_run(&bench);
        assert_int_equal(bench.err_te, QW_ERR_REFUSED);
        assert_int_equal(bench.err_ap, QW_ERR_REFUSED);
        assert_int_equal(bench.ledger_te.refusal, QW_PLKG_CARRIER);
        assert_int_equal(bench.ledger_ap.refusal, QW_PLKG_CARRIER);
        assert_int_equal(bench.asked, 0);
        bench_wipe(&bench);
    }
}

/* The bench moves by the probe, whatever the time between them: it keeps 0.97 at every look, of
 * which a tenth would be left after 76 probes. Three looks, then the longest interval. */
static void a_channel_slower_than_every_look_is_probed_each_ten_seconds(void **state)
{
    struct bench_config config = bench_standard(test_seed());
    struct bench bench;

    (void)state;
    config.memory = 0.97;
    config.policy.is_paced = true;
    bench_run_to_key(&bench, &config);
    assert_true(fabs(bench.ledger_te.channel_time_s - 256 * 1.46 - 1082 * 10.0) < 1e-6);
    assert_true(bench.ledger_ap.channel_time_s == bench.ledger_te.channel_time_s);
    bench_wipe(&bench);
}

/* Of a number in binary. */
static uint64_t length_of(uint64_t number)
{
    uint64_t length = 0;

    while (number >> length > 0) {
        length++;
    }
    return length;
}

static void a_fast_channel_is_probed_as_was_agreed_and_pace_is_charged(void **state)
{
    struct bench_config config = bench_standard(test_seed());
    struct bench bench;

    (void)state;
    config.memory = 0.0;
    config.policy.is_paced = true;
    bench_run_to_key(&bench, &config);
    assert_int_equal(bench.err_ap, QW_OK);
    assert_int_equal(bench.err_te, QW_OK);
    assert_account_adds_up(&bench.ledger_ap);
    assert_int_equal(bench.ledger_ap.selection_bits,
                     2 * length_of(bench.ledger_ap.raw_bits) + 8 + 40);
    assert_int_equal(bench.ledger_te.selection_bits, bench.ledger_ap.selection_bits);
    /* Fresh already: 256 probes of the look and those of the session, 20 ms apart. */
    assert_true(fabs(bench.ledger_ap.channel_time_s - 0.02 * (256 + 1082)) < 1e-6);
    assert_same_key(&bench);
    bench_wipe(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_make_the_same_key),
        cmocka_unit_test(earns_at_least_ten_bits_per_probe_net_of_everything),
        cmocka_unit_test(goes_on_when_one_probe_in_twenty_is_lost),
        cmocka_unit_test(refuses_a_channel_that_does_not_move),
        cmocka_unit_test(refuses_two_channels_that_have_nothing_in_common),
        cmocka_unit_test(refuses_when_nearly_everything_is_credited_to_eve),
        cmocka_unit_test(refuses_a_channel_that_creeps),
        cmocka_unit_test(refuses_too_few_pairs),
        cmocka_unit_test(refuses_when_the_pool_is_low_or_the_card_is_unknown),
        cmocka_unit_test(an_order_of_the_centre_comes_in_place_of_a_session),
        cmocka_unit_test(refuses_a_policy_out_of_range_before_anything_is_said),
        cmocka_unit_test(works_with_amplitudes_alone),
        cmocka_unit_test(probes_and_noise_follow_from_the_seed),
        cmocka_unit_test(a_late_answer_costs_one_pair),
        cmocka_unit_test(the_moment_of_a_pilot_is_drawn),
        cmocka_unit_test(a_radio_in_the_air_is_told_of_each_silent_probe),
        cmocka_unit_test(refuses_what_its_own_radio_cannot_do),
        cmocka_unit_test(a_channel_slower_than_every_look_is_probed_each_ten_seconds),
        cmocka_unit_test(a_fast_channel_is_probed_as_was_agreed_and_pace_is_charged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
