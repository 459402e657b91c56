/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/key/key_life.h"

#include <stdio.h>
#include <string.h>

/* The transitions of the design, written as sentences instead of a table; everything else is
 * refused. */
struct rule {
    enum qw_key_event event;
    const char *from; /* names, separated by one space */
    enum qw_key_state to;
};
static const struct rule rules[] = {
    { QW_KEY_LEASE, "stored", QW_KEY_LEASED },
    { QW_KEY_ASSIGN, "leased", QW_KEY_ASSIGNED },
    { QW_KEY_DELIVER, "assigned delivered", QW_KEY_DELIVERED },
    { QW_KEY_CLOSE, "delivered", QW_KEY_CONSUMED },
    { QW_KEY_EXPIRE, "stored leased assigned delivered", QW_KEY_EXPIRED },
    { QW_KEY_VOID, "leased assigned delivered suspended archived", QW_KEY_VOIDED },
    { QW_KEY_SUSPEND, "stored assigned delivered", QW_KEY_SUSPENDED },
    { QW_KEY_COMPROMISE,
      "stored leased assigned delivered suspended archived consumed voided expired compromised",
      QW_KEY_COMPROMISED },
    { QW_KEY_COMPROMISE, "destroyed", QW_KEY_DESTROYED_COMPROMISED },
    { QW_KEY_DESTROY, "consumed voided expired", QW_KEY_DESTROYED },
    { QW_KEY_DESTROY, "compromised", QW_KEY_DESTROYED_COMPROMISED },
    { QW_KEY_ARCHIVE, "assigned delivered suspended", QW_KEY_ARCHIVED },
};

static int names(const char *list, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = list; at != NULL; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, name, len) == 0 && (at[len] == ' ' || at[len] == '\0')) {
            return 1;
        }
    }
    return 0;
}

static void walks_every_cell_of_the_table(void **state)
{
    (void)state;
    for (int from = 0; from < QW_KEY_STATE_COUNT; from++) {
        for (int event = 0; event < QW_KEY_EVENT_COUNT; event++) {
            enum qw_key_state next = (enum qw_key_state)77;
            qw_err err;
            int to = -1;

            if (event == QW_KEY_RESUME || event == QW_KEY_RECOVER) {
                continue;
            }
            for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
                if ((int)rules[i].event == event &&
                    names(rules[i].from, qw_key_state_names[from])) {
                    to = (int)rules[i].to;
                }
            }
            err = qw_key_next((enum qw_key_state)from, (enum qw_key_event)event, QW_KEY_STORED,
                              &next);
            if (err != (to < 0 ? QW_ERR_STATE : QW_OK) || (int)next != (to < 0 ? 77 : to)) {
                fail_msg("%s, event %d: got %d, next %d", qw_key_state_names[from], event, err,
                         (int)next);
            }
        }
    }
}

static void resumes_to_where_it_was_suspended_from(void **state)
{
    (void)state;
    for (int from = 0; from < QW_KEY_STATE_COUNT; from++) {
        for (int before = 0; before < QW_KEY_STATE_COUNT; before++) {
            int was_live =
                before == QW_KEY_STORED || before == QW_KEY_ASSIGNED || before == QW_KEY_DELIVERED;
            int resumes = was_live && from == QW_KEY_SUSPENDED;
            int recovers = was_live && from == QW_KEY_ARCHIVED;
            enum qw_key_state next = (enum qw_key_state)77;

            assert_int_equal(qw_key_next((enum qw_key_state)from, QW_KEY_RESUME,
                                         (enum qw_key_state)before, &next),
                             resumes ? QW_OK : QW_ERR_STATE);
            assert_int_equal(next, resumes ? before : 77);
            next = (enum qw_key_state)77;
            assert_int_equal(qw_key_next((enum qw_key_state)from, QW_KEY_RECOVER,
                                         (enum qw_key_state)before, &next),
                             recovers ? QW_OK : QW_ERR_STATE);
            assert_int_equal(next, recovers ? before : 77);
        }
    }
}

static void names_every_state_once(void **state)
{
    (void)state;
    for (int i = 0; i < QW_KEY_STATE_COUNT; i++) {
        assert_non_null(qw_key_state_names[i]);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(qw_key_state_names[i], qw_key_state_names[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_every_cell_of_the_table),
        cmocka_unit_test(resumes_to_where_it_was_suspended_from),
        cmocka_unit_test(names_every_state_once),
    };

    return cmocka_run_group_tests_name("centre.key_life", tests, NULL, NULL);
}
