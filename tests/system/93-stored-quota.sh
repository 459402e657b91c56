#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# rows: C16 C7
# Two tenants, one with a quota of stored keys: full is refused with its own words, what is fetched and over makes room again, its neighbour notices nothing,
# and kills change no count. Usage: see site.sh.
. "$(dirname "$0")/site.sh"

make_centre
cat >>"$site/centre/qwaved.yaml" <<YAML
lease_keys: 128
window_ms: 1000
YAML
start_centre

as() {
    local file="$site/centre/officers/$1.yaml"
    shift
    "$bin/qwave" admin --operator "$file" --url "$url" "$@"
}

# refused TEXT COMMAND...: by the centre
refused() {
    local expected=$1
    shift
    ! "$@" >/dev/null 2>"$site/refused.log" || fail "done: $*"
    grep -qFe "$expected" "$site/refused.log" || fail "another refusal of $*: $(cat "$site/refused.log")"
}

stored() { # stored UNIT: of how many that may be
    as audit unit show "$1" --json | jq -r '.units[] | "\(.keys_stored)/\(.keys_stored_max)"'
}
is_stored() { [ "$(stored "$1")" = "$2" ]; }

# keys MASTER SLAVE NUMBER: the status of so many new ones; the answer is in MASTER.keys
keys() {
    curl --silent --max-time $ready_s --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$site/centre/ca/ca.pem" -o "$site/$1.keys" -w '%{http_code}' \
        "$url/api/v1/keys/$2/enc_keys?number=$3"
}
gives() { [ "$(keys "$@")" = 200 ]; }

# fetch MASTER SLAVE FILE: all keys that the file names, by the slave, and they are the master's
fetch() {
    local ids
    ids=$(jq -c '{key_IDs: [.keys[] | {key_ID}]}' "$3")
    curl --silent --fail --max-time $ready_s --cert "$site/$2.pem" --key "$site/$2.key" --cacert "$site/centre/ca/ca.pem" -o "$site/fetched" \
        -H 'Content-Type: application/json' -d "$ids" "$url/api/v1/keys/$1/dec_keys" || fail "$2 gets no keys of $1"
    [ "$(jq -S .keys "$3")" = "$(jq -S .keys "$site/fetched")" ] || fail "other keys for $2 than for $1"
}

metric() {
    curl --silent --max-time $ready_s --cert "$site/centre/operator/operator.pem" --key "$site/centre/operator/operator.key" --cacert "$site/centre/ca/ca.pem" \
        "$url/metrics" | grep "^qwave_unit_keys_stored"
}

for tenant in north south; do
    for end in a b; do
        admin device add $tenant-$end --kind application --owner $tenant --unit /$tenant --peer "$tenant-*" >/dev/null
        admin certificate sae $tenant-$end --certificate "$site/$tenant-$end.pem" --key "$site/$tenant-$end.key" >/dev/null
    done
done

echo "a quota that adds up, and cannot be raised from beneath"
as system unit quota /north --keys-stored 384 >/dev/null
as system unit quota /south --devices-max 10 >/dev/null
as system unit quota /north/gas --keys-stored 320 >/dev/null
refused 'status 409' as system unit quota /north/water --keys-stored 65
refused 'status 409' as system unit quota /north --keys-stored 319
refused 'status 403' as security unit quota /north --keys-stored 1000
refused '--keys-stored' as system unit quota /north --keys-stored many
is_stored /north 0/384 || fail "the north begins with: $(stored /north)"

echo "full: refused with its own words, and the south notices nothing"
within $ready_s gives north-a north-b 128 || fail "no keys for the north: $(cat "$site/north-a.keys")"
cp "$site/north-a.keys" "$site/first"
for i in 2 3; do # the stock may still be on its way
    within $ready_s gives north-a north-b 128 || fail "not up to its quota ($i): $(cat "$site/north-a.keys")"
