/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q5 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/stream_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char least[] = "host: kme.example\ncertificate: c\nkey: k\nca: a\n"
                            "local: qkd://site-a\nremote: qkd://site-b\n";

static qw_err read_text(const char *text, const char *more, struct stream_settings *settings,
                        char error[static QW_CONFIG_ERROR_CAP])
{
    char path[] = "/tmp/qwave-stream-settings-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    qw_err err;

    fprintf(file, "%s%s", text, more);
    fclose(file);
    err = stream_settings_read(path, settings, error);
    unlink(path);
    return err;
}

static void fills_in_the_documented_defaults(void **state)
{
    struct stream_settings s;
    char error[QW_CONFIG_ERROR_CAP] = "";

    (void)state;
    assert_int_equal(read_text(least, "", &s, error), QW_OK);
    assert_string_equal(s.host, "kme.example");
    assert_int_equal(s.port, 25575);
    assert_string_equal(s.local, "qkd://site-a");
    assert_string_equal(s.remote, "qkd://site-b");
    assert_int_equal(s.chunk_bytes, 512);
    assert_int_equal(s.block_chunks, 16);
    assert_int_equal(s.period_s, 60);
    assert_int_equal(s.idle_s, 10);
    assert_int_equal(s.wait_ms, 1000);
    assert_int_equal(s.timeout_ms, 5000);
    assert_int_equal(s.tls, 0);
    assert_int_equal(read_text(least, "tls: 1.2\nchunk_bytes: 32\n", &s, error), QW_OK);
    assert_int_equal(s.tls, 1);
}

static void refuses_what_is_out_of_range_and_says_what(void **state)
{
    static const struct {
        const char *more, *names;
    } bad[] = {
        { "chunk_bytes: 31\n", "chunk_bytes" },
        { "chunk_bytes: 513\n", "chunk_bytes" },
        { "block_chunks: 0\n", "block_chunks" },
        { "block_chunks: 65\n", "block_chunks" },
        { "period_s: 1\n", "period_s" },
        { "idle_s: 0\n", "idle_s" },
        { "wait_ms: 99\n", "wait_ms" },
        { "timeout_ms: 99\n", "timeout_ms" },
        { "port: 0\n", "port" },
        { "tls: 1.1\n", "tls" },
        { "insecure: true\n", "insecure" },
    };
    struct stream_settings s = { .host = "keep" };
    char error[QW_CONFIG_ERROR_CAP] = "";

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_text(least, bad[i].more, &s, error), QW_ERR_FORMAT);
        assert_non_null(strstr(error, bad[i].names));
    }
    assert_int_equal(read_text("host: h\ncertificate: c\nkey: k\nca: a\nlocal: same\n",
                               "remote: same\n", &s, error),
                     QW_ERR_FORMAT);
    assert_non_null(strstr(error, "not the same"));
    assert_int_equal(
        read_text("host: h\ncertificate: c\nkey: k\nca: a\nlocal: a b\n", "remote: c\n", &s, error),
        QW_ERR_FORMAT);
    assert_int_equal(read_text("host: h\n", "", &s, error), QW_ERR_FORMAT);
    assert_string_equal(s.host, "keep");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_in_the_documented_defaults),
        cmocka_unit_test(refuses_what_is_out_of_range_and_says_what),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
