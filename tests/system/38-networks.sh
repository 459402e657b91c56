# SPDX-License-Identifier: Apache-2.0
# rows: Q4 Q6
# Topologies that are built in and those of a file; a network under load against what it can carry; a link that is cut.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAIL: $*"
    exit 1
}

value() { # NAME: the first such number in the output
    grep -o "\"$1\":[-0-9.e+]*" "$work/out" | head -1 | cut -d: -f2
}

within() { # NAME LOW HIGH
    awk -v v="$(value "$1")" -v low="$2" -v high="$3" 'BEGIN { exit !(v != "" && v + 0 >= low && v + 0 <= high) }' ||
        fail "$1 is $(value "$1"), not $2..$3: $(head -c 600 "$work/out")"
}

echo "built-in topologies"
"$bin/qwave" network list >"$work/list" || fail "list: exit status $?"
for name in beijing-shanghai hefei metro-campus satellite secoqc tokyo two-ring-145; do
    grep -q "^$name " "$work/list" || fail "no $name in the list"
    "$bin/qwave" network show "$name" --json --svg "$work/$name.svg" >"$work/out" || fail "show $name: exit status $?"
    [ "$(wc -l <"$work/out")" = 1 ] || fail "show $name: not one line of JSON"
    within nodes 2 512
    # one mark for each node, besides the legend's
    marks=$(grep -c '^<circle\|^<rect class\|^<path class="satellite"' "$work/$name.svg")
    [ "$marks" -gt "$(value nodes)" ] || fail "$name.svg has $marks marks for $(value nodes) nodes"
done
"$bin/qwave" network list --json >"$work/out" && [ "$(wc -l <"$work/out")" = 1 ] || fail "list --json"
"$bin/qwave" network show hefei --json >"$work/out"
within nodes 46 46
within user 40 40
within switch 3 3

echo "the generated one is what the generator makes"
"$bin/qwave" network generate >"$work/ring.yaml" || fail "generate: exit status $?"
cmp "$work/ring.yaml" "$(dirname "$0")/../../share/topologies/two-ring-145.yaml" || fail "two-ring-145.yaml is stale"
head -1 "$work/ring.yaml" | grep -q "^# qwave network generate --ring-a 56 " || fail "no command in the first line"
"$bin/qwave" network generate --seed 2 >"$work/other.yaml" && ! cmp -s "$work/ring.yaml" "$work/other.yaml" || fail "the seed does nothing"
"$bin/qwave" network generate --ring-a 6 --ring-b 5 --shared 2 --cities 3 --total-km 500 >"$work/small.yaml" || fail "small rings"
"$bin/qwave" network show "$work/small.yaml" | grep -q "^12 nodes, 9 relay, 3 convergence; 500 km" || fail "small rings are others"

echo "mistakes are named"
refuses() { # STATUS PATTERN ARGUMENT...
    local status=0 expected=$1 pattern=$2
    shift 2
    "$bin/qwave" "$@" >"$work/out" 2>"$work/log" || status=$?
    [ "$status" = "$expected" ] || fail "$*: exit status $status, not $expected"
    grep -q -- "$pattern" "$work/log" || fail "$*: does not say \"$pattern\": $(cat "$work/log")"
}
printf 'name: x\nnodes:\n  - {id: a}\n  - {id: b}\nlinks:\n  - {from: a, to: c}\n' >"$work/bad.yaml"
refuses 1 "bad.yaml:6: links: no node c above" network show "$work/bad.yaml"
refuses 2 "no topology 'moon'; built in are beijing-shanghai, hefei" network show moon
refuses 2 "no part 'moon'" network moon
refuses 2 "more relays than they share" network generate --shared 56
refuses 2 "is not a list of loads" lab network tokyo --load 1:2
refuses 2 "tokyo has no node moon" lab network tokyo --pair hongo,moon
refuses 2 "no link between hongo and koganei-1" lab network tokyo --fail hongo,koganei-1@1
refuses 2 "is not A,B@SECONDS" lab network tokyo --fail hongo,otemachi-2

echo "under load"
"$bin/qwave" lab network tokyo --seconds 600 --warm-up 600 --load 1 --seed 3 --json >"$work/out" || fail "tokyo: exit status $?"
within accepted_of_bound 0.95 1.0000001
within bound_gap 0 0.05
cp "$work/out" "$work/first"
"$bin/qwave" lab network tokyo --seconds 600 --warm-up 600 --load 1 --seed 3 --json | cmp - "$work/first" || fail "not the same twice"
"$bin/qwave" lab network tokyo --seconds 3600 --warm-up 3600 --load 2 --seed 4 --json >"$work/out" || fail "tokyo, load 2"
within accepted_of_bound 0.95 1.0000001
within blocking 0.05 0.9
"$bin/qwave" lab network metro-campus --seconds 60 --warm-up 60 --load 1 --json >"$work/out" || fail "metro-campus"
within accepted_of_bound 0.95 1.0000001
within switch_dead_s 1 1000
"$bin/qwave" lab network satellite --seconds 432000 --warm-up 86400 --load 0.7 --json >"$work/out" || fail "satellite"
within accepted_of_bound 0.8 1.0000001

echo "one pair against its maximum flow"
"$bin/qwave" lab network secoqc --pair siemensstrasse,gudrunstrasse --load 1.5 --seconds 600 --warm-up 600 --json >"$work/out" || fail "one pair"
within accepted_of_bound 0.95 1.0000001
awk -v flow="$(value max_flow_bps)" -v served="$(value accepted_bps)" 'BEGIN { exit !(served > 0.9 * flow && served < 1.1 * flow) }' ||
    fail "$(value accepted_bps) bit/s of a maximum flow of $(value max_flow_bps)"

echo "classes"
"$bin/qwave" lab network tokyo --classes --load 2 --seconds 1800 --warm-up 1800 --json >"$work/out" || fail "classes"
awk -v gold="$(value gold)" -v bronze="$(value bronze)" 'BEGIN { exit !(gold < bronze) }' || fail "gold $(value gold), bronze $(value bronze)"

echo "a link is cut and comes back"
"$bin/qwave" lab network secoqc --fail erdberg,gudrunstrasse@60:120 --load 0.8 --mean-keys 8 --seconds 300 --warm-up 60 --json >"$work/out" || fail "a cut"
within accepted_of_bound 0.9 1.0000001
"$bin/qwave" lab network tokyo --fail otemachi-2,hongo@60 --load 0.8 --seconds 300 --warm-up 60 --json >"$work/out" || fail "a cut for good"
within refused_path 1 100000

# The bar of 145 nodes; not under sanitizers, which make it minutes.
if [ "${QWAVE_RELEASE:-yes}" = yes ]; then
    echo "145 nodes"
    "$bin/qwave" lab network two-ring-145 --seconds 7200 --warm-up 7200 --load 1 --json >"$work/out" || fail "145 nodes"
    within accepted_of_bound 0.95 1.0000001
fi
