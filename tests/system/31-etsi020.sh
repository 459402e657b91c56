# SPDX-License-Identifier: Apache-2.0
# rows: C12 C14
# Three running centres that pass each other keys (ETSI GS QKD 020, draft), with curl as their applications and as a lying partner: one key
# for slaves of all three, a partner that is away, processes killed in between, and what a partner may not do.
source "$(dirname "$0")/site.sh"

letters=(a b c)
for x in "${letters[@]}"; do
    "$bin/qwave" init --port 0 --source kernel "$site/$x" >/dev/null
    mkdir "$site/$x/partners"
    cat >>"$site/$x/qwaved.yaml" <<YAML
etsi020: draft
etsi020_port: 0
etsi020_wait_ms: 10000
partners: $site/$x/partners
YAML
done

# run X: starts the centre, on the ports it had before.
declare -A url=() partner_url=()
run() {
    start "qwaved-$1" qwaved --config "$site/$1/qwaved.yaml"
    url[$1]=https://127.0.0.1:$(ready "qwaved-$1")
    partner_url[$1]=https://127.0.0.1:$(sed -n 's/^etsi020 //p' "$site/qwaved-$1.out")
    sed -i "s/^listen_port:.*/listen_port: ${url[$1]##*:}/; s/^etsi020_port:.*/etsi020_port: ${partner_url[$1]##*:}/" "$site/$1/qwaved.yaml"
}

at() {
    local x=$1
    shift
    "$bin/qwave" admin --operator "$site/$x/operator/operator.yaml" --url "${url[$x]}" "$@" >/dev/null
}

echo "each centre enrols the others, and everybody is registered everywhere"
for x in "${letters[@]}"; do run "$x"; done
for x in "${letters[@]}"; do
    for y in "${letters[@]}"; do
        [ "$x" != "$y" ] || continue
        at "$x" device add "kme-$y" --kind kme --owner "of $y"
        at "$x" certificate kme "kme-$y" --certificate "$site/$x-for-$y.pem" --key "$site/$x-for-$y.key"
        cat >"$site/$y/partners/kme-$x.yaml" <<YAML
url: ${partner_url[$x]}
certificate: $site/$x-for-$y.pem
key: $site/$x-for-$y.key
ca: $site/$x/ca/ca.pem
YAML
    done
    for sae in "alice a bob,ben,carol,lea" "lea a " "bob b alice" "ben b " "carol c "; do
        read -r id home peers <<<"$sae"
        at "$x" device add "$id" --kind application --owner test --peer "$peers"
    done
    for sae in "alice a" "lea a" "bob b" "ben b" "carol c"; do
        read -r id home <<<"$sae"
        if [ "$home" = "$x" ]; then
            at "$x" certificate sae "$id" --certificate "$site/$id.pem" --key "$site/$id.key"
        else
            at "$x" device home "$id" --kme "kme-$home"
        fi
    done
done
for x in "${letters[@]}"; do
    stop "qwaved-$x"
    run "$x" # the folder of partners is read at the start
done

# as SAE CENTRE PATH [CURL-OPTION...]: body, then the status on a line of its own.
as() {
    local sae=$1 x=$2 path=$3
    shift 3
    curl --silent --max-time $ready_s --cert "$site/$sae.pem" --key "$site/$sae.key" --cacert "$site/$x/ca/ca.pem" \
        -H 'Content-Type: application/json' -w '\n%{http_code}\n' "$@" "${url[$x]}/api/v1/keys/$path"
}
status_of() { tail -n 1 <<<"$1"; }
body_of() { head -n 1 <<<"$1"; }
ids_of() { body_of "$1" | jq -c '{key_IDs: [.keys[] | {key_ID}]}'; }
sort_keys() { body_of "$1" | jq -cS '.keys | sort_by(.key_ID)'; }

filled() { [ "$(as alice a bob/status | head -n 1 | jq .stored_key_count)" -ge 1000 ]; }
within $ready_s filled || fail "the store does not fill"
[ "$(as alice a bob/status | head -n 1 | jq -r .target_KME_ID)" = kme-b ] || fail "target_KME_ID"

