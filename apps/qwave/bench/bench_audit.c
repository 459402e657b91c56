/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal costs the verb that needs it most: keys fetched by id, each with a record of its
 * own, by as many callers at once as a centre has threads. Two centres on two stores do the same in
 * turn. One of them has a store that drops what belongs to the journal, its records and its head,
 * before they are written; the records are still made there, which takes some microseconds. */
#define _GNU_SOURCE
#include "base/secret.h"
#include "bench/bench.h"
#include "bench/management.h"
#include "centre/centre.h"
#include "crypto/aead.h"
#include "store/store_sqlite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    CALLERS = 8,
    ROUNDS = 9,
    FETCHES_MAX = 8192, /* in a round */
    BLOCK_KEYS = 256,
    OPS_MAX = 1024,
    SIGN_RECORDS = 1000
};

struct site {
    char path[160];
    struct qw_store sqlite, store; /* store: what the centre sees */
    struct qw_custody custody;
    struct qw_key_source source;
    struct qw_centre *centre;
    uint8_t ids[FETCHES_MAX][16];
    double rates[ROUNDS]; /* fetches per second */
};

struct sites {
    char folder[96];
    struct site with, without;
    struct qw_given_key keys[QW_DELIVERY_KEYS_MAX];
    size_t fetches; /* in a round; a multiple of CALLERS */
};

static const struct qw_caller master = { .role = QW_ROLE_SAE, .id = "a" };
static const struct qw_caller slave = { .role = QW_ROLE_SAE, .id = "b" };

static bool is_of_journal(const struct qw_store_op *op)
{
    static const char head[] = "audit-head";

    return op->kind == QW_STORE_AUDIT ||
           (op->kind == QW_STORE_META && op->id_len == sizeof head - 1 &&
            qw_equal_ct(op->id, head, sizeof head - 1));
}

static qw_err submit_without_journal(void *self, const struct qw_store_op *ops, size_t count)
{
    struct site *site = self;
    struct qw_store_op left[OPS_MAX];
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (!is_of_journal(&ops[i])) {
            if (kept == OPS_MAX) {
                return QW_ERR_SPACE;
            }
            left[kept++] = ops[i];
        }
    }
    return kept == 0 ? QW_OK : site->sqlite.submit(site->sqlite.self, left, kept);
}

static qw_err get(void *self, enum qw_store_kind kind, const void *id, size_t id_len,
                  struct qw_store_record *record)
{
    struct site *site = self;

    return site->sqlite.get(site->sqlite.self, kind, id, id_len, record);
}

static qw_err scan(void *self, enum qw_store_kind kind, int64_t tag, const void *after,
                   size_t after_len, size_t limit,
                   int (*visit)(void *visitor, const struct qw_store_record *record), void *visitor)
{
    struct site *site = self;

    return site->sqlite.scan(site->sqlite.self, kind, tag, after, after_len, limit, visit, visitor);
}

static qw_err count(void *self, enum qw_store_kind kind, int64_t tag, uint64_t *number)
{
    struct site *site = self;

    return site->sqlite.count(site->sqlite.self, kind, tag, number);
}

/* The keys of this bench protect nothing. */
static const uint8_t open_key[32] = { 1 };

static qw_err wrap(void *self, const uint8_t kek[static QW_KEK_LEN], uint8_t *wrapped, size_t cap,
                   size_t *len)
{
    (void)self;
    qw_assert(cap >= QW_KEK_LEN + QW_AEAD_OVERHEAD);
    *len = QW_KEK_LEN + QW_AEAD_OVERHEAD;
    return qw_aead_seal(QW_AEAD_AES256_GCM, open_key, (struct qw_bytes){ "", 0 }, kek, QW_KEK_LEN,
                        wrapped);
}

static qw_err open_site(struct site *site, const char *folder, const char *name, bool has_journal)
{
    static const struct qw_caller administrator = { .role = QW_ROLE_OPERATOR, .id = "bench" };
    struct qw_centre_config config = { .store = &site->store,
                                       .custody = &site->custody,
                                       .source = &site->source,
                                       .centre_id = "bench",
                                       .block_keys = BLOCK_KEYS,
                                       .stock_keys = 2 * FETCHES_MAX,
                                       .journal_sign_records = SIGN_RECORDS };
    qw_err err;

    (void)snprintf(site->path, sizeof site->path, "%s/%s.db", folder, name);
    site->custody = (struct qw_custody){ .name = "bench", .wrap = wrap };
    err = qw_store_sqlite_open(site->path, &site->sqlite);
    site->store = has_journal ? site->sqlite
                              : (struct qw_store){ .self = site,
                                                   .submit = submit_without_journal,
                                                   .get = get,
                                                   .scan = scan,
                                                   .count = count };
    if (err == QW_OK) {
        err = qw_key_source_kernel(&site->source);
    }
    if (err == QW_OK) {
        err = qw_centre_new(&config, &site->centre);
    }
    if (err == QW_OK) {
        err = qw_centre_device_register(site->centre, &administrator, slave.id,
                                        QW_DEVICE_APPLICATION, "", "");
    }
    if (err == QW_OK) {
        err = qw_centre_device_register(site->centre, &administrator, master.id,
                                        QW_DEVICE_APPLICATION, "", slave.id);
    }
    return err;
}

