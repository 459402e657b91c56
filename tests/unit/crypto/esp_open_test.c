/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/ipsec/esp_open.h"
#include "support/esp_seal.h"
#include "support/fail_nth.h"
#include "support/hex_bytes.h"
#include "vectors/ipsec.h"

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, NULL, (void), ());
FAIL_NTH(int, EVP_DecryptInit_ex, 0,
         (EVP_CIPHER_CTX * context, const EVP_CIPHER *cipher, ENGINE *engine,
          const unsigned char *key, const unsigned char *iv),
         (context, cipher, engine, key, iv));

static const struct qw_ipsec_suite suites[] = {
    { 16, QW_IPSEC_GCM },         { 24, QW_IPSEC_GCM },         { 32, QW_IPSEC_GCM },
    { 32, QW_IPSEC_POLY1305 },    { 16, QW_IPSEC_HMAC_SHA256 }, { 24, QW_IPSEC_HMAC_SHA384 },
    { 32, QW_IPSEC_HMAC_SHA512 },
};
enum { SUITES = sizeof suites / sizeof suites[0], TEXT_MAX = 65536, PACKET_MAX = 65535 };
static uint8_t keymat[QW_ESP_KEY_MAX];
static uint8_t text[TEXT_MAX], packet[TEXT_MAX + 64];

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof keymat; i++) {
        keymat[i] = (uint8_t)(i * 5 + 1);
    }
    memset(text, 0x42, sizeof text);
    return 0;
}

static struct qw_esp_opener *opener_of(struct qw_ipsec_suite suite)
{
    struct qw_esp_opener *opener = NULL;

    assert_int_equal(qw_esp_opener_new(suite, keymat, &opener), QW_OK);
    return opener;
}

/* [RFC 7634 A] */
static void opens_the_packet_of_the_rfc(void **state)
{
    size_t key_len = 0;
    size_t len = 0;
    uint8_t *key = hex_bytes(RFC7634_KEYMAT, &key_len);
    uint8_t *esp = hex_bytes(RFC7634_ESP, &len);
    struct qw_esp_opener *opener = NULL;

    (void)state;
    assert_int_equal(qw_esp_key_len(suites[3]), key_len);
    assert_int_equal(qw_esp_opener_new(suites[3], key, &opener), QW_OK);
    assert_true(qw_esp_opens(opener, esp, len));
    esp[7] ^= 1; /* another sequence number */
    assert_false(qw_esp_opens(opener, esp, len));
    qw_esp_opener_free(opener);
    free(key);
    free(esp);
}

static void opens_packets_of_every_suite(void **state)
{
    const size_t lens[] = { 4, 16, 112, 1008, 1024, 1040, 9008, 65424 };

    (void)state;
    for (size_t s = 0; s < SUITES; s++) {
        struct qw_esp_opener *opener = opener_of(suites[s]);

        for (size_t i = ipsec_is_aead(suites[s]) ? 0 : 1; i < sizeof lens / sizeof lens[0]; i++) {
            size_t len = esp_seal(suites[s], keymat, 7, (uint32_t)i + 1, text, lens[i], packet);

            assert_true(qw_esp_opens(opener, packet, len));
            assert_true(qw_esp_opens(opener, packet, len)); /* nothing is left of the last one */
        }
        qw_esp_opener_free(opener);
    }
}

static void a_packet_that_was_changed_does_not_open(void **state)
{
    (void)state;
    for (size_t s = 0; s < SUITES; s++) {
        struct qw_esp_opener *opener = opener_of(suites[s]);
        size_t len = esp_seal(suites[s], keymat, 7, 1, text, 48, packet);

        for (size_t bit = 0; bit < len * 8; bit++) {
            packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(qw_esp_opens(opener, packet, len));
            packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t cut = 0; cut < len; cut++) {
            assert_false(qw_esp_opens(opener, packet, cut));
        }
        assert_false(qw_esp_opens(opener, packet, len + 1));
        assert_true(qw_esp_opens(opener, packet, len));
        qw_esp_opener_free(opener);
    }
}

/* With an HMAC the tag is under the second part of the material alone. */
static void another_key_or_salt_does_not_open(void **state)
{
    (void)state;
    for (size_t s = 0; s < SUITES; s++) {
        size_t len = esp_seal(suites[s], keymat, 7, 1, text, 48, packet);

        for (size_t i = 0; i < qw_esp_key_len(suites[s]); i++) {
            struct qw_esp_opener *opener;

            keymat[i] ^= 1;
            opener = opener_of(suites[s]);
            assert_int_equal(qw_esp_opens(opener, packet, len),
                             !ipsec_is_aead(suites[s]) && i < suites[s].key_len);
            qw_esp_opener_free(opener);
            keymat[i] ^= 1;
        }
    }
}

static void one_suite_does_not_open_another(void **state)
{
    (void)state;
    for (size_t s = 0; s < SUITES; s++) {
        for (size_t other = 0; other < SUITES; other++) {
            struct qw_esp_opener *opener = opener_of(suites[other]);
            size_t len = esp_seal(suites[s], keymat, 7, 1, text, 48, packet);

            assert_int_equal(qw_esp_opens(opener, packet, len), s == other);
            qw_esp_opener_free(opener);
        }
    }
}

static void what_is_no_packet_or_no_suite_is_refused(void **state)
{
    static const struct qw_ipsec_suite unknown[] = {
        { 0, QW_IPSEC_GCM },
        { 20, QW_IPSEC_GCM },
        { 16, QW_IPSEC_POLY1305 },
        { 32, (enum qw_ipsec_tag)(QW_IPSEC_HMAC_SHA512 + 1) },
    };
    struct qw_esp_opener *opener = NULL;
    size_t len = esp_seal(suites[2], keymat, 7, 1, text, 65536 - 32, packet);

    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        assert_int_equal(qw_esp_opener_new(unknown[i], keymat, &opener), QW_ERR_ARG);
        assert_null(opener);
    }
    opener = opener_of(suites[2]);
    assert_int_equal(len, PACKET_MAX + 1);
    assert_false(qw_esp_opens(opener, packet, len));
    qw_esp_opener_free(opener);
    qw_esp_opener_free(NULL);
}

static void says_when_memory_is_short(void **state)
{
    struct qw_esp_opener *opener = NULL;

    (void)state;
    for (int n = 1; n <= 3; n++) {
        fail_nth = n;
        assert_int_equal(qw_esp_opener_new(suites[2], keymat, &opener), QW_ERR_NOMEM);
        assert_null(opener);
    }
    fail_nth = 0;
    qw_esp_opener_free(opener_of(suites[2]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_the_packet_of_the_rfc),
        cmocka_unit_test(opens_packets_of_every_suite),
        cmocka_unit_test(a_packet_that_was_changed_does_not_open),
        cmocka_unit_test(another_key_or_salt_does_not_open),
        cmocka_unit_test(one_suite_does_not_open_another),
        cmocka_unit_test(what_is_no_packet_or_no_suite_is_refused),
        cmocka_unit_test(says_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
