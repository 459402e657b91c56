# SPDX-License-Identifier: Apache-2.0
# For 69-package.sh, after booted.sh: the units of the package under a systemd that runs, in the machine that is booted.
# try_units ROOT: the whole of it, on a machine where the package is installed and has made nothing yet.

desk() { by qwave qwave admin --operator /var/lib/qwave/centre/operator/operator.yaml "$@"; }
desk_answers() { desk status >/dev/null 2>&1; }
of_unit() { on systemctl show --property="$2" --value "$1"; }
is_active() { [ "$(of_unit "$1" ActiveState)" = active ]; }
has_failed() { [ "$(of_unit "$1" ActiveState)" = failed ]; }
log_of() { on journalctl --quiet --no-pager --output=cat --unit="$1"; }
logs() { log_of "$1" | grep -- "$2" >/dev/null; } # not -q: who writes into a closed pipe fails
of_rank() { on journalctl --quiet --no-pager --output=cat --priority="$1" _COMM=qwaved; } # its own lines, not systemd's about it
start_unit() { # UNIT [LINE]: started, and it says that it is ready
    on systemctl start "$1" || fail "$1 does not start: $(log_of "$1" | tail -n 5)"
    within $ready_s logs "$1" "${2:-^ready }" || fail "$1 does not get ready: $(of_unit "$1" Result) $(log_of "$1" | tail -n 5)"
}
ask() { # PATH [CURL-OPTION...]
    local path=$1
    shift
    on curl --silent --max-time $ready_s --cert /etc/qwave/app-a.pem --key /etc/qwave/app-a.key --cacert /var/lib/qwave/centre/ca/ca.pem "$@" \
        "https://127.0.0.1:8443/api/v1/keys/$path"
}
fetch_as_b() { # ID
    on curl --silent --max-time $ready_s --cert /etc/qwave/app-b.pem --key /etc/qwave/app-b.key --cacert /var/lib/qwave/centre/ca/ca.pem \
        "https://127.0.0.1:8443/api/v1/keys/app-a/dec_keys?key_ID=$1"
}
gives() { [ "$(ask app-b/enc_keys -o /dev/null -w '%{http_code}')" = 200 ]; }
take_one() { # a key in key, its id in id; the other end has the same
    local answer other
    answer=$(ask app-b/enc_keys) id=$(field key_ID <<<"$answer") key=$(field key <<<"$answer")
    [ -n "$key" ] || fail "no key: $answer"
    [ "${1:-}" != alone ] || return 0
    other=$(fetch_as_b "$id" | field key)
    [ "$key" = "$other" ] || fail "the ends differ"
}

