# SPDX-License-Identifier: Apache-2.0
# rows: Q1
# Rates of links of the literature: golden values, one object of JSON, a table in a file, refusals that say what is wrong.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAIL: $*"
    exit 1
}

field() { # NAME of the first such field
    sed "s/.*\"$1\":\([^,}]*\).*/\1/;q" | head -1
}

# rate PRESET KM FIELD GOLDEN
rate() {
    "$bin/qwave" lab qkd --preset "$1" --distance-km "$2" --json >"$work/out" || fail "$1 at $2 km: exit status $?"
    [ "$(wc -l <"$work/out")" = 1 ] || fail "not one line of JSON"
    sed 's/,"rows".*//' "$work/out" | field "$3" >"$work/value"
    awk -v golden="$4" '{ d = $1 / golden - 1; exit !(d < 1e-4 && d > -1e-4) }' "$work/value" ||
        fail "$1 at $2 km: $3 is $(cat "$work/value"), not $4"
}

echo "golden rates"
rate gys-asymptotic 0 key_rate_per_pulse 2.5546e-3
rate gys-asymptotic 100 key_rate_per_pulse 1.7184e-5
rate one-decoy-asymptotic 50 key_rate_bps 5.4332e6
rate one-decoy-pulses-1e10 100 key_rate_bps 3.6055e5
rate one-decoy-block-1e7 0 key_rate_bps 4.3346e7
rate one-decoy-block-1e9 100 key_rate_bps 4.9607e5

echo "lists, ranges, files"
"$bin/qwave" lab qkd --distance-km 0:100:10 --csv "$work/table.csv" --svg "$work/plot.svg" >"$work/out" || fail "exit status $?"
grep -q '^ *100.0 ' "$work/out" || fail "the range does not reach its end"
[ "$(wc -l <"$work/table.csv")" = 12 ] || fail "not eleven distances in the file"
grep -q '^100,.*e-\|^100,0.000' "$work/table.csv" || fail "no line for 100 km: $(cat "$work/table.csv")"
grep -q '^<svg' "$work/plot.svg" && grep -q 'fibre \[km\]' "$work/plot.svg" || fail "no drawing"
grep -q 'epsilon: secrecy 1.00e-12 in 15 terms' "$work/out" || fail "no budget: $(cat "$work/out")"

echo "no key is an answer"
"$bin/qwave" lab qkd --distance-km 400 --json >"$work/out" || fail "exit status $?"
[ "$(sed 's/,"rows".*//' "$work/out" | field secret_bits)" = 0 ] || fail "bits at 400 km: $(cat "$work/out")"

echo "refusals"
refuses() { # STATUS PATTERN ARGUMENT...
    local status=0 expected=$1 pattern=$2
    shift 2
    "$bin/qwave" lab "$@" >"$work/out" 2>"$work/log" || status=$?
    [ "$status" = "$expected" ] || fail "lab $*: exit status $status, not $expected"
    grep -q -- "$pattern" "$work/log" || fail "lab $*: does not say \"$pattern\": $(cat "$work/log")"
}
refuses 2 "no preset 'moon'" qkd --preset moon
refuses 2 "FROM:TO:STEP" qkd --distance-km 10:5:1
refuses 2 "FROM:TO:STEP" qkd --distance-km 1,,2
refuses 2 "FROM:TO:STEP" qkd --distance-km -5
refuses 2 "1..1e18" qkd --block 0
refuses 2 "no part 'moon'" moon
