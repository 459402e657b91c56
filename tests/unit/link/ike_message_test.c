/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/prove/ike_message.h"
#include "support/hex_bytes.h"
#include "support/ike_seal.h"

#define HEAD \
    "1111111122222222" \
    "3333333344444444" \
    "2e20" \
    "24" \
    "28" \
    "00000005"
#define WHOLE \
    HEAD "00000038" \
         "2100001c" \
         "000102030405060708090a0b0c0d0e0f1011121314151617"
#define PIECE \
    "1111111122222222" \
    "3333333344444444" \
    "3520" \
    "24" \
    "08" \
    "00000005" \
    "00000038" \
    "0000001c" \
    "00020003" \
    "0405060708090a0b0c0d0e0f1011121314151617"

static void reads_a_message(void **state)
{
    size_t len = 0;
    uint8_t *data = hex_bytes(WHOLE, &len);
    struct qw_ike_message message;

    (void)state;
    assert_true(qw_ike_message_parse(data, len, &message));
    assert_true(message.spi_i == 0x1111111122222222 && message.spi_r == 0x3333333344444444);
    assert_int_equal(message.id, 5);
    assert_true(message.is_from_initiator && message.is_response);
    assert_int_equal(message.first, 33);
    assert_int_equal(message.piece, 1);
    assert_int_equal(message.pieces, 1);
    assert_int_equal(message.head_len, 32);
    free(data);
    data = hex_bytes(PIECE, &len);
    assert_true(qw_ike_message_parse(data, len, &message));
    assert_true(message.is_from_initiator && !message.is_response);
    assert_int_equal(message.first, 0);
    assert_int_equal(message.piece, 2);
    assert_int_equal(message.pieces, 3);
    assert_int_equal(message.head_len, 36);
    free(data);
}

static bool is_same(const struct qw_ike_message *a, const struct qw_ike_message *b)
{
    return a->spi_i == b->spi_i && a->spi_r == b->spi_r && a->id == b->id &&
           a->is_from_initiator == b->is_from_initiator && a->is_response == b->is_response &&
           a->first == b->first && a->piece == b->piece && a->pieces == b->pieces &&
           a->head_len == b->head_len;
}

/* What is passed over as the standard asks: reserved flags, the critical bit and those behind it,
 * and all that is encrypted. */
static bool is_passed_over(size_t bit, size_t head_len)
{
    size_t octet = bit / 8;

    return octet >= head_len || octet == 29 || (octet == 19 && (0xd7 & 1 << bit % 8) != 0);
}

static void a_changed_message_is_another_or_none(void **state)
{
    const char *const samples[] = { WHOLE, PIECE };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        size_t len = 0;
        uint8_t *data = hex_bytes(samples[i], &len);
        struct qw_ike_message message, other;

        assert_true(qw_ike_message_parse(data, len, &message));
        for (size_t bit = 0; bit < len * 8; bit++) {
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (qw_ike_message_parse(data, len, &other)) {
                assert_int_equal(is_same(&message, &other), is_passed_over(bit, message.head_len));
            }
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        other = message;
        for (size_t cut = 0; cut < len; cut++) {
            uint8_t *piece = malloc(cut > 0 ? cut : 1); /* so that a read beyond is seen */

            assert_non_null(piece);
            memcpy(piece, data, cut);
            assert_false(qw_ike_message_parse(piece, cut, &other));
            free(piece);
        }
        assert_true(is_same(&message, &other));
        free(data);
    }
}

static void what_is_no_such_message_is_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } changes[] = {
        { 17, 0x10 }, /* IKEv1 */
        { 18, 35 },   /* IKE_AUTH */
        { 16, 41 },   /* a payload that is not encrypted */
        { 27, 0x39 }, /* longer than it is */
        { 31, 0x1d },
    };
    size_t len = 0;
    uint8_t *data = hex_bytes(WHOLE "00", &len);
    struct qw_ike_message message;

    (void)state;
    assert_false(qw_ike_message_parse(data, len, &message)); /* one octet too many */
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        uint8_t before = data[changes[i].at];

        data[changes[i].at] = changes[i].value;
        assert_false(qw_ike_message_parse(data, len - 1, &message));
        data[changes[i].at] = before;
    }
    assert_true(qw_ike_message_parse(data, len - 1, &message));
    free(data);
}

