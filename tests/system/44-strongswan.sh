# SPDX-License-Identifier: Apache-2.0
# rows: A1 C12
# strongSwan as Debian has it, in two network namespaces, its keys from a centre (PPK, RFC 8784): no tunnel without a key of the centre; the key changes three times
# under probes of 2 ms, none of which is lost, since packets wait for the new tunnel; the key id of the agents is the one in IKE_AUTH; a daemon that holds other bytes than its agent believes: the old
# tunnel lives; agent killed, daemon started anew; a new key after so many bytes, counted over a CHILD_SA that is made anew; a hard lifetime without a key server ends the tunnel.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"
source "$(dirname "$0")/strongswan.sh"
: "${QWAVE_KILL_AT_RENAME:?}" "${QWAVE_TWIST_KEY:?}"
command -v iptables >/dev/null || skip "no iptables"

make_ends
for end in a b; do
    start_charon $end
    write_secrets $end
    load_secrets $end || fail "secrets of $end: $(cat "$site/swanctl-$end.log")"
    write_connection $end
    agent_lines[site-$end]="sink: strongswan
vici: $site/charon-$end.vici
swanctl_conf: $site/$end.conf
connection: tunnel
initiate_s: 9
hold_ms: 10000" # an IKE_SA takes seconds when the machine is busy
    netns_of[site-$end]=qw-$tag-$end
done
make_links

suite_of() {
    vici "$1" --list-sas | grep -A 3 ESTABLISHED | grep -o 'AES_GCM_16-256/[A-Z0-9_/]*' | sort -u
}
# one_tunnel: one IKE_SA at a, and that under the key in use.
one_tunnel() {
    [ "$(vici a --list-sas | grep -o '^tunnel[^:]*')" = "tunnel.$(link_status site-a key_ID)" ]
}
alarmed() {
    [ -n "$(link_status "$1" alarm)" ]
}
calm() {
    [ -z "$(link_status site-a alarm)" ]
}

# more_lines FILE N: it has more than N lines and some.
more_lines() {
    [ "$(wc -l <"$1")" -gt $(($2 + 100)) ]
}

echo "an agent alone: no key, no tunnel"
drain_s=2 # a probe may be so long on its way when the machine is busy
start_agent site-b
for end in a b; do
    load_connection $end || fail "connection of $end: $(cat "$site/swanctl-$end.log")"
done
! vici a --initiate --ike tunnel --child net --timeout 10 >"$site/initiate.log" 2>&1 || fail "a tunnel without a PPK"
! tunnel_passes || fail "traffic without a PPK"

echo "both agents: a tunnel under a key of the centre"
start_agent site-a
steady_within $ready_s || fail "no first key: $(link_status site-a alarm)"
within $ready_s tunnel_passes || fail "no traffic with the key"
for end in a b; do
    [ "$(suite_of $end)" = AES_GCM_16-256/PRF_HMAC_SHA2_384/ECP_384/PPK ] || fail "suite at $end: $(suite_of $end)"
done

used=("$(link_status site-a key_ID)")
echo "three changes under probes of 2 ms"
ip netns exec "qw-$tag-a" ping -n -i 0.002 -I 10.9.1.1 10.9.2.1 >"$site/ping.txt" &
pid[ping]=$!
for turn in 1 2 3; do
    key=$(link_status site-a key_ID)
    link_rotate site-a site-b
    steady_within $ready_s "$key" || fail "no new key: $(link_status site-a alarm)"
    within $ready_s one_tunnel || fail "not the one tunnel of the new key: $(vici a --list-sas)"
    used+=("$(link_status site-a key_ID)")
done
seen=$(wc -l <"$site/ping.txt")
within $ready_s more_lines "$site/ping.txt" "$seen" || fail "no probe after the last change"
stop ping
# Probes are numbered from 1 on; those on their way at the end are not counted.
read -r answered last < <(grep -o 'icmp_seq=[0-9]*' "$site/ping.txt" | cut -d = -f 2 | sort -nu | awk '{ n++; last = $1 } END { print n + 0, last + 0 }')
echo "answered $answered of $last probes"
[ "$answered" -gt 100 ] && [ "$answered" = "$last" ] || fail "lost $((last - answered)) of $last probes"
for end in a b; do
    [ -z "$(in_ns $end iptables -t mangle -S POSTROUTING | grep NFQUEUE)" ] || fail "a rule is left at $end"
done

