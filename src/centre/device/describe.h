/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_DESCRIBE_H
#define QW_CENTRE_DEVICE_DESCRIBE_H

#include "centre/centre.h"

/* What officers write down about a device that is in the registry [C8]. */
struct qw_device_note { /* NULL: stays */
    const char *owner, *firmware, *certificate_serial;
    const uint8_t *certificate_hash; /* [32 bytes] zero: none */
};
/* QW_ERR_ARG; QW_ERR_NOT_FOUND, QW_ERR_REFUSED; QW_ERR_STATE: it is destroyed. */
qw_err qw_centre_device_describe(struct qw_centre *centre, const struct qw_caller *caller,
                                 const char *id, const struct qw_device_note *note) QW_MUST_USE;

/* To another unit, by an officer whose part of the tree holds both. Who named its peers stays who
 * he was; its certificates and what it uses of quotas move with it, the keys of the day do not.
 * QW_ERR_REFUSED: the new unit is outside of his part; QW_ERR_LIMIT: the quota there is used up;
 * QW_ERR_STATE: it is destroyed, or a partner, which stands at the root; others as above. */
qw_err qw_centre_device_move(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *id, const char *unit) QW_MUST_USE;

#endif
