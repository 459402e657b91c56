/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 */
#include "qkd/optics_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CAP = 256 };

static struct qw_qkd_click *clicks; /* [QW_OPTICS_CLICKS_MAX] */

typedef size_t (*again)(const uint8_t *message, size_t len, uint8_t *out);

static size_t again_hello(const uint8_t *message, size_t len, uint8_t *out)
{
    uint8_t role;

    if (qw_optics_hello_decode(message, len, &role) != QW_OK) {
        return 0;
    }
    qw_optics_hello_encode(role, out);
    return QW_OPTICS_HELLO_LEN;
}

static size_t again_pulses(const uint8_t *message, size_t len, uint8_t *out)
{
    struct qw_optics_pulses pulses;

    if (qw_optics_pulses_decode(message, len, &pulses) != QW_OK) {
        return 0;
    }
    qw_optics_pulses_encode(&pulses, out);
    return QW_OPTICS_PULSES_LEN;
}

static size_t again_ask(const uint8_t *message, size_t len, uint8_t *out)
{
    uint32_t count;

    if (qw_optics_ask_decode(message, len, &count) != QW_OK) {
        return 0;
    }
    qw_optics_ask_encode(count, out);
    return QW_OPTICS_ASK_LEN;
}

static size_t again_clicks(const uint8_t *message, size_t len, uint8_t *out)
{
    size_t count;

    if (qw_optics_clicks_decode(message, len, clicks, &count) != QW_OK) {
        return 0;
    }
    return qw_optics_clicks_encode(clicks, count, out);
}

static void attack(again form, const uint8_t *message, size_t len)
{
    uint8_t out[CAP];
    uint8_t altered[CAP] = { 0 };

    assert_int_equal(form(message, len, out), len);
    assert_memory_equal(out, message, len);
    memcpy(altered, message, len);
    assert_int_equal(form(altered, len + 1, out), 0);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = malloc(cut + (cut == 0));

        assert_non_null(exact);
        memcpy(exact, message, cut);
        assert_int_equal(form(exact, cut, out), 0);
        free(exact);
    }
    for (size_t bit = 0; bit < 8 * len; bit++) {
        size_t again_len;

        memcpy(altered, message, len);
        altered[bit / 8] ^= (uint8_t)(1u << bit % 8);
        again_len = form(altered, len, out);
        assert_true(again_len == 0 || again_len == len);
        if (again_len > 0) {
            assert_memory_equal(out, altered, len);
        }
    }
}

static void every_message_survives_every_alteration(void **state)
{
    static const struct qw_qkd_click three[] = { { 5, 0, 1 }, { 9, 1, 0 }, { 10, 1, 1 } };
    struct qw_optics_pulses pulses = { 77, 800000, 2, { 500000, 500000, 0 } };
    uint8_t message[CAP];

    (void)state;
    qw_optics_hello_encode(1, message);
    attack(again_hello, message, QW_OPTICS_HELLO_LEN);
    qw_optics_pulses_encode(&pulses, message);
    attack(again_pulses, message, QW_OPTICS_PULSES_LEN);
    qw_optics_ask_encode(1000, message);
    attack(again_ask, message, QW_OPTICS_ASK_LEN);
    attack(again_clicks, message, qw_optics_clicks_encode(three, 3, message));
}

/* Alice at the far end of the wire knows what the optics know of her. */
static void a_record_that_travelled_says_the_same(void **state)
{
    const struct qw_decoy_source source = { 3, { 0.5, 0.1, 0 }, { 0.6, 0.3, 0.1 } };
    struct qw_optics_pulses pulses = { 77, 800000, 3, { 600000, 300000, 100000 } };
    struct qw_pulse_record there = qw_optics_pulses_record(&pulses);
    struct qw_pulse_record here = qw_pulse_record_of(&source, 0.8, 77);

    (void)state;
    for (uint64_t i = 0; i < 10000; i++) {
        struct qw_pulse a = qw_pulse_of(&here, i * 1234567);
        struct qw_pulse b = qw_pulse_of(&there, i * 1234567);

        assert_true(a.basis == b.basis && a.bit == b.bit && a.intensity == b.intensity);
    }
}

static int make_clicks(void **state)
{
    (void)state;
    clicks = calloc(QW_OPTICS_CLICKS_MAX, sizeof *clicks);
    return clicks == NULL;
}

static int free_clicks(void **state)
{
    (void)state;
    free(clicks);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_survives_every_alteration),
        cmocka_unit_test(a_record_that_travelled_says_the_same),
    };

    return cmocka_run_group_tests(tests, make_clicks, free_clicks);
}
