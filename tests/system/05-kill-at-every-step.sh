# SPDX-License-Identifier: Apache-2.0
# rows: W5 W6 W14 C7
# kill -9 of each process at each protocol step it reports; after a restart the refill goes on, every key matches, none comes twice, and no
# position of the authentication pool is granted twice.
source "$(dirname "$0")/site.sh"

make_centre
start_centre
make_devices 8
start_air
start_access_point
start_terminal "automatic_refill: false" "log_level: debug"

steps=0
# kill_at NAME STEP: asks for a refill, kills NAME when its log shows the step, starts it again, and refills.
kill_at() {
    local name=$1 step=$2 lines
    lines=$(wc -l <"$site/$name.log")
    key refill >"$site/refill.out" 2>&1 &
    local asking=$!
    if ! within $ready_s shows_step "$name" "$lines" "$step"; then
        fail "$name never reports step $step"
    fi
    stop "$name" KILL
    wait "$asking" 2>/dev/null || true
    case $name in
    qwaved) # its port changes: the access point reads it from its settings
        start_centre
        stop ap
        start_access_point
        ;;
    ap) start_access_point ;;
    terminal) start_terminal "automatic_refill: false" "log_level: debug" ;;
    esac
    use_keys 2
    within $ready_s refill_works || fail "no refill after $name was killed at $step"
    use_keys 2
    steps=$((steps + 1))
    echo "$name killed at $step: $(remaining) keys left, all equal"
}

shows_step() {
    tail -n +$(($2 + 1)) "$site/$1.log" | grep -q "\b$3\b"
}

refill_works() {
    use_keys 1
    key refill >/dev/null 2>&1
}

for step in R1 R4 R5 R8 R9; do
    kill_at terminal "$step"
done
for step in R3 R5 R6 R7 R10; do
    kill_at ap "$step"
done
for step in R3 R6 R10; do
    kill_at qwaved "$step"
done
[ "$steps" = 13 ] || fail "only $steps kills"

# The terminal names the positions that each grant begins at: they only grow.
sed -n 's/.*\bR4 pool bytes up to \([0-9]*\) and.*/\1/p' "$site/terminal.log" >"$site/positions"
[ "$(wc -l <"$site/positions")" -ge 20 ] || fail "only $(wc -l <"$site/positions") grants in the log"
sort -n -u "$site/positions" | cmp -s - "$site/positions" || fail "a pool position was granted twice"
