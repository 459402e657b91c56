/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W5 S1 */
/* The one-time-pad channel after a key was made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/secret.h"
#include "base/wire_memory.h"
#include "radio/plkg/session.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_LEN = 100, WAIT_MS = 60000 };

struct ends {
    struct qw_wire wire_ap, wire_te;
    struct qw_plkg_session *ap, *te;
};

static struct qw_plkg_session *new_end(struct qw_wire *wire, bool is_terminal)
{
    struct qw_plkg_link *link;
    struct qw_plkg_session *session;
    uint8_t *key = qw_secret_new(KEY_LEN);
    uint8_t *auth = qw_secret_new(2 * QW_PLKG_AUTH_LEN);

    for (size_t i = 0; i < KEY_LEN; i++) {
        key[i] = (uint8_t)(i * 31 + 7);
    }
    for (size_t i = 0; i < 2 * QW_PLKG_AUTH_LEN; i++) {
        auth[i] = (uint8_t)(i * 13 + 1);
    }
    assert_int_equal(qw_plkg_link_new(wire, WAIT_MS, &link), QW_OK);
    memset(link->session_id, 0x33, sizeof link->session_id);
    assert_int_equal(qw_plkg_session_new(link, is_terminal, key, KEY_LEN, auth, &session), QW_OK);
    return session;
}

static int set_up(void **state)
{
    struct ends *ends = calloc(1, sizeof *ends);

    assert_int_equal(qw_wire_memory_pair(&ends->wire_ap, &ends->wire_te), QW_OK);
    ends->ap = new_end(&ends->wire_ap, false);
    ends->te = new_end(&ends->wire_te, true);
    *state = ends;
    return 0;
}

static int tear_down(void **state)
{
    struct ends *ends = *state;

    qw_plkg_session_free(ends->ap);
    qw_plkg_session_free(ends->te);
    qw_wire_close(&ends->wire_ap);
    qw_wire_close(&ends->wire_te);
    free(ends);
    return 0;
}

static void carries_secret_and_public_frames_in_turns(void **state)
{
    struct ends *ends = *state;
    uint8_t got[64];
    size_t len;

    assert_int_equal(qw_plkg_send(ends->ap, &ends->wire_ap, (const uint8_t *)"package", 7, false),
                     QW_OK);
    assert_int_equal(qw_plkg_receive(ends->te, &ends->wire_te, got, sizeof got, &len, WAIT_MS),
                     QW_OK);
    assert_int_equal(len, 7);
    assert_memory_equal(got, "package", 7);
    assert_int_equal(qw_plkg_send(ends->te, &ends->wire_te, (const uint8_t *)"receipt", 7, true),
                     QW_OK);
    assert_int_equal(qw_plkg_receive(ends->ap, &ends->wire_ap, got, sizeof got, &len, WAIT_MS),
                     QW_OK);
    assert_memory_equal(got, "receipt", 7);
    assert_int_equal(qw_plkg_send(ends->te, &ends->wire_te, (const uint8_t *)"secret", 6, false),
                     QW_OK);
    assert_int_equal(qw_plkg_receive(ends->ap, &ends->wire_ap, got, sizeof got, &len, WAIT_MS),
                     QW_OK);
    assert_memory_equal(got, "secret", 6);
    assert_int_equal(qw_plkg_pad_left(ends->ap), KEY_LEN - 13);
    assert_int_equal(qw_plkg_pad_left(ends->te), KEY_LEN - 13);
    assert_int_equal(qw_plkg_send(ends->ap, &ends->wire_ap, NULL, 0, true), QW_OK);
    assert_int_equal(qw_plkg_receive(ends->te, &ends->wire_te, got, sizeof got, &len, WAIT_MS),
                     QW_OK);
    assert_int_equal(len, 0);
}

static void the_clear_text_is_not_on_the_wire_and_the_pad_never_twice(void **state)
{
    struct ends *ends = *state;
    uint8_t first[256];
    uint8_t second[256];
    uint8_t zeros[20] = { 0 };
    size_t len;

    assert_int_equal(qw_plkg_send(ends->ap, &ends->wire_ap, zeros, sizeof zeros, false), QW_OK);
    assert_int_equal(qw_plkg_send(ends->ap, &ends->wire_ap, zeros, sizeof zeros, false), QW_OK);
    assert_int_equal(qw_wire_receive(&ends->wire_te, first, sizeof first, &len, WAIT_MS), QW_OK);
    assert_int_equal(qw_wire_receive(&ends->wire_te, second, sizeof second, &len, WAIT_MS), QW_OK);
    assert_memory_not_equal(first + QW_PLKG_HEADER_LEN + 2, zeros, sizeof zeros);
    assert_memory_not_equal(first + QW_PLKG_HEADER_LEN + 2, second + QW_PLKG_HEADER_LEN + 2,
                            sizeof zeros);
}

static void spends_no_more_than_it_has(void **state)
{
    struct ends *ends = *state;
    uint8_t data[KEY_LEN + 1] = { 0 };

    assert_int_equal(qw_plkg_send(ends->ap, &ends->wire_ap, data, KEY_LEN + 1, false),
                     QW_ERR_EXHAUSTED);
    assert_int_equal(qw_plkg_pad_left(ends->ap), KEY_LEN);
    assert_int_equal(qw_plkg_send(ends->ap, &ends->wire_ap, data, KEY_LEN, false), QW_OK);
    assert_int_equal(qw_plkg_send(ends->ap, &ends->wire_ap, data, 1, false), QW_ERR_EXHAUSTED);
    assert_int_equal(qw_plkg_send(ends->ap, &ends->wire_ap, data, 1, true), QW_OK);
    assert_int_equal(qw_plkg_send(ends->ap, &ends->wire_ap, data, 1, true), QW_OK);
    assert_int_equal(qw_plkg_send(ends->ap, &ends->wire_ap, data, 1, true), QW_ERR_EXHAUSTED);
    assert_int_equal(qw_plkg_send(ends->ap, &ends->wire_ap, data, QW_PLKG_DATA_MAX + 1, true),
                     QW_ERR_ARG);
}

/* Every single bit of a frame, and every cut: refused, and the session is over. */
static void any_altered_frame_is_refused(void **state)
{
    size_t frame_bits = (QW_PLKG_HEADER_LEN + 2 + 7 + 12) * 8;

    (void)state;
    for (size_t bit = 0; bit < frame_bits; bit++) {
        struct ends *ends;
        uint8_t frame[64];
        uint8_t got[64] = { 0x77 };
        size_t len;
        qw_err err;

        set_up((void **)&ends);
        assert_int_equal(
            qw_plkg_send(ends->ap, &ends->wire_ap, (const uint8_t *)"package", 7, bit % 2), QW_OK);
        assert_int_equal(qw_wire_receive(&ends->wire_te, frame, sizeof frame, &len, WAIT_MS),
                         QW_OK);
        frame[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
        assert_int_equal(qw_wire_send(&ends->wire_ap, frame, len - (bit == 5 ? 1 : 0)), QW_OK);
        err = qw_plkg_receive(ends->te, &ends->wire_te, got, sizeof got, &len, WAIT_MS);
        /* DATA is one bit from REFUSE: whoever can alter a frame can also end the session. */
        assert_true(err == QW_ERR_AUTH || err == QW_ERR_FORMAT ||
                    (err == QW_ERR_REFUSED && bit == 7));
        assert_int_equal(got[0], 0x77);
        assert_int_equal(qw_plkg_pad_left(ends->te), KEY_LEN);
        frame[bit / 8] ^= (uint8_t)(0x80u >> bit % 8); /* no second try, even with the right one */
        assert_int_equal(qw_wire_send(&ends->wire_ap, frame, len), QW_OK);
        assert_int_equal(qw_plkg_receive(ends->te, &ends->wire_te, got, sizeof got, &len, WAIT_MS),
                         QW_ERR_STATE);
        tear_down((void **)&ends);
    }
}

static void a_replayed_or_reflected_frame_is_refused(void **state)
{
    struct ends *ends = *state;
    uint8_t frame[64];
    uint8_t got[64];
    size_t frame_len;
    size_t len;

    assert_int_equal(qw_plkg_send(ends->ap, &ends->wire_ap, (const uint8_t *)"one", 3, true),
                     QW_OK);
    assert_int_equal(qw_wire_receive(&ends->wire_te, frame, sizeof frame, &frame_len, WAIT_MS),
                     QW_OK);
    assert_int_equal(qw_wire_send(&ends->wire_te, frame, frame_len),
                     QW_OK); /* back to its sender */
    assert_true(qw_plkg_receive(ends->ap, &ends->wire_ap, got, sizeof got, &len, WAIT_MS) ==
                QW_ERR_AUTH);
    assert_int_equal(qw_wire_send(&ends->wire_ap, frame, frame_len), QW_OK);
    assert_int_equal(qw_wire_send(&ends->wire_ap, frame, frame_len), QW_OK);
    assert_int_equal(qw_plkg_receive(ends->te, &ends->wire_te, got, sizeof got, &len, WAIT_MS),
                     QW_OK);
    assert_int_equal(qw_plkg_receive(ends->te, &ends->wire_te, got, sizeof got, &len, WAIT_MS),
                     QW_ERR_FORMAT);
}

static void tells_a_buffer_that_is_too_small(void **state)
{
    struct ends *ends = *state;
    uint8_t got[3];
    size_t len;

    assert_int_equal(qw_plkg_send(ends->ap, &ends->wire_ap, (const uint8_t *)"four", 4, false),
                     QW_OK);
    assert_int_equal(qw_plkg_receive(ends->te, &ends->wire_te, got, sizeof got, &len, WAIT_MS),
                     QW_ERR_SPACE);
    assert_int_equal(qw_plkg_receive(ends->te, &ends->wire_te, got, sizeof got, &len, 0),
                     QW_ERR_STATE);
}

static void nothing_comes_in_time(void **state)
{
    struct ends *ends = *state;
    uint8_t got[3];
    size_t len;

    assert_int_equal(qw_plkg_receive(ends->te, &ends->wire_te, got, sizeof got, &len, 10),
                     QW_ERR_TIMEOUT);
    qw_wire_close(&ends->wire_ap);
    assert_int_equal(qw_plkg_receive(ends->te, &ends->wire_te, got, sizeof got, &len, 10),
                     QW_ERR_CLOSED);
    qw_plkg_session_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(carries_secret_and_public_frames_in_turns, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_clear_text_is_not_on_the_wire_and_the_pad_never_twice,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(spends_no_more_than_it_has, set_up, tear_down),
        cmocka_unit_test(any_altered_frame_is_refused),
        cmocka_unit_test_setup_teardown(a_replayed_or_reflected_frame_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(tells_a_buffer_that_is_too_small, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_comes_in_time, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
