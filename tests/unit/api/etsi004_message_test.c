/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
/* Messages of ETSI GS QKD 004 [docs/protocol/etsi004.md]: every one there and back, and nothing
 * that is not exactly one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/etsi004/get_key.h"
#include "api/etsi004/open_connect.h"

#include <string.h>

enum { MESSAGE_MAX = 2048 };

static struct qw_etsi004_qos some_qos(void)
{
    return (struct qw_etsi004_qos){ .chunk_len = 32,
                                    .max_bps = 1000,
                                    .min_bps = 1,
                                    .jitter_bps = 2,
                                    .priority = 3,
                                    .timeout_ms = 4000,
                                    .ttl_s = 5,
                                    .mimetype = "application/json" };
}

/* One codec seen through bytes alone: decode, encode again. */
typedef qw_err (*again)(const uint8_t *in, size_t len, uint8_t *out, size_t *out_len);

static qw_err open_again(const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_etsi004_open m;
    qw_err err = qw_etsi004_open_decode(in, len, &m);

    return err == QW_OK ? qw_etsi004_open_encode(&m, out, MESSAGE_MAX, out_len) : err;
}

static qw_err open_answer_again(const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_etsi004_open_answer m;
    qw_err err = qw_etsi004_open_answer_decode(in, len, &m);

    return err == QW_OK ? qw_etsi004_open_answer_encode(&m, out, MESSAGE_MAX, out_len) : err;
}

static qw_err get_again(const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_etsi004_get m;
    qw_err err = qw_etsi004_get_decode(in, len, &m);

    return err == QW_OK ? qw_etsi004_get_encode(&m, out, MESSAGE_MAX, out_len) : err;
}

static qw_err get_answer_again(const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_etsi004_get_answer m;
    qw_err err = qw_etsi004_get_answer_decode(in, len, &m);

    return err == QW_OK ? qw_etsi004_get_answer_encode(&m, out, MESSAGE_MAX, out_len) : err;
}

static qw_err close_again(const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    uint8_t ksid[QW_ETSI004_KSID_LEN];
    qw_err err = qw_etsi004_close_decode(in, len, ksid);

    return err == QW_OK ? qw_etsi004_close_encode(ksid, out, MESSAGE_MAX, out_len) : err;
}

static qw_err close_answer_again(const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    enum qw_etsi004_status status;
    qw_err err = qw_etsi004_close_answer_decode(in, len, &status);

    return err == QW_OK ? qw_etsi004_close_answer_encode(status, out, MESSAGE_MAX, out_len) : err;
}

/* Whatever is taken encodes to the very same bytes; every cut and every byte too many is refused.
 */
static void attack(again codec, const uint8_t *message, size_t len)
{
    uint8_t bytes[MESSAGE_MAX];
    uint8_t out[MESSAGE_MAX];
    size_t out_len = 0;

    assert_true(len < MESSAGE_MAX);
    memcpy(bytes, message, len);
    bytes[len] = 0;
    assert_int_equal(codec(bytes, len, out, &out_len), QW_OK);
    assert_int_equal(out_len, len);
    assert_memory_equal(out, message, len);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(codec(bytes, cut, out, &out_len), QW_ERR_FORMAT);
    }
    assert_int_equal(codec(bytes, len + 1, out, &out_len), QW_ERR_FORMAT);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        qw_err err;

        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        err = codec(bytes, len, out, &out_len);
        assert_true(err == QW_ERR_FORMAT || err == QW_OK);
        if (err == QW_OK) {
            assert_int_equal(out_len, len);
            assert_memory_equal(out, bytes, len);
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void open_connect_goes_there_and_back(void **state)
{
    struct qw_etsi004_open open = {
        .source = "qkd://alice", .dest = "qkd://bob@host:1", .qos = some_qos(), .ksid = { 1, 2, 3 }
    };
    struct qw_etsi004_open got;
    uint8_t bytes[MESSAGE_MAX];
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_etsi004_open_encode(&open, bytes, sizeof bytes, &len), QW_OK);
    assert_int_equal(len, 12 + 17 + 284 + 16);
    assert_int_equal(qw_etsi004_open_decode(bytes, len, &got), QW_OK);
    assert_string_equal(got.dest, open.dest);
    assert_int_equal(got.qos.chunk_len, 32);
    assert_int_equal(got.qos.ttl_s, 5);
    attack(open_again, bytes, len);
    for (size_t cap = 0; cap < len; cap++) {
        size_t kept = 77;

        assert_int_equal(qw_etsi004_open_encode(&open, bytes, cap, &kept), QW_ERR_SPACE);
        assert_int_equal(kept, 77);
    }
    open.source[0] = '\0';
    assert_int_equal(qw_etsi004_open_encode(&open, bytes, sizeof bytes, &len), QW_ERR_ARG);
    memset(open.source, 'a', sizeof open.source);
    assert_int_equal(qw_etsi004_open_encode(&open, bytes, sizeof bytes, &len), QW_ERR_ARG);
    open.source[255] = '\0';
    memset(open.dest, 'b', 255);
    open.dest[255] = '\0';
    assert_int_equal(qw_etsi004_open_encode(&open, bytes, sizeof bytes, &len), QW_OK);
    assert_int_equal(qw_etsi004_open_decode(bytes, len, &got), QW_OK); /* the longest */
    assert_true(len <= QW_ETSI004_REQUEST_MAX);
}

