/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q2 C10 */
/* The page of a node for Prometheus, over a real socket, with a node that is as the test says. */
#define _GNU_SOURCE
#include "node/node_metrics.h"

#include "base/clock.h"
#include "base/socket.h"
#include "support/fail_nth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/metric_names.h"

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

enum { ANSWER_CAP = 1 << 16, WAIT_MS = 60000 };
static struct qw_log quiet = { .component = "node", .level = QW_LOG_ERROR };
static struct node node;
static struct node_shot moment;
static char answer[ANSWER_CAP];

void node_shot_take(const struct node *of, struct node_shot *shot)
{
    assert_ptr_equal(of, &node);
    *shot = moment;
}

static void open_page(const char *place, uint16_t *port)
{
    node = (struct node){ .log = &quiet };
    (void)snprintf(node.settings.metrics, sizeof node.settings.metrics, "%s", place);
    assert_int_equal(node_metrics_open(&node, port), QW_OK);
}

static void ask(uint16_t port, const char *request)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + WAIT_MS;
    size_t len = 0;
    size_t got = 1;
    int fd = -1;

    assert_int_equal(qw_socket_connect("127.0.0.1", port, WAIT_MS, &fd), QW_OK);
    assert_int_equal(qw_socket_write(fd, request, strlen(request), deadline_ms), QW_OK);
    while (len < sizeof answer - 1 && qw_socket_read_some(fd, answer + len, sizeof answer - 1 - len,
                                                          &got, deadline_ms) == QW_OK) {
        len += got;
    }
    answer[len] = '\0';
    qw_socket_close(fd);
}

#define GET "GET /metrics HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n"

static void the_page_says_how_the_node_is(void **state)
{
    uint16_t port = 0;

    (void)state;
    moment = (struct node_shot){ .links_up = 5,
                                 .under_way = 2,
                                 .counters = { .wrong_tags = 3, .kept = { 0, 1, 2 } },
                                 .delivered_keys = 640,
                                 .two_paths = { .delivered_keys = 32, .voided = 5, .alone = 6 },
                                 .two_missing = 7,
                                 .class_keys = { 600, 0, 40 },
                                 .refused = 4,
                                 .link = { { .other = 7,
                                             .is_up = true,
                                             .is_simulated = true,
                                             .stored_bits = 8000,
                                             .capacity_bits = 16000,
                                             .aged_bits = 96 },
                                           { .other = 8, .is_quarantined = true },
                                           { .other = 11,
                                             .is_switched = true,
                                             .is_joined = true,
                                             .leads = true,
                                             .slots = 6 },
                                           { .other = 12, .is_switched = true, .slots = 6 } },
                                 .links = 4,
                                 .end = { { .other = 9, .stored_bits = 12 } },
                                 .ends = 1 };
    open_page("127.0.0.1:0", &port);
    assert_int_not_equal(port, 0);
    ask(port, GET);
    assert_non_null(strstr(answer, "200 OK"));
    assert_non_null(strstr(answer, "text/plain; version=0.0.4"));
    assert_non_null(strstr(answer, "# TYPE qwave_node_link_up gauge\n"));
    assert_non_null(strstr(answer, "qwave_node_link_up{node=\"7\",simulated=\"true\"} 1\n"));
    assert_non_null(strstr(answer, "qwave_node_link_up{node=\"8\",simulated=\"false\"} 0\n"));
    assert_non_null(
        strstr(answer, "qwave_node_link_quarantined{node=\"8\",simulated=\"false\"} 1\n"));
    assert_non_null(strstr(answer, "qwave_node_link_joined{node=\"11\"} 1\n"));
    assert_non_null(strstr(answer, "qwave_node_link_joined{node=\"12\"} 0\n"));
    assert_null(strstr(answer, "qwave_node_link_joined{node=\"7\""));
    assert_non_null(strstr(answer, "qwave_node_link_slots_total{node=\"11\"} 6\n"));
    assert_null(strstr(answer, "qwave_node_link_slots_total{node=\"12\""));
    assert_non_null(
        strstr(answer, "qwave_node_link_stored_bits{node=\"7\",simulated=\"true\"} 8000\n"));
    assert_non_null(strstr(answer, "# TYPE qwave_node_link_aged_bits_total counter\n"));
    assert_non_null(
        strstr(answer, "qwave_node_link_aged_bits_total{node=\"7\",simulated=\"true\"} 96\n"));
    assert_non_null(
        strstr(answer, "qwave_node_end_stored_bits{node=\"9\",simulated=\"false\"} 12\n"));
    assert_non_null(strstr(answer, "\nqwave_node_keys_delivered_total 640\n"));
    assert_non_null(strstr(answer, "\nqwave_node_wrong_tags_total 3\n"));
    assert_non_null(strstr(answer, "\nqwave_node_two_path_keys_delivered_total 32\n"));
    assert_non_null(strstr(answer, "\nqwave_node_two_path_batches_void_total 5\n"));
    assert_non_null(strstr(answer, "\nqwave_node_two_path_halves_alone_total 6\n"));
    assert_non_null(strstr(answer, "\nqwave_node_two_paths_missing_total 7\n"));
    assert_non_null(
        strstr(answer, "\nqwave_node_class_keys_delivered_total{class=\"gold\"} 600\n"));
    assert_non_null(
        strstr(answer, "\nqwave_node_class_batches_kept_out_total{class=\"bronze\"} 2\n"));
    assert_non_null(strstr(answer, "\nqwave_node_neighbours_refused_total 4\n"));
    assert_non_null(strstr(answer, "\nqwave_node_network_links_up 5\n"));
    assert_asked_is_there(QWAVE_SOURCE "/share/prometheus/qwave-alerts.yaml", "qwave_node_", answer,
                          6);
    assert_asked_is_there(QWAVE_SOURCE "/share/grafana/qwave-network.json", "qwave_node_", answer,
                          12);
    assert_said_is_described(QWAVE_SOURCE "/docs/operation/monitoring.md", answer);
    moment.delivered_keys = 1280;
    node_metrics_turn(&node, 1000);
    node_metrics_turn(&node, 1001); /* not so soon again */
    ask(port, GET);
    assert_non_null(strstr(answer, "\nqwave_node_keys_delivered_total 1280\n"));
    node_metrics_close(&node);
    assert_null(node.metrics);
}

