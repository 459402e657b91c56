/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C7 C8 C14 */
/* Two centres on one PostgreSQL, as two processes of qwaved: whatever one does holds for the other,
 * and no key is given twice. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/device/describe.h"
#include "centre/device/import.h"
#include "centre/device/search.h"
#include "centre/journal/journal.h"
#include "centre/kek/kek.h"
#include "centre/maintenance.h"
#include "centre/people/unit_quota.h"
#include "postgres_server.h"
#include "store/journal/check.h"
#include "store/store_postgres.h"
#include "unit/centre/scene.h"

#include <pthread.h>

enum { KEYS = 8, ROUNDS = 40 };

static struct postgres_server server; /* of the whole run */

struct two {
    struct scene *scenes[2];
};

static void open_on_server(struct scene *scene)
{
    assert_int_equal(qw_store_postgres_open(server.uri, NULL, &scene->store), QW_OK);
    assert_int_equal(qw_centre_new(&scene->config, &scene->centre), QW_OK);
}

static int make_two(void **state)
{
    struct two *two = calloc(1, sizeof *two);
    void *scene = NULL;

    assert_non_null(two);
    postgres_server_execute(&server, "DROP SCHEMA IF EXISTS qwave CASCADE");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(scene_make(&scene), 0);
        two->scenes[i] = scene;
        scene_close(two->scenes[i]);
        qw_prng_init(&two->scenes[i]->prng, 2026, i);
        two->scenes[i]->config.store = &two->scenes[i]->store;
        two->scenes[i]->config.stock_keys = 512;
        open_on_server(two->scenes[i]);
    }
    assert_int_equal(qw_centre_ingest(two->scenes[0]->centre), QW_OK);
    for (size_t i = 0; i < 2; i++) { /* each registers one of them */
        assert_int_equal(qw_centre_device_register(two->scenes[i]->centre,
                                                   &two->scenes[i]->operator_caller,
                                                   i == 0 ? "alice" : "bob", QW_DEVICE_APPLICATION,
                                                   "", i == 0 ? "bob" : "alice"),
                         QW_OK);
    }
    *state = two;
    return 0;
}

static int remove_two(void **state)
{
    struct two *two = *state;

    for (size_t i = 0; i < 2; i++) {
        void *scene = two->scenes[i];

        scene_remove(&scene);
    }
    free(two);
    return 0;
}

static qw_err give(struct scene *scene, const char *master, const char *slave, uint32_t count,
                   struct qw_given_key *keys)
{
    struct qw_caller caller = { .role = QW_ROLE_SAE };
    struct qw_key_wish wish = { .slave = slave,
                                .count = count,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    strcpy(caller.id, master);
    return qw_centre_deliver(scene->centre, &caller, &wish, keys);
}

static qw_err take(struct scene *scene, const char *slave, const char *master,
                   const struct qw_given_key *wanted, size_t count, struct qw_given_key *keys)
{
    struct qw_caller caller = { .role = QW_ROLE_SAE };
    uint8_t ids[KEYS][16];

    strcpy(caller.id, slave);
    for (size_t i = 0; i < count; i++) {
        memcpy(ids[i], wanted[i].id, 16);
    }
    return qw_centre_fetch(scene->centre, &caller, master, (const uint8_t(*)[16])ids, count, keys);
}

static void assert_same(const struct qw_given_key *a, const struct qw_given_key *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_memory_equal(a[i].id, b[i].id, 16);
        assert_memory_equal(a[i].bytes, b[i].bytes, 32);
    }
}

static void assert_whole(struct scene *scene)
{
    uint64_t records = 0;
    uint64_t broken = 0;
    struct qw_centre_status status;
    uint64_t sum = 0;

    assert_int_equal(qw_audit_verify(&scene->store, NULL, NULL, &records, &broken), QW_OK);
    assert_int_equal(qw_centre_status(scene->centre, &scene->operator_caller, &status), QW_OK);
    assert_int_equal(status.audit_records, records);
    for (size_t i = 0; i < QW_KEY_STATE_COUNT; i++) {
        sum += status.keys_in_state[i];
    }
    assert_int_equal(sum, status.keys_ingested);
}

