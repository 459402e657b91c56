/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/wireguard/sink_wireguard.h"
#include "link/wireguard/uapi.h"

#include "base/socket.h"
#include "support/fail_nth.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

#define HEX(d) d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d d
#define MINE HEX("ab")
#define OTHER HEX("cd")
static const char whole[] = "private_key=" HEX(
    "11") "\nlisten_port=51820\n"
          "public_key=" OTHER "\npreshared_key=" HEX(
              "22") "\nprotocol_version=1\n"
                    "last_handshake_time_sec=5\nlast_handshake_time_nsec=0\n"
                    "tx_bytes=1\nrx_bytes=2\nallowed_ip=10.0.0.9/32\n"
                    "public_key=" MINE "\npreshared_key=" HEX(
                        "33") "\nprotocol_version=1\n"
                              "endpoint=192.0.2.2:51820\nlast_handshake_time_sec=1700000000\n"
                              "last_handshake_time_nsec=250000000\ntx_bytes=100\nrx_bytes=200\n"
                              "persistent_keepalive_interval=25\nallowed_ip=10.0.0.2/32\n"
                              "allowed_ip=fd00::2/128\nerrno=0\n\n";
static uint8_t mine[32];

static int set_up(void **state)
{
    (void)state;
    memset(mine, 0xab, sizeof mine);
    return 0;
}

static void one_peer_of_several_is_read(void **state)
{
    struct qw_wireguard_peer peer;
    uint8_t nobody[32] = { 1 };

    (void)state;
    assert_int_equal(qw_uapi_peer_parse(whole, sizeof whole - 1, mine, &peer), QW_OK);
    assert_int_equal(peer.preshared_key[31], 0x33);
    assert_int_equal(peer.handshake_utc_ms, 1700000000250);
    assert_int_equal(peer.tx_bytes, 100);
    assert_int_equal(peer.rx_bytes, 200);
    assert_string_equal(peer.routes, "endpoint=192.0.2.2:51820\npersistent_keepalive_interval=25\n"
                                     "allowed_ip=10.0.0.2/32\nallowed_ip=fd00::2/128\n");
    peer.tx_bytes = 4711;
    assert_int_equal(qw_uapi_peer_parse(whole, sizeof whole - 1, nobody, &peer), QW_ERR_NOT_FOUND);
    assert_int_equal(peer.tx_bytes, 4711);
}

static void every_cut_and_odd_line_is_refused(void **state)
{
    static const char *const odd[] = {
        "",
        "\n",
        "\n\n",
        "errno=0\n",
        "errno=0\n\n\n",
        "errno=0\nmore=1\n\n",
        "=1\nerrno=0\n\n",
        "text\nerrno=0\n\n",
        "public_key=zz\nerrno=0\n\n",
        "public_key=" MINE "\npublic_key=" MINE "\nerrno=0\n\n",
        "public_key=" MINE "\ntx_bytes=-1\nerrno=0\n\n",
        "public_key=" MINE "\ntx_bytes=1x\nerrno=0\n\n",
        "public_key=" MINE "\ntx_bytes=99999999999999999999\nerrno=0\n\n",
        "public_key=" MINE "\npreshared_key=00\nerrno=0\n\n",
        "public_key=" MINE "\nlast_handshake_time_sec=9223372036854775807\nerrno=0\n\n",
        "public_key=" MINE "\nlast_handshake_time_nsec=1000000000\nerrno=0\n\n",
    };
    struct qw_wireguard_peer peer;

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        assert_int_equal(qw_uapi_peer_parse(odd[i], strlen(odd[i]), mine, &peer), QW_ERR_FORMAT);
    }
    for (size_t cut = 0; cut < sizeof whole - 1; cut++) {
        assert_int_equal(qw_uapi_peer_parse(whole, cut, mine, &peer), QW_ERR_FORMAT);
    }
    assert_int_equal(qw_uapi_peer_parse("errno=-5\n\n", 10, mine, &peer), QW_ERR_IO);
}

static void flipped_bits_do_no_harm(void **state)
{
    char text[sizeof whole];
    struct qw_wireguard_peer peer;

    (void)state;
    for (size_t bit = 0; bit < 8 * (sizeof whole - 1); bit++) {
        memcpy(text, whole, sizeof text);
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        if (qw_uapi_peer_parse(text, sizeof whole - 1, mine, &peer) == QW_OK) {
            assert_true(strlen(peer.routes) < sizeof peer.routes);
        }
    }
}

