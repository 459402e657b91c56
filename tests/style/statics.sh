#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A counter, a static inside a function and an initialised one are found; a constant table of pointers is not.
. "$(dirname "$0")/seed.sh"
cat >"$seed/counter.c" <<'C'
int calls;
static int started = 1;
const char *const names[] = { "one", "two" };
int next(void);
int next(void)
{
    static int last;
    return calls + ++last + started++;
}
C
mkdir "$seed/lib"
"${CC:-cc}" -fPIC -c "$seed/counter.c" -o "$seed/counter.c.o"
ar rc "$seed/lib/libqw_seed.a" "$seed/counter.c.o"
expect_refusal check_statics "$seed/lib" "$seed"
