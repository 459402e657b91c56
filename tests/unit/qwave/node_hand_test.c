/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q3 C2 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/socket.h"
#include "node/node_delivery.h"
#include "node/node_hand.h"
#include "qkd/link.h"
#include "support/fail_nth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A node that has only ends, with a clock of its own, and a centre that is this test. */
FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, malloc, NULL, (size_t size), (size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

enum { OWN = 3, OTHER = 5, THIRD = 1, BATCH_KEYS = 4, BATCH_LEN = BATCH_KEYS * NODE_KEY_LEN };

static struct {
    bool is_simulated;
    uint32_t paused;
    int64_t paused_until_ms;
} play;

bool __wrap_node_is_simulated(const struct node *node);
bool __wrap_node_is_simulated(const struct node *node)
{
    (void)node;
    return play.is_simulated;
}

void __wrap_node_delivery_pause(struct node *node, uint32_t target, int64_t until_ms);
void __wrap_node_delivery_pause(struct node *node, uint32_t target, int64_t until_ms)
{
    (void)node;
    play.paused = target;
    play.paused_until_ms = until_ms;
}

struct world {
    char folder[40], path[64], text[80];
    struct qw_log log;
    struct node *node;
    int listener, fd; /* of the centre; -1: none */
    struct qw_handover_inbox inbox;
    int64_t now_ms;
};

static struct node_hand *hand_of(struct world *w)
{
    return w->node->hands[0];
}

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    memset(&play, 0, sizeof play);
    play.is_simulated = true;
    strcpy(w->folder, "/tmp/qwave-node-hand-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->path, sizeof w->path, "%s/centre", w->folder);
    (void)snprintf(w->text, sizeof w->text, "%d=%s", OTHER, w->path);
    w->log = (struct qw_log){ .stream = fopen("/dev/null", "w"), .component = "test" };
    w->node = calloc(1, sizeof *w->node);
    assert_non_null(w->node);
    w->node->log = &w->log;
    w->node->settings.node = OWN;
    w->node->settings.batch_keys = BATCH_KEYS;
    w->node->ends_count = 2;
    w->node->ends[0].entry.node = OTHER;
    w->node->ends[1].entry.node = THIRD;
    w->inbox.message = malloc(QW_HANDOVER_LEN_MAX);
    assert_non_null(w->inbox.message);
    w->listener = w->fd = -1;
    w->now_ms = qw_clock_monotonic_ms();
    assert_int_equal(node_hand_add(w->node, w->text), QW_OK);
    *state = w;
    return 0;
}

static void close_hands(struct world *w)
{
    while (w->node->hands_count > 0) {
        node_hand_close(w->node->hands[--w->node->hands_count]);
    }
}

static int remove_world(void **state)
{
    struct world *w = *state;

    fail_nth = 0;
    close_hands(w);
    qw_socket_close(w->fd);
    qw_socket_close(w->listener);
    unlink(w->path);
    assert_int_equal(rmdir(w->folder), 0);
    fclose(w->log.stream);
    free(w->inbox.message);
    free(w->node);
    free(w);
    return 0;
}

static void turn(struct world *w)
{
    node_hand_turn(w->node, hand_of(w), w->now_ms);
}

static void listen_centre(struct world *w)
{
    assert_int_equal(qw_socket_listen_unix(w->path, &w->listener), QW_OK);
}

static size_t hear(struct world *w)
{
    size_t len = 0;

    assert_int_equal(qw_handover_receive(w->fd, &w->inbox, &len, qw_clock_monotonic_ms() + 10000),
                     QW_OK);
    return len;
}

static bool hears_nothing(struct world *w)
{
    size_t len = 0;

    return qw_handover_receive(w->fd, &w->inbox, &len, qw_clock_monotonic_ms()) == QW_ERR_TIMEOUT;
}

static void say(struct world *w, const uint8_t *message, size_t len)
{
    assert_int_equal(qw_handover_send(w->fd, message, len, qw_clock_monotonic_ms() + 10000), QW_OK);
}

/* The node comes and is welcome. */
static struct qw_handover_hello greet(struct world *w)
{
    uint8_t message[QW_HANDOVER_SHORT_MAX];
    struct qw_handover_hello hello;
    size_t len;

    turn(w);
    assert_int_equal(qw_socket_accept(w->listener, 10000, &w->fd), QW_OK);
    w->inbox.head_got = w->inbox.body_got = 0;
    len = hear(w);
    assert_int_equal(qw_handover_hello_decode(w->inbox.message, len, &hello), QW_OK);
    say(w, message, qw_handover_welcome_encode(message));
    return hello;
}

static struct qw_relay_batch batch_of(uint8_t id, uint32_t source, uint32_t target)
{
    struct qw_relay_batch batch = {
        .count = BATCH_KEYS, .key_len = NODE_KEY_LEN, .source = source, .target = target
    };

    memset(batch.id, id, sizeof batch.id);
    return batch;
}

/* Bytes of the batch are its id. */
static void deliver(struct world *w, uint8_t id, uint32_t source, uint32_t target)
{
    struct qw_relay_batch batch = batch_of(id, source, target);
    uint8_t keys[BATCH_LEN];

    memset(keys, id, sizeof keys);
    node_hand_give(w->node, &batch, keys);
}

static void expect_key(struct world *w, uint8_t id)
{
    static const uint8_t zeros[4];
    struct qw_handover_key key;
    size_t len;

    turn(w);
    len = hear(w);
    assert_int_equal(qw_handover_key_decode(w->inbox.message, len, &key), QW_OK);
    assert_int_equal(key.label.session[0], id);
    assert_int_equal(key.label.session[QW_RELAY_BATCH_ID_LEN - 1], id);
    assert_memory_equal(key.label.session + QW_RELAY_BATCH_ID_LEN, zeros, sizeof zeros);
    assert_int_equal(key.label.block, 0);
    assert_int_equal(key.len, BATCH_LEN);
    assert_int_equal(key.key[0], id);
    assert_int_equal(key.key[BATCH_LEN - 1], id);
}

static void answer(struct world *w, uint8_t id, enum qw_handover_result result)
{
    struct qw_handover_taken taken = { .result = (uint8_t)result };
    uint8_t message[QW_HANDOVER_SHORT_MAX];

    memset(taken.label.session, id, QW_RELAY_BATCH_ID_LEN);
    say(w, message, qw_handover_taken_encode(&taken, message));
    turn(w);
}

/* The centre dies. */
static void drop(struct world *w)
{
    qw_socket_close(w->fd);
    w->fd = -1;
    turn(w);
    assert_int_equal(hand_of(w)->fd, -1);
    w->now_ms += 1000;
}

/* ---- tests ---- */

static void says_whose_keys_they_are_and_hands_over_batches_of_both_directions(void **state)
{
    struct world *w = *state;
    struct qw_handover_hello hello;

    listen_centre(w);
    hello = greet(w);
    assert_string_equal(hello.name, "3-5");
    assert_int_equal(hello.end, QW_QKD_ALICE);
    assert_true(hello.is_simulated);
    deliver(w, 7, OWN, OTHER);
    deliver(w, 8, OTHER, OWN);
    deliver(w, 9, OWN, THIRD); /* has no centre */
    expect_key(w, 7);
    turn(w);
    assert_true(hears_nothing(w)); /* one at a time */
    answer(w, 7, QW_HANDOVER_TAKEN);
    expect_key(w, 8);
    answer(w, 8, QW_HANDOVER_TAKEN_BEFORE);
    assert_true(hears_nothing(w));
    assert_int_equal(hand_of(w)->taken_bits, 2 * 4 * BATCH_LEN);
    assert_int_equal(hand_of(w)->dropped_bits, 0);
    assert_int_equal(play.paused, 0);
}

static void the_higher_id_is_the_other_end(void **state)
{
    struct world *w = *state;
    struct qw_handover_hello hello;

    close_hands(w);
    (void)snprintf(w->text, sizeof w->text, "%d=%s", THIRD, w->path);
    play.is_simulated = false;
    assert_int_equal(node_hand_add(w->node, w->text), QW_OK);
    listen_centre(w);
    hello = greet(w);
    assert_string_equal(hello.name, "1-3");
    assert_int_equal(hello.end, QW_QKD_BOB);
    assert_false(hello.is_simulated);
}

/* N2 */
static void a_batch_without_an_answer_is_said_once_more_and_no_more(void **state)
{
    struct world *w = *state;

    listen_centre(w);
    (void)greet(w);
    deliver(w, 7, OWN, OTHER);
    deliver(w, 8, OWN, OTHER);
    expect_key(w, 7);
    drop(w);
    (void)greet(w);
    expect_key(w, 7);
    w->now_ms += 5001; /* silence */
    turn(w);
    assert_int_equal(hand_of(w)->fd, -1);
    qw_socket_close(w->fd);
    w->now_ms += 1000;
    (void)greet(w);
    expect_key(w, 8);
    assert_int_equal(hand_of(w)->dropped_bits, 4 * BATCH_LEN);
}

/* N1, N5 */
static void a_centre_that_is_away_costs_what_does_not_fit(void **state)
{
    struct world *w = *state;

    for (uint8_t i = 1; i <= NODE_HAND_BATCHES + 2; i++) {
        deliver(w, i, OTHER, OWN);
        turn(w);
    }
    assert_int_equal(hand_of(w)->dropped_bits, 2 * 4 * BATCH_LEN);
    listen_centre(w);
    w->now_ms += 1000;
    (void)greet(w);
    for (uint8_t i = 1; i <= NODE_HAND_BATCHES; i++) {
        expect_key(w, i);
        answer(w, i, QW_HANDOVER_TAKEN);
    }
    deliver(w, 99, OTHER, OWN);
    expect_key(w, 99);
}

/* N3 */
static void a_centre_without_room_lets_the_node_ask_for_less(void **state)
{
    struct world *w = *state;

    listen_centre(w);
    (void)greet(w);
    deliver(w, 7, OWN, OTHER);
    expect_key(w, 7);
    answer(w, 7, QW_HANDOVER_NO_ROOM);
    assert_int_equal(hand_of(w)->dropped_bits, 4 * BATCH_LEN);
    assert_int_equal(play.paused, OTHER);
    assert_int_equal(play.paused_until_ms, w->now_ms + 1000);
}

/* N4 */
static void a_void_batch_is_wiped_unless_it_was_sent(void **state)
{
    struct world *w = *state;
    uint8_t id[QW_RELAY_BATCH_ID_LEN];

    listen_centre(w);
    (void)greet(w);
    deliver(w, 7, OTHER, OWN);
    deliver(w, 8, OTHER, OWN);
    deliver(w, 9, OTHER, OWN);
    expect_key(w, 7);
    memset(id, 7, sizeof id);
    node_hand_void(w->node, id);
    memset(id, 8, sizeof id);
    node_hand_void(w->node, id);
    answer(w, 7, QW_HANDOVER_TAKEN);
    expect_key(w, 9);
    assert_int_equal(hand_of(w)->taken_bits, 4 * BATCH_LEN);
    assert_int_equal(hand_of(w)->dropped_bits, 0);
}

static void a_centre_that_talks_nonsense_is_left_and_asked_again(void **state)
{
    struct world *w = *state;
    const uint8_t nonsense[] = { 99 };

    listen_centre(w);
    (void)greet(w);
    deliver(w, 7, OTHER, OWN);
    expect_key(w, 7);
    answer(w, 8, QW_HANDOVER_TAKEN); /* another label */
    assert_int_equal(hand_of(w)->fd, -1);
    qw_socket_close(w->fd);
    w->now_ms += 1000;
    (void)greet(w);
    turn(w);
    say(w, nonsense, sizeof nonsense);
    expect_key(w, 7);
    turn(w);
    assert_int_equal(hand_of(w)->fd, -1);
}

static void settings_that_make_no_sense_are_refused(void **state)
{
    static const char *const bad[] = { "5", "5=", "5=a@host:1", "7=a", "x=a" };
    struct world *w = *state;

    assert_int_equal(node_hand_add(w->node, w->text), QW_ERR_FORMAT); /* twice */
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(node_hand_add(w->node, bad[i]), QW_ERR_FORMAT);
    }
    assert_int_equal(w->node->hands_count, 1);
}

