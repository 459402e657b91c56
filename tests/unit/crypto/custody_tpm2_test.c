/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W14 C3 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/custody/custody.h"
#include "crypto/custody/tpm2_device.h"
#include "crypto/custody/tpm2_form.h"
#include "crypto/hash.h"

#include "support/fail_nth.h"
#include "support/swtpm_server.h"

#include <tss2/tss2_esys.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(qw_err, qw_random_bytes, QW_ERR_IO, (void *out, size_t len), (out, len));
FAIL_NTH(qw_err, qw_hash_of, QW_ERR_NOMEM,
         (enum qw_hash hash, const struct qw_bytes *parts, size_t count, uint8_t *out),
         (hash, parts, count, out));
FAIL_NTH(TSS2_RC, Esys_TR_GetName, TSS2_ESYS_RC_MEMORY,
         (ESYS_CONTEXT * esys, ESYS_TR handle, TPM2B_NAME **name), (esys, handle, name));
FAIL_NTH(TSS2_RC, Esys_TRSess_SetAttributes, TSS2_ESYS_RC_MEMORY,
         (ESYS_CONTEXT * esys, ESYS_TR session, TPMA_SESSION flags, TPMA_SESSION mask),
         (esys, session, flags, mask));
FAIL_NTH(TSS2_RC, Esys_PCR_Extend, TSS2_ESYS_RC_MEMORY,
         (ESYS_CONTEXT * esys, ESYS_TR handle, ESYS_TR s1, ESYS_TR s2, ESYS_TR s3,
          const TPML_DIGEST_VALUES *values),
         (esys, handle, s1, s2, s3, values));
FAIL_NTH(TSS2_RC, Esys_PolicyOR, TSS2_ESYS_RC_MEMORY,
         (ESYS_CONTEXT * esys, ESYS_TR session, ESYS_TR s1, ESYS_TR s2, ESYS_TR s3,
          const TPML_DIGEST *list),
         (esys, session, s1, s2, s3, list));
FAIL_NTH(TSS2_RC, Esys_Unseal, TSS2_ESYS_RC_MEMORY,
         (ESYS_CONTEXT * esys, ESYS_TR item, ESYS_TR s1, ESYS_TR s2, ESYS_TR s3,
          TPM2B_SENSITIVE_DATA **data),
         (esys, item, s1, s2, s3, data));

static struct swtpm_server tpm;
static char binary[64], settings[64];
static const uint8_t kek[QW_KEK_LEN] = "thirty-two bytes of key material";
static const uint8_t recovery[QW_CUSTODY_RECOVERY_LEN] = "a secret that lies in some safe";

struct wrapped {
    uint8_t bytes[QW_WRAPPED_KEK_CAP];
    size_t len;
};

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static struct qw_custody open_custody(const uint8_t *secret)
{
    const struct qw_custody_tpm2_config config = { .tcti = tpm.tcti,
                                                   .platform_registers = 1u << 0 | 1u << 7,
                                                   .measured_register = 23,
                                                   .binary = binary,
                                                   .configuration = settings,
                                                   .recovery = secret };
    struct qw_custody custody;

    assert_int_equal(qw_custody_tpm2(&config, &custody), QW_OK);
    return custody;
}

static struct wrapped wrap(void)
{
    struct qw_custody custody = open_custody(recovery);
    struct wrapped w = { .len = 0 };

    assert_int_equal(custody.wrap(custody.self, kek, w.bytes, sizeof w.bytes, &w.len), QW_OK);
    assert_string_equal(qw_custody_why(&custody), "");
    qw_custody_close(&custody);
    return w;
}

/* Unwraps with a custody of its own; a part of the sentence that is expected, or NULL. */
static void unwraps_to(const struct wrapped *w, const uint8_t *secret, qw_err expected,
                       const char *sentence)
{
    struct qw_custody custody = open_custody(secret);
    uint8_t back[QW_KEK_LEN] = { 0 }, untouched[QW_KEK_LEN] = { 0 };
    qw_err err = custody.unwrap(custody.self, w->bytes, w->len, back);

    if (err != expected ||
        (sentence != NULL && strstr(qw_custody_why(&custody), sentence) == NULL)) {
        fail_msg("%s: %s", qw_err_text(err), qw_custody_why(&custody));
    }
    assert_memory_equal(back, expected == QW_OK ? kek : untouched, sizeof back);
    qw_custody_close(&custody);
}

