/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates at an operator's desk [C4]: keys are made here, and the centre signs; or this desk
 * does, where the authority is in files. */
#include "api/certificate.h"
#include "api/certificate/authority.h"
#include "api/certificate/leaf.h"
#include "api/certificate/signing_request.h"
#include "api/certificate_identity.h"
#include "api/json_reader.h"
#include "api/json_writer.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "operator.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    BODY_CAP = 2 * QW_SIGNING_REQUEST_CAP,
    PEM_MAX = 64 * 1024,
    SERIAL_TEXT_CAP = 2 * QW_CERTIFICATE_SERIAL_LEN + 1
};

static qw_err issue_from_files(struct operator_desk *desk,
                               const struct operator_certificate *wanted)
{
    struct operator_files files = operator_files(desk);
    struct qw_certificate_authority *authority = NULL;
    struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_CLIENT,
                                              .uri = wanted->name };
    qw_err err = qw_certificate_authority_open(files.ca, files.ca_key, &authority);

    if (err == QW_OK) {
        err = qw_certificate_issue(authority, &request, wanted->certificate_path, wanted->key_path);
    }
    qw_certificate_authority_free(authority);
    if (err != QW_OK) {
        operator_explain(desk, "certificate: %s", qw_err_text(err));
    }
    return err;
}

static qw_err take_certificate(struct operator_desk *desk, const char *answer, const char *path)
{
    char pem[QW_CERTIFICATE_PEM_CAP] = "";
    struct qw_json_reader r;
    qw_err err = qw_json_open(answer, strlen(answer), &r);

    if (err == QW_OK) {
        qw_json_get_text(&r, qw_json_root_object(&r), "certificate", pem, 1, sizeof pem);
        err = qw_json_end(&r);
    }
    if (err == QW_OK) {
        err = qw_file_create(path, (const uint8_t *)pem, strlen(pem));
    }
    if (err != QW_OK) {
        operator_explain(desk, "%s: %s", path, qw_err_text(err));
    }
    return err;
}

static qw_err ask(struct operator_desk *desk, const char *request, bool is_renewal,
                  const char *certificate_path)
{
    char body[BODY_CAP];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    const char *answer = NULL;
    qw_err err;

    if (access(certificate_path, F_OK) == 0) {
        operator_explain(desk, "%s: is there already", certificate_path);
        return QW_ERR_CONFLICT;
    }
    qw_json_object_begin(&w);
    qw_json_name(&w, "request");
    qw_json_text(&w, request);
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return QW_ERR_SPACE;
    }
    err = operator_call(desk, "POST", is_renewal ? "/v1/certificates/renew" : "/v1/certificates",
                        body, &answer);
    return err == QW_OK ? take_certificate(desk, answer, certificate_path) : err;
}

/* The key is durable before anybody is asked, and stays when nobody knows what came of it. */
qw_err operator_certificate_get(struct operator_desk *desk,
                                const struct operator_certificate *wanted)
{
    struct qw_signing_request_made made;
    qw_err err;

    if (operator_files(desk).ca_key[0] != '\0') {
        return issue_from_files(desk, wanted);
    }
    err = qw_signing_request_new(qw_certificate_profile_by_name(wanted->profile), wanted->name,
                                 wanted->hosts, wanted->host_count, &made);
    if (err == QW_OK) {
        err = qw_file_create(wanted->key_path, (const uint8_t *)made.key, strlen(made.key));
    }
    if (err != QW_OK) {
        operator_explain(desk, "%s: %s", wanted->key_path, qw_err_text(err));
    } else {
        err = ask(desk, made.request, wanted->is_renewal, wanted->certificate_path);
        if (err != QW_OK && err != QW_ERR_IO && err != QW_ERR_TIMEOUT && err != QW_ERR_CLOSED) {
            (void)unlink(wanted->key_path);
        }
    }
    qw_wipe(&made, sizeof made);
    return err;
}

qw_err operator_enrol(struct operator_desk *desk, const char *role, const char *id,
                      const char *certificate_path, const char *key_path)
{
    char uri[QW_CERTIFICATE_URI_CAP];
    struct operator_certificate wanted = {
        .name = uri, .profile = "p256", .certificate_path = certificate_path, .key_path = key_path
    };

    if ((size_t)snprintf(uri, sizeof uri, "urn:qwave:%s:%s", role, id) >= sizeof uri) {
        return QW_ERR_ARG;
    }
    return operator_certificate_get(desk, &wanted);
}

/* Name and profile of the certificate in a file. */
static qw_err describe(const char *path, struct qw_certificate_identity *identity,
                       enum qw_certificate_profile *profile, struct qw_certificate_made *made)
{
    X509 *certificate = NULL;
    qw_err err = qw_certificate_read(path, &certificate);

