/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include "base/base64.h"
#include "base/hex.h"

#include <stdlib.h>
#include <string.h>

enum {
    TELLING_LEN = 8, /* bytes that are never equal by chance in one run */
    SPOKEN_LEN = 12  /* bytes of a key that are looked for in texts: a multiple of 3 */
};

struct ledger {
    struct ledger_key keys[LEDGER_KEYS_MAX];
    size_t count;
};

struct ledger *ledger_new(void)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);

    qw_assert(ledger != NULL);
    return ledger;
}

void ledger_clear(struct ledger *ledger)
{
    ledger->count = 0;
}

const struct ledger_key *ledger_find(const struct ledger *ledger, const uint8_t id[static 16])
{
    for (size_t i = 0; i < ledger->count; i++) {
        if (memcmp(ledger->keys[i].id, id, sizeof ledger->keys[i].id) == 0) {
            return &ledger->keys[i];
        }
    }
    return NULL;
}

struct ledger_key *ledger_open(struct ledger *ledger, const uint8_t id[static 16])
{
    const struct ledger_key *found = ledger_find(ledger, id);

    return found == NULL ? NULL : &ledger->keys[found - ledger->keys];
}

const struct ledger_key *ledger_at(const struct ledger *ledger, size_t n)
{
    return ledger->count == 0 ? NULL : &ledger->keys[n % ledger->count];
}

void ledger_issue(struct ledger *ledger, const struct ledger_key *key)
{
    struct ledger_key *place = &ledger->keys[ledger->count];

    qw_assert(ledger->count < LEDGER_KEYS_MAX);
    qw_assert(ledger_find(ledger, key->id) == NULL);
    for (size_t i = 0; i < ledger->count && key->len >= TELLING_LEN && key->sender[0] == '\0';
         i++) {
        qw_assert(ledger->keys[i].len < TELLING_LEN || ledger->keys[i].sender[0] != '\0' ||
                  memcmp(ledger->keys[i].bytes, key->bytes, TELLING_LEN) != 0);
    }
    *place = *key;
    place->issued_ms = site_now_ms();
    memset(place->is_fetched, 0, sizeof place->is_fetched);
    ledger->count++;
}

static void take(struct ledger_key *known, size_t party)
{
    if (known->is_fetched[party] && !known->is_shared) {
        qw_assert(site_now_ms() - known->fetched_ms[party] < SITE_WINDOW_MS);
        return;
    }
    qw_assert(known->lasts || known->is_shared ||
              site_now_ms() - known->issued_ms < 2 * 1000 * (int64_t)SITE_TTL_S);
    known->is_fetched[party] = true;
    known->fetched_ms[party] = site_now_ms();
}

void ledger_fetch(struct ledger *ledger, const struct ledger_key *key, const char *master,
                  const char *caller)
{
    struct ledger_key *known = ledger_open(ledger, key->id);
    size_t party = 0;

    qw_assert(known != NULL && !known->is_void); /* otherwise: a key that no master has */
    qw_assert(known->len == key->len && memcmp(known->bytes, key->bytes, key->len) == 0);
    qw_assert(strcmp(known->master, master) == 0);
    while (party < known->party_count && strcmp(known->parties[party], caller) != 0) {
        party++;
    }
    qw_assert(party < known->party_count);
    take(known, party);
}

void ledger_check_leaks(const struct site *site, const struct ledger_key *key)
{
    char text[2 * SPOKEN_LEN + 1];

    if (key->len < SPOKEN_LEN) {
        return;
    }
    qw_hex_encode(key->bytes, SPOKEN_LEN, text);
    qw_assert(strstr(site->log_text, text) == NULL);
    qw_base64_encode(key->bytes, SPOKEN_LEN, text);
    qw_assert(strstr(site->log_text, text) == NULL);
    qw_assert(!memory_store_holds(site->memory, key->bytes, SPOKEN_LEN));
}
