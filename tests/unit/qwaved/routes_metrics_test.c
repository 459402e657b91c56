/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
/* What Prometheus reads, and whether the centre is ready; the dashboard and the rules beside it ask
 * for nothing that is not there. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/certificate.h"
#include "api/certificate_expiry.h"
#include "api/metrics_text.h"
#include "base/clock.h"
#include "centre/people/unit_quota.h"
#include "centre/ready.h"
#include "metrics/request_log.h"
#include "metrics/tls_counts.h"
#include "shipping/shipper.h"
#include "support/metric_names.h"
#include "unit/qwaved/site.h"

#define ALICE "urn:qwave:operator:alice"
enum { NAME_CAP = 96 };

struct scene {
    struct site *site;
    struct qw_log log;
    struct qw_store store; /* fails when it is told to */
    bool is_full;
    atomic_int_fast64_t certificate_ends_s;
    struct tls_counts failures;
    char certificate[128], key[128], cursor[128];
    char text[1 << 17];
};

static qw_err full_submit(void *self, const struct qw_store_op *ops, size_t count)
{
    struct scene *scene = self;

    return scene->is_full ? QW_ERR_IO
                          : scene->site->store.submit(scene->site->store.self, ops, count);
}

static qw_err pass_get(void *self, enum qw_store_kind kind, const void *id, size_t id_len,
                       struct qw_store_record *record)
{
    const struct scene *scene = self;

    return scene->site->store.get(scene->site->store.self, kind, id, id_len, record);
}

static qw_err pass_scan(void *self, enum qw_store_kind kind, int64_t tag, const void *after,
                        size_t after_len, size_t limit,
                        int (*visit)(void *visitor, const struct qw_store_record *record),
                        void *visitor)
{
    const struct scene *scene = self;

    return scene->site->store.scan(scene->site->store.self, kind, tag, after, after_len, limit,
                                   visit, visitor);
}

static qw_err pass_count(void *self, enum qw_store_kind kind, int64_t tag, uint64_t *count)
{
    const struct scene *scene = self;

    return scene->site->store.count(scene->site->store.self, kind, tag, count);
}

static struct qw_centre_config config_of(uint32_t stock_keys)
{
    return (struct qw_centre_config){ .block_keys = 64,
                                      .stock_keys = stock_keys,
                                      .window_ms = 30000,
                                      .pool_bytes = 1024,
                                      .journal_sign_ms = 3600000,
                                      .centre_id = "centre-1" };
}

static int make(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    struct qw_centre_config config = config_of(64);
    int64_t ends_s = 0;

    assert_non_null(scene);
    scene->site = site_new(config, 96 * 1024);
    scene->log = (struct qw_log){ .stream = fopen("/dev/null", "w"), .component = "test" };
    snprintf(scene->certificate, sizeof scene->certificate, "%s/ca.pem", scene->site->folder);
    snprintf(scene->key, sizeof scene->key, "%s/ca.key", scene->site->folder);
    snprintf(scene->cursor, sizeof scene->cursor, "%s/cursor", scene->site->folder);
    assert_int_equal(qw_certificate_authority_create("test", 10, scene->certificate, scene->key),
                     QW_OK);
    assert_int_equal(qw_certificate_expiry(scene->certificate, &ends_s), QW_OK);
    atomic_init(&scene->certificate_ends_s, ends_s);
    scene->site->service.certificate_ends_s = &scene->certificate_ends_s;
    scene->site->service.requests = request_log_new();
    scene->site->service.failures = &scene->failures;
    assert_non_null(scene->site->service.requests);
    *state = scene;
    return 0;
}

static int unmake(void **state)
{
    struct scene *scene = *state;
    void *site = scene->site;

    request_log_free(scene->site->service.requests);
    fclose(scene->log.stream);
    assert_int_equal(remove_site(&site), 0);
    free(scene);
    return 0;
}

