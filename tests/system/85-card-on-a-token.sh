# SPDX-License-Identifier: Apache-2.0
# rows: C9 C8 W8 W14 A4
# A card on a PKCS#11 token (softhsm2): charged over kill -9 at any call of the token, used, refilled over the air and fused; a wrong PIN, a token that is pulled
# out and put back, a copied token, an order to destroy.
# once: processes of release and of the sanitizers do the same here; the calls of the token are in terminal.card_place_token
source "$(dirname "$0")/site.sh"

[ -r /usr/lib/softhsm/libsofthsm2.so ] || skip "softhsm2 is not installed"
command -v softhsm2-util >/dev/null || skip "softhsm2-util is not installed"
module=${QWAVE_PKCS11_SHIM:?"softhsm2 behind a module that dies on demand"}

export SOFTHSM2_CONF=$site/softhsm2.conf QWAVE_SHIM_AWAY=$site/pulled-out
mkdir "$site/tokens"
printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$site/tokens" >"$SOFTHSM2_CONF"
pin() { (umask 077 && echo "$1" >"$site/phone-1.passphrase"); }
softhsm2-util --init-token --free --label "phone of li hua" --so-pin 12345678 --pin 90817263 >/dev/null
card_of() {
    case $1 in
    phone-1) echo "pkcs11:token=phone%20of%20li%20hua;object=phone-1?module-path=$module" ;;
    *) echo "$card_folder/$1.card" ;;
    esac
}
shown() { admin --json device show phone-1 | field "$1"; }

make_centre
start_centre
admin device add ap-1 --kind access-point --owner test >/dev/null
admin device add phone-1 --kind terminal --owner test --peer app-1 >/dev/null
charge ap-1 1
admin certificate ap ap-1 --certificate "$site/ap-1.pem" --key "$site/ap-1.key" >/dev/null
admin certificate sae app-1 --certificate "$site/app-1.pem" --key "$site/app-1.key" >/dev/null

echo "a wrong PIN charges nothing, and says so"
pin 90817264
! charge phone-1 8 2>"$site/refused.log" || fail "charged with a wrong PIN"
grep -q 'wrong PIN, which the token counts' "$site/refused.log" || fail "does not say why: $(cat "$site/refused.log")"
[ "$(shown state)" = registered ] || fail "the centre has made a package for a card that nobody can write"
pin 90817263

echo "a charge is killed at one call of the token after the other; the same command again finishes it"
killed=0
for at in 4 8 11 13 17 19; do
    status=0
    QWAVE_SHIM_KILL=$at charge phone-1 8 2>/dev/null || status=$?
    [ "$status" != 137 ] || killed=$((killed + 1))
    [ "$status" != 0 ] || break
done
[ "$killed" -ge 3 ] || fail "killed $killed times only"
charge phone-1 8 || fail "cannot be charged after all that"
[ "$(shown state)" = active ] || fail "not active: $(shown state)"

echo "it gives keys, each the one that the application fetches, none twice"
start_air
start_access_point
start_terminal "automatic_refill: false"
use_keys 2
[ "$(remaining)" = 6 ] || fail "$(remaining) keys are left of 8"

echo "one program at a time"
! charge phone-1 8 2>"$site/refused.log" || fail "charged while the terminal has it"
grep -q 'another process uses it' "$site/refused.log" || fail "does not say why: $(cat "$site/refused.log")"

echo "pulled out: no key, and none is lost; put back: the next one"
touch "$QWAVE_SHIM_AWAY"
! key get >/dev/null 2>&1 || fail "a key without the token"
! key refill >/dev/null 2>&1 || fail "a refill without the token"
rm "$QWAVE_SHIM_AWAY"
use_keys 1

echo "refilled over the air, and charged again at the station"
key refill >/dev/null || fail "no refill"
use_keys 2
stop terminal
charge phone-1 4 || fail "not charged again"
start_terminal "automatic_refill: false"
use_keys 6

echo "fused, and killed in the middle of it: the old key or the new one"
admin device fuse phone-1 >/dev/null
lines=$(wc -l <"$site/terminal.log")
key refill >/dev/null 2>&1 &
asking=$!
shows_r8() { tail -n +$((lines + 1)) "$site/terminal.log" | grep -q '\bR8\b'; }
within $ready_s shows_r8 || fail "no R8"
stop terminal KILL
wait $asking 2>/dev/null || true
start_terminal "automatic_refill: false"
refill_works() { key get >/dev/null && key refill >/dev/null 2>&1; }
within $ready_s refill_works || fail "no refill after the kill"
[ "$(shown fusion),$(shown epoch)" = none,2 ] || fail "$(shown fusion), epoch $(shown epoch)"
use_keys 1

echo "suspended: nothing goes to it; resumed: it goes on"
admin device suspend phone-1 >/dev/null
! key refill >/dev/null 2>&1 || fail "a suspended card was refilled"
admin device resume phone-1 >/dev/null
use_keys 6
key refill >/dev/null || fail "no refill after resuming"

echo "whoever copies a token that can be copied is found out at the next contact"
stop terminal
cp -r "$site/tokens" "$site/copy"
start_terminal "automatic_refill: false"
use_keys 6
key refill >/dev/null || fail "no refill of the original"
stop terminal
mv "$site/tokens" "$site/original" && mv "$site/copy" "$site/tokens"
start_terminal "automatic_refill: false"
for ((i = 0; i < 6; i++)); do key get >/dev/null || fail "no key of the copy"; done
! key refill >/dev/null 2>&1 || fail "the copy was refilled"
[ "$(shown state),$(shown cloned)" = suspended,true ] || fail "not noticed: $(shown state), $(shown cloned)"
stop terminal
rm -rf "$site/tokens" && mv "$site/original" "$site/tokens"
admin device resume phone-1 >/dev/null

echo "destroyed by order: the token holds a tombstone and no key, and proves it"
start_terminal "automatic_refill: false"
key get >/dev/null || fail "no key of the original"
admin device destroy phone-1 >/dev/null
! key refill >/dev/null 2>&1 || fail "a destroyed card was refilled"
status=0
wait "${pid[terminal]}" || status=$?
unset 'pid[terminal]'
[ "$status" = 3 ] || fail "the terminal ends with exit status $status"
[ "$(shown destruction)" = proved ] || fail "no proof: $(shown destruction)"
[ "$(find "$site/tokens" -name '*.object' ! -name token.object | wc -l)" = 1 ] || fail "more than a tombstone is on the token"
! charge phone-1 4 2>"$site/refused.log" || fail "a tombstone was charged"

echo "no PIN in a file of ours"
if grep -raqF 90817263 "$site/centre" "$site"/*.log "$site"/*.out "$site"/*.yaml; then
    fail "the PIN stands in a file"
fi
echo "done"
