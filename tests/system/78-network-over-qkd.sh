# SPDX-License-Identifier: Apache-2.0
# rows: Q1 Q2 Q3 Q4
# Three nodes in a line, each link of them a QKD link of three processes over simulated light. Keys between the two outer nodes go under
# distilled key over two hops; an end of a link is killed, and a node; both come back, the pools stay in step and no key of a link is used twice.
source "$(dirname "$0")/site.sh"
cd "$site"
long_s=3000 # of load: the run is ended by a signal when what was waited for has happened

cat >line.yaml <<YAML
name: line
text: three nodes, the outer two joined over the middle one
nodes:
  - {id: a}
  - {id: b}
  - {id: c}
links:
  - {from: a, to: b, km: 20}
  - {from: b, to: c, km: 40}
YAML

run() { # NAME OPTION...
    local name=$1
    shift
    start "$name" qwave network run ./line.yaml --link qkd --pair a,c --rate 100 --folder net --seconds $long_s --json "$@"
}
tell() { # NODE WORD...
    local node=$1
    shift
    "$bin/qwave" node tell "net/$node.control" "$@"
}
lines() { # PATTERN FILE
    grep -c -- "$1" "$2" 2>/dev/null || true
}
# more WHAT FILE RUN: a line more than there are now
more() {
    local before
    before=$(lines "$1" "$2")
    grown() { [ "$(lines "$1" "$2")" -gt $((before + 1)) ]; }
    within $ready_s grown "$1" "$2" || fail "no more '$1' in $2: $(tail -n 3 "$3.log" "$2")"
}
again() { # PATTERN RUN
    within $ready_s grep -q -- "$1 ended and is started again" "$2.log" || fail "$1 is not started again: $(tail -n 3 "$2.log")"
}

echo "no batch before there is distilled key"
run first --kill-end b,c@1
within $ready_s grep -q '^delivered' net/0.events || fail "nothing is delivered: $(tail -n 3 first.log net/*.log)"
[ -s net/0.fed ] && [ -s net/1.fed ] && [ -s net/2.fed ] || fail "keys were delivered before a link had made any"
tell 1 status | grep -q '"qkd_runs":true' || fail "the node does not see its link: $(tell 1 status)"

echo "an end of a link is killed"
kill -KILL "$(pgrep -P "${pid[first]}" -f -- 'qkd bob .*--centre 1-0.feed ')"
again "QKD link 0-1" first
more "^fed 1 " net/0.fed first
more "^delivered" net/0.events first

echo "the other end of the other link, by the run itself"
again "QKD link 1-2" first
more "^fed 1 " net/2.fed first
more "^delivered" net/0.events first

echo "the node in the middle is killed"
kill -KILL "$(tell 1 status | grep -o '"process":[0-9]*' | cut -d: -f2)"
again "node 1 (b)" first
more "^fed 0 " net/1.fed first
more "^fed 2 " net/1.fed first
more "^delivered" net/0.events first
tell 1 status | grep -q '"quarantined":true' && fail "the pools differ: $(tell 1 status)"

echo "what both ends hold"
kill -INT "${pid[first]}"
status=0
wait "${pid[first]}" || status=$?
unset "pid[first]"
[ "$status" = 0 ] || fail "the run ends with $status: $(cat first.out; tail -n 3 first.log)"
for name in mismatched_keys lost_acknowledged_keys repeated_keys link_blocks_apart link_blocks_repeated; do
    [ "$(field $name <first.out)" = 0 ] || fail "$name: $(cat first.out)"
done
[ "$(field simulated <first.out)" = true ] || fail "not labelled simulated: $(cat first.out)"
[ "$(jq '[.qkd_links[] | select(.simulated_light and .secret_bits > 0 and .qber > 0.001 and .qber < 0.05 and .restarts >= 1)] | length' first.out)" = 2 ] ||
    fail "not two links with their errors and bits: $(cat first.out)"
[ "$(jq -r '.routes[].nodes' first.out)" = 0,1,2 ] || fail "not over two hops: $(cat first.out)"
# More than was delivered has to have come out of each link.
[ "$(jq '(.delivered_keys * 256) as $used | [.qkd_links[] | select(.secret_bits > $used)] | length' first.out)" = 2 ] ||
    fail "more was delivered than the links made: $(cat first.out)"
[ -z "$(cut -d' ' -f2-4 net/0.fed | sort | uniq -d)" ] || fail "a key of a link was used twice"
gone() { # those of this run: other scenarios have links as well
    local process
    for process in $(pgrep -f -- "--centre [0-9]-[0-9].feed --link [0-9]-[0-9]"); do
        [[ $(readlink "/proc/$process/cwd") != "$site"* ]] || return 1
    done
}
within $ready_s gone || fail "processes were left behind"

echo "what does not fit together"
refuses() { # PATTERN ARGUMENT...
    local status=0 pattern=$1
    shift
    "$bin/qwave" network run "$@" >out 2>usage.log || status=$?
    [ "$status" = 2 ] || fail "$*: exit status $status"
    grep -q -- "$pattern" usage.log || fail "$*: does not say \"$pattern\": $(cat usage.log)"
}
refuses "is simulated or qkd" tokyo --link real
refuses "nodes are processes" tokyo --link qkd --in-one-process
refuses "at most 64 keys" tokyo --link qkd --batch 65
refuses "is for --link qkd" tokyo --kill-end 1,4@1
refuses "no such link" ./line.yaml --link qkd --kill-end a,c@1
