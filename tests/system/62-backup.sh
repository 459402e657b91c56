# SPDX-License-Identifier: Apache-2.0
# rows: C7 C6 C5
# A backup while the centre serves, a thousand keys used after it, and a restore: none of them is given again, whoever has one cannot fetch it any more, and nobody
# is in service until an officer says so. A backup that was cut or altered, of another centre or under another passphrase: said so, and nothing is touched.
source "$(dirname "$0")/site.sh"

make_centre
sed -i '/^block_keys:/d; /^stock_keys:/d' "$site/centre/qwaved.yaml"
printf 'block_keys: 64\nlease_keys: 64\nstock_keys: 3000\nwindow_ms: 3600000\n' >>"$site/centre/qwaved.yaml"
settings=$site/centre/qwaved.yaml
start_centre
application alice bob
application bob
application dave

as() { # as SAE PATH...: bodies, each with its status on the next line
    local sae=$1
    shift
    curl --silent --max-time $ready_s --cert "$site/$sae.pem" --key "$site/$sae.key" --cacert "$site/centre/ca/ca.pem" -w '\n%{http_code}\n' \
        "${@/#/$url/api/v1/keys/}" || true
}
keys() { grep -oh '"key":"[A-Za-z0-9+/=]*"' "$@" | sort; }
ids() { grep -oh '"key_ID":"[0-9a-f-]*"' "$@" | cut -d '"' -f 4 | sort; }
stored() { [ "$(admin status --json | jq .keys.stored)" -ge "$1" ] 2>/dev/null; }
within $ready_s stored 2500 || fail "the store does not fill"
as alice "bob/enc_keys?number=100" >"$site/before" # leased blocks, and keys that bob has not fetched

echo "a backup while the centre serves"
passphrase "$site/secret"
backup() { "$bin/qwave" backup --config "$settings" --passphrase-file "$site/secret" "$@"; }
restore() {
    "$bin/qwave" restore --config "$settings" --passphrase-file "${secret:-$site/secret}" --revocations "$site/centre/ca/revoked.pem" "$@"
}
(while [ ! -e "$site/over" ]; do as alice "bob/enc_keys?number=1&round=[1-5]"; done) >"$site/during" &
pid[load]=$!
is_under_load() { [ "$(wc -l <"$site/during")" -ge "${1:-4}" ]; }
within $ready_s is_under_load || fail "no load"
backup --json "$site/backup" | jq -e '.centre_id == "centre-1"' >/dev/null || fail "no backup"
within $ready_s is_under_load $(($(wc -l <"$site/during") + 4)) || fail "no load any more"
touch "$site/over"
wait "${pid[load]}"
unset "pid[load]"
! grep -qxE '[45][0-9]{2}' "$site/during" || fail "a request failed while it was made"
[ "$(stat -c %a "$site/backup")" = 600 ] || fail "others may read it"
! backup "$site/backup" 2>/dev/null || fail "over another one"
backup - >"$site/stream"
[ ! -e "$site"/centre/centre.db.copy-* ] || fail "a copy is left"
! grep -qaF alice "$site/backup" || fail "names can be read in it"

echo "a thousand keys are used after it, and a certificate is revoked"
application mallory
admin certificate revoke "$site/mallory.pem" >/dev/null
application carol
admin certificate revoke "$site/dave.pem" >/dev/null
within $ready_s stored 1500 || fail "the store does not fill again"
for round in 1 2 3 4; do
    within $ready_s stored 500 || fail "no keys"
    as alice "bob/enc_keys?number=128" "bob/enc_keys?number=128"
done >"$site/after"
ids "$site/after" | wc -l | grep -qxE '102[0-9]' || fail "$(ids "$site/after" | wc -l) keys"
stop qwaved KILL

echo "what is no backup of this centre is refused, and nothing is touched"
rm -rf "$site/old"
mkdir "$site/old"
mv "$site"/centre/centre.db* "$site/old"
mark=$(sed -n 's/^high_mark: *//p' "$settings")
[ -n "$mark" ] || fail "there is no mark"
# refused STATUS WORDS FILE
refused() {
    local status=0
    restore "$3" >/dev/null 2>"$site/refused.log" || status=$?
    [ "$status" = "$1" ] && grep -qF -e "$2" "$site/refused.log" || fail "$3: exit status $status, $(cat "$site/refused.log")"
    ! compgen -G "$site/centre/centre.db*" >/dev/null || fail "$3: something is left"
}
refused 1 'move it away' "$site/backup"
mv "$mark" "$site/old"
size=$(stat -c %s "$site/backup")
refused 1 'nothing is in it' /dev/null
for cut in 3 50 4000 $((size / 2)) $((size - 1)); do
    head -c "$cut" "$site/backup" >"$site/cut"
    refused 1 'not the whole of one' "$site/cut"
