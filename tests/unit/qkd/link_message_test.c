/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 */
#include "qkd/link/message.h"

#include "link_pair.h"
#include "qkd/link/clicks.h"
#include "qkd/link/sift.h"
#include "support/test_seed.h"

#include "base/bits.h"
#include "base/bytes.h"
#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MESSAGE_CAP = 4096, COUNT = 200 };

static struct qw_qkd_click clicks[COUNT];
static struct qw_qkd_click decoded[QW_QKD_PART_MAX];

/* Decodes and encodes again; the length of what came out, 0 when it was refused. */
typedef size_t (*again)(const uint8_t *message, size_t len, uint8_t *out);

static size_t again_open(const uint8_t *message, size_t len, uint8_t *out)
{
    struct qw_qkd_open open;

    if (qw_qkd_open_decode(QW_QKD_TYPE_OPEN, message, len, &open) != QW_OK) {
        return 0;
    }
    qw_qkd_open_encode(QW_QKD_TYPE_OPEN, &open, out);
    return QW_QKD_OPEN_LEN;
}

static size_t again_verify(const uint8_t *message, size_t len, uint8_t *out)
{
    struct qw_qkd_verify verify;

    if (qw_qkd_verify_decode(message, len, &verify) != QW_OK) {
        return 0;
    }
    qw_qkd_verify_encode(&verify, out);
    return QW_QKD_VERIFY_LEN;
}

static size_t again_verified(const uint8_t *message, size_t len, uint8_t *out)
{
    struct qw_qkd_verified verified;

    if (qw_qkd_verified_decode(message, len, &verified) != QW_OK) {
        return 0;
    }
    qw_qkd_verified_encode(&verified, out);
    return QW_QKD_VERIFIED_LEN;
}

static size_t again_finish(const uint8_t *message, size_t len, uint8_t *out)
{
    struct qw_qkd_finish finish;

    if (qw_qkd_finish_decode(message, len, &finish) != QW_OK) {
        return 0;
    }
    qw_qkd_finish_encode(&finish, out);
    return QW_QKD_FINISH_LEN;
}

static size_t again_done(const uint8_t *message, size_t len, uint8_t *out)
{
    uint32_t block;

    if (qw_qkd_block_decode(QW_QKD_TYPE_DONE, message, len, &block) != QW_OK) {
        return 0;
    }
    qw_qkd_block_encode(QW_QKD_TYPE_DONE, block, out);
    return QW_QKD_BLOCK_LEN;
}

static size_t again_refuse(const uint8_t *message, size_t len, uint8_t *out)
{
    enum qw_qkd_refusal refusal;

    if (qw_qkd_refuse_decode(message, len, &refusal) != QW_OK) {
        return 0;
    }
    qw_qkd_refuse_encode(refusal, out);
    return QW_QKD_REFUSE_LEN;
}

static size_t again_test(const uint8_t *message, size_t len, uint8_t *out)
{
    struct qw_qkd_bits bits;

    if (qw_qkd_bits_decode(QW_QKD_TYPE_TEST, message, len, 100, &bits) != QW_OK) {
        return 0;
    }
    qw_qkd_bits_header(QW_QKD_TYPE_TEST, bits.block, bits.number, out);
    memcpy(out + QW_QKD_BITS_HEADER_LEN, bits.bits, QW_BITS_TO_BYTES(bits.number));
    return QW_QKD_BITS_HEADER_LEN + QW_BITS_TO_BYTES(bits.number);
}

static size_t again_amplify(const uint8_t *message, size_t len, uint8_t *out)
{
    struct qw_qkd_bits bits;
    size_t seed = QW_BITS_TO_BYTES(99);

    if (qw_qkd_bits_decode(QW_QKD_TYPE_AMPLIFY, message, len, 99, &bits) != QW_OK) {
        return 0;
    }
    qw_qkd_bits_header(QW_QKD_TYPE_AMPLIFY, bits.block, bits.number, out);
    memcpy(out + QW_QKD_BITS_HEADER_LEN, bits.bits, seed);
    memcpy(out + QW_QKD_BITS_HEADER_LEN + seed, bits.tag, QW_ONE_TIME_MAC_LEN);
    return QW_QKD_BITS_HEADER_LEN + seed + QW_ONE_TIME_MAC_LEN;
}

