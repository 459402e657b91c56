/* SPDX-License-Identifier: Apache-2.0 */
/* Encryptors and their keys: Cisco's Secure Key Integration Protocol, draft-cisco-skip-02, on the
 * same stock and the same verbs as ETSI 014 [docs/protocol/skip.md]. The calling encryptor is the
 * local system; whom it may ask keys for are its remote systems. */
#include "api/http_answer.h"
#include "api/skip/query.h"
#include "base/hex.h"
#include "base/secret.h"
#include "routes.h"

#include <string.h>

enum { ALGORITHM_CAP = 17, TEXT_CAP = 2048 }; /* of a key of 4096 bits: 1024 digits */

_Static_assert((int)QW_SKIP_SYSTEM_CAP == (int)CALL_PARAMETER_CAP, "a system is a device");
_Static_assert(TEXT_CAP >= QW_KEY_BITS_MAX / 4 + 128, "room for the longest key");

static const struct qw_skip_limits limits = { .bits_min = QW_KEY_BITS_MIN,
                                              .bits_max = QW_KEY_BITS_MAX };

/* One piece of secret memory: the text of the answer first, because it is sent as it stands. */
struct desk {
    char text[TEXT_CAP];
    struct qw_given_key key;
};

/* P5: the cause of a refusal stays inside; a failure of ours is 500, by the draft. */
static void refuse(struct call *call, qw_err err)
{
    switch (err) {
    case QW_ERR_ARG:
    case QW_ERR_FORMAT:
        call_refuse_with(call, 400, "malformed request");
        break;
    case QW_ERR_NOT_FOUND:
    case QW_ERR_REFUSED:
    case QW_ERR_AUTH:
        call_refuse_with(call, 400, "not found");
        break;
    case QW_ERR_PAUSED: /* meant so: no failure */
        call_refuse(call, err);
        break;
    default:
        call_refuse_with(call, 500, "temporarily unavailable");
        call->answer->retry_after_s = 1;
        break;
    }
}

static void send_key(struct call *call, struct desk *desk)
{
    struct qw_json_writer w = qw_json_writer_on(desk->text, sizeof desk->text);

    qw_json_object_begin(&w);
    qw_json_name(&w, "keyId");
    qw_json_hex(&w, desk->key.id, sizeof desk->key.id);
    qw_json_name(&w, "key");
    qw_json_hex(&w, desk->key.bytes, desk->key.bits / 8u);
    qw_json_object_end(&w);
    qw_assert(qw_json_done(&w)); /* the room is for the longest text */
    qw_http_answer_take(call->answer, 200, desk->text, w.len, sizeof *desk);
}

/* P2 */
void route_skip_key_new(struct call *call)
{
    struct qw_skip_key_query query;
    struct qw_key_wish wish = { .count = 1,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };
    struct desk *desk = NULL;
    qw_err err = qw_skip_key_query_decode(call->request->query, &limits, &query);

    if (err == QW_OK) {
        desk = qw_secret_lend(call->service->secrets, sizeof *desk); /* before a key moves */
        err = desk == NULL ? QW_ERR_NOMEM : QW_OK;
    }
    if (err == QW_OK) {
        wish.slave = query.remote;
        wish.bits = query.bits;
        err = qw_centre_deliver(call->service->centre, &call->caller, &wish, &desk->key);
    }
    if (err == QW_OK) {
        send_key(call, desk);
        return;
    }
    qw_secret_free(desk);
    refuse(call, err);
}

/* P3 */
void route_skip_key_fetch(struct call *call)
{
    char remote[QW_SKIP_SYSTEM_CAP];
    uint8_t id[1][16];
    struct desk *desk = NULL;
    qw_err err = qw_skip_remote_decode(call->request->query, remote);

    if (err == QW_OK) {
        err = qw_hex_decode(call->parameter[0], id[0], sizeof id[0]);
    }
    if (err == QW_OK) {
        desk = qw_secret_lend(call->service->secrets, sizeof *desk); /* before a key moves */
        err = desk == NULL ? QW_ERR_NOMEM : QW_OK;
    }
    if (err == QW_OK) {
        err = qw_centre_fetch(call->service->centre, &call->caller, remote,
                              (const uint8_t(*)[16])id, 1, &desk->key);
    }
    if (err == QW_OK) {
        send_key(call, desk);
        return;
    }
    qw_secret_free(desk);
    refuse(call, err);
}

