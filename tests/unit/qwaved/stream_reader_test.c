/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q5 C2 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/etsi004/client.h"
#include "source/stream_reader.h"
#include "source/stream_slot.h"
#include "support/fail_nth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A key server that lies, in place of the network (tests.cmake). */
FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(qw_err, qw_file_replace, QW_ERR_IO, (const char *path, const uint8_t *data, size_t len),
         (path, data, len));

enum { CHUNK = 32, CHUNKS = 4, BLOCK = CHUNK * CHUNKS, PERIOD_S = 60, START_S = 1700000040 };

static struct {
    qw_err connect_err, open_err, get_err;
    enum qw_etsi004_status open_status, get_status;
    bool other_ksid, other_chunk_len, other_index, short_chunk, same_again;
    uint32_t offer_timeout_ms; /* with a refused quality; 0: as asked */
    uint32_t offer_chunk_len;
    unsigned connections, opens, gets, closes;
    bool is_connected;
    uint8_t ksid[STREAM_KSID_LEN]; /* of the last open */
    struct qw_etsi004_qos asked;
    uint32_t index; /* of the last get */
    int64_t now_ms;
} server;

int64_t __wrap_qw_clock_monotonic_ms(void);
int64_t __wrap_qw_clock_monotonic_ms(void)
{
    return server.now_ms;
}

qw_err __wrap_qw_etsi004_client_new(const struct qw_etsi004_client_config *config,
                                    struct qw_etsi004_client **client);
qw_err __wrap_qw_etsi004_client_new(const struct qw_etsi004_client_config *config,
                                    struct qw_etsi004_client **client)
{
    assert_string_equal(config->host, "kme.example");
    assert_int_equal(config->port, 25575);
    assert_int_equal(config->timeout_ms, 6000);
    assert_false(server.is_connected);
    server.connections++;
    if (server.connect_err != QW_OK) {
        return server.connect_err;
    }
    server.is_connected = true;
    *client = (struct qw_etsi004_client *)(void *)&server;
    return QW_OK;
}

void __wrap_qw_etsi004_client_free(struct qw_etsi004_client *client);
void __wrap_qw_etsi004_client_free(struct qw_etsi004_client *client)
{
    if (client != NULL) {
        assert_true(server.is_connected);
        server.is_connected = false;
    }
}

qw_err __wrap_qw_etsi004_client_open(struct qw_etsi004_client *client,
                                     const struct qw_etsi004_open *open,
                                     struct qw_etsi004_open_answer *answer);
qw_err __wrap_qw_etsi004_client_open(struct qw_etsi004_client *client,
                                     const struct qw_etsi004_open *open,
                                     struct qw_etsi004_open_answer *answer)
{
    assert_non_null(client);
    server.opens++;
    memcpy(server.ksid, open->ksid, sizeof server.ksid);
    server.asked = open->qos;
    *answer = (struct qw_etsi004_open_answer){ .status = server.open_status, .qos = open->qos };
    memcpy(answer->ksid, open->ksid, sizeof answer->ksid);
    answer->ksid[15] ^= server.other_ksid ? 1 : 0;
    answer->qos.chunk_len += server.other_chunk_len ? 1 : 0;
    if (server.open_status == QW_ETSI004_QOS_NOT_MET) {
        answer->qos.timeout_ms = server.offer_timeout_ms;
        answer->qos.chunk_len = server.offer_chunk_len;
        if (open->qos.timeout_ms == server.offer_timeout_ms) {
            answer->status = QW_ETSI004_DONE;
        }
    }
    return server.open_err;
}

/* Chunk i of a stream: its bytes are i and the name's last slot byte. */
static void make_chunk(uint32_t index, struct qw_etsi004_get_answer *answer)
{
    memset(answer->chunk, (int)(server.same_again ? 0 : index), sizeof answer->chunk);
    memcpy(answer->chunk, server.ksid, 8);
    answer->chunk_len = CHUNK - (server.short_chunk ? 1 : 0);
    answer->index = index + (server.other_index ? 1 : 0);
}

qw_err __wrap_qw_etsi004_client_get(struct qw_etsi004_client *client,
                                    const struct qw_etsi004_get *get,
                                    struct qw_etsi004_get_answer *answer);
