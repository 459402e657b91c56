/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "charon_feed.h"
#include "charon_recorded.h"
#include "charon_rekeyed.h"
#include "link/prove/charon_log.h"
#include "support/fail_nth.h"

#include <stdio.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, malloc, NULL, (size_t size), (size));

static struct qw_charon_log *log_of(const char *text, const char *without)
{
    struct qw_charon_log *log = NULL;

    assert_int_equal(qw_charon_log_new(&log), QW_OK);
    assert_int_equal(charon_feed(log, text, without), QW_OK);
    return log;
}

static void both_ends_say_the_same(void **state)
{
    struct qw_charon_log *a = log_of(recorded_log_a, NULL);
    struct qw_charon_log *b = log_of(recorded_log_b, NULL);
    size_t count_a = 0;
    size_t count_b = 0;
    const struct qw_charon_ike *ike_a = qw_charon_log_ikes(a, &count_a);
    const struct qw_charon_ike *ike_b = qw_charon_log_ikes(b, &count_b);
    const struct qw_charon_child *child_a, *child_b;

    (void)state;
    assert_int_equal(count_a, 1);
    assert_int_equal(count_b, 1);
    assert_string_equal(ike_a->ppk_id, "ppk-one");
    assert_true(ike_a->is_known && ike_a->has_prf && !ike_a->is_rekeyed);
    assert_int_equal(ike_a->prf, QW_IPSEC_PRF_SHA384);
    assert_int_equal(ike_a->sk_d_len, 48);
    assert_int_equal(ike_a->sk_d[0], 0xdf); /* the one before the PPK, not the one behind it */
    assert_memory_equal(ike_a->sk_d, ike_b->sk_d, 48);
    child_a = qw_charon_log_children(a, &count_a);
    child_b = qw_charon_log_children(b, &count_b);
    assert_int_equal(count_a, 3);
    assert_int_equal(count_b, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(child_a[i].is_initiator, i < 2);
        assert_int_equal(child_b[i].is_initiator, i == 2);
        assert_int_equal(child_a[i].spi_in, child_b[i].spi_out);
        assert_int_equal(child_a[i].spi_out, child_b[i].spi_in);
        assert_int_equal(child_a[i].seed_len, i == 0 ? 64 : 112); /* with g^ir from the second on */
        assert_memory_equal(child_a[i].seed, child_b[i].seed, child_a[i].seed_len);
        assert_true(child_a[i].has_suite);
        assert_int_equal(child_a[i].suite.key_len, 32);
    }
    assert_false(qw_charon_log_lacks_names(a));
    assert_false(qw_charon_log_has_rekeyed(a));
    qw_charon_log_free(a);
    qw_charon_log_free(b);
}

static void a_log_without_names_is_told(void **state)
{
    struct qw_charon_log *log =
        log_of("12[IKE] Sk_d secret => 48 bytes @ 0x7f\n12[IKE]    0: 01 02\n", NULL);
    size_t count = 1;

    (void)state;
    assert_true(qw_charon_log_lacks_names(log));
    (void)qw_charon_log_ikes(log, &count);
    assert_int_equal(count, 0);
    qw_charon_log_free(log);
    qw_charon_log_free(NULL);
}

/* Whatever line is missing: fewer SAs or none, never wrong bytes. */
static void a_missing_row_makes_no_key(void **state)
{
    static const char *const rows[] = { "12[IKE] <l|1>   16: ", "15[CHD] <l|1>   48: ",
                                        "12[IKE] <l|1> Sk_d secret", "15[CHD] <l|1> seed" };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct qw_charon_log *log = log_of(recorded_log_a, rows[i]);
        size_t count = 0;
        const struct qw_charon_ike *ike = qw_charon_log_ikes(log, &count);

        assert_int_equal(count, 1);
        assert_int_equal(ike->sk_d_len, i % 2 == 0 ? 0 : 48);
        (void)qw_charon_log_children(log, &count);
        assert_int_equal(count, i % 2 == 0 ? 3 : 2);
        qw_charon_log_free(log);
    }
}

static void lines_of_threads_may_be_mixed(void **state)
{
    struct qw_charon_log *log = log_of("01[CFG] <x|1> selected proposal: IKE:A/PRF_HMAC_SHA2_256\n"
                                       "01[IKE] <x|1> Sk_d secret => 2 bytes @ 0x7f\n"
                                       "02[IKE] <y|2> Sk_d secret => 2 bytes @ 0x7f\n"
                                       "01[IKE] <x|1>    0: 01 02\n"
                                       "02[IKE] <y|2>    0: 03 04\n"
                                       "00[DMN] Starting IKE charon daemon\n"
                                       "02[IKE] <y|2> Sk_d secret => 2 bytes @ 0x7f\n"
                                       "02[IKE] <y|2>    0: 05 06\n"
                                       "00[LIB] loaded plugins: charon-systemd random\n"
                                       "02[IKE] <y|2> Sk_d secret => 2 bytes @ 0x7f\n"
                                       "02[IKE] <y|2>    0: 07 08\n",
                                       NULL);
    size_t count = 0;
    const struct qw_charon_ike *ike = qw_charon_log_ikes(log, &count);

    (void)state;
    assert_int_equal(count, 4); /* after a new start of the daemon 2 is another SA */
    assert_memory_equal(ike[0].sk_d, "\1\2", 2);
    assert_memory_equal(ike[1].sk_d, "\3\4", 2);
    assert_memory_equal(ike[2].sk_d, "\5\6", 2);
    assert_memory_equal(ike[3].sk_d, "\7\10", 2);
    assert_true(ike[0].has_prf && !ike[1].has_prf);
    qw_charon_log_free(log);
}

