# SPDX-License-Identifier: Apache-2.0
# rows: C7 S4
# once: the commands are those of 62 and 87, which have the sanitizers; here they stand in pipes
# A backup for who has an SM2 key goes through a pipe into an object store (rclone, curl; WebDAV) and comes back through one, by the recipes of docs/operation/backup.md. The
# store dies in the middle of an upload; an object is missing, cut, older than was meant, for somebody else, or lies there altered: each is said, and nothing is touched.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/object_store.sh"
for tool in rclone jq openssl curl; do command -v $tool >/dev/null || skip "needs $tool"; done
remote=:webdav:

make_full_centre
application bob

echo "an object store on this machine"
mkdir "$site/objects"
export RCLONE_WEBDAV_VENDOR=other
start_objects() {
    : >"$site/objects.log"
    rclone serve webdav --dir-cache-time 0s --addr "127.0.0.1:${objects_port:-0}" "$site/objects" >>"$site/objects.log" 2>&1 &
    pid[objects]=$!
    within $ready_s grep -q 'Server started on' "$site/objects.log" || fail "no object store: $(cat "$site/objects.log")"
    objects_port=$(sed -n 's,.*started on .*127\.0\.0\.1:\([0-9]*\)/.*,\1,p' "$site/objects.log")
    export RCLONE_WEBDAV_URL=http://127.0.0.1:$objects_port
}
start_objects

echo "a backup through the pipe, for an SM2 key"
make_recipient recipient SM2
make_recipient stranger SM2
make_recipient p256 P-256
[ "$(backup --json "$site/local" | jq -r .seal)" = "SM2, SM3, SM4-GCM (128 bits)" ] || fail "the seal is not said"
[ "$(head -c 4 "$site/local" | od -An -tx1 | tr -d ' ')" = 51574203 ] || fail "another form"
put_two
[ "$(rclone lsf $remote | tr '\n' ' ')" = "first second " ] || fail "in the store: $(rclone lsf $remote)"
[ "$(rclone size --json ${remote}first | jq .bytes)" -gt 100000 ] || fail "a small backup: $(rclone size ${remote}first)"
backup - | curl --silent --fail --upload-file - "$RCLONE_WEBDAV_URL/by-curl" >/dev/null || fail "not stored by curl"

echo "the store dies in the middle of an upload"
dies_in_upload "$site/objects" -name 'third*' -size +32k
rclone lsf $remote >"$site/listed"
! grep -qx third "$site/listed" || fail "half an upload has the name of a whole one"
grep -qx second "$site/listed" || fail "what was there is lost: $(cat "$site/listed")"

echo "what is not the backup that was meant is refused, and nothing is touched"
set_centre_aside
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
    other_byte "$site/objects/bad" "$at"
    refused 3 'or altered' bad
done
key=$site/stranger.key refused 3 "not its passphrase or its recipient's key" second
key=$site/p256.key refused 3 "not its passphrase or its recipient's key" second
refused 3 'a newer one was asked for' first --made-after "$between"
stop objects KILL
refused 1 'nothing is in it' second
start_objects

echo "the right one comes back through the pipe"
comes_back
echo "done"
