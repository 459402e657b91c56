/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_ETSI014_FAULT_H
#define QW_API_ETSI014_FAULT_H

#include "base/error.h"

/* Why a request of ETSI GS QKD 014 V1.1.1 is refused: status and `message` of the Error body [ETSI
 * 014 6.5]. The texts with a clause are the standard's own, to the letter. */
#define QW_ETSI014_FAULTS(X) \
    X(NONE, 200, "") \
    X(MALFORMED, 400, "malformed request") \
    X(CONTENT_TYPE, 400, "Content-Type shall be application/json") \
    X(CONFLICT, 400, "query and body contradict each other") \
    X(NUMBER, 400, "number out of range") \
    X(SIZE, 400, "size out of range") \
    X(SIZE_NOT_BYTES, 400, "size shall be a multiple of 8") /* [ETSI 014 6.2] */ \
    X(SLAVES, 400, "additional_slave_SAE_IDs not acceptable") \
    X(NO_SLAVE, 400, "slave_SAE_ID not known") \
    X(MANDATORY_UNKNOWN, 400, \
      "not all extension_mandatory parameters are supported") /* [ETSI 014 6.2] */ \
    X(MANDATORY_UNMET, 400, \
      "not all extension_mandatory request options could be met") /* [ETSI 014 6.2] */ \
    X(OPTIONAL_UNHANDLED, 400, \
      "not all extension_optional request options handled")           /* [ETSI 014 6.2] */ \
    X(NO_KEY, 400, "one or more keys specified are not found on KME") /* [ETSI 014 6.4] */ \
    X(NOT_AUTHORISED, 401, "not authorised")                          /* [ETSI 014 5.4] */ \
    X(NOT_ENOUGH, 503, "not enough keys") \
    X(LIMIT, 503, "over a limit, later again") \
    X(FULL, 503, "as many keys are stored as the quota of the unit allows") \
    X(UNAVAILABLE, 503, "temporarily unavailable")

#define QW_ETSI014_ENUM(name, status, text) QW_ETSI014_##name,
enum qw_etsi014_fault { QW_ETSI014_FAULTS(QW_ETSI014_ENUM) QW_ETSI014_FAULT_COUNT };
#undef QW_ETSI014_ENUM

struct qw_etsi014_answer {
    unsigned status;
    const char *message;
};
extern const struct qw_etsi014_answer qw_etsi014_answers[QW_ETSI014_FAULT_COUNT];

#endif
