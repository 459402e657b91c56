# SPDX-License-Identifier: Apache-2.0
# rows: C14
# The conformance suite of ETSI GS QKD 004 against a running centre: all of it passes, nothing is left behind, and what is wrong is said.
source "$(dirname "$0")/site.sh"

make_centre
printf 'etsi004: on\netsi004_port: 0\nlog_level: debug\n' >>"$site/centre/qwaved.yaml"
start_centre
port=$(sed -n 's/^etsi004 //p' "$site/qwaved.out")
for sae in alice bob carol; do
    admin certificate sae $sae --certificate "$site/$sae.pem" --key "$site/$sae.key" >/dev/null
    admin device add $sae --kind application --owner test >/dev/null
done
admin device peers alice --peer bob >/dev/null
within $ready_s sh -c '[ "$(curl -s --cert "$0/alice.pem" --key "$0/alice.key" --cacert "$0/centre/ca/ca.pem" "$1/api/v1/keys/bob/status" |
    jq .stored_key_count)" -ge 1000 ]' "$site" "$url" || fail "the store does not fill"

# conform HOST:PORT OPTION...
conform() {
    local where=$1
    shift
    "$bin/qwave" conform 004 --url "$where" --ca "$site/centre/ca/ca.pem" --master qkd://alice --cert "$site/alice.pem" \
        --key "$site/alice.key" --slave qkd://bob --slave-cert "$site/bob.pem" --slave-key "$site/bob.key" "$@"
}
other=(--other qkd://carol --other-cert "$site/carol.pem" --other-key "$site/carol.key")

echo "all checks pass, by number and by name"
conform "127.0.0.1:$port" "${other[@]}" --json >"$site/conform.json" || fail "$(jq -c '.checks[] | select(.result == "failed")' "$site/conform.json")"
jq -e '.standard == "ETSI GS QKD 004 V2.1.1" and .failed == 0 and .skipped == 0 and .passed == (.checks | length) and .passed >= 45' \
    "$site/conform.json" >/dev/null || fail "$(jq -c '.checks[] | select(.result != "passed")' "$site/conform.json")"

echo "what is wrong is said"
admin device suspend bob >/dev/null
status=0
conform "localhost:$port" >"$site/conform.txt" || status=$?
[ "$status" = 1 ] && grep -q '^failed   G1 ' "$site/conform.txt" || fail "status $status for a server that gives no keys"
tail -n 1 "$site/conform.txt" | grep -q ' mandatory), 3 skipped$' || fail "without a third application: $(tail -n 1 "$site/conform.txt")"
admin device resume bob >/dev/null

echo "no stream is left: sixteen more can be opened"
for _ in $(seq 16); do
    "$bin/qwave" stream --server "localhost:$port" --ca "$site/centre/ca/ca.pem" --cert "$site/alice.pem" --key "$site/alice.key" \
        --source alice --dest bob --wait 0 >/dev/null 2>"$site/stream.log" || true
    grep -q 'status 3' "$site/stream.log" || fail "a stream cannot be opened any more: $(cat "$site/stream.log")"
done

echo "and what is wrong before a check can begin"
stop qwaved
status=0
conform "localhost:$port" >/dev/null 2>"$site/wrong.log" || status=$?
[ "$status" = 1 ] && [ -s "$site/wrong.log" ] || fail "no server: status $status"
status=0
conform "https://localhost" >/dev/null 2>"$site/wrong.log" || status=$?
[ "$status" = 2 ] && grep -q 'HOST:PORT\|not a number' "$site/wrong.log" || fail "a URL is taken: status $status"
status=0
"$bin/qwave" conform 004 --url "localhost:$port" >/dev/null 2>"$site/wrong.log" || status=$?
[ "$status" = 2 ] && [ -s "$site/wrong.log" ] || fail "conform without certificates: status $status"
echo "done"
