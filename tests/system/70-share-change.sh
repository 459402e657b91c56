#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# rows: C6 C10 W14
# Officers of a quorum rehearse with their shares while the centre serves, and change them to others: killed on the way, the old shares
# open it; afterwards they are worth nothing and the new ones do. Then they exchange the key of the store with them. Passphrases are typed at a terminal. Usage: see site.sh.
. "$(dirname "$0")/site.sh"
command -v script >/dev/null || skip "no script(1) to make a terminal"

files=()
for i in 1 2 3; do
    passphrase "$site/old.$i"
    files+=(--officer-passphrase-file "$site/old.$i")
done
"$bin/qwave" init --port 0 --source kernel --dual-control --officers 3 --quorum 2 "${files[@]}" "$site/centre" >/dev/null
officers=$site/centre/officers

sealed() {
    start qwaved qwaved --config "$site/centre/qwaved.yaml"
    within $ready_s grep -q '^sealed ' "$site/qwaved.out" || fail "does not start sealed: $(tail -n 1 "$site/qwaved.log")"
    url=https://127.0.0.1:$(sed -n 's/^sealed //p' "$site/qwaved.out" | tail -n 1)
}

# by OFFICER COMMAND WORD...
by() {
    local file=$officers/$1.yaml command=$2
    shift 2
    "$bin/qwave" "$command" --operator "$file" --url "$url" "$@"
}

old() { echo "--share $site/centre/shares/officer-$1/share --passphrase-file $site/old.$1"; }
new() { echo "--share $site/new.$1.share --passphrase-file $site/new.$1"; }

# unseal SHARE...: by "old 1" or "new 3" each
unseal() {
    local share
    for share in "$@"; do
        # shellcheck disable=SC2046,SC2086 # words
        by security unseal $($share) >"$site/unseal.out" 2>&1 || fail "not taken: $share: $(cat "$site/unseal.out")"
    done
    within $ready_s grep -q '^ready ' "$site/qwaved.out" || fail "does not open: $(tail -n 1 "$site/qwaved.log")"
}

# refused WORDS COMMAND...: fails, and these are the words
refused() {
    local words=$1 answer
    shift
    ! answer=$("$@" 2>&1) || fail "done: $*"
    grep -qF "$words" <<<"$answer" || fail "$*: not '$words' but: $answer"
}

step() { by audit share show --json | jq -r '"\(.step) \(.entered) \(.handed) \(.confirmed) \(.threshold)/\(.officers)"'; }

# begin: two security administrators begin with 3 of 3.
begin() {
    local answer
    answer=$(by security admin --json request shares 3-of-3)
    refused "refused" by security admin request approve "$(jq -r .id <<<"$answer")" "$(jq -r .digest <<<"$answer")"
    by second admin request approve "$(jq -r .id <<<"$answer")" "$(jq -r .digest <<<"$answer")" >/dev/null
    [ "$(step)" = "entering 0 0 0 2/3" ] || fail "not begun: $(step)"
}

# take I OFFICER
take() {
    rm -f "$site/new.$1.share"
    [ -e "$site/new.$1" ] || passphrase "$site/new.$1"
    # shellcheck disable=SC2046
    by "$2" share take $(new "$1") >/dev/null || fail "$2 cannot take share $1"
}

sealed
unseal "old 1" "old 3"
by security admin certificate officer second --certificate "$officers/second.pem" --key "$officers/second.key" >/dev/null
sed -e "s,$officers/security,$officers/second," "$officers/security.yaml" >"$officers/second.yaml"
answer=$(by security admin --json request officer second --role security)
admin request approve "$(jq -r .id <<<"$answer")" "$(jq -r .digest <<<"$answer")" >/dev/null
cp "$site/centre/operator/operator.yaml" "$officers/operator.yaml"

echo "a rehearsal while it serves, its passphrase typed at a terminal without echo"
mkfifo "$site/keyboard"
script -qec "'$bin/qwave' share rehearse --operator '$officers/second.yaml' --url '$url' --share '$site/centre/shares/officer-2/share'" /dev/null \
    <"$site/keyboard" >"$site/terminal.out" 2>&1 &
