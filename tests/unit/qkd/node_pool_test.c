/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q2 */
#include "qkd/node/pool.h"

#include "base/prng.h"
#include "base/secret.h"
#include "support/fail_nth.h"
#include "support/test_seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

enum { CAPACITY = 1000, LEASE = 128, SEEN_MAX = 1 << 16 };
static const struct qw_node_limits no_limits;

/* A disk whose n-th write or sync fails. Whatever stands in no sync survives its closing by chance
 * only, as in a power cut: of each write all, its first half, or nothing. */
enum { DISK_LEN = 12288 + 2 * CAPACITY, UNSYNCED_MAX = 256 };
struct shaky {
    uint8_t now[DISK_LEN];     /* as the pool reads it */
    uint8_t durable[DISK_LEN]; /* after a power cut */
    struct {
        size_t offset, len;
        uint8_t *data;
    } unsynced[UNSYNCED_MAX];
    size_t unsynced_count;
    struct qw_prng prng;
    int fail_at; /* 0: never */
};

static qw_err shaky_read(void *self, uint64_t offset, void *data, size_t len)
{
    const struct shaky *disk = self;

    assert_true(offset + len <= DISK_LEN);
    memcpy(data, disk->now + offset, len);
    return QW_OK;
}

static bool is_due(struct shaky *disk)
{
    return disk->fail_at > 0 && --disk->fail_at == 0;
}

static qw_err shaky_write(void *self, uint64_t offset, const void *data, size_t len)
{
    struct shaky *disk = self;
    size_t index = disk->unsynced_count++;
    bool fails = is_due(disk); /* half of it gets there */
    size_t written = fails ? len / 2 : len;

    assert_true(offset + len <= DISK_LEN && index < UNSYNCED_MAX);
    disk->unsynced[index].offset = (size_t)offset;
    disk->unsynced[index].len = written;
    disk->unsynced[index].data = malloc(written + 1);
    assert_non_null(disk->unsynced[index].data);
    if (written > 0) {
        memcpy(disk->now + offset, data, written);
        memcpy(disk->unsynced[index].data, data, written);
    }
    return fails ? QW_ERR_IO : QW_OK;
}

static void forget_unsynced(struct shaky *disk)
{
    while (disk->unsynced_count > 0) {
        free(disk->unsynced[--disk->unsynced_count].data);
    }
}

static qw_err shaky_sync(void *self)
{
    struct shaky *disk = self;

    if (is_due(disk)) {
        return QW_ERR_IO;
    }
    memcpy(disk->durable, disk->now, DISK_LEN);
    forget_unsynced(disk);
    return QW_OK;
}

static void shaky_close(void *self)
{
    struct shaky *disk = self;

    for (size_t i = 0; i < disk->unsynced_count; i++) {
        size_t halves = (size_t)qw_prng_below(&disk->prng, 3);

        memcpy(disk->durable + disk->unsynced[i].offset, disk->unsynced[i].data,
               disk->unsynced[i].len * halves / 2);
    }
    memcpy(disk->now, disk->durable, DISK_LEN);
    forget_unsynced(disk);
}

static struct shaky disk;

static struct qw_node_disk the_disk(void)
{
    return (struct qw_node_disk){ &disk, shaky_read, shaky_write, shaky_sync, shaky_close };
}

static struct qw_node_pool *reopen(void)
{
    struct qw_node_disk d = the_disk();
    struct qw_node_pool *pool = NULL;

    assert_int_equal(qw_node_pool_open(&d, &no_limits, &pool), QW_OK);
    return pool;
}

static struct qw_node_pool *new_pool(void)
{
    const struct qw_node_pool_head head = { 1, 2, CAPACITY, LEASE, true, { 7 } };
    struct qw_node_disk d = the_disk();

    assert_int_equal(qw_node_pool_disk_len(CAPACITY), DISK_LEN);
    forget_unsynced(&disk);
    memset(disk.now, 0, DISK_LEN);
    memset(disk.durable, 0, DISK_LEN);
    disk.fail_at = 0;
    assert_int_equal(qw_node_pool_format(&d, &head), QW_OK);
    return reopen();
}

/* The byte that belongs at a position: any that a position does not share with its neighbours. */
static uint8_t byte_at(enum qw_node_direction direction, uint64_t position)
{
    return (uint8_t)((position * 167 + (position >> 8) * 31 + (direction == QW_NODE_IN)) | 1);
}

