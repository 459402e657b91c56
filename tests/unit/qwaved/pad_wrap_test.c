/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q2 C2 C14 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/pad_wrap.h"

#include <stdlib.h>
#include <string.h>

/* Two centres that hold the same link; what is a half and whose, link_pads_test says. */
enum { HALF_LEN = 32768, PADS = 8192 };

struct world {
    struct link_pads *here, *there;
    struct qw_etsi020_ext_keys sent, plain;
    struct qw_handover_label label;
};

static void put(struct world *w, uint32_t number)
{
    struct qw_handover_label label = { .block = number };
    uint8_t *halves = malloc(2 * HALF_LEN);

    assert_non_null(halves);
    for (size_t i = 0; i < 2 * HALF_LEN; i++) {
        halves[i] = (uint8_t)(i * i + i / 256 + number);
    }
    link_pads_put(w->here, &label, halves, halves + HALF_LEN, HALF_LEN);
    link_pads_put(w->there, &label, halves + HALF_LEN, halves, HALF_LEN);
    free(halves);
}

/* count keys of so many bits. */
static void write_message(struct world *w, size_t count, uint16_t bits)
{
    struct qw_etsi020_ext_keys *m = &w->plain;

    memset(m, 0, sizeof *m);
    strcpy(m->parties.initiator, "alice");
    strcpy(m->parties.targets[0], "bob");
    strcpy(m->parties.targets[1], "carol");
    m->parties.target_count = 2;
    strcpy(m->source, "qrng:/dev/qrng0");
    m->is_quantum = true;
    m->ids.count = count;
    for (size_t i = 0; i < count; i++) {
        memset(m->ids.id[i], (int)i, sizeof m->ids.id[i]);
        m->values[i].bits = bits;
        memset(m->values[i].bytes, 0xA5, bits / 8u);
    }
    w->sent = *m;
}

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    assert_int_equal(link_pads_new(true, &w->here), QW_OK);
    assert_int_equal(link_pads_new(true, &w->there), QW_OK);
    put(w, 1);
    *state = w;
    return 0;
}

static int free_world(void **state)
{
    struct world *w = *state;

    link_pads_free(w->here);
    link_pads_free(w->there);
    free(w);
    return 0;
}

static void assert_values_are(const struct world *w, bool plain)
{
    for (size_t i = 0; i < w->plain.ids.count; i++) {
        int differs =
            memcmp(w->sent.values[i].bytes, w->plain.values[i].bytes, w->plain.values[i].bits / 8u);

        assert_int_equal(differs == 0, plain);
    }
}

static void what_is_wrapped_here_is_unwrapped_there(void **state)
{
    static const struct {
        size_t count;
        uint16_t bits;
    } sizes[] = { { 1, 256 }, { 128, 256 }, { 8, 4096 }, { 1, 128 } };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        put(w, (uint32_t)i + 2);
        write_message(w, sizes[i].count, sizes[i].bits);
        assert_int_equal(pad_wrap(w->here, &w->sent, &w->label), QW_OK);
        assert_true(w->sent.has_pad);
        assert_int_equal(w->label.block, i + 2);
        assert_values_are(w, false);
        assert_int_equal(pad_unwrap(w->there, &w->sent), QW_OK);
        assert_values_are(w, true);
        assert_int_equal(pad_unwrap(w->there, &w->sent), QW_ERR_NOT_FOUND); /* a replay */
    }
    write_message(w, 1, 256); /* and back */
    assert_int_equal(pad_wrap(w->there, &w->sent, &w->label), QW_OK);
    assert_int_equal(pad_unwrap(w->here, &w->sent), QW_OK);
    assert_values_are(w, true);
}

static void equal_keys_never_look_alike(void **state)
{
    struct world *w = *state;
    struct qw_etsi020_ext_keys first;

    write_message(w, 2, 256);
    assert_int_equal(pad_wrap(w->here, &w->sent, &w->label), QW_OK);
    assert_memory_not_equal(w->sent.values[0].bytes, w->sent.values[1].bytes, 32);
    first = w->sent;
    write_message(w, 2, 256);
    assert_int_equal(pad_wrap(w->here, &w->sent, &w->label), QW_OK);
    assert_memory_not_equal(w->sent.values[0].bytes, first.values[0].bytes, 32);
    assert_true(w->sent.pad.offset >= first.pad.offset + 28 + 64);
}

