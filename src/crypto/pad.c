/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pad.h"

#include "base/secret.h"

#include <string.h>

/* Makes the new position durable; the pad is closed for good when that fails. */
static qw_err commit(struct qw_pad *pad, size_t used)
{
    if (pad->is_closed) {
        return QW_ERR_IO;
    }
    if (pad->commit_used != NULL && pad->commit_used(pad->self, used) != QW_OK) {
        pad->is_closed = true;
        return QW_ERR_IO;
    }
    return QW_OK;
}

static void give_up_before(struct qw_pad *pad, size_t used)
{
    qw_wipe(pad->bytes + pad->used, used - pad->used);
    pad->used = used;
}

qw_err qw_pad_take(struct qw_pad *pad, uint8_t *out, size_t len)
{
    qw_err err;

    if (len > qw_pad_left(pad)) {
        return pad->is_closed ? QW_ERR_IO : QW_ERR_EXHAUSTED;
    }
    err = commit(pad, pad->used + len);
    if (err != QW_OK) {
        return err;
    }
    memcpy(out, pad->bytes + pad->used, len);
    give_up_before(pad, pad->used + len);
    return QW_OK;
}

qw_err qw_pad_skip_to(struct qw_pad *pad, size_t used)
{
    qw_err err;

    if (used < pad->used || used > pad->len) {
        return QW_ERR_ARG;
    }
    err = commit(pad, used);
    if (err == QW_OK) {
        give_up_before(pad, used);
    }
    return err;
}

size_t qw_pad_left(const struct qw_pad *pad)
{
    return pad->len - pad->used;
}

qw_err qw_pad_apply(struct qw_pad *pad, uint8_t *data, size_t len)
{
    qw_err err;

    if (len > qw_pad_left(pad)) {
        return pad->is_closed ? QW_ERR_IO : QW_ERR_EXHAUSTED;
    }
    err = commit(pad, pad->used + len);
    if (err != QW_OK) {
        return err;
    }
    for (size_t i = 0; i < len; i++) {
        data[i] ^= pad->bytes[pad->used + i];
    }
    give_up_before(pad, pad->used + len);
    return QW_OK;
}
