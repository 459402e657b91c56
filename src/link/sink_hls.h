/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_SINK_HLS_H
#define QW_LINK_SINK_HLS_H

#include "link/key_sink.h"

/* Keys of an HTTP Live Stream [RFC 8216 5]: a folder of key files, one for each key, and the key
 * info file that ffmpeg reads before each segment (-hls_key_info_file, -hls_flags periodic_rekey).
 * One end makes the stream, the other has the same key files and hands them to players, so a key
 * never travels where the stream does.
 *
 *   FOLDER/KEY-ID.key   16 octets: HKDF-SHA-256(salt "qwave hls", link key, info key id)
 *   KEY-INFO            the URI, key_uri KEY-ID ".key"; the path of the key file; no third line, so
 *                       each segment's number is its IV and none comes twice under a key
 *
 * A key is in the folder before any segment needs it. It goes at the first change after the
 * playlist has stopped to name it; without a playlist it stays. Nothing may pass: the key info
 * names a key beside it that nobody else has. */
enum { QW_HLS_KEY_LEN = 16, QW_HLS_PATH_CAP = 4096, QW_HLS_PLAYLIST_MAX = 4 << 20 };

struct qw_sink_hls_config { /* copied */
    const char *folder;     /* is there, of this sink alone */
    const char *key_info;   /* "": this end makes no stream */
    const char *key_uri;    /* before the file's name: "https://example.net/keys/" */
    const char *playlist;   /* "": key files are never taken away */
};

/* QW_ERR_ARG: no folder, over-long, a line end in one of them; QW_ERR_NOMEM. */
qw_err qw_sink_hls(const struct qw_sink_hls_config *config, struct qw_key_sink *sink) QW_MUST_USE;

#endif
