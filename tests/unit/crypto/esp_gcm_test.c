/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/ipsec/esp_gcm.h"
#include "support/esp_seal.h"
#include "support/fail_nth.h"

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, NULL, (void), ());
FAIL_NTH(int, EVP_DecryptInit_ex, 0,
         (EVP_CIPHER_CTX * context, const EVP_CIPHER *cipher, ENGINE *engine,
          const unsigned char *key, const unsigned char *iv),
         (context, cipher, engine, key, iv));

enum { TEXT_MAX = 65536 };
static uint8_t keymat[36];
static uint8_t text[TEXT_MAX], packet[TEXT_MAX + 32];

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof keymat; i++) {
        keymat[i] = (uint8_t)(i * 5 + 1);
    }
    memset(text, 0x42, sizeof text);
    return 0;
}

static void opens_packets_of_either_key_length(void **state)
{
    (void)state;
    for (size_t key_len = 16; key_len <= 32; key_len += 16) {
        const size_t lens[] = { 4, 5, 100, 1023, 1024, 1025, 9000, 65535 - 32 };
        struct qw_esp_gcm *gcm = NULL;

        assert_int_equal(qw_esp_gcm_new(keymat, key_len, &gcm), QW_OK);
        for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
            size_t len = esp_seal(keymat, key_len, 7, (uint32_t)i + 1, text, lens[i], packet);

            assert_true(qw_esp_gcm_opens(gcm, packet, len));
            assert_true(qw_esp_gcm_opens(gcm, packet, len)); /* nothing is left of the last one */
        }
        qw_esp_gcm_free(gcm);
    }
}

static void a_packet_that_was_changed_does_not_open(void **state)
{
    struct qw_esp_gcm *gcm = NULL;
    size_t len = esp_seal(keymat, 32, 7, 1, text, 40, packet);

    (void)state;
    assert_int_equal(qw_esp_gcm_new(keymat, 32, &gcm), QW_OK);
    for (size_t bit = 0; bit < len * 8; bit++) {
        packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(qw_esp_gcm_opens(gcm, packet, len));
        packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < len; cut++) {
        assert_false(qw_esp_gcm_opens(gcm, packet, cut));
    }
    assert_false(qw_esp_gcm_opens(gcm, packet, len + 1));
    assert_true(qw_esp_gcm_opens(gcm, packet, len));
    qw_esp_gcm_free(gcm);
}

static void another_key_or_salt_does_not_open(void **state)
{
    size_t len = esp_seal(keymat, 32, 7, 1, text, 40, packet);

    (void)state;
    for (size_t i = 0; i < sizeof keymat; i++) {
        struct qw_esp_gcm *gcm = NULL;

        keymat[i] ^= 1;
        assert_int_equal(qw_esp_gcm_new(keymat, 32, &gcm), QW_OK);
        assert_false(qw_esp_gcm_opens(gcm, packet, len));
        qw_esp_gcm_free(gcm);
        keymat[i] ^= 1;
    }
}

static void what_is_no_packet_or_no_key_is_refused(void **state)
{
    struct qw_esp_gcm *gcm = NULL;
    size_t len = esp_seal(keymat, 32, 7, 1, text, 65536 - 32, packet);

    (void)state;
    assert_int_equal(qw_esp_gcm_new(keymat, 0, &gcm), QW_ERR_ARG);
    assert_int_equal(qw_esp_gcm_new(keymat, 24, &gcm), QW_ERR_ARG);
    assert_null(gcm);
    assert_int_equal(qw_esp_gcm_new(keymat, 32, &gcm), QW_OK);
    assert_false(qw_esp_gcm_opens(gcm, packet, len));
    qw_esp_gcm_free(gcm);
    qw_esp_gcm_free(NULL);
}

static void says_when_memory_is_short(void **state)
{
    struct qw_esp_gcm *gcm = NULL;

    (void)state;
    for (int n = 1; n <= 3; n++) {
        fail_nth = n;
        assert_int_equal(qw_esp_gcm_new(keymat, 32, &gcm), QW_ERR_NOMEM);
        assert_null(gcm);
    }
    fail_nth = 0;
    assert_int_equal(qw_esp_gcm_new(keymat, 32, &gcm), QW_OK);
    qw_esp_gcm_free(gcm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_packets_of_either_key_length),
        cmocka_unit_test(a_packet_that_was_changed_does_not_open),
        cmocka_unit_test(another_key_or_salt_does_not_open),
        cmocka_unit_test(what_is_no_packet_or_no_key_is_refused),
        cmocka_unit_test(says_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
