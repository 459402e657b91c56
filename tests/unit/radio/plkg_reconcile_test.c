/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 W11 */
/* The decoder's word is a wrong one: the tags say so, and the terminal goes on as far as it may. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "distill/multilevel.h"
#include "distill/verify.h"
#include "plkg_bench.h"

#include <stdatomic.h>

/* The access point makes both tags before the terminal looks at any. */
enum { TAGS = 2, ALWAYS = INT32_MAX };
static atomic_int calls;
static int refuted; /* tags that come out wrong, from the terminal's first on */

void __real_qw_verify_tag(const uint8_t *key, const uint8_t *string, size_t bits, uint8_t *tag);
void __wrap_qw_verify_tag(const uint8_t *key, const uint8_t *string, size_t bits, uint8_t *tag);

void __wrap_qw_verify_tag(const uint8_t *key, const uint8_t *string, size_t bits, uint8_t *tag)
{
    int call = atomic_fetch_add(&calls, 1);

    __real_qw_verify_tag(key, string, bits, tag);
    if (call >= TAGS && call - TAGS < refuted) {
        tag[0] ^= 1;
    }
}

/* The session with the given number of refuted words. One in some twenty has no further word to
 * offer, or cannot be decoded: it is run again. */
static void run(struct bench *bench, int words)
{
    const uint64_t tries = 5;

    for (uint64_t seed = 1; seed <= tries; seed++) {
        struct bench_config config = bench_standard(seed);

        config.policy.wanted_bits = 256;
        refuted = words == ALWAYS ? ALWAYS : words * TAGS;
        atomic_store(&calls, 0);
        bench_init(bench, &config);
        bench_run(bench);
        if (bench->err_te == QW_OK || seed == tries ||
            (words == ALWAYS && bench->ledger_te.refusal != QW_PLKG_DECODE)) {
            return;
        }
        bench_wipe(bench);
    }
}

static void assert_same_key(struct bench *bench)
{
    uint8_t zeros[256] = { 0 };
    uint8_t got[256];
    size_t len;

    assert_int_equal(bench->err_ap, QW_OK);
    assert_int_equal(bench->err_te, QW_OK);
    assert_int_equal(qw_plkg_send(bench->session_ap, &bench->wire_ap, zeros, sizeof zeros, false),
                     QW_OK);
    assert_int_equal(
        qw_plkg_receive(bench->session_te, &bench->wire_te, got, sizeof got, &len, 60000), QW_OK);
    assert_int_equal(len, sizeof got);
    assert_memory_equal(got, zeros, sizeof got);
}

static void a_word_that_the_tags_refute_is_searched_again_without_a_message(void **state)
{
    struct bench bench;

    (void)state;
    run(&bench, 1);
    assert_true(atomic_load(&calls) >= 3 * TAGS);
    assert_same_key(&bench);
    assert_int_equal(bench.ledger_te.messages, 8 + 2 * bench.ledger_te.more_rounds);
    bench_wipe(&bench);
}

static void more_is_asked_for_and_charged_when_no_search_helps(void **state)
{
    struct bench bench;

    (void)state;
    run(&bench, 1 + QW_MULTILEVEL_AGAIN_MAX);
    assert_same_key(&bench);
    assert_in_range(bench.ledger_te.more_rounds, 1, QW_MULTILEVEL_MORE_MAX);
    assert_int_equal(bench.ledger_te.more_rounds, bench.ledger_ap.more_rounds);
    assert_int_equal(bench.ledger_te.reconciliation_bits, bench.ledger_ap.reconciliation_bits);
    assert_true(bench.ledger_te.epsilon_log2 <= -64.0);
    bench_wipe(&bench);
}

static void a_word_that_is_always_refuted_ends_in_verify_at_both_ends(void **state)
{
    struct bench bench;

    (void)state;
    run(&bench, ALWAYS);
    assert_int_equal(bench.err_te, QW_ERR_REFUSED);
    assert_int_equal(bench.err_ap, QW_ERR_REFUSED);
    assert_int_equal(bench.ledger_te.refusal, QW_PLKG_VERIFY);
    assert_int_equal(bench.ledger_ap.refusal, QW_PLKG_VERIFY);
    assert_int_equal(bench.ledger_te.secret_bits, 0);
    assert_true(atomic_load(&calls) <=
                TAGS + TAGS * (1 + QW_MULTILEVEL_AGAIN_MAX) * (1 + QW_MULTILEVEL_MORE_MAX));
    bench_wipe(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_that_the_tags_refute_is_searched_again_without_a_message),
        cmocka_unit_test(more_is_asked_for_and_charged_when_no_search_helps),
        cmocka_unit_test(a_word_that_is_always_refuted_ends_in_verify_at_both_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
