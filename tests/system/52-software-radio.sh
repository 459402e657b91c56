# SPDX-License-Identifier: Apache-2.0
# rows: W1 W15
# A recording from a software radio through the real SoapySDR library. The radio is simulated (tests/soapy): its receiver hears its transmitter
# over a channel. What is sent comes back with number and station; what goes wrong is counted, or ends the recording with a whole file.
source "$(dirname "$0")/site.sh"

radio=(--frequency-hz 433.92e6 --rate-hz 2e6 --gain-db 10)
loop=("${radio[@]}" --role first --station 1 --peer 1 --send-gain-db 0 --interval-ms 20)

# record ARGS OPTION...: of the simulated radio with these arguments, into $site/out.qwc
record() {
    local args=$1
    shift
    SOAPY_SDR_PLUGIN_PATH=$QWAVE_SIMULATED_RADIO timeout $ready_s "$bin/qwave" capture record --json --replace \
        "soapy:driver=qwave-test$args" "$site/out.qwc" "$@" >"$site/out" 2>"$site/out.log"
}

# refuses STATUS PATTERN ARGS OPTION...
refuses() {
    local status=0 expected=$1 pattern=$2
    shift 2
    record "$@" || status=$?
    [ "$status" = "$expected" ] || fail "record $*: exit status $status, not $expected: $(cat "$site/out.log")"
    grep -q -- "$pattern" "$site/out.log" || fail "record $*: does not say \"$pattern\": $(cat "$site/out.log")"
}

count() {
    field "$1" <"$site/out"
}

QWAVE_SIMULATED_RADIO=${QWAVE_SIMULATED_RADIO:-}
echo "what is asked for before any radio is touched"
refuses 2 "needs --frequency-hz and --gain-db" ""
refuses 2 "to send needs --send-gain-db and --station" "" "${radio[@]}" --role first --station 1
refuses 2 "to send needs --send-gain-db and --station" "" "${radio[@]}" --role second --send-gain-db 0
refuses 2 "must be over --gap-ms" "" "${loop[@]}" --interval-ms 10
refuses 2 "none of the names" "" "${radio[@]}" --role third
refuses 2 "a carrier is" "" "${radio[@]}" --carrier lte-tdd
refuses 2 "not a number of" "" "${radio[@]}" --rate-hz 1e9
refuses 2 "not a number of" "" "${radio[@]}" --gain-db nan
refuses 2 "not a number of 0 to 15" "" "${radio[@]}" --station 16

[ -n "$QWAVE_SIMULATED_RADIO" ] || {
    echo "built without SoapySDR's headers: the rest is skipped"
    exit 77
}

echo "a radio hears its own pilots over the channel"
record "" "${loop[@]}" --frames 20 || fail "record: exit status $?: $(cat "$site/out.log")"
[ "$(count frames_written)" = 20 ] && [ "$(count sends)" -ge 20 ] || fail "not 20 frames: $(cat "$site/out")"
for name in samples_lost wild_samples clock_jumps foreign overruns corrupt_packets sends_late; do
    [ "$(count $name)" = 0 ] || fail "$name is not 0: $(cat "$site/out")"
done
"$bin/qwave" capture info --json "$site/out.qwc" >"$site/info" || fail "info: exit status $?"
[ "$(field frames <"$site/info")" = 20 ] && [ "$(field left_over_bytes <"$site/info")" = 0 ] || fail "not whole: $(cat "$site/info")"
"$bin/qwave" capture convert --to csv --replace "$site/out.qwc" "$site/out.csv" >"$site/log" || fail "convert: $(cat "$site/log")"
[ "$(wc -l <"$site/out.csv")" = $((1 + 20 * 52)) ] || fail "not 52 tones: $(wc -l <"$site/out.csv")"

echo "what goes wrong is counted"
for row in overrun:overruns corrupt:corrupt_packets jump:clock_jumps wild:wild_samples; do
    record ",fault=${row%:*},every=101" "${loop[@]}" --frames 8 || fail "$row: $(cat "$site/out.log")"
    [ "$(count frames_written)" = 8 ] && [ "$(count "${row#*:}")" -ge 1 ] || fail "$row is not counted: $(cat "$site/out")"
done

echo "what ends a recording leaves a whole file"
refuses 1 "the stream of the radio failed" ",fault=stream,every=200" "${loop[@]}"
"$bin/qwave" capture info --json "$site/out.qwc" >"$site/info" || fail "info: exit status $?"
[ "$(field frames <"$site/info")" -ge 3 ] && [ "$(field left_over_bytes <"$site/info")" = 0 ] || fail "not whole: $(cat "$site/info")"

echo "what the device refuses"
for what in rate frequency gain; do
    refuses 1 "the test refuses it" ",refuse=$what" "${radio[@]}"
done
refuses 1 "there is antenna A only" "" "${radio[@]}" --antenna B
refuses 1 "no stream" ",refuse=stream" "${radio[@]}"
refuses 1 "no such channel" "" "${radio[@]}" --channel 1
refuses 1 "no clock to send by" ",no_clock=1" "${loop[@]}"
refuses 1 "no clock to send by" ",no_transmitter=1" "${loop[@]}"
SOAPY_SDR_PLUGIN_PATH=$site timeout $ready_s "$bin/qwave" capture record soapy:driver=qwave-test "$site/none.qwc" "${radio[@]}" 2>"$site/out.log" &&
    fail "a device without a module is found"
grep -q "no such device" "$site/out.log" || fail "does not say that there is none: $(cat "$site/out.log")"
[ ! -e "$site/none.qwc" ] || fail "an empty file was left behind"

echo "without a clock it listens, until Ctrl-C"
export SOAPY_SDR_PLUGIN_PATH=$QWAVE_SIMULATED_RADIO
start radio qwave capture record --json soapy:driver=qwave-test,no_clock=1 "$site/quiet.qwc" "${radio[@]}"
within $ready_s grep -q "listening at" "$site/radio.log" || fail "does not listen: $(cat "$site/radio.log")"
kill -INT "${pid[radio]}"
wait "${pid[radio]}" || fail "record ends with exit status $?"
unset "pid[radio]"
[ "$(field frames_written <"$site/radio.out")" = 0 ] && [ "$(field stopped <"$site/radio.out")" = true ] || fail "$(cat "$site/radio.out")"
