# SPDX-License-Identifier: Apache-2.0
# For scenarios of `qwave-link prove`, after strongswan.sh: what passes between two strongSwan is written down, under keys that the centre delivers.

# make_watched_ends: the ends, each with a daemon whose log has what a proof reads, and a capture of the wire between them in tunnel.pcap.
make_watched_ends() {
    command -v tcpdump >/dev/null || skip "no tcpdump"
    make_ends
    umask 077
    ip netns exec "qw-$tag-a" tcpdump -i "v$tag-a" --immediate-mode -U -Z root -w "$site/tunnel.pcap" 2>"$site/tcpdump.out" &
    pid[tcpdump]=$!
    within $ready_s grep -q '^tcpdump: listening' "$site/tcpdump.out" || fail "tcpdump: $(cat "$site/tcpdump.out")"
    start_charon a 4
    start_charon b 4
}

# Once a last word beside the tunnel is in the file: what tcpdump has not read yet when it is told to end is lost.
end_capture() {
    in_ns a ping -q -c 1 -p 71772d6c6173742d776f7264 192.0.2.2 >/dev/null || fail "no way beside the tunnel"
    within $ready_s grep -qaF qw-last-word "$site/tunnel.pcap" || fail "the capture has no end"
    stop tcpdump
}

answer_of() { # SAE REST-OF-THE-PATH
    curl --silent --fail --max-time $ready_s --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$site/centre/ca/ca.pem" "$url/api/v1/keys/$2"
}

# take_keys COUNT: ids and keys, from the centre; as answers in delivered.json, one by one in answer-0.json and so on, and with other bytes under
# the same ids in other.json.
take_keys() {
    local i
    ids=() keys=()
    for ((i = 0; i < $1; i++)); do
        answer_of site-a site-b/enc_keys >"$site/answer.json" || fail "no key"
        ids+=("$(jq -r '.keys[0].key_ID' "$site/answer.json")")
        answer_of site-b "site-a/dec_keys?key_ID=${ids[$i]}" >"$site/answer.json" || fail "no key at the other end"
        keys+=("$(jq -r '.keys[0].key' "$site/answer.json")")
        # Who makes the proof asks once more, as the receiving application.
        answer_of site-b "site-a/dec_keys?key_ID=${ids[$i]}" >"$site/answer-$i.json" || fail "no repeat"
        (cat "$site/answer-$i.json" && echo) >>"$site/delivered.json"
        printf '{"keys": [{"key_ID": "%s", "key": "%s"}]}\n' "${ids[$i]}" "$(head -c 32 /dev/urandom | base64)" >>"$site/other.json"
    done
}

# load_keys COUNT: the first ones, at both ends.
load_keys() {
    local end i lines=()
    for ((i = 0; i < $1; i++)); do
        lines+=("ppk-$i { id = ${ids[$i]}" "secret = 0s${keys[$i]} }")
    done
    for end in a b; do
        write_secrets $end "${lines[@]}"
        load_secrets $end || fail "secrets of $end: $(cat "$site/swanctl-$end.log")"
    done
}

child_spis() { # END
    vici "$1" --list-sas --raw | grep -o 'spi-in=[0-9a-f]*' | sort
}

# prove CAPTURE ARGUMENT...: to proof.json.
prove() {
    local capture=$1
    shift
    "$bin/qwave-link" prove --json --capture "$capture" "$@" >"$site/proof.json" 2>"$site/proof.err"
}
expect() { # WHAT JQ-CONDITION
    jq -e "$2" "$site/proof.json" >/dev/null || fail "$1: $(cat "$site/proof.json")"
}
