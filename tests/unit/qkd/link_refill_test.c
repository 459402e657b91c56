/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q7 */
#define _GNU_SOURCE
#include "link_pair.h"

#include "base/file.h"
#include "qkd/auth_pool_file.h"
#include "qkd/link/refill.h"
#include "support/test_seed.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TAG = QW_ONE_TIME_MAC_PAD_LEN, SMALL_LEN = 2 * (16 + 8 * TAG), SEEN_MAX = 1 << 14 };

/* R1 */
static void the_plan_fills_what_is_missing(void **state)
{
    static const struct {
        uint16_t low, high;
        size_t capacity;
        uint64_t level[2]; /* tags */
        size_t key_len, tags[2];
    } cases[] = {
        { 0, 0, 960, { 0, 0 }, 10000, { 0, 0 } },    /* never */
        { 4, 8, 960, { 8, 8 }, 10000, { 0, 0 } },    /* full */
        { 4, 8, 960, { 7, 7 }, 10000, { 1, 1 } },    /* what a block costs */
        { 4, 8, 960, { 9, 5 }, 10000, { 0, 3 } },    /* one of them */
        { 4, 80, 480, { 7, 7 }, 10000, { 33, 33 } }, /* no more than there is room for */
        { 4, 80, 960, { 7, 7 }, 48 * 2, { 1, 1 } },  /* above low: a quarter of the key */
        { 4, 80, 960, { 7, 7 }, 47, { 0, 0 } },      /* too short a key for one */
        { 4, 80, 960, { 3, 7 }, 48, { 4, 0 } },      /* below low: all of it, to who has less */
        { 4, 80, 960, { 2, 3 }, 60, { 3, 2 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_qkd_terms terms = pair_terms();
        const uint64_t level[2] = { cases[i].level[0] * TAG, cases[i].level[1] * TAG };
        size_t len[2];

        terms.pool_low_tags = cases[i].low;
        terms.pool_high_tags = cases[i].high;
        qw_qkd_refill_plan(&terms, cases[i].capacity, level, cases[i].key_len, len);
        assert_int_equal(len[0], cases[i].tags[0] * TAG);
        assert_int_equal(len[1], cases[i].tags[1] * TAG);
    }
}

/* One-time bytes that went into a tag, by what end, in what run. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct seen {
    uint8_t bytes[TAG];
    const struct qw_pad *pad;
    unsigned run;
} seen[SEEN_MAX];
static size_t seen_count;
static unsigned run_number;

qw_err __real_qw_pad_take(struct qw_pad *pad, uint8_t *out, size_t len);
qw_err __wrap_qw_pad_take(struct qw_pad *pad, uint8_t *out, size_t len);
qw_err __wrap_qw_pad_take(struct qw_pad *pad, uint8_t *out, size_t len)
{
    qw_err err = __real_qw_pad_take(pad, out, len);

    pthread_mutex_lock(&mutex);
    if (err == QW_OK && len == TAG && seen_count < SEEN_MAX) {
        memcpy(seen[seen_count].bytes, out, TAG);
        seen[seen_count].pad = pad;
        seen[seen_count++].run = run_number;
    }
    pthread_mutex_unlock(&mutex);
    return err;
}

/* In one run each end uses each tag's bytes once, and no other run uses them at all. */
static void nothing_was_used_twice(void)
{
    assert_true(seen_count > 0 && seen_count < SEEN_MAX);
    for (size_t i = 0; i < seen_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (memcmp(seen[i].bytes, seen[j].bytes, TAG) == 0) {
                assert_int_equal(seen[i].run, seen[j].run);
                assert_ptr_not_equal(seen[i].pad, seen[j].pad);
            }
        }
    }
}

static struct pair *pair;
static uint64_t seed;

static void marks(uint16_t low, uint16_t high)
{
    struct pair_end *ends[] = { &pair->alice, &pair->bob };

    for (int i = 0; i < 2; i++) {
        ends[i]->config.terms.frames = 1;
        ends[i]->config.terms.secrecy_exponent = 3;
        ends[i]->config.terms.pool_low_tags = low;
        ends[i]->config.terms.pool_high_tags = high;
    }
}

static void small_pools(size_t len)
{
    struct pair_end *ends[] = { &pair->alice, &pair->bob };

    for (int i = 0; i < 2; i++) {
        for (size_t j = 0; j < len; j++) {
            ends[i]->pool_bytes[j] = (uint8_t)(j * 37 + j / 7);
        }
        assert_int_equal(qw_qkd_auth_pool_init(&ends[i]->pool, ends[i]->pool_bytes, len), QW_OK);
    }
}

static void run(unsigned blocks)
{
    pair->alice.blocks = blocks;
    pair->bob.blocks = blocks;
    pair->alice.key_len = pair->bob.key_len = 0;
    pair->alice.done = pair->bob.done = 0;
    pair->sent = pair->received = 0;
    run_number++;
    pair_run(pair);
}

static void pools_are_in_step(const struct qw_qkd_auth_pool *a, const struct qw_qkd_auth_pool *b)
{
    for (size_t i = 0; i < 2; i++) {
        size_t left = a->pad[i].len - a->pad[i].used;

        assert_int_equal(qw_qkd_auth_position(a, i), qw_qkd_auth_position(b, i));
        assert_int_equal(qw_qkd_auth_end(a, i), qw_qkd_auth_end(b, i));
        assert_memory_equal(a->pad[i].bytes + a->pad[i].used, b->pad[i].bytes + b->pad[i].used,
                            left);
    }
}

static int start(void **state)
{
    (void)state;
    pair_init(pair, seed);
    marks(4, 8);
    seen_count = 0;
    return 0;
}

/* Q7: a pool of eight tags a direction, and forty blocks. */
static void a_small_pool_lasts_for_ever(void **state)
{
    const struct qw_qkd_ledger *l = &pair->bob.ledger;

    (void)state;
    small_pools(SMALL_LEN);
    run(40);
    assert_int_equal(pair->alice.err, QW_OK);
    assert_int_equal(pair->bob.done, 40);
    assert_int_equal(pair->alice.key_len, pair->bob.key_len);
    assert_memory_equal(pair->alice.keys, pair->bob.keys, pair->alice.key_len);
    pools_are_in_step(&pair->alice.pool, &pair->bob.pool);
    nothing_was_used_twice();
    assert_int_equal(seen_count, 4 * 40);
    assert_int_equal(qw_qkd_auth_position(&pair->bob.pool, 0), 40 * TAG);
    assert_int_equal(l->refilled_bits, QW_QKD_BLOCK_COST_BITS);
    assert_int_equal(l->key_bits, l->secret_bits - l->refilled_bits);
    assert_int_equal(l->pool_tags, 8);
    /* The tags of the last block rest on the keys of the 39 before. */
    assert_true(l->epsilon_pool > 38 * l->key.epsilon_secrecy);
    assert_true(pair->bob.pool.epsilon > l->epsilon_pool + 0.9 * l->key.epsilon_secrecy);
}

static void without_marks_it_is_used_up(void **state)
{
    (void)state;
    marks(0, 0);
    small_pools(SMALL_LEN);
    run(9);
    assert_int_equal(pair->bob.done, 8);
    assert_int_equal(pair->bob.ledger.refusal, QW_QKD_POOL_LOW);
    assert_true(pair->bob.pool.epsilon == 0);
}

/* Two tags a direction: what is left after each is just the reserve of the next session. */
static void the_smallest_pool_goes_on_too(void **state)
{
    (void)state;
    small_pools(QW_QKD_POOL_LEN_MIN);
    for (int i = 0; i < 3; i++) {
        run(3);
        assert_int_equal(pair->alice.err, QW_OK);
        assert_int_equal(pair->bob.done, 3);
        pools_are_in_step(&pair->alice.pool, &pair->bob.pool);
    }
    nothing_was_used_twice();
}

/* The pool takes a whole block before anything is handed over. */
static void a_drained_pool_comes_first(void **state)
{
    (void)state;
    pair_init(pair, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(qw_pad_skip_to(&pair->alice.pool.pad[i], 160 * TAG), QW_OK);
        assert_int_equal(qw_pad_skip_to(&pair->bob.pool.pad[i], 160 * TAG), QW_OK);
    }
    marks(160, 160);
    pair->alice.config.terms.key_bits = pair->bob.config.terms.key_bits = 800;
    run(1);
    assert_int_equal(pair->bob.err, QW_OK);
    assert_int_equal(pair->bob.done, 1); /* 100 bytes: eight tags, and four bytes */
    assert_int_equal(pair->bob.ledger.refilled_bits, 96 * 8);
    assert_int_equal(pair->bob.key_len, 4);
    assert_memory_equal(pair->alice.keys, pair->bob.keys, 4);
    assert_int_equal(pair->bob.ledger.pool_tags, 12);
}

/* S9: the block is at Alice, and Bob voids it. What only she has is dropped. */
static void a_lost_end_of_a_block_is_dropped(void **state)
{
    const struct qw_qkd_auth_pool *a = &pair->alice.pool, *b = &pair->bob.pool;
    size_t messages;

    (void)state;
    small_pools(SMALL_LEN);
    pair->meddler = (struct pair_meddler){ .is_active = true, .to_bob = true, .message = SIZE_MAX };
    run(1);
    messages = pair->sent;
    pair->bob.config.timeout_ms = 2000;
    pair->meddler.message = messages - 1; /* DONE; the count moves with the light */
    pair->meddler.change = PAIR_DROP;
    for (int i = 0; i < 8 && qw_qkd_auth_end(a, 0) == qw_qkd_auth_end(b, 0); i++) {
        run(1);
    }
    assert_int_equal(qw_qkd_auth_end(a, 0), qw_qkd_auth_end(b, 0) + TAG);
    pair->bob.config.timeout_ms = 60000;
    pair->meddler.is_active = false;
    run(12);
    assert_int_equal(pair->alice.err, QW_OK);
    assert_int_equal(pair->bob.done, 12);
    pools_are_in_step(a, b);
    nothing_was_used_twice();
}

/* The other way round: a forged DONE, which needs no tag, made Bob refill. */
static void a_refill_that_only_bob_has_is_dropped(void **state)
{
    uint8_t forged[2 * TAG];
    struct qw_qkd_refill refill = { .at = { 8 * TAG, 8 * TAG },
                                    .bytes = forged,
                                    .len = { TAG, TAG } };

    (void)state;
    memset(forged, 0x5a, sizeof forged);
    small_pools(SMALL_LEN);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(qw_pad_skip_to(&pair->alice.pool.pad[i], 5 * TAG), QW_OK);
        assert_int_equal(qw_pad_skip_to(&pair->bob.pool.pad[i], 5 * TAG), QW_OK);
    }
    assert_int_equal(qw_qkd_auth_pool_refill(&pair->bob.pool, &refill), QW_OK);
    run(12);
    assert_int_equal(pair->bob.done, 12);
    pools_are_in_step(&pair->alice.pool, &pair->bob.pool);
    for (size_t i = 0; i < seen_count; i++) {
        assert_memory_not_equal(seen[i].bytes, forged, TAG);
    }
}

