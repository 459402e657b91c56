/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 */
/* The steps of a set-up [D1 to D6 of docs/protocol/setup-page.md]: shares are shown once, come back
 * before there is a centre, and are wiped. The making itself is the test's. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "setup/setup_desk.h"

#include "base/secret.h"
#include "support/fail_nth.h"

#include <stdio.h>
#include <string.h>

FAIL_NTH(qw_err, qw_random_bytes, QW_ERR_IO, (void *out, size_t len), (out, len));

static struct centre_folder_config made; /* what it was told to make */
static uint8_t made_master[QW_MASTER_KEY_LEN];
static unsigned made_count;
static qw_err make_result;

qw_err centre_staging_create(const struct centre_staging *staging,
                             const struct centre_folder_config *config,
                             char error[static CENTRE_FOLDER_ERROR_CAP])
{
    (void)staging;
    if (make_result != QW_OK) {
        (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP, "ca/ca.pem: no space left");
        return make_result;
    }
    made = *config;
    made_count++;
    memcpy(made_master, config->master, sizeof made_master);
    return QW_OK;
}

static const struct centre_folder_config base = {
    .folder = "f", .centre_id = "centre-1", .address = "::1", .port = 1, .source = "kernel"
};
static const struct centre_staging staging = { .place = "/f" };

static int begin(void **state)
{
    struct setup_desk *desk = qw_secret_new(sizeof *desk);

    assert_non_null(desk);
    desk->base = &base;
    desk->staging = &staging;
    desk->offered = 1U << SETUP_PASSPHRASE_FILE | 1U << SETUP_QUORUM;
    assert_int_equal(setup_notes_init(&desk->notes, NULL), QW_OK);
    made_count = 0;
    make_result = QW_OK;
    *state = desk;
    return 0;
}

static int end(void **state)
{
    struct setup_desk *desk = *state;

    setup_notes_free(&desk->notes);
    qw_secret_free(desk);
    return 0;
}

static const struct setup_choice three = {
    .centre_id = "c-1", .custody = SETUP_QUORUM, .officers = 3, .quorum = 2, .dual_control = true
};

static struct setup_entry taken(struct setup_desk *desk, unsigned officer)
{
    struct setup_entry entry = { .officer = officer, .share_len = QW_SHARE_LEN };

    assert_int_equal(setup_desk_take(desk, "a", officer, entry.share), SETUP_DONE);
    return entry;
}

static bool holds_nothing(const struct setup_desk *desk)
{
    static const struct setup_desk none;

    return memcmp(desk->share, none.share, sizeof none.share) == 0 &&
           memcmp(desk->master, none.master, sizeof none.master) == 0 &&
           memcmp(&desk->incoming, &none.incoming, sizeof none.incoming) == 0;
}

static void a_quorum_is_made_when_every_share_is_back(void **state)
{
    struct setup_desk *desk = *state;
    struct qw_share shares[2];
    struct qw_ceremony ceremony;
    uint8_t master[QW_MASTER_KEY_LEN];

    assert_int_equal(setup_desk_choose(desk, "a", &three), SETUP_DONE);
    assert_int_equal(desk->step, SETUP_SHARING);
    ceremony = desk->ceremony;
    for (unsigned i = 3; i >= 1; i--) {
        struct setup_entry entry = taken(desk, i);

        assert_int_equal(setup_desk_make(desk, "a"), SETUP_NOT_NOW);
        assert_int_equal(setup_desk_enter(desk, "a", &entry), SETUP_DONE);
        assert_int_equal(setup_desk_enter(desk, "a", &entry), SETUP_NOT_NOW); /* it is back */
        if (i <= 2) {
            assert_int_equal(qw_share_decode(entry.share, entry.share_len, &shares[i - 1]), QW_OK);
        }
    }
    assert_int_equal(desk->step, SETUP_READY);
    assert_int_equal(setup_desk_make(desk, "a"), SETUP_DONE);
    assert_int_equal(desk->step, SETUP_MADE);
    assert_int_equal(made_count, 1);
    assert_string_equal(made.centre_id, "c-1");
    assert_string_equal(made.source, "kernel"); /* of the command line */
    assert_int_equal(made.officers, 3);
    assert_int_equal(made.quorum, 2);
    assert_true(made.dual_control);
    assert_non_null(made.record);
    assert_int_equal(qw_ceremony_combine(&ceremony, shares, 2, master), QW_OK);
    assert_memory_equal(master, made_master, sizeof master);
    assert_true(holds_nothing(desk));
    assert_int_equal(setup_desk_make(desk, "a"), SETUP_NOT_NOW);
    assert_int_equal(setup_desk_again(desk, "a"), SETUP_NOT_NOW);
    assert_int_equal(made_count, 1);
}

