/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_RELOAD_H
#define QW_CENTRE_RELOAD_H

#include "centre/centre.h"

/* What may change while a centre serves [docs/adr/0097]. */
struct qw_centre_limits { /* as in struct qw_centre_config */
    uint32_t stock_keys;
    uint32_t sae_keys_per_s, pair_keys_per_s, misses_per_s;
    uint32_t approval_s;
    uint32_t journal_sign_records, journal_sign_ms;
    uint8_t configuration_hash[32];
};

/* Before anything is looked at. caller NULL: whoever may signal the process, nobody is asked.
 * QW_ERR_REFUSED. */
qw_err qw_centre_may_reload(struct qw_centre *centre, const struct qw_caller *caller) QW_MUST_USE;
/* Journal first, then they hold for every call that begins afterwards. detail: what has changed.
 * QW_ERR_REFUSED; QW_ERR_IO and others of the store: nothing has changed. */
qw_err qw_centre_reload(struct qw_centre *centre, const struct qw_caller *caller,
                        const struct qw_centre_limits *limits, const char *detail) QW_MUST_USE;
/* A reload that came to nothing, for the journal. QW_ERR_FORMAT, or QW_ERR_IO when the journal
 * cannot be written. */
qw_err qw_centre_note_bad_reload(struct qw_centre *centre, const struct qw_caller *caller,
                                 const char *cause) QW_MUST_USE;

#endif