static void its_answer_carries_the_quality_when_there_is_one(void **state)
{
    struct qw_etsi004_open_answer answer = { .qos = some_qos(), .ksid = { 9 } };
    uint8_t bytes[MESSAGE_MAX];
    size_t len = 0;

    (void)state;
    for (int status = 0; status < QW_ETSI004_STATUS_COUNT; status++) {
        bool carries = status == QW_ETSI004_DONE || status == QW_ETSI004_QOS_NOT_MET;

        answer.status = (enum qw_etsi004_status)status;
        assert_int_equal(qw_etsi004_open_answer_encode(&answer, bytes, sizeof bytes, &len), QW_OK);
        assert_int_equal(len, carries ? 4 + 284 + 16 : 4);
        attack(open_answer_again, bytes, len);
    }
    answer.status = QW_ETSI004_STATUS_COUNT;
    assert_int_equal(qw_etsi004_open_answer_encode(&answer, bytes, sizeof bytes, &len), QW_ERR_ARG);
}

static void get_key_and_close_go_there_and_back(void **state)
{
    struct qw_etsi004_get get = { .ksid = { 7 }, .index = 0x01020304, .metadata_cap = 128 };
    struct qw_etsi004_get_answer answer = {
        .index = 5, .chunk_len = 3, .chunk = { 1, 2, 3 }, .metadata_len = 2, .metadata = "{}"
    };
    uint8_t bytes[MESSAGE_MAX];
    size_t len = 0;

    (void)state;
    assert_int_equal(qw_etsi004_get_encode(&get, bytes, sizeof bytes, &len), QW_OK);
    assert_int_equal(len, 24);
    assert_memory_equal(bytes + 16, "\x01\x02\x03\x04\x00\x00\x00\x80", 8);
    attack(get_again, bytes, len);
    for (int status = 0; status < QW_ETSI004_STATUS_COUNT; status++) {
        answer.status = (enum qw_etsi004_status)status;
        assert_int_equal(qw_etsi004_get_answer_encode(&answer, bytes, sizeof bytes, &len), QW_OK);
        assert_int_equal(len, status == QW_ETSI004_DONE                 ? 21
                              : status == QW_ETSI004_METADATA_TOO_SMALL ? 8
                                                                        : 4);
        attack(get_answer_again, bytes, len);
    }
    answer.status = QW_ETSI004_DONE;
    answer.chunk_len = 0;
    assert_int_equal(qw_etsi004_get_answer_encode(&answer, bytes, sizeof bytes, &len), QW_ERR_ARG);
    answer.chunk_len = QW_ETSI004_CHUNK_MAX + 1;
    assert_int_equal(qw_etsi004_get_answer_encode(&answer, bytes, sizeof bytes, &len), QW_ERR_ARG);
    answer.chunk_len = QW_ETSI004_CHUNK_MAX;
    answer.metadata_len = QW_ETSI004_METADATA_MAX;
    assert_int_equal(qw_etsi004_get_answer_encode(&answer, bytes, QW_ETSI004_ANSWER_MAX, &len),
                     QW_OK);
    assert_int_equal(qw_etsi004_close_encode(get.ksid, bytes, sizeof bytes, &len), QW_OK);
    attack(close_again, bytes, len);
    assert_int_equal(
        qw_etsi004_close_answer_encode(QW_ETSI004_PEER_ABSENT, bytes, sizeof bytes, &len), QW_OK);
    attack(close_answer_again, bytes, len);
}

/* Every header there is, by brute force over its first four bytes and the limits of the length. */
static void takes_six_headers_and_bounds_their_length(void **state)
{
    static const uint32_t lens[] = { 0, 1, 1024, 1025, 0x7fffffff, 0x80000000, 0xffffffff };
    struct qw_etsi004_header header;
    uint8_t bytes[QW_ETSI004_HEADER_LEN];
    size_t taken = 0;

    (void)state;
    for (unsigned service = 0; service < 256; service++) {
        for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
            qw_etsi004_header_write(bytes, (enum qw_etsi004_service)service, lens[i]);
            if (qw_etsi004_header_decode(bytes, &header) == QW_OK) {
                assert_int_equal((unsigned)header.service, service);
                assert_int_equal(header.payload_len, lens[i]);
                taken++;
            }
        }
    }
    assert_int_equal(taken, 6 * 3);
    for (size_t at = 0; at < 3; at++) {
        qw_etsi004_header_write(bytes, QW_ETSI004_GET_REQUEST, 24);
        for (unsigned value = 0; value < 256; value++) {
            static const uint8_t version[] = { 1, 0, 1 };

            bytes[at] = (uint8_t)value;
            assert_int_equal(qw_etsi004_header_decode(bytes, &header),
                             value == version[at] ? QW_OK : QW_ERR_FORMAT);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_connect_goes_there_and_back),
        cmocka_unit_test(its_answer_carries_the_quality_when_there_is_one),
        cmocka_unit_test(get_key_and_close_go_there_and_back),
        cmocka_unit_test(takes_six_headers_and_bounds_their_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
