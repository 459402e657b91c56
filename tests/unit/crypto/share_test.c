/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 W14 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/hash.h"
#include "crypto/share/share.h"

#include "support/fail_nth.h"

#include <string.h>

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(qw_err, qw_random_bytes, QW_ERR_IO, (void *out, size_t len), (out, len));
FAIL_NTH(qw_err, qw_hmac, QW_ERR_NOMEM,
         (enum qw_hash hash, const uint8_t *key, size_t key_len, const struct qw_bytes *parts,
          size_t count, uint8_t *out),
         (hash, key, key_len, parts, count, out));

enum { THRESHOLD = 3, OFFICERS = 5 };

struct scene {
    struct qw_ceremony ceremony;
    struct qw_share share[OFFICERS];
    uint8_t master[QW_MASTER_KEY_LEN];
};

static struct scene hold(void)
{
    struct scene scene;

    assert_int_equal(
        qw_ceremony_hold(THRESHOLD, OFFICERS, &scene.ceremony, scene.share, scene.master), QW_OK);
    return scene;
}

static void three_of_five_give_the_master_key(void **state)
{
    struct scene scene = hold();

    (void)state;
    for (int a = 0; a < OFFICERS; a++) {
        for (int b = a + 1; b < OFFICERS; b++) {
            for (int c = b + 1; c < OFFICERS; c++) {
                const struct qw_share chosen[] = { scene.share[c], scene.share[a], scene.share[b] };
                uint8_t back[QW_MASTER_KEY_LEN];

                assert_int_equal(qw_ceremony_combine(&scene.ceremony, chosen, THRESHOLD, back),
                                 QW_OK);
                assert_memory_equal(back, scene.master, sizeof back);
            }
        }
    }
}

static void another_number_of_shares_is_no_quorum(void **state)
{
    struct scene scene = hold();
    uint8_t back[QW_MASTER_KEY_LEN] = { 7 };

    (void)state;
    assert_int_equal(qw_ceremony_combine(&scene.ceremony, scene.share, 2, back), QW_ERR_ARG);
    assert_int_equal(qw_ceremony_combine(&scene.ceremony, scene.share, 4, back), QW_ERR_ARG);
    scene.share[1] = scene.share[0];
    assert_int_equal(qw_ceremony_combine(&scene.ceremony, scene.share, 3, back), QW_ERR_ARG);
    assert_int_equal(back[0], 7);
}

static void a_share_of_another_ceremony_is_named(void **state)
{
    struct scene scene = hold(), other = hold();

    (void)state;
    for (int i = 0; i < OFFICERS; i++) {
        assert_int_equal(qw_share_verify(&scene.ceremony, &scene.share[i]), QW_OK);
        assert_int_equal(qw_share_verify(&scene.ceremony, &other.share[i]), QW_ERR_NOT_FOUND);
    }
}

