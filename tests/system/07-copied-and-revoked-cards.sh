# SPDX-License-Identifier: Apache-2.0
# rows: W14 C8 A4
# A copied card, a wrong card, a suspended and a destroyed device: refused, and the audit of the centre knows why.
source "$(dirname "$0")/site.sh"

make_centre
start_centre
make_devices 8
start_air
start_access_point
cp "$site/phone-1.card" "$site/copy.card"
start_terminal "automatic_refill: false"
key refill >/dev/null || fail "the first refill"
use_keys 10
stop terminal

echo "a copy made before the refill presents an old token"
cp "$site/phone-1.card" "$site/original.card"
cp "$site/copy.card" "$site/phone-1.card"
start_terminal "automatic_refill: false"
! key refill >/dev/null 2>&1 || fail "the copy was refilled"
stop terminal
[ "$(admin --json device show phone-1 | field state)" = suspended ] || fail "the centre has not suspended the card"

echo "the original is suspended too, until somebody has looked"
cp "$site/original.card" "$site/phone-1.card"
start_terminal "automatic_refill: false"
! key refill >/dev/null 2>&1 || fail "a suspended card was refilled"
admin device resume phone-1 >/dev/null
key refill >/dev/null || fail "no refill after resuming"
use_keys 2

echo "a destroyed device: its keys are void at once"
id=$(key --json get | field key_ID)
admin device destroy phone-1 >/dev/null
[ -z "$(fetch "$id")" ] || fail "the centre still gives a key of a destroyed device"
! key refill >/dev/null 2>&1 || fail "a destroyed card was refilled"
! admin device resume phone-1 >/dev/null 2>&1 || fail "a destroyed device was resumed"
stop terminal

echo "somebody else's card"
admin device add phone-2 --kind terminal --owner test --peer app-1 >/dev/null
charge phone-2 4
cp "$site/phone-2.card" "$site/phone-1.card"
cp "$site/phone-2.passphrase" "$site/phone-1.passphrase"
status=0
timeout $ready_s "$bin/qwave-terminal" --config "$site/terminal.yaml" >/dev/null 2>"$site/terminal.log" || status=$?
[ "$status" = 1 ] || [ "$status" = 3 ] || fail "a terminal with somebody else's card runs: exit status $status"
