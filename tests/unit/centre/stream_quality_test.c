/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
/* Which quality of a stream can be had [docs/protocol/etsi004.md O3, O4]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/stream/quality.h"

#include <stdio.h>
#include <string.h>

static const struct qw_etsi004_qos can = {
    .chunk_len = 32, .ttl_s = 1, .max_bps = 7, .jitter_bps = 3, .priority = 9, .timeout_ms = 60000
};

static void what_can_be_had_is_left_as_it_is(void **state)
{
    struct qw_etsi004_qos qos = can;

    (void)state;
    assert_true(qw_stream_quality_settle(&qos));
    assert_memory_equal(&qos, &can, sizeof can);
    snprintf(qos.mimetype, sizeof qos.mimetype, "application/json");
    assert_true(qw_stream_quality_settle(&qos));
}

/* Each row: one field that cannot be had, and what is offered instead; the offer can be had. */
static void what_cannot_be_had_becomes_the_nearest_that_can(void **state)
{
    static const struct {
        size_t field;
        uint32_t asked, offered;
    } rows[] = {
#define FIELD(name) offsetof(struct qw_etsi004_qos, name)
        { FIELD(chunk_len), 0, 32 },
        { FIELD(chunk_len), 2, 3 },
        { FIELD(chunk_len), 513, 512 },
        { FIELD(min_bps), 1, 0 },
        { FIELD(min_bps), UINT32_MAX, 0 },
        { FIELD(timeout_ms), QW_STREAM_TIMEOUT_MS_MAX + 1, QW_STREAM_TIMEOUT_MS_MAX },
        { FIELD(ttl_s), 0, 3600 },
        { FIELD(ttl_s), QW_STREAM_TTL_S_MAX + 1, QW_STREAM_TTL_S_MAX },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qw_etsi004_qos qos = can, offer = can;

        memcpy((char *)&qos + rows[i].field, &rows[i].asked, sizeof rows[i].asked);
        memcpy((char *)&offer + rows[i].field, &rows[i].offered, sizeof rows[i].offered);
        assert_false(qw_stream_quality_settle(&qos));
        assert_memory_equal(&qos, &offer, sizeof offer);
        assert_true(qw_stream_quality_settle(&qos));
    }
}

static void of_two_max_rates_the_lower_one_holds(void **state)
{
    static const uint32_t rows[][3] = { /* the stream's, asked, offered; 0 is no limit */
                                        { 0, 0, 0 },
                                        { 0, 5, 5 },
                                        { 5, 0, 5 },
                                        { 5, 6, 5 },
                                        { 6, 5, 5 }
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qw_etsi004_qos stream = can, asked = can, offer;

        stream.max_bps = rows[i][0];
        asked.max_bps = rows[i][1];
        assert_true(qw_stream_quality_join(&stream, &asked, &offer));
        assert_int_equal(offer.max_bps, rows[i][2]);
    }
}

static void who_joins_has_his_own_timeout_and_the_streams_rest(void **state)
{
    struct qw_etsi004_qos asked = can, offer;

    (void)state;
    asked.timeout_ms = 0;
    asked.ttl_s = 77;
    asked.priority = 1;
    assert_true(qw_stream_quality_join(&can, &asked, &offer));
    assert_int_equal(offer.timeout_ms, 0);
    assert_int_equal(offer.ttl_s, can.ttl_s);
    assert_int_equal(offer.priority, can.priority);
    asked.chunk_len = 31;
    assert_false(qw_stream_quality_join(&can, &asked, &offer));
    assert_int_equal(offer.chunk_len, 32);
    asked = can;
    asked.min_bps = 1;
    assert_false(qw_stream_quality_join(&can, &asked, &offer));
    assert_int_equal(offer.min_bps, 0);
    asked = can;
    asked.timeout_ms = QW_STREAM_TIMEOUT_MS_MAX + 1;
    assert_false(qw_stream_quality_join(&can, &asked, &offer));
    assert_int_equal(offer.timeout_ms, QW_STREAM_TIMEOUT_MS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_can_be_had_is_left_as_it_is),
        cmocka_unit_test(what_cannot_be_had_becomes_the_nearest_that_can),
        cmocka_unit_test(of_two_max_rates_the_lower_one_holds),
        cmocka_unit_test(who_joins_has_his_own_timeout_and_the_streams_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
