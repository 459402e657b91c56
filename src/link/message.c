/* SPDX-License-Identifier: Apache-2.0 */
#include "link/message.h"

#include "api/json_reader.h"
#include "api/json_writer.h"
#include "base/hex.h"

#include <string.h>

#define NAME(name, text) text,
const char *const qw_link_verb_names[QW_LINK_VERB_COUNT] = { QW_LINK_VERBS(NAME) };
const char *const qw_link_result_names[QW_LINK_RESULT_COUNT] = { QW_LINK_RESULTS(NAME) };
#undef NAME

enum { VERSION = 1, WORD_CAP = 16 };

/* A message on its way in: members are counted, so that one nobody asked for shows. */
struct scan {
    struct qw_json_reader r;
    const struct qw_json_node *root;
    size_t members;
};

static qw_err scan_open(const void *text, size_t len, struct scan *scan)
{
    uint64_t version = 0;
    qw_err err = len < QW_LINK_MESSAGE_CAP ? qw_json_open(text, len, &scan->r) : QW_ERR_FORMAT;

    if (err != QW_OK) {
        return err;
    }
    scan->root = qw_json_root_object(&scan->r);
    scan->members = 1;
    qw_json_get_uint(&scan->r, scan->root, "version", VERSION, VERSION, &version);
    return QW_OK;
}

/* QW_OK when all was right and nothing else was there. Closes. */
static qw_err scan_close(struct scan *scan)
{
    const char *name;
    bool ok = qw_json_ok(&scan->r) && qw_json_member(scan->root, scan->members, &name) == NULL;

    qw_json_close(&scan->r);
    return ok ? QW_OK : QW_ERR_FORMAT;
}

/* One of count words; count when it is none of them, and the scan has failed. */
static size_t scan_word(struct scan *scan, const char *name, const char *const *words, size_t count)
{
    char text[WORD_CAP] = "";
    size_t at = 0;

    scan->members++;
    qw_json_get_text(&scan->r, scan->root, name, text, 1, sizeof text);
    while (at < count && strcmp(words[at], text) != 0) {
        at++;
    }
    scan->r.failed = scan->r.failed || at == count;
    return at;
}

static void scan_turn(struct scan *scan, uint64_t *turn)
{
    scan->members++;
    qw_json_get_uint(&scan->r, scan->root, "turn", 0, QW_JSON_UINT_MAX - 1, turn);
}

static bool scan_key_id(struct scan *scan, bool is_optional, uint8_t id[static 16])
{
    if (is_optional && qw_json_find(scan->root, "key_ID") == NULL) {
        return false;
    }
    scan->members++;
    qw_json_get_uuid(&scan->r, scan->root, "key_ID", id);
    return true;
}

static void scan_hex(struct scan *scan, const char *name, uint8_t *out, size_t len)
{
    scan->members++;
    qw_json_get_hex(&scan->r, scan->root, name, out, len);
}

