/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/handover/mark.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/secret.h"

enum { MARK_LEN = QW_HANDOVER_SESSION_LEN + 4 };

qw_err qw_handover_mark_read(const char *path, struct qw_handover_mark *mark)
{
    struct qw_handover_mark m = { .path = path };
    uint8_t *data = NULL;
    size_t len = 0;
    struct qw_reader r;
    qw_err err = qw_file_read_private(path, MARK_LEN, &data, &len);

    if (err == QW_OK) {
        r = qw_reader_on(data, len);
        qw_read_bytes(&r, m.label.session, sizeof m.label.session);
        m.label.block = qw_read_u32be(&r);
        m.is_set = true;
        err = qw_reader_done(&r) ? QW_OK : QW_ERR_FORMAT;
        qw_secret_free(data);
    } else if (err == QW_ERR_NOT_FOUND) {
        err = QW_OK;
    } else if (err == QW_ERR_SPACE) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        *mark = m;
    }
    return err;
}

bool qw_handover_mark_covers(const struct qw_handover_mark *mark,
                             const struct qw_handover_label *label)
{
    return mark->is_set && qw_handover_is_old(label, &mark->label);
}

qw_err qw_handover_mark_set(struct qw_handover_mark *mark, const struct qw_handover_label *label)
{
    uint8_t data[MARK_LEN];
    struct qw_writer w = qw_writer_on(data, sizeof data);
    qw_err err;

    qw_write_bytes(&w, label->session, sizeof label->session);
    qw_write_u32be(&w, label->block);
    err = qw_file_replace(mark->path, data, w.len);
    if (err == QW_OK) {
        mark->label = *label;
        mark->is_set = true;
    }
    return err;
}
