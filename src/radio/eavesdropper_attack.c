/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal's part, played with what the eavesdropper knows of a session. */
#include "base/bits.h"
#include "base/secret.h"
#include "crypto/one_time_mac.h"
#include "distill/multilevel.h"
#include "distill/toeplitz.h"
#include "radio/eavesdropper_inside.h"
#include "radio/plkg/amplify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct attack {
    struct qw_eavesdropper *eve;
    struct qw_plkg_split split;
    struct qw_plkg_syndrome syndrome;
    struct qw_plkg_amplify amplify;
    struct qw_belief belief;
    size_t pairs, coefficients;
    size_t string_bits;
    uint8_t *depth;
    float *mean;
    uint16_t *symbol;
    uint8_t *string;
    uint8_t *key;
};

/* Everything of a whole session was heard, and its shapes fit each other. */
static bool is_complete(struct attack *attack)
{
    struct qw_eavesdropper *eve = attack->eve;
    const struct qw_feature_set *set = eve->set[QW_HEARD_ACCESS_POINT];

    if (set == NULL || set->stride == 0 || eve->set[QW_HEARD_TERMINAL] == NULL ||
        eve->terminal_pairs.probes != set->probes ||
        eve->access_point_pairs.probes != set->probes || !eve->has_estimate ||
        eve->estimate.stride != set->stride || eve->syndrome.body == NULL ||
        eve->amplify.body == NULL || eve->amplify.len < QW_ONE_TIME_MAC_LEN) {
        return false;
    }
    qw_plkg_split_of(&eve->terminal_pairs, &eve->access_point_pairs, eve->has_phase,
                     &attack->split);
    return attack->split.disclosed_count == eve->estimate.count &&
           qw_plkg_syndrome_decode(eve->syndrome.body, eve->syndrome.len, &attack->syndrome) ==
               QW_OK &&
           qw_plkg_amplify_decode(eve->amplify.body, eve->amplify.len - QW_ONE_TIME_MAC_LEN,
                                  &attack->amplify) == QW_OK &&
           attack->syndrome.model.dims <= set->stride;
}

static qw_err allocate(struct attack *attack)
{
    const struct qw_model *model = &attack->syndrome.model;
    size_t most = QW_MULTILEVEL_COEFFICIENTS_MAX / model->dims;

    attack->pairs = attack->split.key_count < most ? attack->split.key_count : most;
    attack->coefficients = attack->pairs * model->dims;
    attack->depth = calloc(attack->coefficients + 1, 1);
    attack->mean = calloc(attack->coefficients + 1, sizeof *attack->mean);
    attack->symbol = calloc(attack->coefficients + 1, sizeof *attack->symbol);
    if (attack->depth == NULL || attack->mean == NULL || attack->symbol == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < attack->coefficients; i++) {
        attack->depth[i] = model->depth[i % model->dims];
        attack->string_bits += attack->depth[i];
    }
    attack->string = calloc(1, QW_BITS_TO_BYTES(attack->string_bits) + 1);
    attack->key = calloc(1, QW_BITS_TO_BYTES((size_t)attack->amplify.secret_bits));
    return attack->string == NULL || attack->key == NULL ? QW_ERR_NOMEM : QW_OK;
}

static void release(struct attack *attack)
{
    free(attack->depth);
    free(attack->mean);
    free(attack->symbol);
    free(attack->string);
    free(attack->key);
    free(attack);
}

/* What was not heard reads as zeros: the belief then is near the mean. */
static size_t count_sources(const struct qw_eavesdropper *eve)
{
    const struct qw_feature_set *near = eve->set[QW_HEARD_TERMINAL];

    return near->stride == eve->set[QW_HEARD_ACCESS_POINT]->stride ? QW_HEARD_SOURCES : 1;
}

/* Best linear estimate of the access point's numbers from the eavesdropper's own, learnt from the
 * disclosed probes. */
static qw_err learn(struct attack *attack)
{
    struct qw_eavesdropper *eve = attack->eve;
    size_t stride = eve->estimate.stride;
    size_t count = attack->split.disclosed_count;
    int32_t *row[QW_HEARD_SOURCES] = { NULL, NULL };
    struct qw_disclosed disclosed = { .count = count,
                                      .stride = stride,
                                      .group = eve->set[QW_HEARD_ACCESS_POINT]->plan.group,
                                      .index = attack->split.disclosed,
                                      .x = eve->estimate.value };
    qw_err err = QW_OK;

    for (size_t s = 0; s < count_sources(eve); s++) {
        qw_feature_set_fix(eve->set[s]);
        row[s] = calloc(count * stride + 1, sizeof *row[s]);
        if (row[s] == NULL) {
            err = QW_ERR_NOMEM;
            break;
        }
        for (size_t i = 0; i < count; i++) {
            memcpy(&row[s][i * stride], qw_feature_set_row(eve->set[s], attack->split.disclosed[i]),
                   stride * sizeof row[s][0]);
        }
    }
    if (err == QW_OK) {
        err = qw_belief_fit(&disclosed, (const int32_t *const *)row, count_sources(eve),
                            attack->syndrome.model.dims, &attack->belief);
    }
    for (size_t s = 0; s < QW_HEARD_SOURCES; s++) {
        free(row[s]);
    }
    return err;
}

