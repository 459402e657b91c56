/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 S3 */
/* Callers with pre-shared keys over the network, OpenSSL as their end [docs/protocol/skip.md]. */
#define _GNU_SOURCE
#include "http_fixture.h"

#include "api/psk/connection.h"
#include "base/secret.h"
#include "support/fail_nth.h"

#include <gnutls/gnutls.h>
#include <openssl/err.h>

FAIL_NTH(int, gnutls_psk_allocate_server_credentials, GNUTLS_E_MEMORY_ERROR,
         (gnutls_psk_server_credentials_t * credentials), (credentials));
FAIL_NTH(int, gnutls_psk_set_server_known_dh_params, GNUTLS_E_MEMORY_ERROR,
         (gnutls_psk_server_credentials_t credentials, gnutls_sec_param_t param),
         (credentials, param));
FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

static const char GET[] = "GET /key HTTP/1.1\r\nHost: h\r\n\r\n";

enum { ROWS = 2 };

static struct keyring { /* what the server asks */
    pthread_mutex_t lock;
    struct {
        const char *id;
        struct qw_psk psk;
        bool is_there;
    } rows[ROWS];
    uint64_t changes;
    qw_err find_err, note_err;
    unsigned finds, lost_at; /* from this find on, nobody is there; 0: never */
    unsigned notes;
    char noted[128];
} keyring;

static qw_err find(void *self, const char *id, struct qw_psk *psk)
{
    struct keyring *k = self;
    qw_err err = QW_ERR_NOT_FOUND;

    pthread_mutex_lock(&k->lock);
    k->finds++;
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(k->rows[i].id, id) == 0 && k->rows[i].is_there &&
            (k->lost_at == 0 || k->finds < k->lost_at)) {
            *psk = k->rows[i].psk;
            err = QW_OK;
        }
    }
    err = k->find_err != QW_OK ? k->find_err : err;
    pthread_mutex_unlock(&k->lock);
    return err;
}

static qw_err note(void *self, const char *id, const uint8_t name[static 32], const char *address)
{
    struct keyring *k = self;
    qw_err err;

    pthread_mutex_lock(&k->lock);
    err = k->note_err;
    k->notes++;
    snprintf(k->noted, sizeof k->noted, "%s %02x %s", id, name[0], address);
    pthread_mutex_unlock(&k->lock);
    return err;
}

static uint64_t changes(void *self)
{
    struct keyring *k = self;
    uint64_t count;

    pthread_mutex_lock(&k->lock);
    count = k->changes;
    pthread_mutex_unlock(&k->lock);
    return count;
}

static const struct qw_psk_keys keys = {
    .self = &keyring, .prefix = "urn:test:", .find = find, .note = note, .changes = changes
};

static void set_there(size_t row, bool is_there, uint8_t name)
{
    pthread_mutex_lock(&keyring.lock);
    keyring.rows[row].is_there = is_there;
    keyring.rows[row].psk.name[0] = name;
    keyring.changes++;
    pthread_mutex_unlock(&keyring.lock);
}

static void set_errors(qw_err find_err, qw_err note_err)
{
    pthread_mutex_lock(&keyring.lock);
    keyring.find_err = find_err;
    keyring.note_err = note_err;
    keyring.changes++;
    pthread_mutex_unlock(&keyring.lock);
}

static void psk_config(struct echo *echo, struct qw_http_server_config *config)
{
    echo_config(echo, config);
    config->psk = &keys;
    config->certificate_path = NULL;
    config->key_path = NULL;
    config->client_ca_path = NULL;
    config->request_timeout_ms = 300000; /* no deadline is tested here */
}

static int start(void **state)
{
    struct echo *echo = calloc(1, sizeof *echo);
    struct qw_http_server_config config;

    memset(&keyring, 0, sizeof keyring);
    pthread_mutex_init(&keyring.lock, NULL);
    keyring.changes = 1;
    for (size_t i = 0; i < ROWS; i++) {
        keyring.rows[i].id = i == 0 ? "router-a" : "router-b";
        keyring.rows[i].is_there = true;
        memset(keyring.rows[i].psk.key, 0xa0 + (int)i, QW_PSK_LEN);
        keyring.rows[i].psk.name[0] = (uint8_t)(0x10 + i);
    }
    echo_prepare(echo);
    psk_config(echo, &config);
    echo_serve(echo, &config);
    *state = echo;
    return 0;
}

static int stop(void **state)
{
    echo_stop(*state);
    free(*state);
    pthread_mutex_destroy(&keyring.lock);
    return 0;
}

