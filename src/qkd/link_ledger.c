/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/link_ledger.h"

static const struct {
    const char *name;
    const char *text;
} refusals[] = {
#define ROW(name, value, text) [value] = { #name, text },
    QW_QKD_REFUSAL_TABLE(ROW)
#undef ROW
};

const char *qw_qkd_refusal_name(enum qw_qkd_refusal refusal)
{
    return refusal < QW_QKD_REFUSALS ? refusals[refusal].name : "UNKNOWN";
}

const char *qw_qkd_refusal_text(enum qw_qkd_refusal refusal)
{
    return refusal < QW_QKD_REFUSALS ? refusals[refusal].text : "unknown refusal";
}
