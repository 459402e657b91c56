/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_API_HTTP_FIXTURE_H
#define QW_TESTS_UNIT_API_HTTP_FIXTURE_H

/* A folder with an authority, a foreign authority and certificates, a server with an echo handler
 * behind it, and a TLS client that sends raw bytes. The including test defines _GNU_SOURCE. */
#include "api/certificate.h"
#include "api/http_answer.h"
#include "api/http_client.h"
#include "api/http_server.h"
#include "api/json_writer.h"
#include "base/clock.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline const char *in_folder(const char *folder, const char *name, char out[static 512])
{
    snprintf(out, 512, "%s/%s", folder, name);
    return out;
}

static inline struct qw_certificate_authority *authority_of(const char *folder, const char *name)
{
    struct qw_certificate_authority *authority = NULL;
    char a[512], b[512], file[64];

    snprintf(file, sizeof file, "%s.pem", name);
    in_folder(folder, file, a);
    snprintf(file, sizeof file, "%s.key", name);
    in_folder(folder, file, b);
    assert_int_equal(qw_certificate_authority_open(a, b, &authority), QW_OK);
    return authority;
}

static inline void issue(const char *folder, const char *authority_name, const char *name,
                         const struct qw_certificate_request *request)
{
    struct qw_certificate_authority *authority = authority_of(folder, authority_name);
    char a[512], b[512], file[64];

    snprintf(file, sizeof file, "%s.pem", name);
    in_folder(folder, file, a);
    snprintf(file, sizeof file, "%s.key", name);
    in_folder(folder, file, b);
    assert_int_equal(qw_certificate_issue(authority, request, a, b), QW_OK);
    qw_certificate_authority_free(authority);
}

static inline void make_authority(const char *folder, const char *name)
{
    char a[512], b[512], file[64];

    snprintf(file, sizeof file, "%s.pem", name);
    in_folder(folder, file, a);
    snprintf(file, sizeof file, "%s.key", name);
    in_folder(folder, file, b);
    assert_int_equal(qw_certificate_authority_create("test authority", 1, a, b), QW_OK);
}

/* An authority's list of revocations, empty; and one certificate more on it. */
static inline void make_list(const char *folder, const char *authority_name, const char *path)
{
    struct qw_certificate_authority *authority = authority_of(folder, authority_name);

    assert_int_equal(qw_certificate_list_create(authority, path), QW_OK);
    qw_certificate_authority_free(authority);
}

static inline void take_back(const char *folder, const char *authority_name, const char *name,
                             const char *path)
{
    struct qw_certificate_authority *authority = authority_of(folder, authority_name);
    char certificate[512], file[64];

    snprintf(file, sizeof file, "%s.pem", name);
    assert_int_equal(qw_certificate_revoke(authority, in_folder(folder, file, certificate), path),
                     QW_OK);
    qw_certificate_authority_free(authority);
}

