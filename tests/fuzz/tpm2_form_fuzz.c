/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: crypto */
/* The wrapped form of the custody tpm2: what decodes encodes to the same bytes. */
#include "crypto/custody/custody.h"
#include "crypto/custody/tpm2_form.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t again[QW_WRAPPED_KEK_CAP];
    struct qw_writer writer = qw_writer_on(again, sizeof again);
    struct qw_tpm2_registers registers;
    struct qw_tpm2_form form;
    size_t sealed = 0;

    if (qw_tpm2_form_decode(data, size, &form, &sealed) != QW_OK) {
        return 0;
    }
    qw_tpm2_form_encode(&form, &writer);
    if (writer.failed || writer.len != sealed || sealed + QW_TPM2_SEALED_KEK_LEN != size) {
        abort();
    }
    for (size_t i = 0; i < sealed; i++) {
        if (again[i] != data[i]) {
            abort();
        }
    }
    if (qw_tpm2_form_registers(&form, &registers) != QW_OK ||
        registers.count != form.platform.count + 1) {
        abort();
    }
    return 0;
}
