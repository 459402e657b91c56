/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/pairing.h"

#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 4096,  /* 802.11 numbers have 12 bits */
    WINDOW = 128,    /* marks from which the clocks' difference is found */
    SUPPORT_MIN = 4, /* of them must agree on it */
    MISSES_MAX = 32, /* in a row, before it is found anew */
    OFFSET_GAIN = 8, /* clocks drift: each pair moves the difference by an eighth of its residual */
    VISITS_MAX = 1024, /* of one number: bounds the work on a capture made to slow us down */
    NONE = -1
};

/* A mark that is still in question, with its place among the retries of its number. */
struct item {
    size_t index;
    int64_t time_ns;
    uint64_t sequence;
    uint32_t ordinal, burst; /* 0..burst - 1 */
    int32_t next;            /* in the bucket of its number, ascending; NONE: the last */
    bool is_used;
};

struct side {
    struct item *item;
    size_t count;
    int32_t first[BUCKETS], last[BUCKETS];
};

struct pairing {
    const struct qw_pairing_config *config;
    struct side alice, bob;
    struct qw_pairing_counters counters;
    int64_t offset_ns;
    size_t bob_next;     /* Bob's item after the last that was paired */
    int64_t *difference; /* [WINDOW x VISITS_MAX] */
};

struct qw_pairing_mark qw_pairing_mark_of(const struct qw_csi_frame *frame)
{
    const unsigned needed = QW_CSI_HAS_TIME | QW_CSI_HAS_SEQUENCE;
    struct qw_pairing_mark mark = { .time_ns = frame->time_ns,
                                    .sequence = frame->sequence,
                                    .format = frame->format,
                                    .tone_count = frame->tone_count,
                                    .rx_first = frame->rx_first,
                                    .tx_first = frame->tx_first,
                                    .is_usable = (frame->flags & needed) == needed };

    memcpy(mark.source, frame->source, sizeof mark.source);
    return mark;
}

static bool is_of(const struct qw_pairing_mark *mark, const uint8_t *peer)
{
    bool same = true;

    for (size_t i = 0; peer != NULL && i < QW_CSI_SOURCE_LEN; i++) {
        same = same && mark->source[i] == peer[i];
    }
    return same;
}

/* Bounds keep every difference of two times from overflowing. */
static bool is_time(int64_t time_ns)
{
    return time_ns > INT64_MIN / 4 && time_ns < INT64_MAX / 4;
}

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

static void link_item(struct side *side, size_t at)
{
    size_t bucket = (size_t)(side->item[at].sequence % BUCKETS);

    side->item[at].next = NONE;
    if (side->last[bucket] == NONE) {
        side->first[bucket] = (int32_t)at;
    } else {
        side->item[side->last[bucket]].next = (int32_t)at;
    }
    side->last[bucket] = (int32_t)at;
}

/* The last item before with this number, NULL when there is none close in time. */
static struct item *earlier(struct side *side, uint64_t sequence, int64_t time_ns,
                            int64_t window_ns)
{
    int32_t at = side->last[sequence % BUCKETS];

    if (at == NONE || side->item[at].sequence != sequence ||
        distance(side->item[at].time_ns, time_ns) > window_ns) {
        return NULL;
    }
    return &side->item[at];
}

static void add_item(struct pairing *pairing, struct side *side, size_t index,
                     const struct qw_pairing_mark *mark)
{
    struct item *before =
        earlier(side, mark->sequence, mark->time_ns, pairing->config->retry_window_ns);
    struct item made = { .index = index, .time_ns = mark->time_ns, .sequence = mark->sequence };

    if (before != NULL && before->time_ns == mark->time_ns) {
        pairing->counters.duplicates++;
        return;
    }
    made.ordinal = before != NULL ? before->ordinal + 1 : 0;
    side->item[side->count] = made;
    link_item(side, side->count);
    side->count++;
}

/* Each item learns how many there are of its number in a row. */
static void count_bursts(struct side *side)
{
    for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
        for (int32_t at = side->first[bucket]; at != NONE; at = side->item[at].next) {
            uint32_t burst = 1;
            int32_t end = side->item[at].next;

            if (side->item[at].ordinal != 0) {
                continue;
            }
            for (; end != NONE && side->item[end].ordinal != 0; end = side->item[end].next) {
                burst += side->item[end].sequence == side->item[at].sequence;
            }
            for (int32_t i = at; i != end; i = side->item[i].next) {
                side->item[i].burst = burst;
            }
        }
    }
}

