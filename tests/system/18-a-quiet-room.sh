# SPDX-License-Identifier: Apache-2.0
# rows: W6 W12
# A room in which people sit: at the usual pace there is nothing to be had; a terminal that looks first, with antennas and bands, gets its keys.
source "$(dirname "$0")/site.sh"

make_centre
start_centre
make_devices 20
start_air --scene room
start_access_point

echo "a probe each 20 ms"
start_terminal "automatic_refill: false"
status=0
key refill >"$site/still.out" 2>"$site/still.log" || status=$?
[ "$status" = 3 ] || fail "exit status $status instead of 3 at the usual pace: $(cat "$site/still.log")"
[ "$(remaining)" = 20 ] || fail "keys came from a room in which nothing was new"

echo "the pace of the room, two antennas, two bands"
stop terminal
start_terminal "automatic_refill: false" "pace: measured" "antennas: 2" "bands: 2"
key refill >/dev/null || fail "no refill at the pace of the room: $(tail -n 2 "$site/terminal.log")"
refilled 1 || fail "the refill is not counted"
within $ready_s grep -q "a probe each [0-9]* ms, after [1-6] look" "$site/terminal.log" || fail "the terminal does not say its pace"
interval=$(sed -n 's/.*a probe each \([0-9]*\) ms, after.*/\1/p' "$site/terminal.log" | tail -n 1)
[ "$interval" -gt 100 ] || fail "a probe each $interval ms in a quiet room"
[ "$(remaining)" -gt 20 ] || fail "no more keys after the refill"
use_keys 4
