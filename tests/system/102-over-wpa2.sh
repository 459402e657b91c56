# SPDX-License-Identifier: Apache-2.0
# rows: W1 W4 W5 W6 W9
# once: an emulated machine; sanitizers would make hours of it, and see these programs in other scenarios
# A terminal refills its card over a Wi-Fi link with WPA2: the kernel's own 802.11 between two simulated radios, hostapd and wpa_supplicant, in a guest.
# A third radio listens. Such radios measure no CSI: it is simulated, and comes over a cable beside the link. Then the same CSI once more, which is refused.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/guest.sh"
guest_s=540 # several times what it takes alone

for tool in hostapd wpa_supplicant wpa_cli iw tcpdump jq; do
    command -v $tool >/dev/null || skip "no $tool"
done
if [ "${QWAVE_IN_GUEST:-}" != yes ]; then
    make_centre # out here, where it is quick
    start_centre
    make_devices 1
    stop qwaved
    export QWAVE_SITE=$site
    go_on_in_guest
fi
site=$QWAVE_SITE card_folder=$QWAVE_SITE # as it was left; what changes from here on stays in the guest
ready_s=300

# run NAME COMMAND...: in the background, for what is not ours.
run() {
    local name=$1
    shift
    "$@" >"$site/$name.log" 2>&1 &
    pid[$name]=$!
}

# One radio is the access point's, in the namespace of the scenario; one the terminal's, in phone; one hears them both, in listener.
make_radios() {
    modprobe mac80211_hwsim radios=3 || fail "no simulated radios"
    ip netns add phone
    ip netns add listener
    ip -n phone link set lo up
    iw phy phy1 set netns name phone
    iw phy phy2 set netns name listener
    ip netns exec listener iw dev wlan2 set type monitor
    ip -n listener link set wlan2 up
    ip netns exec listener iw dev wlan2 set freq 2412
    ip addr add 10.102.1.1/24 dev wlan0
    ip -n phone addr add 10.102.1.2/24 dev wlan1
}

# To the simulated air, which stands for the antennas.
make_cable() {
    ip link add air type veth peer name air netns phone
    ip addr add 10.102.2.1/24 dev air
    ip -n phone addr add 10.102.2.2/24 dev air
    ip link set air up
    ip -n phone link set air up
}

make_link() {
    local psk
    psk=$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
    cat >"$site/hostapd.conf" <<CONF
interface=wlan0
ctrl_interface=$site/hostapd
ssid=qwave-test
hw_mode=g
channel=1
wpa=2
wpa_key_mgmt=WPA-PSK
rsn_pairwise=CCMP
wpa_psk=$psk
CONF
    cat >"$site/wpa.conf" <<CONF
ctrl_interface=$site/wpa
network={
    ssid="qwave-test"
    scan_freq=2412
    proto=RSN
    key_mgmt=WPA-PSK
    pairwise=CCMP
    psk=$psk
}
CONF
    run hostapd hostapd "$site/hostapd.conf"
    run wpa ip netns exec phone wpa_supplicant -D nl80211 -i wlan1 -c "$site/wpa.conf"
    within $ready_s is_linked || fail "no link with WPA2"
}

wpa() { ip netns exec phone wpa_cli -p "$site/wpa" -i wlan1 "$@" 2>/dev/null; }
is_linked() { wpa status | grep -qx wpa_state=COMPLETED; }
is_apart() { ! is_linked; }

# carried: bytes of the terminal's radio, both ways.
carried() { ip -n phone -j -s link show wlan1 | jq '.[0].stats64 | .rx.bytes + .tx.bytes'; }

# frames FILE FILTER: how many of a capture.
frames() { tcpdump -n -r "$site/$1.pcap" "$2" 2>/dev/null | wc -l; }

air_of() { # SEED: from its beginning
    stop air
    start air qwave air --address "$air_address" --port "$air_port" --loss 0 --seed "$1"
    ready air >/dev/null
}

