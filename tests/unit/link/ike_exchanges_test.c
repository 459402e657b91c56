/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/prove/ike_exchanges.h"
#include "support/fail_nth.h"
#include "support/ike_seal.h"

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, malloc, NULL, (size_t size), (size));
FAIL_NTH(void *, realloc, NULL, (void *p, size_t size), (p, size));

enum { FROM_INITIATOR = 8, RESPONSE = 32, ID = 4, SA = 33 };
static const struct qw_ipsec_suite suite = { 32, QW_IPSEC_GCM };
static struct qw_ike_wanted wanted;
static struct qw_ike_exchanges *exchanges;

static int set_up(void **state)
{
    (void)state;
    wanted = (struct qw_ike_wanted){ .id = ID, .is_from_initiator = true, .suite = suite };
    memset(&wanted.keys[0], 0x31, sizeof wanted.keys[0]);
    memset(&wanted.keys[1], 0x32, sizeof wanted.keys[1]);
    return qw_ike_exchanges_new(&exchanges) == QW_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    qw_ike_exchanges_free(exchanges);
    qw_ike_exchanges_free(NULL);
    return 0;
}

static qw_err add(struct ike_envelope envelope, const struct qw_ike_key *key, const uint8_t *text,
                  size_t len)
{
    uint8_t message[1024];
    size_t full = ike_seal(&envelope, suite, key, text, len, message, sizeof message);

    return qw_ike_exchanges_add(exchanges, message, full);
}

/* One message of an exchange, in as many pieces as said, the last first. */
static void add_offer(uint64_t spi_i, bool is_response, const uint8_t *numbers, size_t count,
                      size_t pieces)
{
    uint8_t nonce[32], payloads[512];
    size_t len, step;

    memset(nonce, is_response ? 0x52 : 0x49, sizeof nonce);
    len = ike_offer(numbers, count, is_response ? 0xb00 : 0xa00, nonce, sizeof nonce, payloads,
                    sizeof payloads);
    step = (len + pieces - 1) / pieces;
    for (size_t i = pieces; i > 0; i--) {
        size_t at = (i - 1) * step;
        struct ike_envelope envelope = {
            .spi_i = spi_i,
            .spi_r = 2,
            .flags = is_response ? RESPONSE : FROM_INITIATOR,
            .id = ID,
            .first = i == 1 ? SA : 0,
            .piece = (uint16_t)i,
            .pieces = (uint16_t)pieces,
        };

        assert_int_equal(add(envelope, &wanted.keys[is_response], payloads + at,
                             len - at < step ? len - at : step),
                         QW_OK);
    }
}

static const uint8_t three[] = { 1, 2, 3 }, chosen[] = { 3 };

static void check(const struct qw_ike_exchange *exchange)
{
    assert_true(exchange->spi_i == 0xa02); /* the third proposal's, as chosen */
    assert_true(exchange->spi_r == 0xb00);
    assert_int_equal(exchange->seed_len, 64);
    assert_int_equal(exchange->seed[0], 0x49);
    assert_int_equal(exchange->seed[31], 0x49);
    assert_int_equal(exchange->seed[32], 0x52);
    assert_int_equal(exchange->seed[63], 0x52);
}

static void finds_the_exchange_by_what_opens(void **state)
{
    struct qw_ike_exchange exchange;
    struct ike_envelope strange = { 7, 2, FROM_INITIATOR, ID, SA, 1, 1 };
    struct qw_ike_key other = { { 9 }, { 9 } };

    (void)state;
    assert_int_equal(qw_ike_exchanges_find(exchanges, &wanted, &exchange), QW_ERR_NOT_FOUND);
    assert_int_equal(add(strange, &other, three, 3), QW_OK); /* another IKE_SA's */
    add_offer(1, false, three, 3, 1);
    assert_int_equal(qw_ike_exchanges_find(exchanges, &wanted, &exchange), QW_ERR_NOT_FOUND);
    strange.flags = RESPONSE;
    assert_int_equal(add(strange, &other, three, 3), QW_OK);
    add_offer(1, true, chosen, 1, 1);
    add_offer(1, true, chosen, 1, 1); /* sent again */
    assert_int_equal(qw_ike_exchanges_find(exchanges, &wanted, &exchange), QW_OK);
    check(&exchange);
    wanted.has_spis = true;
    wanted.spi_i = 1;
    wanted.spi_r = 2;
    assert_int_equal(qw_ike_exchanges_find(exchanges, &wanted, &exchange), QW_OK);
    wanted.spi_i = 7;
    assert_int_equal(qw_ike_exchanges_find(exchanges, &wanted, &exchange), QW_ERR_NOT_FOUND);
}

/* [RFC 7383 2.5] */
static void pieces_in_any_order_are_put_together(void **state)
{
    struct qw_ike_exchange exchange;

    (void)state;
    add_offer(1, false, three, 3, 4);
    add_offer(1, true, chosen, 1, 2);
    assert_int_equal(qw_ike_exchanges_find(exchanges, &wanted, &exchange), QW_OK);
    check(&exchange);
}

