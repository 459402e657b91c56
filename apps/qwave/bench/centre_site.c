/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "bench/centre_site.h"

#include "centre_folder.h"
#include "operator.h"
#include "scratch_folder.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READY_MS = 60000, FILL_MS = 1200000 };

static void name_files(struct site *site)
{
    const struct {
        char *out;
        const char *name;
    } files[] = {
        { site->master_certificate, "alice.pem" }, { site->master_key, "alice.key" },
        { site->slave_certificate, "bob.pem" },    { site->slave_key, "bob.key" },
        { site->ca, "centre/ca/ca.pem" },          { site->certificate, "centre/tls/centre.pem" },
        { site->key, "centre/tls/centre.key" },    { site->database, "centre/centre.db" },
        { site->settings, "centre/qwaved.yaml" },  { site->log, "qwaved.log" }
    };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(files[i].out, SITE_FILE_CAP, "%s/%s", site->folder, files[i].name);
    }
}

/* The settings of `qwave init`, and what a loaded centre needs beyond. */
static qw_err write_settings(const struct site *site, int server_threads)
{
    FILE *file = fopen(site->settings, "a");
    bool ok = file != NULL && fprintf(file,
                                      "stock_keys: %lu\nthreads: %d\n"
                                      "log_level: error\n",
                                      site->stock_keys, server_threads) > 0;

    if (file != NULL) {
        ok = fclose(file) == 0 && ok;
    }
    return ok ? QW_OK : QW_ERR_IO;
}

static qw_err start_process(const struct site *site, struct child *process, uint16_t *port)
{
    char name[] = "qwaved";
    char option[] = "--config";
    char *argv[] = { name, option, (char *)site->settings, NULL };
    char ready[32];
    qw_err err = child_start("qwaved", argv, site->log, process);

    if (err == QW_OK) {
        err = child_wait_ready(process, READY_MS, ready, sizeof ready);
    }
    if (err == QW_OK) {
        *port = (uint16_t)strtoul(ready, NULL, 10);
    }
    return err;
}

static qw_err start_centre(struct site *site)
{
    return start_process(site, &site->centre, &site->port);
}

static qw_err open_desk(const struct site *site, struct operator_desk **desk)
{
    char path[SITE_PATH_CAP + 64];
    char url[64];
    char error[OPERATOR_ERROR_CAP] = "";

    (void)snprintf(path, sizeof path, "%s/centre/operator/operator.yaml", site->folder);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u", (unsigned)site->port);
    return operator_open(path, url, desk, error);
}

static qw_err register_applications(struct site *site)
{
    struct operator_desk *desk = NULL;
    qw_err err = open_desk(site, &desk);

    if (err == QW_OK) {
        err = operator_device_add(
            desk, &(struct operator_device){
                      .id = "alice", .kind = "application", .owner = "bench", .peer = "bob" });
    }
    if (err == QW_OK) {
        err = operator_device_add(
            desk, &(struct operator_device){
                      .id = "bob", .kind = "application", .owner = "bench", .peer = "alice" });
    }
    if (err == QW_OK) {
        err = operator_enrol(desk, "sae", "alice", site->master_certificate, site->master_key);
    }
    if (err == QW_OK) {
        err = operator_enrol(desk, "sae", "bob", site->slave_certificate, site->slave_key);
    }
    operator_close(desk);
    return err;
}

/* Keys in stock, as the operator sees them; 0 when that fails. */
static unsigned long stored_keys(const struct site *site)
{
    struct operator_desk *desk = NULL;
    const char *answer = NULL;
    const char *at = NULL;
    unsigned long stored = 0;

    if (open_desk(site, &desk) == QW_OK &&
        operator_call(desk, "GET", "/v1/status", NULL, &answer) == QW_OK) {
        at = strstr(answer, "\"stored\":");
        stored = at == NULL ? 0 : strtoul(at + 9, NULL, 10);
    }
    operator_close(desk);
    return stored;
}

qw_err site_wait_for_stock(const struct site *site)
{
    for (int waited_ms = 0; waited_ms < FILL_MS; waited_ms += 100) {
        if (stored_keys(site) >= site->stock_keys - SITE_LEASE_KEYS) {
            return QW_OK;
        }
        (void)usleep(100000);
    }
    return QW_ERR_TIMEOUT;
}

qw_err site_open(struct site *site, const struct site_config *wanted)
{
    struct centre_folder_config config = { .centre_id = "centre-1",
                                           .address = "127.0.0.1",
                                           .port = 0,
                                           .source = "kernel",
                                           .database = wanted->database };
    char folder[SITE_PATH_CAP + 32];
    char error[CENTRE_FOLDER_ERROR_CAP] = "";
    qw_err err;

    memset(site, 0, sizeof *site);
    site->stock_keys = wanted->stock_keys;
    if (scratch_folder_make("qwave-bench", site->folder, sizeof site->folder) != QW_OK) {
        return QW_ERR_IO;
    }
    name_files(site);
    (void)snprintf(folder, sizeof folder, "%s/centre", site->folder);
    config.folder = folder;
    err = centre_folder_create(&config, error);
    if (err == QW_OK) {
        err = write_settings(site, wanted->server_threads);
    }
    if (err == QW_OK) {
        err = start_centre(site);
    }
    if (err == QW_OK && wanted->has_second) {
        err = start_process(site, &site->second, &site->second_port);
    }
    return err == QW_OK ? register_applications(site) : err;
}

void site_close(struct site *site)
{
    child_stop(&site->second);
    child_stop(&site->centre);
    scratch_folder_remove(site->folder);
}

qw_err site_measure_size(struct site *site, double *bytes_per_key)
{
    struct stat status;
    unsigned long keys;
    qw_err err = site_wait_for_stock(site);

    if (err != QW_OK) {
        return err;
    }
    keys = stored_keys(site);
    child_stop(&site->centre);
    if (keys == 0 || stat(site->database, &status) != 0) {
        return QW_ERR_IO;
    }
    *bytes_per_key = (double)status.st_size / (double)keys;
    return start_centre(site);
}
