/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of devices that are registered as a whole [C8; docs/protocol/device-list.md]. */
#include "base/hex.h"
#include "centre/device/import.h"
#include "centre/device/import_line.h"
#include "routes.h"

#include <stdio.h>
#include <stdlib.h>

enum { IMPORT_ID_LEN = 16, LINES_CAP = QW_HTTP_BODY_MAX, TEXT_MAX = 160 };

static bool read_id(struct call *call, uint8_t id[static IMPORT_ID_LEN])
{
    if (qw_hex_decode(call->parameter[0], id, IMPORT_ID_LEN) != QW_OK) {
        call_refuse(call, QW_ERR_NOT_FOUND);
        return false;
    }
    return true;
}

void route_import_begin(struct call *call)
{
    uint8_t id[IMPORT_ID_LEN];
    char hex[2 * IMPORT_ID_LEN + 1];
    char text[TEXT_MAX];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err;

    if (!call_check_body(call)) {
        return;
    }
    err = qw_centre_import_begin(call->service->centre, &call->caller, id);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    qw_hex_encode(id, sizeof id, hex);
    qw_json_object_begin(&w);
    qw_json_name(&w, "import");
    qw_json_text(&w, hex);
    qw_json_object_end(&w);
    call_send(call, 201, &w, NULL);
}

/* What is wrong with a list is for whoever sends it to see. */
static void refuse_lines(struct call *call, qw_err err, const struct qw_import_fault *fault)
{
    char message[TEXT_MAX];

    if (fault->why == NULL) {
        call_refuse(call, err);
        return;
    }
    (void)snprintf(message, sizeof message, "line %llu: %s; nothing is imported",
                   (unsigned long long)fault->line, fault->why);
    call_refuse_with(call, 400, message);
}

void route_import_lines(struct call *call)
{
    char header[QW_IMPORT_LINE_MAX] = "";
    char *lines = malloc(LINES_CAP);
    struct qw_import_chunk chunk = { .header = header, .lines = lines };
    struct qw_import_fault fault = { .why = NULL };
    uint8_t id[IMPORT_ID_LEN];
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (lines == NULL) {
        call_refuse(call, QW_ERR_NOMEM);
        return;
    }
    if (!read_id(call, id) || !call_open_body(call, false, &r, &object)) {
        free(lines);
        return;
    }
    lines[0] = '\0';
    qw_json_get_text(&r, object, "header", header, 0, sizeof header);
    qw_json_get_uint(&r, object, "first_line", 2, UINT32_MAX, &chunk.first_line);
    qw_json_get_text(&r, object, "lines", lines, 0, LINES_CAP);
    err = qw_json_end(&r);
    if (err == QW_OK) {
        err = qw_centre_import_add(call->service->centre, &call->caller, id, &chunk, &fault);
    }
    free(lines);
    if (err != QW_OK) {
        refuse_lines(call, err, &fault);
        return;
    }
    call_send_empty(call);
}

void route_import_commit(struct call *call)
{
    struct qw_import_progress progress = { .devices = 0 };
    uint8_t id[IMPORT_ID_LEN];
    char text[TEXT_MAX];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err;

    if (!read_id(call, id) || !call_check_body(call)) {
        return;
    }
    err = qw_centre_import_commit(call->service->centre, &call->caller, id, &progress);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    qw_json_object_begin(&w);
    qw_json_name(&w, "devices");
    qw_json_uint(&w, progress.devices);
    qw_json_name(&w, "left");
    qw_json_uint(&w, progress.left);
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}

void route_import_drop(struct call *call)
{
    uint8_t id[IMPORT_ID_LEN];
    qw_err err;

    if (!read_id(call, id) || !call_check_body(call)) {
        return;
    }
    err = qw_centre_import_drop(call->service->centre, &call->caller, id);
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call_send_empty(call);
}
