/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "node/node_keys.h"

#include "base/bytes.h"
#include "base/hex.h"
#include "base/secret.h"

#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum {
    ID_TEXT_LEN = 2 * QW_RELAY_KEY_ID_LEN,
    LINE_LEN = ID_TEXT_LEN + 1 + 2 * NODE_KEY_LEN + 1 /* and the zero of the encoder fits, too */
};

/* Back to the end of the last whole line. */
static qw_err cut_torn_line(int fd)
{
    char tail[LINE_LEN];
    off_t len = lseek(fd, 0, SEEK_END);
    off_t from = len > LINE_LEN ? len - LINE_LEN : 0;
    ssize_t got = len < 0 ? -1 : pread(fd, tail, sizeof tail, from);
    qw_err err = got < 0 ? QW_ERR_IO : QW_OK;

    if (err == QW_OK && got > 0 && tail[got - 1] != '\n') {
        const char *end = memrchr(tail, '\n', (size_t)got);

        err = ftruncate(fd, end == NULL ? from : from + (end - tail) + 1) == 0 ? QW_OK : QW_ERR_IO;
    }
    qw_wipe(tail, sizeof tail);
    return err;
}

qw_err node_keys_open(struct node_keys *keys, const char *path, size_t batch_keys)
{
    size_t cap = batch_keys * LINE_LEN + 1;
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char *lines;

    if (fd < 0) {
        return QW_ERR_IO;
    }
    if (cut_torn_line(fd) != QW_OK) {
        close(fd);
        return QW_ERR_IO;
    }
    lines = qw_secret_new(cap);
    if (lines == NULL) {
        close(fd);
        return QW_ERR_NOMEM;
    }
    *keys = (struct node_keys){ fd, lines, cap };
    return QW_OK;
}

void node_keys_close(struct node_keys *keys)
{
    if (keys->lines != NULL) {
        qw_secret_free(keys->lines);
        close(keys->fd);
        *keys = (struct node_keys){ 0 };
    }
}

/* In one write: a kill comes before it or after it, or leaves a part for the next open. */
static qw_err append(const struct node_keys *keys, const char *text, size_t len)
{
    off_t end = lseek(keys->fd, 0, SEEK_END);

    if (end >= 0 && write(keys->fd, text, len) == (ssize_t)len && fdatasync(keys->fd) == 0) {
        return QW_OK;
    }
    if (end >= 0) { /* a full disk: what was not stored is not to be found */
        (void)!ftruncate(keys->fd, end);
    }
    return QW_ERR_IO;
}

qw_err node_keys_write(struct node_keys *keys, const struct qw_relay_batch *batch,
                       const uint8_t *key)
{
    uint8_t id[QW_RELAY_KEY_ID_LEN];
    size_t len = (size_t)batch->count * LINE_LEN;
    char *at = keys->lines;
    qw_err err;

    if (batch->key_len != NODE_KEY_LEN) {
        return QW_ERR_ARG;
    }
    if (at == NULL) {
        return QW_OK;
    }
    if (batch->count > keys->lines_cap / LINE_LEN) {
        return QW_ERR_ARG;
    }
    memcpy(id, batch->id, sizeof batch->id);
    for (uint32_t i = 0; i < batch->count; i++, at += LINE_LEN) {
        qw_store_u32be(id + QW_RELAY_BATCH_ID_LEN, i);
        qw_hex_encode(id, sizeof id, at);
        at[ID_TEXT_LEN] = ' ';
        qw_hex_encode(key + (size_t)i * NODE_KEY_LEN, NODE_KEY_LEN, at + ID_TEXT_LEN + 1);
        at[LINE_LEN - 1] = '\n';
    }
    err = append(keys, keys->lines, len);
    qw_wipe(keys->lines, len);
    return err;
}

qw_err node_keys_void(struct node_keys *keys, const uint8_t id[static QW_RELAY_BATCH_ID_LEN])
{
    char line[5 + 2 * QW_RELAY_BATCH_ID_LEN + 1] = "void ";

    if (keys->lines == NULL) {
        return QW_OK;
    }
    qw_hex_encode(id, QW_RELAY_BATCH_ID_LEN, line + 5);
    line[sizeof line - 1] = '\n';
    return append(keys, line, sizeof line);
}
