/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 W11 */
#include "distill/ldpc_rows.h"

#include "base/prng.h"
#include "unit/distill/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BITS = 2000, CHECKS = 900 };

struct buffers {
    struct qw_ldpc_rows rows;
    size_t width;
    size_t messages;
};

static void *cells(size_t count)
{
    float *p = calloc(count + 1, sizeof *p);

    assert_non_null(p);
    return p;
}

static struct buffers open_buffers(const struct qw_ldpc_code *code, const uint8_t *syndrome)
{
    size_t row = (size_t)code->row_degree_max * code->lift;
    struct buffers b = { .width = (size_t)code->columns * code->lift,
                         .messages = (size_t)code->edges * code->lift };

    b.rows = (struct qw_ldpc_rows){ .code = code,
                                    .syndrome = syndrome,
                                    .belief = cells(b.width),
                                    .message = cells(b.messages),
                                    .incoming = cells(row),
                                    .angle = cells(row),
                                    .before = cells(row + code->lift),
                                    .after = cells(code->lift) };
    return b;
}

static void close_buffers(struct buffers *b)
{
    free(b->rows.belief);
    free(b->rows.message);
    free(b->rows.incoming);
    free(b->rows.angle);
    free(b->rows.before);
    free(b->rows.after);
}

static void compare(const struct qw_ldpc_rows_kernel *kernel)
{
    static uint8_t syndrome[2 * BITS];
    struct qw_ldpc_code *code = NULL;
    struct buffers a;
    struct buffers b;
    struct qw_prng prng;

    if (kernel == NULL) {
        printf("not on this machine\n");
        return;
    }
    assert_int_equal(qw_ldpc_code_new(BITS, CHECKS, &code), QW_OK);
    qw_prng_init(&prng, test_seed(), 1);
    a = open_buffers(code, syndrome);
    b = open_buffers(code, syndrome);
    for (size_t i = 0; i < code->checks; i++) {
        syndrome[i] = qw_prng_u64(&prng) & 1;
    }
    for (size_t i = 0; i < a.width; i++) {
        a.rows.belief[i] = (float)(3.0 * qw_prng_gaussian(&prng));
    }
    memcpy(b.rows.belief, a.rows.belief, a.width * sizeof *a.rows.belief);
    for (int round = 0; round < 5; round++) {
        qw_ldpc_rows_portable.run(&a.rows);
        kernel->run(&b.rows);
        assert_memory_equal(a.rows.belief, b.rows.belief, a.width * sizeof *a.rows.belief);
        assert_memory_equal(a.rows.message, b.rows.message, a.messages * sizeof *a.rows.message);
    }
    close_buffers(&a);
    close_buffers(&b);
    qw_ldpc_code_free(code);
}

static void avx2_gives_the_bits_of_the_portable_kernel(void **state)
{
    (void)state;
    compare(qw_ldpc_rows_avx2());
}

static void avx512_gives_the_bits_of_the_portable_kernel(void **state)
{
    (void)state;
    compare(qw_ldpc_rows_avx512());
}

static void the_best_kernel_is_one_of_them(void **state)
{
    const struct qw_ldpc_rows_kernel *best = qw_ldpc_rows_best();

    (void)state;
    assert_true(best == qw_ldpc_rows_avx512() || best == qw_ldpc_rows_avx2() ||
                best == &qw_ldpc_rows_portable);
    printf("%s\n", best->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(avx2_gives_the_bits_of_the_portable_kernel),
        cmocka_unit_test(avx512_gives_the_bits_of_the_portable_kernel),
        cmocka_unit_test(the_best_kernel_is_one_of_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
