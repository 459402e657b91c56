/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
/* Rules of the packet filter, in a network namespace of the test's own. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/hold/filter_rule.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

static void knows_networks_by_their_form(void **state)
{
    static const char *const good[] = { "10.9.2.0/24", "192.0.2.1",     "0.0.0.0/0",
                                        "::/0",        "2001:db8::/48", "2001:db8::1" };
    static const char *const bad[] = { "",
                                       "dynamic",
                                       "10.9.2.0/33",
                                       "10.9.2.0/",
                                       "10.9.2.0/-1",
                                       "10.9.2.0/ 8",
                                       "10.9.2.0/24x",
                                       "10.9.2",
                                       "2001:db8::/129",
                                       "10.0.0.1-10.0.0.9",
                                       "-j",
                                       "10.9.2.1,10.9.2.2",
                                       "0123:0123:0123:0123:0123:0123:0123:0123:0123:0123" };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(qw_filter_network_ok(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(qw_filter_network_ok(bad[i]));
    }
}

/* Rules into queue 7 that iptables lists. */
static int rules(const char *program)
{
    char command[128], line[256];
    int count = 0;
    FILE *out;

    (void)snprintf(command, sizeof command,
                   "%s -t mangle -S POSTROUTING | grep -c 'queue-num 7 --queue-bypass'", program);
    out = popen(command, "r");
    assert_non_null(out);
    while (fgets(line, sizeof line, out) != NULL) {
        count = atoi(line);
    }
    (void)pclose(out);
    return count;
}

static void a_rule_is_put_in_and_all_of_it_are_taken_out(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNET) != 0 || system("iptables -V >/dev/null 2>&1") != 0) {
        print_message("skipped: no right to a network namespace, or no iptables\n");
        skip();
    }
    assert_int_equal(qw_filter_rule_insert("10.9.2.0/24", 7), QW_OK);
    assert_int_equal(qw_filter_rule_insert("10.9.2.0/24", 7), QW_OK);
    assert_int_equal(qw_filter_rule_insert("2001:db8::/48", 7), QW_OK);
    assert_int_equal(rules("iptables"), 2);
    assert_int_equal(rules("ip6tables"), 1);
    qw_filter_rule_delete("10.9.3.0/24", 7);
    qw_filter_rule_delete("10.9.2.0/24", 8);
    assert_int_equal(rules("iptables"), 2);
    qw_filter_rule_delete("10.9.2.0/24", 7);
    qw_filter_rule_delete("2001:db8::/48", 7);
    assert_int_equal(rules("iptables"), 0);
    assert_int_equal(rules("ip6tables"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_networks_by_their_form),
        cmocka_unit_test(a_rule_is_put_in_and_all_of_it_are_taken_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
