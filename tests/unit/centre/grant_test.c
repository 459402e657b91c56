/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W6 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/card_keys.h"
#include "centre/device/grant.h"

#include <string.h>

enum { POOL_LEN = 200, UP_AT = 1000, DOWN_AT = 5000, AUTH = QW_LINK_GRANT_AUTH_LEN };

static struct qw_centre centre;
static const uint8_t session_id[16] = { 7 };

static void fill(struct qw_pool *pool, uint64_t position, uint8_t first)
{
    pool->position = position;
    pool->len = POOL_LEN;
    for (int i = 0; i < POOL_LEN; i++) {
        pool->bytes[i] = (uint8_t)(first + i);
    }
}

static int set_up(void **state)
{
    (void)state;
    memset(&centre, 0, sizeof centre);
    memset(centre.holder.card_key, 0x5a, sizeof centre.holder.card_key);
    fill(&centre.card.up, UP_AT, 0);
    fill(&centre.card.down, DOWN_AT, 100);
    return 0;
}

static qw_err make(uint64_t up, uint64_t down, struct qw_link_grant *grant)
{
    struct qw_contact_report report = { .pool_up_position = up, .pool_down_position = down };
    uint8_t sealed[QW_LINK_GRANT_LEN];
    struct qw_card_keys keys;
    qw_err err = qw_grant_make(&centre, session_id, &report, sealed);

    if (err == QW_OK) {
        assert_int_equal(qw_card_keys_derive(centre.holder.card_key, &keys), QW_OK);
        assert_int_equal(qw_link_grant_open(sealed, sizeof sealed, keys.wrap, grant), QW_OK);
        assert_memory_equal(grant->session_id, session_id, sizeof session_id);
    }
    return err;
}

static void gives_each_byte_of_a_pool_once(void **state)
{
    struct qw_link_grant grant;

    (void)state;
    assert_int_equal(make(UP_AT, DOWN_AT, &grant), QW_OK);
    assert_int_equal(grant.up_position, UP_AT);
    assert_int_equal(grant.up[0], 0);
    assert_int_equal(grant.down_position, DOWN_AT);
    assert_int_equal(grant.down[AUTH - 1], 100 + AUTH - 1);
    assert_int_equal(make(UP_AT, DOWN_AT, &grant), QW_OK); /* the card has not heard of it */
    assert_int_equal(grant.up_position, UP_AT + AUTH);
    assert_int_equal(grant.up[0], AUTH);
    assert_int_equal(centre.card.up.position, UP_AT + 2 * AUTH);
    assert_int_equal(centre.card.up.len, POOL_LEN - 2 * AUTH);
    assert_int_equal(centre.card.up.bytes[0], 2 * AUTH);
    assert_int_equal(centre.card.up.bytes[POOL_LEN - 2 * AUTH], 0); /* wiped behind the end */
}

static void follows_a_card_that_has_spent_more(void **state)
{
    struct qw_link_grant grant;

    (void)state;
    assert_int_equal(make(UP_AT + 50, DOWN_AT, &grant), QW_OK);
    assert_int_equal(grant.up_position, UP_AT + 50);
    assert_int_equal(grant.up[0], 50);
    assert_int_equal(grant.down_position, DOWN_AT);
    assert_int_equal(centre.card.up.position, UP_AT + 50 + AUTH);
}

static void says_when_a_pool_is_used_up(void **state)
{
    struct qw_link_grant grant;

    (void)state;
    assert_int_equal(make(UP_AT + POOL_LEN - AUTH, DOWN_AT, &grant), QW_OK); /* the last ones */
    assert_int_equal(make(UP_AT, DOWN_AT, &grant), QW_ERR_EXHAUSTED);
    set_up(state);
    assert_int_equal(make(UP_AT, DOWN_AT + POOL_LEN - AUTH + 1, &grant), QW_ERR_EXHAUSTED);
    set_up(state);
    assert_int_equal(make(UINT64_MAX, DOWN_AT, &grant), QW_ERR_EXHAUSTED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(gives_each_byte_of_a_pool_once),
        TEST(follows_a_card_that_has_spent_more),
        TEST(says_when_a_pool_is_used_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