/* R3, R4: what the peer may lack makes no tag, and a peer that has used what this end lacks is
 * refused. */
static void bytes_of_one_end_alone_are_no_pool(void **state)
{
    static const uint8_t more[4 * TAG] = { 1 };
    const struct qw_qkd_refill refill = { .at = { 8 * TAG, 8 * TAG },
                                          .bytes = more,
                                          .len = { 2 * TAG, 2 * TAG } };

    (void)state;
    small_pools(SMALL_LEN);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(qw_pad_skip_to(&pair->alice.pool.pad[i], 7 * TAG), QW_OK);
        assert_int_equal(qw_pad_skip_to(&pair->bob.pool.pad[i], 7 * TAG), QW_OK);
    }
    assert_int_equal(qw_qkd_auth_pool_refill(&pair->bob.pool, &refill), QW_OK);
    run(1);
    assert_int_equal(pair->bob.ledger.refusal, QW_QKD_POOL_LOW);
    assert_int_equal(qw_pad_skip_to(&pair->bob.pool.pad[0], 2 * TAG), QW_OK); /* behind 8 */
    run(1);
    assert_int_equal(pair->bob.ledger.refusal, QW_QKD_POOL);
    assert_int_equal(qw_qkd_auth_position(&pair->alice.pool, 0), 7 * TAG);
}

