/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
/* The journal reaches a collector that comes and goes [Y1 to Y5 of
 * docs/protocol/journal-syslog.md]; the collectors here are sockets of this test. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/socket.h"
#include "shipping/shipper.h"
#include "shipping/sink.h"
#include "unit/qwaved/site.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { PATIENCE_MS = 60000, SEQ_MAX = 4096, LINE_CAP = 2048 };

struct scene {
    struct site *site;
    struct qw_log log;
    char path[128], cursor[128];
    int fd;                  /* of the collector, -1: away */
    unsigned times[SEQ_MAX]; /* how often each record came */
};

static int make(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    assert_non_null(scene);
    scene->site = site_new((struct qw_centre_config){ .block_keys = 64,
                                                      .stock_keys = 64,
                                                      .window_ms = 30000,
                                                      .pool_bytes = 1024,
                                                      .journal_sign_ms = 3600000,
                                                      .centre_id = "centre-1" },
                           4096);
    scene->log = (struct qw_log){ .stream = fopen("/dev/null", "w"), .component = "test" };
    snprintf(scene->path, sizeof scene->path, "%s/log", scene->site->folder);
    snprintf(scene->cursor, sizeof scene->cursor, "%s/cursor", scene->site->folder);
    scene->fd = -1;
    *state = scene;
    return 0;
}

static int unmake(void **state)
{
    struct scene *scene = *state;
    void *site = scene->site;

    qw_socket_close(scene->fd);
    fclose(scene->log.stream);
    assert_int_equal(remove_site(&site), 0);
    free(scene);
    return 0;
}

static void collector_comes(struct scene *scene)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    strcpy(address.sun_path, scene->path);
    unlink(scene->path);
    scene->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_true(scene->fd >= 0);
    assert_int_equal(bind(scene->fd, (struct sockaddr *)&address, sizeof address), 0);
}

static void collector_goes(struct scene *scene)
{
    close(scene->fd); /* with all that it had not read */
    unlink(scene->path);
    scene->fd = -1;
}

static void note(struct scene *scene, const char *line)
{
    const char *at = strstr(line, "seq=\"");
    unsigned long seq = at == NULL ? 0 : strtoul(at + 5, NULL, 10);

    assert_true(seq >= 1 && seq < SEQ_MAX);
    scene->times[seq]++;
}

/* Reads until the record has come. */
static void read_until(struct scene *scene, uint64_t seq)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + PATIENCE_MS;

    while (scene->times[seq] == 0) {
        struct pollfd waiting = { .fd = scene->fd, .events = POLLIN };
        char line[LINE_CAP];
        ssize_t got;

        assert_true(qw_clock_monotonic_ms() < deadline_ms);
        if (poll(&waiting, 1, 100) == 1) {
            got = recv(scene->fd, line, sizeof line - 1, 0);
            assert_true(got > 0);
            line[got] = '\0';
            note(scene, line);
        }
    }
}

static struct qw_centre_status status_of(struct scene *scene)
{
    struct qw_caller caller = { .role = QW_ROLE_OPERATOR, .id = "op" };
    struct qw_centre_status status;

    assert_int_equal(qw_centre_status(scene->site->service.centre, &caller, &status), QW_OK);
    return status;
}

static uint64_t add_devices(struct scene *scene, size_t count)
{
    static unsigned number;

    for (size_t i = 0; i < count; i++) {
        char id[32];

        snprintf(id, sizeof id, "device-%u", number++);
        site_add_application(scene->site, id, "");
    }
    return status_of(scene).audit_records;
}

static struct shipper *start(struct scene *scene, const char *address)
{
    struct shipper_config config = { .centre = scene->site->service.centre,
                                     .log = &scene->log,
                                     .address = address,
                                     .cursor = scene->cursor };
    struct shipper *shipper = NULL;

    assert_int_equal(shipper_start(&config, &shipper), QW_OK);
    return shipper;
}

static void wait_for(struct shipper *shipper, bool is_down, uint64_t seq)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + PATIENCE_MS;

    while (shipper_look(shipper).is_down != is_down || shipper_look(shipper).shipped_seq < seq) {
        assert_true(qw_clock_monotonic_ms() < deadline_ms);
        poll(NULL, 0, 10);
    }
}

