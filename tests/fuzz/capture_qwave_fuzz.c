/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: radio */
#include "capture_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return walk_capture(QW_CAPTURE_QWAVE, data, size);
}
