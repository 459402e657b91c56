/* SPDX-License-Identifier: Apache-2.0 */
/* One peer over libcurl. Everything that could send a request elsewhere or weaken the check of the
 * peer is off: redirects, proxies, the environment, other protocols, the system's authorities. What
 * it does not do: libcurl's and OpenSSL's own buffers hold the answer too and are released unwiped;
 * keys that travel here are sealed once more [docs/protocol/centre-rest.md N3]. */
#include "api/http_client.h"

#include "api/certificate_identity.h"
#include "api/http_server.h"
#include "base/secret.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { URL_MAX = 4096, FIRST_CAP = 4000 };

struct qw_http_client {
    CURL *curl;
    struct curl_slist *headers;
    char *base_url;
    const char *peer_identity; /* borrowed; NULL: the certificate names the host */
    char *answer;              /* secret memory, NUL-terminated */
    size_t len, cap;
    qw_err answer_err;    /* why the answer could not be kept */
    bool is_peer_refusal; /* the peer's alert said that it does not accept our certificate */
};

static size_t keep_answer(char *data, size_t size, size_t count, void *self)
{
    struct qw_http_client *client = self;
    size_t len = size * count;
    size_t cap = client->cap == 0 ? FIRST_CAP : client->cap;
    char *larger;

    if (len > QW_HTTP_ANSWER_MAX - client->len) {
        client->answer_err = QW_ERR_SPACE;
        return 0;
    }
    if (client->len + len + 1 > client->cap) {
        while (cap < client->len + len + 1) {
            cap *= 2;
        }
        larger = qw_secret_new(cap);
        if (larger == NULL) {
            client->answer_err = QW_ERR_NOMEM;
            return 0;
        }
        if (client->answer != NULL) {
            memcpy(larger, client->answer, client->len);
            qw_secret_free(client->answer);
        }
        client->answer = larger;
        client->cap = cap;
    }
    memcpy(client->answer + client->len, data, len);
    client->len += len;
    client->answer[client->len] = '\0';
    return len;
}

/* In TLS 1.3 a refused client certificate shows as an alert after the handshake, which libcurl
 * reports as a read error like any other. */
static void watch_alerts(const SSL *ssl, int where, int value)
{
    struct qw_http_client *client = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && client != NULL) {
        switch (value & 0xFF) {
        case SSL_AD_BAD_CERTIFICATE:
        case SSL_AD_UNSUPPORTED_CERTIFICATE:
        case SSL_AD_CERTIFICATE_REVOKED:
        case SSL_AD_CERTIFICATE_EXPIRED:
        case SSL_AD_CERTIFICATE_UNKNOWN:
        case SSL_AD_UNKNOWN_CA:
        case SSL_AD_ACCESS_DENIED:
        case SSL_AD_CERTIFICATE_REQUIRED:
            client->is_peer_refusal = true;
            break;
        default:
            break;
        }
    }
}

static bool is_peer(const struct qw_http_client *client, X509 *certificate)
{
    struct qw_certificate_identity identity;
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    bool is = len > 0 && qw_certificate_identity_read(der, (size_t)len, &identity) == QW_OK &&
              identity.is_client && strcmp(identity.text, client->peer_identity) == 0;

    OPENSSL_free(der);
    return is;
}

/* Called for each certificate of the chain, the peer's own last; its name takes the place of the
 * host's. */
static int check_peer(int is_good, X509_STORE_CTX *chain)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct qw_http_client *client = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if (is_good == 1 && X509_STORE_CTX_get_error_depth(chain) == 0 &&
        !is_peer(client, X509_STORE_CTX_get_current_cert(chain))) {
        X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0;
    }
    return is_good;
}

static CURLcode prepare_tls(CURL *curl, void *context, void *self)
{
    const struct qw_http_client *client = self;

    (void)curl;
    if (client->peer_identity != NULL) {
        if (SSL_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT) != 1) {
            return CURLE_SSL_CERTPROBLEM;
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, check_peer);
    }
    SSL_CTX_set_app_data(context, self);
    SSL_CTX_set_info_callback(context, watch_alerts);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    return CURLE_OK;
}