static inline void remove_folder(const char *folder)
{
    char command[600];

    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

/* A certificate of authority "ca" whose extensions the test writes itself, to be as odd as needed.
 * san and usage in OpenSSL's configuration syntax, NULL: none. */
static inline void issue_odd(const char *folder, const char *name, const char *const *common_names,
                             const char *san, const char *usage)
{
    char path[512], file[64];
    FILE *in = fopen(in_folder(folder, "ca.key", path), "r");
    EVP_PKEY *ca_key, *key = EVP_EC_gen("P-256");
    X509 *ca, *leaf = X509_new();
    const struct {
        int id;
        const char *value;
    } extensions[] = { { NID_subject_alt_name, san }, { NID_ext_key_usage, usage } };
    FILE *out;

    assert_non_null(in);
    ca_key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
    fclose(in);
    in = fopen(in_folder(folder, "ca.pem", path), "r");
    assert_non_null(in);
    ca = PEM_read_X509(in, NULL, NULL, NULL);
    fclose(in);
    X509_set_version(leaf, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(leaf), 4711);
    X509_gmtime_adj(X509_getm_notBefore(leaf), -60);
    X509_gmtime_adj(X509_getm_notAfter(leaf), 3600);
    X509_set_pubkey(leaf, key);
    X509_set_issuer_name(leaf, X509_get_subject_name(ca));
    X509_NAME_add_entry_by_txt(X509_get_subject_name(leaf), "O", MBSTRING_UTF8,
                               (const unsigned char *)"odd", -1, -1, 0);
    for (; *common_names != NULL; common_names++) {
        X509_NAME_add_entry_by_txt(X509_get_subject_name(leaf), "CN", MBSTRING_UTF8,
                                   (const unsigned char *)*common_names, -1, -1, 0);
    }
    for (size_t i = 0; i < 2; i++) {
        X509V3_CTX context;
        X509_EXTENSION *extension;

        if (extensions[i].value == NULL) {
            continue;
        }
        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, ca, leaf, NULL, NULL, 0);
        extension = X509V3_EXT_conf_nid(NULL, &context, extensions[i].id, extensions[i].value);
        assert_non_null(extension);
        X509_add_ext(leaf, extension, -1);
        X509_EXTENSION_free(extension);
    }
    assert_true(X509_sign(leaf, ca_key, EVP_sha256()) > 0);
    snprintf(file, sizeof file, "%s.pem", name);
    out = fopen(in_folder(folder, file, path), "w");
    assert_int_equal(PEM_write_X509(out, leaf), 1);
    fclose(out);
    snprintf(file, sizeof file, "%s.key", name);
    out = fopen(in_folder(folder, file, path), "w");
    assert_int_equal(PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(out);
    X509_free(leaf);
    X509_free(ca);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
}

/* Authorities ca and foreign; certificates server, client, stranger (foreign), expired. */
static inline void make_certificates(const char *folder)
{
    static const char *const hosts[] = { "localhost", "127.0.0.1" };
    struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_SERVER,
                                              .uri = "urn:qwave:centre:test",
                                              .hosts = hosts,
                                              .host_count = 2,
                                              .days = 1 };

    make_authority(folder, "ca");
    make_authority(folder, "foreign");
    issue(folder, "ca", "server", &request);
    issue(folder, "foreign", "foreign-server", &request);
    request = (struct qw_certificate_request){ .purpose = QW_CERTIFICATE_CLIENT,
                                               .uri = "urn:qwave:operator:alice",
                                               .days = 1 };
    issue(folder, "ca", "client", &request);
    issue(folder, "foreign", "stranger", &request);
    request.from_ms = qw_clock_utc_ms() - 3 * (int64_t)86400000;
    issue(folder, "ca", "expired", &request);
}

struct echo {
    char folder[64];
    char paths[3][512];
    struct qw_log log;
    FILE *log_stream;
    struct qw_http_server *server;
    uint16_t port;
    pthread_mutex_t lock;
    unsigned calls;
    unsigned running, running_most;
    int pause_ms;
    unsigned meet; /* a handler goes on when so many have run at once, or after 20 s */
};

static inline unsigned echo_most(struct echo *echo)
{
    unsigned most;

    pthread_mutex_lock(&echo->lock);
    most = echo->running_most;
    pthread_mutex_unlock(&echo->lock);
    return most;
}

