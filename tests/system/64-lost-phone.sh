# SPDX-License-Identifier: Apache-2.0
# rows: A4 C8
# A lost phone: its keys and sessions are dead at the centre at once, its card erases itself at its next contact and proves it, whatever is
# killed on the way; a recorded order harms nobody; at a station an officer carries order and proof.
source "$(dirname "$0")/site.sh"

"$bin/qwave" init --port 0 --source kernel "$site/centre" >/dev/null
start_centre
make_devices 20
start_air
start_access_point
start_terminal "automatic_refill: false"

destruction() { admin --json device show "$1" | field destruction; }
is() { [ "$(destruction "$1")" = "$2" ]; }

echo "destroyed: no key of it is given a second later, and no session of it is begun"
use_keys 2
id=$(key --json get | field key_ID)
[ "$(destruction phone-1)" = none ] || fail "ordered before the order"
admin device destroy phone-1 >/dev/null
[ -z "$(fetch "$id")" ] || fail "the centre gives a key of a destroyed device"
is phone-1 ordered || fail "no order: $(destruction phone-1)"

echo "the centre is killed, the order is the same; the card carries it out at its next contact and the terminal brings the proof"
stop qwaved KILL
start_centre
stop ap
start_access_point
! key refill >/dev/null 2>&1 || fail "a destroyed card was refilled"
within $ready_s is phone-1 proved || fail "no proof: $(destruction phone-1)"
status=0
wait "${pid[terminal]}" || status=$?
unset 'pid[terminal]'
[ "$status" = 3 ] || fail "the terminal ends with exit status $status"
[ "$(head -c 3 "$site/phone-1.card")" = QWD ] || fail "the card is still there"
[ "$(wc -c <"$site/phone-1.card")" = 157 ] || fail "more than a tombstone is there"
within $ready_s grep -q 'has booked the proof' "$site/terminal.log" || fail "the terminal does not say so"
audit() { "$bin/qwave" audit --operator "$site/centre/operator/operator.yaml" --url "$url" "$@"; }
audit show --verb destroy-proof | grep -q 'phone-1: success.*17 keys and .* pool bytes erased, 3 keys were used' ||
    fail "the journal does not say what was erased: $(audit show --verb destroy-proof)"

echo "DONE is lost, terminal and centre are killed: the proof again, and nothing else"
printf '\0' | dd of="$site/phone-1.card" bs=1 seek=4 conv=notrunc status=none
stop qwaved KILL
start terminal qwave-terminal --config "$site/terminal.yaml"
grows() { [ "$(grep -c 'next try in' "$site/terminal.log")" -ge 1 ]; }
within $ready_s grows || fail "the terminal says nothing without a centre"
stop terminal KILL
start_centre
stop ap
start_access_point
sed -i "s/^access_point_port: .*/access_point_port: $access_point_port/" "$site/terminal.yaml"
start terminal qwave-terminal --config "$site/terminal.yaml"
status=0
wait "${pid[terminal]}" || status=$?
unset 'pid[terminal]'
[ "$status" = 3 ] || fail "the terminal ends with exit status $status"
[ "$(od -An -tu1 -j4 -N1 "$site/phone-1.card" | tr -d ' ')" = 1 ] || fail "the tombstone does not say that it is booked"
is phone-1 proved || fail "no longer proved"

echo "a card that is found is erased at the station; another device's is not"
charge_destroy() {
    "$bin/qwave" charge --operator "$site/centre/operator/operator.yaml" --url "$url" --device "$1" --card "$2" \
        --passphrase-file "$site/$1.passphrase" --destroy "${@:3}"
}
admin device add phone-2 --kind terminal --owner test --peer app-1 >/dev/null
admin device add phone-3 --kind terminal --owner test --peer app-1 >/dev/null
charge phone-2 4
cp "$site/phone-2.passphrase" "$site/phone-3.passphrase"
charge phone-3 4
! charge_destroy phone-2 "$site/phone-2.card" >/dev/null 2>&1 || fail "a card was erased without an order"
admin device destroy phone-2 >/dev/null
! charge_destroy phone-2 "$site/phone-3.card" >/dev/null 2>&1 || fail "another card was erased"
[ "$(head -c 3 "$site/phone-3.card")" = QWK ] || fail "another card was harmed"
[ "$(charge_destroy phone-2 "$site/phone-2.card" --json | field destruction)" = proved ] || fail "the station brings no proof"
is phone-2 proved || fail "the station's proof is not booked"
charge_destroy phone-2 "$site/phone-2.card" >/dev/null || fail "the same proof again is refused"
! charge phone-2 4 2>/dev/null || fail "a tombstone was charged"
