/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "api/revocation_list.h"

#include "api/certificate_identity.h"
#include "base/file.h"
#include "base/secret.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LIST_MAX = 16 << 20, SERIAL_CAP = 64, HASH_LEN = 32 };

struct revoked { /* sorted, for bsearch */
    uint8_t (*hashes)[HASH_LEN];
    size_t count, cap;
};

struct qw_revocation_list {
    pthread_mutex_t lock;      /* around revoked */
    pthread_mutex_t file_lock; /* around reading the file, and seen */
    struct revoked revoked;
    const struct qw_log *log;
    gnutls_x509_crt_t *authorities;
    unsigned authority_count;
    struct stat seen; /* the file that was read last */
    char path[];
};

/* A list of revocations is public. */
static int compare(const void *a, const void *b)
{
    const uint8_t *x = a;
    const uint8_t *y = b;

    for (size_t i = 0; i < HASH_LEN; i++) {
        if (x[i] != y[i]) {
            return x[i] < y[i] ? -1 : 1;
        }
    }
    return 0;
}

static qw_err add(struct revoked *revoked, const uint8_t hash[static HASH_LEN])
{
    if (revoked->count == revoked->cap) {
        size_t cap = revoked->cap == 0 ? 64 : 2 * revoked->cap;
        void *grown = realloc(revoked->hashes, cap * sizeof *revoked->hashes);

        if (grown == NULL) {
            return QW_ERR_NOMEM;
        }
        revoked->hashes = grown;
        revoked->cap = cap;
    }
    memcpy(revoked->hashes[revoked->count++], hash, HASH_LEN);
    return QW_OK;
}

/* Each authority by itself: two may have the same name, and the library would try one of them. An
 * old list still revokes. */
static qw_err check(const struct qw_revocation_list *list, gnutls_x509_crl_t crl)
{
    const unsigned overdue = (unsigned)GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED;

    for (unsigned i = 0; i < list->authority_count; i++) {
        unsigned status = 0;

        if (gnutls_x509_crl_verify(crl, &list->authorities[i], 1, 0, &status) < 0) {
            continue;
        }
        if (status == (overdue | (unsigned)GNUTLS_CERT_INVALID)) {
            qw_log_write(list->log, QW_LOG_WARNING, "%s: a newer list is overdue", list->path);
            status = 0;
        }
        if (status == 0) {
            return QW_OK;
        }
    }
    return QW_ERR_AUTH;
}

static qw_err take_serials(gnutls_x509_crl_t crl, struct revoked *revoked)
{
    gnutls_x509_crl_iter_t place = NULL;
    gnutls_datum_t issuer;
    qw_err err = QW_OK;

    if (gnutls_x509_crl_get_raw_issuer_dn(crl, &issuer) != 0) {
        return QW_ERR_FORMAT;
    }
    while (err == QW_OK) {
        uint8_t serial[SERIAL_CAP];
        uint8_t hash[HASH_LEN];
        size_t len = sizeof serial;
        time_t since;
        int result = gnutls_x509_crl_iter_crt_serial(crl, &place, serial, &len, &since);

        if (result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
            break;
        }
        err = result != 0 ? QW_ERR_FORMAT
                          : qw_certificate_issue_hash(issuer.data, issuer.size, serial, len, hash);
        if (err == QW_OK) {
            err = add(revoked, hash);
        }
    }
    gnutls_x509_crl_iter_deinit(place);
    gnutls_free(issuer.data);
    return err;
}

static qw_err take_all(const struct qw_revocation_list *list, gnutls_x509_crl_t *crls,
                       unsigned count, struct revoked *revoked)
{
    qw_err err = QW_OK;

    for (unsigned i = 0; i < count && err == QW_OK; i++) {
        err = check(list, crls[i]);
        if (err == QW_OK) {
            err = take_serials(crls[i], revoked);
        }
    }
    return err;
}

