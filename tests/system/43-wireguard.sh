# SPDX-License-Identifier: Apache-2.0
# rows: A1
# WireGuard in two network namespaces: an agent waits for its interface; without a key from the centre no handshake; a change of the key while probes run; a pre-shared key that
# somebody else has set at one end is found and mended; a hard lifetime without a key server ends the traffic.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"

command -v wireguard-go >/dev/null && command -v wg >/dev/null || skip "no wireguard-go"
[ -c /dev/net/tun ] && ip netns list >/dev/null 2>&1 || skip "no netns"
tag=$$
ip netns add "qw-$tag-a" 2>/dev/null || skip "no netns"
leave_namespaces() {
    clean_up
    for end in a b; do
        ip netns pids "qw-$tag-$end" 2>/dev/null | xargs -r kill -9 2>/dev/null || true
        ip netns del "qw-$tag-$end" 2>/dev/null || true
        rm -f "/var/run/wireguard/qw$tag$end.sock"
    done
}
trap leave_namespaces EXIT
ip netns add "qw-$tag-b"
in_ns() {
    local end=$1
    shift
    ip netns exec "qw-$tag-$end" "$@"
}

ip link add "v$tag-a" netns "qw-$tag-a" type veth peer name "v$tag-b" netns "qw-$tag-b"
declare -A number=([a]=1 [b]=2)
umask 077
for end in a b; do
    in_ns $end ip link set lo up
    in_ns $end ip addr add "192.0.2.${number[$end]}/24" dev "v$tag-$end"
    in_ns $end ip link set "v$tag-$end" up
    wg genkey >"$site/$end.wg"
done
psk() {
    in_ns "$1" wg show "qw$tag$1" preshared-keys | cut -f 2
}
handshake() {
    in_ns "$1" wg show "qw$tag$1" latest-handshakes | cut -f 2
}
passes() {
    in_ns a ping -q -c 1 -W 1 10.9.9.2 >/dev/null
}

make_links
for end in a b; do
    other=b
    [ $end = a ] || other=a
    agent_lines[site-$end]="sink: wireguard
interface: qw$tag$end
public_key: $(wg pubkey <"$site/$other.wg")"
done

echo "an agent whose interface is not there yet"
start_agent site-b
link_status site-b alarm | grep -q '^wireguard does not take the key' || fail "no alarm: $(link_status site-b alarm)"
for end in a b; do
    WG_PROCESS_FOREGROUND=1 in_ns $end wireguard-go -f "qw$tag$end" >"$site/wg-$end.log" 2>&1 &
    pid[wg-$end]=$!
done
for end in a b; do
    other=b
    [ $end = a ] || other=a
    within 10 test -S "/var/run/wireguard/qw$tag$end.sock" || fail "wireguard-go: $(tail -n 1 "$site/wg-$end.log")"
    in_ns $end wg set "qw$tag$end" private-key "$site/$end.wg" listen-port 51820 peer "$(wg pubkey <"$site/$other.wg")" \
        endpoint "192.0.2.${number[$other]}:51820" allowed-ips "10.9.9.${number[$other]}/32"
    in_ns $end ip addr add "10.9.9.${number[$end]}/24" dev "qw$tag$end"
    in_ns $end ip link set "qw$tag$end" up
done
has_psk() {
    [ "$(psk "$1")" != "(none)" ]
}

echo "one agent alone: a random key, and no handshake"
within 10 has_psk b || fail "no pre-shared key was set: $(link_status site-b alarm)"
! passes || fail "traffic without a key of the centre"
[ "$(handshake b)" = 0 ] || fail "a handshake without a key of the centre"

echo "both agents: the same key, and a handshake"
start_agent site-a
steady_within 20 || fail "no first key: $(link_status site-a alarm)"
[ "$(psk a)" = "$(psk b)" ] || fail "the keys differ"
within 20 passes || fail "no traffic with the key"
[ "$(handshake a)" -gt 0 ] || fail "no handshake"

echo "three changes under probes of 10 ms"
in_ns a ping -q -i 0.01 -c 600 10.9.9.2 >"$site/ping.txt" &
pid[ping]=$!
for turn in 1 2 3; do
    key=$(link_status site-a key_ID)
    last=$(psk a)
    link_rotate site-a site-b
    steady_within 20 "$key" || fail "no new key: $(link_status site-a alarm)"
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
in_ns b wg set "qw$tag""b" peer "$(wg pubkey <"$site/a.wg")" preshared-key "$site/strange.psk"
steady_within 20 "$key" || fail "a strange key is not noticed: $(link_status site-b alarm)"
[ "$(psk a)" = "$(psk b)" ] && [ "$(psk b)" != "$(cat "$site/strange.psk")" ] || fail "the strange key stayed"
passes || fail "no traffic after the mending"

echo "no key server, and the hard lifetime passes"
stop qwaved
stop site-a
stop site-b
for end in a b; do
    agent_lines[site-$end]="${agent_lines[site-$end]}
hard_s: 0.5"
done
rekey_s=0.3
start_agent site-b
start_agent site-a
closed() {
    [ "$(psk a)" != "$(psk b)" ] && ! passes
}
within 20 closed || fail "traffic goes on over the hard lifetime"
echo "done"
