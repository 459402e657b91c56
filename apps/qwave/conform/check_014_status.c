/* SPDX-License-Identifier: Apache-2.0 */
/* The way in, and Status [ETSI 014 5.1, 5.2, 6.1]. */
#include "api/json_reader.h"
#include "conform/check_014.h"

#include <inttypes.h>
#include <string.h>

enum { TRIES = 4 };

static bool needs_a_certificate(struct conform_run *run)
{
    static const char path[] = "/api/v1/keys/conform/status";

    if (!run->server->has_nobody) {
        return conform_row_skip(run->row, "not tried");
    }
    return run->server->ask(run->server->self, CONFORM_NOBODY, "GET", path, NULL, &run->status,
                            &run->answer) != QW_OK ||
           run->status == 401 || run->status == 400 || run->status == 403 ||
           conform_wrong(run, "status %u without a client certificate", run->status);
}

static bool status_has_all_fields(struct conform_run *run)
{
    static const char *const names[] = { "source_KME_ID", "target_KME_ID", "master_SAE_ID",
                                         "slave_SAE_ID" };
    struct conform_limits limits;
    struct qw_json_reader r;
    char text[256];
    bool ok = true;

    if (!conform_get_limits(run, &limits)) {
        return false;
    }
    if (qw_json_open(run->answer, strlen(run->answer), &r) != QW_OK) {
        return conform_wrong(run, "Status is not JSON");
    }
    for (size_t i = 0; ok && i < sizeof names / sizeof names[0]; i++) {
        qw_json_get_text(&r, qw_json_root_object(&r), names[i], text, 1, sizeof text);
        ok = qw_json_ok(&r) || conform_wrong(run, "%s is missing or no text", names[i]);
    }
    qw_json_close(&r);
    return ok;
}

static bool status_names_both_ends(struct conform_run *run)
{
    struct conform_limits limits;
    struct qw_json_reader r;
    char master[256] = "";
    char slave[256] = "";

    if (!conform_get_limits(run, &limits) ||
        qw_json_open(run->answer, strlen(run->answer), &r) != QW_OK) {
        return false;
    }
    qw_json_get_text(&r, qw_json_root_object(&r), "master_SAE_ID", master, 1, sizeof master);
    qw_json_get_text(&r, qw_json_root_object(&r), "slave_SAE_ID", slave, 1, sizeof slave);
    qw_json_close(&r);
    if (strcmp(master, run->server->master_id) != 0) {
        return conform_wrong(run, "master_SAE_ID is '%.60s', the certificate says '%.60s'", master,
                             run->server->master_id);
    }
    return strcmp(slave, run->server->slave_id) == 0 ||
           conform_wrong(run, "slave_SAE_ID is '%.60s'", slave);
}

static bool status_is_consistent(struct conform_run *run)
{
    struct conform_limits l;

    if (!conform_get_limits(run, &l)) {
        return false;
    }
    return (l.size_min <= l.key_size && l.key_size <= l.size_max && l.key_size > 0 &&
            l.per_request >= 1 && l.stored <= l.max_stored) ||
           conform_wrong(
               run, "not min_key_size <= key_size <= max_key_size, stored <= max, per request >= "
                    "1");
}

/* A store that is filled meanwhile grows by a block at a time, so not every try tells. */
static bool status_follows_consumption(struct conform_run *run)
{
    struct conform_container keys;
    struct conform_limits before, after = { .stored = 0 };

    for (int i = 0; i < TRIES; i++) {
        if (!conform_get_limits(run, &before) || !conform_get_keys(run, 1, &keys) ||
            !conform_get_limits(run, &after)) {
            return false;
        }
        if (after.stored < before.stored) {
            return true;
        }
    }
    return conform_wrong(run, "stored_key_count stayed at %" PRIu64 " although keys were taken",
                         after.stored);
}

/* clang-format off */
const struct conform_check conform_status_checks[] = {
    { { "T1", "5.1", true,  "a request without a client certificate is refused" }, needs_a_certificate },
    { { "S1", "6.1", true,  "Status has its eleven fields" }, status_has_all_fields },
    { { "S2", "6.1", true,  "Status names the caller as master and the path as slave" }, status_names_both_ends },
    { { "S3", "6.1", true,  "the numbers of Status are consistent" }, status_is_consistent },
    { { "S4", "5.2", false, "stored_key_count follows consumption" }, status_follows_consumption },
    { .run = NULL },
};
/* clang-format on */
