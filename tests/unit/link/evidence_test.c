/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 C12 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "charon_feed.h"
#include "charon_recorded.h"
#include "link/prove/evidence.h"
#include "support/esp_seal.h"
#include "support/fail_nth.h"
#include "support/hex_bytes.h"

#include <stdio.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(qw_err, qw_ipsec_prf_plus, QW_ERR_UNAVAILABLE,
         (enum qw_ipsec_prf prf, struct qw_bytes key, struct qw_bytes seed, uint8_t *out,
          size_t len),
         (prf, key, seed, out, len));

#define KEY_FILE(id, bytes) "{\"keys\":[{\"key_ID\":\"" id "\",\"key\":\"" bytes "\"}]}"
#define RIGHT KEY_FILE("PPK-one", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
#define WRONG KEY_FILE("ppk-one", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh4=")
#define OTHER_ID KEY_FILE("ppk-two", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
enum { LINK_ETHERNET = 1, LINK_RAW = 101 };

static struct qw_evidence *evidence_of(const char *text, const char *key_file)
{
    struct qw_charon_log *log = NULL;
    struct qw_key_list *keys = NULL;
    struct qw_ike_exchanges *exchanges = NULL;
    struct qw_evidence *evidence = NULL;

    assert_int_equal(qw_ike_exchanges_new(&exchanges), QW_OK);
    assert_int_equal(qw_charon_log_new(&log), QW_OK);
    assert_int_equal(charon_feed(log, text, NULL), QW_OK);
    assert_int_equal(qw_key_list_new(&keys), QW_OK);
    assert_int_equal(qw_key_list_add(keys, key_file, strlen(key_file)), QW_OK);
    assert_int_equal(qw_evidence_new(log, keys, exchanges, &evidence), QW_OK);
    qw_ike_exchanges_free(exchanges);
    qw_charon_log_free(log);
    qw_key_list_free(keys);
    return evidence;
}

static void give(struct qw_evidence *evidence, size_t index, size_t cut_by)
{
    size_t len = 0;
    uint8_t *packet = hex_bytes(recorded_packets[index], &len);
    struct qw_packet found;

    found = qw_packet_find(LINK_ETHERNET, packet, len - cut_by);
    qw_evidence_packet(evidence, &found);
    free(packet);
}

static struct qw_evidence_report give_all(struct qw_evidence *evidence)
{
    for (size_t i = 0; i < RECORDED_PACKETS; i++) {
        give(evidence, i, 0);
    }
    return qw_evidence_report(evidence);
}

/* Three CHILD_SAs, both directions, begun by either end: with the log of either end. */
static void a_recorded_tunnel_opens_with_its_key_and_not_without(void **state)
{
    const char *const logs[] = { recorded_log_a, recorded_log_b };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct qw_evidence *evidence = evidence_of(logs[i], RIGHT);
        struct qw_evidence_report report = give_all(evidence);

        assert_true(report.is_proved);
        assert_int_equal(report.total.packets, 6);
        assert_int_equal(report.total.opened, 6);
        assert_int_equal(report.total.opened_without, 0);
        assert_int_equal(report.row_count, 1);
        assert_string_equal(report.rows[0].ppk_id, "ppk-one");
        assert_int_equal(report.rows[0].child_count, 3);
        assert_int_equal(report.rows[0].counts.opened, 6);
        assert_int_equal(report.rows[0].gap, QW_GAP_NONE);
        qw_evidence_free(evidence);
    }
    qw_evidence_free(NULL);
}

static void nothing_opens_with_another_key(void **state)
{
    struct qw_evidence *evidence = evidence_of(recorded_log_a, WRONG);
    struct qw_evidence_report report = give_all(evidence);

    (void)state;
    assert_false(report.is_proved);
    assert_int_equal(report.total.packets, 6);
    assert_int_equal(report.total.opened, 0);
    qw_evidence_free(evidence);
    evidence = evidence_of(recorded_log_a, OTHER_ID);
    report = give_all(evidence);
    assert_false(report.is_proved);
    assert_int_equal(report.total.opened, 0);
    assert_int_equal(report.rows[0].gap, QW_GAP_NOT_DELIVERED);
    qw_evidence_free(evidence);
}

