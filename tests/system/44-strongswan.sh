# SPDX-License-Identifier: Apache-2.0
# rows: A1
# strongSwan as Debian has it, two daemons in two network namespaces: no tunnel without the post-quantum pre-shared key (PPK, RFC 8784), and none
# when the bytes differ at the two ends; with one key at both ends a tunnel that says so.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/strongswan.sh"

make_ends
id=0b1f6b0e-8f3a-4c8e-9a53-2f1de1a7c001
key=0x$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
other=0x$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d " \n")
start_charon a
start_charon b
write_connection a "ppk_id = $id"
write_connection b
for end in a b; do
    write_secrets $end
    load_secrets $end || fail "secrets of $end: $(cat "$site/swanctl-$end.log")"
    load_connection $end || fail "connection of $end: $(cat "$site/swanctl-$end.log")"
done
initiate() {
    vici a --initiate --ike tunnel --child net --timeout 10 >"$site/initiate.log" 2>&1
}

echo "no PPK: no tunnel"
! initiate || fail "a tunnel without a PPK"
! tunnel_passes || fail "traffic without a PPK"

echo "other bytes at the other end: no tunnel"
write_secrets a "ppk-1 { id = $id" "secret = $key }"
write_secrets b "ppk-1 { id = $id" "secret = ${other} }"
load_secrets a && load_secrets b || fail "PPK not loaded"
! initiate || fail "a tunnel with different PPKs"
grep -q AUTH_FAILED "$site/initiate.log" || fail "no word of AUTH_FAILED: $(cat "$site/initiate.log")"

echo "one PPK: a tunnel that says so"
write_secrets b "ppk-1 { id = $id" "secret = $key }"
load_secrets b || fail "PPK not loaded"
initiate || fail "no tunnel: $(cat "$site/initiate.log")"
within 10 tunnel_passes || fail "no traffic"
for end in a b; do
    vici $end --list-sas >"$site/sas-$end.txt"
    grep -q 'AES_GCM_16-256/PRF_HMAC_SHA2_384/ECP_384/PPK' "$site/sas-$end.txt" || fail "no PPK in the SA: $(cat "$site/sas-$end.txt")"
done
echo "done"
