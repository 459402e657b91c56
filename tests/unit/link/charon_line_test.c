/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/prove/charon_line.h"
#include "link/prove/charon_proposal.h"

#include <string.h>

static void lines_of_every_logger_are_read(void **state)
{
    static const struct {
        const char *line;
        unsigned thread;
        const char *group;
        bool has_ike;
        uint32_t ike;
        const char *text;
    } good[] = {
        { "12[IKE] <site-b|7> Sk_d", 12, "IKE", true, 7, "Sk_d" },
        { "2026-11-28 18:04:04 00[DMN] Starting IKE", 0, "DMN", false, 0, "Starting IKE" },
        { "Nov 28 18:04:04 host charon: 99[CHD1] <1> seed", 99, "CHD", true, 1, "seed" },
        { "05[ENC] <a|4294967295>    0: 00", 5, "ENC", true, 4294967295u, "   0: 00" },
        { "05[CFG] <not an id> text", 5, "CFG", false, 0, "<not an id> text" },
        { "05[CFG] <a|4294967296> text", 5, "CFG", false, 0, "<a|4294967296> text" },
        { "05[CFG] <|> text", 5, "CFG", false, 0, "<|> text" },
        { "05[CFG] > text", 5, "CFG", false, 0, "> text" },
        { "05[CFG] ", 5, "CFG", false, 0, "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct qw_charon_line line;

        assert_true(qw_charon_line_parse(good[i].line, &line));
        assert_int_equal(line.thread, good[i].thread);
        assert_string_equal(line.group, good[i].group);
        assert_int_equal(line.has_ike, good[i].has_ike);
        assert_int_equal(line.ike, good[i].ike);
        assert_string_equal(line.text, good[i].text);
    }
}

static void other_lines_are_none(void **state)
{
    static const char *const bad[] = { "",
                                       "1",
                                       "12",
                                       "12[",
                                       "12[IKE",
                                       "12[IKE]",
                                       "12[IKE]x text",
                                       "12[ike] text",
                                       "1x[IKE] te",
                                       "12[IKE12] ",
                                       "a line of another daemon" };
    struct qw_charon_line line = { .thread = 77 };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(qw_charon_line_parse(bad[i], &line));
        assert_int_equal(line.thread, 77);
    }
}

static void a_dump_is_read_row_by_row(void **state)
{
    static const char row[] = "   16: 01 AB ff 00  ....";
    uint8_t out[16];
    size_t len = 0;

    (void)state;
    assert_true(qw_charon_dump_begins("seed => 64 bytes @ 0x7f", "seed", 64, &len));
    assert_int_equal(len, 64);
    assert_false(qw_charon_dump_begins("seed => 65 bytes @ 0x7f", "seed", 64, &len));
    assert_false(qw_charon_dump_begins("seed => 0 bytes @ 0x7f", "seed", 64, &len));
    assert_false(qw_charon_dump_begins("seed => x bytes @ 0x7f", "seed", 64, &len));
    assert_false(qw_charon_dump_begins("seed => 64", "seed", 64, &len));
    assert_false(qw_charon_dump_begins("seeds => 64 bytes @ 0", "seed", 64, &len));
    assert_int_equal(len, 64);
    assert_true(qw_charon_dump_row(row, 16, 4, out));
    assert_memory_equal(out, "\x01\xab\xff\x00", 4);
    assert_false(qw_charon_dump_row(row, 0, 4, out)); /* another row */
    assert_false(qw_charon_dump_row(row, 16, 5, out));
    assert_false(qw_charon_dump_row("no row", 0, 1, out));
    for (size_t cut = 0; cut < 6 + 4 * 3 - 1; cut++) {
        char piece[sizeof row] = { 0 };

        memcpy(piece, row, cut);
        assert_false(qw_charon_dump_row(piece, 16, 4, out));
    }
}

