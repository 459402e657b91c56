# SPDX-License-Identifier: Apache-2.0
# rows: Q7 Q1
# An authentication pool of four tags each way, and thirty blocks: the link lives on its own keys. Without the refill it stops; ends that
# are killed anywhere come back in step; what one end does not agree to is refused.
source "$(dirname "$0")/site.sh"
cd "$site"
short="--frame-bits 150000 --secrecy 3"

# both NAME "OPTIONS OF BOTH ENDS" "OPTIONS OF BOB": starts light, Bob, Alice
both() {
    local name=$1 optics port
    start "$name-optics" qwave qkd optics --port 0 --seed 7
    optics=$(ready "$name-optics")
    : >"$name-bob.log"
    # shellcheck disable=SC2086 # words on purpose
    start "$name-bob" qwave qkd bob --pool b.pool --port 0 --optics-port "$optics" --key-file b.key --json $short $2 $3
    within $ready_s grep -q '^ready ' "$name-bob.log" || fail "bob does not get ready: $(cat "$name-bob.log")"
    port=$(sed -n 's/^ready //p' "$name-bob.log" | tail -n 1)
    # shellcheck disable=SC2086
    start "$name-alice" qwave qkd alice --pool a.pool --port "$port" --optics-port "$optics" --key-file a.key --json $short ${4:-$2}
}
# ended NAME STATUS [ALICE'S]: both ends end so
ended() {
    local name=$1 status
    for end in alice bob; do
        status=0
        wait "${pid[$name-$end]}" || status=$?
        unset "pid[$name-$end]"
        [ "$status" = "$([ $end = alice ] && echo "${3:-$2}" || echo "$2")" ] || fail "$name: $end ends with $status: $(cat "$name-$end.log")"
    done
    stop "$name-optics" KILL
}
says() { # NAME FIELD VALUE: at both ends
    for end in alice bob; do
        [ "$(field "$2" <"$1-$end.out")" = "$3" ] || fail "$1: $end says $2 is $(field "$2" <"$1-$end.out"), not $3: $(cat "$1-$end.out")"
    done
}
four_tags=128 # two hash keys of 16 bytes, and four times 12 each way
charge() {
    rm -f a.pool b.pool a.key b.key
    "$bin/qwave" qkd pool a.pool b.pool --bytes $four_tags
}

echo "thirty blocks out of a pool for four"
charge
[ "$("$bin/qwave" qkd pool x.pool y.pool --bytes $four_tags --json | field tags_per_direction)" = 4 ] || fail "not a pool of four tags"
both long "" "--blocks 30"
ended long 0
cmp a.key b.key || fail "the keys differ"
says long blocks 30
says long auth_bits $((30 * 192))
says long refilled_bits $((30 * 192))
says long pool_tags 4
says long key_bits $((8 * $(stat -c %s a.key)))
for end in alice bob; do
    [ "$(jq '.secret_bits - .refilled_bits - .key_bits' "long-$end.out")" = 0 ] || fail "bits are missing on the ledger: $(cat "long-$end.out")"
    jq -e '.pool_epsilon == 0 and .last_block.epsilon_pool > 28 * .last_block.epsilon_secrecy and .epsilon > .last_block.epsilon_pool' \
        "long-$end.out" >/dev/null || fail "what the pool rests on is not on the ledger: $(cat "long-$end.out")"
done
both again "" "--blocks 2"
ended again 0
jq -e '.pool_epsilon > 0' again-bob.out >/dev/null || fail "a restart forgets what the pool rests on: $(cat again-bob.out)"

echo "without the refill it stops"
charge
both drained "--pool-high 0" "--blocks 30"
ended drained 3 1 # alice has no tag left, bob is told
says drained refusal POOL_LOW
says drained refilled_bits 0
says drained blocks 4
both empty "" "--blocks 1" # and what is left is not enough to begin with
ended empty 3
says empty refusal POOL_LOW

echo "killed anywhere, eight times"
rm -f a.pool b.pool a.key b.key
"$bin/qwave" qkd pool a.pool b.pool --bytes 416 # sixteen tags
for i in 1 2 3 4 5 6 7 8; do
    size=$(stat -c %s b.key 2>/dev/null || echo 0)
    both "kill$i" "--pool-high 16 --pool-low 8" "--blocks 100000"
    more() { [ "$(stat -c %s b.key 2>/dev/null || echo 0)" -gt "$size" ]; }
    within $ready_s more || fail "no key before kill $i: $(cat "kill$i"-*.log)"
    if [ $((i % 2)) = 0 ]; then killed=alice other=bob; else killed=bob other=alice; fi
    stop "kill$i-$killed" KILL
    gone() { ! kill -0 "${pid[kill$i-$other]}" 2>/dev/null; }
    within $ready_s gone || fail "$other goes on alone"
    wait "${pid[kill$i-$other]}" || true
    unset "pid[kill$i-$other]"
    stop "kill$i-optics" KILL
done
rm -f a.key b.key
both after "--pool-high 16 --pool-low 8" "--blocks 20"
ended after 0
cmp a.key b.key || fail "the keys differ after kills"
says after pool_tags 16

echo "blocks that give no more than they cost"
cp a.pool kept.pool
both poor "--pool-high 16 --pool-low 8 --key-bits 192" ""
ended poor 3
says poor refusal NO_GAIN
cmp a.pool kept.pool || fail "a block that gave nothing cost pool"

echo "ends that are not set alike, and what is no pool"
both apart "--pool-high 16" "" "--pool-high 15"
ended apart 3
says apart refusal TERMS
head -c 100 a.pool >cut.pool
chmod 600 cut.pool
status=0
"$bin/qwave" qkd alice --pool cut.pool --port 9 --optics-port 9 >/dev/null 2>cut.log || status=$?
[ "$status" = 1 ] || fail "half a pool: status $status"
refuses() { # PATTERN ARGUMENT...
    local status=0 pattern=$1
    shift
    "$bin/qwave" qkd "$@" >out 2>usage.log || status=$?
    [ "$status" = 2 ] || fail "qkd $*: exit status $status"
    grep -q -- "$pattern" usage.log || fail "qkd $*: does not say \"$pattern\": $(cat usage.log)"
}
refuses "0 or 4 and more" bob --pool b.pool --pool-high 3
refuses "above --pool-high" bob --pool b.pool --pool-high 8 --pool-low 9
refuses "out of range" bob --pool b.pool --pool-high 43690
