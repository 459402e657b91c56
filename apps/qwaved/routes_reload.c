/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the settings again [docs/protocol/centre-rest.md]. */
#include "centre/reload.h"
#include "reload/reload_switch.h"
#include "routes.h"

enum { TEXT_CAP = 64 + 2 * SETTINGS_MAX * 40 };

static void write_names(struct qw_json_writer *w, const char *name, const char *const *names,
                        size_t count)
{
    qw_json_name(w, name);
    qw_json_array_begin(w);
    for (size_t i = 0; i < count; i++) {
        qw_json_text(w, names[i]);
    }
    qw_json_array_end(w);
}

void route_reload(struct call *call)
{
    const struct reload_switch *reload = call->service->reload;
    struct reload_report report = { .error = "" };
    char text[TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err;

    if (!call_check_body(call)) {
        return;
    }
    err = qw_centre_may_reload(call->service->centre, &call->caller);
    if (err == QW_OK) {
        err =
            reload == NULL ? QW_ERR_UNAVAILABLE : reload->run(reload->self, &call->caller, &report);
    }
    if (err == QW_ERR_FORMAT) {
        call_refuse_with(call, 409, report.error);
        return;
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    qw_json_object_begin(&w);
    write_names(&w, "changed", report.change.live, report.change.live_count);
    write_names(&w, "needs_restart", report.change.fixed, report.change.fixed_count);
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}
