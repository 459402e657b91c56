/* SPDX-License-Identifier: Apache-2.0 */
/* The answerer of Cascade: prefix parities of the permuted key, one bit per question, each at most
 * once. It needs no more state than which were asked. */
#include "distill/cascade.h"

#include "base/bits.h"
#include "base/secret.h"
#include "distill/cascade/message.h"
#include "distill/cascade/party.h"

#include <stdlib.h>

/* 64 positions of a pass; in one place because a question needs both. */
struct prefix_word {
    uint64_t prefix; /* bit m % 64 of word m / 64: parity of the permuted bits 0..m-1 */
    uint64_t asked;
};

struct qw_cascade_answerer {
    struct qw_cascade_party party;
    struct prefix_word *pass[QW_CASCADE_PASSES_MAX]; /* [size: word_count + 1] */
};

/* Bits of a reply, most significant first. */
struct bit_writer {
    uint8_t *at;
    uint64_t bits;
    unsigned count; /* in bits, < 8 */
};

static void put_bit(struct bit_writer *w, unsigned bit)
{
    w->bits = w->bits << 1 | bit;
    if (++w->count == 8) {
        *w->at++ = (uint8_t)w->bits;
        w->count = 0;
    }
}

static void put_end(struct bit_writer *w)
{
    while (w->count != 0) {
        put_bit(w, 0);
    }
}

qw_err qw_cascade_answerer_new(const struct qw_cascade_config *config,
                               struct qw_cascade_answerer **answerer)
{
    struct qw_cascade_answerer *a = calloc(1, sizeof *a);
    qw_err err;

    if (a == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_cascade_party_init(&a->party, config, false);
    for (unsigned p = 0; err == QW_OK && p < QW_CASCADE_PASSES_MAX; p++) {
        a->pass[p] = calloc(a->party.word_count + 1, sizeof *a->pass[p]);
        err = a->pass[p] == NULL ? QW_ERR_NOMEM : QW_OK;
    }
    if (err != QW_OK) {
        qw_cascade_answerer_free(a);
        return err;
    }
    *answerer = a;
    return QW_OK;
}

void qw_cascade_answerer_free(struct qw_cascade_answerer *answerer)
{
    if (answerer == NULL) {
        return;
    }
    for (unsigned p = 0; p < QW_CASCADE_PASSES_MAX; p++) {
        qw_wipe_free(answerer->pass[p],
                     (answerer->party.word_count + 1) * sizeof *answerer->pass[p]);
    }
    qw_cascade_party_wipe(&answerer->party);
    free(answerer);
}

qw_err qw_cascade_answerer_begin_plan(struct qw_cascade_answerer *answerer, const uint8_t *key,
                                      uint32_t qber_ppm, const struct qw_cascade_plan *plan)
{
    return qw_cascade_party_begin(&answerer->party, key, qber_ppm, plan);
}

qw_err qw_cascade_answerer_begin(struct qw_cascade_answerer *answerer, const uint8_t *key,
                                 uint32_t qber_ppm)
{
    struct qw_cascade_plan plan;

    qw_cascade_plan_for(&answerer->party.config, qber_ppm, &plan);
    return qw_cascade_party_begin(&answerer->party, key, qber_ppm, &plan);
}

static void fill_prefixes(struct prefix_word *word, const uint64_t *bits, size_t word_count)
{
    uint64_t before = 0; /* all ones when the parity of all words so far is odd */

    for (size_t w = 0; w < word_count; w++) {
        uint64_t prefix = bits[w];

        for (unsigned shift = 1; shift < 64; shift *= 2) {
            prefix ^= prefix << shift;
        }
        word[w].prefix = prefix << 1 ^ before;
        word[w].asked = 0;
        before ^= 0u - (prefix >> 63);
    }
    word[word_count].prefix = before;
    word[word_count].asked = 0;
}

static unsigned say(struct qw_cascade_answerer *a, unsigned pass, uint32_t position)
{
    struct prefix_word *word = &a->pass[pass][position / 64];

    word->asked |= (uint64_t)1 << (position % 64);
    return word->prefix >> (position % 64) & 1;
}

static void open_pass(struct qw_cascade_answerer *a, unsigned pass, struct bit_writer *out)
{
    uint32_t length = qw_cascade_party_length(&a->party, pass);
    struct qw_cascade_blocks blocks = a->party.plan.blocks[pass];
    uint32_t end = qw_cascade_block_end(blocks, 0);

    fill_prefixes(a->pass[pass], qw_cascade_party_arrange(&a->party, pass), a->party.word_count);
    if (pass > 0) {
        say(a, pass, length); /* known from the first pass: never to be asked */
    }
    say(a, pass, 0);
    for (; end < length; end = qw_cascade_block_end(blocks, end)) {
        put_bit(out, say(a, pass, end));
    }
    if (pass == 0) {
        put_bit(out, say(a, pass, length));
    }
    a->party.report.passes++;
}

static qw_err answer_questions(struct qw_cascade_answerer *a, struct qw_cascade_ask_reader *reader,
                               unsigned opened, struct bit_writer *out)
{
    while (qw_cascade_ask_next_section(reader)) {
        unsigned pass = (unsigned)reader->pass;
        uint32_t length;

        if (pass >= opened) {
            return QW_ERR_FORMAT;
        }
        length = qw_cascade_party_length(&a->party, pass);
        while (reader->left > 0) {
            uint32_t position = qw_cascade_ask_next_question(reader);
            struct prefix_word *word;

            if (reader->failed || position > length) {
                return QW_ERR_FORMAT;
            }
            word = &a->pass[pass][position / 64];
            if ((word->asked >> (position % 64) & 1) != 0) {
                return QW_ERR_FORMAT; /* would make the two counts of leakage differ */
            }
            word->asked |= (uint64_t)1 << (position % 64);
            put_bit(out, word->prefix >> (position % 64) & 1);
            a->party.report.leaked_bits++;
        }
    }
    return qw_cascade_ask_done(reader) ? QW_OK : QW_ERR_FORMAT;
}

static qw_err answer_open(struct qw_cascade_answerer *a, const uint8_t *request, size_t len)
{
    struct qw_cascade_open open;
    qw_err err = qw_cascade_open_decode(request, len, &open);

    if (err == QW_OK && a->party.state != QW_CASCADE_BEGUN) {
        return QW_ERR_FORMAT;
    }
    if (err == QW_OK &&
        (open.variant != (uint8_t)a->party.config.variant || open.bits != a->party.config.bits ||
         open.qber_ppm != a->party.qber_ppm || open.seed != a->party.config.seed)) {
        return QW_ERR_CONFLICT;
    }
    return err;
}

static qw_err open_passes(struct qw_cascade_answerer *a, unsigned count, size_t cap,
                          struct bit_writer *out)
{
    unsigned first = a->party.report.passes;
    size_t bits;

