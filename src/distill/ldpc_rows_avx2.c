/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/ldpc_rows.h"

#include <stddef.h>

#if defined(__x86_64__) && defined(__AVX2__)

#include "distill/ldpc_rows_body.h"

static void run(const struct qw_ldpc_rows *rows)
{
    run_rows(rows);
}

static const struct qw_ldpc_rows_kernel kernel = { "avx2", run };

const struct qw_ldpc_rows_kernel *qw_ldpc_rows_avx2(void)
{
    return __builtin_cpu_supports("avx2") ? &kernel : NULL;
}

#else

const struct qw_ldpc_rows_kernel *qw_ldpc_rows_avx2(void)
{
    return NULL;
}

#endif
