# SPDX-License-Identifier: Apache-2.0
# rows: C10 C8
# A device that only two persons destroy together: who asked cannot approve, nor anybody with his certificate or without the right; expired
# requests; an officer who was removed; kill -9 between asking, approving and doing.
source "$(dirname "$0")/site.sh"

"$bin/qwave" init --port 0 --source kernel --dual-control "$site/centre" >/dev/null
grep -q '^dual_control: all$' "$site/centre/qwaved.yaml" || fail "init --dual-control writes no setting"
sed -i 's/^dual_control: .*/dual_control: destroy/' "$site/centre/qwaved.yaml"
start_centre
officers=$site/centre/officers

# as OFFICER WORD...
as() {
    local file="$officers/$1.yaml"
    shift
    "$bin/qwave" admin --operator "$file" --url "$url" "$@"
}

refused() {
    local status=0
    "$@" >"$site/refused.out" 2>"$site/refused.log" || status=$?
    [ "$status" = 3 ] || fail "not refused: $* (exit status $status: $(cat "$site/refused.log"))"
}

# conflict COMMAND...: the state does not allow it.
conflict() {
    ! "$@" >/dev/null 2>"$site/conflict.log" || fail "done: $*"
    grep -q 409 "$site/conflict.log" || fail "another refusal of $*: $(cat "$site/conflict.log")"
}

# officer NAME ROLE: with a certificate, added by the first security administrator.
officer() {
    as security certificate officer "$1" --certificate "$officers/$1.pem" --key "$officers/$1.key" >/dev/null
    sed -e "s,$officers/security,$officers/$1," "$officers/security.yaml" >"$officers/$1.yaml"
    as security officer add "$1" --role "$2" >/dev/null
}

state() { as audit --json device show "$1" | field state; }

# ask OFFICER DEVICE: sets id and digest.
ask() {
    local answer
    answer=$(as "$1" --json request destroy "$2") || fail "$1 cannot ask"
    id=$(jq -r .id <<<"$answer")
    digest=$(jq -r .digest <<<"$answer")
}

officer second security
officer third security
for device in app-1 app-2 app-3 app-4; do
    admin device add $device --kind application --owner test >/dev/null
done

echo "nobody does it alone"
conflict as security device destroy app-1
conflict admin device destroy app-1
refused as system request destroy app-1
refused as audit request destroy app-1
ask security app-1
[ "$(as second --json request list | jq -c '[.requests[] | [.verb, .object, .asked_by, .digest]]')" = \
    "[[\"device-destroy\",\"app-1\",\"security-1\",\"$digest\"]]" ] || fail "the second sees: $(as second --json request list)"
refused as security request approve "$id" "$digest"
refused as second request approve "$id" "$(tr 0-9a-f 1-9a-f0 <<<"$digest")"
refused as audit request approve "$id" "$digest"
[ "$(state app-1)" = active ] || fail "destroyed by one"

echo "kill -9 between asking and approving"
stop qwaved KILL
start_centre
[ "$(state app-1)" = active ] || fail "destroyed by a kill"
as second request approve "$id" "$digest" >/dev/null
[ "$(state app-1)" = destroyed ] || fail "approved by two and not destroyed"
conflict as second request approve "$id" "$digest"
conflict as third request deny "$id"

echo "kill -9 while it is approved: both or neither"
for device in app-2 app-3; do
    ask second $device
    (as security request approve "$id" "$digest" >/dev/null 2>&1 || true) &
    approving=$!
    # The journal grows by the approval, or the kill comes first: either is right, half of it is not.
    [ $device = app-2 ] || wait "$approving"
    stop qwaved KILL
    wait "$approving" 2>/dev/null || true
    start_centre
    if [ "$(state $device)" = destroyed ]; then
        [ "$(as second --json request list | jq '.requests | length')" = 0 ] || fail "$device is destroyed and the request waits"
        conflict as security request approve "$id" "$digest"
    else
        [ "$(as second --json request list | jq '.requests | length')" = 1 ] || fail "$device is there and the request is not"
        as security request approve "$id" "$digest" >/dev/null
    fi
    [ "$(state $device)" = destroyed ] || fail "$device is not destroyed"
done

echo "whoever was removed has not asked"
ask third app-4
as security officer remove third >/dev/null
refused as third request list
refused as second request approve "$id" "$digest"
as second request deny "$id" >/dev/null
conflict as security request approve "$id" "$digest"

echo "nor does one make the second person up"
stop qwaved
sed -i 's/^dual_control: .*/dual_control: all/' "$site/centre/qwaved.yaml"
start_centre
conflict as security officer add puppet --role security
answer=$(as security --json request officer puppet --role security)
id=$(jq -r .id <<<"$answer")
digest=$(jq -r .digest <<<"$answer")
refused as security request approve "$id" "$digest"
as second request approve "$id" "$digest" >/dev/null
[ "$(as audit --json officer list | jq -c '[.officers[] | select(.id == "puppet") | .roles, .added_by]')" = '[["security"],"second"]' ] ||
    fail "an officer of two: $(as audit --json officer list)"

echo "an expired request"
stop qwaved
echo 'approval_s: 1' >>"$site/centre/qwaved.yaml"
start_centre
ask security app-4
none_waits() { [ "$(as second --json request list | jq '.requests | length')" = 0 ]; }
within $ready_s none_waits || fail "a request of a second does not expire"
conflict as second request approve "$id" "$digest"
[ "$(state app-4)" = active ] || fail "an expired request was done"
stop qwaved
for cause in 'needs two officers' 'he asked himself' 'another digest' 'who asked has the right no more' expired; do
    grep -rqaF "$cause" "$site/centre" || fail "the journal does not say: $cause"
done
echo "done"
