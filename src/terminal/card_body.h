/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_BODY_H
#define QW_TERMINAL_CARD_BODY_H

#include "terminal/card.h"
#include "terminal/card_place.h"
#include "terminal/card_reader.h"
#include "terminal/card_state.h"

#include <pthread.h>

/* The inside of an open card, for the files that carry out the verbs of terminal/card.h. */
struct qw_card_vault { /* secret memory */
    struct qw_card_keys keys;
    struct qw_card_state now;  /* what the place holds */
    struct qw_card_state next; /* being prepared; zero between two calls */
    uint8_t encoded[QW_CARD_STATE_ENCODED_MAX];
};

struct qw_card {
    pthread_mutex_t mutex;         /* guards the rest */
    struct qw_card_reader *reader; /* of a card with a chip of its own; all else is empty then */
    struct qw_card_place place;
    struct qw_card_vault *vault;
    bool is_gone; /* destroyed by order: nothing may be written in its place */
};

void qw_card_lock(struct qw_card *card);
void qw_card_release(struct qw_card *card);

/* Starts a change of a card whose state is in our hands: the lock is held and vault->next is a
 * copy, until qw_card_end. */
struct qw_card_state *qw_card_begin(struct qw_card *card);
/* Ends a change. With err QW_OK so far the new state is written; its effect may leave only when
 * this returns QW_OK. fused: the keys of a new epoch, or NULL. */
qw_err qw_card_end(struct qw_card *card, qw_err err, const struct qw_card_keys *fused) QW_MUST_USE;

#endif
