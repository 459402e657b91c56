/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
/* A message of ETSI GS QKD 004 as it comes from the wire: header, then the payload of its kind.
 * What is taken encodes to the very same bytes. */
#include "api/etsi004/get_key.h"
#include "api/etsi004/open_connect.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGE_MAX = 2048 };

static void same(qw_err err, const uint8_t *out, const size_t *out_len, const uint8_t *in,
                 size_t len)
{
    if (err != QW_OK || *out_len != len || memcmp(out, in, len) != 0) {
        abort();
    }
}

static void try_requests(const uint8_t *payload, size_t len, enum qw_etsi004_service service)
{
    struct qw_etsi004_open open;
    struct qw_etsi004_get get;
    uint8_t ksid[QW_ETSI004_KSID_LEN];
    uint8_t out[MESSAGE_MAX];
    size_t out_len = 0;

    if (service == QW_ETSI004_OPEN_REQUEST &&
        qw_etsi004_open_decode(payload, len, &open) == QW_OK) {
        same(qw_etsi004_open_encode(&open, out, sizeof out, &out_len), out, &out_len, payload, len);
    }
    if (service == QW_ETSI004_GET_REQUEST && qw_etsi004_get_decode(payload, len, &get) == QW_OK) {
        same(qw_etsi004_get_encode(&get, out, sizeof out, &out_len), out, &out_len, payload, len);
    }
    if (service == QW_ETSI004_CLOSE_REQUEST &&
        qw_etsi004_close_decode(payload, len, ksid) == QW_OK) {
        same(qw_etsi004_close_encode(ksid, out, sizeof out, &out_len), out, &out_len, payload, len);
    }
}

static void try_answers(const uint8_t *payload, size_t len, enum qw_etsi004_service service)
{
    struct qw_etsi004_open_answer open;
    struct qw_etsi004_get_answer get;
    enum qw_etsi004_status status;
    uint8_t out[MESSAGE_MAX];
    size_t out_len = 0;

    if (service == QW_ETSI004_OPEN_ANSWER &&
        qw_etsi004_open_answer_decode(payload, len, &open) == QW_OK) {
        same(qw_etsi004_open_answer_encode(&open, out, sizeof out, &out_len), out, &out_len,
             payload, len);
    }
    if (service == QW_ETSI004_GET_ANSWER &&
        qw_etsi004_get_answer_decode(payload, len, &get) == QW_OK) {
        same(qw_etsi004_get_answer_encode(&get, out, sizeof out, &out_len), out, &out_len, payload,
             len);
    }
    if (service == QW_ETSI004_CLOSE_ANSWER &&
        qw_etsi004_close_answer_decode(payload, len, &status) == QW_OK) {
        same(qw_etsi004_close_answer_encode(status, out, sizeof out, &out_len), out, &out_len,
             payload, len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_etsi004_header header;
    uint8_t bytes[QW_ETSI004_HEADER_LEN];
    size_t len = sizeof bytes;

    if (size < sizeof bytes || qw_etsi004_header_decode(data, &header) != QW_OK) {
        return 0;
    }
    qw_etsi004_header_write(bytes, header.service, header.payload_len);
    same(QW_OK, bytes, &len, data, sizeof bytes);
    try_requests(data + sizeof bytes, size - sizeof bytes, header.service);
    try_answers(data + sizeof bytes, size - sizeof bytes, header.service);
    return 0;
}