/* Means, and as a first guess the cells they lie in. */
static void guess(struct attack *attack)
{
    const struct qw_model *model = &attack->syndrome.model;
    struct qw_eavesdropper *eve = attack->eve;

    for (size_t i = 0; i < attack->coefficients; i++) {
        uint32_t probe = attack->split.key[i / model->dims];
        const int32_t *observation[QW_HEARD_SOURCES];
        double last = exp2(attack->depth[i]) - 1.0;

        for (size_t s = 0; s < count_sources(eve); s++) {
            observation[s] = qw_feature_set_row(eve->set[s], probe);
        }
        attack->mean[i] = qw_belief_cells(&attack->belief, model, i % model->dims, observation);
        attack->symbol[i] = (uint16_t)fmin(fmax(floor((double)attack->mean[i]), 0.0), last);
    }
}

static bool decode(struct attack *attack)
{
    struct qw_eavesdropper *eve = attack->eve;
    struct qw_multilevel *multilevel;
    qw_err err = qw_multilevel_new(attack->depth, attack->coefficients, QW_MODEL_SIGMA_CELLS,
                                   QW_LEVEL_ONE_MESSAGE, &multilevel);

    if (err != QW_OK) {
        return false;
    }
    err = qw_multilevel_decode(multilevel, attack->mean, attack->syndrome.said,
                               attack->syndrome.said_len, attack->symbol);
    for (size_t i = 0; err == QW_ERR_EXHAUSTED && i < eve->more_count; i++) {
        err = qw_multilevel_decode_more(multilevel, eve->more_level[i], attack->mean,
                                        eve->more[i].body, eve->more[i].len, attack->symbol);
    }
    qw_multilevel_free(multilevel);
    return err == QW_OK;
}

static bool verify(struct attack *attack)
{
    uint8_t check[QW_PLKG_CHECK_LEN];
    size_t at = 0;

    for (size_t i = 0; i < attack->coefficients; i++) {
        qw_bits_append(attack->string, &at, attack->symbol[i], attack->depth[i]);
    }
    qw_plkg_check_of(attack->syndrome.check_key, attack->string, attack->string_bits, check);
    return qw_equal_ct(check, attack->syndrome.check, sizeof check);
}

/* Removes what it takes for the key from the frames, in the order in which the key was used. */
static qw_err read_frames(struct attack *attack, struct qw_eavesdropper_result *result)
{
    struct qw_eavesdropper *eve = attack->eve;
    size_t key_len = attack->amplify.secret_bits / 8;
    size_t len = 0;
    qw_err err = qw_toeplitz_hash(attack->string, attack->string_bits, attack->amplify.seed,
                                  attack->key, attack->amplify.secret_bits);

    for (size_t i = 0; i < eve->frame_count; i++) {
        len += eve->frame[i].len;
    }
    free(eve->data);
    eve->data = calloc(1, len + 1);
    if (err != QW_OK || eve->data == NULL) {
        return err != QW_OK ? err : QW_ERR_NOMEM;
    }
    len = 0;
    for (size_t i = 0; i < eve->frame_count; i++) {
        for (size_t k = 0; k < eve->frame[i].len && len < key_len; k++, len++) {
            eve->data[len] = eve->frame[i].body[k] ^ attack->key[len];
        }
    }
    result->data = eve->data;
    result->data_len = len;
    return QW_OK;
}

static qw_err run_attack(struct attack *attack, struct qw_eavesdropper_result *result)
{
    struct qw_eavesdropper_result made = { .attempted = true };
    qw_err err = allocate(attack);

    if (err == QW_OK) {
        err = learn(attack);
    }
    if (err != QW_OK) {
        return err;
    }
    guess(attack);
    made.decoded = decode(attack);
    made.verified = verify(attack);
    if (attack->string_bits == attack->amplify.string_bits) {
        err = read_frames(attack, &made);
    }
    if (err == QW_OK) {
        *result = made;
    }
    return err;
}

qw_err qw_eavesdropper_attack(struct qw_eavesdropper *eavesdropper,
                              struct qw_eavesdropper_result *result)
{
    struct attack *attack = calloc(1, sizeof *attack);
    qw_err err;

    if (attack == NULL) {
        return QW_ERR_NOMEM;
    }
    attack->eve = eavesdropper;
    if (!is_complete(attack)) {
        *result = (struct qw_eavesdropper_result){ 0 };
        free(attack);
        return QW_OK;
    }
    err = run_attack(attack, result);
    release(attack);
    return err;
}