static void a_share_is_shown_once(void **state)
{
    struct setup_desk *desk = *state;
    uint8_t share[QW_SHARE_LEN] = { 7 };

    assert_int_equal(setup_desk_take(desk, "a", 1, share), SETUP_NOT_NOW);
    assert_int_equal(setup_desk_choose(desk, "a", &three), SETUP_DONE);
    (void)taken(desk, 1);
    assert_int_equal(setup_desk_take(desk, "a", 1, share), SETUP_GIVEN_ALREADY);
    assert_int_equal(setup_desk_take(desk, "a", 0, share), SETUP_NO_OFFICER);
    assert_int_equal(setup_desk_take(desk, "a", 4, share), SETUP_NO_OFFICER);
    assert_int_equal(share[0], 7);
    assert_int_equal(setup_desk_choose(desk, "a", &three), SETUP_NOT_NOW);
}

static void wrong_shares_are_named(void **state)
{
    struct setup_desk *desk = *state;
    struct setup_entry one, two, old;

    assert_int_equal(setup_desk_choose(desk, "a", &three), SETUP_DONE);
    old = taken(desk, 1);
    assert_int_equal(setup_desk_again(desk, "a"), SETUP_DONE);
    assert_true(holds_nothing(desk));
    assert_int_equal(setup_desk_choose(desk, "a", &three), SETUP_DONE);
    one = (struct setup_entry){ .officer = 1, .share_len = QW_SHARE_LEN };
    assert_int_equal(setup_desk_enter(desk, "a", &one), SETUP_NOT_GIVEN);
    one = taken(desk, 1);
    two = taken(desk, 2);
    assert_int_equal(setup_desk_enter(desk, "a", &old), SETUP_OTHER_CEREMONY);
    two.officer = 1;
    assert_int_equal(setup_desk_enter(desk, "a", &two), SETUP_OF_ANOTHER);
    one.share[30] ^= 1;
    assert_int_equal(setup_desk_enter(desk, "a", &one), SETUP_ALTERED);
    one.share[30] ^= 1;
    one.share_len--;
    assert_int_equal(setup_desk_enter(desk, "a", &one), SETUP_MALFORMED);
    one.share_len++;
    one.officer = 4;
    assert_int_equal(setup_desk_enter(desk, "a", &one), SETUP_NO_OFFICER);
    one.officer = 1;
    assert_int_equal(desk->step, SETUP_SHARING);
    assert_int_equal(setup_desk_enter(desk, "a", &one), SETUP_DONE);
}

static void too_many_wrong_ones_wipe_all(void **state)
{
    struct setup_desk *desk = *state;
    struct setup_entry one;

    assert_int_equal(setup_desk_choose(desk, "a", &three), SETUP_DONE);
    one = taken(desk, 1);
    one.share[60] ^= 1;
    for (int i = 1; i < SETUP_WRONG_SHARES_MAX; i++) {
        assert_int_equal(setup_desk_enter(desk, "a", &one), SETUP_ALTERED);
    }
    assert_int_equal(setup_desk_enter(desk, "a", &one), SETUP_TOO_OFTEN);
    assert_int_equal(desk->step, SETUP_CHOOSING);
    assert_true(holds_nothing(desk));
}

