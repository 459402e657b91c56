# SPDX-License-Identifier: Apache-2.0
# rows: C5 C7 C8
# An older copy of the database is put back: the centre says so and does not start, however often it is tried; with the newer one it goes on.
source "$(dirname "$0")/site.sh"

make_centre
start_centre
application alice bob
application bob

# as SAE PATH: the body, then the status.
as() {
    curl --silent --max-time $ready_s --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$site/centre/ca/ca.pem" -w '\n%{http_code}\n' \
        "$url/api/v1/keys/$2"
}
stored() { [ "$(as alice bob/status | head -n 1 | jq .stored_key_count)" -ge 512 ]; }
within $ready_s stored || fail "the store does not fill"

echo "a copy from which nothing has left since is as good as the database"
stop qwaved
cp "$site/centre/centre.db" "$site/copy.db"
cp "$site/copy.db" "$site/centre/centre.db"
start_centre
first=$(as alice bob/enc_keys)
[ "$(tail -n 1 <<<"$first")" = 200 ] || fail "no key: $first"
id=$(head -n 1 <<<"$first" | jq -r '.keys[0].key_ID')

echo "one from before a key left is refused, however often it is tried"
stop qwaved
mv "$site/centre/centre.db" "$site/newer.db"
cp "$site/copy.db" "$site/centre/centre.db"
for attempt in 1 2 3; do
    status=0
    timeout $ready_s "$bin/qwaved" --config "$site/centre/qwaved.yaml" >/dev/null 2>"$site/older.log" || status=$?
    [ "$status" = 1 ] || fail "attempt $attempt ends with $status: $(tail -n 1 "$site/older.log")"
    grep -q 'the database is an older copy' "$site/older.log" || fail "it does not say why: $(tail -n 1 "$site/older.log")"
done

echo "with the newer one it goes on"
mv "$site/newer.db" "$site/centre/centre.db"
start_centre
[ "$(as bob "alice/dec_keys?key_ID=$id")" = "$first" ] || fail "the key that was given is not there"
[ "$(as alice bob/enc_keys | tail -n 1)" = 200 ] || fail "no more keys"
echo "done"
