# SPDX-License-Identifier: Apache-2.0
# rows: C7
# once: the commands are those of 62 and 87, which have the sanitizers; here they stand in pipes
# A backup goes through a pipe into a store that speaks S3 (rclone; OpenStack Swift with its s3api) and comes back through one, by the recipe of docs/operation/backup.md. A
# wrong secret, a store that dies in the middle of an upload, objects that are missing, cut, altered or older than was meant: each is said, and nothing is touched.
source "$(dirname "$0")/site.sh"
for tool in rclone jq openssl; do command -v $tool >/dev/null || skip "needs $tool"; done
/usr/bin/python3 -c 'import swift.common.middleware.s3api.s3api' 2>/dev/null || skip "needs python3-swift"
mkdir "$site/s3"
/usr/bin/python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.qwave", b"1")' "$site/s3" 2>/dev/null || skip "needs a file system with user attributes in $site"

echo "a store that speaks S3 on this machine"
unset AWS_CA_BUNDLE # of others: this rclone takes none
export TMPDIR=$site RCLONE_CONFIG=/dev/null RCLONE_RETRIES=1 RCLONE_LOW_LEVEL_RETRIES=1 RCLONE_S3_PROVIDER=Other
export RCLONE_S3_ACCESS_KEY_ID=test:tester RCLONE_S3_SECRET_ACCESS_KEY=testing RCLONE_S3_FORCE_PATH_STYLE=true
start_objects() {
    : >"$site/objects.out"
    /usr/bin/python3 "$(dirname "$0")/s3_store.py" "$site/s3" >"$site/objects.out" 2>>"$site/objects.log" &
    pid[objects]=$!
    within $ready_s grep -q '^URL ' "$site/objects.out" || fail "no object store: $(tail -n 3 "$site/objects.log")"
    RCLONE_S3_ENDPOINT=$(sed -n 's/^URL //p' "$site/objects.out")
    export RCLONE_S3_ENDPOINT
}
start_objects
rclone mkdir :s3:backups 2>"$site/rclone.log" || fail "no bucket: $(cat "$site/rclone.log")"

make_centre
sed -i '/^stock_keys:/d' "$site/centre/qwaved.yaml"
printf 'stock_keys: 4000\n' >>"$site/centre/qwaved.yaml"
settings=$site/centre/qwaved.yaml
start_centre
application alice bob
stored() { [ "$(admin status --json | jq .keys.stored)" -ge "$1" ] 2>/dev/null; }
within 60 stored 3000 || fail "the store does not fill"
(umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$site/backup.key" 2>/dev/null)
openssl pkey -in "$site/backup.key" -pubout -out "$site/backup.pub"
backup() { "$bin/qwave" backup --config "$settings" --recipient "$site/backup.pub" "$@"; }
# put NAME [RCLONE-OPTION...]: the recipe.
put() {
    local name=$1
    shift
    backup - 2>>"$site/backup.log" | rclone "$@" rcat ":s3:backups/$name.part" && rclone moveto ":s3:backups/$name.part" ":s3:backups/$name"
}
names() { rclone lsf :s3:backups 2>/dev/null | tr '\n' ' '; }

echo "a backup through the pipe; with a wrong secret there is none"
! RCLONE_S3_SECRET_ACCESS_KEY=other put first 2>"$site/put.log" || fail "stored with a wrong secret"
grep -qi 'SignatureDoesNotMatch' "$site/put.log" || fail "it says: $(cat "$site/put.log")"
[ -z "$(names)" ] || fail "in the store: $(names)"
put first 2>"$site/put.log" || fail "not stored: $(cat "$site/put.log")"
[ "$(names)" = "first " ] || fail "in the store: $(names)"
between=$(date -u -d '1 second' +%Y-%m-%dT%H:%M:%SZ)
later() { [[ $(date -u +%Y-%m-%dT%H:%M:%SZ) > $between ]]; }
within 10 later
application carol
put second 2>"$site/put.log" || fail "not stored: $(cat "$site/put.log")"

echo "the store dies in the middle of an upload"
put third --bwlimit 40k 2>"$site/put.log" &
pid[put]=$!
has_begun() { [ -n "$(find "$site/s3/devices" -path '*/tmp/*' -size +32k)" ]; }
within 60 has_begun || fail "no upload: $(cat "$site/put.log")"
stop objects KILL
status=0
wait "${pid[put]}" || status=$?
unset "pid[put]"
[ "$status" != 0 ] || fail "half an upload ends well"
start_objects
[ "$(names)" = "first second " ] || fail "in the store: $(names)"

echo "what is not the backup that was meant is refused, and nothing is touched"
rclone cat :s3:backups/second >"$site/second" 2>"$site/cat.log" || fail "not there: $(cat "$site/cat.log")"
size=$(stat -c %s "$site/second")
head -c $((size / 2)) "$site/second" | rclone rcat :s3:backups/cut 2>/dev/null
cp "$site/second" "$site/bad"
byte=$(od -An -tu1 -j$((size / 2)) -N1 "$site/bad")
printf "\\$(printf %o $((byte ^ 1)))" | dd of="$site/bad" bs=1 seek=$((size / 2)) conv=notrunc status=none
rclone rcat :s3:backups/bad <"$site/bad" 2>/dev/null
stop qwaved KILL
mkdir "$site/old"
mv "$site"/centre/centre.db* "$site/old"
mv "$(sed -n 's/^high_mark: *//p' "$settings")" "$site/old"
restore() { # OBJECT [OPTION...]
    local name=$1
    shift
    rclone cat ":s3:backups/$name" 2>"$site/cat.log" |
        "$bin/qwave" restore --config "$settings" --revocations "$site/centre/ca/revoked.pem" --key "$site/backup.key" "$@" -
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
refused 1 'not the whole of one' cut
refused 3 'or altered' bad
refused 3 'a newer one was asked for' first --made-after "$between"
RCLONE_S3_SECRET_ACCESS_KEY=other refused 1 'nothing is in it' second

echo "the right one comes back through the pipe"
restore second --made-after "$between" >"$site/restored" || fail "not restored: $(cat "$site/restored")"
start_centre
admin device list --json | jq -e '[.devices[].id] | index("carol")' >/dev/null || fail "it is the older one"
stop qwaved
stop objects
echo "done"