static qw_err append_at(struct qw_node_pool *pool, size_t len, int64_t now_ms)
{
    uint64_t end = qw_node_pool_state(pool, QW_NODE_OUT).end;
    uint64_t in_end = qw_node_pool_state(pool, QW_NODE_IN).end;
    uint8_t out[CAPACITY + 1], in[CAPACITY + 1];

    for (size_t i = 0; i < len; i++) {
        out[i] = byte_at(QW_NODE_OUT, end + i);
        in[i] = byte_at(QW_NODE_IN, in_end + i);
    }
    return qw_node_pool_append(pool, (struct qw_bytes){ out, len }, (struct qw_bytes){ in, len },
                               now_ms);
}

static void append(struct qw_node_pool *pool, size_t len)
{
    assert_int_equal(append_at(pool, len, 0), QW_OK);
}

static void confirm_all(struct qw_node_pool *pool)
{
    for (int d = QW_NODE_OUT; d <= QW_NODE_IN; d++) {
        qw_node_pool_confirm(pool, (enum qw_node_direction)d,
                             qw_node_pool_state(pool, (enum qw_node_direction)d).end);
    }
}

static void check_sum(struct qw_node_pool *pool)
{
    for (int d = QW_NODE_OUT; d <= QW_NODE_IN; d++) {
        struct qw_node_state s = qw_node_pool_state(pool, (enum qw_node_direction)d);

        assert_int_equal(s.raw + s.stored + s.reserved + s.used + s.lost + s.aged, s.end);
        assert_true(s.position <= s.end && s.end - s.position <= s.capacity);
    }
}

/* Uses len bytes and holds them against what belongs there. Returns the position. */
static uint64_t use(struct qw_node_pool *pool, enum qw_node_direction direction, size_t len)
{
    uint64_t position = qw_node_pool_state(pool, direction).position;
    const uint8_t *bytes = NULL;

    assert_int_equal(qw_node_pool_peek(pool, direction, len, &bytes), QW_OK);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(bytes[i], byte_at(direction, position + i));
    }
    qw_node_pool_pass(pool, direction, len);
    check_sum(pool);
    return position;
}

static void pieces_are_joined_and_split(void **state)
{
    struct qw_node_pool *pool = new_pool();
    const uint8_t *bytes = NULL;

    (void)state;
    append(pool, 16);
    confirm_all(pool);
    assert_int_equal(qw_node_pool_peek(pool, QW_NODE_OUT, 32, &bytes), QW_ERR_EXHAUSTED);
    append(pool, 16); /* one key of exactly what is there, of two pieces */
    confirm_all(pool);
    assert_int_equal(use(pool, QW_NODE_OUT, 32), 0);
    assert_int_equal(qw_node_pool_peek(pool, QW_NODE_OUT, 1, &bytes), QW_ERR_EXHAUSTED);
    assert_int_equal(use(pool, QW_NODE_IN, 1), 0);
    assert_int_equal(use(pool, QW_NODE_IN, 31), 1);
    qw_node_pool_close(pool);
}

static void the_ring_goes_round(void **state)
{
    struct qw_node_pool *pool = new_pool();

    (void)state;
    for (uint64_t at = 0; at < 20 * CAPACITY; at += 100) {
        append(pool, 100);
        confirm_all(pool);
        assert_int_equal(use(pool, QW_NODE_OUT, 37), at);
        assert_int_equal(use(pool, QW_NODE_OUT, 63), at + 37);
        assert_int_equal(use(pool, QW_NODE_IN, 100), at);
    }
    qw_node_pool_close(pool);
}

static void raw_bytes_are_not_served(void **state)
{
    struct qw_node_pool *pool = new_pool();
    const uint8_t *bytes = NULL;

    (void)state;
    append(pool, 50);
    assert_int_equal(qw_node_pool_state(pool, QW_NODE_OUT).raw, 50);
    assert_int_equal(qw_node_pool_peek(pool, QW_NODE_OUT, 1, &bytes), QW_ERR_EXHAUSTED);
    qw_node_pool_confirm(pool, QW_NODE_OUT, 20);
    assert_int_equal(qw_node_pool_peek(pool, QW_NODE_OUT, 21, &bytes), QW_ERR_EXHAUSTED);
    use(pool, QW_NODE_OUT, 20);
    qw_node_pool_close(pool);
}

