# SPDX-License-Identifier: Apache-2.0
# rows: Q2 Q4 Q6
# once: pools, clocks and plans of nodes, and processes; unit tests have the sanitizers
# Running nodes behind an optical switch make key in the slots of the one module that they share, and not without one; a satellite brings key
# when it passes, to two stations, and what they deliver to each other is no more than that. A user's node and the satellite are killed.
# The same switch in front of QKD links of processes: their light gets through in the slots, and is dark when the relay is killed.
source "$(dirname "$0")/site.sh"
cd "$site"
long_s=3000 # of load: a run is ended by a signal when what was waited for has happened

cat >campus.yaml <<YAML
name: campus
text: three users share one module of a relay
switch_slot_s: 10
switch_dead_s: 1
nodes:
  - {id: gate}
  - {id: box, kind: switch}
  - {id: a, kind: user}
  - {id: b, kind: user}
  - {id: c, kind: user}
links:
  - {from: gate, to: box, km: 1, modules: 1}
  - {from: box, to: a, km: 1}
  - {from: box, to: b, km: 2}
  - {from: box, to: c, km: 3}
YAML
cat >passes.yaml <<YAML
name: passes
text: two stations and a satellite
pool_bits: 4e7
nodes:
  - {id: north}
  - {id: south}
  - {id: satellite, kind: satellite}
passes:
  - {satellite: satellite, ground: north, start_s: 3600, length_s: 600, every_s: 7200, peak_bps: 100000}
  - {satellite: satellite, ground: south, start_s: 5400, length_s: 600, every_s: 7200, peak_bps: 100000}
YAML

run() { # NAME TOPOLOGY FOLDER OPTION...
    local name=$1 topology=$2 folder=$3
    shift 3
    start "$name" qwave network run "./$topology.yaml" --folder "$folder" --seconds $long_s --rate 0 --json "$@"
}
ended() { # NAME
    local status=0
    kill -INT "${pid[$1]}"
    wait "${pid[$1]}" || status=$?
    unset "pid[$1]"
    [ "$status" = 0 ] || fail "$1 ends with $status: $(tail -n 3 "$1.log")"
    [ "$(field mismatched_keys <"$1.out")$(field lost_acknowledged_keys <"$1.out")$(field repeated_keys <"$1.out")" = 000 ] ||
        fail "keys differ, are lost or came twice: $(cat "$1.out")"
    [ "$(field simulated <"$1.out")" = true ] || fail "not labelled simulated: $(cat "$1.out")"
}
status() { # FOLDER NODE
    "$bin/qwave" node tell "$1/$2.control" status
}
member() { # NAME: the first such number on standard input
    awk -v name="\"$1\":" '{ at = index($0, name) } at { rest = substr($0, at + length(name)); sub(/[^0-9].*/, "", rest); print rest }'
}

joined_now() { # FOLDER: how many links of its node 0
    status "$1" 0 | awk '{ count += gsub(/"joined":true/, "") } END { print count + 0 }'
}

echo "a slot that never ends, given before anybody was there: what was in the pools, and no more"
sed 's/^switch_slot_s: 10$/switch_slot_s: 86400/' campus.yaml >slow.yaml
run still slow net --time-scale 10 --pair a,b
waits_much() { [ "$(status net 2 2>/dev/null | member waits || echo 0)" -gt "$1" ] 2>/dev/null; }
within $ready_s waits_much 100 || fail "an end of the stock is not reached: $(status net 2)"
status net 0 | grep -q '"via":"switch box","joined":false' || fail "the relay does not say what joins it: $(status net 0)"
status net 0 | grep -q '"joined":true' && fail "somebody is joined: $(status net 0)"
before=$(status net 2 | member delivered_keys)
within $ready_s waits_much $(($(status net 2 | member waits) + 200)) || fail "no more waits: $(status net 2)"
after=$(status net 2 | member delivered_keys)
[ $((after - before)) -lt 200 ] || fail "$((after - before)) keys out of nothing"
[ $((after * 256)) -lt 8388608 ] || fail "$after keys from a stock of 8388608 bits"
ended still
grep -q '"user":2,"relay":0,"switch":"box","slots":0' still.out || fail "unexpected report: $(cat still.out)"

