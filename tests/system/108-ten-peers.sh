# SPDX-License-Identifier: Apache-2.0
# rows: A1
# once: twelve agents and as many daemons; under sanitizers the turn is that of 43 and the unit tests
# One WireGuard interface with ten peers, each with keys of its own. All keys change under probes, each followed by a handshake with the new one; another hand at one
# peer, at either end, is mended, and the nine others are not touched; a peer that is taken out of the settings keeps what it has and the others go on; and
# with no centre at all the interface is made anew, without keys, and has all ten again.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"
source "$(dirname "$0")/wireguard.sh"

need_wireguard_go
far=$(seq -w 1 10)
# shellcheck disable=SC2086 # words
add_namespaces h $far
hub=10.9.9.100

# The public key of an end.
key_of() {
    wg pubkey <"$site/$1.wg"
}
# The rest of a line of `wg set`, at the hub and at END.
hub_peer() {
    echo "endpoint 192.0.2.$((4 * 10#$1 + 2)):51820 allowed-ips 10.9.9.$((10#$1))/32"
}
far_peer() {
    echo "endpoint 192.0.2.$((4 * 10#$1 + 1)):51820 allowed-ips $hub/32"
}
umask 077
for end in h $far; do
    in_ns "$end" ip link set lo up
    wg genkey >"$site/$end.wg"
done
for end in $far; do
    other_end[$end]=h
    ip link add "h$tag-$end" netns "qw-$tag-h" type veth peer name "v$tag-$end" netns "qw-$tag-$end"
    in_ns h ip addr add "192.0.2.$((4 * 10#$end + 1))/30" dev "h$tag-$end"
    in_ns h ip link set "h$tag-$end" up
    in_ns "$end" ip addr add "192.0.2.$((4 * 10#$end + 2))/30" dev "v$tag-$end"
    in_ns "$end" ip link set "v$tag-$end" up
done
# set_up_end END ADDRESS
set_up_end() {
    in_ns "$1" wg set "qw$tag$1" private-key "$site/$1.wg" listen-port 51820
    in_ns "$1" ip addr add "$2/24" dev "qw$tag$1"
    in_ns "$1" ip link set "qw$tag$1" up
}
# The hub's interface, its peers without keys.
set_up_hub() {
    start_wireguard_go h
    set_up_end h $hub
    for end in $far; do
        # shellcheck disable=SC2046 # words
        in_ns h wg set "qw$tag""h" peer "$(key_of "$end")" $(hub_peer "$end")
    done
}
set_up_hub
# shellcheck disable=SC2086
start_wireguard_go $far
for end in $far; do
    set_up_end "$end" "10.9.9.$((10#$end))"
    # shellcheck disable=SC2046
    in_ns "$end" wg set "qw$tag$end" peer "$(key_of h)" $(far_peer "$end")
done

make_centre
start_centre
application hub 'spoke-*'
for end in $far; do
    application "spoke-$end" hub
done
# entry PEER PORT INTERFACE KEY
entry() {
    cat <<YAML
  - peer: $1
    address: 127.0.0.1:$2
    sink: wireguard
    interface: $3
    public_key: $4
    heartbeat_s: 1
    drain_s: 0.1
    retry_s: 0.5
YAML
}
for end in $far; do
    {
        link_head "spoke-$end"
        entry hub 0 "qw$tag$end" "$(key_of h)"
    } >"$site/spoke-$end.yaml"
    start "spoke-$end" qwave-link --config "$site/spoke-$end.yaml"
done
# start_hub END...: with these peers
start_hub() {
    {
        link_head hub
        for end in "$@"; do
            entry "spoke-$end" "$(ready "spoke-$end")" "qw$tag""h" "$(key_of "$end")"
        done
    } >"$site/hub.yaml"
    start hub qwave-link --config "$site/hub.yaml"
    ready hub >/dev/null
}
# shellcheck disable=SC2086
start_hub $far

