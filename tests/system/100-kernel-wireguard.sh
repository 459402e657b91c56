# SPDX-License-Identifier: Apache-2.0
# rows: A1
# once: an emulated machine, whose time the sanitizers would multiply once more; their turn is 43 and the unit tests
# WireGuard of a kernel, in two network namespaces of a guest, with nine other peers at each interface: what stands in an agent's way is said; without a key from the centre no
# handshake; two changes under probes, each proved by a handshake with the new key; a pre-shared key that somebody else has set is found and mended; a hard lifetime without a key
# server ends the traffic; and the nine others have what they had.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/guest.sh"
source "$(dirname "$0")/link.sh"
source "$(dirname "$0")/wireguard.sh"

command -v wg >/dev/null || skip "no wg"
for file in "${QWAVE_ENTER_NETNS:-}" "${QWAVE_WIREGUARD_KERNEL_TEST:-}"; do
    [ -e "$file" ] || skip "QWAVE_ENTER_NETNS, QWAVE_WIREGUARD_KERNEL_TEST: not given"
done
if [ "${QWAVE_IN_GUEST:-}" != yes ]; then # a centre and its applications are made ten times faster here
    make_links
    stop qwaved
    for end in a b; do
        for n in 1 2 3 4 5 6 7 8 9; do
            wg genpsk >"$site/other-$end-$n.psk"
            printf ' peer %s preshared-key %s endpoint 192.0.2.9:%d allowed-ips 10.8.%d.0/24,fd00:%d::/64' "$(wg genkey | wg pubkey)" "$site/other-$end-$n.psk" $n $n $n
        done >"$site/other-peers-$end"
    done
    export QWAVE_PREPARED=$site
fi
go_on_in_guest
site=$QWAVE_PREPARED
modprobe wireguard || fail "the guest's kernel has no WireGuard"
make_namespaces
for end in a b; do
    netns_of[site-$end]=qw-$tag-$end
done
heartbeat_s=1 # the machine is slow
limit_s=60    # for what takes a second elsewhere
start_centre

alarm_is() {
    [[ $(link_status site-b alarm 2>/dev/null) = *"$1"* ]]
}
# expect_alarm TEXT: at site-b
expect_alarm() {
    within $limit_s alarm_is "$1" || fail "not \"$1\" but: $(link_status site-b alarm)"
    echo "    $(link_status site-b alarm)"
}

echo "what stands in the way is said"
start_agent site-b
expect_alarm "no such interface"
in_ns b ip link add "qw$tag""b" type dummy
expect_alarm "the interface is not one of WireGuard"
in_ns b ip link del "qw$tag""b"
for end in a b; do
    in_ns $end ip link add "qw$tag$end" type wireguard
    set_up_interface $end
done
# other_peers END: what its interface says of them
other_peers() {
    in_ns "$1" wg show "qw$tag$1" dump | sed 1d | grep -v "$(peer_key "$1")" | sort
}
for end in a b; do
    # shellcheck disable=SC2046 # words of an order
    in_ns $end wg set "qw$tag$end" $(cat "$site/other-peers-$end")
    other_peers $end >"$site/others-$end"
done
set_peer a
expect_alarm "no such peer at the interface"
answer=$(setpriv --bounding-set=-net_admin -- "$QWAVE_WIREGUARD_KERNEL_TEST" 2>&1 | grep '^the kernel here') || true
[[ $answer = *"CAP_NET_ADMIN is needed" ]] || fail "without the right: $answer"
echo "    $answer"

echo "one agent alone: a random key, and no handshake"
set_peer b
within $limit_s has_psk b || fail "no pre-shared key was set: $(link_status site-b alarm)"
! passes || fail "traffic without a key of the centre"
[ "$(handshake b)" = 0 ] || fail "a handshake without a key of the centre"

echo "both agents: the same key, and a handshake"
start_agent site-a
steady_within $limit_s || fail "no first key: $(link_status site-a alarm)"
[ "$(psk a)" = "$(psk b)" ] || fail "the keys differ"
within $limit_s passes || fail "no traffic with the key"
has_shaken || fail "no handshake"

# count_lost WHAT: of probes of 500 ms, further apart than an answer takes here, so that a change meets one at most
count_lost() {
    local lost sent
    end_probes a $limit_s
    echo "    $1 under probes of 500 ms: lost $lost of $sent"
    [ "$lost" -le 1 ] || fail "lost $lost of $sent probes"
}
# same_key_in_use LAST: another one than that at both ends, and a carries on with a handshake under it.
same_key_in_use() {
    [ "$(psk a)" = "$(psk b)" ] && [ "$(psk a)" != "$1" ] || fail "the keys differ or did not change"
    shake_hands
    within $limit_s has_shaken || fail "no handshake with the new key"
    within $limit_s passes || fail "no traffic with the new key"
}

echo "two changes, each with a handshake under the new key"
for turn in 1 2; do
    begin_probes a 10.9.9.2 0.5
    key=$(link_status site-a key_ID)
    last=$(psk a)
    link_rotate site-a site-b
    steady_within $limit_s "$key" || fail "no new key: $(link_status site-a alarm)"
    same_key_in_use "$last"
    count_lost "change $turn"
done

echo "another hand sets a key at one end"
begin_probes a 10.9.9.2 0.5
ours=$(psk b)
wg genpsk >"$site/strange.psk"
begun=$SECONDS
in_ns b wg set "qw$tag""b" peer "$(peer_key b)" preshared-key "$site/strange.psk"
is_ours() {
    [ "$(psk b)" = "$ours" ]
}
within $limit_s is_ours || fail "a strange key is not noticed: $(link_status site-b alarm)"
mended=$((SECONDS - begun))
same_key_in_use "$(cat "$site/strange.psk")"
echo "    mended after $mended s, in use after $((SECONDS - begun)) s, of the 180 s that a session lives"
[ $((SECONDS - begun)) -lt 180 ] || fail "the session had ended"
count_lost "a strange key and its mending"

echo "no key server, and the hard lifetime passes"
stop qwaved
stop site-b # one end is enough, and one start less
agent_lines[site-b]+="
hard_s: 0.5"
rekey_s=0.3
start_agent site-b
closed() {
    [ "$(psk a)" != "$(psk b)" ] && ! passes
}
within $limit_s closed || fail "traffic goes on over the hard lifetime"
for end in a b; do
    [ "$(wc -l <"$site/others-$end")" = 9 ] && other_peers $end | cmp - "$site/others-$end" || fail "other peers of an interface have changed"
done
echo "    nine other peers at each interface, as they were"
echo "done"
