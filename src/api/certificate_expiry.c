/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "api/certificate_expiry.h"

#include "base/file.h"
#include "base/secret.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <time.h>

enum { FILE_MAX = 65536 };

qw_err qw_certificate_expiry(const char *path, int64_t *utc_s)
{
    uint8_t *pem = NULL;
    size_t len = 0;
    BIO *memory = NULL;
    X509 *certificate = NULL;
    struct tm end;
    qw_err err = qw_file_read(path, FILE_MAX, &pem, &len);

    if (err != QW_OK) {
        return err;
    }
    memory = BIO_new_mem_buf(pem, (int)len);
    certificate = memory == NULL ? NULL : PEM_read_bio_X509(memory, NULL, NULL, NULL);
    if (certificate == NULL || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) {
        err = QW_ERR_FORMAT;
    } else {
        *utc_s = (int64_t)timegm(&end);
    }
    X509_free(certificate);
    BIO_free(memory);
    qw_secret_free(pem);
    return err;
}
