# SPDX-License-Identifier: Apache-2.0
# rows: W9 W13
# Somebody adds a signal to both ends' measurements 0.1 us after each pilot has begun, where nothing else moves. Nothing gives him away: he
# has the key, unless policy credits him with the power that he has (docs/adr/0059-injected-signals-by-their-power-over-the-noise.md). Who is
# slower is found by that, tests/system/14-lab-plkg.sh.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAIL: $*"
    exit 1
}

# lab STATUS ARGUMENT...   its JSON is in $work/out
lab() {
    local status=0 expected=$1
    shift
    timeout 300 "$bin/qwave" lab plkg --seed 1 --json "$@" >"$work/out" 2>"$work/log" || status=$?
    [ "$status" = "$expected" ] || fail "lab plkg $*: exit status $status, not $expected: $(cat "$work/log")"
}

field() {
    sed "s/.*\"$1\":\([^,}]*\).*/\1/" "$work/out"
}

attack="--attack inject-after-hearing --reaction-us 0.1 --channel static --seconds 20"

echo "credited with less than he has, he has the key"
# shellcheck disable=SC2086 # words
lab 1 $attack --credited-injection 10
[ "$(field eve_keys)" = 1 ] || fail "the attacker has no key"

echo "credited with as much as he has, nobody has one"
for power in 25 35; do
    # shellcheck disable=SC2086
    lab 3 $attack --credited-injection $power
    [ "$(field keys)" = 0 ] || fail "a key at $power dB"
    grep -q EVE_CORR "$work/out" || fail "refused for another reason: $(cat "$work/out")"
done

echo "a channel that moves pays for a weak one, and still gives keys"
lab 0 --attack inject-after-hearing --reaction-us 0.1 --attack-db -30 --credited-injection 3 --seconds 20
[ "$(field keys)" -gt 0 ] && [ "$(field eve_keys)" = 0 ] || fail "$(cat "$work/out")"

echo "a repeater that he carries, where nothing else moves: his key, unless he is credited with its power or it comes too late to be measured"
repeat="--attack repeat --seconds 20"
# shellcheck disable=SC2086 # words
lab 1 $repeat --channel static --credited 0.9
[ "$(field eve_keys)" = 1 ] || fail "the owner of the repeater has no key"
for credit in "" "--credited 0.9 --repeater-delay-ns 2000"; do
    # shellcheck disable=SC2086
    lab 3 $repeat --channel static $credit
    [ "$(field keys)" = 0 ] || fail "a key with '$credit'"
done

echo "a repeater beside a channel that moves: as strong as the channel it leaves nothing, a weak one is paid for"
# shellcheck disable=SC2086
lab 3 $repeat
grep -q EVE_CORR "$work/out" || fail "refused for another reason: $(cat "$work/out")"
# shellcheck disable=SC2086
lab 0 $repeat --attack-db -30
[ "$(field keys)" -gt 0 ] && [ "$(field eve_keys)" = 0 ] || fail "$(cat "$work/out")"

echo "amplitudes are no sum of two signals: refused"
lab 3 --features amplitude --credited-injection -20 --snr-db 30 --seconds 20 --no-eve
grep -q POLICY "$work/out" || fail "refused for another reason: $(cat "$work/out")"
echo "passed"
