/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/ldpc_rows.h"

#include <stddef.h>

#if defined(__x86_64__) && defined(__AVX512F__)

#include "distill/ldpc_rows_body.h"

static void run(const struct qw_ldpc_rows *rows)
{
    run_rows(rows);
}

static const struct qw_ldpc_rows_kernel kernel = { "avx512", run };

const struct qw_ldpc_rows_kernel *qw_ldpc_rows_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512vl")
               ? &kernel
               : NULL;
}

#else

const struct qw_ldpc_rows_kernel *qw_ldpc_rows_avx512(void)
{
    return NULL;
}

#endif
