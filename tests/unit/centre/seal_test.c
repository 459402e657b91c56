/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 C10 W14 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/seal/seal.h"
#include "crypto/share/custody_quorum.h"
#include "store/audit.h"
#include "store/store_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THRESHOLD = 3, OFFICERS = 5, NOTES_MAX = 64 };

static int64_t now_ms = 1000; /* monotonic */
int64_t __wrap_qw_clock_monotonic_ms(void);
int64_t __wrap_qw_clock_monotonic_ms(void)
{
    return now_ms;
}

struct scene {
    char folder[64], path[96];
    struct qw_store store; /* what the seal sees */
    struct qw_store backend;
    bool is_failing;
    struct qw_seal *seal;
    struct qw_ceremony ceremony;
    struct qw_share share[OFFICERS];
    uint8_t master[QW_MASTER_KEY_LEN];
    uint8_t kek[QW_KEK_LEN];
    struct qw_caller caller;
    struct qw_audit_record notes[NOTES_MAX];
    size_t note_count;
};
static struct scene scene;

static qw_err submit(void *self, const struct qw_store_op *ops, size_t count)
{
    (void)self;
    return scene.is_failing ? QW_ERR_IO : scene.backend.submit(scene.backend.self, ops, count);
}

static void insert_kek(const uint8_t *wrapped, size_t len)
{
    const struct qw_store_op op = { .verb = QW_STORE_INSERT,
                                    .kind = QW_STORE_META,
                                    .id = "kek",
                                    .id_len = 3,
                                    .blob = wrapped,
                                    .len = len };

    assert_int_equal(scene.backend.submit(scene.backend.self, &op, 1), QW_OK);
}

static void open_seal(void)
{
    struct qw_seal_config config = { .store = &scene.store,
                                     .centre_id = "centre-1",
                                     .timeout_s = 900 };

    assert_int_equal(qw_seal_new(&config, &scene.seal), QW_OK);
}

static int open_store(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof scene);
    snprintf(scene.folder, sizeof scene.folder, "/tmp/seal_test.XXXXXX");
    if (mkdtemp(scene.folder) == NULL) {
        return -1;
    }
    snprintf(scene.path, sizeof scene.path, "%s/centre.db", scene.folder);
    scene.caller = (struct qw_caller){ .role = QW_ROLE_OPERATOR, .id = "alice" };
    if (qw_store_sqlite_open(scene.path, &scene.backend) != QW_OK) {
        return -1;
    }
    scene.store = scene.backend;
    scene.store.submit = submit;
    return 0;
}

static int open_scene(void **state)
{
    struct qw_custody custody;
    uint8_t wrapped[QW_WRAPPED_KEK_CAP];
    size_t len = 0;

    if (open_store(state) != 0 ||
        qw_ceremony_hold(THRESHOLD, OFFICERS, &scene.ceremony, scene.share, scene.master) !=
            QW_OK ||
        qw_custody_quorum(&scene.ceremony, scene.master, &custody) != QW_OK) {
        return -1;
    }
    memcpy(scene.kek, "thirty-two bytes of key material", sizeof scene.kek);
    assert_int_equal(custody.wrap(custody.self, scene.kek, wrapped, sizeof wrapped, &len), QW_OK);
    qw_custody_close(&custody);
    insert_kek(wrapped, len);
    open_seal();
    return 0;
}

static int close_scene(void **state)
{
    static const char *const ends[] = { "", "-wal", "-shm" };

    (void)state;
    qw_seal_free(scene.seal);
    qw_store_close(&scene.backend);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char path[128];

        snprintf(path, sizeof path, "%s%s", scene.path, ends[i]);
        unlink(path);
    }
    return rmdir(scene.folder);
}

static qw_err enter(const struct qw_share *share, enum qw_seal_verdict *verdict)
{
    uint8_t bytes[QW_SHARE_LEN];

    qw_share_encode(share, bytes);
    return qw_seal_enter(scene.seal, &scene.caller, bytes, sizeof bytes, verdict);
}