static void assert_nothing_is_missing(const struct scene *scene, uint64_t last)
{
    for (uint64_t seq = 1; seq <= last; seq++) {
        assert_true(scene->times[seq] >= 1);
    }
}

/* E2, E3, Y5 */
static void nothing_is_lost_while_the_collector_is_away(void **state)
{
    struct scene *scene = *state;
    struct shipper *shipper;
    uint64_t last = add_devices(scene, 20);

    collector_comes(scene);
    shipper = start(scene, scene->path);
    read_until(scene, last);
    collector_goes(scene);
    last = add_devices(scene, 150); /* more than a page, and than a socket's queue */
    wait_for(shipper, true, 0);
    site_add_application(scene->site, "while-away", ""); /* nobody waits */
    collector_comes(scene);
    read_until(scene, last + 1);
    wait_for(shipper, false, last + 1);
    assert_nothing_is_missing(scene, last + 1);
    shipper_stop(shipper);
}

/* E1, E3: with a queue that nobody read. */
static void what_died_with_the_collector_is_sent_again(void **state)
{
    struct scene *scene = *state;
    struct shipper *shipper;
    uint64_t last;

    collector_comes(scene);
    shipper = start(scene, scene->path);
    last = status_of(scene).audit_records;
    wait_for(shipper, false, last); /* they are in its queue */
    collector_goes(scene);
    assert_int_equal(scene->times[1], 0);
    add_devices(scene, 1);
    wait_for(shipper, true, 0);
    collector_comes(scene);
    read_until(scene, last + 1);
    assert_nothing_is_missing(scene, last + 1);
    shipper_stop(shipper);
}

/* A reload names another collector: it has all that the former had not, and a little before. */
static void another_collector_goes_on_where_the_former_was(void **state)
{
    struct scene *scene = *state;
    struct shipper *shipper;
    uint64_t last;

    collector_comes(scene);
    shipper = start(scene, scene->path);
    last = status_of(scene).audit_records;
    read_until(scene, last);
    shipper_redirect(shipper, scene->path); /* nothing */
    collector_goes(scene);
    snprintf(scene->path, sizeof scene->path, "%s/other", scene->site->folder);
    collector_comes(scene);
    memset(scene->times, 0, sizeof scene->times);
    shipper_redirect(shipper, scene->path);
    last = add_devices(scene, 3);
    read_until(scene, last);
    assert_nothing_is_missing(scene, last);
    wait_for(shipper, false, last);
    assert_true(shipper_knows_address(scene->path));
    assert_false(shipper_knows_address("tcp://nowhere"));
    shipper_stop(shipper);
}

/* Y3, Y4 */
static void a_start_goes_on_where_the_file_says(void **state)
{
    struct scene *scene = *state;
    struct shipper *shipper;
    uint64_t first, last;

    collector_comes(scene);
    shipper = start(scene, scene->path);
    last = add_devices(scene, 1300);
    read_until(scene, last);
    wait_for(shipper, false, last);
    shipper_stop(shipper);
    memset(scene->times, 0, sizeof scene->times);
    first = last - 1024 + 1;
    shipper = start(scene, scene->path);
    assert_int_equal(shipper_look(shipper).shipped_seq, last);
    last = add_devices(scene, 5);
    read_until(scene, last);
    for (uint64_t seq = 1; seq <= last; seq++) {
        assert_int_equal(scene->times[seq], seq >= first ? 1 : 0);
    }
    shipper_stop(shipper);
}

/* A collector that takes a connection and reads nothing: only its own thread waits. */
static void a_collector_that_hangs_holds_nobody_up(void **state)
{
    struct scene *scene = *state;
    struct shipper *shipper;
    int64_t begun_ms;
    int listener;
    uint16_t port;
    char address[32];

    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &listener, &port), QW_OK);
    snprintf(address, sizeof address, "tcp://127.0.0.1:%u", port);
    shipper = start(scene, address);
    begun_ms = qw_clock_monotonic_ms();
    add_devices(scene, 50);
    assert_true(qw_clock_monotonic_ms() - begun_ms < PATIENCE_MS);
    shipper_stop(shipper);
    qw_socket_close(listener);
}

