/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/pair/answer_record.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/secret.h"
#include "centre/key/block.h"
#include "centre/key/key_record.h"
#include "centre/pair/unfetched.h"
#include "centre/record.h"
#include "crypto/hash.h"

#include <stdio.h>
#include <string.h>

enum {
    RECORD_VERSION = 1,
    DIGEST_LEN = 32,
    PREFIX_LEN = 7,
    ID_LEN = PREFIX_LEN + 16,
    PLAIN_MAX = 1 + 8 + DIGEST_LEN + 1 + QW_DELIVERY_KEYS_MAX * 16,
    WISH_MAX = 1024,
    BATCH = 256
};
_Static_assert((QW_KEY_OTHERS_MAX + 3) * 64 + 2 * 16 + 16 <= (int)WISH_MAX,
               "the longest wish fits");
_Static_assert(QW_DELIVERY_KEYS_MAX <= UINT8_MAX, "the count is a byte");

static const char prefix[] = "answer:";

struct answer {
    uint64_t version;
    int64_t made_ms;
    uint8_t digest[DIGEST_LEN]; /* of the wish */
    uint8_t count;
    uint8_t key_ids[QW_DELIVERY_KEYS_MAX][16];
};

/* Two masters may use one name, and do not meet. */
static qw_err record_id(const char *master, const uint8_t name[static 16],
                        uint8_t id[static ID_LEN])
{
    const struct qw_bytes parts[] = { { master, strlen(master) + 1 }, { name, 16 } };
    uint8_t hash[DIGEST_LEN];
    qw_err err = qw_hash_of(QW_HASH_SHA256, parts, 2, hash);

    memcpy(id, prefix, PREFIX_LEN);
    memcpy(id + PREFIX_LEN, hash, 16);
    return err;
}

static void write_demand(struct qw_writer *w, const struct qw_key_demand *demand)
{
    qw_write_string8(w, demand->source);
    qw_write_u64be(w, (uint64_t)demand->max_age_ms);
    qw_write_u8(w, (uint8_t)((demand->is_relayed ? 1 : 0) | (demand->is_fresh ? 2 : 0)));
}

static qw_err digest_of(const struct qw_key_wish *wish, uint8_t digest[static DIGEST_LEN])
{
    uint8_t plain[WISH_MAX];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);
    struct qw_bytes all = { plain, 0 };

    qw_write_string8(&w, wish->slave);
    qw_write_u8(&w, (uint8_t)wish->other_count);
    for (size_t i = 0; i < wish->other_count; i++) {
        qw_write_string8(&w, wish->others[i]);
    }
    qw_write_u32be(&w, wish->count);
    qw_write_u32be(&w, wish->bits);
    write_demand(&w, &wish->mandatory);
    write_demand(&w, &wish->preferred);
    qw_assert(!w.failed);
    all.len = w.len;
    return qw_hash_of(QW_HASH_SHA256, &all, 1, digest);
}

static bool decode(const uint8_t *plain, size_t len, struct answer *answer)
{
    struct qw_reader r = qw_reader_on(plain, len);
    bool ok = qw_read_u8(&r) == RECORD_VERSION;

    answer->made_ms = (int64_t)qw_read_u64be(&r);
    qw_read_bytes(&r, answer->digest, sizeof answer->digest);
    answer->count = qw_read_u8(&r);
    ok = ok && answer->count <= QW_DELIVERY_KEYS_MAX;
    for (uint8_t i = 0; ok && i < answer->count; i++) {
        qw_read_bytes(&r, answer->key_ids[i], sizeof answer->key_ids[i]);
    }
    return ok && qw_reader_done(&r);
}

static qw_err load(struct qw_centre *centre, const char *master, const uint8_t name[static 16],
                   struct answer *answer)
{
    uint8_t id[ID_LEN];
    size_t len;
    qw_err err = record_id(master, name, id);

    if (err == QW_OK) {
        err = qw_record_load(centre, QW_STORE_META, id, sizeof id, &answer->version, &len);
    }
    if (err == QW_OK && !decode(centre->scratch, len, answer)) {
        err = QW_ERR_IO;
    }
    return err;
}

