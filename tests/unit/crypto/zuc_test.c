/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A2 S4 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/zuc.h"

#include "base/bits.h"
#include "support/fail_nth.h"
#include "support/hex_bytes.h"
#include "support/wycheproof.h"
#include "vectors/zuc.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct qw_zuc *zuc;

static int start(void **state)
{
    (void)state;
    if (!qw_zuc_is_available()) {
        assert_int_equal(qw_zuc_new(&zuc), QW_ERR_UNAVAILABLE);
        assert_string_equal(qw_zuc_library(), "none");
        print_message("skipped: built without libipsec-mb\n");
        return 0;
    }
    return qw_zuc_new(&zuc) == QW_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    qw_zuc_free(zuc);
    return 0;
}

static void need_zuc(void)
{
    if (zuc == NULL) {
        skip();
    }
}

static void eea3_ends_at_the_bit_as_in_the_standard(void **state)
{
    (void)state;
    need_zuc();
    for (size_t i = 0; i < COUNT(eea3_vectors); i++) {
        const struct zuc_vector *v = &eea3_vectors[i];
        size_t key_len, len, out_len;
        uint8_t *key = hex_bytes(v->key, &key_len);
        uint8_t *in = hex_bytes(v->in, &len);
        uint8_t *expected = hex_bytes(v->out, &out_len);
        uint8_t out[QW_BITS_TO_BYTES(4019) + 1];

        memset(out, 0xee, sizeof out);
        assert_int_equal(len, QW_BITS_TO_BYTES(v->bits));
        assert_int_equal(qw_zuc_eea3(zuc, key, v->frame, in, v->bits, out), QW_OK);
        assert_memory_equal(out, expected, len);
        assert_true(qw_bits_tail_clear(out, v->bits));
        assert_int_equal(out[len], 0xee);
        free(key);
        free(in);
        free(expected);
    }
}

static void eia3_tags_are_those_of_the_standard(void **state)
{
    (void)state;
    need_zuc();
    for (size_t i = 0; i < COUNT(eia3_vectors); i++) {
        const struct zuc_vector *v = &eia3_vectors[i];
        size_t key_len, len, mac_len;
        uint8_t *key = hex_bytes(v->key, &key_len);
        uint8_t *in = hex_bytes(v->in, &len);
        uint8_t *expected = hex_bytes(v->out, &mac_len);
        uint8_t mac[QW_ZUC_MAC_LEN];

        assert_int_equal(mac_len, QW_ZUC_MAC_LEN);
        assert_int_equal(qw_zuc_eia3(zuc, key, v->frame, in, v->bits, mac), QW_OK);
        assert_memory_equal(mac, expected, sizeof mac);
        free(key);
        free(in);
        free(expected);
    }
}

static const uint8_t some_key[QW_ZUC_KEY_LEN] = "sixteen byte key";
static const struct qw_zuc_frame some_frame = { 7, 3, 1 };

/* Law: the key stream does not depend on the data, so twice is nothing, at every bit length. */
static void eea3_twice_gives_the_data_back(void **state)
{
    uint8_t in[40], once[40], twice[40];

    (void)state;
    need_zuc();
    for (size_t bits = 1; bits <= 8 * sizeof in; bits++) {
        size_t len = QW_BITS_TO_BYTES(bits);

        memset(in, 0xa5, sizeof in);
        if (bits % 8 != 0) {
            in[len - 1] = (uint8_t)(in[len - 1] & (0xff00u >> bits % 8));
        }
        assert_int_equal(qw_zuc_eea3(zuc, some_key, some_frame, in, bits, once), QW_OK);
        assert_true(qw_bits_tail_clear(once, bits));
        assert_int_equal(qw_zuc_eea3(zuc, some_key, some_frame, once, bits, twice), QW_OK);
        assert_memory_equal(twice, in, len);
    }
}

static void eia3_sees_every_bit_and_none_behind_the_end(void **state)
{
    uint8_t message[13] = { 0 }, tag[QW_ZUC_MAC_LEN], other[QW_ZUC_MAC_LEN];

    (void)state;
    need_zuc();
    assert_int_equal(qw_zuc_eia3(zuc, some_key, some_frame, message, 99, tag), QW_OK);
    for (size_t bit = 0; bit < 8 * sizeof message; bit++) {
        qw_bit_set(message, bit, true);
        assert_int_equal(qw_zuc_eia3(zuc, some_key, some_frame, message, 99, other), QW_OK);
        assert_int_equal(memcmp(tag, other, sizeof tag) != 0, bit < 99);
        qw_bit_set(message, bit, false);
    }
}

