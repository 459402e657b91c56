# SPDX-License-Identifier: Apache-2.0
# rows: Q5 C2
# A centre that takes its keys from the key server of another network by ETSI GS QKD 014, which is a second centre here: the keys are those
# that the other end of that network gets, each once over restarts; a server that is away, that lets us have nothing, that is somebody else.
source "$(dirname "$0")/site.sh"
cd "$site"

"$bin/qwave" init --port 0 --source kernel "$site/vendor" >/dev/null
sed -i 's/^listen_address: .*/listen_address: 0.0.0.0/' vendor/qwaved.yaml # reached under a name its certificate has, and one it has not
make_centre
sed -i 's/^source: .*/source: kme/' centre/qwaved.yaml
cat >>centre/qwaved.yaml <<YAML
source_name: vendor
source_path: $site/vendor.yaml
stock_keys: 1500
YAML

vendor() {
    "$bin/qwave" admin --operator "$site/vendor/operator/operator.yaml" --url "$vendor_url" "$@"
}
run_vendor() {
    start vendor qwaved --config "$site/vendor/qwaved.yaml"
    vendor_url=https://127.0.0.1:$(ready vendor)
    sed -i "s/^listen_port:.*/listen_port: ${vendor_url##*:}/" vendor/qwaved.yaml
}
# run_centre HOST: of the vendor's server
run_centre() {
    cat >vendor.yaml <<YAML
url: https://$1:${vendor_url##*:}
certificate: $site/site-a.pem
key: $site/site-a.key
ca: $site/vendor/ca/ca.pem
slave: site-b
timeout_ms: 20000
YAML
    start_centre
}
state() {
    admin --json status | jq -r --arg name "$1" 'if has($name) then .[$name] else .keys[$name] end'
}
says() {
    state "$1" | grep -q -- "$2"
}
# as SAE URL CA PATH [CURL-OPTION...]: body, then the status on a line of its own.
as() {
    local sae=$1 url=$2 ca=$3 path=$4
    shift 4
    curl --silent --max-time $ready_s --cert "$site/$sae.pem" --key "$site/$sae.key" --cacert "$site/$ca/ca/ca.pem" \
        -H 'Content-Type: application/json' -w '\n%{http_code}\n' "$@" "$url/api/v1/keys/$path"
}
alice() { # NUMBER: keys that came from the vendor
    as alice "$url" centre bob/enc_keys -d "{\"number\": $1, \"extension_mandatory\": [{\"qwave_source\": \"kme:vendor\"}]}"
}
status_of() { tail -n 1 <<<"$1"; }
keys_of() { head -n 1 <<<"$1" | jq -r '.keys[].key'; }

echo "the centre is an application of the other network, and its stock comes from there"
run_vendor
vendor device add site-b --kind application --owner "other end" --peer site-a >/dev/null
vendor device add site-a --kind application --owner us --peer site-b >/dev/null
for sae in site-a site-b; do
    vendor certificate sae "$sae" --certificate "$site/$sae.pem" --key "$site/$sae.key" >/dev/null
done
run_centre 127.0.0.1
admin device add alice --kind application --owner test --peer bob >/dev/null
admin device add bob --kind application --owner test --peer alice >/dev/null
admin certificate sae alice --certificate "$site/alice.pem" --key "$site/alice.key" >/dev/null
[ "$(state source)" = kme:vendor ] && [ "$(state source_is_quantum)" = false ] || fail "the source: $(admin --json status)"
full() { [ "$(state keys_ingested)" -ge 1500 ]; }
within $ready_s full || fail "the stock does not fill: $(admin --json status)"
within $ready_s says source_is_running true || fail "a source that gives does not run: $(admin --json status)"
answer=$(alice 128)
[ "$(status_of "$answer")" = 200 ] || fail "no keys of the vendor: $answer"
keys_of "$answer" | sort >alice.keys

echo "the other end gets the same keys under the same ids"
od -An -v -tx1 -w16 vendor.yaml.seen | tr -d ' ' | sed 's/\(.\{8\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)/\1-\2-\3-\4-/' >ids
[ "$(wc -l <ids)" -ge 1244 ] && [ "$(sort -u ids | wc -l)" = "$(wc -l <ids)" ] || fail "the ids that were taken: $(wc -l <ids)"
split -l 100 ids part.
for part in part.*; do
    answer=$(as site-b "$vendor_url" vendor site-a/dec_keys -d "$(jq -Rcn '{key_IDs: [inputs | {key_ID: .}]}' "$part")")
    [ "$(status_of "$answer")" = 200 ] || fail "the other end is refused: $answer"
    keys_of "$answer" >>site-b.keys
done
[ "$(sort -u site-b.keys | comm -12 - alice.keys | wc -l)" = 128 ] || fail "the two ends have different keys"

