# SPDX-License-Identifier: Apache-2.0
# rows: C9 C11 W8 W14 A4
# Cards with a chip of their own (simulated, in vsmartcard's virtual reader) and cards on a PKCS#11 token (softhsm2) where a card file serves: as the card of a
# charging station and of an access point, for enrolment by a one-time key, `qwave auth` and `qwave code`. Kills, a wrong PIN, another card in the reader.
# once: processes of release and of the sanitizers do the same here; each command of the card is in terminal.card_reader_service
source "$(dirname "$0")/reader.sh"
[ -r /usr/lib/softhsm/libsofthsm2.so ] && command -v softhsm2-util >/dev/null || skip "softhsm2 is not installed"
start_reader

export SOFTHSM2_CONF=$site/softhsm2.conf
mkdir "$site/tokens"
printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$site/tokens" >"$SOFTHSM2_CONF"
softhsm2-util --init-token --free --label counter --so-pin 12345678 --pin $chip_pin >/dev/null

# Two slots: the station's chip and the access point's; a second access point's card and an officer's are on the token.
card_of() {
    case $1 in
    station-2) echo "pcsc:Virtual PCD 00 00" ;;
    ap-1) echo "pcsc:Virtual PCD 00 01" ;;
    ap-2 | audit-1) echo "pkcs11:token=counter;object=$1?module-path=/usr/lib/softhsm/libsofthsm2.so" ;;
    *) echo "$card_folder/$1.card" ;;
    esac
}
for who in station-2 ap-1 ap-2 audit-1; do (umask 077 && echo $chip_pin >"$site/$who.passphrase"); done

make_centre
printf 'public: on\npublic_port: 0\nconsole_login: on\nconsole_login_port: 0\n' >>"$site/centre/qwaved.yaml"
start_ports() {
    start_centre
    public=http://127.0.0.1:$(sed -n 's/^public //p' "$site/qwaved.out")
}
start_ports
door=https://127.0.0.1:$(sed -n 's/^console-login //p' "$site/qwaved.out")
insert chip-station 0
insert chip-ap 1

echo "a charging station whose own card is a chip: charged by the first station, then it charges"
admin device add station-2 --kind station --owner test >/dev/null
admin device add phone-1 --kind terminal --owner test --peer app-1 >/dev/null
admin device add ap-1 --kind access-point --owner test >/dev/null
admin device add ap-2 --kind access-point --owner test >/dev/null
admin device add audit-1 --kind terminal --owner test --peer app-1 >/dev/null
admin device add app-1 --kind application --owner test >/dev/null
admin certificate sae app-1 --certificate "$site/app-1.pem" --key "$site/app-1.key" >/dev/null
chip_is_charged() { charge station-2 1 2>"$site/refused.log"; } # once the service has seen the chip
within $ready_s chip_is_charged || fail "the station's chip: $(cat "$site/refused.log")"
sed -i "s|^station: .*|station: station-2|; s|^station_card: .*|station_card: $(card_of station-2)|; s|^station_passphrase_file: .*|station_passphrase_file: $site/station-2.passphrase|" \
    "$site/centre/operator/operator.yaml"
charge phone-1 40 || fail "a file, charged by a station with a chip"
ap_is_charged() { charge ap-1 24 2>"$site/refused.log"; }
within $ready_s ap_is_charged || fail "a chip, charged by a station with a chip: $(cat "$site/refused.log")"
charge ap-2 4 || fail "a token, charged by a station with a chip"
charge audit-1 4 || fail "an officer's token"

echo "the station's chip taken out: nothing is charged, it says so, and the centre has not lost the device"
take_out chip-station
admin device add meter-1 --kind terminal --owner test >/dev/null
! charge meter-1 4 2>"$site/refused.log" || fail "charged by a station without its card"
says "the station's own card: no such reader, no card in it"
insert chip-station 0
meter_is_charged() { charge meter-1 4 2>"$site/refused.log"; }
within $ready_s meter_is_charged || fail "not after it was put back: $(cat "$site/refused.log")"

echo "enrolment by a key of a chip and of a token; a request that got no answer is sent again as it was"
enrol() {
    "$bin/qwave" enrol --url "$public" --name "urn:qwave:ap:$1" --card "$(card_of "$1")" --passphrase-file "$site/$1.passphrase" \
        --certificate "$site/$1.pem" --key "$site/$1.key" --ca "$site/$1-ca.pem" >/dev/null 2>"$site/refused.log"
}
stop qwaved KILL
! enrol ap-1 || fail "enrolled by nobody"
[ -s "$site/ap-1.pem.request" ] || fail "the request does not wait: $(cat "$site/refused.log")"
cp "$site/ap-1.pem.request" "$site/sent"
! enrol ap-1 || fail "enrolled by nobody"
cmp -s "$site/sent" "$site/ap-1.pem.request" || fail "another key was used up for the same request"
start_ports
enrol ap-1 || fail "a chip does not enrol: $(cat "$site/refused.log")"
[ ! -e "$site/ap-1.pem.request" ] || fail "it waits still"
enrol ap-2 || fail "a token does not enrol: $(cat "$site/refused.log")"
! "$bin/qwave" enrol --url "$public" --name urn:qwave:ap:ap-2 --card "$(card_of ap-1)" --passphrase-file "$site/ap-1.passphrase" \
    --certificate "$site/x.pem" --key "$site/x.key" --ca "$site/x-ca.pem" >/dev/null 2>&1 || fail "a chip enrols another device"

