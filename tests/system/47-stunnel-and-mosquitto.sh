# SPDX-License-Identifier: Apache-2.0
# rows: A1
# TLS with pre-shared keys in programs that know nothing of quantum keys: a broker's clear port behind two stunnels, and the broker's own TLS port.
# The key's id is the identity, so both keys are accepted while one goes over to the next. A connection that is there stays, a client with
# a key of before is refused, a suite of 256 bits is negotiated, and without the right key nothing is.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"

for program in stunnel4 mosquitto mosquitto_pub mosquitto_sub openssl; do
    PATH=$PATH:/usr/sbin command -v $program >/dev/null || skip "no $program"
done
PATH=$PATH:/usr/sbin
suite=TLS_CHACHA20_POLY1305_SHA256 # programs with OpenSSL's older callback bind a key to SHA-256: the one suite of 256 bits with that
tls_port=$(free_ports 5)
outer_port=$((tls_port + 1))
inner_port=$((tls_port + 2))
clear_port=$((tls_port + 3))

make_centre
start_centre
application site-a site-b
application site-b
printf '{{key_id}}:{{key_hex}}\n{{other_id}}:{{other_hex}}\n' >"$site/stunnel.template"
cp "$site/stunnel.template" "$site/broker.template"
printf -- '--psk-identity {{key_id}}\n--psk {{key_hex}}\n' >"$site/client.template"

# agent SELF PEER: two links, each its own key.
agent() {
    link_head "$1"
    entry "$1" "$2" stunnel stunnel.template "$site/$1-stunnel.psk" "$site/$1-stunnel.pid"
    if [ "$1" = site-a ]; then
        entry "$1" "$2" broker client.template "$site/clients/mosquitto_pub" ''
    else
        entry "$1" "$2" broker broker.template "$site/broker.psk" "$site/broker.pid"
    fi
}
# entry SELF PEER LINK TEMPLATE FILE PID-FILE
entry() {
    cat <<YAML
  - peer: $2
    link: $3
    address: 127.0.0.1:${peer_port:-0}
    sink: psk-file
    template: $site/$4
    file: $5
    heartbeat_s: 0.3
    drain_s: 8
    retry_s: 0.2
YAML
    [ -z "$6" ] || echo "    pid_file: $6"
}
mkdir -m 700 "$site/clients"
agent site-b site-a >"$site/site-b.yaml"
start site-b qwave-link --config "$site/site-b.yaml"
peer_port=$(ready site-b)
agent site-a site-b >"$site/site-a.yaml"
start site-a qwave-link --config "$site/site-a.yaml"
ready site-a >/dev/null

# all_steady: each link of site-a.
all_steady() {
    "$bin/qwave-link" status --json --socket "$site/site-a.sock" |
        jq -e '[.links[] | select(.state == "STEADY" and .alarm == "")] | length == 2' >/dev/null
}
within $ready_s all_steady || fail "no keys: $("$bin/qwave-link" status --socket "$site/site-a.sock")"

echo "a broker, and two stunnels between a clear port and the broker's own"
cat >"$site/broker.conf" <<CONF
per_listener_settings true
user $(id -un)
pid_file $site/broker.pid
listener $clear_port 127.0.0.1
allow_anonymous true
listener $tls_port 127.0.0.1
psk_hint qwave
psk_file $site/broker.psk
ciphers_tls1.3 $suite
tls_version tlsv1.3
use_identity_as_username true
CONF
stunnel_settings() {
    cat <<CONF
foreground = yes
debug = info
pid = $site/$1-stunnel.pid
[broker]
ciphers = PSK
ciphersuites = $suite
sslVersion = TLSv1.3
options = NO_TICKET
PSKsecrets = $site/$1-stunnel.psk
CONF
}
{
    stunnel_settings site-b
    printf 'accept = 127.0.0.1:%s\nconnect = 127.0.0.1:%s\n' "$outer_port" "$clear_port"
} >"$site/site-b-stunnel.conf"
{
    stunnel_settings site-a
    printf 'client = yes\naccept = 127.0.0.1:%s\nconnect = 127.0.0.1:%s\n' "$inner_port" "$outer_port"
} >"$site/site-a-stunnel.conf"
mosquitto -c "$site/broker.conf" >"$site/broker.log" 2>&1 &
pid[broker]=$!
within $ready_s test -s "$site/broker.pid" || fail "no broker"
for end in site-a site-b; do
    stunnel4 "$site/$end-stunnel.conf" >"$site/$end-stunnel.log" 2>&1 &
    pid[$end-stunnel]=$!
    within $ready_s test -s "$site/$end-stunnel.pid" || fail "no stunnel at $end"
done

