/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "qkd/key_buffer.h"

#include "base/secret.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qw_qkd_key_buffer {
    pthread_mutex_t lock;
    uint8_t *bytes; /* [capacity] a ring in locked memory */
    size_t capacity;
    size_t first; /* oldest byte */
    size_t held;  /* <= capacity */
    bool is_simulated, is_closed;
    char name[64];
};

qw_err qw_qkd_key_buffer_new(size_t capacity, const char *link, bool is_simulated,
                             struct qw_qkd_key_buffer **buffer)
{
    struct qw_qkd_key_buffer *b;

    if (capacity == 0 || link[0] == '\0' || strlen(link) > sizeof b->name - sizeof "qkd:") {
        return QW_ERR_ARG;
    }
    b = calloc(1, sizeof *b);
    if (b == NULL) {
        return QW_ERR_NOMEM;
    }
    b->bytes = qw_secret_new(capacity);
    if (b->bytes == NULL || pthread_mutex_init(&b->lock, NULL) != 0) {
        qw_secret_free(b->bytes);
        free(b);
        return QW_ERR_NOMEM;
    }
    b->capacity = capacity;
    b->is_simulated = is_simulated;
    snprintf(b->name, sizeof b->name, "qkd:%s", link);
    *buffer = b;
    return QW_OK;
}

void qw_qkd_key_buffer_free(struct qw_qkd_key_buffer *b)
{
    if (b == NULL) {
        return;
    }
    qw_secret_free(b->bytes);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

qw_err qw_qkd_key_buffer_push(struct qw_qkd_key_buffer *b, const uint8_t *key, size_t len)
{
    size_t at;
    size_t ahead;
    qw_err err = QW_OK;

    pthread_mutex_lock(&b->lock);
    if (b->is_closed) {
        err = QW_ERR_CLOSED;
    } else if (len > b->capacity - b->held) {
        err = QW_ERR_SPACE;
    } else {
        at = (b->first + b->held) % b->capacity;
        ahead = len < b->capacity - at ? len : b->capacity - at;
        memcpy(b->bytes + at, key, ahead);
        memcpy(b->bytes, key + ahead, len - ahead);
        b->held += len;
    }
    pthread_mutex_unlock(&b->lock);
    return err;
}

size_t qw_qkd_key_buffer_room(struct qw_qkd_key_buffer *b)
{
    size_t room;

    pthread_mutex_lock(&b->lock);
    room = b->is_closed ? 0 : b->capacity - b->held;
    pthread_mutex_unlock(&b->lock);
    return room;
}

static size_t available_bits(void *self)
{
    struct qw_qkd_key_buffer *b = self;
    size_t bits;

    pthread_mutex_lock(&b->lock);
    bits = 8 * b->held;
    pthread_mutex_unlock(&b->lock);
    return bits;
}

static qw_err take(void *self, uint8_t *key, size_t len)
{
    struct qw_qkd_key_buffer *b = self;
    size_t ahead;
    qw_err err = QW_ERR_EXHAUSTED;

    pthread_mutex_lock(&b->lock);
    if (len <= b->held) {
        ahead = len < b->capacity - b->first ? len : b->capacity - b->first;
        memcpy(key, b->bytes + b->first, ahead);
        memcpy(key + ahead, b->bytes, len - ahead);
        qw_wipe(b->bytes + b->first, ahead);
        qw_wipe(b->bytes, len - ahead);
        b->first = (b->first + len) % b->capacity;
        b->held -= len;
        err = QW_OK;
    }
    pthread_mutex_unlock(&b->lock);
    return err;
}

static void close_source(void *self)
{
    struct qw_qkd_key_buffer *b = self;

    pthread_mutex_lock(&b->lock);
    qw_wipe(b->bytes, b->capacity);
    b->held = 0;
    b->is_closed = true;
    pthread_mutex_unlock(&b->lock);
}

struct qw_key_source qw_qkd_key_buffer_source(struct qw_qkd_key_buffer *b)
{
    struct qw_key_source source = { .is_quantum = !b->is_simulated,
                                    .is_simulated = b->is_simulated,
                                    .self = b,
                                    .available_bits = available_bits,
                                    .take = take,
                                    .close = close_source };

    memcpy(source.name, b->name, sizeof source.name);
    return source;
}