/* GET /metrics as text, by who may. */
static const char *scrape(struct scene *scene)
{
    static const uint8_t hash[32] = { 1 };
    struct qw_http_answer answer = { .status = 0 };
    struct qw_http_request request = { .method = "GET",
                                       .path = "/metrics",
                                       .query = "",
                                       .identity = ALICE,
                                       .certificate_hash = hash,
                                       .content_type = "" };

    router_handle(&scene->site->service, &request, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_true(answer.body_len < sizeof scene->text);
    memcpy(scene->text, answer.body, answer.body_len);
    scene->text[answer.body_len] = '\0';
    qw_http_answer_wipe(&answer);
    return scene->text;
}

/* The value of a series, by its name with labels. */
static double value_of(const char *text, const char *series)
{
    char line[256];
    const char *at;

    snprintf(line, sizeof line, "\n%s ", series);
    at = strstr(text, line);
    if (at == NULL) {
        fail_msg("no %s", series);
        return 0;
    }
    return strtod(at + strlen(line), NULL);
}

static void every_line_is_of_the_text_format(void **state)
{
    struct scene *scene = *state;
    char *text, *rest = NULL;
    char family[NAME_CAP] = "";

    assert_int_equal(ask(scene->site, ALICE, "GET", "/v1/status", NULL), 200);
    text = strdup(scrape(scene));
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char name[NAME_CAP], type[16];
        const char *value = strrchr(line, ' ');
        char *end = NULL;

        if (sscanf(line, "# TYPE %95s %15s", name, type) == 2) {
            strcpy(family, name);
        } else if (strncmp(line, "# HELP ", 7) != 0) {
            assert_non_null(value);
            assert_memory_equal(line, family, strlen(family)); /* samples follow their family */
            (void)strtod(value + 1, &end);
            assert_true(end != value + 1 && *end == '\0');
            assert_null(strstr(line, "alice"));
        }
    }
    free(text);
}

static void requests_are_counted_by_route_and_status(void **state)
{
    struct scene *scene = *state;
    const char *text;

    site_add_application(scene->site, "app-1", "app-2");
    site_add_application(scene->site, "app-2", "app-1");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            ask(scene->site, "urn:qwave:sae:app-1", "GET", "/api/v1/keys/app-2/enc_keys", NULL),
            200);
    }
    assert_int_equal(
        ask(scene->site, "urn:qwave:sae:app-3", "GET", "/api/v1/keys/app-2/enc_keys", NULL), 401);
    assert_int_equal(ask(scene->site, ALICE, "GET", "/nowhere", NULL), 404);
    text = scrape(scene);
    assert_true(value_of(text, "qwave_requests_total{route=\"/api/v1/keys/{}/enc_keys\",method="
                               "\"GET\",status=\"200\"}") == 3);
    assert_true(value_of(text, "qwave_requests_total{route=\"/api/v1/keys/{}/enc_keys\",method="
                               "\"GET\",status=\"401\"}") == 1);
    assert_true(
        value_of(text, "qwave_requests_total{route=\"none\",method=\"any\",status=\"404\"}") == 1);
    assert_true(value_of(text, "qwave_request_duration_seconds_count{route=\"/api/v1/keys/{}/"
                               "enc_keys\",method=\"GET\"}") == 4);
    assert_true(value_of(text, "qwave_request_duration_seconds_bucket{route=\"/api/v1/keys/{}/"
                               "enc_keys\",method=\"GET\",le=\"+Inf\"}") == 4);
    assert_true(value_of(text, "qwave_keys_ingested_total") == 64);
    assert_true(value_of(text, "qwave_devices") == 2);
    assert_true(value_of(text, "qwave_certificate_expiry_seconds") > 9 * 86400);
    assert_true(value_of(text, "qwave_certificate_expiry_seconds") <= 10 * 86400);
    assert_true(value_of(text, "qwave_ready") == 1);
    assert_null(strstr(text, "app-1"));
}

