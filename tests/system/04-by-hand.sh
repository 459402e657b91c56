# SPDX-License-Identifier: Apache-2.0
# rows: W6 W7 W8 C6 C14
# What the README's quick start does by hand, the second start of everything, and what a user does wrong.
source "$(dirname "$0")/site.sh"

make_centre
status=0
"$bin/qwave" init "$site/centre" 2>"$site/init.log" || status=$?
[ "$status" = 1 ] || fail "a second init over the first: exit status $status"
grep -q 'there is a centre in it already' "$site/init.log" || fail "a second init does not say why: $(cat "$site/init.log")"

start_centre
make_devices 8
admin status | grep -q '^source  *kernel$' || fail "the status names no source: $(admin status)"
[ "$(admin device list | wc -l)" = 4 ] || fail "not three devices under one headline: $(admin device list)"
for device in $(seq 105); do
    admin device add "meter-$device" --kind terminal --owner test >/dev/null
done
[ "$(admin device list | grep -c '^meter-')" = 105 ] || fail "the list of devices stops at a page"
start_air
start_access_point
start_terminal
[ "$(remaining)" = 8 ] || fail "$(remaining) keys after charging 8"
use_keys 3
within 120 refilled || fail "no refill below the low-water mark"
[ "$(remaining)" -gt 8 ] || fail "only $(remaining) keys after the refill"
use_keys 3

fresh=$(key --json fresh)
[ "$(fetch "$(field key_ID <<<"$fresh")")" = "$(field key_hex <<<"$fresh")" ] || fail "the fresh key differs"

echo "charging an existing card again"
before=$(remaining)
status=0
charge phone-1 4 2>"$site/charge.log" || status=$?
[ "$status" = 1 ] || fail "a card in use was charged: exit status $status"
stop terminal
charge phone-1 4
start_terminal
[ "$(remaining)" = $((before + 4)) ] || fail "$(remaining) keys after adding 4 to $before"
use_keys 2

echo "everything stops and starts again"
stop terminal
stop ap
stop qwaved
start_centre
start_access_point
start_terminal
use_keys 2
key refill >/dev/null || fail "no refill after the second start"
use_keys 2

echo "wrong arguments"
for wrong in "" "nonsense" "key" "key nonsense" "admin" "admin device fly phone-1" "charge" "init" "demo --scene moon" "demo --seed x" "air --port 70000" "demo --snr-db nan"; do
    status=0
    # shellcheck disable=SC2086 # the words are separate arguments
    "$bin/qwave" $wrong >/dev/null 2>"$site/wrong.log" || status=$?
    [ "$status" = 2 ] || fail "qwave $wrong: exit status $status"
    [ -s "$site/wrong.log" ] || fail "qwave $wrong: no message"
done
for program in qwaved qwave-ap qwave-terminal; do
    printf 'no_such_setting: 1\n' >"$site/wrong.yaml"
    status=0
    "$bin/$program" --config "$site/wrong.yaml" >/dev/null 2>"$site/wrong.log" || status=$?
    [ "$status" = 2 ] || fail "$program with a wrong setting: exit status $status"
    grep -q "wrong.yaml:1: no_such_setting" "$site/wrong.log" || fail "$program names no file and line: $(cat "$site/wrong.log")"
    status=0
    "$bin/$program" --config "$site/missing.yaml" >/dev/null 2>"$site/wrong.log" || status=$?
    [ "$status" = 2 ] || fail "$program without its file: exit status $status"
done
