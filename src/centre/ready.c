/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/ready.h"

#include "centre/books.h"

const char *qw_centre_obstacle(struct qw_centre *centre)
{
    if (atomic_load(&centre->is_set_back)) {
        return "not ready: the store was set back";
    }
    if (atomic_load(&centre->write_failed)) {
        return "not ready: the store or the journal cannot be written";
    }
    if (atomic_load(&centre->is_paused)) {
        return "not ready: in maintenance";
    }
    if (atomic_load(&centre->has_stock)) {
        return "";
    }
    return "not ready: no keys in stock";
}