static void close_site(struct site *site)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    char path[sizeof site->path + 8];

    qw_centre_free(site->centre);
    qw_store_close(&site->sqlite);
    qw_key_source_close(&site->source);
    for (size_t i = 0; site->path[0] != '\0' && i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", site->path, ends[i]);
        (void)unlink(path);
    }
}

/* New keys for the pair; their ids are what a round fetches. */
static qw_err deliver(struct sites *sites, struct site *site)
{
    qw_err err = qw_centre_ingest(site->centre);

    for (size_t done = 0; err == QW_OK && done < sites->fetches;) {
        size_t left = sites->fetches - done;
        struct qw_key_wish wish = {
            .slave = slave.id,
            .count = (uint32_t)(left < QW_DELIVERY_KEYS_MAX ? left : QW_DELIVERY_KEYS_MAX),
            .bits = QW_KEY_BITS_STANDARD
        };

        wish.mandatory = qw_key_demand_none;
        wish.preferred = qw_key_demand_none;
        err = qw_centre_deliver(site->centre, &master, &wish, sites->keys);
        for (size_t i = 0; err == QW_OK && i < wish.count; i++) {
            memcpy(site->ids[done + i], sites->keys[i].id, 16);
        }
        done += wish.count;
    }
    return err;
}

struct fetcher {
    struct site *site;
    size_t first, count;
    qw_err err;
};

static void *fetch_all(void *self)
{
    struct fetcher *f = self;
    struct qw_given_key key;

    f->err = QW_OK;
    for (size_t i = 0; f->err == QW_OK && i < f->count; i++) {
        f->err = qw_centre_fetch(f->site->centre, &slave, master.id,
                                 (const uint8_t(*)[16]) & f->site->ids[f->first + i], 1, &key);
    }
    return NULL;
}

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static qw_err run_round(struct sites *sites, struct site *site, double *rate)
{
    struct fetcher fetchers[CALLERS];
    pthread_t threads[CALLERS];
    size_t started = 0;
    double begun_s;
    qw_err err = deliver(sites, site);

    if (err != QW_OK) {
        return err;
    }
    begun_s = now_s();
    for (; started < CALLERS; started++) {
        fetchers[started] = (struct fetcher){ .site = site,
                                              .first = started * (sites->fetches / CALLERS),
                                              .count = sites->fetches / CALLERS };
        if (pthread_create(&threads[started], NULL, fetch_all, &fetchers[started]) != 0) {
            err = QW_ERR_NOMEM;
            break;
        }
    }
    for (size_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
        err = err == QW_OK ? fetchers[i].err : err;
    }
    *rate = (double)sites->fetches / (now_s() - begun_s);
    return err;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double values[static ROUNDS])
{
    qsort(values, ROUNDS, sizeof *values, ascending);
    return values[ROUNDS / 2];
}

static void report(struct sites *sites, struct management_sheet *sheet)
{
    double shares[ROUNDS];

    for (size_t i = 0; i < ROUNDS; i++) {
        shares[i] = 1 - sites->with.rates[i] / sites->without.rates[i];
    }
    management_add(sheet, "audit_cost_share", median(shares));
    management_add(sheet, "audit_fetches_per_s", median(sites->with.rates));
    management_add(sheet, "audit_free_fetches_per_s", median(sites->without.rates));
}

qw_err bench_audit(const struct management_wishes *wishes, struct management_sheet *sheet)
{
    const char *tmp = getenv("TMPDIR");
    struct sites *sites = calloc(1, sizeof *sites);
    size_t queries = wishes->queries < FETCHES_MAX ? wishes->queries : FETCHES_MAX;
    double warm_up = 0;
    qw_err err;

    if (sites == NULL) {
        return QW_ERR_NOMEM;
    }
    sites->fetches = (queries + CALLERS - 1) / CALLERS * CALLERS;
    (void)snprintf(sites->folder, sizeof sites->folder, "%.64s/qwave-bench-XXXXXX",
                   tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(sites->folder) == NULL) {
        free(sites);
        return QW_ERR_IO;
    }
    err = open_site(&sites->with, sites->folder, "with", true);
    if (err == QW_OK) {
        err = open_site(&sites->without, sites->folder, "without", false);
    }
    if (err == QW_OK) {
        err = run_round(sites, &sites->with, &warm_up);
    }
    for (size_t i = 0; err == QW_OK && i < ROUNDS; i++) {
        err = run_round(sites, &sites->with, &sites->with.rates[i]);
        if (err == QW_OK) {
            err = run_round(sites, &sites->without, &sites->without.rates[i]);
        }
    }
    if (err == QW_OK) {
        report(sites, sheet);
    }
    close_site(&sites->with);
    close_site(&sites->without);
    (void)rmdir(sites->folder);
    free(sites);
    return err;
}
