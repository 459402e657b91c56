/* SPDX-License-Identifier: Apache-2.0 */
#include "source/stream_reader.h"

#include "api/etsi004/client.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/secret.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "qkd/link.h"
#include "source/stream_slot.h"

#include <stdlib.h>
#include <string.h>

enum {
    RECENT = 1024, /* chunks that are known again */
    SALT_LEN = 32,
    TTL_MORE_S = 60,
    TTL_MAX_S = 86400,
    ABSENT_MS = 3000 /* an end that is away for so long is missed */
};

struct secrets { /* in locked memory */
    struct qw_etsi004_get_answer answer;
    uint8_t block[STREAM_BLOCK_LEN_MAX];
    uint8_t salt[SALT_LEN];
    uint64_t recent[RECENT]; /* digests of chunks, a ring */
};

struct stream_reader {
    const struct stream_settings *settings;
    struct link_half *half;
    struct qw_etsi004_client *client; /* NULL: not connected */
    struct secrets *secrets;
    uint8_t end;     /* enum qw_qkd_end */
    int64_t slot;    /* whose stream ksid is; negative: none yet */
    int64_t barred;  /* no slot up to this one is opened; negative: any may be */
    bool is_open;    /* on this connection */
    bool is_offered; /* the server's own time-out and TTL are asked for */
    uint8_t ksid[STREAM_KSID_LEN];
    uint32_t index;              /* of the next chunk */
    size_t recent_at;            /* where the next digest goes */
    int64_t idle_until_ms;       /* with a full stock */
    int64_t absent_ms;           /* since when the other end is away; 0: it is not */
    struct qw_etsi004_qos offer; /* with is_offered */
};

/* By class, as kme_source.c has them for the other interface. */
static const struct {
    qw_err err;
    enum stream_pause pause;
    const char *reason;
} failures[] = {
    { QW_ERR_AUTH, STREAM_PAUSE_FAILED,
      "its certificate is not that of this server, or it does not accept ours" },
    { QW_ERR_REFUSED, STREAM_PAUSE_LASTING,
      "it knows neither us nor the other end under these URIs (status 4)" },
    { QW_ERR_ARG, STREAM_PAUSE_LASTING, "it does not offer this stream (status 7): chunk_bytes" },
    { QW_ERR_CONFLICT, STREAM_PAUSE_LASTING, "it gave a key that was there before" },
    { QW_ERR_LIMIT, STREAM_PAUSE_FAILED, "somebody else has our stream open (status 5)" },
    { QW_ERR_FORMAT, STREAM_PAUSE_FAILED, "its answer is not what was asked for" },
    { QW_ERR_NOT_FOUND, STREAM_PAUSE_FAILED, "its name has no address" },
    { QW_ERR_TIMEOUT, STREAM_PAUSE_FAILED, "it does not answer in time" },
    { QW_ERR_NOMEM, STREAM_PAUSE_FAILED, "not enough memory" },
};

static struct stream_step failure(qw_err err)
{
    size_t i = 0;
    const size_t count = sizeof failures / sizeof failures[0];

    while (i < count && failures[i].err != err) {
        i++;
    }
    return (struct stream_step){ .pause = i < count ? failures[i].pause : STREAM_PAUSE_FAILED,
                                 .reason = i < count ? failures[i].reason
                                                     : "it does not answer as it should" };
}

static void hang_up(struct stream_reader *r)
{
    qw_etsi004_client_free(r->client);
    r->client = NULL;
    r->is_open = false;
}

static struct stream_step fail(struct stream_reader *r, qw_err err)
{
    hang_up(r);
    return failure(err);
}

qw_err stream_reader_new(const struct stream_settings *settings, struct link_half *half,
                         struct stream_reader **reader)
{
    struct stream_reader *r = calloc(1, sizeof *r);
    qw_err err = QW_ERR_NOMEM;

    if (r == NULL) {
        return QW_ERR_NOMEM;
    }
    r->settings = settings;
    r->half = half;
    r->end = strcmp(settings->local, settings->remote) < 0 ? QW_QKD_ALICE : QW_QKD_BOB;
    r->slot = -1;
    r->barred = half->mark.is_set ? stream_slot_of(half->mark.label.session) : -1;
    r->secrets = qw_secret_new(sizeof *r->secrets);
    if (r->secrets != NULL) {
        err = qw_random_bytes(r->secrets->salt, sizeof r->secrets->salt);
    }
    if (err != QW_OK) {
        stream_reader_free(r);
        return err;
    }
    *reader = r;
    return QW_OK;
}

void stream_reader_free(struct stream_reader *r)
{
    if (r != NULL) {
        hang_up(r);
        qw_secret_free(r->secrets);
        free(r);
    }
}