static void nothing_at_all_is_no_proof(void **state)
{
    struct qw_evidence *evidence = evidence_of(recorded_log_a, RIGHT);

    (void)state;
    assert_false(qw_evidence_report(evidence).is_proved);
    qw_evidence_free(evidence);
}

static void a_cut_packet_counts_for_an_sa_that_opened(void **state)
{
    struct qw_evidence *evidence = evidence_of(recorded_log_a, RIGHT);
    struct qw_evidence_report report;

    (void)state;
    give(evidence, 0, 1);
    report = qw_evidence_report(evidence);
    assert_false(report.is_proved);
    assert_int_equal(report.total.cut, 1);
    give(evidence, 1, 0); /* the other direction says nothing about the first */
    assert_false(qw_evidence_report(evidence).is_proved);
    give(evidence, 0, 0);
    report = qw_evidence_report(evidence);
    assert_true(report.is_proved);
    assert_int_equal(report.total.packets, 3);
    assert_int_equal(report.total.opened, 2);
    qw_evidence_truncated(evidence);
    assert_true(qw_evidence_report(evidence).is_truncated);
    qw_evidence_free(evidence);
}

/* IPv4 with ESP in it. */
static void give_esp(struct qw_evidence *evidence, const uint8_t *esp, size_t len)
{
    struct qw_packet found;
    uint8_t packet[256] = { 0x45, 0, 0, (uint8_t)(20 + len), 0, 0, 0, 0, 64, 50 };

    memcpy(packet + 20, esp, len);
    found = qw_packet_find(LINK_RAW, packet, 20 + len);
    qw_evidence_packet(evidence, &found);
}

static void an_sa_that_is_not_in_the_log_spoils_the_proof(void **state)
{
    struct qw_evidence *evidence = evidence_of(recorded_log_a, RIGHT);
    struct qw_evidence_report report = give_all(evidence);
    const uint8_t esp[36] = { 1, 2, 3, 4 };

    (void)state;
    assert_true(report.is_proved);
    give_esp(evidence, esp, sizeof esp);
    report = qw_evidence_report(evidence);
    assert_false(report.is_proved);
    assert_int_equal(report.unknown_packets, 1);
    assert_int_equal(report.unknown_spi, 0x01020304);
    assert_int_equal(report.total.packets, 7);
    qw_evidence_free(evidence);
}

/* A log by hand: SK_d' of 32 x 11, seed of 16 x 22; algorithms and PPK as given. */
static const char *hand_made(const char *prf, const char *esp, const char *ppk_line)
{
    static char text[2000];

    snprintf(text, sizeof text,
             "01[CFG] <l|1> selected proposal: IKE:AES_GCM_16_256/%s/ECP_384\n"
             "01[ENC] <l|1> parsed IKE_SA_INIT response 0 [ SA ]\n"
             "01[IKE] <l|1> Sk_d secret => 32 bytes @ 0x7f\n"
             "01[IKE] <l|1>    0: 11 11 11 11 11 11 11 11 11 11 11 11 11 11 11 11\n"
             "01[IKE] <l|1>   16: 11 11 11 11 11 11 11 11 11 11 11 11 11 11 11 11\n"
             "%s"
             "01[CFG] <l|1> selected proposal: %s\n"
             "01[CHD] <l|1> seed => 16 bytes @ 0x7f\n"
             "01[CHD] <l|1>    0: 22 22 22 22 22 22 22 22 22 22 22 22 22 22 22 22\n"
             "01[IKE] <l|1> CHILD_SA c{1} established with SPIs 00000101_i 00000102_o and TS\n",
             prf, ppk_line, esp);
    return text;
}

#define WITH_PPK "01[CFG] <l|1> using PPK for PPK_ID 'ppk-one'\n"
#define GCM_256 "ESP:AES_GCM_16_256/NO_EXT_SEQ"
static const struct qw_ipsec_suite gcm_256 = { 32, QW_IPSEC_GCM };

