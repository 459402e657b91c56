# SPDX-License-Identifier: Apache-2.0
# rows: C5 C7 C8
# As 33-older-copy on PostgreSQL: its folder is set back to before a key left while no qwaved runs. The centre says so and does not start; with
# the newer folder it goes on.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/postgres.sh"

need_postgres
# Under sanitizers every start takes many seconds; there centre.older_copy does the same in one process.
[ "${QWAVE_RELEASE:-yes}" = yes ] || skip "runs in release builds only"
make_postgres
start_postgres
"$bin/qwave" init --port 0 --source kernel --database "$postgres_uri" "$site/centre" >/dev/null
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

# What stands in the folder when the power goes is what comes back.
stop qwaved
kill_postgres
cp -a "$site/pg/data" "$site/pg/copy"

echo "a key leaves"
start_postgres
start_centre
first=$(as alice bob/enc_keys)
[ "$(tail -n 1 <<<"$first")" = 200 ] || fail "no key: $first"
id=$(head -n 1 <<<"$first" | jq -r '.keys[0].key_ID')
stop qwaved
kill_postgres

echo "the copy from before is refused"
mv "$site/pg/data" "$site/pg/newer"
mv "$site/pg/copy" "$site/pg/data"
start_postgres
status=0
timeout $ready_s "$bin/qwaved" --config "$site/centre/qwaved.yaml" >/dev/null 2>"$site/older.log" || status=$?
[ "$status" = 1 ] || fail "it ends with $status: $(tail -n 1 "$site/older.log")"
grep -q 'the database is an older copy' "$site/older.log" || fail "it does not say why: $(tail -n 1 "$site/older.log")"

echo "with the newer one it goes on"
kill_postgres
mv "$site/pg/data" "$site/pg/copy"
mv "$site/pg/newer" "$site/pg/data"
start_postgres
start_centre
[ "$(as bob "alice/dec_keys?key_ID=$id")" = "$first" ] || fail "the key that was given is not there"
echo "done"
