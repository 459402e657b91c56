# SPDX-License-Identifier: Apache-2.0
# For the scenarios beside it, after site.sh: the operator's page in a browser.
root=$(cd "$(dirname "$0")/../.." && pwd)
pictures=$root/build/console/pictures
chromium=${QWAVE_CHROMIUM:-$(command -v chromium || true)}

# no_browser: true where there is none, and says what is missing.
no_browser() {
    if ! command -v node >/dev/null; then
        echo "no Node.js"
    elif [ -z "$chromium" ]; then
        echo "no Chromium"
    elif [ ! -d "$root/console/node_modules/playwright-core" ]; then
        echo "console/node_modules is not installed"
    else
        return 1
    fi
}

needs_browser() {
    local missing
    ! missing=$(no_browser) || skip "$missing"
}

# has_console: the centre that runs at $url was built with its page.
has_console() {
    grep -q "console for officers: $url/console/" "$site/qwaved.log"
}

needs_console() {
    has_console || skip "qwaved was built without its console"
}

# browse SCENE ARGUMENT...: console/test/SCENE.mjs.
browse() {
    QWAVE_CHROMIUM=$chromium node "$root/console/test/$1.mjs" "${@:2}" || fail "see above"
}
