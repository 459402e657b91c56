#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two steps up and an include that is not rooted at src.
. "$(dirname "$0")/seed.sh"
mkdir -p "$seed/src/distill" "$seed/src/centre"
cat >"$seed/src/distill/toeplitz.h" <<'C'
#include "base/error.h"
#include "radio/quantise.h"
C
echo '#include "key_life.h"' >"$seed/src/centre/device.c"
expect_refusal check_layers "$seed"
