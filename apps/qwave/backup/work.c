/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "backup/backup.h"

#include "api/certificate/list.h"
#include "base/file.h"
#include "base/passphrase_file.h"
#include "base/secret.h"
#include "centre/restore/restore.h"
#include "qwaved/settings.h"

#include <errno.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { KEY_MAX = 16384 };

qw_err backup_explain(struct backup_work *work, qw_err err, const char *format, ...)
{
    va_list arguments;

    if (err != QW_OK && work->error[0] == '\0') {
        va_start(arguments, format);
        (void)vsnprintf(work->error, sizeof work->error, format, arguments);
        va_end(arguments);
    }
    return err;
}

void backup_time_text(int64_t utc_ms, char text[static BACKUP_TIME_CAP])
{
    time_t seconds = (time_t)(utc_ms / 1000);
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, BACKUP_TIME_CAP, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        text[0] = '\0';
    }
}

static qw_err read_passphrase(struct backup_work *work, const char *path)
{
    qw_err err = qw_passphrase_file_read(path, &work->passphrase, &work->lock.passphrase_len);

    work->lock.passphrase = work->passphrase;
    return backup_explain(work, err, "%s: %s", path,
                          err == QW_ERR_REFUSED ? "others may read it; `chmod 600` it"
                          : err == QW_ERR_FORMAT
                              ? "its first line is no passphrase of 12 to 1024 bytes"
                              : qw_err_text(err));
}

/* A private key is its owner's alone, a public one anybody's. */
static qw_err read_key(struct backup_work *work, const char *path, bool is_private)
{
    uint8_t *pem = NULL;
    size_t len = 0;
    qw_err err = is_private ? qw_file_read_private(path, KEY_MAX, &pem, &len)
                            : qw_file_read(path, KEY_MAX, &pem, &len);

    if (err == QW_OK) {
        err = qw_recipient_read(pem, len, &work->recipient);
    }
    if (err == QW_OK && is_private && !qw_recipient_can_open(work->recipient)) {
        err = QW_ERR_FORMAT;
    }
    qw_secret_free(pem);
    work->lock.recipient = work->recipient;
    return backup_explain(work, err, "%s: %s", path,
                          err == QW_ERR_REFUSED  ? "others may read it; `chmod 600` it"
                          : err == QW_ERR_FORMAT ? is_private
                                                       ? "no private key of P-256 or SM2 (PEM)"
                                                       : "no public key of P-256 or SM2 (PEM)"
                                                 : qw_err_text(err));
}

/* Whether one of the authorities that the settings name has signed such a list, and when. */
static qw_err look_at_lists(struct backup_work *work, const char *path)
{
    FILE *in = fopen(work->settings->client_ca, "r");
    X509 *authority;
    qw_err err = QW_OK;

    if (in == NULL) {
        return backup_explain(work, QW_ERR_IO, "%s: %s", work->settings->client_ca,
                              strerror(errno));
    }
    while (err == QW_OK && (authority = PEM_read_X509(in, NULL, NULL, NULL)) != NULL) {
        struct qw_certificate_list_content list = { .made_ms = 0 };

        err = qw_certificate_list_read(work->lists, work->lists_len, authority, &list);
        work->lists_ms = list.made_ms > work->lists_ms ? list.made_ms : work->lists_ms;
        err = err == QW_ERR_NOT_FOUND ? QW_OK : err;
        qw_certificate_list_content_free(&list);
        X509_free(authority);
    }
    fclose(in);
    if (err == QW_OK && work->lists_ms == 0) {
        err = QW_ERR_AUTH;
    }
    return backup_explain(work, err,
                          "%s: no list of revocations that an authority of %s has signed", path,
                          work->settings->client_ca);
}

static qw_err read_lists(const struct backup_arguments *arguments, struct backup_work *work)
{
    const char *path = arguments->revocations;
    qw_err err;

    if (path == NULL) {
        return QW_OK;
    }
    err = qw_file_read(path, QW_RESTORED_LISTS_MAX, &work->lists, &work->lists_len);
    if (err != QW_OK) {
        return backup_explain(work, err, "%s: %s", path, qw_err_text(err));
    }
    return look_at_lists(work, path);
}

qw_err backup_prepare(const struct backup_arguments *arguments, struct backup_work *work)
{
    bool is_restore = arguments->is_restore;
    qw_err err = settings_read(arguments->config, work->settings, work->error);

    err = err == QW_OK || err == QW_ERR_NOMEM ? err : QW_ERR_ARG;
    if (err == QW_OK && arguments->passphrase_file != NULL) {
        err = read_passphrase(work, arguments->passphrase_file);
    } else if (err == QW_OK) {
        err = read_key(work, is_restore ? arguments->key : arguments->recipient, is_restore);
    }
    return err == QW_OK && is_restore ? read_lists(arguments, work) : err;
}

void backup_clean_up(struct backup_work *work)
{
    static const char *const tails[] = { "", "-wal", "-shm", "-journal" };

    for (size_t i = 0; work->beside[0] != '\0' && i < sizeof tails / sizeof tails[0]; i++) {
        char path[BACKUP_PATH_CAP + 16];

        (void)snprintf(path, sizeof path, "%s%s", work->beside, tails[i]);
        (void)unlink(path);
    }
    qw_secret_free(work->passphrase);
    qw_secret_free(work->lists);
    qw_recipient_free(work->recipient);
}

qw_err backup_make_beside(struct backup_work *work)
{
    int fd;

    if (snprintf(work->beside, sizeof work->beside, "%s.copy-XXXXXX", work->settings->database) >=
        (int)sizeof work->beside) {
        work->beside[0] = '\0';
        return backup_explain(work, QW_ERR_ARG, "database: its path is too long");
    }
    fd = mkstemp(work->beside); /* mode 0600 */
    if (fd < 0) {
        work->beside[0] = '\0';
        return backup_explain(work, QW_ERR_IO, "%s: %s", work->settings->database, strerror(errno));
    }
    close(fd);
    return QW_OK;
}

qw_err backup_make_scratch(struct backup_work *work, FILE **scratch)
{
    const char *folder = getenv("TMPDIR");
    char path[BACKUP_PATH_CAP];
    FILE *file = NULL;
    int fd;

    folder = folder == NULL || folder[0] == '\0' ? "/var/tmp" : folder;
    (void)snprintf(path, sizeof path, "%s/qwave-backup-XXXXXX", folder);
    fd = mkstemp(path); /* mode 0600 */
    if (fd >= 0) {
        (void)unlink(path);
        file = fdopen(fd, "w+");
    }
    if (file == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return backup_explain(work, QW_ERR_IO, "%s: %s", folder, strerror(errno));
    }
    *scratch = file;
    return QW_OK;
}
