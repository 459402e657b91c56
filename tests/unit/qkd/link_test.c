/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 Q7 */
#include "link_pair.h"

#include "distill/verify.h"
#include "support/test_seed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct pair *pair;

static void run(unsigned blocks)
{
    pair->alice.blocks = blocks;
    pair->bob.blocks = blocks;
    pair_run(pair);
}

static void start(void)
{
    pair_init(pair, test_seed());
}

static void both_ends_make_the_same_keys(void **state)
{
    (void)state;
    start();
    run(3);
    print_message("alice %s, bob %s, %llu bits, refusal %s\n", qw_err_text(pair->alice.err),
                  qw_err_text(pair->bob.err), (unsigned long long)pair->bob.ledger.secret_bits,
                  qw_qkd_refusal_name((enum qw_qkd_refusal)pair->bob.ledger.refusal));
    assert_int_equal(pair->alice.err, QW_OK);
    assert_int_equal(pair->bob.err, QW_OK);
    assert_int_equal(pair->alice.done, 3);
    assert_int_equal(pair->bob.done, 3);
    assert_true(pair->alice.key_len > 1000);
    assert_int_equal(pair->alice.key_len, pair->bob.key_len);
    assert_memory_equal(pair->alice.keys, pair->bob.keys, pair->alice.key_len);
}

/* S2, S7: what was said comes off, and both ends count alike. */
static void every_bit_said_is_on_the_ledger(void **state)
{
    const struct qw_qkd_ledger *a = &pair->alice.ledger;
    const struct qw_qkd_ledger *b = &pair->bob.ledger;

    (void)state;
    start();
    run(1);
    assert_int_equal(a->x_bits, 100000);
    assert_int_equal(a->reconciliation_bits, b->reconciliation_bits);
    assert_true((double)a->reconciliation_bits > 100000 * qw_binary_entropy(b->qber_x));
    assert_int_equal(a->verification_bits, QW_VERIFY_TAG_BITS);
    assert_int_equal(a->auth_bits, 2 * QW_QKD_TAG_BITS);
    assert_int_equal(b->auth_bits, 2 * QW_QKD_TAG_BITS);
    assert_int_equal(a->secret_bits, b->secret_bits);
    assert_int_equal(a->secret_bits, a->key.secret_bits);
    assert_true((double)a->secret_bits <=
                a->key.single_x * (1 - qw_binary_entropy(a->key.phase_error_rate)) -
                    (double)a->reconciliation_bits - 72 - a->key.composition_bits);
    assert_true(a->epsilon_authentication > 0 && a->epsilon_authentication < 0x1p-75);
    assert_true(a->epsilon_correctness > 0 && a->epsilon_correctness < 1e-15);
    assert_true(a->qber_z > 0.01 && a->qber_z < 0.02 && a->qber_x > 0.01 && a->qber_x < 0.02);
    assert_int_equal(a->clicks, b->clicks);
    assert_int_equal(a->messages, b->messages);
    assert_true(8 * (double)a->click_bytes / (double)a->clicks < log2(1 / a->gain) + 3);
    assert_int_equal(a->refusal, QW_QKD_NONE);
}

static void the_pool_is_used_once_per_tag_and_ends_the_link(void **state)
{
    enum { TAGS = (PAIR_POOL_LEN / 2 - 16) / 12 };

    (void)state;
    start();
    for (int i = 0; i < 2; i++) { /* leave three tags */
        assert_int_equal(qw_pad_skip_to(&pair->alice.pool.pad[i], (TAGS - 3) * 12), QW_OK);
        assert_int_equal(qw_pad_skip_to(&pair->bob.pool.pad[i], (TAGS - 3) * 12), QW_OK);
    }
    run(4);
    assert_int_equal(pair->alice.done, 3);
    assert_int_equal(pair->bob.done, 3);
    assert_int_equal(pair->alice.err, QW_ERR_EXHAUSTED);
    assert_int_equal(pair->alice.ledger.refusal, QW_QKD_POOL_LOW);
    assert_true(pair->bob.err != QW_OK);
    assert_int_equal(pair->bob.ledger.refusal, QW_QKD_POOL_LOW);
}

static void a_low_pool_is_refused_before_any_light(void **state)
{
    (void)state;
    start();
    assert_int_equal(qw_pad_skip_to(&pair->bob.pool.pad[0], 168 * 12), QW_OK);
    assert_int_equal(qw_pad_skip_to(&pair->alice.pool.pad[0], 168 * 12), QW_OK);
    run(1);
    assert_int_equal(pair->bob.open_err, QW_ERR_REFUSED);
    assert_int_equal(pair->bob.ledger.refusal, QW_QKD_POOL_LOW);
    assert_int_equal(pair->alice.open_err, QW_ERR_REFUSED);
    assert_int_equal(pair->alice.ledger.refusal, QW_QKD_POOL_LOW);
    assert_true(pair->alice.ledger.refused_by_peer);
}

static void an_end_that_lost_a_few_tags_catches_up(void **state)
{
    (void)state;
    start();
    assert_int_equal(qw_pad_skip_to(&pair->alice.pool.pad[0], 5 * 12), QW_OK);
    assert_int_equal(qw_pad_skip_to(&pair->bob.pool.pad[1], 16 * 12), QW_OK);
    run(2);
    assert_int_equal(pair->alice.err, QW_OK);
    assert_int_equal(pair->bob.done, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pair->alice.pool.pad[i].used, pair->bob.pool.pad[i].used);
    }
}

