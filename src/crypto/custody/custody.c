/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/custody/custody.h"

#include <string.h>

const char *qw_custody_why(const struct qw_custody *custody)
{
    return custody->why == NULL || custody->self == NULL ? "" : custody->why(custody->self);
}

void qw_custody_close(struct qw_custody *custody)
{
    if (custody == NULL || custody->close == NULL) {
        return;
    }
    custody->close(custody->self);
    memset(custody, 0, sizeof *custody);
}