static enum qw_seal_verdict verdict_of(const struct qw_share *share)
{
    enum qw_seal_verdict verdict = QW_SEAL_VERDICT_COUNT;

    assert_int_equal(enter(share, &verdict), QW_OK);
    return verdict;
}

static unsigned entered(void)
{
    struct qw_seal_state look;

    qw_seal_look(scene.seal, &look);
    assert_int_equal(look.threshold, THRESHOLD);
    assert_int_equal(look.officers, OFFICERS);
    assert_memory_equal(look.ceremony, scene.ceremony.id, sizeof look.ceremony);
    return look.entered;
}

static void keep(void *self, const struct qw_audit_record *record)
{
    (void)self;
    assert_true(scene.note_count < NOTES_MAX);
    scene.notes[scene.note_count++] = *record;
}

/* Reads the journal, which must be whole; the last record. */
static const struct qw_audit_event *last_note(void)
{
    uint64_t records, broken;

    scene.note_count = 0;
    assert_int_equal(qw_audit_verify(&scene.backend, keep, NULL, &records, &broken), QW_OK);
    assert_true(scene.note_count > 0);
    return &scene.notes[scene.note_count - 1].event;
}

static void expect_note(size_t number, const char *verb, qw_err result, const char *detail)
{
    const struct qw_audit_event *event = last_note();

    assert_int_equal(scene.note_count, number);
    assert_string_equal(event->verb, verb);
    assert_int_equal(event->result, result);
    assert_string_equal(event->detail, detail);
}

static void the_third_of_five_opens_and_each_is_in_the_journal(void **state)
{
    struct qw_custody custody = { 0 };
    struct qw_store_record record = { 0 };
    uint8_t kek[QW_KEK_LEN];

    (void)state;
    assert_int_equal(verdict_of(&scene.share[4]), QW_SEAL_TAKEN);
    expect_note(1, "seal-share", QW_OK, "share 5, 1 of 3");
    assert_string_equal(last_note()->actor, "operator:alice");
    assert_int_equal(verdict_of(&scene.share[0]), QW_SEAL_TAKEN);
    expect_note(2, "seal-share", QW_OK, "share 1, 2 of 3");
    assert_int_equal(entered(), 2);
    assert_int_equal(qw_seal_custody(scene.seal, &custody), QW_ERR_STATE); /* two fail */
    assert_int_equal(verdict_of(&scene.share[2]), QW_SEAL_OPENED);
    expect_note(3, "seal-share", QW_OK, "share 3, 3 of 3");
    assert_int_equal(qw_seal_custody(scene.seal, &custody), QW_OK);
    assert_int_equal(scene.backend.get(scene.backend.self, QW_STORE_META, "kek", 3, &record),
                     QW_OK);
    assert_int_equal(custody.unwrap(custody.self, record.blob, record.len, kek), QW_OK);
    assert_memory_equal(kek, scene.kek, sizeof kek);
    qw_store_record_free(&record);
    qw_custody_close(&custody);
    assert_int_equal(qw_seal_custody(scene.seal, &custody), QW_ERR_STATE); /* once */
    assert_int_equal(verdict_of(&scene.share[1]), QW_SEAL_COMPLETE);
}

static void every_bad_share_is_named_and_counts_for_nothing(void **state)
{
    struct qw_ceremony ceremony;
    struct qw_share other[OFFICERS], altered = scene.share[1];
    uint8_t master[QW_MASTER_KEY_LEN];
    enum qw_seal_verdict verdict;

    (void)state;
    assert_int_equal(qw_ceremony_hold(THRESHOLD, OFFICERS, &ceremony, other, master), QW_OK);
    assert_int_equal(verdict_of(&scene.share[0]), QW_SEAL_TAKEN);
    assert_int_equal(verdict_of(&scene.share[0]), QW_SEAL_TWICE);
    expect_note(2, "seal-share", QW_ERR_REFUSED, "this officer's share is entered already");
    assert_int_equal(verdict_of(&other[1]), QW_SEAL_OTHER_CEREMONY);
    expect_note(3, "seal-share", QW_ERR_REFUSED, "a share of another ceremony");
    altered.payload[31] ^= 1;
    assert_int_equal(verdict_of(&altered), QW_SEAL_ALTERED);
    expect_note(4, "seal-share", QW_ERR_REFUSED, "an altered share");
    assert_int_equal(qw_seal_enter(scene.seal, &scene.caller, (const uint8_t *)"?", 1, &verdict),
                     QW_OK);
    assert_int_equal(verdict, QW_SEAL_MALFORMED);
    expect_note(5, "seal-share", QW_ERR_REFUSED, "this is no share");
    assert_int_equal(entered(), 1);
    assert_int_equal(verdict_of(&scene.share[1]), QW_SEAL_TAKEN);
    assert_int_equal(verdict_of(&scene.share[2]), QW_SEAL_OPENED);
}