echo "the same pools with slots: users take turns, and keys flow"
run slots campus net --time-scale 50 --pair a,b
slots_of() { grep -c "^slot $1\$" net/0.schedule 2>/dev/null || true; }
have_slots() { [ "$(slots_of 2)" -gt "$1" ] && [ "$(slots_of 3)" -gt "$1" ]; }
within $ready_s have_slots 2 || fail "a user gets no slot: $(sort net/0.schedule | uniq -c)"
delivers() { [ "$(status net 2 2>/dev/null | member delivered_keys || echo 0)" -gt 2000 ] 2>/dev/null; }
within $ready_s delivers || fail "no keys with slots: $(status net 2)"
# take_turns FOLDER: whoever is asked: never two at once, and sometimes one.
take_turns() {
    local joined seen=
    one_is_joined() {
        joined=$(joined_now "$1")
        [ "$joined" -le 1 ] || fail "one module, $joined users: $(status "$1" 0)"
        [ "$joined" = 1 ]
    }
    for _ in $(seq 40); do
        ! one_is_joined "$1" || seen=yes
    done
    [ -n "$seen" ] || within $ready_s one_is_joined "$1" || fail "nobody is ever joined"
}
take_turns net
user_joined() { status net 2 | grep -q '"via":"switch box","joined":true'; }
within $ready_s user_joined || fail "the user does not hear of its slots: $(status net 2)"
kill -9 "$(status net 3 | member process)"
within $ready_s grep -q 'node 3 (b) ended and is started again' slots.log || fail "the killed node is not noticed"
have=$(slots_of 3)
again() { [ "$(slots_of 3)" -gt $((have + 2)) ]; }
within $ready_s again || fail "the user that came back gets no slot"
before=$(status net 2 | member delivered_keys)
goes_on() { [ "$(status net 2 | member delivered_keys)" -gt $((before + 100)) ]; }
within $ready_s goes_on || fail "no keys after the crash: $(status net 2)"
ended slots
[ "$(field restarts <slots.out)" = 1 ] || fail "not one restart: $(cat slots.out)"
grep -q '"user":2,"relay":0,"switch":"box","slots":[1-9]' slots.out || fail "unexpected report: $(cat slots.out)"

echo "QKD links behind the switch: no light, no key; a link past the switch makes some all the time"
sed 's/^links:$/  - {id: d, kind: user}\nlinks:\n  - {from: gate, to: d, km: 1}/' campus.yaml >beside.yaml
sed 's/^switch_slot_s: 10$/switch_slot_s: 86400/' beside.yaml >dark.yaml
fed() { # NODE NUMBER: so many blocks of its link, at least
    [ -f "light/$1.fed" ] && [ "$(wc -l <"light/$1.fed")" -ge "$2" ]
}
run dark dark light --link qkd --pair a,b
within $ready_s fed 5 4 || fail "the link past the switch makes no key: $(tail -n 3 dark.log light/*.log light/*.qkd)"
for user in 2 3 4; do
    [ ! -s light/$user.fed ] || fail "a key of user $user without light: $(cat light/$user.fed)"
    status light $user | grep -q '"via":"switch box","joined":false,.*"qkd_runs":true' || fail "user $user: $(status light $user)"
done
status light 5 | grep -q '"via"' && fail "the other link goes through a switch: $(status light 5)"
[ ! -s light/2.events ] || fail "keys out of what relays leave alone"
ended dark

