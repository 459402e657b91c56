/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "radio/capture/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct qw_capture_writer {
    const struct qw_capture_importer *importer;
    int fd;
    bool is_broken; /* a write failed: nothing is written any more */
    off_t whole;    /* bytes in the file, all of whole records */
    uint8_t record[QW_CAPTURE_RECORD_MAX];
};

static qw_err error_of_errno(void)
{
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? QW_ERR_SPACE : QW_ERR_IO;
}

/* The len bytes of record, or nothing of them. */
static qw_err append(struct qw_capture_writer *writer, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t put = write(writer->fd, writer->record + done, len - done);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            qw_err err = put < 0 ? error_of_errno() : QW_ERR_IO;

            writer->is_broken = true;
            return ftruncate(writer->fd, writer->whole) == 0 ? err : QW_ERR_IO;
        }
        done += (size_t)put;
    }
    writer->whole += (off_t)len;
    return QW_OK;
}

qw_err qw_capture_writer_new(const char *path, enum qw_capture_format format, bool may_replace,
                             struct qw_capture_writer **writer)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (may_replace ? O_TRUNC : O_EXCL);
    struct qw_capture_writer *made = calloc(1, sizeof *made);
    size_t head_len = 0;
    qw_err err;

    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->importer = qw_capture_importer_of(format);
    made->fd = open(path, flags, 0644);
    if (made->fd < 0) {
        err = errno == EEXIST ? QW_ERR_CONFLICT : error_of_errno();
        free(made);
        return err;
    }
    if (made->importer->head != NULL) {
        head_len = made->importer->head(made->record, sizeof made->record);
    }
    err = append(made, head_len);
    if (err != QW_OK) {
        close(made->fd);
        free(made);
        return err;
    }
    *writer = made;
    return QW_OK;
}

qw_err qw_capture_writer_add(struct qw_capture_writer *writer, const struct qw_csi_frame *frame)
{
    size_t len;

    if (writer->is_broken) {
        return QW_ERR_STATE;
    }
    if (frame->band_count > 1) {
        return QW_ERR_ARG;
    }
    len = writer->importer->encode(frame, writer->record, sizeof writer->record);
    return len > 0 ? append(writer, len) : QW_ERR_ARG;
}

uint64_t qw_capture_writer_bytes(const struct qw_capture_writer *writer)
{
    return (uint64_t)writer->whole;
}

qw_err qw_capture_writer_close(struct qw_capture_writer *writer)
{
    qw_err err = QW_OK;

    if (writer == NULL) {
        return QW_OK;
    }
    if (fsync(writer->fd) != 0 && errno != EINVAL) { /* EINVAL: not a disk */
        err = error_of_errno();
    }
    if (close(writer->fd) != 0 && err == QW_OK) {
        err = error_of_errno();
    }
    free(writer);
    return err;
}