static void what_fails_may_be_tried_again_with_the_same_shares(void **state)
{
    struct setup_desk *desk = *state;

    assert_int_equal(setup_desk_choose(desk, "a", &three), SETUP_DONE);
    for (unsigned i = 1; i <= 3; i++) {
        struct setup_entry entry = taken(desk, i);

        assert_int_equal(setup_desk_enter(desk, "a", &entry), SETUP_DONE);
    }
    make_result = QW_ERR_IO;
    assert_int_equal(setup_desk_make(desk, "a"), SETUP_FAILED);
    assert_string_equal(desk->error, "ca/ca.pem: no space left");
    assert_int_equal(desk->step, SETUP_READY);
    assert_false(holds_nothing(desk));
    make_result = QW_OK;
    assert_int_equal(setup_desk_make(desk, "a"), SETUP_DONE);
}

static void another_custody_needs_no_officers_but_has_to_be_offered(void **state)
{
    struct setup_desk *desk = *state;
    struct setup_choice choice = { .centre_id = "c-2", .custody = SETUP_PKCS11 };

    assert_int_equal(setup_desk_choose(desk, "a", &choice), SETUP_NOT_OFFERED);
    choice.custody = SETUP_PASSPHRASE_FILE;
    assert_int_equal(setup_desk_choose(desk, "a", &choice), SETUP_DONE);
    assert_int_equal(desk->step, SETUP_READY);
    assert_int_equal(setup_desk_make(desk, "a"), SETUP_DONE);
    assert_int_equal(made.officers, 0);
    assert_null(made.held);
    assert_null(made.custody);
}

static void without_random_bytes_there_is_no_ceremony(void **state)
{
    struct setup_desk *desk = *state;
    enum setup_verdict verdict = SETUP_FAILED;

    for (int n = 1; verdict != SETUP_DONE; n++) {
        assert_true(n < 100);
        fail_nth = n;
        verdict = setup_desk_choose(desk, "a", &three);
        assert_true(verdict == SETUP_DONE || (verdict == SETUP_FAILED && holds_nothing(desk) &&
                                              desk->step == SETUP_CHOOSING));
    }
    fail_nth = 0;
}

static void every_verb_is_noted_and_no_share_is(void **state)
{
    struct setup_desk *desk = *state;
    struct setup_entry one;

    assert_int_equal(setup_desk_choose(desk, "a", &three), SETUP_DONE);
    one = taken(desk, 1);
    assert_int_equal(setup_desk_enter(desk, "a", &one), SETUP_DONE);
    assert_int_equal(setup_desk_enter(desk, "a", &one), SETUP_NOT_NOW);
    assert_int_equal(desk->notes.count, 4);
    assert_string_equal(desk->notes.events[0].verb, "setup-choice");
    assert_string_equal(desk->notes.events[2].object, "share 1");
    assert_non_null(strstr(desk->notes.events[2].detail, "entered back, 1 of 3"));
    assert_int_equal(desk->notes.events[3].result, QW_ERR_REFUSED);
    assert_null(memmem(desk->notes.events, SETUP_NOTES_MAX * sizeof *desk->notes.events,
                       one.share + 23, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_quorum_is_made_when_every_share_is_back, begin, end),
        cmocka_unit_test_setup_teardown(a_share_is_shown_once, begin, end),
        cmocka_unit_test_setup_teardown(wrong_shares_are_named, begin, end),
        cmocka_unit_test_setup_teardown(too_many_wrong_ones_wipe_all, begin, end),
        cmocka_unit_test_setup_teardown(what_fails_may_be_tried_again_with_the_same_shares, begin,
                                        end),
        cmocka_unit_test_setup_teardown(another_custody_needs_no_officers_but_has_to_be_offered,
                                        begin, end),
        cmocka_unit_test_setup_teardown(without_random_bytes_there_is_no_ceremony, begin, end),
        cmocka_unit_test_setup_teardown(every_verb_is_noted_and_no_share_is, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
