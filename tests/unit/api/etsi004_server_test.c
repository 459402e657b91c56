/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 S3 */
/* The listener of ETSI GS QKD 004 and its client, over real sockets [docs/protocol/etsi004.md]. */
#define _GNU_SOURCE
#include "http_fixture.h"

#include "api/etsi004/client.h"
#include "api/etsi004/server.h"
#include "base/secret.h"
#include "support/fail_nth.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdatomic.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(int, pthread_create, EAGAIN,
         (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *self),
         (thread, attributes, run, self));
FAIL_NTH(int, gnutls_certificate_allocate_credentials, GNUTLS_E_MEMORY_ERROR,
         (gnutls_certificate_credentials_t * credentials), (credentials));

struct place {
    char folder[64];
    char paths[6][512];
    struct qw_log log;
    struct qw_etsi004_server_config config;
    struct qw_etsi004_server *server;
    uint16_t port;
    int client_timeout_ms;
    atomic_uint answers, hang_ups, again;
    atomic_bool may_go;
};

enum { LATER = 1000000 }; /* an index that is answered when may_go is set */

/* GET_KEY: the index as chunk; CLOSE of a KSID that begins with 255 ends the connection. */
static qw_err answer(void *self, const struct qw_etsi004_request *request, uint8_t *out,
                     size_t *len)
{
    struct place *place = self;
    struct qw_etsi004_get get;
    struct qw_etsi004_get_answer got = { .status = QW_ETSI004_DONE, .chunk_len = 4 };
    qw_err err;

    atomic_fetch_add(&place->answers, 1);
    if (strcmp(request->identity, "urn:qwave:operator:alice") != 0) {
        return QW_ERR_AUTH;
    }
    if (request->service != QW_ETSI004_GET_REQUEST) {
        return request->payload[0] == 255 ? QW_ERR_FORMAT
                                          : qw_etsi004_close_answer_encode(
                                                QW_ETSI004_DONE, out, QW_ETSI004_ANSWER_MAX, len);
    }
    err = qw_etsi004_get_decode(request->payload, request->len, &get);
    if (err == QW_OK && get.index == LATER && !atomic_load(&place->may_go)) {
        atomic_fetch_add(&place->again, request->waited_ms > 0 ? 1 : 0);
        return QW_ERR_LIMIT;
    }
    got.index = get.index;
    qw_store_u32be(got.chunk, get.index);
    return err == QW_OK ? qw_etsi004_get_answer_encode(&got, out, QW_ETSI004_ANSWER_MAX, len) : err;
}

static void hang_up(void *self, uint64_t connection)
{
    struct place *place = self;

    assert_int_not_equal(connection, 0);
    atomic_fetch_add(&place->hang_ups, 1);
}

static void tick(void *self)
{
    (void)self;
}

