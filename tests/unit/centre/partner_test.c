/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 C12 C14 */
/* Keys for applications of other centres [docs/protocol/etsi020.md]: three real centres that call
 * each other as qwaved would, without the network, and a way between them that fails in every
 * manner the page names. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/centre/scene.h"

#include "centre/partner/partner.h"

#include <pthread.h>
#include <stdio.h>

enum { CENTRES = 3, TTL_S = 3600, SHORT_WAIT_MS = 60 };
static const char *const kme_names[CENTRES] = { "kme-a", "kme-b", "kme-c" };

enum manner {
    GOOD,
    AWAY,      /* nobody answers */
    LOST,      /* the keys arrive, the answer does not */
    SILENT,    /* taken, never acknowledged */
    FAILING,   /* taken, and acknowledged as failed */
    HALF,      /* only the first target is acknowledged */
    DEAF_VOID, /* as AWAY, also for void */
};

struct world {
    struct scene *scene[CENTRES];
    enum manner manner[CENTRES]; /* of the way to that centre */
    pthread_mutex_t lock;        /* around the next two */
    size_t sent[CENTRES], voided[CENTRES];
    uint8_t last_offer[16];
};

struct way { /* of one centre to all */
    struct world *world;
    int from;
};
static struct way ways[CENTRES];
static struct qw_partner_port ports[CENTRES];

static int index_of(const char *kme)
{
    for (int i = 0; i < CENTRES; i++) {
        if (strcmp(kme_names[i], kme) == 0) {
            return i;
        }
    }
    return -1;
}

static struct qw_caller as_kme(int i)
{
    char identity[64];

    snprintf(identity, sizeof identity, "urn:qwave:kme:%s", kme_names[i]);
    return caller_of(identity);
}

static bool knows(void *self, const char *partner)
{
    (void)self;
    return index_of(partner) >= 0;
}

/* What a partner's qwaved would send back for an order. */
static qw_err acknowledge(struct way *way, int to, const struct qw_partner_order *order,
                          bool is_relayed, bool is_gone, size_t targets)
{
    struct qw_caller partner = as_kme(to);
    struct qw_partner_ack acks[QW_PARTNER_TARGETS_MAX];

    for (size_t i = 0; i < targets; i++) {
        acks[i] = (struct qw_partner_ack){ .is_relayed = is_relayed,
                                           .is_gone = is_gone,
                                           .initiator = order->initiator,
                                           .target = order->targets[i],
                                           .ids = order->ids,
                                           .count = order->count };
    }
    return qw_centre_partner_ack(way->world->scene[way->from]->centre, &partner, order->offer_id,
                                 acks, targets);
}

static qw_err send_keys(struct way *way, int to, const struct qw_partner_order *order)
{
    struct world *world = way->world;
    struct qw_caller us = as_kme(way->from);
    struct qw_partner_keys keys = { .initiator = order->initiator,
                                    .targets = order->targets,
                                    .target_count = order->target_count,
                                    .keys = order->keys,
                                    .count = order->count,
                                    .source = order->source,
                                    .is_quantum = order->is_quantum,
                                    .is_simulated = order->is_simulated };
    qw_err err;

    if (world->manner[to] == AWAY || world->manner[to] == DEAF_VOID) {
        return QW_ERR_TIMEOUT;
    }
    err = qw_centre_partner_keys(world->scene[to]->centre, &us, &keys);
    if (err != QW_OK) {
        return err;
    }
    switch (world->manner[to]) {
    case LOST:
        return QW_ERR_IO;
    case SILENT:
        return QW_OK;
    case FAILING:
        return acknowledge(way, to, order, false, false, order->target_count);
    case HALF:
        return acknowledge(way, to, order, true, false, 1);
    default:
        return acknowledge(way, to, order, true, false, order->target_count);
    }
}

static void count_order(struct world *world, const struct qw_partner_order *order, size_t *counter)
{
    pthread_mutex_lock(&world->lock);
    memcpy(world->last_offer, order->offer_id, 16);
    (*counter)++;
    pthread_mutex_unlock(&world->lock);
}

