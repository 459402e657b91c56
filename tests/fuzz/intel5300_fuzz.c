/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: radio */
/* The walk ends at the end of the data; a record encodes and decodes to itself. */
#include "radio/intel5300.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_intel5300_reader reader = qw_intel5300_reader_on(data, size);
    struct qw_intel5300_record record;
    struct qw_csi_frame *frame = malloc(sizeof *frame);

    if (frame == NULL) {
        return 0;
    }
    while (qw_intel5300_next(&reader, &record) == QW_OK) {
        uint8_t out[2][QW_INTEL5300_RECORD_MAX];
        size_t len = qw_intel5300_encode(&record, out[0], sizeof out[0]);
        struct qw_intel5300_record again;

        if (len == 0 || qw_intel5300_decode(out[0] + 3, len - 3, &again) != QW_OK ||
            qw_intel5300_encode(&again, out[1], sizeof out[1]) != len ||
            memcmp(out[0], out[1], len) != 0) {
            abort();
        }
        qw_intel5300_to_frame(&record, frame);
    }
    if (reader.at + reader.left_over != size) {
        abort();
    }
    free(frame);
    return 0;
}
