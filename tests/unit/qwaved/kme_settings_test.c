/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q5 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/kme_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char least[] =
    "url: https://kme.example/north\ncertificate: c\nkey: k\nca: a\nslave: site-b\n";

static qw_err read_text(const char *text, const char *more, struct kme_settings *settings,
                        char error[static QW_CONFIG_ERROR_CAP])
{
    char path[] = "/tmp/qwave-kme-settings-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    qw_err err;

    fprintf(file, "%s%s", text, more);
    fclose(file);
    err = kme_settings_read(path, settings, error);
    unlink(path);
    return err;
}

static void fills_in_the_documented_defaults(void **state)
{
    struct kme_settings s;
    char error[QW_CONFIG_ERROR_CAP] = "";

    (void)state;
    assert_int_equal(read_text(least, "", &s, error), QW_OK);
    assert_string_equal(s.url, "https://kme.example/north");
    assert_string_equal(s.slave, "site-b");
    assert_int_equal(s.key_bits, 256);
    assert_int_equal(s.keys_per_request, 128);
    assert_int_equal(s.timeout_ms, 5000);
    assert_int_equal(s.tls, 0);
    assert_int_equal(read_text(least, "tls: 1.2\nkey_bits: 4096\n", &s, error), QW_OK);
    assert_int_equal(s.tls, 1);
}

static void refuses_what_is_out_of_range_and_says_what(void **state)
{
    static const struct {
        const char *more, *names;
    } bad[] = {
        { "key_bits: 56\n", "key_bits" },       { "key_bits: 4104\n", "key_bits" },
        { "key_bits: 257\n", "multiple of 8" }, { "keys_per_request: 129\n", "keys_per_request" },
        { "timeout_ms: 99\n", "timeout_ms" },   { "tls: 1.1\n", "tls" },
        { "insecure: true\n", "insecure" },
    };
    struct kme_settings s = { .url = "keep" };
    char error[QW_CONFIG_ERROR_CAP] = "";

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_text(least, bad[i].more, &s, error), QW_ERR_FORMAT);
        assert_non_null(strstr(error, bad[i].names));
    }
    assert_int_equal(
        read_text("url: http://kme\ncertificate: c\nkey: k\nca: a\nslave: s\n", "", &s, error),
        QW_ERR_FORMAT);
    assert_non_null(strstr(error, "https://"));
    assert_int_equal(read_text("url: https://kme\n", "", &s, error), QW_ERR_FORMAT);
    assert_string_equal(s.url, "keep");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_in_the_documented_defaults),
        cmocka_unit_test(refuses_what_is_out_of_range_and_says_what),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
