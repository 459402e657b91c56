/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/key/key_plan.h"

#include <math.h>
#include <stdlib.h>

/* A number beyond the cells spoils its key: one in 10^10. */
static const double REACH_SIGMAS = 6.5;

/* 1/2 log2(2 pi e): entropy of a number with deviation 1. */
static const double GAUSSIAN_BITS = 2.047095585180641;

static const double sigma_choices[] = { 1.0, 1.5, 2.0, 2.5, 2.75, 3.0, 3.25, 3.5 };

size_t key_plan_numbers(const struct key_plan *plan)
{
    return 2 * plan->probes * plan->modes;
}

/* Returns false when more cells would be needed than the reconciler takes. The eavesdropper is
 * credited with her coefficient without noise. */
static bool set_mode(const struct key_channel *channel, double eigenvalue, double sigma_cells,
                     struct key_mode *mode)
{
    double power = eigenvalue / 2.0; /* of a real number */
    double noise = channel->noise / 2.0;
    double variance = power + noise;
    double unknown = noise * (2.0 * power + noise) / variance; /* of X given Y */
    double seen = power * channel->eve_correlation * channel->eve_correlation;
    unsigned depth = 1;

    mode->number.variance = variance;
    mode->number.left = (variance - seen) / variance;
    mode->number.width = sqrt(unknown) / sigma_cells;
    mode->gain = power / variance;
    while (ldexp(mode->number.width, (int)depth - 1) < REACH_SIGMAS * sqrt(variance)) {
        depth++;
    }
    mode->depth = (uint8_t)depth;
    return depth <= QW_MULTILEVEL_DEPTH_MAX;
}

qw_err key_plan_reconciler(const struct key_plan *plan, struct qw_multilevel **reconciler)
{
    size_t n = key_plan_numbers(plan);
    uint8_t *depth = malloc(n);
    qw_err err = QW_ERR_NOMEM;

    if (depth != NULL) {
        for (size_t j = 0; j < n; j++) {
            depth[j] = plan->mode[j / 2 % plan->modes].depth;
        }
        err = qw_multilevel_new(depth, n, plan->sigma_cells, QW_LEVEL_LEAN, reconciler);
    }
    free(depth);
    return err;
}

static void find_account(struct key_plan *plan)
{
    struct qw_known_number number[QW_CHANNEL_TAPS_MAX];
    size_t times = 2 * plan->probes;

    for (size_t k = 0; k < plan->modes; k++) {
        const struct qw_known_number *n = &plan->mode[k].number;
        double entropy = qw_known_law_entropy_bits(n);
        double all = entropy - 0.5 * log2(n->left);

        number[k] = *n;
        plan->string_bits += times * plan->mode[k].depth;
        plan->entropy_bits += (double)times * entropy;
        plan->cells_bits += (double)times * all;
        plan->information_bits += (double)times * (all - log2(plan->sigma_cells) - GAUSSIAN_BITS);
    }
    plan->order = qw_known_law_order(number, plan->modes, times, KEY_EPSILON_LOG2);
    plan->loss_bits =
        qw_known_law_loss_bits(number, plan->modes, times, plan->order, KEY_EPSILON_LOG2);
}

qw_err key_plan_make(const struct key_channel *channel, unsigned check_bits, size_t probes,
                     size_t modes, double sigma_cells, struct key_plan *plan)
{
    struct key_plan made = { .channel = channel,
                             .check_bits = check_bits,
                             .probes = probes,
                             .modes = modes,
                             .sigma_cells = sigma_cells };
    struct qw_multilevel *reconciler = NULL;
    qw_err err;

    for (size_t k = 0; k < modes; k++) {
        if (!set_mode(channel, channel->eigenvalue[k], sigma_cells, &made.mode[k])) {
            return QW_ERR_ARG;
        }
    }
    err = key_plan_reconciler(&made, &reconciler);
    if (err != QW_OK) {
        return err;
    }
    made.first_bits = qw_multilevel_leak_bits(reconciler);
    qw_multilevel_free(reconciler);
    find_account(&made);
    made.spare_bits = made.entropy_bits - made.loss_bits - (double)made.first_bits - check_bits -
                      KEY_DONE_BITS - KEY_BITS;
    *plan = made;
    return QW_OK;
}

/* Keeps plan[0..*count) sorted. */
static void insert(const struct key_plan *made, struct key_plan *plan, size_t *count)
{
    size_t at = *count;

    if (*count < KEY_PLANS) {
        (*count)++;
    } else if (made->spare_bits > plan[KEY_PLANS - 1].spare_bits) {
        at = KEY_PLANS - 1;
    } else {
        return;
    }
    for (; at > 0 && plan[at - 1].spare_bits < made->spare_bits; at--) {
        plan[at] = plan[at - 1];
    }
    plan[at] = *made;
}

qw_err key_plan_best(const struct key_channel *channel, unsigned check_bits, size_t probes,
                     struct key_plan plan[static KEY_PLANS], size_t *count)
{
    *count = 0;
    for (size_t modes = 1; modes <= channel->modes; modes++) {
        for (size_t s = 0; s < sizeof sigma_choices / sizeof sigma_choices[0]; s++) {
            struct key_plan made;
            qw_err err = key_plan_make(channel, check_bits, probes, modes, sigma_choices[s], &made);

            if (err == QW_OK) {
                insert(&made, plan, count);
            } else if (err != QW_ERR_ARG) {
                return err;
            }
        }
    }
    return QW_OK;
}
