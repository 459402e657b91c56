/* SPDX-License-Identifier: Apache-2.0 */
/* The asker of Cascade. Every request carries all questions that are ready: all odd cells of all
 * passes are halved in lock step, and a bit that is found makes the
 * cells that hold it in other passes ready for the next request. */
#include "distill/cascade.h"

#include "base/bits.h"
#include "base/secret.h"
#include "distill/cascade/cells.h"
#include "distill/cascade/message.h"
#include "distill/cascade/party.h"

#include <stdlib.h>
#include <string.h>

enum { PATIENCE_STEP = 15, HANDFUL = 10 }; /* round trips per further pass; questions */

struct qw_cascade_asker {
    struct qw_cascade_party party;
    struct qw_cascade_cells pass[QW_CASCADE_PASSES_MAX]; /* report.passes of them are open */

    bool is_odd; /* number of errors left; once the first pass is open */

    /* The request under way. */
    struct qw_cascade_cell *asked; /* [size: asked_cap] in the order of the questions */
    size_t asked_cap;
    size_t asked_count[QW_CASCADE_PASSES_MAX];
    unsigned opening; /* passes that it opens */
};

/* Cells waiting in a pass: a pass with larger blocks has fewer. A queue that is too short costs
 * time, not correctness. */
static uint32_t queue_cap(size_t bits, unsigned pass)
{
    return (uint32_t)(bits >> (pass < 3 ? 3 + pass : 6)) + 64;
}

static bool allocate(struct qw_cascade_asker *a)
{
    size_t bits = a->party.config.bits;

    a->asked_cap = bits / 8 + 64;
    a->asked = calloc(a->asked_cap, sizeof *a->asked);
    for (unsigned p = 0; p < QW_CASCADE_PASSES_MAX; p++) {
        struct qw_cascade_cells *cells = &a->pass[p];

        cells->queue.cap = queue_cap(bits, p);
        cells->queue.cell = calloc(cells->queue.cap, sizeof *cells->queue.cell);
        cells->word = calloc(a->party.word_count + 1, sizeof *cells->word);
        if (cells->queue.cell == NULL || cells->word == NULL) {
            return false;
        }
    }
    return a->asked != NULL;
}