/* Answers with what it was asked; /large with a megabyte, /odd with every header there is. */
static inline void echo_handle(void *self, const struct qw_http_request *request,
                               struct qw_http_answer *answer)
{
    struct echo *echo = self;
    char text[16384];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    pthread_mutex_lock(&echo->lock);
    echo->calls++;
    echo->running++;
    if (echo->running > echo->running_most) {
        echo->running_most = echo->running;
    }
    pthread_mutex_unlock(&echo->lock);
    if (echo->pause_ms > 0) {
        usleep((useconds_t)echo->pause_ms * 1000);
    }
    for (int i = 0; i < 20000 && echo_most(echo) < echo->meet; i++) {
        usleep(1000);
    }
    answer->status = 200;
    answer->content_type = "application/json";
    if (strcmp(request->path, "/large") == 0) {
        memset(text, 'x', sizeof text);
        for (int i = 0; i < 64; i++) {
            assert_int_equal(qw_http_answer_write(answer, text, sizeof text), QW_OK);
        }
    } else if (strcmp(request->path, "/odd") == 0) {
        qw_http_answer_error(answer, 405, "method not allowed");
        answer->allow = "GET";
        answer->retry_after_s = 7;
    } else if (strcmp(request->path, "/lent") == 0) {
        static const struct qw_http_header headers[] = { { "X-One", "1" },
                                                         { "X-Two", "2" },
                                                         { NULL, NULL } };

        answer->lent = "lent bytes";
        answer->lent_len = 10;
        answer->cache_control = "no-cache";
        answer->entity_tag = "\"tag\"";
        answer->content_encoding = "identity";
        answer->headers = headers;
    } else if (strcmp(request->path, "/fields") == 0) {
        const char *const fields[] = { request->host, request->origin, request->fetch_site,
                                       request->accept_encoding, request->if_none_match };

        qw_json_array_begin(&w);
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
            qw_json_text(&w, fields[i] == NULL ? "none" : fields[i]);
        }
        qw_json_array_end(&w);
        assert_int_equal(qw_http_answer_write(answer, text, w.len), QW_OK);
    } else if (strcmp(request->path, "/empty") == 0) {
        answer->status = 200;
    } else {
        qw_json_object_begin(&w);
        qw_json_name(&w, "method");
        qw_json_text(&w, request->method);
        qw_json_name(&w, "path");
        qw_json_text(&w, request->path);
        qw_json_name(&w, "query");
        qw_json_text(&w, request->query);
        qw_json_name(&w, "identity");
        qw_json_text(&w, request->identity);
        qw_json_name(&w, "content_type");
        qw_json_text(&w, request->content_type);
        qw_json_name(&w, "body_len");
        qw_json_uint(&w, request->body_len);
        qw_json_name(&w, "first");
        qw_json_uint(&w, request->body_len > 0 ? request->body[0] : 0);
        qw_json_object_end(&w);
        assert_true(qw_json_done(&w));
        if (qw_http_answer_write(answer, text, w.len) != QW_OK) {
            qw_http_answer_error(answer, 503, "temporarily unavailable");
        }
    }
    pthread_mutex_lock(&echo->lock);
    echo->running--;
    pthread_mutex_unlock(&echo->lock);
}

static inline void echo_config(struct echo *echo, struct qw_http_server_config *config)
{
    *config = (struct qw_http_server_config){
        .address = "127.0.0.1",
        .certificate_path = in_folder(echo->folder, "server.pem", echo->paths[0]),
        .key_path = in_folder(echo->folder, "server.key", echo->paths[1]),
        .client_ca_path = in_folder(echo->folder, "ca.pem", echo->paths[2]),
        .threads = 2,
        .connections_max = 64,
        .connections_per_address_max = 64,
        .idle_timeout_s = 300,
        .request_timeout_ms = 300000, /* on a busy machine a handshake takes seconds */
        .log = &echo->log,
        .self = echo,
        .handle = echo_handle,
    };
}

static inline void echo_prepare(struct echo *echo)
{
    *echo = (struct echo){ .folder = "/tmp/qwave-http-XXXXXX" };
    assert_non_null(mkdtemp(echo->folder));
    pthread_mutex_init(&echo->lock, NULL);
    echo->log_stream = fopen("/dev/null", "w");
    echo->log =
        (struct qw_log){ .stream = getenv("QW_TEST_LOG") != NULL ? stderr : echo->log_stream,
                         .component = "http",
                         .level = QW_LOG_DEBUG };
    make_certificates(echo->folder);
}

static inline void echo_serve(struct echo *echo, const struct qw_http_server_config *config)
{
    assert_int_equal(qw_http_server_new(config, &echo->server, &echo->port), QW_OK);
    assert_int_not_equal(echo->port, 0);
}

static inline void echo_start(struct echo *echo)
{
    struct qw_http_server_config config;

    echo_prepare(echo);
    echo_config(echo, &config);
    echo_serve(echo, &config);
}