/* The work of another process: extends a register, or resets and extends the measured one. */
static void disturb(unsigned number)
{
    static const uint8_t digest[QW_TPM2_DIGEST_LEN] = "something that was measured now";
    struct qw_tpm2 *device = NULL;

    assert_int_equal(qw_tpm2_open(tpm.tcti, &device), QW_TPM2_FINE);
    assert_int_equal(qw_tpm2_extend(device, number, digest), QW_TPM2_FINE);
    qw_tpm2_close(device);
}

static void restart(void)
{
    swtpm_server_stop(&tpm);
    swtpm_server_start(&tpm);
}

static void what_is_wrapped_unwraps_also_after_the_machine_was_off(void **state)
{
    struct wrapped w = wrap();

    (void)state;
    assert_null(memmem(w.bytes, w.len, kek, 8));
    assert_null(memmem(w.bytes, w.len, recovery, 8));
    unwraps_to(&w, NULL, QW_OK, NULL);
    unwraps_to(&w, NULL, QW_OK, NULL);
    restart();
    unwraps_to(&w, NULL, QW_OK, NULL);
}

static void a_changed_configuration_is_refused_and_named(void **state)
{
    struct wrapped w = wrap();

    (void)state;
    write_file(settings, "listen_port: 8444\n");
    unwraps_to(&w, NULL, QW_ERR_REFUSED,
               "the TPM refuses; changed since the key was sealed: the configuration file");
    write_file(settings, "listen_port: 8443\n");
    unwraps_to(&w, NULL, QW_OK, NULL);
}

static void a_changed_program_is_refused_and_named(void **state)
{
    struct wrapped w = wrap();

    (void)state;
    write_file(binary, "another program");
    unwraps_to(&w, NULL, QW_ERR_REFUSED, "sealed: the program qwaved");
    write_file(settings, "listen_port: 8444\n");
    unwraps_to(&w, NULL, QW_ERR_REFUSED, "the configuration file, the program qwaved");
    write_file(settings, "listen_port: 8443\n");
    write_file(binary, "a program");
    unwraps_to(&w, NULL, QW_OK, NULL);
}

static void an_extended_platform_register_is_refused_and_named(void **state)
{
    struct wrapped w = wrap();

    (void)state;
    disturb(7);
    unwraps_to(&w, NULL, QW_ERR_REFUSED, "sealed: register 7");
    restart();
    unwraps_to(&w, NULL, QW_OK, NULL);
    disturb(1);  /* none of ours */
    disturb(23); /* reset at the next start */
    unwraps_to(&w, NULL, QW_OK, NULL);
}

static void the_recovery_secret_opens_whatever_has_changed(void **state)
{
    struct wrapped w = wrap();
    uint8_t wrong[QW_CUSTODY_RECOVERY_LEN];

    (void)state;
    memcpy(wrong, recovery, sizeof wrong);
    wrong[31] ^= 1;
    write_file(settings, "listen_port: 8444\n");
    disturb(0);
    unwraps_to(&w, recovery, QW_OK, NULL);
    for (int i = 0; i < 40; i++) { /* wrong ones lock nobody out */
        unwraps_to(&w, wrong, QW_ERR_REFUSED, "not the recovery secret");
    }
    unwraps_to(&w, recovery, QW_OK, NULL);
    write_file(settings, "listen_port: 8443\n");
    restart();
}

/* Another KEK under the same sealed object: the same measurements and recovery secret open it. */
static void another_kek_takes_the_place_of_one(void **state)
{
    static const uint8_t next[QW_KEK_LEN] = { 9, 9, 9 };
    struct wrapped w = wrap();
    struct wrapped n = { .len = 0 };
    struct qw_custody starting = open_custody(NULL);
    uint8_t back[QW_KEK_LEN];

    (void)state;
    assert_int_equal(
        starting.rewrap(starting.self, w.bytes, w.len, next, n.bytes, sizeof n.bytes, &n.len),
        QW_OK);
    assert_int_equal(n.len, w.len);
    assert_memory_equal(n.bytes, w.bytes, w.len - QW_TPM2_SEALED_KEK_LEN);
    assert_int_equal(starting.unwrap(starting.self, n.bytes, n.len, back), QW_OK);
    assert_memory_equal(back, next, sizeof back);
    assert_int_equal(
        starting.rewrap(starting.self, w.bytes, w.len, next, n.bytes, w.len - 1, &n.len),
        QW_ERR_SPACE);
    assert_int_equal(
        starting.rewrap(starting.self, w.bytes, 7, next, n.bytes, sizeof n.bytes, &n.len),
        QW_ERR_FORMAT);
    qw_custody_close(&starting);
    starting = open_custody(recovery);
    n.len = w.len;
    assert_int_equal(starting.unwrap(starting.self, n.bytes, n.len, back), QW_OK);
    assert_memory_equal(back, next, sizeof back);
    qw_custody_close(&starting);
}