hub_status() {
    "$bin/qwave-link" status --json --socket "$site/hub.sock"
}
# hub_has NUMBER CONDITION-OF-JQ: so many links of the hub are so.
hub_has() {
    hub_status | jq -e "[.links[] | select($2)] | length == $1" >/dev/null
}
well='.state == "STEADY" and .alarm == ""'
# ids [CONDITION]: peers and their keys in use
ids() {
    hub_status | jq -r ".links[] | select(${1:-true}) | .peer + \" \" + .key_ID" | sort
}
# hub_psk END
hub_psk() {
    psk h "$(key_of "$1")"
}
# same END...: both ends have one key
same() {
    local end
    for end in "$@"; do
        [ "$(psk "$end")" != "(none)" ] && [ "$(psk "$end")" = "$(hub_psk "$end")" ] || return 1
    done
}
# The keys of the hub's interface, and those but for that of END.
all_psks() {
    in_ns h wg show "qw$tag""h" preshared-keys | sort
}
others() {
    all_psks | grep -vF "$(key_of "$1")"
}
reaches() {
    in_ns "$1" ping -q -c 1 -W 1 $hub >/dev/null
}
# shake END...: a new session at once; the far end's peer is taken away and put back in one step.
shake() {
    local end
    for end in "$@"; do
        psk "$end" >"$site/now.psk"
        # shellcheck disable=SC2046
        in_ns "$end" wg set "qw$tag$end" peer "$(key_of h)" remove peer "$(key_of h)" $(far_peer "$end") preshared-key "$site/now.psk"
    done
}
has_shaken() {
    [ "$(handshake "$1")" != 0 ]
}
probe_all() {
    for end in $far; do
        begin_probes "$end" $hub 0.5
    done
}
# count_lost WHAT: one at each may be
count_lost() {
    local lost sent line=""
    for end in $far; do
        end_probes "$end"
        [ "$lost" -le 1 ] || fail "$1: spoke-$end lost $lost of $sent probes"
        line="$line $lost/$sent"
    done
    echo "    $1: lost/sent at each of ten, probes of 500 ms:$line"
}

echo "ten peers, ten keys"
within 120 hub_has 10 "$well" || fail "not all have a key: $(hub_status | jq -c '.links[] | [.peer, .state, .alarm]')"
# shellcheck disable=SC2086
within $ready_s same $far || fail "the ends differ"
[ "$(all_psks | cut -f 2 | sort -u | wc -l)" = 10 ] || fail "two peers have one key"
for end in $far; do
    within $ready_s reaches "$end" || fail "spoke-$end has no traffic"
done

echo "all keys change, and count at once"
ids >"$site/ids"
all_psks >"$site/psks"
probe_all
for end in $far; do
    "$bin/qwave-link" rotate "spoke-$end" --socket "$site/hub.sock"
done
all_changed() {
    [ "$(ids "$well" | comm -13 "$site/ids" - | wc -l)" = 10 ]
}
within 120 all_changed || fail "not all keys changed: $(hub_status | jq -c '.links[] | [.peer, .state, .alarm]')"
# shellcheck disable=SC2086
same $far || fail "the ends differ after a change"
[ "$(all_psks | comm -12 "$site/psks" - | wc -l)" = 0 ] || fail "a key stayed"
# shellcheck disable=SC2086
shake $far
for end in $far; do
    within $ready_s has_shaken "$end" || fail "spoke-$end: no handshake with the new key"
done
count_lost "a change of all"