/* Counted octets [RFC 6587 3.4.1]: every message as long as it says. */
static void over_tcp_each_message_is_counted(void **state)
{
    struct scene *scene = *state;
    uint64_t last = add_devices(scene, 30);
    int64_t deadline_ms = qw_clock_monotonic_ms() + PATIENCE_MS;
    struct shipper *shipper;
    uint16_t port;
    int listener;
    char address[32];

    assert_int_equal(qw_socket_listen("127.0.0.1", 0, &listener, &port), QW_OK);
    snprintf(address, sizeof address, "tcp://localhost:%u", port);
    shipper = start(scene, address);
    assert_int_equal(qw_socket_accept(listener, PATIENCE_MS, &scene->fd), QW_OK);
    for (uint64_t seq = 1; seq <= last; seq++) {
        char line[LINE_CAP];
        size_t len = 0;
        char digit;

        for (;;) {
            assert_int_equal(qw_socket_read(scene->fd, &digit, 1, deadline_ms), QW_OK);
            if (digit == ' ') {
                break;
            }
            assert_true(digit >= '0' && digit <= '9');
            len = len * 10 + (size_t)(digit - '0');
        }
        assert_true(len > 0 && len < sizeof line);
        assert_int_equal(qw_socket_read(scene->fd, line, len, deadline_ms), QW_OK);
        line[len] = '\0';
        assert_memory_equal(line, "<109>1 ", 7);
        note(scene, line);
        assert_int_equal(scene->times[seq], 1);
    }
    wait_for(shipper, false, last);
    qw_socket_close(scene->fd); /* hangs up; the next one gets all of it again */
    assert_int_equal(add_devices(scene, 1), last + 1);
    assert_int_equal(qw_socket_accept(listener, PATIENCE_MS, &scene->fd), QW_OK);
    wait_for(shipper, false, last + 1);
    shipper_stop(shipper);
    qw_socket_close(listener);
}

static void by_udp_each_message_is_a_datagram(void **state)
{
    struct scene *scene = *state;
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    struct shipper *shipper;
    char text[32];

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    scene->fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(scene->fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(scene->fd, (struct sockaddr *)&address, &len), 0);
    snprintf(text, sizeof text, "udp://127.0.0.1:%u", ntohs(address.sin_port));
    shipper = start(scene, text);
    read_until(scene, status_of(scene).audit_records);
    shipper_stop(shipper);
}

static void addresses_that_are_none_are_refused(void **state)
{
    static const char *const wrong[] = {
        "",           "log",          "udp://",        "udp://:514",
        "udp://host", "tcp://h:0",    "tcp://h:65536", "tcp://h:5x",
        "tcp://h:",   "tls://h:6514", "tcp://h:-1",
    };
    struct sink sink = { .fd = 77 };
    char path[200];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(sink_init(&sink, wrong[i]), QW_ERR_FORMAT);
    }
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    assert_int_equal(sink_init(&sink, path), QW_ERR_FORMAT);
    assert_int_equal(sink.fd, 77);
    assert_int_equal(sink_init(&sink, "tcp://[::1]:6514"), QW_OK);
    assert_string_equal(sink.host, "::1");
    assert_int_equal(sink.port, 6514);
    assert_int_equal(sink_init(&sink, "/no/such/socket"), QW_OK);
    assert_int_equal(sink_open(&sink), QW_ERR_NOT_FOUND);
    assert_int_equal(sink.fd, -1);
}

static void a_cursor_that_is_none_is_refused(void **state)
{
    struct scene *scene = *state;
    struct shipper_config config = { .centre = scene->site->service.centre,
                                     .log = &scene->log,
                                     .address = scene->path,
                                     .cursor = "/no/such/folder/cursor" };
    struct shipper *shipper = NULL;

    assert_int_not_equal(shipper_start(&config, &shipper), QW_OK);
    config.cursor = scene->cursor;
    config.address = "nowhere";
    assert_int_equal(shipper_start(&config, &shipper), QW_ERR_FORMAT);
    assert_null(shipper);
    shipper_stop(NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_lost_while_the_collector_is_away),
        TEST(what_died_with_the_collector_is_sent_again),
        TEST(another_collector_goes_on_where_the_former_was),
        TEST(a_start_goes_on_where_the_file_says),
        TEST(a_collector_that_hangs_holds_nobody_up),
        TEST(over_tcp_each_message_is_counted),
        TEST(by_udp_each_message_is_a_datagram),
        TEST(addresses_that_are_none_are_refused),
        TEST(a_cursor_that_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
