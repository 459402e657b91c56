# SPDX-License-Identifier: Apache-2.0
# The operator's page without a centre. Usage: console.sh unit|types
set -eu
cd "$(dirname "$0")/../console"
[ -d node_modules/svelte ] || { echo "skipped: console/node_modules is not installed (tools/build_console)"; exit 77; }
case $1 in
unit) node test/run.mjs ;;
types)
    # Made anew from the document, so that neither can have moved alone.
    npm run --silent types >/dev/null
    npm run --silent check
    ;;
*) exit 2 ;;
esac