/* Packets as both ends send them, keyed here by the formulas. */
static void give_keyed(struct qw_evidence *evidence, struct qw_bytes ppk,
                       struct qw_ipsec_suite suite)
{
    uint8_t sk_d[32], keymat[2 * QW_ESP_KEY_MAX], seed[16], packet[200];
    size_t key_len = ipsec_is_aead(suite)
                         ? suite.key_len + 4
                         : suite.key_len + 16 * (suite.tag - QW_IPSEC_POLY1305 + 1);

    memset(sk_d, 0x11, sizeof sk_d);
    memset(seed, 0x22, sizeof seed);
    if (ppk.len > 0) {
        uint8_t mixed[32];

        assert_int_equal(qw_ipsec_prf_plus(QW_IPSEC_PRF_SHA256, ppk,
                                           (struct qw_bytes){ sk_d, sizeof sk_d }, mixed, 32),
                         QW_OK);
        memcpy(sk_d, mixed, sizeof sk_d);
    }
    assert_int_equal(qw_ipsec_prf_plus(QW_IPSEC_PRF_SHA256, (struct qw_bytes){ sk_d, sizeof sk_d },
                                       (struct qw_bytes){ seed, sizeof seed }, keymat, 2 * key_len),
                     QW_OK);
    /* This end began: what leaves it is keyed first. */
    give_esp(evidence, packet, esp_seal(suite, keymat, 0x102, 1, seed, 16, packet));
    give_esp(evidence, packet, esp_seal(suite, keymat + key_len, 0x101, 1, seed, 16, packet));
}

