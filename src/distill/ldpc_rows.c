/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/ldpc_rows.h"

#include "distill/ldpc_rows_body.h"

static void run(const struct qw_ldpc_rows *rows)
{
    run_rows(rows);
}

const struct qw_ldpc_rows_kernel qw_ldpc_rows_portable = { "portable", run };

const struct qw_ldpc_rows_kernel *qw_ldpc_rows_best(void)
{
    const struct qw_ldpc_rows_kernel *kernel = qw_ldpc_rows_avx512();

    kernel = kernel != NULL ? kernel : qw_ldpc_rows_avx2();
    return kernel != NULL ? kernel : &qw_ldpc_rows_portable;
}
