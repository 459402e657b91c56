/* SPDX-License-Identifier: Apache-2.0 */
/* What the caller is to this centre, so that a page offers him what he may do and nothing else
 * [C10]. It grants nothing: each deed asks for its right again. */
#include "centre/people/officer.h"
#include "routes.h"

enum { SELF_TEXT_CAP = 2048 };

static const char *const role_names[QW_ROLE_COUNT] = { [QW_ROLE_OPERATOR] = "officer",
                                                       [QW_ROLE_ACCESS_POINT] = "access-point",
                                                       [QW_ROLE_SAE] = "application",
                                                       [QW_ROLE_KME] = "partner",
                                                       [QW_ROLE_NODE] = "node" };

static void write_roles(struct qw_json_writer *w, unsigned roles)
{
    qw_json_name(w, "roles");
    qw_json_array_begin(w);
    for (int role = 0; role < QW_OFFICER_ROLE_COUNT; role++) {
        if ((roles & 1U << role) != 0) {
            qw_json_text(w, qw_officer_role_names[role]);
        }
    }
    qw_json_array_end(w);
}

/* None of who is suspended. */
static void write_rights(struct qw_json_writer *w, const struct qw_officer *officer)
{
    unsigned roles = officer->state == QW_OFFICER_ACTIVE ? officer->roles : 0;

    qw_json_name(w, "rights");
    qw_json_array_begin(w);
    for (int right = 0; right < QW_RIGHT_COUNT; right++) {
        if (qw_roles_have(roles, (enum qw_right)right)) {
            qw_json_text(w, qw_right_names[right]);
        }
    }
    qw_json_array_end(w);
}

void route_self(struct call *call)
{
    struct qw_officer officer = { .roles = 0, .state = QW_OFFICER_ACTIVE };
    char text[SELF_TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err = QW_ERR_NOT_FOUND;

    if (call->caller.role == QW_ROLE_OPERATOR) {
        err = qw_centre_officer_self(call->service->centre, &call->caller, &officer);
    }
    if (err != QW_OK && err != QW_ERR_NOT_FOUND) {
        call_refuse(call, err);
        return;
    }
    qw_json_object_begin(&w);
    qw_json_name(&w, "centre_id");
    qw_json_text(&w, call->service->centre_id);
    qw_json_name(&w, "id");
    qw_json_text(&w, call->caller.id);
    qw_json_name(&w, "role");
    qw_json_text(&w, role_names[call->caller.role]);
    qw_json_name(&w, "state");
    qw_json_text(&w, err == QW_OK ? qw_officer_state_names[officer.state] : "none");
    qw_json_name(&w, "unit");
    qw_json_text(&w, officer.unit);
    write_roles(&w, officer.roles);
    write_rights(&w, &officer);
    qw_json_name(&w, "by");
    qw_json_text(&w, call->has_session ? "password" : "certificate");
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}
