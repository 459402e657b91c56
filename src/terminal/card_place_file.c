/* SPDX-License-Identifier: Apache-2.0 */
/* A card in a file: docs/protocol/card-file.md. */
#define _POSIX_C_SOURCE 200809L
#include "terminal/card_place.h"

#include "base/file.h"
#include "base/secret.h"
#include "terminal/card_file.h"
#include "terminal/card_state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEALED_MAX = QW_CARD_STATE_ENCODED_MAX + QW_CARD_FILE_OVERHEAD };

struct guarded { /* secret memory */
    struct qw_card_file_key file_key;
    uint8_t passphrase[QW_CARD_PLACE_SECRET_MAX];
};

struct file_place {
    char *path;
    struct qw_password_cost cost; /* of a new file */
    int lock;
    size_t passphrase_len;
    struct guarded *guarded;
    uint8_t sealed[SEALED_MAX];
};

static qw_err file_unlock(void *self, const uint8_t *secret, size_t len)
{
    struct file_place *place = self;

    if (len > sizeof place->guarded->passphrase) {
        return QW_ERR_ARG;
    }
    memcpy(place->guarded->passphrase, secret, len);
    place->passphrase_len = len;
    return QW_OK;
}

static qw_err file_exists(void *self, bool *does)
{
    *does = access(((struct file_place *)self)->path, F_OK) == 0;
    return QW_OK;
}

static qw_err file_create(void *self, const uint8_t *body, size_t len)
{
    struct file_place *place = self;
    struct guarded *guarded = place->guarded;
    qw_err err = qw_card_file_new(place->cost, guarded->passphrase, place->passphrase_len,
                                  &guarded->file_key);

    if (err == QW_OK) {
        err = qw_card_file_seal(&guarded->file_key, body, len, place->sealed);
    }
    return err == QW_OK ? qw_file_create(place->path, place->sealed, len + QW_CARD_FILE_OVERHEAD)
                        : err;
}

/* F1, whose lock is held. */
static qw_err load(struct file_place *place, uint8_t *body, size_t cap, size_t *len)
{
    struct guarded *guarded = place->guarded;
    uint8_t *data = NULL;
    size_t data_len = 0;
    qw_err err = qw_file_read(place->path, SEALED_MAX, &data, &data_len);

    if (err == QW_ERR_SPACE ||
        (err == QW_OK && data_len > QW_CARD_FILE_OVERHEAD + cap)) { /* no card is so long */
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        err = qw_card_file_unlock(data, data_len, guarded->passphrase, place->passphrase_len,
                                  &guarded->file_key);
    }
    if (err == QW_OK) {
        err = qw_card_file_open(&guarded->file_key, data, data_len, body);
    }
    if (err == QW_OK) {
        *len = data_len - QW_CARD_FILE_OVERHEAD;
    }
    qw_secret_free(data);
    return err;
}

static qw_err file_open(void *self, uint8_t *body, size_t cap, size_t *len)
{
    struct file_place *place = self;
    struct qw_tombstone tombstone;
    qw_err err;

    if (access(place->path, F_OK) != 0) {
        return QW_ERR_NOT_FOUND; /* before a lock file appears beside nothing */
    }
    err = qw_card_file_lock(place->path, &place->lock);
    if (err == QW_OK) {
        err = qw_tombstone_finish(place->path); /* K4 */
    }
    if (err == QW_OK) {
        err = qw_tombstone_read(place->path, &tombstone);
        err = err == QW_OK ? QW_ERR_STATE : err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    if (err == QW_OK) {
        err = load(place, body, cap, len);
    }
    qw_wipe(place->guarded->passphrase, sizeof place->guarded->passphrase); /* has done its work */
    return err;
}

static qw_err file_replace(void *self, const uint8_t *body, size_t len)
{
    struct file_place *place = self;
    qw_err err = qw_card_file_seal(&place->guarded->file_key, body, len, place->sealed);

    return err == QW_OK ? qw_file_replace(place->path, place->sealed, len + QW_CARD_FILE_OVERHEAD)
                        : err;
}

static qw_err file_bury(void *self, const struct qw_tombstone *tombstone, bool *is_begun)
{
    struct file_place *place = self;
    qw_err err = qw_tombstone_put(place->path, tombstone, is_begun);

    if (*is_begun) {
        qw_wipe(place->guarded, sizeof *place->guarded);
        qw_wipe(place->sealed, sizeof place->sealed);
    }
    return err;
}

static qw_err file_tombstone(void *self, struct qw_tombstone *tombstone)
{
    return qw_tombstone_read(((struct file_place *)self)->path, tombstone);
}

static qw_err file_book(void *self, struct qw_tombstone *tombstone, const uint8_t *done, size_t len)
{
    return qw_tombstone_book(((struct file_place *)self)->path, tombstone, done, len);
}

static void file_close(void *self)
{
    struct file_place *place = self;

    qw_card_file_release(place->lock);
    qw_secret_free(place->guarded);
    free(place->path);
    free(place);
}

qw_err qw_card_place_file(const char *path, struct qw_password_cost cost,
                          struct qw_card_place *place)
{
    struct file_place *self = calloc(1, sizeof *self);

    if (self == NULL) {
        return QW_ERR_NOMEM;
    }
    self->lock = -1;
    self->cost = cost;
    self->path = strdup(path);
    self->guarded = qw_secret_new(sizeof *self->guarded);
    if (self->path == NULL || self->guarded == NULL) {
        file_close(self);
        return QW_ERR_NOMEM;
    }
    *place = (struct qw_card_place){ .self = self,
                                     .unlock = file_unlock,
                                     .exists = file_exists,
                                     .create = file_create,
                                     .open = file_open,
                                     .replace = file_replace,
                                     .bury = file_bury,
                                     .tombstone = file_tombstone,
                                     .book = file_book,
                                     .close = file_close };
    return QW_OK;
}
