#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# rows: C6 C10 W14
# A centre whose master key five officers hold: three of them open it, two do not, and whatever is entered is in the journal. Killed between
# two shares, sealed again while it serves. Usage: see site.sh.
. "$(dirname "$0")/site.sh"

# init FOLDER OFFICERS QUORUM: a centre of officers, whose passphrases are in FOLDER.N
init() {
    local i files=()
    for ((i = 1; i <= $2; i++)); do
        passphrase "$1.$i"
        files+=(--officer-passphrase-file "$1.$i")
    done
    "$bin/qwave" init --port 0 --source kernel --officers "$2" --quorum "$3" "${files[@]}" "$1" >/dev/null
}

# seal_twice: two orders at once; either may come when the centre is down already.
seal_twice() {
    unseal --seal >/dev/null 2>&1 &
    local other=$!
    unseal --seal >/dev/null 2>&1 || true
    wait "$other" || true
}

share_of() { # share_of FOLDER N
    echo "$1/shares/officer-$2/share"
}

unseal() {
    "$bin/qwave" unseal --operator "$site/centre/operator/operator.yaml" --url "$url" "$@"
}

# enter N [FOLDER [PASSPHRASE]]: what the centre says.
enter() {
    local folder=${2:-$site/centre}
    unseal --share "$(share_of "$folder" "$1")" --passphrase-file "${3:-$folder.$1}" 2>&1
}

# refused WORDS N [FOLDER [PASSPHRASE]]: entering it fails, and these are the words.
refused() {
    local words=$1 answer
    shift
    ! answer=$(enter "$@") || fail "taken: share $*"
    grep -qF "$words" <<<"$answer" || fail "share $*: not '$words' but: $answer"
}

sealed() {
    start qwaved qwaved --config "$site/centre/qwaved.yaml"
    within $ready_s grep -q '^sealed ' "$site/qwaved.out" || fail "does not start sealed: $(tail -n 1 "$site/qwaved.log")"
    url=https://127.0.0.1:$(sed -n 's/^sealed //p' "$site/qwaved.out" | tail -n 1)
}

entered() {
    unseal --json | jq -r '"\(.sealed) \(.entered)"'
}

# get PATH: body, then the status on a line of its own
get() {
    curl --silent --max-time $ready_s --cert "$site/centre/operator/operator.pem" --key "$site/centre/operator/operator.key" \
        --cacert "$site/centre/ca/ca.pem" -w '\n%{http_code}\n' "$url$1"
}

# looks NAME: asks for events again and again, as a browser does, and says in NAME.seen how it ended: the status that was not 200, or what
# curl says of a connection that is gone. An answer that does not come would be 28.
looks() {
    (
        last="" answer=200
        while [ "$answer" = 200 ]; do
            answer=$(curl --silent --max-time $ready_s --cert "$site/centre/operator/operator.pem" --key "$site/centre/operator/operator.key" \
                --cacert "$site/centre/ca/ca.pem" --header "Last-Event-ID: $last" --output "$site/$1.events" --write-out '%{http_code}' "$url/v1/events") ||
                answer="curl $?"
            last=$(sed -n 's/^id: //p' "$site/$1.events" 2>/dev/null | tail -n 1)
            echo . >>"$site/$1.answers"
        done
        echo "$answer" >"$site/$1.seen"
    ) &
    pid[$1]=$!
    within $ready_s test -s "$site/$1.events" || fail "no event comes"
}

# sees_the_end NAME ANSWER...: one of these, and soon.
sees_the_end() {
    local name=$1
    shift
    within $ready_s test -s "$site/$name.seen" || fail "the viewer still waits"
    grep -qxF "$(printf '%s\n' "$@")" "$site/$name.seen" || fail "what the viewer sees: $(cat "$site/$name.seen")"
    unset "pid[$name]"
}

# noted WORDS...: the journal, whose text is clear, has a record with these words.
noted() {
    grep -qaF -e "$*" "$site"/centre/centre.db* || fail "no record '$*'"
}

echo "the ceremony"
init "$site/centre" 5 3
init "$site/other" 3 2
for i in 1 2 3 4 5; do
    [ "$(stat -c %a:%s "$(share_of "$site/centre" $i)")" = 600:134 ] || fail "the file of share $i"
done
[ ! -e "$site/centre/passphrase" ] || fail "a passphrase beside the quorum"
! "$bin/qwave" init --officers 3 --quorum 4 "$site/none" 2>/dev/null || fail "four of three"
status=0
"$bin/qwave" init --officers 2 --officer-passphrase-file "$site/centre.1" --officer-passphrase-file "$site/centre.2" --custody tpm2 "$site/none" \
    2>/dev/null || status=$?
[ "$status" = 2 ] && [ ! -e "$site/none" ] || fail "a quorum and a TPM at once: exit status $status"

