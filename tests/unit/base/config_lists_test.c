/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 */
#include "base/config.h"

#include "support/fail_nth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(char *, strdup, NULL, (const char *text), (text));
FAIL_NTH(int, yaml_parser_initialize, 0, (void *parser), (parser));

enum { SHIPS_MAX = 3 };
struct ship {
    char id[8];
    int64_t masts;
};
struct harbour {
    char name[8];
    struct ship ship[SHIPS_MAX];
    size_t ships;
};

static const struct qw_config_row settings_rows[] = {
    { "name", QW_CONFIG_TEXT, offsetof(struct harbour, name), 1, 8, NULL, NULL, "of the harbour" },
};
static const struct qw_config_row ship_rows[] = {
    { "id", QW_CONFIG_TEXT, offsetof(struct ship, id), 1, 8, NULL, NULL, "of the ship" },
    { "masts", QW_CONFIG_INT, offsetof(struct ship, masts), 1, 5, "1", NULL, "number" },
};

static struct harbour harbour;
static struct ship ship;
static char error[QW_CONFIG_ERROR_CAP];

static qw_err take(void *self, const void *item, char why[static QW_CONFIG_WHY_CAP])
{
    struct harbour *h = self;

    for (size_t i = 0; i < h->ships; i++) {
        if (strcmp(h->ship[i].id, ((const struct ship *)item)->id) == 0) {
            strcpy(why, "the ship is here already");
            return QW_ERR_FORMAT;
        }
    }
    h->ship[h->ships++] = *(const struct ship *)item;
    return QW_OK;
}

static const struct qw_config_list lists[] = {
    { "ships", ship_rows, 2, SHIPS_MAX, &ship, take, &harbour },
};
static const struct qw_config_schema schema = { settings_rows, 1, lists, 1 };

static qw_err parse(const char *text)
{
    memset(&harbour, 0, sizeof harbour);
    return qw_config_parse_lists("h.yaml", text, strlen(text), &schema, &harbour, error);
}

static void assert_refused(const char *text, const char *expected)
{
    assert_int_equal(parse(text), QW_ERR_FORMAT);
    assert_string_equal(error, expected);
}

static void items_are_read_in_either_style_of_yaml(void **state)
{
    (void)state;
    assert_int_equal(parse("ships:\n"
                           "  - {id: anna, masts: 3}\n"
                           "  - id: bea\n"
                           "name: cork\n"),
                     QW_OK);
    assert_string_equal(error, "");
    assert_string_equal(harbour.name, "cork");
    assert_int_equal(harbour.ships, 2);
    assert_string_equal(harbour.ship[0].id, "anna");
    assert_int_equal(harbour.ship[0].masts, 3);
    assert_string_equal(harbour.ship[1].id, "bea");
    assert_int_equal(harbour.ship[1].masts, 1);
}

static void a_list_may_be_left_out_or_empty(void **state)
{
    (void)state;
    assert_int_equal(parse("name: cork\n"), QW_OK);
    assert_int_equal(parse("name: cork\nships: []\n"), QW_OK);
    assert_int_equal(harbour.ships, 0);
}

static void mistakes_inside_an_item_have_its_line(void **state)
{
    (void)state;
    assert_refused("name: cork\nships:\n  - {id: a}\n  - {id: b,\n     masts: 9}\n",
                   "h.yaml:5: masts: 9 is not in 1..5");
    assert_refused("name: cork\nships:\n  - {masts: 2}\n",
                   "h.yaml:3: id: must be given: a text of 1..7 characters (of the ship)");
    assert_refused("name: cork\nships:\n  - {id: a, id: b}\n",
                   "h.yaml:3: id: given twice, first in line 3");
    assert_refused("name: cork\nships:\n  - {id: a, sails: 2}\n",
                   "h.yaml:3: sails: unknown setting; known are id, masts");
    assert_refused("name: cork\nships:\n  - {id: a}\n  - id: a\n    masts: 2\n",
                   "h.yaml:4: ships: the ship is here already");
}

static void what_is_no_list_of_mappings_is_refused(void **state)
{
    static const char sentence[] =
        "h.yaml:1: ships: must be a list of items of the form {id: ..., ...}";

    (void)state;
    assert_refused("ships: anna\nname: cork\n", sentence);
    assert_refused("ships: {id: a}\nname: cork\n", sentence);
    assert_refused("ships: [anna]\nname: cork\n", sentence);
    assert_refused("ships: [[{id: a}]]\nname: cork\n", sentence);
    assert_refused("ships: [{id: a, masts: [1]}]\nname: cork\n",
                   "h.yaml:1: masts: must be one plain value, a whole number in 1..5");
    assert_refused("ships: []\nships: []\n", "h.yaml:2: ships: given twice, first in line 1");
    assert_refused("ship: []\n", "h.yaml:1: ship: unknown setting; known are name, ships");
    assert_refused("ships: [{id: a}, {id: b}, {id: c}, {id: d}]\nname: cork\n",
                   "h.yaml:1: ships: more than 3 items");
    assert_refused("ships: []\n",
                   "h.yaml:2: name: must be given: a text of 1..7 characters (of the harbour)");
}

static void every_lack_of_memory_is_reported(void **state)
{
    qw_err err = QW_ERR_NOMEM;
    int n;

    (void)state;
    for (n = 1; err != QW_OK && n < 100; n++) {
        fail_nth = n;
        err = parse("name: cork\nships: [{id: a}, {id: b, masts: 2}]\n");
        fail_nth = 0;
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
    }
    assert_int_equal(err, QW_OK);
    assert_true(n > 9);
}

static void every_truncation_is_answered(void **state)
{
    static const char text[] = "name: cork\nships:\n  - {id: anna, masts: 3}\n  - {id: bea}\n";

    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        memset(&harbour, 0, sizeof harbour);
        qw_err err = qw_config_parse_lists("h.yaml", text, len, &schema, &harbour, error);

        assert_true(err == QW_OK ? error[0] == '\0' : strncmp(error, "h.yaml:", 7) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_read_in_either_style_of_yaml),
        cmocka_unit_test(a_list_may_be_left_out_or_empty),
        cmocka_unit_test(mistakes_inside_an_item_have_its_line),
        cmocka_unit_test(what_is_no_list_of_mappings_is_refused),
        cmocka_unit_test(every_lack_of_memory_is_reported),
        cmocka_unit_test(every_truncation_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
