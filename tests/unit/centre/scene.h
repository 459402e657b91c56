/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_CENTRE_SCENE_H
#define QW_TESTS_CENTRE_SCENE_H

/* A centre on a real SQLite store in a folder of its own, a source whose every byte the test knows,
 * a custody with a fixed key, a clock the test turns, and a card made of the codecs alone: the
 * test's opinion of docs/protocol/charging.md, not the terminal's code. */

#include "api/card_keys.h"
#include "api/contact.h"
#include "api/link_grant.h"
#include "api/package.h"
#include "base/prng.h"
#include "base/secret.h"
#include "centre/centre.h"
#include "centre/key/key_life.h"
#include "centre/people/unit_quota.h"
#include "crypto/aead.h"
#include "store/audit.h"
#include "store/store_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCENE_UNUSED __attribute__((unused))

enum { SCENE_KEYS_MAX = 4096, CARD_KEYS_MAX = 512 };

struct card { /* what a card would hold */
    char owner[64];
    uint8_t serial[16];
    uint32_t epoch;
    uint8_t card_key[32];
    uint8_t id_key[32]; /* from epoch 2 on */
    uint8_t token[16];
    uint64_t counter;
    uint64_t next_index;
    uint64_t up_position, down_position;
    uint64_t up_end, down_end;
    uint8_t up[16384], down[16384]; /* by absolute position */
    uint8_t ids[CARD_KEYS_MAX][16];
    uint8_t keys[CARD_KEYS_MAX][32];
    size_t key_count;
    uint8_t last_package[16];
};

struct scene {
    char folder[64];
    char path[96];
    struct qw_store store;
    struct qw_store failing; /* what the centre sees: counts submits, fails one */
    int submits, fail_at;
    bool reads_fail; /* counts reads and fails one while it is true */
    int reads, fail_read_at;
    struct qw_custody custody;
    uint8_t master_key[32];
    struct qw_key_source source;
    struct qw_prng prng;
    uint8_t given[SCENE_KEYS_MAX][32]; /* everything the source gave, in order */
    size_t given_count;
    size_t left; /* bytes the source still has */
    struct qw_centre_config config;
    struct qw_centre *centre;
    struct qw_caller operator_caller, access_point, other_access_point, application, stranger;
    struct card station, ap_card, other_ap_card, terminal;
};

/* The clock: linked in place of qw_clock_utc_ms (tests.cmake). */
static int64_t scene_now_ms = 1795370000000;
int64_t __wrap_qw_clock_utc_ms(void);
int64_t __wrap_qw_clock_utc_ms(void)
{
    return scene_now_ms;
}

static size_t source_available(void *self)
{
    return ((struct scene *)self)->left * 8;
}

static qw_err source_take(void *self, uint8_t *key, size_t len)
{
    struct scene *scene = self;

    if (len > scene->left || len % 32 != 0) {
        return QW_ERR_EXHAUSTED;
    }
    qw_prng_bytes(&scene->prng, key, len);
    scene->left -= len;
    for (size_t i = 0; i < len / 32; i++) {
        assert_true(scene->given_count < SCENE_KEYS_MAX);
        memcpy(scene->given[scene->given_count++], key + i * 32, 32);
    }
    return QW_OK;
}

static void source_close(void *self)
{
    (void)self;
}

static qw_err custody_wrap(void *self, const uint8_t kek[static QW_KEK_LEN], uint8_t *wrapped,
                           size_t cap, size_t *len)
{
    struct scene *scene = self;

    assert_true(cap >= QW_KEK_LEN + QW_AEAD_OVERHEAD);
    *len = QW_KEK_LEN + QW_AEAD_OVERHEAD;
    return qw_aead_seal(QW_AEAD_AES256_GCM, scene->master_key, (struct qw_bytes){ "", 0 }, kek,
                        QW_KEK_LEN, wrapped);
}

