/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 W10 */
/* What a reporter tells a centre, how often, and what it makes of a centre that refuses, forgets,
 * lies or is away [docs/protocol/network-view.md]. The centre and the nodes are the test's. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/http_client.h"
#include "base/clock.h"
#include "network/report/report_body.h"
#include "network/report/reporter.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT_MS = 60000, CALLS_MAX = 4096, NODES = 2 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t called = PTHREAD_COND_INITIALIZER;
static struct {
    qw_err err;
    unsigned status;
    const char *answer;          /* to bodies with nodes */
    const char *topology_answer; /* to those with the topology */
    size_t calls, topologies, with_nodes;
    int64_t at_ms[CALLS_MAX];
    size_t rounds;
} centre;
static struct qw_topology *topology;
static struct qw_key_graph *graph;
static int fail_calloc, fail_malloc;
static bool fail_thread;
static qw_err open_err;
static size_t clients;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return fail_calloc > 0 && --fail_calloc == 0 ? NULL : __real_calloc(count, size);
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return fail_malloc > 0 && --fail_malloc == 0 ? NULL : __real_malloc(size);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*begin)(void *), void *self);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*begin)(void *), void *self);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*begin)(void *), void *self)
{
    return fail_thread ? 11 : __real_pthread_create(thread, attributes, begin, self);
}

qw_err __wrap_qw_http_client_new(const struct qw_http_client_config *config,
                                 struct qw_http_client **client);
qw_err __wrap_qw_http_client_new(const struct qw_http_client_config *config,
                                 struct qw_http_client **client)
{
    assert_string_equal(config->base_url, "https://centre");
    assert_string_equal(config->certificate_path, "c");
    if (open_err == QW_OK) {
        *client = (struct qw_http_client *)&centre;
        clients++;
    }
    return open_err;
}

void __wrap_qw_http_client_free(struct qw_http_client *client);
void __wrap_qw_http_client_free(struct qw_http_client *client)
{
    clients -= client == NULL ? 0 : 1;
}

qw_err __wrap_qw_http_client_call(struct qw_http_client *client, const char *method,
                                  const char *path, const char *body, unsigned *status,
                                  const char **answer, size_t *answer_len);
qw_err __wrap_qw_http_client_call(struct qw_http_client *client, const char *method,
                                  const char *path, const char *body, unsigned *status,
                                  const char **answer, size_t *answer_len)
{
    bool is_topology = strstr(body, "\"topology\":") != NULL;
    qw_err err;

    (void)client;
    (void)method;
    (void)path;
    pthread_mutex_lock(&lock);
    centre.at_ms[centre.calls % CALLS_MAX] = qw_clock_monotonic_ms();
    centre.calls++;
    centre.topologies += is_topology;
    centre.with_nodes += strstr(body, "\"nodes\":[{\"node\"") != NULL && !is_topology;
    err = centre.err;
    *status = centre.status;
    *answer =
        is_topology && centre.topology_answer != NULL ? centre.topology_answer : centre.answer;
    *answer_len = strlen(*answer);
    pthread_cond_broadcast(&called);
    pthread_mutex_unlock(&lock);
    return err;
}

void __wrap_status_round(struct status_ask *ask, size_t count, int timeout_ms);
void __wrap_status_round(struct status_ask *ask, size_t count, int timeout_ms)
{
    (void)timeout_ms;
    for (size_t i = 0; i < count; i++) {
        ask[i].status = i == 0 ? "{\"keys\":1}" : NULL; /* the second one hangs */
    }
    pthread_mutex_lock(&lock);
    centre.rounds++;
    pthread_mutex_unlock(&lock);
}

void __wrap_status_round_free(struct status_ask *ask, size_t count);
void __wrap_status_round_free(struct status_ask *ask, size_t count)
{
    (void)ask;
    (void)count;
}

static struct qw_log logger = { .component = "test", .level = QW_LOG_INFO };

/* What stands on the log: its lines. */
static size_t read_log(char *text, size_t cap)
{
    size_t lines = 0, len;

    rewind(logger.stream);
    len = fread(text, 1, cap - 1, logger.stream);
    text[len] = '\0';
    for (size_t i = 0; i < len; i++) {
        lines += text[i] == '\n';
    }
    return lines;
}

static qw_err open_one(struct reporter **reporter)
{
    static const struct reporter_config config = {
        .url = "https://centre", .certificate = "c", .key = "k", .ca = "a"
    };
    struct status_ask *ask = calloc(NODES, sizeof *ask);
    qw_err err;

    assert_non_null(ask);
    for (size_t i = 0; i < NODES; i++) {
        ask[i].node = (uint32_t)i;
    }
    err = reporter_new(&config, topology, graph, ask, NODES, &logger, reporter);
    if (err != QW_OK) {
        free(ask);
    }
    return err;
}

static int begin(void **state)
{
    char why[QW_TOPOLOGY_WHY_CAP];
    const struct qw_node nodes[] = { { .id = "a", .kind = QW_NODE_KIND_RELAY },
                                     { .id = "b", .kind = QW_NODE_KIND_USER } };
    const struct qw_fibre fibre = { .from = 0, .to = 1, .km = 5, .rate_bps = -1, .modules = 1 };

    (void)state;
    memset(&centre, 0, sizeof centre);
    centre.status = 200;
    centre.answer = "{\"is_watched\":true,\"wants_topology\":false}";
    fail_calloc = fail_malloc = 0;
    fail_thread = false;
    open_err = QW_OK;
    logger.stream = tmpfile();
    assert_non_null(logger.stream);
    assert_int_equal(qw_topology_new(&topology), QW_OK);
    (void)snprintf(topology->name, sizeof topology->name, "small");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(qw_topology_add_node(topology, &nodes[i], why), QW_OK);
    }
    assert_int_equal(qw_topology_add_fibre(topology, &fibre, why), QW_OK);
    assert_int_equal(qw_key_graph_of(topology, &graph), QW_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    qw_key_graph_free(graph);
    qw_topology_free(topology);
    assert_int_equal(clients, 0);
    return fclose(logger.stream);
}

