/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 S3 */
#define _GNU_SOURCE
#include "http_fixture.h"

static int start(void **state)
{
    struct echo *echo = calloc(1, sizeof *echo);

    echo_start(echo);
    *state = echo;
    return 0;
}

static int stop(void **state)
{
    echo_stop(*state);
    free(*state);
    return 0;
}

struct outcome {
    qw_err err;
    unsigned status;
    char text[1024];
    size_t len;
};

static struct outcome call_with(struct qw_http_client *client, const char *method, const char *path,
                                const char *body)
{
    struct outcome outcome = { .status = 4711 };
    const char *answer = NULL;

    outcome.len = 4711;
    outcome.err =
        qw_http_client_call(client, method, path, body, &outcome.status, &answer, &outcome.len);
    if (outcome.err == QW_OK) {
        assert_int_equal(strlen(answer), outcome.len);
        snprintf(outcome.text, sizeof outcome.text, "%s", answer);
    } else {
        assert_null(answer);
        assert_int_equal(outcome.status, 4711);
        assert_int_equal(outcome.len, 4711);
    }
    return outcome;
}

static struct outcome call_as(struct echo *echo, const char *name, const char *authority,
                              const char *host)
{
    struct qw_http_client *client = client_for(echo->folder, echo->port, name, authority, host);
    struct outcome outcome = call_with(client, "GET", "/v1/health", NULL);

    qw_http_client_free(client);
    return outcome;
}

static void sends_method_path_query_and_body_as_given(void **state)
{
    struct echo *echo = *state;
    struct qw_http_client *client =
        client_for(echo->folder, echo->port, "client", "ca", "127.0.0.1");
    struct outcome outcome = call_with(client, "POST", "/a%2Fb/../c?x=%31&y", "{\"a\":1}");

    assert_int_equal(outcome.err, QW_OK);
    assert_int_equal(outcome.status, 200);
    assert_string_equal(outcome.text, "{\"method\":\"POST\",\"path\":\"/a%2Fb/../c\","
                                      "\"query\":\"x=%31&y\",\"identity\":"
                                      "\"urn:qwave:operator:alice\",\"content_type\":"
                                      "\"application/json\",\"body_len\":7,\"first\":123}");
    outcome = call_with(client, "GET", "/", NULL); /* and nothing is left of the body before */
    assert_non_null(strstr(outcome.text, "\"method\":\"GET\""));
    assert_non_null(strstr(outcome.text, "\"body_len\":0"));
    outcome = call_with(client, "POST", "/", NULL);
    assert_non_null(strstr(outcome.text, "\"method\":\"POST\""));
    assert_non_null(strstr(outcome.text, "\"body_len\":0"));
    outcome = call_with(client, "DELETE", "/", NULL);
    assert_non_null(strstr(outcome.text, "\"method\":\"DELETE\""));
    qw_http_client_free(client);
}

static void gives_every_status_and_an_empty_answer_as_they_are(void **state)
{
    struct echo *echo = *state;
    struct qw_http_client *client =
        client_for(echo->folder, echo->port, "client", "ca", "127.0.0.1");
    struct outcome outcome = call_with(client, "POST", "/odd", "{}");

    assert_int_equal(outcome.err, QW_OK);
    assert_int_equal(outcome.status, 405);
    assert_string_equal(outcome.text, "{\"message\":\"method not allowed\"}");
    outcome = call_with(client, "GET", "/empty", NULL);
    assert_int_equal(outcome.err, QW_OK);
    assert_int_equal(outcome.len, 0);
    assert_string_equal(outcome.text, "");
    qw_http_client_free(client);
}

static void takes_large_answers(void **state)
{
    struct echo *echo = *state;
    struct qw_http_client *client =
        client_for(echo->folder, echo->port, "client", "ca", "127.0.0.1");
    struct outcome outcome = call_with(client, "GET", "/large", NULL);

    assert_int_equal(outcome.err, QW_OK);
    assert_int_equal(outcome.len, 1 << 20);
    qw_http_client_free(client);
}

/* 6.2: verification or host check off between nodes. */
static void believes_only_the_right_peer(void **state)
{
    struct echo *echo = *state;
    struct qw_http_server_config config;
    struct qw_http_client *client;
    struct outcome outcome;

    assert_int_equal(call_as(echo, "client", "ca", "localhost").err, QW_OK);
    assert_int_equal(call_as(echo, "client", "foreign", "127.0.0.1").err, QW_ERR_AUTH);
    assert_int_equal(call_as(echo, "client", "ca", "127.0.0.2").err, QW_ERR_IO); /* not listening */
    qw_http_server_free(echo->server);
    echo_config(echo, &config);
    config.address = "127.0.0.2"; /* a name the certificate does not have */
    echo_serve(echo, &config);
    client = client_for(echo->folder, echo->port, "client", "ca", "127.0.0.2");
    outcome = call_with(client, "GET", "/", NULL);
    assert_int_equal(outcome.err, QW_ERR_AUTH);
    qw_http_client_free(client);
    assert_int_equal(echo->calls, 1);
}

