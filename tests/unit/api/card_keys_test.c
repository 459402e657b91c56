/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W8 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/card_keys.h"

#include "base/hex.h"
#include "base/secret.h"
#include "crypto/hash.h"

#include <string.h>

/* Made with Python: HKDF of RFC 5869 written out over hmac and hashlib. */
static void derives_the_keys_that_an_independent_hkdf_gives(void **state)
{
    uint8_t card_key[QW_CARD_KEY_LEN];
    struct qw_card_keys keys;
    char text[65];

    (void)state;
    for (size_t i = 0; i < sizeof card_key; i++) {
        card_key[i] = (uint8_t)i;
    }
    assert_int_equal(qw_card_keys_derive(card_key, &keys), QW_OK);
    qw_hex_encode(keys.wrap, 32, text);
    assert_string_equal(text, "041ed88ede1fa8252436cb2222b66e5d8bb99c8d6c1d16579ab848899275c978");
    qw_hex_encode(keys.report, 32, text);
    assert_string_equal(text, "15baa7106e1dfae27eb85e30e35fba62368ce0ae1c66f64ce85728424d674281");
    qw_hex_encode(keys.receipt, 32, text);
    assert_string_equal(text, "cb85e303cf441f721cb2ac2005b307288d0e1ad70d023adaf20edbfddbbcdf93");
    qw_hex_encode(keys.id, 32, text);
    assert_string_equal(text, "ea3dc302a986a0eedbfd223bedb4808e126a714aeae25007fa1dc700be91cfe2");
}

/* Made with Python likewise: extract, then expand. */
static void a_root_is_the_extract_of_a_key_and_is_expanded(void **state)
{
    uint8_t report_key[32], key[32], root[QW_CARD_ROOT_LEN], out[32], whole[32];
    static const char label[] = "qwave enrolment";
    char text[65];

    (void)state;
    for (size_t i = 0; i < sizeof key; i++) {
        report_key[i] = (uint8_t)i;
        key[i] = (uint8_t)(100 + i);
    }
    assert_int_equal(qw_card_root(report_key, key, root), QW_OK);
    qw_hex_encode(root, sizeof root, text);
    assert_string_equal(text, "1cb9dbd028774bae7ba8e2fd9890a3d6836fb24774fc337a7d56ee8f7436d62e");
    assert_int_equal(qw_card_root_expand(root, label, sizeof label - 1, out), QW_OK);
    qw_hex_encode(out, sizeof out, text);
    assert_string_equal(text, "caa55ef2e513f66f0dde4458b31e2a35e87dc55971539844b63490184028d269");
    assert_int_equal(qw_hkdf(QW_HASH_SHA256, (struct qw_bytes){ report_key, 32 },
                             (struct qw_bytes){ key, 32 },
                             (struct qw_bytes){ label, sizeof label - 1 }, whole, sizeof whole),
                     QW_OK);
    assert_memory_equal(out, whole, sizeof out);
}

static void another_card_key_changes_every_key(void **state)
{
    uint8_t card_key[QW_CARD_KEY_LEN] = { 0 };
    struct qw_card_keys a, b;

    (void)state;
    assert_int_equal(qw_card_keys_derive(card_key, &a), QW_OK);
    card_key[31] ^= 1;
    assert_int_equal(qw_card_keys_derive(card_key, &b), QW_OK);
    assert_memory_not_equal(a.wrap, b.wrap, 32);
    assert_memory_not_equal(a.report, b.report, 32);
    assert_memory_not_equal(a.receipt, b.receipt, 32);
    assert_memory_not_equal(a.id, b.id, 32);
    assert_memory_not_equal(a.wrap, a.report, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derives_the_keys_that_an_independent_hkdf_gives),
        cmocka_unit_test(a_root_is_the_extract_of_a_key_and_is_expanded),
        cmocka_unit_test(another_card_key_changes_every_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
