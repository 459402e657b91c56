# SPDX-License-Identifier: Apache-2.0
# rows: A1 C12
# Two strongSwan whose IKE_SA is rekeyed again and again under one delivered key, by time and by command, by either end, with CHILD_SAs made anew below: all ESP opens with that key
# and none without, for the capture tells what the log leaves out. With AES-GCM, ChaCha20 and Poly1305, AES-CBC and HMAC, keys of 192 bits too, for IKE and for ESP; whole messages and fragments of IKE; ESP in IP fragments
# on another port. Through a pipe as from a file, also while all this happens. Without the IKE messages in the capture it is not proved, and a suite that is not supported is named.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"
source "$(dirname "$0")/strongswan.sh"
source "$(dirname "$0")/proof.sh"

make_watched_ends
echo "six keys of the centre, and a proof that waits for the end of the capture"
make_links
take_keys 6
load_keys 6
mkfifo -m 600 "$site/live.pcap"
TMPDIR=$site "$bin/qwave-link" prove --json --capture "$site/live.pcap" --log "$site/charon-a.log" --keys "$site/delivered.json" --port 4501 >"$site/live.json" 2>"$site/live.err" &
pid[live]=$!
ip netns exec "qw-$tag-a" tcpdump -i "v$tag-a" --immediate-mode -U -Z root -w - >"$site/live.pcap" 2>"$site/tcpdump-live.out" &
pid[tcpdump-live]=$!
within $ready_s grep -q '^tcpdump: listening' "$site/tcpdump-live.out" || fail "tcpdump: $(cat "$site/tcpdump-live.out")"

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
esp_proposal=aes256gcm16-ecp384
# begin KEY-INDEX IKE-PROPOSAL [LINE...]: a tunnel.
begin() {
    local key=${ids[$1]} proposal=$2
    shift 2
    write_connection a "ppk_id = $key" "$@"
    write_connection b
    for end in a b; do
        sed -i -e "s/ proposals = aes256gcm16-prfsha384-ecp384/ proposals = $proposal/" -e "s/esp_proposals = .*/esp_proposals = $esp_proposal/" "$site/$end.conf"
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

# chosen SUITE: at both ends.
chosen() {
    grep -q "selected proposal: $1" "$site/charon-a.log" && grep -q "selected proposal: $1" "$site/charon-b.log" || fail "$1 was not chosen"
}
index=2
for suites in "chacha20poly1305-prfsha256-ecp384 chacha20poly1305-ecp384 CHACHA20_POLY1305 CHACHA20_POLY1305" \
    "aes192gcm16-prfsha384-ecp384 aes192gcm16-ecp384 AES_GCM_16_192 AES_GCM_16_192" \
    "aes192-sha256-ecp384 aes192-sha256-ecp384 AES_CBC_192/HMAC_SHA2_256_128 AES_CBC_192/HMAC_SHA2_256_128"; do
    read -r ike_proposal esp_proposal ike_name esp_name <<<"$suites"
    echo "IKE $ike_name, ESP $esp_name, rekeyed by either end"
    begin $index "$ike_proposal"
    for end in a b; do
        count=$(rekeyed_count a)
        vici $end --rekey --ike tunnel >/dev/null 2>&1 || fail "no rekeying"
        within $ready_s rekeyed_more_than "$count" || fail "the IKE_SA is not rekeyed by $end"
        new_child $end
    done
    chosen "IKE:$ike_name/" && chosen "ESP:$esp_name/"
    vici a --terminate --ike tunnel --timeout $ready_s >/dev/null 2>&1 || fail "the tunnel does not end"
    index=$((index + 1))
done
esp_proposal=aes256gcm16-ecp384

echo "another UDP port, ESP in IP fragments"
charon_settings="port_nat_t = 4501"
for end in a b; do
    stop charon-$end KILL
    in_ns $end ip link del ipsec0 2>/dev/null || true
    in_ns $end ip link set "v$tag-$end" mtu 900
    start_charon $end 4
done
load_keys 6
begin 5 aes256gcm16-prfsha384-ecp384 "local_port = 4501" "remote_port = 4501"
count=$(rekeyed_count a)
vici a --rekey --ike tunnel >/dev/null 2>&1 || fail "no rekeying"
within $ready_s rekeyed_more_than "$count" || fail "the IKE_SA is not rekeyed"
new_child a
in_ns a ping -q -i 0.01 -c 20 -s 1300 -I 10.9.1.1 10.9.2.1 >/dev/null || fail "long probes are lost"
end_capture

echo "the proof that waited: a signal from the keyboard ends the capture, and not the proof"
kill -INT "${pid[live]}"
stop tcpdump-live INT
wait "${pid[live]}" || fail "not proved through a pipe: $(cat "$site/live.json" "$site/live.err")"
unset "pid[live]"
jq -e '.is_proved and .opened == .packets and .packets >= 200 and .opened_without == 0 and (.is_truncated | not) and (.keys | length) == 6' "$site/live.json" >/dev/null ||
    fail "not all through a pipe: $(cat "$site/live.json")"
! compgen -G "$site/qwave-spool-*" >/dev/null || fail "the spool has a name"

for end in a b; do
    echo "proof with the log of $end"
    prove "$site/tunnel.pcap" --log "$site/charon-$end.log" --keys "$site/delivered.json" --port 4501 || fail "not proved: $(cat "$site/proof.json" "$site/proof.err")"
    expect "not all" '.is_proved and .opened_share == 1 and .opened == .packets and .packets >= 200 and .opened_without == 0'
    expect "cut packets or fragments" '.cut == 0 and .fragments == 0'
    expect "not under six keys" '(.keys | length) == 6 and all(.keys[]; .key == "delivered" and .opened >= 20)'
    expect "not under rekeyed IKE_SAs" '.keys[0].child_sas_of_rekeyed_ike_sas >= 4 and all(.keys[1:5][]; .child_sas_of_rekeyed_ike_sas >= 2) and .keys[5].child_sas_of_rekeyed_ike_sas >= 1'
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
expect "it is not told what is missing" '[.keys[] | select(.key == "rekeying not opened" and .opened == 0)] | length == 6'

echo "a suite that is not supported"
sed 's,ESP:CHACHA20_POLY1305/,ESP:CAMELLIA_CBC_256/HMAC_SHA2_256_128/,' "$site/charon-a.log" >"$site/camellia.log"
status=0
"$bin/qwave-link" prove --capture "$site/tunnel.pcap" --log "$site/camellia.log" --keys "$site/delivered.json" --port 4501 >"$site/named.out" || status=$?
[ $status = 1 ] && grep -q '^ESP:CAMELLIA_CBC_256/HMAC_SHA2_256_128/.* is not supported' "$site/named.out" || fail "status $status: $(cat "$site/named.out")"

echo "through a pipe"
# piped CAPTURE WAY: one that must be proved.
piped() {
    "$bin/qwave-link" prove --json --capture "$1" --log "$site/charon-a.log" --keys "$site/delivered.json" --port 4501 >"$site/proof.json" 2>"$site/proof.err" || fail "not proved by $2: $(cat "$site/proof.json" "$site/proof.err")"
    expect "other packets by $2" ".packets == $packets and .is_proved"
}
cat "$site/tunnel.pcap" | piped - "standard input"
piped - "a file on standard input" <"$site/tunnel.pcap"
piped <(cat "$site/tunnel.pcap") "a name of a pipe"
# refused_pipe STATUS WHAT WORDS [VARIABLE...]: of a capture that does not end by itself when it says so.
refused_pipe() {
    local wanted=$1 what=$2 words=$3 status=0
    shift 3
    env "$@" "$bin/qwave-link" prove --capture <(cat "$site/tunnel.pcap" "$site/endless") --log "$site/charon-a.log" --keys "$site/delivered.json" >"$site/refused.out" 2>"$site/refused.err" || status=$?
    [ $status = "$wanted" ] && grep -q "$words" "$site/refused.err" || fail "$what: status $status, $(cat "$site/refused.err")"
}
mkfifo -m 600 "$site/endless"
sleep 600 >"$site/endless" &
pid[endless]=$!
mkdir "$site/small"
mount -t tmpfs -o size=16k qwave-small "$site/small" || fail "no small disk"
refused_pipe 1 "a full disk" "no room in $site/small" "TMPDIR=$site/small"
[ -z "$(ls -A "$site/small")" ] && [ "$(df --output=used "$site/small" | tail -n 1 | tr -d ' ')" = 0 ] || fail "something is left on the disk"
refused_pipe 1 "no folder" "$site/nowhere" "TMPDIR=$site/nowhere"
chmod 640 "$site/delivered.json"
refused_pipe 3 "keys that others may read" "mode 0600"
chmod 600 "$site/delivered.json"
stop endless KILL
for port in 0 65536 x 45x -1 ''; do
    status=0
    "$bin/qwave-link" prove --capture "$site/tunnel.pcap" --log "$site/charon-a.log" --keys "$site/delivered.json" --port "$port" >"$site/refused.out" 2>"$site/refused.err" || status=$?
    [ $status = 2 ] && [ -s "$site/refused.err" ] || fail "port '$port': status $status"
done
echo "done"
