/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W6 */
/* J1 to J6 of centre/device/report.h, without a centre: the whole of it is contact_test.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/device/report.h"

#include <string.h>

static struct qw_card_book card;

static struct qw_report report_of(uint64_t counter, uint8_t digest, uint8_t token)
{
    struct qw_report report = { .said = { .counter = counter, .remaining_keys = 9 },
                                .digest = { digest } };

    report.said.token[0] = token;
    return report;
}

/* A card whose last package has token 1, and that has reported with counters 5 and 7. */
static int set_up(void **state)
{
    struct qw_report first = report_of(5, 50, 1);
    struct qw_report second = report_of(7, 70, 1);

    (void)state;
    memset(&card, 0, sizeof card);
    card.is_confirmed = true;
    card.token[0] = 1;
    qw_report_note(&card, &first, 1000);
    qw_report_note(&card, &second, 2000);
    return 0;
}

static enum qw_report_verdict judge(uint64_t counter, uint8_t digest, uint8_t token)
{
    struct qw_report report = report_of(counter, digest, token);
    const char *cause = "";
    enum qw_report_verdict verdict = qw_report_judge(&card, &report, &cause);
    bool is_good = verdict == QW_REPORT_GOOD || verdict == QW_REPORT_IS_RECEIPT;

    assert_int_equal(cause[0] == '\0', is_good);
    return verdict;
}

static void a_report_that_is_sent_again_harms_nobody(void **state)
{
    (void)state; /* J1 */
    assert_int_equal(judge(5, 50, 1), QW_REPORT_REFUSED);
    assert_int_equal(judge(7, 70, 1), QW_REPORT_REFUSED);
}

static void two_reports_under_one_counter_are_of_two_cards(void **state)
{
    (void)state; /* J2 */
    assert_int_equal(judge(5, 51, 1), QW_REPORT_CLONED);
    assert_int_equal(judge(7, 71, 1), QW_REPORT_CLONED);
}

static void a_report_that_was_held_back_is_refused(void **state)
{
    (void)state; /* J3 */
    assert_int_equal(judge(6, 60, 1), QW_REPORT_REFUSED);
    assert_int_equal(judge(1, 10, 2), QW_REPORT_REFUSED);
}

static void a_token_of_no_package_is_of_another_copy(void **state)
{
    (void)state; /* J4 */
    assert_int_equal(judge(8, 80, 2), QW_REPORT_CLONED);
    card.is_confirmed = false; /* before the first package there is nothing to copy */
    assert_int_equal(judge(8, 80, 2), QW_REPORT_REFUSED);
}

static void the_pending_token_is_the_receipt(void **state)
{
    (void)state; /* J5 */
    card.has_pending = true;
    card.pending_token[0] = 2;
    assert_int_equal(judge(8, 80, 2), QW_REPORT_IS_RECEIPT);
    card.is_confirmed = false;
    assert_int_equal(judge(8, 80, 2), QW_REPORT_IS_RECEIPT);
}

static void gaps_in_the_counter_are_lost_reports(void **state)
{
    (void)state; /* J6 */
    assert_int_equal(judge(8, 80, 1), QW_REPORT_GOOD);
    assert_int_equal(judge(UINT64_MAX, 80, 1), QW_REPORT_GOOD);
}

static void forgets_the_oldest_report_first(void **state)
{
    (void)state;
    assert_int_equal(card.device.counter, 7);
    assert_int_equal(card.device.remaining_keys, 9);
    assert_int_equal(card.device.last_contact_ms, 2000);
    for (uint64_t i = 0; i < QW_SIGHTING_COUNT - 1; i++) {
        struct qw_report report = report_of(8 + i, 1, 1);

        qw_report_note(&card, &report, 3000);
    }
    assert_int_equal(card.seen_count, QW_SIGHTING_COUNT);
    assert_int_equal(judge(7, 71, 1), QW_REPORT_CLONED);  /* the last one in memory */
    assert_int_equal(judge(5, 51, 1), QW_REPORT_REFUSED); /* J3: it is forgotten */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(a_report_that_is_sent_again_harms_nobody),
        TEST(two_reports_under_one_counter_are_of_two_cards),
        TEST(a_report_that_was_held_back_is_refused),
        TEST(a_token_of_no_package_is_of_another_copy),
        TEST(the_pending_token_is_the_receipt),
        TEST(gaps_in_the_counter_are_lost_reports),
        TEST(forgets_the_oldest_report_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
