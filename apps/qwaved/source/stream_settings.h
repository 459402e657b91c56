/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_STREAM_SETTINGS_H
#define QWAVED_SOURCE_STREAM_SETTINGS_H

#include "api/etsi004/open_connect.h"
#include "base/config.h"

#include <stdint.h>

/* A key stream of another's server as a source: the file that source_path names. */
enum {
    STREAM_PATH_CAP = 1024,
    STREAM_HOST_CAP = 256,
    STREAM_CHUNK_MIN = 32, /* bytes; shorter ones may be alike by chance */
    STREAM_BLOCK_CHUNKS_MAX = 64,
    STREAM_BLOCK_LEN_MAX = STREAM_BLOCK_CHUNKS_MAX * QW_ETSI004_CHUNK_MAX
};

struct stream_settings {
    char host[STREAM_HOST_CAP]; /* name or numeric address, as in the server's certificate */
    int64_t port;
    char certificate[STREAM_PATH_CAP], key[STREAM_PATH_CAP], ca[STREAM_PATH_CAP];
    char local[QW_ETSI004_URI_CAP], remote[QW_ETSI004_URI_CAP]; /* the two ends, never equal */
    /* alike at both ends: */
    int64_t chunk_bytes, block_chunks, period_s;
    /* of this end: */
    int64_t idle_s;     /* with a full stock, a block is read and destroyed so often */
    int64_t wait_ms;    /* a call waits at the server */
    int64_t timeout_ms; /* for an answer, beyond that */
    int tls;            /* 0: 1.3, 1: 1.2 will do */
};

/* error: file, line and what is allowed. QW_ERR_FORMAT, QW_ERR_NOT_FOUND, QW_ERR_NOMEM ... as
 * qw_config_read. */
qw_err stream_settings_read(const char *path, struct stream_settings *settings,
                            char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

#endif
