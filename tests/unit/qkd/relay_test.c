/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q3 Q2 Q7 */
#define _GNU_SOURCE
#include "qkd/relay/mesh.h"

#include "base/bytes.h"
#include "base/prng.h"
#include "support/test_seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    KEYS = 16,
    KEY_LEN = 32,
    LEN = KEYS * KEY_LEN,
    CAPACITY = 1 << 14,
    FLOOR = CAPACITY / 16,
    TIMEOUT_MS = 1000
};

/* A relay that is not honest: alters what it passes on, under tags that are right. */
static bool alters;
/* One that names marks and positions of its own, in messages that are its own anyway: an honest hop
 * cannot tell. 0: none. */
static uint8_t forge_type;
static uint64_t forged; /* end mark, or position of an end tag */
/* A source that forgets the pad; and what it has put under it, or should have. */
static bool forgets_pad;
static uint8_t sealed_key[LEN];
static size_t sealed;
qw_err __real_qw_hop_seal(struct qw_hop *hop, uint8_t type, uint8_t *message, size_t body_len,
                          size_t secret_len, const uint8_t *pad_in);
qw_err __wrap_qw_hop_seal(struct qw_hop *hop, uint8_t type, uint8_t *message, size_t body_len,
                          size_t secret_len, const uint8_t *pad_in);
qw_err __wrap_qw_hop_seal(struct qw_hop *hop, uint8_t type, uint8_t *message, size_t body_len,
                          size_t secret_len, const uint8_t *pad_in)
{
    if (forge_type != 0 && type == forge_type) {
        size_t at =
            type == QW_RELAY_RESERVE ? QW_RELAY_BATCH_ID_LEN + 4 + 2 + 1 : QW_RELAY_BATCH_ID_LEN;

        qw_store_u64be(message + QW_HOP_HEAD_LEN + at, forged);
    }
    if (alters && pad_in != NULL) {
        message[QW_HOP_HEAD_LEN + body_len - 1] ^= 1;
    }
    if (type == QW_RELAY_DATA && pad_in == NULL && secret_len == LEN) {
        memcpy(sealed_key, message + QW_HOP_HEAD_LEN + body_len - LEN, LEN);
        sealed++;
        secret_len = forgets_pad ? 0 : LEN;
    }
    return __real_qw_hop_seal(hop, type, message, body_len, secret_len, pad_in);
}

static struct qw_mesh_config line_config(struct qw_mesh_link *links, uint32_t nodes)
{
    for (uint32_t i = 0; i + 1 < nodes; i++) {
        links[i] = (struct qw_mesh_link){ i, i + 1 };
    }
    return (struct qw_mesh_config){ .nodes = nodes,
                                    .links = links,
                                    .links_count = nodes - 1,
                                    .source = 0,
                                    .target = nodes - 1,
                                    .batch_len_max = LEN,
                                    .batches_max = 4,
                                    .capacity = CAPACITY,
                                    .lease = 2048,
                                    .seed = 5,
                                    .timeout_ms = TIMEOUT_MS };
}

static struct qw_mesh *new_line(uint32_t nodes)
{
    struct qw_mesh_link links[QW_MESH_NODES_MAX];
    struct qw_mesh_config config = line_config(links, nodes);
    struct qw_mesh *mesh = NULL;

    assert_int_equal(qw_mesh_new(&config, &mesh), QW_OK);
    return mesh;
}

static struct qw_relay_path line_path(uint32_t nodes)
{
    struct qw_relay_path path = { .nodes = (uint8_t)nodes };

    for (uint32_t i = 0; i < nodes; i++) {
        path.node[i] = i;
    }
    return path;
}

static void check_states(struct qw_mesh *mesh, uint32_t nodes)
{
    for (uint32_t i = 0; i + 1 < nodes; i++) {
        for (uint32_t j = 0; j < 2; j++) {
            struct qw_node_pool *pool = qw_hop_pool(qw_mesh_hop(mesh, i + j, i + 1 - j));

            for (int d = QW_NODE_OUT; d <= QW_NODE_IN; d++) {
                struct qw_node_state s = qw_node_pool_state(pool, (enum qw_node_direction)d);

                assert_int_equal(s.raw + s.stored + s.reserved + s.used + s.lost + s.aged, s.end);
                assert_int_equal(s.reserved, 0);
            }
        }
    }
}

