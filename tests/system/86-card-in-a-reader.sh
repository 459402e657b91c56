# SPDX-License-Identifier: Apache-2.0
# rows: C9 C8 W8 W14 A4
# A card with a chip of its own (simulated) in a PC/SC reader: pcscd, and the virtual reader of vsmartcard. Charged over kill -9 of the station, used, refilled over
# the air, fused, taken out in the middle, a wrong PIN that counts, a copied card, an order to destroy.
# once: processes of release and of the sanitizers do the same here; each command of the card is in terminal.card_reader
source "$(dirname "$0")/reader.sh"
start_reader

card_of() {
    case $1 in
    phone-1) echo "pcsc:Virtual PCD" ;;
    *) echo "$card_folder/$1.card" ;;
    esac
}
pin() { (umask 077 && echo "$1" >"$site/phone-1.passphrase"); }
shown() { admin --json device show phone-1 | field "$1"; }

make_centre
start_centre
admin device add ap-1 --kind access-point --owner test >/dev/null
admin device add phone-1 --kind terminal --owner test --peer app-1 >/dev/null
charge ap-1 1
admin certificate ap ap-1 --certificate "$site/ap-1.pem" --key "$site/ap-1.key" >/dev/null
admin certificate sae app-1 --certificate "$site/app-1.pem" --key "$site/app-1.key" >/dev/null

echo "no card in the reader, then a wrong PIN: nothing is charged, and it says so; the right one gives all tries back"
pin 90817264
! charge phone-1 8 2>"$site/refused.log" || fail "charged without a card"
says 'no such reader, no card in it'
insert chip
reader_sees_it() { ! charge phone-1 8 2>"$site/refused.log" && grep -q 'wrong PIN, which the card counts' "$site/refused.log"; }
within $ready_s reader_sees_it || says 'wrong PIN'
[ "$(shown state)" = registered ] || fail "the centre has made a package for a card that nobody can write"
[ "$(od -An -tu1 "$site/chip.card.tries" | tr -d ' ')" = 2 ] || fail "the card does not count"
pin $chip_pin

echo "the station is killed in the middle of a charge, again and again; the same command finishes it"
pending() { [ "$(shown state)" = charged ]; }
charged() { charge phone-1 8 2>"$site/refused.log"; } # once the service has noticed that the other program is gone
for _ in 1 2 3; do
    start station qwave charge --operator "$site/centre/operator/operator.yaml" --url "$url" --device phone-1 --keys 8 \
        --card "$(card_of phone-1)" --passphrase-file "$site/phone-1.passphrase"
    within $ready_s pending || fail "no package is made: $(tail -n 1 "$site/station.log")"
    stop station KILL
done
within $ready_s charged || fail "cannot be charged after all that: $(cat "$site/refused.log")"
[ "$(shown state)" = active ] || fail "not active: $(shown state)"

echo "it gives keys, each the one that the application fetches, none twice"
start_air
start_access_point
start_terminal "automatic_refill: false"
use_keys 2
! charge phone-1 8 2>"$site/refused.log" || fail "charged while the terminal has it"
says 'another program uses it'

echo "taken out: no key, and none twice; put back: the next one"
take_out chip
! key get >/dev/null 2>&1 || fail "a key without the card"
insert chip
gives() { key get >/dev/null 2>&1; }
within $ready_s gives || fail "no key of a card that was put back"
use_keys 1

echo "refilled over the air; taken out in the middle of a refill, the next one brings the keys"
key refill >/dev/null || fail "no refill"
use_keys 6
lines=$(wc -l <"$site/terminal.log")
key refill >/dev/null 2>&1 &
asking=$!
shows() { tail -n +$((lines + 1)) "$site/terminal.log" | grep -q "\b$1\b"; }
within $ready_s shows R4 || fail "no R4"
take_out chip
wait $asking 2>/dev/null || true
insert chip
within $ready_s gives || fail "no key of a card that was put back"
key refill >/dev/null || fail "no refill after that"
use_keys 2

echo "fused; the terminal is killed in the middle: the old key or the new one"
admin device fuse phone-1 >/dev/null
use_keys 4
lines=$(wc -l <"$site/terminal.log")
key refill >/dev/null 2>&1 &
asking=$!
within $ready_s shows R8 || fail "no R8"
stop terminal KILL
wait $asking 2>/dev/null || true
start_terminal "automatic_refill: false"
refill_works() { key get >/dev/null && key refill >/dev/null 2>&1; }
within $ready_s refill_works || fail "no refill after the kill"
[ "$(shown fusion),$(shown epoch)" = none,2 ] || fail "$(shown fusion), epoch $(shown epoch)"

echo "charged again at the station"
stop terminal
charge phone-1 2 || fail "not charged again"
start_terminal "automatic_refill: false"
use_keys 6

echo "suspended: nothing goes to it; resumed: it goes on"
admin device suspend phone-1 >/dev/null
! key refill >/dev/null 2>&1 || fail "a suspended card was refilled"
admin device resume phone-1 >/dev/null
key refill >/dev/null || fail "no refill after resuming"

echo "whoever copies a chip is found out at the next contact"
take_out chip
cp "$site/chip.card" "$site/copy"
insert chip
within $ready_s gives || fail "no key of a card that was put back"
use_keys 5
key refill >/dev/null || fail "no refill of the original"
take_out chip
mv "$site/chip.card" "$site/original" && mv "$site/copy" "$site/chip.card"
insert chip
within $ready_s gives || fail "no key of the copy"
for ((i = 0; i < 6; i++)); do key get >/dev/null || fail "no key of the copy"; done
noticed() { ! key refill >/dev/null 2>&1 && [ "$(shown state),$(shown cloned)" = suspended,true ]; }
within $ready_s noticed || fail "not noticed: $(shown state), $(shown cloned)"
take_out chip
mv "$site/original" "$site/chip.card"
admin device resume phone-1 >/dev/null
insert chip
within $ready_s gives || fail "no key of the original"

echo "destroyed by order: the chip holds a tombstone and proves it"
admin device destroy phone-1 >/dev/null
ended() { ! key refill >/dev/null 2>&1 && ! kill -0 "${pid[terminal]}" 2>/dev/null; }
within $ready_s ended || fail "the terminal of a destroyed card goes on"
status=0
wait "${pid[terminal]}" || status=$?
unset 'pid[terminal]'
[ "$status" = 3 ] || fail "the terminal ends with exit status $status"
[ "$(shown destruction)" = proved ] || fail "no proof: $(shown destruction)"
[ "$(wc -c <"$site/chip.card")" = 157 ] || fail "more than a tombstone is on the card"
! charge phone-1 4 2>"$site/refused.log" || fail "a tombstone was charged"

echo "three wrong PINs lock it, the right one then too"
pin 11111111
for _ in 1 2 3; do ! charge phone-1 4 2>"$site/refused.log" || fail "a wrong PIN"; done
says 'the PIN is locked'
pin $chip_pin
! charge phone-1 4 2>"$site/refused.log" || fail "a locked card was charged"
says 'the PIN is locked'

echo "no PIN in a file of ours"
if grep -raqF $chip_pin "$site/centre" "$site"/*.log "$site"/*.out "$site"/*.yaml "$site"/chip.card*; then
    fail "the PIN stands in a file"
fi
echo "done"
