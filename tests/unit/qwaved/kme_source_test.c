/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q5 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/http_client.h"
#include "base/base64.h"
#include "source/kme_source.h"
#include "support/fail_nth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A key server that lies, in place of the network (tests.cmake). */
FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(int, fdatasync, -1, (int fd), (fd));

enum { KEY_LEN = 32, STORED = 25000, SLICE = 512 };

enum lie {
    TRUTH,
    FEWER,
    MORE,
    SHORTER,
    LONGER,
    SAME_ID_TWICE,
    SAME_KEY_TWICE,
    OLD_ID,
    CAPITAL_KEYS,
    NO_JSON,
    STATUS_CODE, /* server.code, to enc_keys */
    LOST_ANSWER, /* server.err after the keys were given away */
    DOWN,        /* server.err to everything */
    SMALL_KEYS   /* its status allows 128 bits at most */
};

static struct {
    enum lie lie;
    unsigned code;
    qw_err err;
    unsigned issued; /* keys, ever: number i has the bytes i, i, ... and the id i */
    unsigned requests, statuses;
    unsigned stock; /* 503 above it */
    char path[256], body[64];
    char answer[64 * 1024];
    int64_t now_ms;
    uint32_t spread;
} server;

int64_t __wrap_qw_clock_monotonic_ms(void);
int64_t __wrap_qw_clock_monotonic_ms(void)
{
    return server.now_ms;
}

uint32_t __wrap_qw_random_spread(void);
uint32_t __wrap_qw_random_spread(void)
{
    return server.spread;
}

qw_err __wrap_qw_http_client_new(const struct qw_http_client_config *config,
                                 struct qw_http_client **client);
qw_err __wrap_qw_http_client_new(const struct qw_http_client_config *config,
                                 struct qw_http_client **client)
{
    assert_string_equal(config->base_url, "https://kme.example");
    assert_int_equal(config->timeout_ms, 5000);
    *client = NULL;
    return QW_OK;
}

void __wrap_qw_http_client_free(struct qw_http_client *client);
void __wrap_qw_http_client_free(struct qw_http_client *client)
{
    (void)client;
}

static size_t put_key(size_t len, unsigned number, unsigned id, size_t key_len)
{
    uint8_t key[KEY_LEN + 1];
    char text[QW_BASE64_LEN(sizeof key) + 1];

    memset(key, (int)(number & 0xFF), sizeof key);
    key[0] = (uint8_t)(number >> 8);
    qw_base64_encode(key, key_len, text);
    return len + (size_t)snprintf(server.answer + len, sizeof server.answer - len,
                                  "%s{\"key_ID\":\"00000000-0000-4000-8000-%012x\",\"key\":\"%s\"}",
                                  server.answer[len - 1] == '[' ? "" : ",", id, text);
}

static void give_keys(unsigned number)
{
    unsigned count = server.lie == FEWER ? number - 1 : server.lie == MORE ? number + 1 : number;
    size_t len = (size_t)snprintf(server.answer, sizeof server.answer, "{\"%s\":[",
                                  server.lie == CAPITAL_KEYS ? "Keys" : "keys");

    for (unsigned i = 0; i < count; i++) {
        bool is_last = i == count - 1;
        unsigned key = server.issued++;
        unsigned id = key;
        size_t key_len = KEY_LEN;

        if (is_last && server.lie == SAME_ID_TWICE) {
            id--;
        } else if (is_last && server.lie == OLD_ID) {
            id = 3;
        } else if (is_last && server.lie == SAME_KEY_TWICE) {
            key--;
        } else if (is_last && server.lie == SHORTER) {
            key_len--;
        } else if (is_last && server.lie == LONGER) {
            key_len++;
        }
        len = put_key(len, key, id, key_len);
    }
    (void)snprintf(server.answer + len, sizeof server.answer - len, "]}");
}

static unsigned serve_keys(const char *body)
{
    unsigned number = 0;
    unsigned size = 0;

    server.requests++;
    assert_int_equal(sscanf(body, "{\"number\":%u,\"size\":%u}", &number, &size), 2);
    assert_int_equal(size, 8 * KEY_LEN);
    if (number > server.stock) {
        return 503;
    }
    if (server.lie == STATUS_CODE) {
        return server.code;
    }
    give_keys(number);
    if (server.lie == NO_JSON) {
        strcpy(server.answer, "<html>maintenance</html>");
    }
    return 200;
}

qw_err __wrap_qw_http_client_call(struct qw_http_client *client, const char *method,
                                  const char *path, const char *body, unsigned *status,
                                  const char **answer, size_t *answer_len);
