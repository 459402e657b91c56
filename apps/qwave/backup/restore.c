/* SPDX-License-Identifier: Apache-2.0 */
/* A database out of a backup, where there is none: B2. */
#define _GNU_SOURCE
#include "backup/backup.h"

#include "base/secret.h"
#include "centre/certificate/certificate.h"
#include "centre/restore/restore.h"
#include "centre/unseal.h"
#include "qwaved/settings.h"
#include "store/postgres_copy.h"
#include "store/store_dump.h"
#include "store/store_postgres.h"
#include "store/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST_LIFE_MS (QW_CERTIFICATE_LIST_LIFE_DAYS * (int64_t)24 * 3600 * 1000)

/* A pipe whose other end found nothing is common enough to be named. */
static bool is_empty(FILE *from)
{
    int first = getc(from);

    return first == EOF ? !ferror(from) : ungetc(first, from) == EOF;
}

static qw_err open_from(struct backup_work *work, const char *name, FILE *from, FILE *to)
{
    bool is_stream = from == stdin;
    qw_err err;

    if (is_empty(from)) {
        return backup_explain(work, QW_ERR_FORMAT, "%s: nothing is in it%s", name,
                              is_stream ? ": did the program before the pipe find the backup?"
                                        : "");
    }
    err = qw_backup_open(&work->lock, from, to, &work->head);
    return backup_explain(
        work, err, "%s: %s", name,
        err == QW_ERR_FORMAT        ? "no backup, or not the whole of one"
        : err == QW_ERR_AUTH        ? "not its passphrase or its recipient's key, or altered"
        : err == QW_ERR_UNAVAILABLE ? work->passphrase != NULL ? "it is for a recipient: --key FILE"
                                                               : "it is under a passphrase"
                                    : qw_err_text(err));
}

static qw_err open_to(const struct backup_arguments *arguments, struct backup_work *work, FILE *to)
{
    FILE *from = strcmp(arguments->file, "-") == 0 ? stdin : fopen(arguments->file, "r");
    qw_err err;

    if (from == NULL) {
        return backup_explain(work, QW_ERR_IO, "%s: %s", arguments->file, strerror(errno));
    }
    err = open_from(work, arguments->file, from, to);
    if (from != stdin) {
        fclose(from);
    }
    return err;
}

/* It is of this centre, the one that was meant, and the list is not older than any that stood when
 * it was made. */
static qw_err check_head(const struct backup_arguments *arguments, struct backup_work *work)
{
    char made[BACKUP_TIME_CAP];

    if (strcmp(work->head.centre_id, work->settings->centre_id) != 0) {
        return backup_explain(work, QW_ERR_REFUSED, "it is a backup of %s, not of %s",
                              work->head.centre_id, work->settings->centre_id);
    }
    if (work->head.made_ms < arguments->made_after_ms) {
        backup_time_text(work->head.made_ms, made);
        return backup_explain(work, QW_ERR_REFUSED, "it was made at %s: a newer one was asked for",
                              made);
    }
    if (work->lists_ms != 0 && work->lists_ms + LIST_LIFE_MS < work->head.made_ms) {
        return backup_explain(work, QW_ERR_REFUSED,
                              "the list of revocations had run out when the backup was made");
    }
    return QW_OK;
}

static qw_err make_marks(struct backup_work *work, struct qw_restored_marks **marks)
{
    struct qw_restored_marks *made = malloc(sizeof *made);
    qw_err err =
        made == NULL ? QW_ERR_NOMEM : qw_restored_marks_make(made, work->lists, work->lists_len);

    if (err != QW_OK) {
        free(made);
        return backup_explain(work, err, "%s", qw_err_text(err));
    }
    *marks = made;
    return QW_OK;
}

static qw_err explain_content(struct backup_work *work, qw_err err)
{
    return backup_explain(work, err, "there is no centre of this version in it: %s",
                          qw_err_text(err));
}

/* What may be wrong is found before the database has its name. */
static qw_err mark_sqlite(struct backup_work *work)
{
    struct qw_store store = { 0 };
    struct qw_restored_marks *marks = NULL;
    qw_err err = make_marks(work, &marks);

    if (err != QW_OK) {
        return err;
    }
    err = qw_store_sqlite_open(work->beside, &store);
    if (err == QW_OK) {
        err = qw_restored_mark(&store, marks);
    }
    qw_store_close(&store);
    free(marks);
    if (err == QW_ERR_CONFLICT) {
        err = QW_OK; /* a backup of what was restored and never started */
    }
    return explain_content(work, err);
}

