/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/prove/charon_dump.h"

#include <string.h>

static void a_dump_is_whole_with_its_last_row(void **state)
{
    static struct qw_charon_dump dump;

    (void)state;
    assert_false(qw_charon_dump_open(&dump, "PPK => 32 bytes @ 0x7f"));
    assert_int_equal(dump.kind, QW_CHARON_NONE);
    assert_true(qw_charon_dump_open(&dump, "Sk_ei secret => 20 bytes @ 0x7f"));
    assert_int_equal(dump.kind, QW_CHARON_SK_EI);
    assert_false(
        qw_charon_dump_add(&dump, "   0: 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F"));
    assert_true(qw_charon_dump_add(&dump, "  16: 10 11 12 13"));
    assert_int_equal(dump.len, 20);
    assert_int_equal(dump.bytes[19], 0x13);
    qw_charon_dump_close(&dump);
    assert_int_equal(dump.kind, QW_CHARON_NONE);
    assert_int_equal(dump.bytes[19], 0);
}

static void what_is_no_row_closes_it(void **state)
{
    static struct qw_charon_dump dump;

    (void)state;
    assert_true(qw_charon_dump_open(&dump, "seed => 18 bytes @ 0x7f"));
    assert_false(
        qw_charon_dump_add(&dump, "   0: 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F"));
    assert_false(qw_charon_dump_add(&dump, "  17: 10 11"));
    assert_int_equal(dump.kind, QW_CHARON_NONE);
    assert_int_equal(dump.bytes[15], 0);
}

static void each_kind_has_its_name_and_its_length(void **state)
{
    static const struct {
        const char *longest, *longer;
        enum qw_charon_dump_kind kind;
    } cases[] = {
        { "shared Diffie Hellman secret => 1024 bytes @ 0",
          "shared Diffie Hellman secret => 1025 bytes @ 0", QW_CHARON_SECRET },
        { "Sk_d secret => 64 bytes @ 0", "Sk_d secret => 65 bytes @ 0", QW_CHARON_SK_D },
        { "Sk_ai secret => 64 bytes @ 0", "Sk_ai secret => 65 bytes @ 0", QW_CHARON_SK_AI },
        { "Sk_ar secret => 64 bytes @ 0", "Sk_ar secret => 65 bytes @ 0", QW_CHARON_SK_AR },
        { "Sk_ei secret => 36 bytes @ 0", "Sk_ei secret => 37 bytes @ 0", QW_CHARON_SK_EI },
        { "Sk_er secret => 36 bytes @ 0", "Sk_er secret => 37 bytes @ 0", QW_CHARON_SK_ER },
        { "seed => 2000 bytes @ 0", "seed => 2001 bytes @ 0", QW_CHARON_SEED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static struct qw_charon_dump dump;

        assert_false(qw_charon_dump_open(&dump, cases[i].longer));
        assert_true(qw_charon_dump_open(&dump, cases[i].longest));
        assert_int_equal(dump.kind, cases[i].kind);
        qw_charon_dump_close(&dump);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dump_is_whole_with_its_last_row),
        cmocka_unit_test(what_is_no_row_closes_it),
        cmocka_unit_test(each_kind_has_its_name_and_its_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
