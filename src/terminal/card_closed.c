/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to a card that nobody has open. */
#include "terminal/card.h"

#include "base/secret.h"
#include "terminal/card_pcsc.h"
#include "terminal/card_place.h"
#include "terminal/card_state.h"

struct closed { /* one of the two, by the name */
    struct qw_card_reader *reader;
    struct qw_card_place place;
};

qw_err qw_card_place_find(const char *text, struct qw_password_cost cost, const uint8_t *secret,
                          size_t secret_len, struct qw_card_place *out)
{
    struct qw_card_place place = { .self = NULL };
    struct qw_card_name name;
    qw_err err = qw_card_name_read(text, &name);

    if (err == QW_OK) {
        err = name.kind == QW_CARD_IN_READER  ? QW_ERR_ARG
              : name.kind == QW_CARD_ON_TOKEN ? qw_card_place_token(&name, &place)
                                              : qw_card_place_file(text, cost, &place);
    }
    if (err != QW_OK) {
        return err;
    }
    err = place.unlock(place.self, secret, secret_len);
    if (err != QW_OK) {
        place.close(place.self);
        return err;
    }
    *out = place;
    return QW_OK;
}

static qw_err find(const char *text, struct qw_password_cost cost, const uint8_t *secret,
                   size_t secret_len, struct closed *closed)
{
    struct qw_card_name name;
    qw_err err = qw_card_name_read(text, &name);

    *closed = (struct closed){ .reader = NULL };
    if (err != QW_OK) {
        return err;
    }
    return name.kind == QW_CARD_IN_READER
               ? qw_card_pcsc_reader(name.reader, secret, secret_len, &closed->reader)
               : qw_card_place_find(text, cost, secret, secret_len, &closed->place);
}

static void leave(struct closed *closed)
{
    qw_card_reader_free(closed->reader);
    if (closed->place.self != NULL) {
        closed->place.close(closed->place.self);
    }
}

/* The first state goes to a place as every other does. */
static qw_err create_at(struct qw_card_place *place, const struct qw_package *birth)
{
    struct qw_card_state *state = qw_secret_new(sizeof *state);
    uint8_t *encoded = qw_secret_new(QW_CARD_STATE_ENCODED_MAX);
    qw_err err =
        state == NULL || encoded == NULL ? QW_ERR_NOMEM : qw_card_state_from_birth(birth, state);

    if (err == QW_OK) {
        err = place->create(place->self, encoded, qw_card_state_encode(state, encoded));
    }
    qw_secret_free(state);
    qw_secret_free(encoded);
    return err;
}

qw_err qw_card_create_at_cost(const char *name, struct qw_password_cost cost, const uint8_t *secret,
                              size_t secret_len, const struct qw_package *birth)
{
    struct closed closed;
    qw_err err = birth->kind == QW_PACKAGE_BIRTH ? find(name, cost, secret, secret_len, &closed)
                                                 : QW_ERR_ARG;

    if (err != QW_OK) {
        return err;
    }
    err = closed.reader != NULL ? qw_card_reader_create(closed.reader, birth)
                                : create_at(&closed.place, birth);
    leave(&closed);
    return err;
}

qw_err qw_card_create(const char *name, const uint8_t *secret, size_t secret_len,
                      const struct qw_package *birth)
{
    return qw_card_create_at_cost(name, qw_password_cost_standard, secret, secret_len, birth);
}

qw_err qw_card_exists(const char *name, const uint8_t *secret, size_t secret_len, bool *does)
{
    struct closed closed;
    qw_err err = find(name, qw_password_cost_standard, secret, secret_len, &closed);

    if (err != QW_OK) {
        return err;
    }
    err = closed.reader != NULL ? qw_card_reader_exists(closed.reader, does)
                                : closed.place.exists(closed.place.self, does);
    leave(&closed);
    return err;
}

qw_err qw_card_tombstone(const char *name, const uint8_t *secret, size_t secret_len,
                         struct qw_tombstone *tombstone)
{
    struct closed closed;
    qw_err err = find(name, qw_password_cost_standard, secret, secret_len, &closed);

    if (err != QW_OK) {
        return err;
    }
    err = closed.reader != NULL ? qw_card_reader_tombstone(closed.reader, tombstone)
                                : closed.place.tombstone(closed.place.self, tombstone);
    leave(&closed);
    return err;
}

qw_err qw_card_book(const char *name, const uint8_t *secret, size_t secret_len,
                    struct qw_tombstone *tombstone, const uint8_t *done, size_t len)
{
    struct closed closed;
    qw_err err = find(name, qw_password_cost_standard, secret, secret_len, &closed);

    if (err != QW_OK) {
        return err;
    }
    err = closed.reader != NULL ? qw_card_reader_book(closed.reader, tombstone, done, len)
                                : closed.place.book(closed.place.self, tombstone, done, len);
    leave(&closed);
    return err;
}
