# SPDX-License-Identifier: Apache-2.0
# rows: A1
# WireGuard in two network namespaces: an agent waits for its interface; without a key from the centre no handshake; a change of the key while probes run; a pre-shared key that
# somebody else has set at one end is found and mended; a hard lifetime without a key server ends the traffic.
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

echo "another hand sets a key at one end"
key=$(link_status site-a key_ID)
wg genpsk >"$site/strange.psk"
in_ns b wg set "qw$tag""b" peer "$(peer_key b)" preshared-key "$site/strange.psk"
steady_within $ready_s "$key" || fail "a strange key is not noticed: $(link_status site-b alarm)"
[ "$(psk a)" = "$(psk b)" ] && [ "$(psk b)" != "$(cat "$site/strange.psk")" ] || fail "the strange key stayed"
within $ready_s passes || fail "no traffic after the mending"

echo "no key server, and the hard lifetime passes"
stop qwaved
shorten_lives
closed() {
    [ "$(psk a)" != "$(psk b)" ] && ! passes
}
within $ready_s closed || fail "traffic goes on over the hard lifetime"
echo "done"
