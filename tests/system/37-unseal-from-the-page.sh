# SPDX-License-Identifier: Apache-2.0
# rows: C6 C10
# once: a browser
# Two of three officers open a sealed centre from its page in a browser: each share is opened there by its passphrase and sent alone. A wrong
# file, a wrong passphrase, a share twice; the journal as with the command.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/browser.sh"
needs_browser

files=()
for i in 1 2 3; do
    passphrase "$site/share-$i.txt"
    files+=(--officer-passphrase-file "$site/share-$i.txt")
done
"$bin/qwave" init --port 0 --source kernel --officers 3 --quorum 2 "${files[@]}" "$site/centre" >/dev/null
for i in 1 2; do cp "$site/centre/shares/officer-$i/share" "$site/share-$i"; done

start qwaved qwaved --config "$site/centre/qwaved.yaml"
within $ready_s grep -q '^sealed ' "$site/qwaved.out" || fail "does not start sealed"
url=https://127.0.0.1:$(sed -n 's/^sealed //p' "$site/qwaved.out" | tail -n 1)
status=$(curl --silent --output /dev/null --write-out '%{http_code}' --cert "$site/centre/operator/operator.pem" \
    --key "$site/centre/operator/operator.key" --cacert "$site/centre/ca/ca.pem" "$url/console/")
[ "$status" = 200 ] || skip "qwaved was built without its console"

echo "in the browser"
browse unseal "$url" "$site/centre/operator/operator.pem" "$site/centre/operator/operator.key" "$site" "$pictures"

echo "open, and in the journal as with the command"
ready qwaved >/dev/null
for text in 'share 1, 1 of 2' 'share 2, 2 of 2' unseal; do
    grep -qaF -e "$text" "$site"/centre/centre.db* || fail "no record '$text'"
done
grep -qaF -e 'already' "$site"/centre/centre.db* || fail "the second time is not in the journal"
for i in 1 2; do
    ! grep -raqF -e "$(head -n 1 "$site/share-$i.txt")" "$site/qwaved.log" "$site/centre" || fail "a passphrase is in log or database"
done
echo "done"
