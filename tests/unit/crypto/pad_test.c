/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W5 Q1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/pad.h"

#include <string.h>

enum { PAD_LEN = 64 };

/* A disk that can fail, and that looks at the pad at the moment of the commit. */
struct disk {
    struct qw_pad *pad;
    size_t used; /* last position that is durable */
    int commits;
    bool fails;
    size_t used_at_commit; /* what the pad said while the commit ran */
    uint8_t first_at_commit;
};

static uint8_t bytes[PAD_LEN];
static struct disk disk;
static struct qw_pad pad;

static qw_err commit(void *self, size_t used)
{
    struct disk *d = self;

    d->commits++;
    d->used_at_commit = d->pad->used;
    d->first_at_commit = d->pad->bytes[d->pad->used];
    if (d->fails) {
        return QW_ERR_IO;
    }
    d->used = used;
    return QW_OK;
}

static int new_pad(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAD_LEN; i++) {
        bytes[i] = (uint8_t)(i + 1);
    }
    disk = (struct disk){ .pad = &pad };
    pad = (struct qw_pad){ .bytes = bytes, .len = PAD_LEN, .self = &disk, .commit_used = commit };
    return 0;
}

static void bytes_leave_in_order_and_each_once(void **state)
{
    uint8_t out[PAD_LEN];

    (void)state;
    for (size_t at = 0; at < PAD_LEN; at += 16) {
        assert_int_equal(qw_pad_take(&pad, out, 16), QW_OK);
        for (size_t i = 0; i < 16; i++) {
            assert_int_equal(out[i], at + i + 1);
        }
        assert_int_equal(qw_pad_left(&pad), PAD_LEN - at - 16);
    }
}

static void the_position_is_durable_before_a_byte_leaves(void **state)
{
    uint8_t out[10] = { 0 };

    (void)state;
    assert_int_equal(qw_pad_take(&pad, out, 10), QW_OK);
    assert_int_equal(disk.commits, 1);
    assert_int_equal(disk.used, 10);
    assert_int_equal(disk.used_at_commit, 0); /* memory follows the disk, not the other way */
    assert_int_equal(disk.first_at_commit, 1);
    assert_int_equal(pad.used, 10);
}

static void used_bytes_are_wiped(void **state)
{
    static const uint8_t zero[PAD_LEN];
    uint8_t data[8] = { 0 };

    (void)state;
    assert_int_equal(qw_pad_take(&pad, data, 8), QW_OK);
    assert_int_equal(qw_pad_apply(&pad, data, 8), QW_OK);
    assert_int_equal(qw_pad_skip_to(&pad, 24), QW_OK);
    assert_memory_equal(bytes, zero, 24);
    assert_int_equal(bytes[24], 25);
}

static void too_much_moves_nothing(void **state)
{
    uint8_t out[PAD_LEN + 1];

    (void)state;
    memset(out, 0xee, sizeof out);
    assert_int_equal(qw_pad_take(&pad, out, PAD_LEN + 1), QW_ERR_EXHAUSTED);
    assert_int_equal(qw_pad_apply(&pad, out, PAD_LEN + 1), QW_ERR_EXHAUSTED);
    assert_int_equal(out[0], 0xee);
    assert_int_equal(disk.commits, 0);
    assert_int_equal(pad.used, 0);
    assert_int_equal(qw_pad_take(&pad, out, PAD_LEN), QW_OK); /* exactly all of it */
    assert_int_equal(qw_pad_take(&pad, out, 1), QW_ERR_EXHAUSTED);
}

static void taking_nothing_is_fine_to_the_end(void **state)
{
    uint8_t out[PAD_LEN];

    (void)state;
    assert_int_equal(qw_pad_take(&pad, out, 0), QW_OK);
    assert_int_equal(pad.used, 0);
    assert_int_equal(qw_pad_skip_to(&pad, 0), QW_OK);
    assert_int_equal(qw_pad_left(&pad), PAD_LEN);
}

static void a_failed_commit_gives_nothing_and_closes_the_pad_for_good(void **state)
{
    uint8_t out[4];

    (void)state;
    memset(out, 0xee, sizeof out);
    disk.fails = true;
    assert_int_equal(qw_pad_take(&pad, out, 4), QW_ERR_IO);
    assert_int_equal(out[0], 0xee);
    assert_true(pad.is_closed);
    disk.fails = false; /* a second fsync may report success for data that never reached the disk */
    assert_int_equal(qw_pad_take(&pad, out, 4), QW_ERR_IO);
    assert_int_equal(qw_pad_apply(&pad, out, 4), QW_ERR_IO);
    assert_int_equal(qw_pad_skip_to(&pad, 10), QW_ERR_IO);
    assert_int_equal(qw_pad_take(&pad, out, PAD_LEN + 1), QW_ERR_IO);
    assert_int_equal(qw_pad_apply(&pad, out, PAD_LEN + 1), QW_ERR_IO);
    assert_int_equal(out[0], 0xee);
    assert_int_equal(disk.commits, 1);
}