static void algorithms_are_known_by_their_whole_names(void **state)
{
    enum qw_ipsec_prf prf = QW_IPSEC_PRF_SHA256;

    (void)state;
    assert_true(qw_charon_proposal_prf("IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/ECP_384", &prf));
    assert_int_equal(prf, QW_IPSEC_PRF_SHA384);
    assert_true(qw_charon_proposal_prf("IKE:AES_CBC_256/PRF_HMAC_SHA2_512", &prf));
    assert_int_equal(prf, QW_IPSEC_PRF_SHA512);
    assert_false(qw_charon_proposal_prf("IKE:AES_GCM_16_256/PRF_HMAC_SHA2_3840/X", &prf));
    assert_false(qw_charon_proposal_prf("IKE:AES_GCM_16_256/PRF_HMAC_SHA1/X", &prf));
    assert_false(qw_charon_proposal_prf("", &prf));
    assert_int_equal(prf, QW_IPSEC_PRF_SHA512);
}

/* The suite of a name, whichever of the two functions is asked. */
static void assert_suite(bool (*suite_of)(const char *, struct qw_ipsec_suite *), const char *name,
                         struct qw_ipsec_suite wanted)
{
    struct qw_ipsec_suite suite = { 77, QW_IPSEC_GCM };
    bool is_known = wanted.key_len != 0;

    assert_int_equal(suite_of(name, &suite), is_known);
    assert_int_equal(suite.key_len, is_known ? wanted.key_len : 77);
    assert_int_equal(suite.tag, wanted.tag);
}

struct suite_case {
    const char *name;
    struct qw_ipsec_suite suite; /* of no key length: not supported */
};