/* The encoder chooses k, so another k that decodes need not come again: compared by value. */
static size_t again_clicks(const uint8_t *message, size_t len, uint8_t *out)
{
    struct qw_qkd_clicks_header header;
    struct qw_qkd_clicks_header second;
    static struct qw_qkd_click twice[QW_QKD_PART_MAX];
    static uint8_t bytes[QW_QKD_CLICKS_LEN_MAX];
    size_t second_len;

    if (qw_qkd_clicks_decode(message, len, &header, decoded) != QW_OK) {
        return 0;
    }
    assert_int_equal(qw_qkd_clicks_encode(header.block, header.part, decoded, header.count, bytes,
                                          sizeof bytes, &second_len),
                     QW_OK);
    assert_int_equal(qw_qkd_clicks_decode(bytes, second_len, &second, twice), QW_OK);
    assert_memory_equal(decoded, twice, header.count * sizeof *decoded);
    memcpy(out, message, len);
    return len;
}

static void attack(again form, const uint8_t *message, size_t len)
{
    uint8_t out[MESSAGE_CAP];
    uint8_t *copy = malloc(len + 1);

    assert_non_null(copy);
    memcpy(copy, message, len);
    copy[len] = 0;
    assert_int_equal(form(copy, len, out), len);
    assert_memory_equal(out, message, len);
    assert_int_equal(form(copy, len + 1, out), 0);
    free(copy);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = malloc(cut + (cut == 0));

        assert_non_null(exact);
        memcpy(exact, message, cut);
        assert_int_equal(form(exact, cut, out), 0);
        free(exact);
    }
    for (size_t bit = 0; bit < 8 * len; bit++) {
        uint8_t flipped[MESSAGE_CAP];
        size_t again_len;

        memcpy(flipped, message, len);
        flipped[bit / 8] ^= (uint8_t)(1u << bit % 8);
        again_len = form(flipped, len, out);
        assert_true(again_len == 0 || again_len == len);
        if (again_len > 0) {
            assert_memory_equal(out, flipped, len);
        }
    }
}

static void messages_of_fixed_form_survive_every_alteration(void **state)
{
    struct qw_qkd_open open = {
        .terms = pair_terms(), .position = { 24, 36 }, .end = { 60, 48 }, .capacity = 96
    };
    struct qw_qkd_verify verify = { 3, { 1, 2, 3 }, { 4, 5 } };
    struct qw_qkd_verified verified = { 3, 12345, { 7, 8, 0 }, 999 };
    struct qw_qkd_finish finish = { 3, 999, { 1 } };
    uint8_t message[MESSAGE_CAP];

    (void)state;
    qw_qkd_open_encode(QW_QKD_TYPE_OPEN, &open, message);
    attack(again_open, message, QW_QKD_OPEN_LEN);
    qw_qkd_verify_encode(&verify, message);
    attack(again_verify, message, QW_QKD_VERIFY_LEN);
    qw_qkd_verified_encode(&verified, message);
    attack(again_verified, message, QW_QKD_VERIFIED_LEN);
    qw_qkd_finish_encode(&finish, message);
    attack(again_finish, message, QW_QKD_FINISH_LEN);
    qw_qkd_block_encode(QW_QKD_TYPE_DONE, 3, message);
    attack(again_done, message, QW_QKD_BLOCK_LEN);
    qw_qkd_refuse_encode(QW_QKD_QBER, message);
    attack(again_refuse, message, QW_QKD_REFUSE_LEN);
}

static void strings_of_bits_survive_every_alteration(void **state)
{
    uint8_t message[MESSAGE_CAP] = { 0 };

    (void)state;
    qw_qkd_bits_header(QW_QKD_TYPE_TEST, 3, 77, message);
    memset(message + QW_QKD_BITS_HEADER_LEN, 0xa5, 9);
    message[QW_QKD_BITS_HEADER_LEN + 9] = 0xa0;
    attack(again_test, message, QW_QKD_BITS_HEADER_LEN + 10);
    qw_qkd_bits_header(QW_QKD_TYPE_AMPLIFY, 3, 50, message);
    memset(message + QW_QKD_BITS_HEADER_LEN, 0x5a, 12);
    message[QW_QKD_BITS_HEADER_LEN + 12] = 0xe0;
    attack(again_amplify, message, QW_QKD_BITS_HEADER_LEN + 13 + QW_ONE_TIME_MAC_LEN);
}

static void draw_clicks(struct qw_prng *prng, uint64_t spread)
{
    uint64_t pulse = qw_prng_below(prng, 1000);

    for (size_t i = 0; i < COUNT; i++) {
        clicks[i] = (struct qw_qkd_click){ pulse, (uint8_t)qw_prng_below(prng, 2), 0 };
        pulse += 1 + qw_prng_below(prng, spread) * (i % 17 == 0 ? 100 : 1);
    }
}