# publish THROUGH TEXT: tunnel, or the broker's own port with the keys of the folder clients.
publish() {
    case $1 in
    tunnel) XDG_CONFIG_HOME=$site mosquitto_pub -h 127.0.0.1 -p "$inner_port" -t meters -m "$2" -q 1 ;;
    *) XDG_CONFIG_HOME=$1 mosquitto_pub -h 127.0.0.1 -p "$tls_port" -t meters -m "$2" -q 1 ;;
    esac
}
# stunnel closes its port while it reads its settings again: who comes in that moment comes once more, as a client of a broker does.
publish_by_tunnel() {
    publish tunnel "$1" 2>/dev/null || { sleep 0.5 && publish tunnel "$1"; }
}
XDG_CONFIG_HOME=$site mosquitto_sub -h 127.0.0.1 -p "$clear_port" -t meters >"$site/heard" 2>"$site/listener.log" &
pid[listener]=$!
# A subscriber that keeps one connection, with the keys of the start, through each of the two.
mkdir -m 700 "$site/first"
cp -p "$site/clients/mosquitto_pub" "$site/first/mosquitto_pub"
cp -p "$site/clients/mosquitto_pub" "$site/first/mosquitto_sub"
cp -p "$site/site-a-stunnel.psk" "$site/first/stunnel.psk"
XDG_CONFIG_HOME=$site/first mosquitto_sub -h 127.0.0.1 -p "$tls_port" -t meters >"$site/heard-tls" 2>"$site/tls.log" &
pid[tls]=$!
XDG_CONFIG_HOME=$site mosquitto_sub -h 127.0.0.1 -p "$inner_port" -t meters >"$site/heard-tunnel" 2>"$site/tunnel.log" &
pid[tunnel]=$!
# heard TEXT: by all three.
heard() {
    local name
    for name in heard heard-tls heard-tunnel; do
        grep -qx "$1" "$site/$name" || return 1
    done
}
# A subscription has no sign of its own that it is there: what is said before is not heard.
say_until_heard() {
    publish tunnel "$1" >/dev/null 2>&1 || return 1
    heard "$1"
}
within $ready_s say_until_heard hello || fail "no way through the tunnel: $(tail -n 3 "$site"/site-?-stunnel.log "$site/tls.log" "$site/tunnel.log")"
publish "$site/clients" direct || fail "no way to the broker's own port"
within $ready_s heard direct || fail "what was said with a key was not heard"
grep -q "$suite (256-bit encryption)" "$site/site-b-stunnel.log" || fail "not a suite of 256 bits: $(grep -i ciphersuite "$site/site-b-stunnel.log")"
# The broker, asked by a client that has the key and would rather have 128 bits.
broker_suite() {
    local identity key
    identity=$(sed -n 's/^--psk-identity //p' "$site/clients/mosquitto_pub")
    key=$(sed -n 's/^--psk //p' "$site/clients/mosquitto_pub")
    openssl s_client -connect "127.0.0.1:$tls_port" -tls1_3 -psk_identity "$identity" -psk "$key" -ciphersuites "$1" </dev/null 2>/dev/null |
        sed -n 's/^.*, Cipher is //p' || true
}
[ "$(broker_suite "TLS_AES_128_GCM_SHA256:$suite")" = "$suite" ] || fail "the broker's suite: $(broker_suite "TLS_AES_128_GCM_SHA256:$suite")"
[ "$(broker_suite TLS_AES_128_GCM_SHA256)" = "(NONE)" ] || fail "the broker takes 128 bits"

echo "three changes, with words through both all the while"
for turn in 1 2 3; do
    before=$(sha256sum "$site/site-a-stunnel.psk" "$site/clients/mosquitto_pub")
    "$bin/qwave-link" rotate site-b --socket "$site/site-a.sock"
    for word in a b c d; do
        publish_by_tunnel "tunnel-$turn$word" || fail "the tunnel refused a client in change $turn"
        publish "$site/clients" "direct-$turn$word" || fail "the broker refused a client in change $turn"
        sleep 0.3
    done
    changed() { [ "$before" != "$(sha256sum "$site/site-a-stunnel.psk" "$site/clients/mosquitto_pub")" ]; }
    within $ready_s changed || fail "no change"
    within $ready_s all_steady || fail "change $turn does not end: $("$bin/qwave-link" status --socket "$site/site-a.sock")"
    [ "$(wc -l <"$site/site-b-stunnel.psk")" = 1 ] || fail "the old key stays"
done
within $ready_s heard direct-3d || fail "a connection that was there has ended"
within $ready_s heard tunnel-3d || fail "a connection that was there has ended"
for name in heard heard-tls heard-tunnel; do
    [ "$(grep '^\(tunnel\|direct\)-' "$site/$name" | sort -u | wc -l)" = 24 ] || fail "$name has not all 24 words"
done

echo "who has a key of before is refused"
! publish "$site/first" stale >/dev/null 2>&1 || fail "the broker takes a client with an old key"
sed -e "s,^PSKsecrets = .*,PSKsecrets = $site/first/stunnel.psk," -e "s/^accept = .*/accept = 127.0.0.1:$((tls_port + 4))/" \
    -e "s,^pid = .*,pid = $site/stale.pid," "$site/site-a-stunnel.conf" >"$site/stale.conf"
stunnel4 "$site/stale.conf" >"$site/stale-stunnel.log" 2>&1 &
pid[stale]=$!
within $ready_s test -s "$site/stale.pid" || fail "no third stunnel"
! XDG_CONFIG_HOME=$site mosquitto_pub -h 127.0.0.1 -p $((tls_port + 4)) -t meters -m stale >/dev/null 2>&1 || fail "stunnel takes a client with an old key"
! grep -q stale "$site"/heard* || fail "a word was heard that none may say"
