/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W5 W6 W7 */
/* The terminal's own steps, with a radio session that does what the test says; the same over a real
 * session: refill_session_test.c. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_body.h"

#include "terminal/refill.h"

#include "card_fixture.h"

struct qw_plkg_session {
    int frames; /* received so far */
};

/* What the radio session is told to do, and what it saw. */
static struct {
    qw_err run_err;
    enum qw_plkg_refusal refusal;
    uint64_t up_position;
    struct qw_package package;
    bool has_package;
    qw_err receive_err, send_err, done_err;
    uint8_t done[2];
    size_t done_len;
    /* seen */
    struct qw_contact_report report;
    uint32_t wanted_bits;
    uint8_t receipt[QW_RECEIPT_LEN];
    bool receipt_was_public;
    int freed;
} radio;

static struct qw_plkg_session session;

const struct qw_plkg_policy qw_plkg_policy_standard = { .eve_correlation = 0.9 };

qw_err qw_plkg_run_terminal(const struct qw_plkg_terminal *terminal, struct qw_plkg_session **out,
                            struct qw_plkg_ledger *ledger)
{
    struct qw_card_keys keys;
    uint8_t up[QW_PLKG_AUTH_LEN], down[QW_PLKG_AUTH_LEN];
    qw_err err;

    assert_string_equal(terminal->terminal_id, "terminal-1");
    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    assert_int_equal(qw_contact_report_open(terminal->contact, terminal->contact_len, keys.report,
                                            &radio.report),
                     QW_OK);
    radio.wanted_bits = terminal->party.policy.wanted_bits;
    ledger->probes = 500;
    ledger->refusal = (uint8_t)radio.refusal;
    if (radio.run_err != QW_OK) {
        return radio.run_err;
    }
    err = terminal->take_auth(terminal->party.self, radio.up_position, 1000, up, down); /* R4 */
    if (err != QW_OK) {
        return err;
    }
    assert_int_equal(up[0], fixture_pool_byte('u', radio.up_position));
    assert_int_equal(down[63], fixture_pool_byte('d', 1063));
    ledger->secret_bits = 4096;
    session.frames = 0;
    *out = &session;
    return QW_OK;
}

qw_err qw_plkg_receive(struct qw_plkg_session *s, struct qw_wire *wire, uint8_t *data, size_t cap,
                       size_t *len, int timeout_ms)
{
    (void)wire;
    assert_true(timeout_ms > 0);
    if (s->frames++ == 0) {
        if (radio.receive_err != QW_OK) {
            return radio.receive_err;
        }
        *len = fixture_seal(&radio.package);
        assert_true(*len <= cap);
        memcpy(data, fixture_sealed, *len);
        return QW_OK;
    }
    if (radio.done_err != QW_OK) {
        return radio.done_err;
    }
    assert_true(radio.done_len <= cap);
    memcpy(data, radio.done, radio.done_len);
    *len = radio.done_len;
    return QW_OK;
}

qw_err qw_plkg_send(struct qw_plkg_session *s, struct qw_wire *wire, const uint8_t *data,
                    size_t len, bool is_public)
{
    (void)s;
    (void)wire;
    assert_int_equal(len, QW_RECEIPT_LEN);
    memcpy(radio.receipt, data, len);
    radio.receipt_was_public = is_public;
    return radio.send_err;
}

void qw_plkg_session_free(struct qw_plkg_session *s)
{
    if (s != NULL) {
        radio.freed++;
    }
}

static struct qw_card *card;
static struct qw_refill refill;
static struct qw_refill_result result;

static int set_up(void **state)
{
    fixture_set_up(state);
    memset(&radio, 0, sizeof radio);
    radio.up_position = 1000;
    radio.package = fixture_package(QW_PACKAGE_REFILL, 2, 104, 3, 0, 0);
    radio.done_len = 1;
    assert_int_equal(fixture_open(&card), QW_OK);
    refill = (struct qw_refill){
        .card = card,
        .terminal_id = "terminal-1",
        .wanted_keys = 60,
        .policy = qw_plkg_policy_standard,
    };
    return 0;
}

static int tear_down(void **state)
{
    qw_card_close(card);
    return fixture_tear_down(state);
}

static uint32_t remaining(void)
{
    struct qw_card_info info;

    qw_card_info(card, &info);
    return info.remaining_keys;
}

static void a_refill_adds_its_keys_and_sends_the_receipt_in_clear(void **state)
{
    struct qw_receipt receipt;

    (void)state;
    assert_int_equal(qw_refill_run(&refill, &result), QW_OK);
    assert_true(result.has_stored);
    assert_int_equal(result.added_keys, 3);
    assert_false(result.has_fresh);
    assert_int_equal(result.ledger.secret_bits, 4096);
    assert_int_equal(remaining(), FIXTURE_KEYS + 3);
    assert_int_equal(radio.report.wanted_keys, 60);
    assert_int_equal(radio.report.counter, 1);
    assert_false(radio.report.wants_fresh);
    assert_true(radio.receipt_was_public);
    assert_int_equal(
        qw_receipt_open(radio.receipt, QW_RECEIPT_LEN, card->vault->keys.receipt, &receipt), QW_OK);
    assert_memory_equal(receipt.package_id, radio.package.id, 16);
    assert_int_equal(radio.freed, 1);
}

