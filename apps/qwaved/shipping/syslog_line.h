/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SHIPPING_SYSLOG_LINE_H
#define QWAVED_SHIPPING_SYSLOG_LINE_H

#include "base/error.h"
#include "store/audit.h"

#include <stddef.h>

/* A record of the journal as one message of syslog [RFC 5424]: docs/protocol/journal-syslog.md. */
enum { SYSLOG_LINE_CAP = 1024 };

/* NUL-terminated, without an end of line. QW_ERR_SPACE: cannot be, every text of a record fits. */
qw_err syslog_line_write(const struct qw_audit_record *record, char line[static SYSLOG_LINE_CAP],
                         size_t *len) QW_MUST_USE;

#endif
