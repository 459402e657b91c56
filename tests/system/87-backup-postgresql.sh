# SPDX-License-Identifier: Apache-2.0
# rows: C7 C5 C6
# once: the same code as 62-backup.sh but for the copy, which store.postgres_copy runs under the sanitizers
# A centre on PostgreSQL: a backup for a recipient's public key while it serves, its database lost, and a restore by who has the private key. Nothing of before is
# given again, and nothing at all before two officers said so; without a list of revocations no device keeps its certificate. A database that is not empty, another key, no key and a cut backup: refused.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/postgres.sh"

need_postgres
make_postgres
start_postgres
"$bin/qwave" init --port 0 --source kernel --dual-control --database "$postgres_uri" "$site/centre" >/dev/null
settings=$site/centre/qwaved.yaml
sed -i '/^block_keys:/d; /^stock_keys:/d' "$settings"
printf 'block_keys: 64\nstock_keys: 2000\n' >>"$settings"
start_centre
application alice bob
application bob
export TMPDIR=$site

as() { # as SAE PATH: the body, and its status on the next line
    curl --silent --max-time $ready_s --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$site/centre/ca/ca.pem" -w '\n%{http_code}\n' "$url/api/v1/keys/$2" || true
}
ids() { grep -oh '"key_ID":"[0-9a-f-]*"' "$@" | cut -d '"' -f 4 | sort; }
stored() { [ "$(admin status --json | jq .keys.stored)" -ge "$1" ] 2>/dev/null; }
sql() { $postgres_bin/psql -X -q -At -h "$site/pg" -U qwave -d postgres -c "$1"; }

# by_two WORDS: asked by the system administrator, approved by the security administrator.
by() {
    local who=$1
    shift
    "$bin/qwave" admin --operator "$site/centre/officers/$who.yaml" --url "$url" "$@"
}
by_two() {
    # shellcheck disable=SC2086 # words
    by system --json request $1 >"$site/request.json" || fail "not asked: $1"
    ! by system request approve "$(field id <"$site/request.json")" "$(field digest <"$site/request.json")" 2>/dev/null || fail "approved himself: $1"
    by security request approve "$(field id <"$site/request.json")" "$(field digest <"$site/request.json")" >/dev/null || fail "not approved: $1"
}

echo "a backup while the centre serves, by two officers, for who has the private key"
for name in recipient stranger; do
    (umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$site/$name.key" 2>/dev/null)
    openssl pkey -in "$site/$name.key" -pubout -out "$site/$name.pub"
done
within $ready_s stored 500 || fail "the store does not fill"
as alice "bob/enc_keys?number=50" >"$site/before"
backup() { "$bin/qwave" backup --config "$settings" --recipient "$site/recipient.pub" --json "$@"; }
alone() { # alone WORDS ARGUMENT...: refused for security, with these words
    local status=0 words=$1
    shift
    backup "$@" "$site/backup" >/dev/null 2>"$site/refused.log" || status=$?
    [ "$status" = 3 ] && grep -qF -e "$words" "$site/refused.log" || fail "alone: exit status $status, $(cat "$site/refused.log")"
}
alone 'dual_control is all'
alone 'it takes two officers' --operator "$site/centre/officers/system.yaml" --url "$url"
lock=$(sed -n 's/.*request backup \(recipient-[0-9a-f]*\).*/\1/p' "$site/refused.log")
by_two "backup $lock"
backup --operator "$site/centre/officers/system.yaml" --url "$url" "$site/backup" | jq -e --arg lock "$lock" '.centre_id == "centre-1" and .lock == $lock' \
    >/dev/null || fail "no backup"
alone 'it takes two officers' --operator "$site/centre/officers/system.yaml" --url "$url"
"$bin/qwave" audit --operator "$site/centre/officers/audit.yaml" --url "$url" --verb backup show | grep -qF 'approved by security-1' || fail "not in the journal"
! grep -qaF alice "$site/backup" || fail "names can be read in it"
as alice "bob/enc_keys?number=50" >"$site/after"
[ "$(cat "$site/before" "$site/after" | ids | wc -l)" = 100 ] || fail "no keys"
stop qwaved KILL

# refused STATUS WORDS ARGUMENT...
refused() {
    local status=0 wanted=$1 words=$2
    shift 2
    "$bin/qwave" restore --config "$settings" --without-revocations "$@" >/dev/null 2>"$site/refused.log" || status=$?
    [ "$status" = "$wanted" ] && grep -qF -e "$words" "$site/refused.log" || fail "$*: exit status $status, $(cat "$site/refused.log")"
}
echo "what is wrong is refused, and nothing is touched"
mark=$(sed -n 's/^high_mark: *//p' "$settings")
[ -z "$mark" ] || rm -f "$mark"
refused 1 'it is not empty' --key "$site/recipient.key" "$site/backup"
sql 'DROP SCHEMA qwave CASCADE'
refused 3 'or altered' --key "$site/stranger.key" "$site/backup"
chmod 600 "$site/recipient.pub"
refused 1 "no private key" --key "$site/recipient.pub" "$site/backup"
passphrase "$site/secret"
refused 1 'it is for a recipient' --passphrase-file "$site/secret" "$site/backup"
head -c -1 "$site/backup" >"$site/cut"
refused 1 'not the whole of one' --key "$site/recipient.key" "$site/cut"
[ "$(sql "SELECT count(*) FROM pg_namespace WHERE nspname = 'qwave'")" = 0 ] || fail "something is left"

echo "restored: its keys are nobody's, and so are certificates whose revocation nobody remembers"
"$bin/qwave" restore --config "$settings" --without-revocations --key "$site/recipient.key" "$site/backup" >/dev/null || fail "not restored"
start_centre
[ "$(as alice bob/status | tail -n 1)" = 000 ] || fail "alice is let in: $(as alice bob/status)"
! by system maintenance off 2>/dev/null || fail "one officer lets it serve"
for sae in alice bob; do
    "$bin/qwave" admin --operator "$site/centre/officers/security.yaml" --url "$url" device resume $sae >/dev/null || fail "not resumed: $sae"
    rm "$site/$sae.pem" "$site/$sae.key"
    admin certificate sae $sae --certificate "$site/$sae.pem" --key "$site/$sae.key" >/dev/null || fail "no other certificate: $sae"
done
within $ready_s stored 500 || fail "the store does not fill again"
as alice "bob/enc_keys?number=1" >"$site/paused"
[ "$(tail -n 1 "$site/paused")" = 503 ] && grep -qF 'restored from a backup' "$site/paused" || fail "it serves before two say so: $(cat "$site/paused")"
by_two restore-end
as alice "bob/enc_keys?number=100" >"$site/again"
[ "$(ids "$site/again" | wc -l)" = 100 ] || fail "no keys: $(tail -n 1 "$site/again")"
[ -z "$(comm -12 <(cat "$site/before" "$site/after" | ids) <(ids "$site/again"))" ] || fail "ids are given again"
for file in before after; do
    answer=$(as bob "alice/dec_keys?key_ID=$(ids "$site/$file" | sed -n 1p)" | tail -n 1)
    [ "$answer" = 400 ] || fail "a key from $file is fetched: $answer"
done
[ "$(as bob "alice/dec_keys?key_ID=$(ids "$site/again" | sed -n 1p)" | tail -n 1)" = 200 ] || fail "a new key is not fetched"
stop qwaved
echo "done"
