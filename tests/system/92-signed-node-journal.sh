# SPDX-License-Identifier: Apache-2.0
# rows: C10 Q2
# A node signs its journal by a key of its own: heads that were kept elsewhere find a tail that was cut off, a journal that was set back and
# one that was rebuilt; altered heads and other keys are refused, also after the node was killed and has gone on.
source "$(dirname "$0")/site.sh"
cd "$site"
command -v sqlite3 >/dev/null || skip "sqlite3 is not installed: a change by our own code would show nothing"

"$bin/qwave" node charge --simulated --capacity 2097152 0 1 0-1.pool 1-0.pool
for algorithm in p256 sm2; do
    "$bin/qwave" node key --signature $algorithm $algorithm.key >$algorithm.pem || fail "no key"
    [ "$(stat -c %a $algorithm.key)" = 600 ] || fail "others may read the key"
    "$bin/qwave" node key --show $algorithm.key | cmp - $algorithm.pem || fail "another key is shown"
    openssl pkey -pubin -in $algorithm.pem -noout 2>openssl.log || fail "no public key for others: $(cat openssl.log)"
done
status=0
"$bin/qwave" node key p256.key 2>again.log || status=$?
[ "$status" != 0 ] && "$bin/qwave" node key --show p256.key | cmp - p256.pem || fail "a key was written over"

settings() { # JOURNAL KEY
    cat <<YAML
node: 1
listen_port: 0
neighbours: "0=$site/1-0.pool"
journal: $1
journal_key: $2
control: 1.control
YAML
}
run() { # ALGORITHM
    settings "$1.journal" "$1.key" >"$1.yaml"
    start node qwave node run --config "$1.yaml"
    ready node >/dev/null
}
tell() { "$bin/qwave" node tell 1.control "$@"; }
head_now() { tell head | sed 's/^ok //'; }
verify() { # FILE ARGUMENT...
    "$bin/qwave" audit verify "$@" >out 2>&1
}
good() { verify "$@" || fail "$*: $(cat out)"; }
bad() { # PATTERN FILE ARGUMENT...
    local status=0 pattern=$1
    shift
    verify "$@" || status=$?
    [ "$status" = 1 ] || fail "$* verifies, or not, with status $status: $(cat out)"
    grep -q -- "$pattern" out || fail "$*: does not say \"$pattern\": $(cat out)"
}

for algorithm in p256 sm2; do
    echo "signed by $algorithm, killed, and on"
    pem=$algorithm.pem journal=$algorithm.journal
    run $algorithm
    tell cut 0 >/dev/null
    head_now >first.head
    tell mend 0 >/dev/null
    head_now >second.head
    [ "$(field algorithm <first.head)" = $algorithm ] || fail "not by $algorithm: $(cat first.head)"
    good $journal --key $pem --head first.head
    grep -q '^whole: 7 records of node-1, signed up to 6$' out || fail "unexpected verdict: $(cat out)"
    stop node KILL
    run $algorithm
    stop node
    good $journal --key $pem --head second.head
    grep -q 'start -: success, the start before it has not come to its end' <("$bin/qwave" audit show $journal) || fail "the crash is not in the journal"
    head=$(sqlite3 $journal 'SELECT count(*) FROM audit')
    [ "$head" = 11 ] || fail "$head records, not eleven"

    echo "a tail that was cut off behind a signature"
    sqlite3 $journal ".backup cut"
    # The last good record as the head: what somebody does who has the file and no key.
    sqlite3 cut "DELETE FROM audit WHERE id > x'0000000000000005';
        UPDATE meta SET blob = (SELECT CAST(x'0000000000000005' || substr(blob, length(blob) - 31) AS BLOB) FROM audit WHERE id = x'0000000000000005')
        WHERE id = CAST('audit-head' AS BLOB)"
    good cut --key $pem # nobody can know it from the file alone
    good cut --key $pem --head first.head
    bad 'is missing or another than when the kept head was signed' cut --key $pem --head second.head

    echo "what was altered"
    sqlite3 $journal ".backup altered"
    LC_ALL=C sed 's/mend/bend/' altered >bent
    bad 'record 6 was altered' bent --key $pem
    jq -c '.seq = 3' second.head >moved.head
    bad 'has a kept head that the key did not sign' $journal --key $pem --head moved.head
    jq -c '.signature = (.signature[0:10] + (if .signature[10:11] == "A" then "B" else "A" end) + .signature[11:])' second.head >other.head
    bad 'has a kept head that the key did not sign' $journal --key $pem --head other.head
    bad '--key says whose signatures count' $journal
done

echo "another key"
bad 'names a key from which none leads to the one given' p256.journal --key sm2.pem
"$bin/qwave" node key stranger.key >stranger.pem
bad 'names a key from which none leads to the one given' p256.journal --key stranger.pem

# refused JOURNAL KEY PATTERN: the node does not start
refused() {
    local status=0
    settings "$1" "$2" >wrong.yaml
    "$bin/qwave" node run --config wrong.yaml >wrong.out 2>wrong.log || status=$?
    [ "$status" != 0 ] || fail "$1 by $2: it runs"
    grep -q -- "$3" wrong.log || fail "$1 by $2: does not say \"$3\": $(cat wrong.log)"
}
refused p256.journal stranger.key 'this journal is signed, by another key'
refused p256.journal '""' 'this journal is signed, by a key'
refused '""' p256.key 'there is no journal to be signed'
refused new.journal none.key 'no key of a node'
head -c 50 p256.key >half.key
chmod 600 half.key
refused new.journal half.key 'no key of a node'
chmod 644 stranger.key
refused new.journal stranger.key 'no key of a node: refused'

echo "a journal that was rebuilt from the start by somebody with a key of his own"
chmod 600 stranger.key
settings forged.journal stranger.key >forged.yaml
start node qwave node run --config forged.yaml
ready node >/dev/null
stop node
good forged.journal --key stranger.pem
bad 'names a key from which none leads to the one given' forged.journal --key p256.pem

echo "no head without signatures"
settings plain.journal '""' >plain.yaml
start node qwave node run --config plain.yaml
ready node >/dev/null
tell head >told 2>&1 && fail "a head of a journal that nobody signs: $(cat told)"
grep -q 'not found' told || fail "unexpected answer: $(cat told)"
stop node
