# SPDX-License-Identifier: Apache-2.0
# rows: W6 W14
# What keeps a terminal and an access point from serving: exit status, and a sentence that says what to do.
source "$(dirname "$0")/site.sh"

make_centre
start_centre
make_devices 4
start_air
start_access_point
start_terminal

# refuses STATUS PATTERN PROGRAM ARGUMENT...
refuses() {
    local status=0 expected=$1 pattern=$2
    shift 2
    timeout $ready_s "$bin/$1" "${@:2}" >"$site/refused.out" 2>"$site/refused.log" || status=$?
    [ "$status" = "$expected" ] || fail "$*: exit status $status, not $expected: $(cat "$site/refused.log")"
    grep -q -- "$pattern" "$site/refused.log" || fail "$*: does not say \"$pattern\": $(cat "$site/refused.log")"
    ! grep -q '^ready' "$site/refused.out" || fail "$*: says that it is ready"
}

# changed FILE SED-EXPRESSION: a copy of the settings with one change
changed() {
    sed "$2" "$site/$1.yaml" >"$site/changed.yaml"
}

echo "settings"
refuses 2 "nowhere.yaml" qwave-terminal --config "$site/nowhere.yaml"
refuses 2 "unrecognized option" qwave-ap --frobnicate
changed terminal 's/^low_water_keys: .*/low_water_keys: 40/'
refuses 2 "low_water_keys (40) must be less than high_water_keys (40)" qwave-terminal --config "$site/changed.yaml"
changed terminal 's/^high_water_keys: .*/high_water_keys: 4000/'
refuses 2 "changed.yaml:[0-9]*: high_water_keys: 4000 is not in 2..2048" qwave-terminal --config "$site/changed.yaml"
changed ap '/^centre_url/d'
refuses 2 "centre_url" qwave-ap --config "$site/changed.yaml"
changed ap 's/^air_port: .*/air_port: 70000/'
refuses 2 "changed.yaml:[0-9]*: air_port: 70000 is not in 0..65535" qwave-ap --config "$site/changed.yaml"
"$bin/qwave-terminal" --check --config "$site/terminal.yaml" | grep -q ok || fail "good settings of the terminal"
"$bin/qwave-ap" --check --config "$site/ap.yaml" | grep -q ok || fail "good settings of the access point"

echo "somebody else has the card"
refuses 1 "another process uses it" qwave-terminal --config "$site/terminal.yaml"
refuses 1 "another process uses it" qwave-ap --config "$site/ap.yaml"
stop terminal
stop ap

echo "cards and passphrases"
changed terminal 's/^terminal_id: .*/terminal_id: phone-2/'
refuses 3 "belongs to phone-1, not to phone-2" qwave-terminal --config "$site/changed.yaml"
changed ap "s|^card: .*|card: $site/phone-1.card|; s|^passphrase_file: .*|passphrase_file: $site/phone-1.passphrase|"
refuses 3 "belongs to phone-1, not to ap-1" qwave-ap --config "$site/changed.yaml"
chmod 640 "$site/phone-1.passphrase"
refuses 3 "chmod 600" qwave-terminal --config "$site/terminal.yaml"
chmod 600 "$site/phone-1.passphrase"
changed terminal "s|^passphrase_file: .*|passphrase_file: $site/ap-1.passphrase|"
refuses 3 "wrong passphrase" qwave-terminal --config "$site/changed.yaml"
changed terminal "s|^card: .*|card: $site/no.card|"
refuses 1 "no.card" qwave-terminal --config "$site/changed.yaml"

echo "what is in the way"
mkdir "$site/folder"
changed terminal "s|^socket: .*|socket: $site/folder|"
refuses 1 "folder" qwave-terminal --config "$site/changed.yaml"
changed ap "s|^certificate: .*|certificate: $site/none.pem|"
refuses 1 "none.pem" qwave-ap --config "$site/changed.yaml"

echo "a centre that runs already: the second start says so, and the first one goes on"
status=0
"$bin/qwaved" --config "$site/centre/qwaved.yaml" >"$site/twice.out" 2>"$site/twice.err" || status=$?
[ "$status" = 1 ] && grep -qF 'another process has it open: does the centre run already?' "$site/twice.err" ||
    fail "a second one: $status, $(cat "$site/twice.err")"
status=0
"$bin/qwave" init --port "${url##*:}" --source kernel "$site/second" >/dev/null
"$bin/qwaved" --config "$site/second/qwaved.yaml" >"$site/twice.out" 2>"$site/twice.err" || status=$?
[ "$status" = 1 ] && grep -qF 'another process listens there: does the centre run already?' "$site/twice.err" ||
    fail "another one on its port: $status, $(cat "$site/twice.err")"
admin device add twice-1 --kind application >/dev/null || fail "the first one does not go on: $(tail -n 3 "$site/qwaved.log")"