/* S3: who knows the check key can make shares that pass, and gets nowhere. */
static void forged_shares_give_no_key_and_all_begin_again(void **state)
{
    struct qw_share forged = scene.share[2];

    (void)state;
    forged.payload[0] ^= 0x80;
    assert_int_equal(qw_share_check(scene.ceremony.check_key, &forged, forged.check), QW_OK);
    assert_int_equal(verdict_of(&scene.share[0]), QW_SEAL_TAKEN);
    assert_int_equal(verdict_of(&scene.share[1]), QW_SEAL_TAKEN);
    assert_int_equal(verdict_of(&forged), QW_SEAL_NO_KEY);
    assert_int_equal(last_note()->result, QW_ERR_REFUSED);
    assert_int_equal(entered(), 0);
    for (int i = 0; i < THRESHOLD; i++) {
        assert_int_equal(verdict_of(&scene.share[i]),
                         i == THRESHOLD - 1 ? QW_SEAL_OPENED : QW_SEAL_TAKEN);
    }
}

/* S7 */
static void who_is_wrong_too_often_is_not_looked_at(void **state)
{
    const struct qw_caller bob = { .role = QW_ROLE_OPERATOR, .id = "bob" };
    enum qw_seal_verdict verdict;
    uint8_t bytes[QW_SHARE_LEN];
    int looked_at = 0;

    (void)state;
    while (qw_seal_enter(scene.seal, &scene.caller, (const uint8_t *)"?", 1, &verdict) == QW_OK) {
        looked_at++;
        assert_true(looked_at < 20);
    }
    assert_int_equal(looked_at, 5);
    (void)last_note();
    assert_int_equal(scene.note_count, 5);
    assert_int_equal(enter(&scene.share[0], &verdict), QW_ERR_LIMIT);
    qw_share_encode(&scene.share[1], bytes); /* others are not hindered */
    assert_int_equal(qw_seal_enter(scene.seal, &bob, bytes, sizeof bytes, &verdict), QW_OK);
    assert_int_equal(verdict, QW_SEAL_TAKEN);
    now_ms += 2500;
    assert_int_equal(verdict_of(&scene.share[0]), QW_SEAL_TAKEN);
}

static void shares_are_forgotten_when_no_further_one_comes(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(&scene.share[0]), QW_SEAL_TAKEN);
    now_ms += 899999;
    qw_seal_tick(scene.seal);
    assert_int_equal(entered(), 1);
    now_ms += 1;
    qw_seal_tick(scene.seal);
    assert_int_equal(entered(), 0);
    expect_note(2, "seal-forget", QW_OK, "1 entered shares forgotten: no further one came in time");
    assert_string_equal(last_note()->actor, "centre");
    assert_int_equal(verdict_of(&scene.share[0]), QW_SEAL_TAKEN);
    assert_int_equal(qw_seal_forget(scene.seal, &scene.caller), QW_OK);
    assert_int_equal(entered(), 0);
    assert_string_equal(last_note()->actor, "operator:alice");
}

