/* SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700
#include "custody/officers.h"

#include "base/secret.h"
#include "crypto/share/custody_quorum.h"
#include "passphrase.h"
#include "share/share_entry.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

_Static_assert((int)CENTRE_FOLDER_ERROR_CAP >= (int)PASSPHRASE_ERROR_CAP, "one sentence");

struct room { /* where the ceremony is held: secret memory */
    struct qw_ceremony ceremony;
    struct qw_share share[QW_OFFICERS_MAX];
    struct qw_share back;
    uint8_t master[QW_MASTER_KEY_LEN];
};

static qw_err make_folder(const char *path, char *error)
{
    if (mkdir(path, 0700) != 0) {
        (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP, "%.400s: %s", path, strerror(errno));
        return QW_ERR_IO;
    }
    return QW_OK;
}

static qw_err write_share(struct room *room, unsigned index, const char *path,
                          const uint8_t *passphrase, size_t len)
{
    qw_err err = share_file_write(path, &room->share[index], passphrase, len, &room->back);

    return err == QW_OK ? qw_share_verify(&room->ceremony, &room->back) : err;
}

static qw_err give_share(const struct centre_folder_config *config, struct room *room,
                         unsigned index, char *error)
{
    const char *passphrase_path =
        config->officer_passphrases != NULL ? config->officer_passphrases[index] : NULL;
    char folder[PATH_MAX - 16];
    char path[PATH_MAX];
    uint8_t *passphrase = NULL;
    size_t len = 0;
    char what[32];
    qw_err err;

    (void)snprintf(what, sizeof what, "share of officer %u", index + 1);
    err = passphrase_get(passphrase_path, what, true, &passphrase, &len, error);
    if (err != QW_OK) {
        return err;
    }
    if ((size_t)snprintf(folder, sizeof folder, "%s/shares/officer-%u", config->folder,
                         index + 1) >= sizeof folder) {
        err = QW_ERR_SPACE;
    }
    if (err == QW_OK) {
        err = make_folder(folder, error);
    }
    if (err == QW_OK) {
        (void)snprintf(path, sizeof path, "%s/share", folder);
        err = write_share(room, index, path, passphrase, len);
    }
    if (err != QW_OK && error[0] == '\0') {
        (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP, "share of officer %u: %s", index + 1,
                       qw_err_text(err));
    }
    qw_secret_free(passphrase);
    return err;
}

qw_err officers_hold(const struct centre_folder_config *config, struct qw_custody *custody,
                     char error[static CENTRE_FOLDER_ERROR_CAP])
{
    struct room *room = qw_secret_new(sizeof *room);
    char folder[PATH_MAX];
    qw_err err = room == NULL ? QW_ERR_NOMEM : QW_OK;

    if (err == QW_OK) {
        err = qw_ceremony_hold((uint8_t)config->quorum, (uint8_t)config->officers, &room->ceremony,
                               room->share, room->master);
    }
    if (err == QW_OK) {
        (void)snprintf(folder, sizeof folder, "%s/shares", config->folder);
        err = make_folder(folder, error);
    }
    for (unsigned i = 0; err == QW_OK && i < config->officers; i++) {
        err = give_share(config, room, i, error);
    }
    if (err == QW_OK) {
        err = qw_custody_quorum(&room->ceremony, room->master, custody);
    }
    qw_secret_free(room);
    return err;
}