static void keys_arrive_over_any_number_of_hops(void **state)
{
    static const uint32_t lines[] = { 2, 3, 4, 5, 32 };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct qw_mesh *mesh = new_line(lines[i]);
        struct qw_relay_path path = line_path(lines[i]);

        for (size_t n = 0; n < 5; n++) {
            assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
            qw_mesh_run(mesh);
        }
        assert_int_equal(qw_mesh_request(mesh, &path, 1, 1), QW_OK);
        assert_int_equal(qw_mesh_request(mesh, &path, 1, 7), QW_OK); /* both on their way at once */
        qw_mesh_run(mesh);
        assert_int_equal(qw_mesh_report(mesh).delivered_keys, 5 * KEYS + 2);
        assert_int_equal(qw_mesh_report(mesh).mismatched_keys, 0);
        assert_int_equal(qw_mesh_report(mesh).voided, 0);
        check_states(mesh, lines[i]);
        qw_mesh_free(mesh);
    }
}

static void every_bit_is_accounted_for(void **state)
{
    struct qw_mesh *mesh = new_line(3);
    struct qw_relay_path path = line_path(3);
    struct qw_hop_account a;
    struct qw_node_state s;

    (void)state;
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
    qw_mesh_run(mesh);
    a = qw_hop_account(qw_mesh_hop(mesh, 1, 2)); /* RESERVE and DATA */
    assert_int_equal(a.messages, 2);
    assert_int_equal(a.pad_bits, 8 * LEN);
    assert_int_equal(a.tag_bits, 2 * 96);
    assert_int_equal(a.session_bits, 8 * 28);
    s = qw_node_pool_state(qw_hop_pool(qw_mesh_hop(mesh, 1, 2)), QW_NODE_OUT);
    assert_int_equal(8 * s.used, a.pad_bits + a.tag_bits + a.session_bits);
    a = qw_hop_account(qw_mesh_hop(mesh, 2, 1)); /* RESERVED and CONFIRM */
    assert_int_equal(a.pad_bits, 0);
    assert_int_equal(a.tag_bits, 2 * 96);
    assert_int_equal(qw_relay_counters(qw_mesh_relay(mesh, 0)).end_tag_bits, 8 * 28);
    assert_int_equal(qw_relay_counters(qw_mesh_relay(mesh, 2)).end_tag_bits, 8 * 28);
    qw_mesh_free(mesh);
}

struct tap {
    uint8_t secret[8][LEN]; /* as seen on the wire */
    size_t seen, in_clear;
    uint8_t drop_type; /* messages of it are lost; 0: none */
};

static bool listen_in(void *self, uint32_t from, uint32_t to, uint8_t *message, size_t len)
{
    struct tap *tap = self;

    (void)from;
    (void)to;
    for (size_t i = 0; sealed > 0 && i + 8 <= LEN; i += 8) {
        tap->in_clear += memmem(message, len, sealed_key + i, 8) != NULL;
    }
    if (message[0] == QW_RELAY_DATA && tap->seen < 8) {
        memcpy(tap->secret[tap->seen++], message + len - QW_HOP_TAG_LEN - LEN, LEN);
    }
    return message[0] != tap->drop_type;
}

/* One batch over three hops, listened to. Returns the keys delivered. */
static uint64_t overheard(struct tap *tap)
{
    struct qw_mesh_link links[QW_MESH_NODES_MAX];
    struct qw_mesh_config config = line_config(links, 4);
    struct qw_relay_path path = line_path(4);
    struct qw_mesh *mesh = NULL;
    uint64_t delivered;

    sealed = 0;
    config.on_wire = listen_in;
    config.self = tap;
    assert_int_equal(qw_mesh_new(&config, &mesh), QW_OK);
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
    qw_mesh_run(mesh);
    assert_int_equal(sealed, 1); /* the listener knows what to look for */
    delivered = qw_mesh_report(mesh).delivered_keys;
    qw_mesh_free(mesh);
    return delivered;
}

static void the_wire_shows_no_key(void **state)
{
    struct tap tap = { .seen = 0 };

    (void)state;
    assert_int_equal(overheard(&tap), KEYS);
    assert_int_equal(tap.seen, 3);
    assert_int_equal(tap.in_clear, 0);
    for (size_t i = 0; i < 3; i++) { /* one key, and nothing of it is the same twice */
        for (size_t j = 0; j < i; j++) {
            for (size_t at = 0; at + 8 <= LEN; at += 8) {
                assert_memory_not_equal(tap.secret[i] + at, tap.secret[j] + at, 8);
            }
        }
    }
}

