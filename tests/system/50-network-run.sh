# SPDX-License-Identifier: Apache-2.0
# rows: Q2 Q3 Q4
# The network of Tokyo as six processes that find their routes themselves: a link is cut, a node is killed and comes back; every key that was
# acknowledged is at both ends, with the same bits, once. The same in one process; three nodes by hand; and nothing is left behind.
source "$(dirname "$0")/site.sh"
cd "$site"
long_s=3000 # of load: a run is ended by a signal when what was waited for has happened

# run NAME OPTION...: a run in the folder net, in the background.
run() {
    local name=$1
    shift
    rm -f net/*.events # of the run before: nothing has arrived yet
    start "$name" qwave network run tokyo --folder net --seconds $long_s --json "$@"
}

# ended NAME [STATUS]: Ctrl-C, and the run reports what it found.
ended() {
    local status=0
    kill -INT "${pid[$1]}"
    wait "${pid[$1]}" || status=$?
    unset "pid[$1]"
    [ "$status" = "${2:-0}" ] || fail "$1 ends with $status: $(tail -n 3 "$1.log")"
}

tell() { # NODE WORD...
    local node=$1
    shift
    "$bin/qwave" node tell "net/$node.control" "$@"
}

# arrive NODE ROUTE RUN: a batch that is asked for from now on gets there over this route, soon.
arrive() {
    local before
    before=$(wc -l <"net/$1.events")
    more() { [ "$(tail -n +$((before + 1)) "net/$1.events" | grep -c " $2\$")" -gt 4 ]; }
    within $ready_s more "$1" "$2" || fail "nothing arrives from $1 over $2: $(tail -n 2 "net/$1.events" "$3.log")"
}

nothing_wrong() { # NAME
    [ "$(field mismatched_keys <"$1.out")" = 0 ] || fail "keys differ: $(cat "$1.out")"
    [ "$(field lost_acknowledged_keys <"$1.out")" = 0 ] || fail "acknowledged keys are lost: $(cat "$1.out")"
    [ "$(field repeated_keys <"$1.out")" = 0 ] || fail "keys came twice: $(cat "$1.out")"
    [ "$(field simulated <"$1.out")" = true ] || fail "not labelled simulated: $(cat "$1.out")"
}

# What was acknowledged at SOURCE for TARGET is at both, by the files alone.
same_at_both() { # SOURCE TARGET
    awk -v target="$2" '$1 == "delivered" && $6 ~ "," target "$" { print $4 }' "net/$1.events" | sort >acknowledged
    for end in "$1" "$2"; do
        awk '$1 == "void" { delete batch[$2]; next } { batch[substr($1, 1, 24)] = batch[substr($1, 1, 24)] $0 "\n" }
            END { for (id in batch) printf "%s", batch[id] }' "net/$end.keys" | sort >"held.$end"
    done
    grep -F -f acknowledged "held.$1" >at-source || true
    [ -s at-source ] || fail "nothing was acknowledged at $1"
    [ -z "$(comm -23 at-source "held.$2")" ] || fail "$1 has keys that $2 has not"
    [ -z "$(cut -d' ' -f1 at-source | uniq -d)" ] || fail "an id came twice"
    [ -z "$(cut -d' ' -f2 at-source | sort | uniq -d)" ] || fail "a key came twice"
}

alive() { # of the programs that were ours
    local process
    for process in $processes; do
        [ ! -e "/proc/$process" ] || return 0
    done
    return 1
}
gone() { ! alive; }

echo "six processes, a cut and a kill"
run first --rate 200 --cut koganei-2,otemachi-2@0.5
within 120 test -s net/2.events || fail "no keys: $(tail -n 3 first.log)"
arrive 2 2,0,3,4,5 first # the link from 1 to 4 is cut: the other way round
arrive 1 1,2,0,3,4 first
processes=$(for node in 0 1 2 3 4 5; do tell $node status | grep -o '"process":[0-9]*' | cut -d: -f2; done)
[ "$(echo "$processes" | sort -u | wc -l)" = 6 ] || fail "not six processes: $processes"
kill -9 "$(echo "$processes" | sed -n 4p)"
within $ready_s grep -q 'node 3 (otemachi-1) ended and is started again' first.log || fail "the killed node is not noticed"
arrive 2 2,0,3,4,5 first
tell 2 status | grep '"wrong_tags":0,"ignored_messages":' | grep -q '"quarantined":false' || fail "a wrong tag, or a quarantine: $(tell 2 status)"
processes="$processes $(tell 3 status | grep -o '"process":[0-9]*' | cut -d: -f2)"
ended first
nothing_wrong first
[ "$(field restarts <first.out)" = 1 ] || fail "not one restart: $(cat first.out)"
[ "$(field rerouted <first.out)" -ge 1 ] || fail "no new route was measured: $(cat first.out)"
[ "$(field not_rerouted <first.out)" = 0 ] || fail "somebody got no key after the cut: $(cat first.out)"
echo "reroute: $(field reroute_p50_ms <first.out) ms in the middle, $(field reroute_max_ms <first.out) ms at most, on this machine"
same_at_both 2 5
same_at_both 1 4
within $ready_s gone || fail "a node was left behind"

echo "stopped at once"
run stopped
within 120 test -s net/2.events || fail "no keys: $(tail -n 3 stopped.log)"
processes=$(for node in 0 1 2 3 4 5; do tell $node status | grep -o '"process":[0-9]*' | cut -d: -f2; done)
stop stopped KILL
within $ready_s gone || fail "nodes outlive who started them"

echo "again in the same folder, in one process, and a link that comes back"
run threads --in-one-process --rate 200
within 120 test -s net/2.events || fail "no keys: $(tail -n 3 threads.log)"
arrive 2 2,1,4,5 threads
tell 1 cut 4 >/dev/null
arrive 2 2,0,3,4,5 threads
tell 1 mend 4 >/dev/null
arrive 2 2,1,4,5 threads
ended threads
nothing_wrong threads
same_at_both 2 5

echo "three nodes by hand"
cat >triangle.yaml <<YAML
name: triangle
text: three nodes, each joined with each
nodes:
  - {id: a}
  - {id: b}
  - {id: c}
links:
  - {from: a, to: b, km: 1}
  - {from: b, to: c, km: 1}
  - {from: a, to: c, km: 1}
YAML
for pair in "0 1" "1 2" "0 2"; do
    read -r one other <<<"$pair"
    "$bin/qwave" node charge --simulated --capacity 2097152 "$one" "$other" "$one-$other.pool" "$other-$one.pool"
done
"$bin/qwave" node charge 0 2 end-0.pool end-2.pool
by_hand() { # NODE PORT NEIGHBOURS [LINE]...
    printf 'node: %s\nlisten_port: %s\nneighbours: "%s"\ntopology: ./triangle.yaml\nstart_file: start.%s\ncontrol: control.%s\n' "$1" "$2" "$3" "$1" "$1"
    printf 'simulated_seed: 3\nsource: kernel\nbatch_keys: 64\nkey_file: keys.%s\n' "$1"
    shift 3
    [ $# = 0 ] || printf '%s\n' "$@"
}
by_hand 2 0 "0=2-0.pool 1=2-1.pool" 'ends: "0=end-2.pool"' >2.yaml
start node-2 qwave node run --config 2.yaml
port_2=$(ready node-2)
by_hand 1 0 "0=1-0.pool 2=1-2.pool@127.0.0.1:$port_2" >1.yaml
start node-1 qwave node run --config 1.yaml
port_1=$(ready node-1)
"$bin/qwave" node tell control.2 cut 0 >told # so that keys go over node 1
[ "$(cat told)" = ok ] || fail "cut: $(cat told)"
by_hand 0 0 "1=0-1.pool@127.0.0.1:$port_1 2=0-2.pool@127.0.0.1:$port_2" 'ends: "2=end-0.pool"' >0.yaml
"$bin/qwave" node run --config 0.yaml --to 2 --keys 640 --json >by-hand.out 2>by-hand.log || fail "--to: $(tail -n 3 by-hand.log)"
[ "$(field delivered_keys <by-hand.out)" = 640 ] || fail "unexpected report: $(cat by-hand.out)"
[ -z "$(comm -23 <(grep -v void keys.0 | sort) <(sort keys.2))" ] || fail "the source has keys that the target has not"
"$bin/qwave" node tell control.1 status | grep -q '"passed_batches":[1-9][0-9]' || fail "not over node 1: $("$bin/qwave" node tell control.1 status)"

echo "usage"
refuses() { # PATTERN ARGUMENT...
    local status=0 pattern=$1
    shift
    "$bin/qwave" "$@" >out 2>usage.log || status=$?
    [ "$status" = 2 ] || fail "$*: exit status $status"
    grep -q -- "$pattern" usage.log || fail "$*: does not say \"$pattern\": $(cat usage.log)"
}
refuses "no topology 'tokio'" network run tokio
refuses "no such link" network run tokyo --cut koganei-1,hongo@1
refuses "does not begin with two nodes" network run tokyo --cut koganei-1@1
refuses "is not A,B@SECONDS" network run tokyo --cut koganei-1-otemachi-1
refuses "cannot be killed" network run tokyo --in-one-process --kill hongo@1
refuses "is no request" node tell control.1 links 1
refuses "either --send or --to" node run --config 0.yaml --to 2 --send 0,1,2
status=0
"$bin/qwave" node tell control.1 deliver 2 64 0 2>error.log || status=$?
[ "$status" = 1 ] || fail "an order without an end pool: $status"
grep -q 'error ' error.log || fail "does not say why: $(cat error.log)"
stop node-1
sed -i 's/0=1-0.pool/0=1-0.pool 7=1-2.pool/' 1.yaml
status=0
"$bin/qwave" node run --config 1.yaml 2>error.log || status=$?
[ "$status" != 0 ] || fail "a neighbour that is none in the topology is taken"
