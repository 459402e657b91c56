/* SPDX-License-Identifier: Apache-2.0 */
/* A generator behind a character device. Each 64 bytes of key are the SHA-512 of 128 fresh raw
 * bytes: at the claimed 4.5 bits of min-entropy per byte that is 576 bits in for 512 out, 64 more
 * than come out, as SP 800-90C asks for full entropy. */
#define _GNU_SOURCE
#include "crypto/key_source.h"

#include "crypto/hash.h"
#include "crypto/health_test.h"

#include "base/clock.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RAW_LEN = 128, /* raw bytes per conditioned block */
    BLOCK_LEN = 64,
    START_TIMEOUT_MS = 1000,
    TAKE_TIMEOUT_MS = 10000, /* for one block */
    PAUSE_MS = 1
};

struct device {
    int fd;
    pthread_mutex_t lock; /* around the health tests and the device's bytes */
    struct qw_health_test health;
    uint8_t *raw;   /* [RAW_LEN], secret memory */
    uint8_t *block; /* [BLOCK_LEN], behind raw in the same memory */
};

/* A pause instead of poll: some drivers, /dev/hwrng among them, always claim to be ready, and
 * waiting for them that way would spin. */
static qw_err wait_for_bytes(int64_t deadline_ms)
{
    if (qw_clock_monotonic_ms() >= deadline_ms) {
        return QW_ERR_TIMEOUT;
    }
    poll(NULL, 0, PAUSE_MS);
    return QW_OK;
}

static qw_err read_raw(struct device *device, uint8_t *raw, size_t len, int timeout_ms)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + timeout_ms;
    size_t at = 0;

    while (at < len) {
        ssize_t got = read(device->fd, raw + at, len - at);
        qw_err err;

        if (got > 0) {
            at += (size_t)got;
            continue;
        }
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            return QW_ERR_IO;
        }
        err = wait_for_bytes(deadline_ms);
        if (err != QW_OK) {
            return err;
        }
    }
    return qw_health_test_push(&device->health, raw, len) ? QW_OK : QW_ERR_REFUSED;
}

/* Fills device->block with BLOCK_LEN conditioned bytes. */
static qw_err next_block(struct device *device)
{
    const struct qw_bytes part = { device->raw, RAW_LEN };
    qw_err err = read_raw(device, device->raw, RAW_LEN, TAKE_TIMEOUT_MS);

    if (err == QW_OK) {
        err = qw_hash_of(QW_HASH_SHA512, &part, 1, device->block);
    }
    qw_wipe(device->raw, RAW_LEN);
    return err;
}

static size_t device_available_bits(void *self)
{
    struct device *device = self;
    size_t bits;

    pthread_mutex_lock(&device->lock);
    bits = device->health.has_failed ? 0 : SIZE_MAX; /* it makes them as they are asked for */
    pthread_mutex_unlock(&device->lock);
    return bits;
}

static qw_err fill(struct device *device, uint8_t *key, size_t len)
{
    qw_err err = device->health.has_failed ? QW_ERR_REFUSED : QW_OK;

    for (size_t at = 0; err == QW_OK && at < len; at += BLOCK_LEN) {
        err = next_block(device);
        if (err == QW_OK) {
            memcpy(key + at, device->block, len - at < BLOCK_LEN ? len - at : BLOCK_LEN);
        }
    }
    qw_wipe(device->block, BLOCK_LEN);
    return err;
}

static qw_err device_take(void *self, uint8_t *key, size_t len)
{
    struct device *device = self;
    uint8_t *draft;
    qw_err err;

    if (len == 0) {
        return QW_OK;
    }
    draft = qw_secret_new(len); /* all bytes or none */
    if (draft == NULL) {
        return QW_ERR_NOMEM;
    }
    pthread_mutex_lock(&device->lock);
    err = fill(device, draft, len);
    pthread_mutex_unlock(&device->lock);
    if (err == QW_OK) {
        memcpy(key, draft, len);
    }
    qw_secret_free(draft);
    return err;
}

static void device_close(void *self)
{
    struct device *device = self;

    qw_secret_free(device->raw);
    pthread_mutex_destroy(&device->lock);
    close(device->fd);
    free(device);
}

/* Character devices and pipes only: the bytes of a file would come again. */
static qw_err open_device(const char *path, int *fd)
{
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat info;

    if (file < 0) {
        return errno == ENOENT || errno == ENXIO || errno == ENODEV ? QW_ERR_NOT_FOUND : QW_ERR_IO;
    }
    if (fstat(file, &info) != 0 || !(S_ISCHR(info.st_mode) || S_ISFIFO(info.st_mode))) {
        close(file);
        return QW_ERR_IO;
    }
    *fd = file;
    return QW_OK;
}

/* Start-up tests [SP 800-90B 4.3] on bytes that are thrown away. */
static qw_err start_up(struct device *device)
{
    uint8_t raw[QW_HEALTH_STARTUP_LEN];
    qw_err err = read_raw(device, raw, sizeof raw, START_TIMEOUT_MS);

    qw_wipe(raw, sizeof raw);
    return err == QW_ERR_TIMEOUT ? QW_ERR_IO : err;
}

static qw_err device_new(const char *path, struct device **out)
{
    struct device *device = calloc(1, sizeof *device);
    qw_err err;

    if (device == NULL) {
        return QW_ERR_NOMEM;
    }
    err = open_device(path, &device->fd);
    if (err != QW_OK) {
        free(device);
        return err;
    }
    pthread_mutex_init(&device->lock, NULL); /* cannot fail without attributes on Linux */
    qw_health_test_init(&device->health);
    device->raw = qw_secret_new(RAW_LEN + BLOCK_LEN);
    if (device->raw == NULL) {
        device_close(device);
        return QW_ERR_NOMEM;
    }
    device->block = device->raw + RAW_LEN;
    err = start_up(device);
    if (err != QW_OK) {
        device_close(device);
        return err;
    }
    *out = device;
    return QW_OK;
}

qw_err qw_key_source_device(const char *kind, const char *path, struct qw_key_source *source)
{
    bool is_quantum = strcmp(kind, "qrng") == 0;
    struct device *device = NULL;
    qw_err err;

    if (!is_quantum && strcmp(kind, "hwrng") != 0) {
        return QW_ERR_ARG;
    }
    if (strlen(kind) + 1 + strlen(path) >= sizeof source->name) {
        return QW_ERR_ARG;
    }
    err = device_new(path, &device);
    if (err != QW_OK) {
        return err;
    }
    *source = (struct qw_key_source){ .is_quantum = is_quantum,
                                      .self = device,
                                      .available_bits = device_available_bits,
                                      .take = device_take,
                                      .close = device_close };
    snprintf(source->name, sizeof source->name, "%s:%s", kind, path);
    return QW_OK;
}
