/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: radio */
/* One message of a session, as it comes from the wire: header, then the body of its type. */
#include "base/bytes.h"
#include "radio/plkg/amplify.h"
#include "radio/plkg/estimate.h"
#include "radio/plkg/open.h"
#include "radio/plkg/pace.h"
#include "radio/plkg/pairs.h"
#include "radio/plkg/reconcile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

union bodies {
    struct qw_plkg_open open;
    struct qw_plkg_open_ack ack;
    struct qw_plkg_pace pace;
    struct qw_plkg_pairs pairs;
    struct qw_plkg_estimate estimate;
    struct qw_plkg_syndrome syndrome;
    struct qw_plkg_amplify amplify;
    struct qw_plkg_decoded decoded;
    enum qw_plkg_refusal refusal;
    uint32_t secret_bits;
};

static qw_err decode(enum qw_plkg_type type, const uint8_t *body, size_t len, union bodies *bodies)
{
    switch (type) {
    case QW_PLKG_OPEN:
        return qw_plkg_open_decode(body, len, &bodies->open);
    case QW_PLKG_OPEN_ACK:
        return qw_plkg_open_ack_decode(body, len, &bodies->ack);
    case QW_PLKG_PACE:
        return qw_plkg_pace_decode(body, len, &bodies->pace);
    case QW_PLKG_PAIRS:
        return qw_plkg_pairs_decode(body, len, &bodies->pairs);
    case QW_PLKG_ESTIMATE:
        return qw_plkg_estimate_decode(body, len, &bodies->estimate);
    case QW_PLKG_SYNDROME:
        return qw_plkg_syndrome_decode(body, len, &bodies->syndrome);
    case QW_PLKG_DECODED:
        return qw_plkg_decoded_decode(body, len, &bodies->decoded);
    case QW_PLKG_AMPLIFY:
        return qw_plkg_amplify_decode(body, len, &bodies->amplify);
    case QW_PLKG_FINISH:
        return qw_plkg_finish_decode(body, len, &bodies->secret_bits);
    case QW_PLKG_REFUSE:
        return qw_plkg_refuse_decode(body, len, &bodies->refusal);
    default:
        return QW_OK; /* MORE and DATA have no structure of their own */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_plkg_header header;

    if (qw_plkg_header_decode(data, size, &header) == QW_OK) {
        union bodies *bodies = malloc(sizeof *bodies);

        if (bodies != NULL &&
            decode(header.type, data + QW_PLKG_HEADER_LEN, header.len, bodies) == QW_OK) {
            size_t left = size - QW_PLKG_HEADER_LEN;

            if (left != header.len) { /* a good message has no byte unaccounted for */
                abort();
            }
        }
        free(bodies);
    }
    return 0;
}
