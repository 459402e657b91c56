/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_FUZZ_HANDLER_SITE_H
#define QW_TESTS_FUZZ_HANDLER_SITE_H

#include "memory_store.h"
#include "router.h"

#include <stdio.h>

/* A centre behind qwaved's handlers, the same at the start of every input
 * [docs/design/handlers.md]. One at a time. What cannot be set up ends the program. */
enum {
    SITE_BLOCK_KEYS = 64,
    SITE_STOCK_KEYS = 512,
    SITE_WINDOW_MS = 30000,
    SITE_TTL_S = 600,
    SITE_PHONE_KEYS = 2,
    SITE_PHONE_KEYS_MAX = 8,
    SITE_PARTNER_WAIT_MS = 1000
};

struct site_card { /* made of the codecs alone */
    struct qw_card_keys keys;
    uint8_t serial[16], token[16], package_id[16];
    uint32_t epoch;
    uint64_t counter, next_index, up_position, down_position, up_end, down_end;
};

struct site {
    struct memory_store *memory;
    struct qw_store store;
    struct qw_custody custody;
    struct qw_key_source source;
    struct qw_log log;
    char *log_text; /* since the last site_log_begin, NUL-terminated after site_log_end */
    size_t log_len;
    struct service service; /* what the handlers are given */
    struct qw_caller operator_caller;
    struct site_card station, access_point, phone; /* station-1, ap-1, phone-1 of app-1 */
    uint8_t phone_keys[SITE_PHONE_KEYS_MAX][32];   /* of the first package of phone-1, live */
};

/* Applications: app-1, app-2 and app-3, each with the others as peers; app-4, suspended, with
 * app-1; app-5 for its lone peer nobody-9, who is not registered. */
void site_open(struct site *site);
/* The way to partners of every site that is opened from now on; NULL: none. */
void site_use_partners(const struct qw_partner_port *port);
/* How many keys phone-1 begins with, before the first site is opened; else SITE_PHONE_KEYS. */
void site_use_phone_keys(uint32_t keys);
void site_close(struct site *site);

/* Registers an application of app-1's with the partner that serves it, and the partner when it is
 * new. */
void site_add_partner(struct site *site, const char *partner, const char *application);

/* The clock of everybody; it moves by these alone. */
int64_t site_now_ms(void);
void site_pause(int64_t ms);
void site_wait(struct site *site, int64_t ms); /* then what qwaved does about once a second */

void site_log_begin(struct site *site);
void site_log_end(struct site *site);

/* What the registry says; false: not there. */
bool site_find(struct site *site, const char *id, struct qw_device *device);
/* An application in service. */
bool site_serves(struct site *site, const char *id);

/* Whether the judge's own officer still has his rights: an input may take them, and its judge sees
 * nothing from then on. */
bool site_may_look(struct site *site);

/* The totals of the books, which agree with one another. */
void site_totals(struct site *site, struct qw_centre_status *totals);
/* stored_key_count of the pair; 0: not known, or none. */
uint64_t site_left(struct site *site, const struct qw_caller *caller, const char *slave);

/* What the holder of a card would say next. */
void site_card_report(struct site_card *card, uint8_t out[static QW_CONTACT_REPORT_LEN]);
void site_card_receipt(const struct site_card *card, uint8_t out[static QW_RECEIPT_LEN]);
void site_card_take(struct site_card *card, const struct qw_package *package);

#endif
