/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q7 */
#include "qkd/link/channel.h"

#include "base/bytes.h"
#include "base/wire_memory.h"
#include "qkd/link/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { POOL_LEN = 2 * (16 + 5 * 12) };

struct end {
    struct qw_qkd_auth_pool pool;
    uint8_t bytes[POOL_LEN];
    struct qw_wire wire;
    struct qw_qkd_channel channel;
};

static struct end a, b;
static uint8_t *incoming;

static void start(void)
{
    struct end *ends[] = { &a, &b };

    for (int i = 0; i < 2; i++) {
        memset(ends[i], 0, sizeof *ends[i]);
        for (size_t j = 0; j < POOL_LEN; j++) {
            ends[i]->bytes[j] = (uint8_t)(j * 11 + 3);
        }
        assert_int_equal(qw_qkd_auth_pool_init(&ends[i]->pool, ends[i]->bytes, POOL_LEN), QW_OK);
        ends[i]->channel = (struct qw_qkd_channel){ .wire = &ends[i]->wire,
                                                    .pool = &ends[i]->pool,
                                                    .sender = (uint8_t)(i + 1),
                                                    .session_id = { 9 },
                                                    .end = { 60, 60 },
                                                    .limit = { 60, 60 } };
    }
    assert_int_equal(qw_wire_memory_pair(&a.wire, &b.wire), QW_OK);
    qw_qkd_channel_begin(&a.channel, 7);
    qw_qkd_channel_begin(&b.channel, 7);
}

static void stop(void)
{
    qw_wire_close(&a.wire);
    qw_wire_close(&b.wire);
}

/* One message each way, then one with a tag from Alice. */
static qw_err exchange(void)
{
    uint8_t body[8 + QW_ONE_TIME_MAC_LEN] = "amplify";
    size_t len;
    qw_err err = qw_qkd_channel_send(&b.channel, "clicks", 6);

    if (err == QW_OK) {
        err = qw_qkd_channel_receive(&a.channel, incoming, &len, 60000);
    }
    if (err == QW_OK) {
        err = qw_qkd_channel_send(&a.channel, "sift", 4);
    }
    if (err == QW_OK) {
        err = qw_qkd_channel_receive(&b.channel, incoming, &len, 60000);
    }
    if (err == QW_OK) {
        err = qw_qkd_channel_tag(&a.channel, body, 8);
    }
    return err == QW_OK ? qw_qkd_channel_check(&b.channel, body, sizeof body) : err;
}

static void both_ends_hash_the_same(void **state)
{
    (void)state;
    start();
    assert_int_equal(exchange(), QW_OK);
    assert_int_equal(a.channel.auth_bits, 96);
    assert_int_equal(b.channel.auth_bits, 96);
    assert_int_equal(a.pool.pad[0].used, 12);
    assert_int_equal(b.pool.pad[0].used, 12);
    assert_int_equal(b.pool.pad[1].used, 0);
    assert_true(qw_qkd_channel_epsilon(&a.channel) > 0x1p-95);
    stop();
}

/* The tag is the project's one-time MAC over what the page says, nothing of its own. */
static void the_tag_is_the_one_time_mac_of_the_page(void **state)
{
    static const uint8_t prefix[] = {
        1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7
    };
    static const uint8_t first[] = { 1, 0, 0, 0, 4, 's', 'i', 'f', 't' };
    static const uint8_t second[] = { 1, 0, 0, 0, 8, 'a', 'm', 'p', 'l', 'i', 'f', 'y', 0 };
    const struct qw_bytes parts[] = { { prefix, sizeof prefix },
                                      { first, sizeof first },
                                      { second, sizeof second } };
    uint8_t body[8 + QW_ONE_TIME_MAC_LEN] = "amplify";
    uint8_t pad[QW_ONE_TIME_MAC_PAD_LEN];
    uint8_t expected[QW_ONE_TIME_MAC_LEN];

    (void)state;
    start();
    memcpy(pad, a.pool.pad[0].bytes, sizeof pad);
    assert_int_equal(qw_qkd_channel_send(&a.channel, "sift", 4), QW_OK);
    assert_int_equal(qw_qkd_channel_tag(&a.channel, body, 8), QW_OK);
    qw_one_time_mac(a.pool.hash_key[0], pad, parts, 3, expected);
    assert_memory_equal(body + 8, expected, sizeof expected);
    stop();
}