/* The kernel's generator and simulated optics are no entropy that anybody should be sold. */
static bool has_entropy(const struct qw_key_source *source)
{
    return source != NULL && !source->is_simulated && strcmp(source->name, "kernel") != 0;
}

/* "qrng" of "qrng:/dev/qrng0". */
static void name_algorithm(const struct qw_key_source *source, char out[static ALGORITHM_CAP])
{
    const char *name = source == NULL ? "kernel" : source->name;
    size_t len = strcspn(name, ":");

    len = len < ALGORITHM_CAP ? len : ALGORITHM_CAP - 1;
    memcpy(out, name, len);
    out[len] = '\0';
}

static void write_peers(struct qw_json_writer *w, char *peers)
{
    char *end;

    qw_json_name(w, "remoteSystemID");
    qw_json_array_begin(w);
    for (char *peer = peers; *peer != '\0'; peer = end) {
        end = peer + strcspn(peer, ",");
        if (*end == ',') {
            *end++ = '\0';
        }
        qw_json_text(w, peer);
    }
    qw_json_array_end(w);
}

/* P1 */
void route_skip_capabilities(struct call *call)
{
    char peers[QW_DEVICE_PEERS_CAP];
    char algorithm[ALGORITHM_CAP];
    char text[TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    qw_err err = qw_centre_peers(call->service->centre, &call->caller, peers);

    if (err != QW_OK) {
        refuse(call, err);
        return;
    }
    name_algorithm(call->service->source, algorithm);
    qw_json_object_begin(&w);
    qw_json_name(&w, "entropy");
    qw_json_bool(&w, has_entropy(call->service->source));
    qw_json_name(&w, "key");
    qw_json_bool(&w, true);
    qw_json_name(&w, "algorithm");
    qw_json_text(&w, algorithm);
    qw_json_name(&w, "localSystemID");
    qw_json_text(&w, call->caller.id);
    write_peers(&w, peers);
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}

static void send_entropy(struct call *call, struct desk *desk, size_t len)
{
    struct qw_json_writer w = qw_json_writer_on(desk->text, sizeof desk->text);

    qw_json_object_begin(&w);
    qw_json_name(&w, "randomStr");
    qw_json_hex(&w, desk->key.bytes, len);
    qw_json_name(&w, "minentropy");
    qw_json_uint(&w, 8 * len);
    qw_json_object_end(&w);
    qw_assert(qw_json_done(&w));
    qw_http_answer_take(call->answer, 200, desk->text, w.len, sizeof *desk);
}

/* P4: only to who could have keys as well, and taken from the source for this answer alone. */
void route_skip_entropy(struct call *call)
{
    const struct qw_key_source *source = call->service->source;
    char peers[QW_DEVICE_PEERS_CAP];
    uint32_t bits = 0;
    size_t len;
    struct desk *desk;
    qw_err err = qw_skip_entropy_query_decode(call->request->query, &bits);

    if (err == QW_OK) {
        err = qw_centre_peers(call->service->centre, &call->caller, peers);
    }
    if (err == QW_ERR_FORMAT || err == QW_ERR_REFUSED) {
        refuse(call, err);
        return;
    }
    len = (bits + 7) / 8;
    desk = err == QW_OK ? qw_secret_lend(call->service->secrets, sizeof *desk) : NULL;
    if (desk != NULL && has_entropy(source) &&
        source->take(source->self, desk->key.bytes, len) == QW_OK) {
        send_entropy(call, desk, len);
        return;
    }
    qw_secret_free(desk);
    call_refuse_with(call, 503, "no entropy from hardware now");
    call->answer->retry_after_s = 1;
}