echo "one key for slaves of three centres"
answer=$(as alice a bob/enc_keys -d '{"number": 5, "size": 512, "additional_slave_SAE_IDs": ["carol", "lea", "ben"]}')
[ "$(status_of "$answer")" = 200 ] || fail "enc_keys: $answer"
for slave in "bob b" "ben b" "carol c" "lea a"; do
    read -r id home <<<"$slave"
    got=$(as "$id" "$home" alice/dec_keys -d "$(ids_of "$answer")")
    [ "$(sort_keys "$got")" = "$(sort_keys "$answer")" ] || fail "$id does not get the same keys: $got"
done
[ "$(status_of "$(as bob b alice/dec_keys -d "$(ids_of "$answer")")")" = 200 ] || fail "no repeat inside the window"
answer=$(as bob b alice/enc_keys)
[ "$(status_of "$(as alice a bob/dec_keys -d "$(ids_of "$answer")")")" = 200 ] || fail "the other way round"
body_of "$answer" | jq -r '.keys[].key' >>"$site/keys.txt"

echo "sizes up to the largest, 128 at once"
for size in 24 256 4096; do
    number=$((size == 4096 ? 16 : 128))
    within $ready_s filled || fail "the store does not fill"
    answer=$(as alice a "bob/enc_keys?number=$number&size=$size")
    [ "$(sort_keys "$(as bob b alice/dec_keys -d "$(ids_of "$answer")")")" = "$(sort_keys "$answer")" ] || fail "$number keys of $size bits"
done

echo "two centres ask each other at once, eight masters each way"
for i in $(seq 8); do
    (as alice a bob/enc_keys >"$site/there.$i") &
    workers[2 * i]=$!
    (as bob b alice/enc_keys >"$site/back.$i") &
    workers[2 * i + 1]=$!
done
wait "${workers[@]}"
served=0
for i in $(seq 8); do
    for answer in "$(cat "$site/there.$i")" "$(cat "$site/back.$i")"; do
        case $(status_of "$answer") in
        200) served=$((served + 1)) ;;
        503) ;; # no place left to wait
        *) fail "at once: $answer" ;;
        esac
    done
done
[ "$served" -ge 8 ] || fail "only $served of 16 were served"

echo "a partner that is away: 503, and the other slaves get nothing either"
stop qwaved-c KILL
answer=$(as alice a bob/enc_keys -d '{"additional_slave_SAE_IDs": ["carol"]}')
[ "$(status_of "$answer")" = 503 ] || fail "with a partner that is away: $answer"
[ "$(status_of "$(as alice a bob/enc_keys)")" = 200 ] || fail "keys for those that are there"
run c

echo "kill -9 of either end in the middle of it, six times: what the master has, the slave gets"
for i in $(seq 6); do
    victim=$([ $((i % 2)) = 0 ] && echo a || echo b)
    (while [ ! -e "$site/over.$i" ]; do as alice a bob/enc_keys || true; done >"$site/race.$i") &
    racer=$!
    some_came() { [ "$(grep -c '^{"keys"' "$site/race.$i")" -ge 4 ]; }
    within $ready_s some_came || fail "no keys to race with"
    sleep "0.0$((RANDOM % 9 + 1))"
    stop "qwaved-$victim" KILL
    run "$victim"
    touch "$site/over.$i"
    wait "$racer" || true
    grep -h '^{"keys"' "$site/race.$i" >"$site/given" || true
    while read -r answer; do
        got=$(as bob b alice/dec_keys -d "$(ids_of "$answer")")
        [ "$(sort_keys "$got")" = "$(sort_keys "$answer")" ] || fail "after kill $i of $victim: the master has what the slave does not get: $got"
    done <"$site/given"
    jq -r '.keys[].key' <"$site/given" >>"$site/keys.txt"
done
[ -z "$(sort "$site/keys.txt" | uniq -d)" ] || fail "a key was given twice"
[ "$(wc -l <"$site/keys.txt")" -ge 20 ] || fail "only $(wc -l <"$site/keys.txt") keys in all the races"
offers_of() { "$bin/qwave" admin --operator "$site/$1/operator/operator.yaml" --url "${url[$1]}" status --json | jq -c '[.offers_open, .offers_void]'; }
offers_over() { [ "$(offers_of a)$(offers_of b)" = '[0,0][0,0]' ]; }
within $ready_s offers_over || fail "offers are left over: $(offers_of a) $(offers_of b)"

