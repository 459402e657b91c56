/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_CERTIFICATE_AUTHORITY_H
#define QW_CENTRE_CERTIFICATE_AUTHORITY_H

#include "centre/group.h"

/* The centre's authorities in QW_STORE_META under "ca:" and the profile's name. Under the mutex;
 * they use the scratch. */

/* Takes those that the books have into the centre. */
qw_err qw_authorities_open(struct qw_centre *centre) QW_MUST_USE;
void qw_authorities_close(struct qw_centre *centre); /* wipes their keys */

#endif