static void the_wanted_key_carries_a_package_of_the_wanted_keys(void **state)
{
    (void)state;
    assert_int_equal(qw_refill_run(&refill, &result), QW_OK);
    assert_true(radio.wanted_bits >=
                8 * qw_package_sealed_len(QW_PACKAGE_REFILL, "terminal-1", 60, 128, 128));
    assert_true(radio.wanted_bits < 60 * 256 + 16384);
    refill.wanted_keys = UINT32_MAX;
    radio.package = fixture_package(QW_PACKAGE_REFILL, 3, 107, 1, 0, 0);
    radio.up_position = 1064;
    (void)!qw_refill_run(&refill, &result); /* down position 1000 is used: ends at R4 */
    assert_int_equal(radio.report.wanted_keys, QW_PACKAGE_KEYS_MAX);
}

static void a_fresh_key_is_handed_over_and_not_stored(void **state)
{
    uint8_t expected[32];

    (void)state;
    refill.wants_fresh = true;
    radio.package = fixture_package(QW_PACKAGE_FRESH, 2, 104, 1, 0, 0);
    assert_int_equal(qw_refill_run(&refill, &result), QW_OK);
    assert_true(radio.report.wants_fresh);
    assert_int_equal(radio.report.wanted_keys, 1);
    assert_true(result.has_fresh);
    assert_int_equal(result.added_keys, 0);
    fixture_key(104, expected);
    assert_memory_equal(result.fresh_key, expected, 32);
    assert_int_equal(remaining(), FIXTURE_KEYS);
}

static void a_refill_that_was_pending_comes_instead_of_the_fresh_key(void **state)
{
    (void)state;
    refill.wants_fresh = true;
    assert_int_equal(qw_refill_run(&refill, &result), QW_OK);
    assert_false(result.has_fresh);
    assert_int_equal(result.added_keys, 3);
}

static void a_fresh_key_that_was_pending_joins_the_stock_of_a_refill(void **state)
{
    (void)state;
    radio.package = fixture_package(QW_PACKAGE_FRESH, 2, 104, 1, 0, 0);
    assert_int_equal(qw_refill_run(&refill, &result), QW_OK);
    assert_false(result.has_fresh);
    assert_int_equal(result.added_keys, 1);
}

static void a_refusal_leaves_the_card_but_for_the_counter(void **state)
{
    (void)state;
    radio.run_err = QW_ERR_REFUSED;
    radio.refusal = QW_PLKG_STATIC;
    assert_int_equal(qw_refill_run(&refill, &result), QW_ERR_REFUSED);
    assert_int_equal(result.ledger.refusal, QW_PLKG_STATIC);
    assert_int_equal(result.ledger.probes, 500);
    assert_false(result.has_stored);
    assert_int_equal(remaining(), FIXTURE_KEYS);
    assert_int_equal(radio.freed, 0);
    assert_int_equal(qw_refill_run(&refill, &result), QW_ERR_REFUSED);
    assert_int_equal(radio.report.counter, 2);
}

static void positions_that_are_used_or_not_held_end_the_session(void **state)
{
    (void)state;
    radio.up_position = 999;
    assert_int_equal(qw_refill_run(&refill, &result), QW_ERR_ARG);
    radio.up_position = 1000 + FIXTURE_POOL;
    assert_int_equal(qw_refill_run(&refill, &result), QW_ERR_EXHAUSTED);
    assert_false(result.has_stored);
}

/* S2 of refill.md */
static void a_torn_connection_before_the_package_stores_nothing(void **state)
{
    (void)state;
    radio.receive_err = QW_ERR_CLOSED;
    assert_int_equal(qw_refill_run(&refill, &result), QW_ERR_CLOSED);
    assert_false(result.has_stored);
    assert_int_equal(remaining(), FIXTURE_KEYS);
    assert_int_equal(radio.freed, 1);
}

static void a_package_for_another_state_of_the_card_is_refused(void **state)
{
    (void)state;
    radio.package.first_index++;
    assert_int_equal(qw_refill_run(&refill, &result), QW_ERR_CONFLICT);
    assert_false(result.has_stored);
    assert_int_equal(remaining(), FIXTURE_KEYS);
}

/* S3, S4 of refill.md */
static void whatever_fails_after_storing_loses_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct qw_card_info info;

        tear_down(state);
        set_up(state);
        radio.send_err = i == 0 ? QW_ERR_CLOSED : QW_OK;
        radio.done_err = i == 1 ? QW_ERR_AUTH : QW_OK;
        radio.done[0] = i == 2 ? 1 : 0;
        radio.done_len = i == 3 ? 0 : 1;
        assert_int_equal(qw_refill_run(&refill, &result), QW_OK);
        assert_true(result.has_stored);
        assert_int_equal(result.added_keys, 3);
        qw_card_info(card, &info);
        assert_int_equal(info.next_index, 107);
        /* The next contact presents the new token: the centre takes that as the receipt. */
        radio.run_err = QW_ERR_TIMEOUT;
        assert_int_equal(qw_refill_run(&refill, &result), QW_ERR_TIMEOUT);
        assert_memory_equal(radio.report.token, radio.package.token, 16);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_refill_adds_its_keys_and_sends_the_receipt_in_clear),
        TEST(the_wanted_key_carries_a_package_of_the_wanted_keys),
        TEST(a_fresh_key_is_handed_over_and_not_stored),
        TEST(a_refill_that_was_pending_comes_instead_of_the_fresh_key),
        TEST(a_fresh_key_that_was_pending_joins_the_stock_of_a_refill),
        TEST(a_refusal_leaves_the_card_but_for_the_counter),
        TEST(positions_that_are_used_or_not_held_end_the_session),
        TEST(a_torn_connection_before_the_package_stores_nothing),
        TEST(a_package_for_another_state_of_the_card_is_refused),
        TEST(whatever_fails_after_storing_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