static struct client { /* what OpenSSL is told when it asks; one handshake at a time */
    const char *id;
    uint8_t key[QW_PSK_LEN];
} client;

static unsigned tickets;

static unsigned give_psk(SSL *ssl, const char *hint, char *id, unsigned id_cap, unsigned char *key,
                         unsigned key_cap)
{
    (void)ssl;
    (void)hint;
    assert_true(strlen(client.id) < id_cap && key_cap >= sizeof client.key);
    strcpy(id, client.id); /* fits, as was checked */
    memcpy(key, client.key, sizeof client.key);
    return sizeof client.key;
}

static int count_ticket(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    tickets += SSL_SESSION_has_ticket(session) != 0 ? 1 : 0;
    return 0;
}

/* suite NULL: as the library likes. */
static struct raw psk_open(const struct echo *echo, const char *id, uint8_t key, int version,
                           const char *suite)
{
    struct raw raw = raw_open(echo->folder, echo->port, NULL, version);

    client.id = id;
    memset(client.key, key, sizeof client.key);
    SSL_set_psk_client_callback(raw.ssl, give_psk);
    if (suite != NULL) {
        assert_int_equal(version == TLS1_3_VERSION ? SSL_set_ciphersuites(raw.ssl, suite)
                                                   : SSL_set_cipher_list(raw.ssl, suite),
                         1);
    }
    SSL_CTX_set_session_cache_mode(raw.context, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(raw.context, count_ticket);
    return raw;
}

static unsigned ask_with(const struct echo *echo, const char *id, uint8_t key, int version,
                         const char *suite, char answer[4096])
{
    struct raw raw = psk_open(echo, id, key, version, suite);
    unsigned status;

    answer[0] = '\0';
    status = raw_ask(&raw, GET, answer, 4096);
    raw_close(&raw);
    return status;
}

static bool ask_again(struct raw *raw, unsigned want)
{
    char answer[4096];
    unsigned status = 0;

    return raw_send(raw, GET, strlen(GET)) && raw_receive(raw, answer, sizeof answer) > 0 &&
           sscanf(answer, "HTTP/1.%*u %u", &status) == 1 && status == want;
}

/* S1, S5 */
static void serves_who_knows_his_key(void **state)
{
    static const struct {
        int version;
        const char *suite;
    } rows[] = { { TLS1_3_VERSION, NULL },
                 { TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256" },
                 { TLS1_2_VERSION, NULL },
                 { TLS1_2_VERSION, "DHE-PSK-AES256-CBC-SHA384" },
                 { TLS1_2_VERSION, "DHE-PSK-AES256-GCM-SHA384" },
                 { TLS1_2_VERSION, "ECDHE-PSK-CHACHA20-POLY1305" } };
    struct echo *echo = *state;
    char answer[4096];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(ask_with(echo, "router-a", 0xa0, rows[i].version, rows[i].suite, answer),
                         200);
        assert_non_null(strstr(answer, "\"identity\":\"urn:test:router-a\""));
        assert_int_equal(keyring.notes, i + 1);
        assert_string_equal(keyring.noted, "router-a 10 127.0.0.1");
    }
    assert_int_equal(ask_with(echo, "router-b", 0xa1, TLS1_3_VERSION, NULL, answer), 200);
    assert_non_null(strstr(answer, "\"identity\":\"urn:test:router-b\""));
}

/* S1: no cipher that is too short, no exchange without a fresh key, no certificate, nothing older.
 */
static void takes_nothing_weaker(void **state)
{
    static const struct {
        int version;
        const char *suite;
    } rows[] = { { TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256" },
                 { TLS1_2_VERSION, "PSK-AES256-GCM-SHA384" },
                 { TLS1_2_VERSION, "DHE-PSK-AES128-GCM-SHA256" },
                 { TLS1_2_VERSION, "DHE-PSK-AES256-CBC-SHA" },
                 { TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384" },
                 { TLS1_1_VERSION, "DHE-PSK-AES256-CBC-SHA:@SECLEVEL=0" } };
    struct echo *echo = *state;
    char answer[4096];
    struct raw raw = raw_open(echo->folder, echo->port, "client", TLS1_3_VERSION);

    assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 0);
    raw_close(&raw);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(ask_with(echo, "router-a", 0xa0, rows[i].version, rows[i].suite, answer),
                         0);
    }
    raw = psk_open(echo, "router-a", 0xa0, TLS1_2_VERSION, "DHE-PSK-AES256-CBC-SHA384");
    SSL_set_options(raw.ssl, SSL_OP_NO_ENCRYPT_THEN_MAC);
    assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 0);
    raw_close(&raw);
    assert_int_equal(echo->calls, 0);
    assert_int_equal(keyring.notes, 0);
}