static void a_key_on_the_wire_is_seen(void **state)
{
    struct tap tap = { .seen = 0 };

    (void)state;
    forgets_pad = true;
    assert_int_equal(overheard(&tap), 0);
    forgets_pad = false;
    assert_int_equal(tap.in_clear, LEN / 8);
}

static void a_relay_that_alters_keys_is_noticed(void **state)
{
    struct qw_mesh *mesh = new_line(4);
    struct qw_relay_path path = line_path(4);

    (void)state;
    alters = true;
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
    qw_mesh_run(mesh); /* two relays: the bit is flipped back */
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, KEYS);
    qw_mesh_free(mesh);
    mesh = new_line(3);
    path = line_path(3);
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
    qw_mesh_run(mesh);
    alters = false;
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, 0);
    assert_int_equal(qw_mesh_report(mesh).voided, 1);
    assert_int_equal(qw_relay_counters(qw_mesh_relay(mesh, 2)).wrong_tags, 1);
    assert_int_equal(qw_relay_counters(qw_mesh_relay(mesh, 2)).received, 0);
    check_states(mesh, 3);
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
    qw_mesh_run(mesh);
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, KEYS);
    qw_mesh_free(mesh);
}

static uint64_t end_position(struct qw_mesh *mesh, uint32_t node, enum qw_node_direction d)
{
    struct qw_node_pool *pool = qw_mesh_end_pool(mesh, node);

    return qw_node_pool_state(pool, d).position;
}

/* However often it tries: the ends lose what their own tags take, and go on when it stops. */
static void a_relay_cannot_use_an_end_pool_up(void **state)
{
    static const uint8_t types[] = { QW_RELAY_RESERVE, QW_RELAY_RESERVED, QW_RELAY_DATA,
                                     QW_RELAY_CONFIRM };

    (void)state;
    for (size_t i = 0; i < sizeof types; i++) {
        struct qw_mesh *mesh = new_line(3);
        struct qw_relay_path path = line_path(3);
        uint64_t at[2][2];
        uint64_t limited = 0;
        uint64_t wrong_tags = 0;

        for (uint32_t end = 0; end < 2; end++) {
            for (int d = QW_NODE_OUT; d <= QW_NODE_IN; d++) {
                at[end][d] = end_position(mesh, 2 * end, (enum qw_node_direction)d);
            }
        }
        forge_type = types[i];
        /* the last tag's worth of the stream */
        forged = qw_node_pool_state(qw_mesh_end_pool(mesh, 0), QW_NODE_OUT).end - 28;
        for (size_t n = 0; n < 20; n++) {
            assert_int_equal(qw_mesh_request(mesh, &path, 1, 1), QW_OK);
            qw_mesh_run(mesh);
        }
        forge_type = 0;
        assert_int_equal(qw_mesh_report(mesh).delivered_keys, 0);
        for (uint32_t end = 0; end < 2; end++) {
            limited += qw_relay_counters(qw_mesh_relay(mesh, 2 * end)).limited;
            wrong_tags += qw_relay_counters(qw_mesh_relay(mesh, 2 * end)).wrong_tags;
            for (int d = QW_NODE_OUT; d <= QW_NODE_IN; d++) { /* 20 tags each, at most */
                assert_true(end_position(mesh, 2 * end, (enum qw_node_direction)d) <=
                            at[end][d] + 20 * 28);
            }
        }
        assert_int_equal(types[i] <= QW_RELAY_RESERVED ? limited : wrong_tags, 20);
        qw_mesh_wait(mesh, TIMEOUT_MS);
        assert_int_equal(qw_mesh_request(mesh, &path, 1, 1), QW_OK);
        qw_mesh_run(mesh);
        assert_int_equal(qw_mesh_report(mesh).delivered_keys, 1);
        if (types[i] <= QW_RELAY_RESERVED) { /* else the checker sees the forged position again */
            assert_int_equal(qw_mesh_report(mesh).reused_pad_bits, 0);
        }
        check_states(mesh, 3);
        qw_mesh_free(mesh);
    }
}

