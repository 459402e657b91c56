/* SPDX-License-Identifier: Apache-2.0 */
#include "api/etsi014/fault.h"

const struct qw_etsi014_answer qw_etsi014_answers[QW_ETSI014_FAULT_COUNT] = {
#define QW_ETSI014_ROW(name, status, text) [QW_ETSI014_##name] = { status, text },
    QW_ETSI014_FAULTS(QW_ETSI014_ROW)
#undef QW_ETSI014_ROW
};
