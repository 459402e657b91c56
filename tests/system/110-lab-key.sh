# SPDX-License-Identifier: Apache-2.0
# rows: W4 W9
# once: numbers and codes, which the sanitizers see in the unit tests of src/distill and src/radio
# The laboratory's single keys: what one costs of the capacity when the law of the channel is known, and what it refuses.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAIL: $*"
    exit 1
}

# lab STATUS ARGUMENT...   its JSON is in $work/out
lab() {
    local status=0 expected=$1
    shift
    timeout 300 "$bin/qwave" lab key --seed 1 --json "$@" >"$work/out" 2>"$work/log" || status=$?
    [ "$status" = "$expected" ] || fail "lab key $*: exit status $status, not $expected: $(cat "$work/log" "$work/out")"
    grep -q 'simulated channel, law known, seed [12]$' "$work/log" || fail "the seed is not named: $(cat "$work/log")"
}

field() {
    sed "s/.*\"$1\":\([^,}]*\).*/\1/" "$work/out"
}

# is NAME RELATION VALUE
is() {
    awk -v a="$(field "$1")" -v b="$3" "BEGIN { exit !(a != \"null\" && a + 0 $2 b + 0) }" || fail "$1 is $(field "$1"), not $2 $3"
}

echo "the command of the bar: the number of probes is found"
lab 0 --channel tgn-d --carrier wifi20 --snr-db 20 --eve-correlation 0 --keys 200
[ "$(wc -l <"$work/out")" = 1 ] || fail "not one line of JSON"
for name in measures channel carrier snr_db eve_correlation seed probes_per_key numbers keys_asked keys wrong_keys capacity_bits \
    capacity_share reconciliation_beta frame_error_rate more_per_key said_bits surprisal_bits cpu_ms_per_key; do
    grep -q "\"$name\":" "$work/out" || fail "no field $name"
done
grep -q 'law both ends know beforehand' "$work/out" || fail "does not say what it measures"
is capacity_share '>=' 0.40
is capacity_share '<' 0.6
is keys_asked == 200
is wrong_keys == 0
is frame_error_rate '<=' 0.05
is reconciliation_beta '>' 0.85
probes=$(field probes_per_key)

echo "every bit is in the account: a key is 256 of what is left"
awk -v h="$(field surprisal_bits)" -v s="$(field said_bits)" -v c="$(field course_bits)" -v k="$(field check_bits)" -v p="$(field hash_bits)" \
    'BEGIN { left = h - s - c - k - p; exit !(p >= 128 && k == 32 && left > 256 && left < 256 + 60) }' || fail "the account is $(cat "$work/out")"
awk -v s="$(field capacity_share)" -v k="$(field keys)" -v c="$(field capacity_bits)" 'BEGIN { d = s - 256 * k / 200 / c; exit !(d * d < 1e-12) }' ||
    fail "lost keys are not in the share: $(cat "$work/out")"

echo "a seed repeats exactly, and another one does not"
lab 0 --probes "$probes" --keys 50
sed 's/,"cpu_ms_per_key.*//' "$work/out" >"$work/first"
lab 0 --probes "$probes" --keys 50
sed 's/,"cpu_ms_per_key.*//' "$work/out" | cmp -s - "$work/first" || fail "the seed does not repeat"
lab 0 --probes "$probes" --keys 50 --seed 2
sed 's/,"cpu_ms_per_key.*//; s/"seed":2/"seed":1/' "$work/out" | cmp -s - "$work/first" && fail "two seeds are one"

echo "fewer probes than a key costs make none"
lab 3 --probes $((probes - 3)) --keys 50
is keys == 0
is too_short '>' 40

echo "an eavesdropper, and a check that proves more, cost what they cost"
lab 0 --eve-correlation 0.5 --keys 50 --probes $((probes + 2))
is hash_bits '>' 128
is capacity_share '>=' 0.3
is wrong_keys == 0
lab 0 --check-bits 72 --keys 50 --probes $((probes + 1))
is check_bits == 72
is epsilon_correctness_log2 '<' -60
is capacity_share '>=' 0.40

echo "for people"
"$bin/qwave" lab key --seed 1 --keys 20 --probes "$probes" >"$work/out" 2>"$work/log" || fail "text: $(cat "$work/log")"
grep -q 'law both ends know beforehand' "$work/out" || fail "does not say what it measures: $(cat "$work/out")"
grep -q 'of the capacity, lost keys included' "$work/out" || fail "no share: $(cat "$work/out")"

# refuses STATUS PATTERN ARGUMENT...
refuses() {
    local status=0 expected=$1 pattern=$2
    shift 2
    timeout 300 "$bin/qwave" lab key "$@" >"$work/out" 2>"$work/log" || status=$?
    [ "$status" = "$expected" ] || fail "lab key $*: exit status $status, not $expected: $(cat "$work/log" "$work/out")"
    grep -q -- "$pattern" "$work/log" || fail "lab key $*: does not say \"$pattern\": $(cat "$work/log")"
    [ ! -s "$work/out" ] || fail "lab key $*: prints $(cat "$work/out")"
}

echo "refusals"
refuses 3 "no fresh probes" --channel static
refuses 3 "no fresh probes" --channel static --json
refuses 2 "have no code" --probes 1
refuses 2 "no channel 'tgn-g'" --channel tgn-g
refuses 2 "no carrier 'wifi160'" --carrier wifi160
refuses 2 "not a number of 0..50" --snr-db nan
refuses 2 "not a number of 0..0.99" --eve-correlation 1
refuses 2 "--probes is a number of 1..2000" --probes 0
refuses 2 "--probes is a number of 1..2000" --probes 2001
refuses 2 "--keys is a number of 1..10000000" --keys 0
refuses 2 "--check-bits is 32, 40" --check-bits 33
refuses 2 "not a number of 32..72" --check-bits 24
refuses 2 "--seed is a number" --seed -1
true
