/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "demo/demo_state.h"

#include "base/file.h"
#include "centre_folder.h"
#include "radio_options.h"
#include "scratch_folder.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READY_TIMEOUT_MS = 20000, SETTINGS_CAP = 4096, CAPTURE_HIGH_WATER = 800 };

static const double PROBE_INTERVAL_MAX_MS = 1000.0; /* of the programs' settings */

struct demo_path demo_in(const struct demo *demo, const char *name)
{
    struct demo_path path;

    snprintf(path.text, sizeof path.text, "%s/%s", demo->folder, name);
    return path;
}

void demo_fail(struct demo *demo, const char *format, ...)
{
    va_list arguments;

    if (demo->error[0] != '\0') {
        return; /* the first cause counts */
    }
    va_start(arguments, format);
    vsnprintf(demo->error, 512, format, arguments);
    va_end(arguments);
}

/* The last line of a program's log says best why it did not start. */
static void explain_with_log(struct demo *demo, const char *what, const char *log_name, qw_err err)
{
    FILE *log = fopen(demo_in(demo, log_name).text, "r");
    char line[300] = "";
    char last[300] = "";

    while (log != NULL && fgets(line, sizeof line, log) != NULL) {
        snprintf(last, sizeof last, "%.*s", (int)strcspn(line, "\n"), line);
    }
    if (log != NULL) {
        fclose(log);
    }
    demo_fail(demo, "%s did not start (%s)%s%s", what, qw_err_text(err),
              last[0] != '\0' ? ": " : "", last);
}

static qw_err start(struct demo *demo, const char *program, const char *settings,
                    const char *log_name, struct child *child, char *ready, size_t ready_cap)
{
    struct demo_path config = demo_in(demo, settings);
    char config_option[] = "--config";
    char name[32];
    char *argv[] = { name, config_option, config.text, NULL };
    qw_err err;

    snprintf(name, sizeof name, "%s", program);
    err = child_start(program, argv, demo_in(demo, log_name).text, child);
    if (err == QW_OK) {
        err = child_wait_ready(child, READY_TIMEOUT_MS, ready, ready_cap);
    }
    if (err != QW_OK) {
        explain_with_log(demo, program, log_name, err);
    }
    return err;
}

