/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 W11 */
/* The decoder's word is a wrong one: the check says so, and the terminal goes on as far as it may;
 * and where the check does not, the tag of AMPLIFY does. */
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

/* The access point makes its check before the terminal makes any. */
enum { ALWAYS = INT32_MAX };
static atomic_int calls;
static int refuted;     /* checks that come out wrong, from the terminal's first on */
static bool is_spoiled; /* the first word of the terminal is a wrong one, and every check fits */

void __real_qw_verify_tag(const uint8_t *key, const uint8_t *string, size_t bits, uint8_t *tag);
void __wrap_qw_verify_tag(const uint8_t *key, const uint8_t *string, size_t bits, uint8_t *tag);

void __wrap_qw_verify_tag(const uint8_t *key, const uint8_t *string, size_t bits, uint8_t *tag)
{
    int call = atomic_fetch_add(&calls, 1);

    __real_qw_verify_tag(key, string, bits, tag);
    if (call >= 1 && call - 1 < refuted) {
        tag[0] ^= 1;
    }
    if (is_spoiled) {
        tag[0] = tag[1] = tag[2] = tag[3] = 0;
    }
}

qw_err __real_qw_multilevel_decode(struct qw_multilevel *multilevel, const float *mean,
                                   const uint8_t *message, size_t len, uint16_t *symbol);
qw_err __wrap_qw_multilevel_decode(struct qw_multilevel *multilevel, const float *mean,
                                   const uint8_t *message, size_t len, uint16_t *symbol);

qw_err __wrap_qw_multilevel_decode(struct qw_multilevel *multilevel, const float *mean,
                                   const uint8_t *message, size_t len, uint16_t *symbol)
{
    qw_err err = __real_qw_multilevel_decode(multilevel, mean, message, len, symbol);

    if (is_spoiled) {
        symbol[7] ^= 1;
    }
    return err;
}

/* The session with the given number of refuted words. One in some twenty has no further word to
 * offer, or cannot be decoded: it is run again. */
static void run(struct bench *bench, int words)
{
    const uint64_t tries = 5;

    for (uint64_t seed = 1; seed <= tries; seed++) {
        struct bench_config config = bench_standard(seed);

        config.policy.wanted_bits = 256;
        config.timeout_ms = 300000; /* 52 searches under a sanitizer on a busy machine take long */
        refuted = words;
        atomic_store(&calls, 0);
        bench_init(bench, &config);
        bench_run(bench);
        if (bench->err_te == QW_OK || seed == tries ||
            (is_spoiled && bench->err_te == QW_ERR_AUTH) ||
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

static void a_word_that_the_check_refutes_is_searched_again_without_a_message(void **state)
{
    struct bench bench;

    (void)state;
    run(&bench, 1);
    assert_true(atomic_load(&calls) >= 3);
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
                1 + (1 + QW_MULTILEVEL_AGAIN_MAX) * (1 + QW_MULTILEVEL_MORE_MAX));
    bench_wipe(&bench);
}

/* One bit of the string is wrong and 32 bits do not tell: the tag over it does. */
static void a_wrong_word_that_the_check_lets_pass_ends_in_auth_at_both_ends(void **state)
{
    struct bench bench;

    (void)state;
    is_spoiled = true;
    run(&bench, 0);
    is_spoiled = false;
    assert_int_equal(atomic_load(&calls), 2);
    assert_int_equal(bench.err_te, QW_ERR_AUTH);
    assert_int_equal(bench.err_ap, QW_ERR_REFUSED);
    assert_int_equal(bench.ledger_te.refusal, QW_PLKG_AUTH);
    assert_int_equal(bench.ledger_ap.refusal, QW_PLKG_AUTH);
    assert_null(bench.session_te);
    assert_null(bench.session_ap);
    bench_wipe(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_that_the_check_refutes_is_searched_again_without_a_message),
        cmocka_unit_test(more_is_asked_for_and_charged_when_no_search_helps),
        cmocka_unit_test(a_word_that_is_always_refuted_ends_in_verify_at_both_ends),
        cmocka_unit_test(a_wrong_word_that_the_check_lets_pass_ends_in_auth_at_both_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
