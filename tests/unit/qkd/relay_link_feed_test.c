/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 Q2 */
#define _GNU_SOURCE
#include "qkd/relay/link_feed.h"

#include "base/bytes.h"
#include "base/file.h"
#include "qkd/link.h"
#include "support/fail_nth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(qw_err, qw_file_replace, QW_ERR_IO, (const char *path, const uint8_t *data, size_t len),
         (path, data, len));

enum {
    CAPACITY = 8192,
    LEASE = 256,
    START = 1024,
    KEY_LEN = 301,
    BLOCKS_MAX = 64,
    MESSAGES_MAX = 32,
    MESSAGE_MAX = 512,
    CONNECTED_MS = 7
};

/* Two nodes: 0 beside Alice, 1 beside Bob. */
struct side {
    struct qw_node_memory *memory;
    struct qw_node_pool *pool;
    struct qw_hop *hop;
    struct qw_link_feed *feed;
    char mark_path[64];
    size_t fed[BLOCKS_MAX]; /* how often each block was */
    size_t len[MESSAGES_MAX];
    uint8_t message[MESSAGES_MAX][MESSAGE_MAX]; /* to this side */
    size_t messages;
    struct qw_link_feed_config feed_config;
};

static struct side side[2];
static char folder[] = "/tmp/qwave-link-feed.XXXXXX";
static size_t sent, fail_at; /* the n-th message that is sent is lost, and the session with it */
static bool is_broken;
static uint8_t session = 1;

static qw_err send_to(void *self, const uint8_t *message, size_t len)
{
    struct side *to = self == &side[0] ? &side[1] : &side[0];

    if (++sent == fail_at) {
        is_broken = true;
        return QW_ERR_IO;
    }
    assert_true(to->messages < MESSAGES_MAX && len <= MESSAGE_MAX);
    memcpy(to->message[to->messages], message, len);
    to->len[to->messages++] = len;
    return QW_OK;
}

static void on_fed(void *self, const struct qw_handover_label *label, size_t len,
                   uint32_t errors_ppm)
{
    struct side *s = self;

    assert_int_equal(len, KEY_LEN);
    assert_int_equal(errors_ppm, 10000);
    assert_true(label->block < BLOCKS_MAX);
    s->fed[label->block]++;
}

static void open_side(size_t i)
{
    static const struct qw_node_limits limits = { .floor_len = { 0, 0 } };
    struct side *s = &side[i];
    struct qw_node_disk disk = qw_node_memory_disk(s->memory);
    struct qw_hop_config config = { .self = s, .send = send_to };

    assert_int_equal(qw_node_pool_open(&disk, &limits, &s->pool), QW_OK);
    config.pool = s->pool;
    assert_int_equal(qw_hop_new(&config, &s->hop), QW_OK);
    s->feed_config = (struct qw_link_feed_config){ s->hop, s->mark_path, s, on_fed };
    assert_int_equal(qw_link_feed_new(&s->feed_config, &s->feed), QW_OK);
    qw_link_feed_begin(s->feed, i == 0 ? QW_QKD_ALICE : QW_QKD_BOB);
}

static void down(void)
{
    for (size_t i = 0; i < 2; i++) {
        qw_hop_stop(side[i].hop);
        qw_link_feed_down(side[i].feed);
        side[i].messages = 0;
    }
    is_broken = false;
}

static void close_side(size_t i, bool is_crash)
{
    qw_link_feed_free(side[i].feed);
    qw_hop_free(side[i].hop);
    if (is_crash) {
        qw_node_pool_abandon(side[i].pool);
    } else {
        qw_node_pool_close(side[i].pool);
    }
}

static void crash(size_t i)
{
    down();
    close_side(i, true);
    open_side(i);
}

