/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "vault.h"

#include "api/url.h"
#include "base/file.h"
#include "base/secret.h"
#include "crypto/custody/custody.h"
#include "crypto/random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert((int)QW_LINK_VAULT_KEY_LEN == (int)QW_KEK_LEN, "custody wraps the vault key");

static qw_err path_in(const struct settings *settings, const char *name,
                      char out[static SETTINGS_PATH_CAP])
{
    int len = snprintf(out, SETTINGS_PATH_CAP, "%s/%s", settings->state, name);

    return len < 0 || len >= SETTINGS_PATH_CAP ? QW_ERR_SPACE : QW_OK;
}

qw_err vault_record_path(const struct settings *settings, const struct peer_settings *peer,
                         char out[static SETTINGS_PATH_CAP])
{
    char names[2][3 * SETTINGS_NAME_CAP];
    char name[sizeof names + 16];

    if (qw_url_encode(peer->peer, names[0], sizeof names[0]) != QW_OK ||
        qw_url_encode(peer->link, names[1], sizeof names[1]) != QW_OK) {
        return QW_ERR_SPACE;
    }
    (void)snprintf(name, sizeof name, "%s+%s.link", names[0], names[1]);
    return path_in(settings, name, out);
}

static qw_err take_folder(const struct settings *settings, int *lock)
{
    char path[SETTINGS_PATH_CAP];
    int fd;

    if (mkdir(settings->state, 0700) != 0 && errno != EEXIST) {
        return QW_ERR_IO;
    }
    if (path_in(settings, "lock", path) != QW_OK) {
        return QW_ERR_SPACE;
    }
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return QW_ERR_IO;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        return QW_ERR_CONFLICT;
    }
    *lock = fd;
    return QW_OK;
}

static qw_err make_key(struct qw_custody *custody, const char *path, uint8_t *key)
{
    uint8_t wrapped[QW_WRAPPED_KEK_CAP];
    size_t len = 0;
    qw_err err = qw_random_bytes(key, QW_LINK_VAULT_KEY_LEN);

    if (err == QW_OK) {
        err = custody->wrap(custody->self, key, wrapped, sizeof wrapped, &len);
    }
    return err == QW_OK ? qw_file_create(path, wrapped, len) : err;
}

static qw_err open_key(const struct settings *settings, uint8_t *key)
{
    struct qw_custody custody = { .self = NULL };
    char path[SETTINGS_PATH_CAP];
    uint8_t *wrapped = NULL;
    size_t len = 0;
    qw_err err = path_in(settings, "vault", path);

    if (err == QW_OK) {
        err = qw_custody_passphrase_file(settings->passphrase_file, &custody);
    }
    if (err == QW_OK) {
        err = qw_file_read_private(path, QW_WRAPPED_KEK_CAP, &wrapped, &len);
        if (err == QW_ERR_NOT_FOUND) {
            err = make_key(&custody, path, key);
        } else if (err == QW_OK) {
            err = custody.unwrap(custody.self, wrapped, len, key);
        }
    }
    qw_secret_free(wrapped);
    qw_custody_close(&custody);
    return err;
}

qw_err vault_open(const struct settings *settings, const struct qw_log *log, struct vault *vault)
{
    struct vault v = { .key = qw_secret_new(QW_LINK_VAULT_KEY_LEN), .lock = -1 };
    qw_err err = v.key == NULL ? QW_ERR_NOMEM : take_folder(settings, &v.lock);

    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "state folder %s: %s", settings->state,
                     err == QW_ERR_CONFLICT ? "another agent uses it" : qw_err_text(err));
    } else {
        err = open_key(settings, v.key);
        if (err != QW_OK) {
            qw_log_write(log, QW_LOG_ERROR, "state folder %s, passphrase file %s: %s",
                         settings->state, settings->passphrase_file,
                         err == QW_ERR_AUTH ? "the passphrase is another one" : qw_err_text(err));
        }
    }
    if (err != QW_OK) {
        vault_close(&v);
        return err;
    }
    *vault = v;
    return QW_OK;
}

void vault_close(struct vault *vault)
{
    qw_secret_free(vault->key);
    vault->key = NULL;
    if (vault->lock > 0) {
        (void)close(vault->lock);
        vault->lock = -1;
    }
}
