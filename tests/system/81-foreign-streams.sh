# SPDX-License-Identifier: Apache-2.0
# rows: Q5 C2 C12
# Two centres that read one key stream of another network by ETSI GS QKD 004, whose key server is a third qwaved here: stock that is disjoint at
# the two sites, one key for applications of both sites, a centre killed, the key server killed and away, a server that is somebody else.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/two_sites.sh"
cd "$site"

"$bin/qwave" init --port 0 --source kernel "$site/vendor" >/dev/null
printf 'etsi004: on\netsi004_port: 0\nstock_keys: 20000\nlisten_address: 0.0.0.0\n' | cat - <(sed '/^listen_address/d' vendor/qwaved.yaml) >vendor.new
mv vendor.new vendor/qwaved.yaml
run_vendor() {
    start vendor qwaved --config "$site/vendor/qwaved.yaml"
    vendor_url=https://127.0.0.1:$(ready vendor)
    stream_port=$(sed -n 's/^etsi004 //p' vendor.out)
    sed -i "s/^listen_port:.*/listen_port: ${vendor_url##*:}/; s/^etsi004_port:.*/etsi004_port: $stream_port/" vendor/qwaved.yaml
}
vendor() {
    "$bin/qwave" admin --operator "$site/vendor/operator/operator.yaml" --url "$vendor_url" "$@"
}
begin() { # CENTRE [HOST]: of the vendor's server
    cat >"$1.yaml" <<YAML
host: ${2:-127.0.0.1}
port: $stream_port
certificate: $site/site-$1.pem
key: $site/site-$1.key
ca: $site/vendor/ca/ca.pem
local: qkd://site-$1
remote: qkd://site-${other[$1]}
period_s: 2
idle_s: 1
wait_ms: 200
timeout_ms: 20000
YAML
    start "qwaved-$1" qwaved --config "$site/$1/qwaved.yaml"
}
echo "two centres are applications of the other network, and partners of each other"
run_vendor
vendor device add site-a --kind application --owner us --peer site-b >/dev/null
vendor device add site-b --kind application --owner us --peer site-a >/dev/null
for x in a b; do
    vendor certificate sae site-$x --certificate "$site/site-$x.pem" --key "$site/site-$x.key" >/dev/null
done
make_two kme004 vendor yaml 3000
become_partners

echo "the stock of both comes from the stream, and is not the same"
from_stream() { from_source "$1" "$2" kme:vendor; }
draw() { draw_from "$1" "$2" kme:vendor; }
for x in a b; do
    [ "$(state $x source)" = kme:vendor ] && [ "$(state $x source_is_quantum)" = false ] || fail "the source: $(at $x --json status)"
    within $ready_s stocked $x 600 || fail "$x has no stock: $(at $x --json status)"
    within $ready_s draw $x 128 || fail "no keys of the stream at $x: $(from_stream $x 1 | tail -n 1)"
done
[ "$(wc -l <keys.txt)" = 256 ] && unique || fail "the two sites gave the same key"

echo "applications of the two sites have the same key"
# An end that is a block ahead draws from one that the other has not read yet: refused, and the next try goes under another.
within $ready_s shared ann a ben b || fail "no key for the other site: $(tail -n 3 qwaved-a.log qwaved-b.log)"
within $ready_s shared ben b ann a || fail "no key the other way round"

echo "a centre is killed: the other says so, and both go on with other keys"
stop qwaved-a KILL
missed() { draw b 128; says b source_reason "not there" || says b source_reason "as it should"; }
within $ready_s missed || fail "b does not miss the other end: $(at b --json status)"
before=$(state b keys_ingested)
run a
more() { draw a 64; draw b 64; [ "$(state b keys_ingested)" -gt "$before" ]; }
within $ready_s more || fail "the stream does not go on: $(at a --json status) $(at b --json status)"
within $ready_s shared ann a ben b || fail "no key for the other site after a kill: $(tail -n 3 qwaved-a.log qwaved-b.log)"
unique || fail "a key was given twice"

echo "the key server is killed: both say so; back again, the stream goes on"
stop vendor KILL
for x in a b; do
    within $ready_s says $x source_is_running false || fail "$x does not miss the server: $(at $x --json status)"
done
within $ready_s grep -q "source by .*kme:vendor.*does not answer" qwaved-a.log || fail "the journal does not say so"
run_vendor
declare -A had=([a]=$(state a keys_ingested) [b]=$(state b keys_ingested))
again() { # one more key of both, and stock that is new
    draw a 128; draw b 128
    [ "$(state a keys_ingested)" -gt "${had[a]}" ] && [ "$(state b keys_ingested)" -gt "${had[b]}" ] && shared ben b ann a
}
within $ready_s again || fail "the stream does not go on: $(at a --json status) $(at b --json status)"
unique || fail "a key was given twice"

echo "a server of another name, and settings that are none"
stop qwaved-a
run a 127.0.0.2
within $ready_s says a source_reason "certificate is not that of this server" || fail "a server of another name: $(at a --json status)"
stop qwaved-a
echo "insecure: yes" >>a.yaml
status=0
"$bin/qwaved" --config a/qwaved.yaml >/dev/null 2>refused.log || status=$?
[ "$status" != 0 ] && grep -q "insecure" refused.log || fail "an unknown setting is taken: $status $(cat refused.log)"