static qw_err send(void *self, const struct qw_partner_order *order)
{
    struct way *way = self;
    struct world *world = way->world;
    struct qw_caller us = as_kme(way->from);
    int to = index_of(order->partner);
    qw_err fate = QW_OK;
    qw_err err;

    if (order->keys != NULL) {
        count_order(world, order, &world->sent[to]);
        return send_keys(way, to, order);
    }
    if (world->manner[to] == DEAF_VOID) {
        return QW_ERR_TIMEOUT;
    }
    count_order(world, order, &world->voided[to]);
    err = qw_centre_partner_void(world->scene[to]->centre, &us, order->initiator, order->ids,
                                 order->count, &fate);
    return err != QW_OK ? err : acknowledge(way, to, order, false, true, order->target_count);
}

static void add(struct scene *scene, const char *id, enum qw_device_kind kind, const char *peers,
                const char *home)
{
    assert_int_equal(
        qw_centre_device_register(scene->centre, &scene->operator_caller, id, kind, "", peers),
        QW_OK);
    if (home != NULL) {
        assert_int_equal(
            qw_centre_device_set_home(scene->centre, &scene->operator_caller, id, home), QW_OK);
    }
}

/* alice at kme-a; bob and ben at kme-b; carol at kme-c; local with alice. Everybody is registered
 * everywhere. */
static void populate(struct scene *scene, int at)
{
    static const struct {
        const char *id, *peers;
        int home;
    } rows[] = { { "alice", "bob,ben,carol,lea", 0 },
                 { "lea", "", 0 },
                 { "bob", "alice", 1 },
                 { "ben", "", 1 },
                 { "carol", "", 2 } };

    for (int i = 0; i < CENTRES; i++) {
        if (i != at) {
            add(scene, kme_names[i], QW_DEVICE_KME, "", NULL);
        }
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        add(scene, rows[i].id, QW_DEVICE_APPLICATION, rows[i].peers,
            rows[i].home == at ? NULL : kme_names[rows[i].home]);
    }
}

static int make_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    pthread_mutex_init(&world->lock, NULL);
    for (int i = 0; i < CENTRES; i++) {
        void *scene = NULL;

        assert_int_equal(scene_make(&scene), 0);
        world->scene[i] = scene;
        ways[i] = (struct way){ .world = world, .from = i };
        ports[i] = (struct qw_partner_port){ .self = &ways[i], .knows = knows, .send = send };
        scene_close(world->scene[i]);
        world->scene[i]->config.key_ttl_s = TTL_S;
        world->scene[i]->config.stock_keys = 640;
        world->scene[i]->config.partner_port = &ports[i];
        world->scene[i]->config.partner_wait_ms = SHORT_WAIT_MS;
        strcpy(world->scene[i]->config.centre_id, kme_names[i]);
        scene_open(world->scene[i]);
        assert_int_equal(qw_centre_ingest(world->scene[i]->centre), QW_OK);
        populate(world->scene[i], i);
    }
    *state = world;
    return 0;
}

static int remove_world(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < CENTRES; i++) {
        void *scene = world->scene[i];

        assert_int_equal(scene_remove(&scene), 0);
    }
    pthread_mutex_destroy(&world->lock);
    free(world);
    return 0;
}

static qw_err deliver(struct world *world, const char *slave, const char (*others)[64],
                      size_t other_count, uint32_t count, uint32_t bits, struct qw_given_key *keys)
{
    struct qw_caller alice = caller_of("urn:qwave:sae:alice");
    struct qw_key_wish wish = { .slave = slave,
                                .others = others,
                                .other_count = other_count,
                                .count = count,
                                .bits = bits,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    return qw_centre_deliver(world->scene[0]->centre, &alice, &wish, keys);
}

static qw_err get(struct world *world, int at, const char *who, const struct qw_given_key *wanted,
                  size_t count, struct qw_given_key *keys)
{
    struct qw_caller caller = caller_of(who);
    uint8_t ids[QW_FETCH_KEYS_MAX][16];

    for (size_t i = 0; i < count; i++) {
        memcpy(ids[i], wanted[i].id, 16);
    }
    return qw_centre_fetch(world->scene[at]->centre, &caller, "alice", (const uint8_t(*)[16])ids,
                           count, keys);
}

static void assert_same(const struct qw_given_key *a, const struct qw_given_key *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_memory_equal(a[i].id, b[i].id, 16);
        assert_int_equal(a[i].bits, b[i].bits);
        assert_memory_equal(a[i].bytes, b[i].bytes, a[i].bits / 8);
    }
}

