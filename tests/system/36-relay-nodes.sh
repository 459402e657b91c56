# SPDX-License-Identifier: Apache-2.0
# rows: Q2 Q3 Q7
# Nine processes in a line relay keys over eight hops: the same keys at both ends, and what the source has the target has too, when a
# relay is killed and comes back, when an end is, when a disk is put back, when a meeting key is wrong and when a pool is empty.
source "$(dirname "$0")/site.sh"
cd "$site"
nodes=9
last=$((nodes - 1))

for ((i = 0; i < last; i++)); do
    "$bin/qwave" node charge --simulated --capacity 2097152 $i $((i + 1)) "$i-$((i + 1)).pool" "$((i + 1))-$i.pool" || fail "no pool"
done
"$bin/qwave" node charge 0 $last end-0.pool end-$last.pool

# settings NODE PORT SEED: a node connects to the one behind it, whose port is in port.N
settings() {
    local i=$1 neighbours=""
    [ "$i" = 0 ] || neighbours="$((i - 1))=$i-$((i - 1)).pool"
    [ "$i" = $last ] || neighbours="$neighbours $((i + 1))=$i-$((i + 1)).pool@127.0.0.1:$(cat "port.$((i + 1))")"
    echo "node: $i"
    echo "listen_port: $2"
    echo "neighbours: \"$neighbours\""
    echo "simulated_seed: $3"
    echo "timeout_ms: 1000"
    echo "source: kernel"
    [ "$i" != 0 ] && [ "$i" != $last ] || printf 'ends: "%s"\nkey_file: keys.%s\n' "$((last - i))=end-$i.pool" "$i"
}

run_node() { # NODE: a relay or the target
    start "node-$1" qwave node run --config "$1.yaml"
    ready "node-$1" >"port.$1"
}

for ((i = last; i > 0; i--)); do
    settings $i 0 11 >$i.yaml
    run_node $i
    settings $i "$(cat port.$i)" 11 >$i.yaml
done
settings 0 0 11 >0.yaml
path=$(seq -s, 0 $last)

send() { # NAME KEYS: in the background
    start "$1" qwave node run --config 0.yaml --send "$path" --keys "$2" --json
}

sent() { # NAME: waits for its end
    wait "${pid[$1]}" || fail "$1: the source ends with an error: $(tail -n 3 "$1.log")"
    unset "pid[$1]"
}

# Lines of a key file but those of batches that were given up: it is read twice.
export LC_ALL=C # sorts fast
keys_of() {
    awk 'NR == FNR { if ($1 == "void") void[$2]; next } $1 != "void" && !(substr($1, 1, 24) in void)' "$1" "$1" | sort
}

# Every key of the source stands at the target, with the same bits, and was not given up there.
same_keys() {
    keys_of keys.0 >of-source
    keys_of keys.$last >of-target
    [ "$(wc -l <of-source)" -ge "$1" ] || fail "$(wc -l <of-source) keys at the source, not $1"
    [ -z "$(comm -23 of-source of-target)" ] || fail "the source has keys that the target has not"
    [ -z "$(cut -d' ' -f1 of-source | uniq -d)" ] || fail "an id came twice"
}

# Nor the other way round, as long as the source lives (relay.md R7).
no_more_keys() {
    [ -z "$(comm -13 of-source of-target)" ] || fail "the target has keys that the source has not"
}

echo "keys over eight hops"
send first 65536
sent first
same_keys 65536
no_more_keys
[ "$(field delivered_keys <first.out)" = 65536 ] || fail "unexpected report: $(cat first.out)"
[ "$(field hops <first.out)" = 8 ] || fail "not eight hops: $(cat first.out)"
[ "$(field simulated <first.out)" = true ] || fail "not labelled simulated"
echo "$(field keys_per_s <first.out) keys/s"

settings 0 0 0 >unfed.yaml # what its pool holds is simulated all the same
start unfed qwave node run --config unfed.yaml --send "$path" --keys 1024 --json
sent unfed
[ "$(field simulated <unfed.out)" = true ] || fail "not labelled simulated without a seed"

echo "a relay that is killed, again and again, and the target once"
send killed 65536
for victim in 4 1 7 $last 4; do
    before=$(wc -l <keys.0)
    more() { [ "$(wc -l <keys.0)" -gt "$before" ] || [ ! -e "/proc/${pid[killed]}" ]; }
    within $ready_s more || fail "nothing arrives any more: $(tail -n 3 killed.log)"
    stop "node-$victim" KILL
    run_node $victim
done
sent killed
same_keys 131072
no_more_keys

echo "the source is killed"
send source 1000000
before=$(wc -l <keys.0)
grows() { [ "$(wc -l <keys.0)" -gt "$before" ]; }
within $ready_s grows || fail "nothing arrives"
stop source KILL
send after 8192
sent after
same_keys 139264

