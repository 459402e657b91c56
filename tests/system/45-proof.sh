# SPDX-License-Identifier: Apache-2.0
# rows: A1 C12
# What passed between two strongSwan while their PPK changed twice: all of it opens with the keys as the centre delivers them (and repeats them to
# the receiving application), none of it without, none with other bytes; with the log of either end. A log that ends too early, a strange file and a file of keys that others may read are told apart.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"
source "$(dirname "$0")/strongswan.sh"
source "$(dirname "$0")/proof.sh"

make_watched_ends
echo "three keys of the centre"
make_links
take_keys 3
(cat "$site/answer-0.json" && echo && cat "$site/answer-1.json") >"$site/two.json"

probe() {
    within $ready_s tunnel_passes || fail "no traffic"
    in_ns a ping -q -i 0.01 -c 50 -s "$1" -I 10.9.1.1 10.9.2.1 >/dev/null || fail "probes are lost"
}
write_connection b
load_connection b || fail "connection of b: $(cat "$site/swanctl-b.log")"
for turn in 1 2 3; do
    echo "key $turn"
    load_keys $turn
    write_connection a "ppk_id = ${ids[$((turn - 1))]}"
    load_connection a || fail "connection of a: $(cat "$site/swanctl-a.log")"
    before=$(vici a --list-sas | sed -n 's/^tunnel: #\([0-9]*\),.*/\1/p')
    vici a --initiate --ike tunnel --child net --timeout $ready_s >"$site/initiate.log" 2>&1 || fail "no tunnel: $(cat "$site/initiate.log")"
    [ -z "$before" ] || vici a --terminate --ike-id "$before" --timeout $ready_s >/dev/null 2>&1 || fail "the tunnel before does not end"
    probe $((100 + turn * 300))
    [ $turn != 2 ] || cp "$site/charon-a.log" "$site/early.log"
done
echo "keys of a CHILD_SA made anew by either end, with an exchange of its own"
for end in a b; do
    spis=$(child_spis $end)
    vici $end --rekey --child net >/dev/null 2>&1 || fail "no new CHILD_SA"
    other_child() {
        [ "$(child_spis $end)" != "$spis" ]
    }
    within $ready_s other_child || fail "the CHILD_SA stays"
    probe 56
done
end_capture

for end in a b; do
    echo "proof with the log of $end"
    prove "$site/tunnel.pcap" --log "$site/charon-$end.log" --keys "$site/delivered.json" ||
        fail "not proved: $(cat "$site/proof.json" "$site/proof.err")"
    expect "not all" '.is_proved and .opened_share == 1 and .opened == .packets and .packets >= 100 and .opened_without == 0'
    expect "not under three keys" '(.keys | length) == 3 and all(.keys[]; .key == "delivered" and .opened >= 20)'
    jq -r '"opened \(.opened) of \(.packets), without \(.opened_without)"' "$site/proof.json"
done
"$bin/qwave-link" prove --capture "$site/tunnel.pcap" --log "$site/charon-a.log" --keys "$site/delivered.json" | tail -n 2

echo "other bytes under the same ids"
prove "$site/tunnel.pcap" --log "$site/charon-a.log" --keys "$site/other.json" && fail "proved with other bytes"
expect "something opens with other bytes" '(.is_proved | not) and .opened == 0 and .opened_without == 0 and .packets >= 100'
echo "one key is not there"
prove "$site/tunnel.pcap" --log "$site/charon-a.log" --keys "$site/two.json" && fail "proved without the third key"
expect "the missing key is not told" '([.keys[] | select(.key == "not delivered" and .opened == 0)] | length) == 1 and .opened >= 20 and .opened < .packets'
echo "a log that ends too early"
prove "$site/tunnel.pcap" --log "$site/early.log" --keys "$site/delivered.json" && fail "proved with half a log"
expect "strange SAs are not told" '.unknown_spi_packets >= 20 and (.is_proved | not)'

refused() { # STATUS WHAT ARGUMENT...
    local wanted=$1 what=$2 status=0
    shift 2
    "$bin/qwave-link" prove "$@" >"$site/refused.out" 2>"$site/refused.err" || status=$?
    [ $status = "$wanted" ] || fail "status $status instead of $wanted for $what: $(cat "$site/refused.err")"
    [ -s "$site/refused.err" ] || fail "no word about $what"
}
echo "what is none of the three files"
refused 2 "a log for a capture" --capture "$site/charon-a.log" --log "$site/charon-a.log" --keys "$site/delivered.json"
refused 2 "a capture for a log" --capture "$site/tunnel.pcap" --log "$site/tunnel.pcap" --keys "$site/delivered.json"
refused 2 "a log for keys" --capture "$site/tunnel.pcap" --log "$site/charon-a.log" --keys "$site/charon-a.log"
refused 2 "no file" --capture "$site/nothing" --log "$site/charon-a.log" --keys "$site/delivered.json"
chmod 640 "$site/delivered.json"
refused 3 "keys that others may read" --capture "$site/tunnel.pcap" --log "$site/charon-a.log" --keys "$site/delivered.json"
echo "done"
