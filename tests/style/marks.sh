#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/seed.sh"
mkdir -p "$seed/src/base"
printf '/* SPDX-License-Identifier: Apache-2.0 */\n/* FIX%s later */\n' ME >"$seed/src/base/later.c"
echo 'int bare;' >"$seed/src/base/bare.c"
expect_refusal check_marks "$seed"
