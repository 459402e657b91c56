/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q2 Q3 Q7 */
#include "qkd/node/simulated_feed.h"
#include "qkd/relay/hello.h"
#include "qkd/relay/mesh.h"

#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CAPACITY = 4096, LEASE = 256, RING_AT = 12288, DISK_LEN = RING_AT + 2 * CAPACITY };
static const struct qw_mesh_link one_link[] = { { 0, 1 } };

/* What the listener does with the n-th message from a node. */
static struct {
    uint32_t from;
    size_t at, seen; /* counted from 1; at 0: nothing */
    bool is_deaf;    /* nothing from there arrives */
    size_t flip;     /* byte; SIZE_MAX: put an older message in its place */
    uint8_t kept[256];
    size_t kept_len;
} fault;

static bool tamper(void *self, uint32_t from, uint32_t to, uint8_t *message, size_t len)
{
    (void)self;
    (void)to;
    if (from != fault.from) {
        return true;
    }
    if (fault.is_deaf) {
        return false;
    }
    fault.seen++;
    if (fault.seen == fault.at && fault.flip == SIZE_MAX) {
        assert_int_equal(len, fault.kept_len);
        memcpy(message, fault.kept, len);
    } else if (fault.seen == fault.at && fault.flip < len) {
        message[fault.flip] ^= 0x10;
    }
    if (fault.seen + 1 == fault.at && len <= sizeof fault.kept) {
        memcpy(fault.kept, message, len);
        fault.kept_len = len;
    }
    return true;
}

static struct qw_mesh *new_mesh(int64_t age_ms)
{
    const struct qw_mesh_config config = { .nodes = 2,
                                           .links = one_link,
                                           .links_count = 1,
                                           .source = 0,
                                           .target = 1,
                                           .batch_len_max = 64,
                                           .batches_max = 2,
                                           .capacity = CAPACITY,
                                           .lease = LEASE,
                                           .seed = 9,
                                           .timeout_ms = 1000,
                                           .age_ms = age_ms,
                                           .on_wire = tamper };
    struct qw_mesh *mesh = NULL;

    memset(&fault, 0, sizeof fault);
    assert_int_equal(qw_mesh_new(&config, &mesh), QW_OK);
    return mesh;
}

static bool is_up(struct qw_mesh *mesh)
{
    return qw_hop_status(qw_mesh_hop(mesh, 0, 1)) == QW_HOP_UP &&
           qw_hop_status(qw_mesh_hop(mesh, 1, 0)) == QW_HOP_UP;
}

static struct qw_node_state state_of(struct qw_mesh *mesh, uint32_t node, enum qw_node_direction d)
{
    return qw_node_pool_state(qw_hop_pool(qw_mesh_hop(mesh, node, 1 - node)), d);
}

static void check_in_step(struct qw_mesh *mesh)
{
    assert_true(is_up(mesh));
    for (uint32_t node = 0; node < 2; node++) {
        struct qw_node_state out = state_of(mesh, node, QW_NODE_OUT);
        struct qw_node_state in = state_of(mesh, 1 - node, QW_NODE_IN);

        assert_int_equal(out.position, in.position);
        assert_int_equal(out.end, in.end);
        assert_int_equal(out.raw, 0);
        assert_int_equal(in.raw, 0);
    }
    assert_int_equal(qw_mesh_report(mesh).reused_pad_bits, 0);
}

static void send_some(struct qw_mesh *mesh)
{
    const struct qw_relay_path path = { 2, { 0, 1 } };
    uint64_t before = qw_mesh_report(mesh).delivered_keys;

    assert_int_equal(qw_mesh_request(mesh, &path, 2, 32), QW_OK);
    qw_mesh_run(mesh);
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, before + 2);
    assert_int_equal(qw_mesh_report(mesh).mismatched_keys, 0);
}

static void a_session_opens_and_both_ends_are_in_step(void **state)
{
    struct qw_mesh *mesh = new_mesh(0);

    (void)state;
    check_in_step(mesh);
    assert_int_equal(state_of(mesh, 0, QW_NODE_OUT).used, QW_HOP_OPEN_USE_LEN);
    send_some(mesh);
    check_in_step(mesh);
    qw_mesh_free(mesh);
}