static size_t sample_offer(uint8_t *out, size_t nonce_len)
{
    static const uint8_t numbers[] = { 1, 2, 5 };
    uint8_t nonce[300];

    memset(nonce, 0x4e, sizeof nonce);
    return ike_offer(numbers, 3, 0xabcdef0000000000, nonce, nonce_len, out, 512);
}

static void finds_nonce_and_spi_of_the_proposal(void **state)
{
    uint8_t payloads[512];
    size_t len = sample_offer(payloads, 32);
    struct qw_ike_offer offer;

    (void)state;
    assert_true(qw_ike_offer_find(33, payloads, len, 0, &offer));
    assert_int_equal(offer.number, 1);
    assert_true(offer.spi == 0xabcdef0000000000);
    assert_int_equal(offer.nonce.len, 32);
    assert_int_equal(((const uint8_t *)offer.nonce.data)[31], 0x4e);
    assert_true(qw_ike_offer_find(33, payloads, len, 5, &offer));
    assert_int_equal(offer.number, 5);
    assert_true(offer.spi == 0xabcdef0000000002);
    offer.number = 9;
    assert_false(qw_ike_offer_find(33, payloads, len, 3, &offer));
    assert_false(qw_ike_offer_find(40, payloads, len, 0, &offer)); /* no SA */
    assert_false(qw_ike_offer_find(0, payloads, 0, 0, &offer));
    assert_int_equal(offer.number, 9);
}

static void nonces_have_a_length(void **state)
{
    static const size_t lens[] = { 15, 16, 256, 257 };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        uint8_t payloads[512];
        size_t len = sample_offer(payloads, lens[i]);
        struct qw_ike_offer offer;

        assert_int_equal(qw_ike_offer_find(33, payloads, len, 0, &offer), i == 1 || i == 2);
    }
}

static void an_offer_of_a_child_sa_is_none(void **state)
{
    uint8_t payloads[512];
    size_t len = sample_offer(payloads, 32);
    struct qw_ike_offer offer;

    (void)state;
    payloads[4 + 5] = 3; /* ESP */
    assert_false(qw_ike_offer_find(33, payloads, len, 0, &offer));
    payloads[4 + 5] = 1;
    payloads[4 + 6] = 0; /* as in IKE_SA_INIT, without SPI */
    assert_false(qw_ike_offer_find(33, payloads, len, 0, &offer));
}

/* No change makes a read beyond the end, and nothing that was cut is an offer. */
static void a_changed_or_cut_offer_stays_inside(void **state)
{
    uint8_t payloads[512];
    size_t len = sample_offer(payloads, 32);

    (void)state;
    for (size_t cut = 0; cut <= len; cut++) {
        uint8_t *piece = malloc(cut > 0 ? cut : 1);
        struct qw_ike_offer offer;

        assert_non_null(piece);
        memcpy(piece, payloads, cut);
        assert_int_equal(qw_ike_offer_find(33, piece, cut, 0, &offer), cut == len);
        for (size_t bit = 0; cut == len && bit < len * 8; bit++) {
            piece[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (qw_ike_offer_find(33, piece, cut, 5, &offer)) {
                assert_true((const uint8_t *)offer.nonce.data >= piece &&
                            (const uint8_t *)offer.nonce.data + offer.nonce.len <= piece + cut);
            }
            piece[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        free(piece);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_message),
        cmocka_unit_test(a_changed_message_is_another_or_none),
        cmocka_unit_test(what_is_no_such_message_is_refused),
        cmocka_unit_test(finds_nonce_and_spi_of_the_proposal),
        cmocka_unit_test(nonces_have_a_length),
        cmocka_unit_test(an_offer_of_a_child_sa_is_none),
        cmocka_unit_test(a_changed_or_cut_offer_stays_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