/* Marks just below what is allowed, one after the other: half of the pool is the most. */
static void marks_cost_half_of_an_end_pool_at_most(void **state)
{
    struct qw_mesh *mesh = new_line(3);
    struct qw_relay_path path = line_path(3);
    struct qw_node_state before = qw_node_pool_state(qw_mesh_end_pool(mesh, 0), QW_NODE_OUT);
    struct qw_node_state now = before;

    (void)state;
    forge_type = QW_RELAY_RESERVED;
    for (size_t n = 0; n < 50; n++) {
        forged = now.position + 6000;
        assert_int_equal(qw_mesh_request(mesh, &path, 1, 1), QW_OK);
        qw_mesh_run(mesh);
        now = qw_node_pool_state(qw_mesh_end_pool(mesh, 0), QW_NODE_OUT);
        assert_true(now.lost <= now.end / 2);
    }
    forge_type = 0;
    assert_true(now.lost > before.end / 2 - 6000);
    assert_true(qw_relay_counters(qw_mesh_relay(mesh, 0)).limited > 20);
    qw_mesh_wait(mesh, TIMEOUT_MS);
    before = now;
    assert_int_equal(qw_mesh_request(mesh, &path, 1, 1), QW_OK); /* the rest is there */
    qw_mesh_run(mesh);
    now = qw_node_pool_state(qw_mesh_end_pool(mesh, 0), QW_NODE_OUT);
    assert_int_equal(now.position, before.position + 28);
    assert_int_equal(qw_mesh_report(mesh).mismatched_keys, 0);
    qw_mesh_free(mesh);
}

/* Uses up a hop's stock by batches between its two nodes alone. */
static void an_empty_pool_on_one_hop_stops_the_batch_and_nothing_else(void **state)
{
    struct qw_mesh *mesh = new_line(4);
    struct qw_relay_path path = line_path(4);
    struct qw_node_pool *pool = qw_hop_pool(qw_mesh_hop(mesh, 2, 3));
    uint64_t stored = qw_node_pool_state(pool, QW_NODE_OUT).stored;

    (void)state;
    assert_int_equal(qw_node_pool_reserve(pool, QW_NODE_GOLD, stored - FLOOR - LEN), QW_OK);
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
    qw_mesh_run(mesh);
    assert_int_equal(qw_mesh_report(mesh).voided, 1);
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, 0);
    qw_node_pool_release(pool, stored - FLOOR - LEN);
    check_states(mesh, 4); /* the hops before it have their reservations back */
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
    qw_mesh_run(mesh);
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, KEYS);
    qw_mesh_free(mesh);
}

/* A pool that is low: the same batch is refused to bronze and silver, and gold gets it. */
static void what_is_left_to_a_better_class_is_kept_at_each_hop(void **state)
{
    static const enum qw_node_class classes[] = { QW_NODE_BRONZE, QW_NODE_SILVER, QW_NODE_GOLD };
    struct qw_relay_path path = line_path(4);

    (void)state;
    for (uint32_t at = 0; at < 3; at++) {
        struct qw_mesh *mesh = new_line(4);
        struct qw_node_pool *pool = qw_hop_pool(qw_mesh_hop(mesh, at, at + 1));
        uint64_t stored = qw_node_pool_state(pool, QW_NODE_OUT).stored;

        assert_int_equal(qw_node_pool_reserve(pool, QW_NODE_GOLD, stored - 2 * FLOOR - LEN / 2),
                         QW_OK);
        for (size_t i = 0; i < 3; i++) {
            qw_err err;

            qw_mesh_set_class(mesh, classes[i]);
            err = qw_mesh_request(mesh, &path, KEYS, KEY_LEN);
            assert_int_equal(err, at == 0 && i < 2 ? QW_ERR_EXHAUSTED : QW_OK);
            qw_mesh_run(mesh);
            assert_int_equal(qw_mesh_report(mesh).delivered_keys, i < 2 ? 0 : KEYS);
        }
        assert_int_equal(qw_mesh_report(mesh).voided, at == 0 ? 0 : 2);
        assert_int_equal(qw_relay_counters(qw_mesh_relay(mesh, at)).kept[QW_NODE_BRONZE], 1);
        assert_int_equal(qw_relay_counters(qw_mesh_relay(mesh, at)).kept[QW_NODE_SILVER], 1);
        assert_int_equal(qw_relay_counters(qw_mesh_relay(mesh, at)).kept[QW_NODE_GOLD], 0);
        qw_mesh_free(mesh);
    }
}

