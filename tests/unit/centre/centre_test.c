/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 C7 C10 W14 */
/* The centre as a whole: roles, restarts, failing disks, tampered records, secrecy of its files. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/hex.h"
#include "unit/centre/scene.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>

static uint8_t sealed[65536];

/* ---- a story of every verb, told under different troubles ---- */

enum trouble { NONE, RESTART_AFTER_EACH_VERB, READ_FAILS, SUBMIT_FAILS, ANSWER_LOST };

static void settle(struct scene *scene, enum trouble trouble, qw_err err)
{
    scene->reads_fail = false;
    if (err == QW_ERR_IO && trouble == READ_FAILS) {
        assert_true(scene->reads >= scene->fail_read_at && scene->fail_read_at > 0);
    } else if (err == QW_ERR_IO) {
        assert_true(trouble == SUBMIT_FAILS || trouble == ANSWER_LOST);
        assert_true(scene->submits >= scene->fail_at && scene->fail_at > 0);
    }
    if (trouble == RESTART_AFTER_EACH_VERB || (trouble == ANSWER_LOST && err == QW_ERR_IO)) {
        scene_restart(scene);
    }
}

/* Repeats the verb after the one failure of the disk, as its caller would. */
#define TELL(verb) \
    do { \
        scene->reads_fail = trouble == READ_FAILS; \
        err = (verb); \
        settle(scene, trouble, err); \
        if (err == QW_ERR_IO) { \
            err = (verb); \
            settle(scene, trouble, err); \
        } \
    } while (0)
#define TELL_OK(verb) \
    do { \
        TELL(verb); \
        assert_int_equal(err, QW_OK); \
    } while (0)

static qw_err birth_of_station(struct scene *scene)
{
    struct qw_package birth = { 0 };
    qw_err err =
        qw_centre_station_birth(scene->centre, &scene->operator_caller, "station-1", &birth);

    if (err == QW_OK) {
        card_take(&scene->station, &birth);
        qw_package_wipe(&birth);
    }
    return err;
}

static void tell_making_of_a_card(struct scene *scene, enum trouble trouble, const char *id,
                                  enum qw_device_kind kind, uint32_t keys, struct card *card)
{
    struct qw_card_keys wrap = card_keys(&scene->station);
    size_t len = 0;
    qw_err err;

    TELL(qw_centre_device_register(scene->centre, &scene->operator_caller, id, kind, "owner",
                                   kind == QW_DEVICE_TERMINAL ? "app-1" : ""));
    assert_true(err == QW_OK || (trouble == ANSWER_LOST && err == QW_ERR_CONFLICT));
    TELL_OK(charge(scene, id, keys, sealed, sizeof sealed, &len));
    card_open_and_take(card, sealed, len, wrap.wrap);
    TELL_OK(confirm(scene, card));
}

static void tell_fetching(struct scene *scene, enum trouble trouble, size_t first, size_t count)
{
    uint8_t keys[8][32];
    qw_err err;

    TELL_OK(fetch(scene, &scene->application, first, count, keys));
    assert_memory_equal(keys, scene->terminal.keys[first], count * 32);
    TELL_OK(fetch(scene, &scene->application, first, count, keys)); /* again, in the window */
    assert_memory_equal(keys, scene->terminal.keys[first], count * 32);
    scene_now_ms += 30000;
    TELL_OK(qw_centre_sweep(scene->centre));
    TELL(fetch(scene, &scene->application, first, count, keys));
    assert_int_equal(err, QW_ERR_NOT_FOUND);
}

static struct qw_centre_status tell_story(struct scene *scene, enum trouble trouble)
{
    static uint8_t again[65536];
    uint8_t session_id[16];
    size_t len = 0;
    size_t again_len = 0;
    qw_err err;

