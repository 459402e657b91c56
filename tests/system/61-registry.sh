# SPDX-License-Identifier: Apache-2.0
# rows: C8 C10 C16
# The registry of a centre: lists of devices that are imported as a whole or not at all, also when the centre is killed on the way; found by
# what they are, exported, described, moved from unit to unit, each by whoever may.
source "$(dirname "$0")/site.sh"

make_centre
start_centre

# as OFFICER WORD...: admin by an officer that was made here, or by one of those that init made.
as() {
    local file="$site/$1.yaml"
    [ -e "$file" ] || file="$site/centre/officers/$1.yaml"
    shift
    "$bin/qwave" admin --operator "$file" --url "$url" "$@"
}

# officer ID UNIT: an operator of that part of the tree.
officer() {
    admin certificate officer "$1" --certificate "$site/$1.pem" --key "$site/$1.key" >/dev/null
    cat >"$site/$1.yaml" <<YAML
url: $url
certificate: $site/$1.pem
key: $site/$1.key
ca: $site/centre/ca/ca.pem
YAML
    as security officer add "$1" --role operator --unit "$2" >/dev/null
}

# meters PREFIX COUNT: that many lines of a list.
meters() {
    seq -f "$1-%05.0f" "$2" | awk '{ printf "%s,meter,owner %d,,/north/gas,1.%d\n", $1, NR % 7, NR % 2 }'
}

# ids WORD...: of the devices that an officer finds, in one line.
ids() { as "$1" --json device list "${@:2}" | jq -r '[.devices[].id] | join(" ")'; }

# count PREFIX: of how many devices the id begins with it.
count() { admin --json device list --prefix "$1" | jq '.devices | length'; }

echo "a list of every kind of device becomes devices"
cat >"$site/list.csv" <<'CSV'
id,kind,owner,peer,unit,firmware,certificate_serial
app-n,application,"Li, Hua","app-x,app-y*",/north,,
machine-1,cipher-machine,Li,app-n,/north,3.1,0a1b
pcie-1,pcie-card,Li,app-n,/north,,
sd-1,sd-card,"Wang ""Q""",app-n,/north/gas,,
usb-1,usb-key,,,/south,,
chip-1,chip,,,/,,
ap-9,access-point,Li,,/south,,
phone-9,terminal,Wang,app-n,/north,,
CSV
meters meter 1500 | sed 's/$/,/' >>"$site/list.csv"
[ "$(admin --json device import "$site/list.csv")" = '{"devices":1508}' ] || fail "the list was not imported"
[ "$(admin --json device show sd-1 | jq -c '[.kind, .state, .owner, .peer, .unit]')" = '["sd-card","registered","Wang \"Q\"","app-n","/north/gas"]' ] ||
    fail "a device of the list: $(admin --json device show sd-1)"
[ "$(admin --json status | field devices)" = 1509 ] || fail "devices: $(admin --json status)" # the station too

echo "they are found by what they are"
[ "$(ids audit --kind usb-key)" = usb-1 ] || fail "by kind: $(ids audit --kind usb-key)"
[ "$(ids audit --owner Li)" = "ap-9 machine-1 pcie-1" ] || fail "by owner: $(ids audit --owner Li)"
[ "$(ids audit --owner-prefix Li --unit /north)" = "machine-1 pcie-1 app-n" ] || fail "by owner and unit: $(ids audit --owner-prefix Li --unit /north)"
[ "$(ids audit --state active)" = "app-n" ] || fail "by state: $(ids audit --state active)"
[ "$(ids audit --prefix meter-0149 --owner 'owner 0')" = "meter-01491 meter-01498" ] || fail "by id: $(ids audit --prefix meter-0149 --owner 'owner 0')"
[ "$(count meter-)" = 1500 ] || fail "page by page: $(count meter-)"

echo "an officer of the north finds the north, and imports into it"
officer north /north
[ "$(ids north --kind usb-key)" = "" ] || fail "the north sees the south"
[ "$(ids north --prefix s)" = sd-1 ] || fail "the north does not see its own: $(ids north --prefix s)"
printf 'id,kind,peer,unit\nnew-1,meter,app-n,/north/oil\nnew-2,meter,,/south\n' >"$site/other.csv"
! as north device import "$site/other.csv" 2>"$site/other.log" || fail "the north imports into the south"
grep -q 'line 3: outside his part of the tree; nothing is imported' "$site/other.log" || fail "it says: $(cat "$site/other.log")"
printf 'id,kind,peer\nnew-app,application,\nnew-1,meter,new-app\n' >"$site/other.csv"
! as north device import "$site/other.csv" 2>"$site/other.log" || fail "a peer that is not there yet was taken"
grep -q 'line 3: its peer is not in his part' "$site/other.log" || fail "it says: $(cat "$site/other.log")"
[ "$(ids north --prefix new)" = "" ] || fail "half of a list is there"
printf 'id,kind,peer\nnew-1,meter,app-n\n' >"$site/other.csv"
as north device import "$site/other.csv" >/dev/null
[ "$(admin --json device show new-1 | field unit)" = /north ] || fail "not in the officer's unit"

