/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_judge.h"

#include "base/base64.h"
#include "base/hex.h"
#include "centre/key/key_record.h"

#include <string.h>

enum { SPOKEN_LEN = 12 }; /* bytes of a chunk that are looked for in texts; a multiple of 3 */

const uint8_t *stream_judge_ksid(const struct stream_judge *judge, size_t n)
{
    return judge->stream_count == 0 ? NULL : judge->streams[n % judge->stream_count].ksid;
}

static bool is_over(const struct stream_judge_stream *stream)
{
    return site_now_ms() >= stream->ends_ms || (stream->is_closed[0] && stream->is_closed[1]);
}

/* NULL: none that lives. */
static struct stream_judge_stream *find(struct stream_judge *judge, const uint8_t *ksid)
{
    for (size_t i = 0; i < judge->stream_count; i++) {
        struct stream_judge_stream *stream = &judge->streams[i];

        if (memcmp(stream->ksid, ksid, sizeof stream->ksid) == 0 && !is_over(stream)) {
            return stream;
        }
    }
    return NULL;
}

static struct qw_caller caller_of(const char *identity)
{
    struct qw_caller caller;

    qw_assert(qw_caller_parse(identity, &caller) == QW_OK);
    return caller;
}

void stream_judge_look(struct stream_judge *judge, const struct qw_etsi004_request *request,
                       struct stream_judge_view *view)
{
    struct qw_etsi004_get get;

    *view = (struct stream_judge_view){ .stream = NULL };
    if (request->service == QW_ETSI004_GET_REQUEST &&
        qw_etsi004_get_decode(request->payload, request->len, &get) == QW_OK) {
        view->stream = find(judge, get.ksid);
    }
    if (view->stream != NULL) {
        struct qw_caller master = caller_of(view->stream->ends[0]);

        view->left = site_left(judge->site, &master, view->stream->ends[1]);
    }
    site_totals(judge->site, &view->totals);
}

static void check_same(const uint8_t *answer, size_t len, const uint8_t *again,
                       const size_t *again_len, qw_err err)
{
    qw_assert(err == QW_OK && *again_len == len && memcmp(answer, again, len) == 0);
}

/* "bob" of "qkd://bob@host:1"; the handler has accepted it. */
static void read_name(const char *uri, char name[static 64])
{
    struct qw_caller caller;
    bool has_scheme = strncmp(uri, "qkd://", 6) == 0;
    size_t len = has_scheme ? strcspn(uri += 6, "@/?#") : strlen(uri);
    char text[QW_ETSI004_URI_CAP];

    qw_assert(len < sizeof text);
    memcpy(text, uri, len);
    text[len] = '\0';
    caller = caller_of(text);
    memcpy(name, caller.id, sizeof caller.id);
}

static void judge_open(struct stream_judge *judge, const struct qw_etsi004_request *request,
                       const struct qw_etsi004_open_answer *answer)
{
    struct qw_caller caller = caller_of(request->identity);
    struct stream_judge_stream *stream;
    struct qw_etsi004_open open;
    char slave[64];

    if (answer->status != QW_ETSI004_DONE) {
        return;
    }
    qw_assert(qw_etsi004_open_decode(request->payload, request->len, &open) == QW_OK);
    read_name(open.dest, slave);
    stream = find(judge, answer->ksid);
    if (stream != NULL) { /* the second end, or one that comes back */
        bool is_master = strcmp(stream->ends[0], caller.id) == 0;

        qw_assert(strcmp(stream->ends[is_master ? 0 : 1], caller.id) == 0);
        qw_assert(strcmp(stream->ends[is_master ? 1 : 0], slave) == 0);
        qw_assert(!stream->is_closed[is_master ? 0 : 1]);
        qw_assert(answer->qos.chunk_len == stream->chunk_len);
        return;
    }
    qw_assert(site_serves(judge->site, caller.id) && site_serves(judge->site, slave));
    qw_assert(judge->stream_count < STREAM_JUDGE_STREAMS_MAX);
    stream = &judge->streams[judge->stream_count++];
    *stream = (struct stream_judge_stream){ .chunk_len = answer->qos.chunk_len };
    memcpy(stream->ksid, answer->ksid, sizeof stream->ksid);
    memcpy(stream->ends[0], caller.id, sizeof caller.id);
    memcpy(stream->ends[1], slave, sizeof slave);
    stream->ends_ms = site_now_ms() + (int64_t)answer->qos.ttl_s * 1000;
}

static struct stream_judge_chunk *chunk_of(struct stream_judge_stream *stream, uint32_t index)
{
    struct stream_judge_chunk *chunk;

    for (size_t i = 0; i < stream->chunk_count; i++) {
        if (stream->chunks[i].index == index) {
            return &stream->chunks[i];
        }
    }
    qw_assert(stream->chunk_count < STREAM_JUDGE_CHUNKS_MAX);
    chunk = &stream->chunks[stream->chunk_count++];
    *chunk = (struct stream_judge_chunk){ .index = index };
    return chunk;
}

static void check_new_bytes(const struct stream_judge *judge, const uint8_t *bytes)
{
    for (size_t i = 0; i < judge->stream_count; i++) {
        const struct stream_judge_stream *stream = &judge->streams[i];

        for (size_t k = 0; k < stream->chunk_count && stream->chunk_len >= 8; k++) {
            qw_assert(!stream->chunks[k].is_known ||
                      memcmp(stream->chunks[k].bytes, bytes, 8) != 0);
        }
    }
}

static void check_leaks(const struct site *site, const uint8_t *bytes)
{
    char text[2 * SPOKEN_LEN + 1];

    qw_hex_encode(bytes, SPOKEN_LEN, text);
    qw_assert(strstr(site->log_text, text) == NULL);
    qw_base64_encode(bytes, SPOKEN_LEN, text);
    qw_assert(strstr(site->log_text, text) == NULL);
    qw_assert(!memory_store_holds(site->memory, bytes, SPOKEN_LEN));
}

