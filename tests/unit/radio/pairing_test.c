/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W15 */
/* Pairing of both ends' measurements: losses, retries, duplicates, wraps, clocks that differ, drift
 * and jump; every pair is checked against the truth, which the test knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/pairing.h"
#include "support/fail_nth.h"

#include <stdlib.h>
#include <string.h>

enum { MARKS = 20000, MS = 1000000 };

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

struct bench {
    struct qw_pairing_mark alice[MARKS], bob[MARKS];
    size_t alice_truth[MARKS], bob_truth[MARKS]; /* which exchange a mark measured */
    size_t alice_count, bob_count;
    struct qw_pair pairs[MARKS];
    size_t count;
    struct qw_pairing_counters counters;
    struct qw_pairing_config config;
    const uint8_t *alice_peer, *bob_peer;
};

static const uint8_t mac_alice[] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t mac_bob[] = { 2, 0, 0, 0, 0, 2 };

static struct bench *bench_new(void)
{
    struct bench *bench = malloc(sizeof *bench);

    assert_non_null(bench);
    memset(bench, 0, sizeof *bench);
    bench->config = (struct qw_pairing_config){ .format = QW_CSI_HT_20,
                                                .tau_max_ns = MS,
                                                .retry_window_ns = 100 * MS };
    return bench;
}

static struct qw_pairing_mark make_mark(int64_t time_ns, uint64_t sequence, const uint8_t *source)
{
    struct qw_pairing_mark mark = { .time_ns = time_ns,
                                    .sequence = sequence,
                                    .format = QW_CSI_HT_20,
                                    .tone_count = 56,
                                    .is_usable = true };

    memcpy(mark.source, source, sizeof mark.source);
    return mark;
}

static void hear_alice(struct bench *bench, size_t truth, int64_t time_ns, uint64_t sequence)
{
    bench->alice_truth[bench->alice_count] = truth;
    bench->alice[bench->alice_count++] = make_mark(time_ns, sequence, mac_bob);
}

static void hear_bob(struct bench *bench, size_t truth, int64_t time_ns, uint64_t sequence)
{
    bench->bob_truth[bench->bob_count] = truth;
    bench->bob[bench->bob_count++] = make_mark(time_ns, sequence, mac_alice);
}

static void run(struct bench *bench)
{
    struct qw_pairing_end alice = { bench->alice, bench->alice_count, bench->alice_peer };
    struct qw_pairing_end bob = { bench->bob, bench->bob_count, bench->bob_peer };

    assert_int_equal(
        qw_pairing_run(&alice, &bob, &bench->config, bench->pairs, &bench->count, &bench->counters),
        QW_OK);
    for (size_t i = 0; i < bench->count; i++) {
        assert_true(bench->pairs[i].alice < bench->alice_count);
        assert_true(bench->pairs[i].bob < bench->bob_count);
        assert_true(i == 0 || bench->pairs[i].alice > bench->pairs[i - 1].alice);
    }
}

/* No pair joins measurements of two different exchanges. */
static void check_truth(const struct bench *bench)
{
    for (size_t i = 0; i < bench->count; i++) {
        assert_int_equal(bench->alice_truth[bench->pairs[i].alice],
                         bench->bob_truth[bench->pairs[i].bob]);
    }
}

/* n exchanges, one each ms_between; Bob's clock is offset_ns behind and drifts by ppm; losses. */
static void exchange(struct bench *bench, size_t n, int64_t offset_ns, double ppm, double loss,
                     uint64_t seed)
{
    struct qw_prng prng;
    int64_t now_ns = 50 * MS;

    qw_prng_init(&prng, seed, 0);
    for (size_t i = 0; i < n; i++) {
        now_ns += 2 * MS + (int64_t)qw_prng_below(&prng, 2 * MS);
        if (qw_prng_uniform(&prng) >= loss) {
            hear_alice(bench, i, now_ns, i % 4096);
        }
        if (qw_prng_uniform(&prng) >= loss) {
            hear_bob(bench, i, now_ns + 60000 - offset_ns + (int64_t)(ppm * 1e-6 * (double)now_ns),
                     i % 4096);
        }
    }
}