static void every_field_of_the_frame_changes_stream_and_tag(void **state)
{
    static const struct qw_zuc_frame frames[] = {
        { 7, 3, 1 }, { 8, 3, 1 }, { 7, 4, 1 }, { 7, 3, 0 }
    };
    static const uint8_t zero[16];
    uint8_t out[COUNT(frames)][16], mac[COUNT(frames)][QW_ZUC_MAC_LEN];

    (void)state;
    need_zuc();
    for (size_t i = 0; i < COUNT(frames); i++) {
        assert_int_equal(qw_zuc_eea3(zuc, some_key, frames[i], zero, 128, out[i]), QW_OK);
        assert_int_equal(qw_zuc_eia3(zuc, some_key, frames[i], zero, 128, mac[i]), QW_OK);
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(out[i], out[j], 16);
            assert_memory_not_equal(mac[i], mac[j], QW_ZUC_MAC_LEN);
        }
    }
}

static void the_longest_message_works_and_a_longer_one_is_refused(void **state)
{
    static uint8_t in[QW_BITS_TO_BYTES(QW_ZUC_BITS_MAX) + 1], out[sizeof in];
    uint8_t mac[QW_ZUC_MAC_LEN] = { 0 };

    (void)state;
    need_zuc();
    memset(out, 0, sizeof out);
    assert_int_equal(qw_zuc_eea3(zuc, some_key, some_frame, in, QW_ZUC_BITS_MAX, out), QW_OK);
    assert_int_equal(qw_zuc_eia3(zuc, some_key, some_frame, in, QW_ZUC_BITS_MAX, mac), QW_OK);
    assert_memory_not_equal(out, in, 16);
    memset(out, 0xee, sizeof out);
    memset(mac, 0xee, sizeof mac);
    assert_int_equal(qw_zuc_eea3(zuc, some_key, some_frame, in, QW_ZUC_BITS_MAX + 1, out),
                     QW_ERR_ARG);
    assert_int_equal(qw_zuc_eia3(zuc, some_key, some_frame, in, QW_ZUC_BITS_MAX + 1, mac),
                     QW_ERR_ARG);
    assert_int_equal(out[0], 0xee);
    assert_int_equal(mac[0], 0xee);
}

static void nothing_and_frames_out_of_range_are_refused(void **state)
{
    static const struct qw_zuc_frame bad[] = { { 0, 32, 0 }, { 0, 0, 2 } };
    uint8_t data[4] = { 0 }, out[4];

    (void)state;
    need_zuc();
    assert_int_equal(qw_zuc_eea3(zuc, some_key, some_frame, data, 0, out), QW_ERR_ARG);
    assert_int_equal(qw_zuc_eia3(zuc, some_key, some_frame, data, 0, out), QW_ERR_ARG);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(qw_zuc_eea3(zuc, some_key, bad[i], data, 32, out), QW_ERR_ARG);
        assert_int_equal(qw_zuc_eia3(zuc, some_key, bad[i], data, 32, out), QW_ERR_ARG);
    }
}

/* The files give count (little-endian), bearer and direction as an "iv" of 48 bits. Cases with an
 * iv of 128 bits are for the bare key stream, which our interface does not offer. */
static bool is_our_case(const cJSON *test)
{
    return strlen(wycheproof_text(test, "iv")) == 12;
}

static struct qw_zuc_frame frame_of(const char *iv_hex)
{
    size_t len;
    uint8_t *iv = hex_bytes(iv_hex, &len);
    struct qw_zuc_frame frame;

    assert_int_equal(len, 6);
    frame.count =
        (uint32_t)iv[0] | (uint32_t)iv[1] << 8 | (uint32_t)iv[2] << 16 | (uint32_t)iv[3] << 24;
    frame.bearer = iv[4];
    frame.direction = iv[5];
    free(iv);
    return frame;
}

static int checked;

static void check_eea3(const cJSON *group, const cJSON *test)
{
    size_t key_len, len, out_len;
    uint8_t *key, *in, *expected;
    uint8_t out[128];

    (void)group;
    if (!is_our_case(test)) {
        return;
    }
    key = hex_bytes(wycheproof_text(test, "key"), &key_len);
    in = hex_bytes(wycheproof_text(test, "msg"), &len);
    expected = hex_bytes(wycheproof_text(test, "ct"), &out_len);
    assert_in_range(len, 1, sizeof out);
    assert_int_equal(qw_zuc_eea3(zuc, key, frame_of(wycheproof_text(test, "iv")), in, 8 * len, out),
                     QW_OK);
    assert_memory_equal(out, expected, len);
    checked++;
    free(key);
    free(in);
    free(expected);
}

