# SPDX-License-Identifier: Apache-2.0
# rows: A1 C12
# once: it measures, and waits for lifetimes
# One agent with six links in one file of settings, four of them to one peer: all get keys; a peer that the centre does not allow is an alarm that says so;
# four links whose peer does not answer any more (its process is stopped) hold up no rotation of the others, and a hard lifetime among them is
# kept; when it goes on, so do they. And the command that measures links.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"

make_centre
start_centre
application hub 'peer-*'
for sae in peer-quick peer-slow stranger; do
    application $sae hub
done
links="peer-quick/main stranger/main $(printf 'peer-slow/l%d ' 1 2 3 4)"

settings() {
    link_head "$1" "peer_timeout_ms: 5000" "workers: 2"
}
# entry SELF PEER LINK PORT; the first of the four has a short life.
entry() {
    cat <<YAML
  - peer: $2
    link: $3
    address: 127.0.0.1:$4
    sink: psk-file
    file: $site/$1-$2-$3.psk
    heartbeat_s: 0.3
    drain_s: 0.1
    retry_s: 0.2
YAML
    [ "$3" != l1 ] || printf '    rekey_s: 3\n    hard_s: 6\n'
}
for sae in peer-quick peer-slow stranger; do
    {
        settings $sae
        for name in $links; do
            [ "${name%/*}" != $sae ] || entry $sae hub "${name#*/}" 0
        done
    } >"$site/$sae.yaml"
    start $sae qwave-link --config "$site/$sae.yaml"
done
settings hub >"$site/hub.yaml"
for name in $links; do
    entry hub "${name%/*}" "${name#*/}" "$(ready "${name%/*}")" >>"$site/hub.yaml"
done
start hub qwave-link --config "$site/hub.yaml"
ready hub >/dev/null

# hub_has NUMBER CONDITION-OF-JQ: so many links of the hub are so.
hub_has() {
    "$bin/qwave-link" status --json --socket "$site/hub.sock" | jq -e "[.links[] | select($2)] | length == $1" >/dev/null
}
same_keys() {
    for name in peer-quick/main $(printf 'peer-slow/l%d ' 1 2 3 4); do
        cmp -s "$site/hub-${name%/*}-${name#*/}.psk" "$site/${name%/*}-hub-${name#*/}.psk" || return 1
    done
}

echo "five links, and one that the centre does not allow"
steady='.state == "STEADY" and .alarm == ""'
within $ready_s hub_has 5 "$steady" || fail "not all links have a key: $("$bin/qwave-link" status --socket "$site/hub.sock")"
within $ready_s same_keys || fail "the ends differ"
[ "$(sort -u "$site"/hub-peer-*.psk | wc -l)" = 5 ] || fail "two links have one key"
within $ready_s hub_has 1 '.alarm == "no new key: the key server does not allow keys with stranger" and .state == "DEGRADED"' ||
    fail "no clear alarm for a peer that is not allowed: $("$bin/qwave-link" status --socket "$site/hub.sock" | grep stranger)"
[ "$("$bin/qwave-link" status --prometheus --socket "$site/hub.sock" | grep -c '^qwave_link_in_touch.* 1$')" = 6 ] || fail "status for Prometheus"

echo "a peer of four links stops to answer"
kill -STOP "${pid[peer-slow]}"
within $ready_s hub_has 4 '.in_touch | not' || fail "a peer that does not answer is not noticed"
count=$("$bin/qwave-link" status --json --socket "$site/hub.sock" | jq '[.links[] | select(.peer == "peer-quick")][0].rotations')
"$bin/qwave-link" rotate peer-quick --socket "$site/hub.sock"
within $ready_s hub_has 1 ".peer == \"peer-quick\" and .rotations > $count" || fail "links whose peer does not answer hold up another"
within $ready_s hub_has 1 '.link == "l1" and .blocked' || fail "a key over its hard lifetime goes on"

echo "and goes on"
kill -CONT "${pid[peer-slow]}"
within $ready_s hub_has 5 "$steady" || fail "a link does not come back: $("$bin/qwave-link" status --socket "$site/hub.sock")"
for name in hub peer-quick peer-slow stranger qwaved; do
    stop $name
done

echo "measured"
mkdir "$site/tmp"
TMPDIR=$site/tmp "$bin/qwave" bench link --peers 2 --seconds 1 --json >"$site/bench.out" 2>"$site/bench.log" || fail "bench: $(tail -n 1 "$site/bench.log")"
jq -e '.rotations > 0 and .rotation_ms_p50 > 0 and .rotation_ms_p50 <= .rotation_ms_p99 and .sent_packets > 0 and .lost_packets == 0 and
    .peers == 2 and .idle_cpu_share >= 0 and (.probe | contains("own UDP stream"))' "$site/bench.out" >/dev/null || fail "bench: $(cat "$site/bench.out")"
[ -z "$(ls "$site/tmp")" ] || fail "bench left behind: $(ls "$site/tmp")"
status=0
"$bin/qwave" bench link --peers 0 2>/dev/null || status=$?
[ $status = 2 ] || fail "bench without links: exit status $status"
echo "done"
