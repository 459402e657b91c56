#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# rows: C6 C10 C11 W14
# once: a browser
# A centre is set up on the page of `qwave init --page`: three officers take their shares in a browser and bring them back, the centre is made, two of
# the shares open it, and the door does not open again. Wrong codes and shares, two browsers, kill -9 in the middle, a full disk, a time-out: nothing
# half made, and all of it in log or journal. Usage: see site.sh.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/browser.sh"

# set_up NAME FOLDER OPTION...: the page is there: its url and code.
set_up() {
    local name=$1 folder=$2
    shift 2
    start "$name" qwave init --page --page-port 0 --port 0 --source kernel "$@" "$folder"
    if ! within $ready_s grep -q '^Compare' "$site/$name.log"; then
        ! grep -q 'built without its pages' "$site/$name.log" || skip "qwave was built without its pages"
        fail "$name: $(tail -n 1 "$site/$name.log")"
    fi
    url=$(sed -n 's|^set-up page: *\(.*\)/setup/|\1|p' "$site/$name.log" | tail -n 1)
    code=$(sed -n 's/^set-up code: *//p' "$site/$name.log" | tail -n 1)
    token=
    rm -f "$site/jar"
}

# post PATH BODY: what the page gets.
post() {
    curl --silent --insecure --max-time $ready_s --cookie "$site/jar" --cookie-jar "$site/jar" --header "X-Qwave-Session: $token" \
        --header 'Content-Type: application/json' --data "$2" "$url/setup/$1"
}

# refused REASON PATH BODY
refused() {
    local answer
    answer=$(post "$2" "$3")
    [ "$(jq -r '.details[0].reason' <<<"$answer")" = "$1" ] || fail "$2 $3: not $1 but: $answer"
}

open_door() {
    token=$(post open "{\"code\":\"$code\"}" | jq -r .token)
    [ "${#token}" = 64 ] || fail "the code does not open"
}

quorum='{"centre_id":"c-1","custody":"quorum","officers":2,"quorum":2,"dual_control":false}'

# share_out: both officers take their shares and bring them back.
share_out() {
    local i
    for i in 1 2; do
        share[i]=$(post share/take "{\"officer\":$i}" | jq -r .share)
        post share/entry "{\"officer\":$i,\"share\":\"${share[i]}\"}" >/dev/null
    done
}
declare -a share=()

# ended NAME STATUS: by itself, with this exit status.
ended() {
    local status=0
    wait "${pid[$1]}" || status=$?
    unset "pid[$1]"
    [ "$status" = "$2" ] || fail "$1 ends with $status: $(tail -n 1 "$site/$1.log")"
}

echo "a set-up that nobody opens, and wrong codes do not, ends by itself"
set_up idle "$site/idle" --page-idle 60
for i in 1 2 3 4 5; do refused wrong-code open '{"code":"AAAA-AAAA-AAAA-AAAA"}'; done
refused shut open "{\"code\":\"$code\"}"

