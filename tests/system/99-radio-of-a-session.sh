# SPDX-License-Identifier: Apache-2.0
# rows: W1 W4 W9 W13 W15
# A software radio as the radio of a session: access point and terminal, two processes, refill a card through the real SoapySDR library.
# The radios are simulated (tests/soapy): they hear each other over one channel with fading, noise and another oscillator. Then what goes wrong.
source "$(dirname "$0")/site.sh"

QWAVE_SIMULATED_RADIO=${QWAVE_SIMULATED_RADIO:-}
export SOAPY_SDR_PLUGIN_PATH=$QWAVE_SIMULATED_RADIO
air_port=0 # there is none
radio="radio_frequency_mhz: 433.92
radio_rate_hz: 500000
radio_gain_db: 10
radio_send_gain_db: 0
radio_gap_ms: 3.5"
may="radio_may_send: true
eve_correlation: 0.7" # with 0.9 amplitudes alone leave a third of that, and now and then nothing
moving=,doppler=5

# with_radios AT-THE-ACCESS-POINT AT-THE-TERMINAL: both start again, with these further arguments of their devices. The air stays.
with_radios() {
    [ -z "${pid[terminal]:-}" ] || stop terminal
    [ -z "${pid[ap]:-}" ] || stop ap
    access_point_settings="radio: soapy:driver=qwave-test,air=$site/air,end=0,noise=0.003$1
$radio
$may"
    start_access_point
    start_terminal "radio: soapy:driver=qwave-test,air=$site/air,end=1,noise=0.003,offset=400$2" "$radio" "$may" \
        "probe_interval_ms: ${interval:-50}" "probes_max: ${probes:-2000}" "automatic_refill: false"
}

# refuses SETTING PATTERN: in the terminal's file, in place of the line of that name.
refuses() {
    local status=0
    grep -v "^${1%%:*}:" "$site/terminal.yaml" >"$site/wrong.yaml"
    printf '%s\n' "$1" >>"$site/wrong.yaml"
    "$bin/qwave-terminal" --check --config "$site/wrong.yaml" >/dev/null 2>"$site/wrong.log" || status=$?
    [ "$status" = 2 ] || fail "$1: exit status $status, not 2"
    grep -q -- "$2" "$site/wrong.log" || fail "$1: does not say \"$2\": $(cat "$site/wrong.log")"
}

# refill_ends STATUS PATTERN: that, said by the access point or the terminal since the last time, and no key came.
refill_ends() {
    local status=0 before
    before=$(remaining)
    : >"$site/ap.log"
    : >"$site/terminal.log"
    key refill >"$site/refill.out" 2>"$site/refill.log" || status=$?
    [ "$status" = "$1" ] || fail "$2: exit status $status, not $1: $(cat "$site/refill.log")"
    # who asked may have the answer before it is in a log
    within $ready_s grep -q -- "$2" "$site/ap.log" "$site/terminal.log" || fail "nobody says \"$2\": $(cat "$site/refill.log")"
    [ "$(remaining)" = "$before" ] || fail "$2: keys came all the same"
}

# counted NAME AT-LEAST: by the radio of either end in its last session.
counted() {
    local n
    for n in $(sed -n "s/.*radio:.* $1 \([0-9]*\).*/\1/p" "$site/ap.log" "$site/terminal.log"); do
        [ "$n" -lt "$2" ] || return 0
    done
    fail "$1 is under $2: $(grep -h 'radio: sent' "$site/ap.log" "$site/terminal.log")"
}

[ -n "$QWAVE_SIMULATED_RADIO" ] || skip "built without SoapySDR's headers"
make_centre
start_centre
make_devices 34

echo "two processes refill a card over the air"
with_radios "$moving" "$moving"
key refill >/dev/null || fail "no refill: $(tail -n 3 "$site/ap.log" "$site/terminal.log")"
within $ready_s grep -q "radio: SoapySDR driver qwave-test, simulated" "$site/terminal.log" || fail "the terminal does not say what its radio is"
within $ready_s grep -q "radio: SoapySDR driver qwave-test, simulated" "$site/ap.log" || fail "the access point does not say what its radio is"
[ "$(remaining)" -gt 34 ] || fail "only $(remaining) keys after the refill"
counted sent 600
counted heard 600
use_keys 36

echo "nothing is sent by a default; what a software radio cannot do"
refuses "radio_may_send: false" "by which you say that you may"
refuses "radio_send_gain_db: -1000" "by which you say that you may"
refuses "radio_frequency_mhz: 0" "needs radio_frequency_mhz and radio_gain_db"
refuses "radio: usrp" "radio is air, or soapy:"
refuses "radio: air" "air_port is missing"
refuses "radio_peer: 1" "are the same"
refuses "pace: measured" "a fixed pace"
refuses "bands: 2" "one antenna and one band"
refuses "carrier: lte-tdd" "a carrier of wifi20"
sed 's/^radio_may_send: true/console_view: simulated\n&/' "$site/ap.yaml" >"$site/wrong.yaml"
"$bin/qwave-ap" --check --config "$site/wrong.yaml" 2>"$site/wrong.log" && fail "the console would show what the key is made of"
grep -q "console_view: simulated needs radio: air" "$site/wrong.log" || fail "$(cat "$site/wrong.log")"

echo "an answer that comes too late for the channel"
interval=30 with_radios "$moving" "$moving"
refill_ends 3 "refused, GAP"

echo "no such device; a setting that it refuses"
with_radios ",refuse=gain" "$moving"
refill_ends 1 "does not open: the gain is refused: the test refuses it"
with_radios "$moving" ",no_clock=1"
refill_ends 1 "no clock to send by"

echo "a radio is unplugged in the middle, at either end"
with_radios "$moving" "$moving,fault=stream,every=5000"
refill_ends 1 "radio: sent"
with_radios "$moving,fault=stream,every=5000" "$moving"
refill_ends 1 "ended early"

echo "an access point is killed while it probes"
: >"$site/terminal.log"
key refill >/dev/null 2>&1 &
within 60 grep -q "R4 pool bytes" "$site/terminal.log" || fail "no probing to be killed in"
stop ap KILL

echo "after all of that: overruns and a clock that jumps cost probes, and no more"
with_radios "$moving,fault=overrun,every=997" "$moving,fault=jump,every=4001"
key refill >/dev/null || fail "no refill: $(tail -n 3 "$site/ap.log" "$site/terminal.log")"
counted overruns 3
counted "clock jumps" 1
use_keys 2

echo "nothing moves: no key"
probes=400 with_radios "" ""
refill_ends 3 "refused, STATIC"

echo "receivers that hear quite differently have nothing in common that is worth a key"
probes=400 with_radios "$moving" "$moving,ripple=1.5"
refill_ends 3 "refused, "
