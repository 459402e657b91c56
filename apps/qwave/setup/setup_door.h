/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_SETUP_SETUP_DOOR_H
#define QWAVE_SETUP_SETUP_DOOR_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Who may set up: whoever types the code that stands at the terminal, once, and from then on his
 * browser alone [docs/protocol/setup-page.md P1 to P4]. In secret memory; one thread at a time.
 * Times are monotonic, in ms. */
enum {
    SETUP_DOOR_CODE_CAP = 20,      /* "ABCD-EFGH-JKLM-NPQR" and NUL: 80 bits */
    SETUP_DOOR_TOKEN_CAP = 65,     /* 32 bytes in hex, and NUL */
    SETUP_DOOR_WRONG_IN_A_ROW = 5, /* then it is shut for */
    SETUP_DOOR_SHUT_MS = 30000,    /* after each further wrong one, and */
    SETUP_DOOR_WRONG_MAX = 20,     /* ends the set-up */
    SETUP_DOOR_LIFE_IN_IDLES = 8   /* the whole set-up: so many times idle_ms */
};

enum setup_door_verdict {
    SETUP_DOOR_OPENED,
    SETUP_DOOR_WRONG,
    SETUP_DOOR_SHUT,  /* too many wrong ones: not looked at */
    SETUP_DOOR_TAKEN, /* another browser has opened it; said to whoever has the code alone */
    SETUP_DOOR_OVER   /* wrong once too often, now or before */
};

struct setup_door {
    char code[SETUP_DOOR_CODE_CAP];
    char cookie[SETUP_DOOR_TOKEN_CAP]; /* "": nobody has opened it */
    char token[SETUP_DOOR_TOKEN_CAP];
    unsigned wrong;
    int64_t shut_until_ms;
    int64_t idle_ms, idle_until_ms, life_until_ms;
};

/* Draws code, cookie and token. QW_ERR_IO: no random bytes. */
qw_err setup_door_init(struct setup_door *door, int64_t idle_ms, int64_t now_ms) QW_MUST_USE;

/* typed: letters of either case, with or without '-' and blanks. */
enum setup_door_verdict setup_door_try(struct setup_door *door, const char *typed, int64_t now_ms);

/* Whether the request is of the browser that opened it. cookies: the header, NULL when none. */
bool setup_door_is_inside(const struct setup_door *door, const char *cookies);
/* And of its page. token: the header, NULL when none. */
bool setup_door_is_own_page(const struct setup_door *door, const char *token);
bool setup_door_is_taken(const struct setup_door *door);

void setup_door_step(struct setup_door *door, int64_t now_ms); /* somebody does something */
/* 0: over. */
int64_t setup_door_left_ms(const struct setup_door *door, int64_t now_ms);

#define SETUP_DOOR_COOKIE "__Host-qwave-setup"

#endif
