/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 C10 C11 */
/* The set-up page over HTTP: who may ask what, and what he is told. The making itself, and the
 * certificates that come of it, are the test's. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "setup/setup_routes.h"

#include "api/http_answer.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/secret.h"
#include "setup/setup_bundle.h"
#include "setup/setup_files.h"
#include "support/fail_nth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

static qw_err make_result;
qw_err centre_staging_create(const struct centre_staging *staging,
                             const struct centre_folder_config *config,
                             char error[static CENTRE_FOLDER_ERROR_CAP])
{
    (void)staging;
    (void)config;
    (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP, "%s", make_result == QW_OK ? "" : "disk full");
    return make_result;
}

const struct setup_holder setup_holders[SETUP_HOLDERS] = {
    { "a", "" }, { "b", "" }, { "c", "" }, { "d", "" }
};
qw_err setup_bundle_make(const char *folder, const char *centre_id,
                         const struct setup_bundle *wanted,
                         uint8_t out[static QW_CERTIFICATE_BUNDLE_CAP], size_t *len)
{
    (void)folder;
    (void)centre_id;
    memset(out, 9, 3);
    *len = 3;
    return strcmp(wanted->officer, "a") == 0 ? QW_OK : QW_ERR_NOT_FOUND;
}

static const uint8_t bytes[] = "<!doctype html>";
static const struct qw_http_page_file files[] = {
    { "setup.html", "text/html", "\"p\"", "\"pz\"", false, bytes, sizeof bytes - 1, bytes, 1 },
};
static const struct qw_http_page page = { files, 1 };
static const struct centre_folder_config base = { .centre_id = "centre-1" };
static const struct centre_staging staging = { .place = "/f" };

struct scene {
    struct setup_service service;
    struct setup_door door;
    struct setup_desk desk;
    char cookies[128]; /* of the browser */
    char token[SETUP_DOOR_TOKEN_CAP];
    struct qw_http_request extra; /* what a request has besides */
    unsigned status;
    char set_cookie[QW_HTTP_COOKIE_CAP];
    char text[1 << 16];
};

static int begin(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    assert_non_null(scene);
    assert_int_equal(setup_door_init(&scene->door, 900000, qw_clock_monotonic_ms()), QW_OK);
    assert_int_equal(setup_notes_init(&scene->desk.notes, NULL), QW_OK);
    scene->desk.base = &base;
    scene->desk.staging = &staging;
    scene->desk.offered = 1U << SETUP_PASSPHRASE_FILE | 1U << SETUP_QUORUM;
    (void)snprintf(scene->desk.choice.centre_id, sizeof scene->desk.choice.centre_id, "centre-1");
    assert_int_equal(pthread_mutex_init(&scene->service.mutex, NULL), 0);
    scene->service.page = &page;
    scene->service.door = &scene->door;
    scene->service.desk = &scene->desk;
    make_result = QW_OK;
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    setup_notes_free(&scene->desk.notes);
    pthread_mutex_destroy(&scene->service.mutex);
    free(scene);
    return 0;
}

static unsigned ask(struct scene *scene, const char *method, const char *path, const char *body)
{
    struct qw_http_request request = scene->extra;
    struct qw_http_answer answer = { .status = 0 };

    request.method = method;
    request.path = path;
    request.content_type = request.content_type == NULL ? "application/json" : request.content_type;
    request.address = "127.0.0.1";
    request.cookie = scene->cookies[0] == '\0' ? NULL : scene->cookies;
    request.session_token = scene->token[0] == '\0' ? NULL : scene->token;
    request.body = (const uint8_t *)body;
    request.body_len = body == NULL ? 0 : strlen(body);
    setup_routes_handle(&scene->service, &request, &answer);
    scene->status = answer.status;
    (void)snprintf(scene->set_cookie, sizeof scene->set_cookie, "%s", answer.set_cookie);
    assert_true(answer.body_len < sizeof scene->text);
    if (answer.body != NULL) {
        memcpy(scene->text, answer.body, answer.body_len);
    }
    scene->text[answer.body_len] = '\0';
    qw_http_answer_wipe(&answer);
    return scene->status;
}

static unsigned post(struct scene *scene, const char *path, const char *body)
{
    return ask(scene, "POST", path, body);
}

static bool says(const struct scene *scene, const char *part)
{
    return strstr(scene->text, part) != NULL;
}

