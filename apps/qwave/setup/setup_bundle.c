/* SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700
#include "setup/setup_bundle.h"

#include "base/file.h"
#include "base/secret.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { PEM_MAX = 8191 };

const struct setup_holder setup_holders[SETUP_HOLDERS] = {
    { "operator-1", "operator/operator" },
    { "system-1", "officers/system" },
    { "security-1", "officers/security" },
    { "audit-1", "officers/audit" },
};

struct pem { /* secret memory */
    char certificate[PEM_MAX + 1], key[PEM_MAX + 1], authorities[PEM_MAX + 1];
};

static qw_err read_pem(const char *folder, const char *place, const char *suffix,
                       char out[static PEM_MAX + 1])
{
    char path[PATH_MAX];
    uint8_t *data = NULL;
    size_t len = 0;
    qw_err err = QW_ERR_NOT_FOUND;

    if ((size_t)snprintf(path, sizeof path, "%s/%s%s", folder, place, suffix) < sizeof path) {
        err = qw_file_read(path, PEM_MAX, &data, &len);
    }
    if (err == QW_OK) {
        memcpy(out, data, len);
        out[len] = '\0';
    }
    qw_secret_free(data);
    return err;
}

static const struct setup_holder *find(const char *id)
{
    for (size_t i = 0; i < SETUP_HOLDERS; i++) {
        if (strcmp(setup_holders[i].id, id) == 0) {
            return &setup_holders[i];
        }
    }
    return NULL;
}

qw_err setup_bundle_make(const char *folder, const char *centre_id,
                         const struct setup_bundle *wanted,
                         uint8_t out[static QW_CERTIFICATE_BUNDLE_CAP], size_t *len)
{
    const struct setup_holder *holder = find(wanted->officer);
    struct pem *pem;
    char name[96];
    qw_err err;

    if (holder == NULL) {
        return QW_ERR_NOT_FOUND;
    }
    pem = qw_secret_new(sizeof *pem);
    if (pem == NULL) {
        return QW_ERR_NOMEM;
    }
    (void)snprintf(name, sizeof name, "%s of %s", holder->id, centre_id);
    err = read_pem(folder, holder->place, ".pem", pem->certificate);
    if (err == QW_OK) {
        err = read_pem(folder, holder->place, ".key", pem->key);
    }
    if (err == QW_OK) {
        err = read_pem(folder, "ca/ca", ".pem", pem->authorities);
    }
    if (err == QW_OK) {
        const struct qw_certificate_bundle bundle = { .certificate = pem->certificate,
                                                      .key = pem->key,
                                                      .authorities = pem->authorities,
                                                      .name = name,
                                                      .passphrase = wanted->passphrase };

        err = qw_certificate_bundle_seal(&bundle, out, len);
    }
    qw_secret_free(pem);
    return err;
}