static void more_routes_than_fit_are_refused(void **state)
{
    static char text[16384];
    struct qw_wireguard_peer peer;
    size_t len = (size_t)snprintf(text, sizeof text, "public_key=%s\n", MINE);

    (void)state;
    for (int i = 0; i < 400; i++) {
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "allowed_ip=10.0.%d.0/24\n", i % 256);
    }
    len += (size_t)snprintf(text + len, sizeof text - len, "errno=0\n\n");
    assert_int_equal(qw_uapi_peer_parse(text, len, mine, &peer), QW_ERR_SPACE);
}

/* A daemon with one peer, at a socket of its own; says what it was asked. */
struct daemon {
    char folder[64], path[100];
    int listener;
    pthread_t thread;
    pthread_mutex_t lock;
    char psk[65];
    unsigned long long handshake_s, tx;
    char last_set[8192];
    unsigned sets;
    unsigned strangers; /* other peers before ours */
};
static struct daemon d;
enum { ANSWER_CAP = 1 << 20 };
static int64_t now_ms, utc_ahead_ms; /* how much the time of day is ahead of the steady clock */

static int64_t test_clock(void)
{
    return now_ms;
}

static int64_t test_utc(void)
{
    return now_ms + utc_ahead_ms;
}

static void daemon_answer(char *asked, char *out, size_t cap)
{
    const char *psk = strstr(asked, "preshared_key=");
    size_t len;

    if (strncmp(asked, "set=1\n", 6) == 0) {
        (void)snprintf(d.last_set, sizeof d.last_set, "%s", asked);
        d.sets++;
        if (psk != NULL) {
            memcpy(d.psk, psk + 14, 64);
        }
        (void)snprintf(out, cap, "errno=%d\n\n", psk == NULL ? -22 : 0);
        return;
    }
    len = (size_t)snprintf(out, cap, "private_key=%s\n", HEX("11"));
    for (unsigned i = 0; i < d.strangers; i++) {
        len += (size_t)snprintf(out + len, cap - len,
                                "public_key=%064x\npreshared_key=%s\nendpoint=192.0.2.3:51820\n"
                                "tx_bytes=1\nrx_bytes=2\nallowed_ip=10.1.%u.%u/32\n",
                                i + 1, HEX("22"), i / 256, i % 256);
    }
    (void)snprintf(out + len, cap - len,
                   "public_key=%s\npreshared_key=%s\nendpoint=192.0.2.2:1\n"
                   "last_handshake_time_sec=%llu\nlast_handshake_time_nsec=0\ntx_bytes=%llu\n"
                   "rx_bytes=7\nallowed_ip=10.0.0.2/32\nerrno=0\n\n",
                   MINE, d.psk, d.handshake_s, d.tx);
}

/* All of it, unless nobody reads any more. */
static void daemon_write(int fd, const char *answer)
{
    for (size_t at = 0, len = strlen(answer); at < len;) {
        ssize_t written = send(fd, answer + at, len - at, MSG_NOSIGNAL);

        if (written <= 0) {
            return;
        }
        at += (size_t)written;
    }
}

static void *daemon_run(void *unused)
{
    (void)unused;
    for (;;) {
        static char answer[ANSWER_CAP];
        char asked[8192] = "";
        size_t len = 0;
        int fd = accept(d.listener, NULL, NULL);

        if (fd < 0) {
            return NULL;
        }
        while (len < sizeof asked - 1 && (len < 2 || strcmp(asked + len - 2, "\n\n") != 0)) {
            ssize_t got = read(fd, asked + len, sizeof asked - 1 - len);

            if (got <= 0) {
                break;
            }
            len += (size_t)got;
            asked[len] = '\0';
        }
        if (len == 0) { /* only a look whether somebody is there */
            (void)close(fd);
            continue;
        }
        pthread_mutex_lock(&d.lock);
        daemon_answer(asked, answer, sizeof answer);
        pthread_mutex_unlock(&d.lock);
        daemon_write(fd, answer);
        (void)close(fd);
    }
}