static void open_door(struct scene *scene)
{
    char body[64];

    (void)snprintf(body, sizeof body, "{\"code\":\"%s\"}", scene->door.code);
    assert_int_equal(post(scene, "/setup/open", body), 200);
    assert_non_null(strstr(scene->set_cookie, "; Path=/; Secure; HttpOnly; SameSite=Strict"));
    (void)snprintf(scene->cookies, sizeof scene->cookies, "%.*s",
                   (int)strcspn(scene->set_cookie, ";"), scene->set_cookie);
    memcpy(scene->token, scene->door.token, sizeof scene->token);
}

static const char *const inner[] = { "/setup/choice", "/setup/share/take", "/setup/share/entry",
                                     "/setup/make",   "/setup/again",      "/setup/certificate",
                                     "/setup/end" };
enum { INNER = sizeof inner / sizeof inner[0] };

static void a_stranger_has_the_page_and_the_door(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(ask(scene, "GET", "/", NULL), 302);
    assert_int_equal(ask(scene, "GET", "/setup/", NULL), 200);
    assert_int_equal(ask(scene, "GET", "/setup/../x", NULL), 404);
    assert_int_equal(ask(scene, "GET", "/console/", NULL), 404);
    assert_int_equal(ask(scene, "GET", "/setup/state", NULL), 200);
    assert_string_equal(scene->text, "{\"step\":\"code\",\"taken\":false}");
    for (size_t i = 0; i < INNER; i++) {
        assert_int_equal(post(scene, inner[i], "{}"), 401);
        assert_true(says(scene, "\"reason\":\"code\""));
        assert_int_equal(ask(scene, "GET", inner[i], NULL), 405);
    }
}

static void cookie_and_token_are_both_wanted(void **state)
{
    struct scene *scene = *state;
    char cookies[sizeof scene->cookies];

    open_door(scene);
    memcpy(cookies, scene->cookies, sizeof cookies);
    for (size_t i = 0; i < INNER; i++) {
        scene->cookies[0] = '\0';
        assert_int_equal(post(scene, inner[i], "{}"), 401);
        memcpy(scene->cookies, cookies, sizeof cookies);
        scene->token[0] = '\0';
        assert_int_equal(post(scene, inner[i], "{}"), 401);
        memcpy(scene->token, scene->door.token, sizeof scene->token);
    }
    scene->cookies[0] = '\0'; /* a second browser */
    assert_int_equal(ask(scene, "GET", "/setup/state", NULL), 200);
    assert_false(says(scene, "token"));
}

static void a_page_of_another_site_is_refused_everywhere(void **state)
{
    struct scene *scene = *state;

    open_door(scene);
    scene->extra.fetch_site = "cross-site";
    assert_int_equal(ask(scene, "GET", "/setup/state", NULL), 403);
    for (size_t i = 0; i < INNER; i++) {
        assert_int_equal(post(scene, inner[i], "{}"), 403);
    }
    scene->extra.fetch_site = NULL;
    scene->extra.content_type = "text/plain"; /* what a form of another site may send unasked */
    assert_int_equal(post(scene, "/setup/make", "{}"), 415);
}

static void wrong_codes_are_told_apart(void **state)
{
    struct scene *scene = *state;
    char right[64];

    (void)snprintf(right, sizeof right, "{\"code\":\"%s\"}", scene->door.code);
    assert_int_equal(post(scene, "/setup/open", "{}"), 400);
    assert_int_equal(post(scene, "/setup/open", "{\"code\":\"AAAA\"}"), 403);
    assert_true(says(scene, "wrong-code"));
    open_door(scene);
    scene->cookies[0] = '\0';
    assert_int_equal(post(scene, "/setup/open", right), 409);
    assert_true(says(scene, "\"taken\""));
    for (int i = 2; i <= SETUP_DOOR_WRONG_IN_A_ROW; i++) {
        assert_int_equal(post(scene, "/setup/open", "{\"code\":\"AAAA\"}"), 403);
    }
    assert_int_equal(post(scene, "/setup/open", right), 429);
    scene->door.wrong = SETUP_DOOR_WRONG_MAX - 1;
    scene->door.shut_until_ms = 0;
    assert_int_equal(post(scene, "/setup/open", "{\"code\":\"AAAA\"}"), 403);
    assert_true(says(scene, "\"over\""));
    assert_true(scene->service.is_locked_out && scene->service.is_ended);
    assert_int_equal(ask(scene, "GET", "/setup/state", NULL), 410);
}