echo "sealed: nothing is served"
sealed
[ "$(get /v1/health | jq -r '.status? // empty' 2>/dev/null | head -n 1)" = sealed ] || fail "health: $(get /v1/health)"
[ "$(get /metrics | grep -E "^qwave_(ready|sealed|seal_shares_(entered|needed)) " | tr "\n" " ")" = "qwave_ready 0 qwave_sealed 1 qwave_seal_shares_entered 0 qwave_seal_shares_needed 3 " ] ||
    fail "metrics of a sealed centre: $(get /metrics)"
for path in /v1/status /v1/devices /api/v1/keys/a/status /capabilities; do
    [ "$(get $path)" = $'{"message":"the centre is sealed"}\n503' ] || fail "$path: $(get $path)"
done
[ "$(entered)" = "true 0" ] || fail "state: $(entered)"

echo "two do not open, and what is wrong is named"
enter 2 >/dev/null || fail "share 2"
enter 4 >/dev/null || fail "share 4"
[ "$(entered)" = "true 2" ] || fail "state after two: $(entered)"
[ "$(get /v1/status | tail -n 1)" = 503 ] || fail "two open it"
refused "this officer's share is entered already" 4
refused "a share of another ceremony" 1 "$site/other"
refused "not its passphrase, or an altered share" 1 "$site/centre" "$site/centre.2"
cp "$(share_of "$site/centre" 1)" "$site/kept"
byte=$(od -An -tu1 -j60 -N1 "$site/kept")
printf "\\$(printf %o $((byte ^ 255)))" | dd of="$(share_of "$site/centre" 1)" bs=1 seek=60 conv=notrunc status=none
refused "not its passphrase, or an altered share" 1
cp "$site/kept" "$(share_of "$site/centre" 1)"
[ "$(entered)" = "true 2" ] || fail "state after wrong ones: $(entered)"

echo "killed between two shares: they are forgotten, the journal is not"
stop qwaved KILL
sealed
[ "$(entered)" = "true 0" ] || fail "state after the kill: $(entered)"

echo "three open"
enter 5 >/dev/null || fail "share 5"
enter 1 >/dev/null || fail "share 1"
enter 3 >/dev/null || fail "share 3"
serves() { [ "$(get /v1/status | tail -n 1)" = 200 ]; }
within $ready_s serves || fail "three do not open it: $(tail -n 1 "$site/qwaved.log")"
logged() { # logged WORDS: when it was last, in ms
    date -d "$(grep -F -e "$1" "$site/qwaved.log" | tail -n 1 | cut -d ' ' -f 1)" +%s%3N
}
echo "serving $(($(logged " serves on ") - $(logged "3 of 3"))) ms after the last share"
[ "$(entered)" = "false 3" ] || fail "state when open: $(entered)"
refused "the centre is open already" 2
admin device add app-1 --kind application --owner test >/dev/null || fail "the open centre does not work"

echo "another KEK waits for officers: the master key that would wrap it is wiped"
security() { "$bin/qwave" "$@" --operator "$site/centre/officers/security.yaml" --url "$url"; }
phase() { security admin --json kek status | jq -r .phase; }
security admin kek rotate >/dev/null || fail "the order itself is refused"
[ "$(phase)" = ordered ] || fail "does not wait: $(phase)"

echo "sealed again while it serves"
unseal --json >"$site/state.json"
looks sealing
seal_twice
sees_the_end sealing 503 "curl 7" "curl 35" "curl 52" "curl 55" "curl 56" # sealed already, or between two listeners
is_sealed() { [ "$(entered 2>/dev/null)" = "true 0" ]; }
within $ready_s is_sealed || fail "not sealed: $(entered)"
[ "$(get /v1/status | tail -n 1)" = 503 ] || fail "serves although it is sealed"
for i in 1 2 3; do
    enter $i >/dev/null || fail "share $i after sealing"
done
within $ready_s serves || fail "does not open again: $(tail -n 1 "$site/qwaved.log")"
admin device show app-1 >/dev/null || fail "app-1 is gone"
[ "$(phase)" = ordered ] || fail "the order is forgotten over sealing: $(phase)"
security share cancel >/dev/null || fail "the order cannot be dropped"
security admin --json kek status | grep -q '"last_order":"dropped by ' || fail "it does not say why: $(security admin --json kek status)"

echo "each of it is in the journal, and no share is anywhere"
looks ending
stop qwaved # while an officer looks
sees_the_end ending "curl 7" "curl 35" "curl 52" "curl 55" "curl 56"
for words in "share 2, 1 of 3" "share 4, 2 of 3" "share 5, 1 of 3" "share 1, 2 of 3" "share 3, 3 of 3" "share 1, 1 of 3" "share 2, 2 of 3" \
    "this officer's share is entered already" "a share of another ceremony" "the centre is open" "sealed again"; do
    noted "$words"
done
marker=515743 # every share on its way begins with QWC, 1 and the ceremony
marker=${marker}01$(jq -r .ceremony "$site/state.json")
! holds "$marker" "$site/centre" "$site/qwaved.log" "$site/qwaved.out" || fail "a share is in a file of the centre"
echo "done"
