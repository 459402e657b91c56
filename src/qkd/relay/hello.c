/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/relay/hello.h"

#include "base/bytes.h"

enum { VERSION = 2 };

void qw_hello_encode(const struct qw_hello *hello, uint8_t out[static QW_HELLO_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_HELLO_LEN);

    qw_write_u8(&w, QW_HELLO_TYPE);
    qw_write_u8(&w, VERSION);
    qw_write_u32be(&w, hello->from);
    qw_write_u32be(&w, hello->to);
    qw_write_bytes(&w, hello->nonce, sizeof hello->nonce);
    for (size_t i = 0; i < 2; i++) {
        qw_write_u64be(&w, hello->used[i]);
        qw_write_u64be(&w, hello->end[i]);
    }
    qw_write_u64be(&w, hello->sure);
}

qw_err qw_hello_decode(const uint8_t *message, size_t len, struct qw_hello *out)
{
    struct qw_reader r = qw_reader_on(message, len);
    struct qw_hello hello;
    bool ok = qw_read_u8(&r) == QW_HELLO_TYPE;

    ok = qw_read_u8(&r) == VERSION && ok;
    hello.from = qw_read_u32be(&r);
    hello.to = qw_read_u32be(&r);
    qw_read_bytes(&r, hello.nonce, sizeof hello.nonce);
    for (size_t i = 0; i < 2; i++) {
        hello.used[i] = qw_read_u64be(&r);
        hello.end[i] = qw_read_u64be(&r);
        ok = ok && hello.used[i] <= hello.end[i] && hello.end[i] <= INT64_MAX;
    }
    hello.sure = qw_read_u64be(&r);
    if (!ok || hello.sure > hello.used[1] || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *out = hello;
    return QW_OK;
}

qw_err qw_open_decode(const uint8_t *message, size_t len, struct qw_open *out)
{
    struct qw_reader r = qw_reader_on(message, len);
    struct qw_open open;
    bool ok = qw_read_u8(&r) == QW_OPEN_TYPE;

    open.position = qw_read_u64be(&r);
    open.tag = qw_read_view(&r, QW_OPEN_TAG_LEN);
    open.proof = qw_read_view(&r, QW_MEET_PROOF_LEN);
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *out = open;
    return QW_OK;
}
