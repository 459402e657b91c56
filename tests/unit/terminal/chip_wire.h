/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_TERMINAL_CHIP_WIRE_H
#define QW_TESTS_UNIT_TERMINAL_CHIP_WIRE_H

#include "terminal/card_chip.h"
#include "terminal/card_reader.h"

#include "card_fixture.h"

/* A chip in a slot, and a wire to it that breaks on demand. Include in the one file of a test
 * program, after cmocka.h. */
enum { FIRST_INDEX = 100 };
static const uint8_t pin[] = "90817263";
enum { PIN_LEN = sizeof pin - 1 };

/* How the wire breaks at its n-th command. */
enum fault { BEFORE, AFTER, RESET };
static struct {
    struct qw_card_chip *chip; /* NULL: taken out */
    bool is_reset;             /* since it was connected to */
    int fail_nth, verified;
    enum fault fault;
} slot;
static char chip_path[96];

static inline void insert(void)
{
    const struct qw_card_chip_config config = { .path = chip_path,
                                                .cost = fixture_cost,
                                                .passphrase = fixture_passphrase,
                                                .passphrase_len = FIXTURE_PASSPHRASE_LEN,
                                                .pin = pin,
                                                .pin_len = PIN_LEN };

    assert_int_equal(qw_card_chip_new(&config, &slot.chip), QW_OK);
    slot.is_reset = true;
}

static inline void take_out(void)
{
    qw_card_chip_free(slot.chip);
    slot.chip = NULL;
}

static inline qw_err wire_connect(void *self)
{
    (void)self;
    if (slot.chip == NULL) {
        return QW_ERR_NOT_FOUND;
    }
    qw_card_chip_reset(slot.chip);
    slot.is_reset = false;
    return QW_OK;
}

static inline qw_err wire_transmit(void *self, const uint8_t *command, size_t len, uint8_t *answer,
                                   size_t *answer_len)
{
    bool fails = slot.fail_nth > 0 && --slot.fail_nth == 0;

    (void)self;
    if (slot.chip == NULL || slot.is_reset || (fails && slot.fault == RESET)) {
        return QW_ERR_CLOSED;
    }
    if (fails && slot.fault == BEFORE) {
        return QW_ERR_IO;
    }
    slot.verified += command[1] == QW_APDU_VERIFY;
    qw_card_chip_execute(slot.chip, command, len, answer, answer_len);
    return fails ? QW_ERR_IO : QW_OK;
}

static inline void nothing(void *self)
{
    (void)self;
}

static inline qw_err wire_reader(const uint8_t *given, size_t len, struct qw_card_reader **reader)
{
    struct qw_apdu_wire wire = {
        .connect = wire_connect, .transmit = wire_transmit, .disconnect = nothing, .close = nothing
    };

    return qw_card_reader_new(&wire, given, len, reader);
}

static inline struct qw_card_reader *reader_with(const uint8_t *given, size_t len)
{
    struct qw_card_reader *reader = NULL;

    assert_int_equal(wire_reader(given, len, &reader), QW_OK);
    return reader;
}

static inline void birth(void)
{
    struct qw_package package =
        fixture_package(QW_PACKAGE_BIRTH, 1, FIRST_INDEX, FIXTURE_KEYS, 1000, FIXTURE_POOL);
    struct qw_card_reader *reader = reader_with(pin, PIN_LEN);

    assert_int_equal(qw_card_reader_create(reader, &package), QW_OK);
    assert_int_equal(qw_card_reader_create(reader, &package), QW_ERR_CONFLICT);
    qw_card_reader_free(reader);
}

static inline int set_up(void **state)
{
    fixture_set_up(state);
    snprintf(chip_path, sizeof chip_path, "%s/chip", fixture_folder);
    slot.fail_nth = 0;
    slot.verified = 0;
    insert();
    birth();
    return 0;
}

static inline int tear_down(void **state)
{
    take_out();
    return fixture_tear_down(state);
}

static inline void start_again(void **state)
{
    tear_down(state);
    set_up(state);
}

/* The place in the card of the key that it gives now. */
static inline uint64_t key_index_of(const uint8_t key[static 32])
{
    uint64_t index;
    uint8_t expected[32];

    memcpy(&index, key, sizeof index);
    fixture_key(index, expected);
    assert_memory_equal(key, expected, sizeof expected);
    return index;
}

static inline uint64_t take(struct qw_card_reader *reader)
{
    uint8_t id[16], key[32];

    assert_int_equal(qw_card_reader_take_key(reader, id, key), QW_OK);
    return key_index_of(key);
}

#endif
