/* SPDX-License-Identifier: Apache-2.0 */
/* What the size of a registry costs whoever asks it: the same questions to a centre of a thousand
 * devices and to one of a million, in turn, each with as many answers in both. They are compared by
 * the time of the thread that answers: the 99th percentile of what a clock on the wall says is
 * mostly other work of the machine, and would make any two alike. Both are filled by imports, as an
 * operator would; then the index of the large one is made anew, as at the first start of a store
 * that has none. */
#define _GNU_SOURCE
#include "base/prng.h"
#include "bench/bench.h"
#include "bench/management.h"
#include "centre/books.h"
#include "centre/device/describe.h"
#include "centre/device/import.h"
#include "centre/device/search.h"
#include "centre/people/officer.h"
#include "centre/people/unit_quota.h"
#include "crypto/aead.h"
#include "store/store_postgres.h"
#include "store/store_sqlite.h"

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    SMALL = 1000,
    ROUNDS = 9,
    PAGE = 20,
    DEVICES_OF_OWNER = 25,
    DEVICES_OF_SITE = 50,
    PROVINCES = 10,
    LINES_CAP = 64 * QW_IMPORT_LINES_MAX
};

/* What is asked. */
enum question {
    BY_ID,
    BY_OWNER,
    BY_OWNER_PREFIX,
    BY_KIND,
    BY_STATE,
    BY_PREFIX,
    ANY_PAGE,
    BY_UNIT,
    BY_KIND_OF_PROVINCE,
    BY_STATE_AND_OWNER,
    QUESTION_COUNT
};

struct place {
    char path[160];
    const char *uri; /* of PostgreSQL; NULL: SQLite, at path */
    struct qw_store store;
    struct qw_custody custody;
    struct qw_key_source source;
    struct qw_centre *centre;
    size_t devices;
    double *times[QUESTION_COUNT]; /* [s] of one round, of the thread's own time */
    double p99[QUESTION_COUNT][ROUNDS];
    double *walls; /* [s] of all questions of one round, as whoever asks waits */
    size_t wall_count;
    double wall_p99[ROUNDS];
};

struct places {
    char folder[96];
    struct place small, large;
    struct qw_prng prng;
    size_t queries; /* of each question in a round */
    char lines[LINES_CAP];
    struct qw_device devices[PAGE];
    double import_s, quota_s, build_s;
};

static const struct qw_caller administrator = { .role = QW_ROLE_OPERATOR, .id = "bench" };
static const struct qw_caller province = { .role = QW_ROLE_OPERATOR, .id = "province" };

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

static qw_err unwrap(void *self, const uint8_t *wrapped, size_t len, uint8_t kek[static QW_KEK_LEN])
{
    (void)self;
    return qw_aead_open(QW_AEAD_AES256_GCM, open_key, (struct qw_bytes){ "", 0 }, wrapped, len,
                        kek);
}

static double now_s(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Half of them are applications, which are in service, half are meters. */
static size_t write_line(char *out, size_t cap, size_t i)
{
    return (size_t)snprintf(out, cap, "d-%07zu,%s,owner-%06zu,/p%zu/s%zu\n", i,
                            i % 2 == 0 ? "meter" : "application", i / DEVICES_OF_OWNER,
                            i / DEVICES_OF_SITE % PROVINCES, i / DEVICES_OF_SITE);
}

static qw_err fill(struct places *places, struct place *place)
{
    struct qw_import_progress progress = { .left = 1 };
    struct qw_import_fault fault;
    uint8_t id[16];
    qw_err err = qw_centre_import_begin(place->centre, &administrator, id);

    for (size_t i = 0; err == QW_OK && i < place->devices;) {
        struct qw_import_chunk chunk = { .header = "id,kind,owner,unit",
                                         .lines = places->lines,
                                         .first_line = i + 2 };
        size_t len = 0;

        for (size_t n = 0; n < QW_IMPORT_LINES_MAX && i < place->devices; n++, i++) {
            len += write_line(places->lines + len, LINES_CAP - len, i);
        }
        err = qw_centre_import_add(place->centre, &administrator, id, &chunk, &fault);
    }
    while (err == QW_OK && progress.left > 0) {
        err = qw_centre_import_commit(place->centre, &administrator, id, &progress);
    }
    return err;
}

static qw_err open_centre(struct place *place)
{
    struct qw_centre_config config = { .store = &place->store,
                                       .custody = &place->custody,
                                       .source = &place->source,
                                       .centre_id = "bench" };

    return qw_centre_new(&config, &place->centre);
}

static qw_err open_store(struct place *place)
{
    return place->uri != NULL ? qw_store_postgres_open(place->uri, NULL, &place->store)
                              : qw_store_sqlite_open(place->path, &place->store);
}

static qw_err open_place(struct places *places, struct place *place, const char *name,
                         size_t devices)
{
    qw_err err;

    (void)snprintf(place->path, sizeof place->path, "%s/%s.db", places->folder, name);
    place->custody = (struct qw_custody){ .name = "bench", .wrap = wrap, .unwrap = unwrap };
    place->devices = devices;
    for (size_t i = 0; i < QUESTION_COUNT; i++) {
        place->times[i] = calloc(places->queries, sizeof *place->times[i]);
        if (place->times[i] == NULL) {
            return QW_ERR_NOMEM;
        }
    }
    place->walls = calloc(places->queries * QUESTION_COUNT, sizeof *place->walls);
    err = place->walls == NULL ? QW_ERR_NOMEM : open_store(place);
    if (err == QW_OK) {
        err = qw_key_source_kernel(&place->source);
    }
    if (err == QW_OK) {
        err = open_centre(place);
    }
    if (err == QW_OK) {
        err = qw_centre_officer_add(place->centre, &administrator, province.id, QW_OFFICER_OPERATOR,
                                    "/p3");
    }
    return err == QW_OK ? fill(places, place) : err;
}

static void close_place(struct place *place)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    char path[sizeof place->path + 8];

    qw_centre_free(place->centre);
    qw_store_close(&place->store);
    qw_key_source_close(&place->source);
    for (size_t i = 0; i < QUESTION_COUNT; i++) {
        free(place->times[i]);
    }
    free(place->walls);
    for (size_t i = 0; place->path[0] != '\0' && i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", place->path, ends[i]);
        (void)unlink(path);
    }
}