static void a_share_that_cannot_be_written_down_is_not_taken(void **state)
{
    enum qw_seal_verdict verdict;

    (void)state;
    scene.is_failing = true;
    assert_int_equal(enter(&scene.share[0], &verdict), QW_ERR_IO);
    assert_int_equal(entered(), 0);
    scene.is_failing = false;
    assert_int_equal(verdict_of(&scene.share[0]), QW_SEAL_TAKEN);
    scene.is_failing = true; /* nor does the last one open */
    assert_int_equal(enter(&scene.share[1], &verdict), QW_ERR_IO);
    assert_int_equal(entered(), 1);
    assert_int_equal(qw_seal_forget(scene.seal, &scene.caller), QW_ERR_IO);
    assert_int_equal(entered(), 0);
}

static void only_operators_have_a_say(void **state)
{
    enum qw_seal_verdict verdict;

    (void)state;
    scene.caller.role = QW_ROLE_SAE;
    assert_int_equal(enter(&scene.share[0], &verdict), QW_ERR_REFUSED);
    assert_int_equal(qw_seal_forget(scene.seal, &scene.caller), QW_ERR_REFUSED);
    assert_int_equal(entered(), 0);
}

static bool file_has(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "rb");
    static uint8_t content[1 << 20];
    size_t size = file == NULL ? 0 : fread(content, 1, sizeof content, file);

    if (file != NULL) {
        fclose(file);
    }
    assert_true(size < sizeof content);
    return memmem(content, size, bytes, len) != NULL;
}

/* S5: looked for byte by byte in the database and its log. */
static void no_share_and_no_key_reaches_the_database(void **state)
{
    static const char *const ends[] = { "", "-wal" };
    bool has_record = false;

    (void)state;
    for (int i = 0; i < THRESHOLD; i++) {
        (void)verdict_of(&scene.share[i]);
    }
    for (size_t e = 0; e < sizeof ends / sizeof ends[0]; e++) {
        char path[128];

        snprintf(path, sizeof path, "%s%s", scene.path, ends[e]);
        has_record = has_record || file_has(path, "share 3, 3 of 3", 15);
        assert_false(file_has(path, scene.master, 16));
        assert_false(file_has(path, scene.kek, 16));
        for (int i = 0; i < OFFICERS; i++) {
            assert_false(file_has(path, scene.share[i].payload, 16));
            assert_false(file_has(path, scene.share[i].check, 16));
        }
    }
    assert_true(has_record); /* the scan looks where things are written */
}

static void a_process_that_ends_has_forgotten(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(&scene.share[0]), QW_SEAL_TAKEN);
    assert_int_equal(verdict_of(&scene.share[1]), QW_SEAL_TAKEN);
    qw_seal_free(scene.seal);
    open_seal();
    assert_int_equal(entered(), 0);
    expect_note(2, "seal-share", QW_OK, "share 2, 2 of 3"); /* the journal has not */
}

static void a_store_without_such_a_key_is_refused(void **state)
{
    struct qw_seal_config config = { .store = &scene.store,
                                     .centre_id = "centre-1",
                                     .timeout_s = 900 };
    static const uint8_t by_passphrase[80] = { 1, 17, 8, 1 };

    (void)state;
    assert_int_equal(qw_seal_new(&config, &scene.seal), QW_ERR_NOT_FOUND);
    insert_kek(by_passphrase, sizeof by_passphrase);
    assert_int_equal(qw_seal_new(&config, &scene.seal), QW_ERR_STATE);
    assert_null(scene.seal);
    qw_seal_free(NULL);
}

#define WITH_CEREMONY(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CEREMONY(the_third_of_five_opens_and_each_is_in_the_journal),
        WITH_CEREMONY(every_bad_share_is_named_and_counts_for_nothing),
        WITH_CEREMONY(forged_shares_give_no_key_and_all_begin_again),
        WITH_CEREMONY(who_is_wrong_too_often_is_not_looked_at),
        WITH_CEREMONY(shares_are_forgotten_when_no_further_one_comes),
        WITH_CEREMONY(a_share_that_cannot_be_written_down_is_not_taken),
        WITH_CEREMONY(only_operators_have_a_say),
        WITH_CEREMONY(no_share_and_no_key_reaches_the_database),
        WITH_CEREMONY(a_process_that_ends_has_forgotten),
        cmocka_unit_test_setup_teardown(a_store_without_such_a_key_is_refused, open_store,
                                        close_scene),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