static void another_tpm_is_named(void **state)
{
    struct wrapped w = wrap();
    struct swtpm_server first = tpm;

    (void)state;
    swtpm_server_make(&tpm);
    unwraps_to(&w, NULL, QW_ERR_REFUSED, "another TPM");
    unwraps_to(&w, recovery, QW_ERR_REFUSED, "another TPM");
    swtpm_server_remove(&tpm);
    unwraps_to(&w, NULL, QW_ERR_IO, "no TPM answers at swtpm:path=");
    tpm = first;
    unwraps_to(&w, NULL, QW_OK, NULL);
}

static void what_cannot_be_measured_is_named(void **state)
{
    struct wrapped w = wrap();

    (void)state;
    assert_int_equal(unlink(settings), 0);
    unwraps_to(&w, NULL, QW_ERR_IO, "cannot measure");
    write_file(settings, "listen_port: 8443\n");
}

/* Each field, and a sample of the rest; the decoder's own test has every bit. */
static void altered_bytes_never_unwrap(void **state)
{
    static const size_t fields[] = { 0, 1, 2, 3, 36, 37, 69, 101, 102, 103, 135, 168, 169, 170 };
    struct wrapped w = wrap();

    (void)state;
    for (size_t i = 0; i < w.len; i += 1 + i % 13) {
        struct wrapped altered = w;
        struct qw_custody custody = open_custody(i % 2 == 0 ? NULL : recovery);
        uint8_t back[QW_KEK_LEN];
        size_t at = i < sizeof fields / sizeof fields[0] ? fields[i] : i;
        qw_err err;

        altered.bytes[at] ^= (uint8_t)(1u << i % 8);
        err = custody.unwrap(custody.self, altered.bytes, altered.len, back);
        if (err != QW_ERR_FORMAT && err != QW_ERR_AUTH && err != QW_ERR_REFUSED) {
            fail_msg("byte %zu: %s: %s", at, qw_err_text(err), qw_custody_why(&custody));
        }
        qw_custody_close(&custody);
    }
    w.len--;
    unwraps_to(&w, NULL, QW_ERR_FORMAT, "not wrapped by a TPM");
    w.len += 2;
    unwraps_to(&w, NULL, QW_ERR_FORMAT, "not wrapped by a TPM");
}

static void without_a_recovery_secret_nothing_is_wrapped(void **state)
{
    struct qw_custody custody = open_custody(NULL);
    struct wrapped w = { .len = 77 };

    (void)state;
    assert_int_equal(custody.wrap(custody.self, kek, w.bytes, sizeof w.bytes, &w.len),
                     QW_ERR_STATE);
    assert_non_null(strstr(qw_custody_why(&custody), "qwave init"));
    assert_int_equal(w.len, 77);
    qw_custody_close(&custody);
    custody = open_custody(recovery);
    assert_int_equal(custody.wrap(custody.self, kek, w.bytes, 200, &w.len), QW_ERR_SPACE);
    assert_int_equal(w.len, 77);
    qw_custody_close(&custody);
}

