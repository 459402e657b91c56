/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "centre/partner/send.h"

#include "base/clock.h"
#include "base/secret.h"
#include "centre/key/key_record.h"
#include "centre/key/void_keys.h"
#include "crypto/random.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    POLL_MS = 50,      /* another process of this centre may have taken the acknowledgement */
    BODY_LEN = 56000,  /* keys in one order: the receiver takes 64 KiB */
    KEY_TEXT_LEN = 72, /* of a key in it, beside its value */
    ORDER_PLACES = 1024
};

struct qw_partner_desk {
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    uint64_t calls;
    unsigned waiting;
};

qw_err qw_partner_desk_new(struct qw_partner_desk **out)
{
    struct qw_partner_desk *desk = calloc(1, sizeof *desk);
    pthread_condattr_t monotonic;

    if (desk == NULL) {
        return QW_ERR_NOMEM;
    }
    if (pthread_condattr_init(&monotonic) != 0) {
        free(desk);
        return QW_ERR_NOMEM;
    }
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&desk->mutex, NULL);
    pthread_cond_init(&desk->moved, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *out = desk;
    return QW_OK;
}

void qw_partner_desk_free(struct qw_partner_desk *desk)
{
    if (desk == NULL) {
        return;
    }
    pthread_cond_destroy(&desk->moved);
    pthread_mutex_destroy(&desk->mutex);
    free(desk);
}

void qw_partner_desk_call(struct qw_partner_desk *desk)
{
    pthread_mutex_lock(&desk->mutex);
    desk->calls++;
    pthread_cond_broadcast(&desk->moved);
    pthread_mutex_unlock(&desk->mutex);
}

static bool take_place(struct qw_partner_desk *desk, unsigned places)
{
    bool has_place;

    pthread_mutex_lock(&desk->mutex);
    has_place = desk->waiting < places;
    desk->waiting += has_place ? 1 : 0;
    pthread_mutex_unlock(&desk->mutex);
    return has_place;
}

void qw_offer_end(struct qw_centre *centre)
{
    pthread_mutex_lock(&centre->partners->mutex);
    centre->partners->waiting--;
    pthread_mutex_unlock(&centre->partners->mutex);
}

bool qw_offer_is_first_of_partner(const struct qw_offer *offer, uint8_t target)
{
    for (uint8_t i = 0; i < target; i++) {
        if (strcmp(offer->targets[i].partner, offer->targets[target].partner) == 0) {
            return false;
        }
    }
    return true;
}

qw_err qw_offer_begin(struct qw_centre *centre, const struct qw_caller *caller,
                      struct qw_offer *offer)
{
    const struct qw_partner_port *port = centre->config.partner_port;

    for (uint8_t i = 0; i < offer->target_count; i++) {
        if (offer->targets[i].partner[0] != '\0' &&
            (port == NULL || !port->knows(port->self, offer->targets[i].partner))) {
            return QW_ERR_IO;
        }
    }
    offer->version = 0;
    offer->state = QW_OFFER_OPEN;
    offer->made_ms = qw_clock_utc_ms();
    memcpy(offer->initiator, caller->id, sizeof offer->initiator);
    if (qw_random_bytes(offer->id, sizeof offer->id) != QW_OK) {
        return QW_ERR_IO;
    }
    return take_place(centre->partners, centre->config.partner_places) ? QW_OK : QW_ERR_LIMIT;
}

/* How many keys of so many bits go in one order. */
static size_t order_len(const struct qw_given_key *keys)
{
    size_t by_len = (size_t)BODY_LEN / (KEY_TEXT_LEN + ((size_t)keys->bits / 8 + 2) / 3 * 4);
    size_t by_places = (size_t)ORDER_PLACES / qw_key_slots(keys->bits);

    return by_len < by_places ? by_len : by_places;
}

qw_err qw_offer_order(const struct qw_centre *centre, const struct qw_offer *offer,
                      const char *partner, const struct qw_given_key *keys)
{
    const struct qw_partner_port *port = centre->config.partner_port;
    char targets[QW_PARTNER_TARGETS_MAX][64];
    size_t step = keys == NULL ? offer->key_count : order_len(keys);
    struct qw_partner_order order = { .partner = partner,
                                      .offer_id = offer->id,
                                      .initiator = offer->initiator,
                                      .targets = (const char(*)[64])targets,
                                      .source = offer->source,
                                      .is_quantum = offer->is_quantum,
                                      .is_simulated = offer->is_simulated };
    qw_err err = QW_OK;

    for (uint8_t i = 0; i < offer->target_count; i++) {
        if (strcmp(offer->targets[i].partner, partner) == 0) {
            memcpy(targets[order.target_count++], offer->targets[i].id, sizeof targets[0]);
        }
    }
    for (size_t at = 0; at < offer->key_count && err == QW_OK; at += step) {
        order.ids = (const uint8_t(*)[16])offer->key_ids + at;
        order.keys = keys == NULL ? NULL : keys + at;
        order.count = offer->key_count - at < step ? offer->key_count - at : step;
        err = port->send(port->self, &order);
    }
    return err;
}

