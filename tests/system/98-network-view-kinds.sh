# SPDX-License-Identifier: Apache-2.0
# rows: Q4 Q6
# once: a browser
# The network view with optical switches, with satellite passes and with the backbone of 145 nodes, in a browser: who has the slot, when the next pass is, and
# a drawing that can be read and walked by keys. Switch and satellite networks run as real nodes; of the backbone only the topology comes from a
# reporter, and this script says how its nodes are: 145 processes are too many for a test. Pictures: build/console/pictures.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/browser.sh"
needs_browser

make_centre
start_centre
needs_console
ca=$site/centre/ca/ca.pem
for id in campus space backbone spurs; do
    admin device add "$id" --kind node --owner test >/dev/null
    admin certificate node "$id" --certificate "$site/$id.pem" --key "$site/$id.key" >/dev/null
done
as() { # WHO: the options of a reporter
    who=(--console "$url" --certificate "$site/$1.pem" --key "$site/$1.key" --ca "$ca")
}
look() { # SCENE
    browse network-kinds "$url" "$site/centre/operator/operator.pem" "$site/centre/operator/operator.key" "$pictures" "$1"
}
ends() { # NAME
    kill -INT "${pid[$1]}"
    wait "${pid[$1]}" || fail "$1 ends with $?: $(tail -n 3 "$site/$1.log")"
    unset "pid[$1]"
}

echo "optical switches" # slots of 2 s
as campus
start switches qwave network run metro-campus --seconds 600 --time-scale 5 --folder "$site/switches" "${who[@]}"
within $ready_s grep -q "s of load" "$site/switches.log" || fail "the network does not start: $(tail -n 3 "$site/switches.log")"
look switches
ends switches

echo "satellite passes"
as space
start passes qwave network run satellite --seconds 600 --time-scale 3600 --folder "$site/passes" "${who[@]}"
within $ready_s grep -q "s of load" "$site/passes.log" || fail "the network does not start: $(tail -n 3 "$site/passes.log")"
look passes
ends passes

echo "a backbone of 145 nodes"
as backbone
start backbone qwave network report two-ring-145 --node "relay-001=$site/nobody" "${who[@]}"
# Node 0 is the reporter's and does not answer; of the others each link is up but one, between the last node and its neighbour.
"$bin/qwave" network show two-ring-145 --json | jq -c '
    (.node_list | map(.id)) as $ids
    | [.key_link_list[] | [.from, .to] | map(. as $id | $ids | index($id))] as $ends
    | {network: "two-ring-145", nodes: [range(1; $ids | length) as $n | {node: $n, status: {links_up: 1, under_way: 0, delivered_keys: 0, received_keys: 0,
        passed_batches: 0, void_batches: 0, wrong_tags: 0, ignored_messages: 0, links: [$ends[] | select(index($n)) | . as $pair
        | (if .[0] == $n then .[1] else .[0] end) as $other
        | {neighbour: $other, up: ($pair | index(($ids | length) - 1) | not), quarantined: false, simulated: true,
           stored_bits: (4096 * (1 + $n % 7)), capacity_bits: 32768}] | sort_by(.neighbour), orders: []}}]}' >"$site/spurs.json"
says() {
    local status
    status=$(curl --silent --max-time $ready_s --output "$site/answer" --write-out '%{http_code}' --cert "$site/spurs.pem" --key "$site/spurs.key" \
        --cacert "$ca" --header 'Content-Type: application/json' --data "@$site/spurs.json" "$url/v1/network/report" || true)
    echo "$status $(cat "$site/answer")" >"$site/spurs.said"
    [ "$status" = 200 ]
}
goes_on() {
    while says || true; do sleep 1; done
}
goes_on &
pid[spurs]=$!
look backbone
echo "done"
