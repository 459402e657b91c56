/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: qwaved */
/* Every route of qwaved on a real centre: requests of several callers, one after the other, and
 * what has to hold after each [docs/design/handlers.md]. */
#include "api/http_answer.h"
#include "events.h"
#include "handler/http_judge.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void wake(struct events_waiter *waiter)
{
    (void)waiter;
}

/* Somebody looks at the console now. */
static void look(struct events *events)
{
    static struct events_waiter waiter = { .wake = wake };

    qw_assert(events_wait(events, 0, &waiter) == QW_OK);
}

/* False: nobody judges what comes behind it. */
static bool ask(struct http_judge *judge, const struct http_asked *asked)
{
    static const uint8_t hash[32] = { 1, 2, 3 };
    struct site *site = judge->known.site;
    struct http_judge_view before;
    struct qw_http_answer answer = { .status = 0 };
    struct qw_http_request request = { .method = asked->method,
                                       .path = asked->path,
                                       .query = asked->query,
                                       .identity = asked->identity,
                                       .certificate_hash = hash,
                                       .content_type = asked->content_type,
                                       .body = asked->body,
                                       .body_len = asked->body_len };
    char last[24] = "";
    bool may_look;

    if (strcmp(asked->path, "/v1/events") == 0) { /* its body stands for Last-Event-ID */
        memcpy(last, asked->body,
               asked->body_len < sizeof last ? asked->body_len : sizeof last - 1);
        request.last_event_id = last;
        request.body_len = 0;
        look(site->service.events);
    }
    http_judge_look(judge, asked, &before);
    site_log_begin(site);
    router_handle(&site->service, &request, &answer);
    site_log_end(site);
    may_look = site_may_look(site);
    if (may_look) {
        http_judge_answer(judge, asked, &before, &answer);
    }
    qw_http_answer_wipe(&answer);
    return may_look;
}

/* The card has them from the beginning. */
static void issue_card_keys(struct ledger *ledger, const struct site *site)
{
    for (uint16_t i = 0; i < SITE_PHONE_KEYS; i++) {
        struct ledger_key key = {
            .len = 32, .lasts = true, .master = "phone-1", .parties = { "app-1" }, .party_count = 1
        };

        qw_assert(qw_package_key_id(site->phone.keys.id, site->phone.package_id, i, key.id) ==
                  QW_OK);
        memcpy(key.bytes, site->phone_keys[i], sizeof site->phone_keys[i]);
        ledger_issue(ledger, &key);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ledger *ledger;
    static struct site site;
    static struct http_judge judge;
    static struct http_asked asked;
    struct http_input input = { .data = data, .len = size };
    bool may_look = true;

    if (ledger == NULL) {
        ledger = ledger_new();
    }
    site_open(&site);
    qw_assert(events_new(&site.service.events) == QW_OK);
    events_stop(site.service.events); /* no ticks: the same input, the same answers */
    look(site.service.events);
    ledger_clear(ledger);
    judge = (struct http_judge){ .known = { .site = &site, .ledger = ledger }, .ledger = ledger };
    issue_card_keys(ledger, &site);
    while (may_look && http_input_next(&input, &judge.known, &asked)) {
        if (asked.is_wait && !asked.has_sweep) {
            site_pause(asked.wait_ms);
        } else if (asked.is_wait) {
            site_wait(&site, asked.wait_ms);
        } else {
            may_look = ask(&judge, &asked);
        }
    }
    events_free(site.service.events);
    site_close(&site);
    return 0;
}