static void failures_of_tls_are_counted_by_listener_and_cause(void **state)
{
    struct scene *scene = *state;
    const char *text;

    atomic_store(&scene->failures.listener[TLS_CLIENTS].refused, 3);
    atomic_store(&scene->failures.listener[TLS_PSK].broken, 5);
    text = scrape(scene);
    assert_true(
        value_of(text, "qwave_tls_failures_total{listener=\"clients\",cause=\"refused\"}") == 3);
    assert_true(value_of(text, "qwave_tls_failures_total{listener=\"psk\",cause=\"broken\"}") == 5);
    assert_true(value_of(text, "qwave_tls_failures_total{listener=\"streams\",cause=\"broken\"}") ==
                0);
    assert_true(value_of(text, "qwave_maintenance") == 0);
    assert_true(value_of(text, "qwave_sealed") == 0);
}

static void latencies_fall_into_the_bucket_that_holds_them(void **state)
{
    struct request_log *log = request_log_new();
    struct request_counts counts;

    (void)state;
    assert_non_null(log);
    request_log_note(log, 3, 200, 500);
    request_log_note(log, 3, 201, 501);
    request_log_note(log, 3, 503, 1000000);
    request_log_note(log, 3, 418, 1000001);
    request_log_note(log, 3, 200, -5);
    request_log_note(log, 100000, 404, 1);
    request_log_look(log, 3, &counts);
    assert_int_equal(counts.total, 5);
    assert_int_equal(counts.bucket[0], 2);
    assert_int_equal(counts.bucket[1], 1);
    assert_int_equal(counts.bucket[REQUEST_BUCKETS - 2], 1);
    assert_int_equal(counts.bucket[REQUEST_BUCKETS - 1], 1);
    assert_int_equal(counts.status[0], 2);
    assert_int_equal(counts.status[REQUEST_STATUSES - 1], 1);
    assert_int_equal(counts.sum_us, 500 + 501 + 1000000 + 1000001);
    request_log_look(log, REQUEST_ROUTES_MAX - 1, &counts);
    assert_int_equal(counts.total, 1);
    request_log_free(log);
    request_log_free(NULL);
}

static void dashboard_and_rules_ask_for_what_there_is(void **state)
{
    struct scene *scene = *state;
    struct shipper_config config = { .centre = scene->site->service.centre,
                                     .log = &scene->log,
                                     .address = "/no/such/collector",
                                     .cursor = scene->cursor };
    struct qw_caller caller = { .role = QW_ROLE_OPERATOR, .id = "op" };
    const struct qw_unit_quota north = {
        .unit = "/north", .devices_max = 100, .keys_per_day = 1000, .stored_max = 500
    };
    int64_t deadline_ms = qw_clock_monotonic_ms() + 60000;
    const char *text;

    assert_int_equal(ask(scene->site, ALICE, "GET", "/v1/status", NULL), 200);
    assert_int_equal(qw_centre_unit_set(scene->site->service.centre, &caller, &north), QW_OK);
    assert_int_equal(shipper_start(&config, &scene->site->service.shipper), QW_OK);
    while (!shipper_look(scene->site->service.shipper).is_down) {
        assert_true(qw_clock_monotonic_ms() < deadline_ms);
    }
    text = scrape(scene);
    assert_true(value_of(text, "qwave_journal_sink_up") == 0);
    assert_true(value_of(text, "qwave_journal_unshipped_records") ==
                value_of(text, "qwave_journal_records_total"));
    assert_asked_is_there(QWAVE_SOURCE "/share/grafana/qwave-centre.json", "qwave_", text, 20);
    assert_asked_is_there(QWAVE_SOURCE "/share/prometheus/qwave-alerts.yaml", "qwave_", text, 14);
    assert_said_is_described(QWAVE_SOURCE "/docs/operation/monitoring.md", text);
    shipper_stop(scene->site->service.shipper);
    scene->site->service.shipper = NULL;
}

static void only_operators_read_metrics(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(ask(scene->site, "urn:qwave:sae:app-1", "GET", "/metrics", NULL), 403);
    assert_int_equal(ask(scene->site, "", "GET", "/metrics", NULL), 401);
}