/* Every byte of the three messages of each end that begin a session. [H2 H4] */
static void a_session_that_was_meddled_with_does_not_open(void **state)
{
    static const size_t lens[] = { QW_HELLO_LEN, QW_MEET_LEN, QW_OPEN_LEN };
    struct qw_mesh *mesh = new_mesh(0);

    (void)state;
    for (uint32_t node = 0; node < 2; node++) {
        for (size_t n = 0; n < 3; n++) {
            for (size_t byte = 0; byte < lens[n]; byte++) {
                uint64_t before = state_of(mesh, 0, QW_NODE_OUT).position;

                memset(&fault, 0, sizeof fault);
                fault.from = node;
                fault.at = n + 1;
                fault.flip = byte;
                (void)!qw_mesh_join(mesh, 0);
                assert_false(is_up(mesh));
                assert_int_not_equal(qw_hop_status(qw_mesh_hop(mesh, 0, 1)), QW_HOP_QUARANTINED);
                assert_int_not_equal(qw_hop_status(qw_mesh_hop(mesh, 1, 0)), QW_HOP_QUARANTINED);
                if (n < 1) { /* S5 */
                    assert_int_equal(state_of(mesh, 0, QW_NODE_OUT).position, before);
                }
            }
        }
        fault.at = 0;
        assert_int_equal(qw_mesh_feed(mesh, CAPACITY / 2), QW_OK);
        assert_int_equal(qw_mesh_join(mesh, 0), QW_OK);
        check_in_step(mesh);
    }
    qw_mesh_free(mesh);
}

/* RESERVE and DATA on their way, byte by byte. [S2] */
static void every_flip_is_refused(void **state)
{
    const struct qw_relay_path path = { 2, { 0, 1 } };
    static const size_t lens[] = { QW_HOP_FRAME_LEN + 12 + 4 + 2 + 8 + 1 + 1 + 8,
                                   QW_HOP_FRAME_LEN + QW_RELAY_TAGGED_LEN + 64 };
    struct qw_mesh *mesh = new_mesh(0);
    uint64_t refused = 0;

    (void)state;
    for (size_t n = 0; n < 2; n++) {
        for (size_t byte = 0; byte < lens[n]; byte++) {
            memset(&fault, 0, sizeof fault);
            assert_int_equal(qw_mesh_feed(mesh, CAPACITY), QW_OK);
            assert_int_equal(qw_mesh_join(mesh, 0), QW_OK);
            memset(&fault, 0, sizeof fault);
            fault.at = n + 1;
            fault.flip = byte;
            assert_int_equal(qw_mesh_request(mesh, &path, 2, 32), QW_OK);
            qw_mesh_run(mesh);
            assert_int_equal(qw_mesh_report(mesh).refused, ++refused);
            qw_mesh_wait(mesh, 1000);
            assert_int_equal(qw_mesh_join(mesh, 0), QW_OK);
            qw_mesh_wait(mesh, 1000);
        }
    }
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, 0);
    fault.at = 0;
    assert_int_equal(qw_mesh_feed(mesh, CAPACITY), QW_OK);
    send_some(mesh);
    check_in_step(mesh);
    qw_mesh_free(mesh);
}

static void a_repeated_message_is_refused(void **state)
{
    struct qw_mesh *mesh = new_mesh(0);
    const struct qw_relay_path path = { 2, { 0, 1 } };

    (void)state;
    memset(&fault, 0, sizeof fault);
    fault.at = 2; /* two of equal length: the second is replaced by the first */
    fault.flip = SIZE_MAX;
    assert_int_equal(qw_mesh_request(mesh, &path, 2, 32), QW_OK);
    assert_int_equal(qw_mesh_request(mesh, &path, 2, 32), QW_OK);
    qw_mesh_run(mesh);
    assert_int_equal(qw_mesh_report(mesh).refused, 1);
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, 0);
    qw_mesh_free(mesh);
}

static void copy_disk(struct qw_mesh *mesh, uint32_t node, uint8_t *bytes, bool is_back)
{
    struct qw_node_disk disk = qw_node_memory_disk(qw_mesh_disk(mesh, node, 1 - node));

    assert_int_equal(is_back ? disk.write(disk.self, 0, bytes, DISK_LEN)
                             : disk.read(disk.self, 0, bytes, DISK_LEN),
                     QW_OK);
}