qw_err __wrap_qw_etsi004_client_get(struct qw_etsi004_client *client,
                                    const struct qw_etsi004_get *get,
                                    struct qw_etsi004_get_answer *answer)
{
    assert_non_null(client);
    assert_memory_equal(get->ksid, server.ksid, sizeof server.ksid);
    server.gets++;
    server.index = get->index;
    *answer = (struct qw_etsi004_get_answer){ .status = server.get_status };
    if (server.get_status == QW_ETSI004_DONE) {
        make_chunk(get->index, answer);
    }
    return server.get_err;
}

qw_err __wrap_qw_etsi004_client_close(struct qw_etsi004_client *client,
                                      const uint8_t ksid[static QW_ETSI004_KSID_LEN],
                                      enum qw_etsi004_status *status);
qw_err __wrap_qw_etsi004_client_close(struct qw_etsi004_client *client,
                                      const uint8_t ksid[static QW_ETSI004_KSID_LEN],
                                      enum qw_etsi004_status *status)
{
    assert_non_null(client);
    assert_memory_equal(ksid, server.ksid, sizeof server.ksid);
    server.closes++;
    *status = QW_ETSI004_DONE;
    return QW_OK;
}

/* ---- the centre's side ---- */

struct world {
    char folder[40], mark[64];
    struct stream_settings settings;
    struct link_half half;
    struct stream_reader *reader;
    int64_t now_s;
};

static void open_reader(struct world *w)
{
    const struct link_half_config config = { .name = "vendor",
                                             .mark_path = w->mark,
                                             .buffer_len = 4 * BLOCK / 2 };

    assert_int_equal(link_half_open(&w->half, &config), QW_OK);
    assert_int_equal(stream_reader_new(&w->settings, &w->half, &w->reader), QW_OK);
}

static void close_reader(struct world *w)
{
    stream_reader_free(w->reader);
    w->reader = NULL;
    link_half_close(&w->half);
}

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    memset(&server, 0, sizeof server);
    server.now_ms = 1000000;
    strcpy(w->folder, "/tmp/qwave-stream-reader-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->mark, sizeof w->mark, "%s/mark", w->folder);
    w->settings = (struct stream_settings){ .host = "kme.example",
                                            .port = 25575,
                                            .local = "qkd://site-a",
                                            .remote = "qkd://site-b",
                                            .chunk_bytes = CHUNK,
                                            .block_chunks = CHUNKS,
                                            .period_s = PERIOD_S,
                                            .idle_s = 10,
                                            .wait_ms = 1000,
                                            .timeout_ms = 5000 };
    w->now_s = START_S + 7;
    open_reader(w);
    *state = w;
    return 0;
}

static int remove_world(void **state)
{
    struct world *w = *state;

    fail_nth = 0;
    close_reader(w);
    unlink(w->mark);
    assert_int_equal(rmdir(w->folder), 0);
    assert_false(server.is_connected);
    free(w);
    return 0;
}

static struct stream_step step(struct world *w)
{
    return stream_reader_step(w->reader, w->now_s);
}

static void come(struct world *w)
{
    assert_int_equal(step(w).pause, STREAM_PAUSE_NONE); /* connects */
    assert_int_equal(step(w).pause, STREAM_PAUSE_NONE); /* opens */
    assert_true(server.is_connected);
}

static void read_chunks(struct world *w, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_true(step(w).has_key);
    }
}

static size_t held(struct world *w)
{
    return w->half.source.available_bits(w->half.source.self) / 8;
}

static void assert_fails(struct world *w, enum stream_pause pause, const char *reason)
{
    struct stream_step s = step(w);

    assert_int_equal(s.pause, pause);
    assert_false(s.has_key);
    assert_non_null(s.reason);
    assert_non_null(strstr(s.reason, reason));
    assert_false(server.is_connected);
    assert_int_equal(held(w), 0);
}

/* ---- tests ---- */

