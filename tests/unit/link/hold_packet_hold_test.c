/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
/* Packets that wait, in a network namespace of the test's own: to 127.0.0.2 they do, to others not
 * [docs/adr/0140-packets-wait-for-the-new-tunnel.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "link/hold/packet_hold.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUEUE = 9, MANY = 200, LONG_MS = 60000, SHORT_MS = 300, IKE_PORT = 500 };

static bool has_namespace;

static int enter_namespace(void **state)
{
    (void)state;
    has_namespace = unshare(CLONE_NEWNET) == 0 &&
                    system("ip link set lo up && iptables -V >/dev/null 2>&1") == 0;
    return 0;
}

struct wire { /* UDP on the loopback interface */
    int out, in;
    struct sockaddr_in to;
};

static struct wire wire_to(const char *address, uint16_t port)
{
    struct wire wire = { .out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
                         .in = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
                         .to = { .sin_family = AF_INET, .sin_port = htons(port) } };
    socklen_t len = sizeof wire.to;
    int room = 1024 * 1024;

    assert_int_equal(inet_pton(AF_INET, address, &wire.to.sin_addr), 1);
    assert_int_equal(bind(wire.in, (struct sockaddr *)&wire.to, sizeof wire.to), 0);
    assert_int_equal(getsockname(wire.in, (struct sockaddr *)&wire.to, &len), 0);
    (void)setsockopt(wire.in, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    return wire;
}

static void wire_close(struct wire *wire)
{
    close(wire->out);
    close(wire->in);
}

static void say(const struct wire *wire, uint32_t number)
{
    assert_int_equal(sendto(wire->out, &number, sizeof number, 0,
                            (const struct sockaddr *)&wire->to, sizeof wire->to),
                     sizeof number);
}

/* The next number within wait_ms; -1: none. */
static int64_t hear(const struct wire *wire, int wait_ms)
{
    struct timeval limit = { .tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000 };
    uint32_t number = 0;
    ssize_t got;

    assert_int_equal(setsockopt(wire->in, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    do {
        got = recv(wire->in, &number, sizeof number, 0);
    } while (got < 0 && errno == EINTR);
    return got == sizeof number ? (int64_t)number : -1;
}

static struct qw_packet_hold *open_hold(int limit_ms)
{
    static const char networks[][QW_PACKET_HOLD_NETWORK_CAP] = { "127.0.0.2/32", "2001:db8::/48" };
    static const struct qw_log log = { .level = QW_LOG_ERROR };
    const struct qw_packet_hold_config config = {
        .queue = QUEUE, .networks = networks, .network_count = 2, .limit_ms = limit_ms, .log = &log
    };
    struct qw_packet_hold *hold = NULL;

    if (!has_namespace) {
        print_message("skipped: no right to a network namespace, or no iptables\n");
        skip();
    }
    assert_int_equal(qw_packet_hold_open(&config, &hold), QW_OK);
    return hold;
}

static bool has_rules(void)
{
    return system("iptables -t mangle -S POSTROUTING | grep -q NFQUEUE") == 0 ||
           system("ip6tables -t mangle -S POSTROUTING | grep -q NFQUEUE") == 0;
}

static void packets_wait_and_go_on_in_their_order(void **state)
{
    struct qw_packet_hold *hold = open_hold(LONG_MS);
    struct wire held = wire_to("127.0.0.2", 0);
    struct wire other = wire_to("127.0.0.3", 0);
    struct wire ike = wire_to("127.0.0.2", IKE_PORT);

    (void)state;
    for (int round = 0; round < 3; round++) {
        say(&held, 1);
        assert_int_equal(hear(&held, LONG_MS), 1);
        assert_int_equal(qw_packet_hold_begin(hold), QW_OK);
        for (uint32_t i = 0; i < MANY; i++) {
            say(&held, i);
        }
        say(&other, 2);
        say(&ike, 0);
        assert_int_equal(hear(&other, LONG_MS), 2);
        assert_int_equal(hear(&ike, LONG_MS), 0); /* the new tunnel is made by it */
        assert_int_equal(hear(&held, 50), -1);
        qw_packet_hold_end(hold);
        for (uint32_t i = 0; i < MANY; i++) {
            assert_int_equal(hear(&held, LONG_MS), i);
        }
    }
    wire_close(&held);
    wire_close(&other);
    wire_close(&ike);
    qw_packet_hold_end(hold);
    qw_packet_hold_close(hold);
}

static void nothing_waits_longer_than_the_limit(void **state)
{
    struct qw_packet_hold *hold = open_hold(SHORT_MS);
    struct wire held = wire_to("127.0.0.2", 0);
    int64_t begun_ms;

    (void)state;
    begun_ms = qw_clock_monotonic_ms();
    assert_int_equal(qw_packet_hold_begin(hold), QW_OK);
    say(&held, 5);
    assert_int_equal(hear(&held, LONG_MS), 5);
    assert_true(qw_clock_monotonic_ms() - begun_ms >= SHORT_MS);
    say(&held, 6);
    assert_int_equal(hear(&held, LONG_MS), 6);
    assert_int_equal(qw_packet_hold_begin(hold), QW_OK); /* the next change */
    qw_packet_hold_close(hold);
    assert_false(has_rules());
    wire_close(&held);
}

static void a_queue_that_another_has_is_refused(void **state)
{
    struct qw_packet_hold *hold = open_hold(LONG_MS);
    struct qw_packet_hold *other = open_hold(LONG_MS);
    struct wire held = wire_to("127.0.0.2", 0);

    (void)state;
    assert_int_equal(qw_packet_hold_begin(hold), QW_OK);
    assert_int_equal(qw_packet_hold_begin(other), QW_ERR_UNAVAILABLE);
    qw_packet_hold_end(hold);
    say(&held, 5);
    assert_int_equal(hear(&held, LONG_MS), 5);
    qw_packet_hold_close(hold);
    qw_packet_hold_close(other);
    assert_false(has_rules());
    wire_close(&held);
}

static void who_dies_holds_nothing_and_leaves_rules_for_the_next_to_remove(void **state)
{
    struct qw_packet_hold *hold = open_hold(LONG_MS);
    struct wire held = wire_to("127.0.0.2", 0);
    int begun[2];
    char byte;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(begun), 0);
    child = fork();
    if (child == 0) {
        byte = qw_packet_hold_begin(hold) == QW_OK ? 'y' : 'n';
        if (write(begun[1], &byte, 1) == 1) {
            (void)pause();
        }
        _exit(1);
    }
    assert_int_equal(read(begun[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    say(&held, 5);
    assert_int_equal(hear(&held, 50), -1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(has_rules());
    say(&held, 6);
    assert_int_equal(hear(&held, LONG_MS), 6);
    qw_packet_hold_close(open_hold(LONG_MS));
    assert_false(has_rules());
    qw_packet_hold_close(hold);
    close(begun[0]);
    close(begun[1]);
    wire_close(&held);
}

static void refuses_what_is_no_network(void **state)
{
    static const char networks[][QW_PACKET_HOLD_NETWORK_CAP] = { "10.0.0.0/8", "dynamic" };
    struct qw_packet_hold_config config = { .networks = networks, .limit_ms = 1 };
    struct qw_packet_hold *hold = NULL;

    (void)state;
    assert_int_equal(qw_packet_hold_open(&config, &hold), QW_ERR_ARG);
    config.network_count = 2;
    assert_int_equal(qw_packet_hold_open(&config, &hold), QW_ERR_ARG);
    config.network_count = QW_PACKET_HOLD_NETWORKS_MAX + 1;
    assert_int_equal(qw_packet_hold_open(&config, &hold), QW_ERR_ARG);
    config.network_count = 1;
    config.limit_ms = 0;
    assert_int_equal(qw_packet_hold_open(&config, &hold), QW_ERR_ARG);
    qw_packet_hold_end(NULL);
    qw_packet_hold_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_wait_and_go_on_in_their_order),
        cmocka_unit_test(nothing_waits_longer_than_the_limit),
        cmocka_unit_test(a_queue_that_another_has_is_refused),
        cmocka_unit_test(who_dies_holds_nothing_and_leaves_rules_for_the_next_to_remove),
        cmocka_unit_test(refuses_what_is_no_network),
    };

    return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