static qw_err fill_side(struct pairing *pairing, const struct qw_pairing_end *end,
                        struct side *side)
{
    uint16_t tone_count = 0;

    side->item = calloc(end->count + 1, sizeof *side->item);
    if (side->item == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        side->first[i] = NONE;
        side->last[i] = NONE;
    }
    for (size_t i = 0; i < end->count; i++) {
        const struct qw_pairing_mark *mark = &end->mark[i];
        bool is_shape = mark->format == pairing->config->format && mark->rx_first == 0 &&
                        mark->tx_first == 0 && (tone_count == 0 || mark->tone_count == tone_count);

        if (!mark->is_usable || !is_time(mark->time_ns)) {
            pairing->counters.unnumbered++;
        } else if (!is_of(mark, end->peer)) {
            pairing->counters.foreign++;
        } else if (!is_shape) {
            pairing->counters.other_format++;
        } else {
            tone_count = mark->tone_count;
            add_item(pairing, side, i, mark);
        }
    }
    count_bursts(side);
    return QW_OK;
}

static int compare_differences(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

/* The differences of Alice's items from..end to each of Bob's of the same number; gives how many.
 */
static size_t fill_differences(struct pairing *pairing, size_t from, size_t end)
{
    const struct side *bob = &pairing->bob;
    size_t count = 0;

    for (size_t i = from; i < end; i++) {
        const struct item *a = &pairing->alice.item[i];
        int32_t at = bob->first[a->sequence % BUCKETS];

        for (size_t visits = 0; at != NONE && visits < VISITS_MAX; visits++) {
            const struct item *b = &bob->item[at];

            if (b->sequence == a->sequence && !b->is_used) {
                pairing->difference[count++] = a->time_ns - b->time_ns;
            }
            at = b->next;
        }
    }
    qsort(pairing->difference, count, sizeof *pairing->difference, compare_differences);
    return count;
}

/* The middle of the densest heap of differences that is no wider than tau. Where numbers have
 * wrapped and frames are periodic there are several: then the nearest to hint_ns. */
static size_t densest(const struct pairing *pairing, size_t count, int64_t hint_ns,
                      int64_t *offset_ns)
{
    const int64_t *difference = pairing->difference;
    size_t best = 0;
    size_t low = 0;

    for (size_t high = 0; high < count; high++) {
        size_t size;
        int64_t middle;

        while (difference[high] - difference[low] > pairing->config->tau_max_ns) {
            low++;
        }
        size = high - low + 1;
        middle = difference[low + size / 2];
        if (size > best ||
            (size == best && distance(middle, hint_ns) < distance(*offset_ns, hint_ns))) {
            best = size;
            *offset_ns = middle;
        }
    }
    return best;
}

/* From Alice's items that begin with `from`: the difference of clocks that most of them agree on;
 * false when too few do. */
static bool find_offset(struct pairing *pairing, size_t from, int64_t *offset_ns)
{
    const struct side *alice = &pairing->alice;
    const struct side *bob = &pairing->bob;
    size_t end = from + WINDOW < alice->count ? from + WINDOW : alice->count;
    size_t count = fill_differences(pairing, from, end);
    int64_t found_ns = 0;
    int64_t hint_ns = 0;

    if (pairing->bob_next < bob->count) {
        hint_ns = alice->item[from].time_ns - bob->item[pairing->bob_next].time_ns;
    }
    count = densest(pairing, count, hint_ns, &found_ns);
    if (count < SUPPORT_MIN || 4 * count < end - from) {
        return false;
    }
    *offset_ns = found_ns;
    return true;
}

enum match { MATCH_ONE, MATCH_NONE, MATCH_MANY };

/* Bob's item for one of Alice's: the only one that is close enough, or, where retries follow each
 * other faster than that, the one in the same place of an equally long row. */
static enum match find_match(struct pairing *pairing, const struct item *a, struct item **found)
{
    struct side *bob = &pairing->bob;
    int32_t *first = &bob->first[a->sequence % BUCKETS];
    struct item *close = NULL;
    struct item *same_place = NULL;
    size_t close_count = 0;
    size_t same_count = 0;
    int32_t at;

    while (*first != NONE && bob->item[*first].is_used) {
        *first = bob->item[*first].next;
    }
    at = *first;
    for (size_t visits = 0; at != NONE && visits < VISITS_MAX; visits++) {
        struct item *b = &bob->item[at];

        at = b->next;
        if (b->sequence != a->sequence || b->is_used ||
            distance(a->time_ns - pairing->offset_ns, b->time_ns) > pairing->config->tau_max_ns) {
            continue;
        }
        close = b;
        close_count++;
        if (b->ordinal == a->ordinal && b->burst == a->burst) {
            same_place = b;
            same_count++;
        }
    }
    if (close_count == 0) {
        return MATCH_NONE;
    }
    if (close_count > 1 && same_count != 1) {
        return MATCH_MANY;
    }
    *found = close_count == 1 ? close : same_place;
    return MATCH_ONE;
}

/* After many misses in a row: whether another difference holds from the first of them on. */
static bool try_jump(struct pairing *pairing, size_t from)
{
    int64_t offset_ns;

    if (pairing->config->has_offset || !find_offset(pairing, from, &offset_ns) ||
        distance(offset_ns, pairing->offset_ns) <= pairing->config->tau_max_ns) {
        return false;
    }
    pairing->offset_ns = offset_ns;
    pairing->counters.clock_jumps++;
    return true;
}

static void take_match(struct pairing *pairing, const struct item *a, struct item *b)
{
    int64_t residual_ns = a->time_ns - pairing->offset_ns - b->time_ns;

    b->is_used = true;
    pairing->bob_next = (size_t)(b - pairing->bob.item) + 1;
    if (!pairing->config->has_offset) {
        pairing->offset_ns += residual_ns / OFFSET_GAIN;
    }
}

static size_t match_all(struct pairing *pairing, struct qw_pair *pairs)
{
    size_t count = 0;
    size_t misses = 0;

    for (size_t i = 0; i < pairing->alice.count; i++) {
        const struct item *a = &pairing->alice.item[i];
        struct item *b = NULL;
        enum match match = find_match(pairing, a, &b);

        if (match == MATCH_ONE) {
            take_match(pairing, a, b);
            pairs[count++] = (struct qw_pair){ a->index, b->index };
            misses = 0;
            continue;
        }
        pairing->counters.ambiguous += match == MATCH_MANY;
        pairing->counters.missing += match == MATCH_NONE;
        misses = match == MATCH_NONE ? misses + 1 : 0;
        if (misses == MISSES_MAX) {
            if (try_jump(pairing, i + 1 - misses)) { /* the missed ones once more */
                pairing->counters.missing -= misses;
                i -= misses;
            }
            misses = 0;
        }
    }
    return count;
}

/* The first difference: from the first items on which enough agree; false: there is none. */
static bool begin_offset(struct pairing *pairing)
{
    pairing->offset_ns = pairing->config->offset_ns;
    if (pairing->config->has_offset) {
        return true;
    }
    for (size_t from = 0; from < pairing->alice.count; from += WINDOW / 2) {
        if (find_offset(pairing, from, &pairing->offset_ns)) {
            return true;
        }
    }
    return false;
}

static bool config_is_good(const struct qw_pairing_config *config)
{
    return config->tau_max_ns >= 1 && config->tau_max_ns < INT64_MAX / 4 &&
           config->retry_window_ns >= 1 && is_time(config->offset_ns);
}

qw_err qw_pairing_run(const struct qw_pairing_end *alice, const struct qw_pairing_end *bob,
                      const struct qw_pairing_config *config, struct qw_pair *pairs, size_t *count,
                      struct qw_pairing_counters *counters)
{
    struct pairing *pairing;
    size_t made = 0;
    qw_err err;

    if (alice->count > QW_PAIRING_MARKS_MAX || bob->count > QW_PAIRING_MARKS_MAX ||
        !config_is_good(config)) {
        return QW_ERR_ARG;
    }
    pairing = calloc(1, sizeof *pairing);
    if (pairing == NULL) {
        return QW_ERR_NOMEM;
    }
    pairing->config = config;
    pairing->difference = calloc((size_t)WINDOW * VISITS_MAX, sizeof *pairing->difference);
    err = pairing->difference == NULL ? QW_ERR_NOMEM : fill_side(pairing, alice, &pairing->alice);
    if (err == QW_OK) {
        err = fill_side(pairing, bob, &pairing->bob);
    }
    if (err == QW_OK) {
        if (begin_offset(pairing)) {
            made = match_all(pairing, pairs);
        } else {
            pairing->counters.missing = pairing->alice.count;
        }
        pairing->counters.unmatched = pairing->bob.count - made;
        *counters = pairing->counters;
        *count = made;
    }
    free(pairing->difference);
    free(pairing->alice.item);
    free(pairing->bob.item);
    free(pairing);
    return err;
}
