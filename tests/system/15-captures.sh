# SPDX-License-Identifier: Apache-2.0
# rows: W15 W1
# Captures by hand: a live receiver is recorded and stopped, the file is read, converted to every format that has a place for it and back;
# wrong arguments, missing files and a full disk are told apart.
source "$(dirname "$0")/site.sh"

capture() {
    timeout $ready_s "$bin/qwave" capture "$@"
}

# refuses STATUS PATTERN ARGUMENT...
refuses() {
    local status=0 expected=$1 pattern=$2
    shift 2
    capture "$@" >"$site/out" 2>"$site/refusal.log" || status=$?
    [ "$status" = "$expected" ] || fail "capture $*: exit status $status, not $expected"
    grep -q -- "$pattern" "$site/refusal.log" || fail "capture $*: does not say \"$pattern\": $(cat "$site/refusal.log")"
}

# One line of an ESP32: number, seconds.
line() {
    printf 'CSI_DATA,AP,02:00:00:00:00:01,-50,11,0,0,0,0,0,0,0,0,0,-95,0,6,0,%d,0,38,0,0,0.5,128,[' "$(($1 * 10000))"
    for ((i = 0; i < 128; i++)); do printf '%d ' "$(((i * 7 + $1 * 3) % 100 - 50))"; done
    printf ']\n'
}

echo "a recording of a serial line, stopped by Ctrl-C"
mkfifo "$site/tty"
exec 7<>"$site/tty"
start record qwave capture record --json "esp32:$site/tty" "$site/live.qwc"
{
    echo "rst:0x1 (POWERON_RESET)"
    for number in 1 2 3 4 5 6 7 8; do line $number; done
} >&7
size_is() { [ "$(stat -c %s "$site/live.qwc" 2>/dev/null || echo 0)" = "$1" ]; }
within $ready_s size_is $((16 + 8 * (4 + 68 + 2 * 51 + 8 * 51 + 8))) || fail "the frames do not reach the file"
kill -INT "${pid[record]}"
wait "${pid[record]}" || fail "record ends with exit status $?"
unset "pid[record]"
exec 7>&-
[ "$(field frames_written <"$site/record.out")" = 8 ] || fail "not 8 frames: $(cat "$site/record.out")"
[ "$(field stopped <"$site/record.out")" = true ] || fail "does not say that it was stopped"
[ "$(wc -l <"$site/record.out")" = 1 ] || fail "not one JSON object"

echo "what is in it"
capture info --json "$site/live.qwc" >"$site/info" || fail "info: exit status $?"
[ "$(wc -l <"$site/info")" = 1 ] || fail "not one JSON object"
[ "$(field format <"$site/info")" = qwave ] || fail "not told as ours: $(cat "$site/info")"
[ "$(field frames <"$site/info")" = 8 ] || fail "not 8 frames: $(cat "$site/info")"
[ "$(field left_over_bytes <"$site/info")" = 0 ] || fail "bytes left over: $(cat "$site/info")"
grep -q '"remark":"one-sided: gives no key"' "$site/info" || fail "no remark"
capture info --repeat 20 "$site/live.qwc" | grep -q 'Mbyte/s' || fail "no speed"

echo "to other formats and back"
for format in esp32 nexmon qwave; do # a line lacks two tones: the others have no place for that
    capture convert --to $format "$site/live.qwc" "$site/to.$format" >/dev/null || fail "to $format"
    capture convert --to csv "$site/to.$format" "$site/to.$format.csv" >/dev/null || fail "$format to csv"
done
capture convert --to csv "$site/live.qwc" "$site/live.csv" >/dev/null || fail "to csv"
[ "$(wc -l <"$site/live.csv")" = $((1 + 8 * 51)) ] || fail "the table has $(wc -l <"$site/live.csv") lines"
cmp "$site/live.csv" "$site/to.qwave.csv" || fail "our format changed something"
cut -d, -f 10-12 "$site/live.csv" >"$site/values"
cut -d, -f 10-12 "$site/to.esp32.csv" | cmp - "$site/values" || fail "values changed on the way through lines"

echo "a recording of datagrams"
start udp qwave capture record --json --frames 3 --to nexmon nexmon:127.0.0.1:0 "$site/udp.pcap"
within $ready_s grep -q 'listening on port' "$site/udp.log" || fail "no port: $(cat "$site/udp.log")"
port=$(sed -n 's/.*listening on port //p' "$site/udp.log")
for number in 0 1 2; do # payloads of 18 + 64 x 4 bytes behind heads of 24 and 16 + 42
    tail -c +$((24 + number * 332 + 58 + 1)) "$site/to.nexmon" | head -c 274 >"$site/datagram"
    cat "$site/datagram" >"/dev/udp/127.0.0.1/$port"