struct option {
    CURLoption option;
    long value;
};

static CURLcode set_options(CURL *curl, const struct option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CURLcode result = curl_easy_setopt(curl, options[i].option, options[i].value);

        if (result != CURLE_OK) {
            return result;
        }
    }
    return CURLE_OK;
}

struct text_option {
    CURLoption option;
    const char *value;
};

static CURLcode set_texts(CURL *curl, const struct text_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CURLcode result = curl_easy_setopt(curl, options[i].option, options[i].value);

        if (result != CURLE_OK) {
            return result;
        }
    }
    return CURLE_OK;
}

static CURLcode configure(struct qw_http_client *client, const struct qw_http_client_config *config)
{
    const struct option numbers[] = {
        { CURLOPT_SSL_VERIFYPEER, 1 },
        { CURLOPT_SSL_VERIFYHOST, config->peer_identity == NULL ? 2 : 0 }, /* check_peer */
        { CURLOPT_SSLVERSION,
          config->is_probe ? (long)CURL_SSLVERSION_TLSv1_2 : (long)CURL_SSLVERSION_TLSv1_3 },
        { CURLOPT_FOLLOWLOCATION, 0 },
        { CURLOPT_NETRC, CURL_NETRC_IGNORED },
        { CURLOPT_NOSIGNAL, 1 },
        { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
        { CURLOPT_TCP_NODELAY, 1 },
        { CURLOPT_PATH_AS_IS, 1 },
        { CURLOPT_TIMEOUT_MS, config->timeout_ms },
        { CURLOPT_CONNECTTIMEOUT_MS, config->timeout_ms },
        { CURLOPT_FORBID_REUSE, config->sends_once },
    };
    const struct text_option texts[] = {
        { CURLOPT_PROTOCOLS_STR, config->is_plain ? "http" : "https" },
        { CURLOPT_PROXY, "" }, /* also hides the environment's */
        { CURLOPT_NOPROXY, "*" },
        { CURLOPT_CAINFO, config->ca_path },
        { CURLOPT_CAPATH, NULL },
        { CURLOPT_SSLCERT, config->certificate_path },
        { CURLOPT_SSLKEY, config->key_path },
    };
    CURLcode result = set_options(client->curl, numbers, sizeof numbers / sizeof numbers[0]);

    if (result == CURLE_OK) {
        result = set_texts(client->curl, texts, sizeof texts / sizeof texts[0]);
    }
    if (result == CURLE_OK) {
        result = curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, keep_answer);
    }
    if (result == CURLE_OK) {
        result = curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
    }
    if (result == CURLE_OK) {
        result = curl_easy_setopt(client->curl, CURLOPT_SSL_CTX_FUNCTION, prepare_tls);
    }
    if (result == CURLE_OK) {
        result = curl_easy_setopt(client->curl, CURLOPT_SSL_CTX_DATA, client);
    }
    if (result == CURLE_OK) {
        result = curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, client->headers);
    }
    return result;
}

/* "Expect:" with nothing behind it keeps libcurl from waiting a second before larger bodies. */
static struct curl_slist *make_headers(void)
{
    static const char *const lines[] = { "Content-Type: application/json", "Expect:" };
    struct curl_slist *headers = NULL;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct curl_slist *longer = curl_slist_append(headers, lines[i]);

        if (longer == NULL) {
            curl_slist_free_all(headers);
            return NULL;
        }
        headers = longer;
    }
    return headers;
}

static bool config_ok(const struct qw_http_client_config *config)
{
    size_t url_len = strlen(config->base_url);

    if (url_len > URL_MAX / 2 || config->timeout_ms <= 0) {
        return false;
    }
    if (config->is_plain) {
        return strncmp(config->base_url, "http://", 7) == 0;
    }
    return strncmp(config->base_url, "https://", 8) == 0 && config->ca_path != NULL &&
           (config->is_probe || (config->certificate_path != NULL && config->key_path != NULL));
}

qw_err qw_http_client_new(const struct qw_http_client_config *config,
                          struct qw_http_client **client_out)
{
    struct qw_http_client *client;
    size_t url_len = strlen(config->base_url);

