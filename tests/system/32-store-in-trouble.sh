# SPDX-License-Identifier: Apache-2.0
# rows: C5 C14 W14
# What keys of two applications meet when the store is in trouble: a full disk under a running centre, a file system that is read-only, a crash,
# a clock that is moved, a PostgreSQL that comes back read-only.
# The answers are the ones that are written down, no key is lost or given twice, and it goes on by itself; what a crash leaves behind, write-ahead
# log and all, holds no key, and there is no core.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/postgres.sh"

small=$site/small
mkdir "$small"
mount -t tmpfs -o size=4m,mode=0700 tmpfs "$small" 2>/dev/null || skip "a file system of its own needs root"

make_centre
mv "$site/centre/centre.db" "$small/"
sed -i "s|^database: .*|database: $small/centre.db|" "$site/centre/qwaved.yaml"
# The window outlasts whatever a busy machine takes from a fetch to its repeat.
printf 'window_ms: 600000\n' >>"$site/centre/qwaved.yaml"
cd "$site" || exit 1 # where a core would be
ulimit -c unlimited 2>/dev/null || true
start_centre
application alice bob
application bob

# as SAE PATH [CURL-OPTION...]: the body to the file "body", the status to standard output.
as() {
    curl --silent --max-time 20 --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$site/centre/ca/ca.pem" -o "$site/body" -w '%{http_code}' \
        "${@:3}" "$url/api/v1/keys/$2"
}
stored() {
    [ "$(as alice bob/status)" = 200 ] && [ "$(jq .stored_key_count "$site/body")" -ge 300 ]
}
# take N: alice gets N keys; their objects are lines of the file "given".
take() {
    [ "$(as alice "bob/enc_keys?number=$1")" = 200 ] || fail "no keys: $(cat "$site/body")"
    jq -c '.keys[]' "$site/body" >>"$site/given"
}
# bob_has KEY-OBJECT: bob gets exactly that.
bob_has() {
    [ "$(as bob "alice/dec_keys?key_ID=$(jq -r .key_ID <<<"$1")")" = 200 ] && [ "$(jq -c '.keys[]' "$site/body")" = "$1" ]
}
is_unavailable() {
    [ "$1" = 503 ] && [ "$(jq -r .message "$site/body")" = "temporarily unavailable" ]
}
within 30 stored || fail "the store does not fill"

echo "a full disk"
take 3
dd if=/dev/zero of="$small/filler" bs=4k 2>/dev/null || true
dd if=/dev/zero of="$small/filler2" bs=64 2>/dev/null || true
status=0
for attempt in $(seq 64); do
    status=$(as bob "alice/dec_keys?key_ID=$(sed -n 1p given | jq -r .key_ID)")
    [ "$status" = 503 ] && break
done
is_unavailable "$status" || fail "a fetch that cannot become durable: $status $(cat "$site/body")"
# What is leased already is given out of memory; a new lease needs the disk.
for attempt in $(seq 16); do
    status=$(as alice "bob/enc_keys?number=128")
    [ "$status" = 200 ] || break
    jq -c '.keys[]' "$site/body" >>given
done
is_unavailable "$status" || fail "a lease that cannot become durable: $status $(cat "$site/body")"
kill -0 "${pid[qwaved]}" || fail "the centre ended"
rm -f "$small/filler" "$small/filler2"
bob_has "$(sed -n 1p given)" || fail "a key was lost to the full disk: $(cat "$site/body")"
bob_has "$(sed -n 2p given)" || fail "a key was lost to the full disk: $(cat "$site/body")"
take 128
take 128

echo "a file system that is read-only"
stop qwaved
mount -o remount,ro "$small"
: >"$site/refused.log"
status=0
timeout 30 "$bin/qwaved" --config "$site/centre/qwaved.yaml" >"$site/refused.out" 2>"$site/refused.log" || status=$?
[ "$status" = 1 ] && [ -s "$site/refused.log" ] && ! grep -q '^ready' "$site/refused.out" ||
    fail "a read-only database: exit status $status, $(cat "$site/refused.log")"
mount -o remount,rw "$small"
start_centre
bob_has "$(sed -n 3p given)" || fail "a key was lost to the read-only file system: $(cat "$site/body")"

echo "a crash"
take 5
bob_has "$(tail -n 1 given)" || fail "the last key is not there"
[ "$(awk '/^Max core file size/ { print $5 }' "/proc/${pid[qwaved]}/limits")" = 0 ] || fail "qwaved could leave a core"
stop qwaved SEGV
[ -z "$(find "$site" -name 'core*' -type f)" ] || fail "a core: $(find "$site" -name 'core*')"
[ -s "$small/centre.db-wal" ] || fail "no write-ahead log to look at"
jq -r .key given | sort >"$site/keys.base64"
[ -z "$(uniq -d keys.base64)" ] && [ -z "$(jq -r .key_ID given | sort | uniq -d)" ] || fail "a key or an id was given twice"
look() { holds "$1" "$small" "$site/centre" "$site/qwaved.log" "$site/qwaved.out"; }
tail -n 3 given | jq -r .key >some
while read -r text; do
    hex=$(base64 -d <<<"$text" | od -An -v -tx1 | tr -d ' \n')
    ! look "$hex" || fail "a delivered key is in a file"
done <some
tail -n 1 some | base64 -d >"$small/planted"
look "$hex" || fail "the search finds nothing"
rm "$small/planted"

start_centre
bob_has "$(tail -n 1 given)" || fail "no repeat inside the window after the crash: $(cat "$site/body")"
bob_has "$(tail -n 2 given | head -n 1)" || fail "a key was lost to the crash: $(cat "$site/body")"
take 1
[ -z "$(jq -r .key given | sort | uniq -d)" ] || fail "a key was given twice"

