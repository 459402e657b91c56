/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 C12 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "key_server.h"

#include "api/http_client.h"

#include <string.h>

static struct {
    int64_t now_ms, takes_ms;
    qw_err err;
    unsigned status;
    int calls;
} world;

int64_t __wrap_qw_clock_monotonic_ms(void);
int64_t __wrap_qw_clock_monotonic_ms(void)
{
    return world.now_ms;
}

qw_err __wrap_qw_http_client_new(const struct qw_http_client_config *config,
                                 struct qw_http_client **client);
qw_err __wrap_qw_http_client_new(const struct qw_http_client_config *config,
                                 struct qw_http_client **client)
{
    assert_true(config->sends_once); /* a key that was given must not be asked for again */
    *client = NULL;
    return QW_OK;
}

void __wrap_qw_http_client_free(struct qw_http_client *client);
void __wrap_qw_http_client_free(struct qw_http_client *client)
{
    assert_null(client);
}

qw_err __wrap_qw_http_client_call(struct qw_http_client *client, const char *method,
                                  const char *path, const char *body, unsigned *status,
                                  const char **answer, size_t *answer_len);
qw_err __wrap_qw_http_client_call(struct qw_http_client *client, const char *method,
                                  const char *path, const char *body, unsigned *status,
                                  const char **answer, size_t *answer_len)
{
    static const char said[] = "{\"keys\":[{\"key_ID\":\"ab010203-0405-4607-8809-0a0b0c0d0e0f\","
                               "\"key\":\"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}]}";

    (void)client;
    (void)method;
    (void)path;
    (void)body;
    world.calls++;
    world.now_ms += world.takes_ms;
    *status = world.status;
    *answer = said;
    *answer_len = strlen(said);
    return world.err;
}

static struct key_server *open_server(void)
{
    static struct settings settings;
    struct key_server *server = NULL;

    memset(&world, 0, sizeof world);
    world.now_ms = 1000;
    world.status = 200;
    assert_int_equal(key_server_new(&settings, &server), QW_OK);
    return server;
}

static void one_link_waits_for_a_server_that_is_away_and_no_other_does(void **state)
{
    struct key_server *server = open_server();
    struct qw_link_keys keys = key_server_keys(server);
    struct qw_link_key key = { { 0 }, { 0 } };

    (void)state;
    world.takes_ms = 5000;
    world.err = QW_ERR_TIMEOUT;
    assert_int_equal(keys.fresh(keys.self, "site-b", &key), QW_ERR_TIMEOUT);
    assert_int_equal(world.calls, 1);
    for (int link = 0; link < 200; link++) {
        assert_int_equal(keys.fresh(keys.self, "site-c", &key), QW_ERR_TIMEOUT);
        assert_int_equal(keys.by_id(keys.self, "site-d", &key), QW_ERR_TIMEOUT);
    }
    assert_int_equal(world.calls, 1);
    assert_int_equal(world.now_ms, 6000); /* nobody waited */
    world.now_ms += 5000;
    world.takes_ms = 1;
    world.err = QW_OK;
    assert_int_equal(keys.fresh(keys.self, "site-c", &key), QW_OK);
    assert_int_equal(keys.by_id(keys.self, "site-c", &key), QW_OK);
    assert_int_equal(world.calls, 3);
    assert_int_equal(key.bytes[2], 3);
    key_server_free(server);
}

static void a_server_that_refuses_one_peer_is_asked_for_the_next(void **state)
{
    struct key_server *server = open_server();
    struct qw_link_keys keys = key_server_keys(server);
    struct qw_link_key key = { { 0 }, { 0 } };

    (void)state;
    world.takes_ms = 100;
    world.status = 401;
    assert_int_equal(keys.fresh(keys.self, "stranger", &key), QW_ERR_REFUSED);
    world.status = 503;
    assert_int_equal(keys.fresh(keys.self, "site-b", &key), QW_ERR_EXHAUSTED);
    world.status = 200;
    assert_int_equal(keys.fresh(keys.self, "site-b", &key), QW_OK);
    assert_int_equal(world.calls, 3);
    key_server_free(server);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_link_waits_for_a_server_that_is_away_and_no_other_does),
        cmocka_unit_test(a_server_that_refuses_one_peer_is_asked_for_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
