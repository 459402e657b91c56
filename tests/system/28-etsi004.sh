# SPDX-License-Identifier: Apache-2.0
# rows: C14 C12
# Two applications, one process each, and a running centre by ETSI GS QKD 004: the same chunks at both ends, from either side, over kills of
# the centre and of an end; nobody else, no certificate, no nonsense.
source "$(dirname "$0")/site.sh"

make_centre
printf 'etsi004: on\netsi004_port: 0\nlog_level: debug\n' >>"$site/centre/qwaved.yaml"
start_streams() {
    start_centre
    server=127.0.0.1:$(sed -n 's/^etsi004 //p' "$site/qwaved.out")
}
start_streams
for sae in alice bob eve; do
    admin certificate sae $sae --certificate "$site/$sae.pem" --key "$site/$sae.key" >/dev/null
    admin device add $sae --kind application --owner test >/dev/null
done
admin device peers alice --peer bob >/dev/null
admin device peers eve --peer bob >/dev/null
within $ready_s sh -c '[ "$(curl -s --cert "$0/alice.pem" --key "$0/alice.key" --cacert "$0/centre/ca/ca.pem" "$1/api/v1/keys/bob/status" |
    jq .stored_key_count)" -ge 1000 ]' "$site" "$url" || fail "the store does not fill"

# stream NAME WHO DEST OPTION...: one end in the background, its output in NAME.json.
stream() {
    local name=$1 who=$2 dest=$3
    shift 3
    "$bin/qwave" stream --server "$server" --ca "$site/centre/ca/ca.pem" --cert "$site/$who.pem" --key "$site/$who.key" \
        --source "qkd://$who" --dest "qkd://$dest" --json "$@" >"$site/$name.json" 2>>"$site/$name.log" &
    pid[$name]=$!
}

# done_with NAME: waits, and tells its exit status.
done_with() {
    local status=0
    wait "${pid[$1]}" || status=$?
    unset "pid[$1]"
    return "$status"
}

# A name of the two ends' own: 16 random bytes, version 4.
name_stream() {
    ksid=$(od -An -v -N16 -tx1 /dev/urandom | tr -d ' \n')
    ksid=${ksid:0:12}4${ksid:13}
}

echo "the same chunks at both ends"
for chunk in 3 32 512; do
    name_stream
    stream a alice bob --ksid "$ksid" --chunk $chunk --count 40
    within $ready_s grep -q "$ksid" "$site/a.json" || fail "alice's end does not open: $(cat "$site/a.log")"
    stream b bob alice --ksid "$ksid" --chunk $chunk --count 40
    done_with a && done_with b || fail "an end fails: $(cat "$site/a.log" "$site/b.log")"
    [ "$(jq -c .chunks "$site/a.json")" = "$(jq -c .chunks "$site/b.json")" ] || fail "the ends differ"
    [ "$(jq '[.chunks[].key_hex] | unique | length' "$site/a.json")" = 40 ] || [ $chunk = 3 ] || fail "a chunk came twice"
    [ "$(jq '[.chunks[].key_hex | length] | unique == ['$((2 * chunk))']' "$site/a.json")" = true ] || fail "not $chunk bytes"
    jq -r '.chunks[].key_hex' "$site/a.json" >>"$site/all.txt"
done

echo "who has no part in it"
name_stream
stream a alice bob --ksid "$ksid" --wait 60
within $ready_s grep -q "$ksid" "$site/a.json" || fail "alice's end does not open"
stream e eve alice --ksid "$ksid" --wait 0
! done_with e || fail "a stranger joins a stream"
grep -q 'status 5' "$site/e.log" || fail "not status 5: $(cat "$site/e.log")"
stream e eve bob --wait 0 # a stream of her own is fine, but alone there is nothing to have
! done_with e && grep -q 'status 3' "$site/e.log" || fail "a chunk without another end"
stream e bob eve --wait 0
! done_with e && grep -q 'status 4' "$site/e.log" || fail "a stream to who is no peer"
stream b bob alice --ksid "$ksid"
done_with a && done_with b || fail "the stream is disturbed"
[ "$(jq -c .chunks "$site/a.json")" = "$(jq -c .chunks "$site/b.json")" ] || fail "the ends differ"
! "$bin/qwave" stream --server "$server" --ca "$site/eve.pem" --cert "$site/alice.pem" --key "$site/alice.key" --source alice --dest bob \
    2>/dev/null || fail "a client believes a server of another authority"
! timeout $ready_s openssl s_client -quiet -connect "$server" -CAfile "$site/centre/ca/ca.pem" </dev/null 2>/dev/null | grep -q . ||
    fail "something is said to who has no certificate"

echo "a call waits at the server for the other end; who waits costs nobody"
name_stream
stream a alice bob --ksid "$ksid" --count 3 --timeout 60000 --wait 0
within $ready_s grep -q "$ksid" "$site/a.json" || fail "alice's end does not open"
stream e eve bob --timeout 400 --wait 0 # alone: nobody will come
! done_with e && grep -q 'status 3' "$site/e.log" || fail "not status 3 when nobody comes: $(tail -n 1 "$site/e.log")"
kill -0 "${pid[a]}" || fail "alice's call does not wait: $(cat "$site/a.log")"
stream b bob alice --ksid "$ksid" --count 3
done_with a && done_with b || fail "an end fails: $(cat "$site/a.log" "$site/b.log")"
[ "$(jq -c .chunks "$site/a.json")" = "$(jq -c .chunks "$site/b.json")" ] || fail "the ends differ"

