/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: qwaved */
/* The listener for other centres on a real centre, and keys of its applications for theirs:
 * requests of partners and applications, one after the other, and what has to hold after each
 * [docs/design/handlers.md]. */
#define _GNU_SOURCE
#include "api/http_answer.h"
#include "handler/partner_judge.h"
#include "partners.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Who is asked decides what the partner does: it takes the keys, refuses them, cannot be reached,
 * or is silent. */
static const struct {
    const char *partner, *application;
} others[] = {
    { "kme-a", "far-1" }, { "kme-b", "far-2" }, { "kme-c", "far-3" }, { "kme-d", "far-4" }
};
enum { OTHERS = sizeof others / sizeof others[0] };

static struct scene {
    struct site site;
    struct service partner_service;
    struct partner_judge judge;
    struct qw_partner_port port;
    struct settings settings;
} scene;

static bool knows(void *self, const char *partner)
{
    (void)self;
    return strncmp(partner, "kme-", 4) == 0;
}

static void ask_partner_listener(const struct http_asked *asked, bool is_ours)
{
    static const uint8_t hash[32] = { 5 };
    struct qw_centre_status before;
    struct qw_http_answer answer = { .status = 0 };
    struct qw_http_request request = { .method = asked->method,
                                       .path = asked->path,
                                       .query = asked->query,
                                       .identity = asked->identity,
                                       .certificate_hash = hash,
                                       .content_type = asked->content_type,
                                       .body = asked->body,
                                       .body_len = asked->body_len };

    site_totals(&scene.site, &before);
    router_handle(&scene.partner_service, &request, &answer);
    if (is_ours) {
        qw_assert(answer.status == 200);
    } else {
        partner_judge_partner(&scene.judge, asked, &before, &answer);
    }
    qw_http_answer_wipe(&answer);
}

/* X5 for every target, from inside the call that asks for it. */
static void acknowledge(const struct qw_partner_order *order, const char *outcome)
{
    static struct http_asked asked;
    static struct qw_etsi020_ack ack;

    for (size_t t = 0; t < order->target_count; t++) {
        struct qw_json_writer w = qw_json_writer_on((char *)asked.body, sizeof asked.body);

        ack = (struct qw_etsi020_ack){ .ids = { .count = order->count } };
        memcpy(ack.ids.id, order->ids, order->count * sizeof ack.ids.id[0]);
        memcpy(ack.target, order->targets[t], sizeof ack.target);
        (void)snprintf(ack.initiator, sizeof ack.initiator, "%s", order->initiator);
        while (strcmp(qw_etsi020_outcome_names[ack.outcome], outcome) != 0) {
            ack.outcome++;
        }
        qw_etsi020_acks_write(&w, &ack, 1);
        qw_assert(qw_json_done(&w));
        asked.body_len = w.len;
        asked.query = "";
        (void)snprintf(asked.identity, sizeof asked.identity, "urn:qwave:kme:%s", order->partner);
        (void)snprintf(asked.method, sizeof asked.method, "POST");
        (void)snprintf(asked.path, sizeof asked.path, "/kmapi/v1/acks/%s", scene.judge.known.offer);
        ask_partner_listener(&asked, true);
    }
}

static qw_err send_order(void *self, const struct qw_partner_order *order)
{
    (void)self;
    partner_judge_order(&scene.judge, order);
    if (order->keys == NULL) { /* void; most of them answer later, by the input */
        return strcmp(order->partner, "kme-c") == 0 ? QW_ERR_IO : QW_OK;
    }
    if (strcmp(order->partner, "kme-a") == 0) {
        acknowledge(order, "relayed");
        return QW_OK;
    }
    scene.judge.has_failed = true;
    if (strcmp(order->partner, "kme-b") == 0) {
        acknowledge(order, "failed");
    } else if (strcmp(order->partner, "kme-d") == 0) {
        site_pause(SITE_PARTNER_WAIT_MS);
    }
    return strcmp(order->partner, "kme-c") == 0 ? QW_ERR_IO : QW_OK;
}

