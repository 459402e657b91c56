/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/sink_hls.h"

#include "support/fail_nth.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(qw_err, qw_file_replace, QW_ERR_IO, (const char *path, const uint8_t *data, size_t len),
         (path, data, len));

#define ID_A "aa010000-0000-0000-0000-000000000000"
#define ID_B "bb020000-0000-0000-0000-000000000000"
static char root[64], folder[128], key_info[128], playlist[128], text[9000];
static const struct qw_link_key key_a = { { 0xaa, 1 }, { 1, 2, 3 } },
                                key_b = { { 0xbb, 2 }, { 0xff, 0xfe } };

static int start(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "/tmp/qwave-hls-XXXXXX");
    assert_non_null(mkdtemp(root));
    (void)snprintf(folder, sizeof folder, "%s/keys", root);
    (void)snprintf(key_info, sizeof key_info, "%s/info", root);
    (void)snprintf(playlist, sizeof playlist, "%s/list.m3u8", root);
    return mkdir(folder, 0700);
}

static int stop(void **state)
{
    char command[128];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", root);
    return system(command); /* NOLINT: a name of ours */
}

static const char *content(const char *path, size_t *len)
{
    FILE *in = fopen(path, "r");

    assert_non_null(in);
    *len = fread(text, 1, sizeof text - 1, in);
    text[*len] = '\0';
    (void)fclose(in);
    return text;
}

