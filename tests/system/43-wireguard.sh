# SPDX-License-Identifier: Apache-2.0
# rows: A1
# WireGuard in two network namespaces: an agent waits for its interface; without a key from the centre no handshake; a change of the key while probes run, and with agents that die
# right after each of their durable writes; a pre-shared key that somebody else has set at one end is found and mended, and a session that both ends made without one goes; a hard
# lifetime without a key server ends the traffic, whatever hand sets a key then.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"
source "$(dirname "$0")/wireguard.sh"

need_wireguard
make_links

echo "an agent whose interface is not there yet"
start_agent site-b
link_status site-b alarm | grep -q '^wireguard does not take the key' || fail "no alarm: $(link_status site-b alarm)"
start_wireguard

echo "one agent alone: a random key, and no handshake"
within $ready_s has_psk b || fail "no pre-shared key was set: $(link_status site-b alarm)"
! passes || fail "traffic without a key of the centre"
[ "$(handshake b)" = 0 ] || fail "a handshake without a key of the centre"

echo "both agents: the same key, and a handshake"
start_agent site-a
steady_within $ready_s || fail "no first key: $(link_status site-a alarm)"
[ "$(psk a)" = "$(psk b)" ] || fail "the keys differ"
within $ready_s passes || fail "no traffic with the key"
[ "$(handshake a)" -gt 0 ] || fail "no handshake"

echo "three changes under probes of 10 ms"
in_ns a ping -q -i 0.01 -c 600 10.9.9.2 >"$site/ping.txt" &
pid[ping]=$!
for turn in 1 2 3; do
    key=$(link_status site-a key_ID)
    last=$(psk a)
    link_rotate site-a site-b
    steady_within $ready_s "$key" || fail "no new key: $(link_status site-a alarm)"
    [ "$(psk a)" = "$(psk b)" ] && [ "$(psk a)" != "$last" ] || fail "the keys differ or did not change"
done
wait "${pid[ping]}" || true
unset "pid[ping]"
lost=$(sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) received.*/\1 \2/p' "$site/ping.txt" | awk '{ print $1 - $2 }')
[ -n "$lost" ] && [ "$lost" -le 3 ] || fail "lost ${lost:-all} of 600 probes in three changes"
echo "lost $lost of 600 probes"

echo "agents that die right after each of their durable writes, under probes of 100 ms"
: "${QWAVE_KILL_AT_RENAME:?}"
died() {
    ! kill -0 "${pid[$1]}" 2>/dev/null
}
begin_probes a 10.9.9.2 0.1
states=
for sae in site-a site-b; do
    for n in 1 2 3 4 5; do # PREPARE, PROBE, PROMOTE, RETIRE, STEADY
        [ "${QWAVE_RELEASE:-yes}" = yes ] || [ $n = 3 ] || [ $n = 4 ] || continue
        lines=$(wc -l <"$site/$sae.log")
        echo $n >"$site/$sae.kill"
        link_rotate site-a site-b
        within $ready_s died $sae || fail "$sae did not die at write $n"
        wait "${pid[$sae]}" 2>/dev/null || true
        states="$states $(tail -n +$((lines + 1)) "$site/$sae.log" | sed -n 's/.*: state \([A-Z]*\) turn.*/\1/p' | tail -n 1)"
        start_agent $sae
        steady_within $ready_s || fail "no agreement after $sae died at write $n: $(link_status site-a alarm)"
        [ "$(psk a)" = "$(psk b)" ] || fail "the keys differ after $sae died at write $n"
    done
done
for state in PREPARE PROBE PROMOTE; do # what a dead agent told last
    [ "${QWAVE_RELEASE:-yes}" != yes ] || grep -qw $state <<<"$states" || fail "nobody died in $state:$states"
done
end_probes a
[ "$lost" -le 10 ] || fail "lost $lost of $sent probes in ten changes while agents died"
echo "    lost $lost of $sent probes"
shake_hands
within $ready_s has_shaken || fail "no handshake after all"
within $ready_s passes || fail "no traffic after all"

echo "another hand sets a key at one end, no centre near"
stop qwaved
key=$(link_status site-a key_ID)
ours=$(psk b)
alarms=$(link_status site-b alarms)
wg genpsk >"$site/strange.psk"
in_ns b wg set "qw$tag""b" peer "$(peer_key b)" preshared-key "$site/strange.psk"
is_ours() {
    [ "$(psk a)" = "$ours" ] && [ "$(psk b)" = "$ours" ]
}
within $ready_s is_ours || fail "a strange key is not noticed: $(link_status site-b alarm)"
is_told() {
    [ "$(link_status site-b alarms)" -gt "$alarms" ]
}
within $ready_s is_told || fail "nobody is told of a strange hand"
shake_hands
within $ready_s has_shaken || fail "no handshake after the mending"
within $ready_s passes || fail "no traffic after the mending"
[ "$(link_status site-a key_ID)" = "$key" ] || fail "another key from nowhere"

# no_keys: at neither end, as an interface has it that is made anew.
no_keys() {
    for end in a b; do
        in_ns $end wg set "qw$tag$end" peer "$(peer_key $end)" preshared-key /dev/null
    done
}
# without_looking COMMAND...: while neither agent looks
without_looking() {
    kill -STOP "${pid[site-a]}" "${pid[site-b]}"
    "$@"
    kill -CONT "${pid[site-a]}" "${pid[site-b]}"
}
echo "a session that both ends made without a key goes when they have one again"
unprotected() {
    no_keys
    in_ns a wg set "qw$tag""a" peer "$(peer_key a)" remove
    set_peer a
    within $ready_s passes || fail "no traffic without a key, which WireGuard allows"
    unprotected_at=$(handshake a)
    until [ "$(date +%s)" -gt "$unprotected_at" ]; do sleep 0.1; done # handshakes tell their second
}
without_looking unprotected
within $ready_s is_ours || fail "the keys do not come back"
has_another_session() {
    passes && [ "$(handshake a)" -gt "$unprotected_at" ]
}
within $ready_s has_another_session || fail "what was made without a key goes on"
within $ready_s both_steady || fail "an alarm stays: $(link_status site-a alarm) $(link_status site-b alarm)"

echo "still no key server, and the hard lifetime passes"
shorten_lives
closed() {
    [ "$(psk a)" != "$(psk b)" ] && ! passes
}
within $ready_s closed || fail "traffic goes on over the hard lifetime"
echo "and other hands that take the keys away open nothing"
without_looking no_keys
within $ready_s has_psk a && within $ready_s has_psk b || fail "what was closed is open"
[ "$(psk a)" != "$(psk b)" ] && ! passes || fail "traffic over the hard lifetime"
echo "done"