/* Why the answer cannot be given again; NULL: it can. */
static const char *fault_of(const struct qw_centre *centre, const struct answer *answer,
                            const struct qw_key_wish *wish, const uint8_t digest[static DIGEST_LEN],
                            int64_t now_ms)
{
    if (answer->count != wish->count || !qw_equal_ct(answer->digest, digest, DIGEST_LEN)) {
        return "name of another request";
    }
    /* A clock that went back closes the window instead of stretching it. */
    if (now_ms < answer->made_ms || now_ms - answer->made_ms >= (int64_t)centre->config.window_ms) {
        return "repeated too late";
    }
    return NULL;
}

/* QW_ERR_CONFLICT: it is gone. */
static qw_err find_key(struct qw_centre *centre, const char *master, const uint8_t id[static 16],
                       int64_t now_ms, struct qw_key_record *record)
{
    qw_err err = qw_key_record_load(centre, id, record);
    bool is_live;

    if (err == QW_ERR_NOT_FOUND) {
        err = qw_pair_unfetched(centre, id, now_ms, record);
    }
    if (err == QW_ERR_NOT_FOUND) {
        return QW_ERR_CONFLICT;
    }
    if (err != QW_OK) {
        return err;
    }
    if (record->state == QW_KEY_SUSPENDED) {
        return QW_ERR_STATE; /* it may come back */
    }
    is_live = (record->version != 0 || record->is_new) &&
              (record->state == QW_KEY_ASSIGNED || record->state == QW_KEY_DELIVERED) &&
              (record->due_ms == 0 || now_ms < record->due_ms);
    return is_live && strcmp(record->master, master) == 0 ? QW_OK : QW_ERR_CONFLICT;
}

static qw_err gather(struct qw_centre *centre, const char *master, const struct answer *answer,
                     int64_t now_ms, struct qw_given_key *keys)
{
    qw_err err = QW_OK;

    for (uint8_t i = 0; i < answer->count && err == QW_OK; i++) {
        struct qw_key_record record;

        err = find_key(centre, master, answer->key_ids[i], now_ms, &record);
        if (err == QW_OK) {
            memcpy(keys[i].id, answer->key_ids[i], sizeof keys[i].id);
            keys[i].bits = record.bits;
            err = qw_block_read_key(centre, &record.place, record.bits, keys[i].bytes);
        }
    }
    return err;
}

static qw_err note_repeat(struct qw_centre *centre, const struct qw_deed *deed, uint32_t count)
{
    struct qw_group group;
    char detail[64];

    qw_group_begin(centre, &group);
    (void)snprintf(detail, sizeof detail, "%u keys again", (unsigned)count);
    return qw_group_commit(centre, &group, deed, detail);
}

static qw_err recall(struct qw_centre *centre, const struct qw_deed *deed,
                     const struct qw_key_wish *wish, struct qw_given_key *keys)
{
    int64_t now_ms = qw_clock_utc_ms();
    uint8_t digest[DIGEST_LEN];
    struct answer answer;
    const char *fault = NULL;
    qw_err err = load(centre, deed->caller->id, wish->request_id, &answer);

    if (err == QW_OK) {
        err = digest_of(wish, digest);
    }
    if (err != QW_OK) {
        return err;
    }
    fault = fault_of(centre, &answer, wish, digest, now_ms);
    err = fault != NULL ? QW_ERR_CONFLICT : gather(centre, deed->caller->id, &answer, now_ms, keys);
    if (err == QW_OK) {
        return note_repeat(centre, deed, wish->count);
    }
    if (err == QW_ERR_CONFLICT || err == QW_ERR_STATE) {
        return qw_centre_refuse(centre, deed, err, fault != NULL ? fault : "a key of it is gone");
    }
    return err;
}

