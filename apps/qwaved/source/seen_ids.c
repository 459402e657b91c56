/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "source/seen_ids.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/secret.h"
#include "crypto/random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ID_LEN = 16, PATH_CAP = 1024 + 16, GENERATION_MIN = 16, GENERATION_MAX = 1 << 24 };

struct generation { /* open addressing, half full at most */
    uint8_t (*slots)[ID_LEN];
    bool *is_used;
    size_t count;
};

struct seen_ids {
    char path[PATH_CAP], old_path[PATH_CAP];
    int fd; /* of path; -1: it could not be opened, and is tried again */
    size_t generation_ids, slot_count;
    uint64_t salt; /* a server that knew it could make its ids meet in one slot */
    struct generation newer, older;
};

static size_t slot_of(const struct seen_ids *seen, const struct generation *g,
                      const uint8_t id[static ID_LEN])
{
    uint64_t mixed = (qw_load_u64be(id) ^ seen->salt) * 0x9E3779B97F4A7C15u;
    size_t slot;

    mixed = ((mixed ^ mixed >> 29) + qw_load_u64be(id + 8)) * 0xBF58476D1CE4E5B9u;
    slot = (size_t)(mixed >> 32) & (seen->slot_count - 1);
    while (g->is_used[slot] && !qw_equal_ct(g->slots[slot], id, ID_LEN)) {
        slot = (slot + 1) & (seen->slot_count - 1);
    }
    return slot;
}

static bool knows(const struct seen_ids *seen, const uint8_t id[static ID_LEN])
{
    return seen->newer.is_used[slot_of(seen, &seen->newer, id)] ||
           seen->older.is_used[slot_of(seen, &seen->older, id)];
}

static void put(const struct seen_ids *seen, struct generation *g, const uint8_t id[static ID_LEN])
{
    size_t slot = slot_of(seen, g, id);

    if (!g->is_used[slot]) {
        memcpy(g->slots[slot], id, ID_LEN);
        g->is_used[slot] = true;
        g->count++;
    }
}

static qw_err make_generation(const struct seen_ids *seen, struct generation *g)
{
    g->slots = calloc(seen->slot_count, sizeof *g->slots);
    g->is_used = calloc(seen->slot_count, sizeof *g->is_used);
    return g->slots == NULL || g->is_used == NULL ? QW_ERR_NOMEM : QW_OK;
}

static void forget(struct generation *g)
{
    free(g->slots);
    free(g->is_used);
    *g = (struct generation){ .count = 0 };
}

/* The file of the newer generation, made durably when there is none. */
static qw_err open_newer(struct seen_ids *seen)
{
    qw_err err = qw_file_create(seen->path, (const uint8_t *)"", 0);

    if (err != QW_OK && err != QW_ERR_CONFLICT) {
        return err;
    }
    seen->fd = open(seen->path, O_RDWR | O_CLOEXEC);
    return seen->fd < 0 ? QW_ERR_IO : QW_OK;
}

/* More ids than a generation holds cannot stand in a file of ours. */
static qw_err read_ids(const struct seen_ids *seen, int fd, struct generation *g)
{
    uint8_t id[ID_LEN];
    ssize_t got;

    while ((got = read(fd, id, sizeof id)) == (ssize_t)sizeof id) {
        if (g->count == seen->generation_ids) {
            return QW_ERR_IO;
        }
        put(seen, g, id);
    }
    return got < 0 ? QW_ERR_IO : QW_OK;
}

static qw_err load(struct seen_ids *seen)
{
    int old_fd = open(seen->old_path, O_RDONLY | O_CLOEXEC);
    off_t whole;
    qw_err err = QW_OK;

    if (old_fd >= 0) {
        err = read_ids(seen, old_fd, &seen->older);
        close(old_fd);
    } else if (errno != ENOENT) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        err = open_newer(seen);
    }
    if (err == QW_OK) {
        err = read_ids(seen, seen->fd, &seen->newer);
    }
    if (err != QW_OK) {
        return err;
    }
    whole = (off_t)(seen->newer.count * ID_LEN);
    return ftruncate(seen->fd, whole) == 0 ? QW_OK : QW_ERR_IO;
}

qw_err seen_ids_open(const char *path, size_t generation_ids, struct seen_ids **out)
{
    struct seen_ids *seen;
    qw_err err;

    if (generation_ids < GENERATION_MIN || generation_ids > GENERATION_MAX ||
        (generation_ids & (generation_ids - 1)) != 0 || strlen(path) + sizeof ".old" > PATH_CAP) {
        return QW_ERR_ARG;
    }
    seen = calloc(1, sizeof *seen);
    if (seen == NULL) {
        return QW_ERR_NOMEM;
    }
    seen->fd = -1;
    seen->generation_ids = generation_ids;
    seen->slot_count = 2 * generation_ids;
    (void)snprintf(seen->path, sizeof seen->path, "%s", path);
    (void)snprintf(seen->old_path, sizeof seen->old_path, "%s.old", path);
    err = qw_random_bytes(&seen->salt, sizeof seen->salt);
    if (err == QW_OK) {
        err = make_generation(seen, &seen->newer);
    }
    if (err == QW_OK) {
        err = make_generation(seen, &seen->older);
    }
    if (err == QW_OK) {
        err = load(seen);
    }
    if (err != QW_OK) {
        seen_ids_close(seen);
        return err;
    }
    *out = seen;
    return QW_OK;
}

void seen_ids_close(struct seen_ids *seen)
{
    if (seen == NULL) {
        return;
    }
    if (seen->fd >= 0) {
        close(seen->fd);
    }
    forget(&seen->newer);
    forget(&seen->older);
    free(seen);
}

/* The newer file becomes the older one; a crash in between leaves one of the two states. */
static qw_err turn_over(struct seen_ids *seen)
{
    struct generation fresh = { .count = 0 };
    qw_err err = make_generation(seen, &fresh);

    if (err != QW_OK || rename(seen->path, seen->old_path) != 0) {
        forget(&fresh);
        return err == QW_OK ? QW_ERR_IO : err;
    }
    forget(&seen->older);
    seen->older = seen->newer;
    seen->newer = fresh;
    close(seen->fd);
    seen->fd = -1;
    return QW_OK;
}

static bool come_twice(const uint8_t (*ids)[ID_LEN], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (qw_equal_ct(ids[i], ids[k], ID_LEN)) {
                return true;
            }
        }
    }
    return false;
}

qw_err seen_ids_add(struct seen_ids *seen, const uint8_t (*ids)[16], size_t count)
{
    size_t len = count * ID_LEN;
    off_t end;
    qw_err err = QW_OK;

    if (come_twice(ids, count)) {
        return QW_ERR_CONFLICT;
    }
    for (size_t i = 0; i < count; i++) {
        if (knows(seen, ids[i])) {
            return QW_ERR_CONFLICT;
        }
    }
    if (seen->newer.count + count > seen->generation_ids) {
        err = turn_over(seen);
    }
    if (err == QW_OK && seen->fd < 0) {
        err = open_newer(seen);
    }
    if (err != QW_OK) {
        return err;
    }
    end = (off_t)(seen->newer.count * ID_LEN);
    if (pwrite(seen->fd, ids, len, end) != (ssize_t)len || fdatasync(seen->fd) != 0) {
        (void)!ftruncate(seen->fd, end);
        return QW_ERR_IO;
    }
    for (size_t i = 0; i < count; i++) {
        put(seen, &seen->newer, ids[i]);
    }
    return QW_OK;
}
