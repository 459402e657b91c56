/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 */
/* The frame of an answer that is one list, and what happens when it has no room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/http_answer.h"
#include "base/secret.h"
#include "route_list.h"

#include <string.h>

enum { PIECE_LEN = 4096 };

static bool is_without_memory;

void *__real_qw_secret_lend(struct qw_secret_pool *pool, size_t len);
void *__wrap_qw_secret_lend(struct qw_secret_pool *pool, size_t len);
void *__wrap_qw_secret_lend(struct qw_secret_pool *pool, size_t len)
{
    return is_without_memory ? NULL : __real_qw_secret_lend(pool, len);
}

struct desk {
    struct service service;
    struct qw_http_answer answer;
    struct call call;
};

static int make_desk(void **state)
{
    static struct desk desk;

    memset(&desk, 0, sizeof desk);
    is_without_memory = false;
    assert_int_equal(qw_secret_pool_new(PIECE_LEN, 1, &desk.service.secrets), QW_OK);
    desk.service.table = &routes_for_clients;
    desk.call = (struct call){ .service = &desk.service, .answer = &desk.answer };
    *state = &desk;
    return 0;
}

static int remove_desk(void **state)
{
    struct desk *desk = *state;

    qw_http_answer_wipe(&desk->answer);
    qw_secret_pool_free(desk->service.secrets);
    return 0;
}

static void assert_answer(const struct desk *desk, unsigned status, const char *text)
{
    assert_int_equal(desk->answer.status, status);
    assert_string_equal(desk->answer.content_type, "application/json");
    assert_int_equal(desk->answer.body_len, strlen(text));
    assert_memory_equal(desk->answer.body, text, desk->answer.body_len);
}

static void frames_what_is_written_between(void **state)
{
    struct desk *desk = *state;
    struct qw_json_writer w;

    assert_true(list_begin(&desk->call, "names", 16, &w));
    qw_json_text(&w, "a");
    qw_json_text(&w, "b");
    list_send(&desk->call, &w);
    assert_answer(desk, 200, "{\"names\":[\"a\",\"b\"]}");
}

static void sends_a_list_of_none(void **state)
{
    struct desk *desk = *state;
    struct qw_json_writer w;

    assert_true(list_begin(&desk->call, "names", 0, &w));
    list_send(&desk->call, &w);
    assert_answer(desk, 200, "{\"names\":[]}");
}

/* Items of exactly what was asked for; then so much that nothing around it can help. */
static void has_room_for_what_was_asked(void **state)
{
    struct desk *desk = *state;
    struct qw_json_writer w;
    char item[64];

    memset(item, 'x', sizeof item);
    item[sizeof item - 3] = '\0'; /* with quotes and comma: one of 64 */
    assert_true(list_begin(&desk->call, "a_name_as_long_as_any", 2 * sizeof item, &w));
    qw_json_text(&w, item);
    qw_json_text(&w, item);
    list_send(&desk->call, &w);
    assert_int_equal(desk->answer.status, 200);
}

static void answers_that_it_failed_when_items_are_longer(void **state)
{
    struct desk *desk = *state;
    struct qw_json_writer w;
    char item[256];

    memset(item, 'x', sizeof item);
    item[sizeof item - 1] = '\0';
    assert_true(list_begin(&desk->call, "names", 16, &w));
    qw_json_text(&w, item);
    list_send(&desk->call, &w);
    assert_int_equal(desk->answer.status, 503);
    assert_null(memchr(desk->answer.body, 'x', desk->answer.body_len));
}

static void refuses_without_memory(void **state)
{
    struct desk *desk = *state;
    struct qw_json_writer w;

    is_without_memory = true;
    assert_false(list_begin(&desk->call, "names", 16, &w));
    assert_int_equal(desk->answer.status, 503);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_desk, remove_desk)
    const struct CMUnitTest tests[] = {
        CASE(frames_what_is_written_between), CASE(sends_a_list_of_none),
        CASE(has_room_for_what_was_asked),    CASE(answers_that_it_failed_when_items_are_longer),
        CASE(refuses_without_memory),
    };

    return cmocka_run_group_tests_name("qwaved.route_list", tests, NULL, NULL);
}
