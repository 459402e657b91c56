#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# rows: C16 C10
# A province gets a quota of devices and of keys a day from above: its administrator divides it among what lies beneath, cannot exceed it,
# and cannot raise it; a kill gives nobody his day again. Usage: see site.sh.
. "$(dirname "$0")/site.sh"

make_centre
start_centre

as() {
    local file="$site/centre/officers/$1.yaml"
    [ -e "$file" ] || file="$site/$1.yaml"
    shift
    "$bin/qwave" admin --operator "$file" --url "$url" "$@"
}

# refused STATUS COMMAND...: by the centre with this status
refused() {
    local expected=$1
    shift
    ! "$@" >/dev/null 2>"$site/refused.log" || fail "done: $*"
    grep -qF "(status $expected)" "$site/refused.log" || fail "another refusal of $*: $(cat "$site/refused.log")"
}

# officer ID ROLE UNIT
officer() {
    as security certificate officer "$1" --certificate "$site/$1.pem" --key "$site/$1.key" >/dev/null
    sed "s,$site/centre/officers/audit,$site/$1," "$site/centre/officers/audit.yaml" >"$site/$1.yaml"
    as security officer add "$1" --role "$2" --unit "$3" >/dev/null
}

quota() { # quota UNIT: what is used of what
    as audit unit show "$1" --json | jq -r '.units[] | "\(.devices)/\(.devices_max) \(.keys_today)/\(.keys_per_day)"'
}

officer north-system system /north
officer north-operator operator /north
officer north-gas system /north/gas

echo "a quota comes from above, and what lies beneath adds up to no more"
as system unit quota /north --devices-max 4 --keys-per-day 512 >/dev/null
refused 403 as north-system unit quota /north --devices-max 1000
refused 403 as north-system unit quota /south --devices-max 1
refused 403 as north-operator unit quota /north/gas --devices-max 1
refused 400 as system unit quota / --devices-max 1
as north-system unit quota /north/gas --devices-max 2 --keys-per-day 256 >/dev/null
refused 403 as north-gas unit quota /north/gas --devices-max 4
refused 409 as north-system unit quota /north/water --devices-max 3
as north-system unit quota /north/water --devices-max 2 >/dev/null
refused 409 as system unit quota /north --devices-max 3 --keys-per-day 512
[ "$(as north-gas unit list --json | jq -c '[.units[].unit]')" = '["/north/gas"]' ] || fail "gas sees: $(as north-gas unit list)"

echo "devices"
for id in app-a app-b; do
    as north-operator device add $id --kind application --owner north --unit /north/gas --peer 'app-*' >/dev/null
done
refused 409 as north-operator device add app-c --kind application --owner north --unit /north/gas
as north-operator device add app-c --kind application --owner north --peer 'app-*' >/dev/null
as north-operator device add meter-1 --kind terminal --owner north --unit /north/water >/dev/null
refused 409 as north-operator device add meter-2 --kind terminal --owner north
as security device destroy meter-1 >/dev/null
as north-operator device add meter-2 --kind terminal --owner north >/dev/null
[ "$(quota /north)" = "4/4 0/512" ] || fail "the north has: $(quota /north)"
[ "$(quota /north/gas)" = "2/2 0/256" ] || fail "gas has: $(quota /north/gas)"
admin device add app-s --kind application --owner south --unit /south --peer app-t >/dev/null
admin device add app-t --kind application --owner south --unit /south --peer app-s >/dev/null

echo "keys of a day, in blocks of 256"
# All of it on one day: whoever begins shortly before its end begins after it.
left_s=$((86400 - $(date +%s) % 86400))
[ $left_s -gt 240 ] || sleep $((left_s + 1))
for id in app-a app-c app-s; do
    admin certificate sae $id --certificate "$site/$id.pem" --key "$site/$id.key" >/dev/null
done
# keys MASTER SLAVE: the status of 128 of them
keys() {
    curl --silent --max-time $ready_s --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$site/centre/ca/ca.pem" -o /dev/null -w '%{http_code}' \
        "$url/api/v1/keys/$2/enc_keys?number=128"
}
gives() { [ "$(keys "$1" "$2")" = 200 ]; }
for i in 1 2; do # the stock may still be on its way
    within $ready_s gives app-a app-b || fail "no keys for gas ($i)"
done
[ "$(keys app-a app-b)" = 503 ] || fail "gas gets more than its quota: $(quota /north/gas)"
[ "$(quota /north/gas)" = "2/2 256/256" ] || fail "gas has used: $(quota /north/gas)"
within $ready_s gives app-c app-a || fail "the rest of the north's quota is not given"
[ "$(quota /north)" = "4/4 512/512" ] || fail "the north has used: $(quota /north)"

echo "killed: used is used"
stop qwaved KILL
start_centre
[ "$(keys app-c app-a)" = 503 ] || fail "a kill gave the north more keys"
[ "$(quota /north)" = "4/4 512/512" ] || fail "after the kill the north has used: $(quota /north)"
within $ready_s gives app-s app-t || fail "the south suffers for the north"
metrics=$(curl --silent --max-time $ready_s --cert "$site/centre/operator/operator.pem" --key "$site/centre/operator/operator.key" \
    --cacert "$site/centre/ca/ca.pem" "$url/metrics")
grep -qx 'qwave_unit_keys_today{unit="/north"} 512' <<<"$metrics" || fail "metrics: $(grep qwave_unit <<<"$metrics")"
grep -qx 'qwave_unit_devices_max{unit="/north/gas"} 2' <<<"$metrics" || fail "metrics: $(grep qwave_unit <<<"$metrics")"

echo "more from above"
as system unit quota /north --devices-max 4 --keys-per-day 1024 >/dev/null
within $ready_s gives app-c app-a || fail "a larger quota gives no keys"
stop qwaved
grep -qaF 'the quota of its unit is used up' "$site"/centre/centre.db* || fail "the journal does not say why"
echo "done"