static void a_look_uses_nothing_and_sees_what_is_used_later(void **state)
{
    struct qw_node_pool *pool = new_pool();
    struct qw_node_state before;
    const uint8_t *bytes;
    uint8_t seen[32];

    (void)state;
    append(pool, 900);
    assert_int_equal(qw_node_pool_look(pool, 0, seen, sizeof seen), QW_ERR_EXHAUSTED); /* raw */
    confirm_all(pool);
    before = qw_node_pool_state(pool, QW_NODE_IN);
    assert_int_equal(qw_node_pool_look(pool, 64, seen, sizeof seen), QW_OK);
    assert_int_equal(qw_node_pool_look(pool, 900 - sizeof seen, seen, sizeof seen), QW_OK);
    assert_int_equal(qw_node_pool_look(pool, 901 - sizeof seen, seen, sizeof seen),
                     QW_ERR_EXHAUSTED);
    assert_int_equal(qw_node_pool_look(pool, UINT64_MAX, seen, sizeof seen), QW_ERR_EXHAUSTED);
    assert_int_equal(qw_node_pool_look(pool, 64, seen, sizeof seen), QW_OK);
    assert_int_equal(qw_node_pool_state(pool, QW_NODE_IN).position, before.position);
    assert_int_equal(qw_node_pool_state(pool, QW_NODE_IN).stored, before.stored);
    assert_int_equal(qw_node_pool_skip(pool, QW_NODE_IN, 64, false), QW_OK);
    assert_int_equal(qw_node_pool_peek(pool, QW_NODE_IN, sizeof seen, &bytes), QW_OK);
    assert_memory_equal(bytes, seen, sizeof seen);
    qw_node_pool_pass(pool, QW_NODE_IN, sizeof seen);
    assert_int_equal(qw_node_pool_look(pool, 64, seen, sizeof seen), QW_ERR_EXHAUSTED); /* gone */
    qw_node_pool_close(pool);
}

static void a_pool_that_is_full_takes_no_more(void **state)
{
    struct qw_node_pool *pool = new_pool();

    (void)state;
    assert_int_equal(append_at(pool, CAPACITY + 1, 0), QW_ERR_SPACE);
    append(pool, CAPACITY);
    assert_int_equal(append_at(pool, 1, 0), QW_ERR_SPACE);
    confirm_all(pool);
    use(pool, QW_NODE_OUT, 10);
    assert_int_equal(append_at(pool, 10, 0), QW_ERR_SPACE); /* the other direction is full still */
    use(pool, QW_NODE_IN, 10);
    append(pool, 10);
    check_sum(pool);
    qw_node_pool_close(pool);
}

static void reservations_respect_floors_and_come_back(void **state)
{
    const struct qw_node_limits limits = { .floor_len = { 100, 300, 350 } };
    struct qw_node_disk d;
    struct qw_node_pool *pool = new_pool();
    const uint8_t *bytes = NULL;

    (void)state;
    qw_node_pool_close(pool);
    d = the_disk();
    assert_int_equal(qw_node_pool_open(&d, &limits, &pool), QW_OK);
    append(pool, 400);
    confirm_all(pool);
    assert_int_equal(qw_node_pool_reserve(pool, QW_NODE_SILVER, 101), QW_ERR_EXHAUSTED);
    assert_int_equal(qw_node_pool_reserve(pool, QW_NODE_SILVER, 100), QW_OK);
    assert_int_equal(qw_node_pool_reserve(pool, QW_NODE_SILVER, 1), QW_ERR_EXHAUSTED);
    assert_int_equal(qw_node_pool_reserve(pool, QW_NODE_GOLD, 200), QW_OK);
    assert_int_equal(qw_node_pool_reserve(pool, QW_NODE_GOLD, 1), QW_ERR_EXHAUSTED);
    check_sum(pool);
    assert_int_equal(qw_node_pool_reserve(pool, QW_NODE_BRONZE, 1), QW_ERR_EXHAUSTED);
    use(pool, QW_NODE_OUT, 100); /* tags know no floor */
    assert_int_equal(qw_node_pool_peek(pool, QW_NODE_OUT, 1, &bytes), QW_ERR_EXHAUSTED);
    qw_node_pool_release(pool, 300);
    check_sum(pool);
    use(pool, QW_NODE_OUT, 128);
    qw_node_pool_close(pool);
}