/* S5: session, block and direction are in the tag. */
static void a_tag_belongs_to_one_place(void **state)
{
    uint8_t body[8 + QW_ONE_TIME_MAC_LEN] = "amplify";

    (void)state;
    start();
    b.channel.session_id[15] ^= 1;
    qw_qkd_channel_begin(&b.channel, 7);
    assert_int_equal(exchange(), QW_ERR_AUTH);
    stop();
    start();
    qw_qkd_channel_begin(&b.channel, 8);
    assert_int_equal(exchange(), QW_ERR_AUTH);
    assert_int_equal(b.pool.pad[0].used, 12); /* burnt: a forger has one try */
    stop();
    start(); /* reflected: the same pads and keys in both directions would not help */
    memcpy(a.pool.hash_key[1], a.pool.hash_key[0], 16);
    memcpy(a.pool.pad[1].bytes, a.pool.pad[0].bytes, 12);
    qw_qkd_channel_begin(&a.channel, 7);
    assert_int_equal(qw_qkd_channel_tag(&a.channel, body, 8), QW_OK);
    assert_int_equal(qw_qkd_channel_check(&a.channel, body, sizeof body), QW_ERR_AUTH);
    stop();
}

static void an_empty_pool_gives_no_tag(void **state)
{
    uint8_t body[8 + QW_ONE_TIME_MAC_LEN] = "amplify";

    (void)state;
    start();
    for (uint32_t i = 0; i < 5; i++) {
        qw_qkd_channel_begin(&a.channel, i);
        assert_int_equal(qw_qkd_channel_tag(&a.channel, body, 8), QW_OK);
    }
    assert_int_equal(qw_qkd_channel_tag(&a.channel, body, 8), QW_ERR_EXHAUSTED);
    assert_int_equal(qw_qkd_channel_check(&a.channel, body, 3), QW_ERR_FORMAT);
    stop();
}

/* R3: what the peer may not have yet makes no tag; that it has it, its own tag shows. */
static void new_bytes_wait_for_a_tag_of_the_peer(void **state)
{
    uint8_t up[8 + QW_ONE_TIME_MAC_LEN] = "amplify";
    uint8_t down[8 + QW_ONE_TIME_MAC_LEN] = "finish!";

    (void)state;
    start();
    for (size_t i = 0; i < 2; i++) { /* refilled by two tags behind the first */
        a.channel.limit[i] = b.channel.limit[i] = 12;
        a.channel.end[i] = b.channel.end[i] = 36;
    }
    assert_int_equal(qw_qkd_channel_tag(&a.channel, up, 8), QW_OK);
    qw_qkd_channel_begin(&a.channel, 7);
    assert_int_equal(qw_qkd_channel_tag(&a.channel, up, 8), QW_ERR_EXHAUSTED);
    assert_int_equal(a.pool.pad[0].used, 12);
    down[0] ^= 1;
    assert_int_equal(qw_qkd_channel_tag(&b.channel, down, 8), QW_OK);
    down[0] ^= 1;
    qw_qkd_channel_begin(&a.channel, 7);
    assert_int_equal(qw_qkd_channel_check(&a.channel, down, sizeof down), QW_ERR_AUTH);
    assert_int_equal(a.channel.limit[0], 12); /* a forged one shows nothing */
    stop();
    start();
    for (size_t i = 0; i < 2; i++) {
        a.channel.limit[i] = 12;
        a.channel.end[i] = 36;
    }
    assert_int_equal(qw_qkd_channel_tag(&a.channel, up, 8), QW_OK);
    assert_int_equal(qw_qkd_channel_tag(&b.channel, down, 8), QW_OK);
    qw_qkd_channel_begin(&a.channel, 7);
    assert_int_equal(qw_qkd_channel_check(&a.channel, down, sizeof down), QW_OK);
    qw_qkd_channel_begin(&a.channel, 7);
    assert_int_equal(qw_qkd_channel_tag(&a.channel, up, 8), QW_OK);
    stop();
}

static void a_refusal_is_heard_in_every_state(void **state)
{
    struct qw_wire wire;
    size_t len;

    (void)state;
    start();
    qw_qkd_channel_refuse(&a.channel, QW_QKD_GAIN);
    qw_qkd_channel_refuse(&a.channel, QW_QKD_DECOY);
    assert_int_equal(qw_qkd_channel_receive(&b.channel, incoming, &len, 60000), QW_ERR_REFUSED);
    assert_int_equal(b.channel.peer_refusal, QW_QKD_GAIN);
    wire = qw_qkd_channel_wire(&b.channel);
    assert_int_equal(qw_wire_receive(&wire, incoming, QW_WIRE_MESSAGE_MAX, &len, 1000),
                     QW_ERR_REFUSED);
    assert_int_equal(b.channel.peer_refusal, QW_QKD_DECOY);
    stop();
}

static int make_buffer(void **state)
{
    (void)state;
    incoming = malloc(QW_WIRE_MESSAGE_MAX);
    return incoming == NULL;
}

static int free_buffer(void **state)
{
    (void)state;
    free(incoming);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_hash_the_same),
        cmocka_unit_test(the_tag_is_the_one_time_mac_of_the_page),
        cmocka_unit_test(a_tag_belongs_to_one_place),
        cmocka_unit_test(an_empty_pool_gives_no_tag),
        cmocka_unit_test(new_bytes_wait_for_a_tag_of_the_peer),
        cmocka_unit_test(a_refusal_is_heard_in_every_state),
    };

    return cmocka_run_group_tests(tests, make_buffer, free_buffer);
}
