/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 S3 */
#define _GNU_SOURCE
#include "http_fixture.h"

#include "base/secret.h"
#include "support/fail_nth.h"

#include <curl/curl.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(CURL *, curl_easy_init, NULL, (void), ());
FAIL_NTH(struct curl_slist *, curl_slist_append, NULL, (struct curl_slist * list, const char *text),
         (list, text));

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

static qw_err call_equal(struct echo *echo, const char *authority, const char *identity)
{
    char paths[3][512], file[64], url[64];
    struct qw_http_client_config config = { .base_url = url,
                                            .timeout_ms = 20000,
                                            .peer_identity = identity };
    struct qw_http_client *client = NULL;
    struct outcome outcome;

    snprintf(url, sizeof url, "https://127.0.0.1:%u", (unsigned)echo->port);
    snprintf(file, sizeof file, "%s.pem", authority);
    config.certificate_path = in_folder(echo->folder, "client.pem", paths[0]);
    config.key_path = in_folder(echo->folder, "client.key", paths[1]);
    config.ca_path = in_folder(echo->folder, file, paths[2]);
    assert_int_equal(qw_http_client_new(&config, &client), QW_OK);
    outcome = call_with(client, "GET", "/", NULL);
    if (outcome.err == QW_OK) {
        outcome = call_with(client, "GET", "/", NULL); /* and again */
    }
    qw_http_client_free(client);
    return outcome.err;
}

/* Two equals: a client's certificate answers, known by its identity and nothing else. */
static void believes_an_equal_by_its_identity_only(void **state)
{
    struct echo *echo = *state;
    struct qw_http_server_config config;
    char paths[2][512];

    assert_int_equal(call_equal(echo, "ca", "urn:qwave:centre:test"), QW_ERR_AUTH); /* a server's */
    qw_http_server_free(echo->server);
    echo_config(echo, &config);
    config.certificate_path = in_folder(echo->folder, "client.pem", paths[0]);
    config.key_path = in_folder(echo->folder, "client.key", paths[1]);
    echo_serve(echo, &config);
    assert_int_equal(call_equal(echo, "ca", "urn:qwave:operator:alice"), QW_OK);
    assert_int_equal(call_equal(echo, "ca", "urn:qwave:operator:alic"), QW_ERR_AUTH);
    assert_int_equal(call_equal(echo, "ca", "urn:qwave:operator:bob"), QW_ERR_AUTH);
    assert_int_equal(call_equal(echo, "ca", ""), QW_ERR_AUTH);
    assert_int_equal(call_equal(echo, "foreign", "urn:qwave:operator:alice"), QW_ERR_AUTH);
    assert_int_equal(call_as(echo, "client", "ca", "127.0.0.1").err, QW_ERR_AUTH); /* no server */
    qw_http_server_free(echo->server);
    config.certificate_path = in_folder(echo->folder, "expired.pem", paths[0]);
    config.key_path = in_folder(echo->folder, "expired.key", paths[1]);
    echo_serve(echo, &config);
    assert_int_equal(call_equal(echo, "ca", "urn:qwave:operator:alice"), QW_ERR_AUTH);
}

/* Whether the alert or the reset comes first is the network's choice; no answer comes ever. */
static void gets_no_answer_with_a_refused_certificate(void **state)
{
    struct echo *echo = *state;
    static const char *const names[] = { "stranger", "expired", "server" };

    for (size_t i = 0; i < 3; i++) {
        qw_err err = call_as(echo, names[i], "ca", "127.0.0.1").err;

        assert_true(err == QW_ERR_AUTH || err == QW_ERR_IO);
    }
    assert_int_equal(call_as(echo, "missing", "ca", "127.0.0.1").err, QW_ERR_AUTH);
    assert_int_equal(echo->calls, 0);
}

static void gives_up_after_its_time(void **state)
{
    struct echo *echo = *state;
    char paths[3][512], url[64];
    struct qw_http_client_config config = { .base_url = url, .timeout_ms = 200 };
    struct qw_http_client *client;
    int64_t from_ms;

    echo->pause_ms = 1000;
    snprintf(url, sizeof url, "https://127.0.0.1:%u/", echo->port);
    config.certificate_path = in_folder(echo->folder, "client.pem", paths[0]);
    config.key_path = in_folder(echo->folder, "client.key", paths[1]);
    config.ca_path = in_folder(echo->folder, "ca.pem", paths[2]);
    assert_int_equal(qw_http_client_new(&config, &client), QW_OK);
    from_ms = qw_clock_monotonic_ms();
    assert_int_equal(call_with(client, "GET", "/", NULL).err, QW_ERR_TIMEOUT); /* not the answer */
    assert_true(qw_clock_monotonic_ms() - from_ms >= 150);
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

static void is_made_as_a_whole_or_not_at_all(void **state)
{
    struct qw_http_client_config config = { .base_url = "https://127.0.0.1:1/",
                                            .certificate_path = "a",
                                            .key_path = "b",
                                            .ca_path = "c",
                                            .timeout_ms = 1 };
    struct qw_http_client *client = NULL;
    qw_err err = QW_ERR_NOMEM;
    int n;

    (void)state;
    for (n = 1; err != QW_OK; n++) {
        fail_nth = n;
        err = qw_http_client_new(&config, &client);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && client == NULL));
    }
    assert_int_equal(n, 7); /* five things can be missing */
    qw_http_client_free(client);
}