    TELL_OK(qw_centre_ingest(scene->centre));
    TELL_OK(birth_of_station(scene));
    tell_making_of_a_card(scene, trouble, "ap-1", QW_DEVICE_ACCESS_POINT, 0, &scene->ap_card);
    tell_making_of_a_card(scene, trouble, "terminal-1", QW_DEVICE_TERMINAL, 8, &scene->terminal);
    TELL_OK(contact(scene, false, 6, session_id));
    TELL_OK(get_package(scene, session_id, 700, sealed, &len));
    card_take_refill(scene, sealed, len);
    TELL_OK(send_receipt(scene, session_id));
    tell_fetching(scene, trouble, 2, 8);
    TELL_OK(contact(scene, true, 1, session_id));
    TELL_OK(get_package(scene, session_id, 700, sealed, &len));
    TELL_OK(contact(scene, false, 6, session_id)); /* the link was torn: S2 */
    TELL_OK(get_package(scene, session_id, 700, again, &again_len));
    assert_int_equal(len, again_len);
    assert_memory_equal(sealed, again, len);
    card_take_refill(scene, again, again_len);
    TELL_OK(contact(scene, false, 6, session_id)); /* the receipt was lost: S3 */
    assert_int_equal(scene->terminal.key_count, 15);
    tell_fetching(scene, trouble, 14, 1);
    TELL(qw_centre_session_end(scene->centre, &scene->access_point, session_id, 0));
    assert_true(err == QW_OK || (trouble == ANSWER_LOST && err == QW_ERR_REFUSED));
    TELL(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                 QW_DEVICE_DESTROY));
    assert_true(err == QW_OK || (trouble == ANSWER_LOST && err == QW_ERR_STATE));
    assert_books_balance(scene);
    TELL_OK(qw_centre_sweep(scene->centre));
    assert_books_balance(scene);
    assert_journal_whole(scene);
    return status_of(scene);
}

/* Every key on the card came from the source, and none twice. */
static void assert_no_key_twice(const struct scene *scene)
{
    const struct card *card = &scene->terminal;

    for (size_t i = 0; i < card->key_count; i++) {
        (void)given_index(scene, card->keys[i]);
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(card->keys[i], card->keys[j], 32);
            assert_memory_not_equal(card->ids[i], card->ids[j], 16);
        }
        for (size_t at = 0; at < card->up_end; at += 32) {
            assert_memory_not_equal(card->keys[i], card->up + at, 32);
        }
        for (size_t at = 0; at < card->down_end; at += 32) {
            assert_memory_not_equal(card->keys[i], card->down + at, 32);
        }
    }
}

static void a_restart_between_any_two_verbs_changes_nothing(void **state)
{
    struct scene *scene = *state;
    struct qw_centre_status plain = tell_story(scene, NONE);
    struct qw_centre_status restarted;
    void *second = NULL;

    assert_int_equal(scene_make(&second), 0);
    restarted = tell_story(second, RESTART_AFTER_EACH_VERB);
    assert_memory_equal(plain.keys_in_state, restarted.keys_in_state, sizeof plain.keys_in_state);
    assert_int_equal(plain.keys_ingested, restarted.keys_ingested);
    assert_no_key_twice(second);
    scene_remove(&second);
}

static void a_failing_write_loses_nothing_and_gives_nothing_twice(void **state)
{
    struct qw_centre_status plain = tell_story(*state, NONE);
    bool failed = true;

    for (int n = 2; failed; n++) { /* the first one is the unsealing of scene_make */
        void *other = NULL;
        struct scene *scene;
        struct qw_centre_status status;

        assert_true(n < 200);
        assert_int_equal(scene_make(&other), 0);
        scene = other;
        scene->fail_at = n;
        status = tell_story(scene, SUBMIT_FAILS);
        failed = scene->submits >= n;
        assert_memory_equal(plain.keys_in_state, status.keys_in_state, sizeof plain.keys_in_state);
        assert_no_key_twice(scene);
        scene_remove(&other);
    }
}

static void a_failing_read_gives_nothing_and_changes_nothing(void **state)
{
    struct qw_centre_status plain = tell_story(*state, NONE);
    bool failed = true;

    for (int n = 1; failed; n++) {
        void *other = NULL;
        struct scene *scene;
        struct qw_centre_status status;

        assert_true(n < 2000);
        assert_int_equal(scene_make(&other), 0);
        scene = other;
        scene->fail_read_at = n;
        status = tell_story(scene, READ_FAILS);
        failed = scene->reads >= n;
        assert_memory_equal(plain.keys_in_state, status.keys_in_state, sizeof plain.keys_in_state);
        scene_remove(&other);
    }
}