qw_err __wrap_qw_http_client_call(struct qw_http_client *client, const char *method,
                                  const char *path, const char *body, unsigned *status,
                                  const char **answer, size_t *answer_len)
{
    (void)client;
    (void)method;
    if (server.lie == DOWN) {
        return server.err;
    }
    (void)snprintf(server.path, sizeof server.path, "%s", path);
    strcpy(server.answer, "{\"message\":\"no\"}");
    *status = 200;
    if (body == NULL) {
        server.statuses++;
        (void)snprintf(server.answer, sizeof server.answer,
                       "{\"key_size\":256,\"stored_key_count\":%d,\"max_key_per_request\":100,"
                       "\"max_key_size\":%d,\"min_key_size\":64}",
                       STORED, server.lie == SMALL_KEYS ? 128 : 1024);
    } else {
        *status = serve_keys(body);
    }
    *answer = server.answer;
    *answer_len = strlen(server.answer);
    return body != NULL && server.lie == LOST_ANSWER ? server.err : QW_OK;
}

/* ---- the centre's side ---- */

struct world {
    char folder[40], seen[64], log_path[64];
    struct qw_log log;
    struct kme_source_config config;
    struct qw_key_source source;
    unsigned next; /* number of the key that has to come next */
};

static void open_source(struct world *w)
{
    assert_int_equal(kme_source_open(&w->config, &w->source), QW_OK);
}

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    memset(&server, 0, sizeof server);
    server.stock = STORED;
    server.now_ms = 1000000;
    server.spread = 1u << 31; /* waits as long as they are called */
    strcpy(w->folder, "/tmp/qwave-kme-source-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->seen, sizeof w->seen, "%s/seen", w->folder);
    (void)snprintf(w->log_path, sizeof w->log_path, "%s/log", w->folder);
    w->log = (struct qw_log){ .stream = fopen(w->log_path, "w"), .component = "test" };
    w->log.level = QW_LOG_INFO;
    w->config = (struct kme_source_config){ .name = "vendor",
                                            .seen_path = w->seen,
                                            .settings = { .url = "https://kme.example",
                                                          .slave = "site b",
                                                          .key_bits = 8 * KEY_LEN,
                                                          .keys_per_request = 128,
                                                          .timeout_ms = 5000 },
                                            .log = &w->log };
    open_source(w);
    *state = w;
    return 0;
}

static int remove_world(void **state)
{
    struct world *w = *state;

    fail_nth = 0;
    qw_key_source_close(&w->source);
    fclose(w->log.stream);
    unlink(w->seen);
    unlink(w->log_path);
    assert_int_equal(rmdir(w->folder), 0);
    free(w);
    return 0;
}

static qw_err take_slice(struct world *w)
{
    uint8_t keys[SLICE];
    qw_err err;

    memset(keys, 0xEE, sizeof keys);
    err = w->source.take(w->source.self, keys, sizeof keys);
    for (size_t i = 0; i < SLICE / KEY_LEN; i++) {
        const uint8_t *key = keys + i * KEY_LEN;

        if (err == QW_OK) {
            assert_int_equal(key[0], w->next >> 8);
            assert_int_equal(key[1], w->next & 0xFF);
            assert_int_equal(key[KEY_LEN - 1], w->next & 0xFF);
            w->next++;
        } else {
            assert_int_equal(key[0], 0xEE);
        }
    }
    return err;
}

static struct qw_key_source_health health_of(struct world *w)
{
    struct qw_key_source_health health;

    w->source.health(w->source.self, &health);
    return health;
}

static bool log_says(struct world *w, const char *text)
{
    char all[16384];
    FILE *file = fopen(w->log_path, "r");
    size_t len;

    assert_non_null(file);
    fflush(w->log.stream);
    len = fread(all, 1, sizeof all - 1, file);
    fclose(file);
    all[len] = '\0';
    return strstr(all, text) != NULL;
}

/* What comes with the lie is destroyed as a whole, said, and not asked for at once again; when the
 * server is honest again, new keys come, and none of those. */
static void assert_a_lie_costs_one_request(struct world *w, enum lie lie, const char *reason,
                                           int64_t pause_ms)
{
    unsigned requests = server.requests;
    unsigned statuses;

    server.lie = lie;
    assert_int_not_equal(take_slice(w), QW_OK);
    assert_int_equal(server.requests, requests + 1);
    assert_false(health_of(w).is_running);
    assert_non_null(strstr(health_of(w).reason, reason));
    statuses = server.statuses;
    server.lie = TRUTH;
    assert_int_equal(w->source.available_bits(w->source.self), 0);
    assert_int_equal(take_slice(w), QW_ERR_EXHAUSTED);
    server.now_ms += pause_ms - 1;
    assert_int_equal(take_slice(w), QW_ERR_EXHAUSTED);
    assert_int_equal(server.requests, requests + 1);
    server.now_ms++;
    assert_int_equal(w->source.available_bits(w->source.self), 8 * SLICE);
    w->next = server.issued;
    assert_int_equal(take_slice(w), QW_OK);
    assert_int_equal(server.statuses, statuses + 1); /* asked before keys are at stake again */
    assert_true(health_of(w).is_running);
    assert_string_equal(health_of(w).reason, "");
}

