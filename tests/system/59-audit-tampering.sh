# SPDX-License-Identifier: Apache-2.0
# rows: C10
# Somebody with all rights on the disk changes the journal of a centre, in the database and in an export: each change is found off line and
# the record is named; a head that was kept elsewhere shows what was cut off. Nothing of the centre runs while it is checked.
source "$(dirname "$0")/site.sh"
command -v sqlite3 >/dev/null || skip "needs sqlite3"

make_centre
printf 'journal_sign_records: 5\n' >>"$site/centre/qwaved.yaml"
start_centre
audit() { "$bin/qwave" audit --operator "$site/centre/operator/operator.yaml" --url "$url" "$@"; }
for i in $(seq 12); do
    admin device add "meter-$i" --kind application --owner test >/dev/null
done
audit key >"$site/journal.pem"
audit head >"$site/old-head.json"
audit key rotate >"$site/next.pem"
[ "$(audit key)" = "$(cat "$site/next.pem")" ] && ! cmp -s "$site/next.pem" "$site/journal.pem" || fail "the journal's key is not exchanged"
for i in $(seq 13 16); do
    admin device add "meter-$i" --kind application --owner test >/dev/null
done
audit export "$site/journal" >/dev/null
audit head >"$site/head.json"

echo "who asked for what"
[ "$(audit show --json --verb device-register | jq '.records | length')" = 16 ] || fail "not 16 registrations: $(audit show | tail -n 3)"
[ "$(audit show --json --since 2100-01-01 | jq '.records | length')" = 0 ] || fail "records from the future"
audit show "$site/journal" >"$site/shown"
grep -q ' operator:.* device-register meter-7: success' "$site/shown" || fail "meter-7 is not in the export"
! "$bin/qwave" audit --operator "$site/nobody.yaml" --url "$url" head >/dev/null 2>&1 || fail "a head for nobody"
application app-1
for path in head records; do
    status=$(curl --silent --max-time $ready_s --cert "$site/app-1.pem" --key "$site/app-1.key" --cacert "$site/centre/ca/ca.pem" \
        -o /dev/null -w '%{http_code}' "$url/v1/audit/$path")
    [ "$status" = 403 ] || fail "an application gets $status for the journal's $path"
done

echo "an export that was interrupted goes on where it was"
for key in journal next; do
    "$bin/qwave" audit verify "$site/journal" --key "$site/$key.pem" | grep -q 'signed by 2 keys' || fail "not whole under $key.pem"
done
records=$("$bin/qwave" audit verify "$site/journal" --key "$site/journal.pem" --json | jq .records)
head -c $(($(stat -c %s "$site/journal") / 2 + 7)) "$site/journal" >"$site/half"
audit export "$site/half" >/dev/null
cmp -s "$site/half" "$site/journal" || fail "the export that went on differs"
echo text >"$site/text"
! audit export "$site/text" 2>/dev/null || fail "a text is exported into"
[ "$(cat "$site/text")" = text ] || fail "a file that is no export was written to"
stop qwaved