/* K1 */
static struct stream_step connect_to(struct stream_reader *r)
{
    const struct stream_settings *s = r->settings;
    const struct qw_etsi004_client_config config = {
        .host = s->host,
        .port = (uint16_t)s->port,
        .certificate_path = s->certificate,
        .key_path = s->key,
        .ca_path = s->ca,
        .timeout_ms = (int)(s->timeout_ms + s->wait_ms),
        .takes_tls12 = s->tls == 1,
    };
    qw_err err = qw_etsi004_client_new(&config, &r->client);

    if (err == QW_ERR_FORMAT) {
        return (struct stream_step){ .pause = STREAM_PAUSE_LASTING,
                                     .reason = "our certificate, key or ca cannot be read" };
    }
    return err == QW_OK ? (struct stream_step){ .pause = STREAM_PAUSE_NONE } : fail(r, err);
}

static void ask_for(const struct stream_reader *r, struct qw_etsi004_open *open)
{
    const struct stream_settings *s = r->settings;
    int64_t ttl_s = s->period_s + TTL_MORE_S;

    *open = (struct qw_etsi004_open){
        .qos = { .chunk_len = (uint32_t)s->chunk_bytes,
                 .timeout_ms = (uint32_t)s->wait_ms,
                 .ttl_s = (uint32_t)(ttl_s < TTL_MAX_S ? ttl_s : TTL_MAX_S) }
    };
    if (r->is_offered) {
        open->qos.timeout_ms = r->offer.timeout_ms;
        open->qos.ttl_s = r->offer.ttl_s;
    }
    memcpy(open->source, s->local, sizeof open->source);
    memcpy(open->dest, s->remote, sizeof open->dest);
    memcpy(open->ksid, r->ksid, sizeof open->ksid);
}

/* K2. What the answer says is all that is believed. */
static struct stream_step open_stream(struct stream_reader *r)
{
    struct qw_etsi004_open open;
    struct qw_etsi004_open_answer answer;
    bool was_offered = r->is_offered;
    qw_err err;

    ask_for(r, &open);
    err = qw_etsi004_client_open(r->client, &open, &answer);
    if (err != QW_OK) {
        return fail(r, err);
    }
    r->is_offered = false;
    switch (answer.status) {
    case QW_ETSI004_DONE:
    case QW_ETSI004_PEER_ABSENT_AT_OPEN:
        if (answer.status == QW_ETSI004_DONE &&
            (!qw_equal_ct(answer.ksid, r->ksid, sizeof r->ksid) ||
             answer.qos.chunk_len != open.qos.chunk_len)) {
            return fail(r, QW_ERR_FORMAT);
        }
        r->is_open = true;
        return (struct stream_step){ .pause = STREAM_PAUSE_NONE };
    case QW_ETSI004_QOS_NOT_MET:
        if (was_offered || answer.qos.chunk_len != open.qos.chunk_len) {
            return fail(r, QW_ERR_ARG);
        }
        r->offer = answer.qos;
        if (r->offer.timeout_ms > open.qos.timeout_ms) {
            r->offer.timeout_ms = open.qos.timeout_ms; /* our own patience */
        }
        r->is_offered = true;
        return (struct stream_step){ .pause = STREAM_PAUSE_NONE };
    case QW_ETSI004_PEER_ABSENT: /* it was, and is over */
        r->barred = r->slot;
        return (struct stream_step){ .pause = STREAM_PAUSE_SHORT };
    case QW_ETSI004_NO_CONNECTION:
        return fail(r, QW_ERR_REFUSED);
    case QW_ETSI004_KSID_IN_USE:
        return fail(r, QW_ERR_LIMIT);
    default:
        return fail(r, QW_ERR_IO);
    }
}

/* K6. That the other side hears of it is a courtesy: the stream has its time. */
static void enter_slot(struct stream_reader *r, int64_t slot)
{
    enum qw_etsi004_status status;

    if (r->is_open && qw_etsi004_client_close(r->client, r->ksid, &status) != QW_OK) {
        hang_up(r);
    }
    r->is_open = false;
    r->is_offered = false;
    r->slot = slot;
    r->index = 0;
    qw_wipe(r->secrets->block, sizeof r->secrets->block);
}

/* True: it came before. Keyed, so that what lies in memory tells nothing of a key. */
static bool came_before(struct stream_reader *r)
{
    struct secrets *s = r->secrets;
    const struct qw_bytes chunk = { s->answer.chunk, s->answer.chunk_len };
    uint8_t digest[QW_HASH_LEN_MAX];
    uint64_t head;
    bool is_known = qw_hmac(QW_HASH_SHA256, s->salt, sizeof s->salt, &chunk, 1, digest) != QW_OK;

    head = qw_load_u64be(digest);
    for (size_t i = 0; i < RECENT; i++) {
        is_known = is_known || s->recent[i] == head;
    }
    s->recent[r->recent_at] = head;
    r->recent_at = (r->recent_at + 1) % RECENT;
    qw_wipe(digest, sizeof digest);
    return is_known;
}

