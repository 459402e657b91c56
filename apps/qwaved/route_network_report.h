/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_ROUTE_NETWORK_REPORT_H
#define QWAVED_ROUTE_NETWORK_REPORT_H

#include "api/json_reader.h"
#include "network_board.h"

enum { NETWORK_REPORT_TEXT_CAP = 256 * 1024 };

/* Reads a report [docs/protocol/network-view.md] and writes what a page gets anew: nothing of a
 * body reaches one that is not a member there. QW_ERR_FORMAT.
 *   text  [NETWORK_REPORT_TEXT_CAP] of the report's parts, borrowed by *report */
qw_err network_report_read(struct qw_json_reader *r, const struct qw_json_node *object, char *text,
                           struct network_report *report) QW_MUST_USE;

#endif
