# SPDX-License-Identifier: Apache-2.0
# rows: Q4 Q6
# once: a browser
# The network view: an officer sees a running network, its stocks and routes move; a cut and a node that hangs, each soon (QWAVE_SOON_MS: within so many ms). Wrong
# and hostile reports are refused, sites that fall silent are not known any more, and an officer who is suspended is out. Pictures: build/console/pictures.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/browser.sh"
needs_browser

make_centre
start_centre
needs_console
ca=$site/centre/ca/ca.pem

node_certificate() { # ID
    admin device add "$1" --kind node --owner test >/dev/null
    admin certificate node "$1" --certificate "$site/$1.pem" --key "$site/$1.key" >/dev/null
}
look() { # SCENE [OFFICER]
    browse network "$url" "${2:-$site/centre/operator/operator}.pem" "${2:-$site/centre/operator/operator}.key" "$pictures" "$1" "$bin" "$site"
}
# report WHO BODY: gives the status
report() {
    curl --silent --max-time $ready_s --output "$site/answer" --write-out '%{http_code}' --cert "$site/$1.pem" --key "$site/$1.key" \
        --cacert "$ca" --header 'Content-Type: application/json' --data "$2" "$url/v1/network/report" || true
}
refused() { # STATUS WHO BODY
    local status
    status=$(report "$2" "$3")
    [ "$status" = "$1" ] || fail "$2 says $3: $status, not $1: $(cat "$site/answer")"
}

for id in campus site-1 site-2 thief; do
    node_certificate "$id"
done
application app-1
look none

echo "a network"
start net qwave network run tokyo --seconds 600 --folder "$site/net" --console "$url" --certificate "$site/campus.pem" \
    --key "$site/campus.key" --ca "$ca"
within $ready_s grep -q "s of load" "$site/net.log" || fail "the network does not start: $(tail -n 3 "$site/net.log")"
look live

echo "wrong and hostile reports"
of_node_0='{"network":"tokyo","nodes":[{"node":0}]}'
another='{"network":"tokyo","topology":{"text":"","nodes":[{"id":"a","kind":"relay","x":0,"y":0},{"id":"b","kind":"relay","x":1,"y":0}],"links":[]}}'
refused 409 thief "$of_node_0"
refused 409 thief "$another"
refused 403 app-1 "$of_node_0"
refused 400 thief '{"network":"tokyo","nodes":[{"node":9}]}'
refused 400 thief '{"network":"tokyo","nodes":[{"node":0,"status":{"links":[]}}]}'
refused 400 thief '{"network":""}'
refused 400 thief 'not JSON'
admin device suspend thief >/dev/null
refused 403 thief '{"network":"tokyo"}'
admin certificate revoke "$site/site-2.pem" >/dev/null
refused 000 site-2 '{"network":"tokyo"}'

echo "a network of two sites"
admin certificate node site-2 --certificate "$site/site-2b.pem" --key "$site/site-2b.key" >/dev/null
start city qwave network run secoqc --seconds 600 --folder "$site/city"
within $ready_s grep -q "s of load" "$site/city.log" || fail "the network does not start: $(tail -n 3 "$site/city.log")"
site_reports() { # NAME NODE...
    local name=$1 node nodes=()
    shift
    for node in "$@"; do
        nodes+=(--node "$node")
    done
    start "$name" qwave network report secoqc "${nodes[@]}" --console "$url" --certificate "$site/$name.pem" --key "$site/$name.key" --ca "$ca"
    ready "$name" >/dev/null
}
mapfile -t ids < <("$bin/qwave" network show secoqc --json | jq -r '.node_list[].id')
named() { # NUMBER: ID=SOCKET
    echo "${ids[$1]}=$site/city/$1.control"
}
site_reports site-1 "$(named 0)" "$(named 1)" "$(named 2)"
site_reports site-2b "$(named 3)" "$(named 4)" "$(named 5)"
QWAVE_REPORTER=${pid[site-2b]} look sites

echo "an officer who is suspended"
admin_security() { "$bin/qwave" admin --operator "$site/centre/officers/security.yaml" --url "$url" "$@"; }
admin_security officer add looker --role audit >/dev/null
admin_security certificate officer looker --certificate "$site/looker.pem" --key "$site/looker.key" >/dev/null
look gone "$site/looker"

echo "the end"
kill -INT "${pid[net]}"
status=0
wait "${pid[net]}" || status=$?
unset "pid[net]"
[ "$status" = 0 ] || fail "the run ends with $status: $(tail -n 3 "$site/net.log")"
echo "what does not fit together"
for wrong in "network run tokyo --console $url" "network report tokyo --console $url --certificate a --key b --ca c" \
    "network report tokyo --node nobody=x --console $url --certificate a --key b --ca c"; do
    status=0
    # shellcheck disable=SC2086
    "$bin/qwave" $wrong >/dev/null 2>"$site/usage.log" || status=$?
    [ "$status" = 2 ] || fail "qwave $wrong: exit status $status"
done
echo "done"
