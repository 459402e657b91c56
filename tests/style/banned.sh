#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Calls in comments and strings do not count; one more than the table allows does, and so does an exception nobody uses.
. "$(dirname "$0")/seed.sh"
mkdir -p "$seed/src/base"
cat >"$seed/src/base/copy.c" <<'C'
/* strcpy(a, b) in
 * a comment */
const char *text = "atoi(\" )"; // sprintf(x)
int first(const void *a, const void *b) { return memcmp(a, b, 1); }
int second(const void *a, const void *b) { return memcmp (a, b, 2) + qw_memcmp(a); }
C
cat >>"$seed/tools/banned.txt" <<'TABLE'
allow src/base/copy.c strtok 1 nobody calls it
TABLE
expect_refusal check_banned "$seed"
