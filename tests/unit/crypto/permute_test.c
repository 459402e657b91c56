/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hex.h"
#include "crypto/permute.h"

#include <string.h>

/* FIPS 197, appendix C.3: AES-256. */
static void gives_the_value_of_the_standard(void **state)
{
    uint8_t key[32];
    uint8_t in[1][16];
    uint8_t out[1][16];
    uint8_t want[16];

    (void)state;
    for (uint8_t i = 0; i < 32; i++) {
        key[i] = i;
    }
    assert_int_equal(qw_hex_decode("00112233445566778899aabbccddeeff", in[0], 16), QW_OK);
    assert_int_equal(qw_hex_decode("8ea2b7ca516745bfeafc49904b496089", want, 16), QW_OK);
    assert_int_equal(qw_permute(key, (const uint8_t(*)[16])in, 1, out), QW_OK);
    assert_memory_equal(out[0], want, 16);
    assert_int_equal(qw_permute_back(key, (const uint8_t(*)[16])out, 1, out), QW_OK);
    assert_memory_equal(out[0], in[0], 16);
}

static void permutes_each_value_by_itself(void **state)
{
    static const uint8_t key[32] = { 7 };
    uint8_t in[130][16] = { { 0 } };
    uint8_t together[130][16];
    uint8_t alone[1][16];

    (void)state;
    for (uint8_t i = 0; i < 130; i++) {
        in[i][3] = i;
    }
    assert_int_equal(qw_permute(key, (const uint8_t(*)[16])in, 130, together), QW_OK);
    for (size_t i = 0; i < 130; i++) {
        assert_int_equal(qw_permute(key, (const uint8_t(*)[16]) & in[i], 1, alone), QW_OK);
        assert_memory_equal(alone[0], together[i], 16);
        for (size_t k = 0; k < i; k++) {
            assert_memory_not_equal(together[i], together[k], 16);
        }
    }
    assert_int_equal(qw_permute_back(key, (const uint8_t(*)[16])together, 130, together), QW_OK);
    assert_memory_equal(together, in, sizeof in);
}

static void refuses_counts_out_of_range(void **state)
{
    static const uint8_t key[32] = { 7 };
    static uint8_t many[QW_PERMUTE_COUNT_MAX + 1][16];
    uint8_t zero[16] = { 0 };

    (void)state;
    assert_int_equal(qw_permute(key, (const uint8_t(*)[16])many, 0, many), QW_ERR_ARG);
    assert_int_equal(
        qw_permute_back(key, (const uint8_t(*)[16])many, QW_PERMUTE_COUNT_MAX + 1, many),
        QW_ERR_ARG);
    assert_memory_equal(many[0], zero, 16);
    assert_int_equal(qw_permute(key, (const uint8_t(*)[16])many, QW_PERMUTE_COUNT_MAX, many),
                     QW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_value_of_the_standard),
        cmocka_unit_test(permutes_each_value_by_itself),
        cmocka_unit_test(refuses_counts_out_of_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
