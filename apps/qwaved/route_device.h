/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_ROUTE_DEVICE_H
#define QWAVED_ROUTE_DEVICE_H

#include "router.h"

/* A device as the interface shows it. */
enum { DEVICE_TEXT_MAX = 5120 }; /* six names of 63 characters, the peers' of 255, all escaped */
void device_text_write(struct qw_json_writer *w, const struct qw_device *device);
/* Looks it up for the caller and answers with it. */
void device_send(struct call *call, unsigned status, const char *id);
/* "terminal" ... QW_ERR_FORMAT. */
qw_err device_kind_of(const char *name, enum qw_device_kind *kind) QW_MUST_USE;

#endif
