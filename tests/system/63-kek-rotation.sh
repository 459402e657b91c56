# SPDX-License-Identifier: Apache-2.0
# rows: C6 C7 W14
# once: tests/unit/centre/kek_test.c does it write by write, under the sanitizers too
# Another key-encryption key for a store that serves: applications take and fetch keys all the while and no request fails; killed in the middle it goes on
# where it was, and every key can be read afterwards. With a TPM: 55-tpm.sh, a token: 56-token.sh, a quorum: 53-ceremony.sh.
source "$(dirname "$0")/site.sh"

make_centre
sed -i '/^block_keys:/d; /^stock_keys:/d' "$site/centre/qwaved.yaml"
# Many small blocks: many records. The window stays open, so that a key can be fetched again at the end.
printf 'block_keys: 16\nlease_keys: 32\nstock_keys: 9000\nwindow_ms: 3600000\n' >>"$site/centre/qwaved.yaml"
start_centre
application alice bob
application bob

# as SAE PATH...: bodies, each with its status on the next line.
as() {
    local sae=$1
    shift
    curl --silent --max-time $ready_s --cert "$site/$sae.pem" --key "$site/$sae.key" --cacert "$site/centre/ca/ca.pem" -w '\n%{http_code}\n' \
        "${@/#/$url/api/v1/keys/}"
}
# ids FILE: of the keys in answers.
ids() { grep -oh '"key_ID":"[0-9a-f-]*"' "$@" | cut -d '"' -f 4; }

kek() { "$bin/qwave" admin --operator "$site/centre/officers/${2:-security}.yaml" --url "$url" --json kek "$1"; }
is_phase() { [ "$(kek status | jq -r .phase)" = "$1" ]; }
generation() { kek status | jq .generation; }
has_stock() { [ "$(admin status --json | jq .keys.stored)" -ge 8000 ]; }
within 120 has_stock || fail "the store does not fill"

echo "who may not, and what is there at first"
[ "$(kek status | jq -c '[.phase, .generation]')" = '["idle",1]' ] || fail "at first: $(kek status)"
for officer in system audit; do
    status=0
    kek rotate $officer >/dev/null 2>&1 || status=$?
    [ "$status" = 3 ] || fail "the $officer administrator rotates: $status"
done

echo "rotated under load"
as alice "bob/enc_keys?number=8" >"$site/before"
: >"$site/load"
load() { # until the file "over" is there: takes keys, and fetches what was taken
    local answer
    while [ ! -e "$site/over" ]; do
        answer=$(as alice "bob/enc_keys?number=4&round=[1-10]")
        as bob "alice/dec_keys?key_ID=$(ids <<<"$answer" | tail -n 1)" >>"$site/load"
        cat >>"$site/load" <<<"$answer"
    done
}
load &
pid[load]=$!
is_under_load() { [ "$(wc -l <"$site/load")" -ge "${1:-20}" ]; }
within $ready_s is_under_load || fail "no load"
[ "$(kek rotate | jq -r .phase)" != idle ] || fail "nothing is ordered: $(kek status)"
! kek rotate >/dev/null 2>"$site/twice.log" || fail "two at once"
grep -q 409 "$site/twice.log" || fail "two at once: $(cat "$site/twice.log")"
within 120 is_phase idle || fail "it does not end: $(kek status)"
within $ready_s is_under_load $(($(wc -l <"$site/load") + 20)) || fail "no load any more"
touch "$site/over"
wait "${pid[load]}"
unset "pid[load]"
[ "$(generation)" = 2 ] || fail "not the next key: $(kek status)"
[ "$(kek status | jq '.rewrapped >= 500 and .done == .records')" = true ] || fail "what it did: $(kek status)"
asked=$(grep -cE '^[0-9]{3}$' "$site/load")
[ "$(grep -cxF 200 "$site/load")" = "$asked" ] || fail "failed: $(grep -E '^[0-9]{3}$' "$site/load" | sort | uniq -c)"
echo "$asked requests, $(kek status | jq .rewrapped) records anew"

# By the journal a start lies between the beginning of the last rotation and its end.
killed_between() {
    "$bin/qwave" audit --operator "$site/centre/officers/audit.yaml" --url "$url" --json show |
        jq -e --arg begin "generation $wanted," --arg over "generation $wanted: nothing" '.records | map(select(.result == "success")) |
            (map(select(.verb == "kek-begin" and (.detail | startswith($begin)))) | last.seq) as $from |
            (map(select(.verb == "kek-end" and (.detail | startswith($over)))) | last.seq) as $to |
            (map(select(.verb == "unseal")) | last.seq) as $start | $from < $start and $start < $to' >/dev/null
}

echo "killed in the middle, it goes on where it was"
for attempt in 1 2 3 4 5 6 7 8; do
    wanted=$(($(generation) + 1))
    kek rotate >/dev/null
    begun() { kek status | jq -e "(.generation == $wanted) and (.rewrapped > 0)" >/dev/null; }
    within $ready_s begun || fail "it does not begin: $(kek status)"
    stop qwaved KILL
    start_centre
    within 120 is_phase idle || fail "it does not go on: $(kek status)"
    [ "$(generation)" = "$wanted" ] || fail "another one than was begun: $(kek status)"
    ! killed_between || break
    [ "$attempt" -lt 8 ] || fail "no kill came in time"
done

echo "every key is there"
mapfile -t kept < <(ids "$site/before")
[ ${#kept[@]} = 8 ] || fail "${#kept[@]} keys from before"
for id in "${kept[@]}"; do
    answer=$(as bob "alice/dec_keys?key_ID=$id")
    [ "$(tail -n 1 <<<"$answer")" = 200 ] || fail "key $id from before: $answer"
    grep -qF "$(head -n 1 <<<"$answer" | jq -c '.keys[0]' | tr -d '{}')" "$site/before" || fail "key $id is another one"
done
stop qwaved
start_centre
echo "and those in stock"
for _ in 1 2 3 4; do
    as alice $(printf 'bob/enc_keys?number=128 %.0s' 1 2 3 4) >>"$site/taken"
done
[ "$(grep -cxF 200 "$site/taken")" = 16 ] || fail "taking: $(grep -E '^[0-9]{3}$' "$site/taken" | sort | uniq -c)"
echo "done"