# partner X Y PATH [CURL-OPTION...]: what kme-X says to kme-Y.
partner() {
    local x=$1 y=$2 path=$3
    shift 3
    curl --silent --max-time $ready_s --cert "$site/$y-for-$x.pem" --key "$site/$y-for-$x.key" --cacert "$site/$y/ca/ca.pem" \
        -H 'Content-Type: application/json' -w '\n%{http_code}\n' "$@" "${partner_url[$y]}$path"
}
ext_keys() { # INITIATOR TARGET URL
    printf '{"keys":[{"key_id":"%s","value":"AAAAAAAAAAAAAAAA"}],"initiator_sae_id":"%s","target_sae_ids":["%s"],"ack_callback_url":"%s"}' \
        "$(cat /proc/sys/kernel/random/uuid)" "$1" "$2" "$3"
}

echo "what a partner may and may not do"
[ "$(partner a b /kmapi/versions | head -n 1)" = '{"versions":["v1"],"extension":{}}' ] || fail "versions"
good=${partner_url[a]}/anything
[ "$(status_of "$(partner a b /kmapi/v1/ext_keys -d "$(ext_keys alice bob "$good")")")" = 202 ] || fail "good keys"
refused=(
    "alice bob https://127.0.0.1:1/x"
    "alice bob ${partner_url[a]}0/x"
    "alice bob ${partner_url[a]}@evil/x"
    "carol bob $good"
    "bob ben $good"
    "alice carol $good"
    "alice nobody $good"
)
for row in "${refused[@]}"; do
    read -r initiator target callback <<<"$row"
    answer=$(partner a b /kmapi/v1/ext_keys -d "$(ext_keys "$initiator" "$target" "$callback")")
    [ "$(status_of "$answer")" = 400 ] || fail "'$row' was answered with $answer"
    [ "$(body_of "$answer" | jq -c '[.type, .status, .details]')" = '["about:blank",400,[]]' ] || fail "error object: $answer"
done
[ "$(status_of "$(partner c b /kmapi/v1/ext_keys -d "$(ext_keys alice bob "${partner_url[c]}/x")")")" = 400 ] || fail "another partner's initiator"
[ "$(status_of "$(partner a b "/kmapi/v1/acks/$(cat /proc/sys/kernel/random/uuid)" \
    -d '[{"key_ids":[{"key_id":"00000000-0000-0000-0000-000000000000"}],"ack_status":"relayed","initiator_sae_id":"bob","target_sae_id":"alice","message":""}]')")" = 404 ] ||
    fail "an acknowledgement for no offer"
[ "$(status_of "$(partner a b /v1/status)")" = 404 ] || fail "the clients' routes are there for partners"
[ "$(curl --silent --cert "$site/bob.pem" --key "$site/bob.key" --cacert "$site/b/ca/ca.pem" -o /dev/null -w '%{http_code}' \
    "${partner_url[b]}/kmapi/versions")" = 403 ] || fail "an application is no partner"
at b device suspend kme-a
[ "$(status_of "$(partner a b /kmapi/v1/ext_keys -d "$(ext_keys alice bob "$good")")")" = 403 ] || fail "a suspended partner"
[ "$(status_of "$(as alice a bob/enc_keys)")" = 503 ] || fail "keys for a centre that has suspended ours"
at b device resume kme-a
[ "$(status_of "$(as alice a bob/enc_keys)")" = 200 ] || fail "and after it was resumed"

echo "nothing of a delivered key is in any file"
for x in "${letters[@]}"; do stop "qwaved-$x"; done
while read -r key; do
    hex=$(base64 -d <<<"$key" | od -An -v -tx1 | tr -d ' \n')
    for needle in "$key" "$hex"; do
        ! grep -rqF -e "$needle" "$site/a" "$site/b" "$site/c" "$site"/*.log "$site"/qwaved*.out || fail "a delivered key is in a file of a centre"
    done
done < <(head -n 20 "$site/keys.txt")
echo "done"
