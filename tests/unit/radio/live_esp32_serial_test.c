/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 W1 */
/* Live ESP32 lines over a real pseudo-terminal. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_laws.h"
#include "radio/capture/esp32.h"
#include "radio/live/esp32_serial.h"
#include "support/fail_nth.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAIT_MS = 60000 };

static const struct capture_law law = { .format = QW_CAPTURE_ESP32,
                                        .tones = QW_CSI_LEGACY_20,
                                        .rx_count = 1,
                                        .tx_count = 1,
                                        .value_max = 127,
                                        .flags = QW_CSI_HAS_TIME | QW_CSI_HAS_SOURCE |
                                                 QW_CSI_HAS_RSSI | QW_CSI_HAS_NOISE };

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

struct line {
    struct qw_live_receiver *receiver;
    int board; /* our end: the board's */
    struct qw_csi_frame in, out;
};

static struct line *line_new(size_t queue_records)
{
    struct line *line = malloc(sizeof *line);
    struct qw_esp32_serial_config config = { .baud = 921600, .queue_records = queue_records };

    assert_non_null(line);
    memset(line, 0, sizeof *line);
    line->board = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(line->board >= 0);
    assert_int_equal(grantpt(line->board), 0);
    assert_int_equal(unlockpt(line->board), 0);
    config.path = ptsname(line->board);
    assert_int_equal(qw_esp32_serial_open(&config, &line->receiver), QW_OK);
    return line;
}

static void line_free(struct line *line)
{
    qw_live_receiver_free(line->receiver);
    if (line->board >= 0) {
        close(line->board);
    }
    free(line);
}

static void say(struct line *line, const void *text, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t put = write(line->board, (const char *)text + done, len - done);

        assert_true(put > 0);
        done += (size_t)put;
    }
}

static void say_frame(struct line *line, uint64_t i)
{
    uint8_t text[QW_ESP32_LINE_MAX];
    size_t len;

    capture_sample(&law, i, &line->in);
    len = qw_capture_esp32.encode(&line->in, text, sizeof text);
    assert_int_not_equal(len, 0);
    say(line, text, len);
}

static void lines_come_as_frames_among_boot_chatter(void **state)
{
    static const char chatter[] = "ets Jun  8 2016 00:22:57\r\n\r\nrst:0x1 (POWERON_RESET)\r\n"
                                  "\x00\xff\x80 garbage CSI_DATA,half a li\r\n";
    struct line *line = line_new(64);
    struct qw_live_counters counters;

    (void)state;
    say(line, chatter, sizeof chatter - 1);
    for (size_t i = 0; i < 20; i++) {
        say_frame(line, i);
        if (i % 5 == 0) {
            say(line, "I (123) wifi: state\r\n", 21);
        }
    }
    for (size_t i = 0; i < 20; i++) {
        capture_sample(&law, i, &line->in);
        assert_int_equal(qw_live_receiver_next(line->receiver, &line->out, WAIT_MS), QW_OK);
        assert_int_equal(line->out.sequence, i);
        assert_int_equal(line->out.time_ns, line->in.time_ns);
        assert_true(*capture_value(&line->out, 0, 26) == *capture_value(&line->in, 0, 26));
    }
    counters = qw_live_receiver_counters(line->receiver);
    assert_int_equal(counters.count[QW_CAPTURE_FRAME], 20);
    assert_int_equal(counters.count[QW_CAPTURE_OTHER], 4 + 4);
    assert_int_equal(qw_live_receiver_next(line->receiver, &line->out, 0), QW_ERR_TIMEOUT);
    line_free(line);
}

static void a_line_is_begun_anew_after_a_cut_and_an_overlong_one(void **state)
{
    struct line *line = line_new(64);
    struct qw_live_counters counters;
    uint8_t text[QW_ESP32_LINE_MAX];
    size_t len;

    (void)state;
    capture_sample(&law, 1, &line->in);
    len = qw_capture_esp32.encode(&line->in, text, sizeof text);
    say(line, text + len / 2, len - len / 2); /* we came in the middle */
    say(line, text, len / 2);                 /* bytes were lost */
    say(line, "\n", 1);
    say(line, "CSI_DATA,", 9);
    for (size_t i = 0; i < 3 * QW_ESP32_LINE_MAX; i += 64) {
        say(line, "################################################################", 64);
    }
    say(line, "\n", 1);
    say_frame(line, 2);
    assert_int_equal(qw_live_receiver_next(line->receiver, &line->out, WAIT_MS), QW_OK);
    assert_true(*capture_value(&line->out, 0, 26) == *capture_value(&line->in, 0, 26));
    counters = qw_live_receiver_counters(line->receiver);
    assert_int_equal(counters.count[QW_CAPTURE_OTHER], 1);
    assert_int_equal(counters.count[QW_CAPTURE_TEXT], 2);
    line_free(line);
}

