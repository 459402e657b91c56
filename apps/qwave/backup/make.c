/* SPDX-License-Identifier: Apache-2.0 */
/* A centre's store as one sealed file, made beside the running centre: B1. */
#define _GNU_SOURCE
#include "backup/backup.h"

#include "base/clock.h"
#include "qwaved/settings.h"
#include "store/postgres_copy.h"
#include "store/sqlite_copy.h"
#include "store/store_postgres.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static qw_err seal_to(const struct backup_arguments *arguments, struct backup_work *work,
                      FILE *from)
{
    bool is_stream = strcmp(arguments->file, "-") == 0;
    int fd = is_stream ? dup(STDOUT_FILENO)
                       : open(arguments->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    qw_err err;

    if (to == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return backup_explain(work, QW_ERR_IO, "%s: %s", arguments->file, strerror(errno));
    }
    err = qw_backup_seal(&work->head, &work->lock, from, to);
    if (err == QW_OK && !is_stream && fsync(fd) != 0) {
        err = QW_ERR_IO;
    }
    if (fclose(to) != 0 && err == QW_OK) {
        err = QW_ERR_IO;
    }
    if (err != QW_OK && !is_stream) {
        (void)unlink(arguments->file); /* half a backup is none */
    }
    return backup_explain(work, err, "%s: %s", arguments->file, qw_err_text(err));
}

static qw_err copy_sqlite(struct backup_work *work, FILE **from)
{
    qw_err err = backup_make_beside(work);

    if (err != QW_OK) {
        return err;
    }
    err = qw_store_sqlite_copy(work->settings->database, work->beside);
    if (err != QW_OK) {
        return backup_explain(work, err, "database %s: %s", work->settings->database,
                              qw_err_text(err));
    }
    *from = fopen(work->beside, "r");
    return *from != NULL ? QW_OK
                         : backup_explain(work, QW_ERR_IO, "%s: %s", work->beside, strerror(errno));
}

/* Through a file: the server does not wait for who stores the backup. */
static qw_err copy_postgres(struct backup_work *work, FILE **from)
{
    FILE *scratch = NULL;
    qw_err err = backup_make_scratch(work, &scratch);

    if (err != QW_OK) {
        return err;
    }
    err = qw_store_postgres_copy(work->settings->database, scratch);
    if (err != QW_OK) {
        fclose(scratch);
        return backup_explain(work, err, "database: %s", qw_err_text(err));
    }
    rewind(scratch);
    *from = scratch;
    return QW_OK;
}

qw_err backup_make(const struct backup_arguments *arguments, struct backup_work *work)
{
    FILE *from = NULL;
    qw_err err = backup_ask_centre(arguments, work);

    if (err != QW_OK) {
        return err;
    }
    work->head.made_ms = qw_clock_utc_ms();
    memcpy(work->head.centre_id, work->settings->centre_id, sizeof work->head.centre_id);
    err = qw_store_postgres_is_uri(work->settings->database) ? copy_postgres(work, &from)
                                                             : copy_sqlite(work, &from);
    if (err != QW_OK) {
        return err;
    }
    err = seal_to(arguments, work, from);
    fclose(from);
    return err;
}
