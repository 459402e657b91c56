# SPDX-License-Identifier: Apache-2.0
# For scenarios of strongSwan, after site.sh: two ends a and b, each a network namespace with a daemon of its own, whose ESP is done in user space
# (kernel-libipsec over TUN), for many kernels have none. 192.0.2.1 and .2 are the hosts, 10.9.1.1 and 10.9.2.1 what the tunnel joins.

declare -A number=([a]=1 [b]=2)
tag=$$

# make_ends: namespaces and the wire between them; skips where that cannot be.
make_ends() {
    command -v charon-systemd >/dev/null && command -v swanctl >/dev/null || skip "no strongSwan (charon-systemd, swanctl)"
    [ -e /usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so ] || skip "no kernel-libipsec"
    # Profiles of AppArmor go by path and would keep the programs from this folder.
    cp "$(command -v charon-systemd)" "$(command -v swanctl)" "$site/"
    [ -c /dev/net/tun ] && ip netns list >/dev/null 2>&1 || skip "no netns"
    ip netns add "qw-$tag-a" 2>/dev/null || skip "no netns"
    trap leave_ends EXIT
    ip netns add "qw-$tag-b"
    ip link add "v$tag-a" netns "qw-$tag-a" type veth peer name "v$tag-b" netns "qw-$tag-b"
    for end in a b; do
        in_ns $end ip link set lo up
        in_ns $end ip addr add "192.0.2.${number[$end]}/24" dev "v$tag-$end"
        in_ns $end ip addr add "10.9.${number[$end]}.1/32" dev lo
        in_ns $end ip link set "v$tag-$end" up
    done
}

leave_ends() {
    clean_up
    for end in a b; do
        ip netns pids "qw-$tag-$end" 2>/dev/null | xargs -r kill -9 2>/dev/null || true
        ip netns del "qw-$tag-$end" 2>/dev/null || true
    done
}

in_ns() {
    local end=$1
    shift
    ip netns exec "qw-$tag-$end" "$@"
}

# start_charon END [LOG-LEVEL]: its log is charon-END.log, its socket charon-END.vici. LOG-LEVEL: of ike and chd, 2 unless said otherwise; 4 writes keys.
# Works again after stop charon-END. Further settings of the daemon: charon_settings.
start_charon() {
    local end=$1 level=${2:-2}
    cat >"$site/strongswan-$end.conf" <<CONF
charon-systemd {
  load = random nonce openssl aes sha2 hmac kdf gcm pem pkcs1 pkcs8 x509 pubkey constraints kernel-libipsec kernel-netlink socket-default updown vici
  ${charon_settings:-}
  filelog {
    log {
      path = $site/charon-$end.log
      append = yes
      flush_line = yes
      ike_name = yes
      default = 1
      ike = $level
      chd = $level
    }
  }
  journal { default = -1 }
  plugins {
    vici { socket = unix://$site/charon-$end.vici }
  }
}
CONF
    rm -f "$site/charon-$end.vici"
    # Not by in_ns: the process must be the daemon, for stop.
    STRONGSWAN_CONF=$site/strongswan-$end.conf ip netns exec "qw-$tag-$end" "$site/charon-systemd" >"$site/charon-$end.out" 2>&1 &
    pid[charon-$end]=$!
    within $ready_s test -S "$site/charon-$end.vici" || fail "charon-systemd: $(tail -n 1 "$site/charon-$end.log" "$site/charon-$end.out")"
}

# vici END SWANCTL-ARGUMENT...
vici() {
    local end=$1
    shift
    "$site/swanctl" "$@" --uri "unix://$site/charon-$end.vici"
}

# write_connection END [LINE...]: END.conf, a connection `tunnel` of one child `net`, with further lines of the connection, as swanctl has it.
write_connection() {
    local end=$1 other=b
    [ "$end" = a ] || other=a
    shift
    cat >"$site/$end.conf" <<CONF
connections {
  tunnel {
    local_addrs = 192.0.2.${number[$end]}
    remote_addrs = 192.0.2.${number[$other]}
    version = 2
    encap = yes                       # user space has no other
    unique = never                    # the next IKE_SA beside the last one
    proposals = aes256gcm16-prfsha384-ecp384
    ppk_required = yes
$(printf '    %s\n' "$@")
    local {
      auth = psk
      id = $end.example
    }
    remote {
      auth = psk
      id = $other.example
    }
    children {
      net {
        local_ts = 10.9.${number[$end]}.1/32
        remote_ts = 10.9.${number[$other]}.1/32
        esp_proposals = aes256gcm16-ecp384
      }
    }
  }
}
CONF
}

# write_secrets END [LINE...]: END.secrets, by which the two ends know each other; further lines are secrets too.
write_secrets() {
    local end=$1
    shift
    (
        umask 077
        cat >"$site/$end.secrets" <<CONF
secrets {
  ike-both {
    id-a = a.example
    id-b = b.example
    secret = "only who it is; not what protects the traffic"
  }
$(printf '  %s\n' "$@")
}
CONF
    )
}

# load_secrets END: what is in END.secrets, and only that.
load_secrets() {
    vici "$1" --load-creds --noprompt --file "$site/$1.secrets" >"$site/swanctl-$1.log" 2>&1
}

load_connection() {
    vici "$1" --load-conns --file "$site/$1.conf" >"$site/swanctl-$1.log" 2>&1
}

# tunnel_passes: from a to b, through the tunnel.
tunnel_passes() {
    in_ns a ping -q -c 1 -W 1 -I 10.9.1.1 10.9.2.1 >/dev/null 2>&1
}
