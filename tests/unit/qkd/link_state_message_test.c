/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 */
#include "qkd/network/link_state_message.h"

#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct qw_advert of_page = {
    .version = { .origin = 2, .start = 1, .sequence = 7 },
    .age_ms = 5,
    .link_count = 1,
    .link = { { .neighbour = 3, .is_up = true, .level = 128, .rate_bps = 38675 } },
};

static struct qw_advert advert_of(uint16_t origin, size_t links)
{
    struct qw_advert advert = { .version = { origin, 3, 1000 },
                                .age_ms = QW_ADVERT_AGE_MAX_MS,
                                .link_count = links };

    for (size_t i = 0; i < links; i++) {
        advert.link[i] = (struct qw_advert_link){ (uint16_t)(2 * i + (2 * i >= origin)), i % 2 == 0,
                                                  (uint8_t)i, (uint32_t)(1000 * i) };
    }
    return advert;
}

static void assert_same(const struct qw_advert *a, const struct qw_advert *b)
{
    assert_int_equal(a->version.origin, b->version.origin);
    assert_int_equal(qw_advert_compare(&a->version, &b->version), 0);
    assert_int_equal(a->age_ms, b->age_ms);
    assert_int_equal(a->link_count, b->link_count);
    for (size_t i = 0; i < a->link_count; i++) {
        assert_int_equal(a->link[i].neighbour, b->link[i].neighbour);
        assert_int_equal(a->link[i].is_up, b->link[i].is_up);
        assert_int_equal(a->link[i].level, b->link[i].level);
        assert_int_equal(a->link[i].rate_bps, b->link[i].rate_bps);
    }
}

static void adverts_as_in_the_page(void **state)
{
    static const uint8_t page[] = { 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x00,
                                    0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0x05, 0x01,
                                    0x00, 0x03, 0x01, 0x80, 0x00, 0x00, 0x97, 0x13 };
    uint8_t body[QW_LINK_STATE_BODY_MAX];
    struct qw_advert advert[QW_ADVERTS_MAX];
    size_t len = 0;
    size_t count = 0;

    (void)state;
    qw_adverts_encode(&of_page, 1, body, &len);
    assert_int_equal(len, sizeof page);
    assert_memory_equal(body, page, sizeof page);
    assert_int_equal(qw_adverts_decode(page, sizeof page, advert, &count), QW_OK);
    assert_int_equal(count, 1);
    assert_same(&advert[0], &of_page);
}

static void the_largest_body_goes_there_and_back(void **state)
{
    struct qw_advert sent[QW_ADVERTS_MAX];
    struct qw_advert read[QW_ADVERTS_MAX];
    uint8_t body[QW_LINK_STATE_BODY_MAX];
    size_t len = 0;
    size_t count = 0;

    (void)state;
    for (uint16_t i = 0; i < QW_ADVERTS_MAX; i++) {
        sent[i] = advert_of(i, QW_ADVERT_LINKS_MAX);
    }
    qw_adverts_encode(sent, QW_ADVERTS_MAX, body, &len);
    assert_int_equal(len, QW_LINK_STATE_BODY_MAX);
    assert_int_equal(qw_adverts_decode(body, len, read, &count), QW_OK);
    assert_int_equal(count, QW_ADVERTS_MAX);
    for (size_t i = 0; i < count; i++) {
        assert_same(&sent[i], &read[i]);
    }
}

static void acks_go_there_and_back(void **state)
{
    struct qw_advert_version sent[QW_ACKS_MAX];
    struct qw_advert_version read[QW_ACKS_MAX];
    uint8_t body[QW_LINK_STATE_BODY_MAX + 1];
    size_t len = 0;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < QW_ACKS_MAX; i++) {
        sent[i] = (struct qw_advert_version){ (uint16_t)i, (uint32_t)(7 * i), (uint32_t)(9 * i) };
    }
    qw_acks_encode(sent, QW_ACKS_MAX, body, &len);
    assert_int_equal(qw_acks_decode(body, len, read, &count), QW_OK);
    assert_int_equal(count, QW_ACKS_MAX);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(read[i].origin, sent[i].origin);
        assert_int_equal(qw_advert_compare(&read[i], &sent[i]), 0);
    }
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(qw_acks_decode(body, cut, read, &count), QW_ERR_FORMAT);
    }
    assert_int_equal(qw_acks_decode(body, len + 1, read, &count), QW_ERR_FORMAT);
    body[0] = 0;
    assert_int_equal(qw_acks_decode(body, 1, read, &count), QW_ERR_FORMAT);
    body[0] = QW_ACKS_MAX + 1;
    assert_int_equal(qw_acks_decode(body, 1 + 10 * (QW_ACKS_MAX + 1), read, &count), QW_ERR_FORMAT);
}

/* Every truncation, a byte too many, and every flip: refused, or other fields in the same form. */
static void what_is_no_advert_is_refused(void **state)
{
    struct qw_advert sent[2] = { advert_of(1, 3), advert_of(9, 0) };
    struct qw_advert read[QW_ADVERTS_MAX];
    uint8_t body[QW_LINK_STATE_BODY_MAX + 1] = { 0 };
    uint8_t again[QW_LINK_STATE_BODY_MAX];
    size_t len = 0;
    size_t again_len = 0;
    size_t count = 77;

    (void)state;
    qw_adverts_encode(sent, 2, body, &len);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(qw_adverts_decode(body, cut, read, &count), QW_ERR_FORMAT);
    }
    assert_int_equal(qw_adverts_decode(body, len + 1, read, &count), QW_ERR_FORMAT);
    assert_int_equal(count, 77);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        body[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (qw_adverts_decode(body, len, read, &count) == QW_OK) {
            qw_adverts_encode(read, count, again, &again_len);
            assert_int_equal(again_len, len);
            assert_memory_equal(again, body, len);
        }
        body[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void neighbours_out_of_order_are_refused(void **state)
{
    struct qw_advert advert = advert_of(50, 3); /* neighbours 0, 2, 4 */
    struct qw_advert read[QW_ADVERTS_MAX];
    uint8_t body[QW_LINK_STATE_BODY_MAX];
    size_t len = 0;
    size_t count;

    (void)state;
    qw_adverts_encode(&advert, 1, body, &len);
    body[16 + 8 + 1] = 0; /* the second again 0 */
    assert_int_equal(qw_adverts_decode(body, len, read, &count), QW_ERR_FORMAT);
    body[16 + 8 + 1] = 50; /* the origin itself */
    assert_int_equal(qw_adverts_decode(body, len, read, &count), QW_ERR_FORMAT);
    body[16 + 8 + 1] = 3;
    assert_int_equal(qw_adverts_decode(body, len, read, &count), QW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adverts_as_in_the_page),
        cmocka_unit_test(the_largest_body_goes_there_and_back),
        cmocka_unit_test(acks_go_there_and_back),
        cmocka_unit_test(what_is_no_advert_is_refused),
        cmocka_unit_test(neighbours_out_of_order_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