/* Another centre on the same store, whose writes fail as on a full disk. */
static void is_not_ready_while_nothing_can_be_written_and_finds_out_when_it_can(void **state)
{
    struct scene *scene = *state;
    struct qw_centre_config config = config_of(64);
    struct qw_caller caller = { .role = QW_ROLE_OPERATOR, .id = "op" };
    struct service service = scene->site->service;

    qw_centre_free(scene->site->service.centre);
    scene->site->service.centre = NULL;
    scene->store = (struct qw_store){ .self = scene,
                                      .submit = full_submit,
                                      .get = pass_get,
                                      .scan = pass_scan,
                                      .count = pass_count };
    config.store = &scene->store;
    config.custody = &scene->site->custody;
    config.source = &scene->site->source;
    assert_int_equal(qw_centre_new(&config, &scene->site->service.centre), QW_OK);
    service.centre = scene->site->service.centre;
    assert_int_equal(ask(scene->site, "urn:qwave:sae:app-1", "GET", "/v1/ready", NULL), 200);
    assert_string_equal(scene->site->text, "{\"status\":\"ready\"}");
    scene->is_full = true;
    assert_int_equal(
        qw_centre_device_register(service.centre, &caller, "app-1", QW_DEVICE_APPLICATION, "", ""),
        QW_ERR_IO);
    assert_int_equal(ask(scene->site, "urn:qwave:sae:app-1", "GET", "/v1/ready", NULL), 503);
    assert_non_null(strstr(scene->site->text, "cannot be written"));
    assert_true(scene->site->retry_after_s > 0);
    assert_int_equal(qw_centre_sweep(service.centre), QW_ERR_IO); /* tries, and fails again */
    assert_string_not_equal(qw_centre_obstacle(service.centre), "");
    scene->is_full = false;
    assert_int_equal(qw_centre_sweep(service.centre), QW_OK);
    assert_int_equal(ask(scene->site, "urn:qwave:sae:app-1", "GET", "/v1/ready", NULL), 200);
    assert_int_equal(ask(scene->site, ALICE, "GET", "/v1/health", NULL), 200);
}

/* A centre on a new store that has taken nothing from its source yet. */
static void is_not_ready_without_keys(void **state)
{
    struct scene *scene = *state;
    struct qw_centre_config config = config_of(64);
    struct qw_store store;
    char path[160];

    snprintf(path, sizeof path, "%s/empty.db", scene->site->folder);
    assert_int_equal(qw_store_sqlite_open(path, &store), QW_OK);
    qw_centre_free(scene->site->service.centre);
    config.store = &store;
    config.custody = &scene->site->custody;
    config.source = &scene->site->source;
    assert_int_equal(qw_centre_new(&config, &scene->site->service.centre), QW_OK);
    assert_int_equal(ask(scene->site, "urn:qwave:sae:app-1", "GET", "/v1/ready", NULL), 503);
    assert_non_null(strstr(scene->site->text, "no keys"));
    assert_int_equal(qw_centre_ingest(scene->site->service.centre), QW_OK);
    assert_int_equal(ask(scene->site, "urn:qwave:sae:app-1", "GET", "/v1/ready", NULL), 200);
    qw_centre_free(scene->site->service.centre);
    scene->site->service.centre = NULL;
    qw_store_close(&store);
}

static void a_label_holds_any_text(void **state)
{
    char out[16];

    (void)state;
    qw_metrics_label("a\"b\\c\nd", out, sizeof out);
    assert_string_equal(out, "a\\\"b\\\\c\\nd");
    for (size_t cap = 1; cap < sizeof out; cap++) {
        memset(out, 'x', sizeof out);
        qw_metrics_label("\"\"\"\"\"\"\"\"", out, cap);
        assert_true(strlen(out) < cap && strlen(out) % 2 == 0); /* never half of an escape */
        assert_int_equal(out[cap], 'x');
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_line_is_of_the_text_format),
        TEST(requests_are_counted_by_route_and_status),
        TEST(failures_of_tls_are_counted_by_listener_and_cause),
        TEST(latencies_fall_into_the_bucket_that_holds_them),
        TEST(dashboard_and_rules_ask_for_what_there_is),
        TEST(only_operators_read_metrics),
        TEST(is_not_ready_while_nothing_can_be_written_and_finds_out_when_it_can),
        cmocka_unit_test(a_label_holds_any_text),
        TEST(is_not_ready_without_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