done
wait "${pid[udp]}" || fail "record ends with exit status $?"
unset "pid[udp]"
[ "$(field frames_written <"$site/udp.out")" = 3 ] || fail "not 3 frames: $(cat "$site/udp.out")"
capture info --json "$site/udp.pcap" >"$site/info" || fail "info: exit status $?"
[ "$(field frames <"$site/info")" = 3 ] && [ "$(field left_over_bytes <"$site/info")" = 0 ] || fail "not whole: $(cat "$site/info")"

echo "Ctrl-C in the middle of a conversion"
line 1 >"$site/many"
for ((i = 0; i < 16; i++)); do
    cat "$site/many" "$site/many" >"$site/twice"
    mv "$site/twice" "$site/many"
done
start convert qwave capture convert --json --to csv "$site/many" "$site/many.csv"
within $ready_s test -s "$site/many.csv" || fail "nothing is written"
kill -INT "${pid[convert]}"
wait "${pid[convert]}" || fail "convert ends with exit status $?"
unset "pid[convert]"
[ "$(field stopped <"$site/convert.out")" = true ] || fail "does not say that it was stopped: $(cat "$site/convert.out")"
[ "$(wc -l <"$site/many.csv")" = $((1 + 51 * $(field frames_written <"$site/convert.out"))) ] || fail "frames are cut"
[ "$(tail -c 1 "$site/many.csv" | od -An -c)" = '  \n' ] || fail "the last line is cut"

echo "pairs of two ends"
capture pair --json --alice "$site/live.qwc" --bob "$site/live.qwc" >"$site/pair" || fail "pair: exit status $?"
[ "$(field pairs <"$site/pair")" = 0 ] && [ "$(field unnumbered <"$site/pair")" = 16 ] || fail "lines have no numbers: $(cat "$site/pair")"

echo "refusals"
refuses 2 "no subcommand" look
refuses 2 "say which file" info
refuses 2 "no format 'mp3'" convert --to mp3 "$site/live.qwc" "$site/x"
refuses 2 "no format 'csv' to read" info --format csv "$site/live.csv"
refuses 2 "repeat is" info --repeat 0 "$site/live.qwc"
refuses 2 "a source is" record bluetooth:0 "$site/x"
refuses 2 "argument out of range" record nexmon:70000 "$site/x"
refuses 2 "say which files" pair --alice "$site/live.qwc"
refuses 2 "go together" pair --alice "$site/live.qwc" --bob "$site/live.qwc" --bob-out "$site/x"
refuses 2 "no frame format" pair --frame-format am --alice "$site/live.qwc" --bob "$site/live.qwc"
refuses 1 "no such file" pair --alice "$site/none" --bob "$site/live.qwc"
refuses 1 "no such file" info "$site/none"
refuses 1 "no format that is known" info "$site/live.csv"
refuses 1 "exists" convert "$site/live.qwc" "$site/to.qwave"
refuses 1 "no place for any of 8" convert --to intel5300 "$site/live.qwc" "$site/x"
[ ! -e "$site/x" ] || fail "an empty file was left behind"
(
    ulimit -f 2
    refuses 1 "no room left on the disk" convert "$site/live.qwc" "$site/small.qwc"
) || exit 1
capture info --json "$site/small.qwc" >"$site/info" || fail "the file of the full disk cannot be read"
[ "$(field frames <"$site/info")" -ge 1 ] && [ "$(field left_over_bytes <"$site/info")" = 0 ] || fail "not whole: $(cat "$site/info")"
head -c 3000 "$site/live.qwc" >"$site/cut.qwc"
capture info --json "$site/cut.qwc" >"$site/info" || fail "a cut file cannot be read"
[ "$(field left_over_bytes <"$site/info")" -gt 0 ] || fail "a cut file has nothing left over"

if [ -r "${QWAVE_CAPTURES:-}/atheros_le.dat" ]; then
    echo "pairs of a real capture with itself, one end behind and cut"
    trace=$QWAVE_CAPTURES/atheros_le.dat
    tail -c +190701 "$trace" >"$site/later.dat" # 100 records of 1907 bytes less
    capture pair --json --alice "$trace" --bob "$site/later.dat" --alice-out "$site/alice.qwc" --bob-out "$site/bob.qwc" >"$site/pair" ||
        fail "pair: exit status $?"
    [ "$(field pairs <"$site/pair")" = 301 ] && [ "$(field alice_unpaired <"$site/pair")" = 100 ] || fail "wrong pairs: $(cat "$site/pair")"
    cmp "$site/alice.qwc" "$site/bob.qwc" || fail "the paired frames are not the same"
fi