    if (err != QW_OK) {
        return err;
    }
    err = qw_certificate_describe(certificate, made);
    if (err == QW_OK) {
        err = qw_certificate_identity_read(made->der, made->len, identity);
    }
    if (err == QW_OK) {
        *profile = qw_certificate_profile_of(X509_get0_pubkey(certificate));
        err = *profile == QW_CERTIFICATE_PROFILE_COUNT ? QW_ERR_FORMAT : QW_OK;
    }
    X509_free(certificate);
    return err;
}

qw_err operator_certificate_renew(struct operator_desk *desk, const char *old_path,
                                  const struct operator_certificate *renewed)
{
    struct qw_certificate_identity identity;
    struct qw_certificate_made made;
    enum qw_certificate_profile profile = QW_CERTIFICATE_P256;
    struct operator_certificate wanted = *renewed;
    qw_err err = describe(old_path, &identity, &profile, &made);

    if (err != QW_OK) {
        operator_explain(desk, "%s: %s", old_path, qw_err_text(err));
        return err;
    }
    wanted.name = identity.text;
    wanted.is_renewal = true;
    wanted.profile = qw_certificate_profile_names[profile];
    return operator_certificate_get(desk, &wanted);
}

qw_err operator_certificate_sign(struct operator_desk *desk, const char *request_path,
                                 const char *certificate_path)
{
    char text[QW_SIGNING_REQUEST_CAP] = "";
    uint8_t *data = NULL;
    size_t len = 0;
    qw_err err = qw_file_read(request_path, sizeof text - 1, &data, &len);

    if (err != QW_OK) {
        operator_explain(desk, "%s: %s", request_path, qw_err_text(err));
        return err;
    }
    memcpy(text, data, len);
    qw_secret_free(data);
    return ask(desk, text, false, certificate_path);
}

static qw_err revoke_in_files(struct operator_desk *desk, const char *certificate_path)
{
    struct operator_files files = operator_files(desk);
    struct qw_certificate_authority *authority = NULL;
    const char *cause = NULL;
    qw_err err = QW_ERR_UNAVAILABLE;

    if (files.revocation_list[0] == '\0') {
        cause = "the operator's file names no revocation_list";
    } else {
        err = qw_certificate_authority_open(files.ca, files.ca_key, &authority);
    }
    if (err == QW_OK) {
        err = qw_certificate_revoke(authority, certificate_path, files.revocation_list);
        cause = err == QW_ERR_CONFLICT ? "it is revoked already"
                : err == QW_ERR_AUTH   ? "it is not of this authority"
                                       : NULL;
    }
    qw_certificate_authority_free(authority);
    if (err != QW_OK) {
        operator_explain(desk, "%s: %s", certificate_path,
                         cause != NULL ? cause : qw_err_text(err));
    }
    return err;
}

/* Other programs leave the zeros in front out. False: no number, or the name of a file. */
static bool is_serial(const char *text, char serial[static SERIAL_TEXT_CAP])
{
    size_t len = strlen(text);

    if (len == 0 || len >= SERIAL_TEXT_CAP || strspn(text, "0123456789abcdefABCDEF") != len ||
        access(text, F_OK) == 0) {
        return false;
    }
    memset(serial, '0', SERIAL_TEXT_CAP - 1 - len);
    memcpy(serial + SERIAL_TEXT_CAP - 1 - len, text, len + 1);
    return true;
}

/* A serial number as it is, or that of the certificate in a file. */
static qw_err serial_of(struct operator_desk *desk, const char *certificate,
                        char text[static SERIAL_TEXT_CAP])
{
    struct qw_certificate_made made;
    X509 *found = NULL;
    qw_err err;

    if (is_serial(certificate, text)) {
        return QW_OK;
    }
    err = qw_certificate_read(certificate, &found);
    if (err == QW_OK) {
        err = qw_certificate_describe(found, &made);
    }
    X509_free(found);
    if (err != QW_OK) {
        operator_explain(desk, "%s: %s", certificate, qw_err_text(err));
        return err;
    }
    qw_hex_encode(made.serial, sizeof made.serial, text);
    return QW_OK;
}

qw_err operator_certificate_show(struct operator_desk *desk, const char *certificate,
                                 const char **answer)
{
    char serial[SERIAL_TEXT_CAP];
    char path[128];
    qw_err err = serial_of(desk, certificate, serial);

    if (err == QW_OK) {
        (void)snprintf(path, sizeof path, "/v1/certificates/%s", serial);
        err = operator_call(desk, "GET", path, NULL, answer);
    }
    return err;
}

qw_err operator_revoke(struct operator_desk *desk, const char *certificate)
{
    char serial[SERIAL_TEXT_CAP];
    char path[128];
    const char *answer = NULL;
    qw_err err;

    if (operator_files(desk).ca_key[0] != '\0') {
        return revoke_in_files(desk, certificate);
    }
    err = serial_of(desk, certificate, serial);
    if (err == QW_OK) {
        (void)snprintf(path, sizeof path, "/v1/certificates/%s/revoke", serial);
        err = operator_call(desk, "POST", path, NULL, &answer);
        if (err == QW_ERR_CONFLICT) {
            operator_explain(desk, "%s: it is revoked already", certificate);
        }
    }
    return err;
}
