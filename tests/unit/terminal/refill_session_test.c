/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 W5 W6 W7 A4 */
/* A refill over a real radio session in the simulated air: the terminal in one thread, the access
 * point and a small centre in another. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/refill.h"

#include "base/wire_memory.h"
#include "card_fixture.h"
#include "crypto/hash.h"
#include "radio/air.h"
#include "terminal/proof_contact.h"
#include "terminal/word_contact.h"

#include <pthread.h>

enum { TRIES = 8 }; /* a session may fail by chance: an honest refusal, not a wrong key */

/* The centre and its access point. */
static struct {
    struct qw_wire wire;
    struct qw_csi_source source;
    uint8_t package_id;
    enum qw_package_kind kind;
    uint64_t next_index;
    bool cuts_before_receipt;
    uint8_t order[QW_ORDER_LEN]; /* what it says instead of a grant */
    size_t order_len;
    /* seen */
    uint8_t contact[QW_PLKG_CONTACT_MAX];
    size_t contact_len;
    struct qw_contact_report report;
    uint16_t sent_keys;
    bool has_receipt;
    qw_err err;
    struct qw_plkg_ledger ledger;
} centre;

static qw_err authorise(void *self, const char *terminal_id, const uint8_t *contact,
                        size_t contact_len, uint64_t *up_position, uint64_t *down_position,
                        uint8_t up[static QW_PLKG_AUTH_LEN], uint8_t down[static QW_PLKG_AUTH_LEN])
{
    struct qw_card_keys keys;
    qw_err err = qw_card_keys_derive(fixture_card_key, &keys);

    (void)self;
    (void)terminal_id;
    memcpy(centre.contact, contact, contact_len);
    centre.contact_len = contact_len;
    if (centre.order_len > 0) {
        return QW_ERR_STATE;
    }
    if (err == QW_OK) {
        err = qw_contact_report_open(contact, contact_len, keys.report, &centre.report);
    }
    if (err != QW_OK) {
        return err;
    }
    *up_position = centre.report.pool_up_position;
    *down_position = centre.report.pool_down_position;
    for (uint64_t i = 0; i < QW_PLKG_AUTH_LEN; i++) {
        up[i] = fixture_pool_byte('u', *up_position + i);
        down[i] = fixture_pool_byte('d', *down_position + i);
    }
    return QW_OK;
}

static qw_err carry(struct qw_plkg_session *link)
{
    size_t fit = qw_package_keys_that_fit(qw_plkg_pad_left(link), "terminal-1", 0, 0);
    uint8_t receipt[QW_RECEIPT_LEN];
    static const uint8_t done[1];
    struct qw_package package;
    struct qw_receipt opened;
    struct qw_card_keys keys;
    size_t len = 0;
    qw_err err;

    fit = fit > centre.report.wanted_keys ? centre.report.wanted_keys : fit;
    centre.sent_keys = (uint16_t)(centre.kind == QW_PACKAGE_FRESH ? 1 : fit);
    package =
        fixture_package(centre.kind, centre.package_id, centre.next_index, centre.sent_keys, 0, 0);
    len = fixture_seal(&package);
    err = qw_plkg_send(link, &centre.wire, fixture_sealed, len, false);
    if (err != QW_OK || centre.cuts_before_receipt) {
        return err;
    }
    err = qw_plkg_receive(link, &centre.wire, receipt, sizeof receipt, &len, 20000);
    if (err == QW_OK) {
        err = qw_card_keys_derive(fixture_card_key, &keys);
    }
    if (err == QW_OK) {
        err = qw_receipt_open(receipt, len, keys.receipt, &opened);
    }
    centre.has_receipt = err == QW_OK && memcmp(opened.package_id, package.id, 16) == 0;
    return err == QW_OK ? qw_plkg_send(link, &centre.wire, done, sizeof done, true) : err;
}

static size_t give_order(void *self, uint8_t order[static QW_PLKG_ORDER_MAX])
{
    (void)self;
    memcpy(order, centre.order, centre.order_len);
    return centre.order_len;
}

