# SPDX-License-Identifier: Apache-2.0
# rows: W14 C5
# A full disk under the card, then under the centre: clear errors, no key lost or given twice, and it goes on when there is room again.
source "$(dirname "$0")/site.sh"

small=$site/small
mkdir "$small"
mount -t tmpfs -o size=4m,mode=0700 tmpfs "$small" 2>/dev/null || skip "a file system of its own needs root"

fill() {
    dd if=/dev/zero of="$small/filler" bs=4k 2>/dev/null || true
    dd if=/dev/zero of="$small/filler2" bs=64 2>/dev/null || true
}
make_room() {
    rm -f "$small/filler" "$small/filler2"
}

echo "no room for a new centre: there is none, and one when there is"
fill
for left in 0 8 64 128; do # KiB that are free
    truncate -s "-${left}K" "$small/filler"
    ! "$bin/qwave" init --port 0 --source kernel "$small/new" >"$site/init.out" 2>"$site/init.log" || fail "made in $left KiB"
    grep -q '^qwave init: ' "$site/init.log" || fail "it does not say why: $(cat "$site/init.log")"
    [ ! -e "$small/new" ] && [ ! -e "$small/.new.setup" ] || fail "$left KiB: something stays: $(ls -A "$small")"
done
make_room
"$bin/qwave" init --port 0 --source kernel "$small/new" >/dev/null || fail "none when there is room again"
rm -r "$small/new"

make_centre
mv "$site/centre/centre.db" "$small/"
sed -i "s|^database: .*|database: $small/centre.db|" "$site/centre/qwaved.yaml"
start_centre
card_folder=$small
make_devices 8
start_air
start_access_point
start_terminal "automatic_refill: false"
use_keys 1

echo "no room for the card: no key leaves it"
before=$(remaining)
fill
for attempt in 1 2 3; do
    ! key get >"$site/key.out" 2>"$site/key.log" || fail "attempt $attempt: a key without room to note that it is used"
    [ ! -s "$site/key.out" ] || fail "a refused request printed something"
done
make_room
stop terminal
start_terminal "automatic_refill: false"
after=$(remaining)
[ "$after" -le "$before" ] && [ "$after" -ge $((before - 3)) ] || fail "$after keys left of $before"
use_keys 1

echo "no room for the centre: no refill, no fetch, and it stays up"
key refill >/dev/null || fail "no refill while there is room"
id=$(key --json get | field key_ID)
fill
! key refill >/dev/null 2>&1 || fail "a refill without room in the centre's store"
kill -0 "${pid[qwaved]}" || fail "the centre ended"
make_room
stop terminal
start_terminal "automatic_refill: false"
[ -n "$(fetch "$id")" ] || fail "a key was lost to the full disk"
key refill >/dev/null || fail "no refill after there is room again"
use_keys 5