/* What the peer says at the end of a handshake that fails. */
static unsigned long alert_for(const struct echo *echo, const char *id, uint8_t key, int version)
{
    struct raw raw = psk_open(echo, id, key, version,
                              version == TLS1_2_VERSION ? "DHE-PSK-AES256-GCM-SHA384" : NULL);
    char byte;
    unsigned long error;

    ERR_clear_error();
    if (SSL_connect(raw.ssl) == 1) {
        assert_int_equal(SSL_read(raw.ssl, &byte, 1), -1);
    }
    error = ERR_peek_last_error();
    raw_close(&raw);
    return error;
}

/* P-7 */
static void says_the_same_to_all_who_do_not_know_it(void **state)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
    struct echo *echo = *state;
    char long_id[100];

    memset(long_id, 'x', sizeof long_id);
    long_id[64] = '\0';
    set_there(1, false, 0);
    for (size_t i = 0; i < 2; i++) {
        unsigned long wrong_key = alert_for(echo, "router-a", 0x55, versions[i]);

        assert_int_not_equal(wrong_key, 0);
        assert_int_equal(alert_for(echo, "nobody", 0xa0, versions[i]), wrong_key);
        assert_int_equal(alert_for(echo, "router-b", 0xa1, versions[i]), wrong_key);
        assert_int_equal(alert_for(echo, "router", 0xa0, versions[i]), wrong_key);
        assert_int_equal(alert_for(echo, "router-a ", 0xa0, versions[i]), wrong_key);
        assert_int_equal(alert_for(echo, "router-a\n", 0xa0, versions[i]), wrong_key);
        assert_int_equal(alert_for(echo, long_id, 0xa0, versions[i]), wrong_key);
    }
    set_errors(QW_ERR_IO, QW_OK);
    assert_int_equal(alert_for(echo, "router-a", 0xa0, TLS1_3_VERSION),
                     alert_for(echo, "nobody", 0xa0, TLS1_3_VERSION));
    assert_int_equal(keyring.notes, 0);
    assert_int_equal(echo->calls, 0);
}

/* S6 */
static void gives_no_tickets(void **state)
{
    struct echo *echo = *state;
    char answer[4096];

    tickets = 0;
    assert_int_equal(ask_with(echo, "router-a", 0xa0, TLS1_3_VERSION, NULL, answer), 200);
    assert_int_equal(ask_with(echo, "router-a", 0xa0, TLS1_2_VERSION, NULL, answer), 200);
    assert_int_equal(tickets, 0);
}

/* TLS 1.2 would let a client change who he is in the middle of a connection. */
static void ends_a_connection_that_wants_a_second_handshake(void **state)
{
    struct echo *echo = *state;
    char answer[4096];
    struct raw raw = psk_open(echo, "router-a", 0xa0, TLS1_2_VERSION, NULL);

    assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 200);
    client.id = "router-b";
    memset(client.key, 0xa1, sizeof client.key);
    assert_int_equal(SSL_renegotiate(raw.ssl), 1);
    assert_int_not_equal(SSL_do_handshake(raw.ssl), 1);
    assert_false(ask_again(&raw, 200));
    assert_int_equal(keyring.notes, 1);
    assert_int_equal(echo->calls, 1);
    raw_close(&raw);
}

/* S7, P-9 */
static void ends_the_connections_of_a_revoked_key_by_itself(void **state)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
    struct echo *echo = *state;
    char answer[4096], byte;

    for (size_t i = 0; i < 2; i++) {
        struct raw a = psk_open(echo, "router-a", 0xa0, versions[i], NULL);
        struct raw b, again;

        assert_int_equal(raw_ask(&a, GET, answer, sizeof answer), 200);
        again = psk_open(echo, "router-a", 0xa0, versions[i], NULL);
        assert_int_equal(raw_ask(&again, GET, answer, sizeof answer), 200);
        b = psk_open(echo, "router-b", 0xa1, versions[i], NULL);
        assert_int_equal(raw_ask(&b, GET, answer, sizeof answer), 200);
        set_there(0, false, 0);
        assert_true(SSL_read(a.ssl, &byte, 1) <= 0);
        assert_true(SSL_read(again.ssl, &byte, 1) <= 0);
        assert_true(ask_again(&b, 200));
        raw_close(&a);
        raw_close(&again);
        raw_close(&b);
        assert_int_equal(ask_with(echo, "router-a", 0xa0, versions[i], NULL, answer), 0);
        set_there(0, true, 0x10);
    }
}

