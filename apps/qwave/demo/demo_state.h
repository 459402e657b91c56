/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_DEMO_DEMO_STATE_H
#define QWAVE_DEMO_DEMO_STATE_H

#include "api/http_client.h"
#include "child.h"
#include "demo/demo.h"
#include "demo/tap.h"
#include "operator.h"
#include "radio/eavesdropper.h"

#include <pthread.h>
#include <stdatomic.h>

/* What the parts of the demo share: setup (demo_setup.c), story (demo.c), comparison
 * (demo_compare.c). */
enum {
    DEMO_PATH_CAP = 128,
    DEMO_KEYS_MAX = 512,
    DEMO_LOW_WATER = 6,
    DEMO_HIGH_WATER = 64,
    DEMO_CHARGED = 8
};

struct demo_key {
    uint8_t id[16];
    uint8_t key[32];
};

struct demo {
    const struct demo_options *options;
    struct demo_result *result;
    char *error; /* 512 bytes */
    char folder[DEMO_PATH_CAP];
    char socket[DEMO_PATH_CAP];
    char url[64];
    struct child centre, access_point, terminal;
    struct qw_air *air;
    struct tap *tap;
    struct operator_desk *desk;
    struct qw_http_client *application;
    pthread_mutex_t eavesdropper_lock;
    struct qw_eavesdropper *eavesdropper; /* under its lock */
    atomic_ulong probes;                  /* heard by the eavesdropper so far */
    struct demo_key *taken;               /* secret memory: what the terminal's applications got */
    size_t taken_count;
};

/* folder/name as text; cut names are refused by whoever opens them. */
struct demo_path {
    char text[2 * DEMO_PATH_CAP];
};
struct demo_path demo_in(const struct demo *demo, const char *name);

void demo_fail(struct demo *demo, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Setup: temporary folder, centre, cards, air, tap, access point, terminal. */
qw_err demo_start_centre(struct demo *demo) QW_MUST_USE;
qw_err demo_enrol_and_charge(struct demo *demo) QW_MUST_USE;
qw_err demo_start_radio(struct demo *demo) QW_MUST_USE;
qw_err demo_start_terminal(struct demo *demo) QW_MUST_USE;
void demo_stop_processes(struct demo *demo);
void demo_remove_folder(struct demo *demo);

/* The application at the other end: fetches taken[first .. first + count) from the centre and
 * compares; differing or missing keys go to *wrong. */
qw_err demo_compare_keys(struct demo *demo, size_t first, size_t count,
                         uint64_t *wrong) QW_MUST_USE;

/* The same for one key with the curl program; *matched. QW_ERR_UNAVAILABLE when curl is not
 * installed. */
qw_err demo_compare_with_curl(struct demo *demo, size_t index, bool *matched) QW_MUST_USE;

#endif