static void a_use_is_at_most_a_lease(void **state)
{
    struct qw_node_pool *pool = new_pool();
    const uint8_t *bytes = NULL;

    (void)state;
    append(pool, 2 * LEASE);
    confirm_all(pool);
    assert_int_equal(qw_node_pool_peek(pool, QW_NODE_OUT, LEASE + 1, &bytes), QW_ERR_SPACE);
    use(pool, QW_NODE_OUT, LEASE);
    qw_node_pool_close(pool);
}

static void a_close_loses_nothing_and_a_crash_one_lease(void **state)
{
    struct qw_node_pool *pool = new_pool();
    struct qw_node_state s;

    (void)state;
    append(pool, 600);
    confirm_all(pool);
    use(pool, QW_NODE_OUT, 10);
    qw_node_pool_close(pool);
    pool = reopen();
    s = qw_node_pool_state(pool, QW_NODE_OUT);
    assert_int_equal(s.position, 10);
    assert_int_equal(s.lost, 0);
    confirm_all(pool);
    use(pool, QW_NODE_OUT, 10);
    qw_node_pool_abandon(pool);
    pool = reopen();
    s = qw_node_pool_state(pool, QW_NODE_OUT);
    assert_int_equal(s.position, 10 + LEASE);
    assert_int_equal(s.used + s.lost, 10 + LEASE);
    assert_int_equal(qw_node_pool_state(pool, QW_NODE_IN).lost, 0); /* was not leased */
    check_sum(pool);
    confirm_all(pool);
    assert_int_equal(use(pool, QW_NODE_OUT, 10), 10 + LEASE);
    qw_node_pool_close(pool);
}

/* However often it is opened and written before both ends have met. */
static void after_a_crash_it_is_known_what_is_used_for_certain(void **state)
{
    struct qw_node_pool *pool = new_pool();
    struct qw_node_state s;

    (void)state;
    append(pool, 600);
    confirm_all(pool);
    use(pool, QW_NODE_IN, 10);
    assert_int_equal(qw_node_pool_state(pool, QW_NODE_IN).sure, 10);
    append(pool, 100); /* a slot */
    use(pool, QW_NODE_IN, 10);
    qw_node_pool_abandon(pool);
    for (int i = 0; i < 3; i++) {
        pool = reopen();
        append(pool, 10);
        check_sum(pool);
        s = qw_node_pool_state(pool, QW_NODE_IN);
        assert_int_equal(s.position, LEASE);
        assert_int_equal(s.sure, 10);
        assert_int_equal(s.lost, LEASE - 10);
        (i % 2 == 0 ? qw_node_pool_abandon : qw_node_pool_close)(pool);
    }
    pool = reopen();
    assert_int_equal(qw_node_pool_agree(pool, QW_NODE_IN, LEASE, 600), QW_OK);
    assert_int_equal(qw_node_pool_state(pool, QW_NODE_IN).sure, LEASE);
    qw_node_pool_close(pool);
    pool = reopen();
    assert_int_equal(qw_node_pool_state(pool, QW_NODE_IN).sure, LEASE);
    check_sum(pool);
    qw_node_pool_close(pool);
}

/* What came out of a pool: a byte a position. */
struct seen {
    uint8_t out[SEEN_MAX];
    uint64_t used;
};

static void note(struct seen *seen, uint64_t position, size_t len)
{
    assert_true(position + len <= SEEN_MAX);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(seen->out[position + i], 0);
        seen->out[position + i] = 1;
    }
    seen->used += len;
}