/* Every part that decides who gets what is under the tag, and a forgery costs no pad. */
static void altered_messages_are_refused_and_spend_nothing(void **state)
{
    struct world *w = *state;
    struct qw_etsi020_ext_keys good;

    write_message(w, 2, 256);
    assert_int_equal(pad_wrap(w->here, &w->sent, &w->label), QW_OK);
    good = w->sent;
    for (int change = 0; change < 12; change++) {
        qw_err expected = QW_ERR_AUTH;

        w->sent = good;
        switch (change) {
        case 0:
            w->sent.parties.initiator[0] ^= 1;
            break;
        case 1:
            w->sent.parties.targets[1][4] ^= 1;
            break;
        case 2:
            w->sent.parties.target_count = 1;
            break;
        case 3:
            w->sent.ids.id[1][15] ^= 1;
            break;
        case 4:
            w->sent.values[1].bytes[31] ^= 0x80;
            break;
        case 5:
            w->sent.values[1].bits = 248;
            break;
        case 6:
            w->sent.ids.count = 1;
            break;
        case 7:
            w->sent.pad.tag[11] ^= 1;
            break;
        case 8:
            w->sent.source[0] ^= 1;
            break;
        case 9:
            w->sent.is_quantum = !w->sent.is_quantum;
            break;
        case 10:
            w->sent.is_simulated = !w->sent.is_simulated;
            break;
        default:
            w->sent.pad.offset += 16;
            break;
        }
        assert_int_equal(pad_unwrap(w->there, &w->sent), expected);
    }
    w->sent = good;
    w->sent.has_pad = false;
    assert_int_equal(pad_unwrap(w->there, &w->sent), QW_ERR_FORMAT);
    w->sent = good;
    w->sent.pad.block++;
    assert_int_equal(pad_unwrap(w->there, &w->sent), QW_ERR_NOT_FOUND);
    w->sent = good; /* none of it has spent anything */
    assert_int_equal(pad_unwrap(w->there, &w->sent), QW_OK);
    assert_values_are(w, true);
}

static void every_bit_of_the_ciphertext_is_under_the_tag(void **state)
{
    struct world *w = *state;

    write_message(w, 1, 256);
    assert_int_equal(pad_wrap(w->here, &w->sent, &w->label), QW_OK);
    for (size_t bit = 0; bit < 256; bit++) {
        w->sent.values[0].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(pad_unwrap(w->there, &w->sent), QW_ERR_AUTH);
        w->sent.values[0].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(pad_unwrap(w->there, &w->sent), QW_OK);
}

static void without_pads_nothing_is_changed(void **state)
{
    struct world *w = *state;

    write_message(w, 128, 4096); /* 65 KiB: more than a block has */
    assert_int_equal(pad_wrap(w->here, &w->sent, &w->label), QW_ERR_EXHAUSTED);
    assert_false(w->sent.has_pad);
    assert_values_are(w, true);
}

static void a_key_is_no_better_than_what_it_travelled_under(void **state)
{
    struct world *w = *state;

    write_message(w, 1, 256);
    assert_int_equal(pad_wrap(w->here, &w->sent, &w->label), QW_OK);
    assert_true(w->sent.is_simulated && !w->sent.is_quantum);
    assert_int_equal(pad_unwrap(w->there, &w->sent), QW_OK);
    assert_true(w->sent.is_simulated && !w->sent.is_quantum);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, free_world)
    const struct CMUnitTest tests[] = {
        TEST(what_is_wrapped_here_is_unwrapped_there),
        TEST(equal_keys_never_look_alike),
        TEST(altered_messages_are_refused_and_spend_nothing),
        TEST(every_bit_of_the_ciphertext_is_under_the_tag),
        TEST(without_pads_nothing_is_changed),
        TEST(a_key_is_no_better_than_what_it_travelled_under),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