static void suites_of_esp_are_known_by_their_whole_names(void **state)
{
    static const struct suite_case cases[] = {
        { "ESP:AES_GCM_16_256/NO_EXT_SEQ", { 32, QW_IPSEC_GCM } },
        { "ESP:AES_GCM_16_128/ECP_384/NO_EXT_SEQ", { 16, QW_IPSEC_GCM } },
        { "ESP:AES_GCM_16_192/NO_EXT_SEQ", { 24, QW_IPSEC_GCM } },
        { "ESP:CHACHA20_POLY1305/NO_EXT_SEQ", { 32, QW_IPSEC_POLY1305 } },
        { "ESP:CHACHA20_POLY1305_256/NO_EXT_SEQ", { 32, QW_IPSEC_POLY1305 } },
        { "ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ", { 16, QW_IPSEC_HMAC_SHA256 } },
        { "ESP:AES_CBC_192/HMAC_SHA2_384_192/NO_EXT_SEQ", { 24, QW_IPSEC_HMAC_SHA384 } },
        { "ESP:AES_CBC_256/HMAC_SHA2_512_256/MODP_2048/NO_EXT_SEQ", { 32, QW_IPSEC_HMAC_SHA512 } },
        { "ESP:AES_GCM_16_256/EXT_SEQ", { 0, QW_IPSEC_GCM } },
        { "ESP:AES_GCM_8_256/NO_EXT_SEQ", { 0, QW_IPSEC_GCM } },
        { "ESP:AES_CBC_256/HMAC_SHA2_256_96/NO_EXT_SEQ", { 0, QW_IPSEC_GCM } },
        { "ESP:AES_CTR_256/HMAC_SHA2_256_128/NO_EXT_SEQ", { 0, QW_IPSEC_GCM } },
        { "ESP:NULL/HMAC_SHA2_256_128/NO_EXT_SEQ", { 0, QW_IPSEC_GCM } },
        { "AH:AES_GCM_16_256/NO_EXT_SEQ", { 0, QW_IPSEC_GCM } },
        { "IKE:AES_GCM_16_256/NO_EXT_SEQ", { 0, QW_IPSEC_GCM } },
        { "", { 0, QW_IPSEC_GCM } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_suite(qw_charon_proposal_esp, cases[i].name, cases[i].suite);
    }
}

static void suites_of_ike_are_known_by_their_whole_names(void **state)
{
    static const struct suite_case cases[] = {
        { "IKE:AES_GCM_16_128/PRF_HMAC_SHA2_256/ECP_256", { 16, QW_IPSEC_GCM } },
        { "IKE:AES_GCM_16_192/PRF_HMAC_SHA2_384/ECP_384", { 24, QW_IPSEC_GCM } },
        { "IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/ECP_384", { 32, QW_IPSEC_GCM } },
        { "IKE:CHACHA20_POLY1305/PRF_HMAC_SHA2_256", { 32, QW_IPSEC_POLY1305 } },
        { "IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256", { 16, QW_IPSEC_HMAC_SHA256 } },
        { "IKE:AES_CBC_192/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256", { 24, QW_IPSEC_HMAC_SHA256 } },
        { "IKE:AES_CBC_256/HMAC_SHA2_384_192/PRF_HMAC_SHA2_384", { 32, QW_IPSEC_HMAC_SHA384 } },
        { "IKE:AES_CBC_256/HMAC_SHA2_512_256/PRF_HMAC_SHA2_512", { 32, QW_IPSEC_HMAC_SHA512 } },
        { "IKE:AES_GCM_8_256/PRF_HMAC_SHA2_384", { 0, QW_IPSEC_GCM } },
        { "IKE:AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA2_256", { 0, QW_IPSEC_GCM } },
        { "IKE:AES_CBC_256/PRF_HMAC_SHA2_256", { 0, QW_IPSEC_GCM } },
        { "IKE:CAMELLIA_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256", { 0, QW_IPSEC_GCM } },
        { "ESP:AES_GCM_16_256/NO_EXT_SEQ", { 0, QW_IPSEC_GCM } },
        { "", { 0, QW_IPSEC_GCM } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_suite(qw_charon_proposal_ike, cases[i].name, cases[i].suite);
    }
}

static void a_message_is_known_by_its_exchange_and_id(void **state)
{
    static const char *const none[] = { "parsed",
                                        "parsed ",
                                        "parsed CREATE_CHILD_SA",
                                        "parsed CREATE_CHILD_SA response",
                                        "parsed INFORMATIONAL response ",
                                        "parsed CREATE_CHILD_SA response [ SA ]",
                                        "parsed CREATE_CHILD_SA response 4294967296 [ SA ]",
                                        "parsed content of NAT-D",
                                        "generating CREATE_CHILD_SA request 2 [ SA ]" };
    struct qw_charon_message message = { 0 };

    (void)state;
    assert_true(
        qw_charon_message_parse("parsed CREATE_CHILD_SA response 2 [ SA No KE ]", &message));
    assert_true(message.is_response && message.is_create && message.id == 2);
    assert_true(qw_charon_message_parse("parsed IKE_AUTH request 4294967295 [ ]", &message));
    assert_true(!message.is_response && !message.is_create && message.id == 4294967295);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_false(qw_charon_message_parse(none[i], &message));
    }
    assert_true(message.id == 4294967295);
}

static void spis_are_read(void **state)
{
    static const char text[] = "CHILD_SA c{1} established with SPIs 95691bbe_i a3f63e16_o and";
    uint32_t in = 1;
    uint32_t out = 2;

    (void)state;
    for (size_t cut = 0; cut < sizeof text - 5; cut++) {
        char piece[sizeof text] = { 0 };

        memcpy(piece, text, cut);
        assert_false(qw_charon_spis(piece, &in, &out));
    }
    assert_false(qw_charon_spis("x with SPIs 95691bbg_i a3f63e16_o and", &in, &out));
    assert_int_equal(in, 1);
    assert_true(qw_charon_spis(text, &in, &out));
    assert_int_equal(in, 0x95691bbe);
    assert_int_equal(out, 0xa3f63e16);
}

static void a_number_stands_between_brackets(void **state)
{
    uint32_t number = 9;

    (void)state;
    assert_true(qw_charon_number_between("initiating IKE_SA l[2] to", '[', ']', &number));
    assert_int_equal(number, 2);
    assert_false(qw_charon_number_between("l[] to", '[', ']', &number));
    assert_false(qw_charon_number_between("l[2", '[', ']', &number));
    assert_false(qw_charon_number_between("l2]", '[', ']', &number));
    assert_int_equal(number, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_every_logger_are_read),
        cmocka_unit_test(other_lines_are_none),
        cmocka_unit_test(a_dump_is_read_row_by_row),
        cmocka_unit_test(algorithms_are_known_by_their_whole_names),
        cmocka_unit_test(suites_of_esp_are_known_by_their_whole_names),
        cmocka_unit_test(suites_of_ike_are_known_by_their_whole_names),
        cmocka_unit_test(a_message_is_known_by_its_exchange_and_id),
        cmocka_unit_test(spis_are_read),
        cmocka_unit_test(a_number_stands_between_brackets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
