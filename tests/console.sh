# SPDX-License-Identifier: Apache-2.0
# The operator's page without a centre. Usage: console.sh unit|types
# console.sh movement FOLDER-OF-THE-PROGRAMS: how long after opening the page of `qwave demo` its radio moves. A measurement, no test.
set -eu
programs=$(realpath "${2:-.}")
cd "$(dirname "$0")/../console"
[ -d node_modules/svelte ] || { echo "skipped: console/node_modules is not installed (tools/build_console)"; exit 77; }
case $1 in
unit) node test/run.mjs ;;
types)
    # Made anew from the document, so that neither can have moved alone.
    npm run --silent types >/dev/null
    npm run --silent check
    ;;
movement)
    log=$(mktemp)
    "$programs/qwave" demo --serve >"$log" 2>&1 &
    demo=$!
    trap 'kill "$demo" 2>/dev/null; wait "$demo" 2>/dev/null; rm -f "$log"' EXIT
    until grep -q 'operator.p12' "$log"; do
        kill -0 "$demo" 2>/dev/null || { cat "$log"; exit 1; }
        sleep 0.1
    done
    url=$(sed -n 's|.*console for officers: \(.*\)/console/.*|\1|p' "$log")
    folder=$(sed -n 's|.*everything keeps running in \([^ ]*\) until.*|\1|p' "$log")
    QWAVE_CHROMIUM=${QWAVE_CHROMIUM:-$(command -v chromium)} node test/radio.mjs "$url" "$folder/centre/operator/operator.pem" \
        "$folder/centre/operator/operator.key" ../build/console/pictures first
    ;;
*) exit 2 ;;
esac
