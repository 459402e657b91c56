# SPDX-License-Identifier: Apache-2.0
# rows: W1 W9 W12 W13
# once: its sessions are those of the unit tests of src/radio, which the sanitizers see
# The laboratory: what real sessions get out of simulated channels, what they refuse, its files, its refusals.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Under sanitizers shorter sessions, which keep less of the capacity.
if [ "${QWAVE_RELEASE:-yes}" = yes ]; then seconds=120 share=0.60; else seconds=40 share=0.50; fi

fail() {
    echo "FAIL: $*"
    exit 1
}

# lab STATUS ARGUMENT...   its JSON is in $work/out
lab() {
    local status=0 expected=$1
    shift
    timeout 300 "$bin/qwave" lab plkg --seed 1 --json "$@" >"$work/out" 2>"$work/log" || status=$?
    # The ends draw what they disclose, and one session in some hundred does not decode, which is a refusal; two in a row are something else.
    if [ "$expected$status" = 03 ]; then
        echo "refused once: $(field refusal)"
        status=0
        timeout 300 "$bin/qwave" lab plkg --seed 1 --json "$@" >"$work/out" 2>"$work/log" || status=$?
    fi
    [ "$status" = "$expected" ] || fail "lab plkg $*: exit status $status, not $expected: $(cat "$work/log" "$work/out")"
    grep -q 'simulated channel, seed 1' "$work/log" || fail "the seed is not named: $(cat "$work/log")"
    [ "$(wc -l <"$work/out")" = 1 ] || fail "lab plkg $*: not one line of JSON"
}

field() {
    sed "s/.*\"$1\":\([^,}]*\).*/\1/" "$work/out"
}

# is NAME RELATION VALUE
is() {
    awk -v a="$(field "$1")" -v b="$3" "BEGIN { exit !(a != \"null\" && a + 0 $2 b + 0) }" || fail "$1 is $(field "$1"), not $2 $3"
}

echo "the command of the bars"
lab 0 --channel tgn-d --carrier wifi20 --snr-db 20 --speed-mps 1.5 --eve-correlation 0 --seconds $seconds
for name in secret_bits_per_probe capacity_bits_per_probe capacity_share net_rate_bps airtime_share reconciliation_beta \
    frame_error_rate keys wrong_keys raw_disagreement leaked_bits auth_bits_spent eve_key_agreement refused cpu_ms_per_key; do
    grep -q "\"$name\":" "$work/out" || fail "no field $name"
done
is secret_bits_per_probe '>=' 25
is capacity_share '>=' "$share"
is capacity_share '<' 1
is net_rate_bps '>=' 1000
is airtime_share '<=' 0.01
is reconciliation_beta '>' 0.9
is keys '>' 100
is wrong_keys == 0
is refused == 0
is eve_keys == 0
is eve_key_agreement '>' 0.48 # 25 000 bits: a deviation is 0.003
is eve_key_agreement '<' 0.52

echo "two antennas at each end of a room, and four bands of it"
lab 0 --channel room --snr-db 25 --interval-ms 500 --seconds 500 --antennas 2x2
is net_rate_bps '>=' 60
is capacity_share '<' 1
is wrong_keys == 0
lab 0 --channel room --snr-db 25 --interval-ms 500 --seconds 500 --hop 4 --eve-correlation 0.5
is net_rate_bps '>=' 20
is capacity_share '<' 1
is eve_keys == 0
lab 3 --channel static --seconds 20 --hop 4
is keys == 0
timeout 300 "$bin/qwave" lab plkg --antennas 2x2 --hop 2 >/dev/null 2>&1
[ $? = 2 ] || fail "eight channels are not refused"

echo "people who hardly move: the pace is measured"
lab 0 --channel room --speed-mps 0.006 --snr-db 25 --seconds 5000 --pace measured --antennas 1x2
is interval_ms '>=' 1500
is interval_ms '<=' 10000
is keys '>' 10
is wrong_keys == 0

echo "random pilots over a channel at rest: an experiment that earns nothing"
lab 3 --experiment random-pilots
is agreed_bits_per_probe '>' 4
is left_bits_per_probe '<' 0.05
is credited_bits == 0
[ "$(field experiment)" = '"random-pilots"' ] || fail "the experiment is not labelled"

