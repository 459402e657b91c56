/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/key/key_search.h"

#include "lab/key/key_maker.h"

#include <math.h>

enum { TRIALS = 100 };

/* Short of a key by more than this on the average, one in some dozen strings would do; with more to
 * spare than this, every string does. Between them numbers of probes are tried in steps. */
static const double SHORT_BITS = 20.0;
static const double SPARE_BITS = 60.0;
static const double STEP_BITS = 16.0;

struct search {
    const struct key_channel *channel;
    unsigned check_bits;
    uint64_t seed;
    double share; /* of the best plan so far; -1: there is none */
    struct key_plan best;
};

static qw_err try_plan(struct search *search, const struct key_plan *plan)
{
    struct key_tally tally = { 0 };
    struct key_maker *maker;
    qw_err err = key_maker_new(plan, search->seed, true, &maker);
    double share;

    if (err != QW_OK) {
        return err;
    }
    for (int i = 0; err == QW_OK && i < TRIALS; i++) {
        err = key_maker_make(maker, &tally);
    }
    key_maker_free(maker);
    share = (double)tally.made / (double)plan->probes;
    if (err == QW_OK && share > search->share) {
        search->share = share;
        search->best = *plan;
    }
    return err;
}

static qw_err try_probes(struct search *search, size_t probes)
{
    struct key_plan plan[KEY_PLANS];
    size_t count;
    qw_err err = key_plan_best(search->channel, search->check_bits, probes, plan, &count);

    for (size_t i = 0; err == QW_OK && i < count; i++) {
        err = try_plan(search, &plan[i]);
    }
    return err;
}

/* The smallest number of probes that could do. A probe adds no more than the capacity to what is
 * spare, but for what the sizes of codes jump by. QW_ERR_ARG: no number has a plan. */
static qw_err find_fewest(const struct search *search, size_t *probes)
{
    double capacity_bits = search->channel->capacity_bits;
    double fewest = ceil(KEY_BITS / capacity_bits);
    bool has_plan = fewest > KEY_PROBES_MAX; /* or nobody looked */

    while (fewest <= KEY_PROBES_MAX) {
        struct key_plan plan[KEY_PLANS];
        size_t count;
        qw_err err =
            key_plan_best(search->channel, search->check_bits, (size_t)fewest, plan, &count);

        if (err != QW_OK) {
            return err;
        }
        if (count > 0 && plan[0].spare_bits >= -SHORT_BITS) {
            *probes = (size_t)fewest;
            return QW_OK;
        }
        has_plan |= count > 0;
        fewest += count > 0 ? ceil((-SHORT_BITS - plan[0].spare_bits) / capacity_bits) : 1.0;
    }
    return has_plan ? QW_ERR_REFUSED : QW_ERR_ARG;
}

qw_err key_search(const struct key_channel *channel, unsigned check_bits, size_t probes,
                  uint64_t seed, struct key_plan *plan)
{
    struct search search = {
        .channel = channel, .check_bits = check_bits, .seed = seed, .share = -1.0
    };
    size_t step = (size_t)ceil(STEP_BITS / channel->capacity_bits);
    size_t first = probes;
    size_t last = probes;
    qw_err err = QW_OK;

    if (probes == 0) {
        err = find_fewest(&search, &first);
        last = first + (size_t)ceil((SHORT_BITS + SPARE_BITS) / channel->capacity_bits);
    }
    for (size_t n = first; err == QW_OK && n <= last; n += step) {
        err = try_probes(&search, n);
    }
    if (err != QW_OK) {
        return err;
    }
    if (search.share < 0.0) {
        return QW_ERR_ARG;
    }
    *plan = search.best;
    return QW_OK;
}
