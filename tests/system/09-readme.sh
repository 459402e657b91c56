# SPDX-License-Identifier: Apache-2.0
# rows: W6 W8 C6 C14
# The commands of the README's section "By hand", as they stand there, but on other ports; each program that stays is waited for.
source "$(dirname "$0")/site.sh"

port=$(free_ports 3)
awk '/^## / { within = $0 == "## By hand" } within && /^```/ { shown = $0 == "```sh"; next } within && shown' \
    "$(dirname "$0")/../../README.md" >"$site/commands"
[ "$(wc -l <"$site/commands")" -gt 20 ] || fail "the README has no commands under By hand"
sed -e "s/8443/$port/g; s/4801/$((port + 1))/g; s/4800/$((port + 2))/g" -e "s,\$PWD/build/release/bin,$(realpath "$bin")," \
    -e 's/^\(\([a-z-]*\).*\) &$/\1 >"$site\/\2.out" 2>"$site\/\2.log" \& pid[\2]=$!; ready \2/' "$site/commands" >"$site/commands.sh"
cd "$site"
# shellcheck disable=SC1091 # made above
source ./commands.sh >"$site/said.log" 2>&1
cat "$site/said.log"
grep -q '"keys":\[{"key_ID":"'"$id"'"' "$site/said.log" || fail "curl did not get key $id"
[ "$(grep -oF "$(cat alice.json)" "$site/said.log" | wc -l)" = 2 ] || fail "bob did not get the key of alice"
[ "$(qwave key --json status | field refills)" -ge 1 ] || fail "no refill"
