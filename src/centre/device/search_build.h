/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_SEARCH_BUILD_H
#define QW_CENTRE_DEVICE_SEARCH_BUILD_H

#include "centre/books.h"

/* Makes the index of the registry whole, once in the life of a store that is older than it, with
 * the centre open but not yet serving. Killed, it begins again with the next start; two processes
 * that begin together share the work. QW_ERR_IO. */
qw_err qw_search_build(struct qw_centre *centre) QW_MUST_USE;

#endif
