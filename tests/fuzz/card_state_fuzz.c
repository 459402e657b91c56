/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: terminal */
#include "terminal/card_state.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted encodes to exactly the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct qw_card_state state;
    static uint8_t again[QW_CARD_STATE_ENCODED_MAX];

    memset(&state, 0, sizeof state);
    if (qw_card_state_decode(data, size, &state) == QW_OK &&
        (qw_card_state_encode(&state, again) != size || memcmp(data, again, size) != 0)) {
        abort();
    }
    return 0;
}
