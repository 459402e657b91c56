/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/csi_source.h"

#include <string.h>

qw_err qw_csi_source_tune(struct qw_csi_source *source, const struct qw_tuning *tuning)
{
    const struct qw_tuning *now =
        source->tuning.carrier != NULL ? &source->tuning : &qw_tuning_standard;
    qw_err err;

    if (qw_tuning_equal(now, tuning)) {
        return QW_OK;
    }
    if (source->tune == NULL) {
        return QW_ERR_UNAVAILABLE;
    }
    err = source->tune(source->self, tuning);
    if (err == QW_OK) {
        source->tuning = *tuning;
    }
    return err;
}

void qw_csi_source_close(struct qw_csi_source *source)
{
    if (source == NULL) {
        return;
    }
    if (source->close != NULL) {
        source->close(source->self);
    }
    memset(source, 0, sizeof *source);
}