static void check_order(const struct stream_judge_stream *stream, size_t end, uint32_t index)
{
    for (size_t i = 0; i < stream->chunk_count; i++) {
        qw_assert(!stream->chunks[i].is_given[end] || stream->chunks[i].index <= index);
    }
}

static void give(struct stream_judge *judge, struct stream_judge_stream *stream, size_t end,
                 const struct qw_etsi004_get_answer *answer)
{
    struct stream_judge_chunk *chunk = chunk_of(stream, answer->index);

    check_order(stream, end, answer->index);
    if (chunk->is_known) {
        qw_assert(memcmp(chunk->bytes, answer->chunk, stream->chunk_len) == 0);
    } else {
        if (stream->chunk_len >= 8) {
            check_new_bytes(judge, answer->chunk);
        }
        memcpy(chunk->bytes, answer->chunk, stream->chunk_len);
        chunk->is_known = true;
    }
    if (chunk->is_given[end]) {
        qw_assert(site_now_ms() - chunk->given_ms[end] < SITE_WINDOW_MS);
    } else {
        chunk->is_given[end] = true;
        chunk->given_ms[end] = site_now_ms();
    }
    if (stream->chunk_len >= SPOKEN_LEN) {
        check_leaks(judge->site, answer->chunk);
    }
}

static void judge_get(struct stream_judge *judge, const struct qw_etsi004_request *request,
                      const struct stream_judge_view *before,
                      const struct qw_etsi004_get_answer *answer)
{
    struct qw_caller caller = caller_of(request->identity);
    struct stream_judge_stream *stream = before->stream;
    struct qw_caller master;
    struct qw_etsi004_get get;
    size_t end;
    bool is_new;
    uint64_t left;

    if (stream == NULL) {
        qw_assert(answer->status != QW_ETSI004_DONE);
        return;
    }
    master = caller_of(stream->ends[0]);
    left = site_left(judge->site, &master, stream->ends[1]);
    if (answer->status != QW_ETSI004_DONE && answer->status != QW_ETSI004_METADATA_TOO_SMALL) {
        return;
    }
    qw_assert(qw_etsi004_get_decode(request->payload, request->len, &get) == QW_OK);
    end = strcmp(stream->ends[0], caller.id) == 0 ? 0 : 1;
    qw_assert(strcmp(stream->ends[end], caller.id) == 0 && !stream->is_closed[end]);
    is_new = true;
    for (size_t i = 0; i < stream->chunk_count; i++) {
        is_new = is_new && stream->chunks[i].index != get.index;
    }
    (void)chunk_of(stream, get.index);
    qw_assert(before->left == left + (is_new ? qw_key_slots(stream->chunk_len * 8) : 0));
    if (answer->status == QW_ETSI004_DONE) {
        qw_assert(answer->index == get.index && answer->chunk_len == stream->chunk_len);
        give(judge, stream, end, answer);
    }
}

static void judge_close(struct stream_judge *judge, const struct qw_etsi004_request *request,
                        enum qw_etsi004_status status)
{
    struct qw_caller caller = caller_of(request->identity);
    struct stream_judge_stream *stream = find(judge, request->payload);

    if (status != QW_ETSI004_DONE) {
        return;
    }
    qw_assert(stream != NULL);
    for (size_t end = 0; end < 2; end++) {
        if (strcmp(stream->ends[end], caller.id) == 0) {
            qw_assert(!stream->is_closed[end]);
            stream->is_closed[end] = true;
            return;
        }
    }
    qw_assert(false); /* closed by somebody else */
}

/* Only a new chunk moves keys. */
static void check_stock(struct stream_judge *judge, const struct stream_judge_view *before,
                        bool may_move)
{
    struct qw_centre_status after;

    site_totals(judge->site, &after);
    qw_assert(before->totals.keys_ingested == after.keys_ingested);
    qw_assert(may_move || memcmp(before->totals.keys_in_state, after.keys_in_state,
                                 sizeof after.keys_in_state) == 0);
}

void stream_judge_refusal(struct stream_judge *judge, const struct stream_judge_view *before)
{
    check_stock(judge, before, false);
}

void stream_judge_answer(struct stream_judge *judge, const struct qw_etsi004_request *request,
                         const struct stream_judge_view *before, const uint8_t *answer, size_t len)
{
    uint8_t again[QW_ETSI004_ANSWER_MAX];
    size_t again_len = 0;
    struct qw_etsi004_open_answer open;
    struct qw_etsi004_get_answer get = { .status = QW_ETSI004_STATUS_COUNT };
    enum qw_etsi004_status status;

    if (request->service == QW_ETSI004_OPEN_REQUEST) {
        qw_assert(qw_etsi004_open_answer_decode(answer, len, &open) == QW_OK);
        check_same(answer, len, again, &again_len,
                   qw_etsi004_open_answer_encode(&open, again, sizeof again, &again_len));
        judge_open(judge, request, &open);
    } else if (request->service == QW_ETSI004_GET_REQUEST) {
        qw_assert(qw_etsi004_get_answer_decode(answer, len, &get) == QW_OK);
        check_same(answer, len, again, &again_len,
                   qw_etsi004_get_answer_encode(&get, again, sizeof again, &again_len));
        judge_get(judge, request, before, &get);
    } else {
        qw_assert(qw_etsi004_close_answer_decode(answer, len, &status) == QW_OK);
        judge_close(judge, request, status);
    }
    check_stock(judge, before,
                get.status == QW_ETSI004_DONE || get.status == QW_ETSI004_METADATA_TOO_SMALL);
}
