/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 Q5 */
#define _GNU_SOURCE
#include "http_fixture.h"

/* A server that answers the first request there is, and closes at every other without a word. */
struct mute {
    int listener;
    const char *folder;
    unsigned requests; /* that came */
};

static bool answers(struct mute *mute, SSL *ssl)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    char in[2048];

    if (SSL_read(ssl, in, sizeof in) <= 0) {
        return false;
    }
    mute->requests++;
    return mute->requests == 1 && SSL_write(ssl, ok, sizeof ok - 1) > 0;
}

/* Until the listener is shut down. */
static void *serve(void *self)
{
    struct mute *mute = self;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    char path[512];
    int fd;

    SSL_CTX_use_certificate_file(context, in_folder(mute->folder, "server.pem", path),
                                 SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context, in_folder(mute->folder, "server.key", path),
                                SSL_FILETYPE_PEM);
    while ((fd = accept(mute->listener, NULL, NULL)) >= 0) {
        SSL *ssl = SSL_new(context);

        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1) {
            while (answers(mute, ssl)) {
            }
        }
        SSL_free(ssl);
        close(fd);
    }
    SSL_CTX_free(context);
    return NULL;
}

/* How many requests arrive when a client makes two calls. */
static unsigned requests_of_two_calls(const char *folder, bool sends_once)
{
    char certificate[512], key[512], ca[512], url[64];
    struct mute mute = { .listener = socket(AF_INET, SOCK_STREAM, 0), .folder = folder };
    struct qw_http_client_config config = { .base_url = url,
                                            .certificate_path =
                                                in_folder(folder, "client.pem", certificate),
                                            .key_path = in_folder(folder, "client.key", key),
                                            .ca_path = in_folder(folder, "ca.pem", ca),
                                            .timeout_ms = 60000,
                                            .sends_once = sends_once };
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    struct qw_http_client *client = NULL;
    const char *answer = NULL;
    size_t answer_len = 0;
    unsigned status = 0;
    pthread_t thread;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(mute.listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(mute.listener, 4), 0);
    assert_int_equal(getsockname(mute.listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve, &mute), 0);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(qw_http_client_new(&config, &client), QW_OK);
    assert_int_equal(qw_http_client_call(client, "POST", "/", "{}", &status, &answer, &answer_len),
                     QW_OK);
    assert_int_equal(qw_http_client_call(client, "POST", "/", "{}", &status, &answer, &answer_len),
                     QW_ERR_IO);
    qw_http_client_free(client);
    shutdown(mute.listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(mute.listener);
    return mute.requests;
}

static void what_may_happen_once_is_sent_once(void **state)
{
    char folder[] = "/tmp/qwave-http-XXXXXX";

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_non_null(mkdtemp(folder));
    make_certificates(folder);
    assert_int_equal(requests_of_two_calls(folder, true), 2);
    assert_int_equal(requests_of_two_calls(folder, false), 3); /* the second one came twice */
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_may_happen_once_is_sent_once) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