static void sweep_all(struct world *world)
{
    for (int i = 0; i < CENTRES; i++) {
        assert_int_equal(qw_centre_partner_upkeep(world->scene[i]->centre), QW_OK);
        assert_int_equal(qw_centre_sweep(world->scene[i]->centre), QW_OK);
    }
}

/* Keys with a record and not yet destroyed. */
static uint64_t kept(struct world *world, int at)
{
    struct scene *scene = world->scene[at];
    uint64_t count = 0;

    assert_int_equal(scene->store.count(scene->store.self, QW_STORE_KEY, QW_STORE_ANY_TAG, &count),
                     QW_OK);
    return count;
}

static uint64_t offers(struct world *world)
{
    struct scene *scene = world->scene[0];
    uint64_t sum = 0;

    for (int64_t tag = 1; tag <= 3; tag++) {
        uint64_t count = 0;

        assert_int_equal(scene->store.count(scene->store.self, QW_STORE_META, tag, &count), QW_OK);
        sum += count;
    }
    return sum;
}

static void test_a_slave_elsewhere_gets_the_masters_key_once(void **state)
{
    struct world *world = *state;
    static struct qw_given_key given[128], fetched[128];

    assert_int_equal(deliver(world, "bob", NULL, 0, 3, 256, given), QW_OK);
    assert_int_equal(get(world, 1, "urn:qwave:sae:bob", given, 3, fetched), QW_OK);
    assert_same(given, fetched, 3);
    assert_int_equal(get(world, 1, "urn:qwave:sae:bob", given, 3, fetched), QW_OK); /* window */
    assert_same(given, fetched, 3);
    assert_int_equal(get(world, 1, "urn:qwave:sae:ben", given, 3, fetched), QW_ERR_REFUSED);
    scene_now_ms += 31000;
    assert_int_equal(get(world, 1, "urn:qwave:sae:bob", given, 3, fetched), QW_ERR_NOT_FOUND);
    sweep_all(world);
    assert_int_equal(kept(world, 0), 0);
    assert_int_equal(kept(world, 1), 0);
    assert_int_equal(offers(world), 0);
}

/* The key stays with the master's centre as long as he may ask again. */
static void test_a_named_request_is_repeated_though_the_slave_is_elsewhere(void **state)
{
    static const uint8_t names[][16] = { { 1 }, { 2 } };
    struct world *world = *state;
    struct qw_caller alice = caller_of("urn:qwave:sae:alice");
    struct qw_key_wish wish = { .slave = "bob",
                                .count = 2,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none,
                                .request_id = names[0] };
    struct qw_centre *centre = world->scene[0]->centre;
    struct qw_given_key given[2], again[2];

    assert_int_equal(qw_centre_deliver(centre, &alice, &wish, given), QW_OK);
    scene_now_ms += 29000;
    sweep_all(world);
    assert_int_equal(qw_centre_deliver(centre, &alice, &wish, again), QW_OK);
    assert_same(given, again, 2);
    assert_int_equal(get(world, 1, "urn:qwave:sae:bob", given, 2, again), QW_OK);
    assert_same(given, again, 2);
    scene_now_ms += 2001;
    sweep_all(world);
    assert_int_equal(kept(world, 0), 0);
    assert_int_equal(qw_centre_deliver(centre, &alice, &wish, again), QW_ERR_CONFLICT);
    /* what a partner did not take is not an answer: the same name may try again */
    wish.request_id = names[1];
    world->manner[1] = SILENT;
    assert_int_not_equal(qw_centre_deliver(centre, &alice, &wish, given), QW_OK);
    world->manner[1] = GOOD;
    assert_int_equal(qw_centre_deliver(centre, &alice, &wish, given), QW_OK);
    assert_int_equal(get(world, 1, "urn:qwave:sae:bob", given, 2, again), QW_OK);
    assert_same(given, again, 2);
}