static qw_err read_list(const struct qw_revocation_list *list, struct revoked *revoked)
{
    uint8_t *data = NULL;
    size_t len = 0;
    gnutls_x509_crl_t *crls = NULL;
    unsigned count = 0;
    qw_err err = qw_file_read(list->path, LIST_MAX, &data, &len);

    if (err != QW_OK) {
        return err;
    }
    if (gnutls_x509_crl_list_import2(&crls, &count, &(gnutls_datum_t){ data, (unsigned)len },
                                     GNUTLS_X509_FMT_PEM, 0) < 0) {
        err = QW_ERR_FORMAT;
    } else {
        err = take_all(list, crls, count, revoked);
    }
    for (unsigned i = 0; i < count && crls != NULL; i++) {
        gnutls_x509_crl_deinit(crls[i]);
    }
    gnutls_free(crls);
    qw_secret_free(data);
    if (err == QW_OK && revoked->count > 0) {
        qsort(revoked->hashes, revoked->count, HASH_LEN, compare);
    }
    return err;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static qw_err load(struct qw_revocation_list *list)
{
    struct revoked revoked = { .count = 0 };
    struct revoked old;
    qw_err err = read_list(list, &revoked);

    if (err != QW_OK) {
        free(revoked.hashes);
        qw_log_write(list->log, QW_LOG_ERROR, "%s: no revocation list of our authority: %s",
                     list->path, qw_err_text(err));
        return err;
    }
    pthread_mutex_lock(&list->lock);
    old = list->revoked;
    list->revoked = revoked;
    pthread_mutex_unlock(&list->lock);
    free(old.hashes);
    qw_log_write(list->log, QW_LOG_INFO, "%s: %zu certificates are revoked", list->path,
                 revoked.count);
    return QW_OK;
}

qw_err qw_revocation_list_open(const char *path, const char *authorities, const struct qw_log *log,
                               struct qw_revocation_list **list_out)
{
    size_t path_len = strlen(path) + 1;
    struct qw_revocation_list *list = calloc(1, sizeof *list + path_len);
    gnutls_datum_t text = { (unsigned char *)(uintptr_t)authorities,
                            (unsigned)strlen(authorities) };
    qw_err err;

    if (list == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(list->path, path, path_len);
    list->log = log;
    pthread_mutex_init(&list->lock, NULL);
    pthread_mutex_init(&list->file_lock, NULL);
    if (gnutls_x509_crt_list_import2(&list->authorities, &list->authority_count, &text,
                                     GNUTLS_X509_FMT_PEM, 0) < 0) {
        qw_revocation_list_free(list);
        return QW_ERR_FORMAT;
    }
    (void)stat(path, &list->seen); /* before it is read: a change meanwhile is seen next time */
    err = load(list);
    if (err != QW_OK) {
        qw_revocation_list_free(list);
        return err;
    }
    *list_out = list;
    return QW_OK;
}

void qw_revocation_list_free(struct qw_revocation_list *list)
{
    if (list == NULL) {
        return;
    }
    for (unsigned i = 0; i < list->authority_count; i++) {
        gnutls_x509_crt_deinit(list->authorities[i]);
    }
    gnutls_free(list->authorities);
    free(list->revoked.hashes);
    pthread_mutex_destroy(&list->lock);
    pthread_mutex_destroy(&list->file_lock);
    free(list);
}

bool qw_revocation_list_refresh(struct qw_revocation_list *list)
{
    struct stat now;
    bool has_changed = false;

    pthread_mutex_lock(&list->file_lock);
    if (stat(list->path, &now) != 0) {
        now = (struct stat){ .st_ino = 0 };
    }
    if (!is_same_file(&now, &list->seen)) {
        list->seen = now;
        has_changed = load(list) == QW_OK;
    }
    pthread_mutex_unlock(&list->file_lock);
    return has_changed;
}

bool qw_revocation_list_has(struct qw_revocation_list *list, const uint8_t issue_hash[static 32])
{
    bool has;

    if (list == NULL) {
        return false;
    }
    pthread_mutex_lock(&list->lock);
    has = list->revoked.count > 0 &&
          bsearch(issue_hash, list->revoked.hashes, list->revoked.count, HASH_LEN, compare) != NULL;
    pthread_mutex_unlock(&list->lock);
    return has;
}