static void packets_of_every_suite_open_with_the_key_and_not_without(void **state)
{
    static const struct {
        const char *esp;
        struct qw_ipsec_suite suite;
    } cases[] = {
        { "ESP:AES_GCM_16_128/NO_EXT_SEQ", { 16, QW_IPSEC_GCM } },
        { "ESP:AES_GCM_16_192/NO_EXT_SEQ", { 24, QW_IPSEC_GCM } },
        { GCM_256, { 32, QW_IPSEC_GCM } },
        { "ESP:CHACHA20_POLY1305/NO_EXT_SEQ", { 32, QW_IPSEC_POLY1305 } },
        { "ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ", { 16, QW_IPSEC_HMAC_SHA256 } },
        { "ESP:AES_CBC_192/HMAC_SHA2_384_192/NO_EXT_SEQ", { 24, QW_IPSEC_HMAC_SHA384 } },
        { "ESP:AES_CBC_256/HMAC_SHA2_512_256/NO_EXT_SEQ", { 32, QW_IPSEC_HMAC_SHA512 } },
    };
    uint8_t ppk[32];

    (void)state;
    for (size_t i = 0; i < sizeof ppk; i++) {
        ppk[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *log = hand_made("PRF_HMAC_SHA2_256", cases[i].esp, WITH_PPK);
        struct qw_evidence *evidence = evidence_of(log, RIGHT);
        struct qw_evidence_report report;

        give_keyed(evidence, (struct qw_bytes){ ppk, sizeof ppk }, cases[i].suite);
        report = qw_evidence_report(evidence);
        assert_true(report.is_proved);
        assert_int_equal(report.total.opened, 2);
        assert_int_equal(report.total.opened_without, 0);
        qw_evidence_free(evidence);
        evidence = evidence_of(log, RIGHT);
        ppk[31] ^= 1; /* both ends have another key than the one that was delivered */
        give_keyed(evidence, (struct qw_bytes){ ppk, sizeof ppk }, cases[i].suite);
        ppk[31] ^= 1;
        report = qw_evidence_report(evidence);
        assert_false(report.is_proved);
        assert_int_equal(report.total.opened + report.total.opened_without, 0);
        qw_evidence_free(evidence);
    }
}

/* Keyed without a PPK, or with zeros for one, though the log says otherwise. */
static void packets_that_open_without_are_counted(void **state)
{
    static const uint8_t zero[32];

    (void)state;
    for (size_t ppk_len = 0; ppk_len <= 32; ppk_len += 32) {
        struct qw_evidence *evidence =
            evidence_of(hand_made("PRF_HMAC_SHA2_256", GCM_256, WITH_PPK), RIGHT);
        struct qw_evidence_report report;

        give_keyed(evidence, (struct qw_bytes){ zero, ppk_len }, gcm_256);
        report = qw_evidence_report(evidence);
        assert_false(report.is_proved);
        assert_int_equal(report.total.opened_without, 2);
        assert_int_equal(report.total.opened, 0);
        qw_evidence_free(evidence);
    }
}

static void what_is_not_supported_is_named(void **state)
{
    static const struct {
        const char *prf, *esp, *ppk;
        enum qw_session_gap gap;
        const char *named;
    } cases[] = {
        { "PRF_AES128_XCBC", GCM_256, WITH_PPK, QW_GAP_PRF, "PRF_AES128_XCBC" },
        { "PRF_HMAC_SHA2_384", GCM_256, WITH_PPK, QW_GAP_PRF, "PRF_HMAC_SHA2_384" }, /* 48 bytes */
        { "PRF_HMAC_SHA2_256", "ESP:CAMELLIA_CBC_256/HMAC_SHA2_256_128/NO_EXT_SEQ", WITH_PPK,
          QW_GAP_ESP, "CAMELLIA_CBC_256" },
        { "PRF_HMAC_SHA2_256", GCM_256, "", QW_GAP_NO_PPK, "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_evidence *evidence =
            evidence_of(hand_made(cases[i].prf, cases[i].esp, cases[i].ppk), RIGHT);
        struct qw_evidence_report report;

        give_keyed(evidence, (struct qw_bytes){ "", 0 }, gcm_256);
        report = qw_evidence_report(evidence);
        assert_false(report.is_proved);
        assert_int_equal(report.row_count, 1);
        assert_int_equal(report.rows[0].gap, cases[i].gap);
        assert_non_null(strstr(report.rows[0].proposal, cases[i].named));
        assert_int_equal(report.total.opened, 0);
        assert_int_equal(report.total.opened_without, cases[i].gap == QW_GAP_NO_PPK ? 2 : 0);
        qw_evidence_free(evidence);
    }
}

static void says_when_memory_is_short(void **state)
{
    struct qw_charon_log *log = NULL;
    struct qw_key_list *keys = NULL;
    struct qw_ike_exchanges *exchanges = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    assert_int_equal(qw_ike_exchanges_new(&exchanges), QW_OK);
    assert_int_equal(qw_charon_log_new(&log), QW_OK);
    assert_int_equal(charon_feed(log, recorded_log_a, NULL), QW_OK);
    assert_int_equal(qw_key_list_new(&keys), QW_OK);
    assert_int_equal(qw_key_list_add(keys, RIGHT, strlen(RIGHT)), QW_OK);
    for (int n = 1; err != QW_OK; n++) {
        struct qw_evidence *evidence = NULL;

        assert_true(n < 100);
        fail_nth = n;
        err = qw_evidence_new(log, keys, exchanges, &evidence);
        assert_true(err == QW_OK ||
                    ((err == QW_ERR_NOMEM || err == QW_ERR_UNAVAILABLE) && evidence == NULL));
        qw_evidence_free(evidence);
    }
    qw_ike_exchanges_free(exchanges);
    qw_charon_log_free(log);
    qw_key_list_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recorded_tunnel_opens_with_its_key_and_not_without),
        cmocka_unit_test(nothing_opens_with_another_key),
        cmocka_unit_test(nothing_at_all_is_no_proof),
        cmocka_unit_test(a_cut_packet_counts_for_an_sa_that_opened),
        cmocka_unit_test(an_sa_that_is_not_in_the_log_spoils_the_proof),
        cmocka_unit_test(packets_of_every_suite_open_with_the_key_and_not_without),
        cmocka_unit_test(packets_that_open_without_are_counted),
        cmocka_unit_test(what_is_not_supported_is_named),
        cmocka_unit_test(says_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