echo "a disk that was put back"
stop node-3
cp -p 3-4.pool older
run_node 3
send more 8192
sent more
stop node-3
mv older 3-4.pool # in a test only
run_node 3
send back 8192
sent back
same_keys 155648

echo "another meeting key"
stop node-5
mv 5-6.pool right
"$bin/qwave" node charge --simulated --capacity 2097152 5 6 5-6.pool nobody.pool
run_node 5
start stranger qwave node run --config 0.yaml --send "$path" --keys 1024 --json
within $ready_s grep -q 'no link (node 5)' stranger.log || fail "a stranger is not refused: $(tail -n 3 stranger.log)"
within $ready_s grep -q 'link to 6: authentication failed' node-5.log || fail "does not say why: $(tail -n 3 node-5.log)"
stop stranger
stop node-5
mv right 5-6.pool
run_node 5

echo "a pool that is empty"
stop node-2
stop node-3
rm 2-3.pool 3-2.pool
"$bin/qwave" node charge --bytes 8192 --capacity 2097152 2 3 2-3.pool 3-2.pool
if "$bin/qwave" node run --config 2.yaml 2>real.log; then
    fail "simulated keys go into a pool of real ones"
fi
grep -q '2-3.pool: not charged with --simulated' real.log || fail "does not say why: $(cat real.log)"
for i in 2 3; do
    settings $i "$(cat port.$i)" 0 >$i.yaml
done
run_node 3
run_node 2
start empty qwave node run --config 0.yaml --send "$path" --keys 1024 --json
within $ready_s grep -q 'pool empty (node 2)' empty.log || fail "an empty pool is not named: $(tail -n 3 empty.log)"
stop empty
same_keys 155648

# Two more nodes: 20 sends, 21 takes.
"$bin/qwave" node charge --bytes 524288 --capacity 1048576 --lease 65536 20 21 20-21.pool 21-20.pool
"$bin/qwave" node charge 20 21 end-20.pool end-21.pool
two() { # NODE NEIGHBOURS ENDS
    printf 'node: %s\nneighbours: "%s"\nends: "%s"\nsource: kernel\ntimeout_ms: 1000\n' "$@"
}
two 21 20=21-20.pool 20=end-21.pool >21.yaml
run_node 21
two 20 "21=20-21.pool@127.0.0.1:$(cat port.21)" 21=end-20.pool >20.yaml

echo "a disk that fails"
status=0
(
    trap '' XFSZ
    ulimit -f 32 # KiB: marks can be written, the place of a second lease cannot
    exec "$bin/qwave" node run --config 20.yaml --send 20,21 --keys 65536
) >fails.out 2>fails.log || status=$?
[ "$status" = 1 ] || fail "exit status $status, not 1"
grep -q '20-21.pool: the disk has failed.*this node ends' fails.log || fail "does not say why: $(tail -n 3 fails.log)"

echo "a connection that died without a word"
ups() { grep -c 'link to 20: up' node-21.log || true; }
before=$(ups)
came_up() { [ "$(ups)" -gt "$before" ]; }
start lost qwave node run --config 20.yaml
within $ready_s came_up || fail "no session: $(tail -n 3 lost.log)"
kill -STOP "${pid[lost]}" # holds its connection and says nothing more
cp -p 20-21.pool twin.pool # in a test only
cp -p end-20.pool twin-end.pool
two 20 "21=twin.pool@127.0.0.1:$(cat port.21)" 21=twin-end.pool >twin.yaml
start twin qwave node run --config twin.yaml --send 20,21 --keys 4096 --json
sent twin
grep -q 'link to 20: the neighbour has connected anew' node-21.log || fail "the old connection was not replaced: $(tail -n 3 node-21.log)"
[ "$(field delivered_keys <twin.out)" = 4096 ] || fail "unexpected report: $(cat twin.out)"
stop lost KILL

echo "usage"
refuses() { # PATTERN ARGUMENT...
    local status=0 pattern=$1
    shift
    "$bin/qwave" node "$@" >out 2>usage.log || status=$?
    [ "$status" = 2 ] || fail "node $*: exit status $status"
    grep -q -- "$pattern" usage.log || fail "node $*: does not say \"$pattern\": $(cat usage.log)"
}
refuses "no part 'walk'" walk
refuses "two nodes and two files" charge 1 2 a
refuses "is not a node's id" charge one 2 a b
refuses "config FILE is missing" run
refuses "is no path" run --config 0.yaml --send 0,1,0
echo "colour: red" >bad.yaml
refuses "bad.yaml:1: " run --config bad.yaml
