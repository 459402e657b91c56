/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 */
/* What the set-up page sends: everything out of range is refused, cut, flipped or not. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "setup/setup_message.h"

#include "base/base64.h"

#include <stdio.h>
#include <string.h>

static const uint8_t *bytes(const char *text)
{
    return (const uint8_t *)text;
}

static qw_err choose(const char *body, struct setup_choice *choice)
{
    return setup_choice_decode(bytes(body), strlen(body), choice);
}

static void a_choice_is_read_and_one_out_of_range_is_not(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "[]",
        "{\"centre_id\":\"a b\",\"custody\":\"tpm2\",\"dual_control\":true}",
        "{\"centre_id\":\"../x\",\"custody\":\"tpm2\",\"dual_control\":true}",
        "{\"centre_id\":\"\",\"custody\":\"tpm2\",\"dual_control\":true}",
        "{\"centre_id\":\"a2345678901234567890123456789012345678901\",\"custody\":\"tpm2\",\"dual_"
        "control\":true}",
        "{\"centre_id\":\"a\",\"custody\":\"paper\",\"dual_control\":true}",
        "{\"centre_id\":\"a\",\"custody\":\"tpm2\"}",
        "{\"centre_id\":\"a\",\"custody\":\"quorum\",\"dual_control\":true}",
        "{\"centre_id\":\"a\",\"custody\":\"quorum\",\"officers\":1,\"quorum\":1,\"dual_control\":"
        "true}",
        "{\"centre_id\":\"a\",\"custody\":\"quorum\",\"officers\":17,\"quorum\":2,\"dual_control\":"
        "true}",
        "{\"centre_id\":\"a\",\"custody\":\"quorum\",\"officers\":3,\"quorum\":4,\"dual_control\":"
        "true}",
        "{\"centre_id\":\"a\",\"custody\":\"quorum\",\"officers\":3,\"quorum\":1,\"dual_control\":"
        "true}",
    };
    struct setup_choice choice = { .officers = 99 };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(choose(wrong[i], &choice), QW_ERR_FORMAT);
        assert_int_equal(choice.officers, 99);
    }
    assert_int_equal(choose("{\"centre_id\":\"c-1\",\"custody\":\"quorum\",\"officers\":16,"
                            "\"quorum\":2,\"dual_control\":true,\"more\":1}",
                            &choice),
                     QW_OK);
    assert_string_equal(choice.centre_id, "c-1");
    assert_int_equal(choice.custody, SETUP_QUORUM);
    assert_int_equal(choice.officers, 16);
    assert_int_equal(choice.quorum, 2);
    assert_true(choice.dual_control);
    assert_int_equal(choose("{\"centre_id\":\"c\",\"custody\":\"passphrase-file\",\"officers\":5,"
                            "\"quorum\":3,\"dual_control\":false}",
                            &choice),
                     QW_OK);
    assert_int_equal(choice.officers, 0); /* of a quorum alone */
}

static void a_share_is_read_and_nothing_of_a_wrong_one_stays(void **state)
{
    uint8_t share[QW_SHARE_LEN];
    char base64[QW_BASE64_LEN(sizeof share) + 1];
    char body[512];
    struct setup_entry entry;

    (void)state;
    memset(share, 0xa5, sizeof share);
    qw_base64_encode(share, sizeof share, base64);
    (void)snprintf(body, sizeof body, "{\"officer\":16,\"share\":\"%s\"}", base64);
    assert_int_equal(setup_entry_decode(bytes(body), strlen(body), &entry), QW_OK);
    assert_int_equal(entry.officer, 16);
    assert_int_equal(entry.share_len, sizeof share);
    assert_memory_equal(entry.share, share, sizeof share);
    for (size_t cut = 0; cut < strlen(body); cut++) {
        static const struct setup_entry none;

        memset(&entry, 0xff, sizeof entry);
        assert_int_equal(setup_entry_decode(bytes(body), cut, &entry), QW_ERR_FORMAT);
        assert_memory_equal(&entry, &none, sizeof entry);
    }
    (void)snprintf(body, sizeof body, "{\"officer\":17,\"share\":\"%s\"}", base64);
    assert_int_equal(setup_entry_decode(bytes(body), strlen(body), &entry), QW_ERR_FORMAT);
    (void)snprintf(body, sizeof body, "{\"officer\":1,\"share\":\"%sAAAA\"}", base64);
    assert_int_equal(setup_entry_decode(bytes(body), strlen(body), &entry), QW_ERR_FORMAT);
}

static void every_flipped_bit_is_refused_or_another_message(void **state)
{
    static const char good[] = "{\"officer\":3,\"passphrase\":\"0123456789ab\"}";
    struct setup_bundle bundle;
    unsigned officer = 0;

    (void)state;
    for (size_t bit = 0; bit < 8 * (sizeof good - 1); bit++) {
        char body[sizeof good];

        memcpy(body, good, sizeof good);
        body[bit / 8] = (char)(body[bit / 8] ^ 1 << bit % 8);
        if (setup_take_decode(bytes(body), sizeof good - 1, &officer) == QW_OK) {
            assert_in_range(officer, 1, QW_OFFICERS_MAX);
        }
        assert_int_equal(setup_bundle_decode(bytes(body), sizeof good - 1, &bundle),
                         QW_ERR_FORMAT); /* an officer has a name */
    }
}

static void codes_numbers_and_passphrases_have_their_lengths(void **state)
{
    static const char short_one[] = "{\"officer\":\"audit-1\",\"passphrase\":\"0123456789a\"}";
    static const char long_enough[] = "{\"officer\":\"audit-1\",\"passphrase\":\"0123456789ab\"}";
    char code[SETUP_CODE_CAP] = "before";
    struct setup_bundle bundle;
    unsigned officer = 7;

    (void)state;
    assert_int_equal(setup_open_decode(bytes("{\"code\":\"\"}"), 11, code), QW_ERR_FORMAT);
    assert_int_equal(setup_open_decode(bytes(""), 0, code), QW_ERR_FORMAT);
    assert_string_equal(code, "before");
    assert_int_equal(setup_open_decode(bytes("{\"code\":\"AB\"}"), 13, code), QW_OK);
    assert_string_equal(code, "AB");
    assert_int_equal(setup_take_decode(bytes("{\"officer\":0}"), 13, &officer), QW_ERR_FORMAT);
    assert_int_equal(setup_take_decode(bytes("{\"officer\":17}"), 14, &officer), QW_ERR_FORMAT);
    assert_int_equal(officer, 7);
    assert_int_equal(setup_take_decode(bytes("{\"officer\":16}"), 14, &officer), QW_OK);
    assert_int_equal(officer, 16);
    assert_int_equal(setup_bundle_decode(bytes(short_one), strlen(short_one), &bundle),
                     QW_ERR_FORMAT);
    assert_int_equal(bundle.passphrase[0], 0);
    assert_int_equal(setup_bundle_decode(bytes(long_enough), strlen(long_enough), &bundle), QW_OK);
    assert_string_equal(bundle.officer, "audit-1");
    assert_string_equal(bundle.passphrase, "0123456789ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_choice_is_read_and_one_out_of_range_is_not),
        cmocka_unit_test(a_share_is_read_and_nothing_of_a_wrong_one_stays),
        cmocka_unit_test(every_flipped_bit_is_refused_or_another_message),
        cmocka_unit_test(codes_numbers_and_passphrases_have_their_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
