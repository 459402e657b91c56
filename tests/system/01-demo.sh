# SPDX-License-Identifier: Apache-2.0
# rows: W1 W2 W3 W4 W5 W6 W7 W8 S1
# The demo over many seeds: keys arrive, no wrong key, nothing for the eavesdropper, no key material in any file.
source "$(dirname "$0")/site.sh"

for seed in $(seq 1 "${QWAVE_SEEDS:-2}"); do
    status=0
    "$bin/qwave" demo --once --json --source kernel --seed "$seed" >"$site/demo.json" 2>"$site/demo.log" || status=$?
    cat "$site/demo.json"
    [ "$status" = 0 ] || fail "seed $seed: exit status $status: $(cat "$site/demo.log")"
    [ "$(wc -l <"$site/demo.json")" = 1 ] || fail "seed $seed: not one line of JSON"
    for expected in keys_match=true wrong_keys=0 eve_keys_equal=0 leak_scan_hits=0 fresh_key_matched=true key_source=kernel; do
        [ "$(field "${expected%=*}" <"$site/demo.json")" = "${expected#*=}" ] || fail "seed $seed: not $expected"
    done
    [ "$(field delivered_keys <"$site/demo.json")" -ge 8 ] || fail "seed $seed: too few keys"
    grep -q '"simulated":\["key source' "$site/demo.json" || fail "seed $seed: the kernel's generator is not labelled"
done
