/* SPDX-License-Identifier: Apache-2.0 */
#include "certificates/publisher.h"

#include "base/clock.h"
#include "base/file.h"
#include "centre/certificate/certificate.h"

#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 24 * 3600 * 1000 };

struct text {
    uint8_t *bytes; /* owned */
    size_t len;
};

static qw_err append(struct text *text, const struct qw_certificate_list *list)
{
    uint8_t *grown = realloc(text->bytes, text->len + list->pem_len);

    if (grown == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(grown + text->len, list->pem, list->pem_len);
    text->bytes = grown;
    text->len += list->pem_len;
    return QW_OK;
}

/* One after the other, of those authorities whose certificates come over TLS. */
static qw_err sign_lists(const struct publisher *publisher, struct text *text)
{
    qw_err err = QW_OK;

    for (int i = 0; i < QW_CERTIFICATE_PROFILE_COUNT && err == QW_OK; i++) {
        enum qw_certificate_profile profile = (enum qw_certificate_profile)i;
        struct qw_certificate_list list;

        if (!qw_certificate_profile_has_tls(profile)) {
            continue;
        }
        err = qw_centre_certificate_list_sign(publisher->centre, profile, &list);
        if (err == QW_OK) {
            err = append(text, &list);
            qw_certificate_list_free(&list);
        } else if (err == QW_ERR_NOT_FOUND) {
            err = QW_OK;
        }
    }
    return err;
}

static qw_err publish(struct publisher *publisher)
{
    struct text text = { .bytes = NULL };
    qw_err err = sign_lists(publisher, &text);

    if (err == QW_OK && text.len > 0) {
        err = qw_file_replace(publisher->path, text.bytes, text.len);
    }
    free(text.bytes);
    for (size_t i = 0; err == QW_OK && i < publisher->server_count; i++) {
        qw_http_server_refresh(publisher->servers[i]);
    }
    if (err != QW_OK) {
        qw_log_write(publisher->log, QW_LOG_ERROR, "%s: the list of revocations is not written: %s",
                     publisher->path, qw_err_text(err));
    }
    return err;
}

qw_err publisher_look(struct publisher *publisher)
{
    uint64_t count = 0;
    qw_err err = QW_OK;

    if (publisher->path[0] == '\0') {
        return QW_OK;
    }
    pthread_mutex_lock(&publisher->lock);
    err = qw_centre_certificates_revoked(publisher->centre, &count);
    if (err == QW_OK && (!publisher->is_published || count != publisher->count ||
                         qw_clock_monotonic_ms() - publisher->published_ms >= AGAIN_MS)) {
        err = publish(publisher);
        publisher->is_published = err == QW_OK;
        publisher->count = count;
        publisher->published_ms = qw_clock_monotonic_ms();
    }
    pthread_mutex_unlock(&publisher->lock);
    return err;
}

qw_err publisher_open(struct publisher *publisher, struct qw_centre *centre, const char *path,
                      const struct qw_log *log)
{
    *publisher = (struct publisher){ .centre = centre, .log = log, .path = path };
    pthread_mutex_init(&publisher->lock, NULL);
    return publisher_look(publisher);
}

void publisher_close(struct publisher *publisher)
{
    if (publisher->centre != NULL) {
        pthread_mutex_destroy(&publisher->lock);
        publisher->centre = NULL;
    }
}

void publisher_tell(struct publisher *publisher, struct qw_http_server *server)
{
    pthread_mutex_lock(&publisher->lock);
    if (server != NULL && publisher->server_count < PUBLISHER_SERVERS_MAX) {
        publisher->servers[publisher->server_count++] = server;
    }
    pthread_mutex_unlock(&publisher->lock);
}

void publisher_forget(struct publisher *publisher)
{
    pthread_mutex_lock(&publisher->lock);
    publisher->server_count = 0;
    pthread_mutex_unlock(&publisher->lock);
}
