# SPDX-License-Identifier: Apache-2.0
# rows: W6 W12 W13
# once: its sessions are those of the unit tests of src/radio, which the sanitizers see
# The terminal's settings choose carrier, antennas and bands; the access point's say what it offers. Real processes, simulated radio.
source "$(dirname "$0")/site.sh"

ledger() { # NAME: of the last session
    key --json ledger | field "$1"
}

restart_terminal() { # SETTING...
    stop terminal
    start_terminal "$@"
}

make_centre
start_centre
make_devices 20
start_air
start_access_point
start_terminal

echo "one antenna, Wi-Fi 20 MHz: nothing is said"
key refill >/dev/null || fail "no refill as it always was"
refilled 1 || fail "the refill is not counted"
narrow_bits=$(ledger secret_bits)
narrow_probes=$(ledger probes)
use_keys 3

echo "two antennas, Wi-Fi 40 MHz"
restart_terminal "carrier: wifi40" "antennas: 2"
key refill >/dev/null || fail "no refill over Wi-Fi 40 MHz with two antennas"
refilled 1 || fail "the refill is not counted"
use_keys 3
wide_bits=$(ledger secret_bits)
wide_probes=$(ledger probes)
[ $((wide_bits * narrow_probes)) -gt $((narrow_bits * wide_probes)) ] ||
    fail "$wide_bits secret bits of $wide_probes probes over the wide band, $narrow_bits of $narrow_probes over the narrow one"

echo "four bands, Wi-Fi 80 MHz with two antennas at the access point"
restart_terminal "bands: 4"
key refill >/dev/null || fail "no refill over four bands"
use_keys 3
restart_terminal "carrier: wifi80" "access_point_antennas: 2"
key refill >/dev/null || fail "no refill over Wi-Fi 80 MHz"
use_keys 3

echo "cells: LTE and NR in time division"
restart_terminal "carrier: lte-tdd"
key refill >/dev/null || fail "no refill over LTE"
use_keys 2
restart_terminal "carrier: nr-tdd" "probe_interval_ms: 25"
key refill >/dev/null || fail "no refill over NR"
use_keys 2

echo "an access point that does not offer it"
stop ap
access_point_settings="offers_carriers: wifi20 wifi80
offers_antennas: 1" start_access_point
refused() { # WHAT SETTING...
    local what=$1 before status=0
    shift
    restart_terminal "$@"
    before=$(remaining)
    used=$(key --json status | field pool_bits_up)
    key refill >"$site/refused.out" 2>"$site/refused.log" || status=$?
    [ "$status" = 3 ] || fail "$what: exit status $status instead of 3: $(cat "$site/refused.log")"
    within $ready_s grep -q 'CARRIER' "$site/terminal.log" || fail "$what: the terminal does not say why"
    within $ready_s grep -q "phone-1 asks for .*$what.*not offered" "$site/ap.log" || fail "$what: the access point does not say what was asked"
    [ "$(key --json status | field last_refusal)" = CARRIER ] || fail "$what: the status does not say why"
    [ "$(remaining)" = "$before" ] || fail "$what: keys came all the same"
    [ "$(key --json status | field pool_bits_up)" = "$used" ] || fail "$what: a refusal has cost pool bits"
}
refused "wifi40" "carrier: wifi40"
refused "antennas 2x1" "access_point_antennas: 2"
restart_terminal "carrier: wifi80" "antennas: 2"
key refill >/dev/null || fail "no refill over what is offered"
use_keys 1

echo "settings that cannot be"
wrong() { # PROGRAM SETTINGS-FILE WORDS SETTING...
    local program=$1 file=$2 words=$3 status=0
    shift 3
    { cat "$site/$file"; printf '%s\n' "$@"; } >"$site/wrong.yaml"
    "$bin/$program" --config "$site/wrong.yaml" --check >/dev/null 2>"$site/wrong.log" || status=$?
    [ "$status" = 2 ] || fail "$program with $*: exit status $status"
    grep -q "wrong.yaml.*$words" "$site/wrong.log" || fail "$program with $*: $(cat "$site/wrong.log")"
}
restart_terminal
stop ap
start_access_point
wrong qwave-terminal terminal.yaml "must be at most 4" "antennas: 2" "bands: 4"
wrong qwave-terminal terminal.yaml "wifi20, wifi40, wifi80" "carrier: wifi41"
wrong qwave-terminal terminal.yaml "1 with a cell" "carrier: lte-tdd" "antennas: 2"
wrong qwave-terminal terminal.yaml "probe_interval_ms" "probe_interval_ms: 6" "bands: 4"
wrong qwave-terminal terminal.yaml "probe_interval_ms" "probe_interval_ms: 0.4"
wrong qwave-ap ap.yaml "offers_carriers" "offers_carriers: wifi20, wifi40"
