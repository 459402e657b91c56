/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_ADMIN_ADMIN_H
#define QWAVE_ADMIN_ADMIN_H

#include "base/error.h"
#include "centre/people/unit.h"
#include "operator.h"

#include <stdbool.h>
#include <stddef.h>

/* What the actions of `qwave admin` share; the command itself and most actions are in cmd_admin.c,
 * nouns with a file of their own stand here. */
enum { ADMIN_WORDS_MAX = 5 };
struct admin_arguments {
    const char *operator_path, *url, *peer, *user, *kme, *certificate, *key, *role, *profile,
        *hosts, *reason;
    /* NULL: not said */
    const char *kind, *owner, *unit, *state, *prefix, *owner_prefix, *firmware, *card;
    unsigned long long keys_per_s, weight, devices_max, keys_per_day, keys_stored;
    const char *word[ADMIN_WORDS_MAX];
    size_t words;
    bool as_json;
};

struct admin_action {
    const char *noun, *verb;
    size_t words; /* with noun and verb */
    const char *arguments;
    const char *text;
    qw_err (*run)(struct operator_desk *desk, const struct admin_arguments *arguments);
};

/* Prints an answer of the centre as it is, or as a table. */
void admin_show(const char *answer, const struct admin_arguments *arguments);

/* GET /v1/<noun>, page by page, as one list of that name. query: "" or further conditions, each
 * with a '&' before it. */
qw_err admin_show_list(struct operator_desk *desk, const char *noun, const char *query,
                       const struct admin_arguments *arguments) QW_MUST_USE;
/* The same, one page's rows at a time: an array of objects, borrowed. */
struct cJSON;
qw_err admin_walk_list(struct operator_desk *desk, const char *noun, const char *query,
                       void (*visit)(void *self, struct cJSON *rows), void *self) QW_MUST_USE;

/* A body of texts, and what the centre answers shown: POST /v1/devices/{id}<path>. Members without
 * a value are left out. */
struct admin_member {
    const char *name, *value;
};
qw_err admin_device_post(struct operator_desk *desk, const struct admin_arguments *arguments,
                         const char *path, const struct admin_member *members,
                         size_t count) QW_MUST_USE;

enum { ADMIN_DEVICE_ACTIONS = 13 };
extern const struct admin_action admin_device_actions[ADMIN_DEVICE_ACTIONS];
enum { ADMIN_LIST_ACTIONS = 3 };
extern const struct admin_action admin_list_actions[ADMIN_LIST_ACTIONS];

enum { ADMIN_OFFICER_ACTIONS = 7 };
extern const struct admin_action admin_officer_actions[ADMIN_OFFICER_ACTIONS];
enum { ADMIN_CERTIFICATE_ACTIONS = 13 };
extern const struct admin_action admin_certificate_actions[ADMIN_CERTIFICATE_ACTIONS];
enum { ADMIN_UNIT_ACTIONS = 3 };
extern const struct admin_action admin_unit_actions[ADMIN_UNIT_ACTIONS];
enum { ADMIN_REQUEST_ACTIONS = 15 };
extern const struct admin_action admin_request_actions[ADMIN_REQUEST_ACTIONS];
enum { ADMIN_AUTHENTICATION_ACTIONS = 1 };
extern const struct admin_action admin_authentication_actions[ADMIN_AUTHENTICATION_ACTIONS];
enum { ADMIN_KEK_ACTIONS = 2 };
extern const struct admin_action admin_kek_actions[ADMIN_KEK_ACTIONS];
enum { ADMIN_KEY_ACTIONS = 8 };
extern const struct admin_action admin_key_actions[ADMIN_KEY_ACTIONS];
enum { ADMIN_OPERATION_ACTIONS = 7 };
extern const struct admin_action admin_operation_actions[ADMIN_OPERATION_ACTIONS];

#endif