static int start(void **state)
{
    (void)set_up(state);
    d = (struct daemon){ .folder = "/tmp/qwave-uapi-XXXXXX", .handshake_s = 1000, .tx = 50 };
    memset(d.psk, '0', 64);
    pthread_mutex_init(&d.lock, NULL);
    assert_non_null(mkdtemp(d.folder));
    (void)snprintf(d.path, sizeof d.path, "%s/wg.sock", d.folder);
    assert_int_equal(qw_socket_listen_unix(d.path, &d.listener), QW_OK);
    assert_int_equal(fcntl(d.listener, F_SETFL, 0), 0); /* its accept waits */
    assert_int_equal(pthread_create(&d.thread, NULL, daemon_run, NULL), 0);
    now_ms = 1000 * 1000 + 5000;
    utc_ahead_ms = 0;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    (void)shutdown(d.listener, SHUT_RDWR);
    pthread_join(d.thread, NULL);
    qw_socket_close(d.listener);
    (void)unlink(d.path);
    return rmdir(d.folder);
}

static struct qw_key_sink open_sink(void)
{
    struct qw_sink_wireguard_config config = {
        .interface = "qw-nobody",
        .socket_path = d.path,
        .late_ms = 150000,
        .utc_ms = test_utc,
        .now_ms = test_clock,
    };
    struct qw_key_sink sink;

    memcpy(config.public_key, mine, sizeof mine);
    assert_int_equal(qw_sink_wireguard(&config, &sink), QW_OK);
    return sink;
}

static const struct qw_link_key key_a = { { 1 }, { 0xa1, 0xa2 } }, key_b = { { 2 }, { 0xb1 } };

static void a_key_is_set_once_and_what_runs_goes_on(void **state)
{
    struct qw_key_sink sink = open_sink();

    (void)state;
    d.psk[0] = '7'; /* a random one that the interface was made with */
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(strncmp(d.psk, "a1a200", 6), 0);
    assert_non_null(strstr(d.last_set, "\nupdate_only=true\n"));
    assert_null(strstr(d.last_set, "remove"));
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(sink.prepare(sink.self, &key_a, &key_b), QW_OK);
    assert_int_equal(d.sets, 1);
    assert_int_equal(sink.promote(sink.self, &key_b, &key_a), QW_OK);
    assert_int_equal(d.sets, 2);
    assert_int_equal(strncmp(d.psk, "b10000", 6), 0);
    assert_int_equal(sink.bytes(sink.self), 0);
    d.tx += 30;
    assert_int_equal(sink.keep(sink.self), QW_OK);
    assert_int_equal(sink.bytes(sink.self), 30);
    assert_true(sink.is_well(sink.self));
    sink.close(sink.self);
}

static void blocking_takes_the_sessions_and_leaves_the_routes(void **state) /* S6 */
{
    struct qw_key_sink sink = open_sink();
    char first[65];

    (void)state;
    assert_int_equal(sink.block(sink.self), QW_OK);
    memcpy(first, d.psk, sizeof first);
    assert_true(strspn(first, "0") < 60); /* a random one */
    assert_non_null(strstr(d.last_set, "remove=true\npublic_key=" MINE "\npreshared_key="));
    assert_non_null(strstr(d.last_set, "\nendpoint=192.0.2.2:1\nallowed_ip=10.0.0.2/32\n\n"));
    assert_int_equal(sink.block(sink.self), QW_OK);
    assert_string_not_equal(first, d.psk);
    assert_int_equal(sink.keep(sink.self), QW_OK);
    assert_true(sink.is_well(sink.self));
    sink.close(sink.self);
}

/* What another hand sets while nothing may pass. */
static void what_is_blocked_stays_blocked(void **state) /* S6 */
{
    struct qw_key_sink sink = open_sink();
    char first[65];

    (void)state;
    assert_int_equal(sink.block(sink.self), QW_OK);
    memcpy(first, d.psk, sizeof first);
    memset(d.psk, '0', 64); /* an interface made anew, without a key */
    assert_int_equal(sink.keep(sink.self), QW_ERR_CONFLICT);
    assert_true(strspn(d.psk, "0") < 60);
    assert_string_not_equal(first, d.psk);
    assert_non_null(strstr(d.last_set, "remove=true\n"));
    assert_int_equal(sink.keep(sink.self), QW_OK);
    assert_int_equal(d.sets, 2);
    sink.close(sink.self);
}

static bool last_set_took_sessions(void)
{
    return strstr(d.last_set, "remove=true\n") != NULL;
}

