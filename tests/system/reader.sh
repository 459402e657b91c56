# SPDX-License-Identifier: Apache-2.0
# For the scenarios beside it, in place of site.sh, which it reads: a PC/SC reader of two slots, pcscd and the virtual reader of vsmartcard, and cards with a
# chip of their own (simulated) to put into it. pcscd has one socket per machine, and the virtual reader fixed ports: a network and a folder of our own.
if [ -z "${QWAVE_OWN_PLACE:-}" ]; then
    command -v pcscd >/dev/null || { echo "skipped: pcscd is not installed"; exit 77; }
    [ -r /usr/lib/pcsc/drivers/serial/libifdvpcd.so ] || { echo "skipped: vsmartcard-vpcd is not installed"; exit 77; }
    unshare --mount --net true 2>/dev/null || { echo "skipped: no namespaces of our own here"; exit 77; }
    QWAVE_OWN_PLACE=1 exec unshare --mount --net bash "$0" "$@"
fi
source "$(dirname "$0")/site.sh"

start_reader() {
    ip link set lo up
    mkdir -p /run/pcscd
    mount -t tmpfs none /run/pcscd
    printf 'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x8C7B\nLIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so\nCHANNELID 0x8C7B\n' >"$site/readers"
    pcscd --foreground --info --config "$site/readers" >"$site/pcscd.log" 2>&1 &
    pid[pcscd]=$!
    within $ready_s reader_listens || fail "the virtual reader does not listen: $(cat "$site/pcscd.log")"
    passphrase "$site/chip.passphrase"
    (umask 077 && echo "$chip_pin" >"$site/chip.pin")
}
reader_listens() { grep -qi ':8C7B 0*:0000 0A' /proc/net/tcp && grep -qi ':8C7C 0*:0000 0A' /proc/net/tcp; }
chip_pin=90817263

# insert CHIP [SLOT], take_out CHIP: the card CHIP.card. Both wait until the service has noticed: who uses a card before that has it reset in the middle of a
# command.
insert() {
    local before
    before=$(reader_said 'Card inserted')
    start "$1" qwave card emulate --card "$site/$1.card" --passphrase-file "$site/chip.passphrase" --pin-file "$site/chip.pin" --vpcd "127.0.0.1:$((35963 + ${2:-0}))"
    ready "$1" >/dev/null
    within $ready_s reader_says_more 'Card inserted' "$before" || fail "the service sees no card: $(tail -n 3 "$site/pcscd.log")"
}
take_out() {
    local before
    before=$(reader_said 'Card Removed')
    stop "$1" KILL
    within $ready_s reader_says_more 'Card Removed' "$before" || fail "the service does not notice: $(tail -n 3 "$site/pcscd.log")"
}
reader_said() { grep -c "$1" "$site/pcscd.log" || true; } # so often
reader_says_more() { [ "$(reader_said "$1")" -gt "$2" ]; }

# says TEXT: what was refused last, in $site/refused.log.
says() { grep -q "$1" "$site/refused.log" || fail "does not say '$1': $(cat "$site/refused.log")"; }
