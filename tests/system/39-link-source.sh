# SPDX-License-Identifier: Apache-2.0
# rows: C2 Q1 Q2 C12
# The two ends of a QKD link as the sources of two centres: stock of provenance qkd, disjoint at the two sites; processes killed on either
# side; a link that stops, with its reason; no key in its place; links that are refused; and one key for applications of both sites, which
# goes from centre to centre under one-time pads of the link.
source "$(dirname "$0")/site.sh"
cd "$site"

declare -A url=()
for x in a b; do
    "$bin/qwave" init --port 0 --source kernel "$site/$x" >/dev/null
    sed -i 's/^source: .*/source: qkd/' "$x/qwaved.yaml"
    cat >>"$x/qwaved.yaml" <<YAML
source_path: $site/$x.sock
source_name: north
stock_keys: 100000
log_level: debug
YAML
done
"$bin/qwave" qkd pool a.pool b.pool --bytes 400 # fifteen tags each way: the keys refill it

run() { # CENTRE
    start "qwaved-$1" qwaved --config "$site/$1/qwaved.yaml"
    url[$1]=https://127.0.0.1:$(ready "qwaved-$1")
}
at() { # CENTRE ARGUMENT...
    local x=$1
    shift
    "$bin/qwave" admin --operator "$site/$x/operator/operator.yaml" --url "${url[$x]}" "$@"
}
state() { # CENTRE NAME: of its status
    at "$1" --json status | jq -r --arg name "$2" 'if has($name) then .[$name] else .keys[$name] end'
}
says() { # CENTRE NAME PATTERN
    state "$1" "$2" | grep -q -- "$3"
}
# as CENTRE PATH [CURL-OPTION...]: alice, who asks for keys with bob; body, then the status on a line of its own
as() {
    local x=$1 path=$2
    shift 2
    curl --silent --max-time $ready_s --cert "$site/$x-alice.pem" --key "$site/$x-alice.key" --cacert "$site/$x/ca/ca.pem" \
        -H 'Content-Type: application/json' -w '\n%{http_code}\n' "$@" "${url[$x]}/api/v1/keys/$path"
}
from_link() { # CENTRE NUMBER [SIZE]
    as "$1" bob/enc_keys -d "{\"number\": $2, \"size\": ${3:-256}, \"extension_mandatory\": [{\"qwave_source\": \"qkd:north\"}]}"
}
status_of() { tail -n 1 <<<"$1"; }

# link NAME STATUS "OPTICS OPTIONS" "OPTIONS OF BOTH ENDS" [BOB'S]: alice at centre a, bob at centre b
link() {
    local name=$1 expected=$2 optics port status
    # shellcheck disable=SC2086 # words on purpose
    start "$name-optics" qwave qkd optics --port 0 --seed 7 $3
    optics=$(ready "$name-optics")
    # shellcheck disable=SC2086
    start "$name-bob" qwave qkd bob --pool b.pool --port 0 --optics-port "$optics" --centre b.sock --json $4 ${5:-}
    within $ready_s grep -q '^ready ' "$name-bob.log" || fail "bob does not get ready: $(cat "$name-bob.log")"
    port=$(sed -n 's/^ready //p' "$name-bob.log" | tail -n 1)
    # shellcheck disable=SC2086
    start "$name-alice" qwave qkd alice --pool a.pool --port "$port" --optics-port "$optics" --centre a.sock --json $4
    [ "$expected" != running ] || return 0
    for end in alice bob; do
        status=0
        wait "${pid[$name-$end]}" || status=$?
        unset "pid[$name-$end]"
        [ "$status" = "$expected" ] || fail "$name: $end ends with $status: $(cat "$name-$end.log")"
    done
    wait "${pid[$name-optics]}" || true
    unset "pid[$name-optics]"
}
short="--link north --frame-bits 250000 --secrecy 6"

for x in a b; do
    run "$x"
    at "$x" device add alice --kind application --owner test --peer bob >/dev/null
    at "$x" device add bob --kind application --owner test --peer alice >/dev/null
    at "$x" certificate sae alice --certificate "$site/$x-alice.pem" --key "$site/$x-alice.key" >/dev/null
    [ "$(state "$x" source)" = qkd:north ] || fail "the source of $x"
    [ "$(state "$x" source_is_simulated)" = true ] && [ "$(state "$x" source_is_quantum)" = false ] || fail "not labelled simulated"
    [ "$(state "$x" source_is_running)" = false ] || fail "a link that has not come runs"
    [ "$(status_of "$(from_link "$x" 1)")" != 200 ] || fail "a key of a link that was never there"
