/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q3 */
#include "qkd/relay/mesh.h"

#include "support/fail_nth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

enum { KEYS = 8, KEY_LEN = 32, TIMEOUT_MS = 1000 };
/*     1 - 2
 *   0       5      and 0 - 5 itself
 *     3 - 4   */
static const struct qw_mesh_link links[] = { { 0, 1 }, { 1, 2 }, { 2, 5 }, { 0, 3 },
                                             { 3, 4 }, { 4, 5 }, { 0, 5 } };
static const struct qw_relay_path paths[] = { { 4, { 0, 1, 2, 5 } }, { 4, { 0, 3, 4, 5 } } };
static const struct qw_mesh_config config = { .nodes = 6,
                                              .links = links,
                                              .links_count = 7,
                                              .source = 0,
                                              .target = 5,
                                              .batch_len_max = KEYS * KEY_LEN,
                                              .batches_max = 4,
                                              .capacity = 1 << 13,
                                              .lease = 1024,
                                              .seed = 3,
                                              .timeout_ms = TIMEOUT_MS };

static struct qw_mesh *new_mesh(void)
{
    struct qw_mesh *mesh = NULL;

    assert_int_equal(qw_mesh_new(&config, &mesh), QW_OK);
    return mesh;
}

static qw_err request(struct qw_mesh *mesh)
{
    return qw_mesh_request_two(mesh, paths, 2, KEYS, KEY_LEN);
}

static void keys_of_two_paths_are_joined_at_both_ends(void **state)
{
    static const struct qw_relay_path direct[] = { { 2, { 0, 5 } }, { 4, { 0, 3, 4, 5 } } };
    struct qw_mesh *mesh = new_mesh();

    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(request(mesh), QW_OK);
        qw_mesh_run(mesh);
    }
    assert_int_equal(qw_mesh_request_two(mesh, direct, 2, KEYS, KEY_LEN), QW_OK);
    assert_int_equal(request(mesh), QW_OK); /* tags between the ends overtake each other */
    qw_mesh_run(mesh);
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, 12 * KEYS);
    assert_int_equal(qw_mesh_report(mesh).mismatched_keys, 0);
    assert_int_equal(qw_mesh_report(mesh).voided, 0);
    assert_int_equal(qw_relay_counters(qw_mesh_relay(mesh, 0)).delivered, 24);
    qw_mesh_free(mesh);
}

static void never_fewer_paths_than_asked(void **state)
{
    struct qw_relay_path two[2] = { paths[0], paths[0] };
    struct qw_mesh *mesh = new_mesh();

    (void)state;
    assert_int_equal(qw_mesh_request_two(mesh, paths, 1, KEYS, KEY_LEN), QW_ERR_REFUSED);
    assert_int_equal(qw_mesh_request_two(mesh, two, 2, KEYS, KEY_LEN), QW_ERR_REFUSED);
    two[1] = paths[1];
    two[1].node[2] = 2; /* a relay on both */
    assert_int_equal(qw_mesh_request_two(mesh, two, 2, KEYS, KEY_LEN), QW_ERR_REFUSED);
    two[0] = (struct qw_relay_path){ 2, { 0, 5 } };
    two[1] = two[0]; /* one link twice */
    assert_int_equal(qw_mesh_request_two(mesh, two, 2, KEYS, KEY_LEN), QW_ERR_REFUSED);
    qw_mesh_run(mesh);
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, 0);
    assert_int_equal(qw_relay_counters(qw_mesh_relay(mesh, 0)).requested, 0);
    qw_mesh_free(mesh);
}

