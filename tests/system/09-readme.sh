# SPDX-License-Identifier: Apache-2.0
# rows: W6 W8 C6 C14
# The commands of the README's section "By hand", as they stand there, but on other ports; each program that stays is waited for.
source "$(dirname "$0")/site.sh"

port=$((20000 + RANDOM % 20000))
mkdir "$site/build"
awk '/^## / { within = $0 == "## By hand" } within && /^```/ { shown = $0 == "```sh"; next } within && shown' \
    "$(dirname "$0")/../../README.md" >"$site/commands"
[ "$(wc -l <"$site/commands")" -gt 20 ] || fail "the README has no commands under By hand"
sed -e "s/8443/$port/g; s/4801/$((port + 1))/g; s/4800/$((port + 2))/g" -e "s,\$PWD/build/release/bin,$(realpath "$bin")," \
    -e 's/^\(\([a-z-]*\).*\) &$/\1 >\2.out 2>\2.log \& pids="$pids $!"; wait_ready \2/' "$site/commands" >"$site/commands.sh"
cd "$site"
pids=
wait_ready() { within 20 grep -q '^ready' "$1.out" || fail "$1 does not get ready: $(tail -n 3 "$1.log")"; }
trap 'status=$?; kill $pids 2>/dev/null || true; (exit $status); clean_up' EXIT
# shellcheck disable=SC1091 # made above
source ./commands.sh >said 2>&1 || fail "$(cat said)"
cat said
grep -q '"keys":\[{"key_ID":"'"$id"'"' said || fail "curl did not get key $id"
[ "$(qwave key --json status | field refills)" -ge 1 ] || fail "no refill"