done

echo "two blocks fill the stock of both sites"
link first 0 "" "$short" "--blocks 2"
for x in a b; do
    end=$([ $x = a ] && echo alice || echo bob)
    took=$(field centre_bits <"first-$end.out")
    [ "$(field dropped_bits <"first-$end.out")" = 0 ] || fail "$end: $(cat "first-$end.out" "first-$end.log")"
    [ "$took" -ge $((($(field key_bits <"first-$end.out") - 32) / 2)) ] || fail "not half of the key: $(cat "first-$end.out")"
    stocked() { [ "$(state $x keys_ingested)" -ge $((256 + took / 256 - 16)) ]; } # what is left over waits for the next block
    within $ready_s stocked || fail "$x took $(state $x keys_ingested) keys of $took bits"
    within $ready_s says $x source_reason "its process is gone" || fail "the end of the link is not seen: $(at $x --json status)"
    within $ready_s grep -q "source by .*its process is gone" "qwaved-$x.log" || fail "the journal does not say that the link is gone"
    answer=$(from_link $x 128)
    [ "$(status_of "$answer")" = 200 ] || fail "no keys of the link at $x: $answer"
    head -n 1 <<<"$answer" | jq -r '.keys[].key' >>keys.txt
done
[ "$(sort -u keys.txt | wc -l)" = 256 ] || fail "the two sites gave the same key"

echo "a centre that is killed loses its own half and the link goes on"
before=$(state b keys_ingested)
stop qwaved-a KILL
link alone 0 "" "$short"
[ "$(field dropped_bits <alone-alice.out)" -gt 0 ] && [ "$(field centre_bits <alone-alice.out)" = 0 ] || fail "alice: $(cat alone-alice.out)"
[ "$(field dropped_bits <alone-bob.out)" = 0 ] || fail "bob: $(cat alone-bob.out)"
more() { [ "$(state b keys_ingested)" -gt "$before" ]; }
within $ready_s more || fail "b took nothing"
run a
before=$(state a keys_ingested)

echo "a link that is killed on one side, and starts again"
link killed running "" "$short" "--blocks 1000"
within $ready_s says a source_is_running true || fail "the link is not seen at a"
more() { [ "$(state a keys_ingested)" -gt "$before" ]; }
within $ready_s more || fail "a took nothing after its restart"
stop killed-alice KILL
within $ready_s says a source_reason "its process is gone" || fail "a dead link is not seen"
within $ready_s says b source_is_running false || fail "the other end goes on alone"
stop killed-bob KILL
stop killed-optics KILL
before=$(state a keys_ingested)
link again 0 "" "$short"
within $ready_s more || fail "a took nothing from the new process"

echo "somebody on the fibre: both centres say why, and nothing takes the place of the link"
link measured 3 "--attack intercept" "$short"
for x in a b; do
    within $ready_s says $x source_reason "^QBER: " || fail "$x does not say why: $(at $x --json status)"
    says $x source_error_rate '^0\.2' || fail "$x does not say how many errors"
    within $ready_s grep -q "source by .*QBER" "qwaved-$x.log" || fail "the journal of $x does not say why"
    took=$(state $x keys_ingested)
    for size in 4096 256; do # down to less than one call's keys
        while answer=$(from_link $x 128 $size) && [ "$(status_of "$answer")" = 200 ]; do
            head -n 1 <<<"$answer" | jq -r '.keys[].key' >>keys.txt
        done
    done
    [ "$(status_of "$(from_link $x 128)")" != 200 ] || fail "keys of a link that is down"
    [ "$(state $x keys_ingested)" = "$took" ] || fail "$x takes keys from somewhere"
done
[ "$(sort -u keys.txt | wc -l)" = "$(wc -l <keys.txt)" ] || fail "a key was given twice"

echo "a link of another name"
link south 0 "" "--link south --frame-bits 250000 --secrecy 6"
for end in alice bob; do
    [ "$(field centre_bits <"south-$end.out")" = 0 ] && [ "$(field dropped_bits <"south-$end.out")" -gt 0 ] || fail "$end: a link of another name was taken"
done
within $ready_s grep -q "refused: what connects is link south" qwaved-a.log || fail "the refusal is not in the log"

