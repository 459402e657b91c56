/* SPDX-License-Identifier: Apache-2.0 */
/* enc_keys: the Key request and what it gives [ETSI 014 5.3, 6.2, 6.3]. */
#include "conform/check_014.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool an_empty_get_gives_one_key(struct conform_run *run)
{
    struct conform_container keys;
    struct conform_limits limits;

    return conform_get_limits(run, &limits) && conform_enc(run, "GET", "", NULL) &&
           conform_container_is(run, 1, limits.key_size, &keys);
}

static bool get_with_number_and_size(struct conform_run *run)
{
    struct conform_container keys;
    struct conform_limits limits;
    char query[96];

    if (!conform_get_limits(run, &limits)) {
        return false;
    }
    (void)snprintf(query, sizeof query, "?number=2&size=%" PRIu64, limits.key_size);
    return limits.per_request < 2 ? conform_row_skip(run->row, "max_key_per_request is 1")
                                  : conform_enc(run, "GET", query, NULL) &&
                                        conform_container_is(run, 2, limits.key_size, &keys);
}

static bool an_empty_object_gives_one_key(struct conform_run *run)
{
    struct conform_container keys;
    struct conform_limits limits;

    return conform_get_limits(run, &limits) && conform_enc(run, "POST", "", "{}") &&
           conform_container_is(run, 1, limits.key_size, &keys);
}

static bool an_empty_post_gives_one_key(struct conform_run *run)
{
    struct conform_container keys;

    return conform_enc(run, "POST", "", NULL) &&
           conform_container_is(run, 1, CONFORM_UNKNOWN_SIZE, &keys);
}

static bool post_with_number_and_size(struct conform_run *run)
{
    struct conform_container keys;
    struct conform_limits limits;
    char body[96];

    if (!conform_get_limits(run, &limits)) {
        return false;
    }
    (void)snprintf(body, sizeof body, "{\"number\":%d,\"size\":%" PRIu64 "}",
                   limits.per_request < 3 ? 1 : 3, limits.key_size);
    return conform_enc(run, "POST", "", body) &&
           conform_container_is(run, limits.per_request < 3 ? 1 : 3, limits.key_size, &keys);
}

static bool sizes_are_exact(struct conform_run *run)
{
    struct conform_container keys;
    struct conform_limits limits;
    uint64_t sizes[2];

    if (!conform_get_limits(run, &limits)) {
        return false;
    }
    sizes[0] = (limits.size_min + 7) / 8 * 8;
    sizes[1] = limits.size_max / 8 * 8;
    for (size_t i = 0; i < 2; i++) {
        char body[64];

        if (sizes[i] / 8 > CONFORM_KEY_LEN_MAX || sizes[i] == 0) {
            continue; /* more than these checks take in */
        }
        (void)snprintf(body, sizeof body, "{\"size\":%" PRIu64 "}", sizes[i]);
        if (!conform_enc(run, "POST", "", body) || !conform_container_is(run, 1, sizes[i], &keys)) {
            return false;
        }
    }
    return true;
}

static bool too_many_keys_are_refused(struct conform_run *run)
{
    struct conform_limits limits;
    char body[64];

    if (!conform_get_limits(run, &limits)) {
        return false;
    }
    (void)snprintf(body, sizeof body, "{\"number\":%" PRIu64 "}", limits.per_request + 1);
    return conform_refuses_body(run, body, NULL);
}

static bool sizes_out_of_range_are_refused(struct conform_run *run)
{
    struct conform_limits limits;
    char body[64];

    if (!conform_get_limits(run, &limits)) {
        return false;
    }
    (void)snprintf(body, sizeof body, "{\"size\":%" PRIu64 "}", (limits.size_max / 8 + 1) * 8);
    if (!conform_refuses_body(run, body, NULL)) {
        return false;
    }
    if (limits.size_min <= 8) {
        return true;
    }
    (void)snprintf(body, sizeof body, "{\"size\":%" PRIu64 "}", (limits.size_min - 1) / 8 * 8);
    return conform_refuses_body(run, body, NULL);
}

static bool odd_sizes_have_the_mandated_answer(struct conform_run *run)
{
    struct conform_container keys;
    struct conform_limits limits;
    char body[64];

    if (!conform_get_limits(run, &limits)) {
        return false;
    }
    (void)snprintf(body, sizeof body, "{\"size\":%" PRIu64 "}", limits.key_size / 8 * 8 + 1);
    if (!conform_enc(run, "POST", "", body)) {
        return false;
    }
    return run->status == 200 ? conform_container_is(run, 1, limits.key_size / 8 * 8 + 1, &keys)
                              : conform_error_is(run, 400, "size shall be a multiple of 8");
}