static void check_eia3(const cJSON *group, const cJSON *test)
{
    size_t key_len, len, tag_len;
    uint8_t *key, *in, *expected;
    uint8_t mac[QW_ZUC_MAC_LEN];

    (void)group;
    if (!is_our_case(test)) {
        return;
    }
    key = hex_bytes(wycheproof_text(test, "key"), &key_len);
    in = hex_bytes(wycheproof_text(test, "msg"), &len);
    expected = hex_bytes(wycheproof_text(test, "tag"), &tag_len);
    assert_int_equal(qw_zuc_eia3(zuc, key, frame_of(wycheproof_text(test, "iv")), in, 8 * len, mac),
                     QW_OK);
    assert_memory_equal(mac, expected, sizeof mac);
    checked++;
    free(key);
    free(in);
    free(expected);
}

static void agrees_with_further_vectors(void **state)
{
    cJSON *eea3 = wycheproof_load("ipsecmb_zuc_eea3_128_test.json");
    cJSON *eia3 = wycheproof_load("ipsecmb_zuc_eia3_128_test.json");

    (void)state;
    need_zuc();
    if (eea3 == NULL || eia3 == NULL) {
        cJSON_Delete(eea3);
        cJSON_Delete(eia3);
        skip();
    }
    wycheproof_each(eea3, check_eea3);
    wycheproof_each(eia3, check_eia3);
    cJSON_Delete(eea3);
    cJSON_Delete(eia3);
    assert_int_equal(checked, 5);
}

static void says_which_library_serves_it(void **state)
{
    (void)state;
    need_zuc();
    assert_true(strncmp(qw_zuc_library(), "intel-ipsec-mb ", 15) == 0);
}

#if __has_include(<intel-ipsec-mb.h>)

#include <intel-ipsec-mb.h>

/* What the library does when it is in trouble, seen from our side of its interface. */
FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(IMB_MGR *, alloc_mb_mgr, NULL, (uint64_t flags), (flags));
FAIL_NTH(int, imb_get_errno, IMB_ERR_AAD_LEN, (IMB_MGR * manager), (manager));

FAIL_NTH(int, zuc_eea3_iv_gen, -1,
         (const uint32_t count, const uint8_t bearer, const uint8_t direction, void *iv),
         (count, bearer, direction, iv));
FAIL_NTH(int, zuc_eia3_iv_gen, -1,
         (const uint32_t count, const uint8_t bearer, const uint8_t direction, void *iv),
         (count, bearer, direction, iv));

static void every_failing_step_of_new_is_an_error_without_a_leak(void **state)
{
    struct qw_zuc *other = NULL;
    qw_err err = QW_ERR_STATE;
    int n;

    (void)state;
    need_zuc();
    for (n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_nth = n;
        err = qw_zuc_new(&other);
        assert_true(err == QW_OK || (fail_nth == 0 && other == NULL));
    }
    assert_int_equal(n, 5); /* the memory, the manager, its start */
    fail_nth = 0;
    qw_zuc_free(other);
    qw_zuc_free(NULL);
}

static void an_error_that_the_library_reports_is_ours(void **state)
{
    struct qw_zuc *other = NULL;
    uint8_t data[4] = { 0 }, out[4] = { 0xee };

    (void)state;
    need_zuc();
    for (int n = 1; n <= 2; n++) { /* the initial value, the job */
        assert_int_equal(qw_zuc_new(&other), QW_OK);
        fail_nth = n;
        assert_int_equal(qw_zuc_eea3(other, some_key, some_frame, data, 32, out), QW_ERR_ARG);
        qw_zuc_free(other);
        assert_int_equal(qw_zuc_new(&other), QW_OK);
        fail_nth = n;
        assert_int_equal(qw_zuc_eia3(other, some_key, some_frame, data, 32, out), QW_ERR_ARG);
        assert_int_equal(fail_nth, 0);
        qw_zuc_free(other);
    }
    assert_int_equal(out[0], 0xee);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eea3_ends_at_the_bit_as_in_the_standard),
        cmocka_unit_test(eia3_tags_are_those_of_the_standard),
        cmocka_unit_test(eea3_twice_gives_the_data_back),
        cmocka_unit_test(eia3_sees_every_bit_and_none_behind_the_end),
        cmocka_unit_test(every_field_of_the_frame_changes_stream_and_tag),
        cmocka_unit_test(the_longest_message_works_and_a_longer_one_is_refused),
        cmocka_unit_test(nothing_and_frames_out_of_range_are_refused),
        cmocka_unit_test(agrees_with_further_vectors),
        cmocka_unit_test(says_which_library_serves_it),
#if __has_include(<intel-ipsec-mb.h>)
        cmocka_unit_test(every_failing_step_of_new_is_an_error_without_a_leak),
        cmocka_unit_test(an_error_that_the_library_reports_is_ours),
#endif
    };

    return cmocka_run_group_tests(tests, start, stop);
}
