/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/csi_source.h"

#include <string.h>

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
