# SPDX-License-Identifier: Apache-2.0
# For the scenarios beside it: one site with a centre, an access point, a terminal and the air between them, by hand, in a temporary
# folder. Usage: scenario.sh BIN-FOLDER. A scenario ends with exit status 0, 1 (failed) or 77 (cannot run here, says why).
set -euo pipefail

bin=${1:?"usage: $0 FOLDER-OF-THE-PROGRAMS"}
site=$(mktemp -d "${TMPDIR:-/tmp}/qwave-system.XXXXXX")
declare -A pid=()
ready_s=120       # that anything may take that is waited for, on a machine that is busy with other things
card_folder=$site # where charge puts cards and the programs find them

clean_up() {
    local status=${1:-$?} # of the scenario
    local name
    for name in "${!pid[@]}"; do
        kill -9 "${pid[$name]}" 2>/dev/null || true
    done
    wait 2>/dev/null || true
    umount -l "$site/small" 2>/dev/null || true # 06-full-disk.sh
    if [ "$status" != 0 ] && [ "$status" != 77 ]; then
        tail -n 15 "$site"/*.log >&2 2>/dev/null || true
    fi
    rm -rf "$site"
}
trap clean_up EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

skip() {
    echo "skipped: $*"
    exit 77
}

# within SECONDS COMMAND...: true as soon as the command is.
within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.02
    done
}

declare -A runs_in=() # network namespaces; others run in that of the scenario
# start NAME PROGRAM ARGUMENT...: in the background; output in NAME.out, messages in NAME.log.
start() {
    local name=$1 program=$2
    shift 2
    : >"$site/$name.out"
    ${runs_in[$name]:+ip netns exec "${runs_in[$name]}"} "$bin/$program" "$@" >"$site/$name.out" 2>>"$site/$name.log" &
    pid[$name]=$!
}

# ready NAME: waits for its line "ready REST" and prints REST.
ready() {
    within $ready_s grep -q '^ready ' "$site/$1.out" || fail "$1 does not get ready: $(tail -n 1 "$site/$1.log")"
    sed -n 's/^ready //p' "$site/$1.out"
}

# stop NAME [SIGNAL]: and waits until it is gone.
stop() {
    kill -"${2:-TERM}" "${pid[$1]}" 2>/dev/null || true
    wait "${pid[$1]}" 2>/dev/null || true
    unset "pid[$1]"
}

# free_ports COUNT: the first of so many ports in a row that nobody listens on, below those that the kernel gives by itself.
free_ports() {
    local first port
    for first in $(shuf -i 20000-31000 -n 100); do
        for ((port = first; port < first + $1; port++)); do
            ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || continue 2
        done
        echo "$first"
        return
    done
    return 1
}

passphrase() {
    (umask 077 && head -c 24 /dev/urandom | base64 >"$1")
}

make_centre() {
    "$bin/qwave" init --port 0 --source kernel "$site/centre" >/dev/null
}

start_centre() {
    start qwaved qwaved --config "$site/centre/qwaved.yaml"
    url=https://127.0.0.1:$(ready qwaved)
}

admin() {
    "$bin/qwave" admin --operator "$site/centre/operator/operator.yaml" --url "$url" "$@"
}

# rotate_kek: by the first security administrator; returns when all is sealed anew.
kek_is_idle() { [ "$("$bin/qwave" admin --operator "$site/centre/officers/security.yaml" --url "$url" --json kek status | field phase)" = idle ]; }
rotate_kek() {
    "$bin/qwave" admin --operator "$site/centre/officers/security.yaml" --url "$url" kek rotate >/dev/null || fail "no other KEK is ordered"
    within 120 kek_is_idle || fail "another KEK: it does not end"
    "$bin/qwave" admin --operator "$site/centre/officers/security.yaml" --url "$url" --json kek status >"$site/kek.json"
    [ "$(field last_order <"$site/kek.json")" = "" ] || fail "another KEK: $(cat "$site/kek.json")"
}

# application ID [PEERS]: registered, with its certificate in ID.pem and ID.key.
application() {
    admin device add "$1" --kind application --owner test ${2:+--peer "$2"} >/dev/null
    admin certificate sae "$1" --certificate "$site/$1.pem" --key "$site/$1.key" >/dev/null
}

# card_of DEVICE: the name of its card; a scenario may have others.
card_of() {
    echo "$card_folder/$1.card"
}

# charge DEVICE KEYS
charge() {
    [ -e "$site/$1.passphrase" ] || passphrase "$site/$1.passphrase"
    "$bin/qwave" charge --operator "$site/centre/operator/operator.yaml" --url "$url" --device "$1" --keys "$2" \
        --card "$(card_of "$1")" --passphrase-file "$site/$1.passphrase" >/dev/null
}

# Registers and charges everybody, issues the certificates of the access point and the application.
make_devices() {
    admin device add ap-1 --kind access-point --owner test >/dev/null
    admin device add phone-1 --kind terminal --owner test --peer app-1 >/dev/null
    charge ap-1 1
    charge phone-1 "${1:-8}"
    admin certificate ap ap-1 --certificate "$site/ap-1.pem" --key "$site/ap-1.key" >/dev/null
    admin certificate sae app-1 --certificate "$site/app-1.pem" --key "$site/app-1.key" >/dev/null
}

air_address=127.0.0.1 access_point_address=127.0.0.1
# start_air [CHANNEL-OPTION...]
start_air() {
    start air qwave air --address "$air_address" --port 0 --seed 1 "$@"
    air_port=$(ready air)
}

# start_access_point: keeps its port over restarts, so that terminals find it again. Further lines of its settings: access_point_settings.
start_access_point() {
    cat >"$site/ap.yaml" <<YAML
access_point_id: ap-1
listen_address: $access_point_address
listen_port: ${access_point_port:-0}
centre_url: $url
certificate: $site/ap-1.pem
key: $site/ap-1.key
ca: $site/centre/ca/ca.pem
card: $(card_of ap-1)
passphrase_file: $site/ap-1.passphrase
air_address: $air_address
air_port: $air_port
${access_point_settings:-}
YAML
    start ap qwave-ap --config "$site/ap.yaml"
    access_point_port=$(ready ap)
}

# start_terminal [SETTING...]: further lines of its settings
start_terminal() {
    {
        cat <<YAML
terminal_id: phone-1
card: $(card_of phone-1)
passphrase_file: $site/phone-1.passphrase
socket: $site/terminal.sock
access_point_address: $access_point_address
access_point_port: $access_point_port
air_address: $air_address
air_port: $air_port
low_water_keys: 6
high_water_keys: 40
retry_interval_s: 1
YAML
        printf '%s\n' "$@"
    } >"$site/terminal.yaml"
    start terminal qwave-terminal --config "$site/terminal.yaml"
    ready terminal >/dev/null
}

key() {
    "$bin/qwave" key --socket "$site/terminal.sock" "$@"
}

# holds HEX PATH...: one of the files, or those of the folders, has this secret as bytes, hex or base64.
holds() {
    local hex=$1 base64
    shift
    base64=$(printf '%b' "$(sed 's/../\\x&/g' <<<"$hex")" | head -c $((${#hex} / 6 * 3)) | base64 -w 0) # whole groups: what follows does not matter
    grep -rqaF -e "$base64" "$@" || grep -rqaiF -e "$hex" "$@" ||
        [ "$(find "$@" -type f -exec od -An -v -tx1 {} + | tr -d ' \n' | grep -cF -e "$hex")" != 0 ] # bytes may be ends of lines
}

# field NAME: a scalar of the one-line JSON object on standard input.
field() {
    sed -n 's/.*"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/p'
}

remaining() {
    key --json status | field remaining_keys
}

refilled() {
    [ "$(key --json status | field refills)" -ge "${1:-1}" ]
}

# fetch KEY-ID: what the application gets for it, as hex; empty when it is refused.
fetch() {
    curl --silent --max-time $ready_s --cert "$site/app-1.pem" --key "$site/app-1.key" --cacert "$site/centre/ca/ca.pem" \
        "$url/api/v1/keys/phone-1/dec_keys?key_ID=$1" | field key | base64 -d 2>/dev/null | od -An -v -tx1 | tr -d ' \n'
}

# use_keys N: the terminal's application takes N keys; each must be the one the other application fetches, and none may come twice.
declare -A seen=()
use_keys() {
    local i answer id hex
    for ((i = 0; i < $1; i++)); do
        answer=$(key --json get) || fail "no key number $i"
        id=$(field key_ID <<<"$answer")
        hex=$(field key_hex <<<"$answer")
        [ ${#hex} = 64 ] || fail "a key of ${#hex} hex digits"
        [ -z "${seen[$hex]:-}" ] || fail "key $id was given before"
        seen[$hex]=$id
        [ "$(fetch "$id")" = "$hex" ] || fail "key $id differs at the two ends, or the centre does not give it"
    done
}
