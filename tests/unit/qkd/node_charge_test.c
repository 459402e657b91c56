/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q2 */
#define _GNU_SOURCE
#include "qkd/node/pool.h"

#include "qkd/node/simulated_feed.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { LEN = 500 };

static char folder[] = "/tmp/qwave-node.XXXXXX";
static char path_a[64], path_b[64];
static const struct qw_node_limits no_limits;
static const struct qw_node_pool_head head = { 1, 2, 4096, 64, false, { 0 } };

static qw_err open_file(const char *path, struct qw_node_pool **pool)
{
    struct qw_node_disk disk;
    qw_err err = qw_node_disk_file_open(path, &disk);

    return err == QW_OK ? qw_node_pool_open(&disk, &no_limits, pool) : err;
}

static void charge(void)
{
    unlink(path_a);
    unlink(path_b);
    assert_int_equal(qw_node_pool_charge(path_a, path_b, &head, LEN), QW_OK);
}

static void both_files_hold_mirrored_pools(void **state)
{
    struct qw_node_pool *a = NULL;
    struct qw_node_pool *b = NULL;
    const uint8_t *of_a = NULL;
    const uint8_t *of_b = NULL;
    struct stat info;

    (void)state;
    charge();
    assert_int_equal(open_file(path_a, &a), QW_OK);
    assert_int_equal(open_file(path_b, &b), QW_OK);
    assert_int_equal(qw_node_pool_head(a)->node, qw_node_pool_head(b)->neighbour);
    assert_int_equal(qw_node_pool_head(b)->node, qw_node_pool_head(a)->neighbour);
    assert_memory_equal(qw_node_pool_head(a)->meeting_key, qw_node_pool_head(b)->meeting_key,
                        QW_NODE_MEETING_KEY_LEN);
    for (size_t at = 0; at + 50 <= LEN; at += 50) {
        qw_node_pool_confirm(a, QW_NODE_OUT, LEN);
        qw_node_pool_confirm(b, QW_NODE_IN, LEN);
        assert_int_equal(qw_node_pool_peek(a, QW_NODE_OUT, 50, &of_a), QW_OK);
        assert_int_equal(qw_node_pool_peek(b, QW_NODE_IN, 50, &of_b), QW_OK);
        assert_memory_equal(of_a, of_b, 50);
        qw_node_pool_pass(a, QW_NODE_OUT, 50);
        qw_node_pool_pass(b, QW_NODE_IN, 50);
    }
    qw_node_pool_close(a);
    qw_node_pool_close(b);
    assert_int_equal(stat(path_a, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void one_process_at_a_time(void **state)
{
    struct qw_node_pool *first = NULL;
    struct qw_node_pool *second = NULL;

    (void)state;
    charge();
    assert_int_equal(open_file(path_a, &first), QW_OK);
    assert_int_equal(open_file(path_a, &second), QW_ERR_CONFLICT);
    assert_null(second);
    qw_node_pool_close(first);
    assert_int_equal(open_file(path_a, &second), QW_OK);
    qw_node_pool_close(second);
}

static void refuses_files_that_are_none(void **state)
{
    struct qw_node_pool *pool = NULL;

    (void)state;
    charge();
    assert_int_equal(qw_node_pool_charge(path_a, path_b, &head, LEN), QW_ERR_CONFLICT);
    unlink(path_a);
    assert_int_equal(qw_node_pool_charge(path_a, path_b, &head, LEN), QW_ERR_CONFLICT);
    assert_int_equal(access(path_a, F_OK), -1); /* one end alone is not left behind */
    assert_int_equal(open_file(path_a, &pool), QW_ERR_NOT_FOUND);
    assert_int_equal(chmod(path_b, 0640), 0);
    assert_int_equal(open_file(path_b, &pool), QW_ERR_REFUSED);
    assert_int_equal(chmod(path_b, 0600), 0);
    assert_int_equal(truncate(path_b, 4000), 0);
    assert_int_equal(open_file(path_b, &pool), QW_ERR_IO);
    assert_int_equal(open_file(folder, &pool), QW_ERR_IO);
    assert_null(pool);
}

static void a_pool_of_real_keys_takes_no_simulated_ones(void **state)
{
    const struct qw_simulated_feed feed = { 1, 2, 0 };
    struct qw_node_pool *pool = NULL;

    (void)state;
    charge();
    assert_int_equal(open_file(path_a, &pool), QW_OK);
    assert_int_equal(qw_simulated_feed_fill(&feed, pool, 4096, 0), QW_ERR_REFUSED);
    assert_int_equal(qw_simulated_feed_follow(&feed, pool, 4096, 0), QW_ERR_REFUSED);
    assert_int_equal(qw_node_pool_state(pool, QW_NODE_OUT).end, LEN);
    qw_node_pool_close(pool);
}

static void refuses_sizes_out_of_range(void **state)
{
    struct qw_node_pool_head wrong = head;

    (void)state;
    unlink(path_a);
    unlink(path_b);
    assert_int_equal(qw_node_pool_charge(path_a, path_b, &head, 0), QW_ERR_ARG);
    assert_int_equal(qw_node_pool_charge(path_a, path_b, &head, 4097), QW_ERR_ARG);
    wrong.lease = QW_NODE_LEASE_MIN - 1;
    assert_int_equal(qw_node_pool_charge(path_a, path_b, &wrong, LEN), QW_ERR_ARG);
    wrong.lease = 4097;
    assert_int_equal(qw_node_pool_charge(path_a, path_b, &wrong, LEN), QW_ERR_ARG);
    wrong = head;
    wrong.neighbour = wrong.node;
    assert_int_equal(qw_node_pool_charge(path_a, path_b, &wrong, LEN), QW_ERR_ARG);
    assert_int_equal(access(path_a, F_OK), -1);
    assert_int_equal(access(path_b, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_files_hold_mirrored_pools),
        cmocka_unit_test(one_process_at_a_time),
        cmocka_unit_test(refuses_files_that_are_none),
        cmocka_unit_test(a_pool_of_real_keys_takes_no_simulated_ones),
        cmocka_unit_test(refuses_sizes_out_of_range),
    };
    int failures;

    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    snprintf(path_a, sizeof path_a, "%s/a", folder);
    snprintf(path_b, sizeof path_b, "%s/b", folder);
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path_a);
    unlink(path_b);
    rmdir(folder);
    return failures;
}
