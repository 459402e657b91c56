/* SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include "centre_staging.h"

#include "scratch_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(CENTRE_STAGING_PATH_CAP >= PATH_MAX, "any path that there is");

enum { MADE_CAP = CENTRE_STAGING_PATH_CAP + 16 };

static qw_err explain(char *error, const char *path, const char *why, qw_err err)
{
    (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP, "%.400s: %s", path, why);
    return err;
}

static bool has_entries(const char *path)
{
    DIR *there = opendir(path);
    size_t entries = 0;

    if (there == NULL) {
        return errno != ENOENT;
    }
    while (readdir(there) != NULL) {
        entries++;
    }
    closedir(there);
    return entries > 2;
}

/* place and work, from the folder that somebody named. */
static qw_err name_paths(const char *folder, struct centre_staging *staging, char *error)
{
    char parent_text[PATH_MAX], name_text[PATH_MAX], parent[PATH_MAX];
    const char *name;
    int place_len, work_len;

    (void)snprintf(parent_text, sizeof parent_text, "%s", folder);
    (void)snprintf(name_text, sizeof name_text, "%s", folder);
    name = basename(name_text);
    if (folder[0] == '\0' || strcmp(name, "/") == 0 || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0) {
        return explain(error, folder, "no name for a new folder", QW_ERR_ARG);
    }
    if (realpath(dirname(parent_text), parent) == NULL) {
        return explain(error, folder, strerror(errno), QW_ERR_IO);
    }
    if (strcmp(parent, "/") == 0) {
        parent[0] = '\0';
    }
    place_len = snprintf(staging->place, sizeof staging->place, "%s/%s", parent, name);
    work_len = snprintf(staging->work, sizeof staging->work, "%s/.%s.setup", parent, name);
    if (place_len >= (int)sizeof staging->place || work_len + 64 >= (int)sizeof staging->work) {
        return explain(error, folder, "too long a path", QW_ERR_ARG);
    }
    return QW_OK;
}

/* The lock is on the folder itself: it ends with the process, however that ends. */
static qw_err lock_work(struct centre_staging *staging, char *error)
{
    struct stat is;

    if (mkdir(staging->work, 0700) != 0 && errno != EEXIST) {
        return explain(error, staging->work, strerror(errno), QW_ERR_IO);
    }
    staging->work_fd = open(staging->work, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (staging->work_fd < 0 || fstat(staging->work_fd, &is) != 0) {
        return explain(error, staging->work, strerror(errno), QW_ERR_IO);
    }
    if (is.st_uid != geteuid() || fchmod(staging->work_fd, 0700) != 0) {
        return explain(error, staging->work, "belongs to another user", QW_ERR_CONFLICT);
    }
    if (flock(staging->work_fd, LOCK_EX | LOCK_NB) != 0) {
        return explain(error, staging->place, "another set-up is at work on it", QW_ERR_CONFLICT);
    }
    return QW_OK;
}

/* What was begun there and not finished, unless a database has still to be asked. */
static void clear_work(const struct centre_staging *staging)
{
    static const char *const names[] = { "centre", "tls" };

    if (centre_founding_is_open(staging->work)) {
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[CENTRE_STAGING_PATH_CAP + 16];

        (void)snprintf(path, sizeof path, "%s/%s", staging->work, names[i]);
        scratch_folder_remove(path);
    }
}

static qw_err sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = fd < 0 ? -1 : fsync(fd);

    if (fd >= 0) {
        (void)close(fd);
    }
    return result == 0 ? QW_OK : QW_ERR_IO;
}

/* rename replaces an empty folder and no other. */
static qw_err move(const struct centre_staging *staging, const char *made, char *error)
{
    char parent[PATH_MAX];

    if (sync_folder(made) != QW_OK) {
        return explain(error, made, strerror(errno), QW_ERR_IO);
    }
    if (rename(made, staging->place) != 0) {
        return explain(error, staging->place, strerror(errno),
                       errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR ? QW_ERR_CONFLICT
                                                                                 : QW_ERR_IO);
    }
    (void)snprintf(parent, sizeof parent, "%s", staging->place);
    if (sync_folder(dirname(parent)) != QW_OK) {
        (void)rename(staging->place, made); /* not there after a power cut is not there */
        return explain(error, staging->place, "cannot be written durably", QW_ERR_IO);
    }
    return QW_OK;
}