static void test_nothing_of_the_key_stays_with_the_masters_centre(void **state)
{
    struct world *world = *state;
    struct qw_given_key given[2], fetched[2];

    assert_int_equal(deliver(world, "bob", NULL, 0, 2, 256, given), QW_OK);
    assert_int_equal(kept(world, 0), 2);
    scene_now_ms += 1000;
    assert_int_equal(qw_centre_sweep(world->scene[0]->centre), QW_OK);
    assert_int_equal(kept(world, 0), 0); /* zeroed, with its tombstone */
    /* Not even the right name gets it there: bob is at home elsewhere. */
    assert_int_equal(get(world, 0, "urn:qwave:sae:bob", given, 2, fetched), QW_ERR_REFUSED);
    assert_int_equal(get(world, 1, "urn:qwave:sae:bob", given, 2, fetched), QW_OK);
}

static void test_sizes_and_numbers_go_over_whole(void **state)
{
    static const uint32_t bits[] = { 24, 256, 264, 4096 };
    struct world *world = *state;
    static struct qw_given_key given[128], fetched[128];

    for (size_t i = 0; i < 4; i++) {
        uint32_t count = bits[i] == 4096 ? 20 : 128;

        assert_int_equal(qw_centre_ingest(world->scene[0]->centre), QW_OK);
        assert_int_equal(deliver(world, "bob", NULL, 0, count, bits[i], given), QW_OK);
        assert_int_equal(get(world, 1, "urn:qwave:sae:bob", given, count, fetched), QW_OK);
        assert_same(given, fetched, count);
    }
}

static void test_one_key_for_slaves_of_three_centres(void **state)
{
    static const char others[][64] = { "carol", "lea", "ben" };
    static const struct {
        const char *who;
        int at;
    } slaves[] = { { "urn:qwave:sae:bob", 1 },
                   { "urn:qwave:sae:ben", 1 },
                   { "urn:qwave:sae:carol", 2 },
                   { "urn:qwave:sae:lea", 0 } };
    struct world *world = *state;
    struct qw_given_key given[2], fetched[2];

    assert_int_equal(deliver(world, "bob", others, 3, 2, 512, given), QW_OK);
    assert_int_equal(world->sent[1], 1); /* both targets in one message */
    assert_int_equal(world->sent[2], 1);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(get(world, slaves[i].at, slaves[i].who, given, 2, fetched), QW_OK);
        assert_same(given, fetched, 2);
    }
    scene_now_ms += 31000;
    sweep_all(world);
    for (int i = 0; i < CENTRES; i++) {
        assert_int_equal(kept(world, i), 0);
    }
}

static void expect_nothing_left(struct world *world, const struct qw_given_key *zero)
{
    for (int round = 0; round < 2; round++) {
        scene_now_ms += 1000;
        sweep_all(world);
    }
    for (int i = 0; i < CENTRES; i++) {
        assert_int_equal(kept(world, i), 0);
    }
    assert_int_equal(offers(world), 0);
    for (size_t i = 0; i < sizeof *zero; i++) {
        assert_int_equal(((const uint8_t *)zero)[i], 0);
    }
}

/* Whatever goes wrong with one of two partners: no key to the master, none left anywhere. */
static void test_a_failing_partner_costs_the_keys_and_nothing_else(void **state)
{
    static const char others[][64] = { "carol", "lea" };
    static const enum manner manners[] = { AWAY, LOST, SILENT, FAILING };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        struct qw_given_key given[1] = { { .bits = 0 } };

        world->manner[2] = manners[i];
        assert_int_not_equal(deliver(world, "bob", others, 2, 1, 256, given), QW_OK);
        expect_nothing_left(world, given);
        world->manner[2] = GOOD;
        assert_int_equal(deliver(world, "bob", others, 2, 1, 256, given), QW_OK);
        memset(given, 0, sizeof given);
        scene_now_ms += (int64_t)2 * TTL_S * 1000;
        sweep_all(world);
    }
}

static void test_half_an_acknowledgement_is_none(void **state)
{
    static const char others[][64] = { "ben" };
    struct world *world = *state;
    struct qw_given_key given[1] = { { .bits = 0 } };

    world->manner[1] = HALF;
    assert_int_equal(deliver(world, "bob", others, 1, 1, 256, given), QW_ERR_TIMEOUT);
    expect_nothing_left(world, given);
}

