/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 W1 */
/* Live Nexmon datagrams over a real socket on the loopback interface. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_laws.h"
#include "radio/capture/nexmon.h"
#include "radio/live/nexmon_udp.h"
#include "support/fail_nth.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 60000 };

static const struct capture_law law = { .format = QW_CAPTURE_NEXMON,
                                        .tones = QW_CSI_VHT_80,
                                        .rx_count = 1,
                                        .tx_count = 1,
                                        .value_max = 30000,
                                        .flags = QW_CSI_HAS_TIME | QW_CSI_HAS_SOURCE |
                                                 QW_CSI_HAS_SEQUENCE | QW_CSI_HAS_RSSI };

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

struct link {
    struct qw_live_receiver *receiver;
    int fd;
    struct qw_csi_frame in, out;
};

static struct link *link_new(const struct qw_nexmon_udp_config *config)
{
    struct link *link = malloc(sizeof *link);
    struct sockaddr_in to = { .sin_family = AF_INET };
    uint16_t port = 0;

    assert_non_null(link);
    memset(link, 0, sizeof *link);
    assert_int_equal(qw_nexmon_udp_open(config, &link->receiver, &port), QW_OK);
    link->fd = socket(AF_INET, SOCK_DGRAM, 0);
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(link->fd, (struct sockaddr *)&to, sizeof to), 0);
    return link;
}

static void link_free(struct link *link)
{
    qw_live_receiver_free(link->receiver);
    close(link->fd);
    free(link);
}

static void send_frame(struct link *link, uint64_t i)
{
    uint8_t datagram[QW_NEXMON_DATAGRAM_MAX];
    size_t len;

    capture_sample(&law, i, &link->in);
    len = qw_nexmon_datagram_encode(&link->in, datagram, sizeof datagram);
    assert_int_not_equal(len, 0);
    assert_int_equal(send(link->fd, datagram, len, 0), len);
}

/* Until the receiver's thread has taken so many datagrams. */
static struct qw_live_counters wait_received(struct link *link, uint64_t count)
{
    struct qw_live_counters counters = { 0 };

    for (int i = 0; i < WAIT_MS && counters.received + counters.foreign < count; i++) {
        usleep(1000);
        counters = qw_live_receiver_counters(link->receiver);
    }
    assert_int_equal(counters.received + counters.foreign, count);
    return counters;
}

static void datagrams_come_as_frames_in_their_order(void **state)
{
    static const struct qw_nexmon_udp_config config = { .address = "127.0.0.1",
                                                        .queue_records = 64 };
    struct link *link = link_new(&config);
    int64_t previous_ns = 0;

    (void)state;
    for (size_t i = 0; i < 20; i++) {
        send_frame(link, i);
    }
    for (size_t i = 0; i < 20; i++) {
        capture_sample(&law, i, &link->in);
        assert_int_equal(qw_live_receiver_next(link->receiver, &link->out, WAIT_MS), QW_OK);
        assert_int_equal(link->out.sequence, link->in.sequence);
        assert_memory_equal(link->out.value, link->in.value, 242 * sizeof link->in.value[0]);
        assert_true(link->out.time_ns > 1000000000000000000 && link->out.time_ns >= previous_ns);
        previous_ns = link->out.time_ns;
    }
    assert_int_equal(qw_live_receiver_next(link->receiver, &link->out, 0), QW_ERR_TIMEOUT);
    assert_int_equal(qw_live_receiver_next(link->receiver, &link->out, 10), QW_ERR_TIMEOUT);
    link_free(link);
}

static void a_slow_reader_loses_whole_frames_that_are_counted(void **state)
{
    static const struct qw_nexmon_udp_config config = { .address = "127.0.0.1",
                                                        .queue_records = QW_LIVE_QUEUE_MIN };
    struct link *link = link_new(&config);
    struct qw_live_counters counters;

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        send_frame(link, i);
    }
    counters = wait_received(link, 10);
    assert_int_equal(counters.dropped, 8);
    for (size_t i = 0; i < QW_LIVE_QUEUE_MIN; i++) {
        assert_int_equal(qw_live_receiver_next(link->receiver, &link->out, WAIT_MS), QW_OK);
        assert_int_equal(link->out.sequence, 100 + i);
    }
    assert_int_equal(qw_live_receiver_next(link->receiver, &link->out, 0), QW_ERR_TIMEOUT);
    send_frame(link, 10); /* and it goes on */
    assert_int_equal(qw_live_receiver_next(link->receiver, &link->out, WAIT_MS), QW_OK);
    assert_int_equal(link->out.sequence, 110);
    link_free(link);
}

