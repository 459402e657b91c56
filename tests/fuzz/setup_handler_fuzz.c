/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: setup */
/* The set-up page's routes from the inside: any bodies in any order. Input: a byte for the route,
 * two for the body's length, the body, and so on. No share leaves by anything but TAKE, each at
 * most once in a ceremony, and no more are back than were given. */
#include "setup/setup_bundle.h"
#include "setup/setup_routes.h"

#include "api/http_answer.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

qw_err centre_staging_create(const struct centre_staging *staging,
                             const struct centre_folder_config *config,
                             char error[static CENTRE_FOLDER_ERROR_CAP])
{
    (void)staging;
    (void)error;
    if ((config->held == NULL) != (config->officers == 0)) {
        abort();
    }
    return config->dual_control ? QW_OK : QW_ERR_IO;
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
    (void)wanted;
    (void)out;
    *len = 0;
    return QW_OK;
}

static const struct qw_http_page page = { .files = NULL };
static const struct centre_folder_config base = { .centre_id = "centre-1" };
static const struct centre_staging staging = { .place = "/f" };

static const char *const paths[] = {
    "/setup/state", "/setup/open",  "/setup/choice",      "/setup/share/take", "/setup/share/entry",
    "/setup/make",  "/setup/again", "/setup/certificate", "/setup/end",        "/"
};
enum { PATHS = sizeof paths / sizeof paths[0], TAKE = 3 };

static unsigned not_waiting(const struct setup_desk *desk)
{
    unsigned count = 0;

    for (size_t i = 0; i < QW_OFFICERS_MAX; i++) {
        count += desk->state[i] != SETUP_SHARE_WAITING ? 1 : 0;
    }
    return count;
}

static void ask(struct setup_service *service, const char *cookies, size_t path,
                const uint8_t *body, size_t len)
{
    struct qw_http_request request = { .method = path == 0 || path == PATHS - 1 ? "GET" : "POST",
                                       .path = paths[path],
                                       .content_type = "application/json",
                                       .address = "127.0.0.1",
                                       .cookie = cookies,
                                       .session_token = service->door->token,
                                       .body = body,
                                       .body_len = len };
    struct qw_http_answer answer = { .status = 0 };
    unsigned given = not_waiting(service->desk);
    bool has_share;

    setup_routes_handle(service, &request, &answer);
    has_share =
        answer.body != NULL && answer.body_len > 9 && memcmp(answer.body, "{\"share\":", 9) == 0;
    if (answer.status == 0 || has_share != (path == TAKE && answer.status == 200) ||
        (has_share && not_waiting(service->desk) != given + 1)) {
        abort();
    }
    qw_http_answer_wipe(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct setup_door door;
    static struct setup_desk desk;
    struct setup_service service = {
        .page = &page, .mutex = PTHREAD_MUTEX_INITIALIZER, .door = &door, .desk = &desk
    };
    char cookies[128] = SETUP_DOOR_COOKIE "=";

    desk = (struct setup_desk){ .base = &base, .staging = &staging, .offered = 7 };
    if (setup_door_init(&door, 1000000, 0) != QW_OK ||
        setup_notes_init(&desk.notes, NULL) != QW_OK) {
        return 0;
    }
    door.life_until_ms = door.idle_until_ms = INT64_MAX;
    if (setup_door_try(&door, door.code, 0) == SETUP_DOOR_OPENED) {
        (void)strncat(cookies, door.cookie, sizeof cookies - strlen(cookies) - 1);
        while (size >= 3) {
            size_t len = (size_t)data[1] << 8 | data[2];

            len = len > size - 3 ? size - 3 : len;
            ask(&service, cookies, data[0] % PATHS, data + 3, len);
            door.idle_until_ms = INT64_MAX;
            data += 3 + len;
            size -= 3 + len;
        }
    }
    setup_notes_free(&desk.notes);
    qw_wipe(&desk, sizeof desk);
    return 0;
}
