/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "bench/claim.h"

#include "base/bytes.h"
#include "base/prng.h"
#include "bench/bench.h"
#include "store/store_sqlite.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    BLOCK_LEN = CLAIM_BLOCK_KEYS * 32 + 28 + 4 + 260, /* material, tag and nonce, length, header */
    FILL_BLOCKS = 64,                                 /* in one group while a store is filled */
    SMALL_LEN = 300,                                  /* of a record of a key */
    GROUPS = 300,
    FREE = 0,
    LEASED = 1
};

struct stock {
    char path[160];
    struct qw_store store;
    uint64_t next; /* number of the next block */
};

struct bench_folder {
    char path[96];
    struct qw_prng prng;
    struct stock small, large;
};

static double now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static qw_err add_blocks(struct stock *stock, struct qw_prng *prng, size_t count)
{
    struct qw_store_op ops[FILL_BLOCKS];
    uint8_t ids[FILL_BLOCKS][8];
    uint8_t *blobs = malloc(count * BLOCK_LEN);
    qw_err err;

    if (blobs == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_prng_bytes(prng, blobs, count * BLOCK_LEN);
    for (size_t i = 0; i < count; i++) {
        qw_store_u64be(ids[i], stock->next + i);
        ops[i] = (struct qw_store_op){ .verb = QW_STORE_INSERT,
                                       .kind = QW_STORE_BLOCK,
                                       .id = ids[i],
                                       .id_len = sizeof ids[i],
                                       .tag = FREE,
                                       .blob = blobs + i * BLOCK_LEN,
                                       .len = BLOCK_LEN };
    }
    err = stock->store.submit(stock->store.self, ops, count);
    stock->next += err == QW_OK ? count : 0;
    free(blobs);
    return err;
}

static qw_err fill(struct stock *stock, struct qw_prng *prng, uint64_t keys)
{
    uint64_t blocks = (keys + CLAIM_BLOCK_KEYS - 1) / CLAIM_BLOCK_KEYS;
    qw_err err = QW_OK;

    while (err == QW_OK && stock->next < blocks) {
        uint64_t left = blocks - stock->next;

        err = add_blocks(stock, prng, left < FILL_BLOCKS ? (size_t)left : FILL_BLOCKS);
    }
    return err;
}

struct found {
    uint8_t id[8];
    bool is_there;
};

static int note(void *self, const struct qw_store_record *record)
{
    struct found *found = self;

    if (record->id_len == sizeof found->id) {
        memcpy(found->id, record->id, sizeof found->id);
        found->is_there = true;
    }
    return 0;
}

/* The steps of a centre's lease: walk to the oldest free block, read it, write it back with its new
 * owner in a durable group. */
static qw_err claim(struct stock *stock)
{
    const struct qw_store *store = &stock->store;
    struct qw_store_record record = { .len = 0 };
    struct found found = { .is_there = false };
    struct qw_store_op op = { .verb = QW_STORE_UPDATE,
                              .kind = QW_STORE_BLOCK,
                              .id = found.id,
                              .id_len = sizeof found.id,
                              .tag = LEASED };
    qw_err err = store->scan(store->self, QW_STORE_BLOCK, FREE, NULL, 0, 1, note, &found);

    if (err == QW_OK) {
        err = found.is_there
                  ? store->get(store->self, QW_STORE_BLOCK, found.id, sizeof found.id, &record)
                  : QW_ERR_NOT_FOUND;
    }
    if (err == QW_OK) {
        op.expected_version = record.version;
        op.blob = record.blob;
        op.len = record.len;
        err = store->submit(store->self, &op, 1);
    }
    qw_store_record_free(&record);
    return err;
}

static qw_err timed_claim(struct bench_folder *folder, struct stock *stock, double *ms)
{
    double begin = now_ms();
    qw_err err = claim(stock);

    *ms = now_ms() - begin;
    return err == QW_OK ? add_blocks(stock, &folder->prng, 1) : err;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static qw_err measure_claims(struct bench_folder *folder, unsigned claims,
                             struct claim_figures *figures)
{
    double *small = calloc(claims, sizeof *small);
    double *large = calloc(claims, sizeof *large);
    qw_err err = small == NULL || large == NULL ? QW_ERR_NOMEM : QW_OK;

    for (unsigned i = 0; i < claims && err == QW_OK; i++) { /* in turn: the machine changes */
        err = timed_claim(folder, &folder->small, &small[i]);
        if (err == QW_OK) {
            err = timed_claim(folder, &folder->large, &large[i]);
        }
    }
    if (err == QW_OK) {
        qsort(small, claims, sizeof *small, by_size);
        qsort(large, claims, sizeof *large, by_size);
        figures->small_ms = small[claims / 2];
        figures->large_ms = large[claims / 2];
    }
    free(small);
    free(large);
    return err;
}

static qw_err measure_groups(struct bench_folder *folder, double *groups_per_s)
{
    const struct qw_store *store = &folder->large.store;
    uint8_t blob[SMALL_LEN];
    double begin = now_ms();
    qw_err err = QW_OK;

    qw_prng_bytes(&folder->prng, blob, sizeof blob);
    for (uint64_t i = 0; i < GROUPS && err == QW_OK; i++) {
        uint8_t id[8];
        struct qw_store_op ops[2] = { { .verb = QW_STORE_INSERT,
                                        .kind = QW_STORE_KEY,
                                        .id = id,
                                        .id_len = sizeof id,
                                        .blob = blob,
                                        .len = sizeof blob } };

        qw_store_u64be(id, i);
        ops[1] = ops[0];
        ops[1].kind = QW_STORE_AUDIT;
        err = store->submit(store->self, ops, 2);
    }
    *groups_per_s = GROUPS / ((now_ms() - begin) / 1e3);
    return err;
}

/* Closing writes the log back into the file. */
static qw_err measure_size(struct stock *stock, struct claim_figures *figures)
{
    struct stat status;

    qw_store_close(&stock->store);
    if (stat(stock->path, &status) != 0) {
        return QW_ERR_IO;
    }
    figures->stored_keys = stock->next * CLAIM_BLOCK_KEYS;
    figures->bytes_per_key = (double)status.st_size / (double)figures->stored_keys;
    return QW_OK;
}

static qw_err open_stock(const struct bench_folder *folder, const char *name, struct stock *stock)
{
    (void)snprintf(stock->path, sizeof stock->path, "%s/%s.db", folder->path, name);
    return qw_store_sqlite_open(stock->path, &stock->store);
}

static void remove_stock(struct stock *stock)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    char path[192];

    qw_store_close(&stock->store);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0] && stock->path[0] != '\0'; i++) {
        (void)snprintf(path, sizeof path, "%s%s", stock->path, ends[i]);
        (void)unlink(path);
    }
}

