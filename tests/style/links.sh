#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A link to a page beside it, and a page named in a header, that are not there; links elsewhere and to headings are fine.
. "$(dirname "$0")/seed.sh"
mkdir -p "$seed/src/base" "$seed/docs"
echo '[a](docs/here.md#part) [b](#top) [c](https://example.org/x.md) `docs/here.md`' >"$seed/README.md"
echo '[up](../README.md) [gone](there.md)' >"$seed/docs/here.md"
echo '/* Bytes: docs/''protocol/lost.md. */' >"$seed/src/base/lost.h"
expect_refusal check_links "$seed"
