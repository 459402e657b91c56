/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/network/link_state.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    bool is_known;
    uint64_t stored_ms; /* when its age was as it says */
    struct qw_advert advert;
};

/* What is still owed to one neighbour about one origin. */
struct debt {
    bool owes_advert; /* until it acknowledges the version stored, or a newer one */
    bool owes_ack;
    uint64_t due_ms;
    uint32_t again_ms;
};

struct qw_link_state {
    struct qw_link_state_config config;
    struct entry *entry;  /* [nodes] */
    struct debt *debt;    /* [neighbour_count x nodes] */
    bool *owes_ask;       /* [neighbour_count] */
    struct qw_advert own; /* as it is now; told when is_stale */
    bool is_stale;        /* own is not what was told last */
    bool is_urgent;       /* a cut */
    uint64_t told_ms;
    size_t turn; /* neighbour that is served next */
};

static struct debt *debts_of(struct qw_link_state *s, size_t neighbour)
{
    return &s->debt[neighbour * s->config.nodes];
}

static bool is_sound(const struct qw_link_state_config *config)
{
    bool ok = config->nodes >= 1 && config->nodes <= QW_LINK_STATE_NODES_MAX &&
              config->self < config->nodes && config->neighbour_count <= QW_ADVERT_LINKS_MAX;

    for (size_t i = 0; ok && i < config->neighbour_count; i++) {
        ok = config->neighbour[i] < config->nodes && config->neighbour[i] != config->self &&
             (i == 0 || config->neighbour[i] > config->neighbour[i - 1]);
    }
    return ok;
}

qw_err qw_link_state_new(const struct qw_link_state_config *config, uint64_t now_ms,
                         struct qw_link_state **state)
{
    struct qw_link_state *s;

    if (!is_sound(config)) {
        return QW_ERR_ARG;
    }
    s = calloc(1, sizeof *s);
    if (s == NULL) {
        return QW_ERR_NOMEM;
    }
    s->config = *config;
    s->entry = calloc(config->nodes, sizeof *s->entry);
    s->debt = calloc(config->neighbour_count * config->nodes + 1, sizeof *s->debt);
    s->owes_ask = calloc(config->neighbour_count + 1, sizeof *s->owes_ask);
    if (s->entry == NULL || s->debt == NULL || s->owes_ask == NULL) {
        qw_link_state_free(s);
        return QW_ERR_NOMEM;
    }
    s->own.version = (struct qw_advert_version){ config->self, config->start, 0 };
    s->own.link_count = config->neighbour_count;
    for (size_t i = 0; i < config->neighbour_count; i++) {
        s->own.link[i].neighbour = config->neighbour[i];
    }
    s->is_stale = s->is_urgent = true;
    s->told_ms = now_ms;
    *state = s;
    return QW_OK;
}

void qw_link_state_free(struct qw_link_state *state)
{
    if (state != NULL) {
        free(state->entry);
        free(state->debt);
        free(state->owes_ask);
        free(state);
    }
}

/* The neighbour is to be told what is stored of origin, at once. */
static void owe_advert(struct qw_link_state *s, size_t neighbour, size_t origin, uint64_t now_ms)
{
    struct debt *debt = &debts_of(s, neighbour)[origin];

    if (s->own.link[neighbour].is_up && s->entry[origin].is_known) {
        debt->owes_advert = true;
        debt->due_ms = now_ms;
        debt->again_ms = QW_LINK_STATE_AGAIN_MS;
    }
}

/* N4 */
static void owe_everything(struct qw_link_state *s, size_t neighbour, uint64_t now_ms)
{
    for (size_t i = 0; i < s->config.nodes; i++) {
        owe_advert(s, neighbour, i, now_ms);
    }
}

/* N2; except: the neighbour it came from, or neighbour_count. */
static void flood(struct qw_link_state *s, size_t origin, size_t except, uint64_t now_ms)
{
    for (size_t i = 0; i < s->config.neighbour_count; i++) {
        if (i != except) {
            owe_advert(s, i, origin, now_ms);
        }
    }
}

void qw_link_state_set(struct qw_link_state *state, size_t neighbour,
                       const struct qw_advert_link *link, uint64_t now_ms)
{
    struct qw_advert_link *own = &state->own.link[neighbour];
    bool was_up;

    qw_assert(neighbour < state->config.neighbour_count);
    was_up = own->is_up;
    if (was_up == link->is_up && own->level == link->level && own->rate_bps == link->rate_bps) {
        return;
    }
    own->is_up = link->is_up;
    own->level = link->level;
    own->rate_bps = link->rate_bps;
    state->is_stale = true;
    state->is_urgent = state->is_urgent || was_up != link->is_up;
    if (was_up && !link->is_up) {
        memset(debts_of(state, neighbour), 0, state->config.nodes * sizeof *state->debt);
        state->owes_ask[neighbour] = false;
    } else if (!was_up && link->is_up) {
        state->owes_ask[neighbour] = true;
        owe_everything(state, neighbour, now_ms);
    }
}

