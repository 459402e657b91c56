/* SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700
#include "centre_certificates.h"

#include "api/certificate/signing_request.h"
#include "base/file.h"
#include "base/secret.h"
#include "centre/certificate/certificate.h"
#include "centre/people/officer.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

const struct centre_administrator centre_administrators[CENTRE_ADMINISTRATORS] = {
    { "system-1", "system", QW_OFFICER_SYSTEM },
    { "security-1", "security", QW_OFFICER_SECURITY },
    { "audit-1", "audit", QW_OFFICER_AUDIT },
};

enum { CA_TEXT_CAP = QW_CERTIFICATE_PROFILE_COUNT * QW_CERTIFICATE_PEM_CAP };

struct office {
    const struct centre_folder_config *config;
    const struct qw_caller *founder;
    struct qw_centre *centre;
    char *error;
};

/* FOLDER/name.suffix */
static qw_err write_file(const struct office *office, const char *name, const char *suffix,
                         const void *data, size_t len)
{
    char path[PATH_MAX];
    qw_err err = QW_ERR_SPACE;

    if ((size_t)snprintf(path, sizeof path, "%s/%s%s", office->config->folder, name, suffix) <
        sizeof path) {
        err = qw_file_create(path, data, len);
    }
    if (err != QW_OK) {
        (void)snprintf(office->error, CENTRE_FOLDER_ERROR_CAP, "%s%s: %s", name, suffix,
                       qw_err_text(err));
    }
    return err;
}

static bool is_wanted(const struct office *office, enum qw_certificate_profile profile)
{
    return (office->config->profiles & 1U << profile) != 0;
}

/* Those of TLS in one file, which servers and clients read as it is. */
static qw_err write_authorities(const struct office *office)
{
    char text[CA_TEXT_CAP] = "";
    char pem[QW_CERTIFICATE_PEM_CAP];
    size_t len = 0;
    qw_err err = QW_OK;

    for (int i = 0; i < QW_CERTIFICATE_PROFILE_COUNT && err == QW_OK; i++) {
        enum qw_certificate_profile profile = (enum qw_certificate_profile)i;

        if (!is_wanted(office, profile)) {
            continue;
        }
        err = qw_centre_authority_pem(office->centre, profile, pem);
        if (err == QW_OK && qw_certificate_profile_has_tls(profile)) {
            len += (size_t)snprintf(text + len, sizeof text - len, "%s", pem);
        } else if (err == QW_OK) {
            err = write_file(office, "ca/ca-sm2", ".pem", pem, strlen(pem));
        }
    }
    return err == QW_OK ? write_file(office, "ca/ca", ".pem", text, len) : err;
}

static qw_err write_lists(const struct office *office)
{
    char text[CA_TEXT_CAP];
    size_t len = 0;
    qw_err err = QW_OK;

    for (int i = 0; i < QW_CERTIFICATE_PROFILE_COUNT && err == QW_OK; i++) {
        enum qw_certificate_profile profile = (enum qw_certificate_profile)i;
        struct qw_certificate_list list;

        if (!is_wanted(office, profile) || !qw_certificate_profile_has_tls(profile)) {
            continue;
        }
        err = qw_centre_certificate_list_sign(office->centre, profile, &list);
        if (err == QW_OK && list.pem_len > sizeof text - len) {
            err = QW_ERR_SPACE;
        } else if (err == QW_OK) {
            memcpy(text + len, list.pem, list.pem_len);
            len += list.pem_len;
        }
        if (err == QW_OK) {
            qw_certificate_list_free(&list);
        }
    }
    return err == QW_OK ? write_file(office, "ca/revoked", ".pem", text, len) : err;
}

/* place.key first, then place.pem: a certificate without its key would look complete. */
static qw_err issue(const struct office *office, const char *kind, const char *id,
                    const char *const *hosts, size_t host_count, const char *place)
{
    enum qw_certificate_profile profile =
        is_wanted(office, QW_CERTIFICATE_P256) ? QW_CERTIFICATE_P256 : QW_CERTIFICATE_ED25519;
    struct qw_signing_request_made request;
    struct qw_certificate_wish wish = { .request = request.request };
    struct qw_certificate_made made;
    char uri[QW_CERTIFICATE_URI_CAP];
    char pem[QW_CERTIFICATE_PEM_CAP];
    qw_err err;

    (void)snprintf(uri, sizeof uri, "urn:qwave:%s:%s", kind, id);
    err = qw_signing_request_new(profile, uri, hosts, host_count, &request);
    if (err == QW_OK) {
        wish.request_len = strlen(request.request);
        err = qw_centre_certificate_issue(office->centre, office->founder, &wish, &made);
    }
    if (err == QW_OK) {
        err = qw_certificate_pem(made.der, made.len, pem);
    }
    if (err == QW_OK) {
        err = write_file(office, place, ".key", request.key, strlen(request.key));
    }
    if (err == QW_OK) {
        err = write_file(office, place, ".pem", pem, strlen(pem));
    }
    qw_wipe(&request, sizeof request);
    return err;
}

qw_err centre_certificates_create(const struct centre_folder_config *config,
                                  const struct qw_caller *founder, struct qw_centre *centre,
                                  char error[static CENTRE_FOLDER_ERROR_CAP])
{
    const struct office office = {
        .config = config, .founder = founder, .centre = centre, .error = error
    };
    const char *hosts[] = { config->address, "localhost" };
    qw_err err = QW_OK;

    for (int i = 0; i < QW_CERTIFICATE_PROFILE_COUNT && err == QW_OK; i++) {
        if (is_wanted(&office, (enum qw_certificate_profile)i)) {
            err = qw_centre_authority_found(centre, founder, (enum qw_certificate_profile)i);
        }
    }
    if (err == QW_OK) {
        err = write_authorities(&office);
    }
    if (err == QW_OK) {
        err = issue(&office, "centre", config->centre_id, hosts, 2, "tls/centre");
    }
    if (err == QW_OK) {
        err = issue(&office, "operator", founder->id, NULL, 0, "operator/operator");
    }
    for (size_t i = 0; i < CENTRE_ADMINISTRATORS && err == QW_OK; i++) {
        char place[32];

        (void)snprintf(place, sizeof place, "officers/%s", centre_administrators[i].name);
        err = issue(&office, "officer", centre_administrators[i].id, NULL, 0, place);
    }
    if (err == QW_OK) {
        err = write_lists(&office);
    }
    if (err != QW_OK && error[0] == '\0') {
        (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP, "certificates: %s", qw_err_text(err));
    }
    return err;
}
