/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_JOURNAL_HEAD_JSON_H
#define QW_CENTRE_JOURNAL_HEAD_JSON_H

#include "api/json_writer.h"
#include "store/journal/signed_head.h"

/* A signed head as the text that is kept elsewhere [docs/protocol/journal.md]: one object, which
 * `qwave audit verify --head` reads. QW_ERR_FORMAT: key is none, nothing was written. */
qw_err qw_signed_head_write(struct qw_json_writer *writer, const struct qw_signed_head *head,
                            const struct qw_public_key *key) QW_MUST_USE;

#endif