echo "a restart goes on with other keys"
stop qwaved KILL
seen_before=$(wc -c <"$site/vendor.yaml.seen")
sed -i 's/^stock_keys: .*/stock_keys: 2048/' "$site/centre/qwaved.yaml"
run_centre 127.0.0.1
asked_again() { [ "$(wc -c <"$site/vendor.yaml.seen")" -gt "$seen_before" ]; }
within $ready_s asked_again || fail "it asks for no more keys"
[ -z "$(od -An -v -tx1 -w16 "$site/vendor.yaml.seen" | sort | uniq -d)" ] || fail "an id was taken twice"
answer=$(alice 128)
[ "$(status_of "$answer")" = 200 ] || fail "no keys after the restart: status $(status_of "$answer")"
[ "$(keys_of "$answer" | sort | comm -12 - alice.keys | wc -l)" = 0 ] || fail "a key came twice"

echo "a server that is away: the stock is served, and then nothing else"
stop vendor
asks_in_vain() { # keys are drawn, for a centre whose stock is full asks nobody
    alice 128 >/dev/null
    says source_reason "does not answer as it should"
}
within $ready_s asks_in_vain || fail "the centre does not say so: $(admin --json status)"
within $ready_s grep -q "source by .*kme:vendor.*does not answer" qwaved.log || fail "the journal does not say so"
dry() { # nothing to give, and over a second of housekeeping nothing comes
    local took
    took=$(state keys_ingested)
    [ "$(status_of "$(alice 128)")" != 200 ] && sleep 1.2 && [ "$(state keys_ingested)" = "$took" ] && [ "$(status_of "$(alice 128)")" != 200 ]
}
within $ready_s dry || fail "keys from somewhere"
run_vendor
within $ready_s says source_is_running true || fail "it does not go on by itself: $(admin --json status)"

echo "a second source beside it: it gives while the server is away, under its own name, and leaves room for the server's keys"
stop qwaved
stop vendor
cat >more.yaml <<YAML
sources:
  - source: kernel
YAML
echo "more_sources: $site/more.yaml" >>centre/qwaved.yaml
run_centre 127.0.0.1
of_kernel() { as alice "$url" centre bob/enc_keys -d '{"extension_mandatory": [{"qwave_source": "kernel"}]}'; }
from_kernel() { [ "$(status_of "$(of_kernel)")" = 200 ]; }
drained() { [ "$(status_of "$(alice 128)")" != 200 ] && [ "$(status_of "$(alice 1)")" != 200 ]; }
within $ready_s drained || fail "the server's keys have no end while it is away"
within $ready_s from_kernel || fail "a source that is down stops the other: $(admin --json status)"
drained || fail "a key under the server's name while it is away"
admin --json status | jq -e '.source == "kme:vendor" and .more_sources[0].source == "kernel" and .more_sources[0].source_is_running' >/dev/null ||
    fail "the status does not show both: $(admin --json status)"
admin --json status | jq -e '[.stock[].source] == ["kernel"] and (.stock[0].source_is_quantum | not)' >/dev/null ||
    fail "the stock is not the kernel's: $(admin --json status)"
admin --json pair list | jq -e '[.pairs[] | .ready_keys == ([.ready[].keys] | add // 0)] | all' >/dev/null || fail "pairs by source: $(admin --json pair list)"
run_vendor
from_vendor() { [ "$(status_of "$(alice 1)")" = 200 ]; }
within $ready_s from_vendor || fail "no room for keys of the server: $(admin --json status)"
of_both() { admin --json status | jq -e '[.stock[].source] | sort == ["kernel", "kme:vendor"]' >/dev/null; }
within $ready_s of_both || fail "the stock is not divided: $(admin --json status)"
printf '  - source: kernel\n' >>more.yaml
stop qwaved
status=0
"$bin/qwaved" --config centre/qwaved.yaml >/dev/null 2>refused.log || status=$?
[ "$status" != 0 ] && grep -q "kernel is there twice" refused.log || fail "a source is taken twice: $status $(cat refused.log)"
sed -i '/^more_sources/d' centre/qwaved.yaml

echo "a server of another name, and one that lets us have nothing"
sed -i 's/^stock_keys: .*/stock_keys: 50000/' centre/qwaved.yaml # it asks at once
run_centre 127.0.0.2
within $ready_s says source_reason "certificate is not that of this server" || fail "a server of another name: $(admin --json status)"
stop qwaved
vendor device suspend site-a >/dev/null
run_centre 127.0.0.1
within $ready_s says source_reason "401" || fail "a suspended application: $(admin --json status)"
stop qwaved
echo "insecure: yes" >>vendor.yaml
status=0
"$bin/qwaved" --config centre/qwaved.yaml >/dev/null 2>refused.log || status=$?
[ "$status" != 0 ] && grep -q "insecure" refused.log || fail "an unknown setting is taken: $status $(cat refused.log)"