static void a_key_that_is_not_ours_gives_way_to_ours(void **state)
{
    struct qw_key_sink sink = open_sink();

    (void)state;
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(sink.keep(sink.self), QW_OK);
    d.psk[0] = '7'; /* somebody else's hand */
    assert_int_equal(sink.keep(sink.self), QW_ERR_CONFLICT);
    assert_string_equal(sink.why(sink.self, QW_ERR_CONFLICT),
                        "another hand has set a key; ours is back");
    assert_int_equal(strncmp(d.psk, "a1a200", 6), 0);
    assert_false(last_set_took_sessions()); /* they are of our key */
    assert_true(sink.is_well(sink.self));
    memset(d.psk, '0', 64);
    d.handshake_s = 0; /* an interface made anew */
    assert_int_equal(sink.keep(sink.self), QW_ERR_CONFLICT);
    assert_int_equal(strncmp(d.psk, "a1a200", 6), 0);
    assert_false(last_set_took_sessions()); /* there is none */
    assert_int_equal(sink.keep(sink.self), QW_OK);
    assert_int_equal(d.sets, 3);
    sink.close(sink.self);
}

/* Both ends had that other key, or none. */
static void a_session_under_a_key_that_is_not_ours_goes(void **state) /* S6 */
{
    struct qw_key_sink sink = open_sink();

    (void)state;
    d.tx = 1000;
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK); /* none was there when we came */
    assert_true(last_set_took_sessions());
    assert_int_equal(sink.bytes(sink.self), 0);
    d.tx = 0;
    d.handshake_s = 1003; /* under ours */
    assert_int_equal(sink.keep(sink.self), QW_OK);
    d.psk[0] = '7';
    d.handshake_s = 1004;
    assert_int_equal(sink.keep(sink.self), QW_ERR_CONFLICT);
    assert_true(last_set_took_sessions());
    d.handshake_s = 1005;
    assert_int_equal(sink.keep(sink.self), QW_OK);
    d.psk[0] = '7';
    d.handshake_s = 1006;
    assert_int_equal(sink.promote(sink.self, &key_b, &key_a), QW_OK); /* and when ours changes */
    assert_true(last_set_took_sessions());
    sink.close(sink.self);
    sink = open_sink(); /* an agent that comes back does not know whose a key is */
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_false(last_set_took_sessions());
    sink.close(sink.self);
}

static void a_key_of_zeros_is_refused(void **state)
{
    static const struct qw_link_key zeros = { { 3 }, { 0 } };
    struct qw_key_sink sink = open_sink();

    (void)state;
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(sink.promote(sink.self, &zeros, &key_a), QW_ERR_REFUSED);
    assert_string_equal(sink.why(sink.self, QW_ERR_REFUSED),
                        "WireGuard takes a key of zeros for none");
    assert_int_equal(strncmp(d.psk, "a1a200", 6), 0);
    assert_int_equal(sink.keep(sink.self), QW_OK);
    sink.close(sink.self);
}

/* One end has another key: WireGuard is silent about it until the session ends at 180 s. */
static bool is_well_now(const struct qw_key_sink *sink)
{
    assert_int_equal(sink->keep(sink->self), QW_OK);
    return sink->is_well(sink->self);
}

static void a_handshake_that_is_late_with_traffic_is_not_well_before_the_session_ends(void **state)
{
    struct qw_key_sink sink = open_sink();

    (void)state;
    memcpy(d.psk, "a1a2", 4); /* ours already */
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(d.sets, 0);
    now_ms = 1000 * 1000 + 125000; /* due, and nothing to send */
    assert_true(is_well_now(&sink));
    now_ms = 1000 * 1000 + 160000;
    assert_true(is_well_now(&sink));
    d.tx += 148; /* the initiation that is not answered, or data */
    assert_false(is_well_now(&sink));
    d.handshake_s = 1161; /* it came after all */
    now_ms = 1161 * 1000 + 10;
    assert_true(is_well_now(&sink));
    now_ms = 1161 * 1000 + 130000;
    d.tx += 1000; /* just sent before the first look */
    assert_true(is_well_now(&sink));
    d.tx += 1000;
    assert_true(is_well_now(&sink)); /* due, and not late yet */
    now_ms = 1161 * 1000 + 150000;
    assert_false(is_well_now(&sink));
    d.handshake_s = 0; /* never: then no session runs that could end */
    assert_true(is_well_now(&sink));
    sink.close(sink.self);
}

