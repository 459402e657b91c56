# SPDX-License-Identifier: Apache-2.0
# rows: A1
# once: it checks the README; 39 to 47 run the same programs
# The commands of the README's section on links, as they stand there, but on other ports; each program that stays is waited for.
source "$(dirname "$0")/site.sh"

port=$((20000 + RANDOM % 20000))
awk '/^## / { within = $0 == "## Keys for links that run already" } within && /^```/ { shown = $0 == "```sh"; next } within && shown' \
    "$(dirname "$0")/../../README.md" >"$site/commands"
[ "$(wc -l <"$site/commands")" -gt 20 ] || fail "the README has no commands for links"
sed -e "s/8443/$port/g; s/7600/$((port + 1))/g; s/7601/$((port + 2))/g" -e "s,\$PWD/build/release/bin,$(realpath "$bin")," \
    -e 's/^\(.*--config \(centre.qwaved\|site-.\)\.yaml\) &$/name=$(basename \2); \1 >"$site\/$name.out" 2>"$site\/$name.log" \& pid[$name]=$!; ready $name/' \
    "$site/commands" >"$site/commands.sh"
cd "$site"
# shellcheck disable=SC1091 # made above
source ./commands.sh >"$site/said.log" 2>&1
cat "$site/said.log"
[ "$(tail -n 1 "$site/said.log" | jq -r '.links[0].rotations')" -ge 1 ] || fail "no rotation"
within 10 cmp -s site-a.psk site-b.psk || fail "the ends differ"
! cmp -s site-a.psk first.psk || fail "the key did not change"