/* N1 */
static void tell_own(struct qw_link_state *s, uint64_t now_ms)
{
    uint64_t since_ms = now_ms - s->told_ms;
    struct entry *entry = &s->entry[s->config.self];

    if (!s->is_urgent && !(s->is_stale && since_ms >= QW_LINK_STATE_PAUSE_MS) &&
        since_ms < QW_LINK_STATE_REFRESH_MS) {
        return;
    }
    qw_advert_next(&s->own.version);
    s->is_stale = s->is_urgent = false;
    s->told_ms = now_ms;
    *entry = (struct entry){ true, now_ms, s->own };
    flood(s, s->config.self, s->config.neighbour_count, now_ms);
}

/* Somebody remembers this node's own words of a life that it has forgotten. */
static void outlive(struct qw_link_state *s, const struct qw_advert_version *remembered)
{
    s->own.version.start = remembered->start + 1;
    s->own.version.sequence = 0;
    s->is_stale = s->is_urgent = true;
}

/* M1 for one advert. */
static void take_advert(struct qw_link_state *s, size_t neighbour, const struct qw_advert *advert,
                        uint64_t now_ms)
{
    size_t origin = advert->version.origin;
    struct entry *entry = &s->entry[origin];
    struct debt *debt = &debts_of(s, neighbour)[origin];
    int order = entry->is_known ? qw_advert_compare(&advert->version, &entry->advert.version) : 1;

    if (origin == s->config.self) {
        order = qw_advert_compare(&advert->version, &s->own.version);
        if (order > 0) {
            if (advert->version.start < UINT32_MAX) { /* nobody lives that long */
                outlive(s, &advert->version);
            }
            return;
        }
    }
    if (order > 0 && advert->age_ms < QW_ADVERT_AGE_MAX_MS) {
        *entry = (struct entry){ true, now_ms, *advert };
        debt->owes_advert = false;
        flood(s, origin, neighbour, now_ms);
    } else if (order < 0) {
        owe_advert(s, neighbour, origin, now_ms);
        return;
    } else {
        debt->owes_advert = false;
    }
    debt->owes_ack = entry->is_known;
}

static void take_ack(struct qw_link_state *s, size_t neighbour, const struct qw_advert_version *ack)
{
    const struct entry *entry = &s->entry[ack->origin];

    if (entry->is_known && qw_advert_compare(ack, &entry->advert.version) >= 0) {
        debts_of(s, neighbour)[ack->origin].owes_advert = false;
    }
}

static qw_err receive_adverts(struct qw_link_state *s, size_t neighbour, const uint8_t *body,
                              size_t len, uint64_t now_ms)
{
    struct qw_advert advert[QW_ADVERTS_MAX];
    size_t count = 0;
    qw_err err = qw_adverts_decode(body, len, advert, &count);

    for (size_t i = 0; i < count; i++) {
        if (advert[i].version.origin >= s->config.nodes) {
            return QW_ERR_FORMAT;
        }
    }
    for (size_t i = 0; i < count; i++) {
        take_advert(s, neighbour, &advert[i], now_ms);
    }
    return err;
}

static qw_err receive_acks(struct qw_link_state *s, size_t neighbour, const uint8_t *body,
                           size_t len)
{
    struct qw_advert_version ack[QW_ACKS_MAX];
    size_t count = 0;
    qw_err err = qw_acks_decode(body, len, ack, &count);

    for (size_t i = 0; i < count; i++) {
        if (ack[i].origin >= s->config.nodes) {
            return QW_ERR_FORMAT;
        }
    }
    for (size_t i = 0; i < count; i++) {
        take_ack(s, neighbour, &ack[i]);
    }
    return err;
}

qw_err qw_link_state_receive(struct qw_link_state *state, size_t neighbour,
                             enum qw_link_state_kind kind, const uint8_t *body, size_t len,
                             uint64_t now_ms)
{
    qw_assert(neighbour < state->config.neighbour_count);
    switch (kind) {
    case QW_LINK_STATE_ADVERTS:
        return receive_adverts(state, neighbour, body, len, now_ms);
    case QW_LINK_STATE_ACKS:
        return receive_acks(state, neighbour, body, len);
    case QW_LINK_STATE_ASK:
        if (len != 0) {
            return QW_ERR_FORMAT;
        }
        owe_everything(state, neighbour, now_ms);
        return QW_OK;
    }
    return QW_ERR_FORMAT;
}

/* N5 */
static void forget_old(struct qw_link_state *s, uint64_t now_ms)
{
    for (size_t i = 0; i < s->config.nodes; i++) {
        struct entry *entry = &s->entry[i];

        if (i != s->config.self && entry->is_known &&
            entry->advert.age_ms + (now_ms - entry->stored_ms) >= QW_ADVERT_AGE_MAX_MS) {
            entry->is_known = false;
            for (size_t j = 0; j < s->config.neighbour_count; j++) {
                debts_of(s, j)[i] = (struct debt){ 0 };
            }
        }
    }
}

