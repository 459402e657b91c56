# SPDX-License-Identifier: Apache-2.0
# rows: W9 W15
# once: what it runs is in the unit tests of src/radio, which the sanitizers see
# Measured channels: what is fitted to a capture of a walk carries the whole story; a replay gives no key, whatever its sessions come to; two captures of one
# exchange give one; every capture at hand ends in a sentence.
source "$(dirname "$0")/site.sh"

echo "a capture of a walk, in the form of ESP32 receivers: 26 Hz of Doppler, 80 ns, about 25 dB"
# walk FRAMES SECONDS-APART NOISE-SEED   what one end measures; another seed is the other end's noise
walk() {
    awk -v frames="$1" -v apart="$2" -v seed="$3" 'BEGIN {
        srand(7); pi = 3.14159265358979; taps = 10; waves = 16
        for (l = 0; l < taps; l++) for (p = 0; p < waves; p++) {
            a[l, p] = sqrt(exp(-l * 50 / 80)); f[l, p] = 26.02 * cos(2 * pi * (p + rand()) / waves); t[l, p] = 2 * pi * rand()
        }
        srand(seed)
        print "type,role,mac,rssi,rate,sig_mode,mcs,bandwidth,smoothing,not_sounding,aggregation,stbc,fec_coding,sgi,noise_floor," \
            "ampdu_cnt,channel,secondary_channel,local_timestamp,ant,sig_len,rx_state,real_time_set,real_timestamp,len,CSI_DATA"
        for (n = 0; n < frames; n++) {
            for (l = 0; l < taps; l++) {
                re[l] = im[l] = 0
                for (p = 0; p < waves; p++) {
                    x = 2 * pi * f[l, p] * n * apart + t[l, p]; re[l] += a[l, p] * cos(x); im[l] += a[l, p] * sin(x)
                }
            }
            turn = 2 * pi * rand(); power = 0
            for (k = 0; k < 64; k++) {
                r[k] = i[k] = 0
                for (l = 0; l < taps; l++) {
                    x = turn - 2 * pi * 312500 * (k < 32 ? k : k - 64) * l * 50e-9
                    r[k] += re[l] * cos(x) - im[l] * sin(x); i[k] += re[l] * sin(x) + im[l] * cos(x)
                }
                r[k] += 0.25 * (rand() + rand() + rand() - 1.5) * 2; i[k] += 0.25 * (rand() + rand() + rand() - 1.5) * 2
                power += (r[k] * r[k] + i[k] * i[k]) / 64
            }
            scale = 32 / sqrt(power)
            printf "CSI_DATA,AP,02:00:00:00:00:01,%d,11,1,0,0,1,1,1,0,0,0,-92,0,6,0,%d,0,100,0,0,0,256,[", -60 + 10 * log(power / 16) / log(10), \
                n * apart * 1000000
            for (k = 0; k < 128; k++) printf "%d %d ", int(scale * i[k % 64] + 1000.5) - 1000, int(scale * r[k % 64] + 1000.5) - 1000
            print "]"
        }
    }'
}
walk 2500 0.002 1 >"$site/walk.csv"

# run STATUS ARGUMENT...   its JSON is in $site/out
run() {
    local status=0 expected=$1
    shift
    timeout 500 "$bin/qwave" "$@" >"$site/out" 2>"$site/log" || status=$?
    [ "$status" = "$expected" ] || fail "$*: exit status $status, not $expected: $(cat "$site/log")"
}

# run_to_key ARGUMENT...   the same until a key is made: amplitudes that fade have noise of their own, and one session in some ten honestly cannot
# be decoded. Five in a row: one run in thousands.
run_to_key() {
    local status=3
    for _ in 1 2 3 4 5; do
        status=0
        timeout 500 "$bin/qwave" "$@" >"$site/out" 2>"$site/log" || status=$?
        [ "$status" = 3 ] && grep -q '"refusal":"DECODE"' "$site/out" || break
    done
    [ "$status" = 0 ] || fail "$*: exit status $status: $(cat "$site/log" "$site/out")"
}

# is VALUE RELATION VALUE
is() {
    awk -v a="$1" -v b="$3" "BEGIN { exit !(a != \"\" && a != \"null\" && a + 0 $2 b + 0) }" || fail "$1 is not $2 $3: $(cat "$site/out")"
}

# value NAME   of a parameter of `capture fit`
value() {
    sed "s/.*\"$1\":{\"value\":\([^,}]*\).*/\1/" "$site/out"
}

run 0 capture fit --json "$site/walk.csv"
is "$(value doppler_hz)" '>' 23
is "$(value doppler_hz)" '<' 29
is "$(value delay_spread_ns)" '>' 55
is "$(value delay_spread_ns)" '<' 105
is "$(value snr_db)" '>' 18
is "$(value moving_share)" '>' 0.6
grep -q 'amplitudes only' "$site/out" || fail "does not say that phases cannot be used"
run 0 capture fit "$site/walk.csv"
grep -q '95 % limits' "$site/out" || fail "no limits"