static void a_slow_reader_loses_whole_frames_that_are_counted(void **state)
{
    struct line *line = line_new(3);
    struct qw_live_counters counters = { 0 };

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        say_frame(line, i);
    }
    for (int i = 0; i < WAIT_MS && counters.received < 10; i++) {
        usleep(1000);
        counters = qw_live_receiver_counters(line->receiver);
    }
    assert_int_equal(counters.received, 10);
    assert_int_equal(counters.dropped, 7);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(qw_live_receiver_next(line->receiver, &line->out, WAIT_MS), QW_OK);
    }
    assert_int_equal(qw_live_receiver_next(line->receiver, &line->out, 0), QW_ERR_TIMEOUT);
    line_free(line);
}

static void a_board_that_is_unplugged_ends_the_series(void **state)
{
    struct line *line = line_new(8);

    (void)state;
    say_frame(line, 0);
    assert_int_equal(qw_live_receiver_next(line->receiver, &line->out, WAIT_MS), QW_OK);
    close(line->board);
    line->board = -1;
    assert_int_equal(qw_live_receiver_next(line->receiver, &line->out, WAIT_MS), QW_ERR_CLOSED);
    assert_int_equal(qw_live_receiver_next(line->receiver, &line->out, 0), QW_ERR_CLOSED);
    line_free(line);
}

static void wrong_speeds_and_paths_are_refused(void **state)
{
    struct qw_esp32_serial_config config = { "/no/such/device", 921600, 8 };
    struct qw_live_receiver *receiver = NULL;

    (void)state;
    assert_int_equal(qw_esp32_serial_open(&config, &receiver), QW_ERR_NOT_FOUND);
    config.path = "/dev/null";
    config.baud = 921601;
    assert_int_equal(qw_esp32_serial_open(&config, &receiver), QW_ERR_ARG);
    config.baud = 115200;
    config.queue_records = 1;
    assert_int_equal(qw_esp32_serial_open(&config, &receiver), QW_ERR_ARG);
    assert_null(receiver);
}

static void a_pipe_is_as_good_as_a_terminal(void **state)
{
    char path[64] = "/tmp/live_esp32_serial_test.XXXXXX";
    struct qw_esp32_serial_config config = { path, 115200, 8 };
    struct line *line = malloc(sizeof *line);

    (void)state;
    assert_non_null(line);
    assert_non_null(mkdtemp(path));
    snprintf(path + strlen(path), 8, "/pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    line->board = open(path, O_RDWR);
    assert_int_equal(qw_esp32_serial_open(&config, &line->receiver), QW_OK);
    say_frame(line, 5);
    assert_int_equal(qw_live_receiver_next(line->receiver, &line->out, WAIT_MS), QW_OK);
    line_free(line);
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
}

static void no_memory_is_an_error_and_nothing_leaks(void **state)
{
    struct line *line = line_new(8);
    struct qw_esp32_serial_config config = { ptsname(line->board), 921600, 8 };
    struct qw_live_receiver *receiver = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_nth = n;
        err = qw_esp32_serial_open(&config, &receiver);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && receiver == NULL));
    }
    fail_nth = 0;
    qw_live_receiver_free(receiver);
    line_free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_as_frames_among_boot_chatter),
        cmocka_unit_test(a_line_is_begun_anew_after_a_cut_and_an_overlong_one),
        cmocka_unit_test(a_slow_reader_loses_whole_frames_that_are_counted),
        cmocka_unit_test(a_board_that_is_unplugged_ends_the_series),
        cmocka_unit_test(wrong_speeds_and_paths_are_refused),
        cmocka_unit_test(a_pipe_is_as_good_as_a_terminal),
        cmocka_unit_test(no_memory_is_an_error_and_nothing_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
