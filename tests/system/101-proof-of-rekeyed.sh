# SPDX-License-Identifier: Apache-2.0
# rows: A1 C12
# Two strongSwan whose IKE_SA is rekeyed again and again under one delivered key, by time and by command, by either end, with CHILD_SAs made anew below: all ESP opens with that key
# and none without, for the capture tells what the log leaves out. With AES-GCM and with AES-CBC and HMAC, whole messages and fragments of IKE; ESP in IP fragments on another port. Without the IKE messages in the capture it is not proved.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"
source "$(dirname "$0")/strongswan.sh"
source "$(dirname "$0")/proof.sh"

make_watched_ends
echo "three keys of the centre"
make_links
take_keys 3
load_keys 3

probe() {
    within $ready_s tunnel_passes || fail "no traffic"
    in_ns a ping -q -i 0.01 -c 20 -I 10.9.1.1 10.9.2.1 >/dev/null || fail "probes are lost"
}
rekeyed_count() { # END
    grep -c 'IKE_SA tunnel\[[0-9]*\] rekeyed between' "$site/charon-$1.log" || true
}
rekeyed_more_than() { # COUNT
    [ "$(rekeyed_count a)" -gt "$1" ] && [ "$(rekeyed_count b)" -gt "$1" ]
}
# new_child END: the CHILD_SA is made anew by that end.
new_child() {
    local end=$1 spis
    spis=$(child_spis "$end")
    other_child() {
        vici "$end" --rekey --child net >/dev/null 2>&1 || true # not while the IKE_SA is being rekeyed
        within 2 other_spis
    }
    other_spis() {
        [ "$(child_spis "$end")" != "$spis" ]
    }
    within $ready_s other_child || fail "the CHILD_SA stays"
    probe
}
# begin KEY-INDEX IKE-PROPOSAL [LINE...]: a tunnel.
begin() {
    local key=${ids[$1]} proposal=$2
    shift 2
    write_connection a "ppk_id = $key" "$@"
    write_connection b
    for end in a b; do
        sed -i "s/proposals = aes256gcm16-prfsha384-ecp384/proposals = $proposal/" "$site/$end.conf"
        load_connection $end || fail "connection of $end: $(cat "$site/swanctl-$end.log")"
    done
    vici a --initiate --ike tunnel --child net --timeout $ready_s >"$site/initiate.log" 2>&1 || fail "no tunnel: $(cat "$site/initiate.log")"
    probe
}

echo "an IKE_SA that is rekeyed every four seconds, under probes"
begin 0 aes256gcm16-prfsha384-ecp384 "rekey_time = 4s" "rand_time = 0s" "over_time = 1h"
for turn in 1 2; do
    count=$(rekeyed_count a)
    within $ready_s rekeyed_more_than "$count" || fail "the IKE_SA is not rekeyed"
    new_child a
    new_child b
done
vici a --terminate --ike tunnel --timeout $ready_s >/dev/null 2>&1 || fail "the tunnel does not end"

echo "rekeyed by command by either end, IKE in fragments, another suite"
for end in a b; do
    sed -i 's/^charon-systemd {/&\n  fragment_size = 200/' "$site/strongswan-$end.conf"
    vici $end --reload-settings >/dev/null 2>&1 || fail "settings of $end"
done
begin 1 aes256-sha384-ecp384
for end in b a; do
    count=$(rekeyed_count a)
    vici $end --rekey --ike tunnel >/dev/null 2>&1 || fail "no rekeying"
    within $ready_s rekeyed_more_than "$count" || fail "the IKE_SA is not rekeyed by $end"
    new_child $end
done
grep -q 'CREATE_CHILD_SA request [0-9]* \[ EF(1/' "$site/charon-a.log" || fail "no fragments"
vici a --terminate --ike tunnel --timeout $ready_s >/dev/null 2>&1 || fail "the tunnel does not end"