static void all_frames_of_a_good_run_are_paired(void **state)
{
    struct bench *bench = bench_new();

    (void)state;
    exchange(bench, 6000, 123456789012, 0.0, 0.0, 1);
    run(bench);
    assert_int_equal(bench->count, 6000);
    check_truth(bench);
    assert_int_equal(bench->counters.missing + bench->counters.unmatched +
                         bench->counters.ambiguous + bench->counters.clock_jumps,
                     0);
    free(bench);
}

static void losses_at_either_end_shift_nothing(void **state)
{
    struct bench *bench = bench_new();
    size_t both = 0;

    (void)state;
    exchange(bench, 10000, -987654321, 0.0, 0.3, 2); /* numbers wrap twice */
    for (size_t a = 0, b = 0; a < bench->alice_count && b < bench->bob_count;) {
        both += bench->alice_truth[a] == bench->bob_truth[b];
        if (bench->alice_truth[a] <= bench->bob_truth[b]) {
            a++;
        } else {
            b++;
        }
    }
    run(bench);
    check_truth(bench);
    assert_int_equal(bench->count, both);
    assert_int_equal(bench->counters.missing, bench->alice_count - both);
    assert_int_equal(bench->counters.unmatched, bench->bob_count - both);
    free(bench);
}

static void one_end_that_goes_deaf_costs_its_frames_only(void **state)
{
    struct bench *bench = bench_new();

    (void)state;
    exchange(bench, 3000, 5000, 0.0, 0.0, 3);
    /* Bob misses 1000..1999: more than any row of misses that makes pairing look for a jump. */
    memmove(bench->bob + 1000, bench->bob + 2000, 1000 * sizeof bench->bob[0]);
    memmove(bench->bob_truth + 1000, bench->bob_truth + 2000, 1000 * sizeof bench->bob_truth[0]);
    bench->bob_count = 2000;
    run(bench);
    check_truth(bench);
    assert_int_equal(bench->count, 2000);
    assert_int_equal(bench->counters.missing, 1000);
    assert_int_equal(bench->counters.clock_jumps, 0);
    free(bench);
}

static void clocks_that_drift_are_followed(void **state)
{
    struct bench *bench = bench_new();

    (void)state;
    exchange(bench, 15000, 777, 40.0, 0.05, 4); /* 1.8 ms over the run: more than tau */
    run(bench);
    check_truth(bench);
    assert_true(bench->count > 13000);
    assert_int_equal(bench->counters.clock_jumps, 0);
    free(bench);
}

static void a_clock_that_jumps_is_found_again(void **state)
{
    static const int64_t jumps_ns[] = { 5000LL * MS, -7000LL * MS };
    (void)state;
    for (size_t j = 0; j < 2; j++) {
        struct bench *bench = bench_new();

        exchange(bench, 3000, 0, 0.0, 0.02, 5 + j);
        for (size_t i = bench->bob_count / 2; i < bench->bob_count; i++) {
            bench->bob[i].time_ns += jumps_ns[j];
        }
        run(bench);
        check_truth(bench);
        assert_true(bench->count > 2800);
        assert_int_equal(bench->counters.clock_jumps, 1);
        free(bench);
    }
}

static void the_microsecond_clock_may_wrap_in_the_raw_numbers(void **state)
{
    struct bench *bench = bench_new();
    const int64_t wrap_ns = 4294967296000; /* not unwrapped at Bob's */

    (void)state;
    exchange(bench, 2000, 0, 0.0, 0.0, 7);
    for (size_t i = 1000; i < bench->bob_count; i++) {
        bench->bob[i].time_ns -= wrap_ns;
    }
    run(bench);
    check_truth(bench);
    assert_int_equal(bench->count, 2000);
    assert_int_equal(bench->counters.clock_jumps, 1);
    free(bench);
}

/* Number i is sent up to three times, 3 ms apart; either end misses some of them. */
static void retries_are_told_apart_by_time(void **state)
{
    struct bench *bench = bench_new();
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, 8, 0);
    for (size_t i = 0; i < 2000; i++) {
        size_t tries = 1 + (size_t)qw_prng_below(&prng, 3);

        for (size_t t = 0; t < tries; t++) {
            int64_t time_ns = (int64_t)(20 * i + 3 * t) * MS;

            if (qw_prng_uniform(&prng) > 0.2) {
                hear_alice(bench, 3 * i + t, time_ns, i % 4096);
            }
            if (qw_prng_uniform(&prng) > 0.2) {
                hear_bob(bench, 3 * i + t, time_ns + 100000, i % 4096);
            }
        }
    }
    run(bench);
    check_truth(bench);
    assert_true(bench->count > 2000);
    assert_int_equal(bench->counters.ambiguous, 0);
    free(bench);
}