echo "keys on the fitted channel, none on the replayed one"
run_to_key lab plkg --fit "$site/walk.csv" --seed 1 --json --seconds 60
grep -q '"label":"simulated channel, fitted to walk.csv"' "$site/out" || fail "not labelled: $(cat "$site/out")"
is "$(field secret_bits_per_probe <"$site/out")" '>' 4
is "$(field keys <"$site/out")" '>' 0
is "$(field wrong_keys <"$site/out")" == 0
is "$(field eve_keys <"$site/out")" == 0
run_to_key demo --once --json --source kernel --seed 1 --fit "$site/walk.csv"
[ "$(field keys_match <"$site/out")" = true ] || fail "keys do not match: $(cat "$site/out")"
is "$(field delivered_keys <"$site/out")" '>' 0
is "$(field eve_keys_equal <"$site/out")" == 0
grep -q 'simulated channel, fitted to walk.csv' "$site/out" || fail "the demo does not label it: $(cat "$site/out")"
run 1 lab plkg --capture "$site/walk.csv" --json
grep -q 'one receive antenna\|20 MHz' "$site/log" || fail "does not say why it cannot be replayed: $(cat "$site/log")"

echo "both ends of one exchange: a key of what was measured"
walk 2500 0.02 1 >"$site/alice.csv"
walk 2500 0.02 2 >"$site/bob.csv"
run_to_key lab plkg --alice "$site/alice.csv" --bob "$site/bob.csv" --credited 0.5 --json
is "$(field probes <"$site/out")" == 2500
is "$(field keys <"$site/out")" '>' 0
is "$(field wrong_keys <"$site/out")" == 0
grep -q '"simulated":false' "$site/out" || fail "measured at both ends, but labelled simulated"
walk 2500 0.02 1 | sed 1500d >"$site/cut.csv"
run 1 lab plkg --alice "$site/cut.csv" --bob "$site/bob.csv" --json
grep -q 'not the same number of frames' "$site/log" || fail "no reason: $(cat "$site/log")"
run 2 lab plkg --alice "$site/alice.csv"
run 3 lab plkg --alice "$site/alice.csv" --bob "$site/walk.csv" --json
is "$(field keys <"$site/out")" == 0

echo "refusals"
head -3 "$site/walk.csv" >"$site/short.csv"
run 1 capture fit "$site/short.csv"
grep -q 'short.csv: too short: 2 measurements' "$site/log" || fail "no reason: $(cat "$site/log")"
run 1 lab plkg --fit /dev/null
run 1 demo --once --json --source kernel --fit "$site/none.csv"
grep -q 'none.csv: cannot be opened' "$site/log" || fail "no reason: $(cat "$site/log")"
run 2 lab plkg --fit "$site/walk.csv" --capture "$site/walk.csv"
run 2 lab plkg --fit "$site/walk.csv" --speed-mps 3
run 2 demo --fit "$site/walk.csv" --capture "$site/walk.csv"
run 2 capture fit
run 3 lab plkg --channel static --seconds 20 --seed 1 --figure waterfall --svg "$site/no.svg"
grep -q 'no account to draw' "$site/log" || fail "no reason: $(cat "$site/log")"

[ -r "${QWAVE_CAPTURES:-}/intel5300_ap.dat" ] || skip "no captures at hand"
echo "every capture at hand: a replay is refused for what it is, a fit runs or says why not"
for file in "$QWAVE_CAPTURES"/*.dat "$QWAVE_CAPTURES"/*.csv "$QWAVE_CAPTURES"/*.csi "$QWAVE_CAPTURES"/*.pcap; do
    status=0
    "$bin/qwave" lab plkg --capture "$file" --seed 1 --json >"$site/out" 2>"$site/log" || status=$?
    case $status in
    1) grep -q 'can be replayed\|one receive antenna\|too short' "$site/log" || fail "$file: no reason: $(cat "$site/log")" ;;
    3)
        grep -q '"reason":"one-sided' "$site/out" || fail "$file: does not say that it is one-sided"
        is "$(field secret_bits <"$site/out")" == 0
        is "$(field keys <"$site/out")" == 0
        ;;
    *) fail "$file: replay ends with $status: $(cat "$site/log")" ;;
    esac
    status=0
    "$bin/qwave" lab plkg --fit "$file" --seed 1 --json >"$site/out" 2>"$site/log" || status=$?
    case $status in
    1) grep -q 'too short' "$site/log" || fail "$file: no reason: $(cat "$site/log")" ;;
    0 | 3)
        is "$(field wrong_keys <"$site/out")" == 0
        is "$(field eve_keys <"$site/out")" == 0
        ;;
    *) fail "$file: fit ends with $status: $(cat "$site/log")" ;;
    esac
done