static int set_up(void **state)
{
    uint8_t bytes[2][START];

    (void)state;
    memset(side, 0, sizeof side);
    sent = fail_at = 0;
    for (size_t i = 0; i < START; i++) {
        bytes[0][i] = (uint8_t)i;
        bytes[1][i] = (uint8_t)(7 * i + 3);
    }
    for (size_t i = 0; i < 2; i++) {
        struct qw_node_pool_head head = { .node = (uint32_t)i,
                                          .neighbour = (uint32_t)(1 - i),
                                          .capacity = CAPACITY,
                                          .lease = LEASE,
                                          .is_simulated = true };
        struct qw_node_disk disk;

        assert_int_equal(
            qw_node_memory_new((size_t)qw_node_pool_disk_len(CAPACITY), &side[i].memory), QW_OK);
        disk = qw_node_memory_disk(side[i].memory);
        assert_int_equal(qw_node_pool_format(&disk, &head), QW_OK);
        (void)snprintf(side[i].mark_path, sizeof side[i].mark_path, "%s/%zu.mark", folder, i);
        (void)unlink(side[i].mark_path);
        open_side(i);
        assert_int_equal(qw_node_pool_append(side[i].pool, (struct qw_bytes){ bytes[i], START },
                                             (struct qw_bytes){ bytes[1 - i], START }, 0),
                         QW_OK);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        close_side(i, false);
        qw_node_memory_free(side[i].memory);
    }
    return 0;
}

static qw_err receive(struct side *s)
{
    struct qw_hop_message opened;
    uint8_t message[MESSAGE_MAX];
    size_t len = s->len[0];
    qw_err err;

    memcpy(message, s->message[0], len);
    s->messages--;
    memmove(s->message, s->message + 1, s->messages * sizeof s->message[0]);
    memmove(s->len, s->len + 1, s->messages * sizeof s->len[0]);
    err = qw_hop_receive(s->hop, message, len, &opened);
    if (err == QW_OK && opened.type != 0) {
        err = qw_link_feed_receive(s->feed, &opened, CONNECTED_MS);
    }
    return err;
}

/* Until nothing more is said, or the session breaks. */
static void run(void)
{
    bool is_quiet = false;

    while (!is_broken && !is_quiet) {
        is_quiet = true;
        for (size_t i = 0; i < 2 && !is_broken; i++) {
            size_t before = sent;
            qw_err err = QW_OK;

            if (side[i].messages > 0) {
                err = receive(&side[i]);
                is_quiet = false;
            }
            if (err == QW_OK) {
                err = qw_link_feed_turn(side[i].feed, CONNECTED_MS);
            }
            if (err == QW_OK) {
                err = qw_hop_appended(side[i].hop);
            }
            is_broken = is_broken || err != QW_OK;
            is_quiet = is_quiet && sent == before;
        }
    }
}

static void connect_and_run(void)
{
    down();
    for (size_t i = 0; i < 2; i++) {
        if (qw_hop_start(side[i].hop) != QW_OK) {
            assert_true(is_broken); /* HELLO itself was lost */
        }
    }
    run();
}

static enum qw_handover_result give(size_t i, uint32_t block)
{
    uint8_t bytes[KEY_LEN];
    struct qw_handover_key key = {
        .label.block = block, .errors_ppm = 10000, .key = bytes, .len = sizeof bytes
    };
    enum qw_handover_result result = QW_HANDOVER_NO_ROOM;

    memset(key.label.session, session, sizeof key.label.session);
    for (size_t k = 0; k < sizeof bytes; k++) {
        bytes[k] = (uint8_t)(k * 31 + 17 * block + session);
    }
    assert_int_equal(qw_link_feed_take(side[i].feed, &key, &result), QW_OK);
    return result;
}

static uint64_t end_of(size_t i, enum qw_node_direction d)
{
    return qw_node_pool_state(side[i].pool, d).end;
}

/* Both hold the same at the same places, and nothing waits to be agreed. */
static void check_in_step(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct qw_node_state out = qw_node_pool_state(side[i].pool, QW_NODE_OUT);
        struct qw_node_state in = qw_node_pool_state(side[1 - i].pool, QW_NODE_IN);

        assert_int_equal(qw_hop_status(side[i].hop), QW_HOP_UP);
        assert_int_equal(out.position, in.position);
        assert_int_equal(out.end, in.end);
        assert_int_equal(out.raw, 0);
        assert_int_equal(in.raw, 0);
    }
}