static void a_half_alone_is_void_at_both_ends(void **state)
{
    (void)state;
    for (size_t link = 0; link < 6; link++) {
        bool is_over = false;

        for (size_t steps = 0; !is_over; steps++) {
            struct qw_mesh *mesh = new_mesh();
            struct qw_mesh_report r;

            assert_true(steps < 100);
            assert_int_equal(request(mesh), QW_OK);
            for (size_t i = 0; i < steps && !is_over; i++) {
                is_over = !qw_mesh_step(mesh);
            }
            qw_mesh_cut(mesh, link);
            for (int i = 0; i < 4; i++) {
                qw_mesh_wait(mesh, TIMEOUT_MS);
            }
            assert_int_equal(qw_mesh_join(mesh, link), QW_OK);
            for (int i = 0; i < 4; i++) {
                qw_mesh_wait(mesh, TIMEOUT_MS);
            }
            r = qw_mesh_report(mesh);
            assert_int_equal(r.voided + r.delivered_keys / KEYS, 1);
            assert_int_equal(r.mismatched_keys, 0);
            assert_int_equal(qw_relay_under_way(qw_mesh_relay(mesh, 0)), 0);
            assert_int_equal(qw_relay_under_way(qw_mesh_relay(mesh, 5)), 0);
            assert_int_equal(request(mesh), QW_OK);
            qw_mesh_run(mesh);
            assert_int_equal(qw_mesh_report(mesh).delivered_keys, r.delivered_keys + KEYS);
            qw_mesh_free(mesh);
        }
    }
}

static void a_second_path_that_cannot_begin_ends_the_first(void **state)
{
    struct qw_mesh *mesh = new_mesh();

    (void)state;
    qw_mesh_cut(mesh, 3);
    assert_int_equal(request(mesh), QW_OK);
    qw_mesh_run(mesh);
    qw_mesh_wait(mesh, TIMEOUT_MS);
    assert_int_equal(qw_mesh_report(mesh).voided, 1);
    assert_int_equal(qw_mesh_report(mesh).delivered_keys, 0);
    assert_int_equal(qw_relay_counters(qw_mesh_relay(mesh, 5)).received, 1); /* the half */
    assert_int_equal(qw_relay_counters(qw_mesh_relay(mesh, 5)).voided, 1);
    assert_int_equal(qw_relay_under_way(qw_mesh_relay(mesh, 0)), 0);
    assert_int_equal(qw_relay_under_way(qw_mesh_relay(mesh, 5)), 0);
    qw_mesh_free(mesh);
}

/* Whenever it dies: what is acknowledged is at both ends, and the rest at neither. */
static void a_target_that_dies_between_the_halves_has_the_batch_void(void **state)
{
    bool is_over = false;
    uint64_t refused = 0;

    (void)state;
    for (size_t steps = 0; !is_over; steps++) {
        struct qw_mesh *mesh = new_mesh();
        struct qw_mesh_report r;

        assert_true(steps < 100);
        assert_int_equal(request(mesh), QW_OK);
        for (size_t i = 0; i < steps && !is_over; i++) {
            is_over = !qw_mesh_step(mesh);
        }
        assert_int_equal(qw_mesh_crash(mesh, 5), QW_OK);
        for (int i = 0; i < 8; i++) {
            qw_mesh_wait(mesh, TIMEOUT_MS);
        }
        r = qw_mesh_report(mesh);
        assert_int_equal(r.voided + r.delivered_keys / KEYS, 1);
        assert_int_equal(r.mismatched_keys, 0);
        refused += r.voided;
        assert_int_equal(qw_relay_under_way(qw_mesh_relay(mesh, 0)), 0);
        qw_mesh_free(mesh);
    }
    assert_true(refused > 8);
}

struct joined {
    size_t count;
    uint8_t first;
};

static qw_err take_joined(void *self, const struct qw_relay_batch *batch, const uint8_t *keys)
{
    struct joined *joined = self;

    assert_int_equal(batch->id[QW_RELAY_PART_AT], QW_TWO_PATHS_JOINED);
    joined->count++;
    joined->first = keys[0];
    return QW_OK;
}

static void take_void(void *self, const struct qw_relay_batch *batch, uint8_t part,
                      enum qw_relay_reason reason, uint32_t at)
{
    (void)self;
    (void)batch;
    (void)part;
    (void)reason;
    (void)at;
}