static void chunks_become_blocks_and_half_of_each_is_kept(void **state)
{
    struct world *w = *state;
    uint8_t expected[STREAM_KSID_LEN], got[BLOCK / 2];

    come(w);
    assert_int_equal(stream_slot_name("qkd://site-b", "qkd://site-a", START_S, expected), QW_OK);
    assert_memory_equal(server.ksid, expected, sizeof expected);
    assert_int_equal(server.asked.chunk_len, CHUNK);
    assert_int_equal(server.asked.timeout_ms, 1000);
    assert_int_equal(server.asked.ttl_s, 120);
    read_chunks(w, CHUNKS - 1);
    assert_int_equal(held(w), 0);
    read_chunks(w, 1);
    assert_int_equal(held(w), BLOCK / 2);
    assert_int_equal(w->half.source.take(w->half.source.self, got, sizeof got), QW_OK);
    assert_int_equal(got[CHUNK - 1], 0);
    assert_int_equal(got[2 * CHUNK - 1], 1);
    assert_int_equal(server.connections, 1);
}

/* S1 */
static void the_other_end_keeps_the_other_half(void **state)
{
    struct world *w = *state;
    uint8_t got[BLOCK / 2];

    close_reader(w);
    strcpy(w->settings.local, "qkd://site-b");
    strcpy(w->settings.remote, "qkd://site-a");
    open_reader(w);
    come(w);
    read_chunks(w, CHUNKS);
    assert_int_equal(w->half.source.take(w->half.source.self, got, sizeof got), QW_OK);
    assert_int_equal(got[CHUNK - 1], 2);
    assert_int_equal(got[2 * CHUNK - 1], 3);
}

static void a_slot_ends_with_its_stream_and_the_next_begins(void **state)
{
    struct world *w = *state;
    uint8_t first[STREAM_KSID_LEN];

    come(w);
    memcpy(first, server.ksid, sizeof first);
    read_chunks(w, CHUNKS + 1);
    w->now_s = START_S + PERIOD_S;
    assert_int_equal(step(w).pause, STREAM_PAUSE_NONE);
    assert_int_equal(server.closes, 1);
    assert_int_equal(server.opens, 2);
    assert_int_equal(server.connections, 1);
    assert_memory_not_equal(first, server.ksid, sizeof first);
    read_chunks(w, CHUNKS); /* what was begun is gone, and nothing of it in the new block */
    assert_int_equal(server.index, CHUNKS - 1);
    assert_int_equal(held(w), BLOCK);
}

static void a_lost_connection_goes_on_at_the_same_index(void **state)
{
    struct world *w = *state;
    uint8_t got[BLOCK / 2];

    come(w);
    read_chunks(w, 1);
    server.get_err = QW_ERR_CLOSED;
    assert_fails(w, STREAM_PAUSE_FAILED, "as it should");
    server.get_err = QW_OK;
    come(w);
    read_chunks(w, CHUNKS - 1);
    assert_int_equal(server.gets, CHUNKS + 1);
    assert_int_equal(w->half.source.take(w->half.source.self, got, sizeof got), QW_OK);
    assert_int_equal(got[CHUNK - 1], 0);
    assert_int_equal(got[2 * CHUNK - 1], 1);
}

/* S2 */
static void a_slot_that_was_read_before_a_crash_is_left_alone(void **state)
{
    struct world *w = *state;

    come(w);
    read_chunks(w, CHUNKS);
    close_reader(w);
    open_reader(w);
    assert_int_equal(step(w).pause, STREAM_PAUSE_SHORT);
    assert_null(step(w).reason);
    assert_int_equal(server.connections, 1);
    w->now_s = START_S + PERIOD_S;
    come(w);
    read_chunks(w, CHUNKS);
    assert_int_equal(held(w), BLOCK / 2);
}

static void a_clock_that_went_back_opens_nothing(void **state)
{
    struct world *w = *state;

    come(w);
    read_chunks(w, CHUNKS);
    w->now_s = START_S - 5 * PERIOD_S; /* while it runs: the stream goes on */
    read_chunks(w, CHUNKS);
    close_reader(w);
    open_reader(w);
    assert_int_equal(step(w).pause, STREAM_PAUSE_SHORT);
    assert_non_null(strstr(step(w).reason, "clock has gone back"));
    assert_int_equal(server.connections, 1);
}

