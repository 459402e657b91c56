#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/build_console without its packages: an empty table and a warning where that is allowed, else a failure. What is there
# already is not fetched again. npm is a stand-in.
. "$(dirname "$0")/seed.sh"
mkdir -p "$seed/bin" "$seed/console/src" "$seed/docs"
cp "$source_root/tools/build_console" "$seed/tools/"
touch "$seed/console/package.json" "$seed/console/package-lock.json" "$seed/console/.npmrc" "$seed/docs/openapi.yaml"
printf '#!/bin/sh\necho v18.0.0\n' >"$seed/bin/node"
printf '#!/bin/sh\necho "npm $1"\nexit ${NPM_STATUS:-0}\n' >"$seed/bin/npm"
chmod +x "$seed/bin/node" "$seed/bin/npm"
run() { # LABEL STATUS-OF-NPM ARGUMENT...
    echo "-- $1"
    local npm_status=$2
    shift 2
    PATH="$seed/bin:$PATH" NPM_STATUS=$npm_status "$seed/tools/build_console" "$@" 2>&1
    echo "exit status $?"
}
run "no packages" 1 --or-nothing "$seed/table.c" "$seed/setup.c"
grep -c "_built = { .files = NULL }" "$seed/table.c" "$seed/setup.c" | sed "s|$seed/||"
run "no packages, and they are needed" 1 "$seed/table.c" "$seed/setup.c"
mkdir "$seed/console/node_modules"
touch "$seed/build/console/files.c" "$seed/build/console/setup.c"
printf '#!/bin/sh\ncase $1 in *embed.mjs) echo made >"$3" ;; *) echo v18.0.0 ;; esac\n' >"$seed/bin/node"
run "packages" 0 "$seed/table.c" "$seed/setup.c"
cat "$seed/table.c"
run "nothing has changed" 1 "$seed/table.c" "$seed/setup.c"
