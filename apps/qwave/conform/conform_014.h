/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CONFORM_CONFORM_014_H
#define QWAVE_CONFORM_CONFORM_014_H

#include "base/error.h"
#include "conform/conform.h"
#include "conform/report.h"

#include <stdbool.h>

/* Checks of ETSI GS QKD 014. They see the server through one function only, so that they can be
 * tested against servers that are wrong on purpose. */
struct conform_server {
    void *self;
    /* One request; body NULL for none. *answer is NUL-terminated and valid until the next call.
     * Anything but QW_OK: there was no answer. */
    qw_err (*ask)(void *self, enum conform_who who, const char *method, const char *path,
                  const char *body, unsigned *status, const char **answer);
    const char *master_id, *slave_id;
    const char *other_id; /* NULL: no third application */
    bool has_nobody;      /* CONFORM_NOBODY can be tried */
};

/* Runs every check of ETSI GS QKD 014 V1.1.1 in order. Uses up some dozens of keys. */
void conform_014(const struct conform_server *server, struct conform_report *report);

#endif