static void a_node_killed_at_any_step_leaves_no_half_batch(void **state)
{
    enum { NODES = 4 };
    struct qw_relay_path path = line_path(NODES);
    uint64_t halves = 0;

    (void)state;
    for (uint32_t node = 0; node < NODES; node++) {
        bool is_over = false;

        for (size_t steps = 0; !is_over; steps++) {
            struct qw_mesh *mesh = new_line(NODES);
            struct qw_mesh_report report;

            assert_true(steps < 100);
            assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
            for (size_t i = 0; i < steps && !is_over; i++) {
                is_over = !qw_mesh_step(mesh);
            }
            assert_int_equal(qw_mesh_crash(mesh, node), QW_OK);
            qw_mesh_run(mesh);
            for (int i = 0; i < 5; i++) {
                qw_mesh_wait(mesh, TIMEOUT_MS);
            }
            report = qw_mesh_report(mesh);
            assert_int_equal(report.mismatched_keys, 0);
            assert_int_equal(report.reused_pad_bits, 0);
            if (node == 0) { /* nobody is left to void what the target has stored */
                halves += report.unsettled_keys;
            } else {
                assert_int_equal(report.voided + report.delivered_keys / KEYS, 1);
                assert_int_equal(report.unsettled_keys, 0);
            }
            assert_int_equal(qw_relay_under_way(qw_mesh_relay(mesh, 0)), 0);
            assert_int_equal(qw_relay_under_way(qw_mesh_relay(mesh, NODES - 1)), 0);
            check_states(mesh, NODES);
            assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
            qw_mesh_run(mesh);
            assert_int_equal(qw_mesh_report(mesh).delivered_keys, report.delivered_keys + KEYS);
            assert_int_equal(qw_mesh_report(mesh).reused_pad_bits, 0);
            qw_mesh_free(mesh);
        }
    }
    assert_true(halves > 0); /* a half batch would have been seen */
}

static void what_comes_too_late_is_void_at_both_ends(void **state)
{
    struct qw_mesh *mesh = new_line(3);
    struct qw_relay_path path = line_path(3);

    (void)state;
    for (size_t steps = 0; steps < 8; steps++) {
        struct qw_mesh_report before = qw_mesh_report(mesh);

        assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
        for (size_t i = 0; i < steps; i++) {
            assert_true(qw_mesh_step(mesh));
        }
        qw_mesh_wait(mesh, TIMEOUT_MS); /* a relay that took its time */
        assert_int_equal(qw_mesh_report(mesh).voided, before.voided + 1);
        assert_int_equal(qw_mesh_report(mesh).voided_at_target, before.voided_at_target + 1);
        assert_int_equal(qw_mesh_report(mesh).delivered_keys, 0);
        assert_int_equal(qw_relay_under_way(qw_mesh_relay(mesh, 0)), 0);
        assert_int_equal(qw_relay_under_way(qw_mesh_relay(mesh, 2)), 0);
        check_states(mesh, 3);
    }
    assert_true(qw_relay_counters(qw_mesh_relay(mesh, 1)).ignored > 0);
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
    qw_mesh_run(mesh);
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, KEYS);
    qw_mesh_free(mesh);
}

static void a_message_that_is_lost_voids_the_batch(void **state)
{
    static const uint8_t types[] = { QW_RELAY_RESERVE, QW_RELAY_RESERVED, QW_RELAY_DATA,
                                     QW_RELAY_CONFIRM };
    struct qw_relay_path path = line_path(3);

    (void)state;
    for (size_t i = 0; i < sizeof types; i++) {
        struct qw_mesh_link links[QW_MESH_NODES_MAX];
        struct qw_mesh_config config = line_config(links, 3);
        struct qw_mesh *mesh = NULL;
        struct tap tap = { .drop_type = types[i] };

        sealed = 0;
        config.on_wire = listen_in;
        config.self = &tap;
        assert_int_equal(qw_mesh_new(&config, &mesh), QW_OK);
        assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
        qw_mesh_run(mesh);
        tap.drop_type = 0;
        for (int n = 0; n < 3; n++) { /* the next message shows that one is missing */
            qw_mesh_wait(mesh, TIMEOUT_MS);
            assert_int_equal(qw_mesh_join(mesh, 0), QW_OK);
            assert_int_equal(qw_mesh_join(mesh, 1), QW_OK);
        }
        qw_mesh_wait(mesh, TIMEOUT_MS);
        assert_int_equal(qw_mesh_report(mesh).voided, 1);
        assert_int_equal(qw_mesh_report(mesh).delivered_keys, 0);
        assert_int_equal(qw_relay_under_way(qw_mesh_relay(mesh, 0)), 0);
        assert_int_equal(qw_relay_under_way(qw_mesh_relay(mesh, 2)), 0);
        check_states(mesh, 3);
        assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
        qw_mesh_run(mesh);
        assert_int_equal(qw_mesh_report(mesh).delivered_keys, KEYS);
        assert_int_equal(qw_mesh_report(mesh).reused_pad_bits, 0);
        qw_mesh_free(mesh);
    }
}