static qw_err measure_in(struct bench_folder *folder, uint64_t keys, unsigned claims,
                         struct claim_figures *figures)
{
    qw_err err = open_stock(folder, "small", &folder->small);

    if (err == QW_OK) {
        err = open_stock(folder, "large", &folder->large);
    }
    if (err == QW_OK) {
        err = fill(&folder->small, &folder->prng, CLAIM_SMALL_KEYS);
    }
    if (err == QW_OK) {
        fprintf(stderr, "qwave bench: storing %llu keys\n", (unsigned long long)keys);
        err = fill(&folder->large, &folder->prng, keys);
    }
    if (err == QW_OK) {
        fprintf(stderr, "qwave bench: claims\n");
        err = measure_claims(folder, claims, figures);
    }
    if (err == QW_OK) {
        err = measure_groups(folder, &figures->groups_per_s);
    }
    return err == QW_OK ? measure_size(&folder->large, figures) : err;
}

qw_err claim_measure(uint64_t keys, unsigned claims, struct claim_figures *figures)
{
    const char *base = getenv("TMPDIR");
    struct bench_folder *folder = calloc(1, sizeof *folder);
    struct claim_figures f = { 0 };
    qw_err err = QW_ERR_IO;

    if (folder == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_prng_init(&folder->prng, BENCH_SEED, 1);
    if ((size_t)snprintf(folder->path, sizeof folder->path, "%s/qwave-store.XXXXXX",
                         base != NULL && base[0] != '\0' ? base : "/tmp") < sizeof folder->path &&
        mkdtemp(folder->path) != NULL) {
        err = measure_in(folder, keys, claims, &f);
        remove_stock(&folder->small);
        remove_stock(&folder->large);
        (void)rmdir(folder->path);
    }
    free(folder);
    if (err == QW_OK) {
        *figures = f;
    }
    return err;
}