# bob_gets_nothing KEY-OBJECT: it is gone, as the standard says it.
bob_gets_nothing() {
    [ "$(as bob "alice/dec_keys?key_ID=$(jq -r .key_ID <<<"$1")")" = 400 ] &&
        [ "$(jq -r .message "$site/body")" = "one or more keys specified are not found on KME" ]
}
# is_destroyed KEY-OBJECT: its window was closed for good, which the centre does by itself.
is_destroyed() { [ "$(admin --json key show "$(jq -r .key_ID <<<"$1")" | jq -r .state)" = destroyed ]; }
gives() { [ "$(as alice bob/enc_keys)" = 200 ] && jq -c '.keys[]' "$site/body" >>given; }
given_last() { tail -n "$1" given | head -n 1; }
# A preloaded library and a sanitizer do not go together.
if [ "${QWAVE_RELEASE:-yes}" = yes ] && [ -n "${QWAVE_MOVE_CLOCK:-}" ]; then
    echo "a clock that is moved while the centre serves"
    stop qwaved
    echo 0 >"$site/clock"
    LD_PRELOAD=$QWAVE_MOVE_CLOCK QW_CLOCK_FILE=$site/clock start_centre
    jumps() { "$bin/qwave" audit --operator "$site/centre/operator/operator.yaml" --url "$url" show --verb clock >"$site/jumps" 2>/dev/null; }
    has_jump() { jumps && grep -q "$1" "$site/jumps"; }
    noted() { within 30 has_jump "$1" || fail "the journal does not say that the clock $1: $(cat "$site/jumps")"; }
    move() { printf '%s\n' "$1" >"$site/clock.new" && cat "$site/clock.new" >"$site/clock"; }
    take 3
    fetched=$(given_last 3)
    bob_has "$fetched" || fail "no key before the clock is moved"
    waiting=$(given_last 2)
    expiring=$(given_last 1)
    move -3600
    bob_gets_nothing "$fetched" || fail "an hour back: the window is stretched: $(cat "$site/body")"
    bob_has "$waiting" || fail "an hour back: a key is lost: $(cat "$site/body")"
    take 1
    new=$(given_last 1)
    bob_has "$new" || fail "an hour back: no new keys: $(cat "$site/body")"
    within 60 is_destroyed "$fetched" || fail "an hour back: what was fetched in the future stays: $(admin key show "$(jq -r .key_ID <<<"$fetched")")"
    noted 'went back by 3[56][0-9][0-9] s'
    move 0
    bob_gets_nothing "$fetched" || fail "back again: a key comes back: $(cat "$site/body")"
    bob_gets_nothing "$new" || fail "back again: a window of an hour: $(cat "$site/body")"
    take 1
    bob_has "$(given_last 1)" || fail "back again: no new keys: $(cat "$site/body")"
    noted 'went ahead by 3[56][0-9][0-9] s'
    move 259200
    within 30 bob_gets_nothing "$expiring" || fail "three days on: a key of one day is there: $(cat "$site/body")"
    within 30 gives || fail "three days on: no new keys: $(cat "$site/body")"
    bob_has "$(given_last 1)" || fail "three days on: no new keys: $(cat "$site/body")"
    noted 'went ahead by 259[12][0-9][0-9] s'
    [ -z "$(jq -r .key given | sort | uniq -d)" ] || fail "a key was given twice"
fi

if [ "${QWAVE_RELEASE:-yes}" = yes ] && [ -x "$postgres_bin/postgres" ] && [ -x "$postgres_bin/psql" ]; then
    echo "a PostgreSQL that comes back read-only for a while, as a standby that nobody has promoted yet"
    stop qwaved
    make_postgres
    start_postgres
    rm -rf "$site/centre" given "$site"/{alice,bob}.{pem,key}
    "$bin/qwave" init --port 0 --source kernel --database "$postgres_uri" "$site/centre" >/dev/null
    printf 'window_ms: 600000\n' >>"$site/centre/qwaved.yaml"
    start_centre
    application alice bob
    application bob
    within 30 stored || fail "the store does not fill"
    read_only() {
        PGOPTIONS="-c default_transaction_read_only=off" "$postgres_bin/psql" -q -h "$site/pg" -U qwave postgres \
            -c "ALTER SYSTEM SET default_transaction_read_only = $1" >/dev/null || fail "psql"
        kill_postgres
        start_postgres
    }
    take 3
    read_only on
    refused() {
        status=$(as bob "alice/dec_keys?key_ID=$(sed -n 1p given | jq -r .key_ID)")
        [ "$status" = 503 ]
    }
    within 10 refused || fail "a fetch that cannot become durable: $status $(cat "$site/body")"
    is_unavailable "$status" || fail "a fetch that cannot become durable: $status $(cat "$site/body")"
    for attempt in $(seq 16); do # what is leased already is given out of memory
        status=$(as alice "bob/enc_keys?number=128")
        [ "$status" = 200 ] || break
        jq -c '.keys[]' "$site/body" >>given
    done
    is_unavailable "$status" || fail "a lease that cannot become durable: $status $(cat "$site/body")"
    read_only off
    within 30 gives || fail "no service when it can be written again: $(cat "$site/body")"
    for line in 1 2 3 $(wc -l <given); do
        bob_has "$(sed -n "${line}p" given)" || fail "a key was lost to the read-only database: $(cat "$site/body")"
    done
    [ -z "$(jq -r .key given | sort | uniq -d)" ] || fail "a key was given twice"
fi
echo "done"