static qw_err custody_unwrap(void *self, const uint8_t *wrapped, size_t len,
                             uint8_t kek[static QW_KEK_LEN])
{
    struct scene *scene = self;

    return qw_aead_open(QW_AEAD_AES256_GCM, scene->master_key, (struct qw_bytes){ "", 0 }, wrapped,
                        len, kek);
}

static qw_err failing_submit(void *self, const struct qw_store_op *ops, size_t count)
{
    struct scene *scene = self;

    scene->submits++;
    if (scene->submits == scene->fail_at) {
        return QW_ERR_IO;
    }
    return scene->store.submit(scene->store.self, ops, count);
}

static bool read_fails(struct scene *scene)
{
    if (!scene->reads_fail) {
        return false;
    }
    scene->reads++;
    return scene->reads == scene->fail_read_at;
}

static qw_err failing_get(void *self, enum qw_store_kind kind, const void *id, size_t id_len,
                          struct qw_store_record *record)
{
    struct scene *scene = self;

    return read_fails(scene) ? QW_ERR_IO
                             : scene->store.get(scene->store.self, kind, id, id_len, record);
}

static qw_err failing_scan(void *self, enum qw_store_kind kind, int64_t tag, const void *after,
                           size_t after_len, size_t limit,
                           int (*visit)(void *visitor, const struct qw_store_record *record),
                           void *visitor)
{
    struct scene *scene = self;

    return read_fails(scene) ? QW_ERR_IO
                             : scene->store.scan(scene->store.self, kind, tag, after, after_len,
                                                 limit, visit, visitor);
}

static qw_err failing_count(void *self, enum qw_store_kind kind, int64_t tag, uint64_t *count)
{
    struct scene *scene = self;

    return read_fails(scene) ? QW_ERR_IO : scene->store.count(scene->store.self, kind, tag, count);
}

static void scene_open(struct scene *scene)
{
    assert_int_equal(qw_store_sqlite_open(scene->path, &scene->store), QW_OK);
    assert_int_equal(qw_centre_new(&scene->config, &scene->centre), QW_OK);
}

static void scene_close(struct scene *scene)
{
    qw_centre_free(scene->centre);
    scene->centre = NULL;
    qw_store_close(&scene->store);
}

static SCENE_UNUSED void scene_restart(struct scene *scene)
{
    scene_close(scene);
    scene_open(scene);
}

static struct qw_caller caller_of(const char *identity)
{
    struct qw_caller caller;

    assert_int_equal(qw_caller_parse(identity, &caller), QW_OK);
    return caller;
}