typing=$!
exec 7>"$site/keyboard"
within $ready_s grep -q 'Passphrase of the share: ' "$site/terminal.out" || fail "no question: $(cat "$site/terminal.out")"
printf '%s\n' "$(cat "$site/old.2")" >&7
wait $typing || fail "the typed passphrase is not taken: $(cat "$site/terminal.out")"
exec 7>&-
! grep -qF "$(cat "$site/old.2")" "$site/terminal.out" || fail "the passphrase is on the screen"
[ "$(step)" = "rehearsing 1 0 0 2/3" ] || fail "after one: $(step)"
# shellcheck disable=SC2046
by security share rehearse $(old 1) | grep -q '^rehearsed' || fail "two of three do not rehearse"
[ "$(step)" = "idle 0 0 0 2/3" ] || fail "after the rehearsal: $(step)"
[ "$(by security unseal --json | jq -r .sealed)" = false ] || fail "a rehearsal sealed it"

echo "other shares: two persons begin, and nothing goes without them"
refused "409" by security share change --officers 4 --quorum 3
refused "not now" by security share take --share "$site/none" --passphrase-file "$site/old.1"
begin

echo "killed while shares are given out: the old ones open it"
# shellcheck disable=SC2046
{
    by security share enter $(old 3) >/dev/null
    by second share enter $(old 2) >/dev/null
}
[ "$(step)" = "handing 0 0 0 2/3" ] || fail "after two old shares: $(step)"
take 1 operator
[ "$(step)" = "handing 0 1 1 2/3" ] || fail "after a new share: $(step)"
[ "$(stat -c %a:%s "$site/new.1.share")" = 600:134 ] || fail "the file of a new share"
stop qwaved KILL
sealed
refused "a share of another ceremony" by security unseal --share "$site/new.1.share" --passphrase-file "$site/new.1"
unseal "old 2" "old 3"

echo "once more, to the end: one to each person"
begin
# shellcheck disable=SC2046
{
    by security share enter $(old 1) >/dev/null
    by security share enter $(old 2) >/dev/null
}
take 1 operator
refused "exists" by security share take --share "$site/new.1.share" --passphrase-file "$site/new.1"
refused "taken by others" by operator share take --share "$site/second-one" --passphrase-file "$site/new.1"
take 2 security
[ "$(step)" = "handing 0 2 2 2/3" ] || fail "before the last one: $(step)"
take 3 second
[ "$(step)" = "idle 0 0 0 3/3" ] || fail "after the last one: $(step)"

echo "killed: the old shares are worth nothing, three of the new ones open it"
stop qwaved KILL
sealed
# shellcheck disable=SC2046
refused "a share of another ceremony" by security unseal $(old 1)
unseal "new 3" "new 1" "new 2"
[ "$(by security unseal --json | jq -r '"\(.threshold)/\(.officers)"')" = 3/3 ] || fail "what it says of itself"

echo "another key of the store: the order waits for a quorum, whose shares stay"
answer=$(by security admin --json request kek)
by second admin request approve "$(jq -r .id <<<"$answer")" "$(jq -r .digest <<<"$answer")" >/dev/null
kek() { by security admin --json kek status | jq -r '"\(.phase) \(.generation)"'; }
[ "$(kek)" = "ordered 1" ] || fail "not ordered: $(kek)"
# shellcheck disable=SC2046
{
    by operator share rotate $(new 1) >/dev/null
    by security share rotate $(new 2) >/dev/null
    refused "share is entered already" by security share rotate $(new 2)
}
[ "$(step)" = "rotating 2 0 0 3/3" ] || fail "after two shares: $(step)"
# shellcheck disable=SC2046
by second share rotate $(new 3) >/dev/null
is_rotated() { [ "$(kek)" = "idle 2" ]; }
within $ready_s is_rotated || fail "not rotated: $(kek)"
[ "$(step)" = "idle 0 0 0 3/3" ] || fail "after the rotation: $(step)"
stop qwaved KILL
sealed
unseal "new 1" "new 2" "new 3"
stop qwaved
for words in "rehearsed: these shares open this store" "needs two officers" "begun: 3 of 3 instead of 2 of 3" "share 3 of 3" \
    "done: 3 of 3 instead of 2 of 3"; do
    grep -qaF -e "$words" "$site"/centre/centre.db* || fail "no record '$words'"
done
echo "done"
