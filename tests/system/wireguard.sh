# SPDX-License-Identifier: Apache-2.0
# For scenarios of WireGuard, after site.sh and link.sh: two network namespaces, a and b, with a cable between them, and later an interface in each, of
# wireguard-go or of the kernel.

need_wireguard() {
    need_wireguard_go
    make_namespaces
}

need_wireguard_go() {
    command -v wireguard-go >/dev/null || skip "no wireguard-go"
    [ -c /dev/net/tun ] || skip "no netns"
}

# add_namespaces END...
add_namespaces() {
    command -v wg >/dev/null || skip "no wg"
    ip netns list >/dev/null 2>&1 || skip "no netns"
    tag=$$
    ip netns add "qw-$tag-$1" 2>/dev/null || skip "no netns"
    ends=("$@")
    trap leave_namespaces EXIT
    for end in "${@:2}"; do
        ip netns add "qw-$tag-$end"
    done
}

make_namespaces() {
    add_namespaces a b
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
    for end in "${ends[@]}"; do
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
    start_wireguard_go a b
    for end in a b; do
        set_up_interface $end
        set_peer $end
    done
}

# start_wireguard_go END...: interfaces that are there, and nothing more.
start_wireguard_go() {
    for end in "$@"; do
        rm -f "/var/run/wireguard/qw$tag$end.sock" # of one that was killed
        WG_PROCESS_FOREGROUND=1 ip netns exec "qw-$tag-$end" wireguard-go -f "qw$tag$end" >"$site/wg-$end.log" 2>&1 & # no subshell: stop is for itself
        pid[wg-$end]=$!
    done
    for end in "$@"; do
        within $ready_s test -S "/var/run/wireguard/qw$tag$end.sock" || fail "wireguard-go: $(tail -n 1 "$site/wg-$end.log")"
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

# begin_probes END ADDRESS SECONDS: pings so far apart, each with its number in END.ping.
begin_probes() {
    ip netns exec "qw-$tag-$1" ping -n -i "$3" "$2" >"$site/$1.ping" & # no subshell: stop is for ping itself
    pid[ping-$1]=$!
}
# The numbers of the probes that were answered.
answered() {
    sed -n 's/.*icmp_seq=\([0-9]*\) ttl=.*/\1/p' "$site/$1.ping" | sort -n -u
}
last_answered() {
    answered "$1" | tail -n 1
}
# end_probes END [SECONDS]: sets lost and sent, up to the last of two more that are answered.
end_probes() {
    local from
    from=$(last_answered "$1")
    answers_go_on() { [ "$(last_answered "$1")" -ge $((${from:-0} + 2)) ]; }
    within "${2:-$ready_s}" answers_go_on "$1" || fail "no answer to probes of $1 any more: $(tail -n 2 "$site/$1.ping")"
    stop "ping-$1" INT
    sent=$(last_answered "$1")
    lost=$((sent - $(answered "$1" | wc -l)))
}

# Of the end's peer, or of the peer with this public key.
psk() {
    in_ns "$1" wg show "qw$tag$1" preshared-keys | awk -v key="${2:-$(peer_key "$1")}" '$1 == key { print $2 }'
}
handshake() {
    in_ns "$1" wg show "qw$tag$1" latest-handshakes | awk -v key="${2:-$(peer_key "$1")}" '$1 == key { print $2 }'
}