static void check_once(void)
{
    for (size_t block = 0; block < BLOCKS_MAX; block++) {
        assert_true(side[0].fed[block] <= 1);
        assert_true(side[1].fed[block] <= 1);
        assert_true(side[0].fed[block] <= side[1].fed[block]);
    }
}

static void a_key_stands_at_the_same_place_at_both(void **state)
{
    (void)state;
    connect_and_run();
    assert_int_equal(give(0, 0), QW_HANDOVER_TAKEN);
    run();
    assert_int_equal(end_of(0, QW_NODE_OUT), START); /* Bob's node has not got it yet */
    assert_int_equal(give(1, 0), QW_HANDOVER_TAKEN);
    run();
    assert_int_equal(side[0].fed[0] + side[1].fed[0], 2);
    assert_int_equal(end_of(0, QW_NODE_OUT) + end_of(0, QW_NODE_IN), 2 * START + KEY_LEN);
    check_in_step();
}

static void bob_first_is_as_good(void **state)
{
    (void)state;
    connect_and_run();
    for (uint32_t block = 0; block < 4; block++) {
        assert_int_equal(give(1, block), QW_HANDOVER_TAKEN);
    }
    assert_int_equal(give(1, 4), QW_HANDOVER_NO_ROOM);
    run();
    for (uint32_t block = 0; block < 3; block++) {
        assert_int_equal(give(0, block), QW_HANDOVER_TAKEN);
    }
    run();
    assert_int_equal(end_of(0, QW_NODE_OUT) + end_of(0, QW_NODE_IN), 2 * START + 3 * KEY_LEN);
    check_in_step();
    check_once();
}

static void a_key_is_taken_once_also_after_a_restart(void **state)
{
    (void)state;
    connect_and_run();
    assert_int_equal(give(0, 3), QW_HANDOVER_TAKEN);
    assert_int_equal(give(0, 3), QW_HANDOVER_TAKEN_BEFORE);
    crash(0);
    assert_int_equal(give(0, 3), QW_HANDOVER_TAKEN_BEFORE);
    assert_int_equal(give(0, 2), QW_HANDOVER_TAKEN_BEFORE);
    assert_int_equal(give(0, 4), QW_HANDOVER_TAKEN);
}

static void a_key_that_only_one_node_has_is_given_up(void **state)
{
    (void)state;
    connect_and_run();
    assert_int_equal(give(0, 0), QW_HANDOVER_TAKEN); /* Bob's end never released it */
    run();
    session = 2;
    assert_int_equal(give(1, 0), QW_HANDOVER_TAKEN); /* the next session of the link */
    run();
    assert_int_equal(give(0, 0), QW_HANDOVER_TAKEN);
    run();
    assert_int_equal(give(0, 1), QW_HANDOVER_TAKEN);
    assert_int_equal(give(1, 1), QW_HANDOVER_TAKEN);
    run();
    assert_int_equal(side[0].fed[1], 1);
    check_in_step();
    session = 1;
}

/* One direction is used more: it gets more. */
static void the_stream_that_holds_less_gets_more(void **state)
{
    uint8_t message[QW_HOP_FRAME_LEN + 200] = { 0 };

    (void)state;
    connect_and_run();
    for (int i = 0; i < 2; i++) {
        struct qw_hop_message opened;

        assert_int_equal(qw_hop_seal(side[0].hop, QW_HOP_TYPE_MIN, message, 200, 200, NULL), QW_OK);
        assert_int_equal(qw_hop_receive(side[1].hop, side[1].message[0], side[1].len[0], &opened),
                         QW_OK);
        qw_hop_settle(side[1].hop);
        side[1].messages = 0;
    }
    give(0, 0);
    give(1, 0);
    run();
    check_in_step();
    assert_int_equal(end_of(0, QW_NODE_OUT), START + KEY_LEN);
    assert_int_equal(end_of(0, QW_NODE_IN), START);
}