static void pools_of_another_size_are_refused(void **state)
{
    (void)state;
    small_pools(SMALL_LEN);
    assert_int_equal(qw_qkd_auth_pool_init(&pair->bob.pool, pair->bob.pool_bytes, SMALL_LEN + 2),
                     QW_OK);
    run(1);
    assert_int_equal(pair->bob.ledger.refusal, QW_QKD_POOL);
    assert_int_equal(pair->alice.ledger.refusal, QW_QKD_POOL);
}

static void a_block_that_gains_nothing_costs_nothing(void **state)
{
    (void)state;
    small_pools(SMALL_LEN);
    pair->alice.config.terms.key_bits = pair->bob.config.terms.key_bits = QW_QKD_BLOCK_COST_BITS;
    run(1);
    assert_int_equal(pair->bob.ledger.refusal, QW_QKD_NO_GAIN);
    assert_int_equal(pair->alice.ledger.refusal, QW_QKD_NO_GAIN);
    assert_int_equal(pair->alice.done + pair->bob.done, 0);
    assert_int_equal(seen_count, 0);
    pair->alice.config.terms.key_bits = pair->bob.config.terms.key_bits =
        QW_QKD_BLOCK_COST_BITS + 1;
    run(1);
    assert_int_equal(pair->bob.err, QW_OK);
}