static void wrong_answers_give_nothing_and_end_the_connection(void **state)
{
    static bool *const lies[] = { &server.other_index, &server.short_chunk };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        come(w);
        *lies[i] = true;
        assert_fails(w, STREAM_PAUSE_FAILED, "not what was asked for");
        *lies[i] = false;
    }
    server.other_ksid = true;
    assert_int_equal(step(w).pause, STREAM_PAUSE_NONE);
    assert_fails(w, STREAM_PAUSE_FAILED, "not what was asked for");
    server.other_ksid = false;
    server.other_chunk_len = true;
    assert_int_equal(step(w).pause, STREAM_PAUSE_NONE);
    assert_fails(w, STREAM_PAUSE_FAILED, "not what was asked for");
    server.other_chunk_len = false;
    come(w);
    read_chunks(w, CHUNKS);
}

/* S3 */
static void a_chunk_that_comes_again_is_refused(void **state)
{
    struct world *w = *state;

    come(w);
    server.same_again = true;
    read_chunks(w, 1);
    assert_fails(w, STREAM_PAUSE_LASTING, "a key that was there before");
    server.same_again = false;
    assert_int_equal(step(w).pause, STREAM_PAUSE_SHORT); /* nothing more of this stream */
    w->now_s += PERIOD_S;
    come(w);
    read_chunks(w, CHUNKS);
    assert_int_equal(held(w), BLOCK / 2);
}

static void a_shortage_is_no_fault_and_an_absent_end_is_missed_after_a_while(void **state)
{
    static const enum qw_etsi004_status none[] = { QW_ETSI004_NO_KEY, QW_ETSI004_TIMEOUT,
                                                   QW_ETSI004_PEER_ABSENT };
    struct world *w = *state;

    come(w);
    read_chunks(w, 1);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        server.get_status = none[i];
        assert_int_equal(step(w).pause, STREAM_PAUSE_SHORT);
        assert_null(step(w).reason);
    }
    server.now_ms += 3000;
    assert_non_null(strstr(step(w).reason, "not there"));
    server.get_status = QW_ETSI004_DONE;
    read_chunks(w, 1);
    assert_int_equal(server.index, 1);
    server.get_status = QW_ETSI004_METADATA_TOO_SMALL;
    assert_fails(w, STREAM_PAUSE_FAILED, "as it should");
}

static void what_the_server_refuses_has_its_class(void **state)
{
    static const struct {
        enum qw_etsi004_status status;
        enum stream_pause pause;
        const char *reason;
    } refusals[] = {
        { QW_ETSI004_NO_CONNECTION, STREAM_PAUSE_LASTING, "status 4" },
        { QW_ETSI004_KSID_IN_USE, STREAM_PAUSE_FAILED, "status 5" },
        { QW_ETSI004_TIMEOUT, STREAM_PAUSE_FAILED, "as it should" },
        { QW_ETSI004_QOS_NOT_MET, STREAM_PAUSE_LASTING, "status 7" },
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        server.open_status = refusals[i].status;
        assert_int_equal(step(w).pause, STREAM_PAUSE_NONE);
        assert_fails(w, refusals[i].pause, refusals[i].reason);
    }
    server.open_status = QW_ETSI004_PEER_ABSENT_AT_OPEN;
    come(w);
    read_chunks(w, 1);
}

static void another_timeout_is_taken_as_the_server_offers_it(void **state)
{
    struct world *w = *state;

    server.open_status = QW_ETSI004_QOS_NOT_MET;
    server.offer_timeout_ms = 200;
    server.offer_chunk_len = CHUNK;
    come(w);
    assert_int_equal(step(w).pause, STREAM_PAUSE_NONE);
    assert_int_equal(server.asked.timeout_ms, 200);
    read_chunks(w, 1);
    assert_int_equal(server.opens, 2);
}

static void a_stream_that_is_over_is_left_until_the_next_slot(void **state)
{
    struct world *w = *state;

    server.open_status = QW_ETSI004_PEER_ABSENT;
    assert_int_equal(step(w).pause, STREAM_PAUSE_NONE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(step(w).pause, STREAM_PAUSE_SHORT);
    }
    assert_int_equal(server.opens, 1);
    server.open_status = QW_ETSI004_DONE;
    w->now_s += PERIOD_S;
    assert_int_equal(step(w).pause, STREAM_PAUSE_NONE);
    read_chunks(w, 1);
}