# refill: each time a session over a channel that nobody has heard, until one gives keys. In a busy machine ends are late for each other.
seed=1
refills() {
    air_of $((++seed))
    key refill >>"$site/refill.log" 2>&1
}
refill() { within $ready_s refills || fail "no refill: $(tail -n 1 "$site/refill.log")"; }

# replays: a session over the channel of the last one. Whatever comes of it in a busy machine, no key does.
replays() {
    local status=0
    air_of $seed
    key refill >>"$site/refill.log" 2>&1 || status=$?
    [ $status != 0 ] || fail "keys came of CSI that was there before"
    [ $status = 3 ] && grep -q REPLAY "$site/terminal.log"
}

make_radios
make_cable
run radio ip netns exec listener tcpdump -Z root -U -i wlan2 -w "$site/radio.pcap"
make_link
for word in pairwise_cipher=CCMP key_mgmt=WPA2-PSK; do
    wpa status | grep -qx $word || fail "the link is not $word: $(wpa status)"
done

air_address=10.102.2.1 access_point_address=10.102.1.1
runs_in[terminal]=phone
ip -n phone route get $access_point_address | grep -q 'dev wlan1' || fail "the access point is not reached over the radio"
start_centre
start_air
run inside tcpdump -Z root -U -Q in -i wlan0 -w "$site/inside.pcap" tcp # what has come over it
start_access_point
start_terminal "automatic_refill: false" "probes_max: 400" "session_timeout_s: $ready_s" # few probes: a short session, and still a key
[ "$(remaining)" = 1 ] || fail "$(remaining) keys after charging 1"

echo "keys over the link"
before=$(carried)
refill
key --json ledger >"$site/ledger.json"
[ "$(field simulated <"$site/ledger.json")" = true ] || fail "the channel is not said to be simulated"
carried=$(($(carried) - before)) said=$(field message_bytes <"$site/ledger.json")
[ "$carried" -ge "$said" ] || fail "a discussion of $said bytes, and the link carried $carried"
use_keys 3
stop inside
stop radio

echo "what was in the air"
body='wlan[0] & 0x4c == 0x08'       # data frames that hold something
handshake='wlan[30:2] == 0x888e'    # by the type behind their header
phone='wlan addr2 02:00:00:00:01:00' # sent by the terminal's radio
protected=$(frames radio "$body and wlan[1] & 0x40 != 0 and $phone")
keying=$(frames radio "$body and wlan[1] & 0x40 == 0 and $handshake")
open=$(frames radio "$body and wlan[1] & 0x40 == 0 and not $handshake")
packets=$(frames inside tcp)
echo "$packets packets of TCP came in $protected protected frames; $keying of the handshake, $open open ones"
[ "$packets" -gt 10 ] && [ "$protected" -ge "$packets" ] || fail "packets have no frames of theirs"
[ "$keying" -ge 4 ] || fail "no handshake"
[ "$open" = 0 ] || fail "open frames"
grep -qa phone-1 "$site/inside.pcap" || fail "the discussion is not in the packets"
! grep -qa phone-1 "$site/radio.pcap" || fail "the discussion is open in the air"

echo "without the link there is none, though the simulated air is there"
left=$(remaining)
wpa disconnect >/dev/null
within $ready_s is_apart || fail "the link does not end"
status=0
key refill >"$site/apart.out" 2>&1 || status=$?
[ "$status" = 1 ] && [ "$(remaining)" = "$left" ] || fail "keys came without the link"
wpa reconnect >/dev/null
within $ready_s is_linked || fail "no link with WPA2 any more"

echo "the same CSI once more"
within $ready_s replays || fail "the terminal does not say REPLAY: $(tail -n 1 "$site/refill.log")"
[ "$(remaining)" = "$left" ] || fail "keys came of CSI that was there before"
echo "another channel"
refill
[ "$(remaining)" -gt "$left" ] || fail "no keys over another channel"
use_keys 2
