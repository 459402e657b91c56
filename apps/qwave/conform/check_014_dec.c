/* SPDX-License-Identifier: Apache-2.0 */
/* dec_keys: the same keys at the other end, and at several [ETSI 014 5.4, 6.2, 6.4]. */
#include "conform/check_014.h"

#include <inttypes.h>
#include <stdio.h>

static bool the_slave_gets_the_same_key(struct conform_run *run)
{
    struct conform_container master;
    struct conform_container slave;

    return conform_get_keys(run, 1, &master) && conform_dec(run, CONFORM_SLAVE, &master, NULL) &&
           conform_container_is(run, 1, CONFORM_UNKNOWN_SIZE, &slave) &&
           conform_same_keys(run, &master, &slave);
}

static bool one_id_may_be_fetched_by_get(struct conform_run *run)
{
    struct conform_container master;
    struct conform_container slave;
    char tail[128];

    if (!conform_get_keys(run, 1, &master)) {
        return false;
    }
    (void)snprintf(tail, sizeof tail, "dec_keys?key_ID=%s", master.keys[0].id);
    return conform_ask_about(run, CONFORM_SLAVE, "GET", run->server->master_id, tail, NULL) &&
           conform_container_is(run, 1, CONFORM_UNKNOWN_SIZE, &slave) &&
           conform_same_keys(run, &master, &slave);
}

static bool several_ids_at_once(struct conform_run *run)
{
    struct conform_container master;
    struct conform_container slave;
    struct conform_limits limits;

    if (!conform_get_limits(run, &limits)) {
        return false;
    }
    return limits.per_request < 4
               ? conform_row_skip(run->row, "max_key_per_request is below 4")
               : conform_get_keys(run, 4, &master) &&
                     conform_dec(run, CONFORM_SLAVE, &master, NULL) &&
                     conform_container_is(run, 4, CONFORM_UNKNOWN_SIZE, &slave) &&
                     conform_same_keys(run, &master, &slave);
}

static bool earlier_keys_stay_fetchable(struct conform_run *run)
{
    struct conform_container first;
    struct conform_container second;
    struct conform_container slave;

    return conform_get_keys(run, 1, &first) && conform_get_keys(run, 1, &second) &&
           conform_dec(run, CONFORM_SLAVE, &first, NULL) &&
           conform_container_is(run, 1, CONFORM_UNKNOWN_SIZE, &slave) &&
           conform_same_keys(run, &first, &slave) &&
           conform_dec(run, CONFORM_SLAVE, &second, NULL) &&
           conform_container_is(run, 1, CONFORM_UNKNOWN_SIZE, &slave) &&
           conform_same_keys(run, &second, &slave);
}

#define UNKNOWN_ID "{\"key_ID\":\"c04f04a1-0000-4000-8000-00000000dead\"}"

static bool unknown_ids_have_the_mandated_answer(struct conform_run *run)
{
    static const struct conform_container none = { .count = 0 };

    return conform_dec(run, CONFORM_SLAVE, &none, UNKNOWN_ID) &&
           conform_error_is(run, 400, "one or more keys specified are not found on KME");
}

static bool all_or_nothing(struct conform_run *run)
{
    struct conform_container master;
    struct conform_container slave;

    return conform_get_keys(run, 1, &master) &&
           conform_dec(run, CONFORM_SLAVE, &master, "," UNKNOWN_ID) &&
           conform_error_is(run, 400, "one or more keys specified are not found on KME") &&
           conform_dec(run, CONFORM_SLAVE, &master, NULL) &&
           conform_container_is(run, 1, CONFORM_UNKNOWN_SIZE, &slave) &&
           conform_same_keys(run, &master, &slave);
}

static bool malformed_ids_are_refused(struct conform_run *run)
{
    static const struct conform_container none = { .count = 0 };

    return conform_dec(run, CONFORM_SLAVE, &none, NULL) && conform_error_is(run, 400, NULL) &&
           conform_dec(run, CONFORM_SLAVE, &none, "{\"key_ID\":7}") &&
           conform_error_is(run, 400, NULL);
}

static bool the_master_is_no_slave(struct conform_run *run)
{
    struct conform_container master;

    return conform_get_keys(run, 1, &master) && conform_dec(run, CONFORM_MASTER, &master, NULL) &&
           conform_error_is(run, 401, NULL);
}