echo "commands of officers: settings that are not there or wrong are 2, what cannot be done 1, what is refused 3"
operator=$site/centre/operator/operator.yaml
sed '/^url:/d' "$operator" >"$site/nowhere-to.yaml"
sed 's|^key: .*|key: /nowhere/operator.key|' "$operator" >"$site/keyless.yaml"
sed '/^database:/d' "$site/centre/qwaved.yaml" >"$site/baseless.yaml"
passphrase "$site/backup.passphrase"
for command in "admin status" unseal "share rehearse --share $site/none.share" "audit head" "charge --device phone-1 --card $site/x.card --passphrase-file $site/phone-1.passphrase"; do
    # shellcheck disable=SC2086 # the words are separate arguments
    refuses 2 "no.yaml" qwave $command --operator "$site/no.yaml"
done
refuses 2 "nowhere-to.yaml:[0-9]*: url" qwave unseal --operator "$site/nowhere-to.yaml"
refuses 1 "/nowhere/operator.key: No such file" qwave unseal --operator "$site/keyless.yaml"
refuses 2 "no.yaml" qwave key void --operator "$site/no.yaml" "$(cat /proc/sys/kernel/random/uuid)"
refuses 2 "no.yaml" qwave backup --config "$site/no.yaml" --passphrase-file "$site/backup.passphrase" "$site/backup"
refuses 2 "baseless.yaml" qwave restore --config "$site/baseless.yaml" --passphrase-file "$site/backup.passphrase" --without-revocations "$site/backup"
refuses 2 "baseless.yaml" qwave custody move --from "$site/baseless.yaml" --to "$site/centre/qwaved.yaml"
refuses 1 "404" qwave admin --operator "$operator" --url "$url" device show phone-9
refuses 3 "refused" qwave admin --operator "$site/centre/officers/audit.yaml" --url "$url" device add phone-9 --kind terminal
refuses 1 "none.share" qwave unseal --operator "$operator" --url "$url" --share "$site/none.share" --passphrase-file "$site/backup.passphrase"

echo "too little memory that may be locked: said before there is a key, with what is needed and what is allowed"
# Root locks what it likes unless it may not; sanitizers lock nothing.
within_limit() { # BYTES PROGRAM ARGUMENT...
    local limit=$1
    shift
    prlimit --memlock="$limit" setpriv $([ "$(id -u)" != 0 ] || echo --bounding-set=-ipc_lock) -- "$@"
}
limited() { # STATUS BYTES PATTERN PROGRAM ARGUMENT...
    local status=0 expected=$1 limit=$2 pattern=$3
    shift 3
    within_limit "$limit" timeout 60 "$bin/$1" "${@:2}" >"$site/limited.out" 2>"$site/limited.log" || status=$?
    [ "$status" = "$expected" ] || fail "$* with $limit bytes: exit status $status, not $expected: $(cat "$site/limited.log")"
    [ -z "$pattern" ] || grep -q -- "$pattern" "$site/limited.log" || fail "$* with $limit bytes does not say \"$pattern\": $(cat "$site/limited.log")"
}
if [ "${QWAVE_RELEASE:-yes}" = yes ] && within_limit 65536 true 2>"$site/limited.log"; then
    limited 1 1048576 'keys need 2048 KiB .* may lock 1024 KiB .*ulimit -l; LimitMEMLOCK=' qwave init --port 0 "$site/limited"
    [ ! -e "$site/limited" ] || fail "a centre without memory for its keys"
    limited 1 2097152 'keys need 2816 KiB .* may lock 2048 KiB' qwaved --check --config "$site/centre/qwaved.yaml"
    limited 0 4194304 '' qwaved --check --config "$site/centre/qwaved.yaml"
    grep -q ok "$site/limited.out" || fail "enough memory: $(cat "$site/limited.out")"
    for daemon in ap terminal; do
        limited 1 1048576 'keys need 2048 KiB' qwave-$daemon --check --config "$site/$daemon.yaml"
    done
    stop qwaved
    echo 'threads: 64' >>"$site/centre/qwaved.yaml"
    limited 1 4194304 'keys need 6144 KiB .* may lock 4096 KiB' qwaved --config "$site/centre/qwaved.yaml"
    ! grep -q ready "$site/limited.out" || fail "qwaved serves without memory for its threads"
    sed -i '/^threads: 64$/d' "$site/centre/qwaved.yaml"
    : >"$site/qwaved.out"
    within_limit 8388608 "$bin/qwaved" --config "$site/centre/qwaved.yaml" >"$site/qwaved.out" 2>>"$site/qwaved.log" &
    pid[qwaved]=$!
    url=https://127.0.0.1:$(ready qwaved)
    grep -q 'warning centre: this process may lock 8192 KiB' "$site/qwaved.log" || fail "no word of the limit: $(tail -n 3 "$site/qwaved.log")"
else
    echo "left out: $(cat "$site/limited.log" 2>/dev/null)"
fi

echo "and with everything as it was they serve again"
start_access_point
start_terminal
use_keys 1
