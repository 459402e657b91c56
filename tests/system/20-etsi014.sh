# SPDX-License-Identifier: Apache-2.0
# rows: C14 C12 S3
# Two applications and a running centre: the conformance suite, curl as a client, connections that are cut when the key has moved, requests that
# are the same at the same time, bodies nobody should send, and what another application gets.
source "$(dirname "$0")/site.sh"

make_centre
# The window outlasts whatever a busy machine takes to ask again.
printf 'window_ms: 600000\nlog_level: debug\n' >>"$site/centre/qwaved.yaml"
start_centre
application alice bob,carol
application bob alice
application carol
within $ready_s sh -c '[ "$(curl -s --cert "$0/alice.pem" --key "$0/alice.key" --cacert "$0/centre/ca/ca.pem" "$1/api/v1/keys/bob/status" |
    jq .stored_key_count)" -ge 4096 ]' "$site" "$url" || fail "the store does not fill"

# as SAE PATH [CURL-OPTION...]: body, then the status on a line of its own.
as() {
    local sae=$1 path=$2
    shift 2
    curl --silent --max-time $ready_s --cert "$site/$sae.pem" --key "$site/$sae.key" --cacert "$site/centre/ca/ca.pem" -w '\n%{http_code}\n' "$@" \
        "$url/api/v1/keys/$path"
}

# says STATUS MESSAGE: of the answer on standard input.
says() {
    local answer
    answer=$(cat)
    [ "$(tail -n 1 <<<"$answer")" = "$1" ] || fail "status is not $1: $answer"
    [ -z "${2:-}" ] || [ "$(head -n 1 <<<"$answer" | jq -r .message)" = "$2" ] || fail "message is not '$2': $answer"
}

echo "conformance"
conform() {
    "$bin/qwave" conform 014 --url "$url" --ca "$site/centre/ca/ca.pem" --master alice --cert "$site/alice.pem" --key "$site/alice.key" \
        --slave bob --slave-cert "$site/bob.pem" --slave-key "$site/bob.key" "$@"
}
conform --other carol --other-cert "$site/carol.pem" --other-key "$site/carol.key" --json >"$site/conform.json" ||
    fail "$(jq -c '.checks[] | select(.result == "failed")' "$site/conform.json")"
jq -e '.failed == 0 and .skipped == 0 and .passed == (.checks | length) and .passed >= 30' "$site/conform.json" >/dev/null ||
    fail "$(jq -c 'del(.checks)' "$site/conform.json")"
conform | tail -n 1 | grep -q ' 0 failed .* 2 skipped$' || fail "conform without a third application"
status=0
# The slave's certificate as master's: its directions differ, so the suite must find fault.
"$bin/qwave" conform 014 --url "$url" --ca "$site/centre/ca/ca.pem" --master alice --cert "$site/carol.pem" --key "$site/carol.key" --slave bob \
    --slave-cert "$site/bob.pem" --slave-key "$site/bob.key" >"$site/conform.txt" || status=$?
[ "$status" = 1 ] && grep -q '^failed' "$site/conform.txt" || fail "the suite finds nothing wrong with the wrong certificate"
status=0
"$bin/qwave" conform 014 --url "$url" >/dev/null 2>"$site/wrong.log" || status=$?
[ "$status" = 2 ] && [ -s "$site/wrong.log" ] || fail "conform without certificates: exit status $status"

echo "a connection that is cut after the key has moved"
key=$(as alice bob/enc_keys | head -n 1)
id=$(jq -r '.keys[0].key_ID' <<<"$key")
# served N: dec_keys of bob that were answered with 200.
served() {
    [ "$(grep -c 'sae:bob: GET /api/v1/keys/alice/dec_keys: 200' "$site/qwaved.log")" -ge "$1" ]
}
before=$(grep -c 'sae:bob: GET /api/v1/keys/alice/dec_keys: 200' "$site/qwaved.log")
# The request goes out; when the key has moved, the client dies, and nobody has seen the answer.
mkfifo "$site/cut"
openssl s_client -quiet -connect "${url#https://}" -cert "$site/bob.pem" -key "$site/bob.key" -CAfile "$site/centre/ca/ca.pem" \
    <"$site/cut" >/dev/null 2>&1 &
pid[cut]=$!
exec 9>"$site/cut"
printf 'GET /api/v1/keys/alice/dec_keys?key_ID=%s HTTP/1.1\r\nHost: x\r\n\r\n' "$id" >&9
within $ready_s served $((before + 1)) || fail "the key does not move"
stop cut KILL
exec 9>&-
[ "$(as bob "alice/dec_keys?key_ID=$id" | head -n 1)" = "$key" ] || fail "the repeat inside the window differs"
as carol "alice/dec_keys?key_ID=$id" | says 401 "not authorised"
stop qwaved
sed -i 's/^window_ms:.*/window_ms: 1/' "$site/centre/qwaved.yaml" # and it is over
start_centre
as bob "alice/dec_keys?key_ID=$id" | says 400 "one or more keys specified are not found on KME"
as carol "alice/dec_keys?key_ID=$id" | says 401 "not authorised"
stop qwaved
sed -i 's/^window_ms:.*/window_ms: 600000/' "$site/centre/qwaved.yaml"
start_centre