static qw_err give_name(struct backup_work *work)
{
    char folder[BACKUP_PATH_CAP];
    int fd;

    if (link(work->beside, work->settings->database) != 0) {
        return backup_explain(work, errno == EEXIST ? QW_ERR_CONFLICT : QW_ERR_IO, "%s: %s",
                              work->settings->database, strerror(errno));
    }
    (void)snprintf(folder, sizeof folder, "%s", work->settings->database);
    fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    return QW_OK;
}

static qw_err restore_sqlite(const struct backup_arguments *arguments, struct backup_work *work)
{
    FILE *to;
    qw_err err;

    if (access(work->settings->database, F_OK) == 0) {
        return backup_explain(work, QW_ERR_CONFLICT,
                              "%s is there: a backup goes where there is none",
                              work->settings->database);
    }
    err = backup_make_beside(work);
    if (err != QW_OK) {
        return err;
    }
    to = fopen(work->beside, "w");
    if (to == NULL) {
        return backup_explain(work, QW_ERR_IO, "%s: %s", work->beside, strerror(errno));
    }
    err = open_to(arguments, work, to);
    if (err == QW_OK && fsync(fileno(to)) != 0) {
        err = QW_ERR_IO;
    }
    if (fclose(to) != 0 && err == QW_OK) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        err = check_head(arguments, work);
    }
    if (err == QW_OK) {
        err = mark_sqlite(work);
    }
    return err == QW_OK ? give_name(work) : err;
}

/* Whether there is a KEK among the records; *is_marked: one that was restored and never started. */
static qw_err look_through(FILE *from, bool *is_marked)
{
    struct qw_store_record record = { .blob = malloc(QW_STORE_BLOB_MAX) };
    bool is_end = false;
    bool has_kek = false;
    qw_err err = record.blob == NULL ? QW_ERR_NOMEM : qw_store_dump_open(from);

    while (err == QW_OK && !is_end) {
        enum qw_store_kind kind;

        err = qw_store_dump_next(from, &kind, &record, &is_end);
        if (err == QW_OK && !is_end && kind == QW_STORE_META) {
            has_kek = has_kek || (record.id_len == QW_KEK_ID_LEN &&
                                  qw_equal_ct(record.id, qw_kek_id, QW_KEK_ID_LEN));
            *is_marked = *is_marked || (record.id_len == strlen(qw_restored_id) &&
                                        qw_equal_ct(record.id, qw_restored_id, record.id_len));
        }
    }
    free(record.blob);
    rewind(from);
    return err == QW_OK && !has_kek ? QW_ERR_FORMAT : err;
}

static qw_err fill_postgres(struct backup_work *work, FILE *from)
{
    struct qw_restored_marks *marks = NULL;
    bool is_marked = false;
    qw_err err = explain_content(work, look_through(from, &is_marked));

    if (err == QW_OK) {
        err = make_marks(work, &marks);
    }
    if (err == QW_OK) {
        err = qw_store_postgres_fill(work->settings->database, from, marks->ops,
                                     is_marked ? 0 : marks->count);
        free(marks);
    }
    return backup_explain(work, err, "database: %s",
                          err == QW_ERR_CONFLICT
                              ? "it is not empty: a backup goes where there is none"
                              : qw_err_text(err));
}

static qw_err restore_postgres(const struct backup_arguments *arguments, struct backup_work *work)
{
    FILE *scratch = NULL;
    qw_err err = backup_make_scratch(work, &scratch);

    if (err != QW_OK) {
        return err;
    }
    err = open_to(arguments, work, scratch);
    rewind(scratch);
    if (err == QW_OK) {
        err = check_head(arguments, work);
    }
    if (err == QW_OK) {
        err = fill_postgres(work, scratch);
    }
    fclose(scratch);
    return err;
}

qw_err backup_restore(const struct backup_arguments *arguments, struct backup_work *work)
{
    if (work->settings->high_mark[0] != '\0' && access(work->settings->high_mark, F_OK) == 0 &&
        access(work->settings->database, F_OK) != 0) {
        return backup_explain(work, QW_ERR_CONFLICT,
                              "high_mark %s is there, of a database that is ahead: move it away",
                              work->settings->high_mark);
    }
    return qw_store_postgres_is_uri(work->settings->database) ? restore_postgres(arguments, work)
                                                              : restore_sqlite(arguments, work);
}
