#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian 12 packages that Q-Wave needs, and only those that are missing.
#
#   tools/setup-debian.sh [--list] [build] [check]
#
#   build   what the programs are built with and use at run time (the default with check)
#   check   what the tests and checkers need beyond that
#   --list  prints the packages with their reason and installs nothing
#
# Nothing is downloaded, and no right is asked for, when everything is there.
set -eu

# group, package, architecture (or -, or !command: not when there is such a command already), reason
packages() {
    cat <<'TABLE'
build build-essential      -     gcc, make, binutils: the compiler the programs are built with
build cmake                -     the build
build ninja-build          -     the build
build pkg-config           -     finds the libraries
build libssl-dev           -     OpenSSL: AES-GCM, SHA-2, SM2, SM3, X.509, TLS of the client
build libgcrypt20-dev      -     SM4
build libipsec-mb-dev      amd64 ZUC, vectorised; elsewhere ZUC is reported as unavailable
build libgnutls28-dev      -     TLS of the HTTP server
build libmicrohttpd-dev    -     HTTP server
build libcurl4-openssl-dev -     HTTP client
build libcjson-dev         -     reads JSON
build libyaml-dev          -     reads configuration files
build libsqlite3-dev       -     database of the key service centre
build libpq-dev             -     database of several centres: PostgreSQL client
build libtss2-dev           -     TPM 2.0 as the keeper of a centre's master key
build libp11-kit-dev        -     the header of PKCS#11: tokens as keepers of a centre's master key
build libpcsclite-dev        -     the header of PC/SC: cards with a chip of their own
build libnetfilter-queue-dev -    packets that wait while a tunnel changes its key
build libmnl-dev           -     netlink: the pre-shared keys of kernel WireGuard
build libsmartcols-dev     -     tables of the command line
build libcmocka-dev        -     unit tests
build curl                 -     fetches a delivered key in the demo, as an application would
build nodejs               !node builds the operator's page; without it the programs work, and qwaved has no page
build npm                  !npm  brings what the page is built with
check chromium             -     the operator's page in a browser
check clang                -     second compiler: other warnings, sanitizers, fuzzing
check libclang-rt-14-dev   -     run time of the sanitizers and of the fuzzer under clang
check llvm                 -     symbols in the reports of the sanitizers
check clang-format-14      -     one formatting; versions differ, so this one
check mandoc               -     checks the manual pages
check gcovr                -     coverage report
check openssl              -     certificates in scenario tests
check postgresql-15        -     a server of its own in the tests of the store
check swtpm                -     a TPM 2.0 in software for the tests of custody
check libtss2-tcti-swtpm0  -     the way to it
check softhsm2             -     a PKCS#11 token in software for the tests of custody
check pcscd                -     the service of PC/SC
check vsmartcard-vpcd      -     a virtual reader of it, for the simulated card
check libsoapysdr-dev      -     software radios: prototypes, and a simulated radio as its module
check systemd              -     systemd-analyze checks the units of the package
check debootstrap          -     a clean root for the package in make check-deb
check jq                   -     reads JSON answers in scenario tests
check sqlite3              -     tampers with a database in a scenario
check iproute2             -     network namespaces in scenarios of tunnels
check iptables             -     the rule that makes them wait, in scenarios of tunnels
check iputils-ping         -     probes in scenarios of tunnels
check tcpdump              -     captures of the cable in scenarios of tunnels
check qemu-system-x86      amd64 a kernel with more in it than this machine's, emulated, in scenarios
check kmod                 amd64 knows which modules of that kernel need which (tools/fetch_kernel)
check busybox-static       amd64 its first process
check cpio                 amd64 packs it
check hostapd              -     a Wi-Fi link with WPA2 in it: the access point's side
check wpasupplicant        -     the terminal's side
check iw                   -     puts each radio where it belongs
check wireguard-go         -     user-space WireGuard in scenarios of tunnels
check wireguard-tools      -     wg, its command
check charon-systemd       -     strongSwan in scenarios of tunnels
check strongswan-swanctl   -     swanctl, its command
check libcharon-extra-plugins - ESP in user space (kernel-libipsec), for kernels without it
check libstrongswan-standard-plugins - AES-GCM for that
check stunnel4             -     TLS with pre-shared keys in scenarios of links
check mosquitto            -     a broker with pre-shared keys there
check ffmpeg               -     makes and plays an encrypted live stream there
check rclone               -     an object store, and the way into it, for a backup by a pipe
check python3-swift        -     a store that speaks S3, for the same
check keyutils             -     keyctl: reads keys in the kernel there
check mosquitto-clients    -     and its clients
TABLE
}

list_only=no
groups=
for argument in "$@"; do
    case $argument in
    --list) list_only=yes ;;
    build | check) groups="$groups $argument" ;;
    *)
        echo "usage: tools/setup-debian.sh [--list] [build] [check]" >&2
        exit 2
        ;;
    esac
done
[ -n "$groups" ] || groups="build check"

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This is not a Debian system: install the following by your own means, then use CMake (README.md)." >&2
    packages >&2
    exit 1
fi
architecture=$(dpkg --print-architecture)

wanted=$(packages | while read -r group package only reason; do
    case " $groups " in *" $group "*) ;; *) continue ;; esac
    case $only in
    - | "$architecture") ;;
    !*) ! command -v "${only#!}" >/dev/null 2>&1 || continue ;;
    *) continue ;;
    esac
    echo "$package $reason"
done)

if [ $list_only = yes ]; then
    echo "$wanted" | awk '{ name = $1; sub(/^[^ ]+ /, ""); printf "%-22s %s\n", name, $0 }'
    exit 0
fi

missing=$(echo "$wanted" | while read -r package reason; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || echo "$package $reason"
done)
if [ -z "$missing" ]; then
    exit 0
fi

distribution=unknown
if [ -r /etc/os-release ]; then
    distribution=$(. /etc/os-release && echo "${ID:-unknown} ${VERSION_ID:-}")
fi
if [ "$distribution" != "debian 12" ]; then
    echo "Written for Debian 12; this is '$distribution'. Package names may differ; these are missing:" >&2
    echo "$missing" | sed 's/^/  /' >&2
    echo "Install them by your own means and call again, or set QWAVE_SETUP_ANYWAY=1 to try with apt-get." >&2
    [ "${QWAVE_SETUP_ANYWAY:-}" = 1 ] || exit 1
fi

echo "Q-Wave needs these Debian packages, which are not installed yet:"
echo "$missing" | awk '{ name = $1; sub(/^[^ ]+ /, ""); printf "  %-22s %s\n", name, $0 }'

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "Neither root nor sudo: as root, run   apt-get install $(echo "$missing" | awk '{ printf "%s ", $1 }')" >&2
        exit 1
    fi
    echo "Installing needs the administrator's rights (sudo)."
    as_root="sudo"
fi
names=$(echo "$missing" | awk '{ print $1 }')
# The lists of a fresh machine may be empty or old: refresh them once, and go on with what is there if that fails.
$as_root apt-get update -q || echo "apt-get update failed; trying with the package lists at hand" >&2
# shellcheck disable=SC2086 # one word per package, and no word when already root
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $names