    if (!config_ok(config)) {
        return QW_ERR_ARG;
    }
    client = calloc(1, sizeof *client);
    if (client == NULL) {
        return QW_ERR_NOMEM;
    }
    client->peer_identity = config->peer_identity;
    client->curl = curl_easy_init();
    client->headers = make_headers();
    client->base_url = calloc(1, url_len + 1);
    if (client->curl == NULL || client->headers == NULL || client->base_url == NULL ||
        configure(client, config) != CURLE_OK) {
        qw_http_client_free(client);
        return QW_ERR_NOMEM;
    }
    memcpy(client->base_url, config->base_url, url_len);
    if (client->base_url[url_len - 1] == '/') { /* paths bring their own */
        client->base_url[url_len - 1] = '\0';
    }
    *client_out = client;
    return QW_OK;
}

static void free_answer(struct qw_http_client *client)
{
    qw_secret_free(client->answer);
    client->answer = NULL;
    client->cap = 0;
}

/* Memory for a short answer stays for the next one: to lock pages costs as much as to ask. */
static void forget_answer(struct qw_http_client *client)
{
    if (client->cap > FIRST_CAP) {
        free_answer(client);
    } else if (client->answer != NULL) {
        qw_wipe(client->answer, client->len + 1);
    }
    client->len = 0;
    client->answer_err = QW_OK;
    client->is_peer_refusal = false;
}

void qw_http_client_free(struct qw_http_client *client)
{
    if (client == NULL) {
        return;
    }
    free_answer(client);
    curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
    free(client->base_url);
    free(client);
}

static qw_err error_of(const struct qw_http_client *client, CURLcode result)
{
    switch (result) {
    case CURLE_OK:
        return QW_OK;
    case CURLE_OPERATION_TIMEDOUT:
        return QW_ERR_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
        return QW_ERR_AUTH;
    case CURLE_OUT_OF_MEMORY:
        return QW_ERR_NOMEM;
    default:
        if (client->answer_err != QW_OK) {
            return client->answer_err;
        }
        return client->is_peer_refusal ? QW_ERR_AUTH : QW_ERR_IO;
    }
}

static CURLcode set_request(struct qw_http_client *client, const char *method, const char *path,
                            const char *body)
{
    char url[URL_MAX];
    size_t base_len = strlen(client->base_url);
    size_t path_len = strlen(path);
    bool has_body = body != NULL || strcmp(method, "GET") != 0;
    CURLcode result;

    if (path[0] != '/' || base_len + path_len >= sizeof url) {
        return CURLE_URL_MALFORMAT;
    }
    memcpy(url, client->base_url, base_len);
    memcpy(url + base_len, path, path_len + 1);
    result = curl_easy_setopt(client->curl, CURLOPT_URL, url);
    if (result == CURLE_OK) {
        result = curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L); /* forgets the last body */
    }
    if (result == CURLE_OK && has_body) {
        result = curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE,
                                  body == NULL ? 0L : (long)strlen(body));
        if (result == CURLE_OK) {
            result = curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, body == NULL ? "" : body);
        }
    }
    return result == CURLE_OK ? curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, method)
                              : result;
}

qw_err qw_http_client_call(struct qw_http_client *client, const char *method, const char *path,
                           const char *body, unsigned *status, const char **answer,
                           size_t *answer_len)
{
    long code = 0;
    CURLcode result;

    forget_answer(client);
    result = set_request(client, method, path, body);
    if (result == CURLE_URL_MALFORMAT) {
        return QW_ERR_ARG;
    }
    if (result == CURLE_OK) {
        result = curl_easy_perform(client->curl);
    }
    if (result == CURLE_OK && client->len == 0) {
        (void)keep_answer(client->base_url, 0, 0, client); /* an empty answer is a text too */
        result = client->answer == NULL ? CURLE_OUT_OF_MEMORY : CURLE_OK;
    }
    if (result == CURLE_OK) {
        result = curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &code);
    }
    if (result != CURLE_OK) {
        qw_err err = error_of(client, result);

        forget_answer(client);
        return err;
    }
    *status = (unsigned)code;
    *answer = client->answer;
    *answer_len = client->len;
    return QW_OK;
}
