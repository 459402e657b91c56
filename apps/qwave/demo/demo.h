/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_DEMO_DEMO_H
#define QWAVE_DEMO_DEMO_H

#include "base/error.h"
#include "radio/air.h"
#include "radio/ledger.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole story once: a centre, an access point and a terminal as real processes over real
 * sockets in a temporary folder. This process is the air between the two radios, the eavesdropper,
 * the operator at the charging station and the application at the other end. */
struct demo_options {
    struct qw_air_config air;
    const char *source; /* "best" or "kernel" */
    bool keep_folder;   /* leave the temporary folder, for whoever wants to look */
    bool serve;         /* keep running after the story until Ctrl-C */
    bool quiet;         /* no story on standard output (--json) */
};

enum { DEMO_SIMULATED_MAX = 4, DEMO_TEXT_CAP = 160 };

struct demo_result {
    struct qw_plkg_ledger ledger;                      /* of the refill */
    bool ran;                                          /* the refill was tried; ledger is valid */
    char source[DEMO_TEXT_CAP];                        /* provenance of the quantum keys */
    char simulated[DEMO_SIMULATED_MAX][DEMO_TEXT_CAP]; /* what was not the real thing */
    size_t simulated_count;
    uint64_t delivered_keys; /* over the air */
    uint64_t compared_keys;  /* terminal's and centre's copies compared, charged ones included */
    uint64_t wrong_keys;     /* of them different */
    uint64_t eve_keys_equal; /* delivered keys the eavesdropper could open the one-time pad of */
    bool eve_attempted;
    bool fresh_key_matched;
    bool curl_matched; /* an unmodified curl fetched the same key */
    size_t leak_files, leak_hits;
    double elapsed_s;
};

/* QW_OK: the story ended well or in an honest refusal (ledger.refusal). QW_ERR_CLOSED: stopped by
 * Ctrl-C. Anything else: error says what broke. */
qw_err demo_run(const struct demo_options *options, struct demo_result *result,
                char error[static 512]) QW_MUST_USE;

#endif
