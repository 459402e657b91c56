/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 S1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/share/gf256.h"

/* Long multiplication and division of polynomials, the way it is done on paper. */
static unsigned on_paper(unsigned a, unsigned b)
{
    unsigned product = 0;

    for (unsigned i = 0; i < 8; i++) {
        if ((b >> i & 1) != 0) {
            product ^= a << i;
        }
    }
    for (unsigned i = 15; i >= 8; i--) {
        if ((product >> i & 1) != 0) {
            product ^= 0x11bu << (i - 8);
        }
    }
    return product;
}

static void products_are_those_of_the_standard(void **state)
{
    (void)state;
    assert_int_equal(qw_gf256_mul(0x57, 0x83), 0xc1); /* [FIPS 197 4.2] */
    assert_int_equal(qw_gf256_mul(0x57, 0x13), 0xfe); /* [FIPS 197 4.2.1] */
    assert_int_equal(qw_gf256_inverse(0x53), 0xca);
}

static void every_product_is_the_one_on_paper(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            assert_int_equal(qw_gf256_mul((uint8_t)a, (uint8_t)b), on_paper(a, b));
        }
    }
}

static void every_element_but_zero_times_its_inverse_is_one(void **state)
{
    (void)state;
    assert_int_equal(qw_gf256_inverse(0), 0);
    for (unsigned a = 1; a < 256; a++) {
        assert_int_equal(qw_gf256_mul((uint8_t)a, qw_gf256_inverse((uint8_t)a)), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_those_of_the_standard),
        cmocka_unit_test(every_product_is_the_one_on_paper),
        cmocka_unit_test(every_element_but_zero_times_its_inverse_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
