# SPDX-License-Identifier: Apache-2.0
# For scenarios of WireGuard, after site.sh and link.sh: two network namespaces, a and b, with a cable between them, and later an interface in each, of
# wireguard-go or of the kernel.

need_wireguard() {
    command -v wireguard-go >/dev/null || skip "no wireguard-go"
    [ -c /dev/net/tun ] || skip "no netns"
    make_namespaces
}

make_namespaces() {
    command -v wg >/dev/null || skip "no wg"
    ip netns list >/dev/null 2>&1 || skip "no netns"
    tag=$$
    ip netns add "qw-$tag-a" 2>/dev/null || skip "no netns"
    trap leave_namespaces EXIT
    ip netns add "qw-$tag-b"
    ip link add "v$tag-a" netns "qw-$tag-a" type veth peer name "v$tag-b" netns "qw-$tag-b"
    umask 077
    for end in a b; do
        in_ns $end ip link set lo up
        in_ns $end ip addr add "192.0.2.${number[$end]}/24" dev "v$tag-$end"
        in_ns $end ip link set "v$tag-$end" up
        wg genkey >"$site/$end.wg"
    done
    for end in a b; do
        agent_lines[site-$end]="sink: wireguard
interface: qw$tag$end
public_key: $(peer_key $end)"
    done
}
declare -A number=([a]=1 [b]=2) other_end=([a]=b [b]=a)

leave_namespaces() {
    clean_up
    for end in a b; do
        ip netns pids "qw-$tag-$end" 2>/dev/null | xargs -r kill -9 2>/dev/null || true
        ip netns del "qw-$tag-$end" 2>/dev/null || true
        rm -f "/var/run/wireguard/qw$tag$end.sock"
    done
}

# in_ns END COMMAND...
in_ns() {
    local end=$1
    shift
    ip netns exec "qw-$tag-$end" "$@"
}

# The public key of the other end's interface.
peer_key() {
    wg pubkey <"$site/${other_end[$1]}.wg"
}

# route_of END: to its peer, in the words of wg.
route_of() {
    echo "endpoint 192.0.2.${number[${other_end[$1]}]}:51820 allowed-ips 10.9.9.${number[${other_end[$1]}]}/32"
}
# set_peer END: a peer without a key.
set_peer() {
    # shellcheck disable=SC2046 # words
    in_ns "$1" wg set "qw$tag$1" peer "$(peer_key "$1")" $(route_of "$1")
}

start_wireguard() {
    for end in a b; do
        WG_PROCESS_FOREGROUND=1 in_ns $end wireguard-go -f "qw$tag$end" >"$site/wg-$end.log" 2>&1 &
        pid[wg-$end]=$!
    done
    for end in a b; do
        within $ready_s test -S "/var/run/wireguard/qw$tag$end.sock" || fail "wireguard-go: $(tail -n 1 "$site/wg-$end.log")"
        set_up_interface $end
        set_peer $end
    done
}

# set_up_interface END: one that is there, but for its peer.
set_up_interface() {
    in_ns "$1" wg set "qw$tag$1" private-key "$site/$1.wg" listen-port 51820
    in_ns "$1" ip addr add "10.9.9.${number[$1]}/24" dev "qw$tag$1"
    in_ns "$1" ip link set "qw$tag$1" up
}

passes() {
    in_ns a ping -q -c 1 -W 1 10.9.9.2 >/dev/null
}
has_psk() {
    [ "$(psk "$1")" != "(none)" ]
}

# WireGuard would come to its next key within two minutes; a new session at once, begun by a: its peer is taken away and put back in one step.
shake_hands() {
    psk a >"$site/now.psk"
    # shellcheck disable=SC2046 # words
    in_ns a wg set "qw$tag""a" peer "$(peer_key a)" remove peer "$(peer_key a)" $(route_of a) preshared-key "$site/now.psk"
}
has_shaken() {
    [ "$(handshake a)" != 0 ]
}

psk() {
    in_ns "$1" wg show "qw$tag$1" preshared-keys | cut -f 2
}
handshake() {
    in_ns "$1" wg show "qw$tag$1" latest-handshakes | cut -f 2
}
