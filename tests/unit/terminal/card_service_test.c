/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A4 C9 C11 W8 */
/* What a card whose state is in the program's hands does for its holder; a chip's:
 * card_reader_service_test. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/certificate/enrolment.h"
#include "api/destruction.h"
#include "card_fixture.h"
#include "crypto/aead.h"
#include "unit/api/card_root.h"

static struct qw_card_keys keys;

static int begin(void **state)
{
    struct qw_card *card = NULL;
    void *unused = NULL;

    fixture_set_up(&unused);
    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    assert_int_equal(fixture_open(&card), QW_OK);
    *state = card;
    return 0;
}

static int end(void **state)
{
    qw_card_close(*state);
    return fixture_tear_down(state);
}

static void a_root_costs_a_key_that_is_gone_for_good(void **state)
{
    struct qw_card *card = *state;
    struct qw_card_taken_root taken;
    uint8_t id[16], key[32];

    assert_int_equal(qw_card_take_root(card, &taken), QW_OK);
    fixture_key(100, key);
    assert_memory_equal(taken.root, root_of(keys.report, key), sizeof taken.root);
    assert_int_equal(taken.epoch, 1);
    assert_memory_equal(taken.serial, "\x5e\x71", 2);
    qw_card_close(card);
    assert_int_equal(fixture_open(&card), QW_OK);
    *state = card;
    assert_int_equal(qw_card_take_key(card, id, key), QW_OK);
    assert_memory_not_equal(id, taken.key_id, sizeof id);
    for (int i = 2; i < FIXTURE_KEYS; i++) {
        assert_int_equal(qw_card_take_root(card, &taken), QW_OK);
    }
    assert_int_equal(qw_card_take_root(card, &taken), QW_ERR_EXHAUSTED);
}

static void after_a_fusion_roots_are_of_the_next_epoch(void **state)
{
    struct qw_card *card = *state;
    struct qw_package fuse = fixture_package(QW_PACKAGE_FUSE, 3, 100 + FIXTURE_KEYS, 1, 0, 0);
    struct qw_card_keys next;
    struct qw_card_taken_root taken;
    uint8_t receipt[QW_RECEIPT_LEN], before[32], after[32], fused[QW_CARD_KEY_LEN], key[32];
    size_t len;

    memset(fuse.card_key, 0x66, sizeof fuse.card_key);
    len = fixture_seal(&fuse);
    assert_int_equal(qw_card_pending_key(card, before), QW_OK);
    assert_int_equal(qw_card_take_package(card, fixture_sealed, len, receipt, NULL, NULL), QW_OK);
    assert_int_equal(qw_card_key_fuse(fixture_card_key, fuse.card_key, 2, fused), QW_OK);
    assert_int_equal(qw_card_keys_derive(fused, &next), QW_OK);
    assert_int_equal(qw_card_take_root(card, &taken), QW_OK);
    fixture_key(100, key);
    assert_memory_equal(taken.root, root_of(next.report, key), sizeof taken.root);
    assert_int_equal(taken.epoch, 2);
    assert_int_equal(qw_card_pending_key(card, after), QW_OK);
    assert_memory_not_equal(before, after, sizeof before);
}

static void what_the_centre_sends_opens_for_its_holder_alone(void **state)
{
    struct qw_card *card = *state;
    static const uint8_t session_id[16] = { 4 }, other_id[16] = { 5 };
    const struct qw_link_grant grant = { .session_id = { 4 }, .up_position = 7 };
    uint8_t sealed[QW_LINK_GRANT_LEN], outer[5 + QW_AEAD_OVERHEAD], package[5];
    uint8_t aad[13 + 16] = "qwave package";
    struct qw_link_grant opened;

    assert_int_equal(qw_link_grant_seal(&grant, keys.wrap, sealed), QW_OK);
    assert_int_equal(qw_card_open_grant(card, sealed, sizeof sealed, &opened), QW_OK);
    assert_int_equal(opened.up_position, 7);
    assert_int_equal(qw_link_grant_seal(&grant, keys.order, sealed), QW_OK);
    assert_int_equal(qw_card_open_grant(card, sealed, sizeof sealed, &opened), QW_ERR_AUTH);

    memcpy(aad + 13, session_id, sizeof session_id);
    assert_int_equal(qw_aead_seal(QW_AEAD_AES256_GCM, keys.wrap,
                                  (struct qw_bytes){ aad, sizeof aad }, (const uint8_t *)"hello", 5,
                                  outer),
                     QW_OK);
    assert_int_equal(qw_card_open_outer(card, session_id, outer, sizeof outer, package), QW_OK);
    assert_memory_equal(package, "hello", 5);
    assert_int_equal(qw_card_open_outer(card, other_id, outer, sizeof outer, package), QW_ERR_AUTH);
    assert_int_equal(qw_card_open_outer(card, session_id, outer, QW_AEAD_OVERHEAD, package),
                     QW_ERR_FORMAT);
}

/* The card's own packages carry its keys: only it takes them. */
static void only_a_birth_opens_for_the_station(void **state)
{
    struct qw_card *card = *state;

    for (int kind = QW_PACKAGE_BIRTH; kind <= QW_PACKAGE_FUSE; kind++) {
        struct qw_package package = fixture_package((enum qw_package_kind)kind, 5, 0, 1, 0, 0);
        struct qw_package opened = { 0 };
        size_t len;

        len = fixture_seal(&package);
        assert_int_equal(qw_card_open_birth(card, fixture_sealed, len, &opened),
                         kind == QW_PACKAGE_BIRTH ? QW_OK : QW_ERR_FORMAT);
        qw_package_wipe(&opened);
        assert_int_equal(qw_card_open_birth(card, fixture_sealed, 10, &opened), QW_ERR_FORMAT);
    }
}