static bool others_get_nothing(struct conform_run *run)
{
    struct conform_container master;

    if (run->server->other_id == NULL) {
        return conform_row_skip(run->row, "no third application was given");
    }
    return conform_get_keys(run, 1, &master) && conform_dec(run, CONFORM_OTHER, &master, NULL) &&
           conform_error_is(run, 401, NULL);
}

static bool a_repeat_never_differs(struct conform_run *run)
{
    struct conform_container master;
    struct conform_container slave;

    if (!conform_get_keys(run, 1, &master) || !conform_dec(run, CONFORM_SLAVE, &master, NULL) ||
        !conform_container_is(run, 1, CONFORM_UNKNOWN_SIZE, &slave) ||
        !conform_dec(run, CONFORM_SLAVE, &master, NULL)) {
        return false;
    }
    return run->status == 200
               ? conform_container_is(run, 1, CONFORM_UNKNOWN_SIZE, &slave) &&
                     conform_same_keys(run, &master, &slave)
               : conform_error_is(run, 400, "one or more keys specified are not found on KME");
}

static bool too_many_slaves_are_refused(struct conform_run *run)
{
    struct conform_limits limits;
    char body[CONFORM_BODY_CAP];
    size_t at = (size_t)snprintf(body, sizeof body, "{\"additional_slave_SAE_IDs\":[");

    if (!conform_get_limits(run, &limits)) {
        return false;
    }
    if (limits.slaves_max > 100) {
        return conform_row_skip(run->row, "max_SAE_ID_count is above 100");
    }
    for (uint64_t i = 0; i <= limits.slaves_max; i++) {
        at += (size_t)snprintf(body + at, sizeof body - at, "%s\"conform-%" PRIu64 "\"",
                               i == 0 ? "" : ",", i);
    }
    (void)snprintf(body + at, sizeof body - at, "]}");
    return conform_refuses_body(run, body, NULL);
}

static bool additional_slaves_get_the_same_key(struct conform_run *run)
{
    struct conform_container master;
    struct conform_container slave;
    struct conform_limits limits;
    char body[512];

    if (!conform_get_limits(run, &limits)) {
        return false;
    }
    if (limits.slaves_max == 0 || run->server->other_id == NULL) {
        return conform_row_skip(run->row, limits.slaves_max == 0
                                              ? "the server offers no additional slaves"
                                              : "no third application was given");
    }
    (void)snprintf(body, sizeof body, "{\"additional_slave_SAE_IDs\":[\"%s\"]}",
                   run->server->other_id);
    return conform_enc(run, "POST", "", body) &&
           conform_container_is(run, 1, CONFORM_UNKNOWN_SIZE, &master) &&
           conform_dec(run, CONFORM_OTHER, &master, NULL) &&
           conform_container_is(run, 1, CONFORM_UNKNOWN_SIZE, &slave) &&
           conform_same_keys(run, &master, &slave) &&
           conform_dec(run, CONFORM_SLAVE, &master, NULL) &&
           conform_container_is(run, 1, CONFORM_UNKNOWN_SIZE, &slave) &&
           conform_same_keys(run, &master, &slave);
}

/* clang-format off */
const struct conform_check conform_dec_checks[] = {
    { { "D1", "5.4", true,  "the slave fetches the same key by POST" }, the_slave_gets_the_same_key },
    { { "D2", "5.4", true,  "and by GET, one id" }, one_id_may_be_fetched_by_get },
    { { "D3", "6.4", true,  "and several at once" }, several_ids_at_once },
    { { "D4", "5.4", true,  "keys of earlier calls stay fetchable" }, earlier_keys_stay_fetchable },
    { { "D5", "6.4", true,  "unknown ids: 400 with the mandated text" }, unknown_ids_have_the_mandated_answer },
    { { "D6", "6.4", false, "one unknown id burns none of the others" }, all_or_nothing },
    { { "D7", "6.4", true,  "malformed ids: 400" }, malformed_ids_are_refused },
    { { "D8", "5.4", true,  "the master is no slave: 401" }, the_master_is_no_slave },
    { { "D9", "5.4", true,  "an application that was not named: 401" }, others_get_nothing },
    { { "D10", "5.4", true, "fetched again: the same bytes, or 400 with the mandated text" }, a_repeat_never_differs },
    { { "M1", "6.2", true,  "more additional slaves than max_SAE_ID_count: 400" }, too_many_slaves_are_refused },
    { { "M2", "6.2", true,  "additional slaves get the same key" }, additional_slaves_get_the_same_key },
    { .run = NULL },
};
/* clang-format on */
