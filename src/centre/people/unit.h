/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PEOPLE_UNIT_H
#define QW_CENTRE_PEOPLE_UNIT_H

#include <stdbool.h>

/* Places in the tree of tenants, sites and units: "/", "/north", "/north/gas". A right reaches from
 * its place downwards, never up and never sideways. */
enum { QW_UNIT_CAP = 64 };
#define QW_UNIT_ROOT "/"

/* "/", or names of letters, digits and '-', each behind a '/'; fits QW_UNIT_CAP with its NUL. */
bool qw_unit_ok(const char *unit);
/* Whether place is unit or lies beneath it; both are ok. */
bool qw_unit_contains(const char *unit, const char *place);
/* Whether both are of one tenant: the same name beneath the root, or both the root itself. */
bool qw_unit_share_tenant(const char *a, const char *b);

#endif
