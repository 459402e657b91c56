/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W14 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/custody/custody.h"
#include "crypto/custody/tpm2_form.h"

#include "base/hex.h"

#include <string.h>

/* A form with the number of platform registers that is asked for. */
static size_t example(size_t registers, uint8_t *out, size_t cap)
{
    struct qw_writer writer = qw_writer_on(out, cap);
    struct qw_tpm2_form form = { .measured_register = 23,
                                 .parent = { 0, 0x0b, 1, 2, 3 },
                                 .binary = { 4, 5 },
                                 .configuration = { 6, 7 },
                                 .platform = { .count = registers },
                                 .object = { .public_len = 78, .private_len = 190 } };
    static const uint8_t sealed[QW_TPM2_SEALED_KEK_LEN] = { 8, 9 };

    for (size_t i = 0; i < registers; i++) {
        form.platform.number[i] = (uint8_t)(2 * i);
        memset(form.platform.value[i], (int)i + 1, QW_TPM2_DIGEST_LEN);
    }
    memset(form.object.public_part, 0x11, form.object.public_len);
    memset(form.object.private_part, 0x22, form.object.private_len);
    qw_tpm2_form_encode(&form, &writer);
    qw_write_bytes(&writer, sealed, sizeof sealed);
    assert_false(writer.failed);
    return writer.len;
}

static void what_is_encoded_decodes_to_the_same(void **state)
{
    (void)state;
    for (size_t registers = 0; registers <= QW_TPM2_PLATFORM_MAX; registers++) {
        uint8_t bytes[QW_WRAPPED_KEK_CAP], again[QW_WRAPPED_KEK_CAP];
        struct qw_writer writer = qw_writer_on(again, sizeof again);
        struct qw_tpm2_form form;
        size_t sealed = 0;
        size_t len = example(registers, bytes, sizeof bytes);

        assert_int_equal(len, 106 + 33 * registers + 78 + 190 + 60);
        assert_int_equal(qw_tpm2_form_decode(bytes, len, &form, &sealed), QW_OK);
        assert_int_equal(sealed, len - QW_TPM2_SEALED_KEK_LEN);
        assert_int_equal(form.platform.count, registers);
        qw_tpm2_form_encode(&form, &writer);
        assert_int_equal(writer.len, sealed);
        assert_memory_equal(again, bytes, sealed);
    }
}

static void the_longest_form_fits_a_wrapped_key(void **state)
{
    uint8_t bytes[QW_WRAPPED_KEK_CAP];
    struct qw_writer writer = qw_writer_on(bytes, sizeof bytes - QW_TPM2_SEALED_KEK_LEN);
    struct qw_tpm2_form form = { .measured_register = 16,
                                 .platform = { .count = QW_TPM2_PLATFORM_MAX },
                                 .object = { .public_len = QW_TPM2_PUBLIC_MAX,
                                             .private_len = QW_TPM2_PRIVATE_MAX } };

    (void)state;
    qw_tpm2_form_encode(&form, &writer);
    assert_false(writer.failed);
}

static void every_truncation_and_a_byte_too_many_are_refused(void **state)
{
    uint8_t bytes[QW_WRAPPED_KEK_CAP] = { 0 };
    struct qw_tpm2_form form;
    size_t sealed = 77;
    size_t len = example(2, bytes, sizeof bytes);

    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(qw_tpm2_form_decode(bytes, cut, &form, &sealed), QW_ERR_FORMAT);
    }
    assert_int_equal(qw_tpm2_form_decode(bytes, len + 1, &form, &sealed), QW_ERR_FORMAT);
    assert_int_equal(sealed, 77);
}

static void every_flip_is_refused_or_is_another_form(void **state)
{
    uint8_t bytes[QW_WRAPPED_KEK_CAP], again[QW_WRAPPED_KEK_CAP];
    size_t len = example(2, bytes, sizeof bytes);

    (void)state;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        struct qw_writer writer = qw_writer_on(again, sizeof again);
        struct qw_tpm2_form form;
        size_t sealed = 0;

        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (qw_tpm2_form_decode(bytes, len, &form, &sealed) == QW_OK) {
            qw_tpm2_form_encode(&form, &writer);
            assert_int_equal(writer.len, sealed);
            assert_memory_equal(again, bytes, sealed);
            assert_true(bit >= 24);
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void registers_out_of_order_or_out_of_the_platform_are_refused(void **state)
{
    uint8_t bytes[QW_WRAPPED_KEK_CAP];
    struct qw_tpm2_form form;
    size_t sealed;
    size_t len = example(2, bytes, sizeof bytes);
    enum { FIRST = 102, SECOND = FIRST + 33 };

    (void)state;
    bytes[SECOND] = 0; /* the same again */
    assert_int_equal(qw_tpm2_form_decode(bytes, len, &form, &sealed), QW_ERR_FORMAT);
    bytes[SECOND] = 15;
    assert_int_equal(qw_tpm2_form_decode(bytes, len, &form, &sealed), QW_OK);
    bytes[SECOND] = 16;
    assert_int_equal(qw_tpm2_form_decode(bytes, len, &form, &sealed), QW_ERR_FORMAT);
    bytes[SECOND] = 1;
    bytes[FIRST] = 2;
    assert_int_equal(qw_tpm2_form_decode(bytes, len, &form, &sealed), QW_ERR_FORMAT);
}

/* Digests that other implementations publish for SHA-256: PolicyAuthValue alone; a register of
 * zeros extended by zeros. */
static void policies_are_those_of_the_standard(void **state)
{
    struct qw_tpm2_registers registers = { .count = 1, .number = { 23 } };
    struct qw_tpm2_policy policy;
    uint8_t zeros[QW_TPM2_DIGEST_LEN] = { 0 }, value[QW_TPM2_DIGEST_LEN];
    uint8_t expected[QW_TPM2_DIGEST_LEN];
    uint8_t select[QW_TPM2_SELECT_LEN];

    (void)state;
    assert_int_equal(qw_tpm2_policy_of(&registers, &policy), QW_OK);
    assert_int_equal(
        qw_hex_decode("8fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e", expected,
                      sizeof expected),
        QW_OK);
    assert_memory_equal(policy.branch[1], expected, sizeof expected);
    assert_int_equal(qw_tpm2_value_after(zeros, zeros, value), QW_OK);
    assert_int_equal(
        qw_hex_decode("7a0501f5957bdf9cb3a8ff4966f02265f968658b7a9c62642cba1165e86642f5", expected,
                      sizeof expected),
        QW_OK);
    assert_memory_equal(value, expected, sizeof expected);
    registers = (struct qw_tpm2_registers){ .count = 3, .number = { 0, 7, 23 } };
    qw_tpm2_select(&registers, select);
    assert_int_equal(select[0], 0x81);
    assert_int_equal(select[1], 0);
    assert_int_equal(select[2], 0x80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_decodes_to_the_same),
        cmocka_unit_test(the_longest_form_fits_a_wrapped_key),
        cmocka_unit_test(every_truncation_and_a_byte_too_many_are_refused),
        cmocka_unit_test(every_flip_is_refused_or_is_another_form),
        cmocka_unit_test(registers_out_of_order_or_out_of_the_platform_are_refused),
        cmocka_unit_test(policies_are_those_of_the_standard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
