# SPDX-License-Identifier: Apache-2.0
# rows: C5 C6
# once: the steps of both sides run under sanitizers in store.postgres_founding, qwave.centre_founding and qwave.centre_staging
# `qwave init --database postgresql://…` has trouble at its steps: killed, a statement or a write that fails, a server that is gone at the last
# moment. Then there is a whole centre, or none in the folder and none in the database, or the next `qwave init` says which and sees to it. A centre
# that is there is never touched.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/postgres.sh"

need_postgres
[ -x "$postgres_bin/psql" ] || skip "psql is not installed"
trouble=${QWAVE_TROUBLE_AT_STEP:?}
make_postgres
start_postgres

sql() { PGOPTIONS='-c client_min_messages=error' "$postgres_bin/psql" -q -A -t -h "$site/pg" -U qwave postgres -c "$1"; }
schemas() { sql "SELECT count(*) FROM pg_namespace WHERE nspname = 'qwave'"; }
# init FOLDER [OPTION...]
init() { "$bin/qwave" init --port 0 --source kernel --database "$postgres_uri" "${@:2}" "$site/$1" >"$site/init.out" 2>"$site/init.log"; }
# troubled WHAT WHERE FOLDER: its status. WHERE: begun or made, the last statement before the mark is that, and the number of a step after it
troubled() {
    local status=0
    QW_TROUBLE=$1 QW_TROUBLE_AFTER=$(words_of "$2") QW_TROUBLE_AT=${2#*-} LD_PRELOAD=$trouble init "$3" || status=$?
    echo $status
}
words_of() {
    case $1 in
    begun-*) echo 'INSERT INTO qwave.founding' ;;
    made-*) echo 'UPDATE qwave.founding' ;;
    esac
}
nothing_left() { # WHEN
    [ "$(schemas)" = 0 ] || fail "$1: something is in the database"
    [ ! -e "$site/centre" ] && [ ! -e "$site/.centre.setup" ] || fail "$1: something is in the folder"
}
serves() { # WHEN
    start_centre
    [ "$(admin status --json | jq .devices)" -ge 1 ] || fail "$1: the centre does not answer"
    stop qwaved
}
take_away() {
    sql 'DROP SCHEMA IF EXISTS qwave CASCADE'
    rm -rf "$site/centre" "$site/.centre.setup"
}

echo "without trouble"
init centre || fail "no centre: $(cat "$site/init.log")"
[ "$(sql "SELECT count(*) FROM pg_class WHERE relname = 'founding'")" = 0 ] || fail "a mark is left"
serves "no trouble"

echo "a centre that is there is not touched, by any folder"
records=$(sql 'SELECT count(*) FROM qwave.audit')
! init centre || fail "into a folder with a centre"
! init other || fail "into a database with a centre"
grep -q 'there is a centre in this database already' "$site/init.log" || fail "a database with a centre: $(cat "$site/init.log")"
[ "$(sql 'SELECT count(*) FROM qwave.audit')" = "$records" ] && [ ! -e "$site/other" ] || fail "it was touched"
take_away

# Before the mark is there; one of the books; before they are said to be whole; the folder's move (fsync, rename, fsync); the mark's end.
points=(begun-1 begun-30 made-1 made-2 made-3 made-4 made-8)

finished=0
for at in "${points[@]}"; do
    status=$(troubled kill "$at" centre)
    [ "$status" = 137 ] || fail "killed at $at: status $status, $(cat "$site/init.log")"
    if [ -e "$site/centre" ]; then
        ! init centre || fail "killed at $at: the centre is there, and is made once more"
    else
        if [ "$at" != made-2 ] && [ "$(schemas)" = 1 ]; then # nobody else takes it for a centre, or for a place for one without a word
            if init other; then
                grep -q 'cleared what an earlier one' "$site/init.log" || fail "killed at $at: no word: $(cat "$site/init.log")"
                sql 'DROP SCHEMA qwave CASCADE'
                rm -r "$site/other"
            else
                grep -q "If .*:$site/centre is not there" "$site/init.log" || fail "killed at $at: no way out: $(cat "$site/init.log")"
            fi
        fi
        init centre || fail "after a kill at $at: $(cat "$site/init.log")"
        if grep -q 'is there now' "$site/init.log"; then
            finished=$((finished + 1))
            serves "killed at $at"
        fi
    fi
    take_away
done
[ "$finished" -ge 1 ] || fail "no kill fell between the database and the folder"
echo "killed at ${points[*]}; $finished finished by the next"

for at in "${points[@]:0:6}"; do
    status=$(troubled fail "$at" centre)
    case $status in
    0) [ -e "$site/centre/qwaved.yaml" ] || fail "$at fails: it says that it is done" ;; # asked again, or of no weight
    1)
        grep -q '^qwave init: ' "$site/init.log" || fail "$at fails: no word"
        nothing_left "$at fails ($(cat "$site/init.log"))"
        ;;
    *) fail "$at fails: status $status" ;;
    esac
    take_away
done
echo "failed at ${points[*]:0:6}"

# halt FOLDER WHERE: one that stands still there, until somebody lets it go on or kills it
halt() {
    QW_TROUBLE=stop QW_TROUBLE_AFTER=$(words_of "$2") QW_TROUBLE_AT=${2#*-} LD_PRELOAD=$trouble \
        "$bin/qwave" init --port 0 --source kernel --database "$postgres_uri" "$site/$1" >"$site/init.out" 2>"$site/init.log" &
    pid[halted]=$!
    within 300 is_halted || fail "it does not come to $2"
}
is_halted() { [ "$(sed 's/.*) //; s/ .*//' "/proc/${pid[halted]}/stat")" = T ]; }

echo "the server is gone at the last step, and comes back"
told=0
for at in made-1 made-2; do
    halt centre "$at"
    kill_postgres
    kill -CONT "${pid[halted]}"
    status=0
    wait "${pid[halted]}" || status=$?
    unset "pid[halted]"
    if [ "$status" != 0 ] && [ -e "$site/.centre.setup" ]; then
        told=$((told + 1))
        grep -q 'the same command again' "$site/init.log" || fail "$at: no way out: $(cat "$site/init.log")"
        ! init centre || fail "made without a server"
        grep -q 'try again' "$site/init.log" || fail "$at, once more: no way out: $(cat "$site/init.log")"
    fi
    start_postgres
    [ "$status" = 0 ] || init centre || fail "$at, with a server: $(cat "$site/init.log")"
    serves "without a server at $at"
    take_away
done
[ "$told" -ge 1 ] || fail "no step needed the server"

echo "two at once in one database"
halt first begun-30
! init centre || fail "a second one beside it"
grep -q 'another set-up is at work' "$site/init.log" || fail "a second one: $(cat "$site/init.log")"
stop halted KILL
init centre || fail "after the first was killed: $(cat "$site/init.log")"
grep -q 'cleared what an earlier one' "$site/init.log" || fail "no word of the first: $(cat "$site/init.log")"

echo "a qwaved does not take an unfinished one for its own"
take_away
halt first begun-30
"$bin/qwave" init --port 0 --source kernel "$site/plain" >/dev/null
sed -i "s|^database: .*|database: $postgres_uri|" "$site/plain/qwaved.yaml"
status=0
"$bin/qwaved" --config "$site/plain/qwaved.yaml" >/dev/null 2>"$site/plain.log" || status=$?
[ "$status" = 1 ] && grep -q 'a new centre is being made in it' "$site/plain.log" || fail "qwaved: $status, $(cat "$site/plain.log")"
stop halted KILL
