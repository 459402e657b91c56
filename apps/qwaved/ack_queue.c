/* SPDX-License-Identifier: Apache-2.0 */
#include "ack_queue.h"

#include <stdio.h>
#include <stdlib.h>

qw_err ack_queue_init(struct ack_queue *queue)
{
    *queue = (struct ack_queue){ .first = NULL };
    if (pthread_mutex_init(&queue->mutex, NULL) != 0) {
        return QW_ERR_NOMEM;
    }
    if (pthread_cond_init(&queue->arrived, NULL) != 0) {
        pthread_mutex_destroy(&queue->mutex);
        return QW_ERR_NOMEM;
    }
    return QW_OK;
}

void pending_ack_free(struct pending_ack *ack)
{
    free(ack->body);
    free(ack);
}

void ack_queue_destroy(struct ack_queue *queue)
{
    while (queue->first != NULL) {
        struct pending_ack *ack = queue->first;

        queue->first = ack->next;
        pending_ack_free(ack);
    }
    pthread_cond_destroy(&queue->arrived);
    pthread_mutex_destroy(&queue->mutex);
}

static char *write_acks(const struct qw_etsi020_ack *acks, size_t count)
{
    size_t cap = 64;
    char *text;
    struct qw_json_writer w;

    for (size_t i = 0; i < count; i++) { /* names and message with every character escaped */
        cap +=
            6 * (2 * QW_ETSI020_NAME_CAP + QW_ETSI020_MESSAGE_CAP) + 256 + acks[i].ids.count * 64;
    }
    text = malloc(cap);
    if (text == NULL) {
        return NULL;
    }
    w = qw_json_writer_on(text, cap);
    qw_etsi020_acks_write(&w, acks, count);
    if (!qw_json_done(&w)) {
        free(text);
        return NULL;
    }
    return text;
}

static bool append(struct ack_queue *queue, struct pending_ack *ack)
{
    bool has_room;

    pthread_mutex_lock(&queue->mutex);
    has_room = queue->waiting < ACK_QUEUE_MAX;
    if (has_room) {
        if (queue->last == NULL) {
            queue->first = ack;
        } else {
            queue->last->next = ack;
        }
        queue->last = ack;
        queue->waiting++;
        pthread_cond_signal(&queue->arrived);
    }
    pthread_mutex_unlock(&queue->mutex);
    return has_room;
}

qw_err ack_queue_put(struct ack_queue *queue, const char *path, const struct qw_etsi020_ack *acks,
                     size_t count)
{
    struct pending_ack *ack = calloc(1, sizeof *ack);
    qw_err err = QW_OK;

    if (ack == NULL) {
        return QW_ERR_NOMEM;
    }
    (void)snprintf(ack->path, sizeof ack->path, "%s", path);
    ack->body = write_acks(acks, count);
    if (ack->body == NULL) {
        err = QW_ERR_NOMEM;
    } else if (!append(queue, ack)) {
        err = QW_ERR_LIMIT;
    }
    if (err != QW_OK) {
        pending_ack_free(ack);
    }
    return err;
}

struct pending_ack *ack_queue_take(struct ack_queue *queue)
{
    struct pending_ack *ack = NULL;

    pthread_mutex_lock(&queue->mutex);
    while (queue->first == NULL && !queue->is_stopping) {
        pthread_cond_wait(&queue->arrived, &queue->mutex);
    }
    if (!queue->is_stopping) {
        ack = queue->first;
        queue->first = ack->next;
        queue->last = queue->first == NULL ? NULL : queue->last;
        queue->waiting--;
    }
    pthread_mutex_unlock(&queue->mutex);
    return ack;
}

void ack_queue_stop(struct ack_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->is_stopping = true;
    pthread_cond_broadcast(&queue->arrived);
    pthread_mutex_unlock(&queue->mutex);
}