static void damaged_datagrams_are_skipped_with_their_reason(void **state)
{
    static const struct qw_nexmon_udp_config config = { .queue_records = 64 };
    struct link *link = link_new(&config);
    uint8_t datagram[QW_NEXMON_DATAGRAM_MAX];
    static const uint8_t large[20000];
    struct qw_live_counters counters;
    size_t len;

    (void)state;
    capture_sample(&law, 0, &link->in);
    len = qw_nexmon_datagram_encode(&link->in, datagram, sizeof datagram);
    assert_int_equal(send(link->fd, datagram, len - 1, 0), len - 1);
    assert_int_equal(send(link->fd, "hello", 5, 0), 5);
    assert_int_equal(send(link->fd, "", 0, 0), 0);
    assert_int_equal(send(link->fd, large, sizeof large, 0), sizeof large);
    datagram[16] = 0x42; /* chip */
    assert_int_equal(send(link->fd, datagram, len, 0), len);
    send_frame(link, 1);
    assert_int_equal(qw_live_receiver_next(link->receiver, &link->out, WAIT_MS), QW_OK);
    counters = qw_live_receiver_counters(link->receiver);
    assert_int_equal(counters.count[QW_CAPTURE_LENGTH], 1);
    assert_int_equal(counters.count[QW_CAPTURE_OTHER], 3);
    assert_int_equal(counters.count[QW_CAPTURE_UNSUPPORTED], 1);
    assert_int_equal(counters.count[QW_CAPTURE_FRAME], 1);
    link_free(link);
}

static void only_the_sender_and_transmitter_asked_for_are_heard(void **state)
{
    static const uint8_t source[] = { 2, 0x11, 0x22, 0xab, 0xcd, 3 };
    static const struct qw_nexmon_udp_config of_source = { .source = source, .queue_records = 8 };
    static const struct qw_nexmon_udp_config of_sender = { .sender = "127.0.0.2",
                                                           .queue_records = 8 };
    struct link *link = link_new(&of_source);

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        send_frame(link, i);
    }
    assert_int_equal(wait_received(link, 5).foreign, 4);
    assert_int_equal(qw_live_receiver_next(link->receiver, &link->out, 0), QW_OK);
    assert_int_equal(link->out.sequence, 103);
    link_free(link);
    link = link_new(&of_sender);
    send_frame(link, 0);
    assert_int_equal(wait_received(link, 1).foreign, 1);
    link_free(link);
}

static void wrong_addresses_and_a_taken_port_are_refused(void **state)
{
    struct qw_nexmon_udp_config config = { .address = "127.0.0.1", .queue_records = 8 };
    struct qw_live_receiver *first = NULL;
    struct qw_live_receiver *second = NULL;
    uint16_t port = 0;
    uint16_t other = 77;

    (void)state;
    assert_int_equal(qw_nexmon_udp_open(&config, &first, &port), QW_OK);
    config.port = port;
    assert_int_equal(qw_nexmon_udp_open(&config, &second, &other), QW_ERR_CONFLICT);
    config.port = 0;
    config.address = "here";
    assert_int_equal(qw_nexmon_udp_open(&config, &second, &other), QW_ERR_ARG);
    config.address = NULL;
    config.sender = "1.2.3";
    assert_int_equal(qw_nexmon_udp_open(&config, &second, &other), QW_ERR_ARG);
    config.sender = NULL;
    config.queue_records = QW_LIVE_QUEUE_MIN - 1;
    assert_int_equal(qw_nexmon_udp_open(&config, &second, &other), QW_ERR_ARG);
    config.queue_records = QW_LIVE_QUEUE_MAX + 1;
    assert_int_equal(qw_nexmon_udp_open(&config, &second, &other), QW_ERR_ARG);
    assert_null(second);
    assert_int_equal(other, 77);
    qw_live_receiver_free(first);
    qw_live_receiver_free(NULL);
}

static void it_is_a_front_end_that_cannot_send(void **state)
{
    static const struct qw_nexmon_udp_config config = { .queue_records = 8 };
    struct link *link = link_new(&config);
    struct qw_csi_source source = qw_live_receiver_source(link->receiver, "Nexmon");

    (void)state;
    link->receiver = NULL; /* taken */
    assert_string_equal(source.label, "Nexmon");
    assert_false(source.is_simulated || source.has_phase);
    assert_int_equal(source.transmit(source.self, 0, 0), QW_ERR_UNAVAILABLE);
    assert_int_equal(source.next(source.self, &link->out, 0), QW_ERR_TIMEOUT);
    send_frame(link, 4);
    assert_int_equal(source.next(source.self, &link->out, WAIT_MS), QW_OK);
    qw_csi_source_close(&source);
    link_free(link);
}

static void no_memory_is_an_error_and_nothing_leaks(void **state)
{
    static const struct qw_nexmon_udp_config config = { .queue_records = 8 };
    struct qw_live_receiver *receiver = NULL;
    qw_err err = QW_ERR_NOMEM;
    uint16_t port;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_nth = n;
        err = qw_nexmon_udp_open(&config, &receiver, &port);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && receiver == NULL));
    }
    fail_nth = 0;
    qw_live_receiver_free(receiver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_come_as_frames_in_their_order),
        cmocka_unit_test(a_slow_reader_loses_whole_frames_that_are_counted),
        cmocka_unit_test(damaged_datagrams_are_skipped_with_their_reason),
        cmocka_unit_test(only_the_sender_and_transmitter_asked_for_are_heard),
        cmocka_unit_test(wrong_addresses_and_a_taken_port_are_refused),
        cmocka_unit_test(it_is_a_front_end_that_cannot_send),
        cmocka_unit_test(no_memory_is_an_error_and_nothing_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