static inline void echo_stop(struct echo *echo)
{
    qw_http_server_free(echo->server);
    fclose(echo->log_stream);
    pthread_mutex_destroy(&echo->lock);
    remove_folder(echo->folder);
}

static inline struct qw_http_client *client_for(const char *folder, uint16_t port, const char *name,
                                                const char *authority, const char *host)
{
    char paths[3][512];
    char file[64], url[128];
    struct qw_http_client_config config = { .base_url = url, .timeout_ms = 60000 };
    struct qw_http_client *client = NULL;

    snprintf(url, sizeof url, "https://%s:%u", host, (unsigned)port);
    snprintf(file, sizeof file, "%s.pem", name);
    config.certificate_path = in_folder(folder, file, paths[0]);
    snprintf(file, sizeof file, "%s.key", name);
    config.key_path = in_folder(folder, file, paths[1]);
    snprintf(file, sizeof file, "%s.pem", authority);
    config.ca_path = in_folder(folder, file, paths[2]);
    assert_int_equal(qw_http_client_new(&config, &client), QW_OK);
    return client;
}

struct raw { /* a TLS connection that says exactly what the test writes */
    int fd;
    SSL_CTX *context;
    SSL *ssl;
};

static inline int plain_connect(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct timeval patience = { .tv_sec = 60 };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* name NULL: shows no certificate. The handshake's own result is left to what follows: in TLS 1.3
 * the client finishes before the server has seen its certificate. */
static inline struct raw raw_open(const char *folder, uint16_t port, const char *name, int version)
{
    struct raw raw = { .fd = plain_connect(port), .context = SSL_CTX_new(TLS_client_method()) };
    char path[512], file[64];

    SSL_CTX_set_min_proto_version(raw.context, version);
    SSL_CTX_set_max_proto_version(raw.context, version);
    if (name != NULL) {
        snprintf(file, sizeof file, "%s.pem", name);
        assert_int_equal(SSL_CTX_use_certificate_file(raw.context, in_folder(folder, file, path),
                                                      SSL_FILETYPE_PEM),
                         1);
        snprintf(file, sizeof file, "%s.key", name);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(raw.context, in_folder(folder, file, path),
                                                     SSL_FILETYPE_PEM),
                         1);
    }
    raw.ssl = SSL_new(raw.context);
    SSL_set_fd(raw.ssl, raw.fd);
    return raw;
}

static inline void raw_close(struct raw *raw)
{
    SSL_free(raw->ssl);
    SSL_CTX_free(raw->context);
    close(raw->fd);
}

static inline bool raw_send(struct raw *raw, const char *text, size_t len)
{
    return SSL_write(raw->ssl, text, (int)len) == (int)len;
}

/* Everything until the peer closes, or one whole answer by its Content-Length. */
static inline size_t raw_receive(struct raw *raw, char *out, size_t cap)
{
    size_t len = 0;

    out[0] = '\0';
    while (len + 1 < cap) {
        int n = SSL_read(raw->ssl, out + len, (int)(cap - len - 1));
        const char *end, *length;

        if (n <= 0) {
            break;
        }
        len += (size_t)n;
        out[len] = '\0';
        end = strstr(out, "\r\n\r\n");
        length = strstr(out, "Content-Length: ");
        if (end != NULL && length != NULL && length < end &&
            len >= (size_t)(end + 4 - out) + strtoul(length + 16, NULL, 10)) {
            break;
        }
    }
    return len;
}

/* Sends a whole request and gives the status, 0 when no answer came. */
static inline unsigned raw_ask(struct raw *raw, const char *request, char *answer, size_t cap)
{
    unsigned status = 0;

    if (SSL_connect(raw->ssl) != 1 || !raw_send(raw, request, strlen(request))) {
        return 0;
    }
    raw_receive(raw, answer, cap);
    if (sscanf(answer, "HTTP/1.%*u %u", &status) != 1) {
        return 0;
    }
    return status;
}

#endif