static void write_playlist(const char *words)
{
    FILE *out = fopen(playlist, "w");

    assert_non_null(out);
    assert_true(fputs(words, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static bool has(const char *id)
{
    char path[256];
    struct stat info;

    (void)snprintf(path, sizeof path, "%s/%s.key", folder, id);
    if (stat(path, &info) != 0) {
        return false;
    }
    assert_int_equal(info.st_size, QW_HLS_KEY_LEN);
    assert_int_equal(info.st_mode & 0777, 0600);
    return true;
}

/* A file's time has steps of milliseconds: what was made in one of them counts as one. */
static void make_older(const char *id)
{
    const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s.key", folder, id);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void expect_info(const char *id)
{
    char expected[400];
    size_t len;

    (void)snprintf(expected, sizeof expected, "https://k/%s.key\n%s/%s.key\n", id, folder, id);
    assert_string_equal(content(key_info, &len), expected);
}

static struct qw_key_sink open_sink(void)
{
    const struct qw_sink_hls_config config = { folder, key_info, "https://k/", playlist };
    struct qw_key_sink sink;

    assert_int_equal(qw_sink_hls(&config, &sink), QW_OK);
    return sink;
}

static void a_key_is_in_the_folder_before_a_segment_needs_it(void **state)
{
    struct qw_key_sink sink = open_sink();

    (void)state;
    write_playlist("#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"https://k/" ID_A ".key\"\n");
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    expect_info(ID_A);
    make_older(ID_A);
    assert_int_equal(sink.prepare(sink.self, &key_a, &key_b), QW_OK);
    assert_true(has(ID_A) && has(ID_B));
    expect_info(ID_A);
    assert_int_equal(sink.promote(sink.self, &key_b, &key_a), QW_OK);
    expect_info(ID_B);
    assert_int_equal(sink.settle(sink.self, &key_b), QW_OK);
    assert_true(has(ID_A)); /* a segment still needs it */
    write_playlist("#EXTM3U\n");
    assert_int_equal(sink.settle(sink.self, &key_b), QW_OK);
    assert_true(has(ID_A)); /* ... or will when it is whole */
    write_playlist("#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"https://k/" ID_B ".key\"\n");
    assert_int_equal(sink.settle(sink.self, &key_b), QW_OK);
    assert_true(!has(ID_A) && has(ID_B));
    sink.close(sink.self);
}

static void an_end_that_makes_no_stream_has_the_same_key_files(void **state)
{
    struct qw_sink_hls_config config = { folder, "", "", "" };
    struct qw_key_sink sink = open_sink();
    char path[256], first[QW_HLS_KEY_LEN];
    size_t len;

    (void)state;
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    sink.close(sink.self);
    (void)snprintf(path, sizeof path, "%s/" ID_A ".key", folder);
    memcpy(first, content(path, &len), sizeof first);
    assert_memory_not_equal(first, key_a.bytes, sizeof first); /* derived, not a half of it */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(key_info), 0);
    assert_int_equal(qw_sink_hls(&config, &sink), QW_OK);
    assert_int_equal(sink.block(sink.self), QW_OK);
    assert_int_equal(sink.prepare(sink.self, NULL, &key_a), QW_OK);
    assert_int_equal(sink.promote(sink.self, &key_a, NULL), QW_OK);
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_memory_equal(first, content(path, &len), sizeof first);
    assert_int_not_equal(access(key_info, F_OK), 0);
    sink.close(sink.self);
}

/* The known answer: HKDF-SHA-256 with salt "qwave hls" of 32 octets 00 01 .. 1f and an id of 16
 * octets a0 .. af, by Python's hmac. */
static void a_key_file_is_what_the_page_says(void **state)
{
    static const uint8_t expected[QW_HLS_KEY_LEN] = { 0x8d, 0x68, 0x43, 0x33, 0xe8, 0x49,
                                                      0x11, 0xae, 0x19, 0xee, 0x43, 0xf0,
                                                      0x68, 0xf1, 0xd9, 0x17 };
    struct qw_key_sink sink = open_sink();
    struct qw_link_key key;
    char path[256];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof key.bytes; i++) {
        key.bytes[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof key.id; i++) {
        key.id[i] = (uint8_t)(0xa0 + i);
    }
    assert_int_equal(sink.settle(sink.self, &key), QW_OK);
    (void)snprintf(path, sizeof path, "%s/a0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf.key", folder);
    assert_memory_equal(content(path, &len), expected, sizeof expected);
    sink.close(sink.self);
}

static void a_blocked_stream_goes_on_under_a_key_that_nobody_has(void **state)
{
    struct qw_key_sink sink = open_sink();
    char expected[300], path[256], first[QW_HLS_KEY_LEN];
    size_t len;

    (void)state;
    write_playlist("#EXTM3U\n");
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(sink.block(sink.self), QW_OK);
    assert_true(has(ID_A)); /* what was made before can be played */
    (void)snprintf(path, sizeof path, "%s.blocked", key_info);
    (void)snprintf(expected, sizeof expected, "https://k/blocked\n%s\n", path);
    assert_string_equal(content(key_info, &len), expected);
    memcpy(first, content(path, &len), sizeof first);
    assert_int_equal(len, QW_HLS_KEY_LEN);
    assert_int_equal(sink.block(sink.self), QW_OK);
    assert_memory_not_equal(first, content(path, &len), sizeof first);
    assert_int_equal(sink.prepare(sink.self, NULL, &key_b), QW_OK);
    assert_true(has(ID_B)); /* accepted, not yet used */
    assert_string_equal(content(key_info, &len), expected);
    sink.close(sink.self);
}

static void only_its_own_files_go_and_none_without_a_playlist(void **state)
{
    struct qw_key_sink sink = open_sink();
    char path[256];
    FILE *out;

    (void)state;
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    make_older(ID_A);
    assert_int_equal(sink.settle(sink.self, &key_b), QW_OK);
    assert_true(has(ID_A)); /* the playlist is not there yet */
    (void)snprintf(path, sizeof path, "%s/a-longer-name-that-is-nobodys-uuid-at-al.key", folder);
    out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fclose(out), 0);
    write_playlist(ID_B ".key");
    assert_int_equal(sink.block(sink.self), QW_OK);
    assert_true(!has(ID_A) && has(ID_B));
    assert_int_equal(access(path, F_OK), 0);
    sink.close(sink.self);
}

/* The n-th write fails, n = 1, 2 ...: the stream goes on with a key whose file is there, and the
 * verb can be said again. */
static void a_full_disk_leaves_a_stream_that_can_be_played(void **state)
{
    struct qw_key_sink sink = open_sink();
    int nth = 0;
    qw_err err;

    (void)state;
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    do {
        fail_nth = ++nth;
        err = sink.prepare(sink.self, &key_a, &key_b);
        if (err == QW_OK) {
            err = sink.promote(sink.self, &key_b, &key_a);
        }
        fail_nth = 0;
        assert_true(has(ID_A));
        if (err != QW_OK) {
            expect_info(ID_A);
        }
    } while (err != QW_OK);
    assert_true(nth > 2); /* a key file and the key info */
    expect_info(ID_B);
    sink.close(sink.self);
}

static void settings_without_sense_are_refused(void **state)
{
    static char large[QW_HLS_PATH_CAP + 1];
    struct qw_sink_hls_config config = { "", key_info, "", "" };
    struct qw_key_sink sink = { .self = NULL };

    (void)state;
    memset(large, 'x', sizeof large - 1);
    assert_int_equal(qw_sink_hls(&config, &sink), QW_ERR_ARG);
    config.folder = large;
    assert_int_equal(qw_sink_hls(&config, &sink), QW_ERR_ARG);
    config.folder = folder;
    config.key_uri = "two\nlines";
    assert_int_equal(qw_sink_hls(&config, &sink), QW_ERR_ARG);
    config.key_uri = large;
    assert_int_equal(qw_sink_hls(&config, &sink), QW_ERR_ARG);
    config.key_uri = "";
    config.playlist = large;
    assert_int_equal(qw_sink_hls(&config, &sink), QW_ERR_ARG);
    config.playlist = "";
    fail_nth = 1;
    assert_int_equal(qw_sink_hls(&config, &sink), QW_ERR_NOMEM);
    fail_nth = 0;
    assert_null(sink.self);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    const struct qw_sink_hls_config config = { "/nowhere/at/all", "", "", "" };
    struct qw_key_sink sink;

    (void)state;
    assert_int_equal(qw_sink_hls(&config, &sink), QW_OK);
    assert_int_not_equal(sink.settle(sink.self, &key_a), QW_OK);
    sink.close(sink.self);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)
    static const struct CMUnitTest tests[] = {
        CASE(a_key_is_in_the_folder_before_a_segment_needs_it),
        CASE(an_end_that_makes_no_stream_has_the_same_key_files),
        CASE(a_key_file_is_what_the_page_says),
        CASE(a_blocked_stream_goes_on_under_a_key_that_nobody_has),
        CASE(only_its_own_files_go_and_none_without_a_playlist),
        CASE(a_full_disk_leaves_a_stream_that_can_be_played),
        CASE(settings_without_sense_are_refused),
        CASE(a_folder_that_is_not_there_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