# verdict FILE [OPTION...]: exit status, what is wrong, and where
verdict() {
    local status=0
    "$bin/qwave" audit verify "$@" --key "$site/journal.pem" --json >"$site/verdict.json" 2>"$site/verdict.err" || status=$?
    echo "$status $(jq -r '"\(.fault_seq // 0) \(.fault // "whole")"' "$site/verdict.json" 2>/dev/null)"
}
# found FILE SEQ [OPTION...]
found() {
    local file=$1 seq=$2 verdict
    shift 2
    verdict=$(verdict "$file" "$@")
    [[ $verdict = "1 $seq "* ]] || fail "$file $*: $verdict, not record $seq"
}

echo "as it was written it is whole: export and database, with both heads"
for file in "$site/journal" "$site/centre/centre.db"; do
    for head in old-head head; do
        [ "$(verdict "$file" --head "$site/$head.json")" = "0 0 whole" ] || fail "$file with $head: $(cat "$site"/verdict.*)"
    done
done
[ "$records" -ge 20 ] || fail "an export of $records records"

echo "the database: altered, removed, moved, added, cut"
# tampered SQL: on a copy
tampered() {
    cp "$site/centre/centre.db" "$site/tampered.db"
    sqlite3 "$site/tampered.db" "$1"
}
id() { printf "x'%016x'" "$1"; }
tampered "UPDATE audit SET blob = substr(blob, 1, 40) || x'00' || substr(blob, 42) WHERE id = $(id 12)"
found "$site/tampered.db" 12
tampered "DELETE FROM audit WHERE id = $(id 9)"
found "$site/tampered.db" 9
tampered "UPDATE audit SET id = x'ff' WHERE id = $(id 5); UPDATE audit SET id = $(id 5) WHERE id = $(id 6); UPDATE audit SET id = $(id 6) WHERE id = x'ff'"
found "$site/tampered.db" 5
last=$(sqlite3 "$site/centre/centre.db" 'SELECT count(*) FROM audit')
tampered "INSERT INTO audit SELECT $(id $((last + 1))), version, tag, blob FROM audit WHERE id = $(id "$last")"
found "$site/tampered.db" $((last + 1))
tampered "DELETE FROM audit WHERE id = $(id "$last")"
found "$site/tampered.db" "$last"
# Cut with the head beside it moved as well: what a chain alone would take for whole.
kept=$(jq .seq "$site/head.json")
cut="DELETE FROM audit WHERE id > $(id $((kept - 4)));
    UPDATE meta SET blob = (SELECT id || substr(blob, -32) FROM audit ORDER BY id DESC LIMIT 1) WHERE id = CAST('audit-head' AS BLOB)"
tampered "$cut"
[ "$(verdict "$site/tampered.db")" = "0 0 whole" ] || fail "without a kept head a cut is seen, which is not to be expected: $(cat "$site"/verdict.*)"
[ "$(verdict "$site/tampered.db" --head "$site/old-head.json")" = "0 0 whole" ] || fail "the old head is behind the cut"
found "$site/tampered.db" $((kept - 3)) --head "$site/head.json"

echo "the export: a bit, a byte more, a tail less, another journal's head and key"
size=$(stat -c %s "$site/journal")
for at in 300 $((size / 2)) $((size - 1)); do
    cp "$site/journal" "$site/tampered"
    byte=$(od -An -tu1 -j "$at" -N 1 "$site/journal")
    printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$site/tampered" bs=1 seek="$at" conv=notrunc status=none
    [[ $(verdict "$site/tampered") = "1 "[1-9]* ]] || fail "byte $at was altered: $(cat "$site"/verdict.*)"
done
{ cat "$site/journal" && printf x; } >"$site/tampered"
found "$site/tampered" $((records + 1))
head -c $((size - 100)) "$site/journal" >"$site/tampered"
found "$site/tampered" "$records"
sed 's/"seq":[0-9]*/"seq":7/' "$site/head.json" >"$site/forged.json"
found "$site/journal" 7 --head "$site/forged.json"
openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null | openssl pkey -pubout >"$site/other.pem" 2>/dev/null
! "$bin/qwave" audit verify "$site/journal" --key "$site/other.pem" >/dev/null || fail "whole under another key"

echo "a journal that was begun with SM2"
rm -rf "$site/centre"
"$bin/qwave" init --port 0 --source kernel --journal-signature sm2 "$site/centre" >/dev/null
start_centre
audit key >"$site/journal.pem"
[[ $(openssl pkey -pubin -in "$site/journal.pem" -noout -text) = *SM2* ]] || fail "the key is no SM2 key"
audit export "$site/sm2" >/dev/null
stop qwaved
[ "$(verdict "$site/sm2")" = "0 0 whole" ] || fail "the export: $(cat "$site"/verdict.*)"
sqlite3 "$site/centre/centre.db" "UPDATE audit SET blob = substr(blob, 1, 30) || x'ff' || substr(blob, 32) WHERE id = $(id 3)"
found "$site/centre/centre.db" 3
sed -i 's/^journal_signature: sm2/journal_signature: p256/' "$site/centre/qwaved.yaml"
! "$bin/qwaved" --config "$site/centre/qwaved.yaml" >/dev/null 2>"$site/refused" || fail "it starts under the other algorithm"
grep -q 'the key of this journal is sm2' "$site/refused" || fail "it does not say why: $(cat "$site/refused")"

echo "what the journal costs, opening a centre, and the size of its registry"
TMPDIR=$site "$bin/qwave" bench management --queries 64 --devices 1000 --json >"$site/bench.json"
jq -e '.audit_cost_share < 1 and .audit_fetches_per_s > 0 and .audit_free_fetches_per_s > 0 and .unseal_s > 0 and .auth_per_s > 0 and .registry_p99_ratio > 0' "$site/bench.json" >/dev/null || fail "bench: $(cat "$site/bench.json")"
[ -z "$(find "$site" -name 'qwave-bench-*')" ] || fail "the bench leaves a folder"
echo "done"
