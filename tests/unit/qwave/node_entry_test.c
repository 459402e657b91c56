/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q3 */
#include "node/node_entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void reads_what_a_neighbour_is(void **state)
{
    struct node_entry entry;

    (void)state;
    assert_true(node_entry_read("7=/var/pool", &entry));
    assert_int_equal(entry.node, 7);
    assert_string_equal(entry.path, "/var/pool");
    assert_string_equal(entry.host, "");
    assert_true(node_entry_read("4294967295=a=b@::1:65535", &entry));
    assert_int_equal(entry.node, UINT32_MAX);
    assert_string_equal(entry.path, "a=b");
    assert_string_equal(entry.host, "::1");
    assert_int_equal(entry.port, 65535);
}

static void refuses_everything_else(void **state)
{
    static const char *const wrong[] = {
        "",       "7",       "=a",           "7=",       "-1=a",     "+1=a",       " 1=a",
        "1 =a",   "7x=a",    "4294967296=a", "1=@h:1",   "1=a@",     "1=a@h",      "1=a@:1",
        "1=a@h:", "1=a@h:0", "1=a@h:x",      "1=a@h:1x", "1=a@h:1 ", "1=a@h:65536"
    };
    struct node_entry entry = { .node = 99 };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(node_entry_read(wrong[i], &entry));
        assert_int_equal(entry.node, 99);
    }
}

static void refuses_what_is_too_long(void **state)
{
    char text[2 + NODE_PATH_CAP + 1] = "1=";
    char address[4 + NODE_HOST_CAP + 2 + 1] = "1=a@";
    struct node_entry entry;

    (void)state;
    memset(text + 2, 'p', NODE_PATH_CAP);
    assert_false(node_entry_read(text, &entry));
    text[2 + NODE_PATH_CAP - 1] = '\0';
    assert_true(node_entry_read(text, &entry));
    memset(address + 4, 'h', NODE_HOST_CAP);
    memcpy(address + 4 + NODE_HOST_CAP, ":1", 3);
    assert_false(node_entry_read(address, &entry));
    memcpy(address + 4 + NODE_HOST_CAP - 1, ":1", 3);
    assert_true(node_entry_read(address, &entry));
}

static void a_number_ends_where_its_digits_end(void **state)
{
    const char *text = "12,x";
    uint32_t number = 5;

    (void)state;
    assert_true(node_number_read(&text, 12, &number));
    assert_int_equal(number, 12);
    assert_string_equal(text, ",x");
    assert_false(node_number_read(&text, 12, &number));
    assert_string_equal(text, ",x");
    text = "13";
    assert_false(node_number_read(&text, 12, &number));
    assert_string_equal(text, "13");
    text = "99999999999999999999999999"; /* wraps around nothing */
    assert_false(node_number_read(&text, UINT32_MAX, &number));
    assert_int_equal(number, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_a_neighbour_is),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(refuses_what_is_too_long),
        cmocka_unit_test(a_number_ends_where_its_digits_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
