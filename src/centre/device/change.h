/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_CHANGE_H
#define QW_CENTRE_DEVICE_CHANGE_H

#include "centre/approval/request_record.h"

/* Destroys the device in centre->card, in one group with the request that two persons decided.
 * Under the mutex. QW_ERR_STATE: it is destroyed already; the request stays as it was. */
qw_err qw_device_destroy_approved(struct qw_centre *centre, const struct qw_deed *deed,
                                  const struct qw_request_record *request) QW_MUST_USE;

#endif