static void clicks_survive_every_alteration(void **state)
{
    struct qw_prng prng;
    uint8_t message[MESSAGE_CAP];
    size_t len = 0;

    (void)state;
    qw_prng_init(&prng, test_seed(), 0);
    for (uint64_t spread = 1; spread < (uint64_t)1 << 40; spread <<= 13) {
        draw_clicks(&prng, spread);
        assert_int_equal(qw_qkd_clicks_encode(3, 5, clicks, COUNT, message, sizeof message, &len),
                         QW_OK);
        attack(again_clicks, message, len);
    }
}

static void clicks_come_back_as_they_were(void **state)
{
    struct qw_qkd_clicks_header header;
    struct qw_prng prng;
    uint8_t message[MESSAGE_CAP];
    size_t len = 0;

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    draw_clicks(&prng, 5000);
    assert_int_equal(qw_qkd_clicks_encode(3, 5, clicks, COUNT, message, sizeof message, &len),
                     QW_OK);
    assert_int_equal(qw_qkd_clicks_decode(message, len, &header, decoded), QW_OK);
    assert_int_equal(header.block, 3);
    assert_int_equal(header.part, 5);
    assert_int_equal(header.count, COUNT);
    assert_memory_equal(decoded, clicks, sizeof clicks);
    assert_int_equal(qw_qkd_clicks_encode(3, 5, clicks, COUNT, message, len - 1, &len),
                     QW_ERR_SPACE);
}

/* The example of docs/protocol/qkd-link.md. */
static void clicks_as_in_the_page(void **state)
{
    static const struct qw_qkd_click three[] = { { 5, 0, 0 }, { 9, 1, 0 }, { 10, 0, 0 } };
    static const uint8_t page[] = { 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0,   3,
                                    0,    0, 0, 0, 0, 0, 0, 0, 5, 0x78 };
    uint8_t message[64];
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_qkd_clicks_encode(0, 0, three, 3, message, sizeof message, &len), QW_OK);
    assert_int_equal(len, sizeof page);
    assert_memory_equal(message, page, len);
}

/* A gap that needs the escape, and one that may not use it. */
static void a_gap_has_one_form(void **state)
{
    struct qw_qkd_click far[] = { { 0, 0, 0 }, { 1, 0, 0 }, { (uint64_t)1 << 60, 1, 0 } };
    struct qw_qkd_clicks_header header;
    uint8_t message[64] = { 0 };
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_qkd_clicks_encode(0, 0, far, 3, message, sizeof message, &len), QW_OK);
    assert_int_equal(qw_qkd_clicks_decode(message, len, &header, decoded), QW_OK);
    assert_true(decoded[2].pulse == (uint64_t)1 << 60);
    memset(message, 0, sizeof message);
    message[0] = QW_QKD_TYPE_CLICKS;
    message[10] = 2; /* k 0, first pulse 0, bits 0 0 1{32} 0{64}: gap 0 by escape */
    message[20] = 0x3f;
    memset(message + 21, 0xff, 3);
    message[24] = 0xc0;
    assert_int_equal(qw_qkd_clicks_decode(message, 33, &header, decoded), QW_ERR_FORMAT);
}

static void a_pulse_number_may_not_wrap(void **state)
{
    struct qw_qkd_click two[] = { { 5, 0, 0 }, { 9, 1, 0 } };
    struct qw_qkd_clicks_header header;
    uint8_t message[64];
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_qkd_clicks_encode(0, 0, two, 2, message, sizeof message, &len), QW_OK);
    memset(message + 12, 0xff, 8);
    assert_int_equal(qw_qkd_clicks_decode(message, len, &header, decoded), QW_ERR_FORMAT);
}