static void name_made(const struct centre_staging *staging, char made[static MADE_CAP])
{
    (void)snprintf(made, MADE_CAP, "%s/centre", staging->work);
}

/* What an earlier one left of a centre in a database. */
static qw_err settle(struct centre_staging *staging, char *error)
{
    struct centre_founding founding = { .database = NULL };
    struct centre_founding_left left;
    char made[MADE_CAP];
    qw_err err = centre_founding_settle(staging->work, &founding, &left, error);

    if (err != QW_OK || !left.is_made) {
        centre_founding_close(&founding);
        return err;
    }
    name_made(staging, made);
    if (access(made, F_OK) == 0) {
        err = move(staging, made, error);
        if (err == QW_OK) {
            (void)snprintf(staging->finished, sizeof staging->finished, "%s", left.uri);
            (void)explain(error, staging->place,
                          "is there now: an earlier set-up had come as far as its database; what "
                          "this one was to make was not looked at",
                          QW_ERR_CONFLICT);
        }
    } /* else it was in its place and somebody has taken it away */
    if (err == QW_OK) {
        centre_founding_end(&founding);
    }
    centre_founding_close(&founding);
    return err;
}

qw_err centre_staging_open(const char *folder, struct centre_staging *staging,
                           char error[static CENTRE_FOLDER_ERROR_CAP])
{
    qw_err err;

    *staging = (struct centre_staging){ .work_fd = -1 };
    err = name_paths(folder, staging, error);
    if (err == QW_OK && has_entries(staging->place)) {
        err = explain(
            error, folder,
            "there is a centre in it already, or something else: the set-up is for an empty folder",
            QW_ERR_CONFLICT);
    }
    if (err == QW_OK) {
        err = lock_work(staging, error);
    }
    if (err == QW_OK) {
        err = settle(staging, error);
    }
    if (err == QW_OK) {
        clear_work(staging);
    }
    if (staging->finished[0] != '\0') {
        centre_staging_close(staging);
        return QW_ERR_CONFLICT;
    }
    if (err != QW_OK && staging->work_fd >= 0) {
        (void)close(staging->work_fd); /* another's, or not to be touched: left as it is */
        staging->work_fd = -1;
    }
    return err;
}

/* Durable before the database says that it is whole: the folder, and that it is there. */
static qw_err make_books(const struct centre_staging *staging, const char *made,
                         struct centre_founding *founding, char *error)
{
    if (sync_folder(made) != QW_OK || sync_folder(staging->work) != QW_OK) {
        return explain(error, made, strerror(errno), QW_ERR_IO);
    }
    return centre_founding_make(founding, error);
}

qw_err centre_staging_create(const struct centre_staging *staging,
                             const struct centre_folder_config *config,
                             char error[static CENTRE_FOLDER_ERROR_CAP])
{
    struct centre_folder_config here = *config;
    struct centre_founding founding = { .database = NULL };
    bool has_database = config->database != NULL;
    char made[MADE_CAP];
    qw_err err = QW_OK;

    if (has_database) {
        err = centre_founding_begin(staging->work, config->database, staging->place, &founding,
                                    error);
    }
    if (err != QW_OK) {
        return err;
    }
    name_made(staging, made);
    here.folder = made;
    here.place = staging->place;
    here.founding = has_database ? founding.id : NULL;
    err = centre_folder_create(&here, error);
    if (err == QW_OK && has_database) {
        err = make_books(staging, made, &founding, error);
    }
    if (err == QW_OK) {
        err = move(staging, made, error);
    }
    if (err == QW_OK && has_database) {
        centre_founding_end(&founding);
    } else if (err != QW_OK && (!has_database || centre_founding_undo(&founding, error) == QW_OK)) {
        scratch_folder_remove(made);
    }
    centre_founding_close(&founding);
    return err;
}

void centre_staging_close(struct centre_staging *staging)
{
    if (staging->work_fd >= 0) {
        clear_work(staging);
        (void)rmdir(staging->work);
        (void)close(staging->work_fd);
        staging->work_fd = -1;
    }
}
