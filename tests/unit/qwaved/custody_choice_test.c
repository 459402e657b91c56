/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W14 C3 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "custody_choice.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char secret_file[] = "/tmp/qwaved-custody-XXXXXX";

static qw_err open_choice(const struct settings *settings, const char *name, const char *sentence)
{
    const struct custody_surroundings around = { .settings_path = "qwaved.yaml",
                                                 .binary = "/proc/self/exe" };
    struct qw_custody custody = { .name = "untouched" };
    char error[QW_CONFIG_ERROR_CAP] = "";
    qw_err err = custody_choice_open(settings, &around, &custody, error);

    assert_string_equal(custody.name, err == QW_OK ? name : "untouched");
    if (strstr(error, sentence) == NULL) {
        fail_msg("'%s' does not say '%s'", error, sentence);
    }
    if (err == QW_OK) {
        qw_custody_close(&custody);
    }
    return err;
}

static struct settings tpm2_settings(const char *registers)
{
    struct settings settings = { .custody = CUSTODY_TPM2, .tpm2_tcti = "device:/dev/tpmrm0" };

    snprintf(settings.tpm2_registers, sizeof settings.tpm2_registers, "%s", registers);
    return settings;
}

static void registers_are_numbers_with_commas(void **state)
{
    static const char *const good[] = { "", "0", "0,7", "15,1", "7,7", "0,1,2,3,4,5,6,7" };
    static const char *const bad[] = { ",",
                                       "7,",
                                       ",7",
                                       "16",
                                       "-1",
                                       "+1",
                                       " 7",
                                       "7 ,8",
                                       "0x7",
                                       "a",
                                       "7;8",
                                       "7,,8",
                                       "0,1,2,3,4,5,6,7,8",
                                       "99999999999999999999" };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct settings settings = tpm2_settings(good[i]);

        assert_int_equal(open_choice(&settings, "tpm2", ""), QW_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct settings settings = tpm2_settings(bad[i]);

        assert_int_equal(open_choice(&settings, "tpm2", "at most 8 numbers from 0 to 15"),
                         QW_ERR_ARG);
    }
}

static void a_passphrase_file_is_opened_or_says_why(void **state)
{
    struct settings settings = { .custody = CUSTODY_PASSPHRASE_FILE };

    (void)state;
    snprintf(settings.passphrase_file, sizeof settings.passphrase_file, "%s", secret_file);
    assert_int_equal(chmod(secret_file, 0600), 0);
    assert_int_equal(open_choice(&settings, "passphrase-file", ""), QW_OK);
    assert_int_equal(chmod(secret_file, 0640), 0);
    assert_int_equal(open_choice(&settings, "", "chmod 600"), QW_ERR_REFUSED);
    settings.passphrase_file[0] = '\0';
    assert_int_equal(open_choice(&settings, "", "passphrase file"), QW_ERR_NOT_FOUND);
}

static void a_pin_file_is_opened_or_says_why(void **state)
{
    struct settings settings = { .custody = CUSTODY_PKCS11,
                                 .pkcs11_module = "module.so",
                                 .pkcs11_token = "token",
                                 .pkcs11_key = "qwave" };

    (void)state;
    snprintf(settings.pkcs11_pin_file, sizeof settings.pkcs11_pin_file, "%s", secret_file);
    assert_int_equal(chmod(secret_file, 0600), 0);
    assert_int_equal(open_choice(&settings, "pkcs11", ""), QW_OK);
    assert_int_equal(chmod(secret_file, 0604), 0);
    assert_int_equal(open_choice(&settings, "", "chmod 600"), QW_ERR_REFUSED);
    assert_int_equal(chmod(secret_file, 0600), 0);
    assert_int_equal(truncate(secret_file, 3), 0);
    assert_int_equal(open_choice(&settings, "", "no PIN of 4 to 255 bytes"), QW_ERR_FORMAT);
}

static int make_file(void **state)
{
    static const char text[] = "correct horse battery\n";
    int fd = mkstemp(secret_file);

    (void)state;
    if (fd < 0 || write(fd, text, sizeof text - 1) != (ssize_t)sizeof text - 1) {
        return -1;
    }
    return close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(secret_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_are_numbers_with_commas),
        cmocka_unit_test(a_passphrase_file_is_opened_or_says_why),
        cmocka_unit_test(a_pin_file_is_opened_or_says_why),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