static void keys_of_no_quantum_source_are_not_handed_over_as_real(void **state)
{
    struct world *w = *state;

    assert_int_equal(node_hand_check(w->node), QW_OK);
    play.is_simulated = false;
    assert_int_equal(node_hand_check(w->node), QW_ERR_REFUSED);
    w->node->source.is_quantum = true;
    assert_int_equal(node_hand_check(w->node), QW_OK);
    w->node->source.is_quantum = false;
    close_hands(w);
    assert_int_equal(node_hand_check(w->node), QW_OK);
}

static void a_failed_allocation_leaves_what_can_be_closed(void **state)
{
    struct world *w = *state;
    qw_err err = QW_ERR_NOMEM;

    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 100);
        close_hands(w);
        fail_nth = n;
        err = node_hand_add(w->node, w->text);
        fail_nth = 0;
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, remove_world)
    const struct CMUnitTest tests[] = {
        TEST(says_whose_keys_they_are_and_hands_over_batches_of_both_directions),
        TEST(the_higher_id_is_the_other_end),
        TEST(a_batch_without_an_answer_is_said_once_more_and_no_more),
        TEST(a_centre_that_is_away_costs_what_does_not_fit),
        TEST(a_centre_without_room_lets_the_node_ask_for_less),
        TEST(a_void_batch_is_wiped_unless_it_was_sent),
        TEST(a_centre_that_talks_nonsense_is_left_and_asked_again),
        TEST(settings_that_make_no_sense_are_refused),
        TEST(keys_of_no_quantum_source_are_not_handed_over_as_real),
        TEST(a_failed_allocation_leaves_what_can_be_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
