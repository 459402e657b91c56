/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: qwaved */
/* The streams of ETSI GS QKD 004 on a real centre: frames of several connections, one after the
 * other, and what has to hold after each [docs/design/handlers.md]. */
#include "handler/stream_judge.h"
#include "streams.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARTIES = 4, FRAMES_MAX = 64, FRAME_HEAD_LEN = 3, KSID_WORD_LEN = 15 };

static const char *const identities[PARTIES] = { "urn:qwave:sae:app-1", "urn:qwave:sae:app-2",
                                                 "urn:qwave:sae:nobody-9", "app-1" };

struct scene {
    struct site site;
    struct streams streams;
    struct stream_judge judge;
    uint64_t connections[PARTIES];
    uint64_t connection_count;
};

static void reconnect(struct scene *scene, size_t party)
{
    qw_stream_hang_up(scene->streams.table, scene->connections[party]);
    scene->connections[party] = ++scene->connection_count;
}

/* The KSID stands first in GET_KEY and CLOSE, last in OPEN_CONNECT. */
static void put_ksid(const struct stream_judge *judge, uint8_t *payload, size_t len, size_t at)
{
    const uint8_t *ksid;

    if (len < QW_ETSI004_KSID_LEN || at > len - QW_ETSI004_KSID_LEN) {
        return;
    }
    for (size_t i = 0; i < KSID_WORD_LEN; i++) {
        if (payload[at + i] != 0xff) {
            return;
        }
    }
    ksid = stream_judge_ksid(judge, payload[at + KSID_WORD_LEN]);
    if (ksid != NULL) {
        memcpy(payload + at, ksid, QW_ETSI004_KSID_LEN);
    }
}

/* False: the server would end the connection, as in src/api/etsi004/server.c. */
static bool serve(struct scene *scene, size_t party, const uint8_t *frame, size_t len)
{
    static const uint8_t hash[32] = { 4 };
    uint8_t payload[QW_ETSI004_REQUEST_MAX];
    uint8_t out[QW_ETSI004_ANSWER_MAX];
    struct qw_etsi004_header header;
    struct qw_etsi004_request request = { .connection = scene->connections[party],
                                          .identity = identities[party],
                                          .certificate_hash = hash,
                                          .payload = payload };
    struct stream_judge_view before;
    size_t out_len = 0;
    qw_err err;

    if (len < QW_ETSI004_HEADER_LEN || qw_etsi004_header_decode(frame, &header) != QW_OK ||
        header.payload_len > QW_ETSI004_REQUEST_MAX || header.service % 2 != 0 ||
        header.payload_len != len - QW_ETSI004_HEADER_LEN) {
        return false;
    }
    memcpy(payload, frame + QW_ETSI004_HEADER_LEN, header.payload_len);
    request.service = header.service;
    request.len = header.payload_len;
    put_ksid(&scene->judge, payload, request.len,
             header.service == QW_ETSI004_OPEN_REQUEST ? request.len - QW_ETSI004_KSID_LEN : 0);
    stream_judge_look(&scene->judge, &request, &before);
    site_log_begin(&scene->site);
    err = streams_answer(&scene->streams, &request, out, &out_len);
    site_log_end(&scene->site);
    if (err == QW_OK) {
        stream_judge_answer(&scene->judge, &request, &before, out, out_len);
    } else {
        stream_judge_refusal(&scene->judge, &before);
    }
    return err == QW_OK;
}

static void take_frame(struct scene *scene, uint8_t what, const uint8_t *frame, size_t len)
{
    static const int64_t waits_ms[] = { 0, 1000, 31000, 1200000 };
    size_t party = what & 3u;
    int64_t wait_ms = waits_ms[what >> 2 & 3u];

    if (wait_ms == waits_ms[2]) {
        site_pause(wait_ms);
    } else if (wait_ms > 0) {
        site_wait(&scene->site, wait_ms);
        qw_stream_sweep(scene->streams.table, site_now_ms());
    }
    if ((what & 0x10u) != 0) {
        reconnect(scene, party);
    }
    if (!serve(scene, party, frame, len)) {
        reconnect(scene, party);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scene scene;

    scene.streams = (struct streams){ .table = NULL };
    scene.judge.site = &scene.site;
    scene.judge.stream_count = 0;
    scene.connection_count = PARTIES;
    site_open(&scene.site);
    scene.streams.log = &scene.site.log;
    qw_assert(qw_stream_table_new(scene.site.service.centre, SITE_WINDOW_MS,
                                  &scene.streams.table) == QW_OK);
    for (size_t i = 0; i < PARTIES; i++) {
        scene.connections[i] = i + 1;
    }
    for (size_t frames = 0; frames < FRAMES_MAX && size >= FRAME_HEAD_LEN; frames++) {
        uint8_t what = data[0];
        size_t len = (size_t)data[1] << 8 | data[2];

        data += FRAME_HEAD_LEN;
        size -= FRAME_HEAD_LEN;
        len = len < size ? len : size;
        take_frame(&scene, what, data, len);
        data += len;
        size -= len;
    }
    qw_stream_table_free(scene.streams.table);
    site_close(&scene.site);
    return 0;
}