/* The group became durable, but the process died before anybody was told. */
static qw_err losing_submit(void *self, const struct qw_store_op *ops, size_t count)
{
    struct scene *scene = self;
    qw_err err = scene->store.submit(scene->store.self, ops, count);

    scene->submits++;
    return err == QW_OK && scene->submits == scene->fail_at ? QW_ERR_IO : err;
}

static void a_crash_after_any_commit_is_repaired_by_repeating_the_verb(void **state)
{
    bool failed = true;

    (void)state;
    for (int n = 2; failed; n++) {
        void *other = NULL;
        struct scene *scene;

        assert_true(n < 200);
        assert_int_equal(scene_make(&other), 0);
        scene = other;
        scene->failing.submit = losing_submit;
        scene->fail_at = n;
        (void)tell_story(scene, ANSWER_LOST);
        failed = scene->submits >= n;
        assert_no_key_twice(scene);
        scene_remove(&other);
    }
}

/* ---- who may do what ---- */

typedef qw_err (*verb_fn)(struct scene *scene, const struct qw_caller *caller);

static qw_err do_register(struct scene *scene, const struct qw_caller *caller)
{
    return qw_centre_device_register(scene->centre, caller, "new", QW_DEVICE_TERMINAL, "", "");
}

static qw_err do_find(struct scene *scene, const struct qw_caller *caller)
{
    struct qw_device device;

    return qw_centre_device_find(scene->centre, caller, "terminal-1", &device);
}

static qw_err do_list(struct scene *scene, const struct qw_caller *caller)
{
    struct qw_device device;
    size_t count;

    return qw_centre_device_list(scene->centre, caller, "", &device, 1, &count);
}

static qw_err do_change(struct scene *scene, const struct qw_caller *caller)
{
    return qw_centre_device_change(scene->centre, caller, "terminal-1", QW_DEVICE_SUSPEND);
}

static qw_err do_charge(struct scene *scene, const struct qw_caller *caller)
{
    size_t len;

    return qw_centre_charge(scene->centre, caller, "terminal-1", "station-1", 1, sealed,
                            sizeof sealed, &len);
}

static qw_err do_confirm(struct scene *scene, const struct qw_caller *caller)
{
    uint8_t receipt[QW_RECEIPT_LEN];

    card_receipt(&scene->terminal, receipt);
    return qw_centre_charge_confirm(scene->centre, caller, "terminal-1", receipt, sizeof receipt);
}

static qw_err do_station_birth(struct scene *scene, const struct qw_caller *caller)
{
    struct qw_package birth;

    return qw_centre_station_birth(scene->centre, caller, "station-9", &birth);
}

static qw_err do_status(struct scene *scene, const struct qw_caller *caller)
{
    struct qw_centre_status status;

    return qw_centre_status(scene->centre, caller, &status);
}

static uint8_t matrix_session[16];

static qw_err do_contact(struct scene *scene, const struct qw_caller *caller)
{
    uint8_t report[QW_CONTACT_REPORT_LEN];
    struct qw_contact_answer answer;
    qw_err err;

    card_report(&scene->terminal, false, 1, report);
    err = qw_centre_contact(scene->centre, caller, report, sizeof report, &answer);
    if (err == QW_OK) {
        memcpy(matrix_session, answer.session_id, sizeof matrix_session);
    }
    return err;
}

static qw_err do_package(struct scene *scene, const struct qw_caller *caller)
{
    size_t len;

    return qw_centre_package(scene->centre, caller, matrix_session, 1000, sealed, sizeof sealed,
                             &len);
}

static qw_err do_receipt(struct scene *scene, const struct qw_caller *caller)
{
    uint8_t receipt[QW_RECEIPT_LEN];

    card_receipt(&scene->terminal, receipt); /* of the package before: a repeat */
    return qw_centre_receipt(scene->centre, caller, matrix_session, receipt, sizeof receipt);
}

static qw_err do_end(struct scene *scene, const struct qw_caller *caller)
{
    return qw_centre_session_end(scene->centre, caller, matrix_session, 0);
}

static qw_err do_fetch(struct scene *scene, const struct qw_caller *caller)
{
    uint8_t keys[1][32];

    return fetch(scene, caller, 0, 1, keys);
}

