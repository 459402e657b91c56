/* SPDX-License-Identifier: Apache-2.0 */
/* Thinning: possible clicks are drawn at the rate of the brightest intensity, each is kept with the
 * probability that the pulse it falls on clicks. A detected photon number is a Poisson variable of
 * mean eta mu, the lost ones one of (1 - eta) mu, and the two are independent. */
#include "qkd/optics.h"

#include "base/prng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM = 0x71 };
static const double afterpulse_mean_pulses = 20; /* delay behind the dead time */

/* What one intensity does at Bob's. */
struct yield {
    double click; /* probability of any cause */
    double light; /* of a photon among the causes */
    double many;  /* with the splitting attack: of two photons or more */
};

struct qw_optics {
    struct qw_optics_config config;
    struct qw_pulse_record pulses;
    struct qw_prng prng;
    double transmission;
    double dark_each; /* of one detector */
    struct yield yield[QW_DECOY_INTENSITIES_MAX];
    double brightest;       /* max of yield.click */
    uint64_t next_index;    /* first pulse not looked at */
    uint64_t blind_until;   /* pulses below it cannot click */
    uint64_t afterpulse_at; /* UINT64_MAX: none is coming */
};

static const char *const attack_names[] = { "none", "intercept", "split", "blind" };

const char *qw_attack_name(enum qw_attack attack)
{
    return (size_t)attack < sizeof attack_names / sizeof attack_names[0] ? attack_names[attack]
                                                                         : "unknown";
}

bool qw_attack_find(const char *name, enum qw_attack *attack)
{
    for (size_t i = 0; i < sizeof attack_names / sizeof attack_names[0]; i++) {
        if (strcmp(attack_names[i], name) == 0) {
            *attack = (enum qw_attack)i;
            return true;
        }
    }
    return false;
}

/* Finaliser of splitmix64: every bit of the result depends on every bit of x. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

struct qw_pulse_record qw_pulse_record_of(const struct qw_decoy_source *source,
                                          double key_basis_share, uint64_t seed)
{
    struct qw_pulse_record r = { .seed = mix(seed + 0x9e3779b97f4a7c15u),
                                 .key_basis_below = (uint64_t)(key_basis_share * 0x1p31) };
    double sum = 0;

    for (size_t k = 0; k < QW_DECOY_INTENSITIES_MAX;
         k++) { /* the last one takes all that is left */
        sum += k < source->count ? source->share[k] : 0;
        r.intensity_below[k] = k + 1 < source->count ? (uint64_t)(sum * 0x1p32) : UINT64_MAX;
    }
    return r;
}

struct qw_pulse qw_pulse_of(const struct qw_pulse_record *record, uint64_t index)
{
    uint64_t hash = mix(record->seed + (index + 1) * 0x9e3779b97f4a7c15u); /* splitmix64 itself */
    uint64_t high = hash >> 32;
    struct qw_pulse pulse = { .bit = (uint8_t)(hash & 1) };

    pulse.basis = (hash & 0xffffffffu) >> 1 < record->key_basis_below ? QW_BASIS_X : QW_BASIS_Z;
    pulse.intensity =
        (uint8_t)((high >= record->intensity_below[0]) + (high >= record->intensity_below[1]));
    return pulse;
}

static bool chance(struct qw_optics *o, double probability)
{
    return qw_prng_uniform(&o->prng) < probability;
}

static uint64_t gap(struct qw_optics *o, double probability)
{
    double u = 1 - qw_prng_uniform(&o->prng); /* (0, 1] */
    double draws = probability >= 1 ? 0 : floor(log(u) / log1p(-probability));

    return draws < 0x1p62 ? (uint64_t)draws : (uint64_t)1 << 62;
}

/* Knuth's product; means here are of the order of one. */
static unsigned poisson(struct qw_optics *o, double mean)
{
    double limit = exp(-mean);
    double product = qw_prng_uniform(&o->prng);
    unsigned n = 0;

    while (product > limit && n < 255) {
        product *= qw_prng_uniform(&o->prng);
        n++;
    }
    return n;
}

static unsigned poisson_at_least(struct qw_optics *o, double mean, unsigned least)
{
    double term = exp(-mean);
    double tail = 1;
    double u;
    unsigned n = 0;

    for (unsigned j = 0; j < least; j++) {
        tail -= term;
        term *= mean / (j + 1);
    }
    if (mean < 1e-4) {
        return least; /* the tail is lost in rounding, and so are larger numbers */
    }
    u = qw_prng_uniform(&o->prng) * tail;
    for (n = least; n < 255 && u >= term; n++) {
        u -= term;
        term *= mean / (n + 1);
    }
    return n;
}