qw_err qw_cascade_asker_new(const struct qw_cascade_config *config, struct qw_cascade_asker **asker)
{
    struct qw_cascade_asker *a = calloc(1, sizeof *a);
    qw_err err;

    if (a == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_cascade_party_init(&a->party, config, true);
    if (err == QW_OK && !allocate(a)) {
        err = QW_ERR_NOMEM;
    }
    if (err != QW_OK) {
        qw_cascade_asker_free(a);
        return err;
    }
    *asker = a;
    return QW_OK;
}

void qw_cascade_asker_free(struct qw_cascade_asker *asker)
{
    if (asker == NULL) {
        return;
    }
    for (unsigned p = 0; p < QW_CASCADE_PASSES_MAX; p++) {
        struct qw_cascade_cells *cells = &asker->pass[p];

        qw_wipe_free(cells->word, (asker->party.word_count + 1) * sizeof *cells->word);
        free(cells->queue.cell);
    }
    free(asker->asked);
    qw_cascade_party_wipe(&asker->party);
    free(asker);
}

qw_err qw_cascade_asker_begin_plan(struct qw_cascade_asker *asker, const uint8_t *key,
                                   uint32_t qber_ppm, const struct qw_cascade_plan *plan)
{
    return qw_cascade_party_begin(&asker->party, key, qber_ppm, plan);
}

qw_err qw_cascade_asker_begin(struct qw_cascade_asker *asker, const uint8_t *key, uint32_t qber_ppm)
{
    struct qw_cascade_plan plan;

    qw_cascade_plan_for(&asker->party.config, qber_ppm, &plan);
    return qw_cascade_party_begin(&asker->party, key, qber_ppm, &plan);
}

/* A wrong bit is found at a position of a pass: its cell there is even now. */
static qw_err correct(struct qw_cascade_asker *a, unsigned pass, uint32_t position)
{
    uint32_t index = pass == 0 ? position : qw_cascade_order_from(a->party.order[pass], position);
    struct qw_cascade_word *word = &a->pass[pass].word[position / 64];

    if (index >= a->party.config.bits) {
        return QW_ERR_FORMAT; /* a filled-up bit is zero at both ends */
    }
    word->key ^= (uint64_t)1 << (position % 64);
    word->odd ^= (uint64_t)1 << (position % 64);
    a->party.key[index / 64] ^= (uint64_t)1 << (index % 64);
    a->party.report.corrected_bits++;
    a->is_odd = !a->is_odd;
    for (unsigned p = 0; p < a->party.report.passes; p++) {
        qw_err err;

        if (p == pass) {
            continue;
        }
        err = qw_cascade_cells_flip(&a->pass[p],
                                    p == 0 ? index : qw_cascade_order_to(a->party.order[p], index));
        if (err != QW_OK) {
            return err;
        }
    }
    return QW_OK;
}

/* A cell that was just made. */
static qw_err look_at(struct qw_cascade_asker *a, unsigned pass, uint32_t start, uint32_t end)
{
    if (!qw_cascade_cells_is_odd(&a->pass[pass], start)) {
        return QW_OK;
    }
    if (end - start == 1) {
        return correct(a, pass, start);
    }
    qw_cascade_queue_add(&a->pass[pass].queue, start, end);
    return QW_OK;
}

static qw_err take_answers(struct qw_cascade_asker *a, const uint8_t *bits, size_t bit)
{
    const struct qw_cascade_cell *asked = a->asked;

    for (unsigned p = 0; p < QW_CASCADE_PASSES_MAX; p++) {
        for (size_t i = 0; i < a->asked_count[p]; i++, asked++, bit++) {
            uint32_t cut = qw_cascade_cell_cut(*asked);
            qw_err err;

            qw_cascade_cells_cut(&a->pass[p], *asked, cut, qw_bit_get(bits, bit));
            err = look_at(a, p, asked->start, cut);
            if (err == QW_OK) {
                err = look_at(a, p, cut, asked->end);
            }
            if (err != QW_OK) {
                return err;
            }
        }
    }
    return QW_OK;
}

/* Cuts the one cell of a new pass into its blocks. Advances *bit. */
static qw_err open_pass(struct qw_cascade_asker *a, unsigned pass, const uint8_t *bits, size_t *bit)
{
    struct qw_cascade_cells *cells = &a->pass[pass];
    struct qw_cascade_blocks blocks = a->party.plan.blocks[pass];
    uint32_t start = 0;
    uint32_t end;
    qw_err err = QW_OK;

    cells->length = qw_cascade_party_length(&a->party, pass);
    qw_cascade_cells_begin(cells, qw_cascade_party_arrange(&a->party, pass));
    if (pass == 0) { /* the last block says the parity of all */
        size_t whole = *bit + qw_cascade_opening_bits(0, cells->length, blocks) - 1;

        a->is_odd = qw_bit_get(bits, whole) != qw_cascade_cells_parity(cells, 0, cells->length);
    } /* and is known from then on */
    cells->word[0].odd |= a->is_odd;
    a->party.report.passes = pass + 1;
    while (err == QW_OK && (end = qw_cascade_block_end(blocks, start)) < cells->length) {
        struct qw_cascade_cell rest = { start, cells->length };

        qw_cascade_cells_cut(cells, rest, end, qw_bit_get(bits, (*bit)++));
        err = look_at(a, pass, start, end);
        start = end;
    }
    *bit += pass == 0;
    return err == QW_OK ? look_at(a, pass, start, cells->length) : err;
}

static qw_err take_reply(struct qw_cascade_asker *a, const uint8_t *reply, size_t len)
{
    unsigned first = a->party.report.passes;
    size_t opening_bits = qw_cascade_party_opening_bits(&a->party, a->opening);
    size_t bit_count = opening_bits;
    size_t bit = 0;
    const uint8_t *bits;
    qw_err err;

    for (unsigned p = 0; p < QW_CASCADE_PASSES_MAX; p++) {
        bit_count += a->asked_count[p];
    }
    bits = qw_cascade_reply_bits(reply, len, a->party.report.round_trips, bit_count);
    if (bits == NULL) {
        return QW_ERR_FORMAT;
    }
    a->party.report.leaked_bits += bit_count;
    a->party.report.bytes_replied += len;
    a->party.report.round_trips++;
    err = take_answers(a, bits, opening_bits); /* first: they belong to the key as it was */
    for (unsigned p = first; err == QW_OK && p < first + a->opening; p++) {
        err = open_pass(a, p, bits, &bit);
    }
    return err;
}

/* Asks about the odd cells of a pass; those that find no room stay in its queue. */
static void ask_pass(struct qw_cascade_asker *a, unsigned pass, struct qw_cascade_ask_writer *out,
                     size_t *asked)
{
    struct qw_cascade_cells *cells = &a->pass[pass];
    struct qw_cascade_queue *queue = &cells->queue;
    size_t before = *asked;
    uint32_t kept = 0;
    uint32_t i = 0;

    if (queue->count == 0 || !qw_cascade_ask_section(out, (uint8_t)pass)) {
        return;
    }
    for (; i < queue->count && *asked < a->asked_cap; i++) {
        struct qw_cascade_cell cell = queue->cell[i];
        uint32_t cut = qw_cascade_cell_cut(cell);

        if (out->cap - out->len < QW_CASCADE_QUESTION_LEN_MAX) {
            break;
        }
        if (qw_cascade_cells_is_odd(cells, cell.start) && qw_cascade_cells_ask(cells, cut)) {
            qw_cascade_ask_question(out, cut);
            a->asked[(*asked)++] = cell;
        }
    }
    for (; i < queue->count; i++) {
        queue->cell[kept++] = queue->cell[i];
    }
    queue->count = kept;
    a->asked_count[pass] = *asked - before;
    qw_cascade_ask_end_section(out);
}

/* Questions about everything that is ready. Returns how many. */
static size_t ask_ready(struct qw_cascade_asker *a, struct qw_cascade_ask_writer *out)
{
    size_t asked = 0;

    for (unsigned p = 0; p < a->party.report.passes; p++) {
        if (a->pass[p].queue.count == 0 && a->pass[p].queue.is_short) {
            qw_cascade_cells_refill(&a->pass[p]);
        }
        ask_pass(a, p, out, &asked);
    }
    return asked;
}

/* The end of a pass can draw out, with a handful of questions in each round trip: a frame that has
 * taken many of them goes on to the next pass, which finds the same errors from the other side.
 * With more than a handful that would cost too much: the estimate was wrong, and patience is
 * cheaper. */
static bool is_drawn_out(const struct qw_cascade_asker *a, size_t asked)
{
    unsigned opened = a->party.report.passes;

    return opened >= 2 &&
           a->party.report.round_trips >= a->party.plan.patience + PATIENCE_STEP * opened &&
           asked <= HANDFUL + a->party.config.bits / 10000;
}

static unsigned passes_to_open(const struct qw_cascade_asker *a, size_t asked)
{
    unsigned left = a->party.plan.passes - a->party.report.passes;

    if ((asked > a->party.plan.early && !is_drawn_out(a, asked)) || left == 0) {
        return 0;
    }
    return left <= a->party.plan.closing ? left : 1;
}

static void write_request(struct qw_cascade_asker *a, uint8_t *request, size_t *len, bool *is_last)
{
    struct qw_cascade_ask_writer out =
        qw_cascade_ask_begin(request, QW_CASCADE_MESSAGE_MAX, a->party.report.round_trips);
    size_t asked;

    memset(a->asked_count, 0, sizeof a->asked_count);
    asked = ask_ready(a, &out);
    a->opening = passes_to_open(a, asked);
    qw_cascade_ask_open_passes(&out, (uint8_t)a->opening);
    *len = out.len;
    *is_last = asked == 0 && a->opening == 0;
    if (*is_last) {
        qw_cascade_finish_encode(a->party.report.leaked_bits, request);
        *len = QW_CASCADE_FINISH_LEN;
    }
}

static void write_open(struct qw_cascade_asker *a, uint8_t *request, size_t *len)
{
    struct qw_cascade_open open = { .variant = (uint8_t)a->party.config.variant,
                                    .bits = (uint32_t)a->party.config.bits,
                                    .qber_ppm = a->party.qber_ppm,
                                    .seed = a->party.config.seed };

    memset(a->asked_count, 0, sizeof a->asked_count);
    a->opening = 1;
    qw_cascade_open_encode(&open, request);
    *len = QW_CASCADE_OPEN_LEN;
}

static qw_err next(struct qw_cascade_asker *a, const uint8_t *reply, size_t reply_len,
                   uint8_t *request, size_t *request_len, bool *is_last)
{
    qw_err err;

    if (a->party.state == QW_CASCADE_BEGUN) {
        *is_last = false;
        write_open(a, request, request_len);
        return reply_len == 0 ? QW_OK : QW_ERR_FORMAT;
    }
    err = take_reply(a, reply, reply_len);
    if (err == QW_OK) {
        write_request(a, request, request_len, is_last);
    }
    if (err == QW_OK && !*is_last &&
        (a->party.report.leaked_bits > qw_cascade_leak_limit(a->party.config.bits) ||
         a->party.report.round_trips >= QW_CASCADE_ROUND_TRIPS_MAX)) {
        err = QW_ERR_EXHAUSTED;
    }
    return err;
}

qw_err qw_cascade_next(struct qw_cascade_asker *asker, const uint8_t *reply, size_t reply_len,
                       uint8_t *request, size_t cap, size_t *request_len, bool *done)
{
    size_t len = 0;
    bool is_last = false;
    qw_err err;

    if (asker->party.state != QW_CASCADE_BEGUN && asker->party.state != QW_CASCADE_ASKED) {
        return QW_ERR_STATE;
    }
    if (cap < QW_CASCADE_MESSAGE_MAX) {
        return QW_ERR_SPACE;
    }
    err = next(asker, reply, reply_len, request, &len, &is_last);
    if (err != QW_OK) {
        asker->party.state = QW_CASCADE_IDLE;
        return err;
    }
    asker->party.state = is_last ? QW_CASCADE_FINISHED : QW_CASCADE_ASKED;
    asker->party.report.bytes_requested += len;
    *request_len = len;
    *done = is_last;
    return QW_OK;
}

qw_err qw_cascade_asker_key(const struct qw_cascade_asker *asker, uint8_t *key)
{
    if (asker->party.state != QW_CASCADE_FINISHED) {
        return QW_ERR_STATE;
    }
    qw_cascade_key_store(asker->party.key, asker->party.config.bits, key);
    return QW_OK;
}

const struct qw_cascade_report *qw_cascade_asker_report(const struct qw_cascade_asker *asker)
{
    return &asker->party.report;
}

struct qw_cascade_buffers *qw_cascade_asker_buffers(struct qw_cascade_asker *asker)
{
    return asker->party.buffers;
}