static void test_void_is_repeated_until_it_is_answered(void **state)
{
    struct world *world = *state;
    struct qw_given_key given[1] = { { .bits = 0 } };

    world->manner[1] = SILENT;
    assert_int_equal(deliver(world, "bob", NULL, 0, 1, 256, given), QW_ERR_TIMEOUT);
    assert_int_equal(kept(world, 1), 1);
    world->manner[1] = DEAF_VOID;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(qw_centre_partner_upkeep(world->scene[0]->centre), QW_OK);
    }
    assert_int_equal(kept(world, 1), 1);
    assert_int_equal(offers(world), 1);
    scene_restart(world->scene[0]); /* and by whoever runs the centre then */
    world->manner[1] = GOOD;
    expect_nothing_left(world, given);
}

static void test_an_offer_that_a_killed_process_left_is_ended(void **state)
{
    struct world *world = *state;
    struct scene *scene = world->scene[0];
    struct qw_given_key given[1] = { { .bits = 0 } };

    world->manner[1] = SILENT;
    scene->fail_at =
        scene->submits + 3; /* lease, offer, and then the giving up does not get through */
    assert_int_not_equal(deliver(world, "bob", NULL, 0, 1, 256, given), QW_OK);
    scene->fail_at = 0;
    assert_int_equal(kept(world, 0), 1);
    assert_int_equal(kept(world, 1), 1);
    scene_restart(scene);
    assert_int_equal(qw_centre_partner_upkeep(scene->centre), QW_OK);
    assert_int_equal(world->voided[1], 0); /* another process may be about it */
    scene_now_ms += 11000;
    world->manner[1] = GOOD;
    expect_nothing_left(world, given);
}

static void test_a_slave_that_was_faster_than_the_void_is_told_of(void **state)
{
    struct world *world = *state;
    struct qw_caller us = as_kme(0);
    struct qw_given_key key = { .bits = 256, .id = { 7 }, .bytes = { 1, 2, 3 } };
    struct qw_given_key fetched;
    struct qw_partner_keys keys = { .initiator = "alice",
                                    .targets = (const char[][64]){ "bob" },
                                    .target_count = 1,
                                    .keys = &key,
                                    .count = 1,
                                    .source = "" };
    struct qw_centre *centre = world->scene[1]->centre;
    qw_err fate = QW_OK;

    assert_int_equal(qw_centre_partner_keys(centre, &us, &keys), QW_OK);
    assert_int_equal(get(world, 1, "urn:qwave:sae:bob", &key, 1, &fetched), QW_OK);
    assert_memory_equal(fetched.bytes, key.bytes, 32);
    assert_int_equal(
        qw_centre_partner_void(centre, &us, "alice", (const uint8_t[][16]){ { 7 } }, 1, &fate),
        QW_OK);
    assert_int_equal(fate, QW_ERR_STATE);
    assert_int_equal(get(world, 1, "urn:qwave:sae:bob", &key, 1, &fetched), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_sweep(centre), QW_OK);
    assert_int_equal(
        qw_centre_partner_void(centre, &us, "alice", (const uint8_t[][16]){ { 7 } }, 1, &fate),
        QW_OK);
    assert_int_equal(fate, QW_ERR_NOT_FOUND);
    /* An id that was here once is nobody's again. */
    assert_int_equal(qw_centre_partner_keys(centre, &us, &keys), QW_ERR_CONFLICT);
}

