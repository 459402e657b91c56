# SPDX-License-Identifier: Apache-2.0
# rows: Q3 Q4 C2 C12
# Centres at two nodes of a network that have no link with each other: keys that the network relays become stock of both, no bit of it twice,
# and applications of the two sites get the same key by ETSI 014. A node on the way is killed, an end node, and a centre.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/two_sites.sh"
cd "$site"
long_s=3000 # of load: the run is ended by a signal when what was waited for has happened

declare -A node=([a]=0 [b]=4)
tell() { # NODE: its status
    "$bin/qwave" node tell "net/$1.control" status | sed 's/^ok //'
}

echo "two centres, partners of each other, each with the network as its source"
make_two qkd 0-4 sock 100000
for x in a b; do
    [ "$(state $x source)" = qkd:0-4 ] && says $x source_reason "has not come yet" || fail "the source of $x: $(at $x --json status)"
done
become_partners

echo "the network of Vienna: keys of nodes 0 and 4, which have no link"
start net qwave network run secoqc --pair 0,4 --rate 500 --batch 64 --seconds $long_s --folder net \
    --centre 0,4=a.sock --centre "4,0=$site/b.sock" --json
within $ready_s grep -qs '^delivered' net/0.events || fail "nothing is delivered: $(tail -n 3 net.log net/*.log)"
draw() { draw_from "$1" "$2" qkd:0-4; }
for x in a b; do
    within $ready_s stocked $x 300 || fail "$x has no stock: $(at $x --json status) $(tell ${node[$x]})"
    [ "$(state $x source_is_simulated)" = true ] || fail "keys of simulated links are not labelled so"
    within $ready_s draw $x 128 || fail "no keys of the network at $x"
done
[ "$(wc -l <keys.txt)" = 256 ] && unique || fail "the two sites gave the same key"
tell 0 | jq -e '.centres[0] | .end == 4 and .up and .centre_bits > 0' >/dev/null || fail "the node does not say so: $(tell 0)"

echo "applications of the two sites have the same key"
within $ready_s shared ann a ben b || fail "no key for the other site: $(tail -n 3 qwaved-a.log qwaved-b.log)"
within $ready_s shared ben b ann a || fail "no key the other way round"

# goes_on: new stock at both sites, and another key that they share
goes_on() {
    local -A had=([a]=$(state a keys_ingested) [b]=$(state b keys_ingested))
    more() { [ "$(state a keys_ingested)" -gt "${had[a]}" ] && [ "$(state b keys_ingested)" -gt "${had[b]}" ]; }
    within $ready_s more || fail "$1: no new stock: $(at a --json status) $(at b --json status) $(tell 0)"
    within $ready_s shared ann a ben b || fail "$1: no key for the other site: $(tail -n 3 qwaved-a.log qwaved-b.log)"
    for x in a b; do within $ready_s draw $x 64 || fail "$1: no keys at $x"; done
    unique || fail "$1: a key was given twice"
}
killed() { # NODE
    kill -KILL "$(tell "$1" | jq .process)"
    within $ready_s grep -q "node $1 (.*) ended and is started again" net.log || fail "node $1 is not started again: $(tail -n 3 net.log)"
}

echo "a node on the way is killed, then an end node"
between=$(tail -n 1 net/0.events | sed 's/.* //; s/^0,//; s/,.*//')
killed "$between"
goes_on "after a node on the way"
killed 4
goes_on "after an end node"

echo "a centre is killed: its node goes on, and gives it keys again when it is back"
stop qwaved-b KILL
centre_is() { tell 4 | jq -e ".centres[0].up == $1" >/dev/null; }
within $ready_s centre_is false || fail "the node does not miss its centre: $(tell 4)"
run b
within $ready_s centre_is true || fail "the node does not find its centre: $(tell 4)"
goes_on "after a centre"

echo "what the nodes delivered is the same at both ends, none lost and none twice"
stop net TERM
jq -e '.mismatched_keys == 0 and .lost_acknowledged_keys == 0 and .repeated_keys == 0 and .delivered_keys > 0' net.out >/dev/null || fail "the run: $(cat net.out)"
for x in a b; do
    within $ready_s says $x source_reason "its process is gone" || fail "$x does not miss the network: $(at $x --json status)"
done

echo "no centre that is somebody else's, and no socket without a pair"
status=0
"$bin/qwave" network run secoqc --pair 0,4 --centre 1,2=a.sock 2>refused.log || status=$?
[ "$status" = 2 ] && grep -q "no --pair of these two" refused.log || fail "a centre without keys: $status $(cat refused.log)"
