# SPDX-License-Identifier: Apache-2.0
# For 25-torture.sh, after site.sh: the clients, and what they received. Masters write whole answers to got.MASTER.SLAVE.NODE, a line each, slaves
# to fetched.SLAVE.MASTER.NODE; what else was received on the way is in files with a further part in their names.
export LC_ALL=C # lengths are bytes

# curl_options SAE [MORE...]: of one request, for a file that curl reads.
curl_options() {
    printf 'silent\nmax-time = %d\ncert = "%s"\nkey = "%s"\ncacert = "%s"\nwrite-out = "\\n"\n' \
        "$patience_s" "$site/$1.pem" "$site/$1.key" "$site/centre/ca/ca.pem"
    shift
    [ $# = 0 ] || printf '%s\n' "$@"
}

calls() {
    curl --silent --max-time "$patience_s" --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$site/centre/ca/ca.pem" -w '\n' "${@:2}" 2>/dev/null || true
}

# pairs FILE...: lines "id key" out of answers, whole or cut.
pairs() {
    grep -oah '"key_ID":"[0-9a-f-]*","key":"[A-Za-z0-9+/=]*"' "$@" | sed 's/"key_ID":"\([^"]*\)","key":"\([^"]*\)"/\1 \2/'
}

# behind GOT: bytes of it that no slave has looked at yet.
behind() {
    local size at=0
    size=$(stat -c %s "$1" 2>/dev/null) || size=0
    [ ! -e "$1.seen" ] || read -r at <"$1.seen" || true
    echo $((size - ${at:-0}))
}

# master SAE SLAVE NUMBER NODE: $rounds requests on each connection, until the file "over" is there. Waits for a slave that is $behind_max behind.
master() {
    local got=$site/got.$1.$2.$4
    while [ ! -e "$site/over" ]; do
        if [ "$(behind "$got")" -le "$behind_max" ]; then
            calls "$1" "${url_of[$4]}/api/v1/keys/$2/enc_keys?number=$3&round=[1-$rounds]" >>"$got"
        fi
        sleep "$pause"
    done
}

# asks SLAVE MASTER NODE: answers of a master on standard input become requests for just these keys, for curl to read.
asks() {
    grep -a '^{"keys":\[.*\]}$' |
        sed -e 's/,"key":"[^"]*"//g; s/^{"keys"/{"key_IDs"/; s/"/\\"/g; s/.*/data = "&"/' -e "s|^|$(curl_options "$1" \
            "url = \"${url_of[$3]}/api/v1/keys/$2/dec_keys\"" 'header = "Content-Type: application/json"' | sed 's/\\/\\\\/g' | tr '\n' '\001')|" \
            -e '1!s/^/next\x01/' | tr '\001' '\n' || true
}

# slave SAE MASTER NODE: fetches at one node what was given at the other, answer by answer; where it is not answered, at either in turn.
slave() {
    local got at=0 read whole node
    got=$site/got.$2.$1.a
    [ "$3" = b ] || got=$site/got.$2.$1.b
    while [ ! -e "$site/over" ]; do
        read=$(tail -c +$((at + 1)) "$got" 2>/dev/null | head -c "$chunk" || true; echo .)
        whole=${read%$'\n'*} # a line that is not whole yet, and the dot
        if [ "$whole" = "$read" ] || [ -z "$whole" ]; then
            sleep "$pause"
            [ "$whole" = "$read" ] || at=$((at + 1))
            continue
        fi
        node=$3
        # Until all of it is there: what is asked for once more much later, after the window, is refused.
        until asks "$1" "$2" "$node" <<<"$whole" >"$site/asked.$1.$2.$3" && fetches_all "$1.$2.$3" || [ -e "$site/over" ]; do
            sleep "$pause"
            [ "$node" = a ] && node=b || node=a
        done
        at=$((at + ${#whole} + 1))
        echo $at >"$got.seen"
    done
}

# fetches_all NAME: of what is in asked.NAME, to fetched.NAME.
fetches_all() {
    [ -s "$site/asked.$1" ] || return 0
    curl --fail-early -K "$site/asked.$1" >"$site/answer.$1" 2>/dev/null || true
    cat "$site/answer.$1" >>"$site/fetched.$1"
    [ "$(grep -ac '^{"keys":' "$site/answer.$1")" = "$(grep -c '^data = ' "$site/asked.$1")" ]
}

# fetches NODE: it gives a key that it has to look for in the database: bob asks for one of the last that alice got.
fetches() {
    local id
    id=$(tail -c 100000 "$site/got.alice.bob.a" | grep -ao '"key_ID":"[0-9a-f-]*"' | tail -n 1 | cut -d'"' -f4)
    calls bob "${url_of[$1]}/api/v1/keys/alice/dec_keys?key_ID=$id" >"$site/probe"
    cat "$site/probe" >>"$site/fetched.bob.alice.$1.probe"
    grep -aq '"key"' "$site/probe"
}

# given NODE...: bytes that masters got from them.
given() {
    local node
    for node in "$@"; do
        stat -c %s "$site"/got.*."$node"
    done 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }'
}

# new_keys NODE: there are some that were not there when "marks" was written.
new_keys() {
    local file offset
    while read -r file offset; do
        # No pipe: with much behind the mark its writer would be cut off, and that is a failure.
        [[ $file != *.$1 ]] || ! grep -aq '"key"' < <(tail -c +$((offset + 1)) "$file" 2>/dev/null) || return 0
    done <"$site/marks"
    return 1
}

# goes_on NODE: it gives new keys, a lot of them.
goes_on() {
    local before deadline=$((SECONDS + ready_s))
    before=$(given "$1")
    stat -c '%n %s' "$site"/got.*."$1" >"$site/marks" 2>/dev/null || true
    until [ "$(given "$1")" -gt $((before + 9000)) ] && new_keys "$1"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "node $1 gives no keys"
        sleep 0.2
    done
}

# Fetches what the slaves have not got yet, at one node, and takes whatever was refused for a failure.
# fetch_all SLAVE MASTER NODE
fetch_all() {
    pairs "$site/got.$2.$1".? | cut -d' ' -f1 | sort | comm -23 - <(cut -d' ' -f1 "$site/slaves") | xargs -r -n 100 |
        sed 's/[^ ]*/{"key_ID":"&","key":""}/g; s/ /,/g; s/.*/{"keys":[&]}/' | asks "$1" "$2" "$3" >"$site/asked.rest.$1"
    [ ! -s "$site/asked.rest.$1" ] || curl -K "$site/asked.rest.$1" >"$site/rest.$1" 2>/dev/null || fail "the rest of $1 cannot be fetched"
    ! grep -aq message "$site/rest.$1" 2>/dev/null || fail "$1 is refused: $(grep -a -m 1 message "$site/rest.$1")"
}

# times FILE: how many, median, longest, of a file of milliseconds.
times() {
    sort -n "$1" | awk '{ t[NR] = $1 } END { if (NR) printf "%d, median %.2f s, longest %.2f s", NR, t[int((NR + 1) / 2)] / 1000, t[NR] / 1000; else printf "none" }'
}