static void each_verb_serves_its_role_alone(void **state)
{
    static const struct {
        verb_fn verb;
        enum qw_role role;
        qw_err allowed; /* what the right role gets */
    } rows[] = {
        { do_register, QW_ROLE_OPERATOR, QW_OK },
        { do_find, QW_ROLE_OPERATOR, QW_OK },
        { do_list, QW_ROLE_OPERATOR, QW_OK },
        { do_status, QW_ROLE_OPERATOR, QW_OK },
        { do_confirm, QW_ROLE_OPERATOR, QW_OK },
        { do_station_birth, QW_ROLE_OPERATOR, QW_ERR_STATE },
        { do_contact, QW_ROLE_ACCESS_POINT, QW_OK },
        { do_receipt, QW_ROLE_ACCESS_POINT, QW_OK },
        { do_package, QW_ROLE_ACCESS_POINT, QW_OK },
        { do_end, QW_ROLE_ACCESS_POINT, QW_OK },
        { do_fetch, QW_ROLE_SAE, QW_OK },
        { do_charge, QW_ROLE_OPERATOR, QW_ERR_CONFLICT }, /* a refill is under way */
        { do_change, QW_ROLE_OPERATOR, QW_OK },
    };
    struct scene *scene = *state;
    struct qw_caller partner = caller_of("urn:qwave:kme:kme-b");
    struct qw_caller node = caller_of("urn:qwave:node:n-1");
    const struct qw_caller *callers[QW_ROLE_COUNT] = {
        [QW_ROLE_OPERATOR] = &scene->operator_caller,
        [QW_ROLE_ACCESS_POINT] = &scene->access_point,
        [QW_ROLE_SAE] = &scene->application,
        [QW_ROLE_KME] = &partner,
        [QW_ROLE_NODE] = &node,
    };
    struct qw_caller nameless = { .role = QW_ROLE_OPERATOR };
    struct qw_caller roleless = { .role = QW_ROLE_COUNT, .id = "alice" };

    make_everybody(scene);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int role = 0; role < QW_ROLE_COUNT; role++) {
            uint64_t records = status_of(scene).audit_records;

            if (role == (int)rows[i].role) {
                continue;
            }
            assert_int_equal(rows[i].verb(scene, callers[role]), QW_ERR_REFUSED);
            assert_int_equal(status_of(scene).audit_records, records + 1);
        }
        nameless.role = rows[i].role;
        assert_int_equal(rows[i].verb(scene, &nameless), QW_ERR_REFUSED);
        assert_int_equal(rows[i].verb(scene, &roleless), QW_ERR_REFUSED);
        assert_int_equal(rows[i].verb(scene, callers[rows[i].role]), rows[i].allowed);
    }
    assert_journal_whole(scene);
}

/* ---- keys of the store ---- */

static void a_wrong_master_key_opens_nothing_and_is_in_the_journal(void **state)
{
    struct scene *scene = *state;
    struct qw_centre *centre = NULL;

    make_everybody(scene);
    qw_centre_free(scene->centre);
    scene->centre = NULL;
    scene->master_key[0] ^= 1;
    assert_int_equal(qw_centre_new(&scene->config, &centre), QW_ERR_AUTH);
    assert_null(centre);
    scene->master_key[0] ^= 1;
    assert_int_equal(qw_centre_new(&scene->config, &scene->centre), QW_OK);
    assert_journal_whole(scene);
    {
        uint64_t failures = 0;

        assert_int_equal(
            scene->store.count(scene->store.self, QW_STORE_AUDIT, QW_ERR_AUTH, &failures), QW_OK);
        assert_int_equal(failures, 1);
    }
}

static void refuses_a_configuration_out_of_range(void **state)
{
    struct scene *scene = *state;
    struct qw_centre_config config = scene->config;
    struct qw_centre *centre = NULL;

    config.block_keys = 15;
    assert_int_equal(qw_centre_new(&config, &centre), QW_ERR_ARG);
    config.block_keys = 1025;
    assert_int_equal(qw_centre_new(&config, &centre), QW_ERR_ARG);
    config.block_keys = 16;
    config.pool_bytes = QW_PACKAGE_POOL_MAX + 1;
    assert_int_equal(qw_centre_new(&config, &centre), QW_ERR_ARG);
    config.pool_bytes = 63;
    assert_int_equal(qw_centre_new(&config, &centre), QW_ERR_ARG);
    config.pool_bytes = 64;
    config.centre_id[0] = '\0';
    assert_int_equal(qw_centre_new(&config, &centre), QW_ERR_ARG);
    assert_null(centre);
    qw_centre_free(NULL);
}

