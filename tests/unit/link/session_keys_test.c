/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 C12 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "charon_feed.h"
#include "charon_rekeyed.h"
#include "link/prove/evidence.h"
#include "link/prove/packet.h"
#include "support/fail_nth.h"
#include "support/hex_bytes.h"

#include <stdio.h>
#include <string.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(qw_err, qw_ipsec_prf_plus, QW_ERR_UNAVAILABLE,
         (enum qw_ipsec_prf prf, struct qw_bytes key, struct qw_bytes seed, uint8_t *out,
          size_t len),
         (prf, key, seed, out, len));

#define KEY_FILE(id, bytes) "{\"keys\":[{\"key_ID\":\"" id "\",\"key\":\"" bytes "\"}]}"
#define RIGHT KEY_FILE("ppk-one", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
#define WRONG KEY_FILE("ppk-one", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh4=")
#define OTHER_ID KEY_FILE("ppk-two", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
enum { LINK_ETHERNET = 1, CHILDREN = 3, NOTHING_LEFT_OUT = REKEYED_PACKETS };

static struct qw_charon_log *log_of;
static struct qw_key_list *keys;
static struct qw_ike_exchanges *exchanges;

/* A recorded log as one text, until the next one. */
static const char *text_of(const char *const *lines)
{
    static char text[1 << 14];
    size_t len = 0;

    for (; *lines != NULL; lines++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%s\n", *lines);
        assert_true(len < sizeof text);
    }
    return text;
}

/* Reads all three; the packet of that index is left out of the capture. */
static void read_all(const char *text, const char *without, const char *key_file, size_t left_out)
{
    assert_int_equal(qw_charon_log_new(&log_of), QW_OK);
    assert_int_equal(charon_feed(log_of, text, without), QW_OK);
    assert_int_equal(qw_key_list_new(&keys), QW_OK);
    assert_int_equal(qw_key_list_add(keys, key_file, strlen(key_file)), QW_OK);
    assert_int_equal(qw_ike_exchanges_new(&exchanges), QW_OK);
    for (size_t i = 0; i < REKEYED_PACKETS; i++) {
        size_t len = 0;
        uint8_t *data = hex_bytes(rekeyed_packets[i], &len);
        struct qw_packet packet = qw_packet_find(LINK_ETHERNET, data, len);

        if (packet.kind == QW_PACKET_IKE && i != left_out) {
            assert_int_equal(qw_ike_exchanges_add(exchanges, packet.data, packet.len), QW_OK);
        }
        free(data);
    }
}

static void free_all(void)
{
    qw_charon_log_free(log_of);
    qw_key_list_free(keys);
    qw_ike_exchanges_free(exchanges);
}

static enum qw_session_gap gap_of(const struct qw_session_keys *session, size_t child)
{
    size_t count = 0;
    const struct qw_charon_child *children = qw_charon_log_children(log_of, &count);

    assert_int_equal(count, CHILDREN);
    return qw_session_keys_gap(session, &children[child]);
}

static struct qw_evidence_report give_all(struct qw_evidence *evidence)
{
    for (size_t i = 0; i < REKEYED_PACKETS; i++) {
        size_t len = 0;
        uint8_t *data = hex_bytes(rekeyed_packets[i], &len);
        struct qw_packet packet = qw_packet_find(LINK_ETHERNET, data, len);

        qw_evidence_packet(evidence, &packet);
        free(data);
    }
    return qw_evidence_report(evidence);
}

static void every_packet_opens_through_two_rekeyings(void **state)
{
    const char *const *const logs[] = { rekeyed_log_a, rekeyed_log_b };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct qw_evidence *evidence = NULL;
        struct qw_evidence_report report;

        read_all(text_of(logs[i]), NULL, RIGHT, NOTHING_LEFT_OUT);
        assert_true(qw_charon_log_has_rekeyed(log_of));
        assert_int_equal(qw_evidence_new(log_of, keys, exchanges, &evidence), QW_OK);
        report = give_all(evidence);
        assert_true(report.is_proved);
        assert_int_equal(report.total.opened, 2 * CHILDREN);
        assert_int_equal(report.total.packets, 2 * CHILDREN);
        assert_int_equal(report.total.opened_without, 0);
        assert_int_equal(report.row_count, 1);
        assert_string_equal(report.rows[0].ppk_id, "ppk-one");
        assert_int_equal(report.rows[0].child_count, CHILDREN);
        assert_int_equal(report.rows[0].rekeyed_count, 2);
        qw_evidence_free(evidence);
        free_all();
    }
}

/* The first rekeying opens with keys that do not depend on the PPK; what it makes does. */
static void nothing_opens_with_another_key(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct qw_evidence *evidence = NULL;
        struct qw_session_keys *session = NULL;
        struct qw_evidence_report report;

        read_all(text_of(rekeyed_log_a), NULL, i == 0 ? WRONG : OTHER_ID, NOTHING_LEFT_OUT);
        assert_int_equal(qw_evidence_new(log_of, keys, exchanges, &evidence), QW_OK);
        report = give_all(evidence);
        assert_false(report.is_proved);
        assert_int_equal(report.total.packets, 2 * CHILDREN);
        assert_int_equal(report.total.opened + report.total.opened_without, 0);
        assert_int_equal(qw_session_keys_new(log_of, keys, exchanges, &session), QW_OK);
        assert_int_equal(gap_of(session, 1), i == 0 ? QW_GAP_NONE : QW_GAP_NOT_DELIVERED);
        assert_int_equal(gap_of(session, 2), i == 0 ? QW_GAP_REKEYING : QW_GAP_NOT_DELIVERED);
        qw_session_keys_free(session);
        qw_evidence_free(evidence);
        free_all();
    }
}