static void *serve(void *self)
{
    struct qw_plkg_access_point access_point = {
        .party = { .policy = qw_plkg_policy_standard,
                   .radio = &centre.source,
                   .wire = &centre.wire },
        .access_point_id = "ap-1",
        .authorise = authorise,
        .give_order = give_order,
    };
    struct qw_plkg_session *link = NULL;

    (void)self;
    centre.err = qw_plkg_run_access_point(&access_point, &link, &centre.ledger);
    if (centre.err == QW_OK) {
        centre.err = carry(link);
    }
    qw_plkg_session_free(link);
    qw_wire_close(&centre.wire);
    return NULL;
}

static struct qw_card *card;
static struct qw_refill_result result;
static struct qw_tombstone *tombstone;  /* not NULL: its proof is brought instead of a refill */
static const char *carried;             /* not NULL: this message is, */
static uint8_t word[QW_PLKG_ORDER_MAX]; /* and what came back */
static size_t word_len, word_cap;

/* One session in an air of its own. */
static qw_err run_once(enum qw_air_scene scene, uint64_t seed, bool wants_fresh, uint32_t wanted)
{
    struct qw_air_config config = {
        .scene = scene, .seed = seed, .snr_db = 25, .loss = 0.01, .eve_distance_m = 0.3
    };
    struct qw_air *air = NULL;
    struct qw_wire wire = { 0 };
    struct qw_csi_source source = { 0 };
    struct qw_refill refill = { .card = card,
                                .terminal_id = "terminal-1",
                                .policy = qw_plkg_policy_standard,
                                .radio = &source,
                                .wire = &wire,
                                .wants_fresh = wants_fresh,
                                .wanted_keys = wanted };
    char error[256];
    uint16_t port = 0;
    pthread_t thread;
    qw_err err;

    assert_int_equal(qw_air_new(&config, NULL, NULL, &air, &port, error), QW_OK);
    assert_int_equal(qw_air_connect("127.0.0.1", port, QW_AIR_ACCESS_POINT, 2000, &centre.source),
                     QW_OK);
    assert_int_equal(qw_air_connect("127.0.0.1", port, QW_AIR_TERMINAL, 2000, &source), QW_OK);
    assert_int_equal(qw_wire_memory_pair(&wire, &centre.wire), QW_OK);
    assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
    if (tombstone != NULL) {
        const struct qw_proof_contact contact = { .card = fixture_path,
                                                  .secret = fixture_passphrase,
                                                  .secret_len = FIXTURE_PASSPHRASE_LEN,
                                                  .tombstone = tombstone,
                                                  .terminal_id = "terminal-1",
                                                  .radio = &source,
                                                  .wire = &wire };

        err = qw_proof_contact_run(&contact);
    } else if (carried != NULL) {
        const struct qw_word_contact contact = { .terminal_id = "terminal-1",
                                                 .radio = &source,
                                                 .wire = &wire };

        err = qw_word_contact_run(&contact, (const uint8_t *)carried, strlen(carried), word,
                                  word_cap, &word_len);
    } else {
        err = qw_refill_run(&refill, &result);
    }
    qw_wire_close(&wire);
    assert_int_equal(pthread_join(thread, NULL), 0);
    qw_csi_source_close(&source);
    qw_csi_source_close(&centre.source);
    qw_air_free(air);
    return err;
}

/* Until a session succeeds; a refusal must be one by chance. */
static qw_err run(uint64_t seed, bool wants_fresh, uint32_t wanted)
{
    qw_err err = QW_ERR_REFUSED;

    for (uint64_t i = 0; err == QW_ERR_REFUSED && i < TRIES; i++) {
        err = run_once(QW_AIR_INDOOR, seed + i, wants_fresh, wanted);
        if (err == QW_ERR_REFUSED) {
            printf("seed %llu: %s\n", (unsigned long long)(seed + i),
                   qw_plkg_refusal_name((enum qw_plkg_refusal)result.ledger.refusal));
        }
    }
    return err;
}

static int set_up(void **state)
{
    struct qw_package charge;
    uint8_t receipt[QW_RECEIPT_LEN];

    fixture_set_up(state);
    memset(&centre, 0, sizeof centre);
    tombstone = NULL;
    carried = NULL;
    centre.package_id = 3;
    centre.kind = QW_PACKAGE_REFILL;
    centre.next_index = 104;
    assert_int_equal(fixture_open(&card), QW_OK);
    charge = fixture_package(QW_PACKAGE_CHARGE, 2, 104, 0, 1000 + FIXTURE_POOL, 2048);
    return qw_card_take_package(card, fixture_sealed, fixture_seal(&charge), receipt, NULL, NULL) ==
                   QW_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    qw_card_close(card);
    return fixture_tear_down(state);
}