echo "the two centres become partners over the link"
declare -A other=([a]=b [b]=a)
for x in a b; do
    y=${other[$x]}
    at $x device add kme-$y --kind kme --owner "the other site" >/dev/null
    at $x certificate kme kme-$y --certificate "$site/$x-for-$y.pem" --key "$site/$x-for-$y.key" >/dev/null
    at $x device add ann --kind application --owner test --peer ben >/dev/null
    at $x device add ben --kind application --owner test --peer ann >/dev/null
done
at a device home ben --kme kme-b >/dev/null
at b device home ann --kme kme-a >/dev/null
at a certificate sae ann --certificate "$site/ann.pem" --key "$site/ann.key" >/dev/null
at b certificate sae ben --certificate "$site/ben.pem" --key "$site/ben.key" >/dev/null
for x in a b; do
    y=${other[$x]}
    stop qwaved-$x
    mkdir $x/partners
    cat >>$x/qwaved.yaml <<YAML
etsi020: draft
etsi020_port: 0
etsi020_wait_ms: 10000
partners: $site/$x/partners
source_partner: kme-$y
YAML
    cat >$x/partners/kme-$y.yaml <<YAML
url: https://127.0.0.1:1
certificate: $site/$y-for-$x.pem
key: $site/$y-for-$x.key
ca: $site/$y/ca/ca.pem
YAML
done
# both NAME: starts both, with the ports of each other
both() {
    local x port
    for x in a b; do run $x; done
    for x in a b; do
        port=$(sed -n 's/^etsi020 //p' qwaved-$x.out)
        sed -i "s/^etsi020_port:.*/etsi020_port: $port/" $x/qwaved.yaml
        sed -i "s,^url:.*,url: https://127.0.0.1:$port," "${other[$x]}/partners/kme-$x.yaml"
    done
}
both
stop qwaved-a
stop qwaved-b
both
# ask SAE CENTRE PATH [CURL-OPTION...]: body, then the status
ask() {
    local sae=$1 x=$2 path=$3
    shift 3
    curl --silent --max-time $ready_s --cert "$site/$sae.pem" --key "$site/$sae.key" --cacert "$site/$x/ca/ca.pem" \
        -H 'Content-Type: application/json' -w '\n%{http_code}\n' "$@" "${url[$x]}/api/v1/keys/$path"
}
ids_of() { head -n 1 <<<"$1" | jq -c '{key_IDs: [.keys[] | {key_ID}]}'; }
sorted() { head -n 1 <<<"$1" | jq -cS '.keys | sort_by(.key_ID)'; }

link shared 0 "" "$short"
stocked() { [ "$(state "$1" stored)" -ge 40 ]; }
for x in a b; do within $ready_s stocked $x || fail "$x has no stock: $(at $x --json status)"; done
answer=$(ask ann a ben/enc_keys -d '{"number": 20}')
[ "$(status_of "$answer")" = 200 ] || fail "no keys for the other site: status $(status_of "$answer") $(tail -n 3 qwaved-a.log qwaved-b.log)"
[ "$(sorted "$(ask ben b ann/dec_keys -d "$(ids_of "$answer")")")" = "$(sorted "$answer")" ] || fail "the two sites have different keys"
answer=$(ask ben b ann/enc_keys -d '{"number": 3, "size": 1024}')
[ "$(sorted "$(ask ann a ben/dec_keys -d "$(ids_of "$answer")")")" = "$(sorted "$answer")" ] || fail "the other way round: status $(status_of "$answer"), $(ids_of "$answer")"

echo "a centre that was killed has no pads any more: no key, until the link gives new ones"
stop qwaved-b KILL
run b
[ "$(status_of "$(ask ann a ben/enc_keys)")" = 503 ] || fail "a key under a pad that b has lost"
within $ready_s grep -q "partner kme-a: pads of the link: not here any more" qwaved-b.log || fail "the log of b does not say why"
[ "$(status_of "$(ask ann a ben/enc_keys)")" = 503 ] || fail "a key under a pad that b has lost, the second time"
within $ready_s grep -q "partner kme-b: pads of the link: not enough key material left" qwaved-a.log || fail "a draws from a block that b does not have again"
link fresh 0 "" "$short"
answer=$(ask ann a ben/enc_keys)
[ "$(sorted "$(ask ben b ann/dec_keys -d "$(ids_of "$answer")")")" = "$(sorted "$answer")" ] || fail "the two sites do not find together again"
