# SPDX-License-Identifier: Apache-2.0
# rows: C10 A4
# once: a browser
# The operator's page in a browser against a real centre: every view, both languages, phone and desktop, accessibility, commands with a
# typed confirmation, a deed of two persons, another site's page, an officer who is suspended while he looks. Pictures: build/console/pictures.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/browser.sh"
needs_browser

"$bin/qwave" init --port 0 --source kernel --dual-control "$site/centre" >/dev/null
sed -i 's/^dual_control: .*/dual_control: destroy/' "$site/centre/qwaved.yaml"
start_centre
needs_console
officers=$site/centre/officers

as_security() { "$bin/qwave" admin --operator "$officers/security.yaml" --url "$url" "$@"; }
as_security certificate officer second --certificate "$officers/second.pem" --key "$officers/second.key" >/dev/null
as_security officer add second --role security >/dev/null
as_security certificate officer leaver --certificate "$officers/leaver.pem" --key "$officers/leaver.key" >/dev/null
cp "$site/centre/operator/operator.pem" "$officers/operator.pem"
cp "$site/centre/operator/operator.key" "$officers/operator.key"
application app-2
application app-1 app-2
for ((i = 1; i <= 20; i++)); do
    admin device add "phone-$(printf %02d "$i")" --kind terminal --owner "user $i" --peer app-1 >/dev/null
done
charge phone-10 1
charge phone-02 1
{ echo id,kind,unit && seq -f usb-%02g,usb-key,/north 1 60; } >"$site/keys.csv"
admin device import "$site/keys.csv" >/dev/null

echo "the files themselves"
ask() { curl --silent --max-time $ready_s --cert "$officers/security.pem" --key "$officers/security.key" --cacert "$site/centre/ca/ca.pem" --path-as-is "$@"; }
status() { ask --output /dev/null --write-out '%{http_code}' "$@"; }
[ "$(status "$url/console/")" = 200 ] || fail "no page"
[ "$(status "$url/console/nothing.js")" = 404 ] || fail "a file that does not exist"
for path in ../etc/passwd assets/../index.html %2e%2e/index.html assets/%2e%2e%2findex.html assets//index.html ..%2f..%2fqwaved.yaml; do
    case $(status "$url/console/$path") in 404 | 400) ;; *) fail "answered: $path" ;; esac
done
ask --dump-header "$site/head" --output "$site/index.html" "$url/console/"
grep -qi "^content-security-policy: default-src 'none'; script-src 'self'" "$site/head" || fail "no policy: $(cat "$site/head")"
grep -qi '^content-type: text/html' "$site/head" || fail "the page's kind"
tag=$(sed -n 's/^[Ee][Tt]ag: \(.*\)\r$/\1/p' "$site/head")
[ "$(status --header "If-None-Match: $tag" "$url/console/")" = 304 ] || fail "a page that the browser has"
script=$(sed -n 's/.*src="\([^"]*\)".*/\1/p' "$site/index.html")
ask --dump-header "$site/head" --compressed --output "$site/script.js" "$url$script"
grep -qi '^cache-control: .*immutable' "$site/head" || fail "the script is not kept"
grep -qi '^content-encoding: gzip' "$site/head" || fail "the script is not packed"
ask "$url$script" | cmp -s - "$site/script.js" || fail "packed and plain script differ"

echo "in the browser"
browse browser "$url" "$officers" "$site/app-1.pem" "$site/app-1.key" "$pictures"
echo "at the station: what was ordered, once"
passphrase "$site/phone-05.passphrase"
charge_ordered() {
    "$bin/qwave" charge --operator "$site/centre/operator/operator.yaml" --url "$url" --device "$1" --ordered --card "$site/$1.card" \
        --passphrase-file "$site/phone-05.passphrase" --json
}
[ "$(charge_ordered phone-05 | field keys)" = 12 ] || fail "the order was not done"
! charge_ordered phone-05 >/dev/null 2>"$site/charge.log" || fail "done twice"
grep -q 'nothing was ordered' "$site/charge.log" || fail "another sentence: $(cat "$site/charge.log")"
echo "done"