static void what_one_gave_the_other_hands_out_once(void **state)
{
    struct two *two = *state;
    struct scene *a = two->scenes[0];
    struct scene *b = two->scenes[1];
    struct qw_given_key given[KEYS];
    struct qw_given_key taken[KEYS];

    assert_int_equal(give(a, "alice", "bob", KEYS, given), QW_OK);
    assert_int_equal(take(b, "bob", "alice", given, KEYS, taken), QW_OK);
    assert_same(given, taken, KEYS);
    memset(taken, 0, sizeof taken);
    assert_int_equal(take(a, "bob", "alice", given, KEYS, taken), QW_OK); /* the window is one */
    assert_same(given, taken, KEYS);
    assert_int_equal(take(b, "alice", "alice", given, 1, taken), QW_ERR_REFUSED);
    scene_now_ms += 31000;
    assert_int_equal(take(a, "bob", "alice", given, 1, taken), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_sweep(b->centre), QW_OK);
    assert_int_equal(qw_centre_sweep(a->centre), QW_OK);
    assert_int_equal(take(b, "bob", "alice", given, 1, taken), QW_ERR_NOT_FOUND);
    assert_whole(a);
    assert_whole(b);
}

struct worker { /* master at one centre, slave at the other */
    struct scene *master, *slave;
    struct qw_given_key given[ROUNDS][KEYS];
    qw_err err;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct qw_given_key taken[KEYS];

    for (size_t i = 0; i < ROUNDS && worker->err == QW_OK; i++) {
        worker->err = give(worker->master, "alice", "bob", KEYS, worker->given[i]);
        if (worker->err == QW_OK) {
            worker->err = take(worker->slave, "bob", "alice", worker->given[i], KEYS, taken);
        }
        for (size_t j = 0; j < KEYS && worker->err == QW_OK; j++) {
            bool same = qw_equal_ct(worker->given[i][j].bytes, taken[j].bytes, 32);

            worker->err = same ? QW_OK : QW_ERR_FORMAT;
        }
        if (worker->err == QW_OK) {
            worker->err = qw_centre_ingest(worker->master->centre);
        }
    }
    return NULL;
}

static int by_bytes(const void *a, const void *b)
{
    const struct qw_given_key *x = a;
    const struct qw_given_key *y = b;

    for (size_t i = 0; i < 32; i++) {
        if (x->bytes[i] != y->bytes[i]) {
            return x->bytes[i] < y->bytes[i] ? -1 : 1;
        }
    }
    return 0;
}

static void both_serve_one_pair_at_once_and_give_nothing_twice(void **state)
{
    struct two *two = *state;
    struct worker *workers = calloc(2, sizeof *workers);
    struct qw_given_key *all = calloc(2, sizeof workers->given);
    pthread_t threads[2];

    assert_non_null(workers);
    assert_non_null(all);
    for (size_t i = 0; i < 2; i++) {
        workers[i].master = two->scenes[i];
        workers[i].slave = two->scenes[1 - i];
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(workers[i].err, QW_OK);
        memcpy(all + i * ROUNDS * KEYS, workers[i].given, sizeof workers[i].given);
    }
    qsort(all, 2 * ROUNDS * KEYS, sizeof *all, by_bytes);
    for (size_t i = 1; i < 2 * ROUNDS * KEYS; i++) {
        assert_int_not_equal(by_bytes(&all[i - 1], &all[i]), 0);
    }
    assert_whole(two->scenes[0]);
    assert_whole(two->scenes[1]);
    free(all);
    free(workers);
}

static void what_an_operator_changes_at_one_holds_at_the_other_after_a_sweep(void **state)
{
    struct two *two = *state;
    struct scene *a = two->scenes[0];
    struct scene *b = two->scenes[1];
    struct qw_given_key keys[KEYS];

    assert_int_equal(give(b, "alice", "bob", 1, keys), QW_OK);
    assert_int_equal(
        qw_centre_device_change(a->centre, &a->operator_caller, "alice", QW_DEVICE_SUSPEND), QW_OK);
    assert_int_equal(qw_centre_sweep(b->centre), QW_OK);
    assert_int_equal(give(b, "alice", "bob", 1, keys), QW_ERR_REFUSED);
    assert_int_equal(take(b, "bob", "alice", keys, 1, keys), QW_ERR_REFUSED);
    assert_int_equal(
        qw_centre_device_change(b->centre, &b->operator_caller, "alice", QW_DEVICE_RESUME), QW_OK);
    assert_int_equal(qw_centre_sweep(a->centre), QW_OK);
    assert_int_equal(give(a, "alice", "bob", 1, keys), QW_OK);
    assert_whole(a);
}