struct wording { /* of one question about one device */
    struct qw_device_filter filter;
    const struct qw_caller *caller;
    char id[16], owner[32], unit[32], prefix[16];
    const char *after;
};

static void word(enum question question, size_t device, struct wording *w)
{
    *w = (struct wording){ .filter = qw_device_filter_none, .caller = &administrator, .after = "" };
    (void)snprintf(w->id, sizeof w->id, "d-%07zu", device % 10000000);
    (void)snprintf(w->owner, sizeof w->owner, "owner-%06zu", device / DEVICES_OF_OWNER % 1000000);
    (void)snprintf(w->unit, sizeof w->unit, "/p%zu/s%zu", device / DEVICES_OF_SITE % PROVINCES,
                   device / DEVICES_OF_SITE % 1000000);
    (void)snprintf(w->prefix, sizeof w->prefix, "%.7s", w->id); /* a hundred of them */
    switch (question) {
    case BY_OWNER:
        w->filter.owner = w->owner;
        break;
    case BY_OWNER_PREFIX:
        w->owner[11] = '\0'; /* ten owners */
        w->filter.owner_prefix = w->owner;
        break;
    case BY_KIND:
        w->filter.kind = QW_DEVICE_METER;
        w->after = w->id;
        break;
    case BY_STATE:
        w->filter.state = QW_DEVICE_REGISTERED;
        w->after = w->id;
        break;
    case BY_PREFIX:
        w->filter.id_prefix = w->prefix;
        break;
    case BY_UNIT:
        w->filter.unit = w->unit;
        break;
    case BY_KIND_OF_PROVINCE:
        w->caller = &province;
        w->filter.kind = QW_DEVICE_METER;
        w->after = w->id;
        break;
    case BY_STATE_AND_OWNER:
        w->filter.state = QW_DEVICE_ACTIVE;
        w->filter.owner = w->owner;
        break;
    default:
        w->after = w->id;
    }
}

/* Not from the end, where a page would be short, or a province has no more. */
static size_t some_device(struct qw_prng *prng, const struct place *place)
{
    return (size_t)(qw_prng_u64(prng) % (place->devices / 10 * 6));
}

