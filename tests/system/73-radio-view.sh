# SPDX-License-Identifier: Apache-2.0
# rows: W10
# once: a browser
# The radio view: an officer sees the simulated channel of a session move, its account from raw bits to secret bits, and why there is
# no key when there is none. An access point that was not told to shows nothing. Pictures: build/console/pictures.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/browser.sh"
needs_browser

make_centre
start_centre
needs_console
make_devices 8
start_air
access_point_settings="console_view: simulated"
start_access_point
start_terminal "carrier: wifi80"

# The terminal asks for one fresh key after the other: a session each.
ask_on() {
    while :; do key fresh || sleep 0.2; done >/dev/null 2>&1
}
ask_on &
pid[asking]=$! # ended with the others, whatever happens

look() {
    browse radio "$url" "$site/centre/operator/operator.pem" "$site/centre/operator/operator.key" "$pictures" "$1"
}
look moving

# What the server and the access point counted meanwhile; a busy machine may drop some, and says so.
metric() {
    curl --silent --max-time $ready_s --cert "$site/centre/operator/operator.pem" --key "$site/centre/operator/operator.key" --cacert "$site/centre/ca/ca.pem" \
        "$url/metrics" | awk -v series="$1" '$1 == series { print $2 }'
}
moments=$(metric qwave_radio_moments_total)
[ "${moments:-0}" -gt 0 ] || fail "no moment was counted"
echo "$moments moments of 242 tones at three ends, $(metric qwave_radio_moments_dropped_total) dropped by the access point, $(metric qwave_events_lost_total) events lost to a slow viewer"

echo "a channel that does not move"
port=$air_port
stop air
start air qwave air --port "$port" --seed 1 --scene static
ready air >/dev/null
look static

stop asking
echo "done"
