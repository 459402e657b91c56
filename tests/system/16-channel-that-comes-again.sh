# SPDX-License-Identifier: Apache-2.0
# rows: W4 W6 W9
# A simulator that is started again with the same seed plays the same fading: the terminal remembers it, refuses, and refills once the
# channel is another one.
source "$(dirname "$0")/site.sh"

air_again() { # SEED
    stop air
    start air qwave air --port "$air_port" --seed "$1"
    ready air >/dev/null
}

make_centre
start_centre
make_devices 20
start_air
start_access_point
start_terminal

echo "a first refill"
key refill >/dev/null || fail "no refill on a new channel"
refilled 1 || fail "the first refill is not counted"
for ((i = 0; i < 10; i++)); do key get >/dev/null; done # makes room; the next session is shorter
first=$(remaining)

echo "the same channel once more"
air_again 1
status=0
key refill >"$site/again.out" 2>"$site/again.log" || status=$?
[ "$status" = 3 ] || fail "exit status $status instead of 3 on a channel that comes again: $(cat "$site/again.log")"
within $ready_s grep -q REPLAY "$site/terminal.log" || fail "the terminal does not say why"
[ "$(remaining)" = "$first" ] || fail "keys came over a channel that was known"

echo "another channel"
air_again 2
key refill >/dev/null || fail "no refill on another channel"
refilled 2 || fail "the second refill is not counted"
