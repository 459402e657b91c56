/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/vici/vici_message.h"

#include <stdlib.h>
#include <string.h>

/* key = v, section s { list l { "a", "" } empty = } */
static const uint8_t whole[] = "\003\003key\000\001v"
                               "\001\001s"
                               "\004\001l\005\000\001a\005\000\000\006"
                               "\003\005empty\000\000\002";
enum { WHOLE = sizeof whole - 1 };

/* All elements; the number of them in *count. */
static qw_err walk(const uint8_t *body, size_t len, size_t *count)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len); /* so that a sanitizer sees its end */
    struct qw_vici_element element = { .kind = QW_VICI_LIST_END };
    struct qw_vici_reader r;
    qw_err err = QW_OK;

    assert_non_null(copy);
    memcpy(copy, body, len);
    r = qw_vici_reader_on(copy, len);
    for (*count = 0; err == QW_OK && element.kind != QW_VICI_END; ++*count) {
        err = qw_vici_next(&r, &element);
        assert_true(err == QW_OK || err == QW_ERR_FORMAT);
        assert_true(strlen(element.name) <= QW_VICI_NAME_MAX && element.len <= len);
    }
    free(copy);
    return err;
}

static void what_is_written_is_these_bytes(void **state)
{
    uint8_t body[64];
    struct qw_writer w = qw_writer_on(body, sizeof body);

    (void)state;
    qw_vici_text(&w, "key", "v");
    qw_vici_section(&w, "s");
    qw_vici_list(&w, "l");
    qw_vici_item(&w, "a", 1);
    qw_vici_item(&w, "", 0);
    qw_vici_list_end(&w);
    qw_vici_value(&w, "empty", "", 0);
    qw_vici_section_end(&w);
    assert_false(w.failed);
    assert_int_equal(w.len, WHOLE);
    assert_memory_equal(body, whole, WHOLE);
}

static void what_is_read_is_what_was_written(void **state)
{
    static const enum qw_vici_kind kinds[] = { QW_VICI_KEY_VALUE,  QW_VICI_SECTION_START,
                                               QW_VICI_LIST_START, QW_VICI_LIST_ITEM,
                                               QW_VICI_LIST_ITEM,  QW_VICI_LIST_END,
                                               QW_VICI_KEY_VALUE,  QW_VICI_SECTION_END,
                                               QW_VICI_END,        QW_VICI_END };
    static const char *const names[] = { "key", "s", "l", "", "", "", "empty", "", "", "" };
    struct qw_vici_reader r = qw_vici_reader_on(whole, WHOLE);
    struct qw_vici_element element;

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_int_equal(qw_vici_next(&r, &element), QW_OK);
        assert_int_equal(element.kind, kinds[i]);
        assert_string_equal(element.name, names[i]);
        assert_true(qw_vici_is(&element, i == 0 ? "v" : i == 3 ? "a" : ""));
        assert_false(qw_vici_is(&element, "vv"));
    }
}

static void every_cut_is_refused(void **state)
{
    size_t count;

    (void)state;
    assert_int_equal(walk(whole, WHOLE, &count), QW_OK);
    for (size_t cut = 1; cut < WHOLE; cut++) {
        /* Behind the first value nothing is open: a message of its own. */
        assert_int_equal(walk(whole, cut, &count), cut == 8 ? QW_OK : QW_ERR_FORMAT);
    }
    assert_int_equal(walk(whole, WHOLE + 1, &count), QW_ERR_FORMAT); /* its NUL is no kind */
}

static void flipped_bits_do_no_harm(void **state)
{
    uint8_t body[WHOLE];
    size_t count;

    (void)state;
    for (size_t bit = 0; bit < 8 * (size_t)WHOLE; bit++) {
        memcpy(body, whole, WHOLE);
        body[bit / 8] = (uint8_t)(body[bit / 8] ^ 1 << bit % 8);
        (void)walk(body, WHOLE, &count);
    }
}

static void odd_messages_are_refused(void **state)
{
    static const struct {
        const char *body;
        size_t len;
    } odd[] = {
        { "\000", 1 },                           /* END is not on the wire */
        { "\007", 1 },                           /* nor is an eighth kind */
        { "\002", 1 },                           /* an end without a section */
        { "\006", 1 },                           /* without a list */
        { "\005\000\000", 3 },                   /* an item outside */
        { "\003\000\000\000", 4 },               /* a value without a name */
        { "\003\001\000\000\000", 5 },           /* a NUL for a name */
        { "\001\001s", 3 },                      /* a section that stays open */
        { "\004\001l", 3 },                      /* and a list */
        { "\004\001l\003\001k\000\000\006", 9 }, /* a value in a list */
        { "\004\001l\004\001m\006\006", 8 },     /* a list in a list */
        { "\004\001l\001\001s\002\006", 8 },     /* a section in a list */
        { "\001\001s\004\001l\002\006", 8 },     /* crossed */
    };
    size_t count;

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        assert_int_equal(walk((const uint8_t *)odd[i].body, odd[i].len, &count), QW_ERR_FORMAT);
    }
}

static void a_refused_element_leaves_everything(void **state)
{
    struct qw_vici_reader r = qw_vici_reader_on("\003\001k\000\005v", 6);
    struct qw_vici_element element = { .kind = QW_VICI_LIST_END, .len = 4711 };

    (void)state;
    assert_int_equal(qw_vici_next(&r, &element), QW_ERR_FORMAT);
    assert_int_equal(qw_vici_next(&r, &element), QW_ERR_FORMAT);
    assert_int_equal(element.len, 4711);
}

static void sections_nest_sixteen_deep(void **state)
{
    uint8_t body[128];
    size_t count;

    (void)state;
    for (size_t depth = QW_VICI_DEPTH_MAX; depth <= QW_VICI_DEPTH_MAX + 1; depth++) {
        struct qw_writer w = qw_writer_on(body, sizeof body);

        for (size_t i = 0; i < depth; i++) {
            qw_vici_section(&w, "s");
        }
        for (size_t i = 0; i < depth; i++) {
            qw_vici_section_end(&w);
        }
        assert_false(w.failed);
        assert_int_equal(walk(body, w.len, &count),
                         depth == QW_VICI_DEPTH_MAX ? QW_OK : QW_ERR_FORMAT);
    }
}

static void what_does_not_fit_fails_the_writer(void **state)
{
    static uint8_t body[70000], value[65536];
    static char name[QW_VICI_NAME_MAX + 2];
    struct qw_writer w = qw_writer_on(body, sizeof body);

    (void)state;
    memset(name, 'n', sizeof name - 1);
    qw_vici_value(&w, "v", value, 65535);
    assert_false(w.failed);
    qw_vici_item(&w, value, 65536);
    assert_true(w.failed);
    w = qw_writer_on(body, sizeof body);
    qw_vici_section(&w, name);
    assert_true(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_these_bytes),
        cmocka_unit_test(what_is_read_is_what_was_written),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(flipped_bits_do_no_harm),
        cmocka_unit_test(odd_messages_are_refused),
        cmocka_unit_test(a_refused_element_leaves_everything),
        cmocka_unit_test(sections_nest_sixteen_deep),
        cmocka_unit_test(what_does_not_fit_fails_the_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