# is_shut_in UNIT CAPABILITIES USER: what its process is by the kernel's word, not by the unit's.
is_shut_in() {
    local main status where
    main=$(of_unit "$1" MainPID)
    status=$(on cat "/proc/$main/status")
    where="$1 (process $main)"
    said() { awk -v name="$1:" '$1 == name { print $2 }' <<<"$status"; }
    [ "$(said Seccomp)" = 2 ] || fail "$where has no filter of system calls"
    [ "$(said NoNewPrivs)" = 1 ] || fail "$where may get privileges"
    [ "$(said Uid)" != 0 ] && [ "$(on stat -c %U "/proc/$main")" != root ] || fail "$where is root"
    [ "$3" = dynamic ] || [ "$(on stat -c %U "/proc/$main")" = "$3" ] || fail "$where is $(on stat -c %U "/proc/$main")"
    [ "$3" != dynamic ] || { [ "$(said Uid)" -ge 61184 ] && [ "$(said Uid)" -le 65519 ]; } || fail "$where is no user of systemd's: $(said Uid)"
    [ "$(said CapEff)" = "$2" ] && [ "$(said CapBnd)" = "$2" ] || fail "$where has capabilities $(said CapEff) of $(said CapBnd)"
    # All of it; only the secrets, where this machine lets nobody raise the limit (no CAP_SYS_RESOURCE).
    [ "$(said VmLck)" -gt 0 ] || fail "$where has locked nothing"
    if [ "$(ulimit -H -l)" = unlimited ]; then
        on grep -q '^Max locked memory *unlimited *unlimited' "/proc/$main/limits" || fail "$where may not lock all its memory"
        [ "$(said VmLck)" -gt $(($(said VmSize) / 2)) ] || fail "$where has locked $(said VmLck) of $(said VmSize) kB"
    fi
    on grep -q '^Max core file size *0 *0' "/proc/$main/limits" || fail "$where may leave a core"
    # Even root in there writes nothing of the machine, and sees nobody's home.
    ! on nsenter -t "$main" -m touch /usr/mark /etc/mark 2>/dev/null || fail "$where sees a machine that can be written"
    [ -z "$(on nsenter -t "$main" -m ls -A /root 2>/dev/null)" ] || fail "$where sees the home of root"
    printf '%s: %s of %s kB locked, %s\n' "$1" "$(said VmLck)" "$(said VmSize)" \
        "$(on systemd-analyze security --no-pager "$1" | tail -n 1 | sed 's/^[^O]*//')"
    on systemd-analyze security --no-pager --threshold=20 "$1" >/dev/null || fail "$where is too open"
}

try_units() {
    on mkdir -p /root/mark # what no unit may see
    try_centre
    try_reload
    try_end_and_return
    try_credential
    try_air
    try_node_and_link
    try_machine_again "$1"
}

try_centre() {
    echo "process 1 is systemd $(on systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p'): a centre"
    on systemctl start qwaved
    [ "$(of_unit qwaved ConditionResult)" = no ] && ! is_active qwaved || fail "qwaved starts before a ceremony"
    by qwave qwave init --port 8443 --source kernel /var/lib/qwave/centre >/dev/null || fail "no ceremony"
    start_unit qwaved
    for name in app-a app-b; do
        desk device add $name --kind application --owner test $([ $name = app-b ] || echo --peer app-b) >/dev/null
        desk certificate sae $name --certificate /var/lib/qwave/$name.pem --key /var/lib/qwave/$name.key >/dev/null
        on mv /var/lib/qwave/$name.pem /var/lib/qwave/$name.key /etc/qwave
    done
    within $ready_s gives || fail "no keys: $(ask app-b/enc_keys)"
    take_one
    is_shut_in qwaved.service 0000000000000000 qwave
    [ "$(on stat -c '%U %a' /run/qwave)" = "qwave 700" ] || fail "/run/qwave: $(on stat -c '%U %a' /run/qwave)"
}

load() {
    while [ ! -e "$site/enough" ]; do
        ask 'app-b/enc_keys?round=[1-10]' -o /dev/null -w '%{http_code}\n' >>"$site/codes" || echo "curl $?" >>"$site/codes"
    done
}
has_answered() { [ "$(wc -l <"$site/codes")" -ge "$1" ]; }
try_reload() {
    local round
    echo "settings are read again, under load"
    : >"$site/codes"
    rm -f "$site/enough"
    load &
    pid[load]=$!
    for round in 1 2 3; do
        within $ready_s has_answered $(($(wc -l <"$site/codes") + 5)) || fail "no answers: $(tail -n 1 "$site/codes")"
        on sed -i "/^log_level:/d; \$a log_level: $([ $((round % 2)) = 0 ] && echo info || echo debug)" /var/lib/qwave/centre/qwaved.yaml
        on systemctl reload qwaved || fail "no reload"
    done
    within $ready_s logs qwaved 'settings read again, changed: log_level' || fail "nothing in the journal of it: $(log_of qwaved | tail -n 3)"
    within $ready_s has_answered $(($(wc -l <"$site/codes") + 5)) || fail "no answers after it"
    touch "$site/enough"
    wait "${pid[load]}"
    unset "pid[load]"
    [ "$(sort -u "$site/codes")" = 200 ] || fail "requests failed: $(sort "$site/codes" | uniq -c)"
}