static void connections_that_fail_have_their_class(void **state)
{
    static const struct {
        qw_err err;
        enum stream_pause pause;
        const char *reason;
    } ways[] = {
        { QW_ERR_AUTH, STREAM_PAUSE_FAILED, "certificate is not that of this server" },
        { QW_ERR_NOT_FOUND, STREAM_PAUSE_FAILED, "no address" },
        { QW_ERR_TIMEOUT, STREAM_PAUSE_FAILED, "in time" },
        { QW_ERR_CLOSED, STREAM_PAUSE_FAILED, "as it should" },
        { QW_ERR_FORMAT, STREAM_PAUSE_LASTING, "cannot be read" },
        { QW_ERR_NOMEM, STREAM_PAUSE_FAILED, "memory" },
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        server.connect_err = ways[i].err;
        assert_fails(w, ways[i].pause, ways[i].reason);
    }
    server.connect_err = QW_OK;
    come(w);
}

static void a_full_stock_reads_a_block_now_and_then_for_the_other_end(void **state)
{
    struct world *w = *state;
    unsigned gets;

    come(w);
    read_chunks(w, 4 * CHUNKS); /* as much as fits */
    read_chunks(w, CHUNKS);     /* the first that does not */
    assert_int_equal(held(w), 2 * BLOCK);
    gets = server.gets;
    server.now_ms += 9999;
    assert_int_equal(step(w).pause, STREAM_PAUSE_SHORT);
    assert_int_equal(server.gets, gets);
    server.now_ms++;
    read_chunks(w, CHUNKS);
    assert_int_equal(held(w), 2 * BLOCK);
    assert_int_equal(step(w).pause, STREAM_PAUSE_SHORT);
    assert_int_equal(server.gets, gets + CHUNKS);
}

static void a_mark_that_cannot_be_written_is_said_and_nothing_is_kept(void **state)
{
    struct world *w = *state;
    struct stream_step s;

    come(w);
    read_chunks(w, CHUNKS - 1);
    fail_nth = 1;
    s = step(w);
    fail_nth = 0;
    assert_int_equal(s.pause, STREAM_PAUSE_FAILED);
    assert_non_null(strstr(s.reason, "no mark can be written"));
    assert_int_equal(held(w), 0);
    read_chunks(w, CHUNKS);
    assert_int_equal(held(w), BLOCK / 2);
}

static void a_failed_allocation_leaves_nothing(void **state)
{
    struct world *w = *state;
    struct stream_reader *reader = NULL;
    qw_err err = QW_ERR_NOMEM;

    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 100);
        fail_nth = n;
        err = stream_reader_new(&w->settings, &w->half, &reader);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && reader == NULL));
    }
    stream_reader_free(reader);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, remove_world)
    const struct CMUnitTest tests[] = {
        TEST(chunks_become_blocks_and_half_of_each_is_kept),
        TEST(the_other_end_keeps_the_other_half),
        TEST(a_slot_ends_with_its_stream_and_the_next_begins),
        TEST(a_lost_connection_goes_on_at_the_same_index),
        TEST(a_slot_that_was_read_before_a_crash_is_left_alone),
        TEST(a_clock_that_went_back_opens_nothing),
        TEST(wrong_answers_give_nothing_and_end_the_connection),
        TEST(a_chunk_that_comes_again_is_refused),
        TEST(a_shortage_is_no_fault_and_an_absent_end_is_missed_after_a_while),
        TEST(what_the_server_refuses_has_its_class),
        TEST(another_timeout_is_taken_as_the_server_offers_it),
        TEST(a_stream_that_is_over_is_left_until_the_next_slot),
        TEST(connections_that_fail_have_their_class),
        TEST(a_full_stock_reads_a_block_now_and_then_for_the_other_end),
        TEST(a_mark_that_cannot_be_written_is_said_and_nothing_is_kept),
        TEST(a_failed_allocation_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