static int make_place(void **state)
{
    static const char *const names[] = { "server.pem", "server.key", "ca.pem" };
    struct place *place = calloc(1, sizeof *place);

    assert_non_null(place);
    snprintf(place->folder, sizeof place->folder, "/tmp/qwave-004-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    make_certificates(place->folder);
    place->client_timeout_ms = 60000;
    for (size_t i = 0; i < 3; i++) {
        in_folder(place->folder, names[i], place->paths[i]);
    }
    place->log = (struct qw_log){ .stream = fopen("/dev/null", "w"), .component = "test" };
    place->config = (struct qw_etsi004_server_config){ .address = "127.0.0.1",
                                                       .certificate_path = place->paths[0],
                                                       .key_path = place->paths[1],
                                                       .client_ca_path = place->paths[2],
                                                       .connections_max = 4,
                                                       .connections_per_address_max = 4,
                                                       .request_timeout_ms = 10000,
                                                       .idle_timeout_ms = 60000,
                                                       .log = &place->log,
                                                       .self = place,
                                                       .answer = answer,
                                                       .hang_up = hang_up,
                                                       .tick = tick };
    *state = place;
    return 0;
}

static void serve(struct place *place)
{
    assert_int_equal(qw_etsi004_server_new(&place->config, &place->server, &place->port), QW_OK);
}

static int remove_place(void **state)
{
    struct place *place = *state;

    fail_nth = 0;
    qw_etsi004_server_free(place->server);
    fclose(place->log.stream);
    remove_folder(place->folder);
    free(place);
    return 0;
}

static qw_err connect_as(struct place *place, const char *name, struct qw_etsi004_client **client)
{
    struct qw_etsi004_client_config config = { .host = "127.0.0.1",
                                               .port = place->port,
                                               .certificate_path = place->paths[3],
                                               .key_path = place->paths[4],
                                               .ca_path = place->paths[2],
                                               .timeout_ms = place->client_timeout_ms };
    char file[64];

    snprintf(file, sizeof file, "%s.pem", name);
    in_folder(place->folder, file, place->paths[3]);
    snprintf(file, sizeof file, "%s.key", name);
    in_folder(place->folder, file, place->paths[4]);
    return qw_etsi004_client_new(&config, client);
}

static qw_err get(struct qw_etsi004_client *client, uint32_t index)
{
    struct qw_etsi004_get request = { .index = index };
    struct qw_etsi004_get_answer got = { .status = QW_ETSI004_STATUS_COUNT };
    qw_err err = qw_etsi004_client_get(client, &request, &got);

    if (err == QW_OK) {
        assert_int_equal(got.status, QW_ETSI004_DONE);
        assert_int_equal(got.index, index);
        assert_int_equal(qw_load_u32be(got.chunk), index);
    }
    return err;
}

static void serves_several_connections_request_by_request(void **state)
{
    struct place *place = *state;
    struct qw_etsi004_client *clients[4] = { NULL };
    uint8_t ksid[QW_ETSI004_KSID_LEN] = { 1 };
    enum qw_etsi004_status status = QW_ETSI004_TIMEOUT;

    serve(place);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(connect_as(place, "client", &clients[i]), QW_OK);
    }
    for (uint32_t n = 0; n < 200; n++) {
        assert_int_equal(get(clients[n % 4], n), QW_OK);
    }
    assert_int_equal(qw_etsi004_client_close(clients[0], ksid, &status), QW_OK);
    assert_int_equal(status, QW_ETSI004_DONE);
    ksid[0] = 255; /* the handler refuses the bytes: no answer, and this connection alone ends */
    assert_int_equal(qw_etsi004_client_close(clients[0], ksid, &status), QW_ERR_CLOSED);
    assert_int_equal(get(clients[1], 7), QW_OK);
    for (size_t i = 0; i < 4; i++) {
        qw_etsi004_client_free(clients[i]);
    }
    qw_etsi004_server_free(place->server);
    place->server = NULL;
    assert_int_equal(atomic_load(&place->hang_ups), 4);
}

/* Looks again and again; a test that waits for ever is ended by its time limit. */
static void await(atomic_uint *count, unsigned want)
{
    while (atomic_load(count) < want) {
        (void)poll(NULL, 0, 1);
    }
}

static void *get_later(void *client)
{
    return get(client, LATER) == QW_OK ? client : NULL;
}

/* G7 */
static void a_call_that_waits_blocks_nobody(void **state)
{
    struct place *place = *state;
    struct qw_etsi004_client *patient = NULL, *other = NULL;
    pthread_t thread;
    void *done;

    place->config.request_timeout_ms = 3000; /* which does not run while it waits */
    serve(place);
    assert_int_equal(connect_as(place, "client", &patient), QW_OK);
    assert_int_equal(connect_as(place, "client", &other), QW_OK);
    assert_int_equal(pthread_create(&thread, NULL, get_later, patient), 0);
    await(&place->again, 1);
    for (uint32_t n = 0; n < 50; n++) {
        assert_int_equal(get(other, n), QW_OK);
    }
    await(&place->again, 180); /* more than that */
    atomic_store(&place->may_go, true);
    assert_int_equal(pthread_join(thread, &done), 0);
    assert_ptr_equal(done, patient);
    assert_int_equal(get(patient, 3), QW_OK);
    qw_etsi004_client_free(patient);
    qw_etsi004_client_free(other);
}

static void who_goes_away_while_he_waits_is_asked_for_no_more(void **state)
{
    struct place *place = *state;
    struct qw_etsi004_client *client = NULL;
    unsigned again;

    place->client_timeout_ms = 4000;
    serve(place);
    assert_int_equal(connect_as(place, "client", &client), QW_OK);
    assert_int_equal(get(client, LATER), QW_ERR_TIMEOUT);
    qw_etsi004_client_free(client);
    await(&place->hang_ups, 1);
    again = atomic_load(&place->again);
    assert_true(again >= 1);
    place->client_timeout_ms = 60000;
    assert_int_equal(connect_as(place, "client", &client), QW_OK);
    assert_int_equal(get(client, 5), QW_OK);
    qw_etsi004_client_free(client);
    assert_int_equal(atomic_load(&place->again), again);
}

