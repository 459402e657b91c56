/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: qwaved */
/* The door for officers without a certificate on a real centre: strangers, browsers with cookies of
 * every shape, and officers at the other listener meanwhile [docs/design/handlers.md]. */
#include "api/http_answer.h"
#include "handler/login_input.h"
#include "handler/login_judge.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct scene {
    struct site site;
    struct login_door door;
    struct login_judge judge;
    struct http_known known;
} scene;

static struct qw_http_request request_of(const struct http_asked *asked)
{
    static const uint8_t hash[32] = { 1, 2, 3 };

    return (struct qw_http_request){ .method = asked->method,
                                     .path = asked->path,
                                     .query = asked->query,
                                     .identity = asked->identity,
                                     .certificate_hash = hash,
                                     .content_type = asked->content_type,
                                     .address = "192.0.2.1",
                                     .body = asked->body,
                                     .body_len = asked->body_len };
}

static void ask_by_certificate(const struct http_asked *asked)
{
    struct qw_http_request request = request_of(asked);
    struct qw_http_answer answer = { .status = 0 };

    router_handle(&scene.site.service, &request, &answer);
    login_judge_other(&scene.judge, asked, &answer);
    qw_http_answer_wipe(&answer);
}

static void ask_at_the_door(struct http_asked *asked)
{
    struct login_fields fields;
    struct login_session *session;
    struct qw_http_request request;
    struct qw_http_answer answer = { .status = 0 };

    login_input_fields(&scene.judge, asked, &fields);
    request = request_of(asked);
    request.cookie = fields.cookie;
    request.session_token = fields.token;
    request.origin = fields.origin;
    request.host = fields.host;
    request.fetch_site = fields.site;
    request.address = fields.address == NULL ? request.address : fields.address;
    session = login_judge_look(&scene.judge, &fields);
    site_log_begin(&scene.site);
    router_handle(&scene.door.service, &request, &answer);
    site_log_end(&scene.site);
    login_judge_answer(&scene.judge, asked, &fields, session, &answer);
    qw_http_answer_wipe(&answer);
}

/* An officer bob with a password of his own, and the card of phone-1. */
static void add_bob(void)
{
    static const char own[] = "a sentence of bob's own";
    struct qw_centre *centre = scene.site.service.centre;
    struct qw_password_change change = { .password = own, .card = "phone-1" };
    struct qw_caller bob;

    qw_assert(qw_caller_parse("urn:qwave:officer:bob", &bob) == QW_OK);
    qw_assert(qw_centre_officer_add(centre, &scene.site.operator_caller, "bob", QW_OFFICER_SECURITY,
                                    "/") == QW_OK);
    qw_assert(qw_centre_card_bind(centre, &scene.site.operator_caller, "phone-1", "bob") == QW_OK);
    qw_assert(qw_centre_login_password(centre, &bob, &change, NULL) == QW_OK);
    login_judge_password(&scene.judge, "bob", own, false);
}

static void open_scene(void)
{
    site_open(&scene.site);
    scene.judge = (struct login_judge){ .site = &scene.site };
    scene.known = (struct http_known){ .site = &scene.site, .ledger = scene.known.ledger };
    add_bob();
    scene.door = (struct login_door){ .service = scene.site.service };
    scene.door.service.login = &scene.door;
    qw_assert(sessions_new(LOGIN_IDLE_MS, LOGIN_LIFE_MS, &scene.door.sessions) == QW_OK);
    qw_assert(qw_rate_limit_new(16, &scene.door.attempts) == QW_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_asked asked;
    struct http_input input = { .data = data, .len = size };

    if (scene.known.ledger == NULL) {
        site_use_phone_keys(SITE_PHONE_KEYS_MAX);
        scene.known.ledger = ledger_new();
    }
    open_scene();
    while (http_input_next(&input, &scene.known, &asked)) {
        if (asked.is_wait && !asked.has_sweep) {
            site_pause(asked.wait_ms);
        } else if (asked.is_wait) {
            site_wait(&scene.site, asked.wait_ms);
        } else if (asked.identity[0] != '\0') {
            ask_by_certificate(&asked);
        } else {
            ask_at_the_door(&asked);
        }
    }
    login_door_close(&scene.door);
    site_close(&scene.site);
    return 0;
}