/* Requests and responses of both rekeyings, in the order of the capture. */
static void a_rekeying_that_is_not_in_the_capture_is_told(void **state)
{
    size_t count = 0;

    (void)state;
    for (size_t left_out = 0; left_out < REKEYED_PACKETS; left_out++) {
        struct qw_session_keys *session = NULL;
        bool has_first, has_second;

        read_all(text_of(rekeyed_log_a), NULL, RIGHT, left_out);
        assert_int_equal(qw_session_keys_new(log_of, keys, exchanges, &session), QW_OK);
        assert_int_equal(gap_of(session, 0), QW_GAP_NONE);
        has_first = gap_of(session, 1) == QW_GAP_NONE;
        has_second = gap_of(session, 2) == QW_GAP_NONE;
        assert_true(has_first || !has_second); /* the second is made of the first */
        assert_true(has_first || gap_of(session, 1) == QW_GAP_REKEYING);
        assert_true(has_second || gap_of(session, 2) == QW_GAP_REKEYING);
        count += !has_first;
        count += !has_second;
        qw_session_keys_free(session);
        free_all();
    }
    assert_int_equal(count, 2 * 2 + 2);
}

static void what_is_not_in_the_log_is_told(void **state)
{
    static const struct {
        const char *without;
        enum qw_session_gap gap;
        size_t suspect;
    } cases[] = {
        { "shared Diffie Hellman", QW_GAP_LOG, 1 },
        { "Sk_er secret", QW_GAP_LOG, 1 },
        { "Sk_ei secret", QW_GAP_LOG, 1 },
        { "selected proposal: IKE", QW_GAP_PRF, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_session_keys *session = NULL;
        size_t count = 0;

        read_all(text_of(rekeyed_log_b), cases[i].without, RIGHT, NOTHING_LEFT_OUT);
        assert_int_equal(qw_session_keys_new(log_of, keys, exchanges, &session), QW_OK);
        for (size_t child = 1; child < CHILDREN; child++) {
            assert_int_equal(gap_of(session, child), cases[i].gap);
            assert_int_equal(
                qw_session_keys_suspect(session, &qw_charon_log_children(log_of, &count)[child]),
                cases[i].suspect);
        }
        qw_session_keys_free(session);
        free_all();
    }
}

/* The log with other names of algorithms: what the first IKE_SA or the second is said to use. */
static void suites_that_are_not_supported_are_told(void **state)
{
    static const struct {
        const char *name;
        int which; /* of the three IKE_SAs */
        enum qw_session_gap gaps[CHILDREN];
        size_t suspect; /* of the last child */
    } cases[] = {
        { "IKE:CAMELLIA_CCM/PRF_HMAC_SHA2_256/", 0, { QW_GAP_NONE, QW_GAP_IKE, QW_GAP_IKE }, 0 },
        { "IKE:CAMELLIA_CCM/PRF_HMAC_SHA2_256/", 1, { QW_GAP_NONE, QW_GAP_NONE, QW_GAP_IKE }, 1 },
        { "IKE:AES_GCM_16_128/PRF_HMAC_SHA1________/",
          1,
          { QW_GAP_NONE, QW_GAP_PRF, QW_GAP_PRF },
          1 },
    };
    static const char head[] = "IKE:AES_GCM_16_128/PRF_HMAC_SHA2_256/";

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static char text[1 << 14];
        struct qw_session_keys *session = NULL;
        const char *recorded = text_of(rekeyed_log_a);
        const char *from = recorded;
        size_t count = 0;

        for (int n = 0; n <= cases[i].which; n++) {
            from = strstr(n == 0 ? from : from + 1, head);
            assert_non_null(from);
        }
        snprintf(text, sizeof text, "%.*s%s%s", (int)(from - recorded), recorded, cases[i].name,
                 from + strlen(head));
        read_all(text, NULL, RIGHT, NOTHING_LEFT_OUT);
        assert_int_equal(qw_session_keys_new(log_of, keys, exchanges, &session), QW_OK);
        for (size_t child = 0; child < CHILDREN; child++) {
            assert_int_equal(gap_of(session, child), cases[i].gaps[child]);
        }
        assert_int_equal(
            qw_session_keys_suspect(session, &qw_charon_log_children(log_of, &count)[2]),
            cases[i].suspect);
        qw_session_keys_free(session);
        free_all();
    }
}

static void says_when_memory_is_short(void **state)
{
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    read_all(text_of(rekeyed_log_a), NULL, RIGHT, NOTHING_LEFT_OUT);
    for (int n = 1; err != QW_OK; n++) {
        struct qw_session_keys *session = NULL;

        assert_true(n < 100);
        fail_nth = n;
        err = qw_session_keys_new(log_of, keys, exchanges, &session);
        assert_true(err == QW_OK ||
                    ((err == QW_ERR_NOMEM || err == QW_ERR_UNAVAILABLE) && session == NULL));
        qw_session_keys_free(session);
    }
    fail_nth = 0;
    free_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet_opens_through_two_rekeyings),
        cmocka_unit_test(nothing_opens_with_another_key),
        cmocka_unit_test(a_rekeying_that_is_not_in_the_capture_is_told),
        cmocka_unit_test(what_is_not_in_the_log_is_told),
        cmocka_unit_test(suites_that_are_not_supported_are_told),
        cmocka_unit_test(says_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