static qw_err (*get_record)(void *self, enum qw_store_kind kind, const void *id, size_t id_len,
                            struct qw_store_record *record);
static const char *unread; /* id of a record that cannot be read the next time */

static qw_err get_most_records(void *self, enum qw_store_kind kind, const void *id, size_t id_len,
                               struct qw_store_record *record)
{
    if (unread != NULL && id_len == strlen(unread) && memcmp(id, unread, id_len) == 0) {
        unread = NULL;
        return QW_ERR_IO;
    }
    return get_record(self, kind, id, id_len, record);
}

/* A turn in which one of the records behind the books cannot be read; the next one reads them all.
 */
static void what_could_not_be_read_again_once_is_read_in_the_next_turn(void **state)
{
    static const char *const ids[] = { "books", "maintenance", "journal-key" };
    struct two *two = *state;
    struct scene *a = two->scenes[0];
    struct scene *b = two->scenes[1];
    struct qw_maintenance seen;

    get_record = b->store.get;
    b->store.get = get_most_records;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        bool is_on = i % 2 == 0;

        assert_int_equal(
            qw_centre_maintenance_set(a->centre, &a->operator_caller, is_on, "looked after"),
            QW_OK);
        unread = ids[i];
        (void)!qw_centre_maintenance_look(b->centre, &b->operator_caller, &seen); /* one turn */
        assert_null(unread);
        assert_int_equal(qw_centre_sweep(b->centre), QW_OK);
        assert_int_equal(qw_centre_is_paused(b->centre), is_on);
    }
    b->store.get = get_record;
}

static int check_stored(void *self, const struct qw_store_record *stored)
{
    return qw_journal_check_record(self, stored->blob, stored->len);
}

/* J8 of docs/protocol/journal.md */
static void what_one_exchanges_the_other_signs_with(void **state)
{
    struct two *two = *state;
    struct scene *a = two->scenes[0];
    struct scene *b = two->scenes[1];
    struct qw_signed_head head;
    struct qw_public_key first, old, new;
    struct qw_journal_check check;

    assert_int_equal(qw_centre_journal_head(b->centre, &b->operator_caller, &head, &first), QW_OK);
    for (int i = 0; i < 2; i++) { /* there and back */
        struct scene *one = i == 0 ? a : b;
        struct scene *other = i == 0 ? b : a;

        assert_int_equal(qw_centre_journal_rotate(one->centre, &one->operator_caller, &head, &new),
                         QW_OK);
        assert_int_equal(qw_centre_device_change(other->centre, &other->operator_caller, "alice",
                                                 i == 0 ? QW_DEVICE_SUSPEND : QW_DEVICE_RESUME),
                         QW_OK);
        assert_int_equal(
            qw_centre_journal_head(other->centre, &other->operator_caller, &head, &old), QW_OK);
        assert_memory_equal(old.point, new.point, sizeof old.point);
        assert_int_equal(qw_signed_head_check(&head, &new), QW_OK);
    }
    qw_journal_check_begin(&check, &first, NULL);
    assert_int_equal(a->store.scan(a->store.self, QW_STORE_AUDIT, QW_STORE_ANY_TAG, NULL, 0,
                                   SIZE_MAX >> 1, check_stored, &check),
                     QW_OK);
    qw_journal_check_end(&check);
    assert_int_equal(check.report.fault, QW_JOURNAL_WHOLE);
    assert_int_equal(check.report.keys, 3);
}

