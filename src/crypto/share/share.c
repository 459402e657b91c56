/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/share/share.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"

#include <stdbool.h>

static const uint8_t magic[4] = { 'Q', 'W', 'C', 1 };
static const char label[] = "qwave share";

static bool numbers_are_fine(const struct qw_share *share)
{
    return share->threshold >= QW_QUORUM_MIN && share->threshold <= share->officers &&
           share->officers <= QW_OFFICERS_MAX && share->index >= 1 &&
           share->index <= share->officers;
}

void qw_share_encode(const struct qw_share *share, uint8_t out[static QW_SHARE_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_SHARE_LEN);

    qw_write_bytes(&w, magic, sizeof magic);
    qw_write_bytes(&w, share->ceremony, sizeof share->ceremony);
    qw_write_u8(&w, share->index);
    qw_write_u8(&w, share->threshold);
    qw_write_u8(&w, share->officers);
    qw_write_bytes(&w, share->payload, sizeof share->payload);
    qw_write_bytes(&w, share->check, sizeof share->check);
    qw_assert(!w.failed && w.len == QW_SHARE_LEN);
}

qw_err qw_share_decode(const uint8_t *in, size_t len, struct qw_share *share)
{
    struct qw_reader r = qw_reader_on(in, len);
    struct qw_share read = { .index = 0 };
    uint8_t start[sizeof magic];
    bool is_fine;

    qw_read_bytes(&r, start, sizeof start);
    qw_read_bytes(&r, read.ceremony, sizeof read.ceremony);
    read.index = qw_read_u8(&r);
    read.threshold = qw_read_u8(&r);
    read.officers = qw_read_u8(&r);
    qw_read_bytes(&r, read.payload, sizeof read.payload);
    qw_read_bytes(&r, read.check, sizeof read.check);
    is_fine =
        qw_reader_done(&r) && qw_equal_ct(start, magic, sizeof magic) && numbers_are_fine(&read);
    if (is_fine) {
        *share = read;
    }
    qw_wipe(&read, sizeof read);
    return is_fine ? QW_OK : QW_ERR_FORMAT;
}

qw_err qw_share_check(const uint8_t check_key[static QW_CEREMONY_CHECK_KEY_LEN],
                      const struct qw_share *share, uint8_t out[static QW_SHARE_CHECK_LEN])
{
    const uint8_t numbers[] = { share->index, share->threshold, share->officers };
    const struct qw_bytes parts[] = { { label, sizeof label - 1 },
                                      { share->ceremony, sizeof share->ceremony },
                                      { numbers, sizeof numbers },
                                      { share->payload, sizeof share->payload } };

    return qw_hmac(QW_HASH_SHA256, check_key, QW_CEREMONY_CHECK_KEY_LEN, parts,
                   sizeof parts / sizeof parts[0], out);
}