void qw_offer_give_up(struct qw_centre *centre, struct qw_group *group, struct qw_offer *offer)
{
    uint64_t voided = 0;

    offer->state = QW_OFFER_GIVEN_UP;
    for (uint8_t i = 0; i < offer->target_count; i++) {
        memset(offer->targets[i].acked, 0, sizeof offer->targets[i].acked);
    }
    for (uint8_t i = 0; i < offer->key_count; i++) {
        qw_void_key(centre, group, offer->key_ids[i], &voided);
    }
    qw_offer_put(centre, group, offer);
}

/* The offer's state as the store has it; one that is not there any more was given up. */
static qw_err look(struct qw_centre *centre, const uint8_t id[static 16],
                   enum qw_offer_state *state)
{
    struct qw_offer offer;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_offer_load(centre, id, &offer);
    qw_centre_leave(centre);
    if (err == QW_OK) {
        *state = offer.state;
    } else if (err == QW_ERR_NOT_FOUND) {
        *state = QW_OFFER_GIVEN_UP;
        err = QW_OK;
    }
    return err;
}

static void wait_for_call(struct qw_partner_desk *desk, uint64_t *seen)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += POLL_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_mutex_lock(&desk->mutex);
    if (desk->calls == *seen) {
        (void)pthread_cond_timedwait(&desk->moved, &desk->mutex, &until);
    }
    *seen = desk->calls;
    pthread_mutex_unlock(&desk->mutex);
}

/* QW_ERR_TIMEOUT: still open at the end. */
static qw_err wait(struct qw_centre *centre, const struct qw_offer *offer, int64_t until_ms)
{
    enum qw_offer_state state = QW_OFFER_OPEN;
    uint64_t seen = 0;
    qw_err err = look(centre, offer->id, &state);

    while (err == QW_OK && state == QW_OFFER_OPEN) {
        if (qw_clock_monotonic_ms() >= until_ms) {
            return QW_ERR_TIMEOUT;
        }
        wait_for_call(centre->partners, &seen);
        err = look(centre, offer->id, &state);
    }
    return err == QW_OK && state == QW_OFFER_GIVEN_UP ? QW_ERR_IO : err;
}

/* X7. QW_OK: it was settled at the last moment. */
static qw_err abandon(struct qw_centre *centre, const struct qw_offer *offer, qw_err cause)
{
    struct qw_caller initiator = { .role = QW_ROLE_SAE };
    struct qw_deed deed = { .caller = &initiator, .verb = "offer-void", .object = "" };
    struct qw_offer now;
    struct qw_group group;
    qw_err err;

    memcpy(initiator.id, offer->initiator, sizeof initiator.id);
    deed.object = offer->targets[0].id;
    qw_centre_enter(centre);
    err = qw_offer_load(centre, offer->id, &now);
    if (err == QW_OK && now.state == QW_OFFER_SETTLED) {
        qw_centre_leave(centre);
        return QW_OK;
    }
    if (err == QW_OK && now.state == QW_OFFER_OPEN) {
        qw_group_begin(centre, &group);
        qw_offer_give_up(centre, &group, &now);
        err = qw_group_commit(centre, &group, &deed, qw_err_text(cause));
    }
    qw_centre_leave(centre);
    return err == QW_OK || err == QW_ERR_NOT_FOUND ? cause : err;
}

qw_err qw_offer_settle(struct qw_centre *centre, const struct qw_offer *offer,
                       const struct qw_given_key *keys)
{
    int64_t until_ms = qw_clock_monotonic_ms() + (int64_t)centre->config.partner_wait_ms;
    qw_err err = QW_OK;

    for (uint8_t i = 0; i < offer->target_count && err == QW_OK; i++) {
        if (offer->targets[i].partner[0] != '\0' && qw_offer_is_first_of_partner(offer, i)) {
            err = qw_offer_order(centre, offer, offer->targets[i].partner, keys);
        }
    }
    if (err != QW_OK && err != QW_ERR_TIMEOUT) {
        err = QW_ERR_IO; /* whatever a partner says, the master is not to blame */
    }
    if (err == QW_OK) {
        err = wait(centre, offer, until_ms);
    }
    return err == QW_OK ? QW_OK : abandon(centre, offer, err);
}
