# SPDX-License-Identifier: Apache-2.0
# rows: W14 C6 S1
# once: under a sanitizer no memory is locked
# Master key, shares, KEK, card keys and delivered keys: of a running centre, access point and terminal they lie in locked memory or nowhere, and in no log,
# database or core. The marker program knows them because it opens the centre's database and the card with their passphrases.
. "$(dirname "$0")/site.sh"
markers=${QWAVE_SECRET_MARKERS:?"the program that knows the secrets"}
scan=${QWAVE_MEMORY_SCAN:?"the program that reads memory"}
[ "$(id -u)" = 0 ] || skip "only root reads the memory of a hardened process"

# in_memory PROCESS...: no marker outside locked memory; prints where they are.
in_memory() {
    local process
    for process in "$@"; do
        "$scan" "${pid[$process]}" <"$site/markers" >"$site/found.$process" 2>"$site/found.log" ||
            fail "$process: $(cat "$site/found.log")"
        [ ! -s "$site/found.log" ] || fail "$process keeps a secret in memory that can be swapped: $(cat "$site/found.log")"
    done
}

# in_files: no marker in what the programs write for themselves.
in_files() {
    local name hex
    while read -r name hex; do
        ! holds "$hex" "$site"/centre/centre.db* "$site"/*.log "$site"/*.out || fail "$name is in a file"
    done <"$site/markers"
}

echo "a site that has secrets"
make_centre
"$markers" kek "$site/centre/centre.db" "$site/centre/passphrase" >"$site/markers"
start_centre
make_devices
"$markers" card "$site/phone-1.card" "$site/phone-1.passphrase" >>"$site/markers"
printf 'passphrase %s\n' "$(head -n 1 "$site/centre/passphrase" | tr -d '\n' | od -An -v -tx1 | tr -d ' \n')" >>"$site/markers"
start_air
start_access_point
start_terminal
use_keys 3
within $ready_s refilled || fail "no refill"
for hex in "${!seen[@]}"; do
    echo "delivered $hex" >>"$site/markers"
done

echo "locked, or nowhere"
in_memory qwaved ap terminal
use_keys 12 &
load=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    in_memory qwaved terminal
done
wait "$load" || fail "no keys while the memory is read"
grep -q '^kek locked [1-9]' "$site/found.qwaved" || fail "the scan does not find the KEK of an open centre: $(cat "$site/found.qwaved")"
grep -q '^card-wrap locked [1-9]' "$site/found.terminal" || fail "the scan does not find the keys of an open card: $(cat "$site/found.terminal")"
in_files
read -r name hex <"$site/markers"
bytes() { printf '%b' "$(sed 's/../\\x&/g' <<<"$hex")"; }
for form in "echo $hex" "echo ${hex^^}" "bytes | base64 -w 0" bytes; do
    eval "$form" >"$site/control"
    holds "$hex" "$site/control" || fail "the search of files does not find: $form"
done
for process in qwaved ap terminal; do
    [ "$(awk '/^Max core file size/ { print $5 $6 }' "/proc/${pid[$process]}/limits")" = 00 ] || fail "$process may dump core"
done

echo "shares and master key of a quorum: gone when it has opened the centre"
for process in terminal ap air qwaved; do
    stop "$process"
done
for i in 1 2; do
    passphrase "$site/officer.$i"
done
"$bin/qwave" init --port 0 --source kernel --officers 2 --quorum 2 --officer-passphrase-file "$site/officer.1" \
    --officer-passphrase-file "$site/officer.2" "$site/quorum" >/dev/null
share() { echo "$site/quorum/shares/officer-$1/share"; }
"$markers" quorum "$site/quorum/centre.db" "$(share 1)" "$site/officer.1" "$(share 2)" "$site/officer.2" >"$site/markers"
start qwaved qwaved --config "$site/quorum/qwaved.yaml"
within $ready_s grep -q '^sealed ' "$site/qwaved.out" || fail "does not start sealed: $(tail -n 1 "$site/qwaved.log")"
url=https://127.0.0.1:$(sed -n 's/^sealed //p' "$site/qwaved.out")
enter() {
    "$bin/qwave" unseal --operator "$site/quorum/operator/operator.yaml" --url "$url" --share "$(share "$1")" --passphrase-file "$site/officer.$1" >/dev/null
}
enter 1
in_memory qwaved
[ "$(grep -c '^share locked [1-9]' "$site/found.qwaved")" = 1 ] || fail "the share that was entered is not found: $(cat "$site/found.qwaved")"
enter 2
ready qwaved >/dev/null
in_memory qwaved
grep -q '^kek locked [1-9]' "$site/found.qwaved" || fail "no KEK in the open centre: $(cat "$site/found.qwaved")"
! grep -E '^(share|master) locked [1-9]' "$site/found.qwaved" || fail "still there when the centre is open"
! holds "$(sed -n 's/^master //p' "$site/markers")" "$site/quorum" "$site/qwaved.log" "$site/qwaved.out" || fail "the master key is in a file"
echo "done"