/* Answers of a peer that is not ours: the server below says what the test wants. */
struct foreign {
    int listener;
    uint16_t port;
    const char *folder;
    const char *head;
    size_t body_len;
    bool wants_other_clients; /* knows no authority, so it believes nobody */
};

static void *serve_foreign(void *self)
{
    struct foreign *foreign = self;
    int fd = accept(foreign->listener, NULL, NULL);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    char path[512], in[2048], block[4096];
    SSL *ssl;
    int len = 0;

    SSL_CTX_use_certificate_file(context, in_folder(foreign->folder, "server.pem", path),
                                 SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context, in_folder(foreign->folder, "server.key", path),
                                SSL_FILETYPE_PEM);
    if (foreign->wants_other_clients) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    memset(block, 'x', sizeof block);
    if (SSL_accept(ssl) == 1) {
        len = SSL_read(ssl, in, sizeof in);
        len = len > 0 ? SSL_write(ssl, foreign->head, (int)strlen(foreign->head)) : len;
    }
    for (size_t sent = 0; len > 0 && sent < foreign->body_len; sent += sizeof block) {
        len = SSL_write(ssl, block, sizeof block);
    }
    shutdown(fd, SHUT_WR);
    while (recv(fd, in, sizeof in, 0) > 0) { /* no reset may overtake what was sent */
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(fd);
    return NULL;
}

static int arm_at_call; /* value of fail_nth while the client asks */

static struct outcome ask_foreign(struct echo *echo, struct foreign foreign)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    struct qw_http_client *client;
    struct outcome outcome;
    pthread_t thread;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    foreign.folder = echo->folder;
    foreign.listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(foreign.listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(foreign.listener, 1), 0);
    assert_int_equal(getsockname(foreign.listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve_foreign, &foreign), 0);
    client = client_for(echo->folder, ntohs(address.sin_port), "client", "ca", "127.0.0.1");
    fail_nth = arm_at_call;
    outcome = call_with(client, "GET", "/", NULL);
    fail_nth = 0;
    arm_at_call = 0;
    qw_http_client_free(client);
    pthread_join(thread, NULL);
    close(foreign.listener);
    return outcome;
}

static void bounds_what_a_foreign_peer_sends(void **state)
{
    struct echo *echo = *state;
    struct foreign large = { .head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
                             .body_len = QW_HTTP_ANSWER_MAX + 8192 };
    struct foreign torn = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" };
    struct foreign nonsense = { .head = "nonsense\r\n\r\n" };
    struct foreign elsewhere = { .head = "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/"
                                         "\r\nContent-Length: 0\r\n\r\n" };
    struct outcome outcome;

    assert_int_equal(ask_foreign(echo, large).err, QW_ERR_SPACE);
    assert_int_equal(ask_foreign(echo, torn).err, QW_ERR_IO);
    assert_int_equal(ask_foreign(echo, nonsense).err, QW_ERR_IO);
    outcome = ask_foreign(echo, elsewhere);
    assert_int_equal(outcome.err, QW_OK); /* and nobody goes there */
    assert_int_equal(outcome.status, 302);
}

static void says_when_the_peer_does_not_believe_its_certificate(void **state)
{
    struct foreign distrustful = { .head = "", .wants_other_clients = true };

    assert_int_equal(ask_foreign(*state, distrustful).err, QW_ERR_AUTH);
}

static void says_when_no_memory_is_left_for_an_answer(void **state)
{
    struct foreign full = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n",
                            .body_len = 4096 };
    struct foreign empty = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" };

    arm_at_call = 1;
    assert_int_equal(ask_foreign(*state, full).err, QW_ERR_NOMEM);
    arm_at_call = 1;
    assert_int_equal(ask_foreign(*state, empty).err, QW_ERR_NOMEM);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sends_method_path_query_and_body_as_given),
        CASE(gives_every_status_and_an_empty_answer_as_they_are),
        CASE(takes_large_answers),
        CASE(believes_an_equal_by_its_identity_only),
        CASE(believes_only_the_right_peer),
        CASE(gets_no_answer_with_a_refused_certificate),
        CASE(gives_up_after_its_time),
        CASE(comes_back_after_the_server_was_away),
        CASE(listens_to_no_proxy_of_the_environment),
        CASE(refuses_what_is_no_https_peer),
        CASE(is_made_as_a_whole_or_not_at_all),
        CASE(bounds_what_a_foreign_peer_sends),
        CASE(says_when_the_peer_does_not_believe_its_certificate),
        CASE(says_when_no_memory_is_left_for_an_answer),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