/* Q5 of docs/design/people.md */
static void two_together_keep_to_one_quota(void **state)
{
    struct two *two = *state;
    struct scene *a = two->scenes[0];
    struct scene *b = two->scenes[1];
    struct qw_device_entry entry = {
        .id = "carol", .kind = QW_DEVICE_APPLICATION, .owner = "", .peers = "bob", .unit = "/north"
    };
    struct qw_given_key keys[KEYS];
    struct qw_unit_quota quota;
    size_t count = 0;

    assert_int_equal(qw_centre_device_add(a->centre, &a->operator_caller, &entry), QW_OK);
    assert_int_equal(scene_set_quota(a->centre, &a->operator_caller, "/north", 1, 2 * 64), QW_OK);
    assert_int_equal(give(a, "carol", "bob", 1, keys), QW_OK); /* a block each */
    assert_int_equal(give(b, "carol", "bob", 1, keys), QW_OK);
    entry.id = "dave";
    assert_int_equal(qw_centre_device_add(b->centre, &b->operator_caller, &entry), QW_ERR_LIMIT);
    for (int i = 0; i < 2; i++) {
        struct scene *one = two->scenes[i];
        qw_err err = QW_OK;
        int given = 1;

        while (err == QW_OK && given < 100) {
            err = give(one, "carol", "bob", 1, keys);
            given += err == QW_OK ? 1 : 0;
        }
        assert_int_equal(err, QW_ERR_LIMIT);
        assert_int_equal(given, 64);
    }
    assert_int_equal(qw_centre_unit_list(b->centre, &b->operator_caller, &quota, 1, &count), QW_OK);
    assert_int_equal(quota.keys_today, 2 * 64);
    assert_whole(a);
}

/* Q7: what one has leased is full for the other, and what one sweeps is room for the other. */
static void two_together_keep_to_what_may_be_stored(void **state)
{
    struct two *two = *state;
    struct scene *a = two->scenes[0];
    struct scene *b = two->scenes[1];
    struct qw_device_entry entry = {
        .id = "carol", .kind = QW_DEVICE_APPLICATION, .owner = "", .peers = "bob", .unit = "/north"
    };
    struct qw_unit_quota quota = { .unit = "/north", .stored_max = 64 };
    struct qw_caller bob = caller_of("bob");
    struct qw_given_key given[KEYS];
    struct qw_given_key key;
    size_t count = 0;

    assert_int_equal(qw_centre_device_add(a->centre, &a->operator_caller, &entry), QW_OK);
    assert_int_equal(qw_centre_unit_set(a->centre, &a->operator_caller, &quota), QW_OK);
    assert_int_equal(give(a, "carol", "bob", 1, given), QW_OK);
    assert_int_equal(give(b, "carol", "bob", 1, &given[1]), QW_ERR_FULL);
    assert_int_equal(
        qw_centre_fetch(b->centre, &bob, "carol", (const uint8_t(*)[16])given[0].id, 1, &key),
        QW_OK);
    scene_now_ms += 60000;
    assert_int_equal(qw_centre_sweep(b->centre), QW_OK);
    assert_int_equal(qw_centre_unit_list(a->centre, &a->operator_caller, &quota, 1, &count), QW_OK);
    assert_int_equal(quota.stored, 63);
    quota.stored_max = 63 + 64;
    assert_int_equal(qw_centre_unit_set(a->centre, &a->operator_caller, &quota), QW_OK);
    assert_int_equal(give(b, "carol", "bob", 1, given), QW_OK);
    assert_int_equal(qw_centre_unit_list(a->centre, &a->operator_caller, &quota, 1, &count), QW_OK);
    assert_int_equal(quota.stored, 63 + 64);
    assert_whole(a);
}

static size_t meters_at(struct scene *scene)
{
    struct qw_device devices[8];
    struct qw_device_page page = { .devices = devices, .cap = 8 };
    struct qw_device_filter filter = qw_device_filter_none;

    filter.kind = QW_DEVICE_METER;
    filter.unit = "/north";
    assert_int_equal(
        qw_centre_device_search(scene->centre, &scene->operator_caller, &filter, "", &page), QW_OK);
    return page.count;
}

