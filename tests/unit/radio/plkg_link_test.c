/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 S1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/wire_memory.h"
#include "radio/plkg/link.h"

#include <stdlib.h>
#include <string.h>

static int fail_at; /* the n-th calloc or realloc from now on fails; 0: none */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_realloc(p, size);
}

struct ends {
    struct qw_wire wire_a, wire_b;
    struct qw_plkg_link *a, *b;
};

static uint8_t pool[QW_PLKG_AUTH_LEN];

static int set_up(void **state)
{
    struct ends *ends = calloc(1, sizeof *ends);

    for (size_t i = 0; i < sizeof pool; i++) {
        pool[i] = (uint8_t)(i * 5 + 1);
    }
    assert_int_equal(qw_wire_memory_pair(&ends->wire_a, &ends->wire_b), QW_OK);
    assert_int_equal(qw_plkg_link_new(&ends->wire_a, 500, &ends->a), QW_OK);
    assert_int_equal(qw_plkg_link_new(&ends->wire_b, 500, &ends->b), QW_OK);
    *state = ends;
    return 0;
}

static int tear_down(void **state)
{
    struct ends *ends = *state;

    qw_plkg_link_free(ends->a);
    qw_plkg_link_free(ends->b);
    qw_wire_close(&ends->wire_a);
    qw_wire_close(&ends->wire_b);
    free(ends);
    return 0;
}

static qw_err say(struct qw_plkg_link *link, enum qw_plkg_type type, const char *text,
                  const struct qw_plkg_pads *pads)
{
    return qw_plkg_link_send(link, type, &(struct qw_bytes){ text, strlen(text) }, 1, pads);
}

static void carries_bodies_and_keeps_one_transcript(void **state)
{
    struct ends *ends = *state;
    const uint8_t *body;
    size_t len;

    assert_int_equal(say(ends->a, QW_PLKG_OPEN, "one", NULL), QW_OK);
    assert_int_equal(qw_plkg_link_receive(ends->b, QW_PLKG_OPEN, NULL, &body, &len, 500), QW_OK);
    assert_int_equal(len, 3);
    assert_memory_equal(body, "one", 3);
    assert_int_equal(say(ends->b, QW_PLKG_OPEN_ACK, "two", NULL), QW_OK);
    assert_int_equal(qw_plkg_link_receive(ends->a, QW_PLKG_OPEN_ACK, NULL, &body, &len, 500),
                     QW_OK);
    assert_int_equal(ends->a->transcript_len, ends->b->transcript_len);
    assert_memory_equal(ends->a->transcript, ends->b->transcript, ends->a->transcript_len);
}

static void a_tag_covers_everything_said_before(void **state)
{
    struct ends *ends = *state;
    struct qw_plkg_pads pads = { .bytes = pool };
    const uint8_t *body;
    size_t len;

    assert_int_equal(say(ends->a, QW_PLKG_PAIRS, "early", NULL), QW_OK);
    assert_int_equal(qw_plkg_link_receive(ends->b, QW_PLKG_PAIRS, NULL, &body, &len, 500), QW_OK);
    assert_int_equal(say(ends->a, QW_PLKG_AMPLIFY, "good", &pads), QW_OK);
    assert_int_equal(qw_plkg_link_receive(ends->b, QW_PLKG_AMPLIFY, &pads, &body, &len, 500),
                     QW_OK);
    assert_int_equal(len, 4);
    assert_memory_equal(body, "good", 4);
    ends->b->transcript[QW_PLKG_HEADER_LEN] ^= 1; /* b heard something else at the start */
    assert_int_equal(say(ends->a, QW_PLKG_AMPLIFY, "good", &pads), QW_OK);
    assert_int_equal(qw_plkg_link_receive(ends->b, QW_PLKG_AMPLIFY, &pads, &body, &len, 500),
                     QW_ERR_AUTH);
}

