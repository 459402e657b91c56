/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "link/sink_hls.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "crypto/hash.h"
#include "crypto/random.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NAME_LEN = QW_UUID_TEXT_CAP - 1 + 4, /* KEY-ID.key */
    FILE_PATH_CAP = QW_HLS_PATH_CAP + 64,
    INFO_CAP = 2 * FILE_PATH_CAP
};
static const char ending[] = ".key", nobodys_ending[] = ".blocked";

struct hls {
    char folder[QW_HLS_PATH_CAP], key_info[QW_HLS_PATH_CAP];
    char key_uri[QW_HLS_PATH_CAP], playlist[QW_HLS_PATH_CAP];
};

static void name_of(const struct qw_link_key *key, char name[static NAME_LEN + 1])
{
    qw_uuid_encode(key->id, name);
    memcpy(name + QW_UUID_TEXT_CAP - 1, ending, sizeof ending);
}

/* Written only where it is not there already, in whole and for nobody else. */
static qw_err put_file(const char *path, const void *data, size_t len)
{
    uint8_t *found = NULL;
    size_t found_len = 0;
    bool is_there = qw_file_read_private(path, INFO_CAP, &found, &found_len) == QW_OK &&
                    found_len == len && qw_equal_ct(found, data, len);

    qw_secret_free(found);
    return is_there ? QW_OK : qw_file_replace(path, data, len);
}

static qw_err put_key(const struct hls *h, const struct qw_link_key *key)
{
    static const char salt[] = "qwave hls";
    char path[FILE_PATH_CAP], name[NAME_LEN + 1];
    uint8_t bytes[QW_HLS_KEY_LEN];
    qw_err err;

    if (key == NULL) {
        return QW_OK;
    }
    name_of(key, name);
    (void)snprintf(path, sizeof path, "%s/%s", h->folder, name);
    err = qw_hkdf(QW_HASH_SHA256, (struct qw_bytes){ salt, sizeof salt - 1 },
                  (struct qw_bytes){ key->bytes, sizeof key->bytes },
                  (struct qw_bytes){ key->id, sizeof key->id }, bytes, sizeof bytes);
    if (err == QW_OK) {
        err = put_file(path, bytes, sizeof bytes);
    }
    qw_wipe(bytes, sizeof bytes);
    return err;
}

static qw_err put_info(const struct hls *h, const char *uri_end, const char *path)
{
    char text[INFO_CAP];
    int len = snprintf(text, sizeof text, "%s%s\n%s\n", h->key_uri, uri_end, path);

    qw_assert(len > 0 && (size_t)len < sizeof text); /* its parts are bounded */
    return put_file(h->key_info, text, (size_t)len);
}

/* The next segment is encrypted under this key. */
static qw_err use_key(const struct hls *h, const struct qw_link_key *key)
{
    char path[FILE_PATH_CAP], name[NAME_LEN + 1];

    if (h->key_info[0] == '\0') {
        return QW_OK;
    }
    name_of(key, name);
    (void)snprintf(path, sizeof path, "%s/%s", h->folder, name);
    return put_info(h, name, path);
}

/* ... and under one that nobody has: not in the folder, where players' keys are. */
static qw_err use_nobodys(const struct hls *h)
{
    char path[FILE_PATH_CAP];
    uint8_t bytes[QW_HLS_KEY_LEN];
    qw_err err;

    if (h->key_info[0] == '\0') {
        return QW_OK;
    }
    (void)snprintf(path, sizeof path, "%s%s", h->key_info, nobodys_ending);
    err = qw_random_bytes(bytes, sizeof bytes);
    if (err == QW_OK) {
        err = qw_file_replace(path, bytes, sizeof bytes);
    }
    qw_wipe(bytes, sizeof bytes);
    return err == QW_OK ? put_info(h, "blocked", path) : err;
}

static bool is_key_file(const char *name)
{
    char id[QW_UUID_TEXT_CAP];
    uint8_t bytes[QW_UUID_LEN];

    if (strlen(name) != NAME_LEN || strcmp(name + QW_UUID_TEXT_CAP - 1, ending) != 0) {
        return false;
    }
    memcpy(id, name, sizeof id - 1);
    id[sizeof id - 1] = '\0';
    return qw_uuid_decode(id, bytes) == QW_OK;
}

struct folder { /* of key files, beside a playlist */
    DIR *dir;
    const char *playlist;
    size_t playlist_len;
    const char *kept; /* name of the file of the key in use; "": there is none */
};

static bool is_named(const struct folder *f, const char *name)
{
    return memmem(f->playlist, f->playlist_len, name, NAME_LEN) != NULL;
}

