#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A header that uses a type it does not include, and one with another file's guard.
. "$(dirname "$0")/seed.sh"
mkdir -p "$seed/src/base"
cat >"$seed/src/base/lonely.h" <<'C'
#ifndef QW_BASE_LONELY_H
#define QW_BASE_LONELY_H
uint8_t answer(void);
#endif
C
cat >"$seed/src/base/masked.h" <<'C'
#ifndef QW_BASE_OTHER_H
#define QW_BASE_OTHER_H
#endif
C
expect_refusal check_headers "$seed"
