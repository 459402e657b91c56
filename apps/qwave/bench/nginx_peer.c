/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "bench/nginx_peer.h"

#include "base/socket.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { START_MS = 5000 };

static const char PROGRAM[] = "/usr/sbin/nginx"; /* where Debian has it */

static const char TEXT[] =
    "{\"keys\":[{\"key_ID\":\"00000000-0000-0000-0000-000000000000\",\"key\":"
    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}]}";

/* The port may be taken by another before nginx has it: nginx then ends, and the start fails. */
static qw_err free_port(uint16_t *port)
{
    int listener = -1;
    qw_err err = qw_socket_listen("127.0.0.1", 0, &listener, port);

    if (err == QW_OK) {
        qw_socket_close(listener);
    }
    return err;
}

static qw_err write_settings(const struct site *site, const char *path, uint16_t port)
{
    const char *folder = site->folder;
    FILE *file = fopen(path, "w");
    bool ok;

    if (file == NULL) {
        return QW_ERR_IO;
    }
    ok = fprintf(file,
                 "daemon off;\nworker_processes auto;\npid %s/nginx.pid;\n"
                 "error_log %s/nginx.log;\nevents { worker_connections 1024; }\n"
                 "http {\n  access_log off;\n  keepalive_requests 1000000000;\n",
                 folder, folder) > 0;
    ok = fprintf(file,
                 "  client_body_temp_path %s/nginx1;\n  proxy_temp_path %s/nginx2;\n"
                 "  fastcgi_temp_path %s/nginx3;\n  uwsgi_temp_path %s/nginx4;\n"
                 "  scgi_temp_path %s/nginx5;\n",
                 folder, folder, folder, folder, folder) > 0 &&
         ok;
    ok = fprintf(file,
                 "  server {\n    listen 127.0.0.1:%u ssl;\n    ssl_protocols TLSv1.3;\n"
                 "    ssl_certificate %s;\n    ssl_certificate_key %s;\n"
                 "    ssl_client_certificate %s;\n    ssl_verify_client on;\n"
                 "    location / { default_type application/json; return 200 '%s'; }\n  }\n}\n",
                 (unsigned)port, site->certificate, site->key, site->ca, TEXT) > 0 &&
         ok;
    return fclose(file) == 0 && ok ? QW_OK : QW_ERR_IO;
}

/* It says nothing when it is ready: the first connection that it takes tells. */
static qw_err wait_until_it_listens(struct nginx_peer *peer)
{
    for (int waited_ms = 0; waited_ms < START_MS; waited_ms += 50) {
        int fd = -1;

        if (qw_socket_connect("127.0.0.1", peer->port, 1000, &fd) == QW_OK) {
            qw_socket_close(fd);
            return QW_OK;
        }
        if (!child_is_running(&peer->child)) {
            return QW_ERR_CLOSED;
        }
        (void)usleep(50000);
    }
    return QW_ERR_TIMEOUT;
}

qw_err nginx_peer_start(const struct site *site, struct nginx_peer *peer)
{
    char name[] = "nginx";
    char option[] = "-c";
    char path[SITE_FILE_CAP];
    char *argv[] = { name, option, path, NULL };
    qw_err err;

    *peer = (struct nginx_peer){ .port = 0 };
    if (access(PROGRAM, X_OK) != 0) {
        return QW_ERR_NOT_FOUND;
    }
    (void)snprintf(path, sizeof path, "%s/nginx.conf", site->folder);
    err = free_port(&peer->port);
    if (err == QW_OK) {
        err = write_settings(site, path, peer->port);
    }
    if (err == QW_OK) {
        err = child_start(PROGRAM, argv, site->log, &peer->child);
    }
    if (err == QW_OK) {
        err = wait_until_it_listens(peer);
    }
    if (err != QW_OK) {
        nginx_peer_stop(peer);
    }
    return err;
}

void nginx_peer_stop(struct nginx_peer *peer)
{
    child_stop(&peer->child);
}