/* Single photons pass at a share of eta; those in company all the better, so that the signal's gain
 * stays what it was as far as the company allows. */
static void split_yields(struct qw_optics *o, double mean, struct yield *y, double many_yield)
{
    double single = exp(-mean) * mean * o->transmission * (1 - o->config.attack_share);

    y->many = (1 - exp(-mean) * (1 + mean)) * many_yield;
    y->light = single + y->many;
}

static double many_yield_of(const struct qw_optics *o)
{
    double mean = o->config.model.source.mean_photons[0];
    double wanted = -expm1(-o->transmission * mean);
    double single = exp(-mean) * mean * o->transmission * (1 - o->config.attack_share);
    double many = 1 - exp(-mean) * (1 + mean);

    return many > 0 ? fmin((wanted - single) / many, 1) : 0;
}

static void fill_yields(struct qw_optics *o)
{
    const struct qw_decoy_source *source = &o->config.model.source;
    double dark = o->config.model.dark_probability;

    for (size_t k = 0; k < source->count; k++) {
        struct yield *y = &o->yield[k];
        double mean = source->mean_photons[k];

        y->light = -expm1(-o->transmission * mean);
        if (o->config.attack == QW_ATTACK_SPLIT) {
            split_yields(o, mean, y, many_yield_of(o));
        }
        y->click = dark + (1 - dark) * y->light;
        if (o->config.attack == QW_ATTACK_BLIND) {
            y->light = -expm1(-mean) / 2; /* she sees it without loss; half of the bases fit */
            y->click = y->light;
        }
        o->brightest = fmax(o->brightest, y->click);
    }
}

static bool is_share(double value)
{
    return value >= 0 && value <= 1;
}

static bool config_is_sound(const struct qw_optics_config *c)
{
    const struct qw_link_model *m = &c->model;
    bool ok = m->source.count >= 1 && m->source.count <= QW_DECOY_INTENSITIES_MAX &&
              is_share(m->key_basis_share) && is_share(m->detector_efficiency) &&
              is_share(m->dark_probability) && is_share(m->misalignment) &&
              is_share(m->afterpulse_probability) && is_share(c->attack_share) &&
              m->dead_time_pulses >= 0 && m->dead_time_pulses < 0x1p32 && c->distance_km >= 0 &&
              m->fibre_db_per_km >= 0 && c->attack <= QW_ATTACK_BLIND;

    for (size_t k = 0; ok && k < m->source.count; k++) {
        ok = m->source.mean_photons[k] >= 0 && m->source.mean_photons[k] <= 10 &&
             is_share(m->source.share[k]);
    }
    return ok;
}

qw_err qw_optics_new(const struct qw_optics_config *config, struct qw_optics **optics)
{
    struct qw_optics *o;

    if (!config_is_sound(config)) {
        return QW_ERR_ARG;
    }
    o = calloc(1, sizeof *o);
    if (o == NULL) {
        return QW_ERR_NOMEM;
    }
    o->config = *config;
    o->pulses =
        qw_pulse_record_of(&config->model.source, config->model.key_basis_share, config->seed);
    qw_prng_init(&o->prng, config->seed, STREAM);
    o->transmission = qw_link_transmission(&config->model, config->distance_km);
    o->dark_each = 1 - sqrt(1 - config->model.dark_probability);
    o->afterpulse_at = UINT64_MAX;
    fill_yields(o);
    if (!(o->brightest > 1e-15)) {
        qw_optics_free(o);
        return QW_ERR_ARG;
    }
    *optics = o;
    return QW_OK;
}

void qw_optics_free(struct qw_optics *optics)
{
    free(optics);
}

const struct qw_pulse_record *qw_optics_pulses(const struct qw_optics *optics)
{
    return &optics->pulses;
}

/* Bob's bit for light that carries `bit`, with dark counts beside it: the other detector clicking
 * too makes it random. */
static uint8_t measured(struct qw_optics *o, uint8_t bit, bool is_random)
{
    bool light = is_random ? chance(o, 0.5) : bit != chance(o, o->config.model.misalignment);

    return chance(o, o->dark_each) ? chance(o, 0.5) : light;
}