/* Retries closer than tau: their place in the row tells when both rows are whole; else they go. */
static void close_retries_are_paired_by_place_or_dropped(void **state)
{
    struct bench *bench = bench_new();

    (void)state;
    for (size_t i = 0; i < 300; i++) {
        for (size_t t = 0; t < 3; t++) {
            int64_t time_ns = (int64_t)i * 20 * MS + (int64_t)t * MS / 4;

            hear_alice(bench, 3 * i + t, time_ns, i);
            if (i % 3 != 1 || t != 1) { /* Bob misses the middle one of every third row */
                hear_bob(bench, 3 * i + t, time_ns + 100000, i);
            }
        }
    }
    run(bench);
    check_truth(bench);
    assert_int_equal(bench->count, 200 * 3);
    assert_int_equal(bench->counters.ambiguous, 100 * 3);
    free(bench);
}

static void duplicates_and_other_frames_are_counted_by_reason(void **state)
{
    struct bench *bench = bench_new();

    (void)state;
    bench->alice_peer = mac_bob;
    bench->bob_peer = mac_alice;
    for (size_t i = 0; i < 100; i++) {
        int64_t time_ns = (int64_t)i * 10 * MS;

        hear_alice(bench, i, time_ns, i);
        hear_bob(bench, i, time_ns, i);
        if (i == 10) {
            hear_alice(bench, i, time_ns, i); /* the same once more */
        }
        if (i == 20) {
            bench->alice[bench->alice_count - 1].format = QW_CSI_LEGACY_20;
        }
        if (i == 30) {
            bench->bob[bench->bob_count - 1].tone_count = 52;
        }
        if (i == 40) {
            bench->bob[bench->bob_count - 1].rx_first = 1;
        }
        if (i == 50) {
            bench->alice[bench->alice_count - 1].source[0] = 4;
        }
        if (i == 60) {
            bench->alice[bench->alice_count - 1].is_usable = false;
        }
        if (i == 70) {
            bench->bob[bench->bob_count - 1].time_ns = INT64_MIN;
        }
    }
    run(bench);
    check_truth(bench);
    assert_int_equal(bench->count, 94);
    assert_int_equal(bench->counters.duplicates, 1);
    assert_int_equal(bench->counters.other_format, 3);
    assert_int_equal(bench->counters.foreign, 1);
    assert_int_equal(bench->counters.unnumbered, 2);
    assert_int_equal(bench->counters.missing, 3);
    assert_int_equal(bench->counters.unmatched, 3);
    free(bench);
}

static void a_known_difference_of_clocks_is_kept(void **state)
{
    struct bench *bench = bench_new();

    (void)state;
    hear_alice(bench, 0, 1000 * MS, 7);
    hear_alice(bench, 1, 1010 * MS, 8);
    hear_bob(bench, 0, 0, 7);
    hear_bob(bench, 1, 12 * MS, 8); /* 2 ms off */
    bench->config.has_offset = true;
    bench->config.offset_ns = 1000 * MS;
    run(bench);
    check_truth(bench);
    assert_int_equal(bench->count, 1);
    assert_int_equal(bench->counters.missing, 1);
    bench->config.tau_max_ns = 2 * MS;
    run(bench);
    assert_int_equal(bench->count, 2);
    bench->config.has_offset = false; /* two are too few to find it */
    run(bench);
    assert_int_equal(bench->count, 0);
    assert_int_equal(bench->counters.missing, 2);
    free(bench);
}

static void runs_that_share_nothing_give_no_pairs(void **state)
{
    struct bench *bench = bench_new();
    struct qw_prng prng;

    (void)state;
    run(bench);
    assert_int_equal(bench->count, 0);
    qw_prng_init(&prng, 9, 0);
    for (size_t i = 0; i < 2000; i++) {
        hear_alice(bench, i, (int64_t)qw_prng_below(&prng, 1000000) * MS, i);
        hear_bob(bench, i, (int64_t)qw_prng_below(&prng, 1000000) * MS, i);
    }
    run(bench);
    assert_true(bench->count <= 2);
    free(bench);
}

