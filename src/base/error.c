/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

const char *qw_err_text(qw_err err)
{
    switch (err) {
#define QW_ERR_CASE(name, value, text) \
    case name: \
        return text;
        QW_ERR_TABLE(QW_ERR_CASE)
#undef QW_ERR_CASE
    }
    return "unknown error";
}

_Noreturn void qw_contract_broken(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: contract broken: %s\n", file, line, condition);
    abort();
}