static void execute(struct scene *scene, const char *sql)
{
    sqlite3 *connection = NULL;

    assert_int_equal(sqlite3_open(scene->path, &connection), SQLITE_OK);
    sqlite3_busy_timeout(connection, 1000);
    assert_int_equal(sqlite3_exec(connection, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(connection);
}

/* Whoever can write the database, but not open it, cannot change what it means. */
static void a_tampered_record_is_not_believed(void **state)
{
    static const char *const attacks[] = {
        "UPDATE key SET blob = zeroblob(length(blob))",
        "UPDATE key SET tag = 2",                                           /* back to assigned */
        "UPDATE key SET version = version - 1",                             /* set back */
        "UPDATE key SET blob = (SELECT blob FROM key ORDER BY id LIMIT 1)", /* one for all */
        "UPDATE block SET tag = 1 - tag",                                   /* carve again */
        "UPDATE block SET blob = (SELECT blob FROM block ORDER BY id DESC LIMIT 1)",
        "UPDATE block SET blob = substr(blob, 1, length(blob) - 40)",
        "UPDATE device SET tag = 2, version = version + 1",
        "UPDATE device SET blob = x'00'",
        "DELETE FROM block",
    };
    struct scene *scene = *state;

    make_everybody(scene);
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        uint8_t keys[20][32] = { { 0 } };
        uint8_t none[20][32] = { { 0 } };
        size_t len = 0;
        qw_err fetched;
        qw_err charged;

        execute(scene, "CREATE TABLE keep_key AS SELECT * FROM key;"
                       "CREATE TABLE keep_block AS SELECT * FROM block;"
                       "CREATE TABLE keep_device AS SELECT * FROM device;");
        execute(scene, attacks[i]);
        fetched = fetch(scene, &scene->application, 0, 20, keys);
        charged = charge(scene, "terminal-1", 1, sealed, sizeof sealed, &len);
        if (fetched == QW_OK) {
            assert_int_equal(charged, QW_ERR_IO);
        } else {
            assert_int_equal(fetched, QW_ERR_IO);
            assert_memory_equal(keys, none, sizeof keys);
        }
        execute(scene,
                "DELETE FROM key; INSERT INTO key SELECT * FROM keep_key; DROP TABLE keep_key;"
                "DELETE FROM block; INSERT INTO block SELECT * FROM keep_block;"
                "DROP TABLE keep_block;"
                "DELETE FROM device; INSERT INTO device SELECT * FROM keep_device;"
                "DROP TABLE keep_device;");
    }
    scene_restart(scene);
}

static void a_damaged_store_is_not_taken_for_a_new_one(void **state)
{
    static const char *const damages[] = {
        "DELETE FROM meta WHERE id = CAST('kek' AS BLOB)",
        "DELETE FROM meta WHERE id = CAST('books' AS BLOB)",
        "DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)",
    };
    struct scene *scene = *state;
    struct qw_centre *centre = NULL;

    make_everybody(scene);
    qw_centre_free(scene->centre);
    scene->centre = NULL;
    execute(scene, "CREATE TABLE keep_meta AS SELECT * FROM meta;"
                   "CREATE TABLE keep_audit AS SELECT * FROM audit;");
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        execute(scene, damages[i]);
        assert_int_equal(qw_centre_new(&scene->config, &centre), QW_ERR_FORMAT);
        assert_null(centre);
        execute(scene, "DELETE FROM meta; INSERT INTO meta SELECT * FROM keep_meta;"
                       "DELETE FROM audit; INSERT INTO audit SELECT * FROM keep_audit;");
    }
    assert_int_equal(qw_centre_new(&scene->config, &scene->centre), QW_OK);
    assert_journal_whole(scene);
}

static void two_centres_on_one_store_do_not_both_write(void **state)
{
    struct scene *scene = *state;
    struct qw_centre *second = NULL;

    make_everybody(scene);
    assert_int_equal(qw_centre_new(&scene->config, &second), QW_OK);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "late",
                                               QW_DEVICE_TERMINAL, "", ""),
                     QW_ERR_IO); /* fenced by the second one's start */
    assert_int_equal(qw_centre_device_register(second, &scene->operator_caller, "new",
                                               QW_DEVICE_TERMINAL, "", ""),
                     QW_OK);
    qw_centre_free(second);
    scene_restart(scene);
    assert_journal_whole(scene);
}