static void a_configuration_out_of_range_is_refused(void **state)
{
    struct qw_custody_tpm2_config config = { .tcti = tpm.tcti,
                                             .platform_registers = 0xff,
                                             .measured_register = 16,
                                             .binary = binary,
                                             .configuration = settings };
    struct qw_custody custody = { .name = "untouched" };

    (void)state;
    config.platform_registers = 0x1ff; /* nine */
    assert_int_equal(qw_custody_tpm2(&config, &custody), QW_ERR_ARG);
    config.platform_registers = 1u << 16;
    assert_int_equal(qw_custody_tpm2(&config, &custody), QW_ERR_ARG);
    config.platform_registers = 0;
    config.measured_register = 17;
    assert_int_equal(qw_custody_tpm2(&config, &custody), QW_ERR_ARG);
    config.measured_register = 16;
    config.tcti = "";
    assert_int_equal(qw_custody_tpm2(&config, &custody), QW_ERR_ARG);
    assert_string_equal(custody.name, "untouched");
    config.tcti = tpm.tcti;
    assert_int_equal(qw_custody_tpm2(&config, &custody), QW_OK);
    assert_string_equal(custody.name, "tpm2");
    qw_custody_close(&custody);
}

/* All of it in one: constructor, wrap, unwrap by measurement and by secret. */
static qw_err whole_life(void)
{
    struct qw_custody_tpm2_config config = { .tcti = tpm.tcti,
                                             .platform_registers = 1,
                                             .measured_register = 16,
                                             .binary = binary,
                                             .configuration = settings,
                                             .recovery = recovery };
    struct qw_custody by_secret = { .self = NULL };
    struct qw_custody by_measurement = { .self = NULL };
    struct wrapped w = { .len = 0 };
    uint8_t back[2][QW_KEK_LEN] = { { 0 } };
    qw_err err = qw_custody_tpm2(&config, &by_secret);

    if (err == QW_OK) {
        config.recovery = NULL;
        err = qw_custody_tpm2(&config, &by_measurement);
    }
    if (err == QW_OK) {
        err = by_secret.wrap(by_secret.self, kek, w.bytes, sizeof w.bytes, &w.len);
    }
    if (err == QW_OK) {
        err = by_secret.unwrap(by_secret.self, w.bytes, w.len, back[0]);
    }
    if (err == QW_OK) {
        err = by_measurement.unwrap(by_measurement.self, w.bytes, w.len, back[1]);
    }
    if (err == QW_OK) {
        assert_memory_equal(back[0], kek, sizeof kek);
        assert_memory_equal(back[1], kek, sizeof kek);
    }
    qw_custody_close(&by_secret);
    qw_custody_close(&by_measurement);
    return err;
}

/* After each of them the TPM has room again: it holds three objects and three sessions. */
static void each_failing_step_is_an_error_and_leaves_nothing_in_the_tpm(void **state)
{
    qw_err err = QW_ERR_IO;
    int n;

    (void)state;
    for (n = 1; n < 100 && err != QW_OK; n++) {
        fail_nth = n;
        err = whole_life();
    }
    fail_nth = 0;
    assert_int_equal(err, QW_OK);
    assert_true(n > 30);
    assert_int_equal(whole_life(), QW_OK);
}

static int make_scene(void **state)
{
    (void)state;
    swtpm_server_make(&tpm);
    snprintf(binary, sizeof binary, "%s/program", tpm.folder);
    snprintf(settings, sizeof settings, "%s/settings", tpm.folder);
    write_file(binary, "a program");
    write_file(settings, "listen_port: 8443\n");
    return 0;
}

static int remove_scene(void **state)
{
    (void)state;
    swtpm_server_remove(&tpm);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrapped_unwraps_also_after_the_machine_was_off),
        cmocka_unit_test(a_changed_configuration_is_refused_and_named),
        cmocka_unit_test(a_changed_program_is_refused_and_named),
        cmocka_unit_test(an_extended_platform_register_is_refused_and_named),
        cmocka_unit_test(the_recovery_secret_opens_whatever_has_changed),
        cmocka_unit_test(another_kek_takes_the_place_of_one),
        cmocka_unit_test(another_tpm_is_named),
        cmocka_unit_test(what_cannot_be_measured_is_named),
        cmocka_unit_test(altered_bytes_never_unwrap),
        cmocka_unit_test(without_a_recovery_secret_nothing_is_wrapped),
        cmocka_unit_test(a_configuration_out_of_range_is_refused),
        cmocka_unit_test(each_failing_step_is_an_error_and_leaves_nothing_in_the_tpm),
    };

    if (!swtpm_server_is_installed()) {
        print_message("skipped: swtpm is not installed\n");
        return 77;
    }
    (void)setenv("TSS2_LOG", "all+NONE", 1);
    return cmocka_run_group_tests(tests, make_scene, remove_scene);
}
