/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: qkd */
/* What a simulated light and its two ends say: what decodes is encoded again and must be the same
 * bytes. */
#include "qkd/optics_message.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_all(const uint8_t *copy, size_t size, struct qw_qkd_click *clicks, uint8_t *out)
{
    struct qw_optics_pulses pulses;
    uint8_t role;
    uint32_t asked;
    size_t count;

    if (qw_optics_hello_decode(copy, size, &role) == QW_OK) {
        qw_optics_hello_encode(role, out);
        qw_assert(qw_equal_ct(copy, out, size));
    }
    if (qw_optics_ask_decode(copy, size, &asked) == QW_OK) {
        qw_optics_ask_encode(asked, out);
        qw_assert(qw_equal_ct(copy, out, size));
    }
    if (qw_optics_pulses_decode(copy, size, &pulses) == QW_OK) {
        struct qw_pulse_record record = qw_optics_pulses_record(&pulses);

        qw_assert(qw_pulse_of(&record, size).intensity < pulses.intensities);
        qw_optics_pulses_encode(&pulses, out);
        qw_assert(qw_equal_ct(copy, out, size));
    }
    if (qw_optics_clicks_decode(copy, size, clicks, &count) == QW_OK) {
        qw_assert(qw_optics_clicks_encode(clicks, count, out) == size);
        qw_assert(qw_equal_ct(copy, out, size));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct qw_qkd_click clicks[QW_OPTICS_CLICKS_MAX];
    static uint8_t out[QW_OPTICS_CLICKS_LEN_MAX];
    uint8_t *copy = malloc(size + (size == 0)); /* exact: a sanitizer sees the first byte behind */

    if (copy != NULL) {
        memcpy(copy, data, size);
        try_all(copy, size, clicks, out);
    }
    free(copy);
    return 0;
}
