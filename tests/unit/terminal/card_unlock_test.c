/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W6 W14 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_unlock.h"

#include "card_fixture.h"

#include <sys/stat.h>

static char passphrase_path[96];
static char why[QW_CARD_UNLOCK_WHY_CAP];

static void write_passphrase(const char *text, mode_t mode)
{
    FILE *file;

    snprintf(passphrase_path, sizeof passphrase_path, "%s/passphrase", fixture_folder);
    file = fopen(passphrase_path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(passphrase_path, mode), 0);
}

static qw_err unlock(const char *owner, struct qw_card **card)
{
    why[0] = '\0';
    return qw_card_unlock(fixture_path, passphrase_path, owner, card, why);
}

static void the_card_opens_for_its_owner(void **state)
{
    struct qw_card *card = NULL;

    (void)state;
    write_passphrase("correct horse battery staple\n", 0600);
    assert_int_equal(unlock("terminal-1", &card), QW_OK);
    assert_string_equal(why, "");
    qw_card_close(card);
}

static void anothers_card_is_refused_and_given_back(void **state)
{
    struct qw_card *card = NULL;

    (void)state;
    write_passphrase("correct horse battery staple\n", 0600);
    assert_int_equal(unlock("terminal-2", &card), QW_ERR_REFUSED);
    assert_non_null(strstr(why, "belongs to terminal-1, not to terminal-2"));
    assert_null(card);
    assert_int_equal(unlock("terminal-1", &card), QW_OK); /* no lock was left */
    assert_int_equal(unlock("terminal-1", &card), QW_ERR_CONFLICT);
    assert_non_null(strstr(why, "another process uses it"));
    qw_card_close(card);
}

static void the_sentence_says_what_is_wrong_with_the_passphrase(void **state)
{
    struct qw_card *card = NULL;

    (void)state;
    write_passphrase("correct horse battery staple\n", 0640);
    assert_int_equal(unlock("terminal-1", &card), QW_ERR_REFUSED);
    assert_non_null(strstr(why, "chmod 600"));
    write_passphrase("short\n", 0600);
    assert_int_equal(unlock("terminal-1", &card), QW_ERR_FORMAT);
    assert_non_null(strstr(why, "too short"));
    write_passphrase("something else entirely\n", 0600);
    assert_int_equal(unlock("terminal-1", &card), QW_ERR_AUTH);
    assert_non_null(strstr(why, "wrong passphrase"));
    assert_int_equal(unlink(passphrase_path), 0);
    assert_int_equal(unlock("terminal-1", &card), QW_ERR_NOT_FOUND);
    assert_non_null(strstr(why, passphrase_path));
    assert_null(card);
}

static void a_missing_card_is_named(void **state)
{
    struct qw_card *card = NULL;

    (void)state;
    write_passphrase("correct horse battery staple\n", 0600);
    assert_int_equal(qw_card_unlock("/nowhere/card", passphrase_path, "terminal-1", &card, why),
                     QW_ERR_NOT_FOUND);
    assert_non_null(strstr(why, "/nowhere/card"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_card_opens_for_its_owner),
        TEST(anothers_card_is_refused_and_given_back),
        TEST(the_sentence_says_what_is_wrong_with_the_passphrase),
        TEST(a_missing_card_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
