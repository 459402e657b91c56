#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One row is missing, one has a state that says nothing.
. "$(dirname "$0")/seed.sh"
mkdir "$seed/docs"
cp "$source_root/docs/mission-rows.md" "$seed/docs/"
sed -e '/^| *W4 *|/d' -e 's/^\(| *C7 *|[^|]*|\)[^|]*|/\1 nearly |/' "$source_root/README.md" >"$seed/README.md"
expect_refusal check_readme "$seed"