    if (count > a->party.plan.passes - first) {
        return QW_ERR_FORMAT;
    }
    bits = qw_cascade_party_opening_bits(&a->party, count);
    if (QW_BITS_TO_BYTES(bits) + QW_CASCADE_REPLY_HEAD_LEN > cap) {
        return QW_ERR_SPACE;
    }
    for (unsigned p = first; p < first + count; p++) {
        open_pass(a, p, out);
    }
    a->party.report.leaked_bits += bits;
    return QW_OK;
}

static qw_err answer_ask(struct qw_cascade_answerer *a, const uint8_t *request, size_t len,
                         size_t cap, struct bit_writer *out)
{
    struct qw_cascade_ask_reader reader = qw_cascade_ask_read(request, len);
    unsigned opened = a->party.report.passes;
    qw_err err;

    if (reader.failed || a->party.state != QW_CASCADE_ASKED ||
        reader.number != a->party.report.round_trips) {
        return QW_ERR_FORMAT;
    }
    if (reader.opened_passes == 0 && reader.at == len) {
        return QW_ERR_FORMAT; /* asks nothing */
    }
    /* A question takes a byte of the request and a bit of the reply. */
    err = open_passes(a, reader.opened_passes, cap - len / 8 - 1, out);
    return err == QW_OK ? answer_questions(a, &reader, opened, out) : err;
}

static qw_err answer_finish(struct qw_cascade_answerer *a, const uint8_t *request, size_t len)
{
    uint64_t leaked_bits;
    qw_err err = qw_cascade_finish_decode(request, len, &leaked_bits);

    if (err == QW_OK && a->party.state != QW_CASCADE_ASKED) {
        return QW_ERR_FORMAT;
    }
    return err == QW_OK && leaked_bits != a->party.report.leaked_bits ? QW_ERR_CONFLICT : err;
}

static qw_err answer(struct qw_cascade_answerer *a, const uint8_t *request, size_t len, size_t cap,
                     struct bit_writer *out)
{
    qw_err err;

    if (a->party.report.round_trips >= QW_CASCADE_ROUND_TRIPS_MAX) {
        return QW_ERR_EXHAUSTED;
    }
    if (request[0] == QW_CASCADE_OPEN) {
        err = answer_open(a, request, len);
        return err == QW_OK ? open_passes(a, 1, cap, out) : err;
    }
    return answer_ask(a, request, len, cap, out);
}

qw_err qw_cascade_answer(struct qw_cascade_answerer *answerer, const uint8_t *request,
                         size_t request_len, uint8_t *reply, size_t cap, size_t *reply_len)
{
    struct qw_cascade_answerer *a = answerer;
    struct bit_writer out = { .at = reply + QW_CASCADE_REPLY_HEAD_LEN };
    qw_err err;

    if (a->party.state != QW_CASCADE_BEGUN && a->party.state != QW_CASCADE_ASKED) {
        return QW_ERR_STATE;
    }
    if (cap < QW_CASCADE_MESSAGE_MAX) {
        return QW_ERR_SPACE;
    }
    if (request_len == 0 || request_len > QW_CASCADE_MESSAGE_MAX) {
        err = QW_ERR_FORMAT;
    } else if (request[0] == QW_CASCADE_FINISH) {
        err = answer_finish(a, request, request_len);
    } else {
        err = answer(a, request, request_len, cap, &out);
    }
    if (err == QW_OK && a->party.report.leaked_bits > qw_cascade_leak_limit(a->party.config.bits)) {
        err = QW_ERR_EXHAUSTED;
    }
    if (err != QW_OK) {
        a->party.state = QW_CASCADE_IDLE;
        return err;
    }
    a->party.report.bytes_requested += request_len;
    if (request[0] == QW_CASCADE_FINISH) {
        a->party.state = QW_CASCADE_FINISHED;
        *reply_len = 0;
        return QW_OK;
    }
    put_end(&out);
    qw_cascade_reply_head(a->party.report.round_trips++, reply);
    *reply_len = (size_t)(out.at - reply);
    a->party.report.bytes_replied += *reply_len;
    a->party.state = QW_CASCADE_ASKED;
    return QW_OK;
}

const struct qw_cascade_report *
qw_cascade_answerer_report(const struct qw_cascade_answerer *answerer)
{
    return &answerer->party.report;
}

struct qw_cascade_buffers *qw_cascade_answerer_buffers(struct qw_cascade_answerer *answerer)
{
    return answerer->party.buffers;
}
