# SPDX-License-Identifier: Apache-2.0
# rows: C14 C12
# Two encryptors and a running centre by the Secure Key Integration Protocol, with curl as their client: a key for both ends, what others
# get, a centre that is killed between the two ends, and one pool with ETSI 014.
source "$(dirname "$0")/site.sh"

make_centre
# The kernel's bytes through the driver of a hardware generator: what is tested is the way, not the randomness.
sed -i 's/^source:.*/source: device/' "$site/centre/qwaved.yaml"
printf 'source_path: /dev/urandom\nsource_kind: hwrng\n' >>"$site/centre/qwaved.yaml"
start_centre
for sae in router-a router-b eve; do
    admin certificate sae $sae --certificate "$site/$sae.pem" --key "$site/$sae.key" >/dev/null
    admin device add $sae --kind application --owner test >/dev/null
done
admin device peers router-a --peer router-b >/dev/null
admin device peers router-b --peer router-a >/dev/null

# as SYSTEM PATH [CURL-OPTION...]: body, then the status on a line of its own.
as() {
    local system=$1 path=$2
    shift 2
    curl --silent --max-time $ready_s --cert "$site/$system.pem" --key "$site/$system.key" --cacert "$site/centre/ca/ca.pem" \
        -w '\n%{http_code}\n' "$@" "$url$path"
}

# says STATUS MESSAGE: of the answer on standard input.
says() {
    local answer
    answer=$(cat)
    [ "$(tail -n 1 <<<"$answer")" = "$1" ] || fail "status is not $1: $answer"
    [ -z "${2:-}" ] || [ "$(head -n 1 <<<"$answer" | jq -r .message)" = "$2" ] || fail "message is not '$2': $answer"
}

echo "capabilities and entropy"
[ "$(as router-a /capabilities | head -n 1 | jq -c '[.entropy, .key, .algorithm, .localSystemID, .remoteSystemID]')" = \
    '[true,true,"hwrng","router-a",["router-b"]]' ] || fail "capabilities: $(as router-a /capabilities)"
[ "$(as router-a '/entropy?minentropy=512' | head -n 1 | jq '.randomStr | length')" = 128 ] || fail "entropy of 512 bits"
[ "$(as router-a /entropy)" != "$(as router-a /entropy)" ] || fail "entropy comes twice"

echo "a key for both ends"
within $ready_s sh -c '[ "$(curl -s --cert "$0/router-a.pem" --key "$0/router-a.key" --cacert "$0/centre/ca/ca.pem" \
    "$1/api/v1/keys/router-b/status" | jq .stored_key_count)" -ge 1000 ]' "$site" "$url" || fail "the store does not fill"
for size in 24 128 256 4096; do
    key=$(as router-a "/key?remoteSystemID=router-b&size=$size" | head -n 1)
    [ "$(jq '.key | length' <<<"$key")" = $((size / 4)) ] || fail "a key of $size bits: $key"
    id=$(jq -r .keyId <<<"$key")
    [ "$(as router-b "/key/${id^^}?remoteSystemID=router-a" | head -n 1)" = "$key" ] || fail "the ends differ at $size bits"
done
as eve "/key/$id?remoteSystemID=router-a" | says 400 "not found"
as eve "/key/00112233445566778899aabbccddeeff?remoteSystemID=router-a" | says 400 "not found"
as eve "/key?remoteSystemID=router-b" | says 400 "not found"
as router-b "/key/$id" | says 400 "malformed request"
as router-a "/key?remoteSystemID=router-b&size=129" | says 400 "malformed request"
as router-a "/key?remoteSystemID=router-b" -X POST | says 405 "method not allowed"
as router-a /keys | says 404 "not found"
! curl --silent --max-time $ready_s --cacert "$site/centre/ca/ca.pem" "$url/capabilities" >/dev/null || fail "served without a certificate"

echo "killed between the two ends"
for i in 1 2 3; do
    key=$(as router-b "/key?remoteSystemID=router-a" | head -n 1)
    id=$(jq -r .keyId <<<"$key")
    stop qwaved KILL
    start_centre
    [ "$(as router-a "/key/$id?remoteSystemID=router-b" | head -n 1)" = "$key" ] || fail "the key is gone, or another one, after kill $i"
    jq -r .key <<<"$key" >>"$site/keys.txt"
    fresh=$(as router-b "/key?remoteSystemID=router-a" | head -n 1 | jq -r .key)
    ! grep -qF "$fresh" "$site/keys.txt" || fail "a key was given twice"
done

echo "one pool: begun by ETSI 014, fetched by SKIP"
key=$(as router-a /api/v1/keys/router-b/enc_keys | head -n 1)
id=$(jq -r '.keys[0].key_ID' <<<"$key" | tr -d -)
hex=$(jq -r '.keys[0].key' <<<"$key" | base64 -d | od -An -v -tx1 | tr -d ' \n')
[ "$(as router-b "/key/$id?remoteSystemID=router-a" | head -n 1 | jq -r .key)" = "$hex" ] || fail "SKIP gives another key for an id of 014"

echo "nothing of a delivered key is in any file"
stop qwaved
while read -r hex; do
    ! holds "$hex" "$site/centre" "$site/qwaved.log" "$site/qwaved.out" || fail "a delivered key is in a file of the centre"
done <"$site/keys.txt"
echo "done"
