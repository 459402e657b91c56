/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_APPROVAL_REQUEST_RECORD_H
#define QW_CENTRE_APPROVAL_REQUEST_RECORD_H

#include "centre/approval/approval.h"
#include "centre/group.h"

/* Requests in QW_STORE_META under "request:" and their id; the tag says whether they are pending.
 * All under the mutex; they use the scratch. */
enum { QW_TAG_REQUEST_PENDING = 110, QW_TAG_REQUEST_DECIDED = 111 };

struct qw_request_record {
    struct qw_request request;
    uint64_t version; /* 0: new */
};

/* Over id, verb, object, unit, who asks, with which certificate, and until when. */
qw_err qw_request_digest(const struct qw_request *request, uint8_t digest[static 32]) QW_MUST_USE;

qw_err qw_request_load(struct qw_centre *centre, const uint8_t id[static 16],
                       struct qw_request_record *record) QW_MUST_USE;
void qw_request_put(struct qw_centre *centre, struct qw_group *group,
                    const struct qw_request_record *record);
/* The pending ones, expired or not, at most cap. */
qw_err qw_request_walk(struct qw_centre *centre, struct qw_request_record *records, size_t cap,
                       size_t *count) QW_MUST_USE;

#endif