echo "the key id of the agents is what went through IKE_AUTH"
# An IKE_SA that took too long is begun once more, under the same key or the next.
ids_at() { grep -o "using PPK for PPK_ID '[^']*" "$site/charon-$1.log" | cut -d "'" -f 2 | uniq; }
[ "$(sort -u <(printf '%s\n' "${used[@]}") | wc -l)" = 4 ] || fail "four tunnels, and the keys ${used[*]}"
for end in a b; do
    [ -z "$(ids_at $end | sort | uniq -d)" ] || fail "a key came back at $end: $(ids_at $end)"
    [ "$(ids_at $end | grep -xF -f <(printf '%s\n' "${used[@]}"))" = "$(printf '%s\n' "${used[@]}")" ] || fail "the PPK_IDs at $end are not the key ids: $(ids_at $end)"
done

echo "one end's daemon has other bytes: the old tunnel lives"
key=$(link_status site-a key_ID)
touch "$site/site-b.twist"
link_rotate site-a site-b
within $ready_s alarmed site-a || fail "no alarm"
[ "$(link_status site-a key_ID)" = "$key" ] && within $ready_s tunnel_passes || fail "the old tunnel did not live on"
within $ready_s grep -q AUTH_FAILED "$site/charon-a.log" || fail "no AUTH_FAILED"
rm "$site/site-b.twist"
steady_within $ready_s "$key" || fail "not healed: $(link_status site-a alarm)"
within $ready_s calm && within $ready_s one_tunnel && within $ready_s tunnel_passes || fail "not healed: $(link_status site-a alarm)"

echo "an agent killed in the middle of a change"
died() {
    ! kill -0 "${pid[$1]}" 2>/dev/null
}
key=$(link_status site-b key_ID)
echo 3 >"$site/site-a.kill" # right after PROMOTE is durable: the new tunnel is there, the old one too
link_rotate site-a site-b
within $ready_s died site-a || fail "site-a did not die"
wait "${pid[site-a]}" 2>/dev/null || true
within $ready_s tunnel_passes || fail "no traffic while an agent is dead" # what goes back waits for hold_ms, and no longer
start_agent site-a
steady_within $ready_s "$key" || fail "no agreement after a kill: $(link_status site-a alarm)"
within $ready_s one_tunnel && within $ready_s tunnel_passes || fail "no one tunnel after a kill"

echo "each daemon started anew, without a key and without a connection"
for end in a b; do
    stop charon-$end KILL
    in_ns $end ip link del ipsec0 2>/dev/null || true
    start_charon $end
    load_secrets $end || fail "secrets of $end: $(cat "$site/swanctl-$end.log")"
    within $ready_s tunnel_passes || fail "no tunnel after $end was started anew: $(link_status site-a alarm)"
done
within $ready_s both_steady || fail "not steady after a restart"

echo "a new key after so many bytes, counted on when the CHILD_SA is made anew"
stop site-a
agent_lines[site-a]="${agent_lines[site-a]}
rekey_bytes: 60000"
start_agent site-a
steady_within $ready_s || fail "not steady: $(link_status site-a alarm)"
key=$(link_status site-a key_ID)
counted() { # END BYTES
    [ "$(link_status "site-$1" bytes)" -ge "$2" ] 2>/dev/null
}
child_spi() {
    vici a --list-sas --raw | grep -o 'spi-in=[0-9a-f]*'
}
pass() { # 41 kB, both ways
    in_ns a ping -q -c 20 -i 0.01 -s 1000 -I 10.9.1.1 10.9.2.1 >/dev/null || fail "no traffic"
}
pass
within $ready_s counted a 35000 && within $ready_s counted b 1 || fail "not counted: $(link_status site-a bytes), $(link_status site-b bytes)"
[ "$(link_status site-a key_ID)" = "$key" ] || fail "a new key too early"
spi=$(child_spi)
vici a --rekey --child net >/dev/null 2>&1 || fail "no new CHILD_SA"
other_spi() { [ "$(child_spi)" != "$spi" ]; }
within $ready_s other_spi || fail "the CHILD_SA stays"
pass
steady_within $ready_s "$key" || fail "no new key after so many bytes: $(link_status site-a bytes), $(link_status site-a alarm)"
within $ready_s one_tunnel && ! counted a 60000 || fail "not counted anew: $(link_status site-a bytes)"

echo "no key server, and the hard lifetime passes"
stop qwaved
shorten_lives
closed() {
    [ -z "$(vici a --list-sas)$(vici b --list-sas)" ] && ! tunnel_passes
}
within $ready_s closed || fail "a tunnel over the hard lifetime"
! grep -qi 'tunnel' <<<"$(vici a --list-conns | grep -o '^tunnel\..*')" || fail "a connection with an old key is left"
echo "done"
