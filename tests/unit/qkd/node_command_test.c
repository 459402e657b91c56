/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 */
#include "qkd/network/node_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct qw_node_command largest = { QW_NODE_DELIVER,        UINT32_MAX,
                                                QW_NODE_ORDER_KEYS_MAX, QW_NODE_RATE_MAX,
                                                QW_NODE_BRONZE,         true };

static void assert_refused(const char *line)
{
    struct qw_node_command command;

    if (qw_node_command_decode(line, strlen(line), &command) == QW_OK) {
        fail_msg("'%s' is taken", line);
    }
}

static void the_line_of_the_page_is_read(void **state)
{
    static const char line[] = "deliver 5 4096 0";
    struct qw_node_command command;
    char again[QW_NODE_LINE_MAX + 1];

    (void)state;
    assert_int_equal(qw_node_command_decode(line, strlen(line), &command), QW_OK);
    assert_int_equal(command.verb, QW_NODE_DELIVER);
    assert_int_equal(command.node, 5);
    assert_int_equal(command.keys, 4096);
    assert_int_equal(command.per_second, 0);
    assert_int_equal(qw_node_command_encode(&command, again), strlen(line));
    assert_string_equal(again, line);
    for (size_t cut = 0; cut < strlen(line); cut++) {
        assert_int_equal(qw_node_command_decode(line, cut, &command), QW_ERR_FORMAT);
    }
}

static void every_verb_goes_there_and_back(void **state)
{
    (void)state;
    for (int verb = 0; verb < QW_NODE_VERBS; verb++) {
        struct qw_node_command command = largest;
        struct qw_node_command back = { 0 };
        char line[QW_NODE_LINE_MAX + 1];
        char again[QW_NODE_LINE_MAX + 1];
        size_t len;

        command.verb = (enum qw_node_verb)verb;
        len = qw_node_command_encode(&command, line);
        assert_int_equal(len, strlen(line));
        assert_int_equal(qw_node_command_decode(line, len, &back), QW_OK);
        assert_int_equal(back.verb, verb);
        qw_node_command_encode(&back, again);
        assert_string_equal(line, again);
    }
}

static void an_order_may_say_its_class_and_two_paths(void **state)
{
    static const struct {
        const char *line;
        enum qw_node_class class;
        bool is_two;
    } rows[] = { { "deliver 5 1 0", QW_NODE_GOLD, false },
                 { "deliver 5 1 0 two-paths", QW_NODE_GOLD, true },
                 { "deliver 5 1 0 silver", QW_NODE_SILVER, false },
                 { "deliver 5 1 0 bronze two-paths", QW_NODE_BRONZE, true } };
    enum qw_node_class class = QW_NODE_SILVER;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qw_node_command command;
        char again[QW_NODE_LINE_MAX + 1];

        assert_int_equal(qw_node_command_decode(rows[i].line, strlen(rows[i].line), &command),
                         QW_OK);
        assert_int_equal(command.class, rows[i].class);
        assert_int_equal(command.is_two, rows[i].is_two);
        qw_node_command_encode(&command, again);
        assert_string_equal(again, rows[i].line);
        assert_true(qw_node_class_of(qw_node_class_text(rows[i].class), &class));
        assert_int_equal(class, rows[i].class);
    }
    assert_refused("deliver 5 1 0 gold"); /* what is not said */
    assert_refused("deliver 5 1 0 iron");
    assert_refused("deliver 5 1 0 two-paths silver");
    assert_refused("deliver 5 1 0 silver bronze");
    assert_refused("deliver 5 1 0 two-paths two-paths");
    assert_refused("deliver 5 1 0 silver ");
    assert_refused("cut 5 silver");
    assert_refused("hold two-paths");
    assert_false(qw_node_class_of("iron", &class));
}

/* A line with another byte is refused, or is another request that is written just so. */
static void every_flip_is_refused_or_another_request(void **state)
{
    char line[QW_NODE_LINE_MAX + 1];
    size_t len = qw_node_command_encode(&largest, line);

    (void)state;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        struct qw_node_command command;
        char again[QW_NODE_LINE_MAX + 1];

        line[bit / 8] = (char)(line[bit / 8] ^ 1 << bit % 8);
        if (qw_node_command_decode(line, len, &command) == QW_OK) {
            assert_int_equal(qw_node_command_encode(&command, again), len);
            assert_memory_equal(line, again, len);
        }
        line[bit / 8] = (char)(line[bit / 8] ^ 1 << bit % 8);
    }
}

static void what_is_no_request_is_refused(void **state)
{
    (void)state;
    assert_refused("");
    assert_refused(" links");
    assert_refused("links ");
    assert_refused("links 1");
    assert_refused("link");
    assert_refused("linkss");
    assert_refused("cut");
    assert_refused("cut ");
    assert_refused("cut  1");
    assert_refused("cut 01");
    assert_refused("cut -1");
    assert_refused("cut +1");
    assert_refused("cut 1x");
    assert_refused("cut 4294967296");
    assert_refused("cut 18446744073709551617");
    assert_refused("deliver 1 2");
    assert_refused("deliver 1 0 0");
    assert_refused("deliver 1 1000000001 0");
    assert_refused("deliver 1 1 1000001");
    assert_refused("deliver 1 1 1 1");
    assert_refused("deliver 00000000000000000000000000000000000000000000000000000001 1 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_of_the_page_is_read),
        cmocka_unit_test(every_verb_goes_there_and_back),
        cmocka_unit_test(an_order_may_say_its_class_and_two_paths),
        cmocka_unit_test(every_flip_is_refused_or_another_request),
        cmocka_unit_test(what_is_no_request_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
