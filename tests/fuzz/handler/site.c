/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "site.h"

#include "base/prng.h"
#include "network_board.h"

#include <stdlib.h>
#include <string.h>

enum { SITE_STARTS_MS = 1000, LARGE_LEN = 256 * 1024, LIMIT_NAMES = 32 };
static const int64_t EPOCH_MS = 1795370000000;

/* Linked in place of the clock and the kernel's generator, so that an input always does the same.
 */
static int64_t now_ms;
static struct qw_prng chance;
static struct qw_prng material;
int64_t __wrap_qw_clock_utc_ms(void);
int64_t __wrap_qw_clock_monotonic_ms(void);
qw_err __wrap_qw_random_bytes(void *out, size_t len);

int64_t __wrap_qw_clock_utc_ms(void)
{
    return EPOCH_MS + now_ms;
}

int64_t __wrap_qw_clock_monotonic_ms(void)
{
    return now_ms;
}

qw_err __wrap_qw_random_bytes(void *out, size_t len)
{
    qw_prng_bytes(&chance, out, len);
    return QW_OK;
}

/* What was freed does not wait long: each input frees much, and memory that is new each time costs
 * more than the input itself. Nobody asks without the sanitizer. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1";
}

/* Secret memory from the heap, where the sanitizer sees what is written beside it. */
void *__wrap_qw_secret_new(size_t len);
void *__wrap_qw_secret_lend(struct qw_secret_pool *pool, size_t len);
void __wrap_qw_secret_free(void *p);

/* The centre itself: to map and unmap so much for each input would cost more than all else. */
static struct {
    void *memory;
    size_t len;
    bool is_used;
} large;

void *__wrap_qw_secret_new(size_t len)
{
    if (len < LARGE_LEN) {
        return calloc(1, len);
    }
    qw_assert(!large.is_used);
    if (large.len != len) {
        free(large.memory);
        large.memory = malloc(len);
        large.len = len;
        qw_assert(large.memory != NULL);
    }
    large.is_used = true;
    memset(large.memory, 0, len);
    return large.memory;
}

void *__wrap_qw_secret_lend(struct qw_secret_pool *pool, size_t len)
{
    (void)pool;
    return calloc(1, len);
}

void __wrap_qw_secret_free(void *p)
{
    if (p != NULL && p == large.memory) {
        large.is_used = false;
    } else {
        free(p);
    }
}

/* Small tables of limits, for the same reason: there are few names here. */
qw_err __wrap_qw_rate_limit_new(size_t names, struct qw_rate_limit **limit);
qw_err __real_qw_rate_limit_new(size_t names, struct qw_rate_limit **limit);

qw_err __wrap_qw_rate_limit_new(size_t names, struct qw_rate_limit **limit)
{
    return __real_qw_rate_limit_new(names < LIMIT_NAMES ? names : LIMIT_NAMES, limit);
}

int64_t site_now_ms(void)
{
    return now_ms;
}

static const struct qw_partner_port *partner_port;

void site_use_partners(const struct qw_partner_port *port)
{
    partner_port = port;
}

static uint32_t phone_keys = SITE_PHONE_KEYS;

void site_use_phone_keys(uint32_t keys)
{
    phone_keys = keys;
}

static void must(bool is_done)
{
    qw_assert(is_done);
}

static size_t source_available(void *self)
{
    (void)self;
    return SIZE_MAX;
}

static qw_err source_take(void *self, uint8_t *key, size_t len)
{
    (void)self;
    qw_prng_bytes(&material, key, len);
    return QW_OK;
}

static void nothing_to_close(void *self)
{
    (void)self;
}

static qw_err custody_wrap(void *self, const uint8_t kek[static QW_KEK_LEN], uint8_t *wrapped,
                           size_t cap, size_t *len)
{
    (void)self;
    must(cap >= QW_KEK_LEN);
    for (size_t i = 0; i < QW_KEK_LEN; i++) {
        wrapped[i] = (uint8_t)~kek[i];
    }
    *len = QW_KEK_LEN;
    return QW_OK;
}

static qw_err custody_unwrap(void *self, const uint8_t *wrapped, size_t len,
                             uint8_t kek[static QW_KEK_LEN])
{
    (void)self;
    must(len == QW_KEK_LEN);
    for (size_t i = 0; i < QW_KEK_LEN; i++) {
        kek[i] = (uint8_t)~wrapped[i];
    }
    return QW_OK;
}