static void a_link_that_is_cut_voids_what_was_over_it(void **state)
{
    struct qw_mesh *mesh = new_line(4);
    struct qw_relay_path path = line_path(4);

    (void)state;
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
    for (size_t i = 0; i < 7; i++) {
        assert_true(qw_mesh_step(mesh)); /* DATA is at the first relay */
    }
    qw_mesh_cut(mesh, 1);
    qw_mesh_run(mesh);
    assert_int_equal(qw_mesh_report(mesh).voided, 1);
    assert_int_equal(qw_mesh_report(mesh).voided_at_target, 1);
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
    qw_mesh_run(mesh);
    assert_int_equal(qw_mesh_report(mesh).voided, 2); /* no link: said at once */
    qw_mesh_cut(mesh, 0);
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_ERR_CLOSED);
    qw_mesh_free(mesh);
}

/* R7: the link over which VOID would have to go is cut; there is another way to the target. */
static void a_void_goes_over_another_path(void **state)
{
    static const struct qw_mesh_link links[] = { { 0, 1 }, { 1, 2 }, { 0, 2 } };
    struct qw_mesh_link unused[QW_MESH_NODES_MAX];
    struct qw_mesh_config config = line_config(unused, 3);
    struct qw_relay_path path = line_path(3);
    struct qw_relay_path other = { .nodes = 2, .node = { 0, 2 } };
    struct qw_mesh *mesh = NULL;
    uint8_t id[QW_RELAY_BATCH_ID_LEN] = { 7, [QW_RELAY_PART_AT] = QW_RELAY_WHOLE };
    struct qw_relay_demand demand = { .count = KEYS, .key_len = KEY_LEN };

    (void)state;
    memcpy(demand.id, id, sizeof demand.id);
    config.links = links;
    config.links_count = 3;
    assert_int_equal(qw_mesh_new(&config, &mesh), QW_OK);
    assert_int_equal(qw_relay_request(qw_mesh_relay(mesh, 0), &path, &demand), QW_OK);
    for (size_t i = 0; i < 6; i++) {
        assert_true(qw_mesh_step(mesh)); /* the target has stored the keys; CONFIRM is out */
    }
    assert_int_equal(qw_relay_counters(qw_mesh_relay(mesh, 2)).received, 1);
    qw_mesh_cut(mesh, 0);
    qw_mesh_cut(mesh, 1);
    qw_mesh_run(mesh);
    assert_int_equal(qw_relay_under_way(qw_mesh_relay(mesh, 0)), 1); /* nobody hears its VOID */
    assert_int_equal(qw_relay_counters(qw_mesh_relay(mesh, 2)).voided, 0);
    assert_int_equal(qw_relay_give_up(qw_mesh_relay(mesh, 0), &other, id), QW_OK);
    qw_mesh_run(mesh);
    assert_int_equal(qw_relay_under_way(qw_mesh_relay(mesh, 0)), 0);
    assert_int_equal(qw_relay_counters(qw_mesh_relay(mesh, 2)).voided, 1);
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, 0);
    qw_mesh_free(mesh);
}

static void too_many_at_a_time_are_held_back(void **state)
{
    struct qw_mesh *mesh = new_line(3);
    struct qw_relay_path path = line_path(3);

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
    }
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_ERR_LIMIT);
    qw_mesh_run(mesh);
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, 4 * KEYS);
    qw_mesh_free(mesh);
}

