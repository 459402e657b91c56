# SPDX-License-Identifier: Apache-2.0
# rows: C14 C12
# Two encryptors by the Secure Key Integration Protocol: one proves a pre-shared key, with `openssl s_client` as its TLS, the other shows a
# certificate. The same key at both ends; who has the wrong key, or none any more, gets nothing; a centre that is killed keeps to all of it.
source "$(dirname "$0")/site.sh"

make_centre
printf 'skip_psk: on\nskip_psk_port: 0\n' >>"$site/centre/qwaved.yaml"

restart_centre() {
    start_centre
    psk_port=$(sed -n 's/^skip-psk //p' "$site/qwaved.out")
    [ "${psk_port:-0}" -gt 0 ] || fail "no port for pre-shared keys"
}
restart_centre
admin device add router-a --kind application --owner test --peer 'router-*' >/dev/null
admin device add router-b --kind application --owner test --peer router-a >/dev/null
admin device add router-c --kind application --owner test --peer router-b >/dev/null
admin certificate sae router-b --certificate "$site/router-b.pem" --key "$site/router-b.key" >/dev/null
answer=$(admin --json psk create router-a)
[ "$(jq -r .identity <<<"$answer")" = router-a ] || fail "identity: $answer"
psk_a=$(jq -r .psk <<<"$answer")
psk_c=$(admin --json psk create router-c | jq -r .psk)
[ ${#psk_a} = 64 ] && [ ${#psk_c} = 64 ] && [ "$psk_a" != "$psk_c" ] || fail "pre-shared keys of other sizes, or the same"
! admin psk create router-a >/dev/null 2>&1 || fail "a second key for router-a while there is one"

TLS13="-tls1_3"
TLS12="-tls1_2 -cipher DHE-PSK-AES256-CBC-SHA384"

# client IDENTITY PSK TLS-OPTION...: what comes in goes to the centre, what the centre says comes out.
client() {
    local identity=$1 psk=$2
    shift 2
    timeout 120 openssl s_client -quiet -connect "127.0.0.1:$psk_port" -psk_identity "$identity" -psk "$psk" "$@" 2>/dev/null
}

request() {
    printf 'GET %s HTTP/1.1\r\nHost: centre\r\n%s\r\n' "$1" "${2:-}"
}

# by_psk IDENTITY PSK PATH [TLS-OPTIONS]: body, then the status on a line of its own.
by_psk() {
    local answer
    # shellcheck disable=SC2086
    answer=$(request "$3" $'Connection: close\r\n' | client "$1" "$2" ${4:-$TLS13} | tr -d '\r' || true)
    printf '%s\n%s\n' "$(tail -n 1 <<<"$answer")" "$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' <<<"$answer")"
}

by_certificate() {
    curl --silent --max-time $ready_s --cert "$site/router-b.pem" --key "$site/router-b.key" --cacert "$site/centre/ca/ca.pem" \
        -w '\n%{http_code}\n' "$url$1"
}

status() {
    tail -n 1
}

echo "who may be asked for"
[ "$(by_psk router-a "$psk_a" /capabilities | sed -n 1p | jq -c '[.localSystemID, .remoteSystemID]')" = '["router-a",["router-*"]]' ] ||
    fail "capabilities: $(by_psk router-a "$psk_a" /capabilities)"
within $ready_s sh -c '[ "$(curl -s --cert "$0/router-b.pem" --key "$0/router-b.key" --cacert "$0/centre/ca/ca.pem" \
    "$1/api/v1/keys/router-a/status" | jq .stored_key_count)" -ge 1000 ]' "$site" "$url" || fail "the store does not fill"

echo "a key for both ends, one by pre-shared key, one by certificate"
for tls in "$TLS13" "$TLS12"; do
    for size in 128 256; do
        key=$(by_psk router-a "$psk_a" "/key?remoteSystemID=router-b&size=$size" "$tls" | sed -n 1p)
        [ "$(jq '.key | length' <<<"$key")" = $((size / 4)) ] || fail "a key of $size bits over $tls: $key"
        [ "$(by_certificate "/key/$(jq -r .keyId <<<"$key")?remoteSystemID=router-a" | sed -n 1p)" = "$key" ] || fail "the ends differ over $tls"
        key=$(by_certificate "/key?remoteSystemID=router-a&size=$size" | sed -n 1p)
        [ "$(by_psk router-a "$psk_a" "/key/$(jq -r .keyId <<<"$key")?remoteSystemID=router-b" "$tls" | sed -n 1p)" = "$key" ] ||
            fail "the ends differ the other way round over $tls"
    done
done
id=$(by_psk router-a "$psk_a" "/key?remoteSystemID=router-b" | sed -n 1p | jq -r .keyId)
[ "$(by_psk router-c "$psk_c" "/key/$id?remoteSystemID=router-a" | status)" = 400 ] || fail "a stranger's key"
[ "$(by_psk router-a "$psk_a" "/key?remoteSystemID=router-c" | status)" = 200 ] || fail "a name that fits a pattern"
[ "$(by_psk router-a "$psk_a" "/key?remoteSystemID=router-%2A" | status)" = 400 ] || fail "a pattern asked for as a name"
[ "$(by_psk router-a "$psk_a" "/api/v1/keys/router-b/enc_keys" | status)" = 404 ] || fail "more than SKIP for a pre-shared key"

echo "who does not know the key"
for tls in "$TLS13" "$TLS12"; do
    [ -z "$(by_psk router-a "$psk_c" /capabilities "$tls" | tr -d '\n')" ] || fail "served with another's key over $tls"
    [ -z "$(by_psk nobody "$psk_a" /capabilities "$tls" | tr -d '\n')" ] || fail "served as nobody over $tls"
    [ -z "$(by_psk router-b "$psk_a" /capabilities "$tls" | tr -d '\n')" ] || fail "served as one who has no key over $tls"
done
! curl --silent --max-time $ready_s --insecure --cert "$site/router-b.pem" --key "$site/router-b.key" "https://127.0.0.1:$psk_port/capabilities" ||
    fail "served with a certificate at the other door"
grep -q 'no proof that it is nobody' "$site/qwaved.log" || fail "the log does not say who tried"

echo "killed between the two ends"
key=$(by_psk router-a "$psk_a" "/key?remoteSystemID=router-b" | sed -n 1p)
stop qwaved KILL
restart_centre
[ "$(by_certificate "/key/$(jq -r .keyId <<<"$key")?remoteSystemID=router-a" | sed -n 1p)" = "$key" ] || fail "another key after the kill"
[ "$(by_psk router-a "$psk_a" /capabilities | status)" = 200 ] || fail "the pre-shared key is gone after the kill"

echo "a revoked key's open connection ends"
mkfifo "$site/a.in" "$site/c.in"
client router-a "$psk_a" $TLS13 <"$site/a.in" >"$site/a.out" &
pid[a]=$!
exec 8>"$site/a.in"
client router-c "$psk_c" $TLS13 <"$site/c.in" >"$site/c.out" &
pid[c]=$!
exec 9>"$site/c.in"
request /capabilities >&8
request /capabilities >&9
within $ready_s grep -q localSystemID "$site/a.out" || fail "no answer on the connection of router-a"
within $ready_s grep -q localSystemID "$site/c.out" || fail "no answer on the connection of router-c"
admin psk revoke router-a >/dev/null
is_over() { ! kill -0 "${pid[a]}" 2>/dev/null; }
within $ready_s is_over || fail "the connection of a revoked key stays open"
exec 8>&-
wait "${pid[a]}" 2>/dev/null || true
unset "pid[a]"
[ "$(grep -c localSystemID "$site/a.out")" = 1 ] || fail "answered after the revocation"
[ -z "$(by_psk router-a "$psk_a" /capabilities | tr -d '\n')" ] || fail "a revoked key opens a connection"
request /capabilities >&9
two_answers() { [ "$(grep -o localSystemID "$site/c.out" | wc -l)" = 2 ]; }
within $ready_s two_answers || fail "the connection of another key has gone as well"
stop qwaved KILL
restart_centre
exec 9>&-
wait "${pid[c]}" 2>/dev/null || true
unset "pid[c]"
[ -z "$(by_psk router-a "$psk_a" /capabilities | tr -d '\n')" ] || fail "a revoked key is good again after a kill"
[ "$(by_psk router-c "$psk_c" /capabilities | status)" = 200 ] || fail "the key of another one is gone after a kill"

echo "a new key, and the end of a device"
psk_new=$(admin --json psk create router-a | jq -r .psk)
[ "$psk_new" != "$psk_a" ] || fail "the same key again"
[ "$(by_psk router-a "$psk_new" /capabilities | status)" = 200 ] || fail "the new key does not open"
[ -z "$(by_psk router-a "$psk_a" /capabilities | tr -d '\n')" ] || fail "the old key opens beside the new one"
admin device destroy router-c >/dev/null
[ -z "$(by_psk router-c "$psk_c" /capabilities | tr -d '\n')" ] || fail "the key of a destroyed device opens a connection"

echo "no pre-shared key is in any file; their use is in the journal"
stop qwaved
for hex in "$psk_a" "$psk_c" "$psk_new"; do
    ! holds "$hex" "$site/centre" "$site/qwaved.log" "$site/qwaved.out" || fail "a pre-shared key is in a file of the centre"
done
for verb in psk-create psk-use psk-revoke; do
    grep -rqaF "$verb" "$site/centre" || fail "no record $verb"
done
echo "done"