qw_err qw_answer_recall(struct qw_centre *centre, const struct qw_caller *caller,
                        const struct qw_key_wish *wish, struct qw_given_key *keys)
{
    const struct qw_deed deed = { .caller = caller,
                                  .verb = "deliver-repeat",
                                  .object = wish->slave };
    qw_err err;

    if (wish->request_id == NULL) {
        return QW_ERR_NOT_FOUND;
    }
    qw_centre_enter(centre);
    err = recall(centre, &deed, wish, keys);
    qw_centre_leave(centre);
    if (err != QW_OK) {
        qw_wipe(keys, wish->count * sizeof *keys);
    }
    return err;
}

static void write_answer(struct qw_writer *w, const struct qw_key_wish *wish, int64_t made_ms,
                         const uint8_t digest[static DIGEST_LEN], const uint8_t (*key_ids)[16])
{
    qw_write_u8(w, RECORD_VERSION);
    qw_write_u64be(w, (uint64_t)made_ms);
    qw_write_bytes(w, digest, DIGEST_LEN);
    qw_write_u8(w, (uint8_t)wish->count);
    for (uint32_t i = 0; i < wish->count; i++) {
        qw_write_bytes(w, key_ids[i], sizeof key_ids[i]);
    }
    qw_assert(!w->failed);
}

qw_err qw_answer_put(struct qw_centre *centre, struct qw_group *group, const char *master,
                     const struct qw_key_wish *wish, const uint8_t (*key_ids)[16])
{
    int64_t made_ms = qw_clock_utc_ms();
    uint8_t id[ID_LEN];
    struct qw_store_op record = { .kind = QW_STORE_META,
                                  .id = id,
                                  .id_len = sizeof id,
                                  .tag = QW_TAG_DUE_AT(made_ms +
                                                       (int64_t)centre->config.key_ttl_s * 1000) };
    uint8_t digest[DIGEST_LEN];
    uint8_t plain[PLAIN_MAX];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);
    struct answer there;
    qw_err err;

    if (wish->request_id == NULL) {
        return QW_OK;
    }
    err = load(centre, master, wish->request_id, &there);
    if (err != QW_ERR_NOT_FOUND) {
        return err == QW_OK ? QW_ERR_IO : err;
    }
    err = record_id(master, wish->request_id, id);
    if (err == QW_OK) {
        err = digest_of(wish, digest);
    }
    if (err == QW_OK) {
        write_answer(&w, wish, made_ms, digest, key_ids);
        qw_group_add(centre, group, QW_STORE_INSERT, record, plain, w.len);
    }
    return err;
}

struct forgetting {
    struct qw_group *group;
    size_t count;
};

static int forget(void *self, const struct qw_store_record *record)
{
    struct forgetting *forgetting = self;

    if (record->id_len == ID_LEN && qw_equal_ct(record->id, prefix, PREFIX_LEN)) {
        qw_group_remove_plain(forgetting->group, QW_STORE_META, record->id, record->id_len,
                              record->version);
        forgetting->count++;
    }
    return forgetting->count < BATCH;
}

/* Of one second, at most BATCH of them. */
static qw_err forget_some(struct qw_centre *centre, int64_t second, size_t *count)
{
    const struct qw_store *store = centre->config.store;
    const struct qw_deed deed = { .verb = "forget", .object = "answers" };
    struct qw_group group;
    struct forgetting forgetting = { .group = &group };
    char detail[64];
    qw_err err;

    qw_group_begin(centre, &group);
    err = store->scan(store->self, QW_STORE_META, QW_TAG_DUE + second, NULL, 0, SIZE_MAX, forget,
                      &forgetting);
    *count = forgetting.count;
    if (err != QW_OK || forgetting.count == 0) {
        qw_group_drop(&group);
        return err;
    }
    (void)snprintf(detail, sizeof detail, "%zu named requests", forgetting.count);
    return qw_group_commit(centre, &group, &deed, detail);
}

qw_err qw_answer_sweep(struct qw_centre *centre, int64_t from_s, int64_t to_s)
{
    qw_err err = QW_OK;

    for (int64_t second = from_s; second <= to_s && err == QW_OK;) {
        size_t count = 0;

        err = forget_some(centre, second, &count);
        second += count < BATCH ? 1 : 0;
    }
    return err;
}
