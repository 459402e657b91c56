/* SPDX-License-Identifier: Apache-2.0 */
/* From the centre to a file [J5 of docs/protocol/journal.md]. A file that was left half done is
 * gone on with: it knows by its own head where it has to end. */
#define _POSIX_C_SOURCE 200809L
#include "audit/audit.h"

#include "command.h"
#include "operator.h"
#include "store/journal/export.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct export
{
    FILE *file;
    struct qw_signed_head front;
    uint64_t records; /* whole ones in the file */
    qw_err err;
};

/* NULL: it cannot be opened. New files are for their owner alone. */
static FILE *open_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r+");

    if (fd >= 0 && file == NULL) {
        close(fd);
    }
    return file;
}

/* Reads what is there and cuts half a record off; an empty file is none yet (front.seq 0). */
static qw_err look(struct export *export)
{
    uint8_t blob[QW_AUDIT_BLOB_CAP];
    size_t len;
    long end;
    qw_err err = QW_OK;

    if (fseek(export->file, 0, SEEK_END) != 0) {
        return QW_ERR_IO;
    }
    if (ftell(export->file) == 0) {
        return QW_OK;
    }
    rewind(export->file);
    err = qw_journal_export_open(export->file, &export->front);
    if (err != QW_OK) {
        return err;
    }
    end = ftell(export->file);
    while (end >= 0 && qw_journal_export_next(export->file, blob, &len) == QW_OK) {
        export->records++;
        end = ftell(export->file);
    }
    return end >= 0 && fseek(export->file, end, SEEK_SET) == 0 &&
                   ftruncate(fileno(export->file), end) == 0
               ? QW_OK
               : QW_ERR_IO;
}

static bool keep(void *self, const uint8_t *blob, size_t len)
{
    struct export *export = self;

    if (export->records == export->front.seq) {
        return false;
    }
    export->err = qw_journal_export_put(export->file, blob, len);
    export->records += export->err == QW_OK;
    return export->err == QW_OK;
}

static void show_progress(const struct export *export, bool is_over)
{
    if (isatty(STDERR_FILENO) == 1 && (is_over || export->records % 10000 < AUDIT_PAGE)) {
        fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " records%s", export->records,
                export->front.seq, is_over ? "\n" : "");
    }
}

static qw_err fill(struct operator_desk *desk, struct export *export)
{
    const char *answer;
    qw_err err = QW_OK;

    if (export->front.seq == 0) {
        err = audit_ask_head(desk, &answer, &export->front);
        if (err == QW_OK) {
            err = qw_journal_export_begin(export->file, &export->front);
        }
    }
    while (err == QW_OK && export->records < export->front.seq) {
        size_t count = 0;

        err = audit_ask_page(desk, export->records, keep, export, &count);
        err = err == QW_OK ? export->err : err;
        if (err == QW_OK && count == 0) {
            err = QW_ERR_NOT_FOUND; /* the centre has fewer than it signed */
        }
        show_progress(export, false);
    }
    if (err == QW_OK && (fflush(export->file) != 0 || fsync(fileno(export->file)) != 0)) {
        err = QW_ERR_IO;
    }
    return err;
}

int audit_export(struct operator_desk *desk, const struct audit_arguments *arguments)
{
    struct export export = { .file = open_file(arguments->file), .err = QW_OK };
    qw_err err;

    if (export.file == NULL) {
        fprintf(stderr, "qwave audit: %s: %s\n", arguments->file, strerror(errno));
        return EXIT_FAILED;
    }
    err = look(&export);
    if (err != QW_OK) {
        fprintf(stderr, "qwave audit: %s: %s\n", arguments->file,
                err == QW_ERR_FORMAT ? "there is a file, and it is no export" : qw_err_text(err));
    } else {
        err = fill(desk, &export);
        if (err != QW_OK) {
            const char *message = operator_message(desk);

            fprintf(stderr, "qwave audit: %s; the same command goes on from record %" PRIu64 "\n",
                    message[0] != '\0' ? message : qw_err_text(err), export.records + 1);
        }
    }
    if (fclose(export.file) != 0 && err == QW_OK) {
        err = QW_ERR_IO;
        fprintf(stderr, "qwave audit: %s: %s\n", arguments->file, qw_err_text(err));
    }
    if (err != QW_OK) {
        return qw_exit_of(err);
    }
    show_progress(&export, true);
    printf(arguments->as_json ? "{\"records\":%" PRIu64 "}\n" : "%" PRIu64 " records\n",
           export.records);
    return EXIT_DONE;
}