static size_t collect_acks(struct qw_link_state *s, size_t neighbour,
                           struct qw_advert_version ack[static QW_ACKS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < s->config.nodes && count < QW_ACKS_MAX; i++) {
        struct debt *debt = &debts_of(s, neighbour)[i];

        if (debt->owes_ack) {
            debt->owes_ack = false;
            ack[count++] = s->entry[i].advert.version;
        }
    }
    return count;
}

/* Adverts that are due, as old as they are now. */
static size_t collect_adverts(struct qw_link_state *s, size_t neighbour, uint64_t now_ms,
                              struct qw_advert advert[static QW_ADVERTS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < s->config.nodes && count < QW_ADVERTS_MAX; i++) {
        struct debt *debt = &debts_of(s, neighbour)[i];
        uint64_t age_ms = s->entry[i].advert.age_ms + (now_ms - s->entry[i].stored_ms) + 1;

        if (debt->owes_advert && debt->due_ms <= now_ms) {
            advert[count] = s->entry[i].advert;
            advert[count++].age_ms =
                age_ms < QW_ADVERT_AGE_MAX_MS ? (uint32_t)age_ms : QW_ADVERT_AGE_MAX_MS;
            debt->due_ms = now_ms + debt->again_ms;
            debt->again_ms = debt->again_ms * 2 > QW_LINK_STATE_AGAIN_MAX_MS
                                 ? QW_LINK_STATE_AGAIN_MAX_MS
                                 : debt->again_ms * 2;
        }
    }
    return count;
}

static bool next_for(struct qw_link_state *s, size_t neighbour, uint64_t now_ms,
                     enum qw_link_state_kind *kind, uint8_t body[static QW_LINK_STATE_BODY_MAX],
                     size_t *len)
{
    struct qw_advert advert[QW_ADVERTS_MAX];
    struct qw_advert_version ack[QW_ACKS_MAX];
    size_t count;

    if (s->owes_ask[neighbour]) {
        s->owes_ask[neighbour] = false;
        *kind = QW_LINK_STATE_ASK;
        *len = 0;
        return true;
    }
    count = collect_acks(s, neighbour, ack);
    if (count > 0) {
        *kind = QW_LINK_STATE_ACKS;
        qw_acks_encode(ack, count, body, len);
        return true;
    }
    count = collect_adverts(s, neighbour, now_ms, advert);
    if (count > 0) {
        *kind = QW_LINK_STATE_ADVERTS;
        qw_adverts_encode(advert, count, body, len);
    }
    return count > 0;
}

bool qw_link_state_next(struct qw_link_state *state, uint64_t now_ms, size_t *neighbour,
                        enum qw_link_state_kind *kind, uint8_t body[static QW_LINK_STATE_BODY_MAX],
                        size_t *len)
{
    forget_old(state, now_ms);
    tell_own(state, now_ms);
    for (size_t i = 0; i < state->config.neighbour_count; i++) {
        size_t index = (state->turn + i) % state->config.neighbour_count;

        if (state->own.link[index].is_up && next_for(state, index, now_ms, kind, body, len)) {
            *neighbour = index;
            state->turn = index + 1;
            return true;
        }
    }
    return false;
}

const struct qw_advert *qw_link_state_find(const struct qw_link_state *state, size_t origin)
{
    qw_assert(origin < state->config.nodes);
    return state->entry[origin].is_known ? &state->entry[origin].advert : NULL;
}

/* What from says of its link to to; NULL: nothing. */
static const struct qw_advert_link *said(const struct qw_link_state *state, size_t from, size_t to)
{
    const struct qw_advert *advert =
        from == state->config.self ? &state->own : qw_link_state_find(state, from);

    for (size_t i = 0; advert != NULL && i < advert->link_count; i++) {
        if (advert->link[i].neighbour == to) {
            return &advert->link[i];
        }
    }
    return NULL;
}

bool qw_link_state_link(const struct qw_link_state *state, size_t a, size_t b,
                        struct qw_advert_link *link)
{
    const struct qw_advert_link *one = said(state, a, b);
    const struct qw_advert_link *other = said(state, b, a);

    if (one == NULL || other == NULL || !one->is_up || !other->is_up) { /* N6 */
        return false;
    }
    *link =
        (struct qw_advert_link){ .neighbour = (uint16_t)b,
                                 .is_up = true,
                                 .level = one->level < other->level ? one->level : other->level,
                                 .rate_bps = one->rate_bps < other->rate_bps ? one->rate_bps
                                                                             : other->rate_bps };
    return true;
}

uint32_t qw_link_state_start(const struct qw_link_state *state)
{
    return state->own.version.start;
}