static void refuses_what_cannot_be_asked(void **state)
{
    struct qw_mesh *mesh = new_line(3);
    struct qw_relay_path path = line_path(3);
    struct qw_relay_path wrong = path;

    (void)state;
    assert_int_equal(qw_mesh_request(mesh, &path, 0, KEY_LEN), QW_ERR_ARG);
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS, 0), QW_ERR_ARG);
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS + 1, KEY_LEN), QW_ERR_ARG);
    assert_int_equal(qw_mesh_request(mesh, &path, UINT32_MAX, UINT16_MAX), QW_ERR_ARG);
    wrong.node[2] = 0;
    assert_int_equal(qw_mesh_request(mesh, &wrong, KEYS, KEY_LEN), QW_ERR_ARG);
    wrong.node[0] = 1;
    assert_int_equal(qw_mesh_request(mesh, &wrong, KEYS, KEY_LEN), QW_ERR_ARG);
    wrong = path;
    wrong.node[1] = 7; /* no neighbour */
    assert_int_equal(qw_mesh_request(mesh, &wrong, KEYS, KEY_LEN), QW_ERR_CLOSED);
    wrong = path;
    wrong.nodes = 2; /* shares nothing with the source */
    assert_int_equal(qw_mesh_request(mesh, &wrong, KEYS, KEY_LEN), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_mesh_request(mesh, &path, KEYS, KEY_LEN), QW_OK);
    qw_mesh_run(mesh);
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, KEYS);
    qw_mesh_free(mesh);
}

static void crashes_under_load_cost_no_pad_bit_twice(void **state)
{
    enum { NODES = 5 };
    struct qw_mesh *mesh = new_line(NODES);
    struct qw_relay_path path = line_path(NODES);
    struct qw_prng prng;
    size_t crashes = 0;

    (void)state;
    qw_prng_init(&prng, test_seed(), 0);
    for (size_t n = 0; n < 3000; n++) {
        qw_err err = qw_mesh_request(mesh, &path, KEYS, KEY_LEN);

        assert_true(err == QW_OK || err == QW_ERR_EXHAUSTED || err == QW_ERR_LIMIT ||
                    err == QW_ERR_CLOSED);
        for (uint64_t i = qw_prng_below(&prng, 60); i > 0; i--) {
            (void)!qw_mesh_step(mesh);
        }
        if (qw_prng_below(&prng, 20) == 0) {
            assert_int_equal(qw_mesh_crash(mesh, (uint32_t)qw_prng_below(&prng, NODES)), QW_OK);
            crashes++;
        }
        if (qw_prng_below(&prng, 10) == 0) {
            qw_mesh_wait(mesh, TIMEOUT_MS / 2);
            assert_int_equal(qw_mesh_feed(mesh, CAPACITY), QW_OK);
        }
    }
    qw_mesh_run(mesh);
    for (int i = 0; i < 5; i++) {
        qw_mesh_wait(mesh, TIMEOUT_MS);
    }
    assert_true(crashes > 50);
    assert_true(qw_mesh_report(mesh).delivered_keys > 1000 * KEYS);
    assert_int_equal(qw_mesh_report(mesh).mismatched_keys, 0);
    assert_int_equal(qw_mesh_report(mesh).reused_pad_bits, 0);
    assert_int_equal(qw_mesh_report(mesh).refused, 0);
    check_states(mesh, NODES);
    qw_mesh_free(mesh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_arrive_over_any_number_of_hops),
        cmocka_unit_test(every_bit_is_accounted_for),
        cmocka_unit_test(the_wire_shows_no_key),
        cmocka_unit_test(a_key_on_the_wire_is_seen),
        cmocka_unit_test(a_relay_that_alters_keys_is_noticed),
        cmocka_unit_test(a_relay_cannot_use_an_end_pool_up),
        cmocka_unit_test(marks_cost_half_of_an_end_pool_at_most),
        cmocka_unit_test(an_empty_pool_on_one_hop_stops_the_batch_and_nothing_else),
        cmocka_unit_test(what_is_left_to_a_better_class_is_kept_at_each_hop),
        cmocka_unit_test(a_node_killed_at_any_step_leaves_no_half_batch),
        cmocka_unit_test(what_comes_too_late_is_void_at_both_ends),
        cmocka_unit_test(a_message_that_is_lost_voids_the_batch),
        cmocka_unit_test(a_link_that_is_cut_voids_what_was_over_it),
        cmocka_unit_test(a_void_goes_over_another_path),
        cmocka_unit_test(too_many_at_a_time_are_held_back),
        cmocka_unit_test(refuses_what_cannot_be_asked),
        cmocka_unit_test(crashes_under_load_cost_no_pad_bit_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