echo "rates: the highest holds, the lowest cannot be had"
name_stream
began_ms=$(date +%s%3N)
stream a alice bob --ksid "$ksid" --count 13 --max-rate 1024 # four chunks a second, and a second's worth at once
within $ready_s grep -q "$ksid" "$site/a.json" || fail "alice's end does not open"
stream b bob alice --ksid "$ksid" --count 13
done_with a && done_with b || fail "an end fails: $(cat "$site/a.log" "$site/b.log")"
took_ms=$(($(date +%s%3N) - began_ms))
[ "$took_ms" -ge 1990 ] || fail "13 chunks of 256 bits in $took_ms ms are more than 1024 bit/s"
stream a alice bob --min-rate 1
! done_with a && grep -q 'status 7' "$site/a.log" && grep -q 'offers chunks of 32 bytes, 0 to 0 bit/s' "$site/a.log" ||
    fail "a rate is promised: $(tail -n 2 "$site/a.log")"

echo "nonsense, halves, and slowness end a connection and nothing else"
talk() {
    timeout $ready_s openssl s_client -quiet -connect "$server" -cert "$site/alice.pem" -key "$site/alice.key" -CAfile "$site/centre/ca/ca.pem" \
        2>/dev/null
}
for bytes in 'GET / HTTP/1.1\r\n\r\n' '\x01\x00\x01\x04\xff\xff\xff\xff' '\x01\x00\x01\x05\x00\x00\x00\x04\x00\x00\x00\x00' \
    '\x01\x00\x01\x04\x00\x00\x00\x01x' '\x01\x00\x01\x02\x00\x00\x00\x00'; do
    [ -z "$( (printf "$bytes"; sleep 1) | talk | head -c 1 | tr -d '\0')" ] || fail "an answer to '$bytes'"
done
mkfifo "$site/half"
talk <"$site/half" >/dev/null &
pid[half]=$!
exec 7>"$site/half"
printf '\x01\x00' >&7 # half a header
within $ready_s grep -q 'too slow' "$site/qwaved.log" || fail "half a message is waited for"
exec 7>&-
stop half

echo "a certificate that is taken back: the stream that waits ends with its connection, and no other begins"
name_stream
stream e eve bob --ksid "$ksid" --timeout 60000 --wait 0
within $ready_s grep -q "$ksid" "$site/e.json" || fail "eve's end does not open: $(cat "$site/e.log")"
admin certificate revoke "$site/eve.pem" >/dev/null
! done_with e || fail "eve's call gets a chunk"
# And not as the call ends when its time is over.
tail -n 1 "$site/e.log" | grep -q 'has closed the connection' || fail "the open connection of a revoked certificate lives: $(tail -n 1 "$site/e.log")"
stream e eve bob --wait 0
! done_with e || fail "a revoked certificate opens a stream"
! grep -q 'status [0-9]' <(tail -n 1 "$site/e.log") || fail "something is said to a revoked certificate: $(tail -n 1 "$site/e.log")"

echo "the centre is killed while both ends read"
for i in 1 2 3; do
    name_stream
    stream a alice bob --ksid "$ksid" --count 60000
    within $ready_s grep -q "$ksid" "$site/a.json" || fail "alice's end does not open"
    stream b bob alice --ksid "$ksid" --count 60000
    within $ready_s sh -c '[ "$(wc -c <"$0/a.json")" -gt 4096 ] && [ "$(wc -c <"$0/b.json")" -gt 4096 ]' "$site" || {
        # who of the two came first opened a stream that the other may not begin: bob has no peer
        fail "no chunks flow: $(cat "$site/a.log" "$site/b.log" | tail -n 3)"
    }
    stop qwaved KILL
    ! done_with a && ! done_with b || fail "an end does not notice"
    for end in a b; do
        grep -o '"index":[0-9]*,"key_hex":"[0-9a-f]*"' "$site/$end.json" >"$site/$end.$i" || fail "no chunks at end $end"
    done
    [ "$(head -n 20 "$site/a.$i")" = "$(head -n 20 "$site/b.$i")" ] || fail "the ends differ before kill $i"
    # Only whole lines: the last one may have been cut by the buffer.
    sed 's/.*"key_hex":"//; s/"$//' "$site/a.$i" >>"$site/all.txt"
    start_streams
    [ "$("$bin/qwave" stream --server "$server" --ca "$site/centre/ca/ca.pem" --cert "$site/alice.pem" --key "$site/alice.key" \
        --source alice --dest bob --wait 0 --json 2>/dev/null | jq .is_complete)" = false ] || fail "not served after kill $i"
done
[ -z "$(awk 'length($0) > 6' "$site/all.txt" | sort | uniq -d)" ] || fail "a chunk was given to two streams"

echo "nothing of a chunk is in any file of the centre"
stop qwaved
awk 'length($0) >= 64 && n++ < 30' "$site/all.txt" >"$site/some.txt"
[ -s "$site/some.txt" ] || fail "nothing to look for"
while read -r hex; do
    ! holds "${hex:0:64}" "$site/centre" "$site/qwaved.log" "$site/qwaved.out" || fail "a chunk is in a file of the centre"
done <"$site/some.txt"
echo "done"
