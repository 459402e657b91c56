# SPDX-License-Identifier: Apache-2.0
# rows: W14
# Ctrl-C and kill -9 in the middle of the demo: no process stays; after Ctrl-C no file either.
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
    within 60 children_are_up "$programs" || fail "the demo starts no $programs programs"
    kill -INT "${pid[demo]}"
    status=0
    wait "${pid[demo]}" || status=$?
    [ "$status" = 1 ] || fail "exit status $status after Ctrl-C"
    within 10 children_are_gone || fail "programs stay after Ctrl-C: $(pgrep -a -f "$TMPDIR/qwave-demo")"
    [ -z "$(ls "$TMPDIR")" ] || fail "files stay after Ctrl-C: $(ls "$TMPDIR")"
done

start demo qwave demo --once --source kernel
within 60 children_are_up 3 || fail "the demo starts no three programs"
kill -9 "${pid[demo]}"
within 10 children_are_gone || fail "programs outlive the demo: $(pgrep -a -f "$TMPDIR/qwave-demo")"
