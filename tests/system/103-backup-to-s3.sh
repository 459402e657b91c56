# SPDX-License-Identifier: Apache-2.0
# rows: C7
# once: the commands are those of 62 and 87, which have the sanitizers; here they stand in pipes
# A backup goes through a pipe into a store that speaks S3 (rclone; OpenStack Swift with its s3api) and comes back through one, by the recipe of docs/operation/backup.md. A
# wrong secret, a store that dies in the middle of an upload, objects that are missing, cut, altered or older than was meant: each is said, and nothing is touched.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/object_store.sh"
for tool in rclone jq openssl; do command -v $tool >/dev/null || skip "needs $tool"; done
/usr/bin/python3 -c 'import swift.common.middleware.s3api.s3api' 2>/dev/null || skip "needs python3-swift"
mkdir "$site/s3"
/usr/bin/python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.qwave", b"1")' "$site/s3" 2>/dev/null || skip "needs a file system with user attributes in $site"
remote=:s3:backups/

echo "a store that speaks S3 on this machine"
unset AWS_CA_BUNDLE # of others: this rclone takes none
export RCLONE_S3_PROVIDER=Other RCLONE_S3_ACCESS_KEY_ID=test:tester RCLONE_S3_SECRET_ACCESS_KEY=testing RCLONE_S3_FORCE_PATH_STYLE=true
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
make_full_centre
make_recipient recipient P-256
# lists NAMES: within a while, since a list of this store may lag behind it.
lists() { within $ready_s is_listed "$1" || fail "in the store: $(rclone lsf $remote 2>&1)"; }
is_listed() { [ "$(rclone lsf $remote 2>/dev/null | tr '\n' ' ')" = "$1" ]; }

echo "a backup through the pipe; with a wrong secret there is none"
! RCLONE_S3_SECRET_ACCESS_KEY=other put first 2>"$site/put.log" || fail "stored with a wrong secret"
grep -qi 'SignatureDoesNotMatch' "$site/put.log" || fail "it says: $(cat "$site/put.log")"
lists ""
put_two
lists "first second "

echo "the store dies in the middle of an upload"
dies_in_upload "$site/s3/devices" -path '*/tmp/*' -size +32k
lists "first second "

echo "what is not the backup that was meant is refused, and nothing is touched"
rclone cat ${remote}second >"$site/second" 2>"$site/cat.log" || fail "not there: $(cat "$site/cat.log")"
size=$(stat -c %s "$site/second")
head -c $((size / 2)) "$site/second" | rclone rcat ${remote}cut 2>/dev/null
other_byte "$site/second" $((size / 2))
rclone rcat ${remote}bad <"$site/second" 2>/dev/null
set_centre_aside
refused 1 'nothing is in it: did the program before the pipe find the backup?' third
refused 1 'not the whole of one' cut
refused 3 'or altered' bad
refused 3 'a newer one was asked for' first --made-after "$between"
RCLONE_S3_SECRET_ACCESS_KEY=other refused 1 'nothing is in it' second

echo "the right one comes back through the pipe"
comes_back
echo "done"