/* Light arrives: how many photons were sent, and what Eve did to them. */
static bool draw_photons(struct qw_optics *o, const struct qw_pulse *pulse, struct qw_detection *d)
{
    double mean = o->config.model.source.mean_photons[pulse->intensity];
    const struct yield *y = &o->yield[pulse->intensity];
    unsigned n;

    switch (o->config.attack) {
    case QW_ATTACK_SPLIT:
        n = chance(o, y->many / y->light) ? poisson_at_least(o, mean, 2) : 1;
        d->known_to_eve = n > 1;
        break;
    case QW_ATTACK_BLIND:
        n = poisson_at_least(o, mean, 1);
        d->known_to_eve = 1;
        break;
    default:
        n = poisson_at_least(o, o->transmission * mean, 1) +
            poisson(o, (1 - o->transmission) * mean);
        break;
    }
    d->photons = (uint8_t)(n < 255 ? n : 255);
    /* Half of her guesses of the basis are wrong, and then Bob's bit has nothing to do with it. */
    if (o->config.attack == QW_ATTACK_INTERCEPT && chance(o, o->config.attack_share)) {
        d->known_to_eve = chance(o, 0.5);
        return d->known_to_eve == 0;
    }
    return false;
}

/* The click of one pulse, given that it clicks. */
static void draw_click(struct qw_optics *o, const struct qw_pulse *pulse, struct qw_detection *d)
{
    const struct yield *y = &o->yield[pulse->intensity];
    double mean = o->config.model.source.mean_photons[pulse->intensity];
    bool is_disturbed;

    d->basis = chance(o, o->config.model.key_basis_share) ? QW_BASIS_X : QW_BASIS_Z;
    d->by_light = chance(o, y->light / y->click);
    if (!d->by_light) { /* either detector, or both and then a random one */
        d->photons = (uint8_t)poisson(o, (1 - o->transmission) * mean);
        d->bit = chance(o, 0.5);
        d->would_err = chance(o, 0.5);
        return;
    }
    if (o->config.attack == QW_ATTACK_BLIND) { /* no dark count, no misalignment: her own light */
        draw_photons(o, pulse, d);
        d->bit = d->basis == pulse->basis ? pulse->bit : chance(o, 0.5);
        d->would_err = chance(o, 0.5);
        return;
    }
    is_disturbed = draw_photons(o, pulse, d);
    d->bit = measured(o, pulse->bit, is_disturbed || d->basis != pulse->basis);
    /* Eve's measurement in this basis leaves nothing of the other one. */
    d->would_err = measured(o, 0, o->config.attack == QW_ATTACK_INTERCEPT && d->known_to_eve);
}

static void after_click(struct qw_optics *o, uint64_t index)
{
    o->blind_until = index + 1 + (uint64_t)o->config.model.dead_time_pulses;
    o->next_index = index + 1;
    o->afterpulse_at = UINT64_MAX;
    if (chance(o, o->config.model.afterpulse_probability)) {
        o->afterpulse_at = o->blind_until + gap(o, 1 / afterpulse_mean_pulses);
    }
}

/* An after-pulse has a random bit and a random basis, whatever was sent. */
static void draw_afterpulse(struct qw_optics *o, struct qw_detection *d)
{
    struct qw_pulse pulse = qw_pulse_of(&o->pulses, d->index);
    double mean = o->config.model.source.mean_photons[pulse.intensity];

    d->basis = chance(o, o->config.model.key_basis_share) ? QW_BASIS_X : QW_BASIS_Z;
    d->bit = chance(o, 0.5);
    d->photons = (uint8_t)poisson(o, mean);
    d->would_err = chance(o, 0.5);
}

void qw_optics_next(struct qw_optics *optics, struct qw_detection *detection)
{
    struct qw_optics *o = optics;
    struct qw_detection d;

    for (;;) {
        uint64_t index = o->next_index + gap(o, o->brightest);
        struct qw_pulse pulse;

        memset(&d, 0, sizeof d);
        if (index >= o->afterpulse_at) {
            d.index = o->afterpulse_at;
            draw_afterpulse(o, &d);
            break;
        }
        o->next_index = index + 1;
        pulse = qw_pulse_of(&o->pulses, index);
        if (index >= o->blind_until && chance(o, o->yield[pulse.intensity].click / o->brightest)) {
            d.index = index;
            draw_click(o, &pulse, &d);
            break;
        }
    }
    after_click(o, d.index);
    *detection = d;
}
