# SPDX-License-Identifier: Apache-2.0
# rows: W14 C6
# Ctrl-C and kill -9 in the middle of the demo: no process stays; after Ctrl-C no file either. In the middle of `qwave init`: the centre is there whole or not at all.
source "$(dirname "$0")/site.sh"

export TMPDIR=$site/tmp
mkdir "$TMPDIR"
children_are_up() {
    [ "$(pgrep -c -f "$TMPDIR/qwave-demo")" -ge "$1" ]
}
children_are_gone() {
    ! pgrep -f "$TMPDIR/qwave-demo" >/dev/null
}

for programs in 1 2 3; do
    start demo qwave demo --once --source kernel
    within $ready_s children_are_up "$programs" || fail "the demo starts no $programs programs"
    kill -INT "${pid[demo]}"
    status=0
    wait "${pid[demo]}" || status=$?
    [ "$status" = 1 ] || fail "exit status $status after Ctrl-C"
    within $ready_s children_are_gone || fail "programs stay after Ctrl-C: $(pgrep -a -f "$TMPDIR/qwave-demo")"
    [ -z "$(ls "$TMPDIR")" ] || fail "files stay after Ctrl-C: $(ls "$TMPDIR")"
done

# At a terminal it keeps serving, with the console, until Ctrl-C; --once would have ended.
if command -v script >/dev/null; then
    mkfifo "$site/keyboard"
    : >"$site/terminal.out"
    script -qfec "exec '$bin/qwave' demo --source kernel --seed 1" "$site/terminal.out" <"$site/keyboard" >/dev/null &
    pid[demo]=$!
    exec 7>"$site/keyboard"
    within $ready_s grep -q 'console for officers: https' "$site/terminal.out" || fail "no console at a terminal: $(cat "$site/terminal.out")"
    folder=$(echo "$TMPDIR"/qwave-demo*)
    console=$(sed -n 's/.*console for officers: \([^[:space:]]*\).*/\1/p' "$site/terminal.out")
    operator=$folder/centre/operator/operator
    got=$(curl --silent --max-time $ready_s --output /dev/null --write-out '%{http_code}' --cert "$operator.pem" --key "$operator.key" \
        --cacert "$folder/centre/ca/ca.pem" "$console") || fail "the console at $console does not answer"
    [ "$got" = 200 ] || [ "$got" = 404 ] || fail "the console answers $got" # 404: built without Node.js
    printf '\003' >&7
    within $ready_s children_are_gone || fail "programs stay after Ctrl-C at a terminal"
    wait "${pid[demo]}" || fail "served and stopped, and yet not well: $(tail -n 5 "$site/terminal.out")"
    grep -q 'Files searched for key material' "$site/terminal.out" || fail "no end of the story"
    exec 7>&-
    [ -z "$(ls "$TMPDIR")" ] || fail "files stay: $(ls "$TMPDIR")"
fi

start demo qwave demo --once --source kernel
within $ready_s children_are_up 3 || fail "the demo starts no three programs"
kill -9 "${pid[demo]}"
within $ready_s children_are_gone || fail "programs outlive the demo: $(pgrep -a -f "$TMPDIR/qwave-demo")"

echo "a set-up that ends in the middle leaves the place free for the next one"
unset "pid[demo]"
for signal in TERM KILL; do # of a background process the shell lets Ctrl-C be ignored
    for step in ca tls/centre.pem officers/audit.yaml centre.db; do
        start init qwave init --port 0 --source kernel "$site/new"
        has_come_to() { [ -e "$site/.new.setup/centre/$step" ] || ! kill -0 "${pid[init]}" 2>/dev/null; }
        within $ready_s has_come_to || fail "the set-up does not come to $step"
        kill -$signal "${pid[init]}" 2>/dev/null || true
        status=0
        wait "${pid[init]}" || status=$?
        unset "pid[init]"
        if [ "$status" = 0 ]; then
            [ -e "$site/new/qwaved.yaml" ] || fail "made, and not there"
            rm -r "$site/new"
        fi
        [ ! -e "$site/new" ] || fail "$signal at $step: half a centre: $(ls "$site/new")"
    done
done
"$bin/qwave" init --port 0 --source kernel "$site/new" >/dev/null || fail "no set-up after those that ended"
[ ! -e "$site/.new.setup" ] || fail "something stays beside it"
status=0
"$bin/qwave" init "$site/new" 2>"$site/again.log" || status=$?
[ "$status" = 1 ] && grep -qF 'there is a centre in it already' "$site/again.log" || fail "a second set-up: $status, $(cat "$site/again.log")"
status=0
"$bin/qwave" init --officers 5 --quorum 3 "$site/five" </dev/null 2>"$site/five.log" || status=$?
[ "$status" = 1 ] && [ ! -e "$site/five" ] && grep -qF 'no terminal to type it at' "$site/five.log" || fail "without a terminal: $status, $(cat "$site/five.log")"