/* Kills: the n-th write of the pool file of one end does not come back, before or after it reached
 * the disk; both ends are started again from their files. */
static char folder[] = "/tmp/qwave-refill.XXXXXX";
static char path[2][64];
static const char *dying; /* the file whose end dies */
static int dies_at;
static bool reaches_disk;

qw_err __real_qw_file_replace(const char *file, const uint8_t *data, size_t len);
qw_err __wrap_qw_file_replace(const char *file, const uint8_t *data, size_t len);
qw_err __wrap_qw_file_replace(const char *file, const uint8_t *data, size_t len)
{
    bool dies = dying != NULL && strcmp(file, dying) == 0 && dies_at > 0 && --dies_at == 0;

    if (dies && !reaches_disk) {
        return QW_ERR_IO;
    }
    if (__real_qw_file_replace(file, data, len) != QW_OK) {
        return QW_ERR_IO;
    }
    return dies ? QW_ERR_IO : QW_OK;
}

static void run_from_files(unsigned blocks, bool is_checked)
{
    struct qw_qkd_pool_file *file[2];

    pair_init(pair, seed + run_number);
    marks(4, 8);
    for (int i = 0; i < 2; i++) {
        struct pair_end *end = i == 0 ? &pair->alice : &pair->bob;

        assert_int_equal(qw_qkd_pool_file_open(path[i], &file[i]), QW_OK);
        end->config.pool = qw_qkd_pool_file_pool(file[i]);
        end->config.timeout_ms = is_checked ? 60000 : 5000;
    }
    run(blocks);
    if (is_checked) {
        assert_int_equal(pair->alice.err, QW_OK);
        assert_int_equal(pair->bob.done, blocks);
        assert_memory_equal(pair->alice.keys, pair->bob.keys, pair->alice.key_len);
        pools_are_in_step(qw_qkd_pool_file_pool(file[0]), qw_qkd_pool_file_pool(file[1]));
    }
    qw_qkd_pool_file_free(file[0]);
    qw_qkd_pool_file_free(file[1]);
}

static void an_end_that_dies_at_any_write_catches_up(void **state)
{
    enum { WRITES = 6 }; /* of two blocks: a tag, another, the refill */

    (void)state;
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/%d", folder, i);
    }
    assert_int_equal(qw_qkd_pool_file_charge(path[0], path[1], SMALL_LEN), QW_OK);
    for (int i = 0; i < 2 * 2 * WRITES; i++) {
        dying = path[i % 2];
        reaches_disk = i / 2 % 2 == 1;
        dies_at = 1 + i / 4;
        run_from_files(2, false);
        assert_int_equal(dies_at, 0);
        dying = NULL;
        run_from_files(2, true);
    }
    nothing_was_used_twice();
    for (int i = 0; i < 2; i++) {
        unlink(path[i]);
    }
}

static int make_pair(void **state)
{
    (void)state;
    seed = test_seed();
    pair = calloc(1, sizeof *pair);
    return pair == NULL || mkdtemp(folder) == NULL;
}

static int free_pair(void **state)
{
    (void)state;
    free(pair);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_fills_what_is_missing),
        cmocka_unit_test_setup(a_small_pool_lasts_for_ever, start),
        cmocka_unit_test_setup(without_marks_it_is_used_up, start),
        cmocka_unit_test_setup(the_smallest_pool_goes_on_too, start),
        cmocka_unit_test_setup(a_drained_pool_comes_first, start),
        cmocka_unit_test_setup(a_lost_end_of_a_block_is_dropped, start),
        cmocka_unit_test_setup(a_refill_that_only_bob_has_is_dropped, start),
        cmocka_unit_test_setup(bytes_of_one_end_alone_are_no_pool, start),
        cmocka_unit_test_setup(pools_of_another_size_are_refused, start),
        cmocka_unit_test_setup(a_block_that_gains_nothing_costs_nothing, start),
        cmocka_unit_test_setup(an_end_that_dies_at_any_write_catches_up, start),
    };

    return cmocka_run_group_tests(tests, make_pair, free_pair);
}
