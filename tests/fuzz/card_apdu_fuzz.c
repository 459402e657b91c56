/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: terminal */
/* A command for a card: what is accepted is encoded to a command of the same meaning. */
#include "terminal/card_apdu.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t encoded[QW_APDU_COMMAND_MAX];
    struct qw_apdu apdu, again;
    size_t len;

    if (size >= 2) {
        (void)qw_apdu_err((uint16_t)(data[0] << 8 | data[1]));
    }
    if (qw_apdu_decode(data, size, &apdu) != QW_OK) {
        return 0;
    }
    len = qw_apdu_encode(&apdu, encoded);
    if (qw_apdu_decode(encoded, len, &again) != QW_OK || again.len != apdu.len ||
        again.cla != apdu.cla || again.ins != apdu.ins || again.p1 != apdu.p1 ||
        again.p2 != apdu.p2 || (apdu.len != 0 && memcmp(again.data, apdu.data, apdu.len) != 0)) {
        abort();
    }
    return 0;
}