/* False: nobody judges what comes behind it. */
static bool ask(const struct http_asked *asked)
{
    static const uint8_t hash[32] = { 1, 2, 3 };
    struct qw_centre_status before;
    struct qw_http_answer answer = { .status = 0 };
    struct qw_http_request request = { .method = asked->method,
                                       .path = asked->path,
                                       .query = asked->query,
                                       .identity = asked->identity,
                                       .certificate_hash = hash,
                                       .content_type = asked->content_type,
                                       .body = asked->body,
                                       .body_len = asked->body_len };
    bool may_look;

    scene.judge.has_failed = false;
    site_log_begin(&scene.site);
    if (strncmp(asked->path, "/kmapi", 6) == 0) {
        ask_partner_listener(asked, false);
        site_log_end(&scene.site);
        return true;
    }
    site_totals(&scene.site, &before);
    router_handle(&scene.site.service, &request, &answer);
    site_log_end(&scene.site);
    may_look = site_may_look(&scene.site);
    if (may_look) {
        partner_judge_client(&scene.judge, asked, &before, &answer);
    }
    qw_http_answer_wipe(&answer);
    return may_look;
}

static void write_file(const char *folder, const char *partner)
{
    char path[SETTINGS_PATH_CAP + 64];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s.yaml", folder, partner);
    file = fopen(path, "w");
    qw_assert(file != NULL);
    fprintf(file, "url: https://%s.example:9443\ncertificate: c\nkey: k\nca: a\n", partner);
    fclose(file);
}

static void remove_files(void)
{
    char path[SETTINGS_PATH_CAP + 64];

    for (size_t i = 0; i < OTHERS; i++) {
        (void)snprintf(path, sizeof path, "%s/%s.yaml", scene.settings.partners, others[i].partner);
        (void)remove(path);
    }
    (void)rmdir(scene.settings.partners);
}

/* Once: the folder of partners, and the way to them. */
static void prepare(void)
{
    char folder[] = "/tmp/qwave-partners-XXXXXX";

    qw_assert(mkdtemp(folder) != NULL);
    scene.settings = (struct settings){ .etsi020 = 1, .etsi020_wait_ms = SITE_PARTNER_WAIT_MS };
    memcpy(scene.settings.partners, folder, sizeof folder);
    for (size_t i = 0; i < OTHERS; i++) {
        write_file(folder, others[i].partner);
    }
    qw_assert(atexit(remove_files) == 0);
    scene.port = (struct qw_partner_port){ .knows = knows, .send = send_order };
    scene.judge.ledger = ledger_new();
    site_use_partners(&scene.port);
}

static void open_scene(void)
{
    char error[QW_CONFIG_ERROR_CAP];

    site_open(&scene.site);
    for (size_t i = 0; i < OTHERS; i++) {
        site_add_partner(&scene.site, others[i].partner, others[i].application);
    }
    qw_assert(qw_centre_device_set_peers(scene.site.service.centre, &scene.site.operator_caller,
                                         "app-1", "app-2,app-3,far-*") == QW_OK);
    scene.partner_service = scene.site.service;
    scene.partner_service.table = &routes_for_partners;
    qw_assert(partners_open(&scene.settings, &scene.site.log, &scene.partner_service.partners,
                            error) == QW_OK);
    ledger_clear(scene.judge.ledger);
    scene.judge =
        (struct partner_judge){ .known = { .site = &scene.site, .ledger = scene.judge.ledger },
                                .ledger = scene.judge.ledger };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_asked asked;
    struct http_input input = { .data = data, .len = size };
    bool may_look = true;

    if (scene.judge.ledger == NULL) {
        prepare();
    }
    open_scene();
    while (may_look && http_input_next(&input, &scene.judge.known, &asked)) {
        if (asked.is_wait && !asked.has_sweep) {
            site_pause(asked.wait_ms);
        } else if (asked.is_wait) {
            site_wait(&scene.site, asked.wait_ms);
            qw_assert(qw_centre_partner_upkeep(scene.site.service.centre) == QW_OK ||
                      scene.judge.offer_count > 0);
        } else {
            may_look = ask(&asked);
        }
    }
    partners_close(scene.partner_service.partners);
    site_close(&scene.site);
    return 0;
}
