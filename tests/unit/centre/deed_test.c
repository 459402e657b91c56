/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/journal/deed.h"

#include <string.h>

static void names_who_did_it_by_role_and_id(void **state)
{
    struct qw_caller caller = { .role = QW_ROLE_SAE, .id = "alice", .certificate_hash = { 1, 2 } };
    struct qw_deed deed = { .caller = &caller, .verb = "deliver", .object = "bob" };
    struct qw_audit_event event = qw_deed_event(&deed, QW_ERR_EXHAUSTED, "no key");

    (void)state;
    assert_string_equal(event.actor, "sae:alice");
    assert_string_equal(event.verb, "deliver");
    assert_string_equal(event.object, "bob");
    assert_string_equal(event.detail, "no key");
    assert_int_equal(event.result, QW_ERR_EXHAUSTED);
    assert_memory_equal(event.certificate_hash, caller.certificate_hash,
                        sizeof event.certificate_hash);
    caller.role = QW_ROLE_COUNT;
    event = qw_deed_event(&deed, QW_OK, "");
    assert_string_equal(event.actor, "unknown:alice");
    deed.caller = NULL;
    event = qw_deed_event(&deed, QW_OK, "");
    assert_string_equal(event.actor, "centre");
}

static void makes_what_a_caller_sent_printable_and_cuts_it(void **state)
{
    char object[2 * QW_AUDIT_TEXT_CAP];
    struct qw_deed deed = { .verb = "find", .object = object };
    struct qw_audit_event event;

    (void)state;
    memset(object, 'x', sizeof object - 1);
    object[sizeof object - 1] = '\0';
    object[0] = '\n';
    object[1] = '\x7f';
    object[2] = (char)0xc3;
    event = qw_deed_event(&deed, QW_OK, "a\tb");
    assert_int_equal(strlen(event.object), QW_AUDIT_TEXT_CAP - 1);
    assert_memory_equal(event.object, "???xxx", 6);
    assert_string_equal(event.detail, "a?b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_who_did_it_by_role_and_id),
        cmocka_unit_test(makes_what_a_caller_sent_printable_and_cuts_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
