# SPDX-License-Identifier: Apache-2.0
# rows: C11 A6
# A terminal without IP to its centre proves itself through an access point, by the contact that refills begin with: the centre answers before
# any probe, no pool byte is spent, and the access point can only carry.
source "$(dirname "$0")/site.sh"

make_centre
start_centre
make_devices 12
admin certificate terminal phone-1 --certificate "$site/phone-1.pem" --key "$site/phone-1.key" >/dev/null
start_air
start_access_point

# auth CERTIFICATE KEY: by phone-1's card
auth() {
    "$bin/qwave" auth --access-point "127.0.0.1:$access_point_port" --air "127.0.0.1:$air_port" --name urn:qwave:terminal:phone-1 \
        --card "$site/phone-1.card" --passphrase-file "$site/phone-1.passphrase" --certificate "$site/$1.pem" --key "$site/$2.key" --json 2>"$site/auth.log"
}
statement() {
    curl --silent --max-time $ready_s --cert "$site/app-1.pem" --key "$site/app-1.key" --cacert "$site/centre/ca/ca.pem" \
        "$url/v1/authentication?name=urn:qwave:terminal:phone-1&id=$1"
}
audit() { "$bin/qwave" audit --operator "$site/centre/operator/operator.yaml" --url "$url" show --verb authenticate; }

echo "proved through the access point; the application sees it, the journal says who carried it"
admin device add app-1 --kind application --owner test >/dev/null
id=$(auth phone-1 phone-1 | field id)
[ -n "$id" ] || fail "refused: $(cat "$site/auth.log")"
[ "$(statement "$id" | field id)" = "$id" ] || fail "no statement: $(statement "$id")"
audit | grep -q 'access-point:ap-1 authenticate urn:qwave:terminal:phone-1: success' || fail "the journal: $(audit)"

echo "half of it is refused, and the whole works again"
status=0
auth app-1 app-1 >/dev/null || status=$?
[ "$status" = 3 ] || fail "another's certificate: exit status $status"
auth phone-1 phone-1 >/dev/null || fail "refused: $(cat "$site/auth.log")"

echo "the access point cannot reach the centre: the same proof comes through later, and uses one key"
stop qwaved KILL
! auth phone-1 phone-1 >/dev/null || fail "proved to nobody"
start_centre
stop ap
start_access_point
auth phone-1 phone-1 >/dev/null || fail "not later: $(cat "$site/auth.log")"

echo "an access point out of service carries nothing"
admin device suspend ap-1 >/dev/null
! auth phone-1 phone-1 >/dev/null || fail "carried by an access point that is suspended"
admin device resume ap-1 >/dev/null
auth phone-1 phone-1 >/dev/null || fail "not after it is back: $(cat "$site/auth.log")"

echo "the card refills as before: no pool byte, no session was spent"
start_terminal "automatic_refill: false"
use_keys 1
key refill >/dev/null || fail "no refill: $(tail -n 3 "$site/terminal.log")"
echo "passed"
