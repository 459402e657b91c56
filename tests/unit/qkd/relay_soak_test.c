/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q2 Q3 */
/* Ten million keys over four hops with crashes at any step: neither a mismatch nor a pad bit twice.
 * Takes a minute; label slow. */
#include "qkd/relay/mesh.h"

#include "base/prng.h"
#include "support/test_seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NODES = 5, KEYS = 256, KEY_LEN = 32, CAPACITY = 1 << 17, TIMEOUT_MS = 1000 };

static void ten_million_keys_with_crashes(void **state)
{
    static const struct qw_mesh_link links[] = { { 0, 1 }, { 1, 2 }, { 2, 3 }, { 3, 4 } };
    static const struct qw_relay_path path = { NODES, { 0, 1, 2, 3, 4 } };
    const struct qw_mesh_config config = { .nodes = NODES,
                                           .links = links,
                                           .links_count = NODES - 1,
                                           .source = 0,
                                           .target = NODES - 1,
                                           .batch_len_max = KEYS * KEY_LEN,
                                           .batches_max = 4,
                                           .capacity = CAPACITY,
                                           .lease = 1 << 14,
                                           .seed = test_seed(),
                                           .timeout_ms = TIMEOUT_MS };
    struct qw_mesh *mesh = NULL;
    struct qw_prng prng;
    uint64_t crashes = 0;

    (void)state;
    qw_prng_init(&prng, config.seed, 7);
    assert_int_equal(qw_mesh_new(&config, &mesh), QW_OK);
    while (qw_mesh_report(mesh).delivered_keys < 10000000) {
        (void)!qw_mesh_request(mesh, &path, KEYS, KEY_LEN); /* refused while stock is short */
        for (uint64_t i = qw_prng_below(&prng, 40); i > 0; i--) {
            (void)!qw_mesh_step(mesh);
        }
        if (qw_prng_below(&prng, 50) == 0) {
            assert_int_equal(qw_mesh_crash(mesh, (uint32_t)qw_prng_below(&prng, NODES)), QW_OK);
            crashes++;
        }
        if (qw_prng_below(&prng, 8) == 0) {
            qw_mesh_wait(mesh, TIMEOUT_MS / 2);
            assert_int_equal(qw_mesh_feed(mesh, CAPACITY), QW_OK);
        }
    }
    assert_true(crashes > 100);
    assert_int_equal(qw_mesh_report(mesh).mismatched_keys, 0);
    assert_int_equal(qw_mesh_report(mesh).reused_pad_bits, 0);
    assert_int_equal(qw_mesh_report(mesh).refused, 0);
    print_message("%llu crashes, %llu batches void\n", (unsigned long long)crashes,
                  (unsigned long long)qw_mesh_report(mesh).voided);
    qw_mesh_free(mesh);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(ten_million_keys_with_crashes) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
