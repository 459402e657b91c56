# SPDX-License-Identifier: Apache-2.0
# rows: Q3 Q4 C2 C12
# Centres at two nodes of a network that have no link with each other: keys that the network relays become stock of both, no bit of it twice,
# and applications of the two sites get the same key by ETSI 014. A node on the way is killed, an end node, and a centre.
source "$(dirname "$0")/site.sh"
cd "$site"
long_s=3000 # of load: the run is ended by a signal when what was waited for has happened

declare -A url=() other=([a]=b [b]=a) node=([a]=0 [b]=4)
at() { # CENTRE ADMIN-ARGUMENT...
    local x=$1
    shift
    "$bin/qwave" admin --operator "$site/$x/operator/operator.yaml" --url "${url[$x]}" "$@"
}
state() { at "$1" --json status | field "$2"; }
says() { state "$1" "$2" | grep -q -- "$3"; }
ask() { # SAE CENTRE PATH [CURL-OPTION...]: body, then the status on a line of its own
    local sae=$1 x=$2 path=$3
    shift 3
    curl --silent --max-time 15 --cert "$site/$sae.pem" --key "$site/$sae.key" --cacert "$site/$x/ca/ca.pem" \
        -H 'Content-Type: application/json' -w '\n%{http_code}\n' "$@" "${url[$x]}/api/v1/keys/$path"
}
status_of() { tail -n 1 <<<"$1"; }
ids_of() { head -n 1 <<<"$1" | jq -c '{key_IDs: [.keys[] | {key_ID}]}'; }
sorted() { head -n 1 <<<"$1" | jq -cS '.keys | sort_by(.key_ID)'; }
run() { # CENTRE
    start "qwaved-$1" qwaved --config "$site/$1/qwaved.yaml"
    url[$1]=https://127.0.0.1:$(ready "qwaved-$1")
}
both() {
    start qwaved-a qwaved --config "$site/a/qwaved.yaml"
    run b
    url[a]=https://127.0.0.1:$(ready qwaved-a)
}
tell() { # NODE: its status
    "$bin/qwave" node tell "net/$1.control" status | sed 's/^ok //'
}

echo "two centres, partners of each other, each with the network as its source"
for x in a b; do
    "$bin/qwave" init --port 0 --source kernel "$site/$x" >/dev/null
    mkdir $x/partners
    sed -i 's/^source: .*/source: qkd/' $x/qwaved.yaml
    cat >>$x/qwaved.yaml <<YAML
source_path: $site/$x.sock
source_name: 0-4
stock_keys: 100000
log_level: debug
etsi020: draft
etsi020_port: 0
etsi020_wait_ms: 10000
partners: $site/$x/partners
YAML
done
both
for x in a b; do
    y=${other[$x]}
    at $x device add kme-$y --kind kme --owner "the other site" >/dev/null
    at $x certificate kme kme-$y --certificate "$site/$x-for-$y.pem" --key "$site/$x-for-$y.key" >/dev/null
    at $x device add ann --kind application --owner test --peer ben >/dev/null
    at $x device add ben --kind application --owner test --peer ann >/dev/null
    at $x device add eve --kind application --owner test --peer gus >/dev/null # at both sites: for keys that stay in one
    at $x device add gus --kind application --owner test --peer eve >/dev/null
    at $x certificate sae eve --certificate "$site/eve-$x.pem" --key "$site/eve-$x.key" >/dev/null
    [ "$(state $x source)" = qkd:0-4 ] && says $x source_reason "has not come yet" || fail "the source of $x: $(at $x --json status)"
done
at a device home ben --kme kme-b >/dev/null
at b device home ann --kme kme-a >/dev/null
at a certificate sae ann --certificate "$site/ann.pem" --key "$site/ann.key" >/dev/null
at b certificate sae ben --certificate "$site/ben.pem" --key "$site/ben.key" >/dev/null
for x in a b; do
    y=${other[$x]}
    port=$(sed -n 's/^etsi020 //p' qwaved-$x.out)
    stop qwaved-$x
    echo "source_partner: kme-$y" >>$x/qwaved.yaml
    sed -i "s/^etsi020_port:.*/etsi020_port: $port/" $x/qwaved.yaml
    cat >$y/partners/kme-$x.yaml <<YAML
url: https://127.0.0.1:$port
certificate: $site/$x-for-$y.pem
key: $site/$x-for-$y.key
ca: $site/$x/ca/ca.pem
YAML
done
both

