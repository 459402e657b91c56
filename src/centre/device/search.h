/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_SEARCH_H
#define QW_CENTRE_DEVICE_SEARCH_H

#include "centre/centre.h"

/* Devices within an officer's part of the tree, by what they are [C8]. Each step is a look at the
 * index (search_key.h): what a page costs does not grow with the registry, but for two conditions
 * that seldom meet although each is met often. */
enum { QW_DEVICE_ANY = -1, QW_DEVICE_CURSOR_CAP = 128 };
struct qw_device_filter { /* all of them hold; "" and QW_DEVICE_ANY: any */
    const char *id_prefix, *owner, *owner_prefix;
    const char *unit; /* in it or beneath it */
    int kind, state;  /* enum qw_device_kind, enum qw_device_state */
};
extern const struct qw_device_filter qw_device_filter_none;

struct qw_device_page {
    struct qw_device *devices; /* [cap] the caller's */
    size_t cap, count;
    char next[QW_DEVICE_CURSOR_CAP]; /* to go on behind the last one; "" when there are no more */
};

/* In id order; with owner_prefix in the order of owners, and of ids of one owner. after: "" for the
 * first page, then the page's next; without owner_prefix any id will do. count == cap unless these
 * are the last. A unit outside of the officer's part has no devices. QW_ERR_ARG: owner and
 * owner_prefix together, an id_prefix that no id begins with, no unit, no such kind or state, no
 * such place to go on. */
qw_err qw_centre_device_search(struct qw_centre *centre, const struct qw_caller *caller,
                               const struct qw_device_filter *filter, const char *after,
                               struct qw_device_page *page) QW_MUST_USE;

#endif