static bool wrong_values_are_refused(struct conform_run *run)
{
    static const char *const bodies[] = { "{\"number\":0}", "{\"number\":-1}", "{\"number\":1.5}",
                                          "{\"size\":\"abc\"}", "{\"size\":0}" };

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        if (!conform_refuses_body(run, bodies[i], NULL)) {
            char why[CONFORM_REASON_CAP];

            (void)snprintf(why, sizeof why, "%s", run->row->reason);
            return conform_wrong(run, "%s: %.100s", bodies[i], why);
        }
    }
    return true;
}

static bool malformed_json_is_refused(struct conform_run *run)
{
    return conform_refuses_body(run, "{\"number\":", NULL) && conform_refuses_body(run, "[]", NULL);
}

static bool unknown_mandatory_extensions_are_refused(struct conform_run *run)
{
    return conform_refuses_body(run, "{\"extension_mandatory\":[{\"conform_unknown\":\"1\"}]}",
                                "not all extension_mandatory parameters are supported");
}

static bool unknown_optional_extensions_may_be_ignored(struct conform_run *run)
{
    struct conform_container keys;

    if (!conform_enc(run, "POST", "", "{\"extension_optional\":[{\"conform_unknown\":\"1\"}]}")) {
        return false;
    }
    return run->status == 200
               ? conform_container_is(run, 1, CONFORM_UNKNOWN_SIZE, &keys)
               : conform_error_is(run, 400, "not all extension_optional request options handled");
}

static bool keys_are_never_repeated(struct conform_run *run)
{
    struct conform_container first;
    struct conform_container second;

    if (!conform_get_keys(run, 1, &first) || !conform_get_keys(run, 1, &second)) {
        return false;
    }
    return (strcmp(first.keys[0].id, second.keys[0].id) != 0 &&
            strcmp(first.keys[0].text, second.keys[0].text) != 0) ||
           conform_wrong(run, "two calls of enc_keys gave the same key or the same id");
}

static bool unknown_slaves_are_refused(struct conform_run *run)
{
    if (!conform_ask_about(run, CONFORM_MASTER, "GET", "conform-no-such-sae", "enc_keys", NULL)) {
        return false;
    }
    return run->status == 401 ? conform_error_is(run, 401, NULL) : conform_error_is(run, 400, NULL);
}

static bool unknown_members_are_ignored(struct conform_run *run)
{
    struct conform_container keys;

    return conform_enc(run, "POST", "", "{\"number\":1,\"conform_unknown\":{\"a\":[1]}}") &&
           conform_container_is(run, 1, CONFORM_UNKNOWN_SIZE, &keys);
}

/* clang-format off */
const struct conform_check conform_enc_checks[] = {
    { { "E1", "5.3", true,  "GET enc_keys without parameters: one key of the standard size" }, an_empty_get_gives_one_key },
    { { "E2", "6.2", true,  "GET enc_keys with number and size" }, get_with_number_and_size },
    { { "E3", "6.2", true,  "POST enc_keys with {}: one key of the standard size" }, an_empty_object_gives_one_key },
    { { "E4", "6.2", false, "POST enc_keys without a body" }, an_empty_post_gives_one_key },
    { { "E5", "6.2", true,  "POST enc_keys with number and size" }, post_with_number_and_size },
    { { "E6", "6.2", true,  "the smallest and the largest size are exact" }, sizes_are_exact },
    { { "E7", "6.2", true,  "more keys than max_key_per_request: 400" }, too_many_keys_are_refused },
    { { "E8", "6.2", true,  "sizes below min_key_size or above max_key_size: 400" }, sizes_out_of_range_are_refused },
    { { "E9", "6.2", true,  "a size that is no multiple of 8: exact, or 400 with the mandated text" }, odd_sizes_have_the_mandated_answer },
    { { "E10", "6.2", true, "values that are no positive whole numbers: 400" }, wrong_values_are_refused },
    { { "E11", "5.3", true, "a body that is no JSON object: 400" }, malformed_json_is_refused },
    { { "E12", "6.2", true, "unknown extension_mandatory: 400 with the mandated text" }, unknown_mandatory_extensions_are_refused },
    { { "E13", "6.2", true, "unknown extension_optional: ignored, or 400 with the mandated text" }, unknown_optional_extensions_may_be_ignored },
    { { "E14", "5.3", true, "no key and no id is given twice" }, keys_are_never_repeated },
    { { "E15", "5.3", true, "an unknown slave: 400 or 401" }, unknown_slaves_are_refused },
    { { "E16", "6.2", false, "members nobody knows are ignored" }, unknown_members_are_ignored },
    { .run = NULL },
};
/* clang-format on */