static void periodic_frames_of_a_whole_wrap_are_aligned_at_their_beginning(void **state)
{
    struct bench *bench = bench_new();

    (void)state;
    for (size_t i = 0; i < 9000; i++) { /* exactly periodic: every wrap looks like the next */
        hear_alice(bench, i, (int64_t)i * 10 * MS, i % 4096);
        hear_bob(bench, i, (int64_t)i * 10 * MS + 33, i % 4096);
    }
    run(bench);
    check_truth(bench);
    assert_int_equal(bench->count, 9000);
    free(bench);
}

static void one_number_for_all_is_no_long_work(void **state)
{
    struct bench *bench = bench_new();

    (void)state;
    for (size_t i = 0; i < MARKS; i++) {
        hear_alice(bench, i, (int64_t)i * 10 * MS, 5);
        hear_bob(bench, i, (int64_t)(MARKS + i) * 10 * MS + 3 * MS, 5);
    }
    run(bench);
    assert_true(bench->count <= MARKS);
    free(bench);
}

static void limits_are_refused(void **state)
{
    struct bench *bench = bench_new();
    struct qw_pairing_end none = { bench->alice, 0, NULL };
    struct qw_pairing_end many = { bench->alice, QW_PAIRING_MARKS_MAX + 1, NULL };
    size_t count = 77;

    (void)state;
    assert_int_equal(
        qw_pairing_run(&many, &none, &bench->config, bench->pairs, &count, &bench->counters),
        QW_ERR_ARG);
    assert_int_equal(
        qw_pairing_run(&none, &many, &bench->config, bench->pairs, &count, &bench->counters),
        QW_ERR_ARG);
    bench->config.tau_max_ns = 0;
    assert_int_equal(
        qw_pairing_run(&none, &none, &bench->config, bench->pairs, &count, &bench->counters),
        QW_ERR_ARG);
    bench->config.tau_max_ns = 1;
    bench->config.retry_window_ns = 0;
    assert_int_equal(
        qw_pairing_run(&none, &none, &bench->config, bench->pairs, &count, &bench->counters),
        QW_ERR_ARG);
    assert_int_equal(count, 77);
    free(bench);
}

static void no_memory_is_an_error_and_nothing_leaks(void **state)
{
    struct bench *bench = bench_new();
    struct qw_pairing_end end = { bench->alice, 0, NULL };
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_nth = n;
        err = qw_pairing_run(&end, &end, &bench->config, bench->pairs, &bench->count,
                             &bench->counters);
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
    }
    fail_nth = 0;
    free(bench);
}

static void marks_come_from_frames(void **state)
{
    struct qw_csi_frame *frame = malloc(sizeof *frame);
    struct qw_pairing_mark mark;

    (void)state;
    assert_non_null(frame);
    qw_csi_frame_clear(frame);
    qw_csi_frame_set_tones(frame, QW_CSI_HT_20);
    frame->sequence = 9;
    frame->flags = QW_CSI_HAS_TIME;
    assert_false(qw_pairing_mark_of(frame).is_usable);
    frame->flags |= QW_CSI_HAS_SEQUENCE;
    mark = qw_pairing_mark_of(frame);
    assert_true(mark.is_usable && mark.sequence == 9 && mark.tone_count == 56);
    free(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_frames_of_a_good_run_are_paired),
        cmocka_unit_test(losses_at_either_end_shift_nothing),
        cmocka_unit_test(one_end_that_goes_deaf_costs_its_frames_only),
        cmocka_unit_test(clocks_that_drift_are_followed),
        cmocka_unit_test(a_clock_that_jumps_is_found_again),
        cmocka_unit_test(the_microsecond_clock_may_wrap_in_the_raw_numbers),
        cmocka_unit_test(retries_are_told_apart_by_time),
        cmocka_unit_test(close_retries_are_paired_by_place_or_dropped),
        cmocka_unit_test(duplicates_and_other_frames_are_counted_by_reason),
        cmocka_unit_test(a_known_difference_of_clocks_is_kept),
        cmocka_unit_test(runs_that_share_nothing_give_no_pairs),
        cmocka_unit_test(periodic_frames_of_a_whole_wrap_are_aligned_at_their_beginning),
        cmocka_unit_test(one_number_for_all_is_no_long_work),
        cmocka_unit_test(limits_are_refused),
        cmocka_unit_test(no_memory_is_an_error_and_nothing_leaks),
        cmocka_unit_test(marks_come_from_frames),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
