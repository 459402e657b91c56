/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 A4 C14 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/device/device.h"

#include <string.h>

/* Every allowed move; what is not here is refused. */
static const struct {
    enum qw_device_state from;
    enum qw_device_event event;
    enum qw_device_state to;
} moves[] = {
    { QW_DEVICE_REGISTERED, QW_DEVICE_CHARGE, QW_DEVICE_CHARGED },
    { QW_DEVICE_REGISTERED, QW_DEVICE_DESTROY, QW_DEVICE_DESTROYED },
    { QW_DEVICE_CHARGED, QW_DEVICE_CHARGE, QW_DEVICE_CHARGED },
    { QW_DEVICE_CHARGED, QW_DEVICE_CONFIRM, QW_DEVICE_ACTIVE },
    { QW_DEVICE_CHARGED, QW_DEVICE_SUSPEND, QW_DEVICE_SUSPENDED },
    { QW_DEVICE_CHARGED, QW_DEVICE_DESTROY, QW_DEVICE_DESTROYED },
    { QW_DEVICE_ACTIVE, QW_DEVICE_CHARGE, QW_DEVICE_ACTIVE },
    { QW_DEVICE_ACTIVE, QW_DEVICE_CONFIRM, QW_DEVICE_ACTIVE },
    { QW_DEVICE_ACTIVE, QW_DEVICE_SUSPEND, QW_DEVICE_SUSPENDED },
    { QW_DEVICE_ACTIVE, QW_DEVICE_DESTROY, QW_DEVICE_DESTROYED },
    { QW_DEVICE_SUSPENDED, QW_DEVICE_RESUME, QW_DEVICE_ACTIVE },
    { QW_DEVICE_SUSPENDED, QW_DEVICE_DESTROY, QW_DEVICE_DESTROYED },
};

static void walks_every_cell_of_the_table(void **state)
{
    (void)state;
    for (int from = 0; from < QW_DEVICE_STATE_COUNT; from++) {
        for (int event = 0; event < QW_DEVICE_EVENT_COUNT; event++) {
            enum qw_device_state next = (enum qw_device_state)77;
            int to = -1;

            for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
                if ((int)moves[i].from == from && (int)moves[i].event == event) {
                    to = (int)moves[i].to;
                }
            }
            assert_int_equal(
                qw_device_next((enum qw_device_state)from, (enum qw_device_event)event, &next),
                to < 0 ? QW_ERR_STATE : QW_OK);
            assert_int_equal(next, to < 0 ? 77 : to);
        }
    }
}

static void names_every_kind_and_state(void **state)
{
    (void)state;
    assert_string_equal(qw_device_kind_names[QW_DEVICE_TERMINAL], "terminal");
    assert_string_equal(qw_device_kind_names[QW_DEVICE_ACCESS_POINT], "access-point");
    assert_string_equal(qw_device_kind_names[QW_DEVICE_STATION], "station");
    assert_string_equal(qw_device_state_names[QW_DEVICE_REGISTERED], "registered");
    assert_string_equal(qw_device_state_names[QW_DEVICE_CHARGED], "charged");
    assert_string_equal(qw_device_state_names[QW_DEVICE_ACTIVE], "active");
    assert_string_equal(qw_device_state_names[QW_DEVICE_SUSPENDED], "suspended");
    assert_string_equal(qw_device_state_names[QW_DEVICE_DESTROYED], "destroyed");
}

static struct qw_device with_peers(enum qw_device_kind kind, const char *peers)
{
    struct qw_device device = { .kind = kind };

    assert_true(strlen(peers) < sizeof device.peers);
    memcpy(device.peers, peers, strlen(peers) + 1);
    return device;
}

/* P-11 */
static void an_application_has_peers_by_name_and_by_pattern(void **state)
{
    static const struct {
        const char *peers, *name;
        bool is_peer;
    } rows[] = {
        { "bob", "bob", true },
        { "bob", "bo", false },
        { "bob", "bobb", false },
        { "bob,carol", "carol", true },
        { "bob,carol", "bob,carol", false },
        { "bob", "", false },
        { "", "bob", false },
        { "*", "bob", true },
        { "*", "", false },
        { "branch-*", "branch-7", true },
        { "branch-*", "branch-", true },
        { "branch-*", "branch", false },
        { "branch-*", "my-branch-7", false },
        { "carol,branch-*,dave", "branch-7", true },
        { "carol,branch-*,dave", "dave", true },
        { "carol,branch-*,dave", "eve", false },
        { "r?", "r1", true },
        { "r?", "r", false },
        { "r?", "r12", false },
        { "r[13]", "r1", true },
        { "r[13]", "r2", false },
        { "r[1-3]", "r2", true },
        { "r[!1-3]", "r2", false },
        { "r[!1-3]", "r4", true },
        { "r[]x]", "r]", true },
        { "Bob", "bob", false },
        { "a\\*", "a\\b", true },       /* a backslash is itself */
        { "a\\*", "a*", false },        /* and hides nothing */
        { "dir/*", "dir/sub/x", true }, /* no character is special in a name */
        { "*", ".hidden", true },
        { "bob", "b*", false }, /* what is asked for is a name */
        { "branch-7", "branch-*", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qw_device device = with_peers(QW_DEVICE_APPLICATION, rows[i].peers);

        if (qw_device_has_peer(&device, rows[i].name) != rows[i].is_peer) {
            fail_msg("peers %s, name %s", rows[i].peers, rows[i].name);
        }
    }
}

static void a_terminal_has_one_peer_by_name(void **state)
{
    struct qw_device device = with_peers(QW_DEVICE_TERMINAL, "app-*");

    (void)state;
    assert_false(qw_device_has_peer(&device, "app-1"));
    assert_true(qw_device_has_peer(&device, "app-*"));
}

/* The operator's worst pattern takes no noticeable time: fnmatch looks back to one star only. */
static void a_pattern_of_many_stars_is_matched_at_once(void **state)
{
    char stars[64] = "", name[64];
    struct qw_device device;

    (void)state;
    for (size_t i = 0; i + 2 < sizeof stars; i += 2) {
        memcpy(stars + i, "*a", 2);
    }
    stars[61] = 'b';
    stars[62] = '\0';
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    device = with_peers(QW_DEVICE_APPLICATION, stars);
    for (int i = 0; i < 1000; i++) {
        assert_false(qw_device_has_peer(&device, name));
    }
}

static void knows_what_a_pattern_is_and_which_is_whole(void **state)
{
    static const char *const whole[] = { "a", "*", "a?b", "[a]", "[]]", "[!]]", "[!a]x[b]", "]" };
    static const char *const broken[] = { "", "[", "[]", "[!", "[!]", "[!a", "a[b", "[a][", "a b" };

    (void)state;
    assert_true(qw_device_is_pattern("a*"));
    assert_true(qw_device_is_pattern("?"));
    assert_true(qw_device_is_pattern("x[1]"));
    assert_false(qw_device_is_pattern("router-a"));
    assert_false(qw_device_is_pattern("x]!-\\"));
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        assert_true(qw_device_peer_ok(whole[i]));
    }
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_false(qw_device_peer_ok(broken[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_every_cell_of_the_table),
        cmocka_unit_test(names_every_kind_and_state),
        cmocka_unit_test(an_application_has_peers_by_name_and_by_pattern),
        cmocka_unit_test(a_terminal_has_one_peer_by_name),
        cmocka_unit_test(a_pattern_of_many_stars_is_matched_at_once),
        cmocka_unit_test(knows_what_a_pattern_is_and_which_is_whole),
    };

    return cmocka_run_group_tests_name("centre.device", tests, NULL, NULL);
}