static void a_failed_commit_leaves_the_data_of_apply_alone(void **state)
{
    uint8_t data[4] = { 1, 2, 3, 4 };
    static const uint8_t same[4] = { 1, 2, 3, 4 };

    (void)state;
    disk.fails = true;
    assert_int_equal(qw_pad_apply(&pad, data, 4), QW_ERR_IO);
    assert_memory_equal(data, same, sizeof same);
}

/* Law: two ends with the same pad, applied by one and by the other, give the data back. */
static void two_ends_with_one_pad_understand_each_other(void **state)
{
    static const uint8_t message[20] = "twenty bytes of text";
    uint8_t copy[PAD_LEN], data[20];
    struct qw_pad peer = { .bytes = copy, .len = PAD_LEN };

    (void)state;
    memcpy(copy, bytes, sizeof copy);
    memcpy(data, message, sizeof data);
    assert_int_equal(qw_pad_apply(&pad, data, sizeof data), QW_OK);
    assert_memory_not_equal(data, message, sizeof data);
    assert_int_equal(qw_pad_apply(&peer, data, sizeof data), QW_OK); /* no commit: memory only */
    assert_memory_equal(data, message, sizeof data);
}

static void skipping_goes_forward_only_and_not_beyond_the_end(void **state)
{
    uint8_t out[1];

    (void)state;
    assert_int_equal(qw_pad_skip_to(&pad, 10), QW_OK);
    assert_int_equal(disk.used, 10);
    assert_int_equal(qw_pad_skip_to(&pad, 9), QW_ERR_ARG);
    assert_int_equal(qw_pad_skip_to(&pad, PAD_LEN + 1), QW_ERR_ARG);
    assert_int_equal(disk.commits, 1);
    assert_int_equal(qw_pad_take(&pad, out, 1), QW_OK);
    assert_int_equal(out[0], 11);
    assert_int_equal(qw_pad_skip_to(&pad, PAD_LEN), QW_OK);
    assert_int_equal(qw_pad_left(&pad), 0);
}

/* After a crash the pad is read again with its durable position: whatever the moment of the crash,
 * no byte that left is given again. */
static void a_crash_at_any_commit_never_gives_a_byte_twice(void **state)
{
    for (int crash_at = 1; crash_at <= 8; crash_at++) {
        uint8_t out[8] = { 0 };
        uint8_t last_left = 0;

        new_pad(state);
        for (int step = 1; step <= 8; step++) {
            disk.fails = step == crash_at;
            if (qw_pad_take(&pad, out, 8) != QW_OK) {
                break;
            }
            last_left = out[7];
        }
        {
            uint8_t again[PAD_LEN];
            size_t durable = disk.used;
            struct qw_pad restarted = { .bytes = again, .len = PAD_LEN, .used = durable };

            for (size_t i = 0; i < PAD_LEN; i++) {
                again[i] = (uint8_t)(i + 1);
            }
            if (qw_pad_take(&restarted, out, 8) == QW_OK) {
                assert_true(out[0] > last_left);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(bytes_leave_in_order_and_each_once, new_pad),
        cmocka_unit_test_setup(the_position_is_durable_before_a_byte_leaves, new_pad),
        cmocka_unit_test_setup(used_bytes_are_wiped, new_pad),
        cmocka_unit_test_setup(too_much_moves_nothing, new_pad),
        cmocka_unit_test_setup(taking_nothing_is_fine_to_the_end, new_pad),
        cmocka_unit_test_setup(a_failed_commit_gives_nothing_and_closes_the_pad_for_good, new_pad),
        cmocka_unit_test_setup(a_failed_commit_leaves_the_data_of_apply_alone, new_pad),
        cmocka_unit_test_setup(two_ends_with_one_pad_understand_each_other, new_pad),
        cmocka_unit_test_setup(skipping_goes_forward_only_and_not_beyond_the_end, new_pad),
        cmocka_unit_test_setup(a_crash_at_any_commit_never_gives_a_byte_twice, new_pad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
