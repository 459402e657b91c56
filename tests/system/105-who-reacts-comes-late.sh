# SPDX-License-Identifier: Apache-2.0
# rows: W9 W13
# once: its sessions are those of the unit tests of src/radio, which the sanitizers see
# Somebody adds a wave of his own to each frame that he hears begin, where nothing else moves and beside somebody who walks. Real processes:
# both ends refuse, and say why; a radio that cannot tell says that, and not that all is well.
source "$(dirname "$0")/site.sh"

ledger() { # NAME: of the last session
    key --json ledger | field "$1"
}

restart_air() { # ARGUMENT...
    stop terminal
    stop ap
    stop air
    start_air "$@"
    start_access_point
    start_terminal
}

refused() { # WHAT
    local status=0
    use_keys 3
    key refill >"$site/refill" 2>&1 || status=$?
    [ "$status" = 3 ] || fail "$1: exit status $status, not 3: $(cat "$site/refill")"
    [ "$(ledger refusal)" = INJECTION ] || fail "$1: refused for another reason: $(ledger refusal)"
    [ "$(ledger secret_bits)" = 0 ] || fail "$1: secret bits"
}

make_centre
start_centre
make_devices 20
start_air
start_access_point
start_terminal

echo "nobody adds anything: a key, and the beginnings of frames have been looked at"
key refill >/dev/null || fail "no refill"
[ "$(ledger onset)" = passed ] || fail "beginnings: $(ledger onset)"

echo "somebody reacts within 2 us, as strong as the channel, then at a hundredth of it"
restart_air --inject-db 0
refused "as strong as the channel"
restart_air --inject-db -20 --scene static
refused "a hundredth of a channel at rest"

echo "who is there from the first sample on is not seen by this"
restart_air --inject-db -20 --reaction-us 0.1
use_keys 3
key refill >/dev/null || fail "no refill beside a signal that the credit pays for"
[ "$(ledger onset)" = passed ] || fail "beginnings: $(ledger onset)"

echo "the same of 80 MHz: a key without him, none beside him"
restart_air
stop terminal
start_terminal "carrier: wifi80"
use_keys 3
key refill >/dev/null || fail "no refill at 80 MHz"
[ "$(ledger onset)" = passed ] || fail "beginnings: $(ledger onset)"
restart_air --inject-db -20 --scene static
stop terminal
start_terminal "carrier: wifi80"
refused "at 80 MHz, a hundredth of a channel at rest"

echo "two antennas at the terminal: nobody can tell, and the account says so"
restart_air
stop terminal
start_terminal "antennas: 2"
use_keys 3
key refill >/dev/null || fail "no refill with two antennas"
[ "$(ledger onset)" = "not made" ] || fail "beginnings: $(ledger onset)"
echo "passed"
