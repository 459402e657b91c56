# SPDX-License-Identifier: Apache-2.0
# rows: W4 Q2 Q3
# The measuring command: rows of one kernel as JSON, the relay, and refusals that say what is wrong.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAIL: $*"
    exit 1
}

# refuses STATUS PATTERN ARGUMENT...
refuses() {
    local status=0 expected=$1 pattern=$2
    shift 2
    timeout 300 "$bin/qwave" bench "$@" >"$work/out" 2>"$work/log" || status=$?
    [ "$status" = "$expected" ] || fail "bench $*: exit status $status, not $expected: $(cat "$work/log")"
    grep -q -- "$pattern" "$work/log" || fail "bench $*: does not say \"$pattern\": $(cat "$work/log")"
    [ ! -s "$work/out" ] || fail "bench $*: prints $(cat "$work/out")"
}

echo "rows of the hash under tags"
timeout 300 "$bin/qwave" bench distill --kernel mac --json >"$work/out" 2>"$work/log" || fail "exit status $?"
grep -q 'seed [0-9]' "$work/log" || fail "the seed is not named: $(cat "$work/log")"
[ "$(wc -l <"$work/out")" = 1 ] || fail "not one line of JSON"
grep -q '^{"rows":\[{"kernel":"mac","impl":"portable","n_bits":8192,"qber":null,"snr_db":null,"frames":[1-9]' "$work/out" ||
    fail "unexpected rows: $(cat "$work/out")"
grep -q '"throughput_mbps":[1-9][0-9.e+]*,"efficiency_f":null,"beta":null,"frame_error_rate":null,"round_trips":null,"messages":null,"leaked_bits":null,"cpu_s":0' \
    "$work/out" || fail "unexpected fields: $(cat "$work/out")"

echo "keys over a line of nodes, some of which are killed"
timeout 300 "$bin/qwave" bench relay --hops 4 --keys 200000 --crashes 20 --json >"$work/out" 2>"$work/log" || fail "exit status $?: $(cat "$work/out" "$work/log")"
[ "$(wc -l <"$work/out")" = 1 ] || fail "not one line of JSON"
grep -q '^{"throughput_gbps":[0-9.e+]*,"keys_per_s_per_core":[1-9][0-9.e+]*,"hops":4,"relayed_keys":[1-9][0-9]*,' "$work/out" ||
    fail "unexpected fields: $(cat "$work/out")"
grep -q '"mismatched":0,"reused_pad_bits":0,"crashes":[1-9]' "$work/out" || fail "unexpected figures: $(cat "$work/out")"
grep -q '"simulated":true' "$work/out" || fail "not labelled simulated"

echo "refusals"
refuses 2 "nothing to plot" distill --kernel mac --plot "$work/mac.svg"
refuses 2 "no kernel 'turbo'" distill --kernel turbo
refuses 2 "say what to measure" --json
refuses 2 "distill, centre, store, relay, link or management" network
