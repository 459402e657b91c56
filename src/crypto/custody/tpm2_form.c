/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/custody/tpm2_form.h"

#include "crypto/custody/custody.h"

#include <string.h>

enum { FORM = 0x54, VERSION = 1, PLATFORM_NUMBERS = 16 };

void qw_tpm2_form_encode(const struct qw_tpm2_form *form, struct qw_writer *writer)
{
    qw_write_u8(writer, FORM);
    qw_write_u8(writer, VERSION);
    qw_write_u8(writer, form->measured_register);
    qw_write_bytes(writer, form->parent, sizeof form->parent);
    qw_write_bytes(writer, form->binary, sizeof form->binary);
    qw_write_bytes(writer, form->configuration, sizeof form->configuration);
    qw_write_u8(writer, (uint8_t)form->platform.count);
    for (size_t i = 0; i < form->platform.count; i++) {
        qw_write_u8(writer, form->platform.number[i]);
        qw_write_bytes(writer, form->platform.value[i], QW_TPM2_DIGEST_LEN);
    }
    qw_write_u16be(writer, form->object.public_len);
    qw_write_bytes(writer, form->object.public_part, form->object.public_len);
    qw_write_u16be(writer, form->object.private_len);
    qw_write_bytes(writer, form->object.private_part, form->object.private_len);
}

static bool read_platform(struct qw_reader *r, struct qw_tpm2_registers *platform)
{
    platform->count = qw_read_u8(r);
    if (platform->count > QW_TPM2_PLATFORM_MAX) {
        return false;
    }
    for (size_t i = 0; i < platform->count; i++) {
        platform->number[i] = qw_read_u8(r);
        qw_read_bytes(r, platform->value[i], QW_TPM2_DIGEST_LEN);
        if (platform->number[i] >= PLATFORM_NUMBERS ||
            (i > 0 && platform->number[i] <= platform->number[i - 1])) {
            return false;
        }
    }
    return true;
}

/* A part with its length, 1..max bytes. */
static bool read_part(struct qw_reader *r, size_t max, uint8_t *part, uint16_t *len)
{
    *len = qw_read_u16be(r);
    if (*len < 1 || *len > max) {
        return false;
    }
    qw_read_bytes(r, part, *len);
    return true;
}

qw_err qw_tpm2_form_decode(const uint8_t *wrapped, size_t len, struct qw_tpm2_form *form,
                           size_t *sealed)
{
    struct qw_reader r = qw_reader_on(wrapped, len);
    struct qw_tpm2_form f = { 0 };
    bool ok = qw_read_u8(&r) == FORM && qw_read_u8(&r) == VERSION;
    size_t at;

    f.measured_register = qw_read_u8(&r);
    ok = ok && (f.measured_register == 16 || f.measured_register == 23);
    qw_read_bytes(&r, f.parent, sizeof f.parent);
    qw_read_bytes(&r, f.binary, sizeof f.binary);
    qw_read_bytes(&r, f.configuration, sizeof f.configuration);
    ok = ok && read_platform(&r, &f.platform) &&
         read_part(&r, sizeof f.object.public_part, f.object.public_part, &f.object.public_len) &&
         read_part(&r, sizeof f.object.private_part, f.object.private_part, &f.object.private_len);
    at = r.at;
    (void)qw_read_view(&r, QW_TPM2_SEALED_KEK_LEN);
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *form = f;
    *sealed = at;
    return QW_OK;
}

qw_err qw_tpm2_form_registers(const struct qw_tpm2_form *form, struct qw_tpm2_registers *registers)
{
    struct qw_tpm2_registers all = form->platform;
    qw_err err =
        qw_tpm2_value_after(form->binary, form->configuration, all.value[form->platform.count]);

    if (err == QW_OK) {
        all.number[all.count++] = form->measured_register;
        *registers = all;
    }
    return err;
}