static qw_err write_settings(struct demo *demo, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static qw_err write_settings(struct demo *demo, const char *name, const char *format, ...)
{
    char text[SETTINGS_CAP];
    va_list arguments;
    int len;
    qw_err err;

    va_start(arguments, format);
    len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    err = len > 0 && (size_t)len < sizeof text
              ? qw_file_create(demo_in(demo, name).text, (const uint8_t *)text, (size_t)len)
              : QW_ERR_SPACE;
    if (err != QW_OK) {
        demo_fail(demo, "%s/%s: %s", demo->folder, name, qw_err_text(err));
    }
    return err;
}

qw_err demo_start_centre(struct demo *demo)
{
    struct demo_path folder = { "" };
    struct centre_folder_config config = {
        .centre_id = "centre-1", .address = "127.0.0.1", .port = 0, .source = demo->options->source
    };
    char error[CENTRE_FOLDER_ERROR_CAP] = "";
    char ready[32];
    struct demo_path operator_settings;
    qw_err err;

    if (scratch_folder_make("qwave-demo", demo->folder, sizeof demo->folder) != QW_OK) {
        demo_fail(demo, "no temporary folder can be made under %s", scratch_base());
        return QW_ERR_IO;
    }
    folder = demo_in(demo, "centre");
    config.folder = folder.text;
    err = centre_folder_create(&config, error);
    if (err != QW_OK) {
        demo_fail(demo, "%s", error[0] != '\0' ? error : qw_err_text(err));
        return err;
    }
    err = start(demo, "qwaved", "centre/qwaved.yaml", "qwaved.log", &demo->centre, ready,
                sizeof ready);
    if (err != QW_OK) {
        return err;
    }
    snprintf(demo->url, sizeof demo->url, "https://127.0.0.1:%s", ready);
    operator_settings = demo_in(demo, "centre/operator/operator.yaml");
    err = operator_open(operator_settings.text, demo->url, &demo->desk, error);
    if (err != QW_OK) {
        demo_fail(demo, "operator: %s", error[0] != '\0' ? error : qw_err_text(err));
    }
    return err;
}

static qw_err add_and_charge(struct demo *demo, const char *id, const char *kind, const char *peer,
                             uint32_t keys)
{
    char name[DEMO_PATH_CAP];
    struct demo_path card;
    struct demo_path passphrase;
    qw_err err;

    snprintf(name, sizeof name, "%s.card", id);
    card = demo_in(demo, name);
    snprintf(name, sizeof name, "%s.passphrase", id);
    passphrase = demo_in(demo, name);
    err = passphrase_file_create(passphrase.text);
    if (err == QW_OK) {
        err = operator_device_add(
            demo->desk,
            &(struct operator_device){ .id = id, .kind = kind, .owner = "demo", .peer = peer });
    }
    if (err == QW_OK) {
        err = operator_charge(demo->desk, id, keys, card.text, passphrase.text);
    }
    if (err != QW_OK) {
        demo_fail(demo, "charging %s: %s", id,
                  operator_message(demo->desk)[0] != '\0' ? operator_message(demo->desk)
                                                          : qw_err_text(err));
    }
    return err;
}

qw_err demo_enrol_and_charge(struct demo *demo)
{
    struct demo_path ap_certificate = demo_in(demo, "ap-1.pem");
    struct demo_path ap_key = demo_in(demo, "ap-1.key");
    struct demo_path app_certificate = demo_in(demo, "app-1.pem");
    struct demo_path app_key = demo_in(demo, "app-1.key");
    struct demo_path ca = demo_in(demo, "centre/ca/ca.pem");
    struct qw_http_client_config http = { .base_url = demo->url,
                                          .certificate_path = app_certificate.text,
                                          .key_path = app_key.text,
                                          .ca_path = ca.text,
                                          .timeout_ms = 10000 };
    qw_err err = add_and_charge(demo, "ap-1", "access-point", "", 1);

    if (err == QW_OK) {
        err = add_and_charge(demo, "phone-1", "terminal", "app-1", DEMO_CHARGED);
    }
    if (err != QW_OK) {
        return err;
    }
    err = operator_enrol(demo->desk, "ap", "ap-1", ap_certificate.text, ap_key.text);
    if (err == QW_OK) {
        err = operator_enrol(demo->desk, "sae", "app-1", app_certificate.text, app_key.text);
    }
    if (err == QW_OK) {
        err = qw_http_client_new(&http, &demo->application);
    }
    if (err != QW_OK) {
        demo_fail(demo, "certificates: %s", qw_err_text(err));
    }
    return err;
}

/* The eavesdropper's antenna: called from the air's thread. */
static void hear_probe(void *self, const struct qw_air_probe *probe)
{
    struct demo *demo = self;

    pthread_mutex_lock(&demo->eavesdropper_lock);
    qw_eavesdropper_hear_probe(demo->eavesdropper, probe);
    pthread_mutex_unlock(&demo->eavesdropper_lock);
    atomic_fetch_add(&demo->probes, 1);
}

static void hear_message(void *self, bool from_terminal, const uint8_t *message, size_t len)
{
    struct demo *demo = self;

    pthread_mutex_lock(&demo->eavesdropper_lock);
    qw_eavesdropper_hear_message(demo->eavesdropper, from_terminal, message, len);
    pthread_mutex_unlock(&demo->eavesdropper_lock);
}

/* Traces are short, some with long pauses: more probes, closer, until the last record. A fitted
 * channel is probed as fast as it changes. */
static void write_plan(const struct qw_air_config *air, char plan[static 64])
{
    double interval_ms = 20.0;

    if (air->captures != NULL) {
        snprintf(plan, 64, "probe_interval_ms: 5\nprobes_max: 20000\n");
        return;
    }
    if (air->channel != NULL) {
        interval_ms = ceil(
            1e3 * radio_fresh_interval_s(qw_carrier_find("wifi20"), air->channel->speed_m_per_s));
        interval_ms = fmin(interval_ms, PROBE_INTERVAL_MAX_MS);
    }
    snprintf(plan, 64, "probe_interval_ms: %.0f\n", interval_ms);
}

/* How fast people move in a room nobody tells: the terminal looks first. */
static const char *terminal_plan(const struct qw_air_config *air)
{
    bool is_room = air->captures == NULL && air->channel == NULL && air->scene == QW_AIR_ROOM;

    return is_room ? "pace: measured\n" : "";
}

qw_err demo_start_radio(struct demo *demo)
{
    char ready[32];
    char error[256] = "";
    uint16_t air_port = 0;
    uint16_t tap_port = 0;
    char plan[64];
    int high_water_keys =
        demo->options->air.captures != NULL ? CAPTURE_HIGH_WATER : DEMO_HIGH_WATER;
    qw_err err = qw_eavesdropper_new(&demo->eavesdropper);

    write_plan(&demo->options->air, plan);
    if (err == QW_OK) {
        err = qw_air_new(&demo->options->air, hear_probe, demo, &demo->air, &air_port, error);
    }
    if (err != QW_OK) {
        demo_fail(demo, "the air: %s", error[0] != '\0' ? error : qw_err_text(err));
        return err;
    }
    err = write_settings(demo, "ap.yaml",
                         "access_point_id: ap-1\n"
                         "listen_address: 127.0.0.1\n"
                         "listen_port: 0\n"
                         "centre_url: %s\n"
                         "certificate: %s/ap-1.pem\n"
                         "key: %s/ap-1.key\n"
                         "ca: %s/centre/ca/ca.pem\n"
                         "card: %s/ap-1.card\n"
                         "passphrase_file: %s/ap-1.passphrase\n"
                         "air_address: 127.0.0.1\n"
                         "air_port: %u\n"
                         "console_view: simulated\n"
                         "%s",
                         demo->url, demo->folder, demo->folder, demo->folder, demo->folder,
                         demo->folder, air_port, plan);
    if (err == QW_OK) {
        err = start(demo, "qwave-ap", "ap.yaml", "qwave-ap.log", &demo->access_point, ready,
                    sizeof ready);
    }
    if (err != QW_OK) {
        return err;
    }
    err = tap_new((uint16_t)strtoul(ready, NULL, 10), hear_message, demo, &demo->tap, &tap_port);
    if (err != QW_OK) {
        demo_fail(demo, "the eavesdropper's wire tap: %s", qw_err_text(err));
        return err;
    }
    return write_settings(demo, "terminal.yaml",
                          "terminal_id: phone-1\n"
                          "card: %s/phone-1.card\n"
                          "passphrase_file: %s/phone-1.passphrase\n"
                          "socket: %s/terminal.sock\n"
                          "access_point_address: 127.0.0.1\n"
                          "access_point_port: %u\n"
                          "air_address: 127.0.0.1\n"
                          "air_port: %u\n"
                          "low_water_keys: %d\n"
                          "high_water_keys: %d\n"
                          "%s%s",
                          demo->folder, demo->folder, demo->folder, tap_port, air_port,
                          DEMO_LOW_WATER, high_water_keys, plan,
                          terminal_plan(&demo->options->air));
}

qw_err demo_start_terminal(struct demo *demo)
{
    return start(demo, "qwave-terminal", "terminal.yaml", "qwave-terminal.log", &demo->terminal,
                 demo->socket, sizeof demo->socket);
}

void demo_stop_processes(struct demo *demo)
{
    child_stop(&demo->terminal);
    child_stop(&demo->access_point);
    child_stop(&demo->centre);
    tap_free(demo->tap);
    demo->tap = NULL;
    qw_air_free(demo->air);
    demo->air = NULL;
}

void demo_remove_folder(struct demo *demo)
{
    scratch_folder_remove(demo->folder);
}
