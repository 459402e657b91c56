/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 S3 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/link_grant.h"

#include <string.h>

static const uint8_t wrap_key[32] = { 1, 2, 3 };

static struct qw_link_grant example(void)
{
    struct qw_link_grant grant = { .session_id = { 5, 6, 7 },
                                   .up_position = 0x0102030405060708,
                                   .down_position = 640 };

    memset(grant.up, 0x75, sizeof grant.up);
    memset(grant.down, 0x64, sizeof grant.down);
    return grant;
}

static void what_was_sealed_opens_to_the_same(void **state)
{
    struct qw_link_grant grant = example(), opened;
    uint8_t sealed[QW_LINK_GRANT_LEN];

    (void)state;
    assert_int_equal(qw_link_grant_seal(&grant, wrap_key, sealed), QW_OK);
    assert_memory_equal(sealed, "QWG\x01\x05\x06\x07", 7);
    assert_int_equal(qw_link_grant_open(sealed, sizeof sealed, wrap_key, &opened), QW_OK);
    assert_memory_equal(opened.session_id, grant.session_id, 16);
    assert_int_equal(opened.up_position, grant.up_position);
    assert_int_equal(opened.down_position, grant.down_position);
    assert_memory_equal(opened.up, grant.up, sizeof grant.up);
    assert_memory_equal(opened.down, grant.down, sizeof grant.down);
}

static void a_cut_altered_or_foreign_grant_does_not_open(void **state)
{
    struct qw_link_grant grant = example(), opened = { .up_position = 4711 };
    uint8_t sealed[QW_LINK_GRANT_LEN + 1] = { 0 }, other[32] = { 0 };

    (void)state;
    assert_int_equal(qw_link_grant_seal(&grant, wrap_key, sealed), QW_OK);
    for (size_t len = 0; len <= sizeof sealed; len++) {
        if (len != QW_LINK_GRANT_LEN) {
            assert_int_equal(qw_link_grant_open(sealed, len, wrap_key, &opened), QW_ERR_FORMAT);
        }
    }
    for (size_t bit = 0; bit < 8 * QW_LINK_GRANT_LEN; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(qw_link_grant_open(sealed, QW_LINK_GRANT_LEN, wrap_key, &opened),
                         bit < 32 ? QW_ERR_FORMAT : QW_ERR_AUTH);
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(qw_link_grant_open(sealed, QW_LINK_GRANT_LEN, other, &opened), QW_ERR_AUTH);
    assert_int_equal(opened.up_position, 4711);
}

static void two_seals_of_one_grant_differ(void **state)
{
    struct qw_link_grant grant = example();
    uint8_t a[QW_LINK_GRANT_LEN], b[QW_LINK_GRANT_LEN];

    (void)state;
    assert_int_equal(qw_link_grant_seal(&grant, wrap_key, a), QW_OK);
    assert_int_equal(qw_link_grant_seal(&grant, wrap_key, b), QW_OK);
    assert_memory_not_equal(a + 20, b + 20, sizeof a - 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_opens_to_the_same),
        cmocka_unit_test(a_cut_altered_or_foreign_grant_does_not_open),
        cmocka_unit_test(two_seals_of_one_grant_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