serves_anew() { [ "$(of_unit qwaved NRestarts)" = "$1" ] && is_active qwaved && gives; }
try_end_and_return() {
    echo "killed, started again, stopped"
    take_one alone
    on systemctl kill --signal=KILL qwaved
    within $ready_s serves_anew 1 || fail "it does not come back: $(of_unit qwaved NRestarts) $(of_unit qwaved ActiveState) $(log_of qwaved | tail -n 3)"
    [ "$(fetch_as_b "$id" | field key)" = "$key" ] || fail "a key that was given before the kill is lost"
    on systemctl restart qwaved
    within $ready_s gives || fail "no keys after a restart"
    on systemctl stop qwaved
    [ "$(of_unit qwaved Result)" = success ] || fail "stopping: $(of_unit qwaved Result)"
    [ -z "$(of_rank warning | grep ' info ')" ] || fail "a piece of news counts as a warning: $(of_rank warning | head -n 2)"
    logs qwaved "$(on date -u +%Y)-.* info centre: " || fail "the journal has none of its lines"
}

try_credential() {
    local secret main file
    echo "the passphrase as a credential"
    secret=$(on head -n 1 /var/lib/qwave/centre/passphrase)
    on mv /var/lib/qwave/centre/passphrase /etc/qwave/passphrase
    on chown root:root /etc/qwave/passphrase
    on mkdir /etc/systemd/system/qwaved.service.d
    printf '[Service]\nLoadCredential=passphrase:/etc/qwave/passphrase\n' | on tee /etc/systemd/system/qwaved.service.d/passphrase.conf >/dev/null
    on sed -i 's,^passphrase_file:.*,passphrase_file: /run/credentials/qwaved.service/passphrase,' /var/lib/qwave/centre/qwaved.yaml
    on systemctl daemon-reload
    on systemctl start qwaved
    within $ready_s gives || fail "no keys: $(log_of qwaved | tail -n 3)"
    main=$(of_unit qwaved MainPID)
    file=/run/credentials/qwaved.service/passphrase
    [ "$(on nsenter -t "$main" -m stat -c '%U %a' $file)" = "qwave 400" ] || fail "the credential: $(on nsenter -t "$main" -m stat -c '%U %a' $file)"
    ! by nobody cat $file >/dev/null 2>&1 || fail "anybody reads the credential"
    ! on journalctl --quiet --no-pager | grep -F -e "$secret" >/dev/null || fail "the passphrase is in the journal"
    ! on grep -qaF -e "$secret" "/proc/$main/environ" "/proc/$main/cmdline" || fail "the passphrase is in the environment"

    echo "a wrong one: refused once, and not tried again"
    on systemctl stop qwaved
    on cp -p /etc/qwave/passphrase /etc/qwave/right
    printf 'not what it was sealed under\n' | on tee /etc/qwave/passphrase >/dev/null
    on systemctl start qwaved
    within $ready_s has_failed qwaved || fail "it goes on: $(of_unit qwaved ActiveState)"
    [ "$(of_unit qwaved ExecMainStatus)" = 3 ] && [ "$(of_unit qwaved NRestarts)" = 0 ] || fail "exit status $(of_unit qwaved ExecMainStatus), $(of_unit qwaved NRestarts) restarts"
    of_rank err | grep ' error centre: ' >/dev/null || fail "no error among the journal's errors: $(of_rank err | tail -n 2)"
    on mv /etc/qwave/right /etc/qwave/passphrase
    on systemctl reset-failed qwaved
    on systemctl start qwaved
    within $ready_s gives || fail "no keys with the right one: $(log_of qwaved | tail -n 3)"
}

