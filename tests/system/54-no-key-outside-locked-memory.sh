# SPDX-License-Identifier: Apache-2.0
# rows: W14 C6 S1
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

# found NAME HEX FILE...: the marker is in one of the files, as bytes, hex or base64.
found() {
    local raw
    raw=$(sed 's/../\\x&/g' <<<"$2")
    LC_ALL=C grep -qaP -e "$raw|(?i:$2)" "${@:3}" || grep -qaF -e "$(printf '%b' "$raw" | base64 -w 0)" "${@:3}"
}

# in_files: no marker in what the programs write for themselves.
in_files() {
    local name hex
    while read -r name hex; do
        ! found "$name" "$hex" "$site"/centre/centre.db* "$site"/*.log "$site"/*.out || fail "$name is in a file"
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
for form in "$hex" "${hex^^}" "$(xxd -r -p <<<"$hex" | base64 -w 0)"; do
    echo "log: $form" >"$site/control"
    found "$name" "$hex" "$site/control" || fail "the search of files does not find $form"
done
xxd -r -p <<<"$hex" >"$site/control"
found "$name" "$hex" "$site/control" || fail "the search of files does not find bytes"
for process in qwaved ap terminal; do
    [ "$(awk '/^Max core file size/ { print $5 $6 }' "/proc/${pid[$process]}/limits")" = 00 ] || fail "$process may dump core"
done
echo "done"