static void an_answer_is_of_its_centre(void **state)
{
    struct qw_enrolment_answer a = { .certificate = "c", .authority = "a" };
    uint8_t data[QW_ENROLMENT_ANSWER_MAX];
    size_t len = 0;

    assert_int_equal(qw_enrolment_answer_seal(&a, keys.report, data, &len), QW_OK);
    assert_int_equal(qw_card_check_enrolment(*state, data, len), QW_OK);
    assert_int_equal(qw_enrolment_answer_seal(&a, keys.receipt, data, &len), QW_OK);
    assert_int_equal(qw_card_check_enrolment(*state, data, len), QW_ERR_AUTH);
}

static void a_destroyed_card_does_nothing_more(void **state)
{
    struct qw_card *card = *state;
    const struct qw_destroy_order order = { .serial = { 0x5e, 0x71 }, .epoch = 1 };
    struct qw_package package = fixture_package(QW_PACKAGE_BIRTH, 5, 0, 1, 0, 0), opened = { 0 };
    uint8_t sealed[QW_ORDER_LEN], out[64] = { 0 }, grant[QW_LINK_GRANT_LEN] = { 0 };
    struct qw_card_taken_root taken;
    struct qw_link_grant open_grant;
    size_t len = fixture_seal(&package);

    assert_int_equal(qw_destroy_order_seal(&order, keys.order, sealed), QW_OK);
    assert_int_equal(qw_card_destroy(card, sealed, sizeof sealed), QW_OK);
    assert_int_not_equal(qw_card_take_root(card, &taken), QW_OK);
    assert_int_equal(qw_card_pending_key(card, out), QW_ERR_STATE);
    assert_int_equal(qw_card_check_enrolment(card, sealed, sizeof sealed), QW_ERR_STATE);
    assert_int_equal(qw_card_open_grant(card, grant, sizeof grant, &open_grant), QW_ERR_STATE);
    assert_int_equal(qw_card_open_outer(card, sealed, sealed, sizeof sealed, out), QW_ERR_STATE);
    assert_int_equal(qw_card_open_birth(card, fixture_sealed, len, &opened), QW_ERR_STATE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_root_costs_a_key_that_is_gone_for_good),
        TEST(after_a_fusion_roots_are_of_the_next_epoch),
        TEST(what_the_centre_sends_opens_for_its_holder_alone),
        TEST(only_a_birth_opens_for_the_station),
        TEST(an_answer_is_of_its_centre),
        TEST(a_destroyed_card_does_nothing_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