static void assert_not_in_file(const struct scene *scene, const char *end)
{
    char path[128];
    char hex[65];
    char base64[QW_BASE64_LEN(32) + 1];
    static uint8_t content[16 << 20];
    size_t len;
    FILE *file;

    snprintf(path, sizeof path, "%s%s", scene->path, end);
    file = fopen(path, "r");
    if (file == NULL) {
        return;
    }
    len = fread(content, 1, sizeof content, file);
    fclose(file);
    assert_true(len < sizeof content);
    for (size_t i = 0; i < scene->given_count; i++) {
        qw_hex_encode(scene->given[i], 32, hex);
        qw_base64_encode(scene->given[i], 32, base64);
        assert_null(memmem(content, len, scene->given[i], 32));
        assert_null(memmem(content, len, scene->given[i], 16)); /* nor half of it */
        assert_null(memmem(content, len, hex, 32));
        assert_null(memmem(content, len, base64, 21));
    }
}

static void no_key_stands_in_the_files(void **state)
{
    struct scene *scene = *state;

    (void)tell_story(scene, NONE);
    assert_true(scene->given_count >= 300);
    assert_not_in_file(scene, "");
    assert_not_in_file(scene, "-wal");
    scene_restart(scene);
    scene_close(scene);
    assert_not_in_file(scene, "");
    scene_open(scene);
}

static void the_kernels_generator_is_named_what_it_is(void **state)
{
    struct scene *scene = *state;
    struct qw_centre_status status;

    scene_close(scene);
    assert_int_equal(qw_key_source_kernel(&scene->source), QW_OK);
    scene_open(scene);
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_last_deed(scene, "ingest", QW_OK, "keys from kernel");
    status = status_of(scene);
    assert_string_equal(status.source, "kernel");
    assert_false(status.source_is_quantum);
    assert_false(status.source_is_simulated);
    qw_key_source_close(&scene->source);
    scene->source.take = source_take;
}

static void *ingest_and_sweep(void *self)
{
    struct scene *scene = self;

    for (int i = 0; i < 20; i++) {
        if (qw_centre_ingest(scene->centre) != QW_OK || qw_centre_sweep(scene->centre) != QW_OK) {
            return scene;
        }
    }
    return NULL;
}

static void serves_while_another_thread_keeps_house(void **state)
{
    struct scene *scene = *state;
    uint8_t session_id[16];
    pthread_t thread;
    void *result;
    size_t len = 0;

    make_everybody(scene);
    assert_int_equal(pthread_create(&thread, NULL, ingest_and_sweep, scene), 0);
    for (int i = 0; i < 15; i++) {
        assert_int_equal(contact(scene, i % 4 == 0, 10, session_id), QW_OK);
        assert_int_equal(get_package(scene, session_id, 700, sealed, &len), QW_OK);
        card_take_refill(scene, sealed, len);
        assert_int_equal(send_receipt(scene, session_id), QW_OK);
    }
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_null(result);
    assert_no_key_twice(scene);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

int main(void)
{
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_restart_between_any_two_verbs_changes_nothing),
        IN_SCENE(a_failing_write_loses_nothing_and_gives_nothing_twice),
        IN_SCENE(a_failing_read_gives_nothing_and_changes_nothing),
        IN_SCENE(a_crash_after_any_commit_is_repaired_by_repeating_the_verb),
        IN_SCENE(each_verb_serves_its_role_alone),
        IN_SCENE(a_wrong_master_key_opens_nothing_and_is_in_the_journal),
        IN_SCENE(refuses_a_configuration_out_of_range),
        IN_SCENE(a_tampered_record_is_not_believed),
        IN_SCENE(a_damaged_store_is_not_taken_for_a_new_one),
        IN_SCENE(two_centres_on_one_store_do_not_both_write),
        IN_SCENE(no_key_stands_in_the_files),
        IN_SCENE(the_kernels_generator_is_named_what_it_is),
        IN_SCENE(serves_while_another_thread_keeps_house),
    };

    return cmocka_run_group_tests_name("centre.centre", tests, NULL, NULL);
}