static void a_tag_covers_what_both_ends_know_and_nobody_says(void **state)
{
    struct ends *ends = *state;
    struct qw_plkg_pads here = { .bytes = pool, .unsaid = { "the string", 10 } };
    struct qw_plkg_pads there = { .bytes = pool, .unsaid = { "the strinG", 10 } };
    struct qw_plkg_pads none = { .bytes = pool };
    const uint8_t *body;
    size_t len;

    assert_int_equal(say(ends->a, QW_PLKG_AMPLIFY, "good", &here), QW_OK);
    assert_int_equal(qw_plkg_link_receive(ends->b, QW_PLKG_AMPLIFY, &here, &body, &len, 500),
                     QW_OK);
    assert_int_equal(len, 4);
    assert_int_equal(ends->a->transcript_len, QW_PLKG_HEADER_LEN + 4 + 12);
    assert_int_equal(say(ends->a, QW_PLKG_AMPLIFY, "good", &here), QW_OK);
    assert_int_equal(qw_plkg_link_receive(ends->b, QW_PLKG_AMPLIFY, &there, &body, &len, 500),
                     QW_ERR_AUTH);
    assert_int_equal(say(ends->a, QW_PLKG_AMPLIFY, "good", &here), QW_OK);
    assert_int_equal(qw_plkg_link_receive(ends->b, QW_PLKG_AMPLIFY, &none, &body, &len, 500),
                     QW_ERR_AUTH);
}

static void refuses_another_type_counter_or_session(void **state)
{
    struct ends *ends = *state;
    const uint8_t *body;
    size_t len;

    assert_int_equal(say(ends->a, QW_PLKG_PAIRS, "x", NULL), QW_OK);
    assert_int_equal(qw_plkg_link_receive(ends->b, QW_PLKG_ESTIMATE, NULL, &body, &len, 500),
                     QW_ERR_FORMAT);
    assert_int_equal(say(ends->a, QW_PLKG_PAIRS, "x", NULL), QW_OK); /* counter 1, 0 is due */
    assert_int_equal(qw_plkg_link_receive(ends->b, QW_PLKG_PAIRS, NULL, &body, &len, 500),
                     QW_ERR_FORMAT);
    ends->b->received = 2;
    ends->b->session_id[3] = 9;
    assert_int_equal(say(ends->a, QW_PLKG_PAIRS, "x", NULL), QW_OK);
    assert_int_equal(qw_plkg_link_receive(ends->b, QW_PLKG_PAIRS, NULL, &body, &len, 500),
                     QW_ERR_FORMAT);
    assert_int_equal(ends->b->transcript_len, 0);
}

static void hears_a_refusal_at_any_step(void **state)
{
    struct ends *ends = *state;
    const uint8_t *body;
    size_t len;

    qw_plkg_link_refuse(ends->a, QW_PLKG_STATIC);
    assert_int_equal(qw_plkg_link_receive(ends->b, QW_PLKG_SYNDROME, NULL, &body, &len, 500),
                     QW_ERR_REFUSED);
    assert_int_equal(ends->b->peer_refusal, QW_PLKG_STATIC);
    assert_int_equal(qw_plkg_link_receive(ends->b, QW_PLKG_SYNDROME, NULL, &body, &len, 10),
                     QW_ERR_TIMEOUT);
}

static void a_transcript_has_an_end(void **state)
{
    struct ends *ends = *state;
    uint8_t *large = calloc(1, QW_PLKG_BODY_MAX + 1);
    struct qw_bytes part = { large, QW_PLKG_BODY_MAX };
    qw_err err = QW_OK;
    int sent = 0;

    assert_int_equal(qw_plkg_link_send(ends->a, QW_PLKG_MORE,
                                       &(struct qw_bytes){ large, QW_PLKG_BODY_MAX + 1 }, 1, NULL),
                     QW_ERR_SPACE);
    while (err == QW_OK && sent < 10) {
        err = qw_plkg_link_send(ends->a, QW_PLKG_MORE, &part, 1, NULL);
        sent += err == QW_OK ? 1 : 0;
    }
    assert_int_equal(err, QW_ERR_FORMAT);
    assert_int_equal(sent, 4);
    free(large);
}

static void survives_every_failing_allocation(void **state)
{
    struct ends *ends = *state;
    struct qw_plkg_link *link = NULL;
    uint8_t *large = calloc(1, 100000);
    qw_err err = QW_ERR_NOMEM;

    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_at = n;
        err = qw_plkg_link_new(&ends->wire_a, 1, &link);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && link == NULL));
    }
    fail_at = 1;
    assert_int_equal(
        qw_plkg_link_send(link, QW_PLKG_MORE, &(struct qw_bytes){ large, 100000 }, 1, NULL),
        QW_ERR_NOMEM);
    fail_at = 0;
    assert_int_equal(link->transcript_len, 0);
    qw_plkg_link_free(link);
    qw_plkg_link_free(NULL);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(carries_bodies_and_keeps_one_transcript, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tag_covers_everything_said_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tag_covers_what_both_ends_know_and_nobody_says, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_another_type_counter_or_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hears_a_refusal_at_any_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_transcript_has_an_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_every_failing_allocation, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