echo "twenty requests that are the same at the same time"
key=$(as alice bob/enc_keys | head -n 1)
id=$(jq -r '.keys[0].key_ID' <<<"$key")
asking=()
for i in $(seq 20); do
    as bob "alice/dec_keys?key_ID=$id" >"$site/same.$i" &
    asking+=($!)
done
wait "${asking[@]}"
for i in $(seq 20); do
    [ "$(cat "$site/same.$i")" = "$key"$'\n'200 ] || fail "request $i got something else: $(cat "$site/same.$i")"
done

echo "bodies nobody should send"
head -c 70000 /dev/zero | tr '\0' ' ' >"$site/large"
printf '{"number":1}' >>"$site/large"
as alice bob/enc_keys -H 'Content-Type: application/json' --data-binary "@$site/large" | says 400
head -c 3000000 /dev/zero >"$site/huge"
as alice bob/enc_keys -H 'Content-Type: application/json' --data-binary "@$site/huge" >/dev/null 2>&1 || true # hung up on
as alice bob/enc_keys -H 'Content-Type: text/plain' -d '{"number":1}' | says 400 "Content-Type shall be application/json"
as alice bob/enc_keys -d '{"number":1}' | says 400 "Content-Type shall be application/json" # curl -d alone says it is a form
as alice bob/enc_keys -H 'Content-Type: application/json' -d '{"number":' | says 400 "malformed request"
printf '{"number":1,"x":"\xff"}' >"$site/bad"
as alice bob/enc_keys -H 'Content-Type: application/json' --data-binary "@$site/bad" | says 400 "malformed request"
as alice bob/enc_keys -X DELETE | says 405 "method not allowed"
as alice bob/enc_keys -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' -H 'Expect: 100-continue' -d '{"number":2}' | says 200
as alice bob/enc_keys --http1.0 | says 200
as alice bob/enc_keys -H 'Content-Type: application/json' -d '{"extension_mandatory":[{"qwave_fresh":true}]}' | says 200
as alice bob/enc_keys --http1.0 -H 'Connection: keep-alive' | says 200

