# SPDX-License-Identifier: Apache-2.0
# rows: A1
# What a change of the key is to each client of a broker (mosquitto): who is connected stays, who still has the key of before is let in for as long as that drains
# and refused afterwards, who has the new one is let in at once, who was away finds its words under the new key; a client of another link, whose keys stand in the
# same file of the broker, keeps its own. Told by what each of them received, word by word, and by the broker's log, which says with which key each came.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"

for program in mosquitto mosquitto_pub mosquitto_sub; do
    PATH=$PATH:/usr/sbin command -v $program >/dev/null || skip "no $program"
done
PATH=$PATH:/usr/sbin
tls_port=$((28000 + RANDOM % 4000))

make_centre
start_centre
application site-a site-b
application site-a2 site-b
application site-b
printf '{{key_id}}:{{key_hex}}\n{{other_id}}:{{other_hex}}\n' >"$site/broker.template"
printf -- '--psk-identity {{key_id}}\n--psk {{key_hex}}\n' >"$site/client.template"
mkdir -m 700 "$site/keys" "$site/now" "$site/neighbour"

# entry PEER TEMPLATE FILE [LINE...]
entry() {
    cat <<YAML
  - peer: $1
    address: 127.0.0.1:${peer_port:-0}
    sink: psk-file
    template: $site/$2
    file: $3
    heartbeat_s: 0.3
    drain_s: 10
    retry_s: 0.2
YAML
    shift 3
    [ $# = 0 ] || printf '    %s\n' "$@"
}
{
    link_head site-b
    for peer in site-a site-a2; do
        entry $peer broker.template "$site/keys/$peer.psk" "joined: $site/broker.psk" "pid_file: $site/broker.pid"
    done
} >"$site/site-b.yaml"
start site-b qwave-link --config "$site/site-b.yaml"
peer_port=$(ready site-b)
for client in "site-a now" "site-a2 neighbour"; do
    read -r name folder <<<"$client"
    {
        link_head "$name"
        entry site-b client.template "$site/$folder/mosquitto_pub"
    } >"$site/$name.yaml"
    start "$name" qwave-link --config "$site/$name.yaml"
    ready "$name" >/dev/null
done
links_of() { # AGENT JQ-CONDITION: of each of its links
    "$bin/qwave-link" status --json --socket "$site/$1.sock" 2>/dev/null | jq -e "[.links[] | select(($2) | not)] | length == 0" >/dev/null
}
all_steady() {
    links_of site-a '.state == "STEADY" and .alarm == ""' && links_of site-a2 '.state == "STEADY" and .alarm == ""' && links_of site-b '.state == "STEADY" and .alarm == ""'
}
states() {
    "$bin/qwave-link" status --socket "$site/site-a.sock"
    "$bin/qwave-link" status --socket "$site/site-b.sock"
}
within $ready_s all_steady || fail "no keys: $(states)"

cat >"$site/broker.conf" <<CONF
user $(id -un)
pid_file $site/broker.pid
listener $tls_port 127.0.0.1
psk_hint qwave
psk_file $site/broker.psk
ciphers_tls1.3 TLS_CHACHA20_POLY1305_SHA256
tls_version tlsv1.3
use_identity_as_username true
log_dest stderr
log_type all
CONF
mosquitto -c "$site/broker.conf" >"$site/broker.log" 2>&1 &
pid[broker]=$!
within $ready_s test -s "$site/broker.pid" || fail "no broker"

# keep FOLDER: the options of a client as they are now, which the agent does not change any more.
keep() {
    mkdir -p -m 700 "$site/$1"
    cp -p "$site/now/mosquitto_pub" "$site/$1/mosquitto_pub"
    cp -p "$site/$1/mosquitto_pub" "$site/$1/mosquitto_sub"
}
identity_in() { # FOLDER
    sed -n 's/^--psk-identity //p' "$site/$1/mosquitto_pub"
}
said=() # what the broker took, in this order
# say FOLDER WORD: false when the broker refuses the client.
say() {
    XDG_CONFIG_HOME=$site/$1 timeout 60 mosquitto_pub -h 127.0.0.1 -p "$tls_port" -t meters -q 1 -m "$2" 2>"$site/say.log" || return 1
    said+=("$2")
}
declare -A first_word=()
# listen NAME FOLDER [OPTION...]: in the background, with the key of that folder; what it receives stands in NAME.heard. False when it is refused.
listen() {
    local name=$1 folder=$2
    shift 2
    XDG_CONFIG_HOME=$site/$folder mosquitto_sub -h 127.0.0.1 -p "$tls_port" -t meters -q 1 -i "$name" "$@" >"$site/$name.heard" 2>"$site/$name.log" &
    pid[$name]=$!
    within $ready_s is_listening_or_gone "$name" && is_listening "$name" || return 1
    first_word[$name]=${#said[@]}
}
is_listening() { grep -q "Sending SUBACK to $1\$" "$site/broker.log"; }
is_listening_or_gone() { is_listening "$1" || ! kill -0 "${pid[$1]}" 2>/dev/null; }
# heard_all NAME: every word that was said since it listens, once and in this order, and nothing else.
heard_all() {
    printf '%s\n' "${said[@]:${first_word[$1]}}" | cmp -s - "$site/$1.heard"
}
# stays NAME FOLDER: it came once, with the key of that folder, and has not gone.
stays() {
    [ "$(grep -c "New client connected from .* as $1 (.*u'$(identity_in "$2")')" "$site/broker.log")" = 1 ] &&
        [ "$(grep -c "New client connected from .* as $1 (" "$site/broker.log")" = 1 ] &&
        ! grep -qE ": (Client $1 |Received DISCONNECT from $1\$)" "$site/broker.log" && kill -0 "${pid[$1]}"
}
# keys_are COUNT: in the broker's file, that of before among them or not, and the neighbour's always.
has_before() { grep -q "^$(identity_in before):" "$site/broker.psk"; }
keys_are() { [ "$(wc -l <"$site/broker.psk")" = "$1" ] && grep -q "^$neighbour:" "$site/broker.psk"; }
both_keys() { keys_are 3 && has_before; }
only_one() { keys_are 2 && ! has_before; }

echo "a client that is connected, one of another link, and one that is away and comes again"
keep start
cp -p "$site/neighbour/mosquitto_pub" "$site/neighbour/mosquitto_sub"
neighbour=$(identity_in neighbour)
[ "$neighbour" != "$(identity_in start)" ] || fail "one key for two links"
listen neighbour neighbour || fail "no client of the other link: $(cat "$site/neighbour.log")"
listen early start || fail "no client: $(cat "$site/early.log")"
XDG_CONFIG_HOME=$site/start timeout 60 mosquitto_sub -h 127.0.0.1 -p "$tls_port" -t meters -q 1 -i away -c -E 2>"$site/away.log" || fail "no session: $(cat "$site/away.log")"
first_word[away]=${#said[@]}
say start "before the change" || fail "no word: $(cat "$site/say.log")"

# What is tried while both keys are there counts when they still are afterwards.
is_told=no
for turn in 1 2 3; do
    keep before
    "$bin/qwave-link" rotate site-b --socket "$site/site-a.sock"
    changed() { ! cmp -s "$site/before/mosquitto_pub" "$site/now/mosquitto_pub"; }
    within $ready_s changed || fail "no change: $(states)"
    keep after
    echo "change $turn: the new key, and the one of before"
    say after "with the new key $turn" || fail "the new key is refused: $(cat "$site/say.log")"
    listen "new$turn" after || fail "the new key is refused: $(cat "$site/new$turn.log")"
    is_in=yes
    say before "with the key of before $turn" || is_in=no
    listen "late$turn" before || is_in=no
    if both_keys; then
        is_told=yes
        break
    fi
    within $ready_s all_steady || fail "the change does not end: $(states)"
done
[ $is_told = yes ] || fail "both keys were there for too short a time, three times"
[ $is_in = yes ] || fail "the key of before is refused while it drains: $(cat "$site/say.log" "$site/late$turn.log")"
say after "while both are there" && say neighbour "of the other link" || fail "no word: $(cat "$site/say.log")"

echo "the key of before has drained"
within $ready_s only_one && within $ready_s all_steady || fail "the change does not end: $(states)"
grep -q "^$(identity_in after):" "$site/broker.psk" || fail "the broker does not have the new key"
! say before "stale" || fail "the key of before is let in"
! listen stale before || fail "the key of before is let in"
say after "after the change" && say neighbour "of the other link, afterwards" || fail "the new key is refused: $(cat "$site/say.log")"

echo "what each of them received"
for name in neighbour early "late$turn" "new$turn"; do
    within $ready_s heard_all "$name" || fail "$name heard $(cat "$site/$name.heard") of ${said[*]:${first_word[$name]}}"
done
stays neighbour neighbour && stays early start && stays "late$turn" before && stays "new$turn" after || fail "a client came again, or went: $(grep -E 'connected|DISCONNECT' "$site/broker.log")"
[ "$(identity_in before)" != "$(identity_in after)" ] && [ "$(identity_in neighbour)" = "$neighbour" ] || fail "not one other key"
XDG_CONFIG_HOME=$site/after timeout 60 mosquitto_sub -h 127.0.0.1 -p "$tls_port" -t meters -q 1 -i away -c -C $((${#said[@]} - first_word[away])) \
    >"$site/away.heard" 2>"$site/away.log" || fail "who was away is refused: $(cat "$site/away.log")"
heard_all away || fail "who was away heard $(cat "$site/away.heard") of ${said[*]:${first_word[away]}}"
[ ! -s "$site/stale.heard" ] && ! grep -q stale "$site"/*.heard || fail "a refused client was heard, or heard"
for name in neighbour early "late$turn" "new$turn" away; do
    echo "$name: $(wc -l <"$site/$name.heard") words, all that were said to it"
done