/* Every key on the card is the one with its index. */
static void assert_keys(uint64_t from, uint64_t count)
{
    uint8_t id[16], key[32], expected[32];

    for (uint64_t index = from; index < from + count; index++) {
        assert_int_equal(qw_card_take_key(card, id, key), QW_OK);
        fixture_key(index, expected);
        assert_memory_equal(key, expected, 32);
    }
    assert_int_equal(qw_card_take_key(card, id, key), QW_ERR_EXHAUSTED);
}

static void keys_of_the_centre_reach_the_card_over_the_air(void **state)
{
    (void)state;
    assert_int_equal(run(1, false, 20), QW_OK);
    assert_int_equal(centre.err, QW_OK);
    assert_true(centre.has_receipt);
    assert_true(centre.sent_keys >= 1);
    assert_int_equal(result.added_keys, centre.sent_keys);
    assert_true(result.ledger.secret_bits >= 8u * 100);
    assert_int_equal(result.ledger.secret_bits, centre.ledger.secret_bits);
    printf("%u keys, %llu secret bits from %llu probes\n", result.added_keys,
           (unsigned long long)result.ledger.secret_bits, (unsigned long long)result.ledger.probes);
    assert_keys(100, FIXTURE_KEYS + result.added_keys);
}

static void a_fresh_key_reaches_the_application_over_the_air(void **state)
{
    uint8_t expected[32];

    (void)state;
    centre.kind = QW_PACKAGE_FRESH;
    assert_int_equal(run(11, true, 1), QW_OK);
    assert_true(centre.report.wants_fresh);
    assert_true(result.has_fresh);
    fixture_key(104, expected);
    assert_memory_equal(result.fresh_key, expected, 32);
    assert_keys(100, FIXTURE_KEYS);
}

/* S2, S3 of refill.md: the receipt is lost, the same package comes again under another key. */
static void a_lost_receipt_costs_nothing_and_stores_nothing_twice(void **state)
{
    uint16_t sent;

    (void)state;
    centre.cuts_before_receipt = true;
    assert_int_equal(run(21, false, 4), QW_OK); /* the card has it, whatever came after */
    assert_false(centre.has_receipt);
    sent = centre.sent_keys;
    assert_int_equal(result.added_keys, sent);
    centre.cuts_before_receipt = false;
    assert_int_equal(run(31, false, sent), QW_OK);
    assert_int_equal(centre.report.token[1], 3); /* what the centre takes as the receipt */
    assert_true(centre.has_receipt);
    assert_int_equal(result.added_keys, 0);
    assert_keys(100, FIXTURE_KEYS + (uint64_t)sent);
}

static void a_channel_that_does_not_move_gives_nothing(void **state)
{
    struct qw_card_info info;

    (void)state;
    assert_int_equal(run_once(QW_AIR_STATIC, 41, false, 20), QW_ERR_REFUSED);
    assert_int_not_equal(result.ledger.refusal, QW_PLKG_NONE);
    assert_int_equal(result.ledger.secret_bits, 0);
    assert_false(result.has_stored);
    qw_card_info(card, &info);
    assert_int_equal(info.remaining_keys, FIXTURE_KEYS);
    printf("refused: %s\n", qw_plkg_refusal_text((enum qw_plkg_refusal)result.ledger.refusal));
}

static void seal_order(uint32_t epoch, const uint8_t done[static 32])
{
    struct qw_destroy_order order = { .serial = { 0x5e, 0x71 }, .epoch = epoch, .nonce = { 9 } };
    struct qw_bytes part = { done, 32 };
    uint8_t digest[QW_HASH_LEN_MAX];
    struct qw_card_keys keys;

    assert_int_equal(qw_hash_of(QW_HASH_SHA256, &part, 1, digest), QW_OK);
    memcpy(order.done_hash, digest, sizeof order.done_hash);
    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    assert_int_equal(qw_destroy_order_seal(&order, keys.order, centre.order), QW_OK);
    centre.order_len = QW_ORDER_LEN;
}

