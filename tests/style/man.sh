#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A program without a page, and a page with an unknown macro.
. "$(dirname "$0")/seed.sh"
mkdir -p "$seed/apps/bare" "$seed/apps/crooked"
touch "$seed/apps/bare/main.c" "$seed/apps/crooked/main.c"
printf '.Dd November 22, 2026\n.Dt CROOKED 1\n.Os\n.Sh NAME\n.Nm crooked\n.Nd does it\n.Bl -tag\n.Qz\n' >"$seed/apps/crooked/crooked.1"
expect_refusal check_man "$seed"