static void a_full_pool_takes_no_more(void **state)
{
    uint32_t block = 0;

    (void)state;
    connect_and_run();
    for (; block < BLOCKS_MAX; block++) {
        (void)give(0, block);
        (void)give(1, block);
        run();
    }
    for (int d = QW_NODE_OUT; d <= QW_NODE_IN; d++) {
        struct qw_node_state held = qw_node_pool_state(side[0].pool, (enum qw_node_direction)d);

        assert_true(held.end - held.position <= CAPACITY / 2);
        assert_true(held.end - held.position > CAPACITY / 2 - KEY_LEN);
    }
    assert_int_equal(give(0, block - 1), QW_HANDOVER_NO_ROOM);
    check_in_step();
    check_once();
}

/* A session that breaks, or a node that dies, at any message: what comes after is in step, no key
 * goes in twice, and Bob's node knows of whatever Alice's has. */
static void faults_at_every_step(int who)
{
    size_t at = 1;
    bool was_hit = true;

    for (; was_hit; at++) {
        (void)set_up(NULL);
        fail_at = at;
        connect_and_run();
        for (uint32_t block = 0; block < 3; block++) {
            if (is_broken && who >= 0) {
                crash((size_t)who);
            }
            if (is_broken || qw_hop_status(side[0].hop) != QW_HOP_UP) {
                connect_and_run();
            }
            (void)give(0, block);
            (void)give(1, block);
            run();
        }
        was_hit = sent >= fail_at;
        fail_at = 0;
        if (is_broken && who >= 0) {
            crash((size_t)who);
        }
        if (is_broken || qw_hop_status(side[0].hop) != QW_HOP_UP) {
            connect_and_run();
        }
        check_in_step();
        assert_int_equal(give(0, 3), QW_HANDOVER_TAKEN);
        assert_int_equal(give(1, 3), QW_HANDOVER_TAKEN);
        run();
        assert_int_equal(side[0].fed[3], 1);
        check_in_step();
        check_once();
        (void)tear_down(NULL);
    }
    assert_true(at > 10);
}

static void a_session_that_breaks_at_any_step(void **state)
{
    (void)state;
    faults_at_every_step(-1);
}

static void a_node_that_dies_at_any_step(void **state)
{
    (void)state;
    faults_at_every_step(0);
    faults_at_every_step(1);
}

static qw_err say(size_t from, uint8_t type, const uint8_t *body, size_t len, size_t secret_len)
{
    uint8_t message[MESSAGE_MAX] = { 0 };
    size_t to = 1 - from;

    memcpy(message + QW_HOP_HEAD_LEN, body, len);
    assert_int_equal(qw_hop_seal(side[from].hop, type, message, len, secret_len, NULL), QW_OK);
    return receive(&side[to]);
}

/* A neighbour that does not keep to it: nothing but a whole message in its turn is taken. */
static void a_lying_neighbour_is_refused(void **state)
{
    uint8_t give_body[QW_LINK_FEED_GIVE_LEN + 1] = { 0 };
    uint8_t given_body[QW_LINK_FEED_GIVEN_LEN + 1] = { 0 };

    (void)state;
    connect_and_run();
    qw_store_u32be(give_body + 20, 100);
    qw_store_u32be(give_body + 24, 50);
    for (size_t len = 0; len <= sizeof give_body; len++) {
        if (len != QW_LINK_FEED_GIVE_LEN) {
            assert_int_equal(say(0, QW_LINK_FEED_GIVE, give_body, len, 0), QW_ERR_FORMAT);
        }
    }
    for (size_t len = 0; len <= sizeof given_body; len++) { /* nothing was asked for either */
        assert_int_equal(say(1, QW_LINK_FEED_GIVEN, given_body, len, 0), QW_ERR_FORMAT);
    }
    assert_int_equal(say(0, QW_LINK_FEED_GIVE, give_body, QW_LINK_FEED_GIVE_LEN, 4), QW_ERR_FORMAT);
    assert_int_equal(say(1, QW_LINK_FEED_GIVE, give_body, QW_LINK_FEED_GIVE_LEN, 0), QW_ERR_FORMAT);
    qw_store_u32be(give_body + 24, 101); /* more than there is */
    assert_int_equal(say(0, QW_LINK_FEED_GIVE, give_body, QW_LINK_FEED_GIVE_LEN, 0), QW_ERR_FORMAT);
    qw_store_u32be(give_body + 24, 0);
    qw_store_u32be(give_body + 20, QW_LINK_FEED_KEY_MAX + 1);
    assert_int_equal(say(0, QW_LINK_FEED_GIVE, give_body, QW_LINK_FEED_GIVE_LEN, 0), QW_ERR_FORMAT);
    qw_store_u32be(give_body + 20, 100);
    assert_int_equal(say(0, QW_LINK_FEED_GIVE, give_body, QW_LINK_FEED_GIVE_LEN, 0), QW_OK);
    assert_int_equal(say(0, QW_LINK_FEED_GIVE, give_body, QW_LINK_FEED_GIVE_LEN, 0), QW_ERR_FORMAT);
    assert_int_equal(end_of(1, QW_NODE_OUT), START);
}

