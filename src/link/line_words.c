/* SPDX-License-Identifier: Apache-2.0 */
#include "link/association_inside.h"

const char *qw_link_line_trouble(qw_err err)
{
    return err == QW_ERR_AUTH ? "a certificate is refused, here or there: its authority, its name, "
                                "its dates, or a clock that is wrong"
                              : qw_err_text(err);
}