/* Handshakes carry the time of day, and that may be set, in either direction. */
static void a_clock_that_is_set_makes_no_handshake_late_and_none_timely(void **state)
{
    struct qw_key_sink sink = open_sink();

    (void)state;
    memcpy(d.psk, "a1a2", 4);
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    utc_ahead_ms = 3600 * 1000; /* set forward */
    for (int i = 0; i < 10; i++) {
        now_ms += 1000;
        d.tx += 1000;
        assert_true(is_well_now(&sink));
    }
    d.handshake_s = (unsigned long long)(test_utc() / 1000);
    utc_ahead_ms = -3600 * 1000; /* and back, while a handshake came */
    assert_true(is_well_now(&sink));
    now_ms += 140 * 1000;
    assert_true(is_well_now(&sink));
    now_ms += 15 * 1000;
    d.tx += 1000;
    assert_false(is_well_now(&sink));
    sink.close(sink.self);
}

static void one_of_a_thousand_peers_has_its_key(void **state)
{
    struct qw_key_sink sink = open_sink();

    (void)state;
    d.strangers = 999; /* 270 kB of answer */
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(strncmp(d.psk, "a1a200", 6), 0);
    assert_int_equal(sink.keep(sink.self), QW_OK);
    sink.close(sink.self);
}

static void a_daemon_or_peer_that_is_not_there_is_an_error_of_the_verb(void **state)
{
    struct qw_key_sink sink = open_sink();
    struct qw_sink_wireguard_config config = { .interface = "qw-nobody",
                                               .socket_path = "/nowhere/wg0.sock",
                                               .late_ms = 150000,
                                               .utc_ms = test_utc,
                                               .now_ms = test_clock };
    struct qw_key_sink absent;

    (void)state;
    mine[0] = 1; /* for the next sink only: the daemon has another peer */
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    sink.close(sink.self);
    sink = open_sink();
    assert_int_equal(sink.settle(sink.self, &key_a), QW_ERR_NOT_FOUND);
    assert_string_equal(sink.why(sink.self, QW_ERR_NOT_FOUND), "no such peer at the interface");
    assert_null(sink.why(sink.self, QW_ERR_IO));
    assert_int_equal(sink.block(sink.self), QW_ERR_NOT_FOUND);
    sink.close(sink.self);
    assert_int_equal(qw_sink_wireguard(&config, &absent), QW_OK);
    assert_int_not_equal(absent.settle(absent.self, &key_a), QW_OK);
    assert_int_equal(absent.bytes(absent.self), UINT64_MAX);
    assert_int_equal(absent.keep(absent.self), QW_ERR_UNAVAILABLE);
    assert_true(absent.is_well(absent.self));
    absent.close(absent.self);
    config.late_ms = QW_WIREGUARD_REKEY_MS;
    assert_int_equal(qw_sink_wireguard(&config, &absent), QW_ERR_ARG);
    config.late_ms = 150000;
    config.socket_path = "";
    assert_int_equal(qw_sink_wireguard(&config, &absent), QW_ERR_ARG);
    config.socket_path = "/x";
    config.interface = "";
    assert_int_equal(qw_sink_wireguard(&config, &absent), QW_ERR_ARG);
    config.interface = "sixteen-letters-";
    assert_int_equal(qw_sink_wireguard(&config, &absent), QW_ERR_ARG);
    config.interface = "wg0";
    fail_nth = 1;
    assert_int_equal(qw_sink_wireguard(&config, &absent), QW_ERR_NOMEM);
    fail_nth = 0;
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_peer_of_several_is_read, set_up),
        cmocka_unit_test_setup(every_cut_and_odd_line_is_refused, set_up),
        cmocka_unit_test_setup(flipped_bits_do_no_harm, set_up),
        cmocka_unit_test_setup(more_routes_than_fit_are_refused, set_up),
        CASE(a_key_is_set_once_and_what_runs_goes_on),
        CASE(blocking_takes_the_sessions_and_leaves_the_routes),
        CASE(what_is_blocked_stays_blocked),
        CASE(a_key_that_is_not_ours_gives_way_to_ours),
        CASE(a_session_under_a_key_that_is_not_ours_goes),
        CASE(a_key_of_zeros_is_refused),
        CASE(a_handshake_that_is_late_with_traffic_is_not_well_before_the_session_ends),
        CASE(a_clock_that_is_set_makes_no_handshake_late_and_none_timely),
        CASE(one_of_a_thousand_peers_has_its_key),
        CASE(a_daemon_or_peer_that_is_not_there_is_an_error_of_the_verb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