echo "proofs by a chip and by a token, with the certificates they got; half of it is refused"
auth() { # WHO CERTIFICATE
    "$bin/qwave" auth --url "$public" --name "urn:qwave:ap:$1" --card "$(card_of "$1")" --passphrase-file "$site/$1.passphrase" \
        --certificate "$site/$2.pem" --key "$site/$2.key" --json 2>"$site/refused.log"
}
statement() {
    curl --silent --max-time $ready_s --cert "$site/app-1.pem" --key "$site/app-1.key" --cacert "$site/centre/ca/ca.pem" "$url/v1/authentication?name=urn:qwave:ap:$1&id=$2"
}
for who in ap-1 ap-2; do
    id=$(auth $who $who | field id)
    [ -n "$id" ] || fail "$who is refused: $(cat "$site/refused.log")"
    [ "$(statement $who "$id" | field id)" = "$id" ] || fail "no statement: $(statement $who "$id")"
done
status=0
auth ap-1 ap-2 >/dev/null || status=$?
[ "$status" = 3 ] || fail "a chip with another's certificate: exit status $status"

echo "killed while it proves itself, again and again: it goes on, and no key makes two statements"
for _ in 1 2 3; do
    start prover qwave auth --url "$public" --name urn:qwave:ap:ap-1 --card "$(card_of ap-1)" --passphrase-file "$site/ap-1.passphrase" \
        --certificate "$site/ap-1.pem" --key "$site/ap-1.key"
    waits() { [ -e "$site/ap-1.pem.proof" ] || [ -s "$site/prover.out" ] || ! kill -0 "${pid[prover]}" 2>/dev/null; }
    within $ready_s waits || true
    stop prover KILL
    proves() { auth ap-1 ap-1 >"$site/auth.out"; } # once the service has seen that the other program is gone
    within $ready_s proves || fail "not after the kill: $(cat "$site/refused.log")"
    id=$(field id <"$site/auth.out")
    [ -z "${seen[$id]:-}" ] || [ "${seen[$id]}" = killed ] || fail "one statement twice"
    seen[$id]=proved
done

echo "a code for the console's log-in by an officer's token: good once"
admin device bind audit-1 --user audit-1 >/dev/null
"$bin/qwave" admin --operator "$site/centre/officers/security.yaml" --url "$url" --json officer password audit-1 --card audit-1 >"$site/initial" || fail "no first password"
door=https://127.0.0.1:$(sed -n 's/^console-login //p' "$site/qwaved.out")
log_in() { # CODE; prints the status
    printf '{"officer":"audit-1","password":"%s","code":"%s"}' "$(field password <"$site/initial")" "$1" |
        curl --silent --output /dev/null --write-out '%{http_code}' --cacert "$site/centre/ca/ca.pem" -H 'Content-Type: application/json' --data-binary @- "$door/v1/session"
}
code=$("$bin/qwave" code --officer audit-1 --card "$(card_of audit-1)" --passphrase-file "$site/audit-1.passphrase") || fail "no code"
status=$(log_in "$code")
[ "$status" = 200 ] || fail "the code of a token is refused: $status"
[ "$(log_in "$code")" != 200 ] || fail "the code is good twice"

echo "an access point with a chip carries a refill; without it none; an empty chip in its place is not taken for it"
start_air
start_access_point
start_terminal "automatic_refill: false"
use_keys 8
key refill >/dev/null || fail "no refill: $(tail -n 3 "$site/ap.log")"
use_keys 6
take_out chip-ap
! key refill >/dev/null 2>&1 || fail "a refill through an access point without its card"
insert chip-other 1
! key refill >/dev/null 2>&1 || fail "a refill by an empty card"
take_out chip-other
insert chip-ap 1
refills() { key refill >/dev/null 2>&1; }
within $ready_s refills || fail "no refill after it was put back: $(tail -n 3 "$site/ap.log")"
use_keys 6
stop terminal
stop ap

echo "and one with a token, after a wrong PIN"
sed -i "s|ap-1|ap-2|g; s|^card: .*|card: $(card_of ap-2)|" "$site/ap.yaml"
(umask 077 && echo 90817264 >"$site/ap-2.passphrase")
! timeout $ready_s "$bin/qwave-ap" --config "$site/ap.yaml" >/dev/null 2>"$site/refused.log" || fail "serves with a wrong PIN"
says 'wrong PIN, which the token counts'
(umask 077 && echo $chip_pin >"$site/ap-2.passphrase")
start ap qwave-ap --config "$site/ap.yaml"
access_point_port=$(ready ap)
start_terminal "automatic_refill: false"
key refill >/dev/null || fail "no refill: $(tail -n 3 "$site/ap.log" "$site/terminal.log")"
use_keys 1

echo "no PIN in a file of ours"
if grep -raqF $chip_pin "$site/centre" "$site"/*.log "$site"/*.out "$site"/*.yaml "$site"/chip*.card*; then
    fail "the PIN stands in a file"
fi
echo "done"