static void only_the_other_half_is_joined(void **state)
{
    struct joined joined = { 0 };
    const struct qw_two_paths_config c = { 2,       KEYS * KEY_LEN, TIMEOUT_MS,
                                           &joined, take_joined,    take_void };
    const struct qw_relay_batch first = { { 9 }, 2, KEY_LEN, 0, 5 };
    const uint8_t keys[KEYS * KEY_LEN] = { 0x0f }, other[KEYS * KEY_LEN] = { 0xf0 };
    struct qw_relay_batch second[5];
    struct qw_two_paths *p = NULL;

    (void)state;
    assert_int_equal(qw_two_paths_new(&c, &p), QW_OK);
    assert_int_equal(qw_two_paths_deliver(p, &first, keys), QW_OK);
    for (size_t i = 0; i < 5; i++) {
        second[i] = first;
        second[i].id[QW_RELAY_PART_AT] = i > 0; /* 0: the same half again */
    }
    second[1].count = 3; /* longer */
    second[2].key_len = KEY_LEN - 1;
    second[3].source = 4;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(qw_two_paths_deliver(p, &second[i], other), QW_ERR_CONFLICT);
    }
    assert_int_equal(joined.count, 0);
    assert_int_equal(qw_two_paths_deliver(p, &second[4], other), QW_OK);
    assert_int_equal(joined.count, 1);
    assert_int_equal(joined.first, 0xff);
    qw_two_paths_free(p);
}

static void part_one_alone_is_refused(void **state)
{
    struct joined joined = { 0 };
    const struct qw_two_paths_config c = { 2,       KEYS * KEY_LEN, TIMEOUT_MS,
                                           &joined, take_joined,    take_void };
    const struct qw_relay_batch part = { { 9, [QW_RELAY_PART_AT] = 1 }, 2, KEY_LEN, 0, 5 };
    const uint8_t keys[KEYS * KEY_LEN] = { 0x0f };
    struct qw_two_paths *p = NULL;

    (void)state;
    assert_int_equal(qw_two_paths_new(&c, &p), QW_OK);
    assert_int_equal(qw_two_paths_deliver(p, &part, keys), QW_ERR_STATE);
    assert_int_equal(joined.count, 0);
    qw_two_paths_free(p);
}

static void a_half_that_stays_alone_is_given_up_and_counted(void **state)
{
    struct joined joined = { 0 };
    const struct qw_two_paths_config c = { 1,       KEYS * KEY_LEN, TIMEOUT_MS,
                                           &joined, take_joined,    take_void };
    struct qw_relay_batch part = { { 9 }, 2, KEY_LEN, 0, 5 };
    const uint8_t keys[KEYS * KEY_LEN] = { 0x0f };
    struct qw_two_paths *p = NULL;

    (void)state;
    assert_int_equal(qw_two_paths_new(&c, &p), QW_OK);
    assert_int_equal(qw_two_paths_deliver(p, &part, keys), QW_OK);
    part.id[0] = 8;
    assert_int_equal(qw_two_paths_deliver(p, &part, keys), QW_ERR_LIMIT); /* one place */
    qw_two_paths_settle(p, NULL, 4 * TIMEOUT_MS - 1);
    assert_int_equal(qw_two_paths_counters(p).alone, 0);
    qw_two_paths_settle(p, NULL, 4 * TIMEOUT_MS);
    assert_int_equal(qw_two_paths_counters(p).alone, 1);
    part.id[0] = 9;
    part.id[QW_RELAY_PART_AT] = 1;
    assert_int_equal(qw_two_paths_deliver(p, &part, keys), QW_ERR_STATE);
    assert_int_equal(joined.count, 0);
    qw_two_paths_free(p);
}

static void constructors_that_lack_memory_leave_nothing(void **state)
{
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        struct qw_mesh *mesh = NULL;

        assert_true(n < 500);
        fail_nth = n;
        err = qw_mesh_new(&config, &mesh);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && mesh == NULL));
        qw_mesh_free(mesh);
        if (fail_nth > 0) { /* was not reached */
            break;
        }
        err = QW_ERR_NOMEM; /* a window that could not be had ends a session, not the mesh */
    }
    fail_nth = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_two_paths_are_joined_at_both_ends),
        cmocka_unit_test(never_fewer_paths_than_asked),
        cmocka_unit_test(a_half_alone_is_void_at_both_ends),
        cmocka_unit_test(a_second_path_that_cannot_begin_ends_the_first),
        cmocka_unit_test(a_target_that_dies_between_the_halves_has_the_batch_void),
        cmocka_unit_test(part_one_alone_is_refused),
        cmocka_unit_test(a_half_that_stays_alone_is_given_up_and_counted),
        cmocka_unit_test(only_the_other_half_is_joined),
        cmocka_unit_test(constructors_that_lack_memory_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
