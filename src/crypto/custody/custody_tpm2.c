/* SPDX-License-Identifier: Apache-2.0 */
/* The custody "tpm2": a TPM holds the key that wraps the KEK. Steps A1 to C5 of
 * docs/protocol/custody.md [W14]. */
#include "crypto/custody/custody.h"

#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/custody/measurement.h"
#include "crypto/custody/tpm2_device.h"
#include "crypto/custody/tpm2_form.h"
#include "crypto/random.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATH_CAP = 1024,
    WHY_CAP = 256,
    PLATFORM_NUMBERS = 16,
    TRIES = 5 /* when another process measures into the same register between our steps */
};

struct tpm2 {
    char tcti[PATH_CAP], binary[PATH_CAP], configuration[PATH_CAP];
    struct qw_tpm2_registers platform; /* numbers; values are read at wrap */
    uint8_t measured_register;
    uint8_t *recovery; /* secret memory, owned; NULL: none */
    char why[WHY_CAP];
};

static void explain(struct tpm2 *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void explain(struct tpm2 *self, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(self->why, sizeof self->why, format, arguments);
    va_end(arguments);
}

static qw_err err_of(struct tpm2 *self, enum qw_tpm2_answer answer)
{
    static const char *const texts[] = {
        [QW_TPM2_ABSENT] = "no TPM answers at",
        [QW_TPM2_OWNER_LOCKED] = "the owner hierarchy has a password, which is not supported, at",
        [QW_TPM2_LOCKED_OUT] = "the TPM is locked out after wrong passwords: wait, or let its "
                               "owner clear the lockout;",
        [QW_TPM2_POLICY_FAILED] = "the measurements are not those of the sealing, says",
        [QW_TPM2_WRONG_SECRET] = "this is not the recovery secret, says",
        [QW_TPM2_NOT_ITS_OWN] = "the wrapped key was altered, or is not of",
        [QW_TPM2_FULL] = "no room in the TPM; use its resource manager, device:/dev/tpmrm0, "
                         "instead of",
        [QW_TPM2_NO_BANK] = "no SHA-256 registers in",
        [QW_TPM2_FAILED] = "unexpected answer from",
    };

    if (answer != QW_TPM2_FINE) {
        explain(self, "%s %s", texts[answer], self->tcti);
    }
    return qw_tpm2_err(answer);
}

/* A1, C1 */
static qw_err measure(struct tpm2 *self, struct qw_tpm2_form *form)
{
    const char *path = self->binary;
    qw_err err = qw_measure_file(path, form->binary);

    if (err == QW_OK) {
        path = self->configuration;
        err = qw_measure_file(path, form->configuration);
    }
    if (err != QW_OK) {
        explain(self, "cannot measure %s: %s", path, qw_err_text(err));
        return err == QW_ERR_NOMEM ? err : QW_ERR_IO;
    }
    return QW_OK;
}

/* A1 to A4, and the form without the sealed KEK. */
static qw_err seal(struct tpm2 *self, struct qw_tpm2 *tpm,
                   const uint8_t key[static QW_TPM2_KEY_LEN], struct qw_tpm2_form *form)
{
    struct qw_tpm2_registers registers;
    struct qw_tpm2_policy policy;
    qw_err err;

    form->measured_register = self->measured_register;
    form->platform = self->platform;
    qw_tpm2_parent_name(tpm, form->parent);
    err = measure(self, form);
    if (err == QW_OK) {
        err = err_of(self, qw_tpm2_read(tpm, &form->platform));
    }
    if (err == QW_OK) {
        err = qw_tpm2_form_registers(form, &registers);
    }
    if (err == QW_OK) {
        err = qw_tpm2_policy_of(&registers, &policy);
    }
    return err == QW_OK
               ? err_of(self, qw_tpm2_seal(tpm, &policy, self->recovery, key, &form->object))
               : err;
}

static qw_err tpm2_wrap(void *custody, const uint8_t kek[static QW_KEK_LEN], uint8_t *wrapped,
                        size_t cap, size_t *len)
{
    struct tpm2 *self = custody;
    struct qw_tpm2_form form = { 0 };
    struct qw_tpm2 *tpm = NULL;
    uint8_t out[QW_WRAPPED_KEK_CAP];
    struct qw_writer writer = qw_writer_on(out, sizeof out - QW_TPM2_SEALED_KEK_LEN);
    uint8_t key[QW_TPM2_KEY_LEN];
    qw_err err;

    self->why[0] = '\0';
    if (self->recovery == NULL) {
        explain(self, "a new key is sealed by `qwave init` or `qwave custody move` only, which "
                      "make a recovery secret");
        return QW_ERR_STATE;
    }
    err = qw_random_bytes(key, sizeof key);
    if (err == QW_OK) {
        err = err_of(self, qw_tpm2_open(self->tcti, &tpm));
    }
    if (err == QW_OK) {
        err = seal(self, tpm, key, &form);
    }
    if (err == QW_OK) {
        qw_tpm2_form_encode(&form, &writer);
        qw_assert(!writer.failed); /* QW_WRAPPED_KEK_CAP holds the longest form */
        err = qw_aead_seal(QW_AEAD_AES256_GCM, key, (struct qw_bytes){ out, writer.len }, kek,
                           QW_KEK_LEN, out + writer.len);
    }
    if (err == QW_OK && writer.len + QW_TPM2_SEALED_KEK_LEN > cap) {
        err = QW_ERR_SPACE;
    }
    if (err == QW_OK) {
        *len = writer.len + QW_TPM2_SEALED_KEK_LEN;
        memcpy(wrapped, out, *len);
    }
    qw_wipe(key, sizeof key);
    qw_tpm2_close(tpm);
    return err;
}

static bool differ(const uint8_t a[static QW_TPM2_DIGEST_LEN],
                   const uint8_t b[static QW_TPM2_DIGEST_LEN])
{
    return !qw_equal_ct(a, b, QW_TPM2_DIGEST_LEN);
}

/* C5. Adds to the sentence; false: no measurement differs from those of the sealing. */
static bool say_what_changed(struct tpm2 *self, struct qw_tpm2 *tpm,
                             const struct qw_tpm2_form *sealed, const struct qw_tpm2_form *now)
{
    struct qw_tpm2_registers platform = sealed->platform;
    char list[WHY_CAP] = "";
    size_t at = 0;

    if (differ(sealed->configuration, now->configuration)) {
        at += (size_t)snprintf(list + at, sizeof list - at, ", the configuration file");
    }
    if (differ(sealed->binary, now->binary)) {
        at += (size_t)snprintf(list + at, sizeof list - at, ", the program qwaved");
    }
    if (qw_tpm2_read(tpm, &platform) != QW_TPM2_FINE) {
        platform.count = 0;
    }
    for (size_t i = 0; i < platform.count && at < sizeof list - 16; i++) {
        if (differ(sealed->platform.value[i], platform.value[i])) {
            at += (size_t)snprintf(list + at, sizeof list - at, ", register %u",
                                   (unsigned)platform.number[i]);
        }
    }
    if (at == 0) {
        return false;
    }
    explain(self, "the TPM refuses; changed since the key was sealed: %s", list + 2);
    return true;
}

/* C3 to C5 */
static qw_err unseal_measured(struct tpm2 *self, struct qw_tpm2 *tpm,
                              const struct qw_tpm2_form *form,
                              const struct qw_tpm2_registers *registers,
                              uint8_t key[static QW_TPM2_KEY_LEN])
{
    struct qw_tpm2_form now = { 0 };
    enum qw_tpm2_answer answer = QW_TPM2_POLICY_FAILED;
    qw_err err = measure(self, &now);

    if (err != QW_OK) {
        return err;
    }
    for (int i = 0; i < TRIES && answer == QW_TPM2_POLICY_FAILED; i++) {
        answer = qw_tpm2_measure(tpm, form->measured_register, now.binary, now.configuration);
        if (answer == QW_TPM2_FINE) {
            answer = qw_tpm2_unseal(tpm, &form->object, registers, NULL, key);
        }
        if (answer == QW_TPM2_POLICY_FAILED && say_what_changed(self, tpm, form, &now)) {
            return QW_ERR_REFUSED;
        }
    }
    return err_of(self, answer);
}

static qw_err unseal(struct tpm2 *self, struct qw_tpm2 *tpm, const struct qw_tpm2_form *form,
                     uint8_t key[static QW_TPM2_KEY_LEN])
{
    struct qw_tpm2_registers registers;
    uint8_t parent[QW_TPM2_NAME_LEN];
    qw_err err = qw_tpm2_form_registers(form, &registers);

    if (err != QW_OK) {
        return err;
    }
    qw_tpm2_parent_name(tpm, parent);
    if (!qw_equal_ct(parent, form->parent, sizeof parent)) { /* C2 */
        explain(self, "the key was sealed by another TPM than %s, or this one was cleared since",
                self->tcti);
        return QW_ERR_REFUSED;
    }
    if (self->recovery != NULL) {
        return err_of(self, qw_tpm2_unseal(tpm, &form->object, &registers, self->recovery, key));
    }
    return unseal_measured(self, tpm, form, &registers, key);
}

/* C1 to C4: the wrapping key of a form. *sealed: where the KEK begins. */
static qw_err take_key(struct tpm2 *self, const uint8_t *wrapped, size_t len, size_t *sealed,
                       uint8_t key[static QW_TPM2_KEY_LEN])
{
    struct qw_tpm2_form form;
    struct qw_tpm2 *tpm = NULL;
    qw_err err = qw_tpm2_form_decode(wrapped, len, &form, sealed);

    self->why[0] = '\0';
    if (err != QW_OK) {
        explain(self, "the store's key is not wrapped by a TPM");
        return err;
    }
    err = err_of(self, qw_tpm2_open(self->tcti, &tpm));
    if (err == QW_OK) {
        err = unseal(self, tpm, &form, key);
    }
    qw_tpm2_close(tpm);
    return err;
}

static qw_err tpm2_unwrap(void *custody, const uint8_t *wrapped, size_t len,
                          uint8_t kek[static QW_KEK_LEN])
{
    struct tpm2 *self = custody;
    uint8_t key[QW_TPM2_KEY_LEN] = { 0 };
    size_t sealed = 0;
    qw_err err = take_key(self, wrapped, len, &sealed, key);

    if (err == QW_OK) {
        err = qw_aead_open(QW_AEAD_AES256_GCM, key, (struct qw_bytes){ wrapped, sealed },
                           wrapped + sealed, len - sealed, kek);
        if (err != QW_OK) {
            explain(self, "the wrapped key was altered");
        }
    }
    qw_wipe(key, sizeof key);
    return err;
}

static qw_err tpm2_rewrap(void *custody, const uint8_t *before, size_t before_len,
                          const uint8_t kek[static QW_KEK_LEN], uint8_t *wrapped, size_t cap,
                          size_t *len)
{
    struct tpm2 *self = custody;
    uint8_t key[QW_TPM2_KEY_LEN] = { 0 };
    size_t sealed = 0;
    qw_err err = take_key(self, before, before_len, &sealed, key);

    if (err == QW_OK && sealed + QW_TPM2_SEALED_KEK_LEN > cap) {
        err = QW_ERR_SPACE;
    }
    if (err == QW_OK) {
        memcpy(wrapped, before, sealed);
        err = qw_aead_seal(QW_AEAD_AES256_GCM, key, (struct qw_bytes){ before, sealed }, kek,
                           QW_KEK_LEN, wrapped + sealed);
    }
    if (err == QW_OK) {
        *len = sealed + QW_TPM2_SEALED_KEK_LEN;
    }
    qw_wipe(key, sizeof key);
    return err;
}

static const char *tpm2_why(const void *custody)
{
    return ((const struct tpm2 *)custody)->why;
}

static void tpm2_close(void *custody)
{
    struct tpm2 *self = custody;

    qw_secret_free(self->recovery);
    free(self);
}

static bool fits(char *out, const char *text)
{
    return text[0] != '\0' && snprintf(out, PATH_CAP, "%s", text) < PATH_CAP;
}

/* Numbers of the registers in a mask; false: too many, or one that is not of the platform. */
static bool list_platform(uint32_t mask, struct qw_tpm2_registers *platform)
{
    for (unsigned i = 0; i < PLATFORM_NUMBERS; i++) {
        if ((mask >> i & 1) != 0) {
            if (platform->count == QW_TPM2_PLATFORM_MAX) {
                return false;
            }
            platform->number[platform->count++] = (uint8_t)i;
        }
    }
    return mask >> PLATFORM_NUMBERS == 0;
}

qw_err qw_custody_tpm2(const struct qw_custody_tpm2_config *config, struct qw_custody *custody)
{
    struct tpm2 *self = calloc(1, sizeof *self);
    qw_err err = QW_ERR_ARG;

    if (self == NULL) {
        return QW_ERR_NOMEM;
    }
    self->measured_register = config->measured_register;
    if (!fits(self->tcti, config->tcti) || !fits(self->binary, config->binary) ||
        !fits(self->configuration, config->configuration) ||
        !list_platform(config->platform_registers, &self->platform) ||
        (self->measured_register != 16 && self->measured_register != 23)) {
        goto out;
    }
    if (config->recovery != NULL) {
        self->recovery = qw_secret_new(QW_CUSTODY_RECOVERY_LEN);
        if (self->recovery == NULL) {
            err = QW_ERR_NOMEM;
            goto out;
        }
        memcpy(self->recovery, config->recovery, QW_CUSTODY_RECOVERY_LEN);
    }
    *custody = (struct qw_custody){ .name = "tpm2",
                                    .self = self,
                                    .wrap = tpm2_wrap,
                                    .unwrap = tpm2_unwrap,
                                    .close = tpm2_close,
                                    .rewrap = tpm2_rewrap,
                                    .why = tpm2_why };
    self = NULL; /* now the caller's */
    err = QW_OK;
out:
    if (self != NULL) {
        tpm2_close(self);
    }
    return err;
}
