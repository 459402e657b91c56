# SPDX-License-Identifier: Apache-2.0
# rows: C10 C11
# once: a browser
# Officers at the console without a certificate, in a browser against a real centre: a password and a code of a card, wrong, used, too many;
# an initial password; another site's page; who is suspended, or does nothing, is out; a deed of two; kill -9; nothing of it in log or database.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/browser.sh"
needs_browser

"$bin/qwave" init --port 0 --source kernel --dual-control "$site/centre" >/dev/null
sed -i 's/^dual_control: .*/dual_control: destroy/' "$site/centre/qwaved.yaml"
printf 'console_login: on\nconsole_login_port: 0\n' >>"$site/centre/qwaved.yaml"
officers=$site/centre/officers
start_door() {
    start_centre
    door=https://127.0.0.1:$(sed -n 's/^console-login //p' "$site/qwaved.out")
}
start_door
needs_console

as_security() { "$bin/qwave" admin --operator "$officers/security.yaml" --url "$url" "$@"; }
as_second() { sed "s/security/second/g" "$officers/security.yaml" >"$officers/second.yaml" && "$bin/qwave" admin --operator "$officers/second.yaml" --url "$url" "$@"; }
as_security certificate officer second --certificate "$officers/second.pem" --key "$officers/second.key" >/dev/null
as_security officer add second --role security >/dev/null
application app-1
admin device add phone-1 --kind terminal --owner test --peer app-1 >/dev/null
for who in audit-1 second; do
    admin device add "$who" --kind terminal --owner test --peer app-1 >/dev/null
    charge "$who" 20
    (umask 077 && head -c 18 /dev/urandom | base64 >"$site/$who.own")
done

echo "a first password is for the card that is bound to its officer, and for somebody else than oneself"
! as_security officer password audit-1 --card audit-1 >/dev/null 2>&1 || fail "with a card that is nobody's"
admin device bind audit-1 --user audit-1 >/dev/null
admin device bind second --user urn:qwave:officer:second >/dev/null
! "$bin/qwave" admin --operator "$officers/system.yaml" --url "$url" officer password audit-1 --card audit-1 >/dev/null 2>&1 || fail "by a system administrator"
! as_security officer password security-1 --card audit-1 >/dev/null 2>&1 || fail "his own"
as_security --json officer password audit-1 --card audit-1 >"$site/audit-1.initial" || fail "no first password"
as_second officer own-password "$site/second.own" --card second >/dev/null || fail "no password by one's own certificate"

echo "in the browser"
ask() { curl --silent --max-time $ready_s --cacert "$site/centre/ca/ca.pem" "$@"; }
in_browser() {
    browse login "$door" "$url" "$officers" "$bin" "$site" "$pictures" "$1"
}
in_browser whole

echo "a door of its own: no certificate is asked there, no other interface is behind it, and without one the first door stays shut"
[ "$(ask --output /dev/null --write-out '%{http_code}' "$door/api/v1/keys/app-1/status")" = 401 ] || fail "an application's interface"
! ask --output /dev/null "$url/console/" || fail "the listener for certificates let somebody in"

echo "kill -9 ends all sessions"
cookie=__Host-qwave=$(cat "$site/cookie")
[ "$(ask --output /dev/null --write-out '%{http_code}' --cookie "$cookie" "$door/v1/status")" = 200 ] || fail "the session of the browser"
stop qwaved KILL
echo 'console_idle_s: 24' >>"$site/centre/qwaved.yaml"
start_door
[ "$(ask --output /dev/null --write-out '%{http_code}' --cookie "$cookie" "$door/v1/status")" = 401 ] || fail "a session outlives the program"

echo "who does nothing is out"
in_browser idle

echo "in the journal, and no password anywhere"
"$bin/qwave" audit --operator "$officers/security.yaml" --url "$url" export "$site/journal" >/dev/null || fail "no journal"
for text in officer-password password-own console-login console-logout authentication-lock 'thrown out' 'by himself' idle 'wrong password'; do
    grep -aq "$text" "$site/journal" || fail "the journal has no '$text'"
done
for secret in "$(field password <"$site/audit-1.initial")" "$(cat "$site/audit-1.own")" "$(cat "$site/second.own")" "$(cat "$site/cookie")"; do
    ! grep -raqF -e "$secret" "$site/qwaved.log" "$site/centre" "$site/journal" || fail "a password or a cookie is in log, database or journal"
done
echo "done"