done
(cat "$site/backup" && echo) >"$site/long"
refused 1 'not the whole of one' "$site/long"
for at in 30 40 120 70000 $((size - 3)); do
    cp "$site/backup" "$site/bad"
    byte=$(od -An -tu1 -j"$at" -N1 "$site/bad")
    printf "\\$(printf %o $((byte ^ 1)))" | dd of="$site/bad" bs=1 seek="$at" conv=notrunc status=none
    refused 3 'not its passphrase or its recipient' "$site/bad"
done
passphrase "$site/other"
secret=$site/other refused 3 'not its passphrase or its recipient' "$site/backup"
sed -i 's/^centre_id: .*/centre_id: centre-2/' "$settings"
refused 3 'a backup of centre-1, not of centre-2' "$site/backup"
sed -i 's/^centre_id: .*/centre_id: centre-1/' "$settings"

echo "certificates that were revoked since: a restore wants the last list, and one of this centre"
! "$bin/qwave" restore --config "$settings" --passphrase-file "$site/secret" "$site/backup" 2>"$site/refused.log" || fail "without a list"
grep -qF -e '--without-revocations' "$site/refused.log" || fail "without a list: $(cat "$site/refused.log")"
! "$bin/qwave" restore --config "$settings" --passphrase-file "$site/secret" --revocations "$site/alice.pem" "$site/backup" 2>"$site/refused.log" ||
    fail "with what is no list"
grep -qF 'no list of revocations' "$site/refused.log" || fail "no list: $(cat "$site/refused.log")"

echo "restored, killed at its first start, and started again"
restore "$site/backup" >/dev/null || fail "not restored"
! restore "$site/backup" 2>/dev/null || fail "over a database that is there"
start qwaved qwaved --config "$settings"
stop qwaved KILL
start_centre
for sae in dave mallory; do
    [ "$(as $sae bob/status | tail -n 1)" = 000 ] || fail "$sae is let in again: $(as $sae bob/status)"
done
[ "$(as alice bob/status | tail -n 1)" = 401 ] || fail "in service without an officer's word"
for sae in alice bob; do
    admin device resume $sae >/dev/null || "$bin/qwave" admin --operator "$site/centre/officers/security.yaml" --url "$url" device resume $sae >/dev/null ||
        fail "not resumed: $sae"
done
within $ready_s stored 2500 || fail "the store does not fill again"

echo "nothing that was used is given again"
for round in 1 2 3 4 5 6; do
    within $ready_s stored 600 || fail "no keys"
    as alice "bob/enc_keys?number=128" "bob/enc_keys?number=128"
done >"$site/again"
! grep -qxE '[45][0-9]{2}' "$site/again" || fail "taking: $(grep -E '^[0-9]{3}$' "$site/again" | sort | uniq -c)"
[ "$(ids "$site/again" | uniq | wc -l)" = 1536 ] || fail "$(ids "$site/again" | uniq | wc -l) keys"
for what in keys ids; do
    cat "$site/before" "$site/during" "$site/after" >"$site/used"
    [ -z "$(comm -12 <($what "$site/used") <($what "$site/again"))" ] || fail "$what are given again"
done
for file in before after; do
    id=$(ids "$site/$file" | sed -n 1p)
    answer=$(as bob "alice/dec_keys?key_ID=$id" | tail -n 1)
    [ "$answer" = 400 ] || fail "a key from $file is fetched: $answer"
done
id=$(ids "$site/again" | tail -n 1)
[ "$(as bob "alice/dec_keys?key_ID=$id" | tail -n 1)" = 200 ] || fail "a new key is not fetched"
"$bin/qwave" audit --operator "$site/centre/officers/audit.yaml" --url "$url" --verb restore show >"$site/said"
[ "$(grep -cF 'no key of it is given any more' "$site/said")" = 1 ] && grep -qF 'devices suspended' "$site/said" || fail "the journal: $(cat "$site/said")"
stop qwaved
echo "done"