/* ---- tests ---- */

static void keys_come_in_order_and_once(void **state)
{
    struct world *w = *state;

    assert_string_equal(w->source.name, "kme:vendor");
    assert_false(w->source.is_quantum);
    assert_false(w->source.is_simulated);
    assert_int_equal(server.statuses + server.requests, 0);
    for (int i = 0; i < 100; i++) {
        assert_true(w->source.available_bits(w->source.self) >= 8 * SLICE);
        assert_int_equal(take_slice(w), QW_OK);
    }
    assert_int_equal(server.requests, 16); /* of 100 keys, as its status allows */
    assert_int_equal(server.statuses, 1);
    assert_string_equal(server.path, "/api/v1/keys/site%20b/enc_keys");
    assert_true(health_of(w).is_running);
}

static void wrong_answers_give_nothing(void **state)
{
    static const enum lie lies[] = { FEWER,         MORE,           SHORTER, LONGER,
                                     SAME_ID_TWICE, SAME_KEY_TWICE, NO_JSON };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        assert_a_lie_costs_one_request(w, lies[i], "not what was asked for", 1000);
        while (w->source.available_bits(w->source.self) > 8 * SLICE) { /* up to the next request */
            assert_int_equal(take_slice(w), QW_OK);
        }
        assert_int_equal(take_slice(w), QW_OK);
        qw_key_source_close(&w->source); /* what is in hand goes */
        open_source(w);
    }
    assert_true(log_says(w, "100 keys that were asked for are given up"));
}

static void an_id_that_was_there_before_is_refused_also_after_a_restart(void **state)
{
    struct world *w = *state;

    assert_int_equal(take_slice(w), QW_OK);
    qw_key_source_close(&w->source);
    assert_true(log_says(w, "2688 bytes of keys in hand are destroyed"));
    open_source(w);
    assert_a_lie_costs_one_request(w, OLD_ID, "a key id that was there before", 60000);
    assert_true(log_says(w, "ids 00000000-0000-4000-8000-000000000064 to "));
}

static void capital_keys_will_do(void **state)
{
    struct world *w = *state;

    server.lie = CAPITAL_KEYS;
    assert_int_equal(take_slice(w), QW_OK);
}

static void a_shortage_is_no_failure_and_fewer_are_asked_for(void **state)
{
    struct world *w = *state;

    server.stock = 30;
    for (int i = 0; i < 2; i++) { /* 100, 50, then 25 */
        assert_int_equal(take_slice(w), QW_ERR_EXHAUSTED);
        assert_true(health_of(w).is_running);
        assert_int_equal(w->source.available_bits(w->source.self), 0);
        server.now_ms += 1000;
    }
    assert_int_equal(take_slice(w), QW_OK);
    assert_int_equal(server.issued, 25);
    assert_int_equal(server.statuses, 1);
    server.stock = 15; /* never fewer than a take needs, and never a part */
    for (int i = 0; i < 10; i++) {
        assert_int_equal(take_slice(w), QW_ERR_EXHAUSTED);
        server.now_ms += 1000;
    }
    server.stock = 16;
    assert_int_equal(take_slice(w), QW_OK);
    assert_int_equal(server.issued, 25 + 16);
}

static void status_codes_of_every_maker_have_their_class(void **state)
{
    static const struct {
        unsigned code;
        const char *reason;
        int64_t pause_ms;
    } codes[] = {
        { 400, "(400)", 60000 },       { 401, "(401, 403)", 60000 },  { 403, "(401, 403)", 60000 },
        { 404, "(404)", 60000 },       { 409, "as it should", 1000 }, { 412, "as it should", 1000 },
        { 500, "as it should", 1000 }, { 504, "as it should", 1000 },
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        server.code = codes[i].code;
        assert_a_lie_costs_one_request(w, STATUS_CODE, codes[i].reason, codes[i].pause_ms);
        qw_key_source_close(&w->source);
        open_source(w);
    }
}

