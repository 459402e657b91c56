/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: issued, renewed, taken back, looked up [C4]. */
#include "api/url.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "centre/certificate/certificate.h"
#include "certificates/publisher.h"
#include "route_list.h"
#include "route_query.h"
#include "routes.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAGE_MAX = 100,
    PAGE_STANDARD = 50,
    ENTRY_TEXT_MAX = 1024,
    MADE_TEXT_MAX = 2 * QW_CERTIFICATE_PEM_CAP + 1024,
    REQUEST_CAP = 4096,
    SERIAL_LEN = QW_CERTIFICATE_SERIAL_LEN
};

static void write_made(struct qw_json_writer *w, const struct qw_certificate_made *made)
{
    qw_json_name(w, "id");
    qw_json_hex(w, made->serial, sizeof made->serial);
    qw_json_name(w, "not_before_ms");
    qw_json_int(w, made->not_before_ms);
    qw_json_name(w, "not_after_ms");
    qw_json_int(w, made->not_after_ms);
    qw_json_name(w, "sha256");
    qw_json_hex(w, made->hash, sizeof made->hash);
}

static const char *state_of(const struct qw_certificate_entry *entry)
{
    return entry->is_revoked                               ? "revoked"
           : entry->made.not_after_ms <= qw_clock_utc_ms() ? "expired"
                                                           : "valid";
}

static void write_entry(struct qw_json_writer *w, const struct qw_certificate_entry *entry)
{
    write_made(w, &entry->made);
    qw_json_name(w, "name");
    qw_json_text(w, entry->name);
    qw_json_name(w, "profile");
    qw_json_text(w, qw_certificate_profile_names[entry->profile]);
    qw_json_name(w, "state");
    qw_json_text(w, state_of(entry));
    qw_json_name(w, "unit");
    qw_json_text(w, entry->unit);
    qw_json_name(w, "issued_ms");
    qw_json_int(w, entry->issued_ms);
    qw_json_name(w, "issued_by");
    qw_json_text(w, entry->issued_by);
    if (entry->is_revoked) {
        qw_json_name(w, "revoked_ms");
        qw_json_int(w, entry->revoked_ms);
        qw_json_name(w, "reason");
        qw_json_uint(w, entry->reason);
    }
}

static void send_made(struct call *call, const struct qw_certificate_made *made)
{
    char pem[QW_CERTIFICATE_PEM_CAP];
    char text[MADE_TEXT_MAX];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err = qw_certificate_pem(made->der, made->len, pem);

    if (err != QW_OK) {
        call_refuse(call, QW_ERR_IO);
        return;
    }
    qw_json_object_begin(&w);
    write_made(&w, made);
    qw_json_name(&w, "certificate");
    qw_json_text(&w, pem);
    qw_json_object_end(&w);
    call_send(call, 201, &w, NULL);
}

/* The sentences that say what to do: they tell nothing but what the caller has sent. */
static void refuse(struct call *call, qw_err err)
{
    switch (err) {
    case QW_ERR_AUTH:
        call_refuse_with(call, 400, "the request does not prove its private key");
        break;
    case QW_ERR_UNAVAILABLE:
        call_refuse_with(call, 400, "no authority for such a key");
        break;
    default:
        call_refuse(call, err);
        break;
    }
}

static void take_wish(struct call *call,
                      qw_err (*verb)(struct qw_centre *centre, const struct qw_caller *caller,
                                     const struct qw_certificate_wish *wish,
                                     struct qw_certificate_made *made))
{
    char request[REQUEST_CAP];
    struct qw_certificate_wish wish = { .request = request };
    struct qw_certificate_made made;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    uint64_t days = 0;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "request", request, 1, sizeof request);
    if (qw_json_find(object, "days") != NULL) {
        qw_json_get_uint(&r, object, "days", 1, QW_CERTIFICATE_DAYS_MAX, &days);
    }
    err = qw_json_end(&r);
    if (err == QW_OK) {
        wish.request_len = strlen(request);
        wish.days = (uint32_t)days;
        err = verb(call->service->centre, &call->caller, &wish, &made);
    }
    if (err != QW_OK) {
        refuse(call, err);
        return;
    }
    send_made(call, &made);
}

void route_certificate_issue(struct call *call)
{
    take_wish(call, qw_centre_certificate_issue);
}

void route_certificate_renew(struct call *call)
{
    take_wish(call, qw_centre_certificate_renew);
}

