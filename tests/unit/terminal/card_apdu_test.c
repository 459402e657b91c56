/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 W8 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_apdu.h"

#include <string.h>

static void a_command_has_the_bytes_of_its_page(void **state)
{
    static const uint8_t select[] = { 0x00, 0xa4, 0x04, 0x00, 0x07, 0xf0, 'Q',
                                      'W',  'A',  'V',  'E',  0x01, 0x00 };
    static const uint8_t info[] = { 0x80, 0x10, 0x00, 0x00, 0x00 };
    const struct qw_apdu commands[] = {
        { .ins = QW_APDU_SELECT,
          .p1 = QW_APDU_SELECT_BY_NAME,
          .data = qw_apdu_aid,
          .len = QW_APDU_AID_LEN },
        { .cla = QW_APDU_OURS, .ins = QW_APDU_INFO },
    };
    uint8_t out[QW_APDU_COMMAND_MAX];

    (void)state;
    assert_int_equal(qw_apdu_encode(&commands[0], out), sizeof select);
    assert_memory_equal(out, select, sizeof select);
    assert_int_equal(qw_apdu_encode(&commands[1], out), sizeof info);
    assert_memory_equal(out, info, sizeof info);
}

static void every_length_comes_back(void **state)
{
    uint8_t data[QW_APDU_DATA_MAX], out[QW_APDU_COMMAND_MAX + 1] = { 0 };

    (void)state;
    memset(data, 0x5a, sizeof data);
    for (size_t len = 0; len <= sizeof data; len++) {
        const struct qw_apdu apdu = {
            .cla = 0x80, .ins = 1, .p1 = 2, .p2 = 3, .data = data, .len = len
        };
        struct qw_apdu back;
        size_t n = qw_apdu_encode(&apdu, out);

        assert_int_equal(qw_apdu_decode(out, n, &back), QW_OK);
        assert_int_equal(back.len, len);
        assert_true(back.cla == 0x80 && back.ins == 1 && back.p1 == 2 && back.p2 == 3);
        assert_true(len == 0 || memcmp(back.data, data, len) == 0);
        assert_int_equal(qw_apdu_decode(out, n - 1, &back), QW_OK); /* no reply is expected */
        assert_int_equal(back.len, len);
        assert_int_equal(qw_apdu_decode(out, n + 1, &back), QW_ERR_FORMAT);
        for (size_t cut = 0; cut < n - 1; cut++) { /* a head, and a head with the reply's length */
            qw_err err = qw_apdu_decode(out, cut, &back);

            assert_true(cut == 4 || cut == 5 ? err == QW_OK && back.len == 0
                                             : err == QW_ERR_FORMAT);
        }
    }
}

static void the_extended_form_is_refused(void **state)
{
    static const uint8_t extended[] = { 0x80, 0x20, 0, 0, 0, 0, 1, 0x5a };
    struct qw_apdu apdu;

    (void)state;
    assert_int_equal(qw_apdu_decode(extended, sizeof extended, &apdu), QW_ERR_FORMAT);
}

static void errors_come_back_as_they_were(void **state)
{
    static const qw_err errors[] = { QW_OK,           QW_ERR_FORMAT,    QW_ERR_AUTH,
                                     QW_ERR_SPACE,    QW_ERR_STATE,     QW_ERR_NOT_FOUND,
                                     QW_ERR_CONFLICT, QW_ERR_EXHAUSTED, QW_ERR_ARG,
                                     QW_ERR_IO };

    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        assert_int_equal(qw_apdu_err(qw_apdu_status(errors[i])), errors[i]);
    }
    assert_int_equal(qw_apdu_status(QW_OK), 0x9000);
    assert_int_equal(qw_apdu_status(QW_ERR_NOMEM), 0x6f00);
    assert_int_equal(qw_apdu_err(0x63c2), QW_ERR_AUTH);
    assert_int_equal(qw_apdu_err(QW_APDU_PIN_LOCKED), QW_ERR_REFUSED);
    assert_int_equal(qw_apdu_err(QW_APDU_NO_APPLICATION), QW_ERR_UNAVAILABLE);
    assert_int_equal(qw_apdu_err(QW_APDU_NO_PIN), QW_ERR_IO);
    assert_int_equal(qw_apdu_err(0x1234), QW_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_has_the_bytes_of_its_page),
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(the_extended_form_is_refused),
        cmocka_unit_test(errors_come_back_as_they_were),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
