# SPDX-License-Identifier: Apache-2.0
# rows: Q3 Q4 C2
# once: ten processes with timers; unit tests have the sanitizers
# Keys over two paths without a common relay, between five running nodes: a relay that is killed is gone round, with one path left there is a
# refusal and never one path in silence, a relay that alters its half is noticed and gone round. Then classes: in a pool that is low, bronze is
# refused for what is kept for gold, and gold is served.
source "$(dirname "$0")/site.sh"
cd "$site"
lying=${QWAVE_LYING_NODE:-$bin/../tests/bin/qwave_lying_node}

#     1
#   0 2 4     0 and 4 are the ends
#     3
cat >five.yaml <<YAML
name: five
text: two ends and three relays
nodes:
  - {id: a}
  - {id: b}
  - {id: c}
  - {id: d}
  - {id: z}
links:
  - {from: a, to: b, km: 1}
  - {from: a, to: c, km: 1}
  - {from: a, to: d, km: 1}
  - {from: b, to: z, km: 1}
  - {from: c, to: z, km: 1}
  - {from: d, to: z, km: 1}
YAML
for relay in 1 2 3; do
    "$bin/qwave" node charge --simulated --capacity 2097152 --lease 8192 0 $relay 0-$relay.pool $relay-0.pool
    "$bin/qwave" node charge --simulated --capacity 2097152 --lease 8192 $relay 4 $relay-4.pool 4-$relay.pool
done
"$bin/qwave" node charge 0 4 0.end 4.end

