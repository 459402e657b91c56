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
enum { ADMIN_WORDS_MAX = 4 };
struct admin_arguments {
    const char *operator_path, *url, *kind, *owner, *peer, *user, *kme, *certificate, *key, *role,
        *profile, *hosts, *reason;
    const char *unit; /* NULL: not said */
    unsigned long long keys_per_s, weight, devices_max, keys_per_day;
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

/* GET /v1/<noun>, page by page, as one list of that name. */
qw_err admin_show_list(struct operator_desk *desk, const char *noun,
                       const struct admin_arguments *arguments) QW_MUST_USE;

enum { ADMIN_OFFICER_ACTIONS = 5 };
extern const struct admin_action admin_officer_actions[ADMIN_OFFICER_ACTIONS];
enum { ADMIN_CERTIFICATE_ACTIONS = 12 };
extern const struct admin_action admin_certificate_actions[ADMIN_CERTIFICATE_ACTIONS];
enum { ADMIN_UNIT_ACTIONS = 3 };
extern const struct admin_action admin_unit_actions[ADMIN_UNIT_ACTIONS];
enum { ADMIN_REQUEST_ACTIONS = 7 };
extern const struct admin_action admin_request_actions[ADMIN_REQUEST_ACTIONS];
enum { ADMIN_KEK_ACTIONS = 2 };
extern const struct admin_action admin_kek_actions[ADMIN_KEK_ACTIONS];
enum { ADMIN_OPERATION_ACTIONS = 4 };
extern const struct admin_action admin_operation_actions[ADMIN_OPERATION_ACTIONS];

#endif
