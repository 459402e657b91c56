/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/share/custody_quorum.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aead.h"

#include <string.h>

enum {
    VERSION = 0x10,
    HEAD_LEN = 1 + QW_CEREMONY_ID_LEN + 2 + QW_CEREMONY_CHECK_KEY_LEN,
    WRAPPED_LEN = HEAD_LEN + QW_KEK_LEN + QW_AEAD_OVERHEAD
};
_Static_assert((int)WRAPPED_LEN <= (int)QW_WRAPPED_KEK_CAP, "fits where others do");

struct quorum { /* in secret memory */
    struct qw_ceremony ceremony;
    uint8_t master[QW_MASTER_KEY_LEN];
};

static qw_err quorum_wrap(void *self, const uint8_t kek[static QW_KEK_LEN], uint8_t *wrapped,
                          size_t cap, size_t *len)
{
    const struct quorum *quorum = self;
    uint8_t out[WRAPPED_LEN];
    struct qw_writer w = qw_writer_on(out, HEAD_LEN);
    qw_err err;

    if (cap < WRAPPED_LEN) {
        return QW_ERR_SPACE;
    }
    qw_write_u8(&w, VERSION);
    qw_write_bytes(&w, quorum->ceremony.id, sizeof quorum->ceremony.id);
    qw_write_u8(&w, quorum->ceremony.threshold);
    qw_write_u8(&w, quorum->ceremony.officers);
    qw_write_bytes(&w, quorum->ceremony.check_key, sizeof quorum->ceremony.check_key);
    qw_assert(!w.failed && w.len == HEAD_LEN);
    err = qw_aead_seal(QW_AEAD_AES256_GCM, quorum->master, (struct qw_bytes){ out, HEAD_LEN }, kek,
                       QW_KEK_LEN, out + HEAD_LEN);
    if (err == QW_OK) {
        memcpy(wrapped, out, sizeof out);
        *len = sizeof out;
    }
    return err;
}

static qw_err quorum_unwrap(void *self, const uint8_t *wrapped, size_t len,
                            uint8_t kek[static QW_KEK_LEN])
{
    const struct quorum *quorum = self;
    struct qw_ceremony ceremony;
    qw_err err = qw_custody_quorum_ceremony(wrapped, len, &ceremony);

    if (err != QW_OK) {
        return err;
    }
    return qw_aead_open(QW_AEAD_AES256_GCM, quorum->master, (struct qw_bytes){ wrapped, HEAD_LEN },
                        wrapped + HEAD_LEN, len - HEAD_LEN, kek);
}

qw_err qw_custody_quorum_ceremony(const uint8_t *wrapped, size_t len, struct qw_ceremony *ceremony)
{
    struct qw_ceremony read;
    struct qw_reader r;

    if (len != WRAPPED_LEN || wrapped[0] != VERSION) {
        return QW_ERR_FORMAT;
    }
    r = qw_reader_on(wrapped + 1, HEAD_LEN - 1);
    qw_read_bytes(&r, read.id, sizeof read.id);
    read.threshold = qw_read_u8(&r);
    read.officers = qw_read_u8(&r);
    qw_read_bytes(&r, read.check_key, sizeof read.check_key);
    if (!qw_reader_done(&r) || read.threshold < QW_QUORUM_MIN || read.threshold > read.officers ||
        read.officers > QW_OFFICERS_MAX) {
        return QW_ERR_FORMAT;
    }
    *ceremony = read;
    return QW_OK;
}

qw_err qw_custody_quorum(const struct qw_ceremony *ceremony,
                         const uint8_t master[static QW_MASTER_KEY_LEN], struct qw_custody *custody)
{
    struct quorum *quorum = qw_secret_new(sizeof *quorum);

    if (quorum == NULL) {
        return QW_ERR_NOMEM;
    }
    quorum->ceremony = *ceremony;
    memcpy(quorum->master, master, sizeof quorum->master);
    *custody = (struct qw_custody){ .name = "quorum",
                                    .self = quorum,
                                    .wrap = quorum_wrap,
                                    .unwrap = quorum_unwrap,
                                    .close = qw_secret_free };
    return QW_OK;
}
