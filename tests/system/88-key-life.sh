# SPDX-License-Identifier: Apache-2.0
# rows: C7 C10
# One key by its id: two officers suspend it and its peer waits, archived it outlives a kill, two give it back or destroy it, order keys at a station, and an application takes back its
# own by command. Nobody else's word counts, and a status of the centre counts each.
source "$(dirname "$0")/site.sh"

"$bin/qwave" init --port 0 --source kernel --dual-control "$site/centre" >/dev/null
start_centre
application alice bob
application bob

as() { # as SAE PATH: the body, and its status on the next line
    curl --silent --max-time $ready_s --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$site/centre/ca/ca.pem" -w '\n%{http_code}\n' "$url/api/v1/keys/$2" || true
}
by() { # by OFFICER WORD...
    local who=$1
    shift
    "$bin/qwave" admin --operator "$site/centre/officers/$who.yaml" --url "$url" "$@"
}
# refused STATUS COMMAND...: the centre's answer
refused() {
    local wanted=$1
    shift
    ! "$@" >/dev/null 2>"$site/refused.log" || fail "not refused: $*"
    grep -qF "$wanted" "$site/refused.log" || fail "$*: $(cat "$site/refused.log")"
}
state() { [ "$(admin --json key show "${id[$1]}" | field state)" = "$2" ] || fail "key $1: $(admin --json key show "${id[$1]}")"; }
fetch() { as bob "alice/dec_keys?key_ID=${id[$1]}"; }
fetches() { [ "$(fetch "$1" | tail -n 1)" = "$2" ] || fail "key $1 is fetched: $(fetch "$1")"; }

stored() { [ "$(as alice bob/status | head -n 1 | field stored_key_count)" -ge 100 ] 2>/dev/null; }
within $ready_s stored || fail "no keys"
as alice "bob/enc_keys?number=5" >"$site/given"
mapfile -t id < <(grep -o '"key_ID":"[0-9a-f-]*"' "$site/given" | cut -d '"' -f 4)
[ "${#id[@]}" = 5 ] || fail "no keys: $(cat "$site/given")"

echo "suspended by two, and back by two"
refused 'status 409' admin key suspend "${id[0]}"
refused 'status 409' by security key resume "${id[0]}"
refused 'status 403' by audit key resume "${id[0]}"
refused 'status 404' admin key show 00112233-4455-6677-8899-aabbccddeeff
# A security administrator more, who is the second person.
by security certificate officer second --certificate "$site/second.pem" --key "$site/second.key" >/dev/null
sed "s,$site/centre/officers/security,$site/second," "$site/centre/officers/security.yaml" >"$site/centre/officers/second.yaml"
by_two() { # by_two VERB N
    by security --json request "$1" "${id[$2]}" >"$site/request.json" || fail "not asked: $1"
    ! by security request approve "$(field id <"$site/request.json")" "$(field digest <"$site/request.json")" 2>/dev/null || fail "alone: $1"
    by second request approve "$(field id <"$site/request.json")" "$(field digest <"$site/request.json")" >/dev/null || fail "not approved: $1"
}
by security --json request officer second --role security >"$site/request.json"
admin request approve "$(field id <"$site/request.json")" "$(field digest <"$site/request.json")" >/dev/null || fail "no second security administrator"
by_two key-suspend 0
state 0 suspended
fetches 0 503
fetches 1 200
by_two key-resume 0
fetches 0 200

echo "keys are ordered at a station by two operators"
admin device add meter-1 --kind terminal --owner test --peer bob >/dev/null
station=$(admin --json device list --kind station | jq -r '.devices[0].id')
rest() { curl --silent --max-time $ready_s --cert "$site/centre/operator/operator.pem" --key "$site/centre/operator/operator.key" --cacert "$site/centre/ca/ca.pem" "$@"; }
[ "$(rest -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d "{\"station\":\"$station\",\"keys\":5}" "$url/v1/devices/meter-1/charge/order")" = 409 ] ||
    fail "one operator orders alone"
by security certificate officer third --certificate "$site/third.pem" --key "$site/third.key" >/dev/null
sed "s,$site/centre/officers/security,$site/third," "$site/centre/officers/security.yaml" >"$site/centre/officers/third.yaml"
by security --json request officer third --role operator >"$site/request.json"
admin request approve "$(field id <"$site/request.json")" "$(field digest <"$site/request.json")" >/dev/null || fail "no second operator"
refused 'status 403' by security request charge-order meter-1 "$station" 5
refused 'status 400' admin request charge-order meter-1 "$station" 0
admin --json request charge-order meter-1 "$station" 5 >"$site/request.json" || fail "not asked"
refused 'status 403' by security request approve "$(field id <"$site/request.json")" "$(field digest <"$site/request.json")"
[ "$(by third --json request list | jq -r '.requests[].object')" = "meter-1 $station 5" ] || fail "the second operator sees: $(by third request list)"
stop qwaved KILL
start_centre
[ "$(rest "$url/v1/charge-orders" | jq -c .orders)" = '[]' ] || fail "ordered before the second operator has said so"
by third request approve "$(field id <"$site/request.json")" "$(field digest <"$site/request.json")" >/dev/null || fail "not approved"
[ "$(rest "$url/v1/charge-orders" | jq -r '.orders[0] | "\(.device) \(.station) \(.keys) \(.ordered_by)"')" = "meter-1 $station 5 operator-1" ] ||
    fail "ordered: $(rest "$url/v1/charge-orders")"

echo "archived, over a kill; recovered and destroyed by two"
by security key archive "${id[2]}" >/dev/null
by security key archive "${id[3]}" >/dev/null
refused 'status 409' by security key archive "${id[1]}" # bob has it
stop qwaved KILL
start_centre
state 2 archived
fetches 2 400
[ "$(admin --json status | jq .keys.archived)" = 2 ] || fail "not counted: $(admin --json status)"
by_two key-recover 2
fetches 2 200
[ "$(fetch 2 | grep -o '"key":"[^"]*"')" = "$(grep -o "\"key_ID\":\"${id[2]}\",\"key\":\"[^\"]*\"" "$site/given" | grep -o '"key":"[^"]*"')" ] ||
    fail "it came back as another one"
refused 'status 409' by security key destroy "${id[3]}"
by_two key-destroy 3
is_destroyed() { [ "$(admin --json key show "${id[3]}" | field state)" = destroyed ]; }
within $ready_s is_destroyed || fail "not destroyed: $(admin --json key show "${id[3]}")"

echo "an application takes back its own"
sed "s,$site/centre/operator/operator\.,$site/alice.,; /station/d" "$site/centre/operator/operator.yaml" >"$site/alice.yaml"
"$bin/qwave" key void --operator "$site/alice.yaml" --url "$url" "${id[4]}" >/dev/null || fail "alice may not"
fetches 4 400
"$bin/qwave" key compromised --operator "$site/alice.yaml" --url "$url" --json "${id[0]}" "${id[3]}" | jq -e .withdrawn >/dev/null || fail "alice may not say so"
is_noted() { [ "$(admin --json key show "${id[3]}" | field state)" = destroyed-compromised ]; }
is_noted || fail "not noted: $(admin --json key show "${id[3]}")"
"$bin/qwave" audit --operator "$site/centre/officers/audit.yaml" --url "$url" show >"$site/journal"
for verb in key-suspend key-archive key-void key-compromised; do
    grep -qF "$verb" "$site/journal" || fail "$verb is not in the journal"
done
stop qwaved
echo "done"