done
is_stored /north 384/384 || fail "the north stores: $(stored /north)"
[ "$(keys north-b north-a 1)" = 503 ] || fail "more than the quota: $(stored /north)"
grep -qF 'as many keys are stored as the quota of the unit allows' "$site/north-b.keys" || fail "not said why: $(cat "$site/north-b.keys")"
for i in 1 2 3; do
    within $ready_s gives south-a south-b 128 || fail "the south suffers for the north ($i)"
done
is_stored /south 384/0 || fail "the south stores: $(stored /south)"
grep -qx 'qwave_unit_keys_stored{unit="/north"} 384' <<<"$(metric)" || fail "metrics: $(metric)"
grep -qx 'qwave_unit_keys_stored_max{unit="/north"} 384' <<<"$(metric)" || fail "metrics: $(metric)"

echo "killed, and killed again while it is full: the same count"
for i in 1 2; do
    stop qwaved KILL
    start_centre
    is_stored /north 384/384 || fail "after kill $i the north stores: $(stored /north)"
    [ "$(keys north-b north-a 1)" = 503 ] || fail "kill $i gave the north room"
done

echo "fetched, and the windows over: room again, once"
fetch north-a north-b "$site/first"
within $ready_s is_stored /north 256/384 || fail "what was fetched is stored still: $(stored /north)"
within $ready_s gives north-b north-a 128 || fail "no room: $(cat "$site/north-b.keys")"
is_stored /north 384/384 || fail "the north stores: $(stored /north)"
cp "$site/north-b.keys" "$site/second"
[ "$(keys north-b north-a 1)" = 503 ] || fail "one room for two: $(stored /north)"

echo "killed between the fetch and the end of its window"
fetch north-b north-a "$site/second"
stop qwaved KILL
start_centre
within $ready_s is_stored /north 256/384 || fail "after the kill the north stores: $(stored /north)"

echo "taken back, and a key that waits counts on"
id=$(jq -r '.keys[0].key_ID' "$site/north-a.keys")
admin key suspend "$id" >/dev/null
rest=$(jq -c '{key_IDs: [.keys[1:][] | {key_ID}]}' "$site/north-a.keys")
[ "$(curl --silent --max-time $ready_s --cert "$site/north-a.pem" --key "$site/north-a.key" --cacert "$site/centre/ca/ca.pem" -o /dev/null -w '%{http_code}' \
    -H 'Content-Type: application/json' -d "$rest" "$url/v1/keys/void")" = 200 ] || fail "not taken back"
within $ready_s is_stored /north 129/384 || fail "after taking back the north stores: $(stored /north)"
admin key void "$id" >/dev/null
within $ready_s is_stored /north 128/384 || fail "after taking back the last one the north stores: $(stored /north)"

echo "less than there is: nothing is taken away, nothing more is given"
as system unit quota /north/gas >/dev/null
as system unit quota /north --keys-stored 129 >/dev/null
is_stored /north 128/129 || fail "the north stores: $(stored /north)"
[ "$(keys north-a north-b 1)" = 503 ] || fail "more than the smaller quota"
as system unit quota /north --keys-stored 256 >/dev/null
within $ready_s gives north-a north-b 1 || fail "a larger quota gives no keys: $(cat "$site/north-a.keys")"
is_stored /south 384/0 || fail "the south stores: $(stored /south)"

echo "a first quota counts what is there already, over a kill"
whole() { as audit unit show "$1" --json | jq -e '.units[0].is_counting == false' >/dev/null; }
as system unit quota /south >/dev/null
is_stored /south "" || fail "the south has a quota still: $(stored /south)"
as system unit quota /south --keys-stored 400 >/dev/null
stop qwaved KILL
start_centre
within $ready_s whole /south || fail "never counted"
is_stored /south 384/400 || fail "counted: $(stored /south)"
[ "$(keys south-a south-b 1)" = 503 ] || fail "more than the quota, with what was there before"
stop qwaved
grep -qaF 'as many keys are stored as the quota of its unit allows' "$site"/centre/centre.db* || fail "the journal does not say why"
echo "done"