/* Until *count has reached n. */
static void wait_for(const size_t *count, size_t n)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LIMIT_MS / 1000;
    pthread_mutex_lock(&lock);
    while (*count < n) {
        assert_int_equal(pthread_cond_timedwait(&called, &lock, &until), 0);
    }
    pthread_mutex_unlock(&lock);
}

static void while_nobody_looks_no_node_is_asked(void **state)
{
    struct reporter *reporter = NULL;

    (void)state;
    centre.answer = "{\"is_watched\":false,\"wants_topology\":false}";
    assert_int_equal(open_one(&reporter), QW_OK);
    wait_for(&centre.calls, 3);
    reporter_free(reporter);
    assert_int_equal(centre.rounds, 0);
    assert_int_equal(centre.with_nodes, 0);
    assert_true(centre.at_ms[2] - centre.at_ms[0] >= 1900); /* once a second */
}

static void while_somebody_does_they_are(void **state)
{
    struct reporter *reporter = NULL;

    (void)state;
    assert_int_equal(open_one(&reporter), QW_OK);
    wait_for(&centre.with_nodes, 2);
    reporter_free(reporter);
    assert_true(centre.rounds >= 2);
    assert_int_equal(centre.topologies, 0);
}

static void the_topology_is_said_when_it_is_wanted_and_the_nodes_again(void **state)
{
    struct reporter *reporter = NULL;

    (void)state;
    centre.answer = "{\"is_watched\":true,\"wants_topology\":true}";
    centre.topology_answer = "{\"is_watched\":true,\"wants_topology\":false}";
    assert_int_equal(open_one(&reporter), QW_OK);
    wait_for(&centre.topologies, 1);
    wait_for(&centre.with_nodes, 1);
    reporter_free(reporter);
}

/* It takes the topology each time and says each time that it has none. */
static void a_centre_that_forgets_does_not_keep_the_reporter_busy(void **state)
{
    struct reporter *reporter = NULL;

    (void)state;
    centre.answer = "{\"is_watched\":true,\"wants_topology\":true}";
    centre.topology_answer = "{\"is_watched\":true,\"wants_topology\":false}";
    assert_int_equal(open_one(&reporter), QW_OK);
    wait_for(&centre.calls, 9);
    reporter_free(reporter);                               /* and it ends */
    assert_true(centre.at_ms[8] - centre.at_ms[0] >= 900); /* three calls in half a second */
}

static void what_is_no_answer_is_none(void **state)
{
    static const char *const answers[] = { "", "{", "[]", "{\"is_watched\":1}",
                                           "{\"is_watched\":\"true\",\"wants_topology\":7}" };

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct reporter *reporter = NULL;

        centre.answer = answers[i];
        centre.calls = centre.rounds = centre.topologies = 0;
        assert_int_equal(open_one(&reporter), QW_OK);
        wait_for(&centre.calls, 1);
        reporter_free(reporter);
        assert_int_equal(centre.rounds + centre.topologies, 0);
    }
}

static void what_the_centre_thinks_of_it_is_said_once(void **state)
{
    static const struct {
        qw_err err;
        unsigned status;
        const char *text;
    } cases[] = { { QW_OK, 200, "takes our reports" },
                  { QW_ERR_IO, 200, "cannot be reached" },
                  { QW_OK, 403, "device of kind node" },
                  { QW_OK, 409, "another reporter" },
                  { QW_OK, 503, "status 503" } };
    char said[512];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reporter *reporter = NULL;
        size_t wanted = cases[i].status == 403 ? 1 : 2; /* a refused one waits for longer */

        centre.err = cases[i].err;
        centre.status = cases[i].status;
        centre.calls = 0;
        assert_int_equal(ftruncate(fileno(logger.stream), 0), 0);
        rewind(logger.stream);
        assert_int_equal(open_one(&reporter), QW_OK);
        wait_for(&centre.calls, wanted);
        reporter_free(reporter);
        assert_int_equal(read_log(said, sizeof said), 1);
        assert_non_null(strstr(said, cases[i].text));
    }
}

static void what_cannot_be_had_is_an_error_and_leaves_nothing(void **state)
{
    struct reporter *reporter = NULL;

    (void)state;
    fail_calloc = 2; /* the first is the test's own */
    assert_int_equal(open_one(&reporter), QW_ERR_NOMEM);
    for (int i = 1; i <= 2; i++) {
        fail_calloc = 0;
        fail_malloc = i;
        assert_int_equal(open_one(&reporter), QW_ERR_NOMEM);
    }
    fail_malloc = 0;
    open_err = QW_ERR_FORMAT;
    assert_int_equal(open_one(&reporter), QW_ERR_FORMAT);
    open_err = QW_OK;
    fail_thread = true;
    assert_int_equal(open_one(&reporter), QW_ERR_NOMEM);
    assert_null(reporter);
    assert_int_equal(centre.calls, 0);
    reporter_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(while_nobody_looks_no_node_is_asked),
        TEST(while_somebody_does_they_are),
        TEST(the_topology_is_said_when_it_is_wanted_and_the_nodes_again),
        TEST(a_centre_that_forgets_does_not_keep_the_reporter_busy),
        TEST(what_is_no_answer_is_none),
        TEST(what_the_centre_thinks_of_it_is_said_once),
        TEST(what_cannot_be_had_is_an_error_and_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
