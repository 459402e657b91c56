/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_READY_H
#define QW_CENTRE_READY_H

struct qw_centre;

/* Why no keys can be given now, a static text; "" when they can. The last write to the store failed
 * (the sweep tries again until one succeeds), the centre is in maintenance, or there is no key in
 * stock. Does not wait for the
 * store. */
const char *qw_centre_obstacle(struct qw_centre *centre);

#endif
