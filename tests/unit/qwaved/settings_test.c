/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char least[] = "centre_id: c-1\ndatabase: d\npassphrase_file: p\ncertificate: c\n"
                            "key: k\nclient_ca: ca\n";

static qw_err read_text(const char *more, struct settings *settings,
                        char error[static QW_CONFIG_ERROR_CAP])
{
    char path[] = "/tmp/qwaved-settings-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    qw_err err;

    fprintf(file, "%s%s", least, more);
    fclose(file);
    err = settings_read(path, settings, error);
    unlink(path);
    return err;
}

static void fills_in_the_documented_defaults(void **state)
{
    struct settings s;
    char error[QW_CONFIG_ERROR_CAP] = "";

    (void)state;
    assert_int_equal(read_text("", &s, error), QW_OK);
    assert_string_equal(s.listen_address, "127.0.0.1");
    assert_int_equal(s.listen_port, 8443);
    assert_int_equal(s.etsi004, 0);
    assert_int_equal(s.etsi004_port, 25575);
    assert_int_equal(s.skip_psk, 0);
    assert_int_equal(s.skip_psk_port, 8444);
    assert_int_equal(s.source, SOURCE_BEST);
    assert_int_equal(s.block_keys, 128);
    assert_int_equal(s.stock_keys, 4096);
    assert_int_equal(s.window_ms, 30000);
    assert_int_equal(s.pool_bytes, 2048);
    assert_int_equal(s.journal_signature, 0);
    assert_int_equal(s.journal_sign_records, 1000);
    assert_int_equal(s.journal_sign_s, 10);
    assert_string_equal(s.syslog, "");
    assert_int_equal(s.request_timeout_ms, 10000);
}

static void refuses_values_out_of_range_and_says_where(void **state)
{
    static const char *const bad[] = {
        "listen_port: 65536\n",   "block_keys: 15\n",         "source: lottery\n",
        "threads: 0\n",           "connections_max: 10\n",    "window_ms: -1\n",
        "surprise: 1\n",          "centre_id: again\n",       "skip_psk: yes\n",
        "skip_psk_port: 65536\n", "journal_signature: rsa\n", "journal_sign_s: 0\n",
    };
    struct settings s = { .centre_id = "keep" };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char error[QW_CONFIG_ERROR_CAP] = "";

        assert_int_equal(read_text(bad[i], &s, error), QW_ERR_FORMAT);
        assert_non_null(strstr(error, ":7: "));
        assert_string_equal(s.centre_id, "keep");
    }
}

static void a_passphrase_file_goes_with_its_custody_alone(void **state)
{
    struct settings s;
    char error[QW_CONFIG_ERROR_CAP] = "";

    (void)state;
    assert_int_equal(read_text("", &s, error), QW_OK);
    assert_int_equal(s.custody, CUSTODY_PASSPHRASE_FILE);
    assert_string_equal(s.tpm2_tcti, "device:/dev/tpmrm0");
    assert_string_equal(s.tpm2_registers, "0,7");
    assert_string_equal(settings_measured_registers[s.tpm2_measured_register], "23");
    assert_int_equal(read_text("custody: tpm2\n", &s, error), QW_ERR_FORMAT);
    assert_non_null(strstr(error, "passphrase_file goes with custody: passphrase-file"));
    assert_int_equal(read_text("pkcs11_token: t\n", &s, error), QW_ERR_FORMAT);
    assert_int_equal(read_text("pkcs11_key: 'a label of thirty-three characters'\n", &s, error),
                     QW_ERR_FORMAT);
    assert_int_equal(read_text("tpm2_measured_register: 17\n", &s, error), QW_ERR_FORMAT);
}

static void wants_a_path_for_a_device_and_only_for_one(void **state)
{
    struct settings s;
    char error[QW_CONFIG_ERROR_CAP] = "";

    (void)state;
    assert_int_equal(read_text("source: device\n", &s, error), QW_ERR_FORMAT);
    assert_non_null(strstr(error, "source_path"));
    assert_int_equal(read_text("source_path: /dev/qrng0\n", &s, error), QW_ERR_FORMAT);
    assert_int_equal(
        read_text("source: device\nsource_path: /dev/x\nsource_kind: hwrng\n", &s, error), QW_OK);
    assert_string_equal(settings_source_kinds[s.source_kind], "hwrng");
}