static void pools_far_apart_are_refused(void **state)
{
    (void)state;
    start();
    assert_int_equal(qw_pad_skip_to(&pair->alice.pool.pad[0], 17 * 12), QW_OK);
    run(1);
    assert_int_equal(pair->bob.open_err, QW_ERR_REFUSED);
    assert_int_equal(pair->bob.ledger.refusal, QW_QKD_POOL);
    assert_int_equal(pair->bob.pool.pad[0].used, 0);
}

static void a_peer_with_another_pool_is_nobody(void **state)
{
    (void)state;
    start();
    pair->bob.pool.hash_key[0][3] ^= 1;
    run(1);
    assert_int_equal(pair->bob.err, QW_ERR_AUTH);
    assert_int_equal(pair->bob.ledger.refusal, QW_QKD_AUTH);
    assert_int_equal(pair->alice.done + pair->bob.done, 0);
    start();
    pair->bob.pool_bytes[PAIR_POOL_LEN / 2 + 16] ^= 1; /* first byte of the pad down */
    run(1);
    assert_int_equal(pair->alice.err, QW_ERR_AUTH);
    assert_int_equal(pair->alice.done + pair->bob.done, 0);
}

static void ends_with_different_terms_do_not_begin(void **state)
{
    (void)state;
    start();
    pair->alice.config.terms.qber_limit_ppm++;
    run(1);
    assert_int_equal(pair->bob.open_err, QW_ERR_REFUSED);
    assert_int_equal(pair->bob.ledger.refusal, QW_QKD_TERMS);
    assert_int_equal(pair->alice.ledger.refusal, QW_QKD_TERMS);
}

static void two_decoys_make_keys_too(void **state)
{
    struct qw_qkd_terms terms = pair_terms();
    const struct qw_decoy_source source = { 3, { 0.5, 0.15, 0.001 }, { 0.6, 0.3, 0.1 } };

    (void)state;
    start();
    terms.method = QW_QKD_METHOD_LIM;
    terms.intensities = 3;
    for (size_t k = 0; k < 3; k++) {
        terms.mean_photons_millionths[k] = (uint32_t)lround(source.mean_photons[k] * 1e6);
        terms.share_millionths[k] = (uint32_t)lround(source.share[k] * 1e6);
    }
    pair->alice.config.terms = terms;
    pair->bob.config.terms = terms;
    pair->optics.model.source = source;
    run(1);
    assert_int_equal(pair->bob.err, QW_OK);
    assert_memory_equal(pair->alice.keys, pair->bob.keys, pair->alice.key_len);
}

/* S11 */
static void a_length_fixed_beforehand_is_given_or_nothing(void **state)
{
    static const uint32_t bits[] = { 4000, 40000 };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        start();
        pair->alice.config.terms.key_bits = bits[i];
        pair->bob.config.terms.key_bits = bits[i];
        run(1);
        assert_int_equal(pair->alice.done, i == 0);
        assert_int_equal(pair->bob.done, i == 0);
        assert_int_equal(pair->alice.ledger.secret_bits, i == 0 ? bits[0] : 0);
        assert_int_equal(pair->bob.ledger.refusal, i == 0 ? QW_QKD_NONE : QW_QKD_NO_KEY);
        assert_memory_equal(pair->alice.keys, pair->bob.keys, pair->alice.key_len);
    }
}

static void calls_out_of_order_are_refused(void **state)
{
    struct qw_qkd_link *link = NULL;

    (void)state;
    start();
    pair->alice.config.wire = &pair->alice.wire;
    assert_int_equal(qw_qkd_link_new(&pair->alice.config, &link), QW_OK);
    assert_int_equal(qw_qkd_link_block(link), QW_ERR_STATE);
    assert_int_equal(qw_qkd_link_close(link), QW_ERR_STATE);
    qw_qkd_link_free(link);
    qw_qkd_link_free(NULL);
    link = NULL;
    pair->alice.config.pulses = NULL;
    assert_int_equal(qw_qkd_link_new(&pair->alice.config, &link), QW_ERR_ARG);
    pair->alice.config.pulses = pair_pulses;
    pair->alice.config.terms.frames = 0;
    assert_int_equal(qw_qkd_link_new(&pair->alice.config, &link), QW_ERR_ARG);
    assert_null(link);
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
        cmocka_unit_test(both_ends_make_the_same_keys),
        cmocka_unit_test(every_bit_said_is_on_the_ledger),
        cmocka_unit_test(the_pool_is_used_once_per_tag_and_ends_the_link),
        cmocka_unit_test(a_low_pool_is_refused_before_any_light),
        cmocka_unit_test(an_end_that_lost_a_few_tags_catches_up),
        cmocka_unit_test(pools_far_apart_are_refused),
        cmocka_unit_test(a_peer_with_another_pool_is_nobody),
        cmocka_unit_test(ends_with_different_terms_do_not_begin),
        cmocka_unit_test(two_decoys_make_keys_too),
        cmocka_unit_test(a_length_fixed_beforehand_is_given_or_nothing),
        cmocka_unit_test(calls_out_of_order_are_refused),
    };

    return cmocka_run_group_tests(tests, make_pair, free_pair);
}