/* The node with an older copy stands up: all of what it sends with is given up, and only that. */
static void check_is_given_up(struct qw_mesh *mesh, uint32_t node)
{
    uint64_t end = state_of(mesh, 1 - node, QW_NODE_IN).end;
    uint64_t in = state_of(mesh, 1 - node, QW_NODE_OUT).position;

    assert_int_equal(qw_mesh_crash(mesh, node), QW_OK);
    assert_false(is_up(mesh)); /* nothing is left to open a session with */
    assert_int_equal(state_of(mesh, node, QW_NODE_OUT).position, end);
    assert_int_equal(state_of(mesh, node, QW_NODE_IN).position, in);
    assert_int_equal(qw_mesh_report(mesh).reused_pad_bits, 0);
    for (int i = 0; i < 2; i++) { /* the first time both agree on what both have appended */
        assert_int_equal(qw_mesh_feed(mesh, CAPACITY / 2), QW_OK);
        assert_int_equal(qw_mesh_join(mesh, 0), QW_OK);
    }
    qw_mesh_wait(mesh, 1000); /* batches of before are given up */
    check_in_step(mesh);
    assert_true(state_of(mesh, 1 - node, QW_NODE_IN).position >= end);
    send_some(mesh);
    check_in_step(mesh);
}

static void an_older_copy_put_back_repeats_nothing(void **state)
{
    uint8_t *copy = malloc(DISK_LEN);

    (void)state;
    assert_non_null(copy);
    for (uint32_t node = 0; node < 2; node++) {
        struct qw_mesh *mesh = new_mesh(0);

        copy_disk(mesh, node, copy, false);
        for (int i = 0; i < 10; i++) {
            send_some(mesh);
        }
        assert_int_equal(qw_mesh_feed(mesh, CAPACITY / 2), QW_OK);
        qw_mesh_run(mesh);
        copy_disk(mesh, node, copy, true);
        check_is_given_up(mesh, node);
        qw_mesh_free(mesh);
    }
    free(copy);
}

/* The neighbour cannot know how far it went. */
static void an_older_copy_repeats_nothing_that_never_arrived(void **state)
{
    const struct qw_relay_path path = { 2, { 0, 1 } };
    uint8_t *copy = malloc(DISK_LEN);

    (void)state;
    assert_non_null(copy);
    for (uint32_t node = 0; node < 2; node++) {
        struct qw_mesh *mesh = new_mesh(0);

        copy_disk(mesh, node, copy, false);
        for (int i = 0; i < 10; i++) {
            send_some(mesh);
        }
        fault.from = node;
        fault.is_deaf = true;
        assert_int_equal(qw_mesh_request(mesh, &path, 2, 32), QW_OK);
        assert_int_equal(qw_mesh_request(mesh, &path, 2, 32), QW_OK);
        qw_mesh_run(mesh);
        fault.is_deaf = false;
        copy_disk(mesh, node, copy, true);
        check_is_given_up(mesh, node);
        qw_mesh_free(mesh);
    }
    free(copy);
}

/* Whoever receives may have taken less than its lease: nothing was put back. */
static void a_crash_of_either_end_costs_a_lease_at_most(void **state)
{
    (void)state;
    for (uint32_t node = 0; node < 2; node++) {
        struct qw_mesh *mesh = new_mesh(0);

        send_some(mesh);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(qw_mesh_crash(mesh, node), QW_OK);
            check_in_step(mesh);
        }
        send_some(mesh);
        assert_true(state_of(mesh, node, QW_NODE_OUT).lost <= 3 * LEASE);
        assert_true(state_of(mesh, node, QW_NODE_IN).lost <= 3 * LEASE);
        qw_mesh_free(mesh);
    }
}