static void a_node_with_all_its_links_fits_on_the_page(void **state)
{
    uint16_t port = 0;

    (void)state;
    moment = (struct node_shot){ .links = NODE_LINKS_MAX, .ends = NODE_LINKS_MAX };
    for (size_t i = 0; i < NODE_LINKS_MAX; i++) {
        moment.link[i] = moment.end[i] =
            (struct node_shot_pool){ .other = UINT32_MAX, .stored_bits = UINT64_MAX };
    }
    open_page("127.0.0.1:0", &port);
    ask(port, GET);
    assert_non_null(strstr(answer, "200 OK"));
    assert_non_null(strstr(answer, "qwave_node_batches_under_way"));
    node_metrics_close(&node);
}

static void other_paths_and_methods_are_refused(void **state)
{
    uint16_t port = 0;

    (void)state;
    moment = (struct node_shot){ 0 };
    open_page("127.0.0.1:0", &port);
    ask(port, "GET / HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(answer, " 404 "));
    ask(port, "GET /metrics/x HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(answer, " 404 "));
    ask(port, "DELETE /metrics HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(answer, " 405 "));
    node_metrics_close(&node);
}

static void only_this_machine_itself_is_a_place_for_it(void **state)
{
    static const char *const wrong[] = { "0.0.0.0:0",  "127.0.0.2:0",     "localhost:0",
                                         "127.0.0.1",  "127.0.0.1:65536", ":1",
                                         "127.0.0.1:", "127.0.0.1:1x",    "192.0.2.1:9",
                                         "::2:9" };
    uint16_t port = 7;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        node = (struct node){ .log = &quiet };
        (void)snprintf(node.settings.metrics, sizeof node.settings.metrics, "%s", wrong[i]);
        assert_int_equal(node_metrics_open(&node, &port), QW_ERR_ARG);
        assert_null(node.metrics);
    }
    open_page("", &port); /* none */
    assert_int_equal(port, 0);
    node_metrics_turn(&node, 1000);
    node_metrics_close(&node);
}

static void without_memory_there_is_no_page(void **state)
{
    uint16_t port = 0;

    (void)state;
    node = (struct node){ .log = &quiet, .settings = { .metrics = "127.0.0.1:0" } };
    fail_nth = 1;
    assert_int_equal(node_metrics_open(&node, &port), QW_ERR_NOMEM);
    fail_nth = 0;
    assert_null(node.metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_says_how_the_node_is),
        cmocka_unit_test(a_node_with_all_its_links_fits_on_the_page),
        cmocka_unit_test(other_paths_and_methods_are_refused),
        cmocka_unit_test(only_this_machine_itself_is_a_place_for_it),
        cmocka_unit_test(without_memory_there_is_no_page),
    };

    quiet.stream = stderr;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
