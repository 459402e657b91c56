/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 Q6 */
/* What a reporter says, in bodies that the centre takes [docs/protocol/network-view.md]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/json_reader.h"
#include "network/report/report_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char body[REPORT_BODY_CAP];

static struct qw_topology *small_one(void)
{
    struct qw_topology *t = NULL;
    char why[QW_TOPOLOGY_WHY_CAP];
    const struct qw_node nodes[] = { { .id = "a", .kind = QW_NODE_KIND_RELAY, .x = 1.5 },
                                     { .id = "s", .kind = QW_NODE_KIND_SWITCH },
                                     { .id = "u", .kind = QW_NODE_KIND_USER },
                                     { .id = "sky", .kind = QW_NODE_KIND_SATELLITE } };
    const struct qw_fibre fibres[] = {
        { .from = 0, .to = 1, .km = 5, .rate_bps = -1, .modules = 1 },
        { .from = 2, .to = 1, .km = 7, .rate_bps = -1, .modules = 1 }
    };
    const struct qw_pass pass = { .satellite = 3,
                                  .ground = 0,
                                  .start_s = 10,
                                  .length_s = 10,
                                  .every_s = 100,
                                  .peak_bps = 47800.0,
                                  .clear_share = 1 };

    assert_int_equal(qw_topology_new(&t), QW_OK);
    snprintf(t->name, sizeof t->name, "small");
    snprintf(t->text, sizeof t->text, "a \"quoted\" one");
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        assert_int_equal(qw_topology_add_node(t, &nodes[i], why), QW_OK);
    }
    for (size_t i = 0; i < sizeof fibres / sizeof fibres[0]; i++) {
        assert_int_equal(qw_topology_add_fibre(t, &fibres[i], why), QW_OK);
    }
    assert_int_equal(qw_topology_add_pass(t, &pass, why), QW_OK);
    return t;
}

static void the_topology_is_said_with_its_switches_and_passes(void **state)
{
    struct qw_topology *t = small_one();
    struct qw_key_graph *g = NULL;

    (void)state;
    assert_int_equal(qw_key_graph_of(t, &g), QW_OK);
    assert_int_equal(report_body_topology(t, g, body), QW_OK);
    assert_non_null(strstr(body, "{\"network\":\"small\",\"topology\":{\"text\":\"a \\\"quoted\\\" "
                                 "one\",\"nodes\":[{\"id\":\"a\",\"kind\":\"relay\",\"x\":1.5,"
                                 "\"y\":0},{\"id\":\"s\",\"kind\":\"switch\""));
    assert_non_null(strstr(body, "\"kind\":\"switched\",\"km\":12,\"rate_bps\":"));
    assert_non_null(strstr(body, ",\"via\":1}"));
    assert_non_null(strstr(body, "\"kind\":\"pass\",\"km\":0,\"rate_bps\":47800}"));
    qw_key_graph_free(g);
    qw_topology_free(t);
}

static void a_topology_that_has_no_room_is_refused(void **state)
{
    struct qw_topology *t = NULL;
    struct qw_key_graph *g = NULL;
    char why[QW_TOPOLOGY_WHY_CAP];

    (void)state;
    assert_int_equal(qw_topology_new(&t), QW_OK);
    for (size_t i = 0; i < QW_TOPOLOGY_NODES_MAX; i++) {
        struct qw_node node = { .kind = QW_NODE_KIND_RELAY, .x = 1.23456789e-7 };

        snprintf(node.id, sizeof node.id, "a-node-with-quite-a-long-id-%zu", i);
        assert_int_equal(qw_topology_add_node(t, &node, why), QW_OK);
    }
    for (size_t i = 1; i < QW_TOPOLOGY_NODES_MAX; i++) {
        const struct qw_fibre fibre = { .from = i - 1, .to = i, .km = 12.34, .rate_bps = -1 };

        assert_int_equal(qw_topology_add_fibre(t, &fibre, why), QW_OK);
    }
    assert_int_equal(qw_key_graph_of(t, &g), QW_OK);
    assert_int_equal(report_body_topology(t, g, body), QW_ERR_SPACE);
    qw_key_graph_free(g);
    qw_topology_free(t);
}

/* Nodes of the body; each is JSON. */
static size_t nodes_of(bool says_nodes)
{
    struct qw_json_reader r;
    const struct qw_json_node *object;
    size_t count = 0;

    assert_int_equal(qw_json_open(body, strlen(body), &r), QW_OK);
    object = qw_json_root_object(&r);
    assert_non_null(qw_json_find(object, "network"));
    assert_int_equal(says_nodes, qw_json_find(object, "nodes") != NULL);
    if (says_nodes) {
        (void)qw_json_get_array(&r, object, "nodes", 1, REPORT_NODES_MAX, &count);
    }
    assert_true(qw_json_ok(&r));
    qw_json_close(&r);
    return count;
}

static void nodes_are_said_in_as_many_bodies_as_they_need(void **state)
{
    enum { COUNT = 500, STATUS_LEN = 1000 };
    static struct status_ask ask[COUNT];
    struct qw_topology *t = small_one();
    char status[STATUS_LEN + 1];
    size_t next = 0;
    size_t bodies = 0;

    (void)state;
    memset(status, ' ', sizeof status - 1);
    status[0] = '{';
    status[STATUS_LEN - 1] = '}';
    status[STATUS_LEN] = '\0';
    for (size_t i = 0; i < COUNT; i++) {
        ask[i] = (struct status_ask){ .node = (uint32_t)i, .status = i % 10 == 9 ? NULL : status };
    }
    while (next < COUNT) {
        size_t first = next;

        assert_int_equal(report_body_nodes(t, ask, COUNT, &next, body), QW_OK);
        assert_true(next > first);
        assert_int_equal(nodes_of(true), next - first);
        bodies++;
    }
    assert_in_range(bodies, COUNT * STATUS_LEN * 9 / 10 / REPORT_BODY_CAP, 20);
    assert_int_equal(report_body_nodes(t, ask, COUNT, &next, body), QW_OK); /* nothing of a node */
    assert_int_equal(nodes_of(false), 0);
    qw_topology_free(t);
}

static void a_status_that_has_no_room_is_no_answer(void **state)
{
    struct qw_topology *t = small_one();
    char *status = malloc(REPORT_BODY_CAP);
    struct status_ask ask[] = { { .node = 0, .status = status }, { .node = 1, .status = "{}" } };
    size_t next = 0;

    (void)state;
    assert_non_null(status);
    memset(status, ' ', REPORT_BODY_CAP - 1);
    status[REPORT_BODY_CAP - 1] = '\0';
    assert_int_equal(report_body_nodes(t, ask, 2, &next, body), QW_OK);
    assert_string_equal(
        body, "{\"network\":\"small\",\"nodes\":[{\"node\":0},{\"node\":1,\"status\":{}}]}");
    free(status);
    qw_topology_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_topology_is_said_with_its_switches_and_passes),
        cmocka_unit_test(a_topology_that_has_no_room_is_refused),
        cmocka_unit_test(nodes_are_said_in_as_many_bodies_as_they_need),
        cmocka_unit_test(a_status_that_has_no_room_is_no_answer),
    };

    return cmocka_run_group_tests_name("qwave.report_body", tests, NULL, NULL);
}