static void a_missing_piece_is_missing(void **state)
{
    struct ike_envelope envelope = { 1, 2, FROM_INITIATOR, ID, SA, 1, 2 };
    struct qw_ike_exchange exchange;
    uint8_t text[20] = { 0 };

    (void)state;
    assert_int_equal(add(envelope, &wanted.keys[0], text, sizeof text), QW_OK);
    add_offer(1, true, chosen, 1, 1);
    assert_int_equal(qw_ike_exchanges_find(exchanges, &wanted, &exchange), QW_ERR_NOT_FOUND);
    envelope.spi_i = 3; /* the second piece of another IKE_SA, that opens */
    envelope.piece = 2;
    assert_int_equal(add(envelope, &wanted.keys[0], text, sizeof text), QW_OK);
    assert_int_equal(qw_ike_exchanges_find(exchanges, &wanted, &exchange), QW_ERR_NOT_FOUND);
}

static void another_id_direction_or_key_is_not_found(void **state)
{
    struct qw_ike_exchange exchange = { .seed_len = 77 };

    (void)state;
    add_offer(1, false, three, 3, 1);
    add_offer(1, true, chosen, 1, 1);
    wanted.id++;
    assert_int_equal(qw_ike_exchanges_find(exchanges, &wanted, &exchange), QW_ERR_NOT_FOUND);
    wanted.id--;
    wanted.is_from_initiator = false;
    assert_int_equal(qw_ike_exchanges_find(exchanges, &wanted, &exchange), QW_ERR_NOT_FOUND);
    wanted.is_from_initiator = true;
    for (size_t i = 0; i < 2; i++) {
        wanted.keys[i].encryption[0] ^= 1;
        assert_int_equal(qw_ike_exchanges_find(exchanges, &wanted, &exchange), QW_ERR_NOT_FOUND);
        wanted.keys[i].encryption[0] ^= 1;
    }
    assert_int_equal(exchange.seed_len, 77);
    assert_int_equal(qw_ike_exchanges_find(exchanges, &wanted, &exchange), QW_OK);
}

/* The answer takes a proposal that was not made, or there is no new IKE_SA in it. */
static void an_exchange_that_makes_nothing_is_not_found(void **state)
{
    static const uint8_t two[] = { 1, 2 };
    struct qw_ike_exchange exchange;

    (void)state;
    add_offer(1, false, two, 2, 1);
    add_offer(1, true, chosen, 1, 1);
    assert_int_equal(qw_ike_exchanges_find(exchanges, &wanted, &exchange), QW_ERR_NOT_FOUND);
}

static void what_is_no_message_is_passed_over(void **state)
{
    static uint8_t large[QW_IKE_MESSAGE_MAX + 1];

    (void)state;
    assert_int_equal(qw_ike_exchanges_add(exchanges, large, sizeof large), QW_OK);
    assert_int_equal(qw_ike_exchanges_add(exchanges, large, 0), QW_OK);
}

static void too_many_messages_are_refused(void **state)
{
    struct ike_envelope envelope = { 1, 2, FROM_INITIATOR, ID, SA, 1, 1 };
    static uint8_t message[QW_IKE_MESSAGE_MAX];
    size_t full = ike_seal(&envelope, suite, &wanted.keys[0], three, 3, message, sizeof message);
    qw_err err = QW_OK;
    size_t count = 0;

    (void)state;
    for (; err == QW_OK && count <= QW_IKE_MESSAGES_MAX; count++) {
        err = qw_ike_exchanges_add(exchanges, message, full);
    }
    assert_int_equal(err, QW_ERR_LIMIT);
    assert_int_equal(count, QW_IKE_MESSAGES_MAX + 1);
    qw_ike_exchanges_free(exchanges);
    assert_int_equal(qw_ike_exchanges_new(&exchanges), QW_OK);
    qw_store_u32be(message + 24, sizeof message); /* the longest that there is */
    message[30] = (uint8_t)((sizeof message - 28) >> 8);
    message[31] = (uint8_t)(sizeof message - 28);
    err = QW_OK;
    for (count = 0; err == QW_OK; count++) {
        err = qw_ike_exchanges_add(exchanges, message, sizeof message);
    }
    assert_int_equal(err, QW_ERR_LIMIT);
    assert_int_equal(count - 1, QW_IKE_BYTES_MAX / sizeof message);
}

static void says_when_memory_is_short(void **state)
{
    struct ike_envelope envelope = { 1, 2, FROM_INITIATOR, ID, SA, 1, 1 };
    struct qw_ike_exchanges *none = NULL;
    struct qw_ike_exchange exchange;

    (void)state;
    fail_nth = 1;
    assert_int_equal(qw_ike_exchanges_new(&none), QW_ERR_NOMEM);
    assert_null(none);
    for (int n = 1; n <= 2; n++) {
        fail_nth = n;
        assert_int_equal(add(envelope, &wanted.keys[0], three, 3), QW_ERR_NOMEM);
    }
    fail_nth = 0;
    add_offer(1, false, three, 3, 1);
    add_offer(1, true, chosen, 1, 1);
    fail_nth = 1;
    assert_int_equal(qw_ike_exchanges_find(exchanges, &wanted, &exchange), QW_ERR_NOMEM);
    fail_nth = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_the_exchange_by_what_opens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pieces_in_any_order_are_put_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_piece_is_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_id_direction_or_key_is_not_found, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_exchange_that_makes_nothing_is_not_found, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_message_is_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_messages_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_when_memory_is_short, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