/* T1: in TLS 1.3 a client learns at its first read that it was refused. */
static void refuses_whose_certificate_is_not_good(void **state)
{
    static const char *const names[] = { "stranger", "expired", "server" };
    struct place *place = *state;

    serve(place);
    for (size_t i = 0; i < 3; i++) {
        struct qw_etsi004_client *client = NULL;
        qw_err err = connect_as(place, names[i], &client);

        if (err == QW_OK) {
            err = get(client, 1);
        }
        assert_true(err == QW_ERR_AUTH || err == QW_ERR_CLOSED);
        qw_etsi004_client_free(client);
    }
    assert_int_equal(atomic_load(&place->answers), 0);
}

static void a_client_believes_its_authority_alone(void **state)
{
    struct place *place = *state;
    struct qw_etsi004_client *client = NULL;

    serve(place);
    in_folder(place->folder, "foreign.pem", place->paths[2]);
    assert_int_equal(connect_as(place, "client", &client), QW_ERR_AUTH);
    assert_null(client);
}

/* T3: half a handshake and half a request are cut, and the place is somebody else's. */
static void cuts_who_does_not_go_on(void **state)
{
    struct place *place = *state;
    struct qw_etsi004_client *client = NULL;
    char byte;
    int fd;

    place->config.request_timeout_ms = 3000;
    place->config.connections_max = 1;
    serve(place);
    fd = plain_connect(place->port);
    assert_int_equal(write(fd, "\x16", 1), 1);
    assert_int_equal(read(fd, &byte, 1), 0); /* blocks until the watchdog has cut it */
    close(fd);
    assert_int_equal(connect_as(place, "client", &client), QW_OK);
    assert_int_equal(get(client, 1), QW_OK);
    qw_etsi004_client_free(client);
}

static void limits_the_connections_of_an_address(void **state)
{
    struct place *place = *state;
    struct qw_etsi004_client *clients[3] = { NULL };

    place->config.connections_per_address_max = 2;
    serve(place);
    assert_int_equal(connect_as(place, "client", &clients[0]), QW_OK);
    assert_int_equal(connect_as(place, "client", &clients[1]), QW_OK);
    assert_int_not_equal(connect_as(place, "client", &clients[2]), QW_OK);
    assert_int_equal(get(clients[0], 1), QW_OK);
    assert_int_equal(get(clients[1], 2), QW_OK);
    qw_etsi004_client_free(clients[0]);
    qw_etsi004_client_free(clients[1]);
}

static void starts_as_a_whole_or_not_at_all(void **state)
{
    struct place *place = *state;
    struct qw_etsi004_server *server = NULL;
    struct qw_etsi004_server_config bad = place->config;
    uint16_t port = 7;
    qw_err err = QW_ERR_NOMEM;
    int failures = -1;

    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 30);
        fail_nth = n;
        err = qw_etsi004_server_new(&place->config, &server, &port);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && server == NULL && port == 7));
        failures++;
    }
    assert_true(failures >= 4);
    qw_etsi004_server_free(server);
    qw_etsi004_server_free(NULL);
    server = NULL;
    bad.connections_max = 0;
    assert_int_equal(qw_etsi004_server_new(&bad, &server, &port), QW_ERR_ARG);
    bad.connections_max = 1;
    bad.connections_per_address_max = 0;
    assert_int_equal(qw_etsi004_server_new(&bad, &server, &port), QW_ERR_ARG);
    bad.connections_per_address_max = 1;
    bad.connections_max = QW_ETSI004_CONNECTIONS_MAX + 1;
    assert_int_equal(qw_etsi004_server_new(&bad, &server, &port), QW_ERR_ARG);
    bad = place->config;
    bad.key_path = "/absent";
    assert_int_equal(qw_etsi004_server_new(&bad, &server, &port), QW_ERR_NOT_FOUND);
    assert_null(server);
}

static void a_client_is_made_as_a_whole_or_not_at_all(void **state)
{
    struct place *place = *state;
    struct qw_etsi004_client *client = NULL;

    serve(place);
    for (int n = 1; n <= 4; n++) { /* before it connects: behind that the server allocates, too */
        fail_nth = n;
        assert_int_equal(connect_as(place, "client", &client), QW_ERR_NOMEM);
        assert_null(client);
    }
    fail_nth = 0;
    qw_etsi004_client_free(NULL);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        CASE(serves_several_connections_request_by_request),
        CASE(a_call_that_waits_blocks_nobody),
        CASE(who_goes_away_while_he_waits_is_asked_for_no_more),
        CASE(refuses_whose_certificate_is_not_good),
        CASE(a_client_believes_its_authority_alone),
        CASE(cuts_who_does_not_go_on),
        CASE(limits_the_connections_of_an_address),
        CASE(starts_as_a_whole_or_not_at_all),
        CASE(a_client_is_made_as_a_whole_or_not_at_all),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