static void test_a_partner_reaches_only_its_own(void **state)
{
    struct world *world = *state;
    struct qw_caller us = as_kme(0), other = as_kme(2), us_as_sae = caller_of("kme-a");
    struct qw_caller unknown = caller_of("urn:qwave:kme:kme-x");
    struct qw_given_key key = { .bits = 256, .id = { 9 } };
    struct qw_partner_keys good = { .initiator = "alice",
                                    .targets = (const char[][64]){ "bob" },
                                    .target_count = 1,
                                    .keys = &key,
                                    .count = 1,
                                    .source = "" };
    struct qw_partner_keys keys = good;
    struct qw_centre *centre = world->scene[1]->centre;
    qw_err fate = QW_OK;

    assert_int_equal(qw_centre_partner_keys(centre, &us_as_sae, &good), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_partner_keys(centre, &unknown, &good), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_partner_keys(centre, &other, &good), QW_ERR_ARG); /* alice is ours */
    keys.initiator = "carol"; /* at home with kme-c */
    assert_int_equal(qw_centre_partner_keys(centre, &us, &keys), QW_ERR_ARG);
    keys.initiator = "bob";
    assert_int_equal(qw_centre_partner_keys(centre, &us, &keys), QW_ERR_ARG);
    keys = good;
    keys.targets = (const char[][64]){ "carol" }; /* not at home there */
    assert_int_equal(qw_centre_partner_keys(centre, &us, &keys), QW_ERR_ARG);
    keys.targets = (const char[][64]){ "nobody" };
    assert_int_equal(qw_centre_partner_keys(centre, &us, &keys), QW_ERR_ARG);
    assert_int_equal(qw_centre_partner_keys(centre, &us, &good), QW_OK);
    assert_int_equal(
        qw_centre_partner_void(centre, &other, "alice", (const uint8_t[][16]){ { 9 } }, 1, &fate),
        QW_OK);
    assert_int_equal(fate, QW_ERR_NOT_FOUND); /* as if it were not there */
    assert_int_equal(kept(world, 1), 1);
    assert_int_equal(qw_centre_device_change(centre, &world->scene[1]->operator_caller, "kme-a",
                                             QW_DEVICE_SUSPEND),
                     QW_OK);
    key.id[0] = 10;
    assert_int_equal(qw_centre_partner_keys(centre, &us, &good), QW_ERR_REFUSED);
}

static void test_an_acknowledgement_counts_only_from_whom_the_offer_went_to(void **state)
{
    struct world *world = *state;
    struct qw_caller partner = as_kme(1), other = as_kme(2);
    struct qw_given_key given[1] = { { .bits = 0 } };
    uint8_t id[1][16] = { { 1 } };
    struct qw_partner_ack ack = { .is_relayed = true,
                                  .initiator = "alice",
                                  .target = "bob",
                                  .ids = (const uint8_t(*)[16])id,
                                  .count = 1 };
    struct qw_centre *centre = world->scene[0]->centre;

    world->manner[1] = DEAF_VOID;
    assert_int_not_equal(deliver(world, "bob", NULL, 0, 1, 256, given), QW_OK);
    assert_int_equal(qw_centre_partner_ack(centre, &other, world->last_offer, &ack, 1),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_partner_ack(centre, &partner, world->last_offer, &ack, 1),
                     QW_ERR_NOT_FOUND); /* another key */
    assert_int_equal(qw_centre_partner_ack(centre, &partner, id[0], &ack, 1), QW_ERR_NOT_FOUND);
    assert_int_equal(
        qw_centre_partner_ack(centre, &world->scene[0]->application, world->last_offer, &ack, 1),
        QW_ERR_REFUSED);
    assert_int_equal(offers(world), 1);
}

/* An acknowledgement that comes after the master was told no does not bring the keys back. */
static void test_a_late_acknowledgement_changes_nothing(void **state)
{
    struct world *world = *state;
    struct qw_given_key given[1] = { { .bits = 0 } };
    struct qw_given_key fetched;

    world->manner[1] = SILENT;
    assert_int_equal(deliver(world, "bob", NULL, 0, 1, 256, given), QW_ERR_TIMEOUT);
    world->manner[1] = GOOD;
    expect_nothing_left(world, given);
    assert_int_not_equal(get(world, 1, "urn:qwave:sae:bob", given, 1, &fetched), QW_OK);
}

struct job {
    struct world *world;
    int from;
    const char *who, *slave;
    qw_err err;
};

static void *run_job(void *self)
{
    struct job *job = self;
    struct qw_caller caller = caller_of(job->who);
    struct qw_key_wish wish = { .slave = job->slave,
                                .count = 1,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };
    struct qw_given_key key;

    for (int i = 0; i < 20 && job->err == QW_OK; i++) {
        job->err = qw_centre_deliver(job->world->scene[job->from]->centre, &caller, &wish, &key);
    }
    return NULL;
}

