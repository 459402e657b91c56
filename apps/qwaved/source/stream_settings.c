/* SPDX-License-Identifier: Apache-2.0 */
#include "source/stream_settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const tls_versions[] = { "1.3", "1.2", NULL };

#define TEXT(member, cap, text) \
    { \
        .name = #member, .kind = QW_CONFIG_TEXT, \
        .offset = offsetof(struct stream_settings, member), .min = 1, .max = cap, \
        .standard = NULL, .help = text \
    }
#define INT(member, low, high, standard_value, text) \
    { \
        .name = #member, .kind = QW_CONFIG_INT, \
        .offset = offsetof(struct stream_settings, member), .min = low, .max = high, \
        .standard = standard_value, .help = text \
    }
static const struct qw_config_row rows[] = {
    TEXT(host, STREAM_HOST_CAP, "of the key server, name or numeric address"),
    INT(port, 1, 65535, "25575", "its TCP port"),
    TEXT(certificate, STREAM_PATH_CAP, "ours, from its authority, PEM"),
    TEXT(key, STREAM_PATH_CAP, "our private key for it, PEM"),
    TEXT(ca, STREAM_PATH_CAP, "its authority, PEM"),
    TEXT(local, QW_ETSI004_URI_CAP, "URI of this end, for example qkd://site-a"),
    TEXT(remote, QW_ETSI004_URI_CAP, "URI of the other end"),
    INT(chunk_bytes, STREAM_CHUNK_MIN, QW_ETSI004_CHUNK_MAX, "512", "of a chunk; alike at both"),
    INT(block_chunks, 1, STREAM_BLOCK_CHUNKS_MAX, "16", "taken together; alike at both ends"),
    INT(period_s, 2, 43200, "60", "of one stream, in s; alike at both ends"),
    INT(idle_s, 1, 3600, "10",
        "with a full stock, a block is read for the other end so often, in s"),
    INT(wait_ms, 100, 60000, "1000", "a call waits so long at the server, in ms"),
    INT(timeout_ms, 100, 60000, "5000", "for an answer beyond that, in ms"),
    { .name = "tls",
      .kind = QW_CONFIG_CHOICE,
      .offset = offsetof(struct stream_settings, tls),
      .standard = "1.3",
      .choices = tls_versions,
      .help = "least version that will do" },
};

static bool is_visible(const char *uri)
{
    while (*uri > 0x20 && *uri < 0x7F) {
        uri++;
    }
    return *uri == '\0';
}

qw_err stream_settings_read(const char *path, struct stream_settings *settings,
                            char error[static QW_CONFIG_ERROR_CAP])
{
    struct stream_settings s = { .host = "" };
    qw_err err = qw_config_read(path, rows, sizeof rows / sizeof rows[0], &s, error);

    if (err != QW_OK) {
        return err;
    }
    if (!is_visible(s.local) || !is_visible(s.remote) || strcmp(s.local, s.remote) == 0) {
        (void)snprintf(error, QW_CONFIG_ERROR_CAP,
                       "%.300s: local, remote: two URIs of visible ASCII characters, not the same",
                       path);
        return QW_ERR_FORMAT;
    }
    *settings = s;
    return QW_OK;
}
