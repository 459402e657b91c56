/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 */
#include "link_pair.h"

#include "qkd/link/sift.h"
#include "qkd/link_ledger.h"
#include "support/fail_nth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

static void every_allocation_may_fail(void **state)
{
    struct pair *pair = calloc(1, sizeof *pair);

    (void)state;
    pair_init(pair, 1);
    for (int end = 0; end < 2; end++) {
        struct qw_qkd_link_config *config = end == 0 ? &pair->alice.config : &pair->bob.config;
        qw_err err = QW_ERR_NOMEM;

        config->wire = &pair->inner;
        for (int n = 1; err != QW_OK; n++) {
            struct qw_qkd_link *link = NULL;

            assert_true(n < 100);
            fail_nth = n;
            err = qw_qkd_link_new(config, &link);
            fail_nth = 0;
            assert_true(err == QW_OK || (err == QW_ERR_NOMEM && link == NULL));
            qw_qkd_link_free(link);
        }
    }
    free(pair);
}

static void refuses_terms_that_cannot_be(void **state)
{
    struct qw_qkd_terms good = pair_terms();
    struct qw_qkd_terms t;

    (void)state;
    assert_true(qw_qkd_terms_valid(&good));
#define REFUSES(change) \
    do { \
        t = good; \
        change; \
        assert_false(qw_qkd_terms_valid(&t)); \
    } while (0)
    REFUSES(t.pool_low_tags = 1);
    REFUSES(t.pool_high_tags = 3);
    REFUSES(t.pool_high_tags = 8; t.pool_low_tags = 9);
    REFUSES(t.method = 3);
    REFUSES(t.method = 0);
    REFUSES(t.intensities = 3);
    REFUSES(t.mean_photons_millionths[0] = 10000001);
    REFUSES(t.mean_photons_millionths[2] = 1);
    REFUSES(t.share_millionths[0]++);
    REFUSES(t.share_millionths[0] = 1000000; t.share_millionths[1] = 0);
    REFUSES(t.frame_bits = 56);
    REFUSES(t.frame_bits = 65);
    REFUSES(t.frames = 0);
    REFUSES(t.frame_bits = 80000; t.frames = 101);
    REFUSES(t.qber_limit_ppm = 0);
    REFUSES(t.qber_limit_ppm = 150001);
    REFUSES(t.secrecy_exponent = 2);
    REFUSES(t.secrecy_exponent = 41);
    REFUSES(t.cascade_variant = 2);
    REFUSES(t.expected_gain = 1000000000001);
    REFUSES(t.gain_tolerance_ppm = 1000001);
    REFUSES(t.key_bits = 100000);
#undef REFUSES
    t = good;
    assert_true(qw_qkd_terms_equal(&t, &good));
    t.frames++;
    assert_false(qw_qkd_terms_equal(&t, &good));
    assert_true(qw_qkd_terms_secrecy(&good) > 0.99e-6 && qw_qkd_terms_secrecy(&good) < 1.01e-6);
}

static void every_refusal_has_a_name_and_a_sentence(void **state)
{
    (void)state;
    for (int i = 0; i < QW_QKD_REFUSALS; i++) {
        assert_true(strlen(qw_qkd_refusal_name((enum qw_qkd_refusal)i)) > 2);
        assert_true(strlen(qw_qkd_refusal_text((enum qw_qkd_refusal)i)) > 10);
    }
    assert_string_equal(qw_qkd_refusal_name(QW_QKD_REFUSALS), "UNKNOWN");
    assert_string_equal(qw_qkd_refusal_text(QW_QKD_REFUSALS), "unknown refusal");
}

static void a_pool_is_cut_into_two_directions(void **state)
{
    uint8_t bytes[QW_QKD_POOL_LEN_MIN];
    struct qw_qkd_auth_pool pool;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }
    assert_int_equal(qw_qkd_auth_pool_init(&pool, bytes, sizeof bytes - 1), QW_ERR_ARG);
    assert_int_equal(qw_qkd_auth_pool_init(&pool, bytes, sizeof bytes), QW_OK);
    assert_int_equal(pool.hash_key[0][5], 5);
    assert_int_equal(pool.hash_key[1][0], 40);
    assert_int_equal(bytes[5], 0); /* the key has left the pool */
    assert_int_equal(qw_qkd_auth_pad(&pool, QW_QKD_UP)->bytes[0], 16);
    assert_int_equal(qw_qkd_auth_pad(&pool, QW_QKD_DOWN)->bytes[0], 56);
    assert_int_equal(qw_pad_left(qw_qkd_auth_pad(&pool, QW_QKD_DOWN)), 24);
    qw_qkd_auth_pool_wipe(&pool);
    assert_int_equal(pool.hash_key[0][5], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(refuses_terms_that_cannot_be),
        cmocka_unit_test(every_refusal_has_a_name_and_a_sentence),
        cmocka_unit_test(a_pool_is_cut_into_two_directions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
