# SPDX-License-Identifier: Apache-2.0
# rows: C7 C12 C14
# Requests for new keys whose answers get lost: connections that end when the keys have moved, a centre that is killed under them, two centres on one
# PostgreSQL. Who gave his request a name gets the same keys again inside the window, once it is over none, and nobody else ever does.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/postgres.sh"

count=60
window_s=600 # outlasts whatever a busy machine takes to start a centre again
make_centre
printf 'window_ms: %d000\nlog_level: debug\n' $window_s >>"$site/centre/qwaved.yaml"
start_centre
application alice bob,carol
application bob alice
application carol bob

# as SAE PATH [CURL-OPTION...]: body, then the status on a line of its own.
as() {
    curl --silent --max-time $ready_s --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$site/centre/ca/ca.pem" -w '\n%{http_code}\n' \
        "${@:3}" "$url/api/v1/keys/$2"
}
# named NAME [NUMBER [PLACE]]: the body of such a request.
named() {
    printf '{"number":%d,"extension_%s":[{"qwave_request_id":"00000000-0000-4000-8000-%012d"}]}' "${2:-2}" "${3:-mandatory}" "$1"
}
# ask SAE SLAVE NAME [NUMBER [PLACE]]
ask() { as "$1" "$2/enc_keys" -H 'Content-Type: application/json' -d "$(named "${@:3}")"; }
status_of() { tail -n 1 <<<"$1"; }
stored() { [ "$(as alice bob/status | head -n 1 | jq .stored_key_count)" -ge 512 ]; }
within $ready_s stored || fail "the store does not fill"

echo "$count requests whose connections end when the keys have moved; after half of them the centre is killed"
cut() { # FIRST LAST
    local i
    for ((i = $1; i <= $2; i++)); do
        printf 'url = %s/api/v1/keys/bob/enc_keys\nheader = "Content-Type: application/json"\ndata = "%s"\n' "$url" "$(named "$i" | sed 's/"/\\"/g')"
        printf 'max-filesize = 1\ncert = %s\nkey = %s\ncacert = %s\nsilent\n' "$site/alice.pem" "$site/alice.key" "$site/centre/ca/ca.pem"
        [ "$i" = "$2" ] || echo next
    done >"$site/cut.curl"
    curl -K "$site/cut.curl" >"$site/cut.out" || true
    [ ! -s "$site/cut.out" ] || fail "the client has seen an answer that it was to drop: $(head -c 300 "$site/cut.out")"
}
answered() { [ "$(grep -c 'sae:alice: POST /api/v1/keys/bob/enc_keys: 200' "$site/qwaved.log")" -ge "$1" ]; }
cut 1 $((count / 2))
within $ready_s answered $((count / 2)) || fail "not all keys have moved: $(grep -c 'enc_keys: 200' "$site/qwaved.log")"
stop qwaved KILL
start_centre
cut $((count / 2 + 1)) $count
within $ready_s answered $count || fail "not all keys have moved: $(grep -c 'enc_keys: 200' "$site/qwaved.log")"
for ((i = 1; i <= count; i++)); do
    ask alice bob "$i" >"$site/given.$i"
    [ "$(status_of "$(cat "$site/given.$i")")" = 200 ] || fail "request $i has no answer: $(cat "$site/given.$i")"
done
[ "$(grep -c 'sae:alice: POST /api/v1/keys/bob/enc_keys: 200' "$site/qwaved.log")" = $((2 * count)) ] || fail "more answers than requests"
head -qn 1 "$site"/given.* | jq -r '.keys[].key_ID' | sort >"$site/ids.txt"
[ "$(uniq <"$site/ids.txt" | wc -l)" = $((2 * count)) ] || fail "two names have one key"

echo "said again: the same; by another, with other wishes: nothing of it"
for i in 1 $((count / 2)) $count; do
    [ "$(ask alice bob "$i" 2 optional)" = "$(cat "$site/given.$i")" ] || fail "request $i gets something else"
    [ "$(status_of "$(ask alice bob "$i" 3)")" = 400 ] && [ "$(status_of "$(ask alice carol "$i")")" = 400 ] || fail "a name for two wishes"
    got=$(ask carol bob "$i")
    [ "$(status_of "$got")" = 200 ] && ! head -n 1 <<<"$got" | jq -r '.keys[].key_ID' | grep -qxFf "$site/ids.txt" || fail "another's name: $got"
