# SPDX-License-Identifier: Apache-2.0
# For scenarios of qwave-link, after site.sh: two agents, site-a (initiator) and site-b, at one centre; link_head is for any agents.

# link_head SAE [LINE...]: what stands above the peers.
link_head() {
    local sae=$1
    shift
    [ -e "$site/$sae.passphrase" ] || passphrase "$site/$sae.passphrase"
    cat <<YAML
sae_id: $sae
key_server_url: $url
certificate: $site/$sae.pem
key: $site/$sae.key
ca: $site/centre/ca/ca.pem
listen_port: ${port_of[$sae]:-0}
state: $site/$sae.state
passphrase_file: $site/$sae.passphrase
socket: $site/$sae.sock
YAML
    [ $# = 0 ] || printf '%s\n' "$@"
    echo peers:
}

# make_links: the centre, certificates, passphrases.
make_links() {
    make_centre
    start_centre
    for sae in site-a site-b; do
        admin certificate sae $sae --certificate "$site/$sae.pem" --key "$site/$sae.key" >/dev/null
    done
    admin device add site-a --kind application --owner test --peer site-b >/dev/null
    admin device add site-b --kind application --owner test >/dev/null
    agent_port=()
}

# link_settings SAE PEER [LINE-OF-THE-PEER...]
link_settings() {
    local sae=$1 peer=$2
    shift 2
    {
        link_head "$sae" "peer_timeout_ms: 10000" "log_level: debug"
        cat <<YAML
  - peer: $peer
    address: 127.0.0.1:${port_of[$peer]:-0}
    rekey_s: ${rekey_s:-3600}
    heartbeat_s: ${heartbeat_s:-0.1}
    drain_s: ${drain_s:-0.05}
    retry_s: 0.1
YAML
        printf '    %s\n' "$@"
    } >"$site/$sae.yaml"
}

declare -A port_of=()
# start_agent SAE: keeps its port over restarts. Lines of its peer: agent_lines[SAE]; where its tunnel ends, if it speaks with the kernel about it: netns_of[SAE];
# a file that says by how many seconds its clock is wrong: clock_of[SAE].
declare -A agent_lines=() netns_of=() clock_of=()
start_agent() {
    local peer=site-a netns=${netns_of[$1]:+/run/netns/${netns_of[$1]}}
    [ "$1" = site-b ] || peer=site-b
    # shellcheck disable=SC2086 # one argument a line
    local IFS=$'\n'
    link_settings "$1" $peer ${agent_lines[$1]}
    unset IFS
    QW_KILL_AT_RENAME=$site/$1.kill QW_TWIST_KEY=$site/$1.twist QW_NETNS=$netns QW_CLOCK_FILE=${clock_of[$1]:-} \
        LD_PRELOAD=${QWAVE_KILL_AT_RENAME:-}${QWAVE_TWIST_KEY:+:$QWAVE_TWIST_KEY}${netns:+:${QWAVE_ENTER_NETNS:?}}${clock_of[$1]:+:${QWAVE_MOVE_CLOCK:?}} \
        ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" start "$1" qwave-link --config "$site/$1.yaml"
    port_of[$1]=$(ready "$1")
}

link_status() {
    "$bin/qwave-link" status --json --socket "$site/$1.sock" | jq -r ".links[0].$2"
}

link_rotate() {
    "$bin/qwave-link" rotate --socket "$site/$1.sock" "$2"
}

# state_of SAE: STATE KEY-ID ALARM
state_of() {
    "$bin/qwave-link" status --json --socket "$site/$1.sock" 2>/dev/null | jq -r '.links[0] | "\(.state) \(.key_ID) \(.alarm)"'
}

# both_steady [KEY-ID]: both agents use one key, not that one, and no rotation is owed: its alarm stays until it is done.
both_steady() {
    local a b
    a=$(state_of site-a) && b=$(state_of site-b) || return 1
    [[ $a = "STEADY "*" " && $a = "$b" && $a != "STEADY ${1:-} " ]]
}

# steady_within SECONDS [KEY-ID]: looks less often than within does, for each look is four processes.
steady_within() {
    local deadline=$((SECONDS + $1))
    until both_steady "${2:-}"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.3
    done
}

# shorten_lives: both agents anew, with a hard lifetime that passes at once when there is no next key.
shorten_lives() {
    stop site-a
    stop site-b
    for sae in site-a site-b; do
        agent_lines[$sae]="${agent_lines[$sae]}
hard_s: 0.5"
    done
    rekey_s=0.3
    start_agent site-b
    start_agent site-a
}
