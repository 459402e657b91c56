# SPDX-License-Identifier: Apache-2.0
# After site.sh, for scenarios of a backup that goes through a pipe into an object store and comes back through one, by the recipes of
# docs/operation/backup.md. The scenario says where: remote, as rclone names it, and makes NAME.key and NAME.pub in $site for recipient.

export TMPDIR=$site RCLONE_CONFIG=/dev/null RCLONE_RETRIES=1 RCLONE_LOW_LEVEL_RETRIES=1

# A centre with enough in it for an upload to take a while, and an application.
make_full_centre() {
    make_centre
    sed -i '/^stock_keys:/d' "$site/centre/qwaved.yaml"
    printf 'stock_keys: 4000\n' >>"$site/centre/qwaved.yaml"
    settings=$site/centre/qwaved.yaml
    start_centre
    application alice bob
    within $ready_s has_stored 3000 || fail "the store does not fill"
}
has_stored() { [ "$(admin status --json | jq .keys.stored)" -ge "$1" ] 2>/dev/null; }

# make_recipient NAME CURVE
make_recipient() {
    (umask 077 && openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$site/$1.key" 2>/dev/null)
    openssl pkey -in "$site/$1.key" -pubout -out "$site/$1.pub"
}

backup() { "$bin/qwave" backup --config "$settings" --recipient "$site/recipient.pub" "$@"; }

# put NAME [RCLONE-OPTION...]: the recipe. Under its name lies a whole backup or nothing.
put() {
    local name=$1
    shift
    backup - 2>>"$site/backup.log" | rclone "$@" rcat "$remote$name.part" && rclone moveto "$remote$name.part" "$remote$name"
}

# Two backups, first and second; the application carol is in the second alone, and the moment between them is $between.
put_two() {
    put first 2>"$site/put.log" || fail "not stored: $(cat "$site/put.log")"
    between=$(date -u -d '1 second' +%Y-%m-%dT%H:%M:%SZ)
    within $ready_s is_later || fail "the clock stands"
    application carol
    put second 2>"$site/put.log" || fail "not stored: $(cat "$site/put.log")"
}
is_later() { [[ $(date -u +%Y-%m-%dT%H:%M:%SZ) > $between ]]; }

# dies_in_upload FOLDER FIND-EXPRESSION...: the store is killed while a third backup is on its way, once a file that fits is there, and starts again.
dies_in_upload() {
    local status=0
    put third --bwlimit 10k >"$site/put.out" 2>"$site/put.log" &
    pid[put]=$!
    within $ready_s has_found "$@" || fail "no upload: $(cat "$site/put.log")"
    stop objects KILL
    wait "${pid[put]}" || status=$?
    unset "pid[put]"
    [ "$status" != 0 ] || fail "half an upload ends well"
    start_objects
}
has_found() { [ -n "$(find "$@")" ]; }

# The centre is killed, and what it knew is put away.
set_centre_aside() {
    stop qwaved KILL
    mkdir "$site/old"
    mv "$site"/centre/centre.db* "$site/old"
    mv "$(sed -n 's/^high_mark: *//p' "$settings")" "$site/old"
}

restore() { # OBJECT [OPTION...]
    local name=$1
    shift
    rclone cat "$remote$name" 2>"$site/cat.log" |
        "$bin/qwave" restore --config "$settings" --revocations "$site/centre/ca/revoked.pem" --key "${key:-$site/recipient.key}" "$@" -
}

# refused STATUS WORDS OBJECT [OPTION...]
refused() {
    local status=0 wanted=$1 words=$2
    shift 2
    set +o pipefail # of the restore alone
    restore "$@" >/dev/null 2>"$site/refused.log" || status=$?
    set -o pipefail
    [ "$status" = "$wanted" ] && grep -qF -e "$words" "$site/refused.log" || fail "$*: exit status $status, $(cat "$site/refused.log")"
    ! compgen -G "$site/centre/centre.db*" >/dev/null || fail "$*: something is left"
}

# other_byte FILE AT: one bit of it is another.
other_byte() {
    local byte
    byte=$(od -An -tu1 -j"$2" -N1 "$1")
    printf "\\$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# The second backup is what a centre starts from.
comes_back() {
    restore second --made-after "$between" >"$site/restored" || fail "not restored: $(cat "$site/restored")"
    grep -qE '^restored as it was at [0-9]{4}-' "$site/restored" || fail "it does not say of when: $(cat "$site/restored")"
    start_centre
    admin device list --json | jq -e '[.devices[].id] | index("carol")' >/dev/null || fail "it is the older one"
    stop qwaved
    stop objects
}