# What a daemon with a dynamic user reads comes as credentials: settings, passphrase, key. secret NAME: a passphrase of root's in /etc/qwave.
secret() { head -c 24 /dev/urandom | base64 | on sh -c "umask 077; cat >/etc/qwave/$1.passphrase"; }
charged() { # DEVICE KEYS CARD SECRET: where the unit keeps it; systemd makes it the user's at the start
    on mkdir -p -m 700 "${3%/*}"
    secret "$4"
    on qwave charge --operator /var/lib/qwave/centre/operator/operator.yaml --device "$1" --keys "$2" --card "$3" --passphrase-file "/etc/qwave/$4.passphrase" >/dev/null ||
        fail "no card for $1"
}
try_air() {
    echo "an access point and a terminal, with users of systemd's"
    desk device add ap-1 --kind access-point --owner test >/dev/null
    desk device add phone-1 --kind terminal --owner test --peer app-a >/dev/null
    charged ap-1 1 /var/lib/qwave-ap/ap.card ap
    charged phone-1 4 /var/lib/qwave-terminal/terminal.card terminal
    on qwave admin --operator /var/lib/qwave/centre/operator/operator.yaml certificate ap ap-1 --certificate /etc/qwave/ap.pem --key /etc/qwave/ap.key >/dev/null
    on cp /var/lib/qwave/centre/ca/ca.pem /etc/qwave/ca.pem
    on systemd-run --quiet --unit=air qwave air --port 7000 --seed 1
    within $ready_s logs air '^ready ' || fail "no air: $(log_of air)"
    on tee /etc/qwave/ap.yaml >/dev/null <<'YAML'
access_point_id: ap-1
listen_port: 7001
centre_url: https://127.0.0.1:8443
certificate: /run/credentials/qwave-ap.service/certificate
key: /run/credentials/qwave-ap.service/key
ca: /run/credentials/qwave-ap.service/ca
card: /var/lib/qwave-ap/ap.card
passphrase_file: /run/credentials/qwave-ap.service/passphrase
air_port: 7000
YAML
    on tee /etc/qwave/terminal.yaml >/dev/null <<'YAML'
terminal_id: phone-1
card: /var/lib/qwave-terminal/terminal.card
passphrase_file: /run/credentials/qwave-terminal.service/passphrase
socket: /run/qwave-terminal/terminal.sock
access_point_port: 7001
air_port: 7000
low_water_keys: 6
high_water_keys: 24
retry_interval_s: 1
YAML
    start_unit qwave-ap
    start_unit qwave-terminal
    within 120 is_refilled || fail "the card is not filled over the air: $(log_of qwave-terminal | tail -n 3; log_of qwave-ap | tail -n 3)"
    is_shut_in qwave-ap.service 0000000000000000 dynamic
    is_shut_in qwave-terminal.service 0000000000000000 dynamic
    ! by nobody ls /var/lib/private/qwave-terminal >/dev/null 2>&1 || fail "anybody sees the card"
    on systemctl kill --signal=KILL qwave-terminal
    within $ready_s is_refilled || fail "the terminal does not come back: $(log_of qwave-terminal | tail -n 3)"
    on systemctl stop qwave-terminal qwave-ap air
}
is_refilled() { [ "$(on qwave key --socket /run/qwave-terminal/terminal.sock --json status 2>/dev/null | field remaining_keys)" -ge 6 ] 2>/dev/null; }

