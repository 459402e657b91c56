/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/capture/load.h"

#include <string.h>

/* Where the machine's order is the file's, the compiler makes wide vectors of the second loop. */
void qw_load_s16_pairs(const uint8_t *in, size_t count, float complex *out)
{
    const uint16_t probe = 1;
    unsigned char first;
    float *part = (float *)out; /* a complex number is laid out as two of its parts */

    memcpy(&first, &probe, 1);
    if (first != 1) {
        for (size_t i = 0; i < 2 * count; i++) {
            part[i] = (float)(int16_t)qw_load_u16le(in + 2 * i);
        }
        return;
    }
    for (size_t i = 0; i < 2 * count; i++) {
        int16_t value;

        memcpy(&value, in + 2 * i, sizeof value);
        part[i] = (float)value;
    }
}
