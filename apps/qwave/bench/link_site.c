/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "bench/link_site.h"

#include "centre_folder.h"
#include "operator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STOCK_KEYS = 8192, READY_MS = 120000, SERVER_THREADS = 8, PORT_CAP = 32, NAME_CAP = 16 };

size_t link_site_far(const struct link_site *ls, size_t i)
{
    return 1 + i % ls->far_count;
}

void link_site_file(const struct link_site *ls, size_t i, int end, char out[static SITE_FILE_CAP])
{
    (void)snprintf(out, SITE_FILE_CAP, "%s/%s-l%zu.psk", ls->site.folder, end == 0 ? "hub" : "far",
                   i);
}

/* FOLDER/NAME.SUFFIX */
static void path_of(const struct link_site *ls, const char *name, const char *suffix,
                    char out[static SITE_FILE_CAP])
{
    (void)snprintf(out, SITE_FILE_CAP, "%s/%s.%s", ls->site.folder, name, suffix);
}

static qw_err enrol(const struct link_site *ls, struct operator_desk *desk, const char *name,
                    const char *peers)
{
    char certificate[SITE_FILE_CAP], key[SITE_FILE_CAP], passphrase[SITE_FILE_CAP];
    qw_err err = operator_device_add(
        desk, &(struct operator_device){
                  .id = name, .kind = "application", .owner = "bench", .peer = peers });

    path_of(ls, name, "pem", certificate);
    path_of(ls, name, "key", key);
    path_of(ls, name, "passphrase", passphrase);
    if (err == QW_OK) {
        err = operator_enrol(desk, "sae", name, certificate, key);
    }
    return err == QW_OK ? passphrase_file_create(passphrase) : err;
}

static qw_err register_agents(const struct link_site *ls)
{
    char path[SITE_FILE_CAP + 32], url[64], name[NAME_CAP];
    char error[OPERATOR_ERROR_CAP] = "";
    struct operator_desk *desk = NULL;
    qw_err err;

    (void)snprintf(path, sizeof path, "%s/centre/operator/operator.yaml", ls->site.folder);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u", (unsigned)ls->site.port);
    err = operator_open(path, url, &desk, error);
    if (err == QW_OK) {
        err = enrol(ls, desk, "a-hub", "far-*");
    }
    for (size_t far = 1; err == QW_OK && far <= ls->far_count; far++) {
        (void)snprintf(name, sizeof name, "far-%u", (unsigned)far);
        err = enrol(ls, desk, name, "a-hub");
    }
    operator_close(desk);
    return err;
}

static void write_head(const struct link_site *ls, const char *name, FILE *out)
{
    const char *f = ls->site.folder;

    (void)fprintf(out,
                  "sae_id: %s\nkey_server_url: https://127.0.0.1:%u\ncertificate: %s/%s.pem\n"
                  "key: %s/%s.key\nca: %s\nlisten_port: 0\nstate: %s/%s.state\n"
                  "passphrase_file: %s/%s.passphrase\nsocket: %s/%s.sock\nlog_level: warning\n"
                  "peers:\n",
                  name, (unsigned)ls->site.port, f, name, f, name, ls->site.ca, f, name, f, name, f,
                  name);
}

/* A link as one end has it: address "" where the other end connects. */
static void write_link(const struct link_site *ls, size_t i, int end, const char *peer,
                       const char *port, FILE *out)
{
    char file[SITE_FILE_CAP];

    link_site_file(ls, i, end, file);
    (void)fprintf(out,
                  "  - peer: %s\n    link: l%zu\n    sink: psk-file\n    file: %s\n"
                  "    template: %s/template\n    heartbeat_s: %ld\n",
                  peer, i, file, ls->site.folder, ls->heartbeat_s);
    if (port != NULL) {
        (void)fprintf(out, "    address: 127.0.0.1:%s\n", port);
    }
}

static qw_err write_template(const struct link_site *ls)
{
    char path[SITE_FILE_CAP];
    FILE *out;
    bool ok;

    (void)snprintf(path, sizeof path, "%s/template", ls->site.folder);
    out = fopen(path, "w");
    ok = out != NULL && fputs("use {{key_hex}}\naccept {{other_hex}}\n", out) >= 0;
    return out != NULL && fclose(out) == 0 && ok ? QW_OK : QW_ERR_IO;
}

