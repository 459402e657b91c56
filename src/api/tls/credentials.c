/* SPDX-License-Identifier: Apache-2.0 */
#include "api/tls/credentials.h"

#include "base/file.h"
#include "base/secret.h"

#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { PEM_MAX = 256 * 1024 };

struct qw_tls_credentials {
    atomic_uint holders;
    gnutls_certificate_credentials_t session; /* what GnuTLS takes */
    struct qw_revocation_list *revocations;
};

struct pem { /* the three files; secret memory, with NUL */
    char *certificate, *key, *client_ca;
};

static qw_err read_pem(const struct qw_log *log, const char *path, char **pem)
{
    uint8_t *data;
    size_t len;
    char *text;
    qw_err err = qw_file_read(path, PEM_MAX, &data, &len);

    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "%s: %s", path, qw_err_text(err));
        return err;
    }
    text = qw_secret_new(len + 1);
    if (text != NULL) {
        memcpy(text, data, len);
        *pem = text;
    }
    qw_secret_free(data);
    return text == NULL ? QW_ERR_NOMEM : QW_OK;
}

static qw_err read_files(const struct qw_tls_files *files, const struct qw_log *log,
                         struct pem *pem)
{
    qw_err err = read_pem(log, files->certificate_path, &pem->certificate);

    if (err == QW_OK) {
        err = read_pem(log, files->key_path, &pem->key);
    }
    if (err == QW_OK) {
        err = read_pem(log, files->client_ca_path, &pem->client_ca);
    }
    return err;
}

static gnutls_datum_t datum_of(char *text)
{
    return (gnutls_datum_t){ (unsigned char *)text, (unsigned)strlen(text) };
}

/* Tells the operator which file it is. */
static qw_err take_files(struct qw_tls_credentials *c, const struct qw_tls_files *files,
                         const struct pem *pem, const struct qw_log *log)
{
    const gnutls_datum_t certificate = datum_of(pem->certificate);
    const gnutls_datum_t key = datum_of(pem->key);
    const gnutls_datum_t ca = datum_of(pem->client_ca);

    if (gnutls_certificate_set_x509_trust_mem(c->session, &ca, GNUTLS_X509_FMT_PEM) <= 0) {
        qw_log_write(log, QW_LOG_ERROR, "%s: no certificate authority in it",
                     files->client_ca_path);
        return QW_ERR_FORMAT;
    }
    if (gnutls_certificate_set_x509_key_mem(c->session, &certificate, &key, GNUTLS_X509_FMT_PEM) <
        0) {
        qw_log_write(log, QW_LOG_ERROR, "%s, %s: no certificate and its key",
                     files->certificate_path, files->key_path);
        return QW_ERR_FORMAT;
    }
    return files->revocation_list_path == NULL
               ? QW_OK
               : qw_revocation_list_open(files->revocation_list_path, pem->client_ca, log,
                                         &c->revocations);
}

qw_err qw_tls_credentials_open(const struct qw_tls_files *files, const struct qw_log *log,
                               struct qw_tls_credentials **credentials)
{
    struct qw_tls_credentials *c = calloc(1, sizeof *c);
    struct pem pem = { .certificate = NULL };
    qw_err err;

    if (c == NULL) {
        return QW_ERR_NOMEM;
    }
    atomic_init(&c->holders, 1);
    if (gnutls_certificate_allocate_credentials(&c->session) != 0) {
        free(c);
        return QW_ERR_NOMEM;
    }
    err = read_files(files, log, &pem);
    if (err == QW_OK) {
        err = take_files(c, files, &pem, log);
    }
    qw_secret_free(pem.certificate);
    qw_secret_free(pem.key);
    qw_secret_free(pem.client_ca);
    if (err != QW_OK) {
        qw_tls_credentials_release(c);
        return err;
    }
    *credentials = c;
    return QW_OK;
}

struct qw_tls_credentials *qw_tls_credentials_hold(struct qw_tls_credentials *credentials)
{
    atomic_fetch_add(&credentials->holders, 1);
    return credentials;
}

void qw_tls_credentials_release(struct qw_tls_credentials *credentials)
{
    if (credentials == NULL || atomic_fetch_sub(&credentials->holders, 1) > 1) {
        return;
    }
    gnutls_certificate_free_credentials(credentials->session);
    qw_revocation_list_free(credentials->revocations);
    free(credentials);
}

qw_err qw_tls_credentials_use(const struct qw_tls_credentials *credentials,
                              gnutls_session_t session)
{
    return gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials->session) == 0
               ? QW_OK
               : QW_ERR_NOMEM;
}

qw_err qw_tls_verify_client(gnutls_session_t session, unsigned *status)
{
    gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
                                      .data =
                                          (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT };

    *status = 0;
    return gnutls_certificate_verify_peers(session, &purpose, 1, status) != 0 || *status != 0
               ? QW_ERR_AUTH
               : QW_OK;
}

struct qw_revocation_list *
qw_tls_credentials_revocations(const struct qw_tls_credentials *credentials)
{
    return credentials->revocations;
}
