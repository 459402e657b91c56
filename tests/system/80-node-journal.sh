# SPDX-License-Identifier: Apache-2.0
# rows: Q2 C10
# once: files and sockets of two nodes; unit tests have the sanitizers
# What an operator sees of a node: a page for Prometheus, and a journal of what matters for security that shows a stranger, a pool that was put
# back, streams that differ and a crash, in a chain that no later change fits into.
source "$(dirname "$0")/site.sh"
cd "$site"

"$bin/qwave" node charge --simulated --capacity 2097152 0 1 0-1.pool 1-0.pool
"$bin/qwave" node charge --simulated --capacity 2097152 0 1 stranger.pool nobody.pool
"$bin/qwave" node charge 0 1 end-0.pool end-1.pool
settings() { # NODE PORT NEIGHBOUR
    printf 'node: %s\nlisten_port: %s\nneighbours: "%s"\nends: "%s=end-%s.pool"\nsource: kernel\nbatch_keys: 16\n' "$1" "$2" "$3" $((1 - $1)) "$1"
}
settings 1 0 "0=1-0.pool" >1.yaml
printf 'journal: 1.journal\nmetrics: 127.0.0.1:0\ncontrol: 1.control\n' >>1.yaml
run() {
    start node-1 qwave node run --config 1.yaml
    port=$(ready node-1)
    page=$(sed -n 's/^metrics //p' node-1.out)
    settings 0 0 "1=0-1.pool@127.0.0.1:$port" >0.yaml
    settings 0 0 "1=stranger.pool@127.0.0.1:$port" >stranger.yaml
}
metric() { # NAME
    curl -s "http://127.0.0.1:$page/metrics" | awk -v name="$1" '$1 == name || index($1, name "{") == 1 { print $2 }'
}
is_metric() { [ "$(metric "$1")" = "$2" ]; }
shown() { # PATTERN: a line of the journal
    "$bin/qwave" audit show 1.journal | grep -q -- "$1"
}
send() { "$bin/qwave" node run --config 0.yaml --send 0,1 --keys 64 >send.out 2>send.log || fail "no keys: $(tail -n 3 send.log)"; }

run
within $ready_s is_metric qwave_node_link_up 0 || fail "no page: $(curl -s "http://127.0.0.1:$page/metrics" | head -n 3)"
cp -p 0-1.pool older
send
within $ready_s is_metric qwave_node_keys_received_total 64 || fail "64 keys do not show: $(metric qwave_node_keys_received_total)"
[ "$(curl -s -o page -w '%{http_code} %{content_type}' "http://127.0.0.1:$page/metrics")" = "200 text/plain; version=0.0.4; charset=utf-8" ] || fail "no page of Prometheus"
[ "$(curl -s -o page -w '%{http_code}' "http://127.0.0.1:$page/")" = 404 ] || fail "another page"

echo "a stranger"
start stranger qwave node run --config stranger.yaml
refused() { [ "$(metric qwave_node_neighbours_refused_total)" -gt 0 ]; }
within $ready_s refused || fail "a stranger is not counted"
within $ready_s shown ' node neighbour-refused node 0: ' || fail "a stranger is not in the journal: $("$bin/qwave" audit show 1.journal)"
stop stranger

echo "a pool that was put back"
mv older 0-1.pool # in a test only
start back qwave node run --config 0.yaml
within $ready_s shown ' node pool-put-back node 0: ' || fail "the older copy is not in the journal: $(tail -n 2 node-1.log)"
stop back

echo "a cut, as asked, and a crash"
"$bin/qwave" node tell 1.control cut 0 >told
"$bin/qwave" node tell 1.control mend 0 >told
shown ' control cut node 0: ' || fail "a cut is not in the journal"
kept=$("$bin/qwave" node tell 1.control status | sed -n 's/.*"journal":{"records":\([0-9]*\),"hash":"\([0-9a-f]*\)"}.*/\1:\2/p')
[ -n "$kept" ] || fail "the status has no head of the journal"
"$bin/qwave" audit verify 1.journal --kept "$kept" >out || fail "the journal does not verify: $(cat out)"
stop node-1 KILL
cp -p 1.journal set-back; cp -p 1.journal-wal set-back-wal 2>/dev/null || true

echo "streams that differ"
rm 0-1.pool 1-0.pool
"$bin/qwave" node charge --simulated --capacity 2097152 0 1 0-1.pool 1-0.pool
printf '\377\377\377\377' | dd of=0-1.pool bs=1 seek=$((12288 + 1000)) conv=notrunc status=none
run
start differs qwave node run --config 0.yaml
noticed() { shown ' node link-quarantined node 0: ' || grep -q quarantined differs.log; } # whoever is first
within $ready_s noticed || fail "nobody is quarantined: $(tail -n 2 node-1.log differs.log)"
quarantined() { is_metric qwave_node_link_quarantined 1 || grep -q quarantined differs.log; }
within $ready_s quarantined || fail "the page does not show it"
stop differs
stop node-1
shown ' start -: success, the start before it has not come to its end' || fail "the crash is not in the journal: $("$bin/qwave" audit show 1.journal)"
"$bin/qwave" audit show 1.journal | tail -n 1 | grep -q ' node stop -: ' || fail "the end is not in the journal"

echo "no later change fits"
"$bin/qwave" audit verify 1.journal --kept "$kept" >out || fail "the journal does not verify: $(cat out)"
grep -q '^whole: [0-9]* records of node-1, chained and signed by nobody; keep elsewhere: [0-9]*:[0-9a-f]\{64\}$' out || fail "unexpected verdict: $(cat out)"
now=$(sed -n 's/.*elsewhere: //p' out)
differ() { # FILE KEPT PATTERN
    local status=0
    "$bin/qwave" audit verify "$1" ${2:+--kept "$2"} >out 2>&1 || status=$?
    [ "$status" = 1 ] || fail "$1 verifies, or not, with status $status: $(cat out)"
    grep -q -- "$3" out || fail "does not say \"$3\": $(cat out)"
}
cp 1.journal altered
LC_ALL=C sed -i 's/pool-put-back/pool-put-hack/' altered
differ altered "" 'record [0-9]* was altered'
differ set-back "$now" 'is missing or another'
other=${kept%?}$(echo "${kept: -1}" | tr '0-9a-f' '1-9a-f0')
differ 1.journal "$other" 'is missing or another'
"$bin/qwave" init --port 0 --source kernel centre >/dev/null
differ centre/centre.db "" '--key says whose signatures count'

echo "usage"
fails() { # SETTING PATTERN
    local status=0
    { settings 1 0 "0=1-0.pool" && echo "$1"; } >wrong.yaml
    "$bin/qwave" node run --config wrong.yaml >out 2>wrong.log || status=$?
    [ "$status" != 0 ] || fail "$1 is taken"
    grep -q -- "$2" wrong.log || fail "$1: does not say \"$2\": $(cat wrong.log)"
}
fails 'metrics: 0.0.0.0:0' 'not 127.0.0.1:PORT'
fails 'journal: 0-1.pool' '0-1.pool: '
status=0
"$bin/qwave" audit verify 1.journal --kept 5 2>usage.log || status=$?
[ "$status" = 2 ] || fail "--kept 5: status $status"