/* K5 */
static struct stream_step take_block(struct stream_reader *r)
{
    const struct stream_settings *s = r->settings;
    struct qw_handover_key key = { .key = r->secrets->block,
                                   .len = (size_t)(s->block_chunks * s->chunk_bytes) };
    uint8_t result;
    qw_err err;

    memcpy(key.label.session, r->ksid, sizeof key.label.session);
    key.label.block = r->index / (uint32_t)s->block_chunks - 1;
    err = link_half_take(r->half, &key, r->end, &result);
    qw_wipe(r->secrets->block, sizeof r->secrets->block);
    if (err != QW_OK) {
        return (struct stream_step){ .pause = STREAM_PAUSE_FAILED,
                                     .reason = "its keys cannot be kept: no mark can be written" };
    }
    if (result == QW_HANDOVER_NO_ROOM) {
        r->idle_until_ms = qw_clock_monotonic_ms() + 1000 * s->idle_s;
    }
    return (struct stream_step){ .has_key = true };
}

static struct stream_step keep_chunk(struct stream_reader *r)
{
    const struct stream_settings *s = r->settings;
    const struct qw_etsi004_get_answer *answer = &r->secrets->answer;
    size_t chunk_len = (size_t)s->chunk_bytes;
    bool was_there;

    if (answer->index != r->index || answer->chunk_len != chunk_len) {
        return fail(r, QW_ERR_FORMAT);
    }
    was_there = came_before(r);
    if (was_there) {
        r->barred = r->slot; /* nothing more of this stream, nor of its block */
        qw_wipe(r->secrets->block, sizeof r->secrets->block);
        return fail(r, QW_ERR_CONFLICT);
    }
    memcpy(r->secrets->block + r->index % (uint32_t)s->block_chunks * chunk_len, answer->chunk,
           chunk_len);
    r->index++;
    r->absent_ms = 0;
    return r->index % (uint32_t)s->block_chunks == 0 ? take_block(r)
                                                     : (struct stream_step){ .has_key = true };
}

/* No chunk, and no fault; at the turn of a slot the other end may be late. */
static struct stream_step wait_for_key(struct stream_reader *r, enum qw_etsi004_status status)
{
    int64_t now_ms = qw_clock_monotonic_ms();
    struct stream_step step = { .pause = STREAM_PAUSE_SHORT };

    if (status != QW_ETSI004_PEER_ABSENT) {
        r->absent_ms = 0;
    } else if (r->absent_ms == 0) {
        r->absent_ms = now_ms;
    } else if (now_ms - r->absent_ms >= ABSENT_MS) {
        step.reason = "the other end of the stream is not there";
    }
    return step;
}

/* K3 */
static struct stream_step read_chunk(struct stream_reader *r)
{
    struct qw_etsi004_get get = { .index = r->index };
    struct stream_step step;
    qw_err err;

    memcpy(get.ksid, r->ksid, sizeof get.ksid);
    err = qw_etsi004_client_get(r->client, &get, &r->secrets->answer);
    if (err != QW_OK) {
        return fail(r, err);
    }
    switch (r->secrets->answer.status) {
    case QW_ETSI004_DONE:
        step = keep_chunk(r);
        break;
    case QW_ETSI004_NO_KEY:
    case QW_ETSI004_TIMEOUT:
    case QW_ETSI004_PEER_ABSENT:
        step = wait_for_key(r, r->secrets->answer.status);
        break;
    default:
        step = fail(r, QW_ERR_IO);
        break;
    }
    qw_wipe(&r->secrets->answer, sizeof r->secrets->answer);
    return step;
}

static bool must_idle(const struct stream_reader *r)
{
    const struct stream_settings *s = r->settings;
    size_t block_len = (size_t)(s->block_chunks * s->chunk_bytes);

    return r->index % (uint32_t)s->block_chunks == 0 && !link_half_has_room(r->half, block_len) &&
           qw_clock_monotonic_ms() < r->idle_until_ms;
}

struct stream_step stream_reader_step(struct stream_reader *r, int64_t unix_s)
{
    const struct stream_settings *s = r->settings;
    int64_t slot = unix_s - unix_s % s->period_s;

    if (slot > r->slot) {
        enter_slot(r, slot);
        if (stream_slot_name(s->local, s->remote, slot, r->ksid) != QW_OK) {
            return fail(r, QW_ERR_IO);
        }
    }
    if (r->slot <= r->barred) {
        bool is_behind = slot < r->barred - s->period_s;

        return (struct stream_step){ .pause = STREAM_PAUSE_SHORT,
                                     .reason = is_behind ? "the clock has gone back behind the "
                                                           "stream that was read last"
                                                         : NULL };
    }
    if (r->client == NULL) {
        return connect_to(r);
    }
    if (!r->is_open) {
        return open_stream(r);
    }
    return must_idle(r) ? (struct stream_step){ .pause = STREAM_PAUSE_SHORT } : read_chunk(r);
}