/* One life of a pool on a disk that fails after some writes. */
static void live(struct qw_prng *prng, struct seen *seen)
{
    struct qw_node_disk d = the_disk();
    struct qw_node_pool *pool = NULL;
    qw_err err = qw_node_pool_open(&d, &no_limits, &pool);

    if (err != QW_OK) {
        assert_int_equal(err, QW_ERR_IO);
        return;
    }
    while (err == QW_OK) {
        size_t len = (size_t)qw_prng_below(prng, LEASE) + 1;
        uint64_t position = qw_node_pool_state(pool, QW_NODE_OUT).position;
        const uint8_t *bytes = NULL;

        confirm_all(pool);
        err = qw_node_pool_peek(pool, QW_NODE_OUT, len, &bytes);
        if (err == QW_OK) {
            for (size_t i = 0; i < len; i++) {
                assert_int_equal(bytes[i], byte_at(QW_NODE_OUT, position + i));
            }
            qw_node_pool_pass(pool, QW_NODE_OUT, len);
            note(seen, position, len);
        } else if (err == QW_ERR_EXHAUSTED) {
            err = append_at(pool, 200, 0);
            if (err == QW_ERR_SPACE) { /* the other direction */
                err = qw_node_pool_skip(pool, QW_NODE_IN, qw_node_pool_state(pool, QW_NODE_IN).end,
                                        false);
            }
        }
        check_sum(pool);
    }
    qw_node_pool_abandon(pool);
}

static void a_crash_never_gives_a_byte_twice(void **state)
{
    struct seen *seen = calloc(1, sizeof *seen);
    struct qw_node_pool *pool = new_pool();
    struct qw_prng prng;
    size_t crashes = 0;
    uint64_t lost;

    (void)state;
    assert_non_null(seen);
    qw_prng_init(&prng, test_seed(), 0);
    qw_node_pool_close(pool);
    while (seen->used < SEEN_MAX / 4) {
        disk.fail_at = 1 + (int)qw_prng_below(&prng, 60);
        live(&prng, seen);
        crashes++;
        disk.fail_at = 0;
        pool = reopen();
        lost = qw_node_pool_state(pool, QW_NODE_OUT).lost;
        check_sum(pool);
        assert_true(lost <= crashes * LEASE);
        qw_node_pool_close(pool);
    }
    assert_true(crashes > 10);
    free(seen);
}

static void used_bytes_are_gone_from_the_disk(void **state)
{
    struct qw_node_pool *pool = new_pool();
    uint8_t ring[CAPACITY];

    (void)state;
    append(pool, CAPACITY);
    confirm_all(pool);
    for (size_t i = 0; i < CAPACITY / 100; i++) {
        use(pool, QW_NODE_OUT, 100);
    }
    append(pool, 0);
    qw_node_pool_close(pool);
    assert_int_equal(shaky_read(&disk, qw_node_pool_disk_len(0), ring, CAPACITY), QW_OK);
    for (size_t i = 0; i < CAPACITY; i++) {
        assert_int_equal(ring[i], 0);
    }
}

static void new_bytes_survive_the_wiping_of_old_ones(void **state)
{
    struct qw_node_pool *pool = new_pool();

    (void)state;
    append(pool, CAPACITY);
    confirm_all(pool);
    use(pool, QW_NODE_OUT, 100);
    use(pool, QW_NODE_IN, 100);
    append(pool, 100); /* onto the places of the old ones, which the next lease wipes */
    confirm_all(pool);
    for (size_t i = 0; i < CAPACITY / 100; i++) {
        use(pool, QW_NODE_OUT, 100);
    }
    qw_node_pool_close(pool);
}

static void both_ends_agree_on_the_higher_mark(void **state)
{
    struct qw_node_pool *pool = new_pool();

    (void)state;
    append(pool, 500);
    confirm_all(pool);
    use(pool, QW_NODE_OUT, 10);
    assert_int_equal(qw_node_pool_agree(pool, QW_NODE_OUT, 40, 400), QW_OK); /* inside the lease */
    check_sum(pool);
    assert_int_equal(qw_node_pool_state(pool, QW_NODE_OUT).end, 400);
    assert_int_equal(qw_node_pool_state(pool, QW_NODE_OUT).lost, 30);
    assert_int_equal(use(pool, QW_NODE_OUT, 100), 40);
    assert_int_equal(qw_node_pool_agree(pool, QW_NODE_OUT, 300, 400), QW_OK); /* beyond it */
    assert_int_equal(use(pool, QW_NODE_OUT, 100), 300);
    assert_int_equal(qw_node_pool_agree(pool, QW_NODE_OUT, 700, 700),
                     QW_OK); /* what it never had */
    check_sum(pool);
    assert_int_equal(qw_node_pool_state(pool, QW_NODE_OUT).position, 700);
    qw_node_pool_abandon(pool);
    pool = reopen();
    assert_int_equal(qw_node_pool_state(pool, QW_NODE_OUT).position, 700);
    append(pool, 100);
    confirm_all(pool);
    assert_int_equal(use(pool, QW_NODE_OUT, 100), 700);
    qw_node_pool_close(pool);
}