/* Two centres that ask each other at the same time, four masters each. */
static void test_both_ways_at_once_end(void **state)
{
    struct world *world = *state;
    struct job jobs[8];
    pthread_t threads[8];

    for (int i = 0; i < 2; i++) {
        world->scene[i]->config.partner_wait_ms = 10000;
        scene_restart(world->scene[i]);
    }
    for (int i = 0; i < 8; i++) {
        jobs[i] = (struct job){ .world = world,
                                .from = i % 2,
                                .who = i % 2 == 0 ? "urn:qwave:sae:alice" : "urn:qwave:sae:bob",
                                .slave = i % 2 == 0 ? "bob" : "alice" };
        assert_int_equal(pthread_create(&threads[i], NULL, run_job, &jobs[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(jobs[i].err, QW_OK);
    }
}

static void test_no_more_wait_than_there_are_places(void **state)
{
    struct world *world = *state;
    struct job jobs[8];
    pthread_t threads[8];
    int limited = 0;

    world->scene[0]->config.partner_wait_ms = 1500;
    world->scene[0]->config.partner_places = 2;
    scene_restart(world->scene[0]);
    world->manner[1] = SILENT;
    for (int i = 0; i < 8; i++) {
        jobs[i] =
            (struct job){ .world = world, .from = 0, .who = "urn:qwave:sae:alice", .slave = "bob" };
        assert_int_equal(pthread_create(&threads[i], NULL, run_job, &jobs[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        limited += jobs[i].err == QW_ERR_LIMIT;
    }
    assert_int_equal(limited, 6);
}

/* Every write of the whole way fails once, at either end: both ends agree afterwards. */
static void test_every_failing_write_leaves_both_ends_alike(void **state)
{
    struct world *world = *state;
    bool all_done = false;

    for (int end = 0; end < 2; end++) {
        all_done = false;
        for (int n = 1; n < 12 && !all_done; n++) {
            struct scene *scene = world->scene[end];
            struct qw_given_key given[1] = { { .bits = 0 } };
            struct qw_given_key fetched[1];
            qw_err err;

            assert_int_equal(qw_centre_ingest(world->scene[0]->centre), QW_OK);
            scene->submits = 0;
            scene->fail_at = n;
            err = deliver(world, "bob", NULL, 0, 1, 256, given);
            all_done = scene->submits < n;
            scene->fail_at = 0;
            if (err == QW_OK) {
                assert_int_equal(get(world, 1, "urn:qwave:sae:bob", given, 1, fetched), QW_OK);
                assert_same(given, fetched, 1);
                scene_now_ms += 31000;
                memset(given, 0, sizeof given);
            } else {
                scene_now_ms += 11000;
            }
            expect_nothing_left(world, given);
        }
        assert_true(all_done);
    }
}

static void test_the_label_of_the_material_goes_with_it(void **state)
{
    struct world *world = *state;
    struct scene *scene = world->scene[1];
    struct qw_caller us = as_kme(0);
    struct qw_given_key key = { .bits = 256, .id = { 3 } };
    struct qw_partner_keys keys = { .initiator = "alice",
                                    .targets = (const char[][64]){ "bob" },
                                    .target_count = 1,
                                    .keys = &key,
                                    .count = 1,
                                    .source =
                                        "a-claim-that-is-longer-than-there-is-room-for-in-all" };
    struct qw_centre_status status;

    assert_int_equal(qw_centre_partner_keys(scene->centre, &us, &keys), QW_OK);
    assert_int_equal(qw_centre_status(scene->centre, &scene->operator_caller, &status), QW_OK);
    assert_int_equal(status.keys_in_state[QW_KEY_DELIVERED], 1);
    assert_books_balance(scene);
}

/* Neither end takes back what the other centre has as well and would go on giving. */
static void test_a_key_that_two_centres_have_is_not_taken_back(void **state)
{
    struct world *world = *state;
    struct qw_given_key given[1], keys[1];
    static const struct {
        int at;
        const char *who;
    } rows[] = { { 0, "urn:qwave:sae:alice" }, { 1, "urn:qwave:sae:bob" } };

    assert_int_equal(deliver(world, "bob", NULL, 0, 1, 256, given), QW_OK);
    for (size_t i = 0; i < 2; i++) {
        struct qw_caller caller = caller_of(rows[i].who);
        uint64_t withdrawn = 7;

        assert_int_equal(qw_centre_key_withdraw(world->scene[rows[i].at]->centre, &caller,
                                                QW_WITHDRAW_VOID, (const uint8_t(*)[16])given[0].id,
                                                1, &withdrawn),
                         QW_ERR_UNAVAILABLE);
        assert_int_equal(withdrawn, 7);
    }
    assert_int_equal(get(world, 1, "urn:qwave:sae:bob", given, 1, keys), QW_OK);
    assert_memory_equal(keys[0].bytes, given[0].bytes, 32);
}

static void test_a_home_is_a_partner_and_an_application_there_gets_nothing_here(void **state)
{
    struct world *world = *state;
    struct scene *scene = world->scene[0];
    const struct qw_caller *op = &scene->operator_caller;
    struct qw_caller alice = caller_of("alice");
    struct qw_given_key key;
    char peers[QW_DEVICE_PEERS_CAP];

    assert_int_equal(qw_centre_device_set_home(scene->centre, op, "alice", "nobody"),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_device_set_home(scene->centre, op, "alice", "bob"),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_device_set_home(scene->centre, op, "kme-b", "kme-c"), QW_ERR_STATE);
    assert_int_equal(qw_centre_device_set_home(scene->centre, &alice, "alice", ""), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_device_register(scene->centre, op, "a/b", QW_DEVICE_KME, "", ""),
                     QW_ERR_ARG);
    assert_int_equal(qw_centre_device_register(scene->centre, op,
                                               "a-name-of-thirty-two-characters-", QW_DEVICE_KME,
                                               "", ""),
                     QW_ERR_ARG);
    assert_int_equal(qw_centre_device_set_home(scene->centre, op, "alice", "kme-c"), QW_OK);
    assert_int_equal(deliver(world, "lea", NULL, 0, 1, 256, &key), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_peers(scene->centre, &alice, peers), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_device_set_home(scene->centre, op, "alice", ""), QW_OK);
    assert_int_equal(deliver(world, "lea", NULL, 0, 1, 256, &key), QW_OK);
}

static void test_a_partner_that_is_not_configured_moves_no_key(void **state)
{
    struct world *world = *state;
    struct scene *scene = world->scene[0];
    struct qw_given_key key;

    scene->config.partner_port = NULL;
    scene_restart(scene);
    assert_int_equal(deliver(world, "bob", NULL, 0, 1, 256, &key), QW_ERR_IO);
    assert_int_equal(offers(world), 0);
    assert_int_equal(deliver(world, "lea", NULL, 0, 1, 256, &key), QW_OK);
    scene->config.partner_port = &ports[0];
}

int main(void)
{
#define WORLD(test) cmocka_unit_test_setup_teardown(test, make_world, remove_world)
    const struct CMUnitTest tests[] = {
        WORLD(test_a_slave_elsewhere_gets_the_masters_key_once),
        WORLD(test_a_named_request_is_repeated_though_the_slave_is_elsewhere),
        WORLD(test_nothing_of_the_key_stays_with_the_masters_centre),
        WORLD(test_sizes_and_numbers_go_over_whole),
        WORLD(test_one_key_for_slaves_of_three_centres),
        WORLD(test_a_failing_partner_costs_the_keys_and_nothing_else),
        WORLD(test_half_an_acknowledgement_is_none),
        WORLD(test_void_is_repeated_until_it_is_answered),
        WORLD(test_an_offer_that_a_killed_process_left_is_ended),
        WORLD(test_a_slave_that_was_faster_than_the_void_is_told_of),
        WORLD(test_a_partner_reaches_only_its_own),
        WORLD(test_an_acknowledgement_counts_only_from_whom_the_offer_went_to),
        WORLD(test_a_late_acknowledgement_changes_nothing),
        WORLD(test_both_ways_at_once_end),
        WORLD(test_no_more_wait_than_there_are_places),
        WORLD(test_every_failing_write_leaves_both_ends_alike),
        WORLD(test_the_label_of_the_material_goes_with_it),
        WORLD(test_a_key_that_two_centres_have_is_not_taken_back),
        WORLD(test_a_home_is_a_partner_and_an_application_there_gets_nothing_here),
        WORLD(test_a_partner_that_is_not_configured_moves_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