static void wants_a_file_for_how_far_a_collector_has_come(void **state)
{
    struct settings s;
    char error[QW_CONFIG_ERROR_CAP] = "";

    (void)state;
    assert_int_equal(read_text("syslog: /dev/log\n", &s, error), QW_ERR_FORMAT);
    assert_non_null(strstr(error, "syslog_cursor"));
    assert_int_equal(read_text("syslog_cursor: /var/x\n", &s, error), QW_ERR_FORMAT);
    assert_int_equal(
        read_text("syslog: /dev/log\nsyslog_cursor: /var/x\njournal_signature: sm2\n", &s, error),
        QW_OK);
    assert_string_equal(s.syslog, "/dev/log");
    assert_int_equal(s.journal_signature, 1);
}

static void wants_a_socket_and_a_name_for_a_link_and_only_for_one(void **state)
{
    struct settings s;
    char error[QW_CONFIG_ERROR_CAP] = "";

    (void)state;
    assert_int_equal(read_text("source: qkd\nsource_name: north\n", &s, error), QW_ERR_FORMAT);
    assert_non_null(strstr(error, "source_path"));
    assert_int_equal(read_text("source: qkd\nsource_path: /run/link\n", &s, error), QW_ERR_FORMAT);
    assert_non_null(strstr(error, "source_name"));
    assert_int_equal(read_text("source_name: north\n", &s, error), QW_ERR_FORMAT);
    assert_int_equal(
        read_text("source: qkd\nsource_path: /run/link\nsource_name: north\n", &s, error), QW_OK);
    assert_int_equal(s.source, SOURCE_QKD);
    assert_string_equal(s.source_name, "north");
    assert_int_equal(s.source_light, 0); /* simulated, until somebody says otherwise */
    assert_int_equal(read_text("source: qkd\nsource_path: /run/link\nsource_name: north\n"
                               "source_light: real\n",
                               &s, error),
                     QW_OK);
    assert_int_equal(s.source_light, 1);
    assert_int_equal(read_text("source: qkd\nsource_path: /run/link\nsource_name: north\n"
                               "source_partner: kme-b\n",
                               &s, error),
                     QW_ERR_FORMAT);
    assert_non_null(strstr(error, "source_partner"));
    assert_int_equal(read_text("source: qkd\nsource_path: /run/link\nsource_name: north\n"
                               "source_partner: kme-b\netsi020: draft\npartners: p\n",
                               &s, error),
                     QW_OK);
    assert_string_equal(s.source_partner, "kme-b");
    assert_int_equal(
        read_text("source: kme\nsource_path: kme.yaml\nsource_name: vendor\n", &s, error), QW_OK);
    assert_int_equal(s.source, SOURCE_KME);
    assert_int_equal(read_text("source: kme\nsource_path: kme.yaml\n", &s, error), QW_ERR_FORMAT);
    assert_int_equal(read_text("source: kme\nsource_path: kme.yaml\nsource_name: vendor\n"
                               "source_partner: kme-b\netsi020: draft\npartners: p\n",
                               &s, error),
                     QW_ERR_FORMAT);
    assert_int_equal(read_text("source: kme004\nsource_path: kme.yaml\nsource_name: vendor\n"
                               "source_partner: kme-b\netsi020: draft\npartners: p\n",
                               &s, error),
                     QW_OK);
    assert_int_equal(s.source, SOURCE_KME004);
    assert_int_equal(read_text("source: kme004\nsource_path: kme.yaml\nsource_name: vendor\n"
                               "source_partner: kme-b\netsi020: draft\npartners: p\n"
                               "more_sources: more.yaml\n",
                               &s, error),
                     QW_ERR_FORMAT);
    assert_non_null(strstr(error, "more_sources"));
    assert_int_equal(read_text("more_sources: more.yaml\n", &s, error), QW_OK);
    assert_string_equal(s.more_sources, "more.yaml");
    assert_int_equal(read_text("source: kme004\nsource_name: vendor\n", &s, error), QW_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_in_the_documented_defaults),
        cmocka_unit_test(refuses_values_out_of_range_and_says_where),
        cmocka_unit_test(a_passphrase_file_goes_with_its_custody_alone),
        cmocka_unit_test(wants_a_path_for_a_device_and_only_for_one),
        cmocka_unit_test(wants_a_file_for_how_far_a_collector_has_come),
        cmocka_unit_test(wants_a_socket_and_a_name_for_a_link_and_only_for_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