static void streams_that_differ_are_quarantined(void **state)
{
    struct qw_mesh *mesh = new_mesh(0);
    uint8_t *copy = malloc(DISK_LEN);

    (void)state;
    assert_non_null(copy);
    copy_disk(mesh, 1, copy, false);
    copy[RING_AT + 1000] ^= 1; /* of its out stream */
    copy_disk(mesh, 1, copy, true);
    assert_int_equal(qw_mesh_crash(mesh, 1), QW_OK);
    assert_false(is_up(mesh));
    assert_int_equal(qw_hop_status(qw_mesh_hop(mesh, 0, 1)), QW_HOP_QUARANTINED);
    assert_int_equal(qw_hop_start(qw_mesh_hop(mesh, 0, 1)), QW_ERR_REFUSED);
    assert_int_equal(qw_hop_status(qw_mesh_hop(mesh, 0, 1)), QW_HOP_QUARANTINED);
    free(copy);
    qw_mesh_free(mesh);
}

static void new_stock_that_differs_is_quarantined(void **state)
{
    struct qw_mesh *mesh = new_mesh(0);
    uint8_t *copy = malloc(DISK_LEN);
    uint64_t end = state_of(mesh, 1, QW_NODE_IN).end;

    (void)state;
    assert_non_null(copy);
    assert_int_equal(qw_mesh_feed_end(mesh, 1, 0, CAPACITY), QW_OK);
    copy_disk(mesh, 1, copy, false);
    copy[RING_AT + CAPACITY + (end + 10) % CAPACITY] ^= 1; /* of its in stream */
    copy_disk(mesh, 1, copy, true);
    assert_int_equal(qw_mesh_feed_end(mesh, 0, 1, CAPACITY), QW_OK);
    qw_mesh_run(mesh);
    assert_int_equal(qw_hop_status(qw_mesh_hop(mesh, 1, 0)), QW_HOP_QUARANTINED);
    free(copy);
    qw_mesh_free(mesh);
}

static void stock_counts_when_both_ends_hold_it(void **state)
{
    struct qw_mesh *mesh = new_mesh(0);
    uint64_t end = state_of(mesh, 0, QW_NODE_OUT).end;

    (void)state;
    assert_int_equal(qw_mesh_feed_end(mesh, 0, 1, CAPACITY), QW_OK);
    qw_mesh_run(mesh);
    assert_true(state_of(mesh, 0, QW_NODE_OUT).end > end);
    assert_true(state_of(mesh, 0, QW_NODE_OUT).raw > 0);
    assert_int_equal(state_of(mesh, 0, QW_NODE_IN).raw, state_of(mesh, 0, QW_NODE_IN).end - end);
    assert_int_equal(qw_mesh_feed_end(mesh, 1, 0, CAPACITY), QW_OK);
    qw_mesh_run(mesh);
    assert_int_equal(qw_mesh_feed(mesh, CAPACITY), QW_OK); /* what STOCK itself used up */
    qw_mesh_run(mesh);
    check_in_step(mesh);
    qw_mesh_free(mesh);
}

/* Clocks of a schedule differ a little: one end makes up what the other has announced. */
static void an_end_that_has_less_follows_the_other(void **state)
{
    const struct qw_simulated_feed feed = { 9, 0, 1 };
    struct qw_mesh *mesh = new_mesh(0);
    struct qw_hop *hop = qw_mesh_hop(mesh, 1, 0);
    uint64_t before = state_of(mesh, 1, QW_NODE_OUT).end;
    uint64_t end;

    (void)state;
    assert_int_equal(qw_hop_announced(hop), 0);
    assert_int_equal(qw_mesh_feed_end(mesh, 0, 1, CAPACITY - 300), QW_OK);
    qw_mesh_run(mesh);
    end = state_of(mesh, 0, QW_NODE_OUT).end;
    assert_int_equal(qw_hop_announced(hop), end);
    assert_int_equal(qw_simulated_feed_follow(&feed, qw_hop_pool(hop), end, 0), QW_OK);
    assert_int_equal(state_of(mesh, 1, QW_NODE_IN).end, end);
    assert_int_equal(state_of(mesh, 1, QW_NODE_OUT).end, before); /* that stream alone */
    assert_int_equal(qw_hop_appended(hop), QW_OK);
    qw_mesh_run(mesh);
    assert_int_equal(qw_hop_announced(hop), 0);
    assert_int_equal(state_of(mesh, 0, QW_NODE_OUT).raw, 0);
    assert_true(is_up(mesh));
    /* as much as there is room for, and nothing twice */
    assert_int_equal(qw_simulated_feed_follow(&feed, qw_hop_pool(hop), end, 0), QW_OK);
    assert_int_equal(state_of(mesh, 1, QW_NODE_IN).end, end);
    assert_int_equal(qw_simulated_feed_follow(&feed, qw_hop_pool(hop), end + 10 * CAPACITY, 0),
                     QW_OK);
    assert_int_equal(state_of(mesh, 1, QW_NODE_IN).end,
                     state_of(mesh, 1, QW_NODE_IN).position + CAPACITY);
    qw_hop_stop(hop);
    assert_int_equal(qw_hop_announced(hop), 0);
    qw_mesh_free(mesh);
}

