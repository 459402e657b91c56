/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_TERMINAL_CARD_FIXTURE_H
#define QW_TESTS_UNIT_TERMINAL_CARD_FIXTURE_H

#include "api/card_keys.h"
#include "api/package.h"
#include "terminal/card.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A card in a folder of its own, and packages for it as its centre would make them. Include in the
 * one file of a test program, after cmocka.h. */
enum { FIXTURE_KEYS = 4, FIXTURE_POOL = 256, FIXTURE_SEALED_CAP = 65536 };
static const struct qw_password_cost fixture_cost = { 10, 1, 1 }; /* the least that is allowed */
static const uint8_t fixture_passphrase[] = "correct horse battery staple";
enum { FIXTURE_PASSPHRASE_LEN = sizeof fixture_passphrase - 1 };

static char fixture_folder[64];
static char fixture_path[80];
static uint8_t fixture_keys[QW_PACKAGE_KEYS_MAX * 32];
static uint8_t fixture_up[QW_PACKAGE_POOL_MAX], fixture_down[QW_PACKAGE_POOL_MAX];
static uint8_t fixture_card_key[QW_CARD_KEY_LEN];
static uint8_t fixture_sealed[FIXTURE_SEALED_CAP];

/* Byte i of the pool's position p: the same wherever it is asked for. */
static inline uint8_t fixture_pool_byte(char direction, uint64_t position)
{
    return (uint8_t)(position * 31 + (uint8_t)direction + (position >> 8));
}

/* The key with that index in the card's life. */
static inline void fixture_key(uint64_t index, uint8_t key[32])
{
    memset(key, (uint8_t)(index + 1), 32);
    memcpy(key, &index, sizeof index);
}

/* A package that starts where the card stands. Its memory is the fixture's. */
static inline struct qw_package fixture_package(enum qw_package_kind kind, uint8_t id,
                                                uint64_t first_index, uint16_t keys,
                                                uint64_t pool_position, uint16_t pool_len)
{
    struct qw_package p = {
        .kind = kind,
        .id = { id, 1, 2, 3 },
        .serial = { 0x5e, 0x71 },
        .epoch = 1,
        .first_index = first_index,
        .pool_up_position = pool_position,
        .pool_down_position = pool_position,
        .owner = "terminal-1",
        .token = { 0x70, id },
        .key_count = keys,
        .pool_up_len = pool_len,
        .pool_down_len = pool_len,
        .keys = fixture_keys,
        .pool_up = fixture_up,
        .pool_down = fixture_down,
    };

    for (uint16_t i = 0; i < keys; i++) {
        fixture_key(first_index + i, fixture_keys + (size_t)i * 32);
    }
    for (uint16_t i = 0; i < pool_len; i++) {
        fixture_up[i] = fixture_pool_byte('u', pool_position + i);
        fixture_down[i] = fixture_pool_byte('d', pool_position + i);
    }
    memset(fixture_card_key, 0x4b, sizeof fixture_card_key);
    if (kind == QW_PACKAGE_BIRTH) {
        memcpy(p.card_key, fixture_card_key, sizeof p.card_key);
    }
    return p;
}

/* Seals into fixture_sealed under the card's wrap key. */
static inline size_t fixture_seal(const struct qw_package *package)
{
    struct qw_card_keys keys;
    size_t len = 0;

    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    assert_int_equal(
        qw_package_seal(package, keys.wrap, fixture_sealed, sizeof fixture_sealed, &len), QW_OK);
    return len;
}

static inline qw_err fixture_open(struct qw_card **card)
{
    return qw_card_open(fixture_path, fixture_passphrase, FIXTURE_PASSPHRASE_LEN, card);
}

static inline qw_err fixture_create(void)
{
    struct qw_package birth =
        fixture_package(QW_PACKAGE_BIRTH, 1, 100, FIXTURE_KEYS, 1000, FIXTURE_POOL);

    return qw_card_create_at_cost(fixture_path, fixture_cost, fixture_passphrase,
                                  FIXTURE_PASSPHRASE_LEN, &birth);
}

/* Empties the folder, so that a test can start again. */
static inline void fixture_clean(void)
{
    DIR *folder = opendir(fixture_folder);

    assert_non_null(folder);
    for (struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
        char path[400];

        snprintf(path, sizeof path, "%s/%s", fixture_folder, e->d_name);
        if (e->d_name[0] != '.') {
            assert_int_equal(unlink(path), 0);
        }
    }
    closedir(folder);
}

/* cmocka set-up and tear-down of one test: a folder with a new card of FIXTURE_KEYS keys from index
 * 100 on and FIXTURE_POOL pool bytes per direction from position 1000 on. */
static inline int fixture_set_up(void **state)
{
    (void)state;
    strcpy(fixture_folder, "/tmp/qw-card-XXXXXX");
    assert_non_null(mkdtemp(fixture_folder));
    snprintf(fixture_path, sizeof fixture_path, "%s/card", fixture_folder);
    assert_int_equal(fixture_create(), QW_OK);
    return 0;
}

static inline int fixture_tear_down(void **state)
{
    (void)state;
    fixture_clean();
    return rmdir(fixture_folder);
}

#endif