static void every_flip_of_a_share_is_noticed(void **state)
{
    struct scene scene = hold();
    uint8_t bytes[QW_SHARE_LEN];

    (void)state;
    qw_share_encode(&scene.share[2], bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        struct qw_share share;
        qw_err err;

        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        err = qw_share_decode(bytes, sizeof bytes, &share);
        if (err == QW_OK) {
            err = qw_share_verify(&scene.ceremony, &share);
            assert_int_equal(err,
                             bit / 8 < 4 + QW_CEREMONY_ID_LEN ? QW_ERR_NOT_FOUND : QW_ERR_AUTH);
        } else {
            assert_int_equal(err, QW_ERR_FORMAT);
            assert_true(bit / 8 < 4 || (bit / 8 >= 20 && bit / 8 < 23)); /* magic, numbers */
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void every_truncation_and_one_byte_more_is_refused(void **state)
{
    struct scene scene = hold();
    uint8_t bytes[QW_SHARE_LEN + 1] = { 0 };
    struct qw_share share = { .index = 77 };

    (void)state;
    qw_share_encode(&scene.share[4], bytes);
    for (size_t cut = 0; cut < QW_SHARE_LEN; cut++) {
        assert_int_equal(qw_share_decode(bytes, cut, &share), QW_ERR_FORMAT);
    }
    assert_int_equal(qw_share_decode(bytes, QW_SHARE_LEN + 1, &share), QW_ERR_FORMAT);
    assert_int_equal(share.index, 77);
    assert_int_equal(qw_share_decode(bytes, QW_SHARE_LEN, &share), QW_OK);
    assert_memory_equal(&share, &scene.share[4], sizeof share);
}

static void numbers_out_of_range_are_refused(void **state)
{
    static const uint8_t bad[][3] = { /* index, threshold, officers */
                                      { 0, 2, 3 }, { 4, 2, 3 }, { 1, 1, 3 },  { 1, 0, 3 },
                                      { 1, 4, 3 }, { 1, 2, 0 }, { 1, 2, 17 }, { 17, 2, 16 }
    };
    struct scene scene = hold();
    struct qw_ceremony ceremony;
    uint8_t bytes[QW_SHARE_LEN];

    (void)state;
    qw_share_encode(&scene.share[0], bytes);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memcpy(bytes + 20, bad[i], 3);
        assert_int_equal(qw_share_decode(bytes, sizeof bytes, &scene.share[0]), QW_ERR_FORMAT);
    }
    assert_int_equal(qw_ceremony_hold(1, 3, &ceremony, scene.share, scene.master), QW_ERR_ARG);
    assert_int_equal(qw_ceremony_hold(4, 3, &ceremony, scene.share, scene.master), QW_ERR_ARG);
    assert_int_equal(qw_ceremony_hold(2, 17, &ceremony, scene.share, scene.master), QW_ERR_ARG);
}

/* S2: the check of one share says nothing about another one, nor about the master key. */
static void a_check_is_of_one_share_alone(void **state)
{
    struct scene scene = hold();

    (void)state;
    for (int i = 1; i < OFFICERS; i++) {
        struct qw_share mixed = scene.share[i];

        memcpy(mixed.check, scene.share[0].check, sizeof mixed.check);
        assert_int_equal(qw_share_verify(&scene.ceremony, &mixed), QW_ERR_AUTH);
        mixed = scene.share[i];
        mixed.index = (uint8_t)(mixed.index % OFFICERS + 1);
        assert_int_equal(qw_share_verify(&scene.ceremony, &mixed), QW_ERR_AUTH);
    }
}

static void each_failing_step_is_an_error_and_leaves_no_key(void **state)
{
    static const uint8_t none[QW_MASTER_KEY_LEN];
    qw_err err = QW_ERR_IO;
    int n;

    (void)state;
    for (n = 1; err != QW_OK; n++) {
        struct scene scene = { .ceremony = { .threshold = 9 } };

        assert_true(n < 100);
        fail_nth = n;
        err = qw_ceremony_hold(THRESHOLD, OFFICERS, &scene.ceremony, scene.share, scene.master);
        assert_true(err == QW_OK || err == QW_ERR_NOMEM || err == QW_ERR_IO);
        if (err != QW_OK) {
            assert_memory_equal(scene.master, none, sizeof none);
            assert_int_equal(scene.ceremony.threshold, 9);
        }
    }
    assert_true(n > 10); /* five checks among them */
    fail_nth = 0;
}

static void short_memory_stops_the_quorum(void **state)
{
    struct scene scene = hold();
    uint8_t back[QW_MASTER_KEY_LEN];

    (void)state;
    fail_nth = 1;
    assert_int_equal(qw_ceremony_combine(&scene.ceremony, scene.share, THRESHOLD, back),
                     QW_ERR_NOMEM);
    fail_nth = 1;
    assert_int_equal(qw_share_verify(&scene.ceremony, &scene.share[0]), QW_ERR_NOMEM);
    fail_nth = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_of_five_give_the_master_key),
        cmocka_unit_test(another_number_of_shares_is_no_quorum),
        cmocka_unit_test(a_share_of_another_ceremony_is_named),
        cmocka_unit_test(every_flip_of_a_share_is_noticed),
        cmocka_unit_test(every_truncation_and_one_byte_more_is_refused),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(a_check_is_of_one_share_alone),
        cmocka_unit_test(each_failing_step_is_an_error_and_leaves_no_key),
        cmocka_unit_test(short_memory_stops_the_quorum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
