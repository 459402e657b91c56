/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key_source.h"

#include <string.h>

void qw_key_source_close(struct qw_key_source *source)
{
    if (source == NULL || source->close == NULL) {
        return;
    }
    source->close(source->self);
    memset(source, 0, sizeof *source);
}

qw_err qw_key_source_best(struct qw_key_source *source)
{
    static const struct {
        const char *kind;
        const char *path;
    } device[] = { { "qrng", "/dev/qrng0" }, { "hwrng", "/dev/hwrng" } };

    for (size_t i = 0; i < sizeof device / sizeof device[0]; i++) {
        qw_err err = qw_key_source_device(device[i].kind, device[i].path, source);

        if (err == QW_OK || err == QW_ERR_REFUSED) {
            return err; /* a device that fails its health tests is a matter for a person */
        }
    }
    return qw_key_source_kernel(source);
}