/* The next key file and when it was made; NULL at the end. */
static const char *next_key_file(const struct folder *f, struct timespec *made)
{
    const struct dirent *entry;

    while ((entry = readdir(f->dir)) != NULL) {
        struct stat info;

        if (is_key_file(entry->d_name) &&
            fstatat(dirfd(f->dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
            *made = info.st_mtim;
            return entry->d_name;
        }
    }
    return NULL;
}

static bool is_before(struct timespec a, struct timespec b)
{
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* Segments come one after the other, and a segment is in the playlist only when it is whole: so a
 * key is past when the playlist names a later one, and not this one. */
static qw_err remove_past(const struct folder *f)
{
    struct timespec newest = { 0, 0 }, made;
    const char *name;
    qw_err err = QW_OK;

    while ((name = next_key_file(f, &made)) != NULL) {
        if (is_named(f, name) && is_before(newest, made)) {
            newest = made;
        }
    }
    rewinddir(f->dir);
    while ((name = next_key_file(f, &made)) != NULL) {
        if (is_before(made, newest) && !is_named(f, name) && strcmp(name, f->kept) != 0 &&
            unlinkat(dirfd(f->dir), name, 0) != 0) {
            err = QW_ERR_IO;
        }
    }
    return err;
}

/* kept NULL: no key of the link. A playlist that is not there yet, or does not fit, names them all:
 * the stream goes on, whatever becomes of old files. */
static qw_err retire(const struct hls *h, const struct qw_link_key *kept)
{
    char name[NAME_LEN + 1] = "";
    struct folder folder = { .kept = name };
    uint8_t *playlist = NULL;
    qw_err err = QW_ERR_IO;

    if (h->playlist[0] == '\0' ||
        qw_file_read(h->playlist, QW_HLS_PLAYLIST_MAX, &playlist, &folder.playlist_len) != QW_OK) {
        return QW_OK;
    }
    if (kept != NULL) {
        name_of(kept, name);
    }
    folder.playlist = (const char *)playlist;
    folder.dir = opendir(h->folder);
    if (folder.dir != NULL) {
        err = remove_past(&folder);
        (void)closedir(folder.dir);
    }
    qw_secret_free(playlist);
    return err;
}

static qw_err hls_prepare(void *self, const struct qw_link_key *current,
                          const struct qw_link_key *next)
{
    const struct hls *h = self;
    qw_err err = put_key(h, next);

    if (err == QW_OK) {
        err = put_key(h, current);
    }
    if (err == QW_OK && current != NULL) {
        err = use_key(h, current);
    }
    return err; /* no current key: blocked, and so it stays */
}

static qw_err hls_promote(void *self, const struct qw_link_key *next,
                          const struct qw_link_key *last)
{
    const struct hls *h = self;
    qw_err err = put_key(h, next);

    if (err == QW_OK) {
        err = put_key(h, last);
    }
    return err == QW_OK ? use_key(h, next) : err;
}

static qw_err hls_settle(void *self, const struct qw_link_key *current)
{
    const struct hls *h = self;
    qw_err err = put_key(h, current);

    if (err == QW_OK) {
        err = use_key(h, current);
    }
    return err == QW_OK ? retire(h, current) : err;
}

static qw_err hls_block(void *self)
{
    qw_err err = use_nobodys(self);

    return err == QW_OK ? retire(self, NULL) : err;
}

static void hls_close(void *self)
{
    free(self);
}

static bool copy(const char *from, char to[static QW_HLS_PATH_CAP])
{
    size_t len = strlen(from);

    if (len >= QW_HLS_PATH_CAP || strpbrk(from, "\r\n") != NULL) {
        return false;
    }
    memcpy(to, from, len + 1);
    return true;
}

qw_err qw_sink_hls(const struct qw_sink_hls_config *config, struct qw_key_sink *sink)
{
    struct hls *h = calloc(1, sizeof *h);

    if (h == NULL) {
        return QW_ERR_NOMEM;
    }
    if (config->folder[0] == '\0' || !copy(config->folder, h->folder) ||
        !copy(config->key_info, h->key_info) || !copy(config->key_uri, h->key_uri) ||
        !copy(config->playlist, h->playlist)) {
        free(h);
        return QW_ERR_ARG;
    }
    *sink = (struct qw_key_sink){ .kind = "hls",
                                  .self = h,
                                  .prepare = hls_prepare,
                                  .promote = hls_promote,
                                  .settle = hls_settle,
                                  .block = hls_block,
                                  .close = hls_close };
    return QW_OK;
}