static void another_meeting_key_uses_nothing_up(void **state)
{
    const struct qw_node_pool_head head = { 1, 0, CAPACITY, LEASE, true, { 77 } };
    struct qw_mesh *mesh = new_mesh(0);
    struct qw_node_disk disk = qw_node_memory_disk(qw_mesh_disk(mesh, 1, 0));
    uint64_t before = state_of(mesh, 0, QW_NODE_OUT).position;

    (void)state;
    assert_int_equal(qw_node_pool_format(&disk, &head), QW_OK);
    assert_int_equal(qw_mesh_crash(mesh, 1), QW_OK);
    assert_false(is_up(mesh));
    assert_int_equal(qw_mesh_report(mesh).refused, 1);
    assert_int_equal(state_of(mesh, 0, QW_NODE_OUT).position, before);
    qw_mesh_free(mesh);
}

static void an_empty_pool_opens_no_session_until_it_is_fed(void **state)
{
    struct qw_mesh *mesh = new_mesh(0);

    (void)state;
    for (int i = 0; i < 200; i++) { /* each session costs 28 bytes of each stream */
        (void)!qw_mesh_join(mesh, 0);
    }
    assert_false(is_up(mesh));
    assert_true(state_of(mesh, 0, QW_NODE_OUT).stored < QW_HOP_OPEN_USE_LEN);
    assert_int_equal(qw_mesh_feed(mesh, CAPACITY / 2), QW_OK);
    assert_int_equal(qw_mesh_join(mesh, 0), QW_OK);
    check_in_step(mesh);
    qw_mesh_free(mesh);
}

static void what_is_old_is_given_up_at_both_ends(void **state)
{
    struct qw_mesh *mesh = new_mesh(3200);
    uint64_t end = state_of(mesh, 0, QW_NODE_OUT).end;

    (void)state;
    qw_mesh_wait(mesh, 3000);
    assert_int_equal(state_of(mesh, 0, QW_NODE_OUT).aged, 0);
    assert_int_equal(qw_mesh_feed(mesh, CAPACITY), QW_OK);
    qw_mesh_run(mesh);
    qw_mesh_wait(mesh, 1000);
    check_in_step(mesh);
    assert_int_equal(state_of(mesh, 0, QW_NODE_OUT).position, end);
    assert_true(state_of(mesh, 0, QW_NODE_OUT).aged > 0);
    assert_int_equal(state_of(mesh, 0, QW_NODE_OUT).aged, state_of(mesh, 1, QW_NODE_IN).aged);
    send_some(mesh);
    qw_mesh_free(mesh);
}

/* The neighbour on another connection, from a copy of its disk; keeps what it says last. */
struct twin {
    struct qw_node_memory *memory;
    struct qw_node_pool *pool;
    struct qw_hop *hop;
    uint8_t said[QW_HELLO_LEN];
    size_t said_len;
};

static qw_err twin_says(void *self, const uint8_t *message, size_t len)
{
    struct twin *twin = self;

    assert_true(len <= sizeof twin->said);
    memcpy(twin->said, message, len);
    twin->said_len = len;
    return QW_OK;
}