static void a_lost_answer_is_keys_lost_and_never_asked_for_again(void **state)
{
    static const struct {
        qw_err err;
        const char *reason;
    } ways[] = { { QW_ERR_TIMEOUT, "in time" }, { QW_ERR_IO, "as it should" } };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        server.err = ways[i].err;
        assert_a_lie_costs_one_request(w, LOST_ANSWER, ways[i].reason, 1000);
        qw_key_source_close(&w->source);
        open_source(w);
    }
    assert_true(log_says(w, "100 keys that were asked for are given up"));
    assert_true(log_says(w, "ids not known to not known"));
    assert_int_equal(server.issued, 4 * 100);
}

static void a_server_that_is_down_costs_no_keys_and_is_asked_more_and_more_rarely(void **state)
{
    struct world *w = *state;
    int64_t pause_ms = 1000;

    server.lie = DOWN;
    server.err = QW_ERR_IO;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(take_slice(w), QW_ERR_IO);
        assert_int_equal(take_slice(w), QW_ERR_EXHAUSTED);
        server.now_ms += pause_ms - 1;
        assert_int_equal(take_slice(w), QW_ERR_EXHAUSTED);
        server.now_ms++;
        pause_ms = 2 * pause_ms < 64000 ? 2 * pause_ms : 64000;
    }
    server.spread = 0; /* many centres do not come back at once */
    assert_int_equal(take_slice(w), QW_ERR_IO);
    server.now_ms += pause_ms * 3 / 4;
    assert_int_equal(take_slice(w), QW_ERR_IO);
    server.now_ms += pause_ms * 3 / 4;
    assert_false(log_says(w, "given up"));
    server.lie = TRUTH;
    assert_int_equal(take_slice(w), QW_OK);
}

/* A server that goes down in the middle of a handshake looks like this too. */
static void a_certificate_of_another_name_is_said_and_tried_again(void **state)
{
    struct world *w = *state;

    server.lie = DOWN;
    server.err = QW_ERR_AUTH;
    assert_int_equal(take_slice(w), QW_ERR_AUTH);
    assert_non_null(strstr(health_of(w).reason, "certificate"));
    server.now_ms += 999;
    assert_int_equal(take_slice(w), QW_ERR_EXHAUSTED);
    server.now_ms++;
    assert_int_equal(take_slice(w), QW_ERR_AUTH);
    assert_int_equal(server.requests, 0); /* no key is at stake */
}

static void a_size_that_it_does_not_offer_is_not_asked_for(void **state)
{
    struct world *w = *state;

    server.lie = SMALL_KEYS;
    assert_int_equal(take_slice(w), QW_ERR_ARG);
    assert_int_equal(server.requests, 0);
    assert_non_null(strstr(health_of(w).reason, "key_bits"));
}

static void ids_that_cannot_be_kept_keep_their_keys_out(void **state)
{
    struct world *w = *state;

    fail_nth = 1;
    assert_int_equal(take_slice(w), QW_ERR_IO);
    assert_true(log_says(w, "given up"));
    server.now_ms += 1000;
    w->next = server.issued;
    assert_int_equal(take_slice(w), QW_OK);
}

static void comes_up_whole_or_not_at_all(void **state)
{
    struct world *w = *state;
    struct qw_key_source source = { .self = NULL };
    qw_err err = QW_ERR_NOMEM;

    qw_key_source_close(&w->source);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_nth = n;
        err = kme_source_open(&w->config, &source);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && source.self == NULL));
    }
    fail_nth = 0;
    w->source = source;
    w->config.name = "";
    assert_int_equal(kme_source_open(&w->config, &source), QW_ERR_ARG);
    w->config.name = "a-name-that-is-longer-than-the-fifty-nine-characters-allowed";
    assert_int_equal(kme_source_open(&w->config, &source), QW_ERR_ARG);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, remove_world)
    const struct CMUnitTest tests[] = {
        TEST(keys_come_in_order_and_once),
        TEST(wrong_answers_give_nothing),
        TEST(an_id_that_was_there_before_is_refused_also_after_a_restart),
        TEST(capital_keys_will_do),
        TEST(a_shortage_is_no_failure_and_fewer_are_asked_for),
        TEST(status_codes_of_every_maker_have_their_class),
        TEST(a_lost_answer_is_keys_lost_and_never_asked_for_again),
        TEST(a_server_that_is_down_costs_no_keys_and_is_asked_more_and_more_rarely),
        TEST(a_certificate_of_another_name_is_said_and_tried_again),
        TEST(a_size_that_it_does_not_offer_is_not_asked_for),
        TEST(ids_that_cannot_be_kept_keep_their_keys_out),
        TEST(comes_up_whole_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