echo "another UDP port, ESP in IP fragments"
charon_settings="port_nat_t = 4501"
for end in a b; do
    stop charon-$end KILL
    in_ns $end ip link del ipsec0 2>/dev/null || true
    in_ns $end ip link set "v$tag-$end" mtu 900
    start_charon $end 4
done
load_keys 3
begin 2 aes256gcm16-prfsha384-ecp384 "local_port = 4501" "remote_port = 4501"
count=$(rekeyed_count a)
vici a --rekey --ike tunnel >/dev/null 2>&1 || fail "no rekeying"
within $ready_s rekeyed_more_than "$count" || fail "the IKE_SA is not rekeyed"
new_child a
in_ns a ping -q -i 0.01 -c 20 -s 1300 -I 10.9.1.1 10.9.2.1 >/dev/null || fail "long probes are lost"
end_capture

for end in a b; do
    echo "proof with the log of $end"
    prove "$site/tunnel.pcap" --log "$site/charon-$end.log" --keys "$site/delivered.json" --port 4501 || fail "not proved: $(cat "$site/proof.json" "$site/proof.err")"
    expect "not all" '.is_proved and .opened_share == 1 and .opened == .packets and .packets >= 200 and .opened_without == 0'
    expect "cut packets or fragments" '.cut == 0 and .fragments == 0'
    expect "not under three keys" '(.keys | length) == 3 and all(.keys[]; .key == "delivered" and .opened >= 20)'
    expect "not under rekeyed IKE_SAs" '.keys[0].child_sas_of_rekeyed_ike_sas >= 4 and .keys[1].child_sas_of_rekeyed_ike_sas >= 2 and .keys[2].child_sas_of_rekeyed_ike_sas >= 1'
    jq -r '"opened \(.opened) of \(.packets), without \(.opened_without); CHILD_SAs under rekeyed IKE_SAs \([.keys[].child_sas_of_rekeyed_ike_sas] | add)"' "$site/proof.json"
done
packets=$(jq .packets "$site/proof.json")
[ "$(tcpdump -r "$site/tunnel.pcap" 'ip[6:2] & 0x1fff != 0' 2>/dev/null | wc -l)" -ge 4 ] || fail "no IP fragments"
prove "$site/tunnel.pcap" --log "$site/charon-a.log" --keys "$site/delivered.json" || fail "not proved on port 4500"
expect "another port is looked at unasked" ".packets < $packets and .packets >= 200"
echo "IKE_SAs rekeyed: $(rekeyed_count a)"

echo "other bytes under the same ids"
prove "$site/tunnel.pcap" --log "$site/charon-a.log" --keys "$site/other.json" --port 4501 && fail "proved with other bytes"
expect "something opens with other bytes" '(.is_proved | not) and .opened == 0 and .opened_without == 0 and .packets >= 200'

echo "a capture without the messages of IKE"
tcpdump -r "$site/tunnel.pcap" -w "$site/esp.pcap" 'udp and udp[8:4] != 0' 2>/dev/null || fail "tcpdump -r"
prove "$site/esp.pcap" --log "$site/charon-a.log" --keys "$site/delivered.json" --port 4501 && fail "proved without the messages of IKE"
expect "it is not told what is missing" '[.keys[] | select(.key == "rekeying not opened" and .opened == 0)] | length == 3'
status=0
"$bin/qwave-link" prove --capture <(cat "$site/tunnel.pcap") --log "$site/charon-a.log" --keys "$site/delivered.json" >"$site/refused.out" 2>"$site/refused.err" || status=$?
[ $status = 2 ] && grep -q 'pipe' "$site/refused.err" || fail "a pipe: status $status, $(cat "$site/refused.err")"
for port in 0 65536 x 45x -1 ''; do
    status=0
    "$bin/qwave-link" prove --capture "$site/tunnel.pcap" --log "$site/charon-a.log" --keys "$site/delivered.json" --port "$port" >"$site/refused.out" 2>"$site/refused.err" || status=$?
    [ $status = 2 ] && [ -s "$site/refused.err" ] || fail "port '$port': status $status"
done
echo "done"