static SCENE_UNUSED int scene_make(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    assert_non_null(scene);
    scene_now_ms += 1000 - scene_now_ms % 1000; /* the sweep ends what is due by whole seconds */
    /* In memory where there is such a place: thousands of groups, and none has to survive a power
     * cut (tests/unit/store does that). */
    strcpy(scene->folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/qwave-centre-XXXXXX"
                                                        : "/tmp/qwave-centre-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    strcpy(scene->path, scene->folder);
    strcat(scene->path, "/centre.db");
    memset(scene->master_key, 0x4d, sizeof scene->master_key);
    qw_prng_init(&scene->prng, 2026, 1);
    scene->left = SIZE_MAX / 16;
    scene->custody = (struct qw_custody){
        .name = "test", .self = scene, .wrap = custody_wrap, .unwrap = custody_unwrap
    };
    scene->source = (struct qw_key_source){ .name = "test-double",
                                            .is_simulated = true,
                                            .self = scene,
                                            .available_bits = source_available,
                                            .take = source_take,
                                            .close = source_close };
    scene->failing = (struct qw_store){ .self = scene,
                                        .submit = failing_submit,
                                        .get = failing_get,
                                        .scan = failing_scan,
                                        .count = failing_count };
    scene->config = (struct qw_centre_config){ .store = &scene->failing,
                                               .custody = &scene->custody,
                                               .source = &scene->source,
                                               .centre_id = "centre-1",
                                               .block_keys = 64,
                                               .stock_keys = 300,
                                               .window_ms = 30000,
                                               .pool_bytes = 512,
                                               .journal_sign_ms = 3600000 };
    scene->operator_caller = caller_of("urn:qwave:operator:alice");
    scene->access_point = caller_of("urn:qwave:ap:ap-1");
    scene->other_access_point = caller_of("urn:qwave:ap:ap-2");
    scene->application = caller_of("urn:qwave:sae:app-1");
    scene->stranger = caller_of("urn:qwave:sae:app-2");
    scene_open(scene);
    *state = scene;
    return 0;
}

static SCENE_UNUSED int scene_remove(void **state)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    struct scene *scene = *state;
    char path[128];

    if (scene->centre != NULL) {
        scene_close(scene);
    }
    for (size_t i = 0; i < 3; i++) {
        strcpy(path, scene->path);
        strcat(path, ends[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(scene->folder), 0);
    free(scene);
    return 0;
}

/* ---- the card ---- */

static struct qw_card_keys card_keys(const struct card *card)
{
    struct qw_card_keys keys;

    assert_int_equal(qw_card_keys_derive(card->card_key, &keys), QW_OK);
    if (card->epoch >= 2) {
        memcpy(keys.id, card->id_key, sizeof keys.id);
    }
    return keys;
}

static void card_take(struct card *card, const struct qw_package *package)
{
    struct qw_card_keys keys;

    if (package->kind == QW_PACKAGE_BIRTH) {
        memset(card, 0, sizeof *card);
        memcpy(card->owner, package->owner, sizeof card->owner);
        memcpy(card->serial, package->serial, sizeof card->serial);
        memcpy(card->card_key, package->card_key, sizeof card->card_key);
        card->epoch = package->epoch;
    }
    keys = card_keys(card);
    assert_memory_equal(card->serial, package->serial, sizeof card->serial);
    assert_string_equal(card->owner, package->owner);
    assert_int_equal(package->first_index, card->next_index);
    if (package->pool_up_len > 0) {
        assert_int_equal(package->pool_up_position, card->up_end);
        memcpy(card->up + card->up_end, package->pool_up, package->pool_up_len);
        card->up_end += package->pool_up_len;
    }
    if (package->pool_down_len > 0) {
        assert_int_equal(package->pool_down_position, card->down_end);
        memcpy(card->down + card->down_end, package->pool_down, package->pool_down_len);
        card->down_end += package->pool_down_len;
    }
    for (uint16_t i = 0; i < package->key_count; i++) {
        assert_int_equal(qw_package_key_id(keys.id, package->id, i, card->ids[card->key_count]),
                         QW_OK);
        memcpy(card->keys[card->key_count], package->keys + (size_t)i * 32, 32);
        card->key_count++;
    }
    card->next_index += package->key_count;
    memcpy(card->token, package->token, sizeof card->token);
    memcpy(card->last_package, package->id, sizeof card->last_package);
    if (package->kind == QW_PACKAGE_FUSE) { /* F3 of docs/protocol/card-fusion.md */
        memcpy(card->id_key, keys.id, sizeof card->id_key);
        card->epoch++;
        assert_int_equal(
            qw_card_key_fuse(card->card_key, package->card_key, card->epoch, card->card_key),
            QW_OK);
    }
}

static void card_open_and_take(struct card *card, const uint8_t *sealed, size_t len,
                               const uint8_t wrap_key[static 32])
{
    struct qw_package package;

    assert_int_equal(qw_package_open(sealed, len, wrap_key, &package), QW_OK);
    card_take(card, &package);
    qw_package_wipe(&package);
}

static void card_receipt(const struct card *card, uint8_t out[static QW_RECEIPT_LEN])
{
    struct qw_card_keys keys = card_keys(card);
    struct qw_receipt receipt = { .counter = card->counter };

    memcpy(receipt.serial, card->serial, sizeof receipt.serial);
    memcpy(receipt.package_id, card->last_package, sizeof receipt.package_id);
    assert_int_equal(qw_receipt_seal(&receipt, keys.receipt, out), QW_OK);
}

static struct qw_contact_report card_report_fields(struct card *card, bool fresh, uint32_t wanted)
{
    struct qw_contact_report report = { .wants_fresh = fresh,
                                        .epoch = card->epoch,
                                        .counter = ++card->counter,
                                        .next_index = card->next_index,
                                        .remaining_keys = (uint32_t)card->key_count,
                                        .wanted_keys = wanted,
                                        .pool_up_position = card->up_position,
                                        .pool_down_position = card->down_position,
                                        .pool_up_end = card->up_end,
                                        .pool_down_end = card->down_end };

    memcpy(report.serial, card->serial, sizeof report.serial);
    memcpy(report.token, card->token, sizeof report.token);
    return report;
}

static void card_seal_report(const struct card *card, const struct qw_contact_report *report,
                             uint8_t out[static QW_CONTACT_REPORT_LEN])
{
    struct qw_card_keys keys = card_keys(card);

    assert_int_equal(qw_contact_report_seal(report, keys.report, out), QW_OK);
}

static void card_report(struct card *card, bool fresh, uint32_t wanted,
                        uint8_t out[static QW_CONTACT_REPORT_LEN])
{
    struct qw_contact_report report = card_report_fields(card, fresh, wanted);

    card_seal_report(card, &report, out);
}

/* ---- verbs in the words of the protocol ---- */

static SCENE_UNUSED void make_station(struct scene *scene)
{
    struct qw_package birth = { 0 };

    assert_int_equal(
        qw_centre_station_birth(scene->centre, &scene->operator_caller, "station-1", &birth),
        QW_OK);
    assert_int_equal(birth.kind, QW_PACKAGE_BIRTH);
    card_take(&scene->station, &birth);
    qw_package_wipe(&birth);
}

static qw_err charge(struct scene *scene, const char *id, uint32_t keys, uint8_t *out, size_t cap,
                     size_t *len)
{
    return qw_centre_charge(scene->centre, &scene->operator_caller, id, "station-1", keys, out, cap,
                            len);
}

static qw_err confirm(struct scene *scene, const struct card *card)
{
    uint8_t receipt[QW_RECEIPT_LEN];

    card_receipt(card, receipt);
    return qw_centre_charge_confirm(scene->centre, &scene->operator_caller, card->owner, receipt,
                                    sizeof receipt);
}

static SCENE_UNUSED void make_card(struct scene *scene, const char *id, enum qw_device_kind kind,
                                   uint32_t keys, struct card *card)
{
    static uint8_t sealed[65536];
    struct qw_card_keys wrap = card_keys(&scene->station);
    size_t len;

    assert_int_equal(
        qw_centre_device_register(scene->centre, &scene->operator_caller, id, kind, "Li Hua",
                                  qw_device_is_carrier(kind) ? scene->application.id : ""),
        QW_OK);
    assert_int_equal(charge(scene, id, keys, sealed, sizeof sealed, &len), QW_OK);
    card_open_and_take(card, sealed, len, wrap.wrap);
    assert_int_equal(confirm(scene, card), QW_OK);
}

/* Station, two access points, one terminal with 20 keys. */
static SCENE_UNUSED void make_everybody(struct scene *scene)
{
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    make_station(scene);
    make_card(scene, "ap-1", QW_DEVICE_ACCESS_POINT, 0, &scene->ap_card);
    make_card(scene, "ap-2", QW_DEVICE_ACCESS_POINT, 0, &scene->other_ap_card);
    make_card(scene, "terminal-1", QW_DEVICE_TERMINAL, 20, &scene->terminal);
}

static qw_err send_report(struct scene *scene, const uint8_t report[static QW_CONTACT_REPORT_LEN],
                          uint8_t session_id[static 16], uint8_t grant[static QW_LINK_GRANT_LEN])
{
    struct qw_contact_answer answer = { .order_len = 0 };
    qw_err err = qw_centre_contact(scene->centre, &scene->access_point, report,
                                   QW_CONTACT_REPORT_LEN, &answer);

    if (err == QW_OK) {
        memcpy(session_id, answer.session_id, sizeof answer.session_id);
        memcpy(grant, answer.grant, sizeof answer.grant);
    }
    return err;
}

/* R4: both ends hold the same pool bytes at the same positions. */
static void card_use_grant(struct scene *scene, const uint8_t grant_bytes[static QW_LINK_GRANT_LEN])
{
    struct qw_card_keys ap = card_keys(&scene->ap_card);
    struct card *card = &scene->terminal;
    struct qw_link_grant grant;

    assert_int_equal(qw_link_grant_open(grant_bytes, QW_LINK_GRANT_LEN, ap.wrap, &grant), QW_OK);
    assert_true(grant.up_position >= card->up_position);
    assert_true(grant.down_position >= card->down_position);
    assert_memory_equal(grant.up, card->up + grant.up_position, sizeof grant.up);
    assert_memory_equal(grant.down, card->down + grant.down_position, sizeof grant.down);
    card->up_position = grant.up_position + sizeof grant.up;
    card->down_position = grant.down_position + sizeof grant.down;
    assert_true(card->up_position <= card->up_end);
    assert_true(card->down_position <= card->down_end);
}

static SCENE_UNUSED qw_err contact(struct scene *scene, bool fresh, uint32_t wanted,
                                   uint8_t session_id[static 16])
{
    uint8_t report[QW_CONTACT_REPORT_LEN];
    uint8_t grant[QW_LINK_GRANT_LEN];
    qw_err err;

    card_report(&scene->terminal, fresh, wanted, report);
    err = send_report(scene, report, session_id, grant);
    if (err == QW_OK) {
        card_use_grant(scene, grant);
    }
    return err;
}

/* R6: the package as the access point sends it on, opened with its card's wrap key. */
static SCENE_UNUSED qw_err get_package(struct scene *scene, const uint8_t session_id[static 16],
                                       size_t pad_len, uint8_t *sealed, size_t *len)
{
    static uint8_t out[65536];
    struct qw_card_keys ap = card_keys(&scene->ap_card);
    uint8_t aad[29];
    size_t out_len;
    qw_err err = qw_centre_package(scene->centre, &scene->access_point, session_id, pad_len, out,
                                   sizeof out, &out_len);

    if (err != QW_OK) {
        return err;
    }
    memcpy(aad, "qwave package", 13);
    memcpy(aad + 13, session_id, 16);
    assert_true(out_len - QW_AEAD_OVERHEAD <= pad_len);
    assert_int_equal(qw_aead_open(QW_AEAD_AES256_GCM, ap.wrap, (struct qw_bytes){ aad, sizeof aad },
                                  out, out_len, sealed),
                     QW_OK);
    *len = out_len - QW_AEAD_OVERHEAD;
    return QW_OK;
}

static SCENE_UNUSED void card_take_refill(struct scene *scene, const uint8_t *sealed, size_t len)
{
    struct qw_card_keys keys = card_keys(&scene->terminal);

    card_open_and_take(&scene->terminal, sealed, len, keys.wrap);
}

static SCENE_UNUSED qw_err send_receipt(struct scene *scene, const uint8_t session_id[static 16])
{
    uint8_t receipt[QW_RECEIPT_LEN];

    card_receipt(&scene->terminal, receipt);
    return qw_centre_receipt(scene->centre, &scene->access_point, session_id, receipt,
                             sizeof receipt);
}

/* Keys of 256 bits, by id. */
static SCENE_UNUSED qw_err fetch_ids(struct scene *scene, const struct qw_caller *caller,
                                     const char *master, const uint8_t (*ids)[16], size_t count,
                                     uint8_t (*keys)[32])
{
    static struct qw_given_key given[QW_FETCH_KEYS_MAX];
    qw_err err = qw_centre_fetch(scene->centre, caller, master, ids, count, given);

    for (size_t i = 0; err == QW_OK && i < count; i++) {
        assert_int_equal(given[i].bits, 256);
        assert_memory_equal(given[i].id, ids[i], 16);
        memcpy(keys[i], given[i].bytes, 32);
    }
    return err;
}

static SCENE_UNUSED qw_err fetch(struct scene *scene, const struct qw_caller *caller, size_t first,
                                 size_t count, uint8_t (*keys)[32])
{
    return fetch_ids(scene, caller, "terminal-1",
                     (const uint8_t(*)[16]) & scene->terminal.ids[first], count, keys);
}

static SCENE_UNUSED struct qw_centre_status status_of(struct scene *scene)
{
    struct qw_centre_status status;

    assert_int_equal(qw_centre_status(scene->centre, &scene->operator_caller, &status), QW_OK);
    return status;
}

/* Promise 6: ingested = sum over all states; what the source gave is what was ingested. */
static SCENE_UNUSED void assert_books_balance(struct scene *scene)
{
    struct qw_centre_status status = status_of(scene);
    uint64_t sum = 0;

    for (int i = 0; i < QW_KEY_STATE_COUNT; i++) {
        sum += status.keys_in_state[i];
    }
    assert_int_equal(sum, status.keys_ingested);
    sum = 0;
    for (size_t i = 0; i < status.stock_count; i++) {
        sum += status.stock[i].keys;
    }
    assert_in_range(sum, status.keys_in_state[QW_KEY_STORED], /* what is leased to pairs is not */
                    status.keys_in_state[QW_KEY_STORED] + status.keys_in_state[QW_KEY_LEASED]);
}

static SCENE_UNUSED void assert_journal_whole(struct scene *scene)
{
    uint64_t records;
    uint64_t broken;

    assert_int_equal(qw_audit_verify(&scene->store, NULL, NULL, &records, &broken), QW_OK);
    assert_int_equal(broken, 0);
    assert_int_equal(records, status_of(scene).audit_records);
}

/* Which key of the source this is; fails when it is none of them. */
static SCENE_UNUSED size_t given_index(const struct scene *scene, const uint8_t key[static 32])
{
    for (size_t i = 0; i < scene->given_count; i++) {
        if (memcmp(scene->given[i], key, 32) == 0) {
            return i;
        }
    }
    fail_msg("a key that the source never gave");
    return 0;
}

struct last_record {
    struct qw_audit_record record;
};

static SCENE_UNUSED void keep_last(void *self, const struct qw_audit_record *record)
{
    ((struct last_record *)self)->record = *record;
}

/* The journal's last record: verb, result and a part of the detail. */
static SCENE_UNUSED void assert_last_deed(struct scene *scene, const char *verb, qw_err result,
                                          const char *detail)
{
    struct last_record last = { 0 };
    uint64_t records;
    uint64_t broken;

    assert_int_equal(qw_audit_verify(&scene->store, keep_last, &last, &records, &broken), QW_OK);
    assert_string_equal(last.record.event.verb, verb);
    assert_int_equal(last.record.event.result, result);
    assert_non_null(strstr(last.record.event.detail, detail));
}

static SCENE_UNUSED enum qw_device_state state_of(struct scene *scene, const char *id)
{
    struct qw_device device;

    assert_int_equal(qw_centre_device_find(scene->centre, &scene->operator_caller, id, &device),
                     QW_OK);
    return device.state;
}

/* A quota of devices and of keys a day, none of stored ones. */
static inline qw_err scene_set_quota(struct qw_centre *centre, const struct qw_caller *caller,
                                     const char *unit, uint64_t devices, uint64_t keys)
{
    struct qw_unit_quota wanted = { .devices_max = devices, .keys_per_day = keys };

    (void)snprintf(wanted.unit, sizeof wanted.unit, "%s", unit);
    return qw_centre_unit_set(centre, caller, &wanted);
}

#endif
