# SPDX-License-Identifier: Apache-2.0
# rows: W9 W15
# Measured channels of one receiver: both ends are given one record, so whatever the account says no key is made; the ledger shows how far they went,
# and curl fetches a delivered key from the running centre.
source "$(dirname "$0")/site.sh"

[ -r "${QWAVE_CAPTURES:-}/intel5300_moving_1s.dat" ] || skip "no captures at hand"
for file in intel5300_moving_1s.dat intel5300_moving_3s.dat; do
    status=0
    "$bin/qwave" demo --once --json --source kernel --seed 1 --capture "$QWAVE_CAPTURES/$file" >"$site/demo.json" 2>"$site/demo.log" ||
        status=$?
    cat "$site/demo.json"
    [ "$status" = 3 ] || fail "$file: exit status $status: $(cat "$site/demo.log")"
    [ "$(field plkg_secret_bits <"$site/demo.json")" = 0 ] || fail "$file: secret bits from a replay"
    grep -q 'replayed channel' "$site/demo.json" || fail "$file: not labelled as replayed"
    [ "$(field plkg_probes <"$site/demo.json")" -gt 0 ] || fail "$file: no probes"
    [ "$(field wrong_keys <"$site/demo.json")" = 0 ] || fail "$file: wrong keys"
    [ "$(field eve_keys_equal <"$site/demo.json")" = 0 ] || fail "$file: the eavesdropper has keys"
    [ "$(field curl_key_matched <"$site/demo.json")" = true ] || fail "$file: curl did not get the key"
done
status=0
"$bin/qwave" demo --once --json --capture /dev/null >/dev/null 2>"$site/demo.log" || status=$?
[ "$status" = 1 ] || fail "an empty capture: exit status $status"
grep -q '/dev/null\|null' "$site/demo.log" || fail "an empty capture: the message does not name it: $(cat "$site/demo.log")"