static void says_when_its_own_certificate_is_refused(void **state)
{
    struct echo *echo = *state;

    assert_int_equal(call_as(echo, "stranger", "ca", "127.0.0.1").err, QW_ERR_AUTH);
    assert_int_equal(call_as(echo, "expired", "ca", "127.0.0.1").err, QW_ERR_AUTH);
    assert_int_equal(call_as(echo, "server", "ca", "127.0.0.1").err, QW_ERR_AUTH);
    assert_int_equal(call_as(echo, "missing", "ca", "127.0.0.1").err, QW_ERR_AUTH);
    assert_int_equal(echo->calls, 0);
}

static void gives_up_after_its_time(void **state)
{
    struct echo *echo = *state;
    char paths[3][512], url[64];
    struct qw_http_client_config config = { .base_url = url, .timeout_ms = 200 };
    struct qw_http_client *client;
    int64_t from_ms = qw_clock_monotonic_ms();

    echo->pause_ms = 1000;
    snprintf(url, sizeof url, "https://127.0.0.1:%u/", echo->port);
    config.certificate_path = in_folder(echo->folder, "client.pem", paths[0]);
    config.key_path = in_folder(echo->folder, "client.key", paths[1]);
    config.ca_path = in_folder(echo->folder, "ca.pem", paths[2]);
    assert_int_equal(qw_http_client_new(&config, &client), QW_OK);
    assert_int_equal(call_with(client, "GET", "/", NULL).err, QW_ERR_TIMEOUT);
    assert_in_range(qw_clock_monotonic_ms() - from_ms, 150, 900);
    qw_http_client_free(client);
}

static void comes_back_after_the_server_was_away(void **state)
{
    struct echo *echo = *state;
    struct qw_http_server_config config;
    struct qw_http_client *client =
        client_for(echo->folder, echo->port, "client", "ca", "127.0.0.1");

    assert_int_equal(call_with(client, "GET", "/", NULL).err, QW_OK);
    qw_http_server_free(echo->server);
    assert_int_equal(call_with(client, "GET", "/", NULL).err, QW_ERR_IO);
    echo_config(echo, &config);
    config.port = echo->port;
    echo_serve(echo, &config);
    assert_int_equal(call_with(client, "GET", "/", NULL).err, QW_OK);
    qw_http_client_free(client);
}

/* A proxy or a key log in the environment would hand the connection to somebody else. */
static void listens_to_no_proxy_of_the_environment(void **state)
{
    struct echo *echo = *state;

    assert_int_equal(setenv("https_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(call_as(echo, "client", "ca", "127.0.0.1").err, QW_OK);
    unsetenv("https_proxy");
    unsetenv("ALL_PROXY");
}

static void refuses_what_is_no_https_peer(void **state)
{
    struct echo *echo = *state;
    struct qw_http_client_config good = { .base_url = "https://127.0.0.1:1",
                                          .certificate_path = "a",
                                          .key_path = "b",
                                          .ca_path = "c",
                                          .timeout_ms = 1 };
    struct qw_http_client_config config = good;
    struct qw_http_client *client = NULL;

    config.base_url = "http://127.0.0.1:1";
    assert_int_equal(qw_http_client_new(&config, &client), QW_ERR_ARG);
    config.base_url = "file:///etc/passwd";
    assert_int_equal(qw_http_client_new(&config, &client), QW_ERR_ARG);
    config = good;
    config.timeout_ms = 0;
    assert_int_equal(qw_http_client_new(&config, &client), QW_ERR_ARG);
    config = good;
    config.key_path = NULL;
    assert_int_equal(qw_http_client_new(&config, &client), QW_ERR_ARG);
    assert_null(client);
    client = client_for(echo->folder, echo->port, "client", "ca", "127.0.0.1");
    assert_int_equal(call_with(client, "GET", "v1", NULL).err, QW_ERR_ARG);
    assert_int_equal(call_with(client, "GET", "", NULL).err, QW_ERR_ARG);
    qw_http_client_free(client);
    qw_http_client_free(NULL);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sends_method_path_query_and_body_as_given),
        CASE(gives_every_status_and_an_empty_answer_as_they_are),
        CASE(takes_large_answers),
        CASE(believes_only_the_right_peer),
        CASE(says_when_its_own_certificate_is_refused),
        CASE(gives_up_after_its_time),
        CASE(comes_back_after_the_server_was_away),
        CASE(listens_to_no_proxy_of_the_environment),
        CASE(refuses_what_is_no_https_peer),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
