# SPDX-License-Identifier: Apache-2.0
# rows: A1 C12
# Two agents keep a file with a key equal at two sites: they change it by command, each of them dies by SIGKILL right after each of its durable
# writes, comes back, and both end with one key; a clock that is wrong at one end leaves the key that is there, with an alarm that says so; a key server that is away
# does too, until the policy says otherwise.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"
: "${QWAVE_KILL_AT_RENAME:?}"

make_links
cat >"$site/template" <<'TEXT'
# {{key_id}}
use:{{key_hex}}
accept:{{other_hex}}
TEXT
for sae in site-a site-b; do
    agent_lines[$sae]="sink: psk-file
file: $site/$sae.psk
template: $site/template"
done

same_files() {
    [ -s "$site/site-a.psk" ] && cmp -s "$site/site-a.psk" "$site/site-b.psk"
}
used() {
    sed -n 's/^use://p' "$site/$1.psk"
}
# What one end uses the other accepts.
both_accepted() {
    local a b
    a=$(cat "$site/site-a.psk") b=$(cat "$site/site-b.psk")
    grep -qF "$(sed -n 's/^use://p' <<<"$a")" <<<"$b" || grep -qF "$(sed -n 's/^use://p' <<<"$b")" <<<"$a"
}

died() {
    ! kill -0 "${pid[$1]}" 2>/dev/null
}

echo "the first key"
start_agent site-b
[ "$(link_status site-b state)" = DEGRADED ] || fail "a link without a key is not DEGRADED"
has_one() { first=$(used site-b) && [ ${#first} = 64 ]; }
within $ready_s has_one || fail "no random key before the first"
start_agent site-a
steady_within $ready_s || fail "no first key"
within $ready_s same_files || fail "the files differ"
[ "$(used site-a)" != "$first" ] || fail "the random key is in use"
[ "$(stat -c %a "$site/site-a.psk")" = 600 ] || fail "others may read the key"

echo "by command, at either end"
for sae in site-a site-b; do
    last=$(link_status site-a key_ID)
    other=site-b
    [ $sae = site-a ] || other=site-a
    link_rotate $sae $other
    steady_within $ready_s "$last" || fail "no new key by command of $sae"
    within $ready_s same_files || fail "the files differ"
done
status=0
link_rotate site-a nobody 2>/dev/null || status=$?
[ $status = 1 ] || fail "rotate of an unknown peer: exit status $status"
"$bin/qwave-link" status --socket "$site/site-a.sock" | grep -q 'site-b  *main  *STEADY' || fail "status as text"
"$bin/qwave-link" status --prometheus --socket "$site/site-b.sock" |
    grep -qx 'qwave_link_steady{agent="site-b",peer="site-a",link="main"} 1' || fail "status for Prometheus"

# The eight writes of a rotation, at both ends: PREPARE, file, PROBE, PROMOTE, file, RETIRE, file, STEADY. Each contact with the world, between them
# too, is hit in tests/unit/link/association_test.c; here it is real processes, and under sanitizers some of them.
echo "killed after durable writes"
states=
declare -A writes=([site-a]="1 3 4 6" [site-b]="1 4 6")
[ "${QWAVE_RELEASE:-yes}" = yes ] || writes=([site-a]="3 4" [site-b]="6")
for sae in site-a site-b; do
    for n in ${writes[$sae]}; do
        lines=$(wc -l <"$site/$sae.log")
        echo $n >"$site/$sae.kill"
        link_rotate site-a site-b
        within $ready_s died $sae || fail "$sae did not die at write $n"
        wait "${pid[$sae]}" 2>/dev/null || true
        states="$states $(tail -n +$((lines + 1)) "$site/$sae.log" | sed -n 's/.*: state \([A-Z]*\) turn.*/\1/p' | tail -n 1)"
        both_accepted || fail "$sae died at write $n, and the ends do not understand each other"
        start_agent $sae
        steady_within $ready_s || fail "no agreement after $sae died at write $n: $(link_status site-a alarm)"
        within $ready_s same_files || fail "the files differ after $sae died at write $n"
    done
done
# What a dead agent told last is the state before the write that it died at.
for state in PREPARE PROBE PROMOTE; do
    grep -qw $state <<<"$states" || fail "nobody died in $state:$states"
done

echo "a clock that is wrong at one end: an hour changes nothing"
stop site-b
echo 3600 >"$site/clock"
clock_of[site-b]=$site/clock
start_agent site-b
key=$(link_status site-a key_ID)
link_rotate site-a site-b
steady_within 30 "$key" && within 5 same_files || fail "no new key: $(state_of site-a), $(state_of site-b)"
echo "twelve years: no certificate is valid there, the key that is there goes on"
key=$(link_status site-a key_ID)
echo 400000000 >"$site/clock.new" && cat "$site/clock.new" >"$site/clock"
told_of_the_clock() {
    [[ $(state_of site-a) = "STEADY $key "*"a clock that is wrong" ]]
}
within 30 told_of_the_clock || fail "it is not told: $(state_of site-a)"
link_rotate site-a site-b
refused_often() { [ "$(grep -c 'caller refused: expired' "$site/site-b.log")" -ge 3 ]; } # its log says why
within 30 refused_often || fail "the log of the other end does not say why: $(tail -n 3 "$site/site-b.log")"
same_files && [ "$(link_status site-a key_ID)" = "$key" ] && [ "$(link_status site-b key_ID)" = "$key" ] || fail "the key is another one: $(state_of site-a), $(state_of site-b)"
echo 0 >"$site/clock.new" && cat "$site/clock.new" >"$site/clock"
steady_within 30 "$key" && within 5 same_files || fail "not well again: $(state_of site-a), $(state_of site-b)"

echo "the key server is away"
key=$(link_status site-a key_ID)
stop qwaved
link_rotate site-a site-b
within $ready_s sh -c '"$0/qwave-link" status --json --socket "$1/site-a.sock" | grep -q "no new key"' "$bin" "$site" || fail "no alarm"
[ "$(link_status site-a key_ID)" = "$key" ] && same_files || fail "the key changed without a key server"

echo "and the hard lifetime passes: traffic stops, for the policy is closed"
shorten_lives
blocked() {
    [ "$(link_status site-a blocked)" = true ] && [ "$(link_status site-b blocked)" = true ] && [ "$(used site-a)" != "$(used site-b)" ]
}
within $ready_s blocked || fail "a key over its hard lifetime goes on"

echo "no key is in a log or a state"
keys=$(cat "$site"/site-?.psk | sed -n 's/^use://p')
for key in $keys; do
    ! grep -rqiF "$key" "$site"/*.log "$site"/*.out "$site"/site-?.state || fail "a key is where it should not be"
done
echo "done"