echo "a surface with secret settings in a room at rest, and one that an attacker switches by a schedule"
lab 0 --channel static --ris -10 --seconds 60 --session-probes 1000
is net_rate_bps '>=' 20
is capacity_share '<' 1
is eve_keys == 0
lab 3 --channel static --ris -10 --ris-period 45 --seconds 20
grep -q PREDICTABLE "$work/out" || fail "a schedule is not called predictable: $(cat "$work/out")"

echo "an eavesdropper with correlation 0.9"
lab 0 --eve-correlation 0.9 --seconds 40
is secret_bits_per_probe '>=' 8
is eve_keys == 0
is eve_key_agreement '<' 0.52

echo "an eavesdropper closer than she is credited with has the key, and the laboratory says so"
status=0
"$bin/qwave" lab plkg --seed 1 --json --eve-correlation 1 --credited 0 --seconds 20 >"$work/out" 2>"$work/log" || status=$?
[ "$status" = 1 ] || fail "exit status $status, not 1"
is eve_keys == 1
is eve_key_agreement == 1

echo "somebody adds a signal to every probe, and to those that were never sent: refused, whatever moves"
for channel in tgn-d static; do
    lab 3 --attack inject --channel $channel --seconds 20 --no-eve
    is keys == 0
    grep -q INJECTION "$work/out" || fail "the injector is not found: $(cat "$work/out")"
done

echo "one that waits until it hears a pilot is not in its beginning: refused, whatever moves and however it is measured"
for channel in tgn-d static; do
    for probing in tones samples; do
        lab 3 --attack inject-after-hearing --channel $channel --probing $probing --seconds 20 --no-eve
        is keys == 0
        is secret_bits == 0
        is onset_deviations '>' 5.4
        [ "$(field onset)" = '"found"' ] || fail "onset $(field onset)"
        grep -q INJECTION "$work/out" || fail "the injector is not found: $(cat "$work/out")"
    done
done

echo "the same in wide frames, and of an access point with two antennas"
for radio in "--carrier wifi40 --probing samples" "--carrier wifi80 --probing tones" "--antennas 2x1"; do
    # shellcheck disable=SC2086
    lab 3 --attack inject-after-hearing --attack-db -10 --channel static $radio --seconds 10 --no-eve
    is onset_deviations '>' 5.4
    [ "$(field onset)" = '"found"' ] || fail "onset $(field onset) of $radio"
    grep -q INJECTION "$work/out" || fail "the injector is not found: $(cat "$work/out")"
done

echo "one that is there from the first sample on is not found, but paid for where the channel itself moves"
lab 0 --attack inject-after-hearing --reaction-us 0.1 --credited 0.9 --seconds 40
is keys '>' 0
is eve_keys == 0
is eve_key_agreement '<' 0.52
[ "$(field onset)" = '"passed"' ] || fail "onset $(field onset)"

echo "where nothing else moves, such an injector has the key, and the laboratory says so"
status=0
"$bin/qwave" lab plkg --seed 1 --json --attack inject-after-hearing --reaction-us 0.1 --channel static --seconds 20 >"$work/out" 2>"$work/log" || status=$?
[ "$status" = 1 ] || fail "exit status $status, not 1"
is eve_keys == 1

echo "amplitudes only"
lab 0 --features amplitude --seconds 120 --no-eve
is secret_bits_per_probe '>=' 8

echo "a room with people"
lab 0 --channel room --snr-db 25 --interval-ms 500 --seconds 800 --no-eve
is net_rate_bps '>=' 20

echo "a wide band, and a cell with the gap between its directions closed or left open"
lab 0 --carrier wifi80 --seconds 40 --no-eve
[ "$(field carrier)" = '"wifi80"' ] || fail "carrier $(field carrier)"
[ "$(field onset)" = '"passed"' ] || fail "beginnings of wide frames: $(field onset)"
is secret_bits_per_probe '>=' 45
is wrong_keys == 0
lab 0 --carrier lte-tdd --channel tdl-a --delay-spread-ns 100 --seconds 50 --no-eve
[ "$(field cost_is)" = '"resource elements"' ] || fail "cost is $(field cost_is)"
is airtime_share '<' 0.01
is wrong_keys == 0
is raw_disagreement '<' 0.045
[ "$(field onset)" = '"not made"' ] || fail "beginnings of frames that have none: $(field onset)"
closed=$(field secret_bits_per_probe)
timeout 300 "$bin/qwave" lab plkg --seed 1 --json --carrier lte-tdd --channel tdl-a --delay-spread-ns 100 --seconds 50 --no-eve \
    --open-gap >"$work/out" 2>"$work/log" # a key or none: both are honest here