echo "by hand: wrong codes, wrong shares, a second process"
set_up wrong "$site/centre"
[ "$(echo | openssl s_client -connect "${url#https://}" 2>/dev/null | openssl x509 -noout -fingerprint -sha256 | cut -d = -f 2)" = \
    "$(sed -n 's/^certificate: *SHA-256 //p' "$site/wrong.log")" ] || fail "another fingerprint than the one printed"
refused code make '{}'
refused malformed open '{"code":7}'
refused wrong-code open '{"code":"AAAA-AAAA-AAAA-AAAA"}'
open_door
refused taken open "{\"code\":\"$code\"}"
refused not-offered choice '{"centre_id":"c","custody":"pkcs11","dual_control":false}'
refused malformed choice '{"centre_id":"c","custody":"quorum","officers":2,"quorum":3,"dual_control":false}'
refused not-now make '{}'
post choice "$quorum" >/dev/null
old=$(post share/take '{"officer":1}' | jq -r .share)
refused given-already share/take '{"officer":1}'
post again '{}' >/dev/null
post choice "$quorum" >/dev/null
refused not-given share/entry "{\"officer\":1,\"share\":\"$old\"}"
share[1]=$(post share/take '{"officer":1}' | jq -r .share)
refused other-ceremony share/entry "{\"officer\":1,\"share\":\"$old\"}"
refused no-share share/entry '{"officer":1,"share":"AAAA"}'
byte=${share[1]:60:1}
refused altered share/entry "{\"officer\":1,\"share\":\"${share[1]:0:60}$([ "$byte" = A ] && echo B || echo A)${share[1]:61}\"}"
[ "$(curl --silent --insecure --output /dev/null --write-out '%{http_code}' --cookie "$site/jar" --header "X-Qwave-Session: $token" \
    --header 'Sec-Fetch-Site: cross-site' --header 'Content-Type: application/json' --data '{}' "$url/setup/make")" = 403 ] || fail "another site's page is heard"
! "$bin/qwave" init --page --page-port 0 "$site/centre" 2>"$site/second.log" || fail "two set-ups for one folder"
grep -q 'another set-up is at work' "$site/second.log" || fail "the second one says: $(cat "$site/second.log")"

echo "shares and master key: in locked memory or nowhere"
payload=$(base64 -d <<<"${share[1]}" | od -An -v -tx1 -j23 -N32 | tr -d ' \n')
if [ "$(id -u)" = 0 ] && [ -n "${QWAVE_MEMORY_SCAN:-}" ]; then
    echo "share $payload" | "$QWAVE_MEMORY_SCAN" "${pid[wrong]}" >"$site/found" 2>"$site/found.log" || fail "memory: $(cat "$site/found.log")"
    [ ! -s "$site/found.log" ] && grep -q '^share locked [1-9]' "$site/found" || fail "the share in memory: $(cat "$site/found" "$site/found.log")"
fi
! holds "$payload" "$site/wrong.log" "$site/wrong.out" "$site/.centre.setup" || fail "a share is in a file"

echo "killed while shares are out: nothing is there"
stop wrong KILL
[ ! -e "$site/centre" ] || fail "a folder after the kill"
[ -z "$(find "$site/.centre.setup" -type f)" ] || fail "left over: $(find "$site/.centre.setup" -type f)"

echo "killed while the centre is made: nothing is there, and the next start begins cleanly"
set_up killed "$site/centre"
open_door
post choice "$quorum" >/dev/null
share_out
post make '{}' >/dev/null 2>&1 &
made=$!
within $ready_s test -e "$site/.centre.setup/centre/centre.db" || fail "the centre is not made beside its place"
stop killed KILL
wait "$made" || true
[ ! -e "$site/centre" ] || [ -e "$site/centre/ca/revoked.pem" ] || fail "half a centre after the kill"
rm -rf "$site/centre" # had it been fast enough

echo "a full disk: a sentence, nothing left, and again when there is room"
small=$site/small
mkdir "$small"
if mount -t tmpfs -o size=4m,mode=0700 tmpfs "$small" 2>/dev/null; then
    set_up full "$small/centre"
    open_door
    post choice "$quorum" >/dev/null
    share_out
    dd if=/dev/zero of="$small/filler" bs=4k 2>/dev/null || true
    refused failed make '{}'
    [ ! -e "$small/centre" ] && [ -z "$(ls -A "$small/.centre.setup")" ] || fail "left over on the full disk: $(find "$small")"
    rm "$small/filler"
    [ "$(post make '{}' | jq -r .step)" = made ] || fail "not made when there is room again"
    stop full # the centre is there: ended by a signal is a success
    [ -e "$small/centre/ca/revoked.pem" ] && [ ! -e "$small/.centre.setup" ] || fail "not all of it: $(find "$small")"
    why=$(sed -n 's/.*warning init: setup-make by [0-9.]*: //p' "$site/full.log" | cut -c -60)
    [ -n "$why" ] && grep -qaF -e "$why" "$small"/centre/centre.db* || fail "the failure is not in the journal: $why"
    umount "$small"
else
    echo "left out: a file system of its own needs root"
fi

echo "the other custodies, as with the command line"
# starts_by_itself NAME CUSTODY OPTION...: set up with it, and the centre starts.
starts_by_itself() {
    local name=$1 custody=$2
    shift 2
    set_up "$name" "$site/$name" "$@"
    open_door
    [ "$(post choice "{\"centre_id\":\"$name\",\"custody\":\"$custody\",\"dual_control\":false}" | jq -r .step)" = ready ] || fail "$custody is not offered"
    [ "$(post make '{}' | jq -r .step)" = made ] || fail "$custody: $(tail -n 1 "$site/$name.log")"
    post end '{}' >/dev/null
    ended "$name" 0
    start qwaved qwaved --config "$site/$name/qwaved.yaml"
    ready qwaved >/dev/null
    stop qwaved
}
starts_by_itself file passphrase-file
if command -v swtpm >/dev/null && [ -n "${QWAVE_TPM_EXTEND:-}" ]; then
    mkdir "$site/tpm.state"
    swtpm socket --tpm2 --server "type=unixio,path=$site/tpm" --ctrl "type=unixio,path=$site/tpm.ctrl" --tpmstate "dir=$site/tpm.state" \
        --flags not-need-init,startup-clear >"$site/tpm.log" 2>&1 &
    pid[tpm]=$!
    "$QWAVE_TPM_EXTEND" "$site/tpm" ready || fail "the TPM does not start: $(tail -n 1 "$site/tpm.log")"
    starts_by_itself sealed-by-tpm tpm2 --custody tpm2 --tpm2-tcti "swtpm:path=$site/tpm"
    [ -s "$site/sealed-by-tpm/recovery" ] || fail "no recovery secret"
    stop tpm
fi
module=/usr/lib/softhsm/libsofthsm2.so
if [ -r $module ] && command -v softhsm2-util >/dev/null; then
    export SOFTHSM2_CONF=$site/softhsm2.conf
    mkdir "$site/tokens"
    echo "directories.tokendir = $site/tokens" >"$SOFTHSM2_CONF"
    softhsm2-util --init-token --free --label centre --so-pin 12345678 --pin 90817263 >/dev/null
    (umask 077 && echo 90817263 >"$site/pin")
    starts_by_itself on-a-token pkcs11 --pkcs11-module $module --pkcs11-token centre --pkcs11-pin-file "$site/pin"
fi

echo "in the browser: three officers, two of whom open the centre"
for i in 1 2 3; do passphrase "$site/passphrase-$i"; done
set_up page "$site/centre"
needs_browser # for the rest
browse setup "$url" "$code" "$site" "$pictures"
ended page 0
[ ! -e "$site/.centre.setup" ] || fail "the work place is still there"

echo "the door does not open again"
status=0
"$bin/qwave" init --page --page-port 0 "$site/centre" 2>"$site/again.log" || status=$?
[ "$status" = 1 ] && grep -q 'there is a centre in it already' "$site/again.log" || fail "a second start: $status, $(cat "$site/again.log")"

echo "sealed, opened by two shares, and the officer's certificate is good"
start qwaved qwaved --config "$site/centre/qwaved.yaml"
within $ready_s grep -q '^sealed ' "$site/qwaved.out" || fail "does not start sealed"
url=https://127.0.0.1:$(sed -n 's/^sealed //p' "$site/qwaved.out" | tail -n 1)
for i in 3 1; do
    "$bin/qwave" unseal --operator "$site/centre/operator/operator.yaml" --url "$url" --share "$site/share-$i" --passphrase-file "$site/passphrase-$i" >/dev/null ||
        fail "share $i does not open"
done
ready qwaved >/dev/null
self=$(curl --silent --cacert "$site/centre/ca/ca.pem" --cert-type P12 --cert "$site/security-1.p12:$(head -n 1 "$site/passphrase-1")" "$url/v1/self")
[ "$(jq -r '.id' <<<"$self")" = security-1 ] || fail "who has the file is: $self"

echo "all of it is in the journal, which is whole, and no share is anywhere"
"$bin/qwave" audit --operator "$site/centre/officers/audit.yaml" --url "$url" export "$site/journal" >/dev/null || fail "no export of the journal"
"$bin/qwave" audit --operator "$site/centre/officers/audit.yaml" --url "$url" key >"$site/journal.pem" || fail "no key of the journal"
"$bin/qwave" audit verify --key "$site/journal.pem" "$site/journal" >/dev/null || fail "the journal is not whole"
for words in 'wrong code' 'another browser is inside' 'opened by its code' 'custody quorum, 2 of 3 officers, dual control on' 'the share of another officer' \
    'entered back, 3 of 3'; do
    grep -qaF -e "$words" "$site"/centre/centre.db* || fail "no record '$words'"
done
if [ -n "${QWAVE_SECRET_MARKERS:-}" ]; then
    "$QWAVE_SECRET_MARKERS" quorum "$site/centre/centre.db" "$site/share-1" "$site/passphrase-1" "$site/share-2" "$site/passphrase-2" >"$site/markers"
    while read -r name hex; do
        ! holds "$hex" "$site/centre" "$site"/*.log "$site"/*.out || fail "$name is in a file"
    done <"$site/markers"
fi
for i in 1 2 3; do
    ! grep -raqF -e "$(head -n 1 "$site/passphrase-$i")" "$site/centre" "$site"/*.log "$site"/*.out || fail "a passphrase is in log or database"
done
stop qwaved

echo "the one that nobody opened has ended, and left nothing"
ended idle 1
grep -q 'too long without a step; nothing was made' "$site/idle.log" || fail "it says: $(tail -n 1 "$site/idle.log")"
[ ! -e "$site/idle" ] && [ ! -e "$site/.idle.setup" ] || fail "it left a folder"
echo "done"
