# SPDX-License-Identifier: Apache-2.0
# rows: A1
# once: it checks the README; 39 to 47 run the same programs
# The commands of the README's section on links, as they stand there, but on other ports and in namespaces of other names; each program that stays is
# waited for. The second block, strongSwan and the proof, only where there are namespaces and the programs.
source "$(dirname "$0")/site.sh"

port=$(($(free_ports 20) / 10 * 10 + 19)) # and its neighbours, as many as the README has
awk -v to="$site/block" '/^## / { within = $0 == "## Keys for links that run already" } within && /^```/ { shown = $0 == "```sh"; blocks += shown; next }
    within && shown { print > (to blocks) }' "$(dirname "$0")/../../README.md"
[ "$(wc -l <"$site/block1")" -gt 20 ] || fail "the README has no commands for links"
[ "$(wc -l <"$site/block2")" -gt 20 ] || fail "the README has no commands for a proof"
for i in 1 2; do
    sed -e "s/8443/$port/g; s/760\([0-3]\)/$((port / 10))\1/g; s/\b\(east\|west\)\b/\1-$$/g" -e "s,\$PWD/build/release/bin,$(realpath "$bin")," \
        -e 's/^\(.*--config \(centre.qwaved\|site-.\|[ew].st-[0-9]*\)\.yaml\) &$/name=$(basename \2); \1 >"$site\/$name.out" 2>"$site\/$name.log" \& pid[$name]=$!; within $ready_s test -e "$site\/$name.out"; ready $name/' \
        "$site/block$i" >"$site/block$i.sh"
done
cd "$site"
# shellcheck disable=SC1091 # made above
source "$site/block1.sh" >"$site/said.log" 2>&1
cat "$site/said.log"
[ "$(tail -n 1 "$site/said.log" | jq -r '.links[0].rotations')" -ge 1 ] || fail "no rotation"
within $ready_s cmp -s site-a.psk site-b.psk || fail "the ends differ"
! cmp -s site-a.psk first.psk || fail "the key did not change"

leave_ends() {
    local status=$?
    set +e
    for end in east west; do # clean_up waits for all that runs
        ip netns pids "$end-$$" 2>/dev/null | xargs -r kill -9
        ip netns del "$end-$$" 2>/dev/null
    done
    (exit $status)
    clean_up
}
can_prove() {
    command -v charon-systemd swanctl tcpdump curl >/dev/null && [ -e /usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so ] && [ -c /dev/net/tun ] &&
        ip netns add "east-$$" 2>/dev/null && ip netns del "east-$$"
}
if can_prove; then
    trap leave_ends EXIT
    # shellcheck disable=SC1091 # made above
    source "$site/block2.sh" >"$site/proof.log" 2>&1
    tail -n 5 "$site/proof.log"
    grep -q '(100.0 %), 0 without (0.0 %)' "$site/proof.log" || fail "not all, or some without"
    [ "$(tail -n 1 "$site/proof.log")" = "proved: every ESP packet depends on a delivered key" ] || fail "not proved"
    [ "$(grep -c ' delivered  ' "$site/proof.log")" = 2 ] || fail "not two keys"
else
    echo "the proof is left out: no network namespaces, or not strongSwan, tcpdump"
fi