echo "the network of Vienna: keys of nodes 0 and 4, which have no link"
start net qwave network run secoqc --pair 0,4 --rate 500 --batch 64 --seconds $long_s --folder net \
    --centre 0,4=a.sock --centre "4,0=$site/b.sock" --json
within 60 grep -qs '^delivered' net/0.events || fail "nothing is delivered: $(tail -n 3 net.log net/*.log)"
stocked() { [ "$(state "$1" source_is_running)" = true ] && [ "$(state "$1" stored)" -ge "$2" ]; }
draw() { # CENTRE NUMBER: keys of the network for two applications of that site
    local answer
    answer=$(ask "eve-$1" "$1" gus/enc_keys -d "{\"number\": $2, \"extension_mandatory\": [{\"qwave_source\": \"qkd:0-4\"}]}")
    [ "$(status_of "$answer")" = 200 ] || return 1
    head -n 1 <<<"$answer" | jq -r '.keys[].key' >>keys.txt
}
for x in a b; do
    within 60 stocked $x 300 || fail "$x has no stock: $(at $x --json status) $(tell ${node[$x]})"
    [ "$(state $x source_is_simulated)" = true ] || fail "keys of simulated links are not labelled so"
    within 30 draw $x 128 || fail "no keys of the network at $x"
done
unique() { [ "$(sort -u keys.txt | wc -l)" = "$(wc -l <keys.txt)" ]; }
[ "$(wc -l <keys.txt)" = 256 ] && unique || fail "the two sites gave the same key"
tell 0 | jq -e '.centres[0] | .end == 4 and .up and .centre_bits > 0' >/dev/null || fail "the node does not say so: $(tell 0)"

echo "applications of the two sites have the same key"
shared() { # MASTER CENTRE SLAVE CENTRE
    local answer theirs
    answer=$(ask "$1" "$2" "$3/enc_keys" -d '{"number": 4}')
    [ "$(status_of "$answer")" = 200 ] || return 1
    theirs=$(ask "$3" "$4" "$1/dec_keys" -d "$(ids_of "$answer")")
    [ "$(sorted "$theirs")" = "$(sorted "$answer")" ] || fail "the two sites have different keys: status $(status_of "$theirs")"
    head -n 1 <<<"$answer" | jq -r '.keys[].key' >>keys.txt
}
within 20 shared ann a ben b || fail "no key for the other site: $(tail -n 3 qwaved-a.log qwaved-b.log)"
within 20 shared ben b ann a || fail "no key the other way round"

# goes_on: new stock at both sites, and another key that they share
goes_on() {
    local -A had=([a]=$(state a keys_ingested) [b]=$(state b keys_ingested))
    more() { [ "$(state a keys_ingested)" -gt "${had[a]}" ] && [ "$(state b keys_ingested)" -gt "${had[b]}" ]; }
    within 60 more || fail "$1: no new stock: $(at a --json status) $(at b --json status) $(tell 0)"
    within 30 shared ann a ben b || fail "$1: no key for the other site: $(tail -n 3 qwaved-a.log qwaved-b.log)"
    for x in a b; do within 30 draw $x 64 || fail "$1: no keys at $x"; done
    unique || fail "$1: a key was given twice"
}
killed() { # NODE
    kill -KILL "$(tell "$1" | jq .process)"
    within 60 grep -q "node $1 (.*) ended and is started again" net.log || fail "node $1 is not started again: $(tail -n 3 net.log)"
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
within 20 centre_is false || fail "the node does not miss its centre: $(tell 4)"
run b
within 20 centre_is true || fail "the node does not find its centre: $(tell 4)"
goes_on "after a centre"

echo "what the nodes delivered is the same at both ends, none lost and none twice"
stop net TERM
jq -e '.mismatched_keys == 0 and .lost_acknowledged_keys == 0 and .repeated_keys == 0 and .delivered_keys > 0' net.out >/dev/null || fail "the run: $(cat net.out)"
for x in a b; do
    within 20 says $x source_reason "its process is gone" || fail "$x does not miss the network: $(at $x --json status)"
done

echo "no centre that is somebody else's, and no socket without a pair"
status=0
"$bin/qwave" network run secoqc --pair 0,4 --centre 1,2=a.sock 2>refused.log || status=$?
[ "$status" = 2 ] && grep -q "no --pair of these two" refused.log || fail "a centre without keys: $status $(cat refused.log)"