static bool is_name(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

static const char *const fail_words[] = { "closed", "open" };

qw_err qw_link_request_decode(const void *text, size_t len, struct qw_link_request *request)
{
    struct qw_link_request m = { .verb = QW_LINK_SAY_SYNC };
    struct scan scan;
    qw_err err = scan_open(text, len, &scan);

    if (err != QW_OK) {
        return err;
    }
    scan.members++;
    qw_json_get_text(&scan.r, scan.root, "link", m.link, 1, sizeof m.link);
    scan.r.failed = scan.r.failed || !is_name(m.link);
    m.verb = (enum qw_link_verb)scan_word(&scan, "verb", qw_link_verb_names, QW_LINK_VERB_COUNT);
    scan_turn(&scan, &m.turn);
    m.has_key_id = scan_key_id(&scan, m.verb == QW_LINK_SAY_SYNC, m.key_id);
    if (m.verb == QW_LINK_SAY_SYNC) {
        m.fails_open = scan_word(&scan, "fail", fail_words, 2) == 1;
    }
    if (m.verb == QW_LINK_SAY_PROVE) {
        scan_hex(&scan, "nonce", m.nonce, sizeof m.nonce);
        scan_hex(&scan, "proof", m.proof, sizeof m.proof);
    }
    err = scan_close(&scan);
    if (err == QW_OK) {
        *request = m;
    }
    return err;
}

qw_err qw_link_answer_decode(const void *text, size_t len, struct qw_link_answer *answer)
{
    struct qw_link_answer m = { .result = QW_LINK_RESULT_OK };
    struct scan scan;
    qw_err err = scan_open(text, len, &scan);

    if (err != QW_OK) {
        return err;
    }
    m.result =
        (enum qw_link_result)scan_word(&scan, "result", qw_link_result_names, QW_LINK_RESULT_COUNT);
    m.state =
        (enum qw_link_state)scan_word(&scan, "state", qw_link_state_names, QW_LINK_STATE_COUNT);
    scan_turn(&scan, &m.turn);
    m.has_key_id = scan_key_id(&scan, true, m.key_id);
    scan.members++;
    qw_json_get_bool(&scan.r, scan.root, "wants", &m.wants);
    m.has_proof = qw_json_find(scan.root, "proof") != NULL;
    if (m.has_proof) {
        scan_hex(&scan, "proof", m.proof, sizeof m.proof);
    }
    err = scan_close(&scan);
    if (err == QW_OK) {
        *answer = m;
    }
    return err;
}

static void write_text(struct qw_json_writer *w, const char *name, const char *text)
{
    qw_json_name(w, name);
    qw_json_text(w, text);
}

static void write_key_id(struct qw_json_writer *w, const uint8_t id[static 16])
{
    char text[QW_UUID_TEXT_CAP];

    qw_uuid_encode(id, text);
    write_text(w, "key_ID", text);
}

static struct qw_json_writer message_begin(char *out)
{
    struct qw_json_writer w = qw_json_writer_on(out, QW_LINK_MESSAGE_CAP);

    qw_json_object_begin(&w);
    qw_json_name(&w, "version");
    qw_json_uint(&w, VERSION);
    return w;
}

static void message_end(struct qw_json_writer *w)
{
    qw_json_object_end(w);
    qw_assert(qw_json_done(w));
}

void qw_link_request_encode(const struct qw_link_request *request,
                            char out[static QW_LINK_MESSAGE_CAP])
{
    struct qw_json_writer w = message_begin(out);

    write_text(&w, "link", request->link);
    write_text(&w, "verb", qw_link_verb_names[request->verb]);
    qw_json_name(&w, "turn");
    qw_json_uint(&w, request->turn);
    if (request->has_key_id) {
        write_key_id(&w, request->key_id);
    }
    if (request->verb == QW_LINK_SAY_SYNC) {
        write_text(&w, "fail", fail_words[request->fails_open ? 1 : 0]);
    }
    if (request->verb == QW_LINK_SAY_PROVE) {
        qw_json_name(&w, "nonce");
        qw_json_hex(&w, request->nonce, sizeof request->nonce);
        qw_json_name(&w, "proof");
        qw_json_hex(&w, request->proof, sizeof request->proof);
    }
    message_end(&w);
}

void qw_link_answer_encode(const struct qw_link_answer *answer,
                           char out[static QW_LINK_MESSAGE_CAP])
{
    struct qw_json_writer w = message_begin(out);

    write_text(&w, "result", qw_link_result_names[answer->result]);
    write_text(&w, "state", qw_link_state_names[answer->state]);
    qw_json_name(&w, "turn");
    qw_json_uint(&w, answer->turn);
    if (answer->has_key_id) {
        write_key_id(&w, answer->key_id);
    }
    qw_json_name(&w, "wants");
    qw_json_bool(&w, answer->wants);
    if (answer->has_proof) {
        qw_json_name(&w, "proof");
        qw_json_hex(&w, answer->proof, sizeof answer->proof);
    }
    message_end(&w);
}
