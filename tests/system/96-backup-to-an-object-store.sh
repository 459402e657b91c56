# SPDX-License-Identifier: Apache-2.0
# rows: C7 S4
# once: the commands are those of 62 and 87, which have the sanitizers; here they stand in pipes
# A backup for who has an SM2 key goes through a pipe into an object store (rclone, curl; WebDAV) and comes back through one, by the recipes of docs/operation/backup.md. The
# store dies in the middle of an upload; an object is missing, cut, older than was meant, for somebody else, or lies there altered: each is said, and nothing is touched.
source "$(dirname "$0")/site.sh"
for tool in rclone jq openssl curl; do command -v $tool >/dev/null || skip "needs $tool"; done

make_centre
sed -i '/^stock_keys:/d' "$site/centre/qwaved.yaml"
printf 'stock_keys: 4000\n' >>"$site/centre/qwaved.yaml"
settings=$site/centre/qwaved.yaml
start_centre
application alice bob
application bob
stored() { [ "$(admin status --json | jq .keys.stored)" -ge "$1" ] 2>/dev/null; }
within 60 stored 3000 || fail "the store does not fill"

echo "an object store on this machine"
mkdir "$site/objects"
export TMPDIR=$site RCLONE_CONFIG=/dev/null RCLONE_RETRIES=1 RCLONE_LOW_LEVEL_RETRIES=1 RCLONE_WEBDAV_VENDOR=other
start_objects() {
    : >"$site/objects.log"
    rclone serve webdav --dir-cache-time 0s --addr "127.0.0.1:${objects_port:-0}" "$site/objects" >>"$site/objects.log" 2>&1 &
    pid[objects]=$!
    within $ready_s grep -q 'Server started on' "$site/objects.log" || fail "no object store: $(cat "$site/objects.log")"
    objects_port=$(sed -n 's,.*started on .*127\.0\.0\.1:\([0-9]*\)/.*,\1,p' "$site/objects.log")
    export RCLONE_WEBDAV_URL=http://127.0.0.1:$objects_port
}
start_objects

for name in recipient stranger; do
    (umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out "$site/$name.key" 2>/dev/null)
    openssl pkey -in "$site/$name.key" -pubout -out "$site/$name.pub"
done
backup() { "$bin/qwave" backup --config "$settings" --recipient "$site/recipient.pub" "$@"; }
# put NAME [RCLONE-OPTION...]: the recipe. Under its name lies a whole backup or nothing.
put() {
    local name=$1
    shift
    backup - | rclone "$@" rcat ":webdav:$name.part" && rclone moveto ":webdav:$name.part" ":webdav:$name"
}

echo "a backup through the pipe, for an SM2 key"
[ "$(backup --json "$site/local" | jq -r .seal)" = "SM2, SM3, SM4-GCM (128 bits)" ] || fail "the seal is not said"
[ "$(head -c 4 "$site/local" | od -An -tx1 | tr -d ' ')" = 51574203 ] || fail "another form"
put first 2>"$site/put.log" || fail "not stored: $(cat "$site/put.log")"
[ "$(rclone lsf :webdav:)" = first ] || fail "in the store: $(rclone lsf :webdav:)"
[ "$(rclone size --json :webdav:first | jq .bytes)" -gt 100000 ] || fail "a small backup: $(rclone size :webdav:first)"
backup - | curl --silent --fail --upload-file - "$RCLONE_WEBDAV_URL/by-curl" >/dev/null || fail "not stored by curl"
between=$(date -u -d '1 second' +%Y-%m-%dT%H:%M:%SZ)
later() { [[ $(date -u +%Y-%m-%dT%H:%M:%SZ) > $between ]]; }
within 10 later
application carol
put second || fail "not stored"

echo "the store dies in the middle of an upload"
put third --bwlimit 40k >"$site/put.out" 2>"$site/put.log" &
pid[put]=$!
has_begun() { [ -n "$(find "$site/objects" -name 'third*' -size +32k)" ]; }
within 60 has_begun || fail "no upload: $(ls -l "$site/objects"; cat "$site/put.log")"
stop objects KILL
status=0
wait "${pid[put]}" || status=$?
unset "pid[put]"
[ "$status" != 0 ] || fail "half an upload ends well"
start_objects
rclone lsf :webdav: >"$site/listed"
! grep -qx third "$site/listed" || fail "half an upload has the name of a whole one"
grep -qx second "$site/listed" || fail "what was there is lost: $(cat "$site/listed")"

echo "what is not the backup that was meant is refused, and nothing is touched"
stop qwaved KILL
mkdir "$site/old"
mv "$site"/centre/centre.db* "$site/old"
mv "$(sed -n 's/^high_mark: *//p' "$settings")" "$site/old"
restore() { # OBJECT [OPTION...]
    local name=$1
    shift
    rclone cat ":webdav:$name" 2>"$site/cat.log" |
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
refused 1 'nothing is in it: did the program before the pipe find the backup?' third
grep -qi 'not found' "$site/cat.log" || fail "rclone does not say that it is not there: $(cat "$site/cat.log")"
if [ -s "$site/objects/third.part" ]; then refused 1 'not the whole of one' third.part; fi
size=$(stat -c %s "$site/objects/second")
for cut in 3 150 204 $((size / 2)) $((size - 1)); do
    head -c "$cut" "$site/objects/second" >"$site/objects/cut"
    refused 1 'not the whole of one' cut
done
for at in 10 90 120 140 250 $((size / 2)); do # point, hash, text, time, chunks
    cp "$site/objects/second" "$site/objects/bad"
    byte=$(od -An -tu1 -j"$at" -N1 "$site/objects/bad")
    printf "\\$(printf %o $((byte ^ 1)))" | dd of="$site/objects/bad" bs=1 seek="$at" conv=notrunc status=none
    refused 3 'or altered' bad
done
key=$site/stranger.key refused 3 "not its passphrase or its recipient's key" second
(umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$site/p256.key" 2>/dev/null)
key=$site/p256.key refused 3 "not its passphrase or its recipient's key" second
refused 3 'a newer one was asked for' first --made-after "$between"
stop objects KILL
refused 1 'nothing is in it' second
start_objects

echo "the right one comes back through the pipe"
restore second --made-after "$between" >"$site/restored" || fail "not restored: $(cat "$site/restored")"
grep -qE '^restored as it was at [0-9]{4}-' "$site/restored" || fail "it does not say of when: $(cat "$site/restored")"
start_centre
admin device list --json | jq -e '[.devices[].id] | index("carol")' >/dev/null || fail "it is the older one"
stop qwaved
stop objects
echo "done"
