/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_FUZZ_HANDLER_LEDGER_H
#define QW_TESTS_FUZZ_HANDLER_LEDGER_H

#include "site.h"

/* Who was given what since the input began. Every entry is checked against those before; what
 * breaks a promise of docs/design/handlers.md ends the program. */
enum { LEDGER_PARTIES_MAX = QW_KEY_OTHERS_MAX + 1, LEDGER_KEYS_MAX = 4096 };

struct ledger_key {
    uint8_t id[16];
    uint8_t bytes[QW_KEY_BITS_MAX / 8];
    size_t len;
    bool is_shared;  /* a group's: its members may have it as often as they like */
    bool lasts;      /* of a card: no time after which it is gone */
    bool is_void;    /* nobody gets it any more, or not yet */
    char sender[64]; /* the partner that sent it, and chose its bytes; "" none */
    char master[64];
    char parties[LEDGER_PARTIES_MAX][64];
    size_t party_count;
    bool is_fetched[LEDGER_PARTIES_MAX];
    int64_t fetched_ms[LEDGER_PARTIES_MAX];
    int64_t issued_ms;
};

struct ledger;

struct ledger *ledger_new(void);
void ledger_clear(struct ledger *ledger);

/* A key nobody had before, with its parties; issued_ms and what was fetched are set here. */
void ledger_issue(struct ledger *ledger, const struct ledger_key *key);
/* The caller has the key from now on, by naming master. */
void ledger_fetch(struct ledger *ledger, const struct ledger_key *key, const char *master,
                  const char *caller);

/* To be changed by who keeps the ledger; NULL: there is none. */
struct ledger_key *ledger_open(struct ledger *ledger, const uint8_t id[static 16]);
/* NULL: there is none. */
const struct ledger_key *ledger_find(const struct ledger *ledger, const uint8_t id[static 16]);
/* The n-th, counted round and round; NULL: none yet. */
const struct ledger_key *ledger_at(const struct ledger *ledger, size_t n);

/* Neither the log nor the store has the key in clear. */
void ledger_check_leaks(const struct site *site, const struct ledger_key *key);

#endif
