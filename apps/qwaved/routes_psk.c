/* SPDX-License-Identifier: Apache-2.0 */
/* Operators make and revoke the pre-shared keys of applications [docs/protocol/skip.md S3]. */
#include "base/secret.h"
#include "centre/psk/psk.h"
#include "routes.h"

enum { TEXT_CAP = 512 };

/* The one answer that ever holds the key. */
static void send_psk(struct call *call, char *text, const uint8_t key[static QW_PSK_LEN])
{
    struct qw_json_writer w = qw_json_writer_on(text, TEXT_CAP);

    qw_json_object_begin(&w);
    qw_json_name(&w, "identity");
    qw_json_text(&w, call->parameter[0]);
    qw_json_name(&w, "psk");
    qw_json_hex(&w, key, QW_PSK_LEN);
    qw_json_object_end(&w);
    call_send(call, 201, &w, text);
}

void route_psk_create(struct call *call)
{
    uint8_t key[QW_PSK_LEN];
    char *text;
    qw_err err;

    if (!call_check_body(call)) {
        return;
    }
    text = call_text_new(call, TEXT_CAP); /* before there is a key that could not be shown */
    if (text == NULL) {
        return;
    }
    err = qw_centre_psk_create(call->service->centre, &call->caller, call->parameter[0], key);
    if (err != QW_OK) {
        qw_secret_free(text);
        call_refuse(call, err);
        return;
    }
    send_psk(call, text, key);
    qw_wipe(key, sizeof key);
}

void route_psk_revoke(struct call *call)
{
    qw_err err;

    if (!call_check_body(call)) {
        return;
    }
    err = qw_centre_psk_revoke(call->service->centre, &call->caller, call->parameter[0]);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call_send_empty(call);
}