declare -A port=()
settings() { # NODE NEIGHBOURS [ENDS]
    printf 'node: %s\nlisten_port: %s\nneighbours: "%s"\nends: "%s"\ntopology: five.yaml\nstart_file: %s.start\n' "$1" "${port[$1]:-0}" "$2" "${3:-}" "$1"
    printf 'control: %s.control\nsource: kernel\nbatch_keys: 16\ntimeout_ms: 2000\nsimulated_seed: 7\njournal: %s.journal\n' "$1" "$1"
    [ -z "${3:-}" ] || printf 'key_file: %s.keys\nevent_file: %s.events\n' "$1" "$1"
}
note_port() { port[$1]=$(ready "node-$1"); }
relay() { # NODE
    settings "$1" "0=$1-0.pool 4=$1-4.pool@127.0.0.1:${port[4]}" >"$1.yaml"
    start "node-$1" qwave node run --config "$1.yaml"
    note_port "$1"
}
tell() { "$bin/qwave" node tell "$1.control" "${@:2}"; }
number() { tell "$1" status | sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p"; } # NODE NAME: its last number of that name
at_least() { [ "$(number "$1" "$2")" -ge "$3" ]; }
two() { tell "$1" status | sed -n "s/.*\"two_paths\":{[^}]*\"$2\":\([0-9]*\).*/\1/p"; }
two_at_least() { [ "$(two "$1" "$2")" -ge "$3" ]; }
links_are() { [ "$(tell 0 links)" = "ok $1" ]; }
over() { # ROUTE: more batches arrive over this from now on
    local before
    before=$(wc -l <0.events)
    more() { tail -n +$((before + 1)) 0.events | grep -q -- " $1\$"; }
    within $ready_s more "$1" || fail "nothing over $1: $(tail -n 2 0.events; tell 0 status)"
}
shown() { "$bin/qwave" audit show "$1.journal" | grep -q -- "$2"; }

port[4]=0
settings 4 "1=4-1.pool 2=4-2.pool 3=4-3.pool" "0=4.end" >4.yaml
echo 'metrics: 127.0.0.1:0' >>4.yaml
start node-4 qwave node run --config 4.yaml
note_port 4
for node in 1 2 3; do relay $node; done
settings 0 "1=0-1.pool@127.0.0.1:${port[1]} 2=0-2.pool@127.0.0.1:${port[2]} 3=0-3.pool@127.0.0.1:${port[3]}" "4=0.end" >0.yaml
echo 'metrics: 127.0.0.1:0' >>0.yaml
start node-0 qwave node run --config 0.yaml
ready node-0 >/dev/null
within $ready_s links_are 6 || fail "not all links are up: $(tell 0 status)"

echo "keys over two paths"
tell 0 deliver 4 64 0 two-paths >told
within $ready_s two_at_least 0 delivered_keys 64 || fail "no 64 keys over two paths: $(tell 0 status)"
within $ready_s two_at_least 4 received_keys 64 || fail "the target has not 64: $(tell 4 status)"
tell 0 status | grep -q '"class":"gold","paths":2,"wanted_keys":64,"delivered_keys":64' || fail "the order does not show: $(tell 0 status)"
[ "$(number 0 'received_keys')" = 0 ] || fail "node 0 received something"
[ "$(grep -c ' 0,[123],4+0,[123],4$' 0.events)" = 4 ] || fail "not four batches over two paths: $(cat 0.events)"
counted() { curl -s "http://127.0.0.1:$(sed -n 's/^metrics //p' "node-$1.out")/metrics" | grep -q "^$2\$"; }
within $ready_s counted 0 'qwave_node_two_path_keys_delivered_total 64' || fail "the page of the source does not count them"
within $ready_s counted 4 'qwave_node_two_path_keys_received_total 64' || fail "the page of the target does not count them"
within $ready_s counted 4 'qwave_node_keys_received_total 64' || fail "halves are counted as keys"

echo "a relay is killed, and another"
tell 0 deliver 4 1000000 300 two-paths >told
over '0,[123],4+0,[123],4'
stop node-1 KILL
over '0,[23],4+0,[23],4'
stop node-2 KILL
refused() { tell 0 status | grep -q '"reason":"no two paths without a common node"'; }
within $ready_s refused || fail "no refusal with one path left: $(tell 0 status)"
within $ready_s shown 0 ' node two-paths-missing node 4: refused' || fail "not in the journal: $("$bin/qwave" audit show 0.journal | tail -n 3)"
before=$(two 0 delivered_keys)
[ "$(two 0 missing)" -ge 1 ] || fail "not counted: $(tell 0 status)"
tell 0 deliver 4 32 0 >told # who asked for one path gets his keys
one() { [ "$(grep -c ' 0,3,4$' 0.events)" = 2 ]; }
within $ready_s one || fail "nothing over one path: $(tail -n 3 0.events)"
[ "$(two 0 delivered_keys)" = "$before" ] || fail "keys over two paths with one path left"
relay 1
over '0,[13],4+0,[13],4'
relay 2
within $ready_s links_are 6 || fail "not all links are up again: $(tell 0 status)"

echo "a relay alters its half"
stop node-3
settings 3 "0=3-0.pool 4=3-4.pool@127.0.0.1:${port[4]}" >3.yaml
touch lies
before=$(wc -l <0.events)
QW_LYING_NODE=$site/lies "$lying" node run --config 3.yaml >node-3.out 2>>node-3.log &
pid[node-3]=$!
note_port 3
stop node-1 # so that there is no way round it
within $ready_s at_least 4 wrong_tags 1 || fail "the target does not notice: $(tell 4 status)"
within $ready_s shown 4 ' node end-tag-wrong ' || fail "not in the journal of the target: $("$bin/qwave" audit show 4.journal)"
within $ready_s shown 0 ' node two-paths-void ' || fail "not in the journal of the source: $("$bin/qwave" audit show 0.journal)"
! tail -n +$((before + 1)) 0.events | grep -q '0,3,4' || fail "keys over a relay that lies: $(tail -n 3 0.events)"
relay 1
over '0,[12],4+0,[12],4' # round it
rm lies
stop node-1
over '0,[23],4+0,[23],4'

echo "nothing wrong at the ends"
tell 0 hold >told
idle() { [ "$(tell 0 under-way)" = "ok 0" ] && [ "$(tell 4 under-way)" = "ok 0" ]; }
within $ready_s idle || fail "batches stay under way: $(tell 0 status)"
for node in 0 2 3 4; do stop node-$node; done
held() { awk '$1 == "void" { delete batch[$2]; next } { batch[substr($1, 1, 24)] = batch[substr($1, 1, 24)] $0 "\n" } END { for (id in batch) printf "%s", batch[id] }' "$1.keys" | sort; }
held 0 >held.0
held 4 >held.4
[ -s held.0 ] && [ -z "$(comm -23 held.0 held.4)" ] || fail "node 0 has keys that node 4 has not"
[ "$(wc -l <held.0)" = "$(($(awk '{ sum += $5 } END { print sum }' 0.events)))" ] || fail "not as many keys as were acknowledged"
[ -z "$(cut -d' ' -f2 held.4 | sort | uniq -d)" ] || fail "a key came twice"
[ -z "$(grep -v '+' 0.events | grep -v ' 0,3,4$')" ] || fail "an order over two paths went over one: $(grep -v '+' 0.events)"

echo "classes"
# 8 - 9 - 10, pools full at the beginning and fed by nobody: 131072 bytes in each direction; the relay keeps 90 % from bronze.
cat >line.yaml <<YAML
name: line
text: two ends and a relay
nodes:
  - {id: a}
  - {id: b}
  - {id: z}
links:
  - {from: a, to: b, km: 1}
  - {from: b, to: z, km: 1}
YAML
"$bin/qwave" node charge --bytes 131072 --capacity 262144 --lease 4096 0 1 l0-1.pool l1-0.pool
"$bin/qwave" node charge --bytes 131072 --capacity 262144 --lease 4096 1 2 l1-2.pool l2-1.pool
"$bin/qwave" node charge 0 2 l0.end l2.end
line() { # NODE NEIGHBOURS ENDS RESERVE
    printf 'node: %s\nneighbours: "%s"\nends: "%s"\nreserve_percent: %s\ntopology: line.yaml\nstart_file: l%s.start\ncontrol: l%s.control\nsource: kernel\nbatch_keys: 16\n' \
        "$1" "$2" "$3" "$4" "$1" "$1" >"l$1.yaml"
    start "line-$1" qwave node run --config "l$1.yaml"
}
line 2 "1=l2-1.pool" "0=l2.end" 0
line 1 "0=l1-0.pool 2=l1-2.pool@127.0.0.1:$(ready line-2)" "" 90
line 0 "1=l0-1.pool@127.0.0.1:$(ready line-1)" "2=l0.end" 0
ready line-0 >/dev/null
class() { tell "l$1" status | sed -n "s/.*{\"class\":\"$2\",\"delivered_keys\":\([0-9]*\),\"kept_out_batches\":\([0-9]*\)}.*/\\$3/p"; } # NODE CLASS 1|2
kept_out() { [ "$(class 1 bronze 2)" -gt 0 ]; }
tell l0 deliver 2 100000 0 bronze >told
within $ready_s kept_out || fail "bronze gets what is kept for gold: $(tell l1 status)"
bronze=$(class 0 bronze 1)
[ "$bronze" -gt 0 ] || fail "bronze got nothing of a full pool: $(tell l0 status)"
tell l0 deliver 2 320 0 >told
gold() { [ "$(class 0 gold 1)" = 320 ]; }
within $ready_s gold || fail "gold does not get what is kept for it: $(tell l0 status)"
[ "$(class 0 bronze 1)" -le $((bronze + 64)) ] || fail "bronze went on: $(tell l0 status)" # what was under way then
[ "$(class 1 gold 2)" = 0 ] || fail "gold was refused: $(tell l1 status)"
status=0
tell l0 deliver 2 16 0 two-paths >told 2>refused || status=$?
[ "$status" = 1 ] && grep -q 'no two paths without a common node in the whole network' refused || fail "a line has two paths: $status, $(cat told refused)"
for node in 0 1 2; do stop line-$node; done

echo "demands of a file"
{ cat five.yaml && printf 'demands:\n  - {from: a, to: z, paths: 2, keys_per_s: 400}\n  - {from: b, to: c, class: bronze, keys_per_s: 400}\n'; } >demands.yaml
start run qwave network run ./demands.yaml --seconds 3000 --folder demands --json
both_get() { grep -q ' 0,[123],4+0,[123],4$' demands/0.events && grep -q ' 1,[04],2$' demands/1.events; } 2>/dev/null
within $ready_s both_get || fail "not both demands: $(tail -n 3 run.log demands/*.events)"
kill -INT "${pid[run]}"
wait "${pid[run]}" || fail "the run: $(cat run.out; tail -n 3 run.log)"
unset "pid[run]"
[ "$(field pairs <run.out)" = 2 ] && [ "$(field mismatched_keys <run.out)" = 0 ] && [ "$(field lost_acknowledged_keys <run.out)" = 0 ] || fail "the run: $(cat run.out)"
grep -q '"nodes":"0,[123],4+0,[123],4"' run.out || fail "nothing over two paths: $(cat run.out)"
grep -q '"nodes":"1,[04],2"' run.out || fail "nothing for the other pair: $(cat run.out)"
{ cat line.yaml && printf 'demands:\n  - {from: a, to: z, paths: 2}\n'; } >cannot.yaml

echo "usage"
refused_with() { # STATUS PATTERN COMMAND...
    local status=0 wanted=$1 pattern=$2
    shift 2
    "$@" >out 2>wrong.log || status=$?
    [ "$status" = "$wanted" ] || fail "$*: status $status, not $wanted: $(cat wrong.log)"
    grep -q -- "$pattern" wrong.log || fail "$*: does not say \"$pattern\": $(cat wrong.log)"
}
refused_with 3 'no two paths' "$bin/qwave" node run --config l0.yaml --to 2 --two-paths
refused_with 3 'no two paths' "$bin/qwave" network run tokyo --pair 0,5@two-paths
refused_with 3 'demand from a to z: no two paths' "$bin/qwave" network run ./cannot.yaml
refused_with 2 'is not gold' "$bin/qwave" network run tokyo --pair 0,5@iron
refused_with 2 'is not gold' "$bin/qwave" network run tokyo --pair 0,5@
refused_with 2 'gold, silver or bronze' "$bin/qwave" node run --config l0.yaml --to 2 --class iron
refused_with 2 'are for --to' "$bin/qwave" node run --config l0.yaml --two-paths
refused_with 2 'is no request' "$bin/qwave" node tell l0.control deliver 2 16 0 iron
