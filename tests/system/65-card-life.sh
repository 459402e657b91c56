# SPDX-License-Identifier: Apache-2.0
# rows: A4 C8 C9
# A card is bound, fused, suspended, resumed, copied and set back: without a user or suspended it gets nothing, a copy and an old file are noticed at
# their next contact, the device is suspended and the centre says so in state, journal, status and metrics.
source "$(dirname "$0")/site.sh"

"$bin/qwave" init --port 0 --source kernel "$site/centre" >/dev/null
echo 'card_binding: required' >>"$site/centre/qwaved.yaml"
start_centre
make_devices 8
start_air
start_access_point
start_terminal "automatic_refill: false"

shown() { admin --json device show phone-1 | field "$1"; }
cloned() { admin --json status | field cards_cloned; }
metric() {
    curl --silent --max-time $ready_s --cert "$site/centre/operator/operator.pem" --key "$site/centre/operator/operator.key" \
        --cacert "$site/centre/ca/ca.pem" "$url/metrics" | sed -n "s/^$1 //p"
}
says() {
    "$bin/qwave" audit --operator "$site/centre/operator/operator.yaml" --url "$url" show --verb "$1" | grep -q "$2" || fail "the journal does not say: $1 $2"
}
refused() { ! key refill >/dev/null 2>&1 || fail "refilled: $1"; }

echo "a card that is nobody's gets nothing, and its keys are given to nobody"
id=$(key --json get | field key_ID)
[ -z "$(fetch "$id")" ] || fail "a key of a card that is nobody's is given"
refused "a card that is nobody's"
admin device bind phone-1 --user li-hua >/dev/null
[ "$(shown user)" = li-hua ] || fail "bound to $(shown user)"
! admin device bind phone-1 --user wang >/dev/null 2>&1 || fail "bound to a second user"
[ -n "$(fetch "$id")" ] || fail "a key of a card that is somebody's is not given"
key refill >/dev/null || fail "no refill of a card that is somebody's"

echo "suspended: no key, no contact, over a kill of the centre too; resumed: both"
id=$(key --json get | field key_ID)
admin device suspend phone-1 >/dev/null
stop qwaved KILL
start_centre
stop ap
start_access_point
[ -z "$(fetch "$id")" ] || fail "a key of a suspended card is given"
admin device resume phone-1 >/dev/null
[ -n "$(fetch "$id")" ] || fail "a key of a resumed card is not given"
[ "$(cloned)" = 0 ] || fail "an alarm for a card that an officer suspended"

echo "the card key is renewed: kill -9 of either end on the way leaves both with a common key"
epoch=1
# fuse_and_kill NAME STEP: asks for a fusion, and kills NAME when its log shows the step of the refill that brings it.
fuse_and_kill() {
    local name=$1 step=$2 lines
    admin device fuse phone-1 >/dev/null
    lines=$(wc -l <"$site/$name.log")
    key refill >/dev/null 2>&1 &
    local asking=$!
    within $ready_s shows_step "$name" "$lines" "$step" || fail "$name never reports step $step"
    stop "$name" KILL
    if [ "$name" = qwaved ]; then
        start_centre
        stop ap
        start_access_point
    else
        start_terminal "automatic_refill: false"
    fi
    wait "$asking" 2>/dev/null || true
    use_keys 1
    within $ready_s refill_works || fail "no refill after $name was killed at $step"
    epoch=$((epoch + 1))
    [ "$(shown fusion),$(shown epoch)" = "none,$epoch" ] || fail "after $step of $name: $(shown fusion), epoch $(shown epoch)"
    use_keys 1
}
shows_step() { tail -n +$(($2 + 1)) "$site/$1.log" | grep -q "\b$3\b"; }
refill_works() { use_keys 1 && key refill >/dev/null 2>&1; }
for at in "terminal R8" "qwaved R6"; do
    # shellcheck disable=SC2086
    fuse_and_kill $at
done

echo "two copies of one file, both used: the second to make contact is noticed"
stop terminal
cp "$site/phone-1.card" "$site/copy.card"
start_terminal "automatic_refill: false"
for ((i = 0; i < 8; i++)); do
    key get >/dev/null || fail "no key"
done
key refill >/dev/null || fail "no refill of the original"
stop terminal
cp "$site/phone-1.card" "$site/original.card"
cp "$site/copy.card" "$site/phone-1.card"
start_terminal "automatic_refill: false"
for ((i = 0; i < 8; i++)); do
    key get >/dev/null || fail "no key"
done
refused "the copy"
[ "$(shown state)" = suspended ] || fail "the centre has not noticed the copy: $(shown state)"
[ "$(shown cloned)" = true ] || fail "the device does not say why"
[ "$(cloned)" = 1 ] || fail "the status counts $(cloned)"
[ "$(metric qwave_cards_cloned)" = 1 ] || fail "the metrics say $(metric qwave_cards_cloned)"
says contact 'phone-1: .*cloned or set back; suspended'

echo "somebody looks, the original goes on; set back to an old file it is noticed again"
stop terminal
cp "$site/original.card" "$site/phone-1.card"
start_terminal "automatic_refill: false"
admin device resume phone-1 >/dev/null
[ "$(metric qwave_cards_cloned)" = 0 ] || fail "the alarm stays"
for ((i = 0; i < 8; i++)); do
    key get >/dev/null || fail "no key"
done
key refill >/dev/null || fail "no refill after resuming"
stop terminal
cp "$site/original.card" "$site/phone-1.card"
start_terminal "automatic_refill: false"
for ((i = 0; i < 8; i++)); do
    key get >/dev/null || fail "no key"
done
refused "a card that was set back"
[ "$(shown state)" = suspended ] || fail "the centre has not noticed the old file: $(shown state)"
[ "$(cloned)" = 1 ] || fail "the status counts $(cloned)"
