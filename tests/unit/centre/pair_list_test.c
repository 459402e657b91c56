/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 C12 */
/* The list of pairs says what is leased to each and what it was given. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/pair/pair.h"
#include "centre/pair/pair_list.h"
#include "unit/centre/scene.h"

#include <stdlib.h>

static void add(struct scene *scene, const char *id, const char *peers)
{
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, id,
                                               QW_DEVICE_APPLICATION, "", peers),
                     QW_OK);
}

static int make_pairs(void **state)
{
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    add(scene, "alice", "bob");
    add(scene, "bob", "alice");
    return 0;
}

static qw_err ask(struct scene *scene, const char *identity, const char *slave, uint32_t count,
                  uint32_t bits)
{
    struct qw_caller caller = caller_of(identity);
    struct qw_given_key keys[8];
    struct qw_key_wish wish = { .slave = slave,
                                .count = count,
                                .bits = bits,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    return qw_centre_deliver(scene->centre, &caller, &wish, keys);
}

static size_t list(struct scene *scene, struct qw_pair_entry *entries)
{
    size_t count = 99;

    assert_int_equal(qw_centre_pair_list(scene->centre, &scene->operator_caller, entries, &count),
                     QW_OK);
    return count;
}

static void what_each_pair_has_and_had(void **state)
{
    static struct qw_pair_entry entries[QW_PAIRS_LISTED_MAX];
    struct scene *scene = *state;
    const struct qw_pair_entry *alice;
    const struct qw_pair_entry *bob;

    assert_int_equal(list(scene, entries), 0);
    assert_int_equal(ask(scene, "urn:qwave:sae:alice", "bob", 5, 256), QW_OK);
    scene_now_ms += 1000;
    assert_int_equal(ask(scene, "urn:qwave:sae:alice", "bob", 2, 512), QW_OK); /* four places */
    assert_int_equal(ask(scene, "urn:qwave:sae:bob", "alice", 1, 128), QW_OK);
    assert_int_equal(list(scene, entries), 2);
    alice = strcmp(entries[0].master, "alice") == 0 ? &entries[0] : &entries[1];
    bob = alice == &entries[0] ? &entries[1] : &entries[0];
    assert_string_equal(alice->slave, "bob");
    assert_int_equal(alice->ready_keys, 64 - 9);
    assert_int_equal(alice->ready_count, 1);
    assert_string_equal(alice->ready[0].source, "test-double");
    assert_int_equal(alice->ready[0].keys, 64 - 9);
    assert_int_equal(alice->given_keys, 7);
    assert_int_equal(alice->given_ms, scene_now_ms);
    assert_string_equal(bob->master, "bob");
    assert_string_equal(bob->slave, "alice");
    assert_int_equal(bob->ready_keys, 63);
    assert_int_equal(bob->given_keys, 1);
    assert_int_equal(list(scene, entries), 2); /* looking changes nothing */
    assert_int_equal(alice->given_keys, 7);
}

/* Of more sources than there are parts the last part is all others. */
static void the_parts_are_all_there_is(void **state)
{
    enum { BLOCKS = 12, PARTS = 4 };
    struct qw_open_block *blocks[BLOCKS];
    struct qw_stock_part parts[PARTS];
    struct qw_pair pair = { .blocks = NULL };
    uint64_t sum = 0;

    (void)state;
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i] = calloc(1, sizeof *blocks[i]);
        assert_non_null(blocks[i]);
        blocks[i]->next = pair.blocks;
        blocks[i]->keys = 16;
        blocks[i]->at = (uint16_t)i;
        blocks[i]->carve_until_ms = 1000;
        blocks[i]->place.is_simulated = i == 7;
        (void)snprintf(blocks[i]->place.source, sizeof blocks[i]->place.source, "link:%u", i % 6);
        pair.blocks = blocks[i];
    }
    assert_int_equal(qw_pair_left_by_source(&pair, 1000, parts, PARTS), 0); /* too late for all */
    assert_int_equal(qw_pair_left_by_source(&pair, 999, parts, PARTS), PARTS);
    for (unsigned i = 0; i < PARTS; i++) {
        sum += parts[i].keys;
    }
    assert_int_equal(sum, qw_pair_left(&pair, 256, &qw_key_demand_none, 999));
    assert_string_equal(parts[0].source, "link:5"); /* the newest, and the one six before */
    assert_int_equal(parts[0].keys, (16 - 11) + (16 - 5));
    assert_string_equal(parts[PARTS - 1].source, "");
    assert_true(parts[PARTS - 1].is_simulated); /* one of them is */
    for (unsigned i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
    }
}

static void what_was_refused_was_not_given(void **state)
{
    static struct qw_pair_entry entries[QW_PAIRS_LISTED_MAX];
    struct scene *scene = *state;

    assert_int_equal(ask(scene, "urn:qwave:sae:bob", "carol", 1, 256), QW_ERR_NOT_FOUND);
    assert_int_equal(list(scene, entries), 1);
    assert_int_equal(entries[0].given_keys, 0);
    assert_int_equal(entries[0].given_ms, 0);
    assert_int_equal(entries[0].ready_keys, 0);
}

static void only_who_may_read_the_status_sees_them(void **state)
{
    static struct qw_pair_entry entries[QW_PAIRS_LISTED_MAX];
    struct scene *scene = *state;
    struct qw_caller application = caller_of("urn:qwave:sae:alice");
    size_t count = 99;

    assert_int_equal(qw_centre_pair_list(scene->centre, &application, entries, &count),
                     QW_ERR_REFUSED);
    assert_int_equal(count, 99);
}

#define WITH_PAIRS(test) cmocka_unit_test_setup_teardown(test, make_pairs, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PAIRS(what_each_pair_has_and_had),
        cmocka_unit_test(the_parts_are_all_there_is),
        WITH_PAIRS(what_was_refused_was_not_given),
        WITH_PAIRS(only_who_may_read_the_status_sees_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
