#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A page that does not know a new citation is stale; a citation of a form that the glossary does not list is refused.
. "$(dirname "$0")/seed.sh"
mkdir -p "$seed/src/base" "$seed/docs"
cp "$source_root/docs/mission-rows.md" "$seed/docs/"
echo '/* Cut as told in [RFC 7914 6]. */' >"$seed/src/base/cut.c"
"$source_root/tools/trace" --write "$seed" >/dev/null
echo '/* Joined as told in [RFC 8446 4.2.11]. */' >"$seed/src/base/join.c"
expect_refusal trace "$seed"
echo '/* As planned in [radio 2]. */' >"$seed/src/base/join.c"
expect_refusal trace "$seed"
