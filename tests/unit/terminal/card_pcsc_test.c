/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 */
/* Without a service; with one: system.86. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_pcsc.h"

#include <stdlib.h>
#include <string.h>

static void no_service_is_said_to_be_none(void **state)
{
    static const uint8_t pin[] = "1234";
    struct qw_card *card = NULL;
    bool does = false;

    (void)state;
    assert_int_equal(setenv("PCSCLITE_CSOCK_NAME", "/nowhere/pcscd", 1), 0);
    assert_int_equal(qw_card_open("pcsc:", pin, 4, &card), QW_ERR_UNAVAILABLE);
    assert_int_equal(qw_card_exists("pcsc:Virtual", pin, 4, &does), QW_ERR_UNAVAILABLE);
    assert_null(card);
}

static void a_name_that_is_too_long_is_none(void **state)
{
    char name[129];
    struct qw_apdu_wire wire;

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(qw_card_pcsc(name, &wire), QW_ERR_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_service_is_said_to_be_none),
        cmocka_unit_test(a_name_that_is_too_long_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