echo "with slots they do, one at a time"
run lit beside light --link qkd --pair a,b --time-scale 50
for user in 2 3 4; do within $ready_s fed $user 1 || fail "user $user makes no key: $(tail -n 3 lit.log light/*.qkd)"; done
within $ready_s test -s light/2.events || fail "no keys over the links: $(status light 2)"
take_turns light
kill -9 "$(status light 0 | member process)"
within $ready_s grep -q 'node 0 (gate) ended and is started again' lit.log || fail "the killed relay is not noticed"
have=$(wc -l <light/2.fed)
within $ready_s fed 2 $((have + 2)) || fail "no light after the relay came back: $(tail -n 3 lit.log light/0.log light/2-0.qkd)"
ended lit
[ "$(field link_blocks_apart <lit.out)$(field link_blocks_repeated <lit.out)" = 00 ] || fail "blocks at one end, or twice: $(cat lit.out)"
grep -q '"user":2,"relay":0,"switch":"box","slots":[1-9]' lit.out || fail "no slots in the report: $(cat lit.out)"
[ "$(jq '[.qkd_links[] | select(.secret_bits > 0)] | length' lit.out)" = 4 ] || fail "a link without key: $(cat lit.out)"

echo "lights that do not fit"
unfit() { # NODE SED PATTERN
    local status=0
    (cd light && sed "$2" "$1.yaml" >unfit.yaml && timeout $ready_s "$bin/qwave" node run --config unfit.yaml) >unfit.out 2>&1 || status=$?
    [ "$status" = 1 ] || [ "$status" = 2 ] || fail "node $1 with $2: status $status: $(cat unfit.out)"
    grep -q -- "$3" unfit.out || fail "node $1 with $2: does not say \"$3\": $(cat unfit.out)"
}
unfit 0 '/^lights:/d' 'lights: the link to 2 goes through a switch of this relay'
unfit 5 's/^lights:.*/lights: "0=x"/' 'lights: the link to 0 goes through no switch of this relay'
unfit 0 's/^lights:.*/lights: "9=x"/' "lights: '9=x' is not ID=SOCKET of a neighbour in feeds"
status=0
"$bin/qwave" qkd optics --port 0 --switch "$site/no/folder" >unfit.out 2>&1 || status=$?
[ "$status" = 1 ] || fail "a switch nowhere: status $status"

echo "two stations and a satellite"
run passes passes space --time-scale 3600 --pair north,south
has_pass() { [ "$(grep -c '^passes 2 ' "space/$1.schedule" 2>/dev/null || true)" -gt "$2" ]; }
within $ready_s test -s space/0.events || fail "no keys over the satellite: $(tail -n 3 passes.log)"
within $ready_s has_pass 0 0 || fail "keys without a pass over the north"
within $ready_s has_pass 1 0 || fail "keys without a pass over the south"
status space 2 | grep -q '"pass":{"passing":[a-z]*,"next_s":[0-9.e+-]*,"passes":[1-9]' || fail "the satellite does not say when it passes: $(status space 2)"
kill -9 "$(status space 2 | member process)"
within $ready_s grep -q 'node 2 (satellite) ended and is started again' passes.log || fail "the killed satellite is not noticed"
passes_before=$(grep -c '^passes 2 ' space/1.schedule)
before=$(wc -l <space/0.events)
within $ready_s has_pass 1 "$passes_before" || fail "no pass after the crash"
more() { [ "$(wc -l <space/0.events)" -gt $((before + 4)) ]; }
within $ready_s more || fail "no keys after the crash"
ended passes
made=$(grep -o '"pass_links":.*' passes.out | grep -o '"bits":[0-9]*' | cut -d: -f2 | sort -n | head -n 1)
[ $(($(field delivered_keys <passes.out) * 256)) -le $((made + 2 * 8 * 4096)) ] || fail "more keys than the passes brought: $(cat passes.out)"

echo "usage"
status=0
"$bin/qwave" network run ./campus.yaml --time-scale 0 2>usage.log || status=$?
[ "$status" = 2 ] || fail "--time-scale 0: status $status"