# note_others END, and later untouched END: the nine others have what they had.
note_others() {
    others "$1" >"$site/others"
    ids ".peer != \"spoke-$1\"" >"$site/other-ids"
    hub_status | jq "[.links[] | select(.peer != \"spoke-$1\") | .alarms] | add" >"$site/other-alarms"
}
untouched() {
    others "$1" | cmp -s - "$site/others" || fail "a key of another peer changed"
    ids ".peer != \"spoke-$1\"" | cmp -s - "$site/other-ids" || fail "another peer has another key"
    [ "$(hub_status | jq "[.links[] | select(.peer != \"spoke-$1\") | .alarms] | add")" = "$(cat "$site/other-alarms")" ] || fail "an alarm of another peer"
}

echo "another hand at one of the ten, at the hub"
note_others 03
mended=$(hub_psk 03)
wg genpsk >"$site/strange.psk"
probe_all
begun=$SECONDS
in_ns h wg set "qw$tag""h" peer "$(key_of 03)" preshared-key "$site/strange.psk"
is_mended() {
    [ "$(hub_psk "$1")" = "$mended" ]
}
within $ready_s is_mended 03 || fail "a strange key stays"
echo "    mended after $((SECONDS - begun)) s of the 180 s that a session lives"
shake 03
within $ready_s has_shaken 03 || fail "no handshake after the mending"
within $ready_s hub_has 10 "$well" || fail "an alarm stays: $(hub_status | jq -c '.links[] | [.peer, .alarm]')"
within $ready_s hub_has 1 '.peer == "spoke-03" and .alarms > 0' || fail "nobody is told of a strange hand"
untouched 03
count_lost "a strange key at spoke-03"

echo "and at the far end, while its agent does not look: a handshake fails, and comes when it looks again"
note_others 05
mended=$(psk 05)
kill -STOP "${pid[spoke-05]}"
in_ns 05 wg set "qw$tag""05" peer "$(key_of h)" preshared-key "$site/strange.psk"
shake 05
! reaches 05 || fail "traffic under two keys"
! reaches 05 || fail "traffic under two keys"
! has_shaken 05 || fail "a handshake under two keys"
for end in $far; do
    [ "$end" = 05 ] || reaches "$end" || within $ready_s reaches "$end" || fail "spoke-$end has no traffic"
done
kill -CONT "${pid[spoke-05]}"
far_is_mended() {
    [ "$(psk 05)" = "$mended" ]
}
within $ready_s far_is_mended || fail "a strange key stays at the far end"
within $ready_s reaches 05 || fail "no traffic after the mending"
untouched 05

echo "one taken out of the settings"
note_others 07
out=$(hub_psk 07)
stop hub
# shellcheck disable=SC2046
start_hub $(printf '%s\n' $far | grep -v 07)
within $ready_s hub_has 9 "$well" || fail "the nine do not go on: $(hub_status | jq -c '.links[] | [.peer, .state, .alarm]')"
others 07 | cmp -s - "$site/others" || fail "a key of another peer changed"
ids | cmp -s - "$site/other-ids" || fail "another peer has another key"
is_silent() {
    "$bin/qwave-link" status --json --socket "$site/spoke-07.sock" | jq -e '.links[0].alarm == "the peer'"'"'s agent is silent"' >/dev/null
}
within $ready_s is_silent || fail "spoke-07 does not say that nobody speaks with it"
for end in $(printf '%s\n' $far | grep -v 07); do
    "$bin/qwave-link" rotate "spoke-$end" --socket "$site/hub.sock"
done
nine_changed() {
    [ "$(ids "$well" | comm -13 "$site/other-ids" - | wc -l)" = 9 ]
}
within 120 nine_changed || fail "the nine do not rotate: $(hub_status | jq -c '.links[] | [.peer, .state, .alarm]')"
[ "$(hub_psk 07)" = "$out" ] && same 07 || fail "who is out of the settings is touched"
within $ready_s reaches 07 || fail "what spoke-07 had does not go on"
stop hub
# shellcheck disable=SC2086
start_hub $far
within $ready_s hub_has 10 "$well" || fail "not all ten are back: $(hub_status | jq -c '.links[] | [.peer, .state, .alarm]')"

echo "no centre, and the hub's interface is made anew without keys"
ids >"$site/ids"
all_psks >"$site/psks"
stop qwaved
stop wg-h KILL
within $ready_s hub_has 10 '.alarm | startswith("wireguard: ")' || fail "no alarm of an interface that is away: $(hub_status | jq -c '.links[] | [.peer, .alarm]')"
echo "    $(hub_status | jq -r '.links[0].alarm')"
set_up_hub
all_back() {
    all_psks | cmp -s - "$site/psks"
}
within $ready_s all_back || fail "the keys do not come back"
within $ready_s hub_has 10 "$well" || fail "an alarm stays: $(hub_status | jq -c '.links[] | [.peer, .alarm]')"
ids | cmp -s - "$site/ids" || fail "another key came from nowhere"
for end in $far; do
    in_ns h ping -q -c 1 -W 1 "10.9.9.$((10#$end))" >/dev/null || within $ready_s reaches "$end" || fail "spoke-$end has no traffic after all"
done
echo "done"