static void share_out(struct scene *scene, unsigned officer, char body[static 256])
{
    char take[32];
    const char *share;

    (void)snprintf(take, sizeof take, "{\"officer\":%u}", officer);
    assert_int_equal(post(scene, "/setup/share/take", take), 200);
    share = strstr(scene->text, "\"share\":\"");
    assert_non_null(share);
    (void)snprintf(body, 256, "{\"officer\":%u,%s", officer, share);
}

static void two_officers_set_a_centre_up(void **state)
{
    struct scene *scene = *state;
    char entry[256];

    open_door(scene);
    assert_int_equal(post(scene, "/setup/choice", "{\"centre_id\":\"c\"}"), 400);
    assert_int_equal(post(scene, "/setup/choice",
                          "{\"centre_id\":\"c\",\"custody\":\"tpm2\",\"dual_control\":false}"),
                     409);
    assert_true(says(scene, "not-offered"));
    assert_int_equal(post(scene, "/setup/choice",
                          "{\"centre_id\":\"c\",\"custody\":\"quorum\",\"officers\":2,\"quorum\":2,"
                          "\"dual_control\":true}"),
                     200);
    assert_true(says(scene, "\"shares\":[\"waiting\",\"waiting\"]"));
    for (unsigned officer = 1; officer <= 2; officer++) {
        share_out(scene, officer, entry);
        assert_int_equal(post(scene, "/setup/share/take", "{\"officer\":1}"), 409);
        assert_true(says(scene, "given-already"));
        assert_int_equal(post(scene, "/setup/share/entry", entry), 200);
    }
    assert_true(says(scene, "\"step\":\"ready\""));
    make_result = QW_ERR_IO;
    assert_int_equal(post(scene, "/setup/make", "{}"), 500);
    assert_true(says(scene, "disk full"));
    assert_int_equal(
        post(scene, "/setup/certificate", "{\"officer\":\"a\",\"passphrase\":\"0123456789ab\"}"),
        409);
    assert_int_equal(post(scene, "/setup/end", "{}"), 409);
    make_result = QW_OK;
    assert_int_equal(post(scene, "/setup/make", "{}"), 200);
    assert_true(says(scene, "\"step\":\"made\""));
    assert_int_equal(
        post(scene, "/setup/certificate", "{\"officer\":\"a\",\"passphrase\":\"0123456789ab\"}"),
        200);
    assert_string_equal(scene->text, "{\"pkcs12\":\"CQkJ\"}");
    assert_int_equal(
        post(scene, "/setup/certificate", "{\"officer\":\"x\",\"passphrase\":\"0123456789ab\"}"),
        404);
    assert_false(scene->service.is_ended);
    assert_int_equal(post(scene, "/setup/end", "{}"), 200);
    assert_true(scene->service.is_ended);
    assert_int_equal(post(scene, "/setup/again", "{}"), 410);
}

static void without_locked_memory_a_share_is_not_lost(void **state)
{
    struct scene *scene = *state;
    unsigned status = 503;

    open_door(scene);
    assert_int_equal(post(scene, "/setup/choice",
                          "{\"centre_id\":\"c\",\"custody\":\"quorum\",\"officers\":2,\"quorum\":2,"
                          "\"dual_control\":true}"),
                     200);
    for (int n = 1; status != 200; n++) {
        assert_true(n < 10);
        fail_nth = n;
        status = post(scene, "/setup/share/take", "{\"officer\":1}");
        assert_true(status == 200 || scene->desk.state[0] == SETUP_SHARE_WAITING);
    }
    fail_nth = 0;
}

static void after_its_time_nothing_is_answered(void **state)
{
    struct scene *scene = *state;

    open_door(scene);
    scene->door.idle_until_ms = qw_clock_monotonic_ms();
    assert_int_equal(ask(scene, "GET", "/setup/state", NULL), 410);
    assert_int_equal(post(scene, "/setup/make", "{}"), 410);
    assert_int_equal(ask(scene, "GET", "/setup/", NULL), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stranger_has_the_page_and_the_door, begin, end),
        cmocka_unit_test_setup_teardown(cookie_and_token_are_both_wanted, begin, end),
        cmocka_unit_test_setup_teardown(a_page_of_another_site_is_refused_everywhere, begin, end),
        cmocka_unit_test_setup_teardown(wrong_codes_are_told_apart, begin, end),
        cmocka_unit_test_setup_teardown(two_officers_set_a_centre_up, begin, end),
        cmocka_unit_test_setup_teardown(without_locked_memory_a_share_is_not_lost, begin, end),
        cmocka_unit_test_setup_teardown(after_its_time_nothing_is_answered, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