/* On site->memory. */
static void open_centre(struct site *site)
{
    struct qw_centre_config config = { .block_keys = SITE_BLOCK_KEYS,
                                       .login_cost = { 10, 1, 1 },
                                       .stock_keys = SITE_STOCK_KEYS,
                                       .window_ms = SITE_WINDOW_MS,
                                       .key_ttl_s = SITE_TTL_S,
                                       .pool_bytes = 1024,
                                       .misses_per_s = 2,
                                       .partner_port = partner_port,
                                       .partner_wait_ms = SITE_PARTNER_WAIT_MS,
                                       .partner_places = 2,
                                       .centre_id = "centre-1" };

    site->store = memory_store_verbs(site->memory);
    site->custody = (struct qw_custody){
        .name = "test", .wrap = custody_wrap, .unwrap = custody_unwrap, .close = nothing_to_close
    };
    site->source = (struct qw_key_source){ .name = "qrng:test",
                                           .is_quantum = true,
                                           .available_bits = source_available,
                                           .take = source_take,
                                           .close = nothing_to_close };
    site->log = (struct qw_log){ .component = "centre", .level = QW_LOG_DEBUG };
    site->log.stream = open_memstream(&site->log_text, &site->log_len);
    must(site->log.stream != NULL);
    config.store = &site->store;
    config.custody = &site->custody;
    config.source = &site->source;
    config.log = &site->log;
    site->service = (struct service){ .table = &routes_for_clients,
                                      .source = &site->source,
                                      .log = &site->log,
                                      .centre_id = "centre-1",
                                      .version = "test" };
    must(network_board_new(1, &site->service.networks) == QW_OK);
    must(qw_centre_new(&config, &site->service.centre) == QW_OK);
    must(qw_caller_parse("urn:qwave:operator:alice", &site->operator_caller) == QW_OK);
}

static void close_centre(struct site *site)
{
    qw_centre_free(site->service.centre);
    network_board_free(site->service.networks);
    fclose(site->log.stream);
    free(site->log_text);
}

void site_card_take(struct site_card *card, const struct qw_package *package)
{
    memcpy(card->serial, package->serial, sizeof card->serial);
    memcpy(card->token, package->token, sizeof card->token);
    memcpy(card->package_id, package->id, sizeof card->package_id);
    card->epoch = package->epoch;
    card->next_index = package->first_index + package->key_count;
    card->up_end = package->pool_up_position + package->pool_up_len;
    card->down_end = package->pool_down_position + package->pool_down_len;
    if (package->kind == QW_PACKAGE_BIRTH) {
        must(qw_card_keys_derive(package->card_key, &card->keys) == QW_OK);
        card->up_position = package->pool_up_position;
        card->down_position = package->pool_down_position;
    }
}

void site_card_report(struct site_card *card, uint8_t out[static QW_CONTACT_REPORT_LEN])
{
    struct qw_contact_report report = { .epoch = card->epoch,
                                        .counter = ++card->counter,
                                        .next_index = card->next_index,
                                        .wanted_keys = 4,
                                        .pool_up_position = card->up_position,
                                        .pool_down_position = card->down_position,
                                        .pool_up_end = card->up_end,
                                        .pool_down_end = card->down_end };

    memcpy(report.serial, card->serial, sizeof report.serial);
    memcpy(report.token, card->token, sizeof report.token);
    qw_prng_bytes(&chance, report.nonce, sizeof report.nonce);
    must(qw_contact_report_seal(&report, card->keys.report, out) == QW_OK);
}

void site_card_receipt(const struct site_card *card, uint8_t out[static QW_RECEIPT_LEN])
{
    struct qw_receipt receipt = { .counter = card->counter };

    memcpy(receipt.serial, card->serial, sizeof receipt.serial);
    memcpy(receipt.package_id, card->package_id, sizeof receipt.package_id);
    must(qw_receipt_seal(&receipt, card->keys.receipt, out) == QW_OK);
}

static void add_device(struct site *site, const char *id, enum qw_device_kind kind,
                       const char *peers)
{
    must(qw_centre_device_register(site->service.centre, &site->operator_caller, id, kind, "Li Hua",
                                   peers) == QW_OK);
}

static void add_card(struct site *site, const char *id, uint32_t keys, struct site_card *card,
                     uint8_t (*out)[32])
{
    static uint8_t sealed[64 * 1024];
    uint8_t receipt[QW_RECEIPT_LEN];
    struct qw_centre *centre = site->service.centre;
    struct qw_package package;
    size_t len = 0;

    must(qw_centre_charge(centre, &site->operator_caller, id, "station-1", keys, sealed,
                          sizeof sealed, &len) == QW_OK);
    must(qw_package_open(sealed, len, site->station.keys.wrap, &package) == QW_OK);
    site_card_take(card, &package);
    if (out != NULL) {
        memcpy(out, package.keys, keys * sizeof *out);
    }
    qw_package_wipe(&package);
    site_card_receipt(card, receipt);
    must(qw_centre_charge_confirm(centre, &site->operator_caller, id, receipt, sizeof receipt) ==
         QW_OK);
}

