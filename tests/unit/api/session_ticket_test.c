/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 S3 */
#define _GNU_SOURCE
#include "http_fixture.h"

#include "api/session_ticket.h"
#include "support/fail_nth.h"

FAIL_NTH(int, gnutls_session_ticket_key_generate, GNUTLS_E_MEMORY_ERROR, (gnutls_datum_t * key),
         (key));

enum { LIFE_MS = 3000 }; /* of a key: long enough for two calls on a machine that is busy */

static const char GET[] = "GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n";

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

/* The ticket of a session that was answered once. */
static SSL_SESSION *ticket_of(const struct echo *echo, const char *name)
{
    struct raw raw = raw_open(echo->folder, echo->port, name, TLS1_3_VERSION);
    char answer[4096];
    SSL_SESSION *session;

    assert_int_equal(raw_ask(&raw, GET, answer, sizeof answer), 200);
    session = SSL_get1_session(raw.ssl);
    assert_int_equal(SSL_SESSION_is_resumable(session), 1);
    SSL_shutdown(raw.ssl); /* else the library thinks ill of the session */
    raw_close(&raw);
    return session;
}

/* A connection with a ticket; 0: the server hung up. */
static unsigned ask_with(const struct echo *echo, const char *name, SSL_SESSION *ticket,
                         uint64_t options, bool *is_resumed, char answer[4096])
{
    struct raw raw = raw_open(echo->folder, echo->port, name, TLS1_3_VERSION);
    EVP_PKEY *exchange = NULL;
    unsigned status;

    SSL_set_options(raw.ssl, options);
    assert_int_equal(SSL_set_session(raw.ssl, ticket), 1);
    answer[0] = '\0';
    status = raw_ask(&raw, GET, answer, 4096);
    *is_resumed = SSL_session_reused(raw.ssl) == 1;
    /* There is a fresh key exchange in every handshake. */
    assert_true(status == 0 || SSL_get_peer_tmp_key(raw.ssl, &exchange) == 1);
    EVP_PKEY_free(exchange);
    raw_close(&raw);
    return status;
}

static void knows_the_caller_of_a_resumed_session(void **state)
{
    struct echo *echo = *state;
    SSL_SESSION *ticket = ticket_of(echo, "client");
    bool is_resumed = false;
    char answer[4096];

    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask_with(echo, "client", ticket, 0, &is_resumed, answer), 200);
        assert_true(is_resumed);
        assert_non_null(strstr(answer, "\"identity\":\"urn:qwave:operator:alice\""));
    }
    assert_int_equal(echo->calls, 4);
    SSL_SESSION_free(ticket);
}

/* Whoever shows another certificate beside the ticket is still who the ticket says. */
static void takes_the_identity_from_the_ticket_alone(void **state)
{
    struct echo *echo = *state;
    SSL_SESSION *ticket = ticket_of(echo, "client");
    bool is_resumed = false;
    char answer[4096];

    assert_int_equal(ask_with(echo, "stranger", ticket, 0, &is_resumed, answer), 200);
    assert_true(is_resumed);
    assert_non_null(strstr(answer, "\"identity\":\"urn:qwave:operator:alice\""));
    SSL_SESSION_free(ticket);
}

static void gives_no_early_data_and_never_goes_without_a_key_exchange(void **state)
{
    struct echo *echo = *state;
    SSL_SESSION *ticket = ticket_of(echo, "client");
    bool is_resumed = false;
    char answer[4096];

    assert_int_equal(SSL_SESSION_get_max_early_data(ticket), 0);
    assert_int_equal(ask_with(echo, "client", ticket, SSL_OP_ALLOW_NO_DHE_KEX, &is_resumed, answer),
                     200);
    SSL_SESSION_free(ticket);
}

static void refuses_to_resume_when_the_certificate_has_run_out(void **state)
{
    struct echo *echo = *state;
    struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_CLIENT,
                                              .uri = "urn:qwave:operator:brief",
                                              .days = 1 };
    SSL_SESSION *ticket;
    bool is_resumed = false;
    char answer[4096];

    request.from_ms = (qw_clock_utc_ms() / 1000 + 10) * 1000 - (int64_t)86400000;
    issue(echo->folder, "ca", "brief", &request);
    ticket = ticket_of(echo, "brief");
    while (qw_clock_utc_ms() <= request.from_ms + 86400000) {
        usleep(50000);
    }
    assert_int_equal(ask_with(echo, "brief", ticket, 0, &is_resumed, answer), 0);
    assert_string_equal(answer, "");
    assert_int_equal(echo->calls, 1);
    SSL_SESSION_free(ticket);
}

/* A ticket of another process, as after a restart: the client makes a full handshake. */
static void takes_no_ticket_of_another_key(void **state)
{
    struct echo *echo = *state;
    SSL_SESSION *ticket = ticket_of(echo, "client");
    struct qw_http_server_config config;
    bool is_resumed = true;
    char answer[4096];

    qw_http_server_free(echo->server);
    echo_config(echo, &config);
    echo_serve(echo, &config);
    assert_int_equal(ask_with(echo, "client", ticket, 0, &is_resumed, answer), 200);
    assert_false(is_resumed);
    SSL_SESSION_free(ticket);
}

static void throws_its_key_away_when_its_time_is_over(void **state)
{
    struct qw_session_tickets tickets;
    uint8_t first[128];
    gnutls_session_t session;

    (void)state;
    assert_int_equal(qw_session_tickets_start(&tickets, LIFE_MS), QW_OK);
    assert_in_range(tickets.key.size, 32, sizeof first);
    memcpy(first, tickets.key.data, tickets.key.size);
    assert_int_equal(gnutls_init(&session, GNUTLS_SERVER), 0);
    qw_session_tickets_offer(&tickets, session);
    assert_memory_equal(first, tickets.key.data, tickets.key.size);
    usleep(1000 * (LIFE_MS + 10));
    fail_nth = 1; /* no randomness: the old key is not used beyond its time */
    qw_session_tickets_offer(&tickets, session);
    fail_nth = 0;
    assert_memory_equal(first, tickets.key.data, tickets.key.size);
    qw_session_tickets_offer(&tickets, session);
    assert_memory_not_equal(first, tickets.key.data, tickets.key.size);
    memcpy(first, tickets.key.data, tickets.key.size);
    usleep(1000 * (LIFE_MS + 10)); /* nobody comes: it goes all the same */
    fail_nth = 1;
    qw_session_tickets_renew(&tickets);
    fail_nth = 0;
    assert_memory_not_equal(first, tickets.key.data, tickets.key.size);
    qw_session_tickets_renew(&tickets);
    assert_memory_not_equal(first, tickets.key.data, tickets.key.size);
    gnutls_deinit(session);
    qw_session_tickets_stop(&tickets);
}

static void says_when_there_is_no_key(void **state)
{
    struct qw_session_tickets tickets;

    (void)state;
    fail_nth = 1;
    assert_int_equal(qw_session_tickets_start(&tickets, LIFE_MS), QW_ERR_NOMEM);
    fail_nth = 0;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(knows_the_caller_of_a_resumed_session),
        CASE(takes_the_identity_from_the_ticket_alone),
        CASE(gives_no_early_data_and_never_goes_without_a_key_exchange),
        CASE(refuses_to_resume_when_the_certificate_has_run_out),
        CASE(takes_no_ticket_of_another_key),
        cmocka_unit_test(throws_its_key_away_when_its_time_is_over),
        cmocka_unit_test(says_when_there_is_no_key),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