/* K1 to K7 of docs/protocol/card-destroy.md. */
static void an_order_in_place_of_a_session_ends_the_card_and_its_proof_is_booked(void **state)
{
    static const uint8_t done[32] = { 0xd0, 0xe0 };
    struct qw_order_done said = { .serial = { 0x5e, 0x71 }, .nonce = { 9 } };
    struct qw_tombstone found;
    struct qw_card_info info;

    (void)state;
    seal_order(2, done); /* another epoch's */
    assert_int_equal(run_once(QW_AIR_INDOOR, 51, false, 20), QW_ERR_REFUSED);
    assert_false(result.is_destroyed);
    qw_card_info(card, &info);
    assert_int_equal(info.remaining_keys, FIXTURE_KEYS);
    seal_order(1, done);
    assert_int_equal(run_once(QW_AIR_INDOOR, 52, false, 20), QW_ERR_STATE);
    assert_true(result.is_destroyed);
    assert_int_equal(result.ledger.refusal, QW_PLKG_ORDERED);
    assert_int_equal(qw_tombstone_read(fixture_path, &found), QW_OK);

    tombstone = &found;
    assert_int_equal(run_once(QW_AIR_INDOOR, 53, false, 20), QW_ERR_FORMAT); /* the order again */
    assert_int_equal(centre.contact_len, QW_DESTROY_PROOF_LEN);
    assert_memory_equal(centre.contact, found.proof, QW_DESTROY_PROOF_LEN);
    qw_order_done_encode(&said, centre.order);
    centre.order_len = QW_ORDER_DONE_MESSAGE_LEN;
    assert_int_equal(run_once(QW_AIR_INDOOR, 54, false, 20), QW_ERR_AUTH); /* a false word */
    assert_false(found.is_booked);
    centre.order_len = 0;
    assert_int_equal(run_once(QW_AIR_INDOOR, 55, false, 20), QW_ERR_REFUSED); /* no word */
    memcpy(said.done, done, sizeof done);
    qw_order_done_encode(&said, centre.order);
    centre.order_len = QW_ORDER_DONE_MESSAGE_LEN;
    assert_int_equal(run_once(QW_AIR_INDOOR, 56, false, 20), QW_OK);
    assert_int_equal(qw_tombstone_read(fixture_path, &found), QW_OK);
    assert_true(found.is_booked);
}

/* docs/protocol/authentication.md over the air: a word for a word, and no session. */
static void a_message_of_an_authentication_gets_the_word_of_the_centre(void **state)
{
    static const struct qw_word_contact nowhere = { .terminal_id = "terminal-1" };
    static const uint8_t too_long[QW_PLKG_CONTACT_MAX + 1];

    (void)state;
    carried = "an ask";
    word_cap = sizeof word;
    memcpy(centre.order, "challenge", 9);
    centre.order_len = 9;
    assert_int_equal(run_once(QW_AIR_STATIC, 61, false, 0), QW_OK);
    assert_int_equal(centre.contact_len, 6);
    assert_memory_equal(centre.contact, "an ask", 6);
    assert_int_equal(word_len, 9);
    assert_memory_equal(word, "challenge", 9);
    assert_int_equal(centre.ledger.probes, 0);
    word_cap = 8; /* more than was asked for */
    assert_int_equal(run_once(QW_AIR_STATIC, 62, false, 0), QW_ERR_FORMAT);
    centre.order_len = 0; /* the centre says no */
    word_cap = sizeof word;
    assert_int_equal(run_once(QW_AIR_STATIC, 63, false, 0), QW_ERR_REFUSED);
    assert_int_equal(
        qw_word_contact_run(&nowhere, too_long, sizeof too_long, word, word_cap, &word_len),
        QW_ERR_ARG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_of_the_centre_reach_the_card_over_the_air),
        TEST(a_fresh_key_reaches_the_application_over_the_air),
        TEST(a_lost_receipt_costs_nothing_and_stores_nothing_twice),
        TEST(a_channel_that_does_not_move_gives_nothing),
        TEST(a_message_of_an_authentication_gets_the_word_of_the_centre),
        TEST(an_order_in_place_of_a_session_ends_the_card_and_its_proof_is_booked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
