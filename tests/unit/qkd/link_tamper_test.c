/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 Q7 */
#include "link_pair.h"

#include "support/test_seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Somebody in the middle alters one message: S4 of docs/protocol/qkd-link.md. */

enum { PATIENT_MS = 60000 };

static struct pair *pair;
static uint64_t seed;
static size_t count_to_bob, count_to_alice;

static void start(void)
{
    pair_init(pair, seed);
    for (int i = 0; i < 2; i++) {
        struct pair_end *end = i == 0 ? &pair->alice : &pair->bob;

        end->config.terms.frames = 1;
        end->config.terms.frame_bits = 64000;
        end->config.terms.secrecy_exponent = 3;
        end->config.timeout_ms = 2000;
    }
    pair->meddler.is_active = true;
    pair->meddler.message = SIZE_MAX;
}

static void be_patient(void)
{
    pair->alice.config.timeout_ms = PATIENT_MS;
    pair->bob.config.timeout_ms = PATIENT_MS;
}

static void an_honest_block_shows_how_many_messages_there_are(void **state)
{
    (void)state;
    start();
    be_patient();
    pair->meddler.to_bob = true;
    pair_run(pair);
    assert_int_equal(pair->bob.err, QW_OK);
    assert_int_equal(pair->alice.err, QW_OK);
    count_to_bob = pair->sent;
    start();
    be_patient();
    pair_run(pair);
    assert_int_equal(pair->bob.err, QW_OK);
    count_to_alice = pair->received;
    print_message("%zu messages to Bob, %zu to Alice\n", count_to_bob, count_to_alice);
    assert_true(count_to_bob > 20 && count_to_alice > 20);
}

static void expect_no_key(void)
{
    /* What Bob reads as DONE, which has no tag: Alice has her key and he voids his (S9). */
    bool is_done =
        pair->meddler.to_bob &&
        (pair->meddler.message == count_to_bob - 1 ||
         (pair->meddler.message == count_to_bob - 2 && pair->meddler.change == PAIR_REPEAT));

    if (pair->alice.done != is_done || pair->bob.done != 0 || pair->bob.err == QW_OK ||
        (!is_done && pair->alice.err == QW_OK)) {
        fail_msg("message %zu to %s, change %d, byte %zu: alice %s (%u), bob %s (%u)",
                 pair->meddler.message, pair->meddler.to_bob ? "Bob" : "Alice",
                 (int)pair->meddler.change, pair->meddler.byte, qw_err_text(pair->alice.err),
                 pair->alice.done, qw_err_text(pair->bob.err), pair->bob.done);
    }
    assert_true(is_done || pair->alice.ledger.secret_bits == 0);
    assert_int_equal(pair->bob.ledger.secret_bits, 0);
}

static void alter(bool to_bob, size_t message, enum pair_change change, size_t byte, uint8_t mask)
{
    start();
    pair->meddler.to_bob = to_bob;
    pair->meddler.message = message;
    pair->meddler.change = change;
    pair->meddler.byte = byte;
    pair->meddler.mask = mask;
    if (change == PAIR_DROP) {
        pair->alice.config.timeout_ms = 300;
        pair->bob.config.timeout_ms = 300;
    }
    if (to_bob && message + 2 >= count_to_bob) { /* Alice may have her key: nothing may be late */
        be_patient();
        if (change == PAIR_DROP) {
            pair->bob.config.timeout_ms = 3000;
        }
    }
    pair_run(pair);
    expect_no_key();
}

/* A waiting peer: where one end does not notice, the other one's tag or silence ends it. */
static void alter_every_message(bool to_bob, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        /* Where both ends have sure work to do, every kind; in the long middle of Cascade, some. */
        bool is_edge = i < 6 || i + 6 > count;

        if (!is_edge && i % 4 != 0) {
            continue;
        }
        alter(to_bob, i, PAIR_FLIP, i * 31 + 5, (uint8_t)(1u << i % 8));
        if (is_edge || i % 16 == 0) {
            alter(to_bob, i, PAIR_FLIP, 0, 1);
            alter(to_bob, i, PAIR_FLIP, SIZE_MAX, 0x80);
            alter(to_bob, i, PAIR_FLIP, 1000 * i + 77, 0x10);
            alter(to_bob, i, PAIR_CUT, 0, 0);
            alter(to_bob, i, PAIR_GROW, 0, 0);
        }
        if (is_edge && i + 1 < count) { /* nobody reads on after the last one */
            alter(to_bob, i, PAIR_REPEAT, 0, 0);
        }
        if (is_edge) {
            alter(to_bob, i, PAIR_DROP, 0, 0);
        }
    }
}

static void nothing_to_bob_can_be_altered(void **state)
{
    (void)state;
    alter_every_message(true, count_to_bob);
}

static void nothing_to_alice_can_be_altered(void **state)
{
    (void)state;
    alter_every_message(false, count_to_alice);
}

/* Every bit of the messages that carry tags and lengths. */
static void every_bit_of_the_last_messages_counts(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * (1 + 4 + 4 + 12); bit++) { /* FINISH */
        alter(false, count_to_alice - 1, PAIR_FLIP, bit / 8, (uint8_t)(1u << bit % 8));
    }
    for (size_t bit = 0; bit < 8 * 5; bit++) { /* DONE */
        alter(true, count_to_bob - 1, PAIR_FLIP, bit / 8, (uint8_t)(1u << bit % 8));
    }
}

static int make_pair(void **state)
{
    (void)state;
    seed = test_seed();
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
        cmocka_unit_test(an_honest_block_shows_how_many_messages_there_are),
        cmocka_unit_test(nothing_to_bob_can_be_altered),
        cmocka_unit_test(nothing_to_alice_can_be_altered),
        cmocka_unit_test(every_bit_of_the_last_messages_counts),
    };

    return cmocka_run_group_tests(tests, make_pair, free_pair);
}