same_psk() { on sh -c 'test -s /var/lib/qwave-link/psk && cmp -s /var/lib/qwave-link/psk /root/b/psk'; }
link_settings_of() { # SAE PEER PORT PEER-PORT FOLDER-OF-KEYS STATE-FOLDER SOCKET
    cat <<YAML
sae_id: $1
key_server_url: https://127.0.0.1:8443
certificate: $5/certificate
key: $5/key
ca: $5/ca
passphrase_file: $5/passphrase
listen_port: $3
state: $6/state
socket: $7
peers:
  - peer: $2
    address: 127.0.0.1:$4
    sink: psk-file
    file: $6/psk
    rekey_s: 3600
    heartbeat_s: 0.1
    retry_s: 0.1
YAML
}
try_node_and_link() {
    echo "a relay node, and an agent for links with another one"
    by qwave mkdir -m 700 /var/lib/qwave/pools
    by qwave qwave node charge --simulated --capacity 2097152 0 1 /var/lib/qwave/pools/0-1.pool /var/lib/qwave/pools/1-0.pool
    by qwave qwave node charge 0 1 /var/lib/qwave/pools/end-0.pool /var/lib/qwave/pools/end-1.pool
    on systemctl start qwave-node
    [ "$(of_unit qwave-node ConditionResult)" = no ] || fail "a node starts without settings"
    on install -d -m 700 -o qwave -g qwave /var/lib/qwave-node
    on mv /var/lib/qwave/pools/1-0.pool /var/lib/qwave/pools/end-1.pool /var/lib/qwave-node
    printf 'node: 1\nlisten_port: 7100\nneighbours: "0=/var/lib/qwave-node/1-0.pool"\nends: "0=/var/lib/qwave-node/end-1.pool"\nsource: kernel\njournal: %s\nmetrics: 127.0.0.1:7101\ncontrol: %s\n' \
        /var/lib/qwave-node/journal /run/qwave-node/control | on tee /etc/qwave/node.yaml >/dev/null
    start_unit qwave-node
    is_shut_in qwave-node.service 0000000000000000 qwave
    ! on nsenter -t "$(of_unit qwave-node MainPID)" -m setpriv --reuid=qwave --regid=qwave --init-groups cat /var/lib/qwave/centre/centre.db >/dev/null 2>&1 ||
        fail "a node, of the centre's user, reads the centre's store"
    on curl --silent --max-time $ready_s http://127.0.0.1:7101/metrics | grep '^qwave_node_link_up{' >/dev/null || fail "no page of the node"
    on systemctl stop qwave-node
    by qwave qwave audit verify /var/lib/qwave-node/journal >/dev/null || fail "the node's journal"

    secret link
    on sh -c 'cd /etc/qwave && cp app-a.key link.key && cp app-a.pem link.pem && mkdir -m 700 /root/b && cp app-b.key /root/b/key && cp app-b.pem /root/b/certificate &&
        cp ca.pem /root/b/ca && cp link.passphrase /root/b/passphrase && chown root:root /etc/qwave/link.* /root/b/*'
    link_settings_of app-a app-b 7200 7201 /run/credentials/qwave-link.service /var/lib/qwave-link /run/qwave-link/link.sock | on tee /etc/qwave/link.yaml >/dev/null
    link_settings_of app-b app-a 7201 7200 /root/b /root/b /root/b/link.sock | on tee /root/b/link.yaml >/dev/null
    on systemd-run --quiet --unit=other-end qwave-link --config /root/b/link.yaml
    start_unit qwave-link
    within $ready_s same_psk || fail "the two ends have no key together: $(log_of qwave-link | tail -n 3; log_of other-end | tail -n 3)"
    is_shut_in qwave-link.service 0000000000001000 dynamic # CAP_NET_ADMIN
    on systemctl stop qwave-link other-end
}

try_machine_again() { # ROOT
    local said
    echo "the machine goes down and comes up: what is enabled serves, what was given is there"
    take_one alone
    said=$(log_of qwaved | grep -c '^ready ')
    on systemctl --quiet enable qwaved
    halt
    boot "$1"
    within $ready_s gives || fail "no keys: $(log_of qwaved | tail -n 3)"
    [ "$(fetch_as_b "$id" | field key)" = "$key" ] || fail "a key that was given before is lost"
    [ "$(log_of qwaved | grep -c '^ready ')" -gt "$said" ] || fail "the journal of before is lost"
}
