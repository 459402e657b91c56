# SPDX-License-Identifier: Apache-2.0
# rows: Q2
# once: two nodes with timers of seconds; unit tests have the sanitizers
# Link key that lies too long is given up at both ends in step: the same amount at both, counted on the page and in the journal; keys go on over the
# hop before and after, also after a kill; a limit at one end alone is followed by the other; a number that is none is refused.
source "$(dirname "$0")/site.sh"
cd "$site"

"$bin/qwave" node charge --simulated --capacity 2097152 --lease 4096 0 1 0-1.pool 1-0.pool
"$bin/qwave" node charge 0 1 end-0.pool end-1.pool
settings() { # NODE AGE PORT NEIGHBOUR
    printf 'node: %s\nkey_age_s: %s\nlisten_port: %s\nneighbours: "%s"\nends: "%s=end-%s.pool"\n' "$1" "$2" "$3" "$4" $((1 - $1)) "$1"
    printf 'source: kernel\nbatch_keys: 16\nsimulated_seed: 5\njournal: %s.journal\nmetrics: 127.0.0.1:0\ncontrol: %s.control\nkey_file: %s.keys\n' "$1" "$1" "$1"
    printf 'topology: pair.yaml\nstart_file: %s.start\nlog_level: info\n' "$1"
}
cat >pair.yaml <<YAML
name: pair
text: two nodes
nodes:
  - {id: a}
  - {id: b}
links:
  - {from: a, to: b, km: 1}
YAML
run() { # AGE-0 AGE-1
    settings 1 "$2" 0 "0=1-0.pool" >1.yaml
    start node-1 qwave node run --config 1.yaml
    settings 0 "$1" 0 "1=0-1.pool@127.0.0.1:$(ready node-1)" >0.yaml
    start node-0 qwave node run --config 0.yaml
    ready node-0 >/dev/null
}
tell() { "$bin/qwave" node tell "$1.control" "${@:2}"; }
aged() { tell "$1" status | sed -n 's/.*"aged_bits":\([0-9]*\).*/\1/p'; }
has_aged_more() { [ "$(aged "$1")" -gt "$2" ]; }
page() { sed -n 's/^metrics //p' node-"$1".out; }
received() { tell 1 status | grep -o '"received_keys":[0-9]*' | head -n 1 | cut -d: -f2; }
has_received() { [ "$(received)" = "$1" ]; }
deliver() { # KEYS
    local before
    before=$(received)
    tell 0 deliver 1 "$1" 0 >/dev/null
    within $ready_s has_received $((before + $1)) || fail "no $1 keys: $(tail -n 3 node-0.log node-1.log)"
}
# Ageing goes on, so both are asked until one answer fits between two of the other.
in_step() {
    local before other after
    before=$(aged 0); other=$(aged 1); after=$(aged 0)
    [ "$before" -le "$other" ] && [ "$other" -le "$after" ]
}

echo "both ends give up what is too old"
run 2 2
deliver 64
within $ready_s has_aged_more 1 1000000 || fail "nothing ages: $(tell 1 status)"
within $ready_s in_step || fail "the ends do not agree: $(aged 0) bits at one, $(aged 1) at the other"
deliver 64
counted() { [ "$(curl -s "http://127.0.0.1:$(page 1)/metrics" | awk '/^qwave_node_link_aged_bits_total/ { print $2 }')" -gt 1000000 ]; }
within $ready_s counted || fail "the page does not count it: $(curl -s "http://127.0.0.1:$(page 1)/metrics" | grep aged)"
within $ready_s eval '"$bin/qwave" audit show 1.journal | grep -q " node keys-aged node 0: "' || fail "not in the journal: $("$bin/qwave" audit show 1.journal)"
"$bin/qwave" audit show 1.journal | grep ' keys-aged ' | grep -q '[1-9][0-9]* bits' || fail "no number of bits: $("$bin/qwave" audit show 1.journal)"

echo "a kill, and a second start"
before=$(aged 1)
stop node-1 KILL
stop node-0 KILL
run 2 2
within $ready_s has_aged_more 1 "$before" || fail "the count begins anew, or nothing ages: $before, then $(aged 1)"
deliver 64
stop node-0
stop node-1

echo "a limit at one end alone: it gives up what it sends, and the other follows"
run 1 0
before=$(aged 1)
within $ready_s has_aged_more 1 "$before" || fail "the other end does not follow: $(aged 0) and $(aged 1)"
deliver 64
tell 1 status | grep -q '"quarantined":false' || fail "quarantined: $(tell 1 status)"
stop node-0
stop node-1
[ "$(sort 0.keys)" = "$(sort 1.keys)" ] || fail "the ends differ"
[ "$(cut -d' ' -f2 0.keys | sort | uniq -d | wc -l)" = 0 ] || fail "a key came twice"
! grep -q 'streams differ\|no session' node-0.log node-1.log || fail "the hop broke: $(grep -h 'differ\|no session' node-0.log node-1.log)"

echo "usage"
status=0
settings 0 31536001 0 "1=0-1.pool" >wrong.yaml
"$bin/qwave" node run --config wrong.yaml --check 2>wrong.log || status=$?
[ "$status" = 2 ] && grep -q key_age_s wrong.log || fail "an age beyond a year: status $status, $(cat wrong.log)"
status=0
"$bin/qwave" network run tokyo --key-age x 2>wrong.log || status=$?
[ "$status" = 2 ] || fail "--key-age x: status $status"