static bool serial_of(const char *text, uint8_t serial[static SERIAL_LEN])
{
    return qw_hex_decode(text, serial, SERIAL_LEN) == QW_OK;
}

void route_certificate_show(struct call *call)
{
    struct qw_certificate_entry entry;
    uint8_t serial[SERIAL_LEN];
    char pem[QW_CERTIFICATE_PEM_CAP];
    char text[MADE_TEXT_MAX];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err = QW_ERR_NOT_FOUND;

    if (serial_of(call->parameter[0], serial)) {
        err = qw_centre_certificate_find(call->service->centre, &call->caller, serial, &entry);
    }
    if (err == QW_OK) {
        err = qw_certificate_pem(entry.made.der, entry.made.len, pem);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    qw_json_object_begin(&w);
    write_entry(&w, &entry);
    qw_json_name(&w, "certificate");
    qw_json_text(&w, pem);
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}

static void send_page(struct call *call, const struct qw_certificate_entry *entries, size_t count)
{
    struct qw_json_writer w;

    if (!list_begin(call, "certificates", count * ENTRY_TEXT_MAX, &w)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        qw_json_object_begin(&w);
        write_entry(&w, &entries[i]);
        qw_json_object_end(&w);
    }
    list_send(call, &w);
}

static qw_err read_page(struct call *call, uint64_t *limit, uint8_t *after, bool *has_after)
{
    char text[2 * SERIAL_LEN + 1];
    qw_err err = query_number(call->request->query, "limit", 1, PAGE_MAX, limit);

    if (err != QW_OK) {
        return err;
    }
    err = qw_url_query_find(call->request->query, "after", text, sizeof text);
    *has_after = err == QW_OK;
    if (err == QW_OK && !serial_of(text, after)) {
        err = QW_ERR_FORMAT;
    }
    return err == QW_ERR_NOT_FOUND ? QW_OK : err;
}

void route_certificate_list(struct call *call)
{
    struct qw_certificate_entry *entries = NULL;
    uint8_t after[SERIAL_LEN];
    bool has_after = false;
    uint64_t limit = PAGE_STANDARD;
    size_t count = 0;
    qw_err err = read_page(call, &limit, after, &has_after);

    if (err == QW_OK) {
        entries = calloc(limit, sizeof *entries);
        err = entries == NULL
                  ? QW_ERR_NOMEM
                  : qw_centre_certificate_list(call->service->centre, &call->caller,
                                               has_after ? after : NULL, entries, limit, &count);
    }
    if (err == QW_OK) {
        send_page(call, entries, count);
    } else {
        call_refuse(call, err);
    }
    free(entries);
}

void route_certificate_revoke(struct call *call)
{
    uint8_t serial[SERIAL_LEN];
    uint64_t reason = QW_REVOKED_UNSPECIFIED;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, true, &r, &object)) {
        return;
    }
    if (qw_json_find(object, "reason") != NULL) {
        qw_json_get_uint(&r, object, "reason", 0, QW_REVOKED_CESSATION, &reason);
    }
    err = qw_json_end(&r);
    if (err == QW_OK && !serial_of(call->parameter[0], serial)) {
        err = QW_ERR_NOT_FOUND;
    }
    if (err == QW_OK) {
        err = qw_centre_certificate_revoke(call->service->centre, &call->caller, serial,
                                           (unsigned)reason);
    }
    if (err == QW_OK && call->service->publisher != NULL) {
        err = publisher_look(call->service->publisher); /* in force before the answer */
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    call_send_empty(call);
}

void route_authority_list(struct call *call)
{
    char text[QW_CERTIFICATE_PROFILE_COUNT * (QW_CERTIFICATE_PEM_CAP + 512)];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    qw_json_name(&w, "authorities");
    qw_json_array_begin(&w);
    for (int i = 0; i < QW_CERTIFICATE_PROFILE_COUNT; i++) {
        enum qw_certificate_profile profile = (enum qw_certificate_profile)i;
        char pem[QW_CERTIFICATE_PEM_CAP];

        if (qw_centre_authority_pem(call->service->centre, profile, pem) != QW_OK) {
            continue;
        }
        qw_json_object_begin(&w);
        qw_json_name(&w, "profile");
        qw_json_text(&w, qw_certificate_profile_names[profile]);
        qw_json_name(&w, "certificate");
        qw_json_text(&w, pem);
        qw_json_object_end(&w);
    }
    qw_json_array_end(&w);
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}