static qw_err start(const struct link_site *ls, const char *name, struct child *child,
                    char port[static PORT_CAP])
{
    char program[] = "qwave-link", option[] = "--config", path[SITE_FILE_CAP], log[SITE_FILE_CAP];
    char *argv[] = { program, option, path, NULL };
    qw_err err;

    path_of(ls, name, "yaml", path);
    path_of(ls, name, "log", log);
    err = child_start(program, argv, log, child);
    return err == QW_OK ? child_wait_ready(child, READY_MS, port, PORT_CAP) : err;
}

/* far 0: the hub, else the agent with that number. ports: of the far ones. */
static qw_err write_and_start(struct link_site *ls, size_t far, char ports[][PORT_CAP])
{
    char name[NAME_CAP] = "a-hub", peer[NAME_CAP] = "a-hub", path[SITE_FILE_CAP];
    FILE *out;

    if (far > 0) {
        (void)snprintf(name, sizeof name, "far-%u", (unsigned)far);
    }
    path_of(ls, name, "yaml", path);
    out = fopen(path, "w");
    if (out == NULL) {
        return QW_ERR_IO;
    }
    write_head(ls, name, out);
    for (size_t i = 0; i < ls->peers; i++) {
        size_t other = link_site_far(ls, i);

        if (far == 0) {
            (void)snprintf(peer, sizeof peer, "far-%u", (unsigned)other);
            write_link(ls, i, 0, peer, ports[other], out);
        } else if (far == other) {
            write_link(ls, i, 1, peer, NULL, out);
        }
    }
    if (fclose(out) != 0) {
        return QW_ERR_IO;
    }
    return start(ls, name, far == 0 ? &ls->hub : &ls->far[far - 1], ports[far]);
}

qw_err link_site_open(struct link_site *ls, size_t peers, long heartbeat_s)
{
    const struct site_config config = { .stock_keys = STOCK_KEYS,
                                        .server_threads = SERVER_THREADS };
    char ports[LINK_FAR_MAX + 1][PORT_CAP];
    qw_err err;

    memset(ls, 0, sizeof *ls);
    ls->peers = peers;
    ls->heartbeat_s = heartbeat_s;
    ls->far_count = peers < LINK_FAR_MAX ? peers : LINK_FAR_MAX;
    err = site_open(&ls->site, &config);
    if (err == QW_OK) {
        err = site_wait_for_stock(&ls->site);
    }
    if (err == QW_OK) {
        err = register_agents(ls);
    }
    if (err == QW_OK) {
        err = write_template(ls);
    }
    for (size_t far = 1; err == QW_OK && far <= ls->far_count; far++) {
        err = write_and_start(ls, far, ports);
    }
    path_of(ls, "a-hub", "sock", ls->socket);
    return err == QW_OK ? write_and_start(ls, 0, ports) : err;
}

static void print_last_line(const char *path)
{
    char line[512], last[sizeof line] = "";
    FILE *in = fopen(path, "r");

    while (in != NULL && fgets(line, sizeof line, in) != NULL) {
        memcpy(last, line, sizeof last);
    }
    if (in != NULL) {
        (void)fclose(in);
    }
    (void)fputs(last, stderr);
}

void link_site_print_logs(const struct link_site *ls)
{
    char name[NAME_CAP], path[SITE_FILE_CAP];

    print_last_line(ls->site.log);
    path_of(ls, "a-hub", "log", path);
    print_last_line(path);
    for (size_t far = 1; far <= ls->far_count; far++) {
        (void)snprintf(name, sizeof name, "far-%u", (unsigned)far);
        path_of(ls, name, "log", path);
        print_last_line(path);
    }
}

void link_site_close(struct link_site *ls)
{
    child_stop(&ls->hub);
    for (size_t i = 0; i < LINK_FAR_MAX; i++) {
        child_stop(&ls->far[i]);
    }
    site_close(&ls->site);
}