static void a_list_that_one_imports_is_whole_at_the_other(void **state)
{
    struct two *two = *state;
    struct scene *a = two->scenes[0];
    struct scene *b = two->scenes[1];
    struct qw_import_chunk chunk = { .header = "id,kind,unit",
                                     .lines = "m-1,meter,/north\nm-2,meter,/north/gas\n",
                                     .first_line = 2 };
    struct qw_device_entry entry = {
        .id = "m-3", .kind = QW_DEVICE_METER, .owner = "", .peers = "", .unit = "/north"
    };
    struct qw_import_progress progress = { .left = 1 };
    struct qw_import_fault fault = { 0 };
    uint8_t id[16];

    assert_int_equal(scene_set_quota(a->centre, &a->operator_caller, "/north", 2, 0), QW_OK);
    assert_int_equal(qw_centre_import_begin(a->centre, &a->operator_caller, id), QW_OK);
    assert_int_equal(qw_centre_import_add(b->centre, &b->operator_caller, id, &chunk, &fault),
                     QW_OK); /* the load balancer's choice */
    assert_int_equal(meters_at(b), 0);
    assert_int_equal(qw_centre_device_add(a->centre, &a->operator_caller, &entry), QW_ERR_LIMIT);
    while (progress.left > 0) {
        assert_int_equal(qw_centre_import_commit(a->centre, &a->operator_caller, id, &progress),
                         QW_OK);
    }
    assert_int_equal(meters_at(a), 2);
    assert_int_equal(meters_at(b), 2);
    assert_int_equal(qw_centre_device_move(b->centre, &b->operator_caller, "m-1", "/south"), QW_OK);
    assert_int_equal(meters_at(a), 1);
    assert_int_equal(qw_centre_device_add(a->centre, &a->operator_caller, &entry), QW_OK);
    assert_int_equal(meters_at(b), 2);
    assert_whole(a);
    assert_whole(b);
}

static void one_goes_on_when_the_other_is_gone_and_a_third_comes(void **state)
{
    struct two *two = *state;
    struct scene *a = two->scenes[0];
    struct scene *b = two->scenes[1];
    struct qw_given_key first[KEYS];
    struct qw_given_key second[KEYS];
    struct qw_given_key taken[KEYS];

    assert_int_equal(give(a, "alice", "bob", KEYS, first), QW_OK);
    scene_close(a); /* with the rest of its block */
    assert_int_equal(give(b, "alice", "bob", KEYS, second), QW_OK);
    assert_int_equal(take(b, "bob", "alice", first, KEYS, taken), QW_OK);
    assert_same(first, taken, KEYS);
    open_on_server(a);
    assert_int_equal(take(a, "bob", "alice", second, KEYS, taken), QW_OK);
    assert_same(second, taken, KEYS);
    assert_int_equal(give(a, "alice", "bob", KEYS, taken), QW_OK);
    for (size_t i = 0; i < KEYS; i++) {
        for (size_t j = 0; j < KEYS; j++) {
            assert_memory_not_equal(taken[i].bytes, first[j].bytes, 32);
            assert_memory_not_equal(taken[i].bytes, second[j].bytes, 32);
        }
    }
    assert_whole(b);
}

static qw_err open_custody(void *self, struct qw_custody *custody, char why[static QW_KEK_WHY_CAP])
{
    (void)why;
    *custody = ((struct scene *)self)->custody;
    custody->self = self;
    return QW_OK;
}

/* One process begins another KEK, the other one learns it in its next turn; both wrap anew. */
static void both_serve_while_one_rotates_the_kek(void **state)
{
    struct two *two = *state;
    struct scene *a = two->scenes[0];
    struct scene *b = two->scenes[1];
    struct qw_custody_port port = { .self = a, .open = open_custody };
    struct qw_given_key given[KEYS], taken[KEYS];
    struct qw_kek_state kek = { .phase = QW_KEK_ORDERED };
    bool is_more;

    assert_int_equal(give(a, "alice", "bob", KEYS, given), QW_OK);
    assert_int_equal(qw_centre_kek_rotate(a->centre, &a->operator_caller), QW_OK);
    for (int i = 0; kek.phase != QW_KEK_IDLE; i++) {
        struct scene *one = two->scenes[i % 2];

        assert_true(i < 200);
        scene_now_ms += 100;
        assert_int_equal(qw_centre_kek_work(one->centre, &port, &is_more), QW_OK);
        assert_int_equal(give(one, "alice", "bob", 1, taken), QW_OK);
        assert_int_equal(take(two->scenes[1 - i % 2], "bob", "alice", taken, 1, taken), QW_OK);
        assert_int_equal(qw_centre_kek_look(b->centre, &b->operator_caller, &kek), QW_OK);
    }
    assert_int_equal(kek.generation, 2);
    scene_now_ms -= scene_now_ms % 1000;
    assert_int_equal(take(b, "bob", "alice", given, KEYS, taken), QW_OK);
    assert_same(given, taken, KEYS);
    for (size_t i = 0; i < 2; i++) {
        scene_close(two->scenes[i]);
        open_on_server(two->scenes[i]);
        assert_whole(two->scenes[i]);
    }
}