/* The keys of its messages, of who began it first; none of an IKE_SA that was made out of it. */
static void keys_of_the_first_ike_sa_are_taken(void **state)
{
    const char *const *const logs[] = { rekeyed_log_a, rekeyed_log_b };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct qw_charon_log *log = NULL;
        const struct qw_charon_ike *ike;
        size_t count = 0;

        assert_int_equal(qw_charon_log_new(&log), QW_OK);
        for (const char *const *line = logs[i]; *line != NULL; line++) {
            assert_int_equal(qw_charon_log_line(log, *line), QW_OK);
        }
        ike = qw_charon_log_ikes(log, &count);
        assert_int_equal(count, 3);
        assert_int_equal(ike[0].is_initiator, i == 0);
        assert_true(ike[0].has_suite && ike[0].suite.tag == QW_IPSEC_GCM);
        assert_int_equal(ike[0].suite.key_len, 16);
        for (size_t side = 0; side < 2; side++) {
            assert_int_equal(ike[0].encryption_len[side], 20);
            assert_int_equal(ike[0].integrity_len[side], 0);
            assert_int_equal(ike[1].encryption_len[side], 0);
        }
        assert_memory_equal(ike[0].keys[0].encryption, "\xc7\x66\x04", 3);
        assert_memory_equal(ike[0].keys[1].encryption, "\x2a\x4a\xf7", 3);
        assert_int_equal(ike[1].secret_len, 32);
        qw_charon_log_free(log);
    }
}

/* Begun here it is logged under the old IKE_SA, begun there under the new one; neither SK_d is
 * taken from the log. */
static void a_rekeyed_ike_sa_knows_its_parent(void **state)
{
    struct qw_charon_log *log =
        log_of("01[CFG] <l|1> selected proposal: IKE:A/PRF_HMAC_SHA2_256\n"
               "01[IKE] <l|1> Sk_d secret => 1 bytes @ 0x7f\n"
               "01[IKE] <l|1>    0: 01\n"
               "01[CFG] <l|1> using PPK for PPK_ID 'the key'\n"
               "09[IKE] <l|1> initiating IKE_SA l[2] to 192.0.2.2\n"
               "08[ENC] <l|1> parsed CREATE_CHILD_SA response 2 [ SA ]\n"
               "08[IKE] <l|1> shared Diffie Hellman secret => 2 bytes @ 0x7f\n"
               "08[IKE] <l|1>    0: AB CD\n"
               "08[IKE] <l|1> Sk_d secret => 1 bytes @ 0x7f\n"
               "08[IKE] <l|1>    0: 02\n"
               "10[ENC] <l|2> parsed CREATE_CHILD_SA request 0 [ SA ]\n"
               "10[IKE] <l|3> Sk_d secret => 1 bytes @ 0x7f\n"
               "10[IKE] <l|3>    0: 03\n"
               "10[NET] <m|4> received packet: from 192.0.2.3\n"
               "10[IKE] <m|4> Sk_d secret => 1 bytes @ 0x7f\n"
               "10[IKE] <m|4>    0: 04\n",
               NULL);
    size_t count = 0;
    const struct qw_charon_ike *ike = qw_charon_log_ikes(log, &count);

    (void)state;
    assert_int_equal(count, 4);
    for (size_t i = 1; i < 3; i++) {
        assert_true(ike[i].is_known && ike[i].is_rekeyed);
        assert_int_equal(ike[i].parent, i - 1);
        assert_int_equal(ike[i].sk_d_len, 0);
        assert_string_equal(ike[i].ppk_id, "the key");
        assert_int_equal(ike[i].is_initiator, i == 1);
        assert_int_equal(ike[i].message_id, i == 1 ? 2 : 0);
        assert_int_equal(ike[i].secret_len, i == 1 ? 2 : 0);
    }
    assert_memory_equal(ike[1].secret, "\xab\xcd", 2);
    assert_null(ike[2].secret);
    assert_true(qw_charon_log_has_rekeyed(log));
    assert_false(ike[3].is_rekeyed);
    assert_int_equal(ike[3].sk_d[0], 4);
    qw_charon_log_free(log);
}

static void says_when_memory_is_short(void **state)
{
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        struct qw_charon_log *log = NULL;

        assert_true(n < 50);
        fail_nth = n;
        err = qw_charon_log_new(&log);
        if (err == QW_OK) {
            err = charon_feed(log, recorded_log_a, NULL);
        }
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
        qw_charon_log_free(log);
    }
    fail_nth = 0;
}

static void too_many_sas_are_refused(void **state)
{
    struct qw_charon_log *log = NULL;
    qw_err err = QW_OK;
    uint32_t i = 0;

    (void)state;
    assert_int_equal(qw_charon_log_new(&log), QW_OK);
    for (; err == QW_OK && i <= QW_CHARON_SAS_MAX; i++) {
        char line[64];

        if (i % 64 == 0) { /* short runs: an id is looked for in the last one only */
            assert_int_equal(qw_charon_log_line(log, "00[DMN] Starting IKE charon"), QW_OK);
        }
        snprintf(line, sizeof line, "01[IKE] <l|%u> text", (unsigned)i + 1);
        err = qw_charon_log_line(log, line);
    }
    assert_int_equal(err, QW_ERR_LIMIT);
    assert_int_equal(i, QW_CHARON_SAS_MAX + 1);
    qw_charon_log_free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_say_the_same),
        cmocka_unit_test(a_log_without_names_is_told),
        cmocka_unit_test(a_missing_row_makes_no_key),
        cmocka_unit_test(lines_of_threads_may_be_mixed),
        cmocka_unit_test(keys_of_the_first_ike_sa_are_taken),
        cmocka_unit_test(a_rekeyed_ike_sa_knows_its_parent),
        cmocka_unit_test(says_when_memory_is_short),
        cmocka_unit_test(too_many_sas_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
