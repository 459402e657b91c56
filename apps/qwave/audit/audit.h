/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_AUDIT_AUDIT_H
#define QWAVE_AUDIT_AUDIT_H

#include "base/error.h"
#include "store/audit.h"
#include "store/journal/signed_head.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* qwave audit: the journal of a centre, asked of the centre or off line from a file. */
struct operator_desk;

struct audit_arguments {
    const char *operator_path, *url;
    const char *file;       /* of the action; NULL: none */
    const char *key, *head; /* PEM; JSON, NULL: none */
    const char *kept;       /* SEQ:HASH of a record of a journal that is not signed; NULL: none */
    const char *who, *verb; /* NULL: all */
    int64_t since_ms, until_ms; /* UTC */
    bool as_json;
};

/* Each gives the exit status; what went wrong has been said. */
int audit_show_key(struct operator_desk *desk, const struct audit_arguments *arguments);
int audit_show_head(struct operator_desk *desk, const struct audit_arguments *arguments);
int audit_export(struct operator_desk *desk, const struct audit_arguments *arguments);
int audit_show(struct operator_desk *desk, const struct audit_arguments *arguments);
int audit_show_file(const struct audit_arguments *arguments);
int audit_verify(const struct audit_arguments *arguments);

/* GET /v1/audit/head: the answer as it came (valid until the next call), decoded. */
qw_err audit_ask_head(struct operator_desk *desk, const char **answer, struct qw_signed_head *head);
/* The JSON of a signed head; pem may be NULL. QW_ERR_FORMAT. */
qw_err audit_head_decode(const char *text, size_t len, struct qw_signed_head *head,
                         char pem[QW_SIGNATURE_PEM_CAP]);
/* One page of GET /v1/audit/records behind a number: visit gets each record as it stands and
 * returns false to stop. *count: how many came. QW_ERR_FORMAT: not an answer of ours. */
enum { AUDIT_PAGE = 100 };
qw_err audit_ask_page(struct operator_desk *desk, uint64_t after,
                      bool (*visit)(void *self, const uint8_t *blob, size_t len), void *self,
                      size_t *count);

#endif
