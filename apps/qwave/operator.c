/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "operator.h"

#include "api/centre_client.h"
#include "api/http_client.h"
#include "api/json_reader.h"
#include "api/json_writer.h"
#include "api/url.h"
#include "base/config.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BODY_CAP = 1024, PATH_TEXT_CAP = 512, MESSAGE_CAP = 256, TIMEOUT_MS = 20000, URL_CAP = 256 };

struct settings {
    char url[URL_CAP];
    char certificate[PATH_MAX];
    char key[PATH_MAX];
    char ca[PATH_MAX];
    char ca_key[PATH_MAX];
    char revocation_list[PATH_MAX];
    char station[64];
    char station_card[PATH_MAX];
    char station_passphrase_file[PATH_MAX];
};

#define TEXT_ROW(member, cap, standard_value, help_text) \
    { \
        .name = #member, .kind = QW_CONFIG_TEXT, .offset = offsetof(struct settings, member), \
        .min = 0, .max = cap, .standard = standard_value, .help = help_text \
    }
static const struct qw_config_row rows[] = {
    TEXT_ROW(url, URL_CAP, NULL, "of the centre, https://ADDRESS:PORT"),
    TEXT_ROW(certificate, PATH_MAX, NULL, "the operator's certificate, PEM"),
    TEXT_ROW(key, PATH_MAX, NULL, "its private key, PEM"),
    TEXT_ROW(ca, PATH_MAX, NULL, "certificate of the authority, PEM"),
    TEXT_ROW(ca_key, PATH_MAX, "", "private key of an authority in files, where this desk issues"),
    TEXT_ROW(revocation_list, PATH_MAX, "",
             "its certificates taken back, where the centre reads it"),
    TEXT_ROW(station, 64, "", "id of this charging station"),
    TEXT_ROW(station_card, PATH_MAX, "", "its card"),
    TEXT_ROW(station_passphrase_file, PATH_MAX, "", "the passphrase of its card"),
};

struct operator_desk {
    struct settings settings;
    struct qw_http_client *client;
    char message[MESSAGE_CAP]; /* of the last refusal */
};

/* Each call opens them; here it can be said which one is missing. */
static qw_err check_files(const char *path, const struct settings *settings,
                          char error[static OPERATOR_ERROR_CAP])
{
    const char *const files[] = { settings->certificate, settings->key, settings->ca };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (access(files[i], R_OK) != 0) {
            (void)snprintf(error, OPERATOR_ERROR_CAP, "%.120s: %.300s: %s", path, files[i],
                           strerror(errno));
            return QW_ERR_IO;
        }
    }
    return QW_OK;
}

qw_err operator_open(const char *path, const char *url, struct operator_desk **out,
                     char error[static OPERATOR_ERROR_CAP])
{
    struct operator_desk *desk = calloc(1, sizeof *desk);
    struct qw_http_client_config http = { .timeout_ms = TIMEOUT_MS };
    qw_err err;

    if (desk == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_config_read(path, rows, sizeof rows / sizeof rows[0], &desk->settings, error);
    if (err != QW_OK) {
        free(desk);
        return err == QW_ERR_NOMEM ? err : QW_ERR_ARG;
    }
    err = check_files(path, &desk->settings, error);
    if (err != QW_OK) {
        free(desk);
        return err;
    }
    http.base_url = url != NULL ? url : desk->settings.url;
    http.certificate_path = desk->settings.certificate;
    http.key_path = desk->settings.key;
    http.ca_path = desk->settings.ca;
    err = qw_http_client_new(&http, &desk->client);
    if (err != QW_OK) {
        snprintf(error, OPERATOR_ERROR_CAP, "%s: %s: %s", path,
                 err == QW_ERR_ARG ? "url" : "the operator's certificate", qw_err_text(err));
        free(desk);
        return err;
    }
    *out = desk;
    return QW_OK;
}

void operator_close(struct operator_desk *desk)
{
    if (desk != NULL) {
        qw_http_client_free(desk->client);
        free(desk);
    }
}

const char *operator_message(const struct operator_desk *desk)
{
    return desk->message;
}

void operator_say(struct operator_desk *desk, const char *message)
{
    (void)snprintf(desk->message, sizeof desk->message, "%s", message);
}

static void keep_message(struct operator_desk *desk, unsigned status, const char *answer)
{
    char message[MESSAGE_CAP / 2] = "the centre refused";
    struct qw_json_reader r;

    if (qw_json_open(answer, strlen(answer), &r) == QW_OK) {
        qw_json_get_text(&r, qw_json_root_object(&r), "message", message, 1, sizeof message);
        qw_json_close(&r);
    }
    (void)snprintf(desk->message, sizeof desk->message, "%s (status %u)", message, status);
}

qw_err operator_call(struct operator_desk *desk, const char *method, const char *path,
                     const char *body, const char **answer)
{
    unsigned status = 0;
    size_t len = 0;
    const char *text = NULL;
    qw_err err = qw_http_client_call(desk->client, method, path, body, &status, &text, &len);

    if (err != QW_OK) {
        snprintf(desk->message, sizeof desk->message, "the centre does not answer: %s",
                 qw_err_text(err));
        return err;
    }
    err = qw_centre_client_status(status);
    if (err != QW_OK) {
        keep_message(desk, status, text);
        return err;
    }
    desk->message[0] = '\0';
    *answer = text;
    return QW_OK;
}

qw_err operator_device_add(struct operator_desk *desk, const struct operator_device *device)
{
    const struct {
        const char *name, *value;
    } members[] = { { "id", device->id },
                    { "kind", device->kind },
                    { "owner", device->owner },
                    { "peer", device->peer },
                    { "unit", device->unit } };
    char body[BODY_CAP];
    const char *answer;
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);

    qw_json_object_begin(&w);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (members[i].value != NULL) {
            qw_json_name(&w, members[i].name);
            qw_json_text(&w, members[i].value);
        }
    }
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return QW_ERR_ARG;
    }
    return operator_call(desk, "POST", "/v1/devices", body, &answer);
}

qw_err operator_device_call(struct operator_desk *desk, const char *method, const char *id,
                            const char *action, const char *body, const char **answer)
{
    char path[PATH_TEXT_CAP];
    char encoded[PATH_TEXT_CAP / 2];
    qw_err err = qw_url_encode(id, encoded, sizeof encoded);

    if (err != QW_OK ||
        (size_t)snprintf(path, sizeof path, "/v1/devices/%s%s", encoded, action) >= sizeof path) {
        return QW_ERR_ARG;
    }
    return operator_call(desk, method, path, body, answer);
}

struct operator_station operator_station(const struct operator_desk *desk)
{
    return (struct operator_station){ .id = desk->settings.station,
                                      .card = desk->settings.station_card,
                                      .passphrase_file = desk->settings.station_passphrase_file };
}

struct operator_files operator_files(const struct operator_desk *desk)
{
    return (struct operator_files){ .ca = desk->settings.ca,
                                    .ca_key = desk->settings.ca_key,
                                    .revocation_list = desk->settings.revocation_list };
}

void operator_explain(struct operator_desk *desk, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(desk->message, sizeof desk->message, format, arguments);
    va_end(arguments);
}