is raw_disagreement '>' 0.06
is secret_bits_per_probe '<' "$(awk -v c="$closed" 'BEGIN { print c / 2 }')"

echo "waveforms instead of measurements: the same secret"
lab 0 --seconds 40 --no-eve
made=$(field secret_bits_per_probe)
lab 0 --seconds 40 --no-eve --probing samples
[ "$(field probing)" = '"samples"' ] || fail "probing $(field probing)"
is wrong_keys == 0
is secret_bits_per_probe '>' "$(awk -v m="$made" 'BEGIN { print 0.9 * m }')"
is secret_bits_per_probe '<' "$(awk -v m="$made" 'BEGIN { print 1.1 * m }')"

echo "nothing moves, and fading that comes again"
lab 3 --channel static --seconds 20
is secret_bits == 0
[ "$(field refusal)" = '"STATIC"' ] || fail "refusal $(field refusal)"
lab 3 --replayed --seconds 20 --no-eve
is secret_bits == 0
[ "$(field refusal)" = '"REPLAY"' ] || fail "refusal $(field refusal)"

echo "files of a sweep, and the paper's table"
lab 0 --sweep snr=15:25:5 --seconds 20 --no-eve --csv "$work/sweep.csv" --svg "$work/sweep.svg"
[ "$(wc -l <"$work/sweep.csv")" = 4 ] || fail "not a heading and three lines"
[ "$(awk -F, '{ print NF }' "$work/sweep.csv" | sort -u | wc -l)" = 1 ] || fail "lines of different lengths"
[ "$(grep -o '"channel":"tgn-d"' "$work/out" | wc -l)" = 3 ] || fail "not three rows"
[ "$(grep -c '<circle' "$work/sweep.svg")" = 3 ] || fail "not three marks"
timeout 300 "$bin/qwave" lab plkg --paper --seed 1 --seconds 20 --no-eve >"$work/out" 2>"$work/log" || fail "paper: $(cat "$work/log")"
[ "$(grep -cE '^\| (indoor|corridor|outdoor) \|' "$work/out")" = 3 ] || fail "no table: $(cat "$work/out")"

# refuses STATUS PATTERN ARGUMENT...
refuses() {
    local status=0 expected=$1 pattern=$2
    shift 2
    timeout 300 "$bin/qwave" lab "$@" >"$work/out" 2>"$work/log" || status=$?
    [ "$status" = "$expected" ] || fail "lab $*: exit status $status, not $expected: $(cat "$work/log" "$work/out")"
    grep -q -- "$pattern" "$work/log" || fail "lab $*: does not say \"$pattern\": $(cat "$work/log")"
    [ ! -s "$work/out" ] || fail "lab $*: prints $(cat "$work/out")"
}

echo "refusals"
refuses 2 "no part .chemistry." chemistry
refuses 2 "no channel 'tgn-g'" plkg --channel tgn-g
refuses 2 "no carrier 'wifi160'" plkg --carrier wifi160
refuses 2 "makes its own frequency and timing errors" plkg --probing samples --cfo-hz 10
refuses 2 "not a number of 0..50" plkg --snr-db nan
refuses 2 "not a number of 0..0.99" plkg --credited 1
refuses 2 "is no sweep" plkg --sweep snr=10:30
refuses 2 "is no sweep" plkg --sweep snr=0:50:0.001
refuses 2 "plots a --sweep" plkg --svg "$work/no.svg"
refuses 2 "cannot be run with these numbers" plkg --seconds 1
refuses 2 "cannot be run with these numbers" plkg --channel tgn-d --delay-spread-ns 30
timeout 300 "$bin/qwave" lab plkg --seconds 20 --no-eve --csv /nowhere/x.csv >"$work/out" 2>"$work/log" && fail "a file that cannot be written is no error"
true