echo "what real clients send, byte for byte"
# send FILE: the answers to its requests; heads and bodies begin on lines of their own.
send() {
    local text body
    text=$(tail -n +2 "$1" && echo .) # a last end of line stays
    text=${text%.}
    for i in 1 2 3; do
        text=${text//"{ID$i}"/${ids[i - 1]}}
    done
    text=${text//"{UPPER1}"/${ids[0]^^}}
    body=${text#*$'\n\n'}
    text=${text//"{LENGTH}"/${#body}}
    sed 's/$/\r/' <<<"${text}." | head -c -3 >"$site/request" # the dot keeps the last line as it is
    openssl s_client -quiet -connect "${url#https://}" -cert "$site/$who.pem" -key "$site/$who.key" -CAfile "$site/centre/ca/ca.pem" \
        <"$site/request" 2>/dev/null | tr -d '\r' | sed 's|HTTP/1\.[01] [0-9]|\n&|g'
}
for file in "$(dirname "$0")"/etsi014-habits/*.http; do
    habit=$(basename "$file" .http)
    read -r who status want number bits <"$file"
    mapfile -t ids < <(as alice "bob/enc_keys?number=3" | head -n 1 | jq -r '.keys[].key_ID')
    send "$file" >"$site/answers"
    asked=$(grep -c '^[A-Z]* /api' "$file")
    [ "$(grep '^HTTP/1' "$site/answers" | grep -vc ' 100 ')" = "$asked" ] && [ "$(grep -c "^HTTP/1\.[01] $status " "$site/answers")" = "$asked" ] ||
        fail "$habit: $(cat "$site/answers")"
    grep '^{' "$site/answers" >"$site/bodies" || true
    [ "$(wc -l <"$site/bodies")" = "$asked" ] || fail "$habit: $(cat "$site/answers")"
    case $want in
    keys)
        jq -e ".keys | length == $number and all(.key | length == $(((bits / 8 + 2) / 3 * 4)))" \
            "$site/bodies" >/dev/null || fail "$habit: $(cat "$site/bodies")"
        [[ $habit != 09-* ]] || [ "$(sort -u "$site/bodies" | wc -l)" = 1 ] || fail "$habit: repeats differ: $(cat "$site/bodies")"
        ;;
    status)
        [ -z "$(grep -o '"[A-Za-z_]*":' "$site/bodies" | sort | uniq -d)" ] || fail "$habit: a member twice: $(cat "$site/bodies")"
        jq -e '(keys | length) == 11 and .master_SAE_ID == "alice" and .slave_SAE_ID == "bob"' "$site/bodies" >/dev/null || fail "$habit: $(cat "$site/bodies")"
        ;;
    *) [ "$(jq -r .message "$site/bodies")" = "$want${number:+ $number}${bits:+ $bits}" ] || fail "$habit: $(cat "$site/bodies")" ;;
    esac
done

echo "status under load: consistent at every moment, and no descriptor stays open"
descriptors() { find "/proc/${pid[qwaved]}/fd" -mindepth 1 | wc -l; }
open_before=$(descriptors)
asking=()
for i in 1 2 3 4; do
    (while [ ! -e "$site/enough" ]; do as alice "bob/enc_keys?number=8" >/dev/null; done) &
    asking+=($!)
done
for i in $(seq 100); do
    as alice bob/status | head -n 1
done >"$site/statuses"
touch "$site/enough"
wait "${asking[@]}"
jq -es 'length == 100 and all(.stored_key_count >= 0 and .stored_key_count <= .max_key_count and .min_key_size <= .key_size
    and .key_size <= .max_key_size and .max_key_per_request >= 1)' "$site/statuses" >/dev/null || fail "a status that cannot be: $(head -n 3 "$site/statuses")"
[ "$(jq -s 'map(.stored_key_count) | unique | length' "$site/statuses")" -ge 2 ] || fail "stored_key_count does not follow: $(head -n 1 "$site/statuses")"
all_closed() { [ "$(descriptors)" -le $((open_before + 4)) ]; }
within $ready_s all_closed || fail "$open_before descriptors before, $(descriptors) after"

echo "suspended, resumed, and peers that change"
admin device suspend bob >/dev/null
as alice bob/enc_keys | says 401 "not authorised"
admin device resume bob >/dev/null
as alice bob/enc_keys | says 200
as carol bob/enc_keys | says 401 "not authorised"
admin device peers carol --peer bob >/dev/null
as carol bob/enc_keys | says 200

echo "a key that is taken back is nobody's, also after the centre was killed"
id=$(as alice bob/enc_keys | head -n 1 | jq -r '.keys[0].key_ID')
take_back() { # take_back SAE ID
    curl --silent --max-time $ready_s --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$site/centre/ca/ca.pem" -H 'Content-Type: application/json' \
        -d "{\"key_IDs\":[{\"key_ID\":\"$2\"}]}" "$url/v1/keys/compromised" | jq .withdrawn
}
[ "$(take_back carol "$id")" = null ] || fail "who is no party takes a key back"
[ "$(take_back bob "$id")" = 1 ] || fail "a party cannot take its key back"
stop qwaved KILL
start_centre
as bob "alice/dec_keys?key_ID=$id" | says 400 "one or more keys specified are not found on KME"
[ "$(take_back alice "$id")" = 0 ] || fail "taken back twice"

echo "a certificate that is taken back: the open connection ends, and no other begins"
mkfifo "$site/open"
openssl s_client -quiet -connect "${url#https://}" -cert "$site/carol.pem" -key "$site/carol.key" -CAfile "$site/centre/ca/ca.pem" \
    <"$site/open" >"$site/open.out" 2>/dev/null &
pid[open]=$!
exec 9>"$site/open"
printf 'GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n' >&9
within $ready_s grep -q '"status":"ok"' "$site/open.out" || fail "the open connection is not served"
! admin certificate revoke "$site/absent.pem" 2>/dev/null || fail "a file that is not there was revoked"
admin certificate revoke "$site/carol.pem" >/dev/null
within $ready_s sh -c "! kill -0 ${pid[open]} 2>/dev/null" || fail "the open connection of a revoked certificate lives"
exec 9>&-
unset "pid[open]"
! as carol bob/enc_keys >/dev/null || fail "a revoked certificate begins a connection"
! admin certificate revoke "$site/carol.pem" 2>"$site/again.log" && grep -q 'revoked already' "$site/again.log" || fail "revoked twice"
as alice bob/enc_keys | says 200

echo "nothing of a delivered key is in any file"
for i in 1 2 3; do
    jq -r '.keys[0].key' <<<"$key" >>"$site/keys.txt"
    key=$(as alice bob/enc_keys | head -n 1)
done
stop qwaved
while read -r text; do
    hex=$(base64 -d <<<"$text" | od -An -v -tx1 | tr -d ' \n')
    ! holds "$hex" "$site/centre" "$site/qwaved.log" "$site/qwaved.out" || fail "a delivered key is in a file of the centre"
done <"$site/keys.txt"
echo "done"