static void sift_once(size_t intensities, struct qw_qkd_sifted *a, struct qw_qkd_sifted *b,
                      bool damage)
{
    const struct qw_qkd_clicks_header header = { 3, 5, COUNT, 0, 0 };
    struct qw_pulse pulses[COUNT];
    struct qw_prng prng;
    uint8_t message[QW_QKD_SIFT_HEADER_LEN + COUNT * 3 / 8 + 2];
    size_t len = 0;

    qw_prng_init(&prng, test_seed(), 2);
    draw_clicks(&prng, 50);
    for (size_t i = 0; i < COUNT; i++) {
        pulses[i] =
            (struct qw_pulse){ (uint8_t)qw_prng_below(&prng, 2), (uint8_t)qw_prng_below(&prng, 2),
                               (uint8_t)qw_prng_below(&prng, intensities) };
        clicks[i].bit = pulses[i].bit;
    }
    assert_int_equal(qw_qkd_sift_encode(&header, clicks, pulses, intensities, a, message, &len),
                     QW_OK);
    if (!damage) {
        assert_int_equal(qw_qkd_sift_decode(message, len, 3, 5, clicks, COUNT, intensities, b),
                         QW_OK);
        return;
    }
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(qw_qkd_sift_decode(message, cut, 3, 5, clicks, COUNT, intensities, b),
                         QW_ERR_FORMAT);
    }
    assert_int_equal(qw_qkd_sift_decode(message, len, 4, 5, clicks, COUNT, intensities, b),
                     QW_ERR_FORMAT);
    assert_int_equal(qw_qkd_sift_decode(message, len, 3, 6, clicks, COUNT, intensities, b),
                     QW_ERR_FORMAT);
    assert_int_equal(qw_qkd_sift_decode(message, len, 3, 5, clicks, COUNT - 1, intensities, b),
                     QW_ERR_FORMAT);
    for (size_t bit = 0; bit < 8 * QW_QKD_SIFT_HEADER_LEN; bit++) {
        message[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(qw_qkd_sift_decode(message, len, 3, 5, clicks, COUNT, intensities, b),
                         QW_ERR_FORMAT);
        message[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void sifting_keeps_the_same_clicks_at_both_ends(void **state)
{
    (void)state;
    for (size_t intensities = 2; intensities <= 3; intensities++) {
        struct qw_qkd_sifted *a = NULL;
        struct qw_qkd_sifted *b = NULL;

        assert_int_equal(qw_qkd_sifted_new(COUNT, COUNT, &a), QW_OK);
        assert_int_equal(qw_qkd_sifted_new(COUNT, COUNT, &b), QW_OK);
        sift_once(intensities, a, b, false);
        assert_true(a->x_count > 20 && a->z_count > 20);
        assert_int_equal(a->x_count, b->x_count);
        assert_int_equal(a->z_count, b->z_count);
        assert_memory_equal(a->x_bits, b->x_bits, QW_BITS_TO_BYTES(a->x_count));
        assert_memory_equal(a->z_bits, b->z_bits, QW_BITS_TO_BYTES(a->z_count));
        assert_memory_equal(a->x_intensity, b->x_intensity, a->x_count);
        assert_memory_equal(a->z_intensity, b->z_intensity, a->z_count);
        assert_int_equal(a->clicks, COUNT);
        assert_true(a->last_pulse == clicks[COUNT - 1].pulse);
        qw_qkd_sifted_free(a);
        qw_qkd_sifted_free(b);
    }
}

static void a_damaged_sift_is_refused(void **state)
{
    struct qw_qkd_sifted *a = NULL;
    struct qw_qkd_sifted *b = NULL;

    (void)state;
    assert_int_equal(qw_qkd_sifted_new(COUNT, COUNT, &a), QW_OK);
    assert_int_equal(qw_qkd_sifted_new(COUNT, COUNT, &b), QW_OK);
    sift_once(3, a, b, true);
    assert_int_equal(b->x_count + b->z_count, 0);
    qw_qkd_sifted_free(a);
    qw_qkd_sifted_free(b);
}

static void more_clicks_than_there_is_room_for_are_an_error(void **state)
{
    const struct qw_qkd_clicks_header header = { 0, 0, 2, 0, 0 };
    const struct qw_qkd_click two[] = { { 5, 0, 0 }, { 9, 0, 0 } };
    const struct qw_pulse pulses[] = { { 0, 1, 0 }, { 0, 1, 1 } };
    struct qw_qkd_sifted *a = NULL;
    uint8_t message[64];
    size_t len = 7;

    (void)state;
    assert_int_equal(qw_qkd_sifted_new(1, 1, &a), QW_OK);
    assert_int_equal(qw_qkd_sift_encode(&header, two, pulses, 2, a, message, &len), QW_ERR_SPACE);
    assert_int_equal(len, 7);
    qw_qkd_sifted_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_fixed_form_survive_every_alteration),
        cmocka_unit_test(strings_of_bits_survive_every_alteration),
        cmocka_unit_test(clicks_survive_every_alteration),
        cmocka_unit_test(clicks_come_back_as_they_were),
        cmocka_unit_test(clicks_as_in_the_page),
        cmocka_unit_test(a_gap_has_one_form),
        cmocka_unit_test(a_pulse_number_may_not_wrap),
        cmocka_unit_test(sifting_keeps_the_same_clicks_at_both_ends),
        cmocka_unit_test(a_damaged_sift_is_refused),
        cmocka_unit_test(more_clicks_than_there_is_room_for_are_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
