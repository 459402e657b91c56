# SPDX-License-Identifier: Apache-2.0
# rows: C14 S3
# A thousand connections that end when the key has moved, before anybody has seen it: the same slave gets the same bytes again inside the
# window, nobody else ever does, and after the window nobody. And a thousand connections that never finish their handshake: others are served
# meanwhile, and the thousand are gone after their deadline.
source "$(dirname "$0")/site.sh"

# Under sanitizers the thousand handshakes alone take minutes; tests/unit/api/http_server_test.c does the same with a few.
[ "${QWAVE_RELEASE:-yes}" = yes ] || skip "runs in release builds only"
count=1000
batch=125
window_s=600 # outlasts whatever a busy machine takes to ask again
[ "$(ulimit -n)" -ge $((count + 200)) ] || ulimit -n $((count + 200)) || skip "not enough descriptors"
make_centre
printf 'window_ms: %d000\nconnections_max: 4096\nconnections_per_address_max: 4096\nmisses_per_s: 0\nlog_level: debug\n' $window_s \
    >>"$site/centre/qwaved.yaml"
start_centre
application alice bob
application bob
application carol

# as SAE PATH [CURL-OPTION...]
as() {
    curl --silent --max-time $ready_s --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$site/centre/ca/ca.pem" "${@:3}" "$url/api/v1/keys/$2"
}
stored() {
    [ "$(as alice bob/status | jq .stored_key_count)" -ge "$count" ]
}
within $ready_s stored || fail "the store does not fill"

echo "$count connections that end when the key has moved"
for i in $(seq 1 $((count / batch))); do
    as alice "bob/enc_keys?number=$batch" >"$site/given.$i"
    jq -c '{key_IDs: [.keys[] | {key_ID}]}' "$site/given.$i" >"$site/ids.$i"
    jq -r '.keys[].key_ID' "$site/given.$i"
done >"$site/ids.txt"
[ "$(sort -u "$site/ids.txt" | wc -l)" = "$count" ] || fail "not $count different keys"
# Curl hangs up as soon as it has seen how long the answer is.
sed "s|.*|url = $url/api/v1/keys/alice/dec_keys?key_ID=&|" "$site/ids.txt" >"$site/cut.curl"
curl --silent --max-filesize 1 --cert "$site/bob.pem" --key "$site/bob.key" --cacert "$site/centre/ca/ca.pem" -K "$site/cut.curl" \
    >"$site/cut.out" || true
[ ! -s "$site/cut.out" ] || fail "the client has seen an answer that it was to drop"
[ "$(grep -c 'sae:bob: GET /api/v1/keys/alice/dec_keys: 200' "$site/qwaved.log")" = "$count" ] || fail "not $count keys have moved"
for i in $(seq 1 $((count / batch))); do
    as bob alice/dec_keys -H 'Content-Type: application/json' -d "@$site/ids.$i" >"$site/again.$i"
    cmp -s "$site/given.$i" "$site/again.$i" || fail "a repeat inside the window is not what the master has"
    [ "$(as carol alice/dec_keys -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d "@$site/ids.$i")" = 401 ] ||
        fail "another application is not refused"
done
stop qwaved
sed -i 's/^window_ms:.*/window_ms: 1/' "$site/centre/qwaved.yaml" # and it is over
start_centre
while read -r id; do
    printf 'url = %s/api/v1/keys/alice/dec_keys?key_ID=%s\n' "$url" "$id"
done <"$site/ids.txt" >"$site/late.curl"
curl --silent --cert "$site/bob.pem" --key "$site/bob.key" --cacert "$site/centre/ca/ca.pem" -w '%{http_code}\n' -K "$site/late.curl" \
    >"$site/late.out"
[ "$(grep -cx '.*400' "$site/late.out")" = "$count" ] || fail "after the window: $(grep -vx '.*400' "$site/late.out" | head -n 3)"

echo "$count connections that never finish their handshake"
address=${url#https://}
fds=()
for i in $(seq $count); do
    exec {fd}<>"/dev/tcp/${address%:*}/${address##*:}"
    fds+=("$fd")
done
for i in $(seq 20); do
    [ "$(as alice bob/enc_keys -o /dev/null -w '%{http_code}' --max-time $ready_s)" = 200 ] || fail "nobody is served beside silent connections"
done
# gone N: connections that were cut at their deadline.
gone() {
    [ "$(grep -c 'too slow, connection cut' "$site/qwaved.log")" -ge "$1" ]
}
within $ready_s gone $count || fail "silent connections stay: $(grep -c 'too slow' "$site/qwaved.log") of $count were cut"
for fd in "${fds[@]}"; do
    exec {fd}>&-
done
[ "$(as alice bob/enc_keys -o /dev/null -w '%{http_code}')" = 200 ] || fail "no key afterwards"
echo "done"