echo "with a bad line nothing is imported, and the line is named"
{ echo id,kind && meters bad 900 | cut -d, -f1,2 && echo bad-x,teapot; } >"$site/bad.csv"
! admin device import "$site/bad.csv" 2>"$site/bad.log" || fail "a bad list was imported"
grep -q 'line 902: no such kind; nothing is imported' "$site/bad.log" || fail "it says: $(cat "$site/bad.log")"
[ "$(count bad-)" = 0 ] || fail "$(count bad-) devices of a bad list"
grep -qaF 'line 902: no such kind' "$site"/centre/centre.db* || fail "the journal does not say which line was bad"

echo "what is exported says what is there, and is a list itself"
admin device export --unit /north/gas --kind sd-card >"$site/export.csv"
[ "$(sed -n 2p "$site/export.csv" | cut -d, -f1-5)" = 'sd-1,sd-card,"Wang ""Q""",app-n,/north/gas' ] || fail "the export: $(cat "$site/export.csv")"
! admin device import "$site/export.csv" 2>"$site/export.log" || fail "a device was registered twice"
grep -q 'line 2: the device exists' "$site/export.log" || fail "it says: $(cat "$site/export.log")"
[ "$(admin --json device export --owner Li | jq -c '[.devices[].id]')" = '["ap-9","machine-1","pcie-1"]' ] || fail "the export as JSON"
[ "$(admin device export | wc -l)" = 1511 ] || fail "the export of all: $(admin device export | wc -l)"

echo "described, and moved by whoever has both units"
admin device describe usb-1 --firmware 2.0 --owner Zhao --certificate "$site/north.pem" >/dev/null
[ "$(admin --json device show usb-1 | field certificate_sha256)" = "$(openssl x509 -in "$site/north.pem" -outform DER | sha256sum | cut -d' ' -f1)" ] ||
    fail "the certificate: $(admin --json device show usb-1)"
[ "$(ids audit --owner Zhao)" = usb-1 ] || fail "not found by its new owner"
! as north device move sd-1 --unit /south 2>/dev/null || fail "the north gives a device to the south"
! as north device move usb-1 --unit /north 2>/dev/null || fail "the north takes a device of the south"
as north device move sd-1 --unit /north/oil >/dev/null
as security device move usb-1 --unit /north >/dev/null
[ "$(ids north --prefix usb)" = usb-1 ] || fail "the north does not see what came to it"

echo "quotas hold for lists and for moves"
admin unit quota /north/cap --devices-max 2 >/dev/null
printf 'id,kind,unit\ncap-1,meter,/north/cap\ncap-2,meter,/north/cap/a\ncap-3,meter,/north/cap/b\n' >"$site/cap.csv"
! as north device import "$site/cap.csv" 2>"$site/cap.log" || fail "a list exceeds a quota"
grep -q 'line 4: the quota of its unit is used up; nothing is imported' "$site/cap.log" || fail "it says: $(cat "$site/cap.log")"
[ "$(ids north --prefix cap)" = "" ] || fail "half of a list that exceeds a quota is there"
head -n 3 "$site/cap.csv" >"$site/other.csv"
as north device import "$site/other.csv" >/dev/null
! as north device move sd-1 --unit /north/cap/c 2>"$site/cap.log" || fail "a move exceeds a quota"
grep -q 'the quota of that unit is used up' "$site/cap.log" || fail "it says: $(cat "$site/cap.log")"
as north device move cap-1 --unit /north/oil >/dev/null
as north device move sd-1 --unit /north/cap/c >/dev/null

# Whether the centre has taken lines of a list since it was started: asked in a way that changes nothing.
staged() {
    curl --silent --cert "$site/centre/operator/operator.pem" --key "$site/centre/operator/operator.key" --cacert "$site/centre/ca/ca.pem" \
        "$url/metrics" >"$site/metrics"
    grep -q 'imports/{}/lines",method="POST",status="200"' "$site/metrics"
}

echo "killed while a list comes in: nothing is there, and the list can come again"
{ echo id,kind,owner,peer,unit,firmware && meters big 6000; } >"$site/big.csv"
mkfifo "$site/list.fifo"
stop qwaved
start_centre
! staged || fail "a list before there is one"
admin device import "$site/list.fifo" >"$site/import.out" 2>"$site/import.log" &
pid[import]=$!
exec 8>"$site/list.fifo"
head -n 2000 "$site/big.csv" >&8
within $ready_s staged || fail "nothing is staged: $(cat "$site/import.log")"
! admin device add big-00001 --kind meter --owner x 2>/dev/null || fail "an id that an import brings is given to another"
[ "$(count big-)" = 0 ] || fail "a list that is not whole is there"
stop qwaved KILL
exec 8>&-
! wait "${pid[import]}" || fail "an import into a killed centre says that it is done"
unset "pid[import]"
start_centre
[ "$(count big-)" = 0 ] || fail "half a list is there after a kill"

echo "killed while devices are made of it: all of them are there"
admin device import "$site/big.csv" >"$site/import.out" 2>"$site/import.log" &
pid[import]=$!
begun() { [ "$(admin --json device list --prefix big-00001 | jq '.devices | length')" = 1 ]; }
within $ready_s begun || fail "the import does not begin: $(cat "$site/import.log")"
stop qwaved KILL
wait "${pid[import]}" || true
unset "pid[import]"
start_centre
whole() { [ "$(count big-)" = 6000 ]; }
within $ready_s whole || fail "$(count big-) of 6000 devices are there after a kill"
[ "$(ids audit --owner 'owner 3' --prefix big-0599)" = "big-05995" ] || fail "the index after a kill: $(ids audit --owner 'owner 3' --prefix big-0599)"