static void a_cut_below_the_lease_is_served_anew(void **state)
{
    struct qw_node_pool *pool = new_pool();

    (void)state;
    append(pool, 100);
    confirm_all(pool);
    use(pool, QW_NODE_OUT, 10); /* leased up to 100 */
    assert_int_equal(qw_node_pool_agree(pool, QW_NODE_OUT, 10, 50), QW_OK);
    append(pool, 50);
    confirm_all(pool);
    assert_int_equal(use(pool, QW_NODE_OUT, 90), 10);
    qw_node_pool_close(pool);
}

static void old_bytes_are_given_up(void **state)
{
    const struct qw_node_limits limits = { .age_ms = 3200 };
    struct qw_node_disk d;
    struct qw_node_pool *pool = new_pool();

    (void)state;
    qw_node_pool_close(pool);
    d = the_disk();
    assert_int_equal(qw_node_pool_open(&d, &limits, &pool), QW_OK);
    for (int64_t now_ms = 0; now_ms < 10000; now_ms += 100) {
        assert_int_equal(append_at(pool, 5, now_ms), QW_OK);
    }
    assert_int_equal(qw_node_pool_aged(pool, 9900), 0); /* raw: the neighbour may not have them */
    confirm_all(pool);
    assert_true(qw_node_pool_aged(pool, 0) == 0);
    assert_true(qw_node_pool_aged(pool, 9900) > 0);
    assert_int_equal(qw_node_pool_aged(pool, 9900 + 3200), 500);
    assert_int_equal(qw_node_pool_older_than(pool, QW_NODE_OUT, 9900), 500); /* of any limit */
    assert_int_equal(qw_node_pool_older_than(pool, QW_NODE_IN, -1), 0);
    assert_int_equal(qw_node_pool_reserve(pool, QW_NODE_GOLD, 90), QW_OK);
    assert_int_equal(qw_node_pool_aged(pool, 9900 + 3200), 410);
    assert_int_equal(qw_node_pool_skip(pool, QW_NODE_OUT, 411, true), QW_ERR_ARG);
    assert_int_equal(qw_node_pool_skip(pool, QW_NODE_OUT, 410, true), QW_OK);
    check_sum(pool);
    assert_int_equal(qw_node_pool_state(pool, QW_NODE_OUT).aged, 410);
    qw_node_pool_release(pool, 90);
    use(pool, QW_NODE_OUT, 90);
    qw_node_pool_close(pool);
}

static void after_a_failed_write_nothing_leaves_any_more(void **state)
{
    struct qw_node_pool *pool = new_pool();
    const uint8_t *bytes = NULL;

    (void)state;
    append(pool, 300);
    confirm_all(pool);
    assert_false(qw_node_pool_is_closed(pool));
    disk.fail_at = 1;
    assert_int_equal(qw_node_pool_peek(pool, QW_NODE_OUT, 10, &bytes), QW_ERR_IO);
    assert_true(qw_node_pool_is_closed(pool));
    assert_int_equal(qw_node_pool_peek(pool, QW_NODE_OUT, 10, &bytes), QW_ERR_IO);
    assert_int_equal(append_at(pool, 1, 0), QW_ERR_IO);
    assert_null(bytes);
    qw_node_pool_close(pool);
}

/* The mark is durable, the zeros are not: nothing is used again, and whoever looks sees it. */
static void a_failed_wipe_closes_the_pool_too(void **state)
{
    (void)state;
    for (int is_skip = 0; is_skip < 2; is_skip++) {
        struct qw_node_pool *pool = new_pool();

        append(pool, 300);
        confirm_all(pool);
        disk.fail_at = 3; /* a slot, its sync, zeros */
        assert_int_equal(is_skip ? qw_node_pool_skip(pool, QW_NODE_OUT, 200, false)
                                 : qw_node_pool_agree(pool, QW_NODE_OUT, 200, 300),
                         QW_ERR_IO);
        assert_true(qw_node_pool_is_closed(pool));
        qw_node_pool_close(pool);
        pool = reopen();
        confirm_all(pool);
        assert_int_equal(use(pool, QW_NODE_OUT, 100), 200);
        qw_node_pool_close(pool);
    }
}