static qw_err ask(struct places *places, struct place *place, enum question question, double *took)
{
    struct qw_device_page page = { .devices = places->devices, .cap = PAGE };
    struct wording w;
    double begun_wall = now_s(CLOCK_MONOTONIC);
    double begun;
    qw_err err;

    word(question, some_device(&places->prng, place), &w);
    begun = now_s(CLOCK_THREAD_CPUTIME_ID);
    err = question == BY_ID
              ? qw_centre_device_find(place->centre, w.caller, w.id, &places->devices[0])
              : qw_centre_device_search(place->centre, w.caller, &w.filter, w.after, &page);
    *took = now_s(CLOCK_THREAD_CPUTIME_ID) - begun;
    place->walls[place->wall_count++] = now_s(CLOCK_MONOTONIC) - begun_wall;
    return err == QW_OK && question != BY_ID && page.count == 0 ? QW_ERR_IO : err;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double p99_of(double *times, size_t count)
{
    qsort(times, count, sizeof *times, ascending);
    return times[count * 99 / 100];
}

/* In turn, so that whatever else the machine does meets both. */
static qw_err run_round(struct places *places, size_t round)
{
    struct place *both[] = { &places->small, &places->large };
    qw_err err = QW_OK;

    places->small.wall_count = places->large.wall_count = 0;
    for (int q = 0; q < QUESTION_COUNT; q++) {
        for (size_t i = 0; err == QW_OK && i < places->queries; i++) {
            for (size_t p = 0; err == QW_OK && p < 2; p++) {
                err = ask(places, both[p], (enum question)q, &both[p]->times[q][i]);
            }
        }
        for (size_t p = 0; p < 2; p++) {
            both[p]->p99[q][round] = p99_of(both[p]->times[q], places->queries);
        }
    }
    places->large.wall_p99[round] = p99_of(places->large.walls, places->large.wall_count);
    return err;
}

static qw_err forget_index_of_server(const char *uri)
{
    PGconn *connection = PQconnectdb(uri);
    PGresult *result = PQexec(connection, "DROP TABLE qwave.search; DROP TABLE qwave.staged;"
                                          "UPDATE qwave.schema_version SET version = 2");
    qw_err err = PQresultStatus(result) == PGRES_COMMAND_OK ? QW_OK : QW_ERR_IO;

    PQclear(result);
    PQfinish(connection);
    return err;
}

/* The store as an earlier build would have left it. */
static qw_err forget_index(const struct place *place)
{
    sqlite3 *connection = NULL;
    int code;

    if (place->uri != NULL) {
        return forget_index_of_server(place->uri);
    }
    code = sqlite3_open(place->path, &connection);

    if (code == SQLITE_OK) {
        code = sqlite3_exec(connection,
                            "DROP TABLE search; DROP TABLE staged; PRAGMA user_version = 2", NULL,
                            NULL, NULL);
    }
    sqlite3_close(connection);
    return code == SQLITE_OK ? QW_OK : QW_ERR_IO;
}

/* The large centre's first start with a store that has no index yet. */
static qw_err build_anew(struct places *places)
{
    struct place *large = &places->large;
    const struct qw_device_note note = { .firmware = "1" };
    double begun;
    qw_err err;

    large->centre->books.is_indexed = false; /* written with the next change of a device */
    err = qw_centre_device_describe(large->centre, &administrator, "d-0000000", &note);
    qw_centre_free(large->centre);
    large->centre = NULL;
    qw_store_close(&large->store);
    if (err == QW_OK) {
        err = forget_index(large);
    }
    if (err == QW_OK) {
        err = open_store(large);
    }
    begun = now_s(CLOCK_MONOTONIC);
    if (err == QW_OK) {
        err = open_centre(large);
    }
    places->build_s = now_s(CLOCK_MONOTONIC) - begun;
    return err;
}

/* Everybody waits while it is counted. */
static qw_err set_first_quota(struct places *places)
{
    double begun = now_s(CLOCK_MONOTONIC);
    qw_err err = qw_centre_unit_set(
        places->large.centre, &administrator,
        &(struct qw_unit_quota){ .unit = "/p3", .devices_max = places->large.devices });

    places->quota_s = now_s(CLOCK_MONOTONIC) - begun;
    return err;
}

static double median(double values[static ROUNDS])
{
    qsort(values, ROUNDS, sizeof *values, ascending);
    return values[ROUNDS / 2];
}

static void report(struct places *places, struct management_sheet *sheet)
{
    double ratio = 0;

    for (int q = 0; q < QUESTION_COUNT; q++) {
        double small = median(places->small.p99[q]);
        double large = median(places->large.p99[q]);

        ratio = large / small > ratio ? large / small : ratio;
    }
    management_add(
        sheet, places->large.devices == 1000000 ? "registry_p99_ratio_1e6" : "registry_p99_ratio",
        ratio);
    management_add(sheet, "registry_devices", (double)places->large.devices);
    management_add(sheet, "registry_p99_ms", median(places->large.wall_p99) * 1e3);
    management_add(sheet, "registry_import_per_s",
                   (double)places->large.devices / places->import_s);
    management_add(sheet, "registry_quota_s", places->quota_s);
    management_add(sheet, "registry_index_build_s", places->build_s);
}

qw_err bench_registry(const struct management_wishes *wishes, struct management_sheet *sheet)
{
    const char *tmp = getenv("TMPDIR");
    struct places *places = calloc(1, sizeof *places);
    double begun;
    qw_err err;

    if (places == NULL) {
        return QW_ERR_NOMEM;
    }
    places->queries = (wishes->queries + ROUNDS - 1) / ROUNDS;
    qw_prng_init(&places->prng, 2026, 89);
    (void)snprintf(places->folder, sizeof places->folder, "%.64s/qwave-bench-XXXXXX",
                   tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(places->folder) == NULL) {
        free(places);
        return QW_ERR_IO;
    }
    places->small.uri = wishes->small_database;
    places->large.uri = wishes->database;
    err = open_place(places, &places->small, "small", SMALL);
    begun = now_s(CLOCK_MONOTONIC);
    if (err == QW_OK) {
        err = open_place(places, &places->large, "large", wishes->devices);
    }
    places->import_s = now_s(CLOCK_MONOTONIC) - begun;
    for (size_t round = 0; err == QW_OK && round < ROUNDS; round++) {
        err = run_round(places, round);
    }
    if (err == QW_OK) {
        err = set_first_quota(places);
    }
    if (err == QW_OK) {
        err = build_anew(places);
    }
    if (err == QW_OK) {
        report(places, sheet);
    }
    close_place(&places->small);
    close_place(&places->large);
    (void)rmdir(places->folder);
    free(places);
    return err;
}