/* Every bit of GIVEN but one that says yes: another label, or no answer at all. */
static void every_flip_of_an_answer_is_refused(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * QW_LINK_FEED_GIVEN_LEN; bit++) {
        uint8_t body[QW_LINK_FEED_GIVEN_LEN];

        if (bit == 8 * (QW_LINK_FEED_GIVEN_LEN - 1)) {
            continue; /* 1 becomes 0: a no */
        }
        if (bit > 0) {
            (void)tear_down(NULL);
            (void)set_up(NULL);
        }
        connect_and_run();
        (void)give(0, 0);
        assert_int_equal(qw_link_feed_turn(side[0].feed, 0), QW_OK);
        memset(body, session, QW_HANDOVER_SESSION_LEN);
        memset(body + QW_HANDOVER_SESSION_LEN, 0, 4);
        body[sizeof body - 1] = 1;
        body[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(say(1, QW_LINK_FEED_GIVEN, body, sizeof body, 0), QW_ERR_FORMAT);
        assert_int_equal(end_of(0, QW_NODE_OUT), START);
    }
}

/* No memory, or a disk that takes no mark: the key is not kept, and comes in whole the next time.
 */
static void what_cannot_be_kept_is_not_taken(void **state)
{
    uint8_t bytes[KEY_LEN] = { 1 };
    const struct qw_handover_key key = { .key = bytes, .len = sizeof bytes, .errors_ppm = 10000 };
    struct qw_link_feed *feed = NULL;
    qw_err err = QW_ERR_NOMEM;
    int failures = -1;

    (void)state;
    for (int n = 1; err != QW_OK; n++, failures++) {
        enum qw_handover_result result = QW_HANDOVER_NO_ROOM;

        assert_true(n < 10);
        fail_nth = n;
        err = qw_link_feed_take(side[0].feed, &key, &result);
        fail_nth = 0;
        assert_int_equal(result, err == QW_OK ? QW_HANDOVER_TAKEN : QW_HANDOVER_NO_ROOM);
    }
    assert_int_equal(failures, 2); /* the key's memory, the mark */
    fail_nth = 1;
    assert_int_equal(qw_link_feed_new(&side[0].feed_config, &feed), QW_ERR_NOMEM);
    fail_nth = 0;
    assert_null(feed);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        (void)unlink(side[i].mark_path);
    }
    return rmdir(folder);
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(a_key_stands_at_the_same_place_at_both),
        EACH(bob_first_is_as_good),
        EACH(a_key_is_taken_once_also_after_a_restart),
        EACH(a_key_that_only_one_node_has_is_given_up),
        EACH(the_stream_that_holds_less_gets_more),
        EACH(a_full_pool_takes_no_more),
        cmocka_unit_test(a_session_that_breaks_at_any_step),
        cmocka_unit_test(a_node_that_dies_at_any_step),
        EACH(a_lying_neighbour_is_refused),
        EACH(what_cannot_be_kept_is_not_taken),
        EACH(every_flip_of_an_answer_is_refused),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