static void make(struct site *site)
{
    struct qw_package birth = { .kind = QW_PACKAGE_BIRTH };

    now_ms = 0;
    qw_prng_init(&chance, 1, 0);
    qw_prng_init(&material, 2, 0);
    *site = (struct site){ .memory = memory_store_new() };
    open_centre(site);
    must(qw_centre_ingest(site->service.centre) == QW_OK);
    must(qw_centre_station_birth(site->service.centre, &site->operator_caller, "station-1",
                                 &birth) == QW_OK);
    site_card_take(&site->station, &birth);
    qw_package_wipe(&birth);
    add_device(site, "app-1", QW_DEVICE_APPLICATION, "app-2,app-3");
    add_device(site, "app-2", QW_DEVICE_APPLICATION, "app-1,app-3");
    add_device(site, "app-3", QW_DEVICE_APPLICATION, "app-1,app-2");
    add_device(site, "app-4", QW_DEVICE_APPLICATION, "app-1");
    add_device(site, "app-5", QW_DEVICE_APPLICATION, "nobody-9");
    add_device(site, "ap-1", QW_DEVICE_ACCESS_POINT, "");
    add_device(site, "phone-1", QW_DEVICE_TERMINAL, "app-1");
    must(qw_centre_device_change(site->service.centre, &site->operator_caller, "app-4",
                                 QW_DEVICE_SUSPEND) == QW_OK);
    add_card(site, "ap-1", 1, &site->access_point, NULL);
    add_card(site, "phone-1", phone_keys, &site->phone, site->phone_keys);
    must(qw_centre_ingest(site->service.centre) == QW_OK);
    close_centre(site);
}

void site_open(struct site *site)
{
    static struct site first; /* closed, but its store and cards are there */

    if (first.memory == NULL) {
        make(&first);
    }
    now_ms = SITE_STARTS_MS;
    qw_prng_init(&chance, 3, 0);
    qw_prng_init(&material, 4, 0);
    *site = (struct site){ .memory = memory_store_copy(first.memory),
                           .station = first.station,
                           .access_point = first.access_point,
                           .phone = first.phone };
    memcpy(site->phone_keys, first.phone_keys, sizeof site->phone_keys);
    open_centre(site);
}

void site_add_partner(struct site *site, const char *partner, const char *application)
{
    struct qw_centre *centre = site->service.centre;
    struct qw_device device;

    if (!site_find(site, partner, &device)) {
        add_device(site, partner, QW_DEVICE_KME, "");
    }
    add_device(site, application, QW_DEVICE_APPLICATION, "app-1");
    must(qw_centre_device_set_home(centre, &site->operator_caller, application, partner) == QW_OK);
}

void site_close(struct site *site)
{
    close_centre(site);
    memory_store_free(site->memory);
}

void site_pause(int64_t ms)
{
    now_ms += ms;
}

void site_wait(struct site *site, int64_t ms)
{
    site_pause(ms);
    must(qw_centre_sweep(site->service.centre) == QW_OK);
    must(qw_centre_ingest(site->service.centre) == QW_OK);
}

void site_log_begin(struct site *site)
{
    rewind(site->log.stream);
}

void site_log_end(struct site *site)
{
    must(fputc('\0', site->log.stream) == '\0' && fflush(site->log.stream) == 0);
}

bool site_find(struct site *site, const char *id, struct qw_device *device)
{
    return qw_centre_device_find(site->service.centre, &site->operator_caller, id, device) == QW_OK;
}

bool site_serves(struct site *site, const char *id)
{
    struct qw_device device;

    return site_find(site, id, &device) && device.kind == QW_DEVICE_APPLICATION &&
           device.state == QW_DEVICE_ACTIVE;
}

bool site_may_look(struct site *site)
{
    struct qw_centre_status totals;

    return qw_centre_status(site->service.centre, &site->operator_caller, &totals) !=
           QW_ERR_REFUSED;
}

void site_totals(struct site *site, struct qw_centre_status *totals)
{
    uint64_t sum = 0;

    must(qw_centre_status(site->service.centre, &site->operator_caller, totals) == QW_OK);
    for (size_t i = 0; i < sizeof totals->keys_in_state / sizeof totals->keys_in_state[0]; i++) {
        sum += totals->keys_in_state[i];
    }
    qw_assert(sum == totals->keys_ingested);
}

uint64_t site_left(struct site *site, const struct qw_caller *caller, const char *slave)
{
    struct qw_pair_status status;

    return qw_centre_pair_status(site->service.centre, caller, slave, &status) == QW_OK
               ? status.stored_keys
               : 0;
}