static void make_twin(struct qw_mesh *mesh, uint32_t node, struct twin *twin)
{
    static const struct qw_node_limits limits;
    uint8_t *copy = malloc(DISK_LEN);
    struct qw_hop_config config = { .self = twin, .send = twin_says };
    struct qw_node_disk disk;

    assert_non_null(copy);
    copy_disk(mesh, node, copy, false);
    assert_int_equal(qw_node_memory_new(DISK_LEN, &twin->memory), QW_OK);
    disk = qw_node_memory_disk(twin->memory);
    assert_int_equal(disk.write(disk.self, 0, copy, DISK_LEN), QW_OK);
    free(copy);
    assert_int_equal(qw_node_pool_open(&disk, &limits, &twin->pool), QW_OK);
    config.pool = twin->pool;
    assert_int_equal(qw_hop_new(&config, &twin->hop), QW_OK);
}

static void free_twin(struct twin *twin)
{
    qw_hop_free(twin->hop);
    qw_node_pool_abandon(twin->pool);
    qw_node_memory_free(twin->memory);
}

/* [H7] */
static void only_the_neighbour_itself_proves_another_connection(void **state)
{
    struct qw_mesh *mesh = new_mesh(0);
    struct qw_hop *hop = qw_mesh_hop(mesh, 1, 0);
    struct qw_hop_rival rival, later;
    struct qw_hop_message opened;
    struct twin twin;

    (void)state;
    make_twin(mesh, 0, &twin);
    assert_int_equal(qw_hop_start(twin.hop), QW_OK);
    assert_int_equal(qw_hop_doubt(hop, twin.said, twin.said_len - 1, &rival), QW_ERR_FORMAT);
    assert_int_equal(qw_hop_doubt(qw_mesh_hop(mesh, 0, 1), twin.said, twin.said_len, &rival),
                     QW_ERR_AUTH); /* of this node itself */
    assert_int_equal(qw_hop_doubt(hop, twin.said, twin.said_len, &rival), QW_OK);
    assert_int_equal(qw_hop_doubt(hop, twin.said, twin.said_len, &later), QW_OK);
    assert_int_equal(qw_hop_prove_rival(hop, &rival, rival.peer, sizeof rival.peer), QW_ERR_AUTH);
    memcpy(later.peer, rival.own, sizeof rival.own); /* the twin's buffer goes */
    assert_int_equal(qw_hop_receive(twin.hop, later.peer, sizeof later.peer, &opened), QW_OK);
    memcpy(later.peer, rival.peer, sizeof later.peer);
    assert_int_equal(twin.said_len, QW_MEET_LEN);
    assert_int_equal(qw_hop_prove_rival(hop, &rival, twin.said, QW_MEET_LEN), QW_OK);
    assert_int_equal(qw_hop_prove_rival(hop, &later, twin.said, QW_MEET_LEN), QW_ERR_AUTH);
    assert_int_equal(qw_hop_prove_rival(hop, &rival, twin.said, QW_MEET_LEN - 1), QW_ERR_AUTH);
    for (size_t byte = 0; byte < QW_MEET_LEN; byte++) {
        twin.said[byte] ^= 1;
        assert_int_equal(qw_hop_prove_rival(hop, &rival, twin.said, QW_MEET_LEN), QW_ERR_AUTH);
        twin.said[byte] ^= 1;
    }
    send_some(mesh); /* the session has not felt anything */
    check_in_step(mesh);
    free_twin(&twin);
    qw_mesh_free(mesh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_opens_and_both_ends_are_in_step),
        cmocka_unit_test(a_session_that_was_meddled_with_does_not_open),
        cmocka_unit_test(every_flip_is_refused),
        cmocka_unit_test(a_repeated_message_is_refused),
        cmocka_unit_test(an_older_copy_put_back_repeats_nothing),
        cmocka_unit_test(an_older_copy_repeats_nothing_that_never_arrived),
        cmocka_unit_test(a_crash_of_either_end_costs_a_lease_at_most),
        cmocka_unit_test(streams_that_differ_are_quarantined),
        cmocka_unit_test(new_stock_that_differs_is_quarantined),
        cmocka_unit_test(stock_counts_when_both_ends_hold_it),
        cmocka_unit_test(an_end_that_has_less_follows_the_other),
        cmocka_unit_test(another_meeting_key_uses_nothing_up),
        cmocka_unit_test(an_empty_pool_opens_no_session_until_it_is_fed),
        cmocka_unit_test(what_is_old_is_given_up_at_both_ends),
        cmocka_unit_test(only_the_neighbour_itself_proves_another_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