static void nothing_durable_happens_while_the_database_is_away(void **state)
{
    struct two *two = *state;
    struct scene *a = two->scenes[0];
    struct qw_given_key given[KEYS];
    struct qw_given_key taken[KEYS];
    struct qw_centre_status status;

    for (int i = 0; i < 2; i++) { /* the second finds the registry as it was left */
        assert_int_equal(give(a, "alice", "bob", KEYS, given), QW_OK);
    }
    postgres_server_stop(&server, SIGKILL);
    assert_int_equal(take(a, "bob", "alice", given, KEYS, taken), QW_ERR_IO);
    assert_int_equal(qw_centre_status(a->centre, &a->operator_caller, &status), QW_ERR_IO);
    assert_int_equal(qw_centre_sweep(a->centre), QW_ERR_IO);
    /* What was leased is this process's, durably: it needs nobody to give it. */
    assert_int_equal(give(a, "alice", "bob", 1, taken), QW_OK);
    postgres_server_start(&server, NULL);
    usleep(250000); /* it is looked for five times a second */
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(take(two->scenes[i], "bob", "alice", given, KEYS, taken), QW_OK);
        assert_same(given, taken, KEYS);
        assert_whole(two->scenes[i]);
    }
}

/* The leases may be among what was forgotten. */
static void gives_no_key_of_memory_when_the_database_was_set_back(void **state)
{
    struct two *two = *state;
    struct scene *a = two->scenes[0];
    struct qw_given_key keys[KEYS];

    assert_int_equal(give(a, "alice", "bob", 1, keys), QW_OK);
    postgres_server_execute(&server, "UPDATE qwave.turn SET number = number - 2");
    assert_int_equal(qw_centre_sweep(a->centre), QW_ERR_IO);
    assert_int_equal(give(a, "alice", "bob", 1, keys), QW_ERR_IO);
    assert_int_equal(take(a, "bob", "alice", keys, 1, keys), QW_ERR_IO);
}

int main(void)
{
#define WITH_TWO(test) cmocka_unit_test_setup_teardown(test, make_two, remove_two)
    const struct CMUnitTest tests[] = {
        WITH_TWO(what_one_gave_the_other_hands_out_once),
        WITH_TWO(both_serve_one_pair_at_once_and_give_nothing_twice),
        WITH_TWO(what_an_operator_changes_at_one_holds_at_the_other_after_a_sweep),
        WITH_TWO(what_could_not_be_read_again_once_is_read_in_the_next_turn),
        WITH_TWO(what_one_exchanges_the_other_signs_with),
        WITH_TWO(two_together_keep_to_one_quota),
        WITH_TWO(two_together_keep_to_what_may_be_stored),
        WITH_TWO(a_list_that_one_imports_is_whole_at_the_other),
        WITH_TWO(one_goes_on_when_the_other_is_gone_and_a_third_comes),
        WITH_TWO(both_serve_while_one_rotates_the_kek),
        WITH_TWO(nothing_durable_happens_while_the_database_is_away),
        WITH_TWO(gives_no_key_of_memory_when_the_database_was_set_back),
    };
    int failed;

    if (!postgres_server_is_installed()) {
        fputs("skipped: the server of PostgreSQL 15 is not installed\n", stderr);
        return 77;
    }
    postgres_server_make(&server);
    failed = cmocka_run_group_tests_name("centre.turn", tests, NULL, NULL);
    postgres_server_remove(&server);
    return failed;
}