/* Neither by agreeing nor by skipping: the bytes are stock again after the next open. */
static void a_close_after_a_failed_write_leaves_no_zeros_as_key(void **state)
{
    (void)state;
    for (int is_skip = 0; is_skip < 2; is_skip++) {
        struct qw_node_pool *pool = new_pool();

        append(pool, 300);
        confirm_all(pool);
        use(pool, QW_NODE_OUT, 10);
        disk.fail_at = 1;
        assert_int_equal(is_skip ? qw_node_pool_skip(pool, QW_NODE_OUT, 200, false)
                                 : qw_node_pool_agree(pool, QW_NODE_OUT, 200, 300),
                         QW_ERR_IO);
        qw_node_pool_close(pool);
        pool = reopen();
        confirm_all(pool);
        assert_int_equal(use(pool, QW_NODE_OUT, 100), LEASE);
        qw_node_pool_close(pool);
    }
}

static void refuses_a_disk_that_holds_no_pool(void **state)
{
    struct qw_node_pool *pool = new_pool();
    size_t refused = 0;

    (void)state;
    qw_node_pool_close(pool);
    for (size_t at = 0; at < 69; at++) {
        struct qw_node_disk d = the_disk();

        disk.now[at] ^= 1;
        disk.durable[at] ^= 1;
        refused += qw_node_pool_open(&d, &no_limits, &pool) == QW_ERR_FORMAT;
        disk.now[at] ^= 1;
        disk.durable[at] ^= 1;
    }
    assert_int_equal(refused, 69);
    qw_node_pool_close(reopen());
}

static void a_constructor_that_lacks_memory_leaves_nothing(void **state)
{
    struct qw_node_pool *pool = new_pool();
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    qw_node_pool_close(pool);
    for (int n = 1; err != QW_OK; n++) {
        struct qw_node_disk d = the_disk();

        assert_true(n < 10);
        fail_nth = n;
        pool = NULL;
        err = qw_node_pool_open(&d, &no_limits, &pool);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && pool == NULL));
    }
    fail_nth = 1;
    append(pool, 100);
    confirm_all(pool);
    assert_int_equal(qw_node_pool_peek(pool, QW_NODE_OUT, 1, &(const uint8_t *){ NULL }),
                     QW_ERR_NOMEM); /* the window */
    fail_nth = 0;
    qw_node_pool_close(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_joined_and_split),
        cmocka_unit_test(the_ring_goes_round),
        cmocka_unit_test(raw_bytes_are_not_served),
        cmocka_unit_test(a_look_uses_nothing_and_sees_what_is_used_later),
        cmocka_unit_test(a_pool_that_is_full_takes_no_more),
        cmocka_unit_test(reservations_respect_floors_and_come_back),
        cmocka_unit_test(a_use_is_at_most_a_lease),
        cmocka_unit_test(a_close_loses_nothing_and_a_crash_one_lease),
        cmocka_unit_test(after_a_crash_it_is_known_what_is_used_for_certain),
        cmocka_unit_test(a_crash_never_gives_a_byte_twice),
        cmocka_unit_test(used_bytes_are_gone_from_the_disk),
        cmocka_unit_test(new_bytes_survive_the_wiping_of_old_ones),
        cmocka_unit_test(both_ends_agree_on_the_higher_mark),
        cmocka_unit_test(a_cut_below_the_lease_is_served_anew),
        cmocka_unit_test(old_bytes_are_given_up),
        cmocka_unit_test(after_a_failed_write_nothing_leaves_any_more),
        cmocka_unit_test(a_failed_wipe_closes_the_pool_too),
        cmocka_unit_test(a_close_after_a_failed_write_leaves_no_zeros_as_key),
        cmocka_unit_test(refuses_a_disk_that_holds_no_pool),
        cmocka_unit_test(a_constructor_that_lacks_memory_leaves_nothing),
    };
    int failures;

    qw_prng_init(&disk.prng, test_seed(), 1);
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    forget_unsynced(&disk);
    return failures;
}
