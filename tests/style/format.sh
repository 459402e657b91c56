#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/seed.sh"
mkdir -p "$seed/src/base"
printf 'int answer( void );\n' >"$seed/src/base/crooked.h"
expect_refusal check_format "$seed"
