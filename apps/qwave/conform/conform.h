/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CONFORM_CONFORM_H
#define QWAVE_CONFORM_CONFORM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Conformance checks of a key delivery server that anybody runs. The checks see the server through
 * one function only, so that they can be tested against servers that are wrong on purpose. */
enum conform_who {
    CONFORM_MASTER, /* asks for keys */
    CONFORM_SLAVE,  /* fetches them */
    CONFORM_OTHER,  /* a third application, when there is one */
    CONFORM_NOBODY, /* comes without a certificate */
    CONFORM_WHO_COUNT
};

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

enum conform_result { CONFORM_PASSED, CONFORM_FAILED, CONFORM_SKIPPED };
enum { CONFORM_REASON_CAP = 160, CONFORM_CHECKS_MAX = 64 };

struct conform_row { /* what became of one check */
    const char *id, *clause, *text;
    bool is_mandatory; /* "shall" of the standard; else good practice */
    enum conform_result result;
    char reason[CONFORM_REASON_CAP]; /* why it failed or was skipped */
};

struct conform_report {
    struct conform_row rows[CONFORM_CHECKS_MAX];
    size_t count, passed, failed, skipped;
    size_t mandatory_failed;
};

/* Runs every check of ETSI GS QKD 014 V1.1.1 in order. Uses up some dozens of keys. */
void conform_014(const struct conform_server *server, struct conform_report *report);

#endif