/* S7: also before the watchdog has come by. */
static void serves_no_request_after_the_revocation(void **state)
{
    struct echo *echo = *state;
    char answer[4096];

    for (int i = 0; i < 5; i++) {
        struct raw raw = psk_open(echo, "router-a", 0xa0, TLS1_3_VERSION, NULL);
        unsigned calls;

        assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 200);
        calls = echo->calls;
        set_there(0, false, 0);
        (void)ask_again(&raw, 401);
        assert_int_equal(echo->calls, calls);
        raw_close(&raw);
        set_there(0, true, 0x10);
    }
}

/* S4, S7: another key of the same identity is another key. */
static void a_new_key_does_not_carry_the_connections_of_the_old_one(void **state)
{
    struct echo *echo = *state;
    char answer[4096], byte;
    struct raw raw = psk_open(echo, "router-a", 0xa0, TLS1_3_VERSION, NULL);

    assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 200);
    set_there(0, true, 0x77);
    assert_true(SSL_read(raw.ssl, &byte, 1) <= 0);
    raw_close(&raw);
}

/* S4 */
static void refuses_a_key_that_is_revoked_during_the_handshake(void **state)
{
    struct echo *echo = *state;
    char answer[4096];

    keyring.lost_at = 2;
    assert_int_equal(ask_with(echo, "router-a", 0xa0, TLS1_3_VERSION, NULL, answer), 0);
    keyring.finds = 0;
    assert_int_equal(ask_with(echo, "router-a", 0xa0, TLS1_2_VERSION, NULL, answer), 0);
    assert_int_equal(keyring.notes, 0);
    assert_int_equal(echo->calls, 0);
}

/* S4 */
static void serves_nobody_whose_use_cannot_be_journalled(void **state)
{
    struct echo *echo = *state;
    char answer[4096];

    set_errors(QW_OK, QW_ERR_IO);
    assert_int_equal(ask_with(echo, "router-a", 0xa0, TLS1_3_VERSION, NULL, answer), 0);
    assert_int_equal(ask_with(echo, "router-a", 0xa0, TLS1_2_VERSION, NULL, answer), 0);
    assert_int_equal(echo->calls, 0);
    set_errors(QW_OK, QW_OK);
    assert_int_equal(ask_with(echo, "router-a", 0xa0, TLS1_3_VERSION, NULL, answer), 200);
}

static void waits_for_a_store_that_cannot_be_asked(void **state)
{
    struct echo *echo = *state;
    char answer[4096];
    struct raw raw = psk_open(echo, "router-a", 0xa0, TLS1_3_VERSION, NULL);

    assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 200);
    set_errors(QW_ERR_IO, QW_OK);
    assert_true(ask_again(&raw, 503));
    assert_int_equal(echo->calls, 1);
    set_errors(QW_OK, QW_OK);
    assert_true(ask_again(&raw, 200));
    raw_close(&raw);
}

static void starts_as_a_whole_or_not_at_all(void **state)
{
    struct echo *echo = *state;
    struct qw_http_server_config config;
    struct qw_http_server *server = NULL;
    uint16_t port = 0;
    qw_err err = QW_ERR_NOMEM;
    int failures = -1;

    psk_config(echo, &config);
    for (int n = 1; err != QW_OK; n++) {
        fail_nth = n;
        err = qw_http_server_new(&config, &server, &port);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && server == NULL));
        failures++;
        assert_true(n < 50);
    }
    assert_true(failures >= 3); /* the server and the two of the gate */
    qw_http_server_free(server);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(serves_who_knows_his_key),
        CASE(takes_nothing_weaker),
        CASE(says_the_same_to_all_who_do_not_know_it),
        CASE(gives_no_tickets),
        CASE(ends_a_connection_that_wants_a_second_handshake),
        CASE(ends_the_connections_of_a_revoked_key_by_itself),
        CASE(serves_no_request_after_the_revocation),
        CASE(a_new_key_does_not_carry_the_connections_of_the_old_one),
        CASE(refuses_a_key_that_is_revoked_during_the_handshake),
        CASE(serves_nobody_whose_use_cannot_be_journalled),
        CASE(waits_for_a_store_that_cannot_be_asked),
        CASE(starts_as_a_whole_or_not_at_all),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("api.psk_connection", tests, NULL, NULL);
}
