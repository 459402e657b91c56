# SPDX-License-Identifier: Apache-2.0
# rows: C2 Q1 C1
# The two ends of a QKD link as the sources of two centres: stock of provenance qkd, disjoint at the two sites; processes killed on either
# side; a link that stops, with its reason; no key in its place; and links that are refused.
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
"$bin/qwave" qkd pool a.pool b.pool --bytes 16384

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
    at "$1" --json status | field "$2"
}
says() { # CENTRE NAME PATTERN
    state "$1" "$2" | grep -q -- "$3"
}
# as CENTRE PATH [CURL-OPTION...]: alice, who asks for keys with bob; body, then the status on a line of its own
as() {
    local x=$1 path=$2
    shift 2
    curl --silent --max-time 15 --cert "$site/$x-alice.pem" --key "$site/$x-alice.key" --cacert "$site/$x/ca/ca.pem" \
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
    within 20 grep -q '^ready ' "$name-bob.log" || fail "bob does not get ready: $(cat "$name-bob.log")"
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
    [ "$took" -ge $((($(field secret_bits <"first-$end.out") - 32) / 2)) ] || fail "not half of the key: $(cat "first-$end.out")"
    stocked() { [ "$(state $x keys_ingested)" -ge $((256 + took / 256 - 16)) ]; } # what is left over waits for the next block
    within 20 stocked || fail "$x took $(state $x keys_ingested) keys of $took bits"
    within 20 says $x source_reason "its process is gone" || fail "the end of the link is not seen: $(at $x --json status)"
    grep -q "source by .*its process is gone" "qwaved-$x.log" || fail "the journal does not say that the link is gone"
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
within 20 more || fail "b took nothing"
run a
before=$(state a keys_ingested)

echo "a link that is killed on one side, and starts again"
link killed running "" "$short" "--blocks 1000"
within 20 says a source_is_running true || fail "the link is not seen at a"
more() { [ "$(state a keys_ingested)" -gt "$before" ]; }
within 60 more || fail "a took nothing after its restart"
stop killed-alice KILL
within 20 says a source_reason "its process is gone" || fail "a dead link is not seen"
within 20 says b source_is_running false || fail "the other end goes on alone"
stop killed-bob KILL
stop killed-optics KILL
before=$(state a keys_ingested)
link again 0 "" "$short"
within 20 more || fail "a took nothing from the new process"

echo "somebody on the fibre: both centres say why, and nothing takes the place of the link"
link measured 3 "--attack intercept" "$short"
for x in a b; do
    within 20 says $x source_reason "^QBER: " || fail "$x does not say why: $(at $x --json status)"
    says $x source_error_rate '^0\.2' || fail "$x does not say how many errors"
    grep -q "source by .*QBER" "qwaved-$x.log" || fail "the journal of $x does not say why"
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
grep -q "refused: what connects is link south" qwaved-a.log || fail "the refusal is not in the log"
