# SPDX-License-Identifier: Apache-2.0
# rows: C10 C16 C6
# People of a centre: three administrators whose powers are kept apart, a province with people of its own, and an officer who is suspended
# while he has a connection open.
source "$(dirname "$0")/site.sh"

make_centre
start_centre

# as OFFICER WORD...: admin by one of the administrators that init made, or by one that was made here.
as() {
    local file="$site/centre/officers/$1.yaml"
    [ -e "$file" ] || file="$site/$1.yaml"
    shift
    "$bin/qwave" admin --operator "$file" --url "$url" "$@"
}

# refused COMMAND...: exit status 3, and nothing but "refused" is said.
refused() {
    local status=0
    "$@" >"$site/refused.out" 2>"$site/refused.log" || status=$?
    [ "$status" = 3 ] || fail "not refused: $* (exit status $status: $(cat "$site/refused.log"))"
    [ "$(cat "$site/refused.log")" = "qwave admin: refused (status 403)" ] || fail "a refusal tells more: $(cat "$site/refused.log")"
}

# officer ID ROLE UNIT: with a certificate, written down by an officer, $by or the security administrator.
officer() {
    as security certificate officer "$1" --certificate "$site/$1.pem" --key "$site/$1.key" >/dev/null
    cat >"$site/$1.yaml" <<YAML
url: $url
certificate: $site/$1.pem
key: $site/$1.key
ca: $site/centre/ca/ca.pem
YAML
    as "${by:-security}" officer add "$1" --role "$2" --unit "$3" >/dev/null
}

echo "each administrator does his own and nothing else"
[ "$(as audit --json officer list | jq -c '[.officers[] | [.id, .roles, .unit]]')" = \
    '[["audit-1",["audit"],"/"],["operator-1",["system","security","operator"],"/"],["security-1",["security"],"/"],["system-1",["system"],"/"]]' ] ||
    fail "the people of a new centre: $(as audit --json officer list)"
admin device add app-1 --kind application --owner test >/dev/null
as system device quota app-1 --keys-per-s 100 --weight 2 >/dev/null
as security device peers app-1 --peer app-2 >/dev/null
as audit device show app-1 >/dev/null
refused as system device destroy app-1
refused as system officer add mallory --role operator
refused as security device add app-3 --kind application --owner test
refused as security device quota app-1 --keys-per-s 1 --weight 1
for word in "device suspend app-1" "device destroy app-1" "officer add mallory --role audit" "psk create app-1"; do
    # shellcheck disable=SC2086 # the words are separate arguments
    refused as audit $word
done
! as security officer remove security-1 2>/dev/null || fail "an officer removed himself"

echo "a certificate alone is no right any more"
admin certificate operator eve --certificate "$site/eve.pem" --key "$site/eve.key" >/dev/null
sed "s,$site/centre/officers/audit,$site/eve," "$site/centre/officers/audit.yaml" >"$site/eve.yaml"
refused as eve status

echo "a province has people of its own, and touches nothing above or beside it"
officer north-security security /north
by=north-security officer north-operator operator /north/gas
officer south-operator operator /south
refused as north-security officer add mallory --role security
refused as north-security officer add mallory --role operator --unit /south
! as north-security officer suspend south-operator 2>"$site/other.log" || fail "the north suspends an officer of the south"
! as north-security officer suspend nobody-there 2>"$site/none.log" || fail "an officer who is not there was suspended"
cmp -s "$site/other.log" "$site/none.log" || fail "others' officers are told from those that are not there"
[ "$(as north-security --json officer list | jq -c '[.officers[].id]')" = '["north-operator","north-security"]' ] ||
    fail "the north sees: $(as north-security --json officer list)"
refused as north-operator status

echo "its devices too: the south's are not there for it, and the other way round"
as north-operator device add app-n --kind application --owner north >/dev/null
as south-operator device add app-s --kind application --owner south >/dev/null
[ "$(as audit --json device list | jq -c '[.devices[] | [.id, .unit]]')" = '[["app-1","/"],["app-n","/north/gas"],["app-s","/south"],["station-1","/"]]' ] ||
    fail "the devices of the whole centre: $(as audit --json device list)"
[ "$(as north-operator --json device list | jq -c '[.devices[].id]')" = '["app-n"]' ] || fail "the north sees: $(as north-operator device list)"
for word in "device show" "device suspend" "psk create" "psk revoke"; do
    for id in app-s app-1 nobody-there; do
        # shellcheck disable=SC2086
        ! as north-operator $word $id 2>"$site/$id.log" || fail "the north did: $word $id"
    done
    cmp -s "$site/app-s.log" "$site/nobody-there.log" && cmp -s "$site/app-1.log" "$site/nobody-there.log" ||
        fail "$word tells others' devices from those that are not there"
done
refused as north-operator device add app-9 --kind application --owner x --unit /south
[ "$(as audit --json device show app-s | field state)" = active ] || fail "the north has touched a device of the south"

echo "keys from the north to the south: only where somebody above both says so"
admin certificate sae app-n --certificate "$site/app-n.pem" --key "$site/app-n.key" >/dev/null
key_status() {
    curl --silent --max-time $ready_s --cert "$site/app-n.pem" --key "$site/app-n.key" --cacert "$site/centre/ca/ca.pem" -o /dev/null \
        -w '%{http_code}' "$url/api/v1/keys/app-s/enc_keys"
}
as north-operator device peers app-n --peer 'app-*' >/dev/null
[ "$(key_status)" = 400 ] || fail "the north permitted itself keys with the south, or learns that it is there: $(key_status)"
as security device peers app-n --peer 'app-s' >/dev/null
given() { [ "$(key_status)" = 200 ]; }
within $ready_s given || fail "no key although the centre's security administrator permits it: $(key_status)"

echo "suspended while the connection is open"
officer second operator /
mkfifo "$site/second.in"
openssl s_client -quiet -connect "${url#https://}" -cert "$site/second.pem" -key "$site/second.key" -CAfile "$site/centre/ca/ca.pem" \
    <"$site/second.in" >"$site/second.out" 2>/dev/null &
pid[second]=$!
exec 8>"$site/second.in"
ask() { printf 'GET /v1/devices/app-1 HTTP/1.1\r\nHost: centre\r\n\r\n' >&8; }
answers() { [ "$(grep -o "HTTP/1.1 $1" "$site/second.out" | wc -l)" = "$2" ]; }
ask
within $ready_s answers 200 1 || fail "no answer to an operator: $(cat "$site/second.out")"
as security officer suspend second >/dev/null
ask
within $ready_s answers 403 1 || fail "a suspended officer is served on his open connection: $(cat "$site/second.out")"
as security officer resume second >/dev/null
ask
within $ready_s answers 200 2 || fail "a resumed officer is not served: $(cat "$site/second.out")"
exec 8>&-
stop second

echo "and all of it after a kill"
as security officer remove second >/dev/null
stop qwaved KILL
start_centre
! as second status >/dev/null 2>&1 || fail "a removed officer is served" # his certificate went with him
refused as eve status
as audit status >/dev/null
for cause in 'officer is suspended' 'no officer of this centre' 'role may not do this' 'outside his part of the tree'; do
    grep -rqaF "$cause" "$site/centre" || fail "the journal does not say: $cause"
done
echo "done"
