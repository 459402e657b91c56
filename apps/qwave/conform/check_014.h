/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CONFORM_CHECK_014_H
#define QWAVE_CONFORM_CHECK_014_H

#include "conform/conform_014.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the checks of ETSI GS QKD 014 share. A check asks, looks at the answer and says in one
 * sentence what is wrong with it; no check stands on another's keys. All of these give false when
 * the check has failed or was skipped, and have then said why. */
enum {
    CONFORM_PATH_CAP = 512,
    CONFORM_BODY_CAP = 4096,
    CONFORM_KEYS_MAX = 16,
    CONFORM_KEY_TEXT_CAP = 2048,
    CONFORM_KEY_LEN_MAX = 1536,
    CONFORM_UNKNOWN_SIZE = 0
};

struct conform_run { /* of one check */
    const struct conform_server *server;
    struct conform_row *row;
    unsigned status;
    const char *answer;
};

struct conform_check {
    struct conform_title title;
    bool (*run)(struct conform_run *run);
};
/* In the order they are run; each ends with a check without a function. */
extern const struct conform_check conform_status_checks[];
extern const struct conform_check conform_enc_checks[];
extern const struct conform_check conform_dec_checks[];

struct conform_given { /* one key of a container */
    char id[64];
    char text[CONFORM_KEY_TEXT_CAP];
    size_t len;
};

struct conform_container {
    size_t count;
    struct conform_given keys[CONFORM_KEYS_MAX];
};

struct conform_limits { /* of the server, from its Status */
    uint64_t key_size, stored, max_stored, per_request, size_max, size_min, slaves_max;
};

bool conform_wrong(struct conform_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

bool conform_ask(struct conform_run *run, enum conform_who who, const char *method,
                 const char *path, const char *body);
/* tail begins behind ".../keys/{id}/". */
bool conform_ask_about(struct conform_run *run, enum conform_who who, const char *method,
                       const char *other_end, const char *tail, const char *body);
/* enc_keys by the master for the slave. */
bool conform_enc(struct conform_run *run, const char *method, const char *query, const char *body);
/* dec_keys by POST; extra: one more element of key_IDs, NULL for none. */
bool conform_dec(struct conform_run *run, enum conform_who who,
                 const struct conform_container *keys, const char *extra);

bool conform_status_is(struct conform_run *run, unsigned status);
/* The Error body [ETSI 014 6.5]; want: the mandated text, NULL for any. */
bool conform_error_is(struct conform_run *run, unsigned status, const char *want);
/* 200 with a Key container of count keys of bits (CONFORM_UNKNOWN_SIZE: any) [ETSI 014 6.3]. */
bool conform_container_is(struct conform_run *run, size_t count, uint64_t bits,
                          struct conform_container *container);
/* enc_keys with this body: 400, and message unless it is NULL. */
bool conform_refuses_body(struct conform_run *run, const char *body, const char *message);

bool conform_get_limits(struct conform_run *run, struct conform_limits *limits);
bool conform_get_keys(struct conform_run *run, size_t count, struct conform_container *container);
bool conform_same_keys(struct conform_run *run, const struct conform_container *a,
                       const struct conform_container *b);

#endif