done
ids=$(head -n 1 "$site/given.1" | jq -c '{key_IDs: [.keys[] | {key_ID}]}')
[ "$(as bob alice/dec_keys -H 'Content-Type: application/json' -d "$ids")" = "$(cat "$site/given.1")" ] || fail "the slave gets something else"
[ "$(ask alice bob 1)" = "$(cat "$site/given.1")" ] || fail "not again when the slave has them"

echo "twenty that are the same at the same time"
asking=()
for i in $(seq 20); do
    ask alice bob 1000 >"$site/same.$i" &
    asking+=($!)
done
wait "${asking[@]}"
[ "$(status_of "$(cat "$site/same.1")")" = 200 ] || fail "at once: $(cat "$site/same.1")"
for i in $(seq 2 20); do
    cmp -s "$site/same.1" "$site/same.$i" || fail "at once, but something else: $(cat "$site/same.$i")"
done

echo "when the window is over there are neither the old keys nor new ones"
stop qwaved
sed -i "s/^window_ms:.*/window_ms: 1/" "$site/centre/qwaved.yaml"
start_centre
before=$(as alice bob/status | head -n 1 | jq .stored_key_count)
[ "$(ask alice bob 1 | tr '\n' ' ')" = '{"message":"not all extension_mandatory request options could be met"} 400 ' ] || fail "too late: $(ask alice bob 1)"
[ "$(ask alice bob 1 2 optional | tr '\n' ' ')" = '{"message":"not all extension_optional request options handled"} 400 ' ] || fail "too late, optional"
[ "$(as alice bob/status | head -n 1 | jq .stored_key_count)" -ge "$before" ] || fail "that cost keys"
stop qwaved

echo "nothing of a key is in any file"
head -qn 1 "$site"/given.[1-5] "$site/same.1" | jq -r '.keys[].key' | while read -r key; do
    hex=$(base64 -d <<<"$key" | od -An -v -tx1 | tr -d ' \n')
    ! holds "$hex" "$site/centre" "$site/qwaved.log" "$site/qwaved.out" || fail "a key is in a file of the centre"
done

if [ "${QWAVE_RELEASE:-yes}" = yes ] && [ -x "$postgres_bin/postgres" ]; then
    echo "two centres on one PostgreSQL answer for each other"
    make_postgres
    start_postgres
    rm -rf "$site/centre" "$site"/{alice,bob}.{pem,key}
    "$bin/qwave" init --port 0 --source kernel --database "$postgres_uri" "$site/centre" >/dev/null
    printf 'window_ms: %d000\n' $window_s >>"$site/centre/qwaved.yaml"
    start_centre
    application alice bob
    application bob alice
    within $ready_s stored || fail "the store does not fill"
    start second qwaved --config "$site/centre/qwaved.yaml"
    urls=("$url" "https://127.0.0.1:$(ready second)")
    for i in $(seq 10); do
        url=${urls[i % 2]}
        first=$(ask alice bob "$i")
        [ "$(status_of "$first")" = 200 ] || fail "no keys: $first"
        url=${urls[(i + 1) % 2]}
        again=$(ask alice bob "$i")
        [ "$again" = "$first" ] || fail "the other process says: $again"
    done
    # Both at once: one of them may say 503, which is what its caller would ask again after.
    for i in $(seq 20 29); do
        url=${urls[0]} ask alice bob "$i" >"$site/one" &
        asking=$!
        url=${urls[1]} ask alice bob "$i" >"$site/two"
        wait "$asking"
        [ "$(status_of "$(cat "$site/one")")" != 503 ] || ask alice bob "$i" >"$site/one"
        [ "$(status_of "$(cat "$site/two")")" != 503 ] || ask alice bob "$i" >"$site/two"
        [ "$(status_of "$(cat "$site/one")")" = 200 ] && cmp -s "$site/one" "$site/two" || fail "at once: $(cat "$site/one" "$site/two")"
    done
fi
echo "done"
