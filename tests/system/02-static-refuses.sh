# SPDX-License-Identifier: Apache-2.0
# rows: W4 W12
# Where nothing moves there is no secret: exit status 3, no key, and the reason. The same with a nearly static capture.
source "$(dirname "$0")/site.sh"

refuses() { # ARGUMENT...
    local status=0
    "$bin/qwave" demo --once --json --source kernel --seed 1 "$@" >"$site/demo.json" 2>"$site/demo.log" || status=$?
    cat "$site/demo.json"
    [ "$status" = 3 ] || fail "$*: exit status $status instead of 3: $(cat "$site/demo.log")"
    [ "$(field delivered_keys <"$site/demo.json")" = 0 ] || fail "$*: keys were delivered"
    [ "$(field plkg_secret_bits <"$site/demo.json")" = 0 ] || fail "$*: secret bits were claimed"
    [ "$(field refusal <"$site/demo.json")" != NONE ] || fail "$*: no reason"
}

refuses --scene static
[ "$(field refusal <"$site/demo.json")" = STATIC ] || fail "the reason is not STATIC"
[ -r "${QWAVE_CAPTURES:-}/intel5300_ap.dat" ] || skip "the static scene is refused; no captures at hand for the rest"
refuses --capture "$QWAVE_CAPTURES/intel5300_ap.dat"
